//! Issuer discovery (OpenID Connect Discovery §2, RFC 7033): which server speaks for an identifier. This one, whoever it is
//! about, as long as the host is its own: whether there is such a person is not told.
//!
//! ```text
//! GET /.well-known/webfinger?resource=acct:maya@id.example&rel=http://openid.net/specs/connect/1.0/issuer
//!
//! {"subject":"acct:maya@id.example","links":[{"rel":"http://openid.net/specs/connect/1.0/issuer","href":"https://id.example"}]}
//! ```

use actix_web::http::header::{self, HeaderValue};
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use serde::Serialize;

use crate::http::error;
use crate::http::scene::Scene;
use crate::http::state::AppState;
use crate::protocol::catalogue;
use crate::protocol::error::Refusal;

/// OpenID Connect Discovery §2.
const ISSUER: &str = "http://openid.net/specs/connect/1.0/issuer";

/// RFC 7033 §4.4.
#[derive(Serialize)]
struct Descriptor<'a> {
    subject: &'a str,
    links: Vec<Link<'a>>,
}

#[derive(Serialize)]
struct Link<'a> {
    rel: &'static str,
    href: &'a str,
}

/// Answers which issuer it is.
pub(crate) async fn answer(request: HttpRequest, state: Data<AppState>) -> HttpResponse {
    let scene = Scene::new(&state);
    let mut response = match tell(&request, &scene) {
        Ok(response) => response,
        Err(refused) => error::json(&request, refused.into()),
    };
    let anybody = HeaderValue::from_static("*");
    let headers = response.headers_mut();
    headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, anybody);
    response
}

fn tell(request: &HttpRequest, scene: &Scene) -> Result<HttpResponse, Refusal> {
    // The one parameter that may be repeated is `rel` (RFC 7033 §4.3).
    let pairs: Vec<(String, String)> =
        url::form_urlencoded::parse(request.query_string().as_bytes())
            .into_owned()
            .collect();
    let resource = pairs.iter().find(|(name, _)| name == "resource");
    let (_, resource) = resource.ok_or(&catalogue::MISSING_PARAMETER)?;
    let site = &scene.state.site;
    if !is_ours(resource, &site.authority) {
        return Err(Refusal::new(&catalogue::WEBFINGER_RESOURCE));
    }
    let mut wanted = pairs.iter().filter(|(name, _)| name == "rel").peekable();
    let is_wanted = wanted.peek().is_none() || wanted.any(|(_, rel)| rel == ISSUER);
    let link = Link {
        rel: ISSUER,
        href: &site.issuer,
    };
    let descriptor = Descriptor {
        subject: resource,
        links: is_wanted.then_some(link).into_iter().collect(),
    };
    let mut response = HttpResponse::Ok().json(descriptor);
    let media_type = HeaderValue::from_static("application/jrd+json");
    response
        .headers_mut()
        .insert(header::CONTENT_TYPE, media_type);
    Ok(response)
}

/// Whether the host of an identifier is this one's: `acct:name@host`, `name@host` or a URL (OpenID Connect Discovery §2.1).
/// An account has no port (RFC 7565 §7).
fn is_ours(resource: &str, authority: &str) -> bool {
    let host = authority.split(':').next().unwrap_or_default();
    if let Some((_, after)) = resource.split_once("://") {
        let named = after.split(['/', '?', '#']).next().unwrap_or_default();
        let (_, named) = named.rsplit_once('@').unwrap_or(("", named));
        return named.eq_ignore_ascii_case(authority);
    }
    let named = resource.rsplit_once('@').map(|(_, named)| named);
    named.is_some_and(|it| it.eq_ignore_ascii_case(authority) || it.eq_ignore_ascii_case(host))
}
