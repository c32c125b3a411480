//! The two cookies: one names the browser before anybody signed in, one stands for the sessions. A third one says nothing
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
use crate::identity::session::MOST_ACCOUNTS;

/// Which of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// Names the browser; binds forms and waiting requests to it.
    Browser,
    /// Stands for the sessions, one for each account.
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

/// The browser's name.
pub(crate) fn browser(request: &HttpRequest, site: &Site) -> Option<String> {
    find(request, site, Kind::Browser).filter(|value| is_fitting(value))
}

/// What the browser holds of its sessions: a secret for each account, the one first that pages speak of.
pub(crate) fn sessions(request: &HttpRequest, site: &Site) -> Vec<String> {
    let found = find(request, site, Kind::Session).unwrap_or_default();
    let secrets = found.split(BETWEEN_SESSIONS);
    let fitting = secrets.filter(|secret| is_fitting(secret));
    fitting.take(MOST_ACCOUNTS).map(str::to_owned).collect()
}

/// Stands between the secrets of several accounts, and between their states.
const BETWEEN_SESSIONS: &str = ".";

fn is_fitting(value: &str) -> bool {
    (20..=128).contains(&value.len())
}

/// The value of a cookie that came exactly once; two of one name are somebody's attempt to plant one.
fn find(request: &HttpRequest, site: &Site, kind: Kind) -> Option<String> {
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
    found
}

/// The cookie that names the browser, until it is closed.
pub(crate) fn name_browser(site: &Site, value: &str) -> Cookie<'static> {
    set(site, Kind::Browser, value, None)
}

/// The cookie that holds the secrets of the sessions; without any, the one that makes the browser forget.
pub(crate) fn keep_sessions(site: &Site, secrets: &[&str], life: i64) -> Cookie<'static> {
    let life = if secrets.is_empty() { 0 } else { life };
    let value = secrets.join(BETWEEN_SESSIONS);
    set(site, Kind::Session, &value, Some(life))
}

fn set(site: &Site, kind: Kind, value: &str, max_age: Option<i64>) -> Cookie<'static> {
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

/// The cookie that tells [`urls::CHECK_SESSION`] whether the session of an account changed (OpenID Connect Session Management §3.2), and
/// no other page. Its script has to read it, in frames of other sites; `SameSite=None` works over https alone. It
/// proves nothing to this server, which never reads it.
pub(crate) fn session_state(site: &Site, states: &[String], max_age: i64) -> Cookie<'static> {
    let (name, same_site) = if site.is_https {
        ("__Secure-issuant-state", SameSite::None)
    } else {
        ("issuant-state", SameSite::Lax)
    };
    Cookie::build(name, states.join(BETWEEN_SESSIONS))
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
