//! What a command answers, apart from how it is printed.

use serde_json::Value;

/// The result of a command.
#[derive(Debug)]
pub(crate) struct Answer {
    /// For programs: the member `data` of the envelope.
    pub(crate) data: Value,
    /// For people, on standard output; ends with a line end, or is empty.
    pub(crate) text: String,
    /// What changed and what to do next, on standard error; one line each.
    pub(crate) talk: Vec<String>,
    /// What to think about.
    pub(crate) warnings: Vec<String>,
    /// Everything was printed already, while the command ran.
    pub(crate) is_silent: bool,
}

impl Answer {
    pub(crate) fn new(data: Value, text: impl Into<String>) -> Self {
        Self {
            data,
            text: text.into(),
            talk: Vec::new(),
            warnings: Vec::new(),
            is_silent: false,
        }
    }

    /// The answer of a command that has said everything while it ran.
    pub(crate) fn silent() -> Self {
        Self {
            is_silent: true,
            ..Self::new(Value::Null, "")
        }
    }

    /// Adds a line of talk.
    pub(crate) fn say(mut self, line: impl Into<String>) -> Self {
        self.talk.push(line.into());
        self
    }

    /// Adds warnings.
    pub(crate) fn warn(mut self, warnings: impl IntoIterator<Item = String>) -> Self {
        self.warnings.extend(warnings);
        self
    }
}

/// Columns side by side, as wide as their widest cell, each line ended.
pub(crate) fn table(header: &[&str], rows: &[Vec<String>]) -> String {
    let cells: Vec<Vec<String>> =
        std::iter::once(header.iter().map(|cell| (*cell).to_owned()).collect())
            .chain(
                rows.iter()
                    .map(|row| row.iter().map(|cell| printable(cell)).collect()),
            )
            .collect();
    let width = |column: usize| {
        cells
            .iter()
            .filter_map(|row: &Vec<String>| row.get(column))
            .map(|cell| cell.chars().count())
            .max()
            .unwrap_or_default()
    };
    let widths: Vec<usize> = (0..header.len()).map(width).collect();
    lines(cells.iter().map(|row| {
        let padded: Vec<String> = row
            .iter()
            .zip(&widths)
            .map(|(cell, width)| format!("{cell:<width$}"))
            .collect();
        padded.join("  ").trim_end().to_owned()
    }))
}

/// The lines, each ended.
pub(crate) fn lines(lines: impl IntoIterator<Item = impl AsRef<str>>) -> String {
    let mut text = String::new();
    for line in lines {
        text.push_str(line.as_ref());
        text.push('\n');
    }
    text
}

/// Names and values under each other.
pub(crate) fn fields(pairs: &[(&str, String)]) -> String {
    let width = pairs
        .iter()
        .map(|(name, _)| name.chars().count())
        .max()
        .unwrap_or_default();
    let line = |(name, value): &(&str, String)| format!("{name:<width$}  {}", printable(value));
    lines(pairs.iter().map(line))
}

/// The text without characters that could steer a terminal: names come from strangers.
pub(crate) fn printable(text: &str) -> String {
    let steers = |character: char| {
        character.is_control()
            || matches!(character, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    text.chars()
        .map(|character| {
            if steers(character) {
                '\u{fffd}'
            } else {
                character
            }
        })
        .collect()
}

/// A list for people: `-` when empty.
pub(crate) fn listed(items: impl IntoIterator<Item = impl AsRef<str>>) -> String {
    let joined = items
        .into_iter()
        .map(|item| item.as_ref().to_owned())
        .collect::<Vec<_>>()
        .join(" ");
    if joined.is_empty() {
        "-".to_owned()
    } else {
        joined
    }
}

/// A time for people, as `2026-11-22 07:08 UTC`.
pub(crate) fn time_text(timestamp: i64) -> String {
    chrono::DateTime::from_timestamp(timestamp, 0).map_or_else(
        || timestamp.to_string(),
        |time| time.format("%Y-%m-%d %H:%M UTC").to_string(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_as_wide_as_their_widest_cell() {
        let rows = vec![
            vec!["a".to_owned(), "x\u{1b}[2J".to_owned()],
            vec!["long".to_owned(), "y".to_owned()],
        ];
        assert_eq!(
            table(&["ID", "NAME"], &rows),
            "ID    NAME\na     x\u{fffd}[2J\nlong  y\n"
        );
    }

    #[test]
    fn times_are_utc() {
        assert_eq!(time_text(0), "1970-01-01 00:00 UTC");
    }
}
