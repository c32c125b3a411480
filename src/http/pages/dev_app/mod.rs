//! The demo application of `issuant dev`: a small relying party that really signs in through the code flow and shows
//! what it received. It lives on this server's port, but gets nothing that another client would not get.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use actix_web::cookie::{Cookie, SameSite};
use actix_web::web::{Data, Payload, ServiceConfig, get, post, resource};
use actix_web::{HttpRequest, HttpResponse};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use openidconnect::{Nonce, PkceCodeVerifier};
use serde_json::Value;

use crate::http::cookies;
use crate::http::pages::dev_app::relying_party::{Received, RelyingParty, Trouble};
use crate::http::pages::view::{DevAppPage, DevAppResultPage, DeveloperBlock, ErrorPage};
use crate::http::pages::{self, Visitor, new_browser, redirect, refusal, time};
use crate::http::scene::Scene;
use crate::http::state::AppState;
use crate::http::{extract, form_token, urls};
use crate::protocol::error::Fault;

pub mod relying_party;

const COOKIE: &str = "issuant-dev-app";
const PURPOSE: &str = "dev-app";

/// More sign-ins than this are forgotten; it is a demo on one machine.
const MOST: usize = 100;

/// The demo application.
pub struct DemoApp {
    relying_party: RelyingParty,
    browsers: Mutex<HashMap<String, Progress>>,
}

/// How far a browser came.
enum Progress {
    Begun {
        state: String,
        nonce: Nonce,
        verifier: PkceCodeVerifier,
    },
    Done {
        received: Box<Received>,
        notice: Option<String>,
    },
}

impl DemoApp {
    /// The demo application of that issuer.
    pub fn new(issuer: &str) -> Self {
        Self {
            relying_party: RelyingParty::new(issuer),
            browsers: Mutex::default(),
        }
    }

    fn remember(&self, browser: String, progress: Progress) {
        let mut browsers = self.browsers.lock().unwrap_or_else(PoisonError::into_inner);
        if browsers.len() >= MOST {
            browsers.clear();
        }
        browsers.insert(browser, progress);
    }

    fn take(&self, browser: &str) -> Option<Progress> {
        self.browsers
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .remove(browser)
    }
}

/// The routes, in development only.
pub(crate) fn routes(routes: &mut ServiceConfig) {
    routes
        .service(resource(urls::DEV_APP).route(get().to(show)))
        .service(resource(urls::DEV_APP_SIGN_IN).route(get().to(sign_in)))
        .service(resource(urls::DEV_APP_CALLBACK).route(get().to(callback)))
        .service(resource(urls::DEV_APP_RESULT).route(get().to(result)))
        .service(resource(urls::DEV_APP_REFRESH).route(post().to(refresh)));
}

/// Before signing in.
async fn show(request: HttpRequest, state: Data<AppState>) -> HttpResponse {
    let scene = Scene::new(&state);
    let Some(app) = &state.demo_app else {
        return HttpResponse::NotFound().finish();
    };
    let row = |label: &str, value: String| (label.to_owned(), value);
    let page = DevAppPage {
        frame: pages::frame(&request, &scene, "Demo app"),
        sign_in_url: urls::DEV_APP_SIGN_IN.to_owned(),
        username_hint: None,
        password_hint: None,
        request: vec![
            row("client", relying_party::CLIENT_ID.to_owned()),
            row("grant", "authorization code with PKCE".to_owned()),
            row(
                "scope",
                format!("openid {}", relying_party::SCOPES.join(" ")),
            ),
            row("returns to", app.relying_party.redirect_uri()),
        ],
    };
    pages::show(&page, None)
}

