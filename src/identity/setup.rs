//! The first administrator: made once, by whoever holds the one-time link that the terminal showed.

use crate::crypto::secret::Secret;
use crate::identity::store::{IdentityStore, User};
use crate::protocol::context::{Context, Timestamp};
use crate::protocol::error::StoreError;

const PURPOSE: &str = "setup";

/// A link is good for half an hour.
const LIFETIME: i64 = 30 * 60;

/// Makes a new link, in place of an earlier one. Answers the token and until when it is good.
pub fn new_link(
    context: &Context<'_>,
    store: &mut dyn IdentityStore,
) -> Result<(Secret, Timestamp), StoreError> {
    let token = Secret::generate(context.random, "");
    let expires_at = context.now + LIFETIME;
    store.add_link(
        PURPOSE,
        &context.keys.link_digest(token.expose()),
        expires_at,
    )?;
    Ok((token, expires_at))
}

/// Until when the link is good; `None` when it is not.
pub fn check_link(
    context: &Context<'_>,
    store: &mut dyn IdentityStore,
    token: &str,
) -> Result<Option<Timestamp>, StoreError> {
    let expires_at = store.link_expiry(PURPOSE, &context.keys.link_digest(token))?;
    Ok(expires_at.filter(|expires_at| context.now < *expires_at))
}

/// Uses the link up and adds the administrator; false when the link was used up meanwhile. A taken
/// name fails as a conflict, and the link stays good.
pub fn create_administrator(
    context: &Context<'_>,
    store: &mut dyn IdentityStore,
    token: &str,
    user: &User,
) -> Result<bool, StoreError> {
    if check_link(context, store, token)?.is_none() {
        return Ok(false);
    }
    if !store.use_link(PURPOSE, &context.keys.link_digest(token))? {
        return Ok(false);
    }
    store.add_user(user)?;
    store.mark_set_up()?;
    Ok(true)
}
