//! Metrics for operators, as Prometheus reads them.
//!
//! ```text
//! GET /metrics
//!
//! # HELP issuant_refresh_reuse Sign-ins revoked because a replaced refresh token was used: theft.
//! # TYPE issuant_refresh_reuse counter
//! issuant_refresh_reuse_total 0
//! …
//! ```
//!
//! They tell strangers how busy a server is and how often it is attacked. So they are there on a listener of their own, or
//! for who has the token, and in development.

use actix_web::http::header;
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};

use crate::crypto::digest::constant_time_eq;
use crate::http::error;
use crate::http::extract::authorization;
use crate::http::state::AppState;
use crate::protocol::bearer;
use crate::protocol::catalogue;
use crate::protocol::error::{Refusal, StoreError};
use crate::protocol::params::Params;

/// On the listener that everybody reaches.
pub(crate) async fn answer(request: HttpRequest, state: Data<AppState>) -> HttpResponse {
    if state.site.development || state.metrics_token.is_some() {
        on_own_listener(request, state).await
    } else {
        error::not_found(request).await
    }
}

/// On a listener of its own.
pub(crate) async fn on_own_listener(request: HttpRequest, state: Data<AppState>) -> HttpResponse {
    if !is_welcome(&request, &state) {
        return error::json(&request, Refusal::new(&catalogue::METRICS_TOKEN).into());
    }
    match state.metrics.text(&state.storage) {
        Ok(text) => HttpResponse::Ok()
            .insert_header((header::CONTENT_TYPE, OPEN_METRICS))
            .body(text),
        Err(cause) => {
            let failure: StoreError = crate::http::scene::broken("writing metrics", cause);
            error::json(&request, failure.into())
        }
    }
}

fn is_welcome(request: &HttpRequest, state: &AppState) -> bool {
    let Some(token) = &state.metrics_token else {
        return true;
    };
    let no_body = Params::default();
    bearer::find(authorization(request), &no_body)
        .is_ok_and(|it| constant_time_eq(it.as_bytes(), token.expose().as_bytes()))
}

const OPEN_METRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";