/// Sends the browser to the authorization endpoint.
async fn sign_in(request: HttpRequest, state: Data<AppState>) -> HttpResponse {
    let Some(app) = &state.demo_app else {
        return HttpResponse::NotFound().finish();
    };
    let begun = match app.relying_party.begin().await {
        Ok(begun) => begun,
        Err(trouble) => return told(&request, &state, &trouble.to_string()),
    };
    let browser = new_browser(&Scene::new(&state));
    let mut response = redirect(&begun.address);
    let cookie = Cookie::build(COOKIE, browser.clone())
        .path(urls::DEV_APP)
        .http_only(true)
        .same_site(SameSite::Lax)
        .finish();
    cookies::add(&mut response, &cookie);
    let (state, nonce, verifier) = (begun.state, begun.nonce, begun.verifier);
    app.remember(
        browser,
        Progress::Begun {
            state,
            nonce,
            verifier,
        },
    );
    response
}

/// A code arrives, or an error.
async fn callback(request: HttpRequest, state: Data<AppState>) -> HttpResponse {
    match receive_code(&request, &state).await {
        Ok(()) => redirect(urls::DEV_APP_RESULT),
        Err(sentence) => told(&request, &state, &sentence),
    }
}

async fn receive_code(request: &HttpRequest, state: &AppState) -> Result<(), String> {
    let app = state
        .demo_app
        .as_ref()
        .ok_or("there is no demo application")?;
    let cookie = request
        .cookie(COOKIE)
        .ok_or("the demo application's cookie did not come back")?;
    let begun = app.take(cookie.value());
    let Some(Progress::Begun {
        state: sent_state,
        nonce,
        verifier,
    }) = begun
    else {
        return Err("this sign-in was finished before".to_owned());
    };
    let params = extract::params(request.query_string().as_bytes())
        .map_err(|refusal| refusal.description())?;
    if params.find("state") != Some(&sent_state) {
        return Err("state is not the one that was sent".to_owned());
    }
    if params.find("iss") != Some(&state.site.issuer) {
        return Err("iss is not the issuer".to_owned());
    }
    if let Some(error) = params.find("error") {
        let description = params.find("error_description").unwrap_or_default();
        return Err(format!("{error}: {description}"));
    }
    let code = params.find("code").ok_or("no code came")?.to_owned();
    let received = app.relying_party.redeem(code, verifier, &nonce).await;
    let received = Box::new(received.map_err(|trouble| trouble.to_string())?);
    app.remember(
        cookie.value().to_owned(),
        Progress::Done {
            received,
            notice: None,
        },
    );
    Ok(())
}

/// After signing in: what arrived.
async fn result(request: HttpRequest, state: Data<AppState>) -> HttpResponse {
    let scene = Scene::new(&state);
    match tell(&request, &scene).await {
        Ok(response) => response,
        Err(fault) => refusal::fault(&request, fault),
    }
}

async fn tell(request: &HttpRequest, scene: &Scene) -> Result<HttpResponse, Fault> {
    let visitor = Visitor::find(request, scene).await?;
    let csrf = form_token::make(scene, &visitor.browser, PURPOSE);
    let page = scene.state.demo_app.as_ref().and_then(|app| {
        let cookie = request.cookie(COOKIE)?;
        let browsers = app.browsers.lock().unwrap_or_else(PoisonError::into_inner);
        match browsers.get(cookie.value())? {
            Progress::Begun { .. } => None,
            Progress::Done { received, notice } => {
                Some(result_page(request, scene, received, notice.clone(), csrf))
            }
        }
    });
    Ok(match page {
        Some(page) => visitor.show(scene, &page, None),
        None => redirect(urls::DEV_APP),
    })
}

fn result_page(
    request: &HttpRequest,
    scene: &Scene,
    received: &Received,
    notice: Option<String>,
    csrf: String,
) -> DevAppResultPage {
    let claims = serde_json::to_value(&received.claims).unwrap_or_default();
    DevAppResultPage {
        frame: pages::frame(request, scene, "Demo app"),
        claims: rows(&claims),
        id_token_checks: received.checks.clone(),
        access_token_claims: rows(&decode_claims(&received.access_token)),
        userinfo: rows(&received.userinfo),
        refresh_action: received
            .refresh_token
            .as_ref()
            .map(|_| urls::DEV_APP_REFRESH.to_owned()),
        csrf,
        sign_out_url: sign_out_url(scene, &received.id_token),
        notice,
    }
}

