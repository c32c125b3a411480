//! The authorization endpoint in a browser (RFC 6749 §3.1): check, remember, decide, send on.
//!
//! ```text
//! GET /authorize?response_type=code&client_id=demo-app&redirect_uri=…&scope=openid&state=…
//!     &code_challenge=…&code_challenge_method=S256
//!
//! 303 See Other
//! Location: /login?request=…
//! ```

use std::sync::Arc;

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};

use crate::crypto::secret::Secret;
use crate::http::cookies;
use crate::http::endpoints::waiting::{WaitingKey, target};
use crate::http::endpoints::{recipient, request_object};
use crate::http::pages::view::HandOverPage;
use crate::http::pages::{self, new_browser, redirect, refusal};
use crate::http::scene::{Scene, broken};
use crate::http::state::AppState;
use crate::http::{accounts, address, error, extract, urls};
use crate::identity::session::{self, Living};
use crate::identity::store::{Consents as _, Sessions as _};
use crate::protocol::authorize::answer::{Answered, Authentication, with_code};
use crate::protocol::authorize::front_channel::{self, Granted};
use crate::protocol::authorize::next_step::{self, Account, NextStep, next_step};
use crate::protocol::authorize::request::AuthorizationRequest;
use crate::protocol::authorize::request_object::is_needed;
use crate::protocol::authorize::response::{self, Response, WayBack};
use crate::protocol::authorize::{self, AuthorizeRefusal};
use crate::protocol::catalogue;
use crate::protocol::client::{Client, GrantType};
use crate::protocol::error::{Fault, Refusal};
use crate::protocol::params::Params;
use crate::protocol::session_state;
use crate::protocol::store::{WaitingRequest, WaitingRequests as _};
use crate::protocol::tokens;
use crate::storage::Transaction;

/// Where the browser goes from here.
enum Onward {
    SignIn,
    SignUp,
    ChooseAccount,
    Consent,
    Client(Response),
    /// To the client, with tokens that are still to be signed, and `session_state`.
    Tokens(Box<Granted>, Option<String>),
}

/// Starts an authorization request.
pub(crate) async fn answer(request: HttpRequest, state: Data<AppState>) -> HttpResponse {
    let scene = Scene::new(&state);
    let site = &scene.state.site;
    let params = match extract::params(request.query_string().as_bytes()) {
        Ok(params) => params,
        Err(refused) => return refusal::page(&request, refused),
    };
    let (client, accepted) = match accept(&request, &scene, &params).await {
        Ok(accepted) => accepted,
        Err(AuthorizeRefusal::Page(page)) => return refusal::of_authorization(&request, &page),
        Err(AuthorizeRefusal::Back(back, refused)) => {
            error::log_refusal(&request, refused);
            let response = response::error(&back, refused, &site.issuer);
            return send(&request, &scene, response);
        }
    };
    let known = cookies::browser(&request, site);
    let is_new = known.is_none();
    let browser = known.unwrap_or_else(|| new_browser(&scene));
    let handle = Secret::generate(&*scene.state.random, "");
    let waiting = WaitingRequest {
        handle: scene.state.token_keys.request_digest(handle.expose()),
        browser: scene.state.token_keys.session_digest(&browser),
        request: accepted,
        created_at: scene.now,
        expires_at: scene.now + scene.state.policy.request_lifetime,
        signed_in_by: None,
        consented_by: None,
        chosen_by: None,
    };
    let kept = cookies::sessions(&request, site);
    let source = address::source(&request);
    let onward = scene
        .write(move |scene, store| {
            let decided = decide(scene, store, &client, &waiting, &kept)?;
            let waits = !matches!(decided.step, NextStep::Answer | NextStep::Refuse(_));
            if waits && !scene.state.starts.admit(&source, scene.now) {
                return Err((&catalogue::TOO_MANY_STARTS).into());
            }
            store.add_waiting_request(&waiting)?;
            let alive = decided.alive.clone();
            let onward = carry_out(scene, store, &client, &waiting, decided)?;
            Ok((onward, alive))
        })
        .await;
    let mut response = match onward {
        Ok((onward, alive)) => go(&request, &scene, onward, alive, handle.expose()).await,
        Err(fault) => refusal::fault(&request, fault),
    };
    if is_new {
        cookies::add(&mut response, &cookies::name_browser(site, &browser));
    }
    response
}

