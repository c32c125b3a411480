//! Proof that a form was sent from a page of ours, in the browser that the page was made for.
//!
//! The hidden field is a MAC over the browser's cookie and what the form is for. Besides, a request that
//! says where it comes from (`Sec-Fetch-Site`, which all current browsers send, or `Origin`) has to come from here.

use actix_web::HttpRequest;
use actix_web::http::header::{self, HeaderName};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::crypto::digest::constant_time_eq;
use crate::http::cookies;
use crate::http::extract::header_text;
use crate::http::scene::Scene;
use crate::protocol::catalogue;
use crate::protocol::error::Refusal;
use crate::protocol::params::Params;

/// The hidden field for a form of that purpose in that browser.
pub(crate) fn make(scene: &Scene, browser: &str, purpose: &str) -> String {
    let mac = scene
        .state
        .token_keys
        .form_mac(&[browser.as_bytes(), purpose.as_bytes()]);
    URL_SAFE_NO_PAD.encode(mac)
}

/// Checks a form; answers the browser's cookie.
pub(crate) fn check(
    request: &HttpRequest,
    scene: &Scene,
    params: &Params<'_>,
    purpose: &str,
) -> Result<String, Refusal> {
    if !comes_from_here(request, scene) {
        return Err(Refusal::new(&catalogue::FORM_NOT_OURS));
    }
    let Some(browser) = cookies::browser(request, &scene.state.site) else {
        return Err(Refusal::new(&catalogue::COOKIE_MISSING));
    };
    let expected = make(scene, &browser, purpose);
    let received = params.find("csrf").unwrap_or_default();
    if constant_time_eq(expected.as_bytes(), received.as_bytes()) {
        Ok(browser)
    } else {
        Err(Refusal::new(&catalogue::FORM_NOT_OURS))
    }
}

fn comes_from_here(request: &HttpRequest, scene: &Scene) -> bool {
    let site = header_text(request, &HeaderName::from_static("sec-fetch-site"));
    if site.is_some_and(|site| site != "same-origin" && site != "none") {
        return false;
    }
    match request.headers().get(header::ORIGIN) {
        None => true,
        // Our pages are sent with `no-referrer`, and then browsers hide the origin of their forms this way.
        Some(origin) if origin == "null" => true,
        Some(origin) => origin.as_bytes() == scene.state.site.origin.as_bytes(),
    }
}
