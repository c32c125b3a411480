//! As `cc-backend`: a token for a script from the browser, and a place to try it.
//!
//! ```text
//! GET /frontend/jwt/?username=maya
//! Cookie: issuant-session=…
//!
//! eyJ0eXAiOiJhdCtqd3QiLC…
//!
//! GET /api/whoami
//! X-Auth-Token: eyJ0eXAiOiJhdCtqd3QiLC…
//!
//! {"username":"maya","roles":["api"]}
//! ```

use actix_web::http::StatusCode;
use actix_web::http::header::{self, HeaderName};
use actix_web::web::{Data, ServiceConfig, get, resource};
use actix_web::{HttpRequest, HttpResponse};
use serde::Serialize;

use crate::crypto::algorithm::Algorithm;
use crate::http::extract::{authorization, header_text};
use crate::http::pages::{Origin, Visitor};
use crate::http::scene::{Scene, broken};
use crate::http::state::AppState;
use crate::http::{address, error, extract, urls};
use crate::identity::activity::{self, Activity};
use crate::identity::session::Living;
use crate::identity::store::{Sessions as _, Users as _};
use crate::protocol::bearer::{self, BearerRefused, Seen};
use crate::protocol::catalogue;
use crate::protocol::error::{ErrorCode, Fault, Refusal};
use crate::protocol::params::Params;
use crate::protocol::personal_token::{self, Naming, NotIssued, Recorded, Wish};
use crate::protocol::roles::ADMIN;
use crate::protocol::scope::Scope;
use crate::protocol::tokens::own_claims::OwnClaims;
use crate::protocol::verification::{self, Demand};

/// Both paths.
pub(crate) fn routes(routes: &mut ServiceConfig) {
    routes
        .service(resource(urls::CC_JWT).route(get().to(token)))
        .service(resource(urls::CC_WHOAMI).route(get().to(whoami)));
}

/// The error body of `cc-backend`.
#[derive(Serialize)]
struct Body<'a> {
    status: &'a str,
    error: &'a str,
}

fn is_on(scene: &Scene) -> bool {
    scene.state.policy.cluster_cockpit.enabled
}

async fn token(request: HttpRequest, state: Data<AppState>) -> HttpResponse {
    let scene = Scene::new(&state);
    if !is_on(&scene) {
        return error::not_found(request).await;
    }
    match make(&request, &scene).await {
        Ok(token) => HttpResponse::Ok()
            .insert_header((header::CACHE_CONTROL, "no-store"))
            .content_type("text/plain; charset=utf-8")
            .body(token),
        Err(fault) => refuse(&request, fault),
    }
}

async fn make(request: &HttpRequest, scene: &Scene) -> Result<String, Fault> {
    let site = header_text(request, &HeaderName::from_static("sec-fetch-site"));
    if site.is_some_and(|site| site != "same-origin" && site != "none") {
        return Err((&catalogue::CC_OTHER_SITE).into());
    }
    let params = extract::params(request.query_string().as_bytes())?;
    let visitor = Visitor::find(request, scene).await?;
    let living = visitor.living().ok_or(&catalogue::CC_NOT_SIGNED_IN)?;
    let own = &living.subject.username;
    let wanted = params.find("username").unwrap_or(own);
    let is_own = wanted.eq_ignore_ascii_case(own);
    if !is_own && !living.subject.roles.iter().any(|role| role == ADMIN) {
        return Err((&catalogue::CC_OTHER_USER).into());
    }
    let recorded = record(request, scene, living, wanted.to_owned()).await?;
    let text = personal_token::sign(&recorded, &scene.state.site.issuer, scene.keys());
    let text = text.map_err(|error| broken("signing a personal access token", error))?;
    scene.state.metrics.personal_token_issued();
    Ok(text)
}

async fn record(
    request: &HttpRequest,
    scene: &Scene,
    living: &Living,
    username: String,
) -> Result<Recorded, Fault> {
    let policy = &scene.state.policy;
    let longest = policy.personal_tokens.longest;
    let wish = wish(policy.cluster_cockpit.max_age.min(longest));
    let (origin, maker) = (Origin::of(request), living.subject.id.clone());
    let write = scene.write(move |scene, store| {
        let user = store.user_by_username(&username)?;
        let user = user.ok_or(&catalogue::CC_NO_USER)?;
        // Of two requests that come at once the second counts the token of the first.
        store.lock_person(&user.subject.id)?;
        let (context, keys) = (scene.context(), scene.keys());
        let recorded = personal_token::issue(&context, store, keys, &user.subject, wish);
        let recorded = recorded.map_err(|fault: Fault<NotIssued>| match fault {
            Fault::Refused(reason) => Fault::Refused(Refusal::from(reason)),
            Fault::Failed(error) => Fault::Failed(error),
        })?;
        let (what, browser) = (Activity::TokenMade, origin.browser());
        activity::record(store, what, &user.subject.id, None, &browser, scene.now)?;
        if maker != user.subject.id {
            activity::record(store, what, &maker, None, &browser, scene.now)?;
        }
        Ok::<_, Fault>(recorded)
    });
    write.await
}

