//! Signing out (OpenID Connect RP-Initiated Logout §2), for clients and for people.
//!
//! Without a hint of the very session, the person is asked first: a link from anywhere must not sign anybody
//! out.

use std::sync::Arc;

use actix_web::http::header::{self, HeaderName, HeaderValue};
use actix_web::web::{Data, Payload};
use actix_web::{HttpRequest, HttpResponse};

use crate::http::cookies::{self, Kind};
use crate::http::pages::view::{Link, LogoutPage, SignedOutPage};
use crate::http::pages::{self, Visitor, redirect, refusal};
use crate::http::scene::Scene;
use crate::http::state::AppState;
use crate::http::{extract, form_token, urls};
use crate::identity::session;
use crate::identity::store::Session;
use crate::protocol::client::{Client, ClientId};
use crate::protocol::error::Fault;
use crate::protocol::logout::{self, LogoutRequest};
use crate::protocol::params::Params;
use crate::protocol::session_state;

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
        return end(request, scene, living.session.clone(), &asked).await;
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
        Some(living) if wants_out => end(request, scene, living.session, &asked).await,
        Some(_) => Ok(redirect(urls::ACCOUNT)),
        None => Ok(onward(&asked)),
    }
}

async fn end(
    request: &HttpRequest,
    scene: &Scene,
    session: Session,
    asked: &LogoutRequest,
) -> Result<HttpResponse, Fault> {
    let sid = session.id.clone();
    let end = scene.write(move |scene, store| {
        let find_client = |id: &ClientId| scene.snapshot.client(id.as_str());
        Ok::<_, Fault>(session::end(store, &find_client, &session, scene.now)?)
    });
    // When somebody else ended it just before, the clients hear from there.
    let took_part: Vec<Arc<Client>> = end.await?.unwrap_or_default();
    let frames: Vec<String> = took_part
        .iter()
        .filter_map(|client| client.metadata.frontchannel_logout_uri.as_ref())
        .map(|uri| uri.for_session(&scene.state.site.issuer, &sid))
        .collect();
    let mut response = if frames.is_empty() {
        onward(asked)
    } else {
        tell_in_frames(request, scene, asked, frames)
    };
    forget(scene, &mut response);
    Ok(response)
}

/// A page that signs clients out in frames (OpenID Connect Front-Channel Logout §3), and then leads on.
///
/// The browser must be sent to the client's address, but not before the frames have loaded, and neither by a script nor by
/// an element of the page. A `Refresh` header does it: browsers count its seconds from when the page is loaded
/// with its frames, it needs no script, and `HtmlUnit` follows one of up to two seconds. Whoever has it switched off has the
/// link.
fn tell_in_frames(
    request: &HttpRequest,
    scene: &Scene,
    asked: &LogoutRequest,
    frames: Vec<String>,
) -> HttpResponse {
    let back = match &asked.return_to {
        Some(address) => Link {
            label: "Continue to the app".to_owned(),
            url: address.clone(),
        },
        None => sign_in_again(),
    };
    let page = SignedOutPage {
        frame: pages::frame(request, scene, "Signed out"),
        back: Some(back),
        goes_on: asked.return_to.is_some(),
        frames,
    };
    let mut response = pages::show_with_frames(&page, &page.frames);
    if let Some(address) = &asked.return_to
        && let Ok(refresh) = HeaderValue::from_str(&format!("{AFTER_FRAMES}; url={address}"))
    {
        response.headers_mut().insert(header::REFRESH, refresh);
    }
    response
}

/// Seconds.
const AFTER_FRAMES: u8 = 2;

/// To the client, or to a page of ours.
fn onward(asked: &LogoutRequest) -> HttpResponse {
    redirect(asked.return_to.as_deref().unwrap_or(urls::LOGGED_OUT))
}

/// The browser forgets a session that ended, and what it kept of our pages. Frames of clients see that it changed.
fn forget(scene: &Scene, response: &mut HttpResponse) {
    let state = session_state::signed_out(&*scene.state.random);
    let life = scene.state.policy.session_absolute_lifetime;
    cookies::add(
        response,
        &cookies::session_state(&scene.state.site, state, life),
    );
    cookies::add(response, &cookies::forget(&scene.state.site, Kind::Session));
    let kept = HeaderValue::from_static("\"cache\", \"storage\"");
    response
        .headers_mut()
        .insert(HeaderName::from_static("clear-site-data"), kept);
}

/// The page after signing out.
pub(crate) async fn signed_out(request: HttpRequest, state: Data<AppState>) -> HttpResponse {
    let scene = Scene::new(&state);
    let frame = pages::frame(&request, &scene, "Signed out");
    pages::show(
        &SignedOutPage {
            frame,
            back: Some(sign_in_again()),
            goes_on: false,
            frames: Vec::new(),
        },
        None,
    )
}

fn sign_in_again() -> Link {
    Link {
        label: "Sign in again".to_owned(),
        url: urls::LOGIN.to_owned(),
    }
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
