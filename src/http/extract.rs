//! Reading requests: bodies within their limits, headers as text.

use std::time::Duration;

use actix_web::HttpRequest;
use actix_web::http::header::{self, HeaderName};
use actix_web::web::{Bytes, Payload};
use tokio::time::timeout;

use crate::protocol::catalogue;
use crate::protocol::error::Refusal;
use crate::protocol::params::{Params, Unreadable};

/// The largest body accepted.
const MOST: usize = 64 * 1024;

/// A body has to be there after so long; actix limits only the time for headers.
const PATIENCE: Duration = Duration::from_secs(15);

/// Reads the body of a form.
pub(crate) async fn form_body(request: &HttpRequest, payload: Payload) -> Result<Bytes, Refusal> {
    let media_type = header_text(request, &header::CONTENT_TYPE).unwrap_or_default();
    let media_type = media_type.split(';').next().unwrap_or_default().trim();
    if !media_type.eq_ignore_ascii_case("application/x-www-form-urlencoded") {
        return Err(Refusal::new(&catalogue::BODY_TYPE));
    }
    read_body(payload).await
}

/// Reads the body of a request in JSON.
pub(crate) async fn json_body(request: &HttpRequest, payload: Payload) -> Result<Bytes, Refusal> {
    let media_type = header_text(request, &header::CONTENT_TYPE).unwrap_or_default();
    let media_type = media_type.split(';').next().unwrap_or_default().trim();
    if !media_type.eq_ignore_ascii_case("application/json") {
        return Err(Refusal::new(&catalogue::REGISTRATION_BODY));
    }
    read_body(payload).await
}

/// Reads a form if there is one; a request without a body has no type either.
pub(crate) async fn optional_form_body(
    request: &HttpRequest,
    payload: Payload,
) -> Result<Bytes, Refusal> {
    if request.headers().contains_key(header::CONTENT_TYPE) {
        form_body(request, payload).await
    } else {
        Ok(Bytes::new())
    }
}

/// Reads a body of whatever type.
pub(crate) async fn read_body(payload: Payload) -> Result<Bytes, Refusal> {
    let too_large = Refusal::new(&catalogue::BODY_TOO_LARGE);
    match timeout(PATIENCE, payload.to_bytes_limited(MOST)).await {
        Ok(Ok(Ok(body))) => Ok(body),
        // The limit, the time, or a connection that broke.
        Ok(Err(_)) => Err(too_large),
        Ok(Ok(Err(_))) | Err(_) => Err(Refusal::new(&catalogue::BODY_TYPE)),
    }
}

/// Decodes parameters, as a refusal when they cannot be.
pub(crate) fn params(encoded: &[u8]) -> Result<Params<'_>, Refusal> {
    Params::parse(encoded).map_err(refuse)
}

fn refuse(unreadable: Unreadable) -> Refusal {
    Refusal::new(unreadable.explanation())
}

/// The first value of a header, if it is text.
pub(crate) fn header_text<'a>(request: &'a HttpRequest, name: &HeaderName) -> Option<&'a str> {
    request.headers().get(name)?.to_str().ok()
}

/// The `Authorization` header; one that is not text, or stands there twice, counts as malformed, not as absent.
pub(crate) fn authorization(request: &HttpRequest) -> Option<&str> {
    let mut values = request.headers().get_all(header::AUTHORIZATION);
    let value = values.next()?;
    Some(match values.next() {
        None => value.to_str().unwrap_or_default(),
        Some(_) => "",
    })
}
