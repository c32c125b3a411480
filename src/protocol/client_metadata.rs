//! What a client may register beyond the basics, by its names (RFC 7591 §2, OpenID Connect Registration §2).
//!
//! One value, kept as the JSON that clients send and get: a new member costs no column. A member that the server does
//! nothing with has no place here.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::crypto::algorithm::{Algorithm, UnknownAlgorithm};
use crate::crypto::jwe::algorithm::{ContentEncryption, KeyManagement};
use crate::crypto::jwk_set::JwkSet;
use crate::crypto::jwt::mac::MacAlgorithm;
use crate::protocol::client::ClientId;
use crate::protocol::client_key_set::KeySetPolicy;
use crate::protocol::logout_uri::LogoutUri;
use crate::protocol::redirect_uri::RegisteredRedirectUri;
use crate::protocol::request_uri::RequestUri;
use crate::protocol::response_type::ResponseType;
use crate::protocol::subject_identifier::SubjectType;
use crate::protocol::tokens::actor::Actor;

/// Registered metadata of a client.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ClientMetadata {
    /// What it may ask the authorization endpoint for (OpenID Connect Registration §2), where that is not a code alone.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub response_types: Vec<ResponseType>,
    /// The algorithm in which userinfo answers are signed (OpenID Connect Core §5.3.2); plain JSON without one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub userinfo_signed_response_alg: Option<Algorithm>,
    /// `max_age` of requests that name none, in seconds (OpenID Connect Registration §2).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub default_max_age: Option<u32>,
    /// Whether ID tokens need `auth_time` (OpenID Connect Registration §2); it is always there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub require_auth_time: Option<bool>,
    /// `acr_values` of requests that name none (OpenID Connect Registration §2).
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub default_acr_values: Vec<String>,
    /// Which addresses answers may go to (OpenID Connect Registration §2), where the client said so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub application_type: Option<ApplicationType>,
    /// Where a sign-in can be started from elsewhere (OpenID Connect Core §4): people find it in their account.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub initiate_login_uri: Option<WebAddress>,
    /// The client's own page, on the consent page.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_uri: Option<WebAddress>,
    /// The client's picture, on the pages that name it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub logo_uri: Option<WebAddress>,
    /// How the client treats what it learns, on the consent page.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub policy_uri: Option<WebAddress>,
    /// The client's terms, on the consent page.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tos_uri: Option<WebAddress>,
    /// The same for all installations of one software, in `issuant client show` (RFC 7591 §2).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub software_id: Option<String>,
    /// Its version.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub software_version: Option<String>,
    /// Whom operators can ask, in `issuant client show`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub contacts: Vec<String>,
    /// The statement of an authority that the client was registered with (RFC 7591 §2.3).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub software_statement: Option<String>,
    /// The client's public keys (RFC 7591 §2).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub jwks: Option<JwkSet>,
    /// Where the client publishes its keys, instead (RFC 7591 §2).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub jwks_uri: Option<String>,
    /// The one algorithm of its assertions (OpenID Connect Registration §2); without one each key's own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub token_endpoint_auth_signing_alg: Option<AssertionAlgorithm>,
    /// The one algorithm of its request objects (OpenID Connect Registration §2); without one any that its keys allow.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub request_object_signing_alg: Option<RequestObjectAlgorithm>,
    /// Whether its authorization requests count only as signed request objects (RFC 9101 §10.5).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub require_signed_request_object: Option<bool>,
    /// The addresses that a `request_uri` may name (OpenID Connect Registration §2).
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub request_uris: Vec<RequestUri>,
    /// For clients that were made before RFC 10070: whether an assertion may name the token endpoint as its audience,
    /// or several audiences. A name of this server, not a registered one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub legacy_assertion_audience: Option<bool>,
    /// What it is, where that is more than an application: a name of this server, not a registered one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kind: Option<ClientKind>,
    /// The `sub` of an agent's tokens, where that is not its `client_id`. Operators give it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub agent_id: Option<ClientId>,
    /// The keys that this server holds for it, and what they are used for. A name of this server, not a registered one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key_set: Option<KeySetPolicy>,
    /// For whom it may exchange tokens (RFC 8693), with that grant. A name of this server.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub token_exchange: Option<TokenExchangePolicy>,
    /// Who may act for those its access tokens speak of (RFC 8693 §4.4); whoever they are meant for, without one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub may_act: Option<Actor>,
    /// Opened in a frame of the page after signing out (OpenID Connect Front-Channel Logout §2).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub frontchannel_logout_uri: Option<LogoutUri>,
    /// Whether the client needs `iss` and `sid` there; they are always sent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub frontchannel_logout_session_required: Option<bool>,
    /// Where a logout token is posted when a session ends (OpenID Connect Back-Channel Logout §2.2).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub backchannel_logout_uri: Option<LogoutUri>,
    /// Whether the client needs `sid` in the token; it is always there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub backchannel_logout_session_required: Option<bool>,
    /// Under which identifiers the client knows people (OpenID Connect Core §8); the public ones without one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub subject_type: Option<SubjectType>,
    /// Whose host is the sector of its pairwise identifiers; a list of the redirect URIs stands there (OpenID Connect
    /// Registration §5).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sector_identifier_uri: Option<String>,
    /// How the key reaches the client that its ID tokens are encrypted with; they are only signed without one (OpenID
    /// Connect Registration §2).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id_token_encrypted_response_alg: Option<KeyManagement>,
    /// What its ID tokens are encrypted with.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id_token_encrypted_response_enc: Option<ContentEncryption>,
    /// The same for userinfo answers.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub userinfo_encrypted_response_alg: Option<KeyManagement>,
    /// The same for userinfo answers.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub userinfo_encrypted_response_enc: Option<ContentEncryption>,
}

