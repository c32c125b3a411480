//! Services: clients with keys of their own that this server holds ([`crate::protocol::client_key_set`]).
//!
//! A service gets pairs of tokens for itself or for its own users. What it says in them is its own affair, and signed with
//! its own key; what this server vouches for (RFC 7519 §4.1, RFC 9068 §2.2) it cannot say. Each pair is a token family
//! without a user of this server.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::crypto::random::random_bytes;
use crate::protocol::catalogue;
use crate::protocol::claims::RequestedClaims;
use crate::protocol::client::Client;
use crate::protocol::client_auth::AuthenticatedClient;
use crate::protocol::context::{Context, Timestamp};
use crate::protocol::dynamic_registration;
use crate::protocol::error::Refusal;
use crate::protocol::refresh_policy::{RefreshOverrides, RefreshRotation};
use crate::protocol::scope::Scope;
use crate::protocol::tokens::family::{Family, Rotation};
use crate::protocol::tokens::refresh_token::FamilyId;
use crate::protocol::tokens::{Issue, Owner, TokenOrigin, new_token_id};

/// What a service says in its tokens.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ServiceClaims {
    /// Whom they speak of; `None`: the service itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sub: Option<String>,
    /// Everything else.
    pub others: Map<String, Value>,
}

/// Why claims cannot be put into a token.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ClaimsRefused {
    /// This server says them, or nobody may.
    #[error("a caller cannot set {}", .0.join(", "))]
    Reserved(Vec<String>),
    /// RFC 7519 §4.1.2, and nothing longer than a reader takes.
    #[error("sub must be a text of 1 to 255 characters")]
    Subject,
    /// RFC 7519 §4.1.4.
    #[error("exp must be a time in the future, and no later than the token would end otherwise")]
    Expiry,
    /// With which a token does not fit into a header.
    #[error("the claims have more than 4096 bytes")]
    TooLong,
}

/// What a service asks for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Wish {
    /// What the tokens say.
    pub claims: ServiceClaims,
    /// When the access token is to end at the latest.
    pub until: Option<Timestamp>,
    /// Seconds of the access token; more than the service may have are as many as it may have.
    pub access_token_lifetime: Option<i64>,
    /// Seconds of the refresh token, likewise.
    pub refresh_token_lifetime: Option<i64>,
}

impl Wish {
    /// Takes the claims of a caller.
    pub fn with_claims(mut self, mut claims: Map<String, Value>) -> Result<Self, ClaimsRefused> {
        let is_reserved = |name: &&String| RESERVED.contains(&name.as_str());
        let reserved: Vec<String> = claims.keys().filter(is_reserved).cloned().collect();
        if !reserved.is_empty() {
            return Err(ClaimsRefused::Reserved(reserved));
        }
        if let Some(exp) = claims.remove("exp") {
            self.until = Some(exp.as_i64().ok_or(ClaimsRefused::Expiry)?);
        }
        let sub = match claims.remove("sub") {
            None => None,
            Some(Value::String(sub)) if (1..=255).contains(&sub.chars().count()) => Some(sub),
            Some(_) => return Err(ClaimsRefused::Subject),
        };
        let length = claims
            .iter()
            .map(|(name, value)| name.len() + value.to_string().len())
            .sum::<usize>();
        if length > LONGEST {
            return Err(ClaimsRefused::TooLong);
        }
        self.claims = ServiceClaims {
            sub,
            others: claims,
        };
        Ok(self)
    }

    /// When the access token ends, for a service whose tokens live so long.
    fn end_of_access_token(&self, now: Timestamp, most: i64) -> Result<Timestamp, ClaimsRefused> {
        let lifetime = self.access_token_lifetime.unwrap_or(most).min(most);
        match self.until {
            Some(until) if until <= now || until > now + lifetime => Err(ClaimsRefused::Expiry),
            Some(until) => Ok(until),
            None => Ok(now + lifetime),
        }
    }
}

