//! Tokens that come through the browser: the implicit and the hybrid flow (OpenID Connect Core §3.2, §3.3), beside the
//! code flow and only where the deployment allows them.
//!
//! Owns what these requests must have, and what is granted to them. The part of a hybrid request that asks for a code is
//! judged as every request for a code. No refresh token comes this way (RFC 6749 §4.2.2).

use std::sync::Arc;

use crate::crypto::random::random_bytes;
use crate::crypto::secret::Secret;
use crate::protocol::authorize::answer::{self, Authentication};
use crate::protocol::authorize::response::{ResponseMode, WayBack};
use crate::protocol::catalogue;
use crate::protocol::client::Client;
use crate::protocol::context::Context;
use crate::protocol::engine::{self, AuthorizationAccepted, AuthorizationRejected};
use crate::protocol::error::{Refusal, StoreError};
use crate::protocol::grants::authorization_code::audience;
use crate::protocol::params::Params;
use crate::protocol::redirect_uri::RedirectTarget;
use crate::protocol::response_type::ResponseType;
use crate::protocol::scope::Scope;
use crate::protocol::store::{Store, Subject, WaitingRequest};
use crate::protocol::tokens::family::{Family, Rotation};
use crate::protocol::tokens::refresh_token::FamilyId;
use crate::protocol::tokens::{IdTokenFacts, Issue, Owner, TokenOrigin, new_token_id};

/// The response type of a request; what is unknown or not allowed here is left to the code flow, which refuses it.
pub(super) fn response_type(context: &Context<'_>, params: &Params<'_>) -> ResponseType {
    if !context.policy.front_channel_tokens {
        return ResponseType::Code;
    }
    let named = params.find("response_type").and_then(ResponseType::named);
    named.unwrap_or_default()
}

/// How the answer travels when the request does not say so (OAuth 2.0 Multiple Response Types §2.1, §5).
pub(super) fn usual_mode(response_type: ResponseType) -> ResponseMode {
    if response_type.has_tokens() {
        ResponseMode::Fragment
    } else {
        ResponseMode::default()
    }
}

/// Checks a request for tokens (OpenID Connect Core §3.2.2.1, §3.3.2.1).
pub(super) fn check(
    client: &Client,
    target: &RedirectTarget,
    params: &Params<'_>,
    response_type: ResponseType,
) -> Result<AuthorizationAccepted, Refusal> {
    if !client.response_types().contains(&response_type) {
        return Err(Refusal::new(&catalogue::RESPONSE_TYPE_NOT_REGISTERED));
    }
    let accepted = if response_type.has_code() {
        let others = params.iter().filter(|(name, _)| *name != "response_type");
        let code: Params<'_> = others.chain([("response_type", "code")]).collect();
        engine::drive_authorization(client, target, &code)?
    } else {
        AuthorizationAccepted {
            // OpenID Connect Core §11: without a code there is no use for it.
            scope: without_offline_access(&scope(client, params)?),
            code_challenge: None,
        }
    };
    if response_type.has_id_token() {
        if !accepted.scope.contains("openid") {
            return Err(Refusal::new(&catalogue::ID_TOKEN_WITHOUT_OPENID));
        }
        if params.find("nonce").is_none() {
            return Err(Refusal::new(&catalogue::NONCE_MISSING));
        }
    }
    Ok(accepted)
}

fn scope(client: &Client, params: &Params<'_>) -> Result<Scope, AuthorizationRejected> {
    let Some(text) = params.find("scope") else {
        return Ok(client.scope.clone());
    };
    let scope: Scope = text.parse().map_err(|_| AuthorizationRejected::Scope)?;
    if scope.is_within(&client.scope) {
        Ok(scope)
    } else {
        Err(AuthorizationRejected::Scope)
    }
}

fn without_offline_access(scope: &Scope) -> Scope {
    let others = scope.iter().filter(|token| *token != "offline_access");
    others.map(str::to_owned).collect()
}

/// What goes to the client through the browser, to be signed.
#[derive(Debug)]
pub struct Granted {
    /// The way to the client.
    pub back: WayBack,
    /// What it asked for.
    pub response_type: ResponseType,
    /// The code of the hybrid flow.
    pub code: Option<Secret>,
    /// What the tokens say.
    pub issue: Issue,
}

/// Grants what a request asked for that [`super::next_step`] found ready. `None`: the request was answered before, or
/// the address, the response type or the person is not registered any more.
pub fn grant(
    context: &Context<'_>,
    store: &mut dyn Store,
    client: &Client,
    waiting: &WaitingRequest,
    by: Authentication,
) -> Result<Option<Granted>, StoreError> {
    let response_type = waiting.request.response_type;
    // The client and the setting may have changed while the person signed in.
    if !context.policy.front_channel_tokens || !client.response_types().contains(&response_type) {
        return Ok(None);
    }
    let subject = store.subject(&by.subject)?;
    let Some(subject) = subject.filter(|subject| subject.active) else {
        return Ok(None);
    };
    let Some(target) = answer::finish(store, client, waiting, &by)? else {
        return Ok(None);
    };
    let request = &waiting.request;
    let back = request.way_back(target.clone());
    let of_code = FamilyId(random_bytes(context.random));
    let code = if response_type.has_code() {
        let by = by.clone();
        let code = answer::add_code(context, store, waiting, (&target, by), of_code)?;
        Some(code)
    } else {
        None
    };
    // A scope that the client has lost since the request is not granted.
    let scope = without_offline_access(&request.scope.intersection(&client.scope));
    let origin = if response_type.has_access_token() {
        let family = family(context, (client, of_code.beside()), waiting, &by, &scope);
        store.add_family(&family)?;
        Some(TokenOrigin::of_current(&family))
    } else {
        None
    };
    let claims = request.claims_after(context.now - by.auth_time);
    let issue = Issue {
        client: Arc::new(client.clone()),
        audience: audience(client, &scope, context.issuer),
        token_id: new_token_id(context.random, origin),
        refresh_token: None,
        id_token: scope.contains("openid").then(|| IdTokenFacts {
            claims: request.claims.id_token.clone(),
            nonce: request.nonce.clone(),
            auth_time: by.auth_time,
            amr: by.amr,
            acr: claims.acr,
        }),
        owner: Owner::User {
            subject: Box::<Subject>::new(subject),
            session: Some(by.session),
        },
        scope,
        rotation: None,
    };
    Ok(Some(Granted {
        back,
        response_type,
        code,
        issue,
    }))
}

/// The access token's own family, so that it ends with everything that ends others: it outlives neither the session nor
/// the token. Its refresh token is thrown away.
fn family(
    context: &Context<'_>,
    (client, id): (&Client, FamilyId),
    waiting: &WaitingRequest,
    by: &Authentication,
    scope: &Scope,
) -> Family {
    let expires_at = context.now + context.policy.access_token_lifetime;
    let (random, keys, now) = (context.random, context.keys, context.now);
    let (rotation, _) = Rotation::first(id, random, keys, now, expires_at);
    Family {
        id,
        client_id: client.id.clone(),
        subject: Some(by.subject.clone()),
        session: Some(by.session.clone()),
        audience: audience(client, scope, context.issuer),
        scope: scope.clone(),
        claims: waiting.request.claims_after(now - by.auth_time),
        auth_time: by.auth_time,
        amr: by.amr.clone(),
        created_at: now,
        expires_at,
        revoked: None,
        rotation,
    }
}
