//! The page that a client keeps in a frame to learn whether the browser is still signed in (OpenID Connect Session
//! Management §3.2). It is the one page that others may frame, and it holds nothing but its script.
//!
//! ```text
//! postMessage("app 5f0c….salt", "https://id.example")  →  "unchanged", "changed" or "error"
//! ```

use actix_web::http::header::{self, HeaderName};
use actix_web::{HttpRequest, HttpResponse};
use askama::Template as _;

use crate::http::pages::assets;
use crate::http::pages::view::CheckSessionPage;

/// Answers the page.
pub(crate) async fn answer(_request: HttpRequest) -> HttpResponse {
    let page = CheckSessionPage {
        script: assets::check_session_script(),
    };
    let html = page.render().unwrap_or_default();
    HttpResponse::Ok()
        .content_type("text/html; charset=utf-8")
        .insert_header((header::CONTENT_SECURITY_POLICY, POLICY))
        .insert_header((
            HeaderName::from_static("cross-origin-resource-policy"),
            "cross-origin",
        ))
        .body(html)
}

/// Anybody may frame it: which origins clients have is for the script to compare.
const POLICY: &str = "default-src 'none'; script-src 'self'; base-uri 'none'; form-action 'none'; \
                      frame-ancestors *; require-trusted-types-for 'script'";
