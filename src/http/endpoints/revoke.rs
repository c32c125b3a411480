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

use crate::http::endpoints::client::authenticate;
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
    let client = authenticate(request, scene, &params).await?;
    let token = revocation::accept(&params)?.to_owned();
    scene
        .write(move |scene, store| {
            let (context, keys) = (scene.context(), scene.keys());
            Ok(revocation::revoke(&context, store, keys, &client, &token)?)
        })
        .await
}
