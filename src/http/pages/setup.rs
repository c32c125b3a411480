//! The page on which the first administrator is made.

use actix_web::http::StatusCode;
use actix_web::web::{Data, Payload};
use actix_web::{HttpRequest, HttpResponse};

use crate::http::pages::new_person::{Fields, SHORTEST_PASSWORD, Typed, name_is_taken};
use crate::http::pages::view::SetupPage;
use crate::http::pages::{self, Origin, Visitor, redirect, refusal, time};
use crate::http::scene::Scene;
use crate::http::state::AppState;
use crate::http::{accounts, extract, form_token, urls};
use crate::identity::account::ADMIN;
use crate::identity::store::Users as _;
use crate::identity::{setup, sign_in};
use crate::protocol::catalogue;
use crate::protocol::context::Timestamp;
use crate::protocol::error::Fault;

const PURPOSE: &str = "setup";

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
    let mut typed = Typed::read(&params);
    let fields = match Fields::check(&params, &typed) {
        Ok(fields) => fields,
        Err(error) => {
            typed.error = Some(error);
            return Ok(form(request, scene, &visitor, &link, &typed));
        }
    };
    let user = fields.into_user(scene, vec![ADMIN.to_owned()]).await?;
    let origin = Origin::of(request);
    let (token, earlier) = (link.token.clone(), visitor.accounts.clone());
    let create = scene.write(move |scene, store| {
        if store.user_by_username(&user.subject.username)?.is_some() {
            return Ok(None);
        }
        let context = scene.context();
        if !setup::create_administrator(&context, store, &token, &user)? {
            return Err(Fault::from(&catalogue::SETUP_LINK));
        }
        let browser = origin.browser();
        let accounts = sign_in::start_session(&context, store, &user, &browser, earlier)?;
        Ok(Some(accounts))
    });
    if let Some(accounts) = create.await? {
        let mut response = redirect(urls::ACCOUNT);
        accounts::keep(scene, &mut response, &accounts);
        return Ok(response);
    }
    typed.error = Some(name_is_taken());
    Ok(form(request, scene, &visitor, &link, &typed))
}
