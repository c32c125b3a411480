//! Filters that tame text chosen by strangers: client names, hosts, addresses, claims.
//!
//! Escaping HTML is askama's own work and happens after them. These remove what could make text
//! look like something else, and keep it short enough to leave the page readable.

#![expect(
    unreachable_pub,
    clippy::inline_always,
    clippy::unnecessary_wraps,
    clippy::unused_self,
    reason = "the filter macro asks for this shape and writes such items"
)]

use std::fmt::Display;

use askama::Values;

/// A name of a person, client or server: one line of at most 80 characters.
#[askama::filter_fn]
pub(super) fn name(text: impl Display, _: &dyn Values) -> askama::Result<String> {
    Ok(tame(&text.to_string(), NAME_LENGTH))
}

/// Anything longer, such as an address or a claim: one line of at most 300 characters.
#[askama::filter_fn]
pub(super) fn line(text: impl Display, _: &dyn Values) -> askama::Result<String> {
    Ok(tame(&text.to_string(), LINE_LENGTH))
}

fn tame(text: &str, length: usize) -> String {
    let mut characters = text.chars().filter(|character| !is_deceptive(*character));
    let mut tamed: String = characters.by_ref().take(length).collect();
    if characters.next().is_some() {
        tamed.push('…');
    }
    tamed
}

/// Whether a character changes the order of what follows, or is not seen at all. Joiners stay:
/// several scripts need them.
fn is_deceptive(character: char) -> bool {
    character.is_control()
        || matches!(character,
            '\u{00ad}' | '\u{061c}' | '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{2028}' | '\u{2029}'
            | '\u{202a}'..='\u{202e}' | '\u{2060}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
}

const NAME_LENGTH: usize = 80;
const LINE_LENGTH: usize = 300;

#[cfg(test)]
mod tests {
    use super::{LINE_LENGTH, NAME_LENGTH, tame};

    #[test]
    fn keeps_ordinary_text_of_every_script() {
        for text in [
            "Grafana",
            "Café Zoë",
            "写真プリンター",
            "צילום",
            "می‌خواهم",
            "👩‍👩‍👧",
        ] {
            assert_eq!(tame(text, NAME_LENGTH), text);
        }
    }

    #[test]
    fn removes_what_reorders_or_hides() {
        assert_eq!(tame("moc.\u{202e}live\u{202c}", NAME_LENGTH), "moc.live");
        assert_eq!(
            tame("Gra\u{200b}fa\u{00ad}na\r\n\u{7}", NAME_LENGTH),
            "Grafana"
        );
    }

    #[test]
    fn says_that_it_shortened() {
        let tamed = tame(&"ä".repeat(LINE_LENGTH + 1), LINE_LENGTH);
        assert_eq!(tamed.chars().count(), LINE_LENGTH + 1);
        assert!(tamed.ends_with("ä…"));
        assert_eq!(
            tame(&"ä".repeat(LINE_LENGTH), LINE_LENGTH),
            "ä".repeat(LINE_LENGTH)
        );
    }
}
