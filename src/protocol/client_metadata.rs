//! What a client may register beyond the basics, by its names (RFC 7591 §2, OpenID Connect Registration §2).
//!
//! One value, kept as the JSON that clients send and get: a new member costs no column. A member that the server does
//! nothing with has no place here.

use std::str::FromStr;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::crypto::algorithm::Algorithm;

/// Registered metadata of a client.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ClientMetadata {
    /// The algorithm in which userinfo answers are signed (OpenID Connect Core §5.3.2); plain JSON without one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub userinfo_signed_response_alg: Option<Algorithm>,
    /// `max_age` of requests that name none, in seconds (OpenID Connect Registration §2).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub default_max_age: Option<u32>,
}

/// Some members that change, each to a value of its type; `null` takes one away.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MetadataChange(Map<String, Value>);

/// Why a change of metadata is refused.
#[derive(Debug, thiserror::Error)]
pub enum MetadataRefused {
    /// No JSON object, or a member has a value of another type.
    #[error("{0}")]
    Malformed(#[from] serde_json::Error),
    /// A member that this server does nothing with.
    #[error("`{0}` is no member that this server knows")]
    Unknown(String),
}

impl FromStr for MetadataChange {
    type Err = MetadataRefused;

    fn from_str(text: &str) -> Result<Self, MetadataRefused> {
        let change = Self(serde_json::from_str(text)?);
        let known = change.clone().merged(&ClientMetadata::default())?;
        let known = serde_json::to_value(known)?;
        for (name, value) in &change.0 {
            if !value.is_null() && known.get(name).is_none() {
                return Err(MetadataRefused::Unknown(name.clone()));
            }
        }
        Ok(change)
    }
}

impl MetadataChange {
    /// The metadata after the change.
    pub fn apply(self, metadata: ClientMetadata) -> ClientMetadata {
        // Each member was read on its own when the change was, and no member depends on another.
        self.merged(&metadata).unwrap_or(metadata)
    }

    fn merged(self, metadata: &ClientMetadata) -> serde_json::Result<ClientMetadata> {
        let mut members = serde_json::to_value(metadata)?;
        for (name, value) in self.0 {
            if let Some(members) = members.as_object_mut() {
                if value.is_null() {
                    members.remove(&name);
                } else {
                    members.insert(name, value);
                }
            }
        }
        serde_json::from_value(members)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_leaves_what_it_does_not_name() {
        let before = ClientMetadata {
            userinfo_signed_response_alg: Some(Algorithm::Es256),
            default_max_age: Some(60),
        };
        let change: MetadataChange = r#"{"default_max_age":null}"#.parse().unwrap();
        let after = change.apply(before.clone());
        assert_eq!(after.default_max_age, None);
        assert_eq!(
            after.userinfo_signed_response_alg,
            before.userinfo_signed_response_alg
        );
    }

    #[test]
    fn what_is_unknown_or_of_another_type_is_refused() {
        for (json, reason) in [
            ("[]", "invalid type"),
            (r#"{"default_max_age":-1}"#, "invalid value"),
            (
                r#"{"userinfo_signed_response_alg":"none"}"#,
                "unknown variant",
            ),
            (
                r#"{"default_max_ago":1}"#,
                "no member that this server knows",
            ),
        ] {
            let refused = json.parse::<MetadataChange>().unwrap_err().to_string();
            assert!(refused.contains(reason), "{json}: {refused}");
        }
    }
}
