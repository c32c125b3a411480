//! Where keys come from, and that the algorithm is theirs.

use std::sync::{Arc, Mutex, OnceLock};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{EncodingKey, Header};
use serde_json::{Value, json};

use super::{ISSUER, Stage, claims, on_both_databases};
use crate::support::foreign::Foreign;
use crate::support::server_process::Installation;
use crate::support::stub::{Stub, write_answer};

/// Publishes metadata and whatever keys are in the cell.
fn publisher(keys: &Arc<Mutex<Value>>) -> Stub {
    let (address, keys) = (Arc::new(OnceLock::<String>::new()), keys.clone());
    let own = address.clone();
    let stub = Stub::start(None, move |request, to| {
        let at = own.get().unwrap();
        let body = if request.starts_with("GET /.well-known/openid-configuration ") {
            json!({"issuer": at, "jwks_uri": format!("{at}/keys")})
        } else {
            keys.lock().unwrap().clone()
        };
        _ = write_answer(to, "200 OK", &body.to_string());
    });
    address.set(stub.http("")).unwrap();
    stub
}

fn set(key: &Foreign) -> Value {
    json!({"keys": [key.key.public_jwk()]})
}

fn s3_check_3_the_algorithm_is_the_keys(installation: Installation) {
    let stage = Stage::new(installation);
    let published = publisher(&Arc::new(Mutex::new(set(&stage.foreign))));
    let at = published.http("");
    let jwks = json!({"JWTValidationPubKeys": null, "JWKSURL": format!("{at}/keys")});
    let discovery =
        json!({"JWTValidationPubKeys": null, "BoundIssuer": null, "OIDCDiscoveryURL": at});
    for (name, issuer, source) in [
        ("static", ISSUER, json!({})),
        ("jwks", ISSUER, jwks),
        ("discovery", at.as_str(), discovery),
    ] {
        stage.method(name, &stage.config(&source)).json();
        stage.rule(name, "", "node", "n-1");
        let good = stage.assertion(&json!({"iss": issuer}));
        assert_eq!(stage.log_in(name, &good).status, 200, "{name}");
        let mut other = source.clone();
        other["JWTSupportedAlgs"] = json!(["RS256"]);
        let narrow = format!("{name}-rs256");
        stage.method(&narrow, &stage.config(&other)).json();
        stage.rule(&narrow, "", "node", "n-1");
        stage.log_in(&narrow, &good).assert_refused(403, "E1705");
        stage
            .bring(&narrow, &good)
            .assert_error(400, "invalid_grant", "E1705");
        let claims = claims(&json!({"iss": issuer}));
        let secret = EncodingKey::from_secret(stage.foreign.pem.as_bytes());
        let confused = jsonwebtoken::encode(&Header::default(), &claims, &secret).unwrap();
        let part = |json: &Value| URL_SAFE_NO_PAD.encode(json.to_string());
        let none = format!("{}.{}.", part(&json!({"alg": "none"})), part(&claims));
        for token in [confused, none] {
            stage.log_in(name, &token).assert_refused(403, "E1705");
            stage
                .bring(name, &token)
                .assert_error(400, "invalid_grant", "E1705");
        }
    }
    // OpenID Connect Discovery §4.3.
    let elsewhere = json!({
        "JWTValidationPubKeys": null, "BoundIssuer": null, "OIDCDiscoveryURL": format!("{at}/"),
    });
    let told = stage.method("elsewhere", &stage.config(&elsewhere));
    told.assert_refused(400, "E1739");
}

fn s3_check_9_new_keys_are_read_once(installation: Installation) {
    let stage = Stage::new(installation);
    let keys = Arc::new(Mutex::new(set(&Foreign::new())));
    let published = publisher(&keys);
    let source = json!({"JWTValidationPubKeys": null, "JWKSURL": published.http("/keys")});
    stage.method("ci", &stage.config(&source)).json();
    stage.rule("ci", "", "node", "n-1");
    assert_eq!(published.requests().len(), 1);
    // The issuer has a new key since the method was added.
    *keys.lock().unwrap() = set(&stage.foreign);
    for _ in 0..3 {
        assert_eq!(stage.log_in("ci", &stage.assertion(&json!({}))).status, 200);
    }
    assert_eq!(published.requests().len(), 2);
    for _ in 0..100 {
        let stranger = Stage::assertion_with(&Foreign::new().key, &json!({}));
        stage.log_in("ci", &stranger).assert_refused(403, "E1706");
    }
    assert!(published.requests().len() <= 3);
    let gone = json!({"JWTValidationPubKeys": null, "JWKSURL": "http://localhost:1/keys"});
    let told = stage.method("gone", &stage.config(&gone));
    told.assert_refused(400, "E1739");
}

on_both_databases!(
    s3_check_3_the_algorithm_is_the_keys,
    s3_check_9_new_keys_are_read_once,
);
