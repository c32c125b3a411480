//! The account page: who am I, where am I signed in, which apps can act for me; and how to end that.

use actix_web::web::{Bytes, Data, Payload};
use actix_web::{HttpRequest, HttpResponse};

use crate::http::endpoints::logout;
use crate::http::pages::view::{AccountPage, AppLine, EventLine, SessionLine};
use crate::http::pages::{self, Visitor, redirect, refusal, time};
use crate::http::scene::Scene;
use crate::http::state::AppState;
use crate::http::{extract, form_token, urls};
use crate::identity::activity::{Activity, Entry};
use crate::identity::session::Living;
use crate::identity::store::{
    Activities as _, ConnectedApp, Consents as _, Session, Sessions as _,
};
use crate::protocol::client::Client;
use crate::protocol::error::{Fault, Refusal};
use crate::protocol::params::Params;

pub(crate) mod access;
pub(crate) mod password;
pub(crate) mod profile;
pub(crate) mod tokens;

/// So many of the last events are looked through.
const MOST_EVENTS: u32 = 20;

/// What the hidden field of the forms is made for: one account, however many the browser has.
fn purpose(session: &str) -> String {
    format!("account {session}")
}

/// Shows the page.
pub(crate) async fn show(request: HttpRequest, state: Data<AppState>) -> HttpResponse {
    let scene = Scene::new(&state);
    tell(&request, &scene)
        .await
        .unwrap_or_else(|fault| refusal::fault(&request, fault))
}

async fn tell(request: &HttpRequest, scene: &Scene) -> Result<HttpResponse, Fault> {
    let visitor = Visitor::find(request, scene).await?;
    let Some(living) = visitor.living().cloned() else {
        return Ok(redirect(urls::LOGIN));
    };
    let subject = living.subject.id.clone();
    // As many rows as the person has sign-ins, so on another thread.
    let look = scene.read_long(move |scene, store| {
        let sessions = store.sessions_of(&subject)?;
        let apps = store.connected_apps(&subject, scene.now)?;
        let events = store.activities_of(&subject, MOST_EVENTS)?;
        Ok::<_, Fault>((sessions, apps, events))
    });
    let (sessions, apps, events) = look.await?;
    let is_over = |session: &&Session| {
        let idle = scene.now - session.last_seen_at;
        scene.now >= session.expires_at || idle >= scene.state.policy.session_idle_lifetime
    };
    let page = AccountPage {
        frame: pages::frame(request, scene, "Your account"),
        account_name: pages::display_name(&living.subject),
        username: living.subject.username.clone(),
        email: living.subject.email.clone(),
        roles: living.subject.roles.clone(),
        csrf: form_token::make(scene, &visitor.browser, &purpose(&living.session.id)),
        account: living.session.id.clone(),
        sign_out_csrf: form_token::make(scene, &visitor.browser, logout::PURPOSE),
        is_only_account: visitor.accounts.len() == 1,
        accounts_url: urls::ACCOUNTS.to_owned(),
        sessions: sessions
            .iter()
            .filter(|session| !is_over(session))
            .map(|session| session_line(session, &living))
            .collect(),
        apps: apps.iter().map(|app| app_line(app, scene)).collect(),
        events: events
            .iter()
            .map(|entry| event_line(entry, scene))
            .collect(),
        profile_url: urls::PROFILE.to_owned(),
        password_url: urls::PASSWORD.to_owned(),
        tokens_url: (scene.state.policy.personal_tokens.most > 0).then(|| urls::TOKENS.to_owned()),
        notice: notice(request),
        sign_out_url: urls::LOGOUT_CONFIRM.to_owned(),
    };
    Ok(visitor.show(scene, &page, None))
}

fn session_line(session: &Session, living: &Living) -> SessionLine {
    SessionLine {
        id: session.id.clone(),
        current: session.id == living.session.id,
        device: device(&session.user_agent),
        address: session.address.clone(),
        started: time::full(session.created_at),
        last_active: time::full(session.last_seen_at),
        how: "Password".to_owned(),
    }
}

fn app_line(app: &ConnectedApp, scene: &Scene) -> AppLine {
    let client = scene.snapshot.client(app.client_id.as_str());
    let card = client.as_deref().map(pages::client_card);
    AppLine {
        client_id: app.client_id.to_string(),
        name: card
            .as_ref()
            .map_or_else(|| app.client_id.to_string(), |card| card.name.clone()),
        host: card.and_then(|card| card.host),
        open_url: client
            .as_deref()
            .and_then(|it| third_party_login(it, scene)),
        since: time::day(app.since),
        last_used: app.last_used_at.map(time::full),
        scopes: app.scope.iter().map(pages::scope_sentence).collect(),
        when_away: app.scope.contains("offline_access"),
    }
}

