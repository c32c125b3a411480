//! A login as with Consul: a token of a trusted issuer for a reference token.
//!
//! The same checks and rules as at the token endpoint; only what is handed out differs.

use crate::crypto::secret::Secret;
use crate::protocol::client::ClientId;
use crate::protocol::context::{Context, Timestamp};
use crate::protocol::error::{Fault, Refusal};
use crate::protocol::grants::jwt_bearer;
use crate::protocol::scope::Scope;
use crate::protocol::store::{SecurityEvent, Store};
use crate::protocol::tokens::access_token::{AccessToken, Audiences};
use crate::protocol::trust::assertion::{Strictness, Verified};
use crate::protocol::trust::binding::{BindType, Bound, Declared, Terms};
use crate::protocol::trust::issuer::TrustedIssuer;
use crate::protocol::trust::reference::{ReferenceToken, new_secret, new_uuid};
use crate::protocol::trust::selector::Absent;

/// What a login gave.
#[derive(Debug)]
pub struct LoggedIn {
    /// The token.
    pub secret: Secret,
    /// Its public name.
    pub accessor: String,
    /// What it is good for.
    pub bound: Bound,
    /// Until when.
    pub expires_at: Timestamp,
}

/// On which terms, where the deployment follows Consul in everything or not.
pub fn terms(issuer: &TrustedIssuer, strictness: Strictness) -> Terms {
    match strictness {
        Strictness::Standard => jwt_bearer::terms(issuer),
        Strictness::Consul => Terms {
            absent: Absent::AsConsul,
            lower_case: issuer.lower_case,
            malformed_names_refuse: true,
        },
    }
}

/// Logs somebody in who brought a good token.
pub fn log_in(
    context: &Context<'_>,
    store: &mut dyn Store,
    verified: &Verified,
    declared: &Declared,
    terms: Terms,
) -> Result<LoggedIn, Fault> {
    let issuer = &verified.trusted.issuer;
    let bound = jwt_bearer::bind(verified, declared, terms).map_err(Refusal::from)?;
    let user = jwt_bearer::find_user(store, verified)?;
    jwt_bearer::spend(context, store, verified, None)?;
    let vouched = jwt_bearer::vouch(context, verified, &bound, user.as_ref());
    let expires_at = context.now.saturating_add(vouched.lifetime);
    let scope: Scope = bound.names(BindType::Scope).map(str::to_owned).collect();
    let (secret, accessor) = (new_secret(context.random), new_uuid(context.random));
    store.add_reference_token(&ReferenceToken {
        digest: context.keys.reference_digest(secret.expose()),
        accessor: accessor.clone(),
        trusted_issuer: issuer.name.clone(),
        token: AccessToken {
            iss: context.issuer.to_owned(),
            sub: vouched.subject,
            aud: Audiences::Many(jwt_bearer::audience(context, issuer, None)),
            client_id: ClientId::of_trusted_issuer(&issuer.name)
                .as_str()
                .to_owned(),
            scope,
            iat: context.now,
            exp: expires_at,
            jti: jwt_bearer::token_id(context, issuer, user.is_some()),
            sid: None,
            roles: vouched.roles,
            identities: vouched.identities,
            act: None,
            may_act: None,
        },
        expires_at,
    })?;
    Ok(LoggedIn {
        secret,
        accessor,
        bound,
        expires_at,
    })
}

/// Ends a token that a login gave; false when it is not there, or has ended.
pub fn log_out(context: &Context<'_>, store: &mut dyn Store, token: &str) -> Result<bool, Fault> {
    let digest = context.keys.reference_digest(token);
    let found = store.reference_token(&digest)?;
    let live = found.filter(|it| context.now < it.expires_at);
    let Some(found) = live else {
        return Ok(false);
    };
    if !store.end_reference_token(&digest)? {
        return Ok(false);
    }
    store.record(&SecurityEvent {
        at: context.now,
        kind: "reference_token_ended",
        client_id: None,
        subject: Some(found.token.sub),
        family: None,
        browser: None,
    })?;
    Ok(true)
}
