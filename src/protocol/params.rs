//! The parameters of a request, decoded: a duplicate is refused, an empty one means absent
//! (RFC 6749 §3.1, §3.2).

use std::borrow::Cow;

use crate::protocol::catalogue::{self, Explanation};

/// Decoded parameters of one request. Values may hold secrets, so this prints only names.
#[derive(Clone, Default)]
pub struct Params<'a>(Vec<(Cow<'a, str>, Cow<'a, str>)>);

/// Why parameters could not be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unreadable {
    /// Not UTF-8, broken percent-encoding, or with a NUL, which no text needs and not every database keeps.
    NotText,
    /// A name stands there twice.
    Duplicate,
    /// More parameters than anybody needs.
    TooMany,
}

/// More parameters than this are refused; the longest request of a standard has about thirty.
pub(crate) const MOST: usize = 100;

impl<'a> Params<'a> {
    /// Reads `application/x-www-form-urlencoded` text (a body or a query).
    pub fn parse(encoded: &'a [u8]) -> Result<Self, Unreadable> {
        let encoded = std::str::from_utf8(encoded).map_err(|_| Unreadable::NotText)?;
        let mut params: Vec<(Cow<'a, str>, Cow<'a, str>)> = Vec::with_capacity(8);
        for pair in encoded.split('&').filter(|pair| !pair.is_empty()) {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            let (name, value) = (decode(name)?, decode(value)?);
            if params.iter().any(|(known, _)| *known == name) {
                return Err(Unreadable::Duplicate);
            }
            if params.len() == MOST {
                return Err(Unreadable::TooMany);
            }
            params.push((name, value));
        }
        Ok(Self(params))
    }

    /// The value of a parameter; an empty one counts as absent.
    pub fn find(&self, name: &str) -> Option<&str> {
        let (_, value) = self.0.iter().find(|(known, _)| known == name)?;
        (!value.is_empty()).then_some(value.as_ref())
    }

    /// The same, to be taken to another thread.
    pub fn into_owned(self) -> Params<'static> {
        let owned = |text: Cow<'a, str>| Cow::Owned(text.into_owned());
        Params(
            self.0
                .into_iter()
                .map(|(name, value)| (owned(name), owned(value)))
                .collect(),
        )
    }

    /// Names and values, empty ones left out.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0
            .iter()
            .filter(|(_, value)| !value.is_empty())
            .map(|(name, value)| (name.as_ref(), value.as_ref()))
    }
}

impl<'a> FromIterator<(&'a str, &'a str)> for Params<'a> {
    fn from_iter<I: IntoIterator<Item = (&'a str, &'a str)>>(pairs: I) -> Self {
        Self(
            pairs
                .into_iter()
                .map(|(name, value)| (name.into(), value.into()))
                .collect(),
        )
    }
}

impl FromIterator<(String, String)> for Params<'static> {
    fn from_iter<I: IntoIterator<Item = (String, String)>>(pairs: I) -> Self {
        let pairs = pairs.into_iter();
        Self(
            pairs
                .map(|(name, value)| (name.into(), value.into()))
                .collect(),
        )
    }
}

impl std::fmt::Debug for Params<'_> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_list()
            .entries(self.0.iter().map(|(name, _)| name))
            .finish()
    }
}

impl Unreadable {
    /// The entry of the catalogue.
    pub fn explanation(self) -> &'static Explanation {
        match self {
            Self::NotText => &catalogue::NOT_UTF8,
            Self::Duplicate => &catalogue::DUPLICATE_PARAMETER,
            Self::TooMany => &catalogue::BODY_TOO_LARGE,
        }
    }
}

/// Decodes one name or value of `application/x-www-form-urlencoded`, strictly: what is not
/// well-formed is refused, never passed on half decoded.
pub(crate) fn decode(text: &str) -> Result<Cow<'_, str>, Unreadable> {
    if text.contains('\0') {
        return Err(Unreadable::NotText);
    }
    if !text.bytes().any(|byte| byte == b'%' || byte == b'+') {
        return Ok(Cow::Borrowed(text));
    }
    let mut decoded = Vec::with_capacity(text.len());
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        decoded.push(match byte {
            b'+' => b' ',
            b'%' => {
                let (Some(high), Some(low)) = (hex(bytes.next()), hex(bytes.next())) else {
                    return Err(Unreadable::NotText);
                };
                match high * 16 + low {
                    0 => return Err(Unreadable::NotText),
                    byte => byte,
                }
            }
            other => other,
        });
    }
    String::from_utf8(decoded)
        .map(Cow::Owned)
        .map_err(|_| Unreadable::NotText)
}

fn hex(byte: Option<u8>) -> Option<u8> {
    match byte? {
        digit @ b'0'..=b'9' => Some(digit - b'0'),
        digit @ b'a'..=b'f' => Some(digit - b'a' + 10),
        digit @ b'A'..=b'F' => Some(digit - b'A' + 10),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decodes_blanks_percent_and_utf8() {
        let params = Params::parse(b"a=one+two&b=%C3%A9%26&c&d=").unwrap();
        assert_eq!(params.find("a"), Some("one two"));
        assert_eq!(params.find("b"), Some("\u{e9}&"));
        assert_eq!(params.find("c"), None);
        assert_eq!(params.find("d"), None);
        assert_eq!(params.iter().count(), 2);
    }

    #[test]
    fn refuses_what_is_not_text() {
        for body in [
            &b"a=%zz"[..],
            b"a=%f",
            b"a=%C3%28",
            b"a=\xff",
            b"%=1",
            b"a=%00",
            b"a=\0",
        ] {
            assert_eq!(
                Params::parse(body).err(),
                Some(Unreadable::NotText),
                "{body:?}"
            );
        }
    }

    #[test]
    fn refuses_duplicates_even_when_differently_encoded_or_empty() {
        for body in [&b"a=1&a=2"[..], b"a=1&%61=2", b"a=&a=1"] {
            assert_eq!(
                Params::parse(body).err(),
                Some(Unreadable::Duplicate),
                "{body:?}"
            );
        }
    }

    #[test]
    fn refuses_a_flood() {
        let body: Vec<String> = (0..=MOST).map(|number| format!("p{number}=1")).collect();
        let body = body.join("&");
        assert_eq!(
            Params::parse(body.as_bytes()).err(),
            Some(Unreadable::TooMany)
        );
    }

    #[test]
    fn prints_no_value() {
        let params = Params::parse(b"client_secret=canary").unwrap();
        assert!(!format!("{params:?}").contains("canary"));
    }
}
