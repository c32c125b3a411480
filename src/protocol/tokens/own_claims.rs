//! Claims that a caller puts into a token beside those of the server.
//!
//! Names that a standard gave a meaning belong to the server (RFC 7519 §4.1, RFC 9068 §2.2): nobody can issue a token that
//! says more of its subject, its life or its rights than the server decided.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::Value;

/// A value of a claim: a truth value, a number, a text, or a list of whole numbers or of texts.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(untagged)]
pub enum ClaimValue {
    /// True or false.
    Flag(bool),
    /// A whole number; also a time, in seconds since 1970 (RFC 7519 §2, `NumericDate`).
    Integer(i64),
    /// Another number.
    Number(f64),
    /// A text.
    Text(String),
    /// Whole numbers.
    Integers(Vec<i64>),
    /// Texts.
    Texts(Vec<String>),
}

/// Why a claim cannot be put into a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ClaimRefused {
    /// The server says it itself, or a standard gave it a meaning.
    #[error("the claim belongs to the server, or a standard gave it another meaning")]
    Reserved,
    /// Neither a scalar nor a list of whole numbers or of texts.
    #[error("a claim is true or false, a number, a text, or a list of whole numbers or of texts")]
    Unsupported,
    /// Not 1 to 64 printable ASCII characters.
    #[error("the name of a claim has 1 to 64 printable ASCII characters, without blanks")]
    Name,
    /// Together more than a token should carry.
    #[error("the claims have more than 4096 bytes, with which a token does not fit into a header")]
    TooLong,
}

/// Claims of a caller, each once, by name.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(transparent)]
pub struct OwnClaims(BTreeMap<String, ClaimValue>);

impl OwnClaims {
    /// Adds a claim, in place of one of the same name.
    pub fn add(&mut self, name: &str, value: ClaimValue) -> Result<(), ClaimRefused> {
        if !(1..=64).contains(&name.len()) || !name.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(ClaimRefused::Name);
        }
        if RESERVED.contains(&name) {
            return Err(ClaimRefused::Reserved);
        }
        // JSON has neither infinities nor anything that is no number (RFC 8259 §6).
        if matches!(value, ClaimValue::Number(number) if !number.is_finite()) {
            return Err(ClaimRefused::Unsupported);
        }
        let before = self.0.insert(name.to_owned(), value);
        let length = serde_json::to_string(&self.0).map_or(usize::MAX, |text| text.len());
        if length > LONGEST {
            self.0.remove(name);
            self.0
                .extend(before.map(|before| (name.to_owned(), before)));
            return Err(ClaimRefused::TooLong);
        }
        Ok(())
    }
}

impl TryFrom<&Value> for ClaimValue {
    type Error = ClaimRefused;

    fn try_from(value: &Value) -> Result<Self, ClaimRefused> {
        let unsupported = ClaimRefused::Unsupported;
        match value {
            Value::Bool(flag) => Ok(Self::Flag(*flag)),
            Value::String(text) => Ok(Self::Text(text.clone())),
            Value::Number(number) => number
                .as_i64()
                .map(Self::Integer)
                .or_else(|| number.as_f64().map(Self::Number))
                .ok_or(unsupported),
            Value::Array(items) => {
                let integers: Option<Vec<i64>> = items.iter().map(Value::as_i64).collect();
                let texts = || items.iter().map(|item| item.as_str().map(str::to_owned));
                integers
                    .map(Self::Integers)
                    .or_else(|| texts().collect::<Option<Vec<String>>>().map(Self::Texts))
                    .ok_or(unsupported)
            }
            Value::Null | Value::Object(_) => Err(unsupported),
        }
    }
}

macro_rules! from {
    ($($type:ty => $variant:ident),+) => {
        $(
            impl From<$type> for ClaimValue {
                fn from(value: $type) -> Self {
                    Self::$variant(value.into())
                }
            }
        )+
    };
}

from! {
    bool => Flag,
    i32 => Integer,
    u32 => Integer,
    i64 => Integer,
    f64 => Number,
    &str => Text,
    String => Text,
    Vec<i64> => Integers,
    Vec<String> => Texts
}

/// What tokens of this server say, what RFC 7519 §4.1 and RFC 9068 §2.2 name, and what else would give rights to a reader
/// that takes the token for something else (RFC 7800, RFC 8693, OpenID Connect Core §2).
const RESERVED: &[&str] = &[
    "iss",
    "sub",
    "aud",
    "exp",
    "nbf",
    "iat",
    "jti",
    "client_id",
    "cnf",
    "scope",
    "roles",
    "groups",
    "entitlements",
    "auth_time",
    "acr",
    "amr",
    "azp",
    "sid",
    "nonce",
    "act",
    "may_act",
    "authorization_details",
    "token_type",
    "active",
    "events",
];

/// Bytes of all of them as JSON.
const LONGEST: usize = 4096;

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn scalars_and_plain_lists_are_taken_and_nothing_else() {
        for good in [
            json!(true),
            json!(7),
            json!(-1.5),
            json!("text"),
            json!([1, 2]),
            json!(["a", "b"]),
            json!([]),
        ] {
            let value = ClaimValue::try_from(&good).unwrap();
            assert_eq!(serde_json::to_value(&value).unwrap(), good);
        }
        for bad in [
            json!(null),
            json!({}),
            json!([1, "a"]),
            json!([true]),
            json!([[1]]),
        ] {
            let refused = ClaimValue::try_from(&bad);
            assert_eq!(refused, Err(ClaimRefused::Unsupported), "{bad}");
        }
    }

    #[test]
    fn names_of_standards_and_strange_names_are_refused() {
        let mut claims = OwnClaims::default();
        for name in RESERVED {
            let refused = claims.add(name, ClaimValue::Flag(true));
            assert_eq!(refused, Err(ClaimRefused::Reserved), "{name}");
        }
        for name in ["", "a b", "ä", &"x".repeat(65)] {
            let refused = claims.add(name, ClaimValue::Flag(true));
            assert_eq!(refused, Err(ClaimRefused::Name), "{name}");
        }
        let refused = claims.add("x", f64::NAN.into());
        assert_eq!(refused, Err(ClaimRefused::Unsupported));
        assert_eq!(claims, OwnClaims::default());
        claims.add("x", 1.into()).unwrap();
        let refused = claims.add("x", "y".repeat(5000).into());
        assert_eq!(refused, Err(ClaimRefused::TooLong));
        assert_eq!(serde_json::to_value(&claims).unwrap(), json!({"x": 1}));
    }
}