impl ClientMetadata {
    /// Whether parameters of an authorization request count only where a signed object says them.
    pub fn requires_request_object(&self) -> bool {
        self.require_signed_request_object == Some(true)
    }
}

/// For whom a client may exchange tokens.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct TokenExchangePolicy {
    /// The audiences and resources of what it gets.
    pub audiences: Vec<String>,
    /// Whether what it gets does not name it as the one that acts (RFC 8693 §1.1).
    pub impersonation: bool,
}

/// What a client is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ClientKind {
    /// A program on a machine of its own, with an API key and a token family of its own
    /// ([`crate::protocol::agents`]).
    Agent,
}

/// The algorithm of a client's assertions: with its private key, or with its secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum AssertionAlgorithm {
    /// For `private_key_jwt`.
    Signature(Algorithm),
    /// For `client_secret_jwt`.
    Mac(MacAlgorithm),
}

impl FromStr for AssertionAlgorithm {
    type Err = UnknownAlgorithm;

    fn from_str(name: &str) -> Result<Self, UnknownAlgorithm> {
        let mac = name.parse().map(Self::Mac);
        mac.or_else(|_| name.parse().map(Self::Signature))
    }
}

/// Whether a text can be the name of an authentication context class: `acr_values` has a blank between two of them.
pub fn is_acr(text: &str) -> bool {
    (1..=255).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic())
}

/// What kind of program a client is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ApplicationType {
    /// On a server, or in a browser.
    Web,
    /// On a device.
    Native,
}

/// The algorithm of a client's request objects.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum RequestObjectAlgorithm {
    /// They are signed.
    Signed(AssertionAlgorithm),
    /// They are not, and say so.
    Unsecured(Unsecured),
}

/// No signature (RFC 7518 §3.6).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Unsecured {
    /// The one name.
    #[serde(rename = "none")]
    None,
}

/// An address that people may be sent to: https, or http on this machine.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct WebAddress(String);

/// The text is no such address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("an address must be https, or http on loopback, without user information and fragment")]
pub struct MalformedAddress;

impl WebAddress {
    /// The address as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for WebAddress {
    type Error = MalformedAddress;

    /// What may be a redirect URI and has a host may be shown, too.
    fn try_from(text: String) -> Result<Self, MalformedAddress> {
        let is_web = text.starts_with("https://") || text.starts_with("http://");
        match text.parse::<RegisteredRedirectUri>() {
            Ok(_) if is_web => Ok(Self(text)),
            Ok(_) | Err(_) => Err(MalformedAddress),
        }
    }
}

impl From<WebAddress> for String {
    fn from(address: WebAddress) -> Self {
        address.0
    }
}

impl fmt::Display for WebAddress {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}
