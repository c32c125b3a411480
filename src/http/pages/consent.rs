//! The consent page: who asks, for whom, for what, and where the answer goes.

use actix_web::web::{Data, Payload};
use actix_web::{HttpRequest, HttpResponse};

use crate::http::endpoints::authorize;
use crate::http::endpoints::waiting::WaitingKey;
use crate::http::pages::view::{ConsentPage, ScopeGroup, ScopeLine};
use crate::http::pages::{self, Origin, Visitor, redirect, refusal};
use crate::http::scene::Scene;
use crate::http::state::AppState;
use crate::http::{accounts, extract, form_token, urls};
use crate::identity::activity::{self, Activity};
use crate::identity::consent::{self, Meaning};
use crate::protocol::catalogue;
use crate::protocol::client::Client;
use crate::protocol::error::{Fault, Refusal};
use crate::protocol::redirect_uri::is_loopback;
use crate::protocol::scope::Scope;
use crate::protocol::store::WaitingRequests as _;

/// What the hidden field of the form is made for: one request, and the session of the person who was asked.
fn purpose(handle: &str, session: &str) -> String {
    format!("consent {handle} {session}")
}

/// Shows the page.
pub(crate) async fn show(request: HttpRequest, state: Data<AppState>) -> HttpResponse {
    let scene = Scene::new(&state);
    ask(&request, &scene)
        .await
        .unwrap_or_else(|fault| refusal::fault(&request, fault))
}

async fn ask(request: &HttpRequest, scene: &Scene) -> Result<HttpResponse, Fault> {
    let (handle, key) = WaitingKey::in_address(request, scene)?;
    let visitor = Visitor::find(request, scene).await?;
    let accounts = visitor.accounts.clone();
    let look_up = scene.read(move |scene, store| {
        let (waiting, client) = key.look_up(scene, store)?;
        let living = accounts::settled(scene, store, &client, &waiting, &accounts)?;
        Ok::<_, Fault>((waiting, client, living))
    });
    let (waiting, client, living) = look_up.await?;
    let Some(living) = living else {
        return Ok(redirect(&urls::for_request(urls::RESUME, &handle)));
    };
    let address = &waiting.request.redirect_uri;
    let page = ConsentPage {
        frame: pages::frame(request, scene, &format!("Allow access – {}", client.name)),
        client: pages::waiting_card(&client, &waiting),
        account_name: pages::display_name(&living.subject),
        account_email: living.subject.email.clone(),
        scopes: scope_lines(&waiting.request.consent_scope()),
        redirect_host: pages::origin(address).unwrap_or_default(),
        redirect_warning: redirect_warning(address),
        lifetime_sentence: lifetime_sentence(scene, &client, &waiting.request.scope),
        action: urls::CONSENT.to_owned(),
        csrf: form_token::make(
            scene,
            &visitor.browser,
            &purpose(&handle, &living.session.id),
        ),
        account: living.session.id,
        not_you_url: urls::for_request(urls::ACCOUNTS, &handle),
        request: handle,
    };
    let target = pages::form_target(address);
    let mut response = visitor.show(scene, &page, target.as_deref());
    pages::allow_picture(&mut response, page.client.logo.as_deref());
    Ok(response)
}

fn scope_lines(scope: &Scope) -> Vec<ScopeLine> {
    let line = |name: &str| {
        let group = match consent::meaning(name) {
            Meaning::See(_) => ScopeGroup::See,
            Meaning::ActWhenAway(_) => ScopeGroup::ActWhenAway,
            Meaning::Named => ScopeGroup::Change,
        };
        ScopeLine {
            name: name.to_owned(),
            sentence: pages::scope_sentence(name),
            group,
        }
    };
    scope.iter().map(line).collect()
}

fn redirect_warning(address: &str) -> Option<String> {
    let url = url::Url::parse(address).ok()?;
    if url.scheme() == "https" {
        None
    } else if is_loopback(&url) {
        Some("It goes to a program on this computer. Continue only if you started it.".to_owned())
    } else {
        Some("It goes to an app on this device. Continue only if you started it.".to_owned())
    }
}

