//! Logout tokens: news for a client that a session is over (OpenID Connect Back-Channel Logout §2.4).

use serde::Serialize;

use crate::crypto::jwe::Plaintext;
use crate::crypto::jwt;
use crate::crypto::key_set::KeySet;
use crate::crypto::random::{RandomSource, random_identifier};
use crate::protocol::client::Client;
use crate::protocol::context::{Timestamp, TokenKeys};
use crate::protocol::encryption::Recipient;
use crate::protocol::logout_notice::LogoutNotice;
use crate::protocol::subject_identifier::{identifier, session_identifier};
use crate::protocol::tokens::SignError;

/// RFC 8725 §3.11: no other kind of token passes for one.
const TYPE: &str = "logout+jwt";

/// The recommended two minutes; each try has a token of its own.
const LIFETIME: i64 = 120;

#[derive(Serialize)]
struct Claims<'a> {
    iss: &'a str,
    sub: &'a str,
    aud: &'a str,
    iat: Timestamp,
    exp: Timestamp,
    jti: &'a str,
    sid: &'a str,
    events: Events,
}

/// A nonce is prohibited, so that no logout token passes for an ID token.
#[derive(Serialize)]
struct Events {
    #[serde(rename = "http://schemas.openid.net/event/backchannel-logout")]
    logout: Nothing,
}

#[derive(Serialize)]
struct Nothing {}

/// What a logout token is made with.
#[derive(Clone, Copy)]
pub struct LogoutTokens<'a> {
    /// The issuer identifier.
    pub issuer: &'a str,
    /// The keys that sign.
    pub keys: &'a KeySet,
    /// Makes pairwise subject identifiers.
    pub token_keys: &'a TokenKeys,
    /// The key of a client whose ID tokens are encrypted.
    pub recipient: Option<&'a Recipient>,
    /// Where its identifier comes from, and the keys of encrypted tokens.
    pub random: &'a dyn RandomSource,
    /// When it is made.
    pub now: Timestamp,
}

impl LogoutTokens<'_> {
    /// The token for a notice, signed and encrypted as the client's ID tokens are (Back-Channel Logout §2.4).
    pub fn make(&self, notice: &LogoutNotice, client: &Client) -> Result<String, SignError> {
        let algorithm = client.id_token_algorithm;
        let key = self.keys.active(algorithm);
        let key = key.ok_or(SignError::NoKey(algorithm))?;
        let claims = Claims {
            iss: self.issuer,
            sub: &identifier(self.token_keys, client, &notice.subject),
            aud: client.id.as_str(),
            iat: self.now,
            exp: self.now + LIFETIME,
            jti: &random_identifier(self.random),
            sid: &session_identifier(self.token_keys, client, &notice.session),
            events: Events { logout: Nothing {} },
        };
        let token = jwt::sign(key, Some(TYPE), &claims)?;
        if client.metadata.id_token_encryption().is_none() {
            return Ok(token);
        }
        let recipient = self.recipient.ok_or(SignError::NoRecipient)?;
        let plaintext = Plaintext::TokenOf {
            token: &token,
            issuer: self.issuer,
        };
        Ok(recipient.encrypt(plaintext, self.random)?)
    }
}
