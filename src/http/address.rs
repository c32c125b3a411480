//! Where a request comes from, and whether it came to the right address.

use std::net::IpAddr;

use actix_web::body::{EitherBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::{Method, header};
use actix_web::middleware::Next;
use actix_web::{Error, HttpRequest, HttpResponse};

use crate::http::extract::header_text;
use crate::http::pages::{self, refusal};
use crate::http::scene::Scene;
use crate::http::urls;

/// Sends people who opened a page under another address to the one that the server is configured for, or tells them
/// about it: there, the cookies would be missing and every form would fail.
pub(crate) async fn require_own(
    request: ServiceRequest,
    next: Next<impl MessageBody>,
) -> Result<ServiceResponse<EitherBody<impl MessageBody>>, Error> {
    match elsewhere(request.request()) {
        Some(response) => Ok(request.into_response(response).map_into_right_body()),
        None => Ok(next.call(request).await?.map_into_left_body()),
    }
}

fn elsewhere(request: &HttpRequest) -> Option<HttpResponse> {
    let is_page = request.method() == Method::GET && urls::PAGES.contains(&request.path());
    let scene = is_page.then(|| Scene::of(request)).flatten()?;
    let site = &scene.state.site;
    let opened = opened_host(request, &scene)?;
    if opened.eq_ignore_ascii_case(&site.authority) {
        return None;
    }
    if site.development && is_loopback_alias(opened, &site.authority) {
        let path = request
            .uri()
            .path_and_query()
            .map_or("/", |path| path.as_str());
        return Some(pages::redirect(&format!("{}{path}", site.origin)));
    }
    Some(refusal::wrong_address(request, opened))
}

/// The host that the browser sees: of the request, or as a trusted proxy tells it.
fn opened_host<'a>(request: &'a HttpRequest, scene: &Scene) -> Option<&'a str> {
    let forwarded = header::HeaderName::from_static("x-forwarded-host");
    let is_told = request
        .peer_addr()
        .is_some_and(|peer| is_trusted(scene, peer.ip().to_canonical()));
    let told = if is_told {
        header_text(request, &forwarded)
    } else {
        None
    };
    told.or_else(|| header_text(request, &header::HOST))
        .or_else(|| request.uri().host())
}

/// Another name of this machine itself, with the same port.
fn is_loopback_alias(opened: &str, authority: &str) -> bool {
    let (name, port) = split_port(opened);
    ["localhost", "127.0.0.1", "[::1]"].contains(&name) && port == split_port(authority).1
}

fn split_port(host: &str) -> (&str, Option<&str>) {
    match host.rsplit_once(':') {
        // The colons within an IPv6 literal are not it.
        Some((name, port)) if !port.ends_with(']') => (name, Some(port)),
        Some(_) | None => (host, None),
    }
}

fn is_trusted(scene: &Scene, address: IpAddr) -> bool {
    scene
        .state
        .site
        .trusted_proxies
        .iter()
        .any(|network| network.contains(&address))
}

/// The address of the browser: that of the peer, unless the peer is a trusted proxy; then the rightmost
/// address in `X-Forwarded-For` that is not one. What cannot be read counts as the peer itself.
pub(crate) fn client_address(request: &HttpRequest) -> Option<IpAddr> {
    let peer = request.peer_addr()?.ip().to_canonical();
    let scene = Scene::of(request)?;
    if !is_trusted(&scene, peer) {
        return Some(peer);
    }
    let forwarded = request
        .headers()
        .get_all(header::HeaderName::from_static("x-forwarded-for"));
    let values: Vec<&str> = forwarded.filter_map(|value| value.to_str().ok()).collect();
    for part in values.iter().rev().flat_map(|value| value.rsplit(',')) {
        match part.trim().parse::<IpAddr>().map(|it| it.to_canonical()) {
            Ok(address) if is_trusted(&scene, address) => {}
            Ok(address) => return Some(address),
            Err(_) => return Some(peer),
        }
    }
    Some(peer)
}

/// The network that shares a guessing limit: one IPv4 address, or one /64 of IPv6.
pub(crate) fn source(request: &HttpRequest) -> String {
    match client_address(request) {
        None => "unknown".to_owned(),
        Some(IpAddr::V4(address)) => address.to_string(),
        Some(IpAddr::V6(address)) => {
            let [a, b, c, d, ..] = address.segments();
            format!("{a:x}:{b:x}:{c:x}:{d:x}::/64")
        }
    }
}

/// The address of the request that a proxy asks about (forward-auth), where a trusted proxy tells it. Proxies differ in the
/// header that they set, and pass the other one on from the client; so two that differ say nothing.
pub(crate) fn original<'a>(request: &'a HttpRequest, scene: &Scene) -> Option<&'a str> {
    let peer = request.peer_addr()?.ip().to_canonical();
    if !is_trusted(scene, peer) {
        return None;
    }
    let told = ["x-original-uri", "x-forwarded-uri"]
        .into_iter()
        .flat_map(|name| {
            request
                .headers()
                .get_all(header::HeaderName::from_static(name))
        });
    let mut all = told.map(|value| value.to_str().ok());
    let first = all.next()??;
    all.all(|other| other == Some(first)).then_some(first)
}