async fn accept(
    request: &HttpRequest,
    scene: &Scene,
    params: &Params<'_>,
) -> Result<(Arc<Client>, AuthorizationRequest), AuthorizeRefusal> {
    if !is_needed(&scene.context(), params) {
        return authorize::accept(&scene.context(), scene.keys(), params);
    }
    // On the heap, because most requests come without.
    let resolved = Box::pin(request_object::resolve(request, scene, params)).await?;
    authorize::accept(&scene.context(), scene.keys(), &resolved)
}

/// Goes on with an authorization request after a page.
pub(crate) async fn resume(request: HttpRequest, state: Data<AppState>) -> HttpResponse {
    let scene = Scene::new(&state);
    let (handle, key) = match WaitingKey::in_address(&request, &scene) {
        Ok(found) => found,
        Err(refused) => return refusal::page(&request, refused),
    };
    let kept = cookies::sessions(&request, &scene.state.site);
    let onward = scene
        .write(move |scene, store| {
            let (waiting, client) = key.look_up(scene, store)?;
            let decided = decide(scene, store, &client, &waiting, &kept)?;
            let alive = decided.alive.clone();
            let onward = carry_out(scene, store, &client, &waiting, decided)?;
            Ok((onward, alive))
        })
        .await;
    match onward {
        Ok((onward, alive)) => go(&request, &scene, onward, alive, &handle).await,
        Err(fault) => refusal::fault(&request, fault),
    }
}

/// What happens next, and in whose name.
struct Decided {
    step: NextStep,
    living: Option<Living>,
    /// Who is signed in, where that are fewer than the browser thinks.
    alive: Option<Vec<Living>>,
}

/// Asks the dispatcher.
fn decide(
    scene: &Scene,
    store: &mut Transaction,
    client: &Client,
    waiting: &WaitingRequest,
    kept: &[String],
) -> Result<Decided, Fault> {
    let accounts = session::find_all(&scene.context(), store, kept)?;
    let signed_in = accounts::for_request(scene, store, client, waiting, &accounts)?;
    let (step, place) = match next_step::account(waiting, &signed_in) {
        Account::Open(step) => (Some(step), None),
        Account::Nobody => (None, None),
        Account::Of(place) => (None, Some(place)),
    };
    let signed_in = place.and_then(|place| signed_in.get(place).copied());
    let consent = match &signed_in {
        Some(signed_in) => store.consent(signed_in.subject, &client.id)?,
        None => None,
    };
    let consented = consent.as_ref().map(|consent| &consent.scope);
    let step = step.unwrap_or_else(|| next_step(waiting, client, signed_in, consented, scene.now));
    let living = place.and_then(|place| accounts.get(place).cloned());
    let alive = (accounts.len() < kept.len()).then_some(accounts);
    Ok(Decided {
        step,
        living,
        alive,
    })
}

/// Sends the browser to a page, or answers the client if everything is there.
fn carry_out(
    scene: &Scene,
    store: &mut Transaction,
    client: &Client,
    waiting: &WaitingRequest,
    decided: Decided,
) -> Result<Onward, Fault> {
    match (decided.step, decided.living) {
        (NextStep::Answer, Some(living)) => grant(scene, store, client, waiting, living),
        (NextStep::Answer, None) | (NextStep::SignIn, _) => Ok(Onward::SignIn),
        (NextStep::SignUp, _) => Ok(Onward::SignUp),
        (NextStep::ChooseAccount, _) => Ok(Onward::ChooseAccount),
        (NextStep::Consent, _) => Ok(Onward::Consent),
        (NextStep::Refuse(refused), _) => {
            refuse(scene, store, client, waiting, refused).map(Onward::Client)
        }
    }
}

