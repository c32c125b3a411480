//! What a client may register beyond the basics, by its names (RFC 7591 §2, OpenID Connect Registration §2).
//!
//! One value, kept as the JSON that clients send and get: a new member costs no column. A member that the server does
//! nothing with has no place here.

use serde::{Deserialize, Serialize};

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
