//! The accounts that are signed in in one browser: kept in its cookies, and told apart for a request.

use actix_web::HttpResponse;
use actix_web::http::header::{HeaderName, HeaderValue};

use crate::http::pages::redirect;
use crate::http::scene::Scene;
use crate::http::{cookies, urls};
use crate::identity::session::Living;
use crate::protocol::authorize::next_step::{self, Account, SignedIn};
use crate::protocol::client::{Client, ClientId};
use crate::protocol::error::StoreError;
use crate::protocol::session_state;
use crate::protocol::store::{SessionClients as _, WaitingRequest};
use crate::protocol::subject_identifier::identifier;
use crate::storage::Transaction;

/// After a sign-in: the browser keeps the accounts, and goes back to what waited for it.
pub(crate) fn go_on(scene: &Scene, handle: &str, accounts: &[Living]) -> HttpResponse {
    let mut response = if handle.is_empty() {
        redirect(urls::ACCOUNT)
    } else {
        redirect(&urls::for_request(urls::RESUME, handle))
    };
    keep(scene, &mut response, accounts);
    response
}

/// Has the browser keep these accounts and no others. One that keeps none also forgets what it kept of our pages. Frames
/// of clients see what changed for them.
pub(crate) fn keep(scene: &Scene, response: &mut HttpResponse, accounts: &[Living]) {
    if accounts.is_empty() {
        let kept = HeaderValue::from_static("\"cache\", \"storage\"");
        let name = HeaderName::from_static("clear-site-data");
        response.headers_mut().insert(name, kept);
    }
    let life = scene.state.policy.session_absolute_lifetime;
    let secrets: Vec<&str> = accounts.iter().map(|it| it.cookie.expose()).collect();
    let cookie = cookies::keep_sessions(&scene.state.site, &secrets, life);
    cookies::add(response, &cookie);
    tell(scene, response, accounts);
}

/// Tells frames of clients which accounts are signed in, as where a session ended elsewhere.
pub(crate) fn tell(scene: &Scene, response: &mut HttpResponse, accounts: &[Living]) {
    let keys = &scene.state.token_keys;
    let mut states: Vec<String> = accounts
        .iter()
        .map(|it| session_state::browser_state(keys, &it.session.id))
        .collect();
    if states.is_empty() {
        states.push(session_state::signed_out(&*scene.state.random));
    }
    let life = scene.state.policy.session_absolute_lifetime;
    let cookie = cookies::session_state(&scene.state.site, &states, life);
    cookies::add(response, &cookie);
}

/// The one of the accounts that the request is about, if that is settled.
pub(crate) fn settled(
    scene: &Scene,
    store: &mut Transaction,
    client: &Client,
    waiting: &WaitingRequest,
    accounts: &[Living],
) -> Result<Option<Living>, StoreError> {
    let found = for_request(scene, store, client, waiting, accounts)?;
    Ok(match next_step::account(waiting, &found) {
        Account::Of(place) => accounts.get(place).cloned(),
        Account::Nobody | Account::Open(_) => None,
    })
}

/// The accounts as the dispatcher sees them. Which clients took part is only looked up where it matters.
pub(crate) fn for_request<'a>(
    scene: &Scene,
    store: &mut Transaction,
    client: &Client,
    waiting: &WaitingRequest,
    accounts: &'a [Living],
) -> Result<Vec<SignedIn<'a>>, StoreError> {
    let asks_who_took_part = accounts.len() > 1 && waiting.request.prompt.none;
    let keys = &scene.state.token_keys;
    let request = &waiting.request;
    let is_hinted = |subject: &str| {
        request.hinted_subject.is_some() && request.hints_at(&identifier(keys, client, subject))
    };
    let mut found = Vec::with_capacity(accounts.len());
    for living in accounts {
        let is_it = |id: &ClientId| *id == waiting.request.client_id;
        let took_part = asks_who_took_part
            && store
                .clients_of_session(&living.session.id)?
                .iter()
                .any(is_it);
        found.push(SignedIn {
            session: &living.session.id,
            subject: &living.subject.id,
            auth_time: living.session.auth_time,
            names: [
                Some(living.subject.username.as_str()),
                living.subject.email.as_deref(),
            ],
            is_hinted: is_hinted(&living.subject.id),
            took_part,
        });
    }
    Ok(found)
}
