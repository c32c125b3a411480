//! Token introspection (RFC 7662).
//!
//! ```text
//! POST /introspect
//! Authorization: Basic …
//!
//! token=eyJ0eXAiOiJhdCtqd3QiLC…
//!
//! {"active":true,"scope":"read","client_id":"demo","token_type":"Bearer","exp":1795363500,…}
//! ```

use actix_web::web::{Data, Payload};
use actix_web::{HttpRequest, HttpResponse};

use crate::http::endpoints::client::authenticate;
use crate::http::endpoints::own_keys;
use crate::http::scene::Scene;
use crate::http::state::AppState;
use crate::http::{error, extract};
use crate::protocol::error::Fault;
use crate::protocol::introspection::{self, Introspection};

/// Answers an introspection request.
pub(crate) async fn answer(
    request: HttpRequest,
    payload: Payload,
    state: Data<AppState>,
) -> HttpResponse {
    let scene = Scene::new(&state);
    match introspect(&request, payload, &scene).await {
        Ok(told) => HttpResponse::Ok().json(told),
        Err(fault) => error::json(&request, fault),
    }
}

async fn introspect(
    request: &HttpRequest,
    payload: Payload,
    scene: &Scene,
) -> Result<Introspection, Fault> {
    let body = extract::form_body(request, payload).await?;
    let params = extract::params(&body)?;
    let client = authenticate(request, scene, &params).await?;
    let token = introspection::accept(&client, &params)?;
    let token = own_keys::unseal(scene, client.client(), token).await?;
    let token = token.into_owned();
    let ask = scene.ask(move |scene, store| {
        let (context, keys) = (scene.context(), scene.keys());
        Ok(introspection::introspect(
            &context, store, keys, &client, &token,
        )?)
    });
    let told = ask.await?;
    if let Some(token_id) = &told.jti {
        // Who asks is not who uses the token.
        scene
            .state
            .personal_token_uses
            .note(token_id, || None, scene.now);
    }
    Ok(told)
}
