//! Changes of values that are kept as JSON, member by member, as an operator types them.

use std::marker::PhantomData;
use std::str::FromStr;

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

/// Some members of a `T` that change, each to a value of its type; `null` takes one away.
#[derive(Clone, Debug)]
pub struct Change<T> {
    members: Map<String, Value>,
    of: PhantomData<T>,
}

/// Why a change is refused.
#[derive(Debug, thiserror::Error)]
pub enum ChangeRefused {
    /// No JSON object, or a member has a value of another type.
    #[error("{0}")]
    Malformed(#[from] serde_json::Error),
    /// A member that this server does nothing with.
    #[error("`{0}` is no member that this server knows")]
    Unknown(String),
}

impl<T: Serialize + DeserializeOwned + Default> FromStr for Change<T> {
    type Err = ChangeRefused;

    fn from_str(text: &str) -> Result<Self, ChangeRefused> {
        let change = Self {
            members: serde_json::from_str(text)?,
            of: PhantomData,
        };
        let known = serde_json::to_value(change.merged(&T::default())?)?;
        for (name, value) in &change.members {
            if !value.is_null() && known.get(name).is_none() {
                return Err(ChangeRefused::Unknown(name.clone()));
            }
        }
        Ok(change)
    }
}

impl<T: Serialize + DeserializeOwned> Change<T> {
    /// The value after the change.
    pub fn apply(&self, before: T) -> T {
        // Each member was read on its own when the change was, and no member depends on another.
        self.merged(&before).unwrap_or(before)
    }

    fn merged(&self, before: &T) -> serde_json::Result<T> {
        let mut after = serde_json::to_value(before)?;
        if let Some(members) = after.as_object_mut() {
            for (name, value) in &self.members {
                if value.is_null() {
                    members.remove(name);
                } else {
                    members.insert(name.clone(), value.clone());
                }
            }
        }
        serde_json::from_value(after)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::algorithm::Algorithm;
    use crate::protocol::client_metadata::ClientMetadata;

    #[test]
    fn a_change_leaves_what_it_does_not_name() {
        let before = ClientMetadata {
            userinfo_signed_response_alg: Some(Algorithm::Es256),
            default_max_age: Some(60),
            ..ClientMetadata::default()
        };
        let change: Change<ClientMetadata> = r#"{"default_max_age":null}"#.parse().unwrap();
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
            let refused = json.parse::<Change<ClientMetadata>>().unwrap_err();
            assert!(refused.to_string().contains(reason), "{json}: {refused}");
        }
    }
}