/// RP-initiated logout, back to the demo application.
fn sign_out_url(scene: &Scene, id_token: &str) -> String {
    let back = format!("{}{}", scene.state.site.issuer, urls::DEV_APP);
    let query = url::form_urlencoded::Serializer::new(String::new())
        .append_pair("id_token_hint", id_token)
        .append_pair("post_logout_redirect_uri", &back)
        .finish();
    format!("{}?{query}", urls::LOGOUT)
}

/// The claims of an access token, for show; only an API that is its audience would verify and use them.
fn decode_claims(token: &str) -> Value {
    let payload = token.split('.').nth(1).unwrap_or_default();
    let bytes = URL_SAFE_NO_PAD.decode(payload).unwrap_or_default();
    serde_json::from_slice(&bytes).unwrap_or_default()
}

/// Members of an object as rows; text without quotes, absent ones left out.
fn rows(value: &Value) -> Vec<(String, String)> {
    let members = value
        .as_object()
        .into_iter()
        .flatten()
        .filter(|(_, value)| !value.is_null());
    members
        .map(|(name, value)| {
            let text = value
                .as_str()
                .map_or_else(|| value.to_string(), str::to_owned);
            let is_time = ["exp", "iat", "auth_time", "updated_at"].contains(&name.as_str());
            match value.as_i64().filter(|_| is_time) {
                Some(seconds) => (name.clone(), format!("{text} – {}", time::full(seconds))),
                None => (name.clone(), text),
            }
        })
        .collect()
}

/// Uses the refresh token.
async fn refresh(request: HttpRequest, payload: Payload, state: Data<AppState>) -> HttpResponse {
    let scene = Scene::new(&state);
    match try_refresh(&request, payload, &scene).await {
        Ok(Ok(response)) => response,
        Ok(Err(trouble)) => told(&request, &state, &trouble.to_string()),
        Err(fault) => refusal::fault(&request, fault),
    }
}

async fn try_refresh(
    request: &HttpRequest,
    payload: Payload,
    scene: &Scene,
) -> Result<Result<HttpResponse, Trouble>, Fault> {
    let body = extract::form_body(request, payload).await?;
    let params = extract::params(&body)?;
    form_token::check(request, scene, &params, PURPOSE)?;
    let found = scene.state.demo_app.as_ref().zip(request.cookie(COOKIE));
    let Some((app, cookie)) = found else {
        return Ok(Ok(redirect(urls::DEV_APP)));
    };
    let Some(Progress::Done { received, .. }) = app.take(cookie.value()) else {
        return Ok(Ok(redirect(urls::DEV_APP)));
    };
    let Some(refresh_token) = received.refresh_token else {
        return Ok(Ok(redirect(urls::DEV_APP)));
    };
    let refreshed = match app.relying_party.refresh(refresh_token).await {
        Ok(refreshed) => refreshed,
        Err(trouble) => return Ok(Err(trouble)),
    };
    let notice = Some("Refreshed: new tokens arrived, and they are verified.".to_owned());
    let received = Box::new(refreshed);
    app.remember(
        cookie.value().to_owned(),
        Progress::Done { received, notice },
    );
    Ok(Ok(redirect(urls::DEV_APP_RESULT)))
}

/// What went wrong, as an application would tell its developer.
fn told(request: &HttpRequest, state: &Data<AppState>, sentence: &str) -> HttpResponse {
    let scene = Scene::new(state);
    let heading = "The demo app could not sign you in";
    let page = ErrorPage {
        frame: pages::frame(request, &scene, heading),
        heading: heading.to_owned(),
        sentence: "The server answered, but not with tokens.".to_owned(),
        what_to_do: vec![format!(
            "Start again at {}{}",
            scene.state.site.issuer,
            urls::DEV_APP
        )],
        error_id: "demo".to_owned(),
        time_utc: time::clock(scene.now),
        developer: Some(DeveloperBlock {
            rows: vec![("answer".to_owned(), sentence.to_owned())],
        }),
    };
    let mut response = pages::show(&page, None);
    *response.status_mut() = actix_web::http::StatusCode::BAD_REQUEST;
    response
}
