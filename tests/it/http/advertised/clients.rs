//! How clients authenticate, at each endpoint where they do.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::json;

use crate::http::advertised::app::{App, asserting, refused};
use crate::support::op::{TestOp, form_request};

/// With some algorithm, where the method needs one.
async fn with_method<'a>(op: &'a TestOp, method: &str) -> App<'a> {
    match method {
        "client_secret_jwt" => App::signing(op, "HS256").await,
        "private_key_jwt" => App::signing(op, "ES256").await,
        _ => App::new(op, json!({"token_endpoint_auth_method": method})).await,
    }
}

/// A token is issued to the app, and the endpoint hears it.
async fn is_heard(app: &App<'_>, path: &str) {
    let token = app.sign_in(&[]).await.token("access_token");
    match path {
        "/token" => {}
        "/revoke" => assert_eq!(app.post(path, &[("token", &token)]).await.status, 200),
        "/introspect" => {
            let facts = app.post(path, &[("token", &token)]).await.json(200);
            assert_eq!(facts["client_id"], app.id());
        }
        _ => panic!("nobody wrote down how to use {path}"),
    }
}

pub(super) async fn method(op: &TestOp, path: &str, value: &str) {
    is_heard(&with_method(op, value).await, path).await;
}

/// Where the method exists elsewhere, the endpoint refuses it; otherwise nobody can register for it.
pub(super) async fn no_method(op: &TestOp, path: &str, value: &str) {
    if value == "none" {
        let app = with_method(op, value).await;
        let reply = app.post(path, &[("token", "any")]).await;
        return reply.assert_error(400, "unauthorized_client", "E1107");
    }
    let metadata = json!({"token_endpoint_auth_method": value});
    refused(op, metadata, "E1807").await;
}

pub(super) async fn algorithm(op: &TestOp, path: &str, value: &str) {
    is_heard(&App::signing(op, value).await, path).await;
}

/// Neither may it be registered, nor does it authenticate anybody.
pub(super) async fn no_algorithm(op: &TestOp, path: &str, value: &str) {
    let metadata = json!({
        "token_endpoint_auth_method": "client_secret_jwt",
        "token_endpoint_auth_signing_alg": value,
    });
    refused(op, metadata, "E1805").await;
    let app = App::signing(op, "HS256").await;
    let assertion = app.assertion("HS256");
    let (_, rest) = assertion.split_once('.').unwrap();
    let (claims, _) = rest.split_once('.').unwrap();
    let header = URL_SAFE_NO_PAD.encode(json!({"alg": value, "typ": "JWT"}).to_string());
    let unsigned = format!("{header}.{claims}.");
    let form = [("grant_type", "client_credentials"), ("token", "any")];
    let form = [&form[..], &asserting(&unsigned)].concat();
    let reply = op.send(form_request(path, &form)).await;
    reply.assert_error(401, "invalid_client", "E1109");
}
