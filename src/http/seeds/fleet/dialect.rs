//! What Fleet Server's callers read: its errors, its version, its names of headers.

use actix_web::http::StatusCode;
use actix_web::http::header::{self, HeaderMap, HeaderName, HeaderValue};
use actix_web::{HttpRequest, HttpResponse};
use serde::Serialize;

use crate::http::error::{RETRY_AFTER, failure, log_failure, log_refusal};
use crate::http::extract::header_text;
use crate::protocol::catalogue::{self, Explanation};
use crate::protocol::error::{ErrorCode, Fault, Refusal};
use crate::protocol::tokens::TokenResponse;

/// The error body, with our own id beside what Fleet Server says.
#[derive(Serialize)]
struct Body {
    #[serde(rename = "statusCode")]
    status: u16,
    error: &'static str,
    message: &'static str,
    error_id: &'static str,
}

/// A status, a name and a sentence of Fleet Server.
type Told = (u16, &'static str, &'static str);

/// The refusals that have words of their own.
static WORDS: &[(&Explanation, Told)] = &[
    (
        &catalogue::FLEET_NO_AUTHORIZATION,
        (401, "ErrNoAuthHeader", "no authorization header"),
    ),
    (
        &catalogue::FLEET_AUTHORIZATION,
        (400, "ErrMalformedHeader", "malformed authorization header"),
    ),
    (
        &catalogue::FLEET_KEY_TEXT,
        (401, "ErrInvalidToken", "token not valid utf8"),
    ),
    (
        &catalogue::FLEET_KEY_PARTS,
        (400, "ErrMalformedToken", "malformed token"),
    ),
    (
        &catalogue::CLIENT_DISABLED,
        (401, "Unauthorized", "ApiKey not enabled"),
    ),
    (
        &catalogue::AGENT_INACTIVE,
        (401, "ErrAgentInactive", "Agent inactive"),
    ),
    (
        &catalogue::AGENT_UNKNOWN,
        (404, "AgentNotFound", "agent could not be found"),
    ),
    (
        &catalogue::AGENT_CORRUPTED,
        (400, "ErrAgentCorrupted", "Agent record corrupted"),
    ),
    (&catalogue::AGENT_TOKEN_EXPIRED, EXPIRED),
    (&catalogue::REFRESH_EXPIRED, EXPIRED),
    (&catalogue::AGENT_TOKEN_REVOKED, REVOKED),
    (&catalogue::REFRESH_REVOKED, REVOKED),
    (
        &catalogue::REFRESH_REUSED,
        (
            401,
            "ErrTokenReused",
            "token used again after it was replaced",
        ),
    ),
    (
        &catalogue::FLEET_RATE,
        (429, "RateLimit", "exceeded the rate limit"),
    ),
    (
        &catalogue::FLEET_BUSY,
        (429, "MaxLimit", "exceeded the max limit"),
    ),
    (
        &catalogue::FLEET_VERSION,
        (400, "ErrUnsupportedVersion", "version is not supported"),
    ),
    (
        &catalogue::FLEET_HEADERS,
        (431, "ErrHeadersTooLarge", "request headers too large"),
    ),
    (
        &catalogue::METHOD_NOT_ALLOWED,
        (405, "MethodNotAllowed", "method not allowed"),
    ),
    (
        &catalogue::BODY_TOO_LARGE,
        (413, "ErrBodyTooLarge", "request body too large"),
    ),
];

const EXPIRED: Told = (401, "ErrTokenExpired", "token expired");
const REVOKED: Told = (401, "ErrTokenRevoked", "token revoked");

fn words(refusal: Refusal) -> Told {
    let own = WORDS
        .iter()
        .find(|(explanation, _)| refusal == Refusal::new(explanation));
    if let Some((_, told)) = own {
        return *told;
    }
    match refusal.code() {
        ErrorCode::InvalidClient | ErrorCode::InvalidGrant => {
            (401, "ErrUnauthorized", "unauthorized")
        }
        ErrorCode::TemporarilyUnavailable => (503, "ServiceUnavailable", "service unavailable"),
        ErrorCode::ServerError => (500, "InternalServerError", "internal server error"),
        ErrorCode::InvalidRequest
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
        | ErrorCode::InvalidToken
        | ErrorCode::InsufficientScope
        | ErrorCode::InvalidTarget
        | ErrorCode::InvalidRedirectUri
        | ErrorCode::InvalidClientMetadata
        | ErrorCode::InvalidSoftwareStatement
        | ErrorCode::UnapprovedSoftwareStatement => (400, "BadRequest", "bad request"),
    }
}

/// The answer that says no.
pub(super) fn tell(request: &HttpRequest, fault: Fault) -> HttpResponse {
    let (refusal, (status, error, message)) = match fault {
        Fault::Refused(refusal) => {
            log_refusal(request, refusal);
            (refusal, words(refusal))
        }
        Fault::Failed(error) => {
            log_failure(request, &error);
            let refusal = failure(&error);
            (refusal, words(refusal))
        }
    };
    let code = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut response = HttpResponse::build(code);
    response.insert_header((header::CACHE_CONTROL, "no-store"));
    response.content_type("application/json; charset=utf-8");
    match status {
        401 => response.insert_header((header::WWW_AUTHENTICATE, "ApiKey, Bearer")),
        405 => response.insert_header((header::ALLOW, "POST")),
        429 => response.insert_header((header::RETRY_AFTER, "1")),
        503 => response.insert_header((header::RETRY_AFTER, RETRY_AFTER)),
        _ => &mut response,
    };
    response.json(Body {
        status,
        error,
        message,
        error_id: refusal.id(),
    })
}

/// The tokens, in headers beside the body.
pub(in crate::http) fn add_tokens(headers: &mut HeaderMap, tokens: &TokenResponse) {
    let mut add = |name: &'static str, value: &str| {
        // Tokens and numbers are ASCII.
        if let Ok(mut value) = HeaderValue::from_str(value) {
            value.set_sensitive(true);
            headers.insert(HeaderName::from_static(name), value);
        }
    };
    add("x-fleet-access-token", &tokens.access_token);
    add("x-fleet-token-expires-in", &tokens.expires_in.to_string());
    if let Some(token) = &tokens.refresh_token {
        add("x-fleet-refresh-token", token);
    }
}

/// Whether the version that a request names is the one that there is.
pub(super) fn check_version(request: &HttpRequest) -> Result<(), Refusal> {
    match request.headers().get(&VERSION_NAME) {
        None => Ok(()),
        Some(named) if named.as_bytes() == VERSION.as_bytes() => Ok(()),
        Some(_) => Err(Refusal::new(&catalogue::FLEET_VERSION)),
    }
}

/// What every answer carries: the version, and the id that the request brought.
pub(super) fn mark(request: &HttpRequest, headers: &mut HeaderMap) {
    headers.insert(VERSION_NAME, HeaderValue::from_static(VERSION));
    let brought = header_text(request, &REQUEST_ID)
        .filter(|id| (1..=128).contains(&id.len()) && id.bytes().all(|it| it.is_ascii_graphic()));
    if let Some(Ok(id)) = brought.map(HeaderValue::from_str) {
        headers.insert(REQUEST_ID, id);
    }
}

const VERSION: &str = "2023-06-01";
const VERSION_NAME: HeaderName = HeaderName::from_static("elastic-api-version");
const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
