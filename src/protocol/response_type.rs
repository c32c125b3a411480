//! What the authorization endpoint may answer with (OAuth 2.0 Multiple Response Types §3, §5).
//!
//! `token` alone does not exist here: RFC 9700 §2.1.2.

use serde::{Deserialize, Serialize};

use crate::protocol::client::{GrantType, UnknownName};
use crate::protocol::context::Policy;

/// A value of `response_type`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum ResponseType {
    /// RFC 6749 §4.1.1.
    #[default]
    Code,
    /// OpenID Connect Core §3.2.
    IdToken,
    /// OpenID Connect Core §3.2.
    IdTokenToken,
    /// OpenID Connect Core §3.3.
    CodeIdToken,
    /// OpenID Connect Core §3.3.
    CodeToken,
    /// OpenID Connect Core §3.3.
    CodeIdTokenToken,
}

impl ResponseType {
    /// All of them, in the order in which metadata lists them.
    pub const ALL: [Self; 6] = [
        Self::Code,
        Self::IdToken,
        Self::IdTokenToken,
        Self::CodeIdToken,
        Self::CodeToken,
        Self::CodeIdTokenToken,
    ];

    /// The registered name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Code => "code",
            Self::IdToken => "id_token",
            Self::IdTokenToken => "id_token token",
            Self::CodeIdToken => "code id_token",
            Self::CodeToken => "code token",
            Self::CodeIdTokenToken => "code id_token token",
        }
    }

    /// The one of that name. The order of the words does not matter (RFC 6749 §3.1.1).
    pub fn named(name: &str) -> Option<Self> {
        let sorted = |name: &str| {
            let mut words: Vec<String> = name.split(' ').map(str::to_owned).collect();
            words.sort_unstable();
            words
        };
        let words = sorted(name);
        Self::ALL
            .into_iter()
            .find(|it| sorted(it.as_str()) == words)
    }

    /// Those that the deployment allows.
    pub fn allowed(policy: &Policy) -> impl Iterator<Item = Self> {
        let tokens = policy.front_channel_tokens;
        Self::ALL
            .into_iter()
            .filter(move |it| tokens || !it.has_tokens())
    }

    /// Whether a token comes through the browser, be it an ID token or an access token.
    pub fn has_tokens(self) -> bool {
        self != Self::Code
    }

    /// Whether the answer holds a code.
    pub fn has_code(self) -> bool {
        match self {
            Self::Code | Self::CodeIdToken | Self::CodeToken | Self::CodeIdTokenToken => true,
            Self::IdToken | Self::IdTokenToken => false,
        }
    }

    /// Whether the answer holds an ID token.
    pub fn has_id_token(self) -> bool {
        match self {
            Self::IdToken | Self::IdTokenToken | Self::CodeIdToken | Self::CodeIdTokenToken => true,
            Self::Code | Self::CodeToken => false,
        }
    }

    /// Whether the answer holds an access token.
    pub fn has_access_token(self) -> bool {
        match self {
            Self::IdTokenToken | Self::CodeToken | Self::CodeIdTokenToken => true,
            Self::Code | Self::IdToken | Self::CodeIdToken => false,
        }
    }

    /// Whether a client of that type needs the grant (OpenID Connect Registration §2, `response_types`).
    pub fn needs(self, grant: GrantType) -> bool {
        match grant {
            GrantType::AuthorizationCode => self.has_code(),
            GrantType::Implicit => self.has_tokens(),
            GrantType::ClientCredentials
            | GrantType::RefreshToken
            | GrantType::JwtBearer
            | GrantType::TokenExchange => false,
        }
    }
}

impl TryFrom<String> for ResponseType {
    type Error = UnknownName;

    fn try_from(name: String) -> Result<Self, UnknownName> {
        Self::named(&name).ok_or(UnknownName)
    }
}

impl From<ResponseType> for String {
    fn from(response_type: ResponseType) -> Self {
        response_type.as_str().to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_order_of_the_words_does_not_matter() {
        for (name, expected) in [
            ("code", ResponseType::Code),
            ("token id_token", ResponseType::IdTokenToken),
            ("id_token code", ResponseType::CodeIdToken),
            ("token code", ResponseType::CodeToken),
            ("token code id_token", ResponseType::CodeIdTokenToken),
        ] {
            assert_eq!(ResponseType::named(name), Some(expected), "{name}");
        }
        for name in ["token", "none", "", "code code", "code  id_token", "CODE"] {
            assert_eq!(ResponseType::named(name), None, "{name}");
        }
    }
}
