//! Programs that log in at Consul with a JWT (`/v1/acl/login`), and the auth methods and binding rules of their operators.
//!
//! Names and shapes are Consul's; an auth method is a trusted issuer, a login is checked and bound as at the token endpoint.
//! Refusals are text, as there, with the id at the end. Switched by `consul.enabled`.

use actix_web::http::StatusCode;
use actix_web::http::header::{self, HeaderName};
use actix_web::web::{self, Bytes, Payload, ServiceConfig, get, post, put, resource};
use actix_web::{HttpRequest, HttpResponse};
use serde::de::DeserializeOwned;

use crate::http::endpoints::client::require_scope;
use crate::http::extract::{self, authorization, header_text};
use crate::http::scene::Scene;
use crate::http::{error, urls};
use crate::protocol::bearer::BearerRefused;
use crate::protocol::catalogue::{self, Explanation};
use crate::protocol::error::{ErrorCode, Fault, Refusal};

mod binding_rule;
mod config;
mod duration;
mod method;
mod session;

/// All paths. Where they are switched off, they are not there.
pub(crate) fn routes(routes: &mut ServiceConfig) {
    let of = |path: &str| resource(path).default_service(web::to(error::method_not_allowed));
    routes
        .service(of(urls::CONSUL_METHOD).route(put().to(method::create)))
        .service(
            of(urls::CONSUL_METHOD_OF)
                .route(get().to(method::show))
                .route(put().to(method::update))
                .route(web::delete().to(method::delete)),
        )
        .service(of(urls::CONSUL_METHODS).route(get().to(method::list)))
        .service(of(urls::CONSUL_RULE).route(put().to(binding_rule::create)))
        .service(
            of(urls::CONSUL_RULE_OF)
                .route(get().to(binding_rule::show))
                .route(put().to(binding_rule::update))
                .route(web::delete().to(binding_rule::delete)),
        )
        .service(of(urls::CONSUL_RULES).route(get().to(binding_rule::list)))
        .service(
            of(urls::CONSUL_LOGIN)
                .route(post().to(session::log_in))
                .route(put().to(session::log_in)),
        )
        .service(
            of(urls::CONSUL_LOGOUT)
                .route(post().to(session::log_out))
                .route(put().to(session::log_out)),
        );
}

/// Why a request is not answered as it was meant.
enum Denied {
    /// The group is switched off.
    Off,
    /// A rule says no, or we could not find out.
    Fault(Fault),
    /// The description is not one, and this is why.
    Described(&'static Explanation, String),
}

impl<T: Into<Fault>> From<T> for Denied {
    fn from(fault: T) -> Self {
        Self::Fault(fault.into())
    }
}

impl Denied {
    /// A definition that cannot be.
    fn definition(why: impl Into<String>) -> Self {
        Self::Described(&catalogue::CONSUL_DEFINITION, why.into())
    }
}

/// What a handler came to, as an answer.
fn answer(request: &HttpRequest, outcome: Result<HttpResponse, Denied>) -> HttpResponse {
    let (refusal, detail) = match outcome {
        Ok(response) => return response,
        Err(Denied::Off) => {
            return HttpResponse::NotFound()
                .content_type(TEXT)
                .body("404 page not found\n");
        }
        Err(Denied::Fault(Fault::Failed(failed))) => {
            error::log_failure(request, &failed);
            return HttpResponse::build(error::failure_status(&failed))
                .insert_header((header::RETRY_AFTER, error::RETRY_AFTER))
                .content_type(TEXT)
                .body(error::failure(&failed).description());
        }
        Err(Denied::Fault(Fault::Refused(refusal))) => (refusal, None),
        Err(Denied::Described(explanation, detail)) => (Refusal::new(explanation), Some(detail)),
    };
    error::log_refusal(request, refusal);
    let mut response = HttpResponse::build(status(refusal));
    if refusal.code() == ErrorCode::TemporarilyUnavailable {
        response.insert_header((header::RETRY_AFTER, "30"));
    }
    let text = match detail {
        Some(detail) => format!("{} {detail}", refusal.description()),
        None => refusal.description(),
    };
    response
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .content_type(TEXT)
        .body(text)
}

/// Consul tells bad credentials as 500; here they are 403, and what was written wrong is 400.
fn status(refusal: Refusal) -> StatusCode {
    if refusal == Refusal::new(&catalogue::CONSUL_NOT_FOUND) {
        return StatusCode::NOT_FOUND;
    }
    let code = refusal.code();
    if code == ErrorCode::InvalidToken {
        StatusCode::UNAUTHORIZED
    } else if [ErrorCode::InvalidGrant, ErrorCode::AccessDenied].contains(&code) {
        StatusCode::FORBIDDEN
    } else if code == ErrorCode::TemporarilyUnavailable {
        StatusCode::SERVICE_UNAVAILABLE
    } else {
        StatusCode::BAD_REQUEST
    }
}

/// One view of the server, if the group is switched on.
fn scene(request: &HttpRequest) -> Result<Scene, Denied> {
    let scene = Scene::of(request);
    scene
        .filter(|scene| scene.state.policy.consul.enabled)
        .ok_or(Denied::Off)
}

/// The same for operators.
async fn administrators_scene(request: &HttpRequest) -> Result<Scene, Denied> {
    let scene = scene(request)?;
    let token = token(request).ok_or(&catalogue::CONSUL_NO_TOKEN)?;
    let allowed = require_scope(&scene, &token, SCOPE).await;
    match allowed {
        Ok(()) => Ok(scene),
        Err(Fault::Failed(failed)) => Err(Denied::Fault(Fault::Failed(failed))),
        Err(Fault::Refused(BearerRefused::Scope)) => {
            Err((&catalogue::CONSUL_NOT_ADMINISTRATOR).into())
        }
        Err(Fault::Refused(
            BearerRefused::Missing
            | BearerRefused::Malformed
            | BearerRefused::TwoWays
            | BearerRefused::Expired
            | BearerRefused::Revoked
            | BearerRefused::NotGood,
        )) => Err((&catalogue::CONSUL_UNKNOWN_TOKEN).into()),
    }
}

/// The token of a request, in one of Consul's ways.
fn token(request: &HttpRequest) -> Option<String> {
    let of_consul = header_text(request, &HeaderName::from_static("x-consul-token"));
    let bearer = authorization(request).and_then(|it| it.strip_prefix("Bearer "));
    let query = extract::params(request.query_string().as_bytes()).ok();
    let in_query = query.as_ref().and_then(|query| query.find("token"));
    let token = of_consul.or(bearer).or(in_query)?.trim();
    (!token.is_empty()).then(|| token.to_owned())
}

/// The body of a request in JSON, whatever its type says.
async fn json<T: DeserializeOwned>(payload: Payload) -> Result<T, Denied> {
    let body: Bytes = extract::read_body(payload).await?;
    serde_json::from_slice(&body)
        .map_err(|error| Denied::Described(&catalogue::CONSUL_BODY, error.to_string()))
}

/// What an access token of operators needs.
const SCOPE: &str = "trust_administration";

const TEXT: &str = "text/plain; charset=utf-8";
