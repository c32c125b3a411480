//! Just enough of an HTML reader to check our own pages: they are written in one plain manner.

/// A start or end tag, with its attributes as they stand in the page.
#[derive(Debug, Clone)]
pub(crate) struct Tag {
    /// In lower case; an end tag starts with a slash.
    pub(crate) name: String,
    attributes: Vec<(String, String)>,
}

impl Tag {
    pub(crate) fn attribute(&self, name: &str) -> Option<&str> {
        self.attributes
            .iter()
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.as_str())
    }

    pub(crate) fn attribute_names(&self) -> impl Iterator<Item = &str> {
        self.attributes.iter().map(|(key, _)| key.as_str())
    }
}

/// Every tag of a page in order.
pub(crate) fn tags(html: &str) -> Vec<Tag> {
    pieces(html)
        .into_iter()
        .filter_map(|(tag, _)| tag)
        .collect()
}

/// What a person reads: the text outside of tags, with the title, with entities resolved.
pub(crate) fn text(html: &str) -> String {
    let text: Vec<_> = pieces(html).into_iter().map(|(_, text)| text).collect();
    unescape(&text.join(" "))
}

/// The text of the first element of this name.
pub(crate) fn text_of(html: &str, element: &str) -> String {
    let inner = html.split_once(&format!("<{element}")).expect(element).1;
    let inner = inner.split_once(&format!("</{element}>")).expect(element).0;
    let joined: String = pieces(&format!("<{element}{inner}"))
        .into_iter()
        .map(|(_, text)| text)
        .collect();
    unescape(joined.trim())
}

/// Each tag with the text after it; the first entry holds the text before any tag.
fn pieces(html: &str) -> Vec<(Option<Tag>, String)> {
    let mut pieces = Vec::new();
    let mut parts = html.split('<');
    pieces.push((None, parts.next().unwrap_or_default().to_owned()));
    for part in parts {
        let end = end_of_tag(part).unwrap_or_else(|| panic!("a tag without end: <{part}"));
        pieces.push((Some(parse_tag(&part[..end])), part[end + 1..].to_owned()));
    }
    pieces
}

fn end_of_tag(part: &str) -> Option<usize> {
    let mut quoted = false;
    part.char_indices().find_map(|(index, character)| {
        quoted ^= character == '"';
        (character == '>' && !quoted).then_some(index)
    })
}

fn parse_tag(inside: &str) -> Tag {
    let (name, mut rest) = inside.split_once(' ').unwrap_or((inside, ""));
    let mut attributes = Vec::new();
    while !rest.trim().is_empty() {
        rest = rest.trim_start();
        let end = rest.find([' ', '=']).unwrap_or(rest.len());
        let key = rest[..end].to_owned();
        rest = &rest[end..];
        let value = match rest.strip_prefix("=\"") {
            Some(quoted) => {
                let (value, after) = quoted.split_once('"').expect("a closing quote");
                rest = after;
                unescape(value)
            }
            None => String::new(),
        };
        assert!(
            !rest.starts_with('='),
            "an attribute without quotes: {inside}"
        );
        attributes.push((key, value));
    }
    Tag {
        name: name.trim_end_matches('/').to_lowercase(),
        attributes,
    }
}

fn unescape(text: &str) -> String {
    text.replace("&#60;", "<")
        .replace("&#62;", ">")
        .replace("&#34;", "\"")
        .replace("&#39;", "'")
        .replace("&#38;", "&")
}
