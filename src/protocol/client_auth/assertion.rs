//! Client assertions: a JWT that the client signed with its own key or with its secret (`private_key_jwt`,
//! `client_secret_jwt`; RFC 7521 §4.2, RFC 7523 §2.2 and §3, RFC 10070).
//!
//! Owns what an assertion has to say. Strangers learn only that theirs is not good; what exactly is wrong is told to
//! who holds the key. The last check is the gate: an [`UnspentAssertion`] becomes an [`AuthenticatedClient`] only by
//! spending its `jti`.
//!
//! ```text
//! POST /token
//!
//! grant_type=client_credentials&client_assertion=eyJhbGciOiJFUzI1NiIsImtpZCI6…&client_assertion_type=
//! urn%3Aietf%3Aparams%3Aoauth%3Aclient-assertion-type%3Ajwt-bearer
//! ```

use std::slice;
use std::sync::Arc;

use serde::Deserialize;

use crate::crypto::digest::Digest;
use crate::crypto::jwt::{self, Expected, JwtRefused, mac};
use crate::protocol::client::{AuthenticationMethod, Client};
use crate::protocol::client_auth::{AuthenticatedClient, Identified, Refused, admit, opened};
use crate::protocol::client_keys::{self, Found};
use crate::protocol::client_metadata::AssertionAlgorithm;
use crate::protocol::context::{Context, Timestamp};
use crate::protocol::error::Fault;
use crate::protocol::store::Replays;

/// The path of the token endpoint, which assertions of old clients name as their audience.
pub const TOKEN_ENDPOINT: &str = "/token";

/// The one `client_assertion_type` (RFC 7523 §2.2).
pub(super) const TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// A good assertion whose `jti` has not been used up yet.
#[derive(Debug)]
pub struct UnspentAssertion {
    client: AuthenticatedClient,
    jti: Digest,
    forget_at: Timestamp,
}

impl UnspentAssertion {
    /// The end of authentication. **Gate**: of all who present the assertion one comes through.
    pub fn spend(self, store: &mut dyn Replays) -> Result<AuthenticatedClient, Fault> {
        if store.use_once(PURPOSE, &self.jti, self.forget_at)? {
            Ok(self.client)
        } else {
            Err(Fault::Refused(Refused::AssertionReplayed.into()))
        }
    }
}

