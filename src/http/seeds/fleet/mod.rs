//! `POST /api/fleet/authenticate`: an agent gets a pair of tokens for its API key, its refresh token or its access token.
//!
//! ```text
//! POST /api/fleet/authenticate
//! Authorization: ApiKey a2lkMTpzM2NyZXQ=
//!
//! 200 OK
//! Cache-Control: no-store
//! X-Fleet-Access-Token: eyJ0eXAiOiJhdCtqd3QiLC…
//! X-Fleet-Refresh-Token: irt_…
//! X-Fleet-Token-Expires-In: 900
//!
//! {"access_token":"eyJ0eXAiOiJhdCtqd3QiLC…","token_type":"Bearer","expires_in":900,"refresh_token":"irt_…"}
//! ```

use std::time::Instant;

use actix_web::http::Method;
use actix_web::http::header;
use actix_web::web::{Bytes, Data, Payload};
use actix_web::{HttpRequest, HttpResponse};

use crate::http::endpoints::client::authenticate_by;
use crate::http::extract::header_text;
use crate::http::scene::{Scene, broken};
use crate::http::seeds::fleet::credential::Credential;
use crate::http::state::AppState;
use crate::http::{address, error, extract};
use crate::protocol::agents;
use crate::protocol::catalogue;
use crate::protocol::client::GrantType;
use crate::protocol::error::{Fault, Refusal};
use crate::protocol::params::Params;
use crate::protocol::tokens::{self, Issue, TokenResponse};
use crate::storage::Transaction;

mod credential;
pub(crate) mod dialect;
pub mod limits;

/// Answers an agent; without the setting `fleet.enabled` nothing is here.
pub(crate) async fn answer(
    request: HttpRequest,
    payload: Payload,
    state: Data<AppState>,
) -> HttpResponse {
    let began = Instant::now();
    let scene = Scene::new(&state);
    if !scene.state.policy.agents.is_on {
        return error::not_found(request).await;
    }
    let mut response = match exchange(&request, payload, &scene).await {
        Ok(tokens) => {
            scene.state.metrics.agent_served(began.elapsed());
            let mut response = HttpResponse::Ok()
                .insert_header((header::CACHE_CONTROL, "no-store"))
                .json(&tokens);
            dialect::add_tokens(response.headers_mut(), &tokens);
            response
        }
        Err(fault) => dialect::tell(&request, fault),
    };
    dialect::mark(&request, response.headers_mut());
    response
}

async fn exchange(
    request: &HttpRequest,
    payload: Payload,
    scene: &Scene,
) -> Result<TokenResponse, Fault> {
    if request.method() != Method::POST {
        return Err((&catalogue::METHOD_NOT_ALLOWED).into());
    }
    let limits = &scene.state.fleet_limits;
    if !limits.admit(&address::source(request), scene.now) {
        return Err((&catalogue::FLEET_RATE).into());
    }
    let Some(_place) = limits.enter() else {
        return Err((&catalogue::FLEET_BUSY).into());
    };
    check_size(request)?;
    dialect::check_version(request)?;
    let body = form(request, payload).await?;
    let params = extract::params(&body)?;
    let found = credential::find(request, &params, &scene.state.policy.agents)?;
    let (grant, issue) = match found {
        Credential::ApiKey(basic) => {
            let nothing = Params::default();
            let client = authenticate_by(request, scene, Some(basic.expose()), &nothing).await?;
            let rule = move |scene: &Scene, store: &mut Transaction| {
                let issue = agents::by_api_key(&scene.context(), store, &client)?;
                keep(scene, store, issue)
            };
            (GrantType::ClientCredentials, scene.write(rule).await?)
        }
        Credential::RefreshToken(token) => {
            let family = agents::family(&scene.context(), token.expose())?;
            let rule = move |scene: &Scene, store: &mut Transaction| {
                let issue = agents::by_refresh_token(&scene.context(), store, token.expose())?;
                keep(scene, store, issue)
            };
            let issue = scene.write_family(family, rule).await?;
            (GrantType::RefreshToken, issue)
        }
        Credential::AccessToken(token) => {
            let token = token.expose().to_owned();
            let ask = scene.ask(move |scene, store| {
                agents::by_access_token(&scene.context(), store, scene.keys(), &token)
            });
            let issue = ask.await?;
            let issue = if scene.state.policy.agents.renews_by_access_token {
                let renew = move |scene: &Scene, store: &mut Transaction| {
                    agents::renew(&scene.context(), store, issue.client)
                };
                scene.write(renew).await?
            } else {
                issue
            };
            (GrantType::TokenExchange, issue)
        }
    };
    let tokens = tokens::sign(&issue, &scene.signer(None));
    let tokens = tokens.map_err(|error| broken("signing the tokens of an agent", error))?;
    let metrics = &scene.state.metrics;
    metrics.issued(grant, Some(&issue.client), issue.rotation);
    Ok(tokens)
}

/// One that registered itself is kept while it is used.
fn keep(scene: &Scene, store: &mut Transaction, issue: Issue) -> Result<Issue, Fault> {
    let until = scene.now + scene.state.policy.registration.unused_lifetime;
    store.keep_dynamic_client(&issue.client, until)?;
    Ok(issue)
}

/// Only a form is read; an agent sends no body, and may send any type with it.
async fn form(request: &HttpRequest, payload: Payload) -> Result<Bytes, Refusal> {
    let media_type = header_text(request, &header::CONTENT_TYPE).unwrap_or_default();
    if media_type.starts_with("application/x-www-form-urlencoded") {
        extract::form_body(request, payload).await
    } else {
        Ok(Bytes::new())
    }
}

fn check_size(request: &HttpRequest) -> Result<(), Refusal> {
    // Name, colon, blank, value and the end of the line.
    let headers = request.headers().iter();
    let size: usize = headers
        .map(|(name, value)| name.as_str().len() + value.len() + 4)
        .sum();
    if size > MOST_HEADERS {
        Err(Refusal::new(&catalogue::FLEET_HEADERS))
    } else {
        Ok(())
    }
}

/// Bytes; what Fleet Server takes.
const MOST_HEADERS: usize = 8192;
