//! Personal access tokens: those that there are, a new one, and taking one back.

use actix_web::http::StatusCode;
use actix_web::web::{Data, Payload};
use actix_web::{HttpRequest, HttpResponse};

use crate::http::pages::account::{Sent, purpose};
use crate::http::pages::view::{FormError, NewTokenPage, TokenLine, TokensPage};
use crate::http::pages::{self, Origin, Visitor, redirect, refusal, time};
use crate::http::scene::{Scene, broken};
use crate::http::state::AppState;
use crate::http::{extract, form_token, urls};
use crate::identity::account::is_display_name;
use crate::identity::activity::{self, Activity};
use crate::identity::session::Living;
use crate::identity::store::{Sessions as _, Users as _};
use crate::protocol::catalogue;
use crate::protocol::error::{Fault, Refusal};
use crate::protocol::personal_token::{self, Naming, NotIssued, PersonalToken, Wish};
use crate::protocol::store::PersonalTokens as _;
use crate::protocol::tokens::own_claims::OwnClaims;

/// Shows what there is, and the form for a new one.
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
    page(request, scene, &visitor, &living, None).await
}

async fn page(
    request: &HttpRequest,
    scene: &Scene,
    visitor: &Visitor,
    living: &Living,
    error: Option<FormError>,
) -> Result<HttpResponse, Fault> {
    let subject = living.subject.id.clone();
    let look = scene.read_long(move |_, store| Ok::<_, Fault>(store.personal_tokens_of(&subject)?));
    let tokens = look.await?;
    let policy = &scene.state.policy.personal_tokens;
    let is_refused = error.is_some();
    let page = TokensPage {
        frame: pages::frame(request, scene, "Personal access tokens"),
        action: urls::TOKENS.to_owned(),
        revoke_url: urls::REVOKE_TOKEN.to_owned(),
        csrf: form_token::make(scene, &visitor.browser, &purpose(&living.session.id)),
        account: living.session.id.clone(),
        tokens: tokens.iter().map(|token| line(token, scene)).collect(),
        usual_days: (policy.longest / DAY).clamp(1, USUAL_DAYS),
        most_days: (policy.longest / DAY).max(1),
        notice: notice(request),
        back_url: urls::ACCOUNT.to_owned(),
        error,
    };
    let mut response = visitor.show(scene, &page, None);
    if is_refused {
        *response.status_mut() = StatusCode::BAD_REQUEST;
    }
    Ok(response)
}

fn line(token: &PersonalToken, scene: &Scene) -> TokenLine {
    let until = time::full(token.expires_at);
    TokenLine {
        id: token.id.clone(),
        name: token.name.clone(),
        lives: token.lives(scene.now),
        state: match token.revoked_at {
            Some(at) => format!("Taken back {}", time::full(at)),
            None if token.lives(scene.now) => format!("Good until {until}"),
            None => format!("Expired {until}"),
        },
        made: time::day(token.created_at),
        last_used: token.last_used_at.map(time::full),
        place: token.last_used_from.clone(),
    }
}

/// Makes a token, and shows it this one time.
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
    let sent = Sent::read(request, payload, scene).await?;
    let Some(living) = sent.living.clone() else {
        return Ok(redirect(urls::LOGIN));
    };
    let (name, days) = {
        let params = sent.params()?;
        let name = params.find("name").unwrap_or_default().trim().to_owned();
        (
            name,
            params
                .find("days")
                .and_then(|days| days.trim().parse::<u16>().ok()),
        )
    };
    let refuse = |field, message| {
        let error = Some(FormError::at_field(field, message));
        page(request, scene, &sent.visitor, &living, error)
    };
    if !is_display_name(&name) {
        return refuse("name", "Say in a few words what the token is for").await;
    }
    let Some(days) = days.filter(|days| *days > 0) else {
        return refuse("days", "Enter a number of days").await;
    };
    let wish = wish(scene, name, i64::from(days) * DAY)?;
    let made = match make(request, scene, &living, wish).await {
        Ok(made) => made,
        Err(Fault::Refused(NotIssued::TooLong)) => {
            return refuse("days", "Enter fewer days").await;
        }
        Err(Fault::Refused(reason)) => return Err(Refusal::from(reason).into()),
        Err(Fault::Failed(error)) => return Err(Fault::Failed(error)),
    };
    let page = NewTokenPage {
        frame: pages::frame(request, scene, "Your new token"),
        name: made.token.name,
        token: made.text,
        expires: time::full(made.token.expires_at),
        back_url: urls::TOKENS.to_owned(),
    };
    Ok(sent.visitor.show(scene, &page, None))
}