/// Begins a family for a service, to be remembered, and decides about its first pair of tokens.
pub fn begin(
    context: &Context<'_>,
    authenticated: &AuthenticatedClient,
    wish: Wish,
) -> Result<(Family, Issue), ClaimsRefused> {
    let client = authenticated.client();
    let policy = client.metadata.key_set;
    let policy = policy.unwrap_or(context.policy.key_sets.policy);
    let (now, refresh) = (context.now, context.policy.refresh_for(client));
    let until = wish.end_of_access_token(now, policy.access_token_lifetime)?;
    let mut expires_at = now + refresh.absolute_lifetime;
    if let Some(lifetime) = wish.refresh_token_lifetime {
        expires_at = expires_at.min(now + lifetime.min(policy.refresh_token_lifetime));
    }
    let id = FamilyId(random_bytes(context.random));
    let idle_expires_at = expires_at.min(now + refresh.idle_lifetime);
    let (rotation, token) = Rotation::first(id, context.random, context.keys, now, idle_expires_at);
    let audience = client.audience(context.issuer);
    let family = Family {
        id,
        client_id: client.id.clone(),
        subject: None,
        session: None,
        scope: Scope::default(),
        claims: RequestedClaims {
            own: Some(wish.claims.clone()),
            ..RequestedClaims::default()
        },
        audience: audience.clone(),
        auth_time: now,
        amr: Vec::new(),
        created_at: now,
        expires_at,
        revoked: None,
        rotation,
    };
    let issue = Issue {
        client: authenticated.shared(),
        owner: Owner::Service {
            claims: wish.claims,
            until,
        },
        scope: Scope::default(),
        audience,
        token_id: new_token_id(context.random, Some(TokenOrigin::of_current(&family))),
        refresh_token: Some(token),
        id_token: None,
        rotation: None,
    };
    Ok((family, issue))
}

/// The service that shows the token of its registration (RFC 7592 §2), which only it was told.
pub fn by_registration_token(
    context: &Context<'_>,
    client: Client,
    token: &str,
) -> Result<AuthenticatedClient, Refusal> {
    dynamic_registration::find(context, Some(&client), token)?;
    if client.disabled {
        return Err((&catalogue::CLIENT_DISABLED).into());
    }
    Ok(AuthenticatedClient::by_own_token(Arc::new(client)))
}

/// The same client, whose refresh tokens rotate at least as often as it asks for this once: a request cannot take away
/// what was decided for the client.
pub fn rotating(
    context: &Context<'_>,
    authenticated: AuthenticatedClient,
    asked: Option<RefreshRotation>,
) -> AuthenticatedClient {
    let client = authenticated.client();
    let decided = context.policy.refresh_for(client).rotation;
    let Some(asked) = asked.filter(|asked| strength(*asked) > strength(decided)) else {
        return authenticated;
    };
    let refresh = RefreshOverrides {
        rotation: Some(asked),
        ..client.refresh
    };
    AuthenticatedClient::by_own_token(Arc::new(Client {
        refresh,
        ..client.clone()
    }))
}

fn strength(rotation: RefreshRotation) -> u8 {
    match rotation {
        RefreshRotation::None => 0,
        RefreshRotation::NearEnd => 1,
        RefreshRotation::Tolerant => 2,
        RefreshRotation::Strict => 3,
    }
}

/// What tokens and introspection answers of this server say, and what would give rights to a reader that takes the token
/// for something else (RFC 7519 §4.1, RFC 7662 §2.2, RFC 7800 §3.1, RFC 8693 §4, RFC 9068 §2.2, OpenID Connect Core §2).
const RESERVED: &[&str] = &[
    "iss",
    "aud",
    "iat",
    "nbf",
    "jti",
    "client_id",
    "cnf",
    "typ",
    "scope",
    "roles",
    "groups",
    "identities",
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
    "active",
    "token_type",
    "username",
    "events",
];

/// Bytes of all of them.
const LONGEST: usize = 4096;
