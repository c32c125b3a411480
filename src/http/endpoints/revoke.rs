//! Token revocation (RFC 7009).
//!
//! ```text
//! POST /revoke
//! Authorization: Basic …
//!
//! token=irt_…
//!
//! 200 OK
//! ```

use actix_web::web::{Data, Payload};
use actix_web::{HttpRequest, HttpResponse};

use crate::http::endpoints::client::{authenticate, names_client};
use crate::http::endpoints::own_keys;
use crate::http::scene::Scene;
use crate::http::state::AppState;
use crate::http::{cors, error, extract};
use crate::protocol::error::Fault;
use crate::protocol::revocation;

/// Answers a revocation request.
pub(crate) async fn answer(
    request: HttpRequest,
    payload: Payload,
    state: Data<AppState>,
) -> HttpResponse {
    let scene = Scene::new(&state);
    let mut response = match revoke(&request, payload, &scene).await {
        Ok(()) => HttpResponse::Ok().finish(),
        Err(fault) => error::json(&request, fault),
    };
    cors::allow_client(&request, &mut response);
    response
}

async fn revoke(request: &HttpRequest, payload: Payload, scene: &Scene) -> Result<(), Fault> {
    let body = extract::form_body(request, payload).await?;
    let params = extract::params(&body)?;
    if !names_client(request, &params)
        && let Some(token) = params.find("token")
        && revocation::is_without_client(&scene.context(), scene.keys(), token)
    {
        let token = token.to_owned();
        let revoke = scene.write(move |scene, store| {
            let (context, keys) = (scene.context(), scene.keys());
            Ok(revocation::revoke_without_client(
                &context, store, keys, &token,
            )?)
        });
        return revoke.await;
    }
    let client = authenticate(request, scene, &params).await?;
    let token = revocation::accept(&params)?;
    let token = own_keys::unseal(scene, client.client(), token).await?;
    let token = token.into_owned();
    scene
        .write(move |scene, store| {
            let (context, keys) = (scene.context(), scene.keys());
            Ok(revocation::revoke(&context, store, keys, &client, &token)?)
        })
        .await
}
