//! Login and logout (`/v1/acl/login`, `/v1/acl/logout`).
//!
//! ```text
//! POST /v1/acl/login
//!
//! {"AuthMethod":"ci","BearerToken":"eyJhbGciOiJFUzI1NiIs…"}
//!
//! 200 OK
//! {"AccessorID":"5a0d…","SecretID":"9c41…","ServiceIdentities":[{"ServiceName":"svc-web"}],"AuthMethod":"ci",…}
//! ```

use std::collections::BTreeMap;

use actix_web::http::header;
use actix_web::web::Payload;
use actix_web::{HttpRequest, HttpResponse};
use chrono::{DateTime, SecondsFormat};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::crypto::digest::sha256_base64url;
use crate::http::endpoints::jwt_bearer::{admit_source, note_invalid_names};
use crate::http::issuer_keys;
use crate::http::scene::Scene;
use crate::http::seeds::consul::{Denied, answer, json as read_json, scene, token};
use crate::protocol::bearer;
use crate::protocol::catalogue;
use crate::protocol::client::GrantType;
use crate::protocol::context::Timestamp;
use crate::protocol::trust::assertion::Strictness;
use crate::protocol::trust::binding::{BindType, Declared};
use crate::protocol::trust::issuer::TrustedIssuer;
use crate::protocol::trust::login::{self, LoggedIn};
use crate::protocol::trust::reference;

/// What is sent to log in.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Sent {
    auth_method: String,
    bearer_token: String,
    #[serde(default)]
    meta: BTreeMap<String, String>,
}

pub(super) async fn log_in(request: HttpRequest, payload: Payload) -> HttpResponse {
    answer(&request, exchange(&request, payload).await)
}

pub(super) async fn log_out(request: HttpRequest) -> HttpResponse {
    answer(&request, end(&request).await)
}

async fn exchange(request: &HttpRequest, payload: Payload) -> Result<HttpResponse, Denied> {
    let scene = scene(request)?;
    admit_source(request, &scene)?;
    let sent: Sent = read_json(payload).await?;
    let trusted = scene.snapshot.trust.find(&sent.auth_method);
    let trusted = trusted.filter(|it| it.issuer.consul.is_some()).cloned();
    let trusted = trusted.ok_or(&catalogue::CONSUL_UNKNOWN_METHOD)?;
    let strictness = if scene.state.policy.consul.strict_compat {
        Strictness::Consul
    } else {
        Strictness::Standard
    };
    let token = sent.bearer_token.trim();
    let verified = issuer_keys::check(&scene, &trusted, token, strictness).await?;
    let terms = login::terms(&trusted.issuer, strictness);
    note_invalid_names(&scene, &verified, terms);
    let write = scene.write(move |scene, store| {
        let declared = &scene.snapshot.trust.declared;
        login::log_in(&scene.context(), store, &verified, declared, terms)
    });
    let logged_in = write.await?;
    let metrics = &scene.state.metrics;
    metrics.issued(GrantType::JwtBearer, None, None);
    tracing::info!(
        trusted_issuer = %trusted.issuer.name,
        accessor = logged_in.accessor,
        "login for an assertion"
    );
    let told = view(&scene, &trusted.issuer, &logged_in, &sent.meta);
    Ok(HttpResponse::Ok()
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .json(told))
}

async fn end(request: &HttpRequest) -> Result<HttpResponse, Denied> {
    let scene = scene(request)?;
    let token = token(request).ok_or(&catalogue::CONSUL_NO_TOKEN)?;
    if !reference::is_one(&token) {
        let is_ours = bearer::read(&scene.context(), scene.keys(), &token).is_ok();
        let why = if is_ours {
            &catalogue::CONSUL_NOT_LOGGED_IN
        } else {
            &catalogue::CONSUL_UNKNOWN_TOKEN
        };
        return Err(why.into());
    }
    let end = scene.write(move |scene, store| login::log_out(&scene.context(), store, &token));
    if end.await? {
        Ok(HttpResponse::Ok().json(true))
    } else {
        Err((&catalogue::CONSUL_UNKNOWN_TOKEN).into())
    }
}

/// The token as Consul tells it, with all fields, where they are empty as well.
fn view(
    scene: &Scene,
    issuer: &TrustedIssuer,
    logged_in: &LoggedIn,
    meta: &BTreeMap<String, String>,
) -> Value {
    let (bound, now) = (&logged_in.bound, scene.now);
    let Declared { roles, policies } = &scene.snapshot.trust.declared;
    let links = |kind: BindType, ids: &BTreeMap<String, String>| -> Vec<Value> {
        let names = bound.names(kind);
        names
            .map(|name| json!({"ID": ids.get(name), "Name": name}))
            .collect()
    };
    let services = bound.names(BindType::Service);
    let nodes = bound.names(BindType::Node);
    let templated = bound
        .all()
        .filter(|it| it.kind == BindType::TemplatedPolicy);
    let templated = templated
        .map(|it| json!({"TemplateName": it.name, "TemplateVariables": {"Name": it.variable}}));
    let locality = issuer.consul.as_ref().map(|it| it.token_locality.as_str());
    let mut description = "token created via login".to_owned();
    if !meta.is_empty() {
        description = format!("{description}: {}", json!(meta));
    }
    json!({
        "AccessorID": logged_in.accessor,
        "SecretID": logged_in.secret.expose(),
        "Description": description,
        "Roles": links(BindType::Role, roles),
        "Policies": links(BindType::Policy, policies),
        "ServiceIdentities": services.map(|it| json!({"ServiceName": it})).collect::<Vec<_>>(),
        "NodeIdentities": nodes
            .map(|it| json!({"NodeName": it, "Datacenter": DATACENTER}))
            .collect::<Vec<_>>(),
        "TemplatedPolicies": templated.collect::<Vec<_>>(),
        "Local": locality != Some("global"),
        "AuthMethod": issuer.name,
        "ExpirationTime": time(logged_in.expires_at),
        "CreateTime": time(now),
        "Hash": sha256_base64url(logged_in.accessor.as_bytes()),
        "CreateIndex": now,
        "ModifyIndex": now,
    })
}

/// RFC 3339.
fn time(at: Timestamp) -> String {
    let time = DateTime::from_timestamp(at, 0).unwrap_or_default();
    time.to_rfc3339_opts(SecondsFormat::Secs, true)
}

/// There is one, and this is what Consul calls it.
const DATACENTER: &str = "dc1";
