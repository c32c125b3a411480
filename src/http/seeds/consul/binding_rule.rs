//! Binding rules (`/v1/acl/binding-rule`).
//!
//! ```text
//! PUT /v1/acl/binding-rule
//! X-Consul-Token: eyJ0eXAiOiJhdCtqd3QiLC…
//!
//! {"AuthMethod":"ci","Selector":"value.team == \"web\"","BindType":"service","BindName":"svc-${value.team}"}
//!
//! 200 OK
//! {"ID":"2f1c…","AuthMethod":"ci",…}
//! ```

use std::collections::BTreeMap;

use actix_web::web::{Path, Payload};
use actix_web::{HttpRequest, HttpResponse};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::http::extract;
use crate::http::scene::Scene;
use crate::http::seeds::consul::{Denied, administrators_scene, answer, json as read_json};
use crate::protocol::catalogue;
use crate::protocol::error::Fault;
use crate::protocol::trust::binding::{BindType, BindingRule, ReadRule};
use crate::protocol::trust::issuer::TrustedIssuer;
use crate::protocol::trust::reference::new_uuid;

/// A rule as it is sent.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Sent {
    description: Option<String>,
    auth_method: Option<String>,
    selector: Option<String>,
    bind_type: Option<String>,
    bind_name: Option<String>,
    bind_vars: Option<BTreeMap<String, String>>,
}

pub(super) async fn create(request: HttpRequest, payload: Payload) -> HttpResponse {
    answer(&request, add(&request, payload).await)
}

pub(super) async fn update(
    request: HttpRequest,
    payload: Payload,
    id: Path<String>,
) -> HttpResponse {
    answer(&request, replace(&request, payload, &id).await)
}

pub(super) async fn show(request: HttpRequest, id: Path<String>) -> HttpResponse {
    answer(&request, tell(&request, &id).await)
}

pub(super) async fn delete(request: HttpRequest, id: Path<String>) -> HttpResponse {
    answer(&request, remove(&request, &id).await)
}

pub(super) async fn list(request: HttpRequest) -> HttpResponse {
    answer(&request, all(&request).await)
}

async fn add(request: &HttpRequest, payload: Payload) -> Result<HttpResponse, Denied> {
    let scene = administrators_scene(request).await?;
    let sent: Sent = read_json(payload).await?;
    let method = find_method(&scene, sent.auth_method.as_deref()).await?;
    let id = new_uuid(&*scene.state.random);
    let rule = translate(&method, sent, id)?;
    let rule = BindingRule {
        created_at: scene.now,
        updated_at: scene.now,
        ..rule
    };
    let added = scene.change_trust(move |store| {
        store.add_binding_rule(&rule)?;
        Ok(rule)
    });
    Ok(HttpResponse::Ok().json(view(&added.await?)))
}

async fn replace(
    request: &HttpRequest,
    payload: Payload,
    id: &str,
) -> Result<HttpResponse, Denied> {
    let scene = administrators_scene(request).await?;
    let sent: Sent = read_json(payload).await?;
    let before = find(&scene, id).await?;
    let name = before.trusted_issuer.as_str();
    if sent.auth_method.as_deref().is_some_and(|sent| sent != name) {
        return Err(Denied::definition("AuthMethod: it never changes"));
    }
    let method = find_method(&scene, Some(name)).await?;
    let rule = translate(&method, sent, before.id)?;
    let rule = BindingRule {
        created_at: before.created_at,
        updated_at: scene.now,
        ..rule
    };
    let changed = scene.change_trust(move |store| {
        store.replace_binding_rule(&rule)?;
        Ok(rule)
    });
    Ok(HttpResponse::Ok().json(view(&changed.await?)))
}

async fn tell(request: &HttpRequest, id: &str) -> Result<HttpResponse, Denied> {
    let scene = administrators_scene(request).await?;
    Ok(HttpResponse::Ok().json(view(&find(&scene, id).await?)))
}

async fn remove(request: &HttpRequest, id: &str) -> Result<HttpResponse, Denied> {
    let scene = administrators_scene(request).await?;
    let id = id.to_owned();
    let delete = scene.change_trust(move |store| Ok(store.delete_binding_rule(&id)?));
    delete.await?;
    Ok(HttpResponse::Ok().json(true))
}

async fn all(request: &HttpRequest) -> Result<HttpResponse, Denied> {
    let scene = administrators_scene(request).await?;
    let query = extract::params(request.query_string().as_bytes())?;
    let wanted = query.find("authmethod");
    let rules = rules(&scene).await?;
    let fits = |rule: &&BindingRule| wanted.is_none_or(|it| rule.trusted_issuer.as_str() == it);
    let views: Vec<Value> = rules.iter().filter(fits).map(view).collect();
    Ok(HttpResponse::Ok().json(views))
}

async fn rules(scene: &Scene) -> Result<Vec<BindingRule>, Denied> {
    let read = scene.read(|_, store| Ok::<_, Fault>(store.binding_rules()?));
    Ok(read.await?)
}

async fn find(scene: &Scene, id: &str) -> Result<BindingRule, Denied> {
    let rules = rules(scene).await?;
    let found = rules.into_iter().find(|rule| rule.id == id);
    Ok(found.ok_or(&catalogue::CONSUL_NOT_FOUND)?)
}

async fn find_method(scene: &Scene, name: Option<&str>) -> Result<TrustedIssuer, Denied> {
    let missing = || Denied::definition("AuthMethod: there is none of that name");
    let name = name
        .and_then(|name| name.parse().ok())
        .ok_or_else(missing)?;
    let read = scene.read(move |_, store| Ok::<_, Fault>(store.trusted_issuer(&name)?));
    read.await?
        .filter(|it| it.consul.is_some())
        .ok_or_else(missing)
}

fn translate(method: &TrustedIssuer, sent: Sent, id: String) -> Result<BindingRule, Denied> {
    let kind = sent.bind_type.as_deref().and_then(BindType::named);
    let kind = kind.ok_or_else(|| {
        Denied::definition("BindType: service, node, role, policy or templated-policy")
    })?;
    let rule = BindingRule {
        id,
        trusted_issuer: method.name.clone(),
        description: sent.description.unwrap_or_default(),
        selector: sent.selector.unwrap_or_default(),
        bind_type: kind,
        bind_name: sent.bind_name.unwrap_or_default(),
        bind_vars: sent.bind_vars.unwrap_or_default(),
        created_at: 0,
        updated_at: 0,
    };
    ReadRule::new(rule.clone(), &method.claim_mappings)
        .map_err(|error| Denied::definition(error.to_string()))?;
    Ok(rule)
}

fn view(rule: &BindingRule) -> Value {
    json!({
        "ID": rule.id,
        "Description": rule.description,
        "AuthMethod": rule.trusted_issuer,
        "Selector": rule.selector,
        "BindType": rule.bind_type,
        "BindName": rule.bind_name,
        "BindVars": rule.bind_vars,
        "CreateIndex": rule.created_at,
        "ModifyIndex": rule.updated_at,
    })
}