/// What a person gets by herself: a token for this server and for those that the operator named, with what is known of her.
fn wish(scene: &Scene, name: String, lifetime: i64) -> Result<Wish, Fault> {
    let policy = &scene.state.policy;
    let own = std::iter::once(scene.state.site.issuer.clone());
    let audience = own.chain(policy.personal_tokens.audiences.iter().cloned());
    let scope = "email openid profile".parse();
    Ok(Wish {
        name,
        lifetime,
        scope: scope.map_err(|error| broken("granting the scope of a person", error))?,
        audience: audience.collect(),
        claims: OwnClaims::default(),
        naming: Naming::Subject,
        algorithm: policy.access_token_algorithm,
    })
}

/// A token, recorded and signed.
struct Made {
    token: PersonalToken,
    text: String,
}

async fn make(
    request: &HttpRequest,
    scene: &Scene,
    living: &Living,
    wish: Wish,
) -> Result<Made, Fault<NotIssued>> {
    let (origin, subject) = (Origin::of(request), living.subject.id.clone());
    let issue = scene.write(move |scene, store| {
        // Of two forms that come at once the second counts the token of the first.
        store.lock_person(&subject)?;
        let user = store.user(&subject)?;
        let user = user.ok_or(Fault::Refused(NotIssued::Disabled))?;
        let (context, keys) = (scene.context(), scene.keys());
        let recorded = personal_token::issue(&context, store, keys, &user.subject, wish)?;
        let (what, browser) = (Activity::TokenMade, origin.browser());
        activity::record(store, what, &subject, None, &browser, scene.now)?;
        Ok(recorded)
    });
    let recorded = issue.await?;
    let text = personal_token::sign(&recorded, &scene.state.site.issuer, scene.keys());
    let text = text.map_err(|error| broken("signing a personal access token", error))?;
    scene.state.metrics.personal_token_issued();
    Ok(Made {
        token: recorded.token,
        text,
    })
}

/// Takes a token back.
pub(crate) async fn revoke(
    request: HttpRequest,
    payload: Payload,
    state: Data<AppState>,
) -> HttpResponse {
    let scene = Scene::new(&state);
    try_revoke(&request, payload, &scene)
        .await
        .unwrap_or_else(|fault| refusal::fault(&request, fault))
}

async fn try_revoke(
    request: &HttpRequest,
    payload: Payload,
    scene: &Scene,
) -> Result<HttpResponse, Fault> {
    let sent = Sent::read(request, payload, scene).await?;
    let Some(living) = sent.living.clone() else {
        return Ok(redirect(urls::LOGIN));
    };
    let id = sent.params()?.find("token").map(str::to_owned);
    let id = id.ok_or(&catalogue::MISSING_PARAMETER)?;
    let origin = Origin::of(request);
    let revoke = scene.write(move |scene, store| {
        let token = store.personal_token(&id)?;
        // One of somebody else is as good as none.
        let is_own = token.is_some_and(|token| token.subject == living.subject.id);
        if is_own && store.revoke_personal_token(&id, scene.now)? {
            let (what, browser) = (Activity::TokenRevoked, origin.browser());
            let subject = &living.subject.id;
            activity::record(store, what, subject, None, &browser, scene.now)?;
        }
        Ok::<_, Fault>(())
    });
    revoke.await?;
    Ok(redirect(&format!("{}?done=revoked", urls::TOKENS)))
}

fn notice(request: &HttpRequest) -> Option<String> {
    let params = extract::params(request.query_string().as_bytes()).ok()?;
    let is_done = params.find("done") == Some("revoked");
    is_done.then(|| "The token is taken back; nobody can use it any more.".to_owned())
}

const DAY: i64 = 86_400;

/// What the form proposes.
const USUAL_DAYS: i64 = 30;
