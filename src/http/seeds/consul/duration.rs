//! Spans of time as Consul's API has them: `"1h30m"`, or a number, which is seconds here.

use serde::Deserialize;

/// A span as it was sent.
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
pub(super) enum Span {
    /// As `10s`.
    Text(String),
    /// Of seconds.
    Number(i64),
}

impl Span {
    /// Its seconds; parts of a second do not count.
    pub(super) fn seconds(&self) -> Option<i64> {
        match self {
            Self::Number(seconds) => Some(*seconds),
            Self::Text(text) => seconds(text),
        }
    }
}

/// The seconds of a text with hours, minutes and seconds, as `-1s` or `1h0m10s`; nothing stands for none.
fn seconds(text: &str) -> Option<i64> {
    let (sign, mut rest) = match text.strip_prefix('-') {
        Some(rest) => (-1, rest),
        None => (1, text),
    };
    if rest.is_empty() || rest == "0" {
        return (sign == 1).then_some(0);
    }
    let mut total = 0_i64;
    while !rest.is_empty() {
        let end = rest.find(|it: char| !it.is_ascii_digit())?;
        let (number, unit) = rest.split_at(end);
        let number: i64 = number.parse().ok()?;
        let (factor, length) = match unit.as_bytes() {
            [b'm', b's', ..] => (0, 2),
            [b'h', ..] => (3600, 1),
            [b'm', ..] => (60, 1),
            [b's', ..] => (1, 1),
            _ => return None,
        };
        total = total.checked_add(number.checked_mul(factor)?)?;
        rest = unit.get(length..)?;
    }
    Some(sign * total)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_of_go() {
        for (text, expected) in [
            ("", Some(0)),
            ("0", Some(0)),
            ("10s", Some(10)),
            ("1h30m", Some(5400)),
            ("5m0s", Some(300)),
            ("-1s", Some(-1)),
            ("1500ms", Some(0)),
            ("10", None),
            ("s", None),
            ("10d", None),
            ("1h x", None),
            ("99999999999999999999s", None),
            ("9999999999999999h", None),
        ] {
            assert_eq!(seconds(text), expected, "{text}");
        }
    }
}
