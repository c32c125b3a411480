//! Stylesheet, scripts and icon, inside the binary, under names that change with their content.

use std::sync::LazyLock;

use actix_web::http::header;
use actix_web::web::Path;
use actix_web::{HttpRequest, HttpResponse};

use crate::crypto::digest::sha256_base64url;
use crate::http::error;

struct Asset {
    name: String,
    content_type: &'static str,
    body: &'static str,
}

static ASSETS: LazyLock<[Asset; 4]> = LazyLock::new(|| {
    [
        asset(
            "issuant",
            "css",
            "text/css; charset=utf-8",
            include_str!("../../../static/issuant.css"),
        ),
        asset(
            "issuant",
            "js",
            "text/javascript; charset=utf-8",
            include_str!("../../../static/issuant.js"),
        ),
        asset(
            "check-session",
            "js",
            "text/javascript; charset=utf-8",
            include_str!("../../../static/check-session.js"),
        ),
        asset(
            "icon",
            "svg",
            "image/svg+xml",
            include_str!("../../../static/icon.svg"),
        ),
    ]
});

fn asset(stem: &str, extension: &str, content_type: &'static str, body: &'static str) -> Asset {
    let mut digest = sha256_base64url(body.as_bytes());
    digest.truncate(12);
    Asset {
        name: format!("{stem}-{digest}.{extension}"),
        content_type,
        body,
    }
}

fn address(stem: &str, extension: &str) -> String {
    let is_it = |name: &str| name.starts_with(stem) && name.ends_with(extension);
    let found = ASSETS.iter().find(|asset| is_it(&asset.name));
    found
        .map(|asset| format!("/assets/{}", asset.name))
        .unwrap_or_default()
}

/// The address of the stylesheet.
pub(crate) fn stylesheet() -> String {
    address("issuant-", ".css")
}

/// The address of the script.
pub(crate) fn script() -> String {
    address("issuant-", ".js")
}

/// The address of the script that compares session states.
pub(crate) fn check_session_script() -> String {
    address("check-session-", ".js")
}

/// The address of the icon.
pub(crate) fn icon() -> String {
    address("icon-", ".svg")
}

/// Answers with an asset, to be kept for ever.
pub(crate) async fn answer(request: HttpRequest, name: Path<String>) -> HttpResponse {
    match ASSETS.iter().find(|asset| asset.name == *name) {
        Some(asset) => HttpResponse::Ok()
            .insert_header((header::CACHE_CONTROL, "public, max-age=31536000, immutable"))
            .content_type(asset.content_type)
            .body(asset.body),
        None => error::not_found(request).await,
    }
}
