//! The userinfo endpoint (OpenID Connect Core §5.3): what the scope of an access token reveals.

use crate::crypto::key_set::KeySet;
use crate::protocol::bearer::{self, BearerRefused, Proven, Seen};
use crate::protocol::context::Context;
use crate::protocol::error::Fault;
use crate::protocol::store::{Store, Subject};
use crate::protocol::tokens::access_token::AccessToken;

/// The user, the token that asks, and the promotion to write before anything is told.
pub fn userinfo(
    context: &Context<'_>,
    store: &mut dyn Store,
    keys: &KeySet,
    token: &str,
) -> Result<Proven<(Subject, AccessToken)>, Fault<BearerRefused>> {
    let read = bearer::read(context, keys, token)?;
    let (Seen { token, subject }, promotion) = bearer::look_up(context, store, read)?;
    if !token.scope.contains("openid") {
        return Err(BearerRefused::Scope.into());
    }
    // RFC 9068 §4: a token for somebody else's API alone is not for this endpoint.
    if !token.aud.contains(context.issuer) {
        return Err(BearerRefused::NotGood.into());
    }
    // A client's own token speaks of nobody.
    let subject = subject.ok_or(BearerRefused::NotGood)?;
    Ok(((subject, token), promotion))
}