/// What an assertion says besides `iss`, `exp`, `iat` and `nbf`.
#[derive(Deserialize)]
struct Claims {
    sub: String,
    aud: Audience,
    exp: Timestamp,
    jti: String,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Audience {
    One(String),
    Several(Vec<String>),
}

impl Audience {
    fn all(&self) -> &[String] {
        match self {
            Self::One(audience) => slice::from_ref(audience),
            Self::Several(audiences) => audiences,
        }
    }
}

/// Finds out which client made the assertion. `named` is the parameter `client_id`, which may be left out.
pub(super) fn identify(
    context: &Context<'_>,
    named: Option<&str>,
    assertion: &str,
) -> Result<Identified, Refused> {
    let unverified = jwt::peek(assertion).map_err(|_| Refused::Assertion)?;
    let client_id = unverified.issuer.as_deref().ok_or(Refused::Assertion)?;
    // The same name once more is harmless; another one is not.
    if named.is_some_and(|named| named != client_id) {
        return Err(Refused::TwoWays);
    }
    let client = context.clients.client(client_id);
    let client = client.ok_or(Refused::Assertion)?;
    let method = client.authentication_method;
    let (claims, method, place) = if method == AuthenticationMethod::ClientSecretJwt {
        let (claims, place) = verify_with_secrets(context, &client, assertion)?;
        (claims, method, Some(place))
    } else {
        let fixed = match client.metadata.token_endpoint_auth_signing_alg {
            Some(AssertionAlgorithm::Mac(_)) => return Err(Refused::Assertion),
            Some(AssertionAlgorithm::Signature(algorithm)) => Some(algorithm),
            None => None,
        };
        let key_id = unverified.key_id.as_deref();
        let key = match client_keys::find(context, &client, key_id, fixed) {
            Found::Key(key) => key,
            Found::AskAgain(address) => return Ok(Identified::NeedsKeys(address)),
            Found::Nothing => return Err(Refused::Assertion),
            Found::Away => return Err(Refused::KeysAway),
        };
        let claims: Claims = verify(context, &client, |expected| {
            jwt::verify_with(&|_| Some(&key), assertion, expected)
        })?;
        (claims, AuthenticationMethod::PrivateKeyJwt, None)
    };
    // From here on it is the client, or somebody who has its key.
    if claims.sub != client.id.as_str() || claims.jti.is_empty() || claims.jti.len() > LONGEST_JTI {
        return Err(Refused::AssertionClaims);
    }
    if claims.exp.saturating_sub(context.now) > LONGEST_LIFE {
        return Err(Refused::AssertionTooLong);
    }
    if !is_for_us(context, &client, &claims.aud) {
        return Err(Refused::AssertionAudience);
    }
    let jti = context
        .keys
        .assertion_digest(client.id.as_str(), &claims.jti);
    let client = admit(client, method, place)?;
    Ok(Identified::NeedsSpending(UnspentAssertion {
        client,
        jti,
        forget_at: claims.exp.saturating_add(LEEWAY).saturating_add(KEPT),
    }))
}

/// Finds the secret that it was signed with, among those that have not expired.
fn verify_with_secrets(
    context: &Context<'_>,
    client: &Arc<Client>,
    assertion: &str,
) -> Result<(Claims, usize), Refused> {
    let agreed = match client.metadata.token_endpoint_auth_signing_alg {
        Some(AssertionAlgorithm::Signature(_)) => return Err(Refused::Assertion),
        Some(AssertionAlgorithm::Mac(algorithm)) => Some(algorithm),
        None => None,
    };
    for (place, secret) in opened(context, client) {
        let verified = verify(context, client, |expected| {
            mac::verify_mac(secret.expose(), agreed, assertion, expected)
        });
        match verified {
            // Perhaps it was another one.
            Err(Refused::Assertion) => {}
            other => return other.map(|claims| (claims, place)),
        }
    }
    Err(Refused::Assertion)
}

/// RFC 10070 gives assertions a type of their own; older ones have none or a general one.
fn verify(
    context: &Context<'_>,
    client: &Arc<Client>,
    verify: impl Fn(&Expected<'_>) -> Result<Claims, JwtRefused>,
) -> Result<Claims, Refused> {
    let as_typed = |typ: Option<&[&str]>| {
        verify(&Expected {
            issuer: client.id.as_str(),
            typ,
            now: context.now,
            leeway: LEEWAY,
            accept_expired: false,
        })
    };
    let verified = match as_typed(None) {
        Err(JwtRefused::WrongType) => as_typed(Some(&["client-authentication+jwt"])),
        other => other,
    };
    verified.map_err(|refused| match refused {
        JwtRefused::Malformed
        | JwtRefused::TooLong
        | JwtRefused::UnknownKey
        | JwtRefused::WrongAlgorithm
        | JwtRefused::WrongType
        | JwtRefused::BadSignature => Refused::Assertion,
        JwtRefused::Expired | JwtRefused::NotYetValid => Refused::AssertionTime,
        JwtRefused::OtherIssuer | JwtRefused::WrongClaim => Refused::AssertionClaims,
    })
}

/// RFC 10070: the issuer, and nobody else, so that no other server can use the assertion here. Old clients that an
/// operator lets may name the token endpoint, and others besides.
fn is_for_us(context: &Context<'_>, client: &Client, audience: &Audience) -> bool {
    let audiences = audience.all();
    if client.metadata.legacy_assertion_audience != Some(true) {
        return matches!(audiences, [only] if only == context.issuer);
    }
    let is_token_endpoint = |it: &str| it.strip_prefix(context.issuer) == Some(TOKEN_ENDPOINT);
    let is_ours = |it: &String| it == context.issuer || is_token_endpoint(it);
    audiences.iter().any(is_ours)
}

/// Keeps the values apart from those of other gates.
const PURPOSE: &str = "client_assertion";

/// An assertion may be good for so many seconds: as long its `jti` must be remembered, and a stolen one is of use.
const LONGEST_LIFE: i64 = 600;

/// The clock of the client may be late by so many seconds.
const LEEWAY: i64 = 10;

/// A spent `jti` is remembered for so many seconds more, because the clocks of several nodes differ.
const KEPT: i64 = 60;

/// In bytes.
const LONGEST_JTI: usize = 256;
