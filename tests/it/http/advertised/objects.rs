//! Request objects (OpenID Connect Core §6) and encrypted answers (§10.2).

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use issuant::crypto::algorithm::Algorithm;
use issuant::crypto::jwt;
use jsonwebtoken::{EncodingKey, Header};
use serde_json::{Value, json};

use crate::http::advertised::app::{App, refused};
use crate::support::cast::{ISSUER, new_key};
use crate::support::op::{TestOp, query};
use crate::support::stub::{Stub, write_answer};

/// An app that signs its request objects like this, and such an object.
async fn with_object<'a>(op: &'a TestOp, algorithm: &str, more: Value) -> (App<'a>, String) {
    let key = algorithm.parse::<Algorithm>().ok().map(new_key);
    let mut metadata = more;
    metadata["request_object_signing_alg"] = algorithm.into();
    if let Some(key) = &key {
        metadata["jwks"] = json!({"keys": [key.public_jwk()]});
    } else if algorithm != "none" {
        metadata["token_endpoint_auth_method"] = "client_secret_jwt".into();
        metadata["token_endpoint_auth_signing_alg"] = algorithm.into();
    }
    let app = App::new(op, metadata).await;
    let claims = json!({"iss": app.id(), "aud": ISSUER, "state": "inside"});
    let object = match key {
        Some(key) => jwt::sign(&key, None, &claims).unwrap(),
        None if algorithm == "none" => {
            let part = |json: Value| URL_SAFE_NO_PAD.encode(json.to_string());
            format!("{}.{}.", part(json!({"alg": "none"})), part(claims))
        }
        None => {
            let header = Header::new(algorithm.parse().unwrap());
            let key = EncodingKey::from_secret(app.secret().as_bytes());
            jsonwebtoken::encode(&header, &claims, &key).unwrap()
        }
    };
    (app, object)
}

/// The `state` inside counts.
async fn counts(app: &App<'_>, parameter: (&str, &str)) {
    let told = query(&app.authorize(&[parameter, ("state", "outside")]).await);
    assert_eq!(told["state"], "inside", "{told:?}");
}

pub(super) async fn request_object(op: &TestOp, value: &str) {
    let (app, object) = with_object(op, value, json!({})).await;
    counts(&app, ("request", &object)).await;
}

pub(super) async fn no_request_object(op: &TestOp, value: &str) {
    refused(op, json!({"request_object_signing_alg": value}), "E1805").await;
}

/// The object is read from an address that the app registered.
pub(super) async fn request_uri(op: &TestOp) {
    let kept = std::sync::Arc::new(std::sync::Mutex::new(String::new()));
    let answer = std::sync::Arc::clone(&kept);
    let stub = Stub::start(None, move |_, to| {
        _ = write_answer(to, "200 OK", &answer.lock().unwrap());
    });
    let address = stub.http("/object");
    let (app, object) = with_object(op, "ES256", json!({"request_uris": [address]})).await;
    *kept.lock().unwrap() = object;
    counts(&app, ("request_uri", &address)).await;
}

/// A key of the app for answers that are encrypted in this way.
fn key_for(algorithm: &str) -> Value {
    let kind = if algorithm.starts_with("RSA") {
        Algorithm::Rs256
    } else {
        Algorithm::Es256
    };
    let mut key = serde_json::to_value(new_key(kind).public_jwk()).unwrap();
    key["use"] = "enc".into();
    key.as_object_mut().unwrap().remove("alg");
    key
}

/// What an app gets that asked for encryption; that others can decrypt it is shown in `clients`.
async fn encrypted(op: &TestOp, what: &str, algorithm: &str, content: &str) {
    let app = App::new(
        op,
        json!({
            format!("{what}_encrypted_response_alg"): algorithm,
            format!("{what}_encrypted_response_enc"): content,
            "jwks": {"keys": [key_for(algorithm)]},
        }),
    )
    .await;
    let tokens = app.sign_in(&[]).await;
    let answer = if what == "id_token" {
        tokens.token("id_token")
    } else {
        let token = tokens.token("access_token");
        op.get_with("/userinfo", &token).await.body
    };
    let parts: Vec<&str> = answer.split('.').collect();
    assert_eq!(parts.len(), 5, "{answer}");
    let header = URL_SAFE_NO_PAD.decode(parts[0]).unwrap();
    let header: Value = serde_json::from_slice(&header).unwrap();
    assert_eq!(
        (&header["alg"], &header["enc"]),
        (&json!(algorithm), &json!(content))
    );
}

pub(super) async fn key_management(op: &TestOp, what: &str, value: &str) {
    encrypted(op, what, value, "A128GCM").await;
}

pub(super) async fn content_encryption(op: &TestOp, what: &str, value: &str) {
    encrypted(op, what, "ECDH-ES", value).await;
}

/// Neither `alg` nor `enc`.
pub(super) async fn no_encryption(op: &TestOp, member: &str, value: &str) {
    let mut metadata = json!({"jwks": {"keys": [key_for("RSA-OAEP"), key_for("ECDH-ES")]}});
    if let Some(what) = member.strip_suffix("_enc") {
        metadata[format!("{what}_alg")] = "ECDH-ES".into();
    }
    metadata[member] = value.into();
    refused(op, metadata, "E1805").await;
}
