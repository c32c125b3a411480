//! Signing out at a client's wish (OpenID Connect RP-Initiated Logout §2, §3).

use std::sync::Arc;

use crate::crypto::jwt::JwtRefused;
use crate::crypto::key_set::KeySet;
use crate::protocol::catalogue;
use crate::protocol::client::Client;
use crate::protocol::context::{Context, TokenKeys};
use crate::protocol::error::Refusal;
use crate::protocol::params::Params;
use crate::protocol::subject_identifier::{identifier, session_identifier};
use crate::protocol::tokens::id_token::{self, IdTokenHint};

/// A checked request to sign out.
#[derive(Debug)]
pub struct LogoutRequest {
    /// The client that asks, where it is known.
    pub client: Option<Arc<Client>>,
    /// The verified hint.
    pub hint: Option<IdTokenHint>,
    /// Where the browser goes afterwards: registered by the client, with `state`.
    pub return_to: Option<String>,
}

impl LogoutRequest {
    /// Whether the hint speaks of the person of that subject, under the identifier by which its client knows it.
    pub fn names(&self, keys: &TokenKeys, subject: &str) -> bool {
        let Some(hint) = &self.hint else {
            return false;
        };
        match &self.client {
            None => hint.sub == subject,
            Some(client) => hint.sub == identifier(keys, client, subject),
        }
    }

    /// Whether the hint was made in that session.
    pub fn names_session(&self, keys: &TokenKeys, session: &str) -> bool {
        let Some(sid) = self.hint.as_ref().and_then(|hint| hint.sid.as_deref()) else {
            return false;
        };
        match &self.client {
            None => sid == session,
            Some(client) => sid == session_identifier(keys, client, session),
        }
    }
}

/// Checks a request to sign out. `logout_hint` and `ui_locales` are accepted, and nothing is done with them (RP-Initiated
/// Logout §2).
pub fn accept(
    context: &Context<'_>,
    keys: &KeySet,
    params: &Params<'_>,
) -> Result<LogoutRequest, Refusal> {
    let hint = match params.find("id_token_hint") {
        None => None,
        Some(hint) => read_hint(context, keys, hint)?,
    };
    let client = find_client(context, params, hint.as_ref())?;
    let return_to = match params.find("post_logout_redirect_uri") {
        None => None,
        Some(address) => Some(find_return(
            client.as_deref(),
            address,
            params.find("state"),
        )?),
    };
    Ok(LogoutRequest {
        client,
        hint,
        return_to,
    })
}

/// The verified hint, expired or not (RP-Initiated Logout §2). One that names this issuer and a key that is not
/// published any more proves nothing, so the person is asked: who kept an ID token for years can still sign out.
/// Whatever else is wrong with it, as another issuer or another kind of token, is told.
fn read_hint(
    context: &Context<'_>,
    keys: &KeySet,
    hint: &str,
) -> Result<Option<IdTokenHint>, Refusal> {
    match id_token::read_hint(hint, context.issuer, keys, context.now) {
        Ok(hint) => Ok(Some(hint)),
        Err(JwtRefused::UnknownKey) if id_token::names_issuer(hint, context.issuer) => Ok(None),
        Err(_) => Err(Refusal::new(&catalogue::LOGOUT_HINT_UNFIT)),
    }
}

/// The client named by `client_id`, by the hint, or by both, if they agree.
fn find_client(
    context: &Context<'_>,
    params: &Params<'_>,
    hint: Option<&IdTokenHint>,
) -> Result<Option<Arc<Client>>, Refusal> {
    let hinted = hint.and_then(|hint| hint.aud.first());
    let named = params.find("client_id");
    if let (Some(hint), Some(named)) = (hint, named)
        && !hint.aud.contains(named)
    {
        return Err(Refusal::new(&catalogue::LOGOUT_HINT));
    }
    Ok(named.or(hinted).and_then(|id| context.clients.client(id)))
}

/// RP-Initiated Logout §3: exactly a registered address, of a client that is known.
fn find_return(
    client: Option<&Client>,
    address: &str,
    state: Option<&str>,
) -> Result<String, Refusal> {
    let is_registered = client.is_some_and(|client| {
        client
            .post_logout_redirect_uris
            .iter()
            .any(|uri| uri == address)
    });
    if !is_registered {
        return Err(Refusal::new(&catalogue::LOGOUT_REDIRECT));
    }
    let Some(state) = state else {
        return Ok(address.to_owned());
    };
    let separator = if address.contains('?') { '&' } else { '?' };
    let state: String = url::form_urlencoded::byte_serialize(state.as_bytes()).collect();
    Ok(format!("{address}{separator}state={state}"))
}
