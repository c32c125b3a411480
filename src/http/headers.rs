//! Headers that every answer carries, and the request id.

use actix_web::body::MessageBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::{self, HeaderName, HeaderValue};
use actix_web::middleware::Next;
use actix_web::{Error, HttpMessage as _, HttpRequest};

use crate::crypto::random::random_bytes;
use crate::http::scene::Scene;

/// Names one request in answers and logs: eight letters and digits without look-alikes.
#[derive(Clone, Debug)]
pub(crate) struct RequestId(pub(crate) String);

impl RequestId {
    /// The id of a request.
    pub(crate) fn of(request: &HttpRequest) -> String {
        request
            .extensions()
            .get::<Self>()
            .map(|id| id.0.clone())
            .unwrap_or_default()
    }
}

const ALPHABET: &[u8; 32] = b"23456789ABCDEFGHJKLMNPQRSTUVWXYZ";

fn new_request_id(bytes: [u8; 8]) -> String {
    let letters = bytes.map(|byte| {
        ALPHABET
            .get(usize::from(byte % 32))
            .copied()
            .unwrap_or(b'2')
    });
    let text: String = letters.iter().map(|letter| char::from(*letter)).collect();
    let (one, other) = text.split_at(4);
    format!("{one}-{other}")
}

/// The first and last thing that happens to a request.
pub(crate) async fn finish(
    request: ServiceRequest,
    next: Next<impl MessageBody>,
) -> Result<ServiceResponse<impl MessageBody>, Error> {
    let scene = Scene::of(request.request());
    let is_https = scene
        .as_ref()
        .is_some_and(|scene| scene.state.site.is_https);
    let id = scene.map(|scene| new_request_id(random_bytes(&*scene.state.random)));
    let id = RequestId(id.unwrap_or_default());
    let id_header = HeaderValue::from_str(&id.0);
    request.extensions_mut().insert(id);
    let mut response = next.call(request).await?;
    let headers = response.headers_mut();
    if let Ok(id) = id_header {
        headers.insert(HeaderName::from_static("x-request-id"), id);
    }
    headers.insert(
        header::X_CONTENT_TYPE_OPTIONS,
        HeaderValue::from_static("nosniff"),
    );
    headers.insert(
        header::REFERRER_POLICY,
        HeaderValue::from_static("no-referrer"),
    );
    if is_https {
        let year = HeaderValue::from_static("max-age=31536000");
        headers.insert(header::STRICT_TRANSPORT_SECURITY, year);
    }
    if !headers.contains_key(header::CACHE_CONTROL) {
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    }
    if response.response().error().is_none() {
        tracing::debug!(
            request.id = %RequestId::of(response.request()),
            http.method = %response.request().method(),
            http.route = response.request().match_pattern().unwrap_or_default(),
            http.status = response.status().as_u16(),
            "request answered"
        );
    }
    Ok(response)
}
