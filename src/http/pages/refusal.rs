//! The page for everything that cannot go on: what happened, what to do, and the ids to tell somebody.

use actix_web::http::{StatusCode, header};
use actix_web::{HttpRequest, HttpResponse};

use crate::http::error;
use crate::http::pages::view::{DeveloperBlock, ErrorPage};
use crate::http::pages::{self, time};
use crate::http::scene::Scene;
use crate::protocol::authorize::PageRefusal;
use crate::protocol::catalogue;
use crate::protocol::error::{Fault, Refusal};
use crate::protocol::redirect_uri::{RegisteredRedirectUri, first_difference};

/// The page of a refusal.
pub(crate) fn page(request: &HttpRequest, refusal: Refusal) -> HttpResponse {
    error::log_refusal(request, refusal);
    with_developer_block(request, refusal, None)
}

/// The page of a refusal or a failure.
pub(crate) fn fault(request: &HttpRequest, fault: Fault) -> HttpResponse {
    match fault {
        Fault::Refused(refusal) => page(request, refusal),
        Fault::Failed(failure) => {
            error::log_failure(request, &failure);
            let mut shown = with_developer_block(request, error::failure(&failure), None);
            *shown.status_mut() = error::failure_status(&failure);
            if shown.status() == StatusCode::SERVICE_UNAVAILABLE {
                let retry = header::HeaderValue::from_static(error::RETRY_AFTER);
                shown.headers_mut().insert(header::RETRY_AFTER, retry);
            }
            shown
        }
    }
}

/// The page of an authorization request that cannot be answered by redirect.
pub(crate) fn of_authorization(request: &HttpRequest, refused: &PageRefusal) -> HttpResponse {
    error::log_refusal(request, refused.refusal);
    let developer = refused.client.as_deref().map(|client| {
        let mut rows = vec![("client".to_owned(), client.id.to_string())];
        if let Some(received) = &refused.received_redirect_uri {
            rows.push(("received".to_owned(), received.clone()));
            let registered = client
                .redirect_uris
                .iter()
                .map(|uri| uri.as_str().to_owned());
            rows.extend(registered.map(|uri| ("registered".to_owned(), uri)));
            if let Some(closest) = closest(&client.redirect_uris, received) {
                let difference = first_difference(closest, received);
                rows.push(("difference".to_owned(), difference.to_owned()));
            }
            // Not the received address: a stranger chose it, and what stands here gets copied.
            let fix = format!("issuant client set {} --add-redirect-uri …", client.id);
            rows.push(("fix".to_owned(), fix));
        }
        DeveloperBlock { rows }
    });
    with_developer_block(request, refused.refusal, developer)
}

/// The registered address that the received one has most in common with, from the start.
fn closest<'a>(registered: &'a [RegisteredRedirectUri], received: &str) -> Option<&'a str> {
    let common = |uri: &&RegisteredRedirectUri| {
        let pairs = uri.as_str().bytes().zip(received.bytes());
        pairs.take_while(|(one, other)| one == other).count()
    };
    registered
        .iter()
        .max_by_key(common)
        .map(RegisteredRedirectUri::as_str)
}

/// The page for somebody who opened the server under another address.
pub(crate) fn wrong_address(request: &HttpRequest, opened: &str) -> HttpResponse {
    let refusal = Refusal::new(&catalogue::WRONG_ADDRESS);
    error::log_refusal(request, refusal);
    let configured = Scene::of(request).map(|scene| scene.state.site.issuer.clone());
    let row = |label: &str, value: &str| (label.to_owned(), value.to_owned());
    let rows = vec![
        row("configured", &configured.unwrap_or_default()),
        row("opened", opened),
        row(
            "fix",
            "open the configured address; or set issuer to the one you opened",
        ),
        row(
            "proxy",
            "a proxy must pass the Host header on, or be listed in trusted_proxies",
        ),
    ];
    with_developer_block(request, refusal, Some(DeveloperBlock { rows }))
}

fn with_developer_block(
    request: &HttpRequest,
    refusal: Refusal,
    developer: Option<DeveloperBlock>,
) -> HttpResponse {
    let Some(scene) = Scene::of(request) else {
        return HttpResponse::InternalServerError().finish();
    };
    let explanation = refusal.explanation();
    let heading = heading(refusal);
    let page = ErrorPage {
        frame: pages::frame(request, &scene, heading),
        heading: heading.to_owned(),
        sentence: explanation.sentence.to_owned(),
        what_to_do: what_to_do(refusal),
        error_id: explanation.id.to_owned(),
        time_utc: time::clock(scene.now),
        developer,
    };
    let mut response = pages::show(&page, None);
    if response.status() == StatusCode::OK {
        *response.status_mut() = status(refusal);
    }
    response
}

/// The fix; where only the app's developer can apply it, first what everybody else can do.
fn what_to_do(refusal: Refusal) -> Vec<String> {
    let fix = refusal.explanation().fix.to_owned();
    if heading(refusal) == APP_TROUBLE {
        let people = "Go back to the app and try again, or tell its support the error below.";
        vec![people.to_owned(), fix]
    } else {
        vec![fix]
    }
}

/// The heading where the link that led here is at fault.
const APP_TROUBLE: &str = "We can't continue to this app";

fn heading(refusal: Refusal) -> &'static str {
    let is = |explanation| refusal == Refusal::new(explanation);
    if is(&catalogue::NOT_FOUND) {
        "Page not found"
    } else if is(&catalogue::REQUEST_GONE) {
        "This sign-in is over"
    } else if is(&catalogue::COOKIE_MISSING) {
        "Your browser did not return our cookie"
    } else if is(&catalogue::FORM_NOT_OURS) {
        "This form is out of date"
    } else if is(&catalogue::WRONG_ADDRESS) {
        "This server has another address"
    } else if is(&catalogue::SETUP_LINK) {
        "This link no longer works"
    } else if is(&catalogue::UNAVAILABLE) || is(&catalogue::TOO_MANY_STARTS) {
        "Busy at the moment"
    } else if is(&catalogue::BROKEN) {
        "Something broke here"
    } else {
        APP_TROUBLE
    }
}

fn status(refusal: Refusal) -> StatusCode {
    let is = |explanation| refusal == Refusal::new(explanation);
    if is(&catalogue::NOT_FOUND) {
        StatusCode::NOT_FOUND
    } else if is(&catalogue::FORM_NOT_OURS) || is(&catalogue::COOKIE_MISSING) {
        StatusCode::FORBIDDEN
    } else if is(&catalogue::WRONG_ADDRESS) {
        StatusCode::MISDIRECTED_REQUEST
    } else if is(&catalogue::TOO_MANY_STARTS) {
        StatusCode::TOO_MANY_REQUESTS
    } else if is(&catalogue::REQUEST_GONE) || is(&catalogue::SETUP_LINK) {
        StatusCode::GONE
    } else {
        StatusCode::BAD_REQUEST
    }
}
