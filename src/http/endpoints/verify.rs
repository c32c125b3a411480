//! Forward-auth: a proxy asks whether a request may pass.
//!
//! ```text
//! GET /verify?audience=https://api.example.com&scope=read
//! Authorization: Bearer eyJ0eXAiOiJhdCtqd3QiLC…
//!
//! 200 OK
//! Remote-Subject: 4Jx…
//! Remote-Client: shop
//! Remote-Scope: profile read
//! Remote-User: maya
//! ```
//!
//! The proxy must set these headers of the request that passes from this answer, also where one is missing here, so that
//! nobody can send their own.

use actix_web::http::header::{self, HeaderName, HeaderValue};
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};

use crate::http::extract::{self, authorization};
use crate::http::scene::Scene;
use crate::http::state::AppState;
use crate::http::{address, error};
use crate::protocol::bearer::BearerRefused;
use crate::protocol::error::Fault;
use crate::protocol::original_request::OriginalRequest;
use crate::protocol::shared_secret;
use crate::protocol::verification::{self, Demand};

/// What the application is told.
type Told = Vec<(&'static str, String)>;

/// Answers the question of a proxy.
pub(crate) async fn answer(request: HttpRequest, state: Data<AppState>) -> HttpResponse {
    let scene = Scene::new(&state);
    match verify(&request, &scene).await {
        Ok(told) => tell(&told),
        Err(fault) => {
            let query = extract::params(request.query_string().as_bytes()).ok();
            let scope = query.as_ref().and_then(|query| query.find("scope"));
            error::bearer(&request, fault, scope.unwrap_or_default())
        }
    }
}

async fn verify(request: &HttpRequest, scene: &Scene) -> Result<Told, Fault<BearerRefused>> {
    let query = extract::params(request.query_string().as_bytes());
    let demand = Demand::read(&query.map_err(|_| BearerRefused::Malformed)?)?;
    let policy = &scene.state.policy.forward_auth;
    let original = address::original(request, scene).and_then(OriginalRequest::read);
    // A proxy knows 401 and 403 only; whatever else a stranger sends must not look like a fault of the server. A token in two
    // places is the exception: there is no way to say which of them counts (RFC 6750 §3.1).
    let malformed = |refused| match refused {
        BearerRefused::Malformed => BearerRefused::NotGood,
        BearerRefused::Missing
        | BearerRefused::TwoWays
        | BearerRefused::NotGood
        | BearerRefused::Expired
        | BearerRefused::Revoked
        | BearerRefused::Scope => refused,
    };
    let token = verification::find_token(policy, authorization(request), original.as_ref());
    let token = token.map_err(malformed)?;
    if let Some(secrets) = &policy.shared_secrets
        && shared_secret::is_meant(&token)
    {
        let (context, original) = (scene.context(), original.as_ref());
        let caller =
            verification::verify_shared_secret(&context, secrets, &demand, original, &token)?;
        return Ok(verification::identity_of_secret_token(caller));
    }
    let ask = scene.ask(move |scene, store| {
        verification::verify(&scene.context(), store, scene.keys(), &demand, &token)
    });
    let seen = ask.await?;
    let uses = &scene.state.personal_token_uses;
    let from = || address::client_address(request);
    uses.note(&seen.token.jti, from, scene.now);
    Ok(verification::identity(&seen))
}

fn tell(told: &Told) -> HttpResponse {
    let mut response = HttpResponse::Ok();
    response.insert_header((header::CACHE_CONTROL, "no-store"));
    for (name, value) in told {
        let name = HeaderName::from_bytes(name.as_bytes());
        // A name with a control character is not told.
        if let (Ok(name), Ok(value)) = (name, HeaderValue::from_bytes(value.as_bytes())) {
            response.insert_header((name, value));
        }
    }
    response.finish()
}
