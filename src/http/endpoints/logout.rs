//! Signing out (OpenID Connect RP-Initiated Logout §2), for clients and for people.
//!
//! Without a hint of the very session, the person is asked first: a link from anywhere must not sign anybody
//! out.

use actix_web::http::header::{HeaderName, HeaderValue};
use actix_web::web::{Data, Payload};
use actix_web::{HttpRequest, HttpResponse};

use crate::http::cookies::{self, Kind};
use crate::http::pages::view::{Link, LogoutPage, SignedOutPage};
use crate::http::pages::{self, Visitor, redirect, refusal};
use crate::http::scene::Scene;
use crate::http::state::AppState;
use crate::http::{extract, form_token, urls};
use crate::identity::store::Sessions as _;
use crate::protocol::error::Fault;
use crate::protocol::logout::{self, LogoutRequest};
use crate::protocol::params::Params;

/// What the hidden field of the form is made for.
pub(crate) const PURPOSE: &str = "logout";

/// Starts signing out.
pub(crate) async fn answer(request: HttpRequest, state: Data<AppState>) -> HttpResponse {
    let scene = Scene::new(&state);
    start(&request, &scene)
        .await
        .unwrap_or_else(|fault| refusal::fault(&request, fault))
}

async fn start(request: &HttpRequest, scene: &Scene) -> Result<HttpResponse, Fault> {
    let params = extract::params(request.query_string().as_bytes())?;
    let asked = logout::accept(&scene.context(), scene.keys(), &params)?;
    let visitor = Visitor::find(request, scene).await?;
    let Some(living) = visitor.living.as_ref() else {
        return Ok(onward(&asked));
    };
    let hinted = asked.hint.as_ref().and_then(|hint| hint.sid.as_deref());
    if hinted == Some(living.session.id.as_str()) {
        return end(scene, living.session.id.clone(), &asked).await;
    }
    let page = LogoutPage {
        frame: pages::frame(request, scene, "Sign out"),
        action: urls::LOGOUT_CONFIRM.to_owned(),
        csrf: form_token::make(scene, &visitor.browser, PURPOSE),
        request: encode(&params),
        account_name: Some(pages::display_name(&living.subject)),
        client: asked.client.as_deref().map(pages::client_card),
    };
    let target = asked.return_to.as_deref().and_then(pages::form_target);
    Ok(visitor.show(scene, &page, target.as_deref()))
}

/// The person answered on the page.
pub(crate) async fn confirm(
    request: HttpRequest,
    payload: Payload,
    state: Data<AppState>,
) -> HttpResponse {
    let scene = Scene::new(&state);
    decide(&request, payload, &scene)
        .await
        .unwrap_or_else(|fault| refusal::fault(&request, fault))
}

async fn decide(
    request: &HttpRequest,
    payload: Payload,
    scene: &Scene,
) -> Result<HttpResponse, Fault> {
    let body = extract::form_body(request, payload).await?;
    let params = extract::params(&body)?;
    form_token::check(request, scene, &params, PURPOSE)?;
    let carried = params.find("request").unwrap_or_default();
    let carried = extract::params(carried.as_bytes())?;
    let asked = logout::accept(&scene.context(), scene.keys(), &carried)?;
    let visitor = Visitor::find(request, scene).await?;
    let wants_out = params.find("decision") == Some("sign-out");
    match visitor.living {
        Some(living) if wants_out => end(scene, living.session.id, &asked).await,
        Some(_) => Ok(redirect(urls::ACCOUNT)),
        None => Ok(onward(&asked)),
    }
}

async fn end(scene: &Scene, session: String, asked: &LogoutRequest) -> Result<HttpResponse, Fault> {
    let end = scene.write(move |scene, store| Ok(store.end_session(&session, scene.now)?));
    let ended: Result<bool, Fault> = end.await;
    ended.map(|_| done(scene, asked))
}

/// To the client, or to a page of ours.
fn onward(asked: &LogoutRequest) -> HttpResponse {
    redirect(asked.return_to.as_deref().unwrap_or(urls::LOGGED_OUT))
}

/// The same after a session ended: the browser forgets it, and what it kept of our pages.
fn done(scene: &Scene, asked: &LogoutRequest) -> HttpResponse {
    let mut response = onward(asked);
    cookies::add(
        &mut response,
        &cookies::forget(&scene.state.site, Kind::Session),
    );
    let kept = HeaderValue::from_static("\"cache\", \"storage\"");
    response
        .headers_mut()
        .insert(HeaderName::from_static("clear-site-data"), kept);
    response
}

/// The page after signing out.
pub(crate) async fn signed_out(request: HttpRequest, state: Data<AppState>) -> HttpResponse {
    let scene = Scene::new(&state);
    let back = Link {
        label: "Sign in again".to_owned(),
        url: urls::LOGIN.to_owned(),
    };
    let frame = pages::frame(&request, &scene, "Signed out");
    pages::show(
        &SignedOutPage {
            frame,
            back: Some(back),
        },
        None,
    )
}

/// The parameters as the hidden field carries them; they are checked anew when they come back.
fn encode(params: &Params<'_>) -> String {
    let mut encoded = url::form_urlencoded::Serializer::new(String::new());
    let carried = [
        "id_token_hint",
        "client_id",
        "post_logout_redirect_uri",
        "state",
    ];
    for (name, value) in params.iter().filter(|(name, _)| carried.contains(name)) {
        encoded.append_pair(name, value);
    }
    encoded.finish()
}
