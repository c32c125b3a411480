//! The public keys of a service, and their renewal with overlap.
//!
//! ```text
//! GET /keys/app1
//!
//! {"sig":{…},"enc":{…},"expiry":1779800000,"valid":true,"refresh_strategy":"noRefresh"}
//!
//! GET /keys/app1
//! Accept: application/jwk-set+json
//!
//! {"keys":[…]}
//! ```

use actix_web::http::header::{self, HeaderValue};
use actix_web::web::{Data, Path, Payload};
use actix_web::{HttpRequest, HttpResponse};
use serde::Serialize;
use serde_json::Value;

use crate::http::extract;
use crate::http::scene::Scene;
use crate::http::seeds::jwtis::dialect::{self, Denied};
use crate::http::seeds::jwtis::options;
use crate::http::seeds::jwtis::register::{Told, make_keys, shown};
use crate::http::seeds::jwtis::tokens::authenticated;
use crate::http::state::AppState;
use crate::protocol::catalogue;
use crate::protocol::client::{Client, ClientId};
use crate::protocol::client_key_set::ClientKeys;
use crate::protocol::context::Timestamp;
use crate::protocol::dynamic_registration;
use crate::protocol::error::{Fault, Refusal};
use crate::protocol::refresh_policy::RefreshRotation;
use crate::storage::Transaction;

#[derive(Serialize)]
struct Published {
    sig: Value,
    enc: Value,
    expiry: Timestamp,
    valid: bool,
    refresh_strategy: &'static str,
}

#[derive(Serialize)]
struct Set {
    keys: Vec<Value>,
}

/// Shows the keys.
pub(crate) async fn show(
    request: HttpRequest,
    kid: Path<String>,
    state: Data<AppState>,
) -> HttpResponse {
    let scene = Scene::new(&state);
    match find(&request, &kid, &scene).await {
        Ok(response) => response,
        Err(denied) => dialect::answer(&request, &denied),
    }
}

async fn find(request: &HttpRequest, kid: &str, scene: &Scene) -> Result<HttpResponse, Denied> {
    let (client, keys) = look_up(scene, kid).await?;
    let accepts = extract::header_text(request, &header::ACCEPT).unwrap_or_default();
    if accepts.contains("application/jwk-set+json") {
        let keys: Vec<_> = keys
            .published(scene.now)
            .map(shown)
            .collect::<Result<_, _>>()?;
        let mut response = HttpResponse::Ok();
        response.content_type("application/jwk-set+json");
        return Ok(cacheable(&mut response).json(Set { keys }));
    }
    let (signing, encryption) = (keys.signing(scene.now), keys.encryption(scene.now));
    let (Some(signing), Some(encryption), false) = (signing, encryption, client.disabled) else {
        return Err(Refusal::new(&catalogue::SERVICE_EXPIRED).into());
    };
    let told = Published {
        sig: shown(signing)?,
        enc: shown(encryption)?,
        expiry: signing.expires_at,
        valid: true,
        refresh_strategy: options::strategy_name(rotation_of(&client)),
    };
    Ok(cacheable(&mut HttpResponse::Ok()).json(told))
}

/// A key that verifies must not be fetched for each token.
fn cacheable(response: &mut actix_web::HttpResponseBuilder) -> &mut actix_web::HttpResponseBuilder {
    let value = HeaderValue::from_static("public, max-age=60");
    response.insert_header((header::CACHE_CONTROL, value))
}

pub(super) fn rotation_of(client: &Client) -> RefreshRotation {
    client.refresh.rotation.unwrap_or(RefreshRotation::None)
}

/// The service of that name, with its keys.
pub(super) async fn look_up(scene: &Scene, kid: &str) -> Result<(Client, ClientKeys), Denied> {
    let unknown = || Refusal::new(&catalogue::SERVICE_UNKNOWN);
    let id: ClientId = kid.parse().map_err(|_| unknown())?;
    let found = scene.read(move |_, store| {
        let client = store.client(&id)?;
        Ok::<_, Fault>((client, ClientKeys(store.keys_of_client(&id)?)))
    });
    let (client, keys) = found.await?;
    let client = client.filter(|client| client.metadata.key_set.is_some());
    Ok((client.ok_or_else(unknown)?, keys))
}

/// Renews the keys; the old ones verify for as long as a token lives that was made with them.
pub(crate) async fn renew(
    request: HttpRequest,
    payload: Payload,
    state: Data<AppState>,
) -> HttpResponse {
    let scene = Scene::new(&state);
    match try_renew(&request, payload, &scene).await {
        Ok(told) => HttpResponse::Created()
            .insert_header((header::CACHE_CONTROL, HeaderValue::from_static("no-store")))
            .json(told),
        Err(denied) => dialect::answer(&request, &denied),
    }
}

async fn try_renew(request: &HttpRequest, payload: Payload, scene: &Scene) -> Result<Told, Denied> {
    let members = options::object(&extract::json_body(request, payload).await?)?;
    let (client, _) = look_up(scene, options::kid(&members)?).await?;
    let secret = members.get("client_secret").and_then(Value::as_str);
    authenticated(request, scene, client.clone(), secret).await?;
    let defaults = scene.state.policy.key_sets;
    let before = client.metadata.key_set.unwrap_or(defaults.policy);
    let before = (before, rotation_of(&client));
    let (policy, rotation) = options::read(&members, &defaults, before)?;
    let announced = match members.get("announce") {
        None | Some(Value::Null) => 0,
        Some(value) => options::duration("announce", value)?,
    };
    let renewal = make_keys(scene, &client.id, policy, announced).await?;
    let asked = scene.clone();
    let id = client.id.clone();
    let new = renewal.keys.clone();
    let rule = move |store: &mut Transaction| {
        store.lock_client(&id)?;
        let known = store.client(&id)?.ok_or(&catalogue::SERVICE_UNKNOWN)?;
        let context = asked.context();
        let changed = dynamic_registration::renew_service(&context, &known, policy, rotation);
        store.replace_client(&changed)?;
        store.succeed_client_keys(&id, renewal.verify_only_from, renewal.remove_at)?;
        store.add_client_keys(&renewal.keys)?;
        Ok::<_, Fault>((changed, ClientKeys(store.keys_of_client(&id)?)))
    };
    let (client, _) = scene.change_keys_of(client.id, rule).await?;
    Told::of(&client, &new)
}
