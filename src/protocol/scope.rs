//! Scope: a set of scope tokens with one written order (RFC 6749 §3.3).

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::protocol::claims::STANDARD_SCOPES;

/// A set of scope tokens, sorted, so that it is written the same way each time.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Scope(Vec<String>);

/// The text has a character that no scope token may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a scope may hold printable ASCII except the double quote and the backslash")]
pub struct MalformedScope;

impl Scope {
    /// Whether the scope token is in the set.
    pub fn contains(&self, token: &str) -> bool {
        self.0
            .binary_search_by(|have| have.as_str().cmp(token))
            .is_ok()
    }

    /// Whether every token of this set is in the other.
    pub fn is_within(&self, other: &Scope) -> bool {
        self.0.iter().all(|token| other.contains(token))
    }

    /// The tokens that both sets have.
    #[must_use]
    pub fn intersection(&self, other: &Scope) -> Scope {
        Scope(
            self.0
                .iter()
                .filter(|token| other.contains(token))
                .cloned()
                .collect(),
        )
    }

    /// The tokens of either set.
    #[must_use]
    pub fn union(&self, other: &Scope) -> Scope {
        self.0.iter().chain(&other.0).cloned().collect()
    }

    /// Without the scopes that speak of a person.
    #[must_use]
    pub fn without_standard(&self) -> Scope {
        let is_other = |token: &&String| !STANDARD_SCOPES.contains(&token.as_str());
        Scope(self.0.iter().filter(is_other).cloned().collect())
    }

    /// Whether no token is in the set.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The tokens in order.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(String::as_str)
    }
}

impl FromIterator<String> for Scope {
    fn from_iter<I: IntoIterator<Item = String>>(tokens: I) -> Self {
        let mut tokens: Vec<String> = tokens.into_iter().collect();
        tokens.sort_unstable();
        tokens.dedup();
        Self(tokens)
    }
}

impl FromStr for Scope {
    type Err = MalformedScope;

    fn from_str(text: &str) -> Result<Self, MalformedScope> {
        if text
            .bytes()
            .all(|byte| byte == b' ' || is_scope_character(byte))
        {
            Ok(text
                .split(' ')
                .filter(|token| !token.is_empty())
                .map(str::to_owned)
                .collect())
        } else {
            Err(MalformedScope)
        }
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, token) in self.0.iter().enumerate() {
            if index > 0 {
                formatter.write_str(" ")?;
            }
            formatter.write_str(token)?;
        }
        Ok(())
    }
}

impl TryFrom<String> for Scope {
    type Error = MalformedScope;

    fn try_from(text: String) -> Result<Self, MalformedScope> {
        text.parse()
    }
}

impl From<Scope> for String {
    fn from(scope: Scope) -> Self {
        scope.to_string()
    }
}

/// RFC 6749 §3.3: `%x21 / %x23-5B / %x5D-7E`.
fn is_scope_character(byte: u8) -> bool {
    byte.is_ascii_graphic() && byte != b'"' && byte != b'\\'
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scope(text: &str) -> Scope {
        text.parse().unwrap()
    }

    #[test]
    fn is_written_sorted_and_once() {
        assert_eq!(scope("write  read write").to_string(), "read write");
        assert_eq!(scope("").to_string(), "");
    }

    #[test]
    fn refuses_what_the_grammar_excludes() {
        for text in ["a\"b", "a\\b", "a\tb", "caf\u{e9}", "a\nb", "\u{7f}"] {
            assert_eq!(text.parse::<Scope>(), Err(MalformedScope), "{text:?}");
        }
    }

    #[test]
    fn compares_as_a_set() {
        assert!(scope("read").is_within(&scope("read write")));
        assert!(!scope("read admin").is_within(&scope("read write")));
        assert!(scope("").is_within(&scope("")));
        assert_eq!(scope("a b").intersection(&scope("b c")), scope("b"));
        assert_eq!(scope("a b").union(&scope("b c")), scope("a b c"));
    }
}
