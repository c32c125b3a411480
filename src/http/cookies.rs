//! The two cookies: one names the browser before anybody signed in, one stands for the session. A third one says nothing
//! but whether the session changed, to a script in a frame of a client.
//!
//! Over https the first two have the `__Host-` prefix, so that no other host of the domain can set them; over
//! loopback http, where browsers refuse that prefix, they have another name.

use actix_web::cookie::time::Duration;
use actix_web::cookie::{Cookie, SameSite};
use actix_web::http::header;
use actix_web::{HttpRequest, HttpResponse};

use crate::http::state::Site;
use crate::http::urls;

/// Which of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Names the browser; binds forms and waiting requests to it.
    Browser,
    /// Stands for the session.
    Session,
}

fn name(site: &Site, kind: Kind) -> &'static str {
    match (kind, site.is_https) {
        (Kind::Browser, true) => "__Host-issuant-browser",
        (Kind::Browser, false) => "issuant-browser",
        (Kind::Session, true) => "__Host-issuant-session",
        (Kind::Session, false) => "issuant-session",
    }
}

/// The value of a cookie that came exactly once; two of one name are somebody's attempt to plant one.
pub(crate) fn find(request: &HttpRequest, site: &Site, kind: Kind) -> Option<String> {
    let wanted = name(site, kind);
    let headers = request.headers().get_all(header::COOKIE);
    let mut found = None;
    for pair in headers
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(';'))
    {
        let Some((name, value)) = pair.trim().split_once('=') else {
            continue;
        };
        if name == wanted {
            if found.is_some() {
                return None;
            }
            found = Some(value.to_owned());
        }
    }
    found.filter(|value| (20..=128).contains(&value.len()))
}

/// The cookie to set.
pub(crate) fn set(site: &Site, kind: Kind, value: &str, max_age: Option<i64>) -> Cookie<'static> {
    let mut cookie = Cookie::build(name(site, kind), value.to_owned())
        .path("/")
        .http_only(true)
        .secure(site.is_https)
        .same_site(SameSite::Lax)
        .finish();
    if let Some(seconds) = max_age {
        cookie.set_max_age(Duration::seconds(seconds));
    }
    cookie
}

/// The cookie that makes the browser forget.
pub(crate) fn forget(site: &Site, kind: Kind) -> Cookie<'static> {
    set(site, kind, "", Some(0))
}

/// The cookie that tells [`urls::CHECK_SESSION`] whether the session changed (OpenID Connect Session Management §3.2), and
/// no other page. Its script has to read it, in frames of other sites; `SameSite=None` works over https alone. It
/// proves nothing to this server, which never reads it.
pub(crate) fn session_state(site: &Site, value: String, max_age: i64) -> Cookie<'static> {
    let (name, same_site) = if site.is_https {
        ("__Secure-issuant-state", SameSite::None)
    } else {
        ("issuant-state", SameSite::Lax)
    };
    Cookie::build(name, value)
        .path(urls::CHECK_SESSION)
        .secure(site.is_https)
        .same_site(same_site)
        .max_age(Duration::seconds(max_age))
        .finish()
}

/// Puts a cookie on an answer; the values are ours, so this cannot fail.
pub(crate) fn add(response: &mut HttpResponse, cookie: &Cookie<'_>) {
    if let Err(error) = response.add_cookie(cookie) {
        tracing::error!(%error, "a cookie could not be written");
    }
}
