//! The token endpoint (RFC 6749 §3.2).
//!
//! ```text
//! POST /token
//! Authorization: Basic ZGVtbzpkZW1vLXNlY3JldA==
//! Content-Type: application/x-www-form-urlencoded
//!
//! grant_type=client_credentials&scope=read
//!
//! 200 OK
//! Cache-Control: no-store
//!
//! {"access_token":"eyJ0eXAiOiJhdCtqd3QiLC…","token_type":"Bearer","expires_in":300,"scope":"read"}
//! ```

use actix_web::http::header::{self, HeaderValue};
use actix_web::web::{Data, Payload};
use actix_web::{HttpRequest, HttpResponse};

use crate::http::endpoints::client::authenticate;
use crate::http::endpoints::{jwt_bearer, own_keys, recipient};
use crate::http::scene::{Scene, broken};
use crate::http::state::AppState;
use crate::http::{cors, error, extract};
use crate::protocol::client::GrantType;
use crate::protocol::error::Fault;
use crate::protocol::grants::{self, token_exchange};
use crate::protocol::params::Params;
use crate::protocol::tokens::{self, TokenResponse};
use crate::storage::Transaction;

/// Answers a token request.
pub(crate) async fn answer(
    request: HttpRequest,
    payload: Payload,
    state: Data<AppState>,
) -> HttpResponse {
    let scene = Scene::new(&state);
    let mut response = match exchange(&request, payload, &scene).await {
        Ok(tokens) => HttpResponse::Ok()
            .insert_header((header::CACHE_CONTROL, HeaderValue::from_static("no-store")))
            .insert_header((header::PRAGMA, HeaderValue::from_static("no-cache")))
            .json(tokens),
        Err(fault) => error::json(&request, fault),
    };
    cors::allow_client(&request, &mut response);
    response
}

async fn exchange(
    request: &HttpRequest,
    payload: Payload,
    scene: &Scene,
) -> Result<TokenResponse, Fault> {
    let body = extract::form_body(request, payload).await?;
    let params = extract::params(&body)?;
    if jwt_bearer::is_meant(&params) {
        return jwt_bearer::exchange(request, scene, &params).await;
    }
    let client = authenticate(request, scene, &params).await?;
    let grant = grants::choose(&client, &params)?;
    let how = match grant {
        GrantType::ClientCredentials | GrantType::TokenExchange => None,
        GrantType::AuthorizationCode
        | GrantType::RefreshToken
        | GrantType::Implicit
        | GrantType::JwtBearer => client.client().metadata.id_token_encryption(),
    };
    // Before the grant is used up.
    let own = own_keys::find(scene, client.client()).await?;
    let (params, sent) = match &own {
        Some(own) => own.unsealed(scene, &params),
        None => (params, None),
    };
    let recipient = recipient::find(scene, client.client(), how).await?;
    let issue = match grant {
        // Nothing to remember: no transaction, no other thread.
        GrantType::ClientCredentials => {
            grants::client_credentials::exchange(&scene.context(), &client, &params)?
        }
        GrantType::TokenExchange => {
            let context = scene.context();
            let accepted = token_exchange::accept(&context, scene.keys(), &client, &params)?;
            let rule = move |scene: &Scene, store: &mut Transaction| {
                token_exchange::exchange(&scene.context(), store, &client, accepted)
            };
            scene.write(rule).await?
        }
        GrantType::AuthorizationCode
        | GrantType::RefreshToken
        | GrantType::Implicit
        | GrantType::JwtBearer => {
            let family = match grant {
                GrantType::RefreshToken => grants::refresh_token::family(&scene.context(), &params),
                GrantType::AuthorizationCode
                | GrantType::ClientCredentials
                | GrantType::Implicit
                | GrantType::JwtBearer
                | GrantType::TokenExchange => None,
            };
            let params: Params<'static> = params.into_owned();
            let rule = move |scene: &Scene, store: &mut Transaction| {
                let issue = grants::exchange(&scene.context(), store, &client, grant, &params)?;
                // One that registered itself is kept while it is used.
                let until = scene.now + scene.state.policy.registration.unused_lifetime;
                store.keep_dynamic_client(client.client(), until)?;
                Ok(issue)
            };
            match family {
                Some(family) => scene.write_family(family, rule).await?,
                None => scene.write(rule).await?,
            }
        }
    };
    if let Some(rotation) = issue.rotation {
        tracing::debug!(?rotation, client.id = %issue.client.id, "refresh token rotated");
    }
    let signer = scene.signer(recipient.as_deref());
    let tokens = match own {
        Some(own) => own.sign(&issue, &signer, sent)?,
        None => tokens::sign(&issue, &signer).map_err(|error| broken("signing tokens", error))?,
    };
    let metrics = &scene.state.metrics;
    metrics.issued(grant, Some(&issue.client), issue.rotation);
    Ok(tokens)
}
