//! Cross-origin reads: public documents by anybody, endpoints by scripts of registered public clients, never with
//! cookies, and never the authorization endpoint.

use actix_web::http::header::{self, HeaderValue};
use actix_web::{HttpRequest, HttpResponse};

use crate::http::extract::header_text;
use crate::http::scene::Scene;

/// Lets the script of a registered client read the answer.
pub(crate) fn allow_client(request: &HttpRequest, response: &mut HttpResponse) {
    let headers = response.headers_mut();
    headers.append(header::VARY, HeaderValue::from_static("Origin"));
    if let Some(origin) = allowed_origin(request) {
        headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
        let exposed = HeaderValue::from_static("WWW-Authenticate, X-Request-Id, Retry-After");
        headers.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, exposed);
    }
}

fn allowed_origin(request: &HttpRequest) -> Option<HeaderValue> {
    let origin = header_text(request, &header::ORIGIN)?;
    let scene = Scene::of(request)?;
    scene
        .snapshot
        .is_client_origin(origin)
        .then(|| HeaderValue::from_str(origin).ok())?
}

/// What a browser asks before it lets a script send its request.
pub(crate) async fn preflight(request: HttpRequest) -> HttpResponse {
    let mut response = HttpResponse::NoContent()
        .insert_header((
            header::ACCESS_CONTROL_ALLOW_METHODS,
            "GET, POST, PUT, DELETE",
        ))
        .insert_header((
            header::ACCESS_CONTROL_ALLOW_HEADERS,
            "Authorization, Content-Type, DPoP",
        ))
        .insert_header((header::ACCESS_CONTROL_MAX_AGE, "3600"))
        .finish();
    allow_client(&request, &mut response);
    response
}