fn grant(
    scene: &Scene,
    store: &mut Transaction,
    client: &Client,
    waiting: &WaitingRequest,
    living: Living,
) -> Result<Onward, Fault> {
    // Signing out and this request meet at the row of the session: whoever is first decides.
    if !store.touch_session(&living.session.id, scene.now)? {
        return Ok(Onward::SignIn);
    }
    let sid = living.session.id.clone();
    let by = Authentication {
        session: living.session.id,
        subject: living.subject.id,
        auth_time: living.session.auth_time,
        amr: living.session.amr,
    };
    let until = scene.now + scene.state.policy.registration.unused_lifetime;
    store.keep_dynamic_client(client, until)?;
    let session_state = |back: &WayBack| {
        let is_openid = waiting.request.scope.contains("openid");
        is_openid
            .then(|| {
                let context = scene.context();
                session_state::for_client(&context, &client.id, &back.target, &sid)
            })
            .flatten()
    };
    if waiting.request.response_type.has_tokens() {
        let granted = front_channel::grant(&scene.context(), store, client, waiting, by)?;
        let granted = granted.ok_or(&catalogue::REQUEST_GONE)?;
        let session_state = session_state(&granted.back);
        return Ok(Onward::Tokens(Box::new(granted), session_state));
    }
    match with_code(&scene.context(), store, client, waiting, by)? {
        Answered::Code(back, code) => {
            let issuer = &scene.state.site.issuer;
            let session_state = session_state(&back);
            let response = response::code(&back, &code, issuer, session_state);
            Ok(Onward::Client(response))
        }
        Answered::Gone => Err((&catalogue::REQUEST_GONE).into()),
    }
}

/// Ends a waiting request with an error; answers what the browser takes to the client.
pub(crate) fn refuse(
    scene: &Scene,
    store: &mut Transaction,
    client: &Client,
    waiting: &WaitingRequest,
    refused: Refusal,
) -> Result<Response, Fault> {
    let back = waiting.request.way_back(target(client, waiting)?);
    if !store.finish_waiting_request(&waiting.handle)? {
        return Err((&catalogue::REQUEST_GONE).into());
    }
    Ok(response::error(&back, refused, &scene.state.site.issuer))
}

/// Sends the browser with the answer to the client.
pub(crate) fn send(request: &HttpRequest, scene: &Scene, response: Response) -> HttpResponse {
    match response {
        Response::Address(address) => redirect(&address),
        Response::Form { action, fields } => {
            let frame = pages::frame(request, scene, "Back to the application");
            let form_target = pages::form_target(&action);
            let host = pages::host(&action).unwrap_or_default();
            let page = HandOverPage {
                frame,
                host,
                action,
                fields,
            };
            pages::show(&page, form_target.as_deref())
        }
    }
}

async fn go(
    request: &HttpRequest,
    scene: &Scene,
    onward: Onward,
    alive: Option<Vec<Living>>,
    handle: &str,
) -> HttpResponse {
    let mut response = match onward {
        Onward::SignIn => redirect(&urls::for_request(urls::LOGIN, handle)),
        Onward::SignUp => redirect(&urls::for_request(urls::SIGN_UP, handle)),
        Onward::ChooseAccount => redirect(&urls::for_request(urls::ACCOUNTS, handle)),
        Onward::Consent => redirect(&urls::for_request(urls::CONSENT, handle)),
        Onward::Client(answer) => send(request, scene, answer),
        Onward::Tokens(granted, session_state) => {
            give_tokens(request, scene, &granted, session_state)
                .await
                .unwrap_or_else(|fault| refusal::fault(request, fault))
        }
    };
    if let Some(alive) = alive {
        accounts::tell(scene, &mut response, &alive);
    }
    response
}

/// Signs what was granted through the browser.
async fn give_tokens(
    request: &HttpRequest,
    scene: &Scene,
    granted: &Granted,
    session_state: Option<String>,
) -> Result<HttpResponse, Fault> {
    let client = &granted.issue.client;
    let how = client.metadata.id_token_encryption();
    let recipient = match recipient::find(scene, client, how).await {
        Ok(recipient) => recipient,
        // What was granted reaches nobody; the client hears why.
        Err(refused) => {
            error::log_refusal(request, refused);
            let response = response::error(&granted.back, refused, &scene.state.site.issuer);
            return Ok(send(request, scene, response));
        }
    };
    let parameters = tokens::front_channel::sign(granted, &scene.signer(recipient.as_deref()))
        .map_err(|error| Fault::Failed(broken("signing tokens", error)))?;
    let metrics = &scene.state.metrics;
    metrics.issued(GrantType::Implicit, Some(client), None);
    let issuer = &scene.state.site.issuer;
    let response = response::granted(&granted.back, parameters, issuer, session_state);
    Ok(send(request, scene, response))
}
