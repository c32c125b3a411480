//! From a refusal or failure to an answer, and the only place where a failure is logged.

use std::sync::Arc;

use actix_web::http::StatusCode;
use actix_web::http::header::{self, HeaderValue};
use actix_web::{HttpMessage as _, HttpRequest, HttpResponse, HttpResponseBuilder};
use serde::Serialize;

use crate::http::headers::RequestId;
use crate::http::pages;
use crate::http::scene::Scene;
use crate::http::urls;
use crate::protocol::bearer::BearerRefused;
use crate::protocol::catalogue;
use crate::protocol::client::Client;
use crate::protocol::error::{ErrorCode, Fault, Refusal, StoreError, Trouble};

/// The error body (RFC 6749 §5.2).
#[derive(Serialize)]
struct Body<'a> {
    error: &'a str,
    error_description: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    request_id: Option<&'a str>,
}

/// The answer of an endpoint that clients call.
pub(crate) fn json(request: &HttpRequest, fault: Fault) -> HttpResponse {
    match fault {
        Fault::Refused(refusal) => refused(request, refusal),
        Fault::Failed(error) => failed(request, &error),
    }
}

fn refused(request: &HttpRequest, refusal: Refusal) -> HttpResponse {
    log_refusal(request, refusal);
    let mut response = HttpResponse::build(status(refusal));
    if refusal.code() == ErrorCode::InvalidClient {
        // RFC 6749 §5.2 in the scheme that the client tried; RFC 9110 §15.5.2 wants a challenge with every 401.
        response.insert_header((header::WWW_AUTHENTICATE, challenge(request, "Basic", &[])));
    } else if refusal.code() == ErrorCode::InvalidToken {
        response.insert_header((header::WWW_AUTHENTICATE, challenge(request, "Bearer", &[])));
    } else if refusal.code() == ErrorCode::TemporarilyUnavailable {
        response.insert_header((header::RETRY_AFTER, RETRY_ASKING_AFTER));
    }
    body(&mut response, refusal, None)
}

pub(crate) fn status(refusal: Refusal) -> StatusCode {
    if refusal == Refusal::new(&catalogue::BODY_TOO_LARGE) {
        return StatusCode::PAYLOAD_TOO_LARGE;
    }
    if refusal == Refusal::new(&catalogue::METHOD_NOT_ALLOWED) {
        return StatusCode::METHOD_NOT_ALLOWED;
    }
    if refusal == Refusal::new(&catalogue::WEBFINGER_RESOURCE) {
        return StatusCode::NOT_FOUND;
    }
    match refusal.code() {
        ErrorCode::InvalidClient | ErrorCode::InvalidToken => StatusCode::UNAUTHORIZED,
        ErrorCode::InsufficientScope => StatusCode::FORBIDDEN,
        ErrorCode::InvalidRequest
        | ErrorCode::InvalidGrant
        | ErrorCode::UnauthorizedClient
        | ErrorCode::UnsupportedGrantType
        | ErrorCode::InvalidScope
        | ErrorCode::AccessDenied
        | ErrorCode::UnsupportedResponseType
        | ErrorCode::LoginRequired
        | ErrorCode::AccountSelectionRequired
        | ErrorCode::ConsentRequired
        | ErrorCode::RequestNotSupported
        | ErrorCode::InvalidRequestUri
        | ErrorCode::InvalidRequestObject
        | ErrorCode::RegistrationNotSupported
        | ErrorCode::UnmetAuthenticationRequirements
        | ErrorCode::InvalidTarget
        | ErrorCode::InvalidRedirectUri
        | ErrorCode::InvalidClientMetadata
        | ErrorCode::InvalidSoftwareStatement
        | ErrorCode::UnapprovedSoftwareStatement => StatusCode::BAD_REQUEST,
        // Failures have statuses of their own; told as a refusal they are still ours.
        ErrorCode::ServerError => StatusCode::INTERNAL_SERVER_ERROR,
        ErrorCode::TemporarilyUnavailable => StatusCode::SERVICE_UNAVAILABLE,
    }
}

/// An outage is 503, a defect 500; neither is ever told as `invalid_…`.
fn failed(request: &HttpRequest, error: &StoreError) -> HttpResponse {
    log_failure(request, error);
    let refusal = failure(error);
    let mut response = HttpResponse::build(failure_status(error));
    if error.trouble() == Trouble::Unavailable {
        response.insert_header((header::RETRY_AFTER, RETRY_AFTER));
    }
    body(&mut response, refusal, Some(&RequestId::of(request)))
}

/// What a failure is told as.
pub(crate) fn failure(error: &StoreError) -> Refusal {
    match error.trouble() {
        Trouble::Unavailable => Refusal::new(&catalogue::UNAVAILABLE),
        Trouble::Conflict | Trouble::Broken => Refusal::new(&catalogue::BROKEN),
    }
}

/// Seconds until somebody else is asked again on whom the answer depends.
const RETRY_ASKING_AFTER: &str = "30";

/// Seconds until it is worth trying again.
pub(crate) const RETRY_AFTER: &str = "2";

