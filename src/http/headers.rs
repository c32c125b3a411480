//! Headers that every answer carries, and the request id.

use std::hash::{BuildHasher as _, RandomState};
use std::sync::atomic::{AtomicU64, Ordering};

use actix_web::body::MessageBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::{self, HeaderName, HeaderValue};
use actix_web::middleware::Next;
use actix_web::web::Data;
use actix_web::{Error, HttpMessage as _, HttpRequest};

use crate::http::state::AppState;

/// Names one request in answers and logs: eight letters and digits without look-alikes, as `7KQ2-M4XD`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct RequestId([u8; 9]);

impl RequestId {
    /// The id of a request.
    pub(crate) fn of(request: &HttpRequest) -> String {
        let id = request.extensions().get::<Self>().copied();
        id.map(|id| id.0.map(char::from).iter().collect())
            .unwrap_or_default()
    }
}

/// Where ids of requests come from: a count under a hash with a key of its own, so that nobody can tell from two of them how
/// many requests came in between.
#[derive(Default)]
pub struct RequestIds {
    hasher: RandomState,
    count: AtomicU64,
}

impl RequestIds {
    fn next(&self) -> RequestId {
        let count = self.count.fetch_add(1, Ordering::Relaxed);
        let mut rest = self.hasher.hash_one(count);
        let mut letters = [b'-'; 9];
        for letter in letters.iter_mut().take(4) {
            *letter = next_letter(&mut rest);
        }
        for letter in letters.iter_mut().skip(5) {
            *letter = next_letter(&mut rest);
        }
        RequestId(letters)
    }
}

fn next_letter(rest: &mut u64) -> u8 {
    let index = usize::try_from(*rest % 32).unwrap_or_default();
    *rest /= 32;
    ALPHABET.get(index).copied().unwrap_or(b'2')
}

const ALPHABET: &[u8; 32] = b"23456789ABCDEFGHJKLMNPQRSTUVWXYZ";

const X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// The first and last thing that happens to a request.
pub(crate) async fn finish(
    request: ServiceRequest,
    next: Next<impl MessageBody>,
) -> Result<ServiceResponse<impl MessageBody>, Error> {
    let state = request.app_data::<Data<AppState>>();
    let is_https = state.is_some_and(|state| state.site.is_https);
    let id = state.map(|state| state.request_ids.next());
    if let Some(id) = id {
        request.extensions_mut().insert(id);
    }
    let mut response = next.call(request).await?;
    let headers = response.headers_mut();
    if let Some(Ok(id)) = id.map(|RequestId(letters)| HeaderValue::from_bytes(&letters)) {
        // Where callers name their requests themselves, that name stays.
        if !headers.contains_key(&X_REQUEST_ID) {
            headers.insert(X_REQUEST_ID, id);
        }
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

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn request_ids_are_of_one_form_and_do_not_repeat() {
        let ids = RequestIds::default();
        let mut seen = HashSet::new();
        for _ in 0..1000 {
            let RequestId(letters) = ids.next();
            let is_letter = |(index, letter): (usize, &u8)| {
                (index == 4 && *letter == b'-') || (index != 4 && ALPHABET.contains(letter))
            };
            assert!(letters.iter().enumerate().all(is_letter), "{letters:?}");
            assert!(seen.insert(letters));
        }
    }
}