fn lifetime_sentence(scene: &Scene, client: &Client, scope: &Scope) -> Option<String> {
    use crate::protocol::client::GrantType;

    if !client.may_use(GrantType::RefreshToken) {
        return None;
    }
    let refresh = scene.state.policy.refresh_for(client);
    let longest = at_most(refresh.absolute_lifetime);
    Some(if scope.contains("offline_access") {
        format!("The app keeps this access for {longest} at most.")
    } else {
        "The app keeps this access until you sign out here.".to_owned()
    })
}

/// A life in the largest unit that it reaches, rounded up.
fn at_most(seconds: i64) -> String {
    let units = [
        (86_400, "day"),
        (3600, "hour"),
        (60, "minute"),
        (1, "second"),
    ];
    let reached = units.into_iter().find(|(size, _)| seconds >= *size);
    let (size, unit) = reached.unwrap_or((1, "second"));
    match seconds.saturating_add(size - 1) / size {
        1 => format!("1 {unit}"),
        count => format!("{count} {unit}s"),
    }
}

/// The person decided.
pub(crate) async fn decide(
    request: HttpRequest,
    payload: Payload,
    state: Data<AppState>,
) -> HttpResponse {
    let scene = Scene::new(&state);
    take_decision(&request, payload, &scene)
        .await
        .unwrap_or_else(|fault| refusal::fault(&request, fault))
}

async fn take_decision(
    request: &HttpRequest,
    payload: Payload,
    scene: &Scene,
) -> Result<HttpResponse, Fault> {
    let body = extract::form_body(request, payload).await?;
    let params = extract::params(&body)?;
    let handle = params.find("request").unwrap_or_default().to_owned();
    let account = params.find("account").unwrap_or_default();
    form_token::check(request, scene, &params, &purpose(&handle, account))?;
    let visitor = Visitor::find(request, scene).await?;
    let living = visitor.account(account).cloned();
    let living = living.ok_or(&catalogue::REQUEST_GONE)?;
    let key = WaitingKey::new(request, scene, &handle)?;
    match params.find("decision") {
        Some("allow") => {
            let origin = Origin::of(request);
            let agree = scene.write(move |scene, store| {
                let (waiting, client) = key.look_up(scene, store)?;
                let (context, subject) = (scene.context(), &living.subject.id);
                consent::agree(
                    &context,
                    store,
                    subject,
                    &client.id,
                    &waiting.request.consent_scope(),
                )?;
                // Whoever else signed in meanwhile: the request is for who agreed.
                let (what, now) = (Activity::AppAllowed, scene.now);
                let browser = origin.browser();
                activity::record(store, what, subject, Some(&client.id), &browser, now)?;
                store.mark_chosen(&waiting.handle, &living.session.id)?;
                Ok::<_, Fault>(store.mark_consented(&waiting.handle, &living.session.id)?)
            });
            agree.await?;
            Ok(redirect(&urls::for_request(urls::RESUME, &handle)))
        }
        Some("deny") => {
            let decline = scene.write(move |scene, store| {
                let (waiting, client) = key.look_up(scene, store)?;
                let refused = Refusal::new(&catalogue::ACCESS_DENIED);
                authorize::refuse(scene, store, &client, &waiting, refused)
            });
            Ok(authorize::send(request, scene, decline.await?))
        }
        Some(_) | None => Err((&catalogue::MISSING_PARAMETER).into()),
    }
}

#[cfg(test)]
mod tests {
    use super::at_most;

    #[test]
    fn a_life_is_told_in_its_largest_unit_and_never_too_short() {
        for (seconds, text) in [
            (90 * 86_400, "90 days"),
            (86_401, "2 days"),
            (86_400, "1 day"),
            (7200, "2 hours"),
            (60, "1 minute"),
            (5, "5 seconds"),
        ] {
            assert_eq!(at_most(seconds), text);
        }
    }
}