/// The status of a failure.
pub(crate) fn failure_status(error: &StoreError) -> StatusCode {
    match error.trouble() {
        Trouble::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
        Trouble::Conflict | Trouble::Broken => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

fn body(
    response: &mut HttpResponseBuilder,
    refusal: Refusal,
    request_id: Option<&str>,
) -> HttpResponse {
    response
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .json(Body {
            error: refusal.code().as_str(),
            error_description: &refusal.description(),
            request_id,
        })
}

/// The answer of an endpoint that a bearer token protects (RFC 6750 §3); `scope` is what it takes.
pub(crate) fn bearer(
    request: &HttpRequest,
    fault: Fault<BearerRefused>,
    scope: &str,
) -> HttpResponse {
    let refused = match fault {
        Fault::Refused(refused) => refused,
        Fault::Failed(error) => return failed(request, &error),
    };
    let refusal = Refusal::from(refused);
    log_refusal(request, refusal);
    let description = refusal.description();
    let code = refusal.code().as_str();
    let challenge = match refused {
        // RFC 6750 §3: a request without a token learns nothing but the scheme.
        BearerRefused::Missing => challenge(request, "Bearer", &[]),
        BearerRefused::Malformed
        | BearerRefused::TwoWays
        | BearerRefused::NotGood
        | BearerRefused::Expired
        | BearerRefused::Revoked => challenge(
            request,
            "Bearer",
            &[("error", code), ("error_description", &description)],
        ),
        BearerRefused::Scope => challenge(
            request,
            "Bearer",
            &[
                ("error", code),
                ("error_description", &description),
                ("scope", scope),
            ],
        ),
    };
    let mut response = HttpResponse::build(status(refusal));
    response.insert_header((header::WWW_AUTHENTICATE, challenge));
    body(&mut response, refusal, None)
}

/// Everything in it is text of ours, or a scope, without quotes and backslashes.
pub(crate) fn challenge(
    request: &HttpRequest,
    scheme: &str,
    parameters: &[(&str, &str)],
) -> HeaderValue {
    let realm = Scene::of(request).map(|scene| scene.state.site.issuer.clone());
    let mut text = format!("{scheme} realm=\"{}\"", realm.unwrap_or_default());
    for (name, value) in parameters {
        text.extend([", ", name, "=\"", value, "\""]);
    }
    HeaderValue::from_str(&text).unwrap_or(HeaderValue::from_static("Bearer"))
}

/// The client that authenticated, for the log.
#[derive(Clone)]
pub(crate) struct LoggedClient(pub(crate) Arc<Client>);

/// One event for each refusal; never a token, a code or a parameter. What looks like theft is a warning.
pub(crate) fn log_refusal(request: &HttpRequest, refusal: Refusal) {
    if let Some(scene) = Scene::of(request) {
        scene.state.metrics.refused(refusal);
    }
    let client = request.extensions().get::<LoggedClient>().cloned();
    let client = client.as_ref().map(|client| client.0.id.as_str());
    let id = RequestId::of(request);
    let route = request.match_pattern().unwrap_or_default();
    let (error, code) = (refusal.id(), refusal.code().as_str());
    let cause = refusal.explanation().sentence;
    let is_theft = [&catalogue::CODE_USED, &catalogue::REFRESH_REUSED]
        .into_iter()
        .any(|explanation| refusal == Refusal::new(explanation));
    if is_theft {
        tracing::warn!(
            request.id = id,
            http.route = route,
            client.id = client,
            error.id = error,
            error.code = code,
            error.cause = cause,
            "request refused as reuse"
        );
    } else {
        tracing::info!(
            request.id = id,
            http.route = route,
            client.id = client,
            error.id = error,
            error.code = code,
            error.cause = cause,
            "request refused"
        );
    }
}

/// The failure with its chain of causes.
pub(crate) fn log_failure(request: &HttpRequest, error: &StoreError) {
    let mut chain = error.to_string();
    let mut cause = std::error::Error::source(error);
    while let Some(next) = cause {
        chain.push_str(": ");
        chain.push_str(&next.to_string());
        cause = next.source();
    }
    tracing::error!(
        request.id = %RequestId::of(request),
        http.route = request.match_pattern().unwrap_or_default(),
        error.chain = chain,
        "request failed"
    );
}

/// No route has this path.
pub(crate) async fn not_found(request: HttpRequest) -> HttpResponse {
    pages::refusal::page(&request, Refusal::new(&catalogue::NOT_FOUND))
}

/// The path is an endpoint's, the method is not.
pub(crate) async fn method_not_allowed(request: HttpRequest) -> HttpResponse {
    let mut response = refused(&request, Refusal::new(&catalogue::METHOD_NOT_ALLOWED));
    let allowed = match request.path() {
        urls::USERINFO => "GET, POST",
        path if path.starts_with(urls::REGISTER) && path != urls::REGISTER => "GET, PUT, DELETE",
        _ => "POST",
    };
    response
        .headers_mut()
        .insert(header::ALLOW, HeaderValue::from_static(allowed));
    response
}
