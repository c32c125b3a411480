//! The page with the accounts that are signed in in this browser: choose one, add one, sign one out. For a waiting
//! authorization request the choice is for that request alone; without one it is whom the account page speaks of.

use actix_web::web::{Data, Payload};
use actix_web::{HttpRequest, HttpResponse};

use crate::http::endpoints::logout;
use crate::http::endpoints::waiting::WaitingKey;
use crate::http::pages::view::{AccountLine, AccountsPage, Link};
use crate::http::pages::{self, Visitor, redirect, refusal};
use crate::http::scene::Scene;
use crate::http::state::AppState;
use crate::http::{accounts, extract, form_token, urls};
use crate::identity::session::{Living, MOST_ACCOUNTS};
use crate::protocol::error::Fault;
use crate::protocol::store::WaitingRequests as _;

/// What the hidden field of the forms is made for, besides the waiting request.
const PURPOSE: &str = "accounts ";

/// Shows the page.
pub(crate) async fn show(request: HttpRequest, state: Data<AppState>) -> HttpResponse {
    let scene = Scene::new(&state);
    tell(&request, &scene)
        .await
        .unwrap_or_else(|fault| refusal::fault(&request, fault))
}

async fn tell(request: &HttpRequest, scene: &Scene) -> Result<HttpResponse, Fault> {
    let params = extract::params(request.query_string().as_bytes())?;
    let handle = params.find("request").unwrap_or_default().to_owned();
    let visitor = Visitor::find(request, scene).await?;
    let client = if handle.is_empty() {
        None
    } else {
        let key = WaitingKey::new(request, scene, &handle)?;
        let look_up = scene.read(move |scene, store| key.look_up(scene, store));
        let (waiting, client) = look_up.await?;
        Some(pages::waiting_card(&client, &waiting))
    };
    if visitor.accounts.is_empty() {
        return Ok(redirect(&urls::for_request(urls::LOGIN, &handle)));
    }
    let page = AccountsPage {
        frame: pages::frame(request, scene, "Choose an account"),
        client,
        action: urls::ACCOUNTS.to_owned(),
        sign_out_action: urls::SIGN_OUT_ACCOUNT.to_owned(),
        csrf: form_token::make(scene, &visitor.browser, &format!("{PURPOSE}{handle}")),
        accounts: visitor.accounts.iter().map(line).collect(),
        another_url: (visitor.accounts.len() < MOST_ACCOUNTS)
            .then(|| urls::for_request(urls::LOGIN, &handle)),
        request: handle,
    };
    Ok(visitor.show(scene, &page, None))
}

fn line(living: &Living) -> AccountLine {
    AccountLine {
        session: living.session.id.clone(),
        name: pages::display_name(&living.subject),
        detail: match &living.subject.email {
            Some(email) => email.clone(),
            None => living.subject.username.clone(),
        },
    }
}

/// The person chose.
pub(crate) async fn choose(
    request: HttpRequest,
    payload: Payload,
    state: Data<AppState>,
) -> HttpResponse {
    let scene = Scene::new(&state);
    take_choice(&request, payload, &scene)
        .await
        .unwrap_or_else(|fault| refusal::fault(&request, fault))
}

async fn take_choice(
    request: &HttpRequest,
    payload: Payload,
    scene: &Scene,
) -> Result<HttpResponse, Fault> {
    let chosen = Chosen::read(request, payload, scene).await?;
    let Some(living) = chosen.living else {
        return Ok(redirect(&urls::for_request(urls::ACCOUNTS, &chosen.handle)));
    };
    if chosen.handle.is_empty() {
        let mut accounts = chosen.accounts;
        accounts.retain(|it| it.session.id != living.session.id);
        accounts.insert(0, living);
        let mut response = redirect(urls::ACCOUNT);
        accounts::keep(scene, &mut response, &accounts);
        return Ok(response);
    }
    let key = WaitingKey::new(request, scene, &chosen.handle)?;
    let mark = scene.write(move |scene, store| {
        let (waiting, _) = key.look_up(scene, store)?;
        Ok::<_, Fault>(store.mark_chosen(&waiting.handle, &living.session.id)?)
    });
    mark.await?;
    Ok(redirect(&urls::for_request(urls::RESUME, &chosen.handle)))
}

/// Signs one account out of this browser.
pub(crate) async fn sign_out(
    request: HttpRequest,
    payload: Payload,
    state: Data<AppState>,
) -> HttpResponse {
    let scene = Scene::new(&state);
    take_leave(&request, payload, &scene)
        .await
        .unwrap_or_else(|fault| refusal::fault(&request, fault))
}

async fn take_leave(
    request: &HttpRequest,
    payload: Payload,
    scene: &Scene,
) -> Result<HttpResponse, Fault> {
    let chosen = Chosen::read(request, payload, scene).await?;
    let back = Link {
        label: "Continue".to_owned(),
        url: urls::for_request(urls::ACCOUNTS, &chosen.handle),
    };
    match chosen.living {
        Some(living) => logout::end(request, scene, &[living], chosen.accounts, Some(back)).await,
        None => Ok(redirect(&back.url)),
    }
}

/// What a form of the page says.
struct Chosen {
    /// The waiting request; empty for none.
    handle: String,
    accounts: Vec<Living>,
    /// The account, if it is still signed in.
    living: Option<Living>,
}

impl Chosen {
    async fn read(request: &HttpRequest, payload: Payload, scene: &Scene) -> Result<Self, Fault> {
        let body = extract::form_body(request, payload).await?;
        let params = extract::params(&body)?;
        let handle = params.find("request").unwrap_or_default().to_owned();
        form_token::check(request, scene, &params, &format!("{PURPOSE}{handle}"))?;
        let visitor = Visitor::find(request, scene).await?;
        let living = visitor.account(params.find("account").unwrap_or_default());
        Ok(Self {
            handle,
            living: living.cloned(),
            accounts: visitor.accounts,
        })
    }
}
