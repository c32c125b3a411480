//! The userinfo endpoint (OpenID Connect Core §5.3): what the scope of an access token reveals.

use crate::crypto::key_set::KeySet;
use crate::protocol::bearer::{self, BearerRefused, Seen};
use crate::protocol::context::Context;
use crate::protocol::error::Fault;
use crate::protocol::store::{Store, Subject};

/// The user and the token that asks.
pub fn userinfo(
    context: &Context<'_>,
    store: &mut dyn Store,
    keys: &KeySet,
    token: &str,
) -> Result<(Subject, Seen), Fault<BearerRefused>> {
    let read = bearer::read(context, keys, token)?;
    let mut seen = bearer::look_up(context, store, read)?;
    if !seen.token.scope.contains("openid") {
        return Err(BearerRefused::Scope.into());
    }
    // RFC 9068 §4: a token for somebody else's API alone is not for this endpoint.
    if !seen.token.aud.contains(context.issuer) {
        return Err(BearerRefused::NotGood.into());
    }
    // A client's own token speaks of nobody.
    let subject = seen.subject.take().ok_or(BearerRefused::NotGood)?;
    Ok((subject, seen))
}

/// The same, where [`userinfo`] found something to write: writes it before it is relied on.
pub fn settle(
    context: &Context<'_>,
    store: &mut dyn Store,
    keys: &KeySet,
    token: &str,
) -> Result<(Subject, Seen), Fault<BearerRefused>> {
    for _ in 0..bearer::MOST_TRIES {
        let (subject, seen) = userinfo(context, store, keys, token)?;
        match &seen.promotion {
            Some(promotion) if !bearer::promote(store, promotion)? => {}
            Some(_) | None => return Ok((subject, seen)),
        }
    }
    Err(bearer::contention().into())
}
