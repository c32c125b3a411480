//! The userinfo endpoint (OpenID Connect Core §5.3): what the scope of an access token reveals.

use serde::Serialize;

use crate::crypto::jwe::Plaintext;
use crate::crypto::jwt::{self, JwtError};
use crate::crypto::key_set::KeySet;
use crate::protocol::bearer::{self, BearerRefused, Proven, Seen};
use crate::protocol::claims::{ACR, RequestedClaims, UserInfo};
use crate::protocol::client::Client;
use crate::protocol::context::Context;
use crate::protocol::encryption::Recipient;
use crate::protocol::error::Fault;
use crate::protocol::store::{Store, Subject};
use crate::protocol::tokens::SignError;
use crate::protocol::tokens::access_token::AccessToken;

/// About whom, to whom, and which claims beyond the scope.
#[derive(Debug)]
pub struct Told {
    /// The user, with the identifier by which the client knows it.
    pub subject: Subject,
    /// The token that asks.
    pub token: AccessToken,
    /// Claims that were asked for by name.
    pub claims: Vec<String>,
    /// The authentication context class of the sign-in, where it was asked for here.
    pub acr: Option<String>,
}

impl Told {
    /// What the scope of the token and the request reveal.
    pub fn claims(&self) -> UserInfo<'_> {
        let mut told = UserInfo::new(&self.subject, &self.token.scope, &self.claims);
        told.acr = self.acr.as_deref();
        told
    }
}

/// The user, the token that asks, and the promotion to write before anything is told.
pub fn userinfo(
    context: &Context<'_>,
    store: &mut dyn Store,
    keys: &KeySet,
    token: &str,
) -> Result<Proven<Told>, Fault<BearerRefused>> {
    let read = bearer::read(context, keys, token)?;
    let (seen, promotion) = bearer::look_up(context, store, read)?;
    let Seen {
        token,
        subject,
        claims,
        auth_time: _,
    } = seen;
    if !token.scope.contains("openid") {
        return Err(BearerRefused::Scope.into());
    }
    // RFC 9068 §4: a token for somebody else's API alone is not for this endpoint.
    if !token.aud.contains(context.issuer) {
        return Err(BearerRefused::NotGood.into());
    }
    // A client's own token speaks of nobody.
    let mut subject = subject.ok_or(BearerRefused::NotGood)?;
    // OpenID Connect Core §5.3.2: the `sub` of the ID token, which may be pairwise.
    subject.id.clone_from(&token.sub);
    let RequestedClaims { userinfo, acr, .. } = claims;
    let told = Told {
        subject,
        token,
        acr: acr.filter(|_| userinfo.iter().any(|claim| claim == ACR)),
        claims: userinfo,
    };
    Ok((told, promotion))
}

/// A signed answer is for the client that asked (OpenID Connect Core §5.3.2).
#[derive(Serialize)]
struct Signed<'a> {
    iss: &'a str,
    aud: &'a str,
    #[serde(flatten)]
    claims: &'a UserInfo<'a>,
}

/// The answer as a token, if the client registered algorithms for it: signed, or encrypted, or both in this order (OpenID
/// Connect Core §5.3.2). `recipient` is the key of a client whose answers are encrypted.
pub fn token(
    context: &Context<'_>,
    keys: &KeySet,
    client: &Client,
    recipient: Option<&Recipient>,
    claims: &UserInfo<'_>,
) -> Result<Option<String>, SignError> {
    let signed = sign(context, keys, client, claims)?;
    if client.metadata.userinfo_encryption().is_none() {
        return Ok(signed);
    }
    let recipient = recipient.ok_or(SignError::NoRecipient)?;
    let encrypted = if let Some(token) = &signed {
        recipient.encrypt(Plaintext::Token(token), context.random)?
    } else {
        let claims = serde_json::to_vec(claims).map_err(JwtError::Claims)?;
        recipient.encrypt(Plaintext::Claims(&claims), context.random)?
    };
    Ok(Some(encrypted))
}

fn sign(
    context: &Context<'_>,
    keys: &KeySet,
    client: &Client,
    claims: &UserInfo<'_>,
) -> Result<Option<String>, SignError> {
    let Some(algorithm) = client.metadata.userinfo_signed_response_alg else {
        return Ok(None);
    };
    let key = keys.active(algorithm).ok_or(SignError::NoKey(algorithm))?;
    let signed = Signed {
        iss: context.issuer,
        aud: client.id.as_str(),
        claims,
    };
    Ok(Some(jwt::sign(key, None, &signed)?))
}