/// The token that these callers expect: Ed25519, and the name as its subject.
pub(crate) fn wish(lifetime: i64) -> Wish {
    Wish {
        name: "ClusterCockpit".to_owned(),
        lifetime,
        scope: Scope::default(),
        // Its subject is a name, which another reader could take for the `sub` of somebody else. So it is for these alone.
        audience: vec![AUDIENCE.to_owned()],
        claims: OwnClaims::default(),
        naming: Naming::Username,
        algorithm: Algorithm::EdDsa,
    }
}

/// For whom these tokens are.
const AUDIENCE: &str = "cluster-cockpit";

/// Who calls.
#[derive(Serialize)]
struct Caller {
    username: String,
    roles: Vec<String>,
}

async fn whoami(request: HttpRequest, state: Data<AppState>) -> HttpResponse {
    let scene = Scene::new(&state);
    if !is_on(&scene) {
        return error::not_found(request).await;
    }
    match see(&request, &scene).await {
        Ok(Seen { token, subject, .. }) => HttpResponse::Ok().json(Caller {
            username: subject.map_or(token.sub, |subject| subject.username),
            roles: token.roles,
        }),
        Err(Fault::Refused(refused)) => refuse(&request, Refusal::from(refused).into()),
        Err(Fault::Failed(failed)) => refuse(&request, Fault::Failed(failed)),
    }
}

async fn see(request: &HttpRequest, scene: &Scene) -> Result<Seen, Fault<BearerRefused>> {
    let named = request.headers().get("x-auth-token");
    let no_body = Params::default();
    let token = match named {
        Some(token) => token.to_str().map_err(|_| BearerRefused::NotGood)?,
        None => bearer::find(authorization(request), &no_body)?,
    };
    let (token, demand) = (token.to_owned(), Demand::of(AUDIENCE));
    let ask = scene.ask(move |scene, store| {
        verification::verify(&scene.context(), store, scene.keys(), &demand, &token)
    });
    let seen = ask.await?;
    let from = || address::client_address(request);
    let uses = &scene.state.personal_token_uses;
    uses.note(&seen.token.jti, from, scene.now);
    Ok(seen)
}

/// A refusal or failure in the words of `cc-backend`.
fn refuse(request: &HttpRequest, fault: Fault) -> HttpResponse {
    let (status, refusal) = match fault {
        Fault::Refused(refusal) => {
            error::log_refusal(request, refusal);
            (status(refusal), refusal)
        }
        Fault::Failed(failed) => {
            error::log_failure(request, &failed);
            (error::failure_status(&failed), error::failure(&failed))
        }
    };
    let mut response = HttpResponse::build(status);
    let description = refusal.description();
    if status == StatusCode::UNAUTHORIZED {
        let code = refusal.code().as_str();
        let said = [("error", code), ("error_description", description.as_str())];
        let challenge = error::challenge(request, "Bearer", &said);
        response.insert_header((header::WWW_AUTHENTICATE, challenge));
    }
    if status == StatusCode::SERVICE_UNAVAILABLE {
        response.insert_header((header::RETRY_AFTER, error::RETRY_AFTER));
    }
    response
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .json(Body {
            status: status.canonical_reason().unwrap_or_default(),
            error: &description,
        })
}

/// These callers know one meaning of each status, which is not always the one of RFC 6749.
fn status(refusal: Refusal) -> StatusCode {
    if refusal == Refusal::new(&catalogue::CC_NO_USER) {
        StatusCode::NOT_FOUND
    } else if refusal == Refusal::new(&catalogue::PERSONAL_TOKENS_TOO_MANY) {
        StatusCode::TOO_MANY_REQUESTS
    } else if refusal.code() == ErrorCode::AccessDenied {
        StatusCode::FORBIDDEN
    } else {
        error::status(refusal)
    }
}
