//! Answering an authorization request with a code (RFC 6749 §4.1.2).
//!
//! [`super::front_channel`] answers with the same steps where tokens were asked for.

use crate::crypto::random::random_bytes;
use crate::crypto::secret::Secret;
use crate::protocol::authorize::response::WayBack;
use crate::protocol::client::Client;
use crate::protocol::context::Context;
use crate::protocol::error::StoreError;
use crate::protocol::redirect_uri::RedirectTarget;
use crate::protocol::store::{AuthorizationCode, Store, WaitingRequest};
use crate::protocol::tokens::refresh_token::FamilyId;

/// Recognises a code that was pasted into the wrong place.
const PREFIX: &str = "iac_";

/// How the person proved to be it.
#[derive(Clone, Debug)]
pub struct Authentication {
    /// The session.
    pub session: String,
    /// The user.
    pub subject: String,
    /// When.
    pub auth_time: i64,
    /// How (RFC 8176).
    pub amr: Vec<String>,
}

/// Where the browser goes, and what it carries.
#[derive(Debug)]
pub enum Answered {
    /// A code, and the way to the client.
    Code(WayBack, Secret),
    /// The request was answered before, or the address is not registered any more.
    Gone,
}

/// Makes a code for a request that [`super::next_step`] found ready.
pub fn with_code(
    context: &Context<'_>,
    store: &mut dyn Store,
    client: &Client,
    waiting: &WaitingRequest,
    by: Authentication,
) -> Result<Answered, StoreError> {
    let Some(target) = finish(store, client, waiting, &by)? else {
        return Ok(Answered::Gone);
    };
    let family = FamilyId(random_bytes(context.random));
    let code = add_code(context, store, waiting, (&target, by), family)?;
    Ok(Answered::Code(waiting.request.way_back(target), code))
}

/// Ends the wait, and answers where to; `None` if the request was answered before, or the address is not registered any
/// more.
pub(super) fn finish(
    store: &mut dyn Store,
    client: &Client,
    waiting: &WaitingRequest,
    by: &Authentication,
) -> Result<Option<RedirectTarget>, StoreError> {
    let request = &waiting.request;
    // The client may have changed while the person signed in.
    let received = request
        .redirect_uri_was_received
        .then_some(request.redirect_uri.as_str());
    let Ok(target) = client.redirect_target(received) else {
        return Ok(None);
    };
    // The gate: a double click makes one code.
    if !store.finish_waiting_request(&waiting.handle)? {
        return Ok(None);
    }
    // In this transaction, so that whoever ends the session knows whom to tell.
    store.join_session(&by.session, &client.id)?;
    Ok(Some(target))
}

pub(super) fn add_code(
    context: &Context<'_>,
    store: &mut dyn Store,
    waiting: &WaitingRequest,
    (target, by): (&RedirectTarget, Authentication),
    family: FamilyId,
) -> Result<Secret, StoreError> {
    let request = &waiting.request;
    let code = Secret::generate(context.random, PREFIX);
    store.add_code(&AuthorizationCode {
        digest: context.keys.code_digest(code.expose()),
        family,
        client_id: request.client_id.clone(),
        redirect_uri: target.as_str().to_owned(),
        redirect_uri_was_received: target.was_received(),
        code_challenge: request.code_challenge.clone(),
        subject: by.subject,
        session: by.session,
        scope: request.scope.clone(),
        claims: request.claims_after(context.now - by.auth_time),
        nonce: request.nonce.clone(),
        auth_time: by.auth_time,
        amr: by.amr,
        expires_at: context.now + context.policy.code_lifetime,
        redeemed_at: None,
    })?;
    Ok(code)
}
