//! The userinfo endpoint (OpenID Connect Core §5.3).
//!
//! ```text
//! GET /userinfo
//! Authorization: Bearer eyJ0eXAiOiJhdCtqd3QiLC…
//!
//! {"sub":"4Jx…","name":"Maya","preferred_username":"maya","updated_at":1795363200}
//! ```

use actix_web::http::Method;
use actix_web::web::{Bytes, Data, Payload};
use actix_web::{HttpRequest, HttpResponse};

use crate::http::endpoints::recipient;
use crate::http::extract::authorization;
use crate::http::scene::{Scene, broken};
use crate::http::state::AppState;
use crate::http::{address, cors, error, extract};
use crate::protocol::bearer::{self, BearerRefused};
use crate::protocol::error::Fault;
use crate::protocol::personal_token;
use crate::protocol::userinfo;

/// Answers a userinfo request.
pub(crate) async fn answer(
    request: HttpRequest,
    payload: Payload,
    state: Data<AppState>,
) -> HttpResponse {
    let scene = Scene::new(&state);
    let mut response = match tell(&request, payload, &scene).await {
        Ok(response) => response,
        Err(fault) => error::bearer(&request, fault, "openid"),
    };
    cors::allow_client(&request, &mut response);
    response
}

async fn tell(
    request: &HttpRequest,
    payload: Payload,
    scene: &Scene,
) -> Result<HttpResponse, Fault<BearerRefused>> {
    let malformed = |_| BearerRefused::Malformed;
    let body = if request.method() == Method::POST {
        extract::optional_form_body(request, payload)
            .await
            .map_err(malformed)?
    } else {
        Bytes::new()
    };
    let params = extract::params(&body).map_err(malformed)?;
    let token = bearer::find(authorization(request), &params)?.to_owned();
    let ask = scene
        .ask(move |scene, store| userinfo::userinfo(&scene.context(), store, scene.keys(), &token));
    let found = ask.await?;
    let told = found.claims();
    let token_id = &found.token.jti;
    if personal_token::is_personal(token_id) {
        let uses = &scene.state.personal_token_uses;
        uses.note(token_id, || address::client_address(request), scene.now);
        // No client registered how it wants to have the answer.
        return Ok(HttpResponse::Ok().json(told));
    }
    let client = scene.snapshot.client(&found.token.client_id);
    let client = client.ok_or(BearerRefused::NotGood)?;
    let how = client.metadata.userinfo_encryption();
    let recipient = match recipient::find(scene, &client, how).await {
        Ok(recipient) => recipient,
        // Nothing is wrong with the access token.
        Err(refused) => return Ok(error::json(request, refused.into())),
    };
    let (context, recipient) = (scene.context(), recipient.as_deref());
    let token = userinfo::token(&context, scene.keys(), &client, recipient, &told);
    match token.map_err(|error| broken("signing a userinfo answer", error))? {
        Some(token) => Ok(HttpResponse::Ok()
            .content_type("application/jwt")
            .body(token)),
        None => Ok(HttpResponse::Ok().json(told)),
    }
}
