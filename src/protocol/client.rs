//! A registered client and what it may do (RFC 6749 §2).

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::crypto::algorithm::Algorithm;
use crate::crypto::digest::Digest;
use crate::protocol::client_metadata::{ClientKind, ClientMetadata};
use crate::protocol::context::Timestamp;
use crate::protocol::redirect_uri::{RedirectRefused, RedirectTarget, RegisteredRedirectUri};
use crate::protocol::refresh_policy::RefreshOverrides;
use crate::protocol::response_type::ResponseType;
use crate::protocol::scope::Scope;
use crate::protocol::trust::issuer::IssuerName;

/// How a client authenticates at the token endpoint (OpenID Connect Core §9).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AuthenticationMethod {
    /// The Authorization header (RFC 6749 §2.3.1).
    ClientSecretBasic,
    /// `client_id` and `client_secret` in the body (RFC 6749 §2.3.1).
    ClientSecretPost,
    /// A JWT signed with the client's secret (RFC 7523 §2.2).
    ClientSecretJwt,
    /// A JWT signed with the client's private key (RFC 7523 §2.2).
    PrivateKeyJwt,
    /// A public client, which has no credentials (RFC 6749 §2.1).
    None,
}

impl AuthenticationMethod {
    /// All methods, in the order in which metadata lists them.
    pub const ALL: [Self; 5] = [
        Self::ClientSecretBasic,
        Self::ClientSecretPost,
        Self::ClientSecretJwt,
        Self::PrivateKeyJwt,
        Self::None,
    ];

    /// The registered name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::ClientSecretBasic => "client_secret_basic",
            Self::ClientSecretPost => "client_secret_post",
            Self::ClientSecretJwt => "client_secret_jwt",
            Self::PrivateKeyJwt => "private_key_jwt",
            Self::None => "none",
        }
    }
}

impl AuthenticationMethod {
    /// Whether a client of this method has secrets.
    pub fn uses_secrets(self) -> bool {
        match self {
            Self::ClientSecretBasic | Self::ClientSecretPost | Self::ClientSecretJwt => true,
            Self::PrivateKeyJwt | Self::None => false,
        }
    }
}

impl FromStr for AuthenticationMethod {
    type Err = UnknownName;

    fn from_str(text: &str) -> Result<Self, UnknownName> {
        Self::ALL
            .into_iter()
            .find(|method| method.as_str() == text)
            .ok_or(UnknownName)
    }
}

/// The grants a client can be allowed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum GrantType {
    /// RFC 6749 §4.1.
    AuthorizationCode,
    /// RFC 6749 §4.4.
    ClientCredentials,
    /// RFC 6749 §6.
    RefreshToken,
    /// RFC 6749 §4.2: tokens from the authorization endpoint (OpenID Connect Core §3.2, §3.3).
    Implicit,
    /// RFC 7523 §2.1: a token of a trusted issuer.
    #[serde(rename = "urn:ietf:params:oauth:grant-type:jwt-bearer")]
    JwtBearer,
    /// RFC 8693.
    #[serde(rename = "urn:ietf:params:oauth:grant-type:token-exchange")]
    TokenExchange,
}

impl GrantType {
    /// All grants, in the order in which metadata lists them.
    pub const ALL: [Self; 6] = [
        Self::AuthorizationCode,
        Self::ClientCredentials,
        Self::RefreshToken,
        Self::Implicit,
        Self::JwtBearer,
        Self::TokenExchange,
    ];

    /// Those that the token endpoint answers to.
    pub const REDEEMED: [Self; 5] = [
        Self::AuthorizationCode,
        Self::ClientCredentials,
        Self::RefreshToken,
        Self::JwtBearer,
        Self::TokenExchange,
    ];

    /// The value of `grant_type`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::AuthorizationCode => "authorization_code",
            Self::ClientCredentials => "client_credentials",
            Self::RefreshToken => "refresh_token",
            Self::Implicit => "implicit",
            Self::JwtBearer => "urn:ietf:params:oauth:grant-type:jwt-bearer",
            Self::TokenExchange => "urn:ietf:params:oauth:grant-type:token-exchange",
        }
    }
}

impl FromStr for GrantType {
    type Err = UnknownName;

    fn from_str(text: &str) -> Result<Self, UnknownName> {
        Self::ALL
            .into_iter()
            .find(|grant| grant.as_str() == text)
            .ok_or(UnknownName)
    }
}

/// The text is none of the names that this server knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a name this server knows")]
pub struct UnknownName;

/// A client identifier: 1 to 128 printable ASCII characters without blank, colon, quote and backslash.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ClientId(String);

impl ClientId {
    /// Stands for everybody who brings tokens of a trusted issuer without a client. No client can be registered under it,
    /// because it has a colon.
    pub fn of_trusted_issuer(name: &IssuerName) -> Self {
        Self(format!("trust:{name}"))
    }

    /// The identifier as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for ClientId {
    type Err = MalformedIdentifier;

    fn from_str(text: &str) -> Result<Self, MalformedIdentifier> {
        let character = |byte: u8| byte.is_ascii_graphic() && !b":\"\\".contains(&byte);
        if (1..=128).contains(&text.len()) && text.bytes().all(character) {
            Ok(Self(text.to_owned()))
        } else {
            Err(MalformedIdentifier)
        }
    }
}

impl TryFrom<String> for ClientId {
    type Error = MalformedIdentifier;

    fn try_from(text: String) -> Result<Self, MalformedIdentifier> {
        text.parse()
    }
}

impl From<ClientId> for String {
    fn from(id: ClientId) -> Self {
        id.0
    }
}

