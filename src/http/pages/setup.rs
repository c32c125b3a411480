//! The page on which the first administrator is made.

use std::sync::Arc;

use actix_web::http::{StatusCode, header};
use actix_web::web::{Data, Payload};
use actix_web::{HttpRequest, HttpResponse};

use crate::crypto::random::random_identifier;
use crate::crypto::secret::Secret;
use crate::http::extract::header_text;
use crate::http::pages::view::{FormError, SetupPage};
use crate::http::pages::{self, Visitor, redirect, refusal, time};
use crate::http::scene::Scene;
use crate::http::state::AppState;
use crate::http::{accounts, address, extract, form_token, urls};
use crate::identity::account::{ADMIN, EmailAddress, PasswordGrade, Username, grade_password};
use crate::identity::session::Living;
use crate::identity::setup;
use crate::identity::sign_in::{self, Browser};
use crate::identity::store::{User, Users as _};
use crate::protocol::catalogue;
use crate::protocol::context::Timestamp;
use crate::protocol::error::Fault;
use crate::protocol::params::Params;
use crate::protocol::profile::Profile;
use crate::protocol::store::Subject;

const PURPOSE: &str = "setup";

/// A password that is the only proof has at least so many characters.
const SHORTEST_PASSWORD: u32 = 15;

/// Shows the page.
pub(crate) async fn show(request: HttpRequest, state: Data<AppState>) -> HttpResponse {
    let scene = Scene::new(&state);
    ask(&request, &scene)
        .await
        .unwrap_or_else(|fault| refusal::fault(&request, fault))
}

async fn ask(request: &HttpRequest, scene: &Scene) -> Result<HttpResponse, Fault> {
    let params = extract::params(request.query_string().as_bytes())?;
    let token = params.find("t").unwrap_or_default();
    let link = check_link(scene, token).await?;
    let visitor = Visitor::find(request, scene).await?;
    Ok(form(request, scene, &visitor, &link, &Typed::default()))
}

async fn check_link(scene: &Scene, token: &str) -> Result<GoodLink, Fault> {
    let wanted = token.to_owned();
    let check = scene.read(move |scene, store| {
        Ok::<_, Fault>(setup::check_link(&scene.context(), store, &wanted)?)
    });
    match check.await? {
        Some(valid_until) => Ok(GoodLink {
            token: token.to_owned(),
            valid_until,
        }),
        None => Err((&catalogue::SETUP_LINK).into()),
    }
}

/// What was typed, besides the password, and what is wrong with it.
#[derive(Default)]
struct Typed {
    username: String,
    email: String,
    error: Option<FormError>,
}

/// A link that is good.
struct GoodLink {
    token: String,
    valid_until: Timestamp,
}

fn form(
    request: &HttpRequest,
    scene: &Scene,
    visitor: &Visitor,
    link: &GoodLink,
    typed: &Typed,
) -> HttpResponse {
    let page = SetupPage {
        frame: pages::frame(request, scene, "Create the administrator"),
        token: link.token.clone(),
        csrf: form_token::make(scene, &visitor.browser, PURPOSE),
        action: urls::SETUP.to_owned(),
        username: typed.username.clone(),
        email: typed.email.clone(),
        error: typed.error.clone(),
        valid_until: time::clock(link.valid_until),
        minimum_length: SHORTEST_PASSWORD,
    };
    let mut response = visitor.show(scene, &page, None);
    if typed.error.is_some() {
        *response.status_mut() = StatusCode::BAD_REQUEST;
    }
    response
}

/// Makes the administrator.
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
    let body = extract::form_body(request, payload).await?;
    let params = extract::params(&body)?;
    form_token::check(request, scene, &params, PURPOSE)?;
    let link = check_link(scene, params.find("token").unwrap_or_default()).await?;
    let visitor = Visitor::find(request, scene).await?;
    let mut typed = Typed {
        username: params
            .find("username")
            .unwrap_or_default()
            .trim()
            .to_owned(),
        email: params.find("email").unwrap_or_default().trim().to_owned(),
        error: None,
    };
    let fields = match check_fields(&params, &typed) {
        Ok(fields) => fields,
        Err(error) => {
            typed.error = Some(error);
            return Ok(form(request, scene, &visitor, &link, &typed));
        }
    };
    let random = Arc::clone(&scene.state.random);
    let hash = scene
        .state
        .passwords
        .hash(fields.password.clone(), random)
        .await?;
    let earlier = visitor.accounts.clone();
    let made = store_administrator(request, scene, fields, &link, hash, earlier).await?;
    if let Some(accounts) = made {
        let mut response = redirect(urls::ACCOUNT);
        accounts::keep(scene, &mut response, &accounts);
        return Ok(response);
    }
    let taken = "Choose another user name: this one is taken";
    typed.error = Some(FormError::at_field("username", taken));
    Ok(form(request, scene, &visitor, &link, &typed))
}

/// The checked values of the form.
struct Fields {
    username: Username,
    email: Option<EmailAddress>,
    password: Secret,
}

fn check_fields(params: &Params<'_>, typed: &Typed) -> Result<Fields, FormError> {
    if typed.username.is_empty() {
        return Err(FormError::at_field("username", "Enter a user name"));
    }
    let username: Username = typed.username.parse().map_err(|_| {
        FormError::at_field(
            "username",
            "Enter a user name of at most 64 characters, without blanks",
        )
    })?;
    let email = match typed.email.as_str() {
        "" => None,
        email => Some(email.parse().map_err(|_| {
            let message = "Enter an e-mail address, as maya@example.com, or leave it empty";
            FormError::at_field("email", message)
        })?),
    };
    let password = Secret::new(params.find("password").unwrap_or_default().to_owned());
    match grade_password(&password, &typed.username) {
        Ok(PasswordGrade::Good) => Ok(Fields {
            username,
            email,
            password,
        }),
        Ok(PasswordGrade::Short) | Err(_) => {
            let message =
                "Enter a password of 15 to 512 characters; three or four random words work well";
            Err(FormError::at_field("password", message))
        }
    }
}

/// `None` when the name is taken.
async fn store_administrator(
    request: &HttpRequest,
    scene: &Scene,
    fields: Fields,
    link: &GoodLink,
    password_hash: String,
    earlier: Vec<Living>,
) -> Result<Option<Vec<Living>>, Fault> {
    let agent = header_text(request, &header::USER_AGENT)
        .unwrap_or_default()
        .to_owned();
    let from = address::client_address(request)
        .map(|it| it.to_string())
        .unwrap_or_default();
    let user = User {
        subject: Subject {
            id: random_identifier(&*scene.state.random),
            username: fields.username.into(),
            name: None,
            email: fields.email.map(Into::into),
            email_verified: false,
            roles: vec![ADMIN.to_owned()],
            profile: Profile::default(),
            active: true,
            updated_at: scene.now,
        },
        password_hash: Some(password_hash),
        created_at: scene.now,
    };
    let token = link.token.clone();
    let create = scene.write(move |scene, store| {
        if store.user_by_username(&user.subject.username)?.is_some() {
            return Ok(None);
        }
        let context = scene.context();
        if !setup::create_administrator(&context, store, &token, &user)? {
            return Err(Fault::from(&catalogue::SETUP_LINK));
        }
        let browser = Browser {
            user_agent: &agent,
            address: &from,
        };
        Ok(Some(sign_in::start_session(
            &context, store, &user, &browser, earlier,
        )?))
    });
    create.await
}
