//! The page on which somebody makes an account (Initiating User Registration via OpenID Connect 1.0), where
//! `account.sign_up` allows it.

use actix_web::http::StatusCode;
use actix_web::web::{Data, Payload};
use actix_web::{HttpRequest, HttpResponse};

use crate::http::endpoints::waiting::WaitingKey;
use crate::http::pages::new_person::{Fields, SHORTEST_PASSWORD, Typed, name_is_taken};
use crate::http::pages::view::SignUpPage;
use crate::http::pages::{self, Origin, Visitor, refusal};
use crate::http::scene::Scene;
use crate::http::state::AppState;
use crate::http::{accounts, address, extract, form_token, urls};
use crate::identity::sign_in;
use crate::identity::store::Users as _;
use crate::protocol::catalogue;
use crate::protocol::error::{Fault, Trouble};
use crate::protocol::store::WaitingRequests as _;

/// What the hidden field of the form is made for, besides the waiting request.
const PURPOSE: &str = "sign-up ";

/// Shows the page.
pub(crate) async fn show(request: HttpRequest, state: Data<AppState>) -> HttpResponse {
    let scene = Scene::new(&state);
    ask(&request, &scene)
        .await
        .unwrap_or_else(|fault| refusal::fault(&request, fault))
}

async fn ask(request: &HttpRequest, scene: &Scene) -> Result<HttpResponse, Fault> {
    let params = extract::params(request.query_string().as_bytes())?;
    let handle = params.find("request").unwrap_or_default();
    form(request, scene, handle, Typed::default()).await
}

async fn form(
    request: &HttpRequest,
    scene: &Scene,
    handle: &str,
    typed: Typed,
) -> Result<HttpResponse, Fault> {
    check_open(scene)?;
    let visitor = Visitor::find(request, scene).await?;
    let waiting = if handle.is_empty() {
        None
    } else {
        let key = WaitingKey::new(request, scene, handle)?;
        let look_up = scene.read(move |scene, store| key.look_up(scene, store));
        Some(look_up.await?)
    };
    let is_refused = typed.error.is_some();
    let page = SignUpPage {
        frame: pages::frame(request, scene, "Create an account"),
        client: waiting
            .as_ref()
            .map(|(waiting, client)| pages::waiting_card(client, waiting)),
        action: urls::SIGN_UP.to_owned(),
        csrf: form_token::make(scene, &visitor.browser, &format!("{PURPOSE}{handle}")),
        request: handle.to_owned(),
        username: typed.username,
        email: typed.email,
        error: typed.error,
        minimum_length: SHORTEST_PASSWORD,
        sign_in_url: urls::for_request(urls::LOGIN, handle),
    };
    let target = waiting.and_then(|(waiting, _)| pages::form_target(&waiting.request.redirect_uri));
    let mut response = visitor.show(scene, &page, target.as_deref());
    if is_refused {
        *response.status_mut() = StatusCode::BAD_REQUEST;
    }
    Ok(response)
}

fn check_open(scene: &Scene) -> Result<(), Fault> {
    if scene.state.policy.accounts.sign_up {
        Ok(())
    } else {
        Err((&catalogue::SIGN_UP_CLOSED).into())
    }
}

/// Makes the account, and signs in.
pub(crate) async fn create(
    request: HttpRequest,
    payload: Payload,
    state: Data<AppState>,
) -> HttpResponse {
    let scene = Scene::new(&state);
    try_create(&request, payload, &scene)
        .await
        .unwrap_or_else(|fault| refusal::fault(&request, fault))
}

async fn try_create(
    request: &HttpRequest,
    payload: Payload,
    scene: &Scene,
) -> Result<HttpResponse, Fault> {
    check_open(scene)?;
    let body = extract::form_body(request, payload).await?;
    let params = extract::params(&body)?;
    let handle = params.find("request").unwrap_or_default().to_owned();
    form_token::check(request, scene, &params, &format!("{PURPOSE}{handle}"))?;
    let mut typed = Typed::read(&params);
    let fields = match Fields::check(&params, &typed) {
        Ok(fields) => fields,
        Err(error) => {
            typed.error = Some(error);
            return form(request, scene, &handle, typed).await;
        }
    };
    if !(scene.state.registrations).admit(&address::source(request), scene.now) {
        return Err((&catalogue::TOO_MANY_STARTS).into());
    }
    let user = fields.into_user(scene, Vec::new()).await?;
    let earlier = Visitor::find(request, scene).await?.accounts;
    let origin = Origin::of(request);
    let waiting = (!handle.is_empty()).then(|| scene.state.token_keys.request_digest(&handle));
    let create = scene.write(move |scene, store| {
        if store.user_by_username(&user.subject.username)?.is_some() {
            return Ok(None);
        }
        store.add_user(&user)?;
        let (context, browser) = (scene.context(), origin.browser());
        let accounts = sign_in::start_session(&context, store, &user, &browser, earlier)?;
        if let (Some(waiting), Some(new)) = (waiting, accounts.first()) {
            store.mark_signed_in(&waiting, &new.session.id)?;
        }
        Ok::<_, Fault>(Some(accounts))
    });
    match create.await {
        Ok(Some(accounts)) => return Ok(accounts::go_on(scene, &handle, &accounts)),
        Ok(None) => {}
        // Somebody else took it at this very moment.
        Err(Fault::Failed(error)) if error.trouble() == Trouble::Conflict => {}
        Err(fault) => return Err(fault),
    }
    typed.error = Some(name_is_taken());
    form(request, scene, &handle, typed).await
}
