//! Clients that register themselves (RFC 7591) and manage their registration (RFC 7592).
//!
//! ```text
//! POST /register
//! Content-Type: application/json
//!
//! {"redirect_uris":["https://shop.example/cb"],"client_name":"Web shop"}
//!
//! 201 Created
//! {"client_id":"dyn-…","client_secret":"iss_…","registration_access_token":"irt_…",…}
//! ```

use std::sync::Arc;

use actix_web::http::header::HeaderName;
use actix_web::http::{Method, StatusCode};
use actix_web::web::{Bytes, Data, Path, Payload};
use actix_web::{HttpRequest, HttpResponse};
use serde::Serialize;

use crate::http::endpoints::client::require_scope;
use crate::http::extract::{authorization, header_text};
use crate::http::scene::{Scene, broken};
use crate::http::seeds::fleet::dialect;
use crate::http::state::AppState;
use crate::http::{address, cors, error, extract, sector, urls};
use crate::protocol::agents;
use crate::protocol::bearer::{self, BearerRefused};
use crate::protocol::catalogue;
use crate::protocol::client::{Client, GrantType};
use crate::protocol::dynamic_registration::{
    self as registration, INITIAL_ACCESS_SCOPE, NewClient, Registered, RegistrationMode,
};
use crate::protocol::error::{Fault, Refusal};
use crate::protocol::params::Params;
use crate::protocol::store::TokenFamilies as _;
use crate::protocol::tokens::{self, TokenResponse};
use crate::storage::Transaction;

/// Registers a client.
pub(crate) async fn register(
    request: HttpRequest,
    payload: Payload,
    state: Data<AppState>,
) -> HttpResponse {
    let scene = Scene::new(&state);
    let mut response = match add(&request, payload, &scene).await {
        Ok(response) => response,
        Err(Denied::Registration(fault)) => error::json(&request, fault),
        Err(Denied::Bearer(fault)) => error::bearer(&request, fault, INITIAL_ACCESS_SCOPE),
    };
    cors::allow_client(&request, &mut response);
    response
}

/// Tells, replaces or removes the client in the address.
pub(crate) async fn manage(
    request: HttpRequest,
    payload: Payload,
    client_id: Path<String>,
    state: Data<AppState>,
) -> HttpResponse {
    let scene = Scene::new(&state);
    let mut response = change(&request, payload, &scene, &client_id)
        .await
        .unwrap_or_else(|fault| error::json(&request, fault));
    cors::allow_client(&request, &mut response);
    response
}

/// Which of two dialects a refusal is told in.
enum Denied {
    Registration(Fault),
    Bearer(Fault<BearerRefused>),
}

impl<T: Into<Fault>> From<T> for Denied {
    fn from(fault: T) -> Self {
        Self::Registration(fault.into())
    }
}

async fn add(
    request: &HttpRequest,
    payload: Payload,
    scene: &Scene,
) -> Result<HttpResponse, Denied> {
    let policy = &scene.state.policy.registration;
    match policy.mode {
        RegistrationMode::Off => return Err(Refusal::new(&catalogue::REGISTRATION_OFF).into()),
        RegistrationMode::Token => {
            let nothing = Params::default();
            let token = bearer::find(authorization(request), &nothing);
            let token = token.map_err(|refused| Denied::Bearer(refused.into()))?;
            require_scope(scene, token, INITIAL_ACCESS_SCOPE)
                .await
                .map_err(Denied::Bearer)?;
        }
        RegistrationMode::Open => {}
    }
    let body = extract::json_body(request, payload).await?;
    let new = registration::accept(&scene.context(), &scene.keys().algorithms(), &body)?;
    let source = address::source(request);
    if !scene.state.registrations.admit(&source, scene.now) {
        return Err(Refusal::new(&catalogue::REGISTRATION_RATE).into());
    }
    check_sector(scene, &new.client).await?;
    let takes_tokens =
        new.client.is_agent() && header_text(request, &ACCEPT_AUTH).is_some_and(|it| it == "JWT");
    if takes_tokens {
        return enrol(scene, new.without_secret()).await;
    }
    let answer = new.answer(&endpoint(scene));
    let client = new.client;
    check_addresses(scene, &client)?;
    let most = policy.most;
    let until = scene.now + policy.unused_lifetime;
    scene
        .change_clients(client.id.clone(), move |store| {
            // The same app on another device.
            if let Some(known) = store.client(&client.id)? {
                if known.disabled {
                    return Err((&catalogue::CLIENT_DISABLED_PAGE).into());
                }
                store.keep_dynamic_client(&known, until)?;
                return Ok::<_, Fault>(Some(known));
            }
            if store.count_dynamic_clients()? >= most {
                return Err((&catalogue::REGISTRATION_FULL).into());
            }
            store.add_client(&client)?;
            Ok(Some(client))
        })
        .await?;
    Ok(HttpResponse::Created().json(answer))
}