/// What happened, in a sentence.
fn event_line(entry: &Entry, scene: &Scene) -> EventLine {
    let app = entry.client_id.as_ref().map(|id| {
        let client = scene.snapshot.client(id.as_str());
        client.map_or_else(|| id.to_string(), |client| client.name.clone())
    });
    let app = app.unwrap_or_else(|| "an app".to_owned());
    let place = entry.user_agent.as_deref().map(|agent| {
        let address = entry.address.as_deref().unwrap_or_default();
        format!("{} · {address}", device(agent))
    });
    let sentence = match entry.activity {
        Activity::SignIn => "You signed in.".to_owned(),
        Activity::PasswordChange => "You changed your password.".to_owned(),
        Activity::ProfileChange => "You changed your profile.".to_owned(),
        Activity::AppAllowed => format!("You allowed {app} to access your account."),
        Activity::AppRemoved => format!("You removed the access of {app}."),
        Activity::TokenMade => "A personal access token was made.".to_owned(),
        Activity::TokenRevoked => "A personal access token was taken back.".to_owned(),
        Activity::SessionsEnded => "You signed out elsewhere.".to_owned(),
        Activity::RefreshReuse | Activity::CodeReuse => {
            format!("The access of {app} was used from two places, so it was ended.")
        }
    };
    EventLine {
        sentence,
        at: time::full(entry.at),
        place,
    }
}

/// Where a sign-in to the client begins, when it begins here (OpenID Connect Core §4).
fn third_party_login(client: &Client, scene: &Scene) -> Option<String> {
    let address = client.metadata.initiate_login_uri.as_ref()?;
    let mut url = url::Url::parse(address.as_str()).ok()?;
    let issuer = &scene.state.site.issuer;
    url.query_pairs_mut().append_pair("iss", issuer);
    Some(url.into())
}

/// What a browser calls itself, in two words.
fn device(user_agent: &str) -> String {
    let find = |names: &[(&str, &'static str)]| {
        names
            .iter()
            .find(|(part, _)| user_agent.contains(part))
            .map(|(_, name)| *name)
    };
    // The order matters: many browsers name others as well.
    let browser = find(&[
        ("Edg/", "Edge"),
        ("OPR/", "Opera"),
        ("Firefox/", "Firefox"),
        ("Chrome/", "Chrome"),
        ("Safari/", "Safari"),
    ]);
    let system = find(&[
        ("Android", "Android"),
        ("iPhone", "iPhone"),
        ("iPad", "iPad"),
        ("Windows", "Windows"),
        ("Mac OS X", "macOS"),
        ("Linux", "Linux"),
    ]);
    match (browser, system) {
        (Some(browser), Some(system)) => format!("{browser} on {system}"),
        (Some(one), None) | (None, Some(one)) => one.to_owned(),
        (None, None) => "Unknown device".to_owned(),
    }
}

/// What happened, on the page after it happened.
fn notice(request: &HttpRequest) -> Option<String> {
    let params = extract::params(request.query_string().as_bytes()).ok()?;
    let sentence = match params.find("done")? {
        "session" => "That session has ended.",
        "others" => "All other sessions have ended.",
        "app" => "The app no longer has access.",
        "profile" => "Your profile is saved.",
        "password" => "Your password is changed. You were signed out everywhere else.",
        _ => return None,
    };
    Some(sentence.to_owned())
}

/// A form of one of these pages, as it came.
struct Sent {
    body: Bytes,
    visitor: Visitor,
    /// The account that the page was made for, if it is still signed in in this browser.
    living: Option<Living>,
}

impl Sent {
    async fn read(request: &HttpRequest, payload: Payload, scene: &Scene) -> Result<Self, Fault> {
        let body = extract::form_body(request, payload).await?;
        let account = {
            let params = extract::params(&body)?;
            let account = params.find("account").unwrap_or_default().to_owned();
            form_token::check(request, scene, &params, &purpose(&account))?;
            account
        };
        let visitor = Visitor::find(request, scene).await?;
        let living = visitor.account(&account).cloned();
        Ok(Self {
            body,
            visitor,
            living,
        })
    }

    fn params(&self) -> Result<Params<'_>, Refusal> {
        extract::params(&self.body)
    }
}
