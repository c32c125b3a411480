//! Token revocation (RFC 7009).
//!
//! A refresh token takes its family along, and with it all access tokens of that sign-in; an
//! access token goes alone. A token that is unknown, or belongs to another client, is answered like a
//! revoked one (RFC 7009 §2.2), and nothing happens.

use crate::crypto::key_set::KeySet;
use crate::protocol::bearer;
use crate::protocol::catalogue;
use crate::protocol::client::ClientId;
use crate::protocol::client_auth::AuthenticatedClient;
use crate::protocol::context::Context;
use crate::protocol::error::{Refusal, StoreError};
use crate::protocol::grants::end_family;
use crate::protocol::params::Params;
use crate::protocol::store::Store;
use crate::protocol::tokens::access_token::AccessToken;
use crate::protocol::tokens::family::RevocationReason;
use crate::protocol::tokens::refresh_token::Minted;
use crate::protocol::trust::reference::{self, VouchedOrigin};

/// The token that the request is about.
pub fn accept<'a>(params: &'a Params<'_>) -> Result<&'a str, Refusal> {
    params
        .find("token")
        .ok_or(Refusal::new(&catalogue::MISSING_TOKEN))
}

/// Revokes a token of this client.
pub fn revoke(
    context: &Context<'_>,
    store: &mut dyn Store,
    keys: &KeySet,
    authenticated: &AuthenticatedClient,
    token: &str,
) -> Result<(), StoreError> {
    let client = authenticated.client();
    if let Some(minted) = Minted::read(token, context.keys) {
        let family = store.family(&minted.family)?;
        if family.is_some_and(|family| family.client_id == client.id) {
            let reason = RevocationReason::ClientRequest;
            end_family(context, store, (&minted.family, &client.id), reason)?;
        }
        return Ok(());
    }
    match bearer::read(context, keys, token) {
        Ok(read) if read.client_id == client.id.as_str() => store.revoke_token(&read.jti, read.exp),
        Ok(_) | Err(_) => Ok(()),
    }
}

/// Whether a request without any client is about a token that was issued without one, for an assertion of a trusted issuer.
/// Whoever holds it may revoke it: RFC 7009 §2.1 asks for credentials of the client only where there is a client.
pub fn is_without_client(context: &Context<'_>, keys: &KeySet, token: &str) -> bool {
    let is_nobodys = |read: &AccessToken| {
        let origin = VouchedOrigin::read(&read.jti);
        origin.is_some() && read.client_id.parse::<ClientId>().is_err()
    };
    reference::is_one(token)
        || bearer::read(context, keys, token).is_ok_and(|read| is_nobodys(&read))
}

/// Revokes a token that was issued without a client.
pub fn revoke_without_client(
    context: &Context<'_>,
    store: &mut dyn Store,
    keys: &KeySet,
    token: &str,
) -> Result<(), StoreError> {
    if reference::is_one(token) {
        store.end_reference_token(&context.keys.reference_digest(token))?;
        return Ok(());
    }
    match bearer::read(context, keys, token) {
        Ok(read) => store.revoke_token(&read.jti, read.exp),
        Err(_) => Ok(()),
    }
}
