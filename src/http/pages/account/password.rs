//! A new password, set by its person.

use std::sync::Arc;

use actix_web::http::StatusCode;
use actix_web::web::{Data, Payload};
use actix_web::{HttpRequest, HttpResponse};

use crate::crypto::secret::Secret;
use crate::http::pages::account::{Sent, purpose};
use crate::http::pages::credentials::{Checked, Claimant, ask_to_wait, wait_sentence};
use crate::http::pages::new_person::{SHORTEST_PASSWORD, new_password};
use crate::http::pages::view::{FormError, PasswordPage};
use crate::http::pages::{self, Origin, Visitor, redirect, refusal};
use crate::http::scene::Scene;
use crate::http::state::AppState;
use crate::http::{accounts, form_token, urls};
use crate::identity::session::Living;
use crate::identity::{password, throttle};
use crate::protocol::error::Fault;

/// Shows the form.
pub(crate) async fn show(request: HttpRequest, state: Data<AppState>) -> HttpResponse {
    let scene = Scene::new(&state);
    tell(&request, &scene)
        .await
        .unwrap_or_else(|fault| refusal::fault(&request, fault))
}

async fn tell(request: &HttpRequest, scene: &Scene) -> Result<HttpResponse, Fault> {
    let visitor = Visitor::find(request, scene).await?;
    Ok(match visitor.living() {
        Some(living) => form(request, scene, &visitor, living, None),
        None => redirect(urls::LOGIN),
    })
}

fn form(
    request: &HttpRequest,
    scene: &Scene,
    visitor: &Visitor,
    living: &Living,
    error: Option<FormError>,
) -> HttpResponse {
    let is_refused = error.is_some();
    let page = PasswordPage {
        frame: pages::frame(request, scene, "Change your password"),
        action: urls::PASSWORD.to_owned(),
        csrf: form_token::make(scene, &visitor.browser, &purpose(&living.session.id)),
        account: living.session.id.clone(),
        username: living.subject.username.clone(),
        minimum_length: SHORTEST_PASSWORD,
        back_url: urls::ACCOUNT.to_owned(),
        error,
    };
    let mut response = visitor.show(scene, &page, None);
    if is_refused {
        *response.status_mut() = StatusCode::BAD_REQUEST;
    }
    response
}

/// Changes the password.
pub(crate) async fn change(
    request: HttpRequest,
    payload: Payload,
    state: Data<AppState>,
) -> HttpResponse {
    let scene = Scene::new(&state);
    try_change(&request, payload, &scene)
        .await
        .unwrap_or_else(|fault| refusal::fault(&request, fault))
}

async fn try_change(
    request: &HttpRequest,
    payload: Payload,
    scene: &Scene,
) -> Result<HttpResponse, Fault> {
    let sent = Sent::read(request, payload, scene).await?;
    let Some(living) = sent.living.clone() else {
        return Ok(redirect(urls::LOGIN));
    };
    let visitor = &sent.visitor;
    let refuse = |error| form(request, scene, visitor, &living, Some(error));
    let params = sent.params()?;
    let username = living.subject.username.clone();
    // What is typed is looked at before the password that costs a try.
    let new = match new_password(&params, "new_password", &username) {
        Ok(new) => new,
        Err(error) => return Ok(refuse(error)),
    };
    let old = Secret::new(params.find("password").unwrap_or_default().to_owned());
    let claimant = Claimant::new(request, username);
    let user = match claimant.check(request, scene, old).await? {
        Checked::Right(user) => user,
        Checked::Wrong => return Ok(refuse(wrong())),
        Checked::TooMany(wait) => return Ok(ask_to_wait(refuse(wait_sentence(wait)), wait)),
    };
    let random = Arc::clone(&scene.state.random);
    let hash = scene.state.passwords.hash(new, random).await?;
    let (origin, kept) = (Origin::of(request), visitor.accounts.clone());
    let change = scene.write(move |scene, store| {
        let (context, browser) = (scene.context(), origin.browser());
        throttle::forgive(&context, store, &claimant.attempt())?;
        let changed = password::change(&context, store, &user, hash, &browser, kept)?;
        Ok::<_, Fault>(changed)
    });
    Ok(match change.await? {
        Some(accounts) => {
            let mut response = redirect(&format!("{}?done=password", urls::ACCOUNT));
            accounts::keep(scene, &mut response, &accounts);
            response
        }
        // Somebody changed it while this form was on its way.
        None => refuse(wrong()),
    })
}

fn wrong() -> FormError {
    FormError::at_field("password", "Enter the password that you have now")
}
