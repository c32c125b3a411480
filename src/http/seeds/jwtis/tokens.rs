//! Pairs of tokens for a service, and others in their place.
//!
//! ```text
//! POST /issue_token
//! Authorization: Basic YXBwMTppc3Nf…
//! Content-Type: application/json
//!
//! {"kid":"app1","claims":{"sub":"u1","role":"x"}}
//!
//! 201 Created
//!
//! {"id":"…","access_token":"eyJ0eXAiOiJhdCtqd3Qi…","auth_token":"eyJ0eXAiOiJhdCtqd3Qi…","refresh_token":"eyJ…",
//!  "expiry":1779800000,"token_type":"Bearer","expires_in":259200,"refresh_expires_in":2592000}
//! ```

use actix_web::http::header::{self, HeaderValue};
use actix_web::web::{Data, Payload};
use actix_web::{HttpMessage as _, HttpRequest, HttpResponse};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Serialize;
use serde_json::{Map, Value};

use crate::http::endpoints::client::{authenticate, authenticate_by};
use crate::http::endpoints::own_keys::OwnKeys;
use crate::http::error::LoggedClient;
use crate::http::extract::{self, authorization};
use crate::http::scene::Scene;
use crate::http::seeds::jwtis::dialect::{self, Denied};
use crate::http::seeds::jwtis::keys::look_up;
use crate::http::seeds::jwtis::options;
use crate::http::state::AppState;
use crate::protocol::catalogue;
use crate::protocol::client::{Client, GrantType};
use crate::protocol::client_auth::AuthenticatedClient;
use crate::protocol::context::Timestamp;
use crate::protocol::error::{Fault, Refusal};
use crate::protocol::grants;
use crate::protocol::params::Params;
use crate::protocol::services::{self, ClaimsRefused, Wish};
use crate::protocol::store::TokenFamilies as _;
use crate::protocol::tokens::{Issue, TokenResponse};
use crate::storage::Transaction;

/// The answer. Holds secrets: not printed.
#[derive(Serialize)]
struct Pair {
    id: String,
    access_token: String,
    auth_token: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    refresh_token: Option<String>,
    expiry: Timestamp,
    token_type: &'static str,
    expires_in: i64,
    refresh_expires_in: i64,
}

impl Pair {
    fn new(scene: &Scene, issue: Issue, tokens: TokenResponse, refresh_ends: Timestamp) -> Self {
        Self {
            id: issue.token_id,
            auth_token: tokens.access_token.clone(),
            access_token: tokens.access_token,
            refresh_token: tokens.refresh_token,
            expiry: scene.now + tokens.expires_in,
            token_type: tokens.token_type,
            expires_in: tokens.expires_in,
            refresh_expires_in: refresh_ends - scene.now,
        }
    }
}

/// Issues a pair.
pub(super) async fn issue(
    request: HttpRequest,
    payload: Payload,
    state: Data<AppState>,
) -> HttpResponse {
    let scene = Scene::new(&state);
    answer(&request, try_issue(&request, payload, &scene).await)
}

/// Issues another pair for a refresh token.
pub(super) async fn renew(
    request: HttpRequest,
    payload: Payload,
    state: Data<AppState>,
) -> HttpResponse {
    let scene = Scene::new(&state);
    answer(&request, try_renew(&request, payload, &scene).await)
}

fn answer(request: &HttpRequest, outcome: Result<Pair, Denied>) -> HttpResponse {
    match outcome {
        Ok(pair) => HttpResponse::Created()
            .insert_header((header::CACHE_CONTROL, HeaderValue::from_static("no-store")))
            .json(pair),
        Err(denied) => dialect::answer(request, &denied),
    }
}

async fn try_issue(request: &HttpRequest, payload: Payload, scene: &Scene) -> Result<Pair, Denied> {
    let members = options::object(&extract::json_body(request, payload).await?)?;
    let (service, own) = enter(request, scene, &members).await?;
    let claims = match members.get("claims") {
        None | Some(Value::Null) => Map::new(),
        Some(Value::Object(claims)) => claims.clone(),
        Some(_) => return Err(Denied::bad_request("claims must be an object")),
    };
    let lifetime = |names: &[&str]| {
        let asked = names
            .iter()
            .find_map(|name| Some((*name, members.get(*name)?)));
        let asked = asked.filter(|(_, value)| !value.is_null());
        asked
            .map(|(name, value)| options::duration(name, value))
            .transpose()
    };
    let wish = Wish {
        access_token_lifetime: lifetime(&["auth_token_valid_time"])?,
        // As its documentation spells it, and as it is spelled.
        refresh_token_lifetime: lifetime(&[
            "refresh_token_valid_time",
            "resresh_token_valid_time",
        ])?,
        ..Wish::default()
    };
    let begun = wish
        .with_claims(claims)
        .and_then(|wish| services::begin(&scene.context(), &service, wish));
    let (family, issue) = begun.map_err(|refused: ClaimsRefused| {
        Denied::Refused(
            Refusal::new(&catalogue::SERVICE_CLAIMS),
            refused.to_string(),
        )
    })?;
    let ends = family.expires_at.min(family.rotation.idle_expires_at);
    let rule = move |scene: &Scene, store: &mut Transaction| {
        store.add_family(&family)?;
        keep(scene, store, service.client())
    };
    scene.write::<_, Refusal>(rule).await?;
    let tokens = own
        .sign(&issue, &scene.signer(None), None)
        .map_err(Denied::Failed)?;
    let metrics = &scene.state.metrics;
    metrics.issued(GrantType::ClientCredentials, Some(&issue.client), None);
    Ok(Pair::new(scene, issue, tokens, ends))
}

