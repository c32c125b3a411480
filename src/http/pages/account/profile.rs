//! Name and address of a person, changed by that person.

use actix_web::http::StatusCode;
use actix_web::web::{Data, Payload};
use actix_web::{HttpRequest, HttpResponse};

use crate::http::pages::account::{Sent, purpose};
use crate::http::pages::new_person::email;
use crate::http::pages::view::{FormError, ProfileFields, ProfilePage};
use crate::http::pages::{self, Origin, Visitor, redirect, refusal};
use crate::http::scene::Scene;
use crate::http::state::AppState;
use crate::http::{form_token, urls};
use crate::identity::account::{EmailAddress, is_display_name};
use crate::identity::activity::{self, Activity};
use crate::identity::session::Living;
use crate::identity::store::{Sessions as _, Users as _};
use crate::protocol::catalogue;
use crate::protocol::error::Fault;
use crate::protocol::params::Params;
use crate::protocol::store::Subject;

/// Shows the form.
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
    let fields = fields_of(&living.subject);
    Ok(form(request, scene, &visitor, &living, fields, None))
}

fn form(
    request: &HttpRequest,
    scene: &Scene,
    visitor: &Visitor,
    living: &Living,
    fields: ProfileFields,
    error: Option<FormError>,
) -> HttpResponse {
    let is_refused = error.is_some();
    let page = ProfilePage {
        frame: pages::frame(request, scene, "Your profile"),
        action: urls::PROFILE.to_owned(),
        csrf: form_token::make(scene, &visitor.browser, &purpose(&living.session.id)),
        account: living.session.id.clone(),
        username: living.subject.username.clone(),
        fields,
        may_change_email: scene.state.policy.accounts.change_email,
        back_url: urls::ACCOUNT.to_owned(),
        error,
    };
    let mut response = visitor.show(scene, &page, None);
    if is_refused {
        *response.status_mut() = StatusCode::BAD_REQUEST;
    }
    response
}

fn fields_of(subject: &Subject) -> ProfileFields {
    let names = &subject.profile.names;
    ProfileFields {
        name: subject.name.clone().unwrap_or_default(),
        given_name: names.given_name.clone().unwrap_or_default(),
        family_name: names.family_name.clone().unwrap_or_default(),
        nickname: names.nickname.clone().unwrap_or_default(),
        email: subject.email.clone().unwrap_or_default(),
    }
}

/// Saves the form.
pub(crate) async fn save(
    request: HttpRequest,
    payload: Payload,
    state: Data<AppState>,
) -> HttpResponse {
    let scene = Scene::new(&state);
    try_save(&request, payload, &scene)
        .await
        .unwrap_or_else(|fault| refusal::fault(&request, fault))
}

async fn try_save(
    request: &HttpRequest,
    payload: Payload,
    scene: &Scene,
) -> Result<HttpResponse, Fault> {
    let sent = Sent::read(request, payload, scene).await?;
    let Some(living) = sent.living.clone() else {
        return Ok(redirect(urls::LOGIN));
    };
    let typed = typed(&sent.params()?);
    let checked = check(&typed);
    let address = match checked {
        Ok(address) => address,
        Err(error) => {
            let visitor = &sent.visitor;
            return Ok(form(request, scene, visitor, &living, typed, Some(error)));
        }
    };
    let origin = Origin::of(request);
    let may_change_email = scene.state.policy.accounts.change_email;
    let save = scene.write(move |scene, store| {
        // The whole row is written, so nobody else may be changing it.
        store.lock_person(&living.subject.id)?;
        let user = store.user(&living.subject.id)?;
        let mut user = user.ok_or(&catalogue::REQUEST_GONE)?;
        let before = user.subject.clone();
        apply(&mut user.subject, &typed);
        if may_change_email {
            apply_email(&mut user.subject, address);
        }
        if user.subject == before {
            return Ok(());
        }
        user.subject.updated_at = scene.now;
        store.replace_user(&user)?;
        let (id, browser) = (&user.subject.id, origin.browser());
        let what = Activity::ProfileChange;
        Ok::<_, Fault>(activity::record(
            store, what, id, None, &browser, scene.now,
        )?)
    });
    save.await?;
    Ok(redirect(&format!("{}?done=profile", urls::ACCOUNT)))
}

fn typed(params: &Params<'_>) -> ProfileFields {
    let text = |name: &str| params.find(name).unwrap_or_default().trim().to_owned();
    ProfileFields {
        name: text("name"),
        given_name: text("given_name"),
        family_name: text("family_name"),
        nickname: text("nickname"),
        email: text("email"),
    }
}

/// The address, once all of it may be taken.
fn check(typed: &ProfileFields) -> Result<Option<EmailAddress>, FormError> {
    let names = [
        ("name", &typed.name),
        ("given_name", &typed.given_name),
        ("family_name", &typed.family_name),
        ("nickname", &typed.nickname),
    ];
    for (field, value) in names {
        if !value.is_empty() && !is_display_name(value) {
            let message = "Enter at most 100 characters on one line, or nothing";
            return Err(FormError::at_field(field, message));
        }
    }
    email(&typed.email)
}

fn apply(subject: &mut Subject, typed: &ProfileFields) {
    let some = |text: &String| (!text.is_empty()).then(|| text.clone());
    subject.name = some(&typed.name);
    let names = &mut subject.profile.names;
    names.given_name = some(&typed.given_name);
    names.family_name = some(&typed.family_name);
    names.nickname = some(&typed.nickname);
}

/// Another address is the person's word alone, so apps are told that nobody verified it.
fn apply_email(subject: &mut Subject, address: Option<EmailAddress>) {
    let address = address.map(String::from);
    if subject.email != address {
        subject.email = address;
        subject.email_verified = false;
    }
}
