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

use crate::http::error;
use crate::http::extract::{self, authorization};
use crate::http::scene::Scene;
use crate::http::state::AppState;
use crate::protocol::bearer::{self, BearerRefused, Seen};
use crate::protocol::error::Fault;
use crate::protocol::params::Params;
use crate::protocol::verification::{self, Demand};

/// Answers the question of a proxy.
pub(crate) async fn answer(request: HttpRequest, state: Data<AppState>) -> HttpResponse {
    let scene = Scene::new(&state);
    match verify(&request, &scene).await {
        Ok(seen) => tell(&seen),
        Err(fault) => {
            let query = extract::params(request.query_string().as_bytes()).ok();
            let scope = query.as_ref().and_then(|query| query.find("scope"));
            error::bearer(&request, fault, scope.unwrap_or_default())
        }
    }
}

async fn verify(request: &HttpRequest, scene: &Scene) -> Result<Seen, Fault<BearerRefused>> {
    let query = extract::params(request.query_string().as_bytes());
    let demand = Demand::read(&query.map_err(|_| BearerRefused::Malformed)?)?;
    // A proxy knows 401 and 403 only; whatever else a stranger sends must not look like a fault of the server.
    let malformed = |refused| match refused {
        BearerRefused::Malformed => BearerRefused::NotGood,
        BearerRefused::Missing | BearerRefused::NotGood | BearerRefused::Scope => refused,
    };
    let no_body = Params::default();
    let token = bearer::find(authorization(request), &no_body).map_err(malformed)?;
    let token = token.to_owned();
    let ask = scene.ask(move |scene, store| {
        verification::verify(&scene.context(), store, scene.keys(), &demand, &token)
    });
    ask.await
}

fn tell(seen: &Seen) -> HttpResponse {
    let mut response = HttpResponse::Ok();
    response.insert_header((header::CACHE_CONTROL, "no-store"));
    for (name, value) in verification::identity(seen) {
        let name = HeaderName::from_bytes(name.as_bytes());
        // A name with a control character is not told.
        if let (Ok(name), Ok(value)) = (name, HeaderValue::from_bytes(value.as_bytes())) {
            response.insert_header((name, value));
        }
    }
    response.finish()
}
