//! The token endpoint: which grant, may this client use it, then the grant (RFC 6749 §3.2).
//!
//! Client authentication comes before ([`crate::protocol::client_auth`]), signing after
//! ([`crate::protocol::tokens`]): a grant only decides.

use crate::protocol::catalogue;
use crate::protocol::client::{ClientId, GrantType};
use crate::protocol::client_auth::AuthenticatedClient;
use crate::protocol::context::Context;
use crate::protocol::error::{Fault, Refusal, StoreError};
use crate::protocol::params::Params;
use crate::protocol::response_type::ResponseType;
use crate::protocol::store::{SecurityEvent, Store};
use crate::protocol::tokens::Issue;
use crate::protocol::tokens::family::{Family, RevocationReason};
use crate::protocol::tokens::refresh_token::FamilyId;

pub mod authorization_code;
pub mod client_credentials;
pub mod jwt_bearer;
pub mod refresh_token;
pub mod token_exchange;

/// The grant that the request names, if this client may use it.
pub fn choose(client: &AuthenticatedClient, params: &Params<'_>) -> Result<GrantType, Refusal> {
    let named = params
        .find("grant_type")
        .ok_or(&catalogue::MISSING_GRANT_TYPE)?;
    let grant: GrantType = named.parse().map_err(|_| &catalogue::UNSUPPORTED_GRANT)?;
    if !GrantType::REDEEMED.contains(&grant) {
        return Err(Refusal::new(&catalogue::UNSUPPORTED_GRANT));
    }
    if client.client().may_use(grant) {
        Ok(grant)
    } else {
        Err(Refusal::new(&catalogue::GRANT_NOT_ALLOWED))
    }
}

/// Runs a grant that remembers something, inside one transaction.
pub fn exchange(
    context: &Context<'_>,
    store: &mut dyn Store,
    client: &AuthenticatedClient,
    grant: GrantType,
    params: &Params<'_>,
) -> Result<Issue, Fault> {
    match grant {
        GrantType::AuthorizationCode => {
            authorization_code::exchange(context, store, client, params)
        }
        GrantType::RefreshToken => refresh_token::exchange(context, store, client, params),
        GrantType::ClientCredentials => Ok(client_credentials::exchange(context, client, params)?),
        // The first has no request here, the others another way in: one may come without a client, one needs keys.
        GrantType::Implicit | GrantType::JwtBearer | GrantType::TokenExchange => {
            Err((&catalogue::UNSUPPORTED_GRANT).into())
        }
    }
}

/// A family and who it belongs to.
#[derive(Clone, Copy)]
struct Owned<'a> {
    family: &'a FamilyId,
    client_id: &'a ClientId,
    /// `None` where it is an agent's.
    subject: Option<&'a str>,
}

impl<'a> From<&'a Family> for Owned<'a> {
    fn from(family: &'a Family) -> Self {
        Self {
            family: &family.id,
            client_id: &family.client_id,
            subject: family.subject.as_deref(),
        }
    }
}

/// Revokes a family, and with it the one of a token that came through the browser beside its code. Whether it was alive.
pub(in crate::protocol) fn end_family(
    context: &Context<'_>,
    store: &mut dyn Store,
    (family, client): (&FamilyId, &ClientId),
    reason: RevocationReason,
) -> Result<bool, StoreError> {
    let client = context.clients.client(client.as_str());
    let is_hybrid = |it: &ResponseType| it.has_code() && it.has_access_token();
    let may_have_two = client.is_some_and(|it| it.response_types().iter().any(is_hybrid));
    // In the order in which all who lock several families do.
    let mut both = [*family, family.beside()];
    both.sort_unstable();
    let mut was_alive = false;
    for id in both.iter().filter(|id| may_have_two || *id == family) {
        let ended = store.revoke_family(id, reason, context.now)?;
        was_alive |= ended && id == family;
    }
    Ok(was_alive)
}

/// Revokes a family of which something was used twice, and writes that down; the refusal that follows commits both.
fn punish_reuse(
    context: &Context<'_>,
    store: &mut dyn Store,
    owned: Owned<'_>,
    reason: RevocationReason,
) -> Result<(), StoreError> {
    if end_family(context, store, (owned.family, owned.client_id), reason)? {
        store.record(&SecurityEvent {
            at: context.now,
            kind: reason.as_str(),
            client_id: Some(owned.client_id.clone()),
            subject: owned.subject.map(str::to_owned),
            family: Some(*owned.family),
            browser: None,
        })?;
    }
    Ok(())
}
