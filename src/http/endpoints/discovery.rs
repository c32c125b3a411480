//! The provider metadata (OpenID Connect Discovery §4, RFC 8414 §3): prepared bytes.

use actix_web::http::header::{self, HeaderValue};
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};

use crate::http::extract::header_text;
use crate::http::snapshot::Prepared;
use crate::http::state::AppState;

/// How long clients may keep the metadata, in seconds.
const MAX_AGE: i64 = 300;

const ANYBODY: HeaderValue = HeaderValue::from_static("*");
const JSON: HeaderValue = HeaderValue::from_static("application/json");

/// Answers with the metadata.
pub(crate) async fn answer(request: HttpRequest, state: Data<AppState>) -> HttpResponse {
    public_document(&request, &state.snapshot.load().discovery, MAX_AGE)
}

/// A document for everybody, or 304 for who has it already.
pub(super) fn public_document(
    request: &HttpRequest,
    document: &Prepared,
    max_age: i64,
) -> HttpResponse {
    let known = header_text(request, &header::IF_NONE_MATCH);
    let is_known = known.is_some_and(|tags| tags.split(',').any(|tag| matches(tag, document)));
    let mut response = if is_known {
        HttpResponse::NotModified()
    } else {
        HttpResponse::Ok()
    };
    response
        .insert_header((header::ETAG, document.etag.as_str()))
        .insert_header((header::CACHE_CONTROL, format!("public, max-age={max_age}")))
        .insert_header((header::ACCESS_CONTROL_ALLOW_ORIGIN, ANYBODY));
    if is_known {
        return response.finish();
    }
    response
        .insert_header((header::CONTENT_TYPE, JSON))
        .body(document.body.clone())
}

/// RFC 9110 §13.1.2: a proxy may have weakened the validator, and `*` means any.
fn matches(tag: &str, document: &Prepared) -> bool {
    let tag = tag.trim();
    tag == "*" || tag.strip_prefix("W/").unwrap_or(tag) == document.etag
}
