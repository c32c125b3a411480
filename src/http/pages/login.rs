//! The sign-in page.

use actix_web::http::StatusCode;
use actix_web::web::{Data, Payload};
use actix_web::{HttpRequest, HttpResponse};

use crate::crypto::secret::Secret;
use crate::http::endpoints::waiting::WaitingKey;
use crate::http::pages::credentials::{Checked, Claimant, ask_to_wait, wait_sentence};
use crate::http::pages::view::{FormError, LoginPage, WRONG_USER_NAME_OR_PASSWORD};
use crate::http::pages::{self, Origin, Visitor, refusal};
use crate::http::scene::Scene;
use crate::http::state::AppState;
use crate::http::{accounts, extract, form_token, urls};
use crate::identity::sign_in;
use crate::identity::store::User;
use crate::protocol::error::Fault;
use crate::protocol::params::Params;
use crate::protocol::store::{WaitingRequest, WaitingRequests as _};

/// What the hidden field of the form is made for, besides the waiting request.
const PURPOSE: &str = "login ";

/// What the page shows besides the request.
#[derive(Default)]
struct Problem {
    username: String,
    error: Option<FormError>,
}

/// Shows the page.
pub(crate) async fn show(request: HttpRequest, state: Data<AppState>) -> HttpResponse {
    let scene = Scene::new(&state);
    show_for_address(&request, &scene)
        .await
        .unwrap_or_else(|fault| refusal::fault(&request, fault))
}

async fn show_for_address(request: &HttpRequest, scene: &Scene) -> Result<HttpResponse, Fault> {
    let params = extract::params(request.query_string().as_bytes())?;
    let handle = params.find("request").unwrap_or_default();
    form(request, scene, handle, Problem::default()).await
}

/// The page for a waiting request, or for the account page when the handle is empty.
async fn form(
    request: &HttpRequest,
    scene: &Scene,
    handle: &str,
    problem: Problem,
) -> Result<HttpResponse, Fault> {
    let visitor = Visitor::find(request, scene).await?;
    let waiting = find_waiting(request, scene, handle).await?;
    let client = waiting.as_ref().map(|(_, card)| card.clone());
    let hint = waiting
        .as_ref()
        .and_then(|(waiting, _)| waiting.request.login_hint.clone());
    let page = LoginPage {
        frame: pages::frame(request, scene, "Sign in"),
        client,
        action: urls::LOGIN.to_owned(),
        csrf: form_token::make(scene, &visitor.browser, &format!("{PURPOSE}{handle}")),
        request: handle.to_owned(),
        username: if problem.username.is_empty() {
            hint.unwrap_or_default()
        } else {
            problem.username
        },
        error: problem.error,
        sign_up_url: (scene.state.policy.accounts.sign_up)
            .then(|| urls::for_request(urls::SIGN_UP, handle)),
        notice: None,
    };
    let address = waiting.map(|(waiting, _)| waiting.request.redirect_uri);
    let target = address.as_deref().and_then(pages::form_target);
    let mut response = visitor.show(scene, &page, target.as_deref());
    let client = page.client.as_ref();
    pages::allow_picture(&mut response, client.and_then(|it| it.logo.as_deref()));
    Ok(response)
}

async fn find_waiting(
    request: &HttpRequest,
    scene: &Scene,
    handle: &str,
) -> Result<Option<(WaitingRequest, pages::view::ClientCard)>, Fault> {
    if handle.is_empty() {
        return Ok(None);
    }
    let key = WaitingKey::new(request, scene, handle)?;
    let (waiting, client) = scene
        .read(move |scene, store| key.look_up(scene, store))
        .await?;
    let card = pages::waiting_card(&client, &waiting);
    Ok(Some((waiting, card)))
}

/// Signs in.
pub(crate) async fn sign_in(
    request: HttpRequest,
    payload: Payload,
    state: Data<AppState>,
) -> HttpResponse {
    let scene = Scene::new(&state);
    try_sign_in(&request, payload, &scene)
        .await
        .unwrap_or_else(|fault| refusal::fault(&request, fault))
}

async fn try_sign_in(
    request: &HttpRequest,
    payload: Payload,
    scene: &Scene,
) -> Result<HttpResponse, Fault> {
    let body = extract::form_body(request, payload).await?;
    let params = extract::params(&body)?;
    let handle = params.find("request").unwrap_or_default().to_owned();
    form_token::check(request, scene, &params, &format!("{PURPOSE}{handle}"))?;
    // Whether the request still waits is found out before a try is counted.
    find_waiting(request, scene, &handle).await?;
    let username = params
        .find("username")
        .unwrap_or_default()
        .trim()
        .to_owned();
    if let Some(error) = missing(&params) {
        let problem = Problem {
            username,
            error: Some(error),
        };
        return refused(request, scene, &handle, problem, StatusCode::BAD_REQUEST).await;
    }
    let password = Secret::new(params.find("password").unwrap_or_default().to_owned());
    let claimant = Claimant::new(request, username);
    match claimant.check(request, scene, password).await? {
        Checked::Right(user) => finish(request, scene, *user, claimant, handle).await,
        Checked::Wrong => wrong(request, scene, &handle, claimant.username).await,
        Checked::TooMany(wait) => {
            let problem = Problem {
                username: claimant.username,
                error: Some(wait_sentence(wait)),
            };
            let page = form(request, scene, &handle, problem).await?;
            Ok(ask_to_wait(page, wait))
        }
    }
}

async fn wrong(
    request: &HttpRequest,
    scene: &Scene,
    handle: &str,
    username: String,
) -> Result<HttpResponse, Fault> {
    let error = Some(FormError::at_field("username", WRONG_USER_NAME_OR_PASSWORD));
    let problem = Problem { username, error };
    refused(request, scene, handle, problem, StatusCode::UNAUTHORIZED).await
}

fn missing(params: &Params<'_>) -> Option<FormError> {
    if params.find("username").is_none() {
        Some(FormError::at_field("username", "Enter your user name"))
    } else if params.find("password").is_none() {
        Some(FormError::at_field("password", "Enter your password"))
    } else {
        None
    }
}

async fn finish(
    request: &HttpRequest,
    scene: &Scene,
    user: User,
    claimant: Claimant,
    handle: String,
) -> Result<HttpResponse, Fault> {
    let earlier = Visitor::find(request, scene).await?.accounts;
    let username = claimant.username.clone();
    let origin = Origin::of(request);
    let waiting = (!handle.is_empty()).then(|| scene.state.token_keys.request_digest(&handle));
    let finish = scene.write(move |scene, store| {
        let context = scene.context();
        let (attempt, browser) = (claimant.attempt(), origin.browser());
        let accounts = sign_in::finish(&context, store, &user, &attempt, &browser, earlier)?;
        let new = accounts.as_ref().and_then(|accounts| accounts.first());
        if let (Some(waiting), Some(new)) = (waiting, new) {
            store.mark_signed_in(&waiting, &new.session.id)?;
        }
        Ok::<_, Fault>(accounts)
    });
    let Some(accounts) = finish.await? else {
        return wrong(request, scene, &handle, username).await;
    };
    Ok(accounts::go_on(scene, &handle, &accounts))
}

async fn refused(
    request: &HttpRequest,
    scene: &Scene,
    handle: &str,
    problem: Problem,
    status: StatusCode,
) -> Result<HttpResponse, Fault> {
    let mut response = form(request, scene, handle, problem).await?;
    *response.status_mut() = status;
    Ok(response)
}
