//! Auth methods (`/v1/acl/auth-method`).
//!
//! ```text
//! PUT /v1/acl/auth-method
//! X-Consul-Token: eyJ0eXAiOiJhdCtqd3QiLC…
//!
//! {"Name":"ci","Type":"jwt","Config":{"JWTValidationPubKeys":["-----BEGIN PUBLIC KEY-----…"],"BoundAudiences":["api"]}}
//!
//! 200 OK
//! {"Name":"ci","Type":"jwt","CreateIndex":1,"ModifyIndex":1,…}
//! ```

use actix_web::web::{Path, Payload};
use actix_web::{HttpRequest, HttpResponse};
use serde_json::{Value, json};

use crate::http::issuer_keys;
use crate::http::scene::Scene;
use crate::http::seeds::consul::config::{Sent, translate};
use crate::http::seeds::consul::{Denied, administrators_scene, answer, json as read_json};
use crate::protocol::catalogue;
use crate::protocol::error::{Fault, Refusal};
use crate::protocol::trust::issuer::{ConsulMethod, IssuerName, KeySource, TrustedIssuer};

pub(super) async fn create(request: HttpRequest, payload: Payload) -> HttpResponse {
    answer(&request, add(&request, payload).await)
}

pub(super) async fn update(
    request: HttpRequest,
    payload: Payload,
    name: Path<String>,
) -> HttpResponse {
    answer(&request, replace(&request, payload, &name).await)
}

pub(super) async fn show(request: HttpRequest, name: Path<String>) -> HttpResponse {
    answer(&request, tell(&request, &name).await)
}

pub(super) async fn delete(request: HttpRequest, name: Path<String>) -> HttpResponse {
    answer(&request, remove(&request, &name).await)
}

pub(super) async fn list(request: HttpRequest) -> HttpResponse {
    answer(&request, all(&request).await)
}

async fn add(request: &HttpRequest, payload: Payload) -> Result<HttpResponse, Denied> {
    let scene = administrators_scene(request).await?;
    let sent: Sent = read_json(payload).await?;
    let name = parse_name(sent.name.as_deref().unwrap_or_default())?;
    let issuer = read(&scene, name, sent).await?;
    let issuer = TrustedIssuer {
        created_at: scene.now,
        ..issuer
    };
    let added = scene.change_trust(move |store| {
        if store.trusted_issuer(&issuer.name)?.is_some() {
            return Ok(None);
        }
        store.add_trusted_issuer(&issuer)?;
        Ok(Some(issuer))
    });
    let added = added.await?;
    let added = added.ok_or_else(|| Denied::definition("Name: there is one of that name"))?;
    Ok(HttpResponse::Ok().json(view(&added)))
}

async fn replace(
    request: &HttpRequest,
    payload: Payload,
    name: &str,
) -> Result<HttpResponse, Denied> {
    let scene = administrators_scene(request).await?;
    let sent: Sent = read_json(payload).await?;
    if sent.name.as_deref().is_some_and(|sent| sent != name) {
        return Err(Denied::definition("Name: it never changes"));
    }
    let name = parse_name(name)?;
    let issuer = read(&scene, name, sent).await?;
    let changed = scene.change_trust(move |store| {
        let before = store.trusted_issuer(&issuer.name)?;
        let before = before.filter(|it| it.consul.is_some());
        let before = before.ok_or(Refusal::new(&catalogue::CONSUL_NOT_FOUND))?;
        let issuer = TrustedIssuer {
            created_at: before.created_at,
            ..issuer
        };
        store.replace_trusted_issuer(&issuer)?;
        Ok(issuer)
    });
    Ok(HttpResponse::Ok().json(view(&changed.await?)))
}

async fn tell(request: &HttpRequest, name: &str) -> Result<HttpResponse, Denied> {
    let scene = administrators_scene(request).await?;
    let found = find(&scene, parse_name(name)?).await?;
    let found = found.ok_or(&catalogue::CONSUL_NOT_FOUND)?;
    Ok(HttpResponse::Ok().json(view(&found)))
}

async fn remove(request: &HttpRequest, name: &str) -> Result<HttpResponse, Denied> {
    let scene = administrators_scene(request).await?;
    // As there, what is not there is gone.
    if let Some(found) = find(&scene, parse_name(name)?).await? {
        let delete = scene.change_trust(move |store| Ok(store.delete_trusted_issuer(&found.name)?));
        delete.await?;
    }
    Ok(HttpResponse::Ok().json(true))
}

async fn all(request: &HttpRequest) -> Result<HttpResponse, Denied> {
    let scene = administrators_scene(request).await?;
    let read = scene.read(|_, store| Ok::<_, Fault>(store.trusted_issuers()?));
    let issuers = read.await?;
    let methods = issuers.iter().filter(|issuer| issuer.consul.is_some());
    let stubs: Vec<Value> = methods.map(stub).collect();
    Ok(HttpResponse::Ok().json(stubs))
}

async fn find(scene: &Scene, name: IssuerName) -> Result<Option<TrustedIssuer>, Denied> {
    let read = scene.read(move |_, store| Ok::<_, Fault>(store.trusted_issuer(&name)?));
    Ok(read.await?.filter(|issuer| issuer.consul.is_some()))
}

fn parse_name(name: &str) -> Result<IssuerName, Denied> {
    name.parse()
        .map_err(|error| Denied::definition(format!("Name: {error}")))
}

/// The issuer that is described, once its keys could be read.
async fn read(scene: &Scene, name: IssuerName, sent: Sent) -> Result<TrustedIssuer, Denied> {
    match sent.kind.as_deref() {
        Some("jwt") => {}
        Some("oidc" | "kubernetes" | "aws-iam") => return Err((&catalogue::CONSUL_TYPE).into()),
        Some(_) | None => return Err(Denied::definition("Type: jwt")),
    }
    let issuer = translate(name, sent)?;
    if matches!(
        issuer.keys,
        KeySource::JwksUrl(_) | KeySource::DiscoveryUrl(_)
    ) {
        let keys = issuer_keys::fetch(&scene.state.fetcher, &issuer.keys).await;
        keys.map_err(|error| Denied::Described(&catalogue::CONSUL_KEYS, error.to_string()))?;
    }
    Ok(TrustedIssuer {
        updated_at: scene.now,
        ..issuer
    })
}

/// In a list, without the configuration.
fn stub(issuer: &TrustedIssuer) -> Value {
    let nothing = ConsulMethod::default();
    let method = issuer.consul.as_ref().unwrap_or(&nothing);
    json!({
        "Name": issuer.name,
        "Type": "jwt",
        "DisplayName": method.display_name,
        "Description": issuer.description,
        "MaxTokenTTL": method.max_token_ttl,
        "TokenLocality": method.token_locality,
        "CreateIndex": issuer.created_at,
        "ModifyIndex": issuer.updated_at,
    })
}

fn view(issuer: &TrustedIssuer) -> Value {
    let mut told = stub(issuer);
    let config = issuer.consul.as_ref().map(|method| method.config.clone());
    if let Some(members) = told.as_object_mut() {
        members.insert("Config".to_owned(), config.unwrap_or_default());
    }
    told
}