/// Registers an agent that asked for its first tokens instead of a secret, as at Fleet Server.
async fn enrol(scene: &Scene, new: NewClient) -> Result<HttpResponse, Denied> {
    let answer = new.answer(&endpoint(scene));
    let client = Arc::new(new.client);
    check_addresses(scene, &client)?;
    let (family, issue) = agents::first_pair(&scene.context(), &client);
    let (most, asked) = (scene.state.policy.registration.most, scene.clone());
    let id = client.id.clone();
    let rule = move |store: &mut Transaction| {
        if store.count_dynamic_clients()? >= most {
            return Err::<_, Fault>((&catalogue::REGISTRATION_FULL).into());
        }
        store.add_client(&client)?;
        store.begin_family_of_agent(&family)?;
        agents::note(&asked.context(), store, &family)?;
        Ok(Some(Client::clone(&client)))
    };
    scene.change_clients(id, rule).await?;
    let tokens = tokens::sign(&issue, &scene.signer(None));
    let tokens = tokens.map_err(|error| broken("signing the tokens of an agent", error))?;
    let metrics = &scene.state.metrics;
    metrics.issued(GrantType::ClientCredentials, Some(&issue.client), None);
    let enrolled = Enrolled {
        registered: answer,
        tokens: &tokens,
    };
    let mut response = HttpResponse::Created().json(enrolled);
    dialect::add_tokens(response.headers_mut(), &tokens);
    Ok(response)
}

/// What Fleet Server's agents send when they want tokens instead of an API key.
const ACCEPT_AUTH: HeaderName = HeaderName::from_static("x-elastic-agent-accept-auth");

/// The answer to an agent that takes tokens (RFC 7591 §3.2.1 and RFC 6749 §5.1).
#[derive(Serialize)]
struct Enrolled<'a> {
    #[serde(flatten)]
    registered: Registered,
    tokens: &'a TokenResponse,
}

async fn change(
    request: &HttpRequest,
    payload: Payload,
    scene: &Scene,
    client_id: &str,
) -> Result<HttpResponse, Fault> {
    let refused = |_| Refusal::new(&catalogue::REGISTRATION_TOKEN);
    let nothing = Params::default();
    let token = bearer::find(authorization(request), &nothing).map_err(refused)?;
    let id = registration::client_id(client_id)?;
    let known = scene.snapshot.client(client_id);
    registration::find(&scene.context(), known.as_deref(), token)?;
    if request.method() == Method::GET {
        let told = known.map(|client| registration::tell(&client, &endpoint(scene), token));
        let told = told.ok_or(&catalogue::REGISTRATION_TOKEN)?;
        return Ok(HttpResponse::Ok().json(told));
    }
    if !(scene.state.registrations).admit(&address::source(request), scene.now) {
        return Err((&catalogue::REGISTRATION_RATE).into());
    }
    let body = if request.method() == Method::PUT {
        extract::json_body(request, payload).await?
    } else {
        Bytes::new()
    };
    if let (&Method::PUT, Some(known)) = (request.method(), &known) {
        let algorithms = scene.keys().algorithms();
        let changed = registration::update(&scene.context(), &algorithms, known, &body)?;
        check_sector(scene, &changed).await?;
    }
    let (method, presented) = (request.method().clone(), token.to_owned());
    let (of, asked) = (id.clone(), scene.clone());
    let rule = move |store: &mut Transaction| {
        let context = asked.context();
        // An operator may be deciding about it right now.
        store.lock_client(&id)?;
        let known = store.client(&id)?;
        registration::find(&context, known.as_ref(), &presented)?;
        let known: Client = known.ok_or(&catalogue::REGISTRATION_TOKEN)?;
        if method == Method::DELETE {
            store.delete_client(&id)?;
            return Ok(None);
        }
        let algorithms = asked.keys().algorithms();
        let changed = registration::update(&context, &algorithms, &known, &body)?;
        check_addresses(&asked, &changed)?;
        store.replace_client(&changed)?;
        Ok::<_, Fault>(Some(changed))
    };
    let client = scene.change_clients(of, rule).await?;
    Ok(match client {
        None => HttpResponse::build(StatusCode::NO_CONTENT).finish(),
        Some(client) => {
            HttpResponse::Ok().json(registration::tell(&client, &endpoint(scene), token))
        }
    })
}

/// Whether this server would ever ask the addresses that the client wants asked. Names are not looked up.
fn check_addresses(scene: &Scene, client: &Client) -> Result<(), Fault> {
    let metadata = &client.metadata;
    let logout = metadata.backchannel_logout_uri.as_ref();
    let documents = metadata
        .request_uris
        .iter()
        .map(|uri| uri.as_str().to_owned());
    let addresses = [metadata.jwks_uri.clone(), logout.map(ToString::to_string)];
    let mut addresses = addresses.into_iter().flatten().chain(documents);
    if addresses.all(|address| scene.state.fetcher.may_fetch(&address)) {
        Ok(())
    } else {
        Err((&catalogue::REGISTRATION_ADDRESS).into())
    }
}

/// Nothing waits for it but this request, so it is before the transaction.
async fn check_sector(scene: &Scene, client: &Client) -> Result<(), Refusal> {
    sector::check(&scene.state.fetcher, client)
        .await
        .map_err(|error| {
            tracing::info!(client.id = %client.id, %error, "a sector is not proven");
            Refusal::new(&catalogue::SECTOR_DOCUMENT)
        })
}

fn endpoint(scene: &Scene) -> String {
    format!("{}{}", scene.state.site.issuer, urls::REGISTER)
}
