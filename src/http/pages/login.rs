//! The sign-in page.

use actix_web::http::{StatusCode, header};
use actix_web::web::{Data, Payload};
use actix_web::{HttpRequest, HttpResponse};

use crate::crypto::secret::Secret;
use crate::http::endpoints::waiting::WaitingKey;
use crate::http::extract::header_text;
use crate::http::pages::view::{FormError, LoginPage, WRONG_USER_NAME_OR_PASSWORD};
use crate::http::pages::{self, Visitor, redirect, refusal};
use crate::http::scene::Scene;
use crate::http::state::AppState;
use crate::http::{accounts, address, error, extract, form_token, urls};
use crate::identity::sign_in::{self, Attempt, Begun, Browser};
use crate::identity::store::User;
use crate::identity::throttle::{self, Wait};
use crate::protocol::catalogue;
use crate::protocol::error::{Fault, Refusal, StoreError};
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
        notice: None,
    };
    let address = waiting.map(|(waiting, _)| waiting.request.redirect_uri);
    let target = address.as_deref().and_then(pages::form_target);
    Ok(visitor.show(scene, &page, target.as_deref()))
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
    Ok(Some((waiting, pages::client_card(&client))))
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
    let source = address::source(request);
    let begun = begin(scene, &username, &source).await?;
    let password = Secret::new(params.find("password").unwrap_or_default().to_owned());
    let user = match begun {
        Begun::Wait(wait) => return too_many(request, scene, &handle, username, wait).await,
        Begun::Decoy => {
            let compared = scene.state.passwords.fitting(password, Vec::new()).await;
            or_take_back(scene, &username, &source, compared).await?;
            None
        }
        Begun::Compare(user, hash) => {
            let compared = scene.state.passwords.fitting(password, vec![hash]).await;
            let fitting = or_take_back(scene, &username, &source, compared).await?;
            fitting.map(|_| user)
        }
    };
    let Some(user) = user else {
        error::log_refusal(request, Refusal::new(&catalogue::SIGN_IN_REFUSED));
        let error = Some(FormError::at_field("username", WRONG_USER_NAME_OR_PASSWORD));
        let problem = Problem { username, error };
        return refused(request, scene, &handle, problem, StatusCode::UNAUTHORIZED).await;
    };
    finish(request, scene, *user, username, source, handle).await
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

/// Counts the try in a transaction of its own, so that no later failure takes the count back.
async fn begin(scene: &Scene, username: &str, source: &str) -> Result<Begun, Fault> {
    let (username, source) = (username.to_owned(), source.to_owned());
    let begin = scene.write(move |scene, store| {
        let attempt = Attempt {
            username: &username,
            source: &source,
        };
        Ok(sign_in::begin(&scene.context(), store, &attempt)?)
    });
    begin.await
}

/// A try that could not be checked is not held against anybody.
async fn or_take_back(
    scene: &Scene,
    username: &str,
    source: &str,
    compared: Result<Option<usize>, StoreError>,
) -> Result<Option<usize>, Fault> {
    let error = match compared {
        Ok(fitting) => return Ok(fitting),
        Err(error) => error,
    };
    let (username, source) = (username.to_owned(), source.to_owned());
    let take_back = scene.write(move |scene, store| {
        let attempt = Attempt {
            username: &username,
            source: &source,
        };
        Ok::<_, Fault>(throttle::take_back(&scene.context(), store, &attempt)?)
    });
    take_back.await?;
    Err(error.into())
}

async fn finish(
    request: &HttpRequest,
    scene: &Scene,
    user: User,
    username: String,
    source: String,
    handle: String,
) -> Result<HttpResponse, Fault> {
    let earlier = Visitor::find(request, scene).await?.accounts;
    let agent = header_text(request, &header::USER_AGENT)
        .unwrap_or_default()
        .to_owned();
    let from = address::client_address(request)
        .map(|it| it.to_string())
        .unwrap_or_default();
    let waiting = (!handle.is_empty()).then(|| scene.state.token_keys.request_digest(&handle));
    let finish = scene.write(move |scene, store| {
        let context = scene.context();
        let attempt = Attempt {
            username: &username,
            source: &source,
        };
        let browser = Browser {
            user_agent: &agent,
            address: &from,
        };
        let accounts = sign_in::finish(&context, store, &user, &attempt, &browser, earlier)?;
        if let (Some(waiting), Some(new)) = (waiting, accounts.first()) {
            store.mark_signed_in(&waiting, &new.session.id)?;
        }
        Ok::<_, Fault>(accounts)
    });
    let accounts = finish.await?;
    let mut response = if handle.is_empty() {
        redirect(urls::ACCOUNT)
    } else {
        redirect(&urls::for_request(urls::RESUME, &handle))
    };
    accounts::keep(scene, &mut response, &accounts);
    Ok(response)
}

async fn too_many(
    request: &HttpRequest,
    scene: &Scene,
    handle: &str,
    username: String,
    wait: Wait,
) -> Result<HttpResponse, Fault> {
    error::log_refusal(request, Refusal::new(&catalogue::TOO_MANY_TRIES));
    let message = format!(
        "There were too many failed tries. Wait {} seconds, then try again.",
        wait.seconds
    );
    let problem = Problem {
        username,
        error: Some(FormError::of_form(&message)),
    };
    let mut response = refused(
        request,
        scene,
        handle,
        problem,
        StatusCode::TOO_MANY_REQUESTS,
    )
    .await?;
    let seconds = header::HeaderValue::from(wait.seconds);
    response.headers_mut().insert(header::RETRY_AFTER, seconds);
    Ok(response)
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
