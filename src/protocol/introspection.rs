//! Token introspection (RFC 7662): may somebody else rely on this token right now?
//!
//! Only confidential clients may ask. A client learns of tokens issued to it and of tokens meant for an
//! audience it stands for; everything else is merely inactive.

use serde::Serialize;
use serde_json::{Map, Value};

use crate::crypto::key_set::KeySet;
use crate::protocol::bearer::{self, BearerRefused, Proven, Seen};
use crate::protocol::catalogue;
use crate::protocol::client::Client;
use crate::protocol::client_auth::AuthenticatedClient;
use crate::protocol::context::{Context, Timestamp};
use crate::protocol::error::{Fault, Refusal, StoreError};
use crate::protocol::grants::refresh_token::session_end;
use crate::protocol::params::Params;
use crate::protocol::store::{Store, Subject};
use crate::protocol::subject_identifier::identifier;
use crate::protocol::tokens::access_token::Audiences;
use crate::protocol::tokens::actor::Actor;
use crate::protocol::tokens::family::Family;
use crate::protocol::tokens::holder;
use crate::protocol::tokens::refresh_token::Minted;
use crate::protocol::trust::binding::Identity;

/// The answer (RFC 7662 §2.2).
#[derive(Debug, Default, Serialize)]
pub struct Introspection {
    /// Whether the token is good; nothing else is told when it is not.
    pub active: bool,
    /// What is granted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scope: Option<String>,
    /// To which client.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_id: Option<String>,
    /// The user's name to sign in with.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub username: Option<String>,
    /// `Bearer` for an access token, `refresh_token` for a refresh token.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub token_type: Option<&'static str>,
    /// From when on it is refused.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub exp: Option<Timestamp>,
    /// When it was made.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub iat: Option<Timestamp>,
    /// User or client.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sub: Option<String>,
    /// Who may accept it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub aud: Option<Audiences>,
    /// Who made it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub iss: Option<String>,
    /// Its identifier.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub jti: Option<String>,
    /// The browser session.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sid: Option<String>,
    /// The authentication context class of the sign-in, where the client asked for one (RFC 9470 §6.2).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub acr: Option<String>,
    /// When that sign-in was.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub auth_time: Option<Timestamp>,
    /// Who acts for whom it speaks of (RFC 8693 §4.1).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub act: Option<Actor>,
    /// The roles of whom it speaks of.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub roles: Vec<String>,
    /// What binding rules gave besides.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub identities: Vec<Identity>,
    /// What a service says in its tokens.
    #[serde(flatten)]
    pub own: Map<String, Value>,
}

/// The token that the request is about, if this client may ask.
pub fn accept<'a>(
    authenticated: &AuthenticatedClient,
    params: &'a Params<'_>,
) -> Result<&'a str, Refusal> {
    if authenticated.client().is_public() {
        return Err(Refusal::new(&catalogue::CLIENT_NEEDS_SECRET));
    }
    params
        .find("token")
        .ok_or(Refusal::new(&catalogue::MISSING_TOKEN))
}

/// Finds out about a token. With it comes the promotion that has to be written before the answer is told, if the token
/// proves that a pending refresh token arrived.
pub fn introspect(
    context: &Context<'_>,
    store: &mut dyn Store,
    keys: &KeySet,
    authenticated: &AuthenticatedClient,
    token: &str,
) -> Result<Proven<Introspection>, StoreError> {
    let client = authenticated.client();
    if let Some(minted) = Minted::read(token, context.keys) {
        return Ok((refresh_token(context, store, client, &minted)?, None));
    }
    let inactive = || (Introspection::default(), None);
    let read = match bearer::resolve(context, store, keys, token) {
        Ok(read) => read,
        Err(Fault::Refused(_)) => return Ok(inactive()),
        Err(Fault::Failed(error)) => return Err(error),
    };
    if !read.is_for(client) {
        return Ok(inactive());
    }
    let (mut seen, promotion) = match bearer::look_up(context, store, read) {
        Ok(looked_up) => looked_up,
        Err(Fault::Refused(
            BearerRefused::Missing
            | BearerRefused::Malformed
            | BearerRefused::TwoWays
            | BearerRefused::NotGood
            | BearerRefused::Expired
            | BearerRefused::Revoked
            | BearerRefused::Scope,
        )) => return Ok(inactive()),
        Err(Fault::Failed(error)) => return Err(error),
    };
    // A name that all clients see would tell what a pairwise identifier hides.
    let token = &seen.token;
    let may_name = |it: &Subject| it.id == token.sub || token.scope.contains("profile");
    seen.subject = seen.subject.filter(may_name);
    Ok((describe(seen), promotion))
}

fn describe(seen: Seen) -> Introspection {
    let (token, acr) = (seen.token, seen.claims.acr);
    let own = seen.claims.own.map(|own| own.others);
    Introspection {
        active: true,
        scope: Some(token.scope.to_string()),
        client_id: Some(token.client_id),
        username: seen.subject.map(|subject| subject.username),
        auth_time: seen.auth_time.filter(|_| acr.is_some()),
        acr,
        token_type: Some("Bearer"),
        exp: Some(token.exp),
        iat: Some(token.iat),
        sub: Some(token.sub),
        aud: Some(token.aud),
        iss: Some(token.iss),
        jti: Some(token.jti),
        sid: token.sid,
        act: token.act,
        roles: token.roles,
        identities: token.identities,
        own: own.unwrap_or_default(),
    }
}

/// A refresh token is told of only to the client that holds it; asking does not use it.
fn refresh_token(
    context: &Context<'_>,
    store: &mut dyn Store,
    client: &Client,
    minted: &Minted,
) -> Result<Introspection, StoreError> {
    let family = store.family(&minted.family)?;
    let good = family
        .filter(|family| family.client_id == client.id && is_redeemable(family, context, minted));
    let Some(family) = good else {
        return Ok(Introspection::default());
    };
    let session_end = session_end(store, &family)?;
    if context.now >= session_end || holder::find(store, &family, client)?.is_none() {
        return Ok(Introspection::default());
    }
    let ends = [family.expires_at, family.rotation.idle_expires_at];
    let exp = ends.into_iter().fold(session_end, Timestamp::min);
    Ok(Introspection {
        active: true,
        scope: Some(family.scope.to_string()),
        client_id: Some(family.client_id.as_str().to_owned()),
        token_type: Some("refresh_token"),
        exp: Some(exp),
        iat: Some(family.created_at),
        sub: Some(match &family.subject {
            Some(subject) => identifier(context.keys, client, subject).into_owned(),
            None => match family.claims.own {
                Some(own) => own.sub.unwrap_or_else(|| client.id.as_str().to_owned()),
                None => client.agent_id().to_owned(),
            },
        }),
        iss: Some(context.issuer.to_owned()),
        ..Introspection::default()
    })
}

fn is_redeemable(family: &Family, context: &Context<'_>, minted: &Minted) -> bool {
    let digest = minted.digest(context.keys);
    let rotation = &family.rotation;
    let lives = family.revoked.is_none()
        && context.now < family.expires_at
        && context.now < rotation.idle_expires_at;
    let known = rotation.current == digest
        || rotation
            .pending
            .is_some_and(|pending| pending.digest == digest);
    lives && known
}