impl fmt::Display for ClientId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

/// The text cannot be an identifier.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "an identifier has 1 to 128 printable ASCII characters, without blank, colon, quote and backslash"
)]
pub struct MalformedIdentifier;

/// One live secret of a client, as it is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClientSecret {
    /// Its public name, to remove it by.
    pub id: String,
    /// What it is compared with.
    pub stored: StoredSecret,
    /// When it was added.
    pub created_at: Timestamp,
    /// From when on it is refused; `None`: never.
    pub expires_at: Option<Timestamp>,
    /// When somebody last authenticated with it, as far as that was written down; `None`: never. True to
    /// [`SECRET_USE_RESOLUTION`] in the database; in a running server's memory it is as old as the rest of the client.
    pub last_used_at: Option<Timestamp>,
}

/// That somebody authenticated with a secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SecretUse {
    /// The client.
    pub client_id: ClientId,
    /// The public name of the secret.
    pub secret_id: String,
    /// When.
    pub at: Timestamp,
}

/// A use within so many seconds of one that was written down is not written down: busy clients would keep the disk busy.
pub const SECRET_USE_RESOLUTION: i64 = 60;

/// How a client secret is stored.
#[derive(Clone, PartialEq, Eq)]
pub enum StoredSecret {
    /// Made by us with 256 random bits: a keyed digest is enough.
    Generated(Digest),
    /// Of a client that signs with it: the secret itself, encrypted, beside the digest.
    Sealed {
        /// As of one that was generated.
        digest: Digest,
        /// Opened with [`TokenKeys`](crate::protocol::context::TokenKeys).
        sealed: Vec<u8>,
    },
    /// Brought by a person: an Argon2id hash in PHC form.
    Chosen(String),
}

impl fmt::Debug for StoredSecret {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Generated(_) => formatter.write_str("Generated([redacted])"),
            Self::Sealed { .. } => formatter.write_str("Sealed([redacted])"),
            Self::Chosen(_) => formatter.write_str("Chosen([redacted])"),
        }
    }
}

/// What is known of a client that registered itself (RFC 7591).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DynamicClient {
    /// Digest of its registration access token (RFC 7592 §3); `None` where many installations share a public client.
    pub token: Option<Digest>,
    /// It is removed at this time, which moves with its use.
    pub expires_at: Timestamp,
}

/// A registered client.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Client {
    /// Its identifier.
    pub id: ClientId,
    /// The name people see.
    pub name: String,
    /// Its one way of authenticating.
    pub authentication_method: AuthenticationMethod,
    /// Its live secrets; empty for a public client.
    pub secrets: Vec<ClientSecret>,
    /// The grants it may use.
    pub grants: Vec<GrantType>,
    /// Where codes may be sent.
    pub redirect_uris: Vec<RegisteredRedirectUri>,
    /// Where a browser may go after signing out, compared exactly.
    pub post_logout_redirect_uris: Vec<String>,
    /// The scope it may be granted at most.
    pub scope: Scope,
    /// The audiences of its access tokens; the issuer itself where empty.
    pub audiences: Vec<String>,
    /// Signs its ID tokens.
    pub id_token_algorithm: Algorithm,
    /// Whether authorization requests need PKCE (RFC 7636); true unless explicitly exempt.
    pub requires_pkce: bool,
    /// Whether people are asked; false for an operator's own apps.
    pub requires_consent: bool,
    /// What it registered besides.
    pub metadata: ClientMetadata,
    /// How its refresh tokens live, where it differs from the server's settings.
    pub refresh: RefreshOverrides,
    /// How it came here, where nobody but itself registered it.
    pub dynamic: Option<DynamicClient>,
    /// A disabled client can do nothing.
    pub disabled: bool,
    /// When it was registered.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub updated_at: Timestamp,
}

impl Client {
    /// Whether the client has no credentials (RFC 6749 §2.1).
    pub fn is_public(&self) -> bool {
        self.authentication_method == AuthenticationMethod::None
    }

    /// Whether the client may use the grant.
    pub fn may_use(&self, grant: GrantType) -> bool {
        self.grants.contains(&grant)
    }

    /// Whether it is an agent: a program on a machine of its own that signs in as itself.
    pub fn is_agent(&self) -> bool {
        self.metadata.kind == Some(ClientKind::Agent)
    }

    /// The `sub` of an agent's tokens.
    pub fn agent_id(&self) -> &str {
        self.metadata.agent_id.as_ref().unwrap_or(&self.id).as_str()
    }

    /// Whether people sign in to it.
    pub fn signs_people_in(&self) -> bool {
        self.may_use(GrantType::AuthorizationCode) || self.may_use(GrantType::Implicit)
    }

    /// What it may ask the authorization endpoint for; who registered nothing gets a code.
    pub fn response_types(&self) -> &[ResponseType] {
        match self.metadata.response_types.as_slice() {
            [] if self.may_use(GrantType::AuthorizationCode) => &[ResponseType::Code],
            registered => registered,
        }
    }

    /// The audiences of its access tokens.
    pub fn audience(&self, issuer: &str) -> Vec<String> {
        if self.audiences.is_empty() {
            vec![issuer.to_owned()]
        } else {
            self.audiences.clone()
        }
    }

    /// The only way to a [`RedirectTarget`]: the received address must be a registered one; it may be
    /// absent when exactly one is registered (RFC 6749 §3.1.2.3).
    pub fn redirect_target(
        &self,
        received: Option<&str>,
    ) -> Result<RedirectTarget, RedirectRefused> {
        RedirectTarget::among(&self.redirect_uris, received)
    }
}
