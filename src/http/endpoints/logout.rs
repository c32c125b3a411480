//! Signing out (OpenID Connect RP-Initiated Logout §2), for clients and for people.
//!
//! Without a hint of the very session, the person is asked first: a link from anywhere must not sign anybody
//! out.

use actix_web::http::header::{self, HeaderValue};
use actix_web::web::{Data, Payload};
use actix_web::{HttpRequest, HttpResponse};

use crate::http::pages::view::{Link, LogoutPage, SignedOutPage};
use crate::http::pages::{self, Visitor, redirect, refusal};
use crate::http::scene::Scene;
use crate::http::state::AppState;
use crate::http::{accounts, extract, form_token, urls};
use crate::identity::session::{self, Living};
use crate::identity::store::Session;
use crate::protocol::client::ClientId;
use crate::protocol::error::Fault;
use crate::protocol::logout::{self, LogoutRequest};
use crate::protocol::params::Params;
use crate::protocol::subject_identifier::session_identifier;

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
    let leaving = leaving(scene, &asked, &visitor.accounts);
    if leaving.is_empty() {
        return Ok(onward(asked.return_to.as_deref()));
    }
    let keys = &scene.state.token_keys;
    let is_hinted = |it: &Living| asked.names_session(keys, &it.session.id);
    if leaving.iter().all(is_hinted) {
        return end(request, scene, &leaving, visitor.accounts, back(&asked)).await;
    }
    let names: Vec<String> = leaving
        .iter()
        .map(|it| pages::display_name(&it.subject))
        .collect();
    let page = LogoutPage {
        frame: pages::frame(request, scene, "Sign out"),
        action: urls::LOGOUT_CONFIRM.to_owned(),
        csrf: form_token::make(scene, &visitor.browser, PURPOSE),
        request: encode(&params),
        account_names: names,
        client: asked.client.as_deref().map(pages::client_card),
    };
    let target = asked.return_to.as_deref().and_then(pages::form_target);
    Ok(visitor.show(scene, &page, target.as_deref()))
}

/// Which of the accounts of the browser are to be signed out: the one of the hint; all, where there is none or it is of
/// somebody who is not signed in here, which the person is asked about (RP-Initiated Logout §2).
fn leaving(scene: &Scene, asked: &LogoutRequest, accounts: &[Living]) -> Vec<Living> {
    if asked.hint.is_none() {
        return accounts.to_vec();
    }
    let keys = &scene.state.token_keys;
    let all = || accounts.to_vec();
    let is_it = |it: &&Living| asked.names_session(keys, &it.session.id);
    let is_person = |it: &&Living| asked.names(keys, &it.subject.id);
    let mut found = accounts.iter();
    let found = found.clone().find(is_it).or_else(|| found.find(is_person));
    found.cloned().map_or_else(all, |it| vec![it])
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
    let leaving = leaving(scene, &asked, &visitor.accounts);
    if leaving.is_empty() {
        Ok(onward(asked.return_to.as_deref()))
    } else if wants_out {
        end(request, scene, &leaving, visitor.accounts, back(&asked)).await
    } else {
        Ok(redirect(urls::ACCOUNT))
    }
}

/// The way back to the client that asked.
fn back(asked: &LogoutRequest) -> Option<Link> {
    let url = asked.return_to.clone()?;
    let label = "Continue to the app".to_owned();
    Some(Link { label, url })
}

/// Ends the sessions of some `accounts` of the browser, and shows the way on.
pub(crate) async fn end(
    request: &HttpRequest,
    scene: &Scene,
    leaving: &[Living],
    mut accounts: Vec<Living>,
    way_on: Option<Link>,
) -> Result<HttpResponse, Fault> {
    accounts.retain(|it| {
        leaving
            .iter()
            .all(|other| other.session.id != it.session.id)
    });
    let mut sessions: Vec<Session> = leaving.iter().map(|it| it.session.clone()).collect();
    // In one order everywhere, because each end locks its person.
    sessions.sort_by(|one, other| one.subject.cmp(&other.subject));
    let end = scene.write(move |scene, store| {
        let find_client = |id: &ClientId| scene.snapshot.client(id.as_str());
        let mut told = Vec::new();
        for session in &sessions {
            // When somebody else ended it just before, the clients hear from there.
            let took_part = session::end(store, &find_client, session, scene.now)?;
            let uris = took_part.into_iter().flatten();
            told.extend(uris.filter_map(|client| {
                let uri = client.metadata.frontchannel_logout_uri.as_ref()?;
                let sid = session_identifier(&scene.state.token_keys, &client, &session.id);
                Some(uri.for_session(&scene.state.site.issuer, &sid))
            }));
        }
        Ok::<_, Fault>(told)
    });
    let frames: Vec<String> = end.await?;
    let mut response = if frames.is_empty() {
        onward(way_on.as_ref().map(|link| link.url.as_str()))
    } else {
        tell_in_frames(request, scene, way_on, frames)
    };
    accounts::keep(scene, &mut response, &accounts);
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
    way_on: Option<Link>,
    frames: Vec<String>,
) -> HttpResponse {
    let address = way_on.as_ref().map(|link| link.url.clone());
    let page = SignedOutPage {
        frame: pages::frame(request, scene, "Signed out"),
        back: Some(way_on.unwrap_or_else(sign_in_again)),
        goes_on: address.is_some(),
        frames,
    };
    let mut response = pages::show_with_frames(&page, &page.frames);
    if let Some(address) = address
        && let Ok(refresh) = HeaderValue::from_str(&format!("{AFTER_FRAMES}; url={address}"))
    {
        response.headers_mut().insert(header::REFRESH, refresh);
    }
    response
}

/// Seconds.
const AFTER_FRAMES: u8 = 2;

/// To the client, or to a page of ours.
fn onward(address: Option<&str>) -> HttpResponse {
    redirect(address.unwrap_or(urls::LOGGED_OUT))
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