async fn try_renew(request: &HttpRequest, payload: Payload, scene: &Scene) -> Result<Pair, Denied> {
    let members = options::object(&extract::json_body(request, payload).await?)?;
    let Some(sent) = members.get("refresh_token").and_then(Value::as_str) else {
        return Err(Denied::bad_request("refresh_token is missing"));
    };
    let asked = match members.get("refresh_strategy") {
        None | Some(Value::Null) => None,
        Some(Value::String(name)) => Some(options::strategy(name)?),
        Some(_) => return Err(Denied::bad_request("refresh_strategy must be a text")),
    };
    let (service, own) = enter(request, scene, &members).await?;
    let service = services::rotating(&scene.context(), service, asked);
    let grant = GrantType::RefreshToken;
    let params: Params<'_> = [("grant_type", grant.as_str()), ("refresh_token", sent)]
        .into_iter()
        .collect();
    let (params, sent) = own.unsealed(scene, &params);
    let id = grants::refresh_token::family(&scene.context(), &params);
    let id = id.ok_or(Refusal::new(&catalogue::REFRESH_UNKNOWN))?;
    let rule = move |scene: &Scene, store: &mut Transaction| {
        let issue = grants::exchange(&scene.context(), store, &service, grant, &params)?;
        keep(scene, store, service.client())?;
        let family = store.family(&id)?;
        let ends = family.map(|it| it.expires_at.min(it.rotation.idle_expires_at));
        Ok::<_, Fault>((issue, ends.unwrap_or(scene.now)))
    };
    let (issue, ends) = scene.write_family(id, rule).await?;
    let tokens = own
        .sign(&issue, &scene.signer(None), sent)
        .map_err(Denied::Failed)?;
    let metrics = &scene.state.metrics;
    metrics.issued(grant, Some(&issue.client), issue.rotation);
    Ok(Pair::new(scene, issue, tokens, ends))
}

/// One that registered itself is kept while it is used.
fn keep(scene: &Scene, store: &mut Transaction, client: &Client) -> Result<(), Fault> {
    let until = scene.now + scene.state.policy.registration.unused_lifetime;
    Ok(store.keep_dynamic_client(client, until)?)
}

/// Finds out who asks, and opens its keys before anything is issued.
async fn enter(
    request: &HttpRequest,
    scene: &Scene,
    members: &Map<String, Value>,
) -> Result<(AuthenticatedClient, Box<OwnKeys>), Denied> {
    let kid = options::kid(members)?;
    let (client, keys) = look_up(scene, kid).await?;
    let policy = client.metadata.key_set;
    let policy = policy.unwrap_or(scene.state.policy.key_sets.policy);
    let secret = members.get("client_secret").and_then(Value::as_str);
    let service = authenticated(request, scene, client, secret).await?;
    Ok((service, OwnKeys::new(scene, policy, keys)?))
}

/// The client of that kid, by its secret in the header or in the body, or by the token of its registration.
pub(super) async fn authenticated(
    request: &HttpRequest,
    scene: &Scene,
    client: Client,
    secret: Option<&str>,
) -> Result<AuthenticatedClient, Denied> {
    let header = authorization(request);
    let token = header
        .and_then(|header| header.split_once(' '))
        .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("Bearer"));
    if header.is_some() && secret.is_some() {
        return Err(Refusal::new(&catalogue::TWO_CLIENT_AUTHENTICATIONS).into());
    }
    if let Some((_, token)) = token {
        let context = scene.context();
        let service = services::by_registration_token(&context, client, token.trim())?;
        let logged = LoggedClient(service.shared());
        request.extensions_mut().insert(logged);
        return Ok(service);
    }
    let nothing = Params::default();
    let service = match secret {
        // What RFC 6749 §2.3.1 does to both is nothing for names and secrets that this server made.
        Some(secret) => {
            let credentials = STANDARD.encode(format!("{}:{secret}", client.id.as_str()));
            let header = format!("Basic {credentials}");
            authenticate_by(request, scene, Some(&header), &nothing).await?
        }
        None => authenticate(request, scene, &nothing).await?,
    };
    if service.client().id == client.id {
        Ok(service)
    } else {
        Err(Refusal::new(&catalogue::SERVICE_OTHER).into())
    }
}
