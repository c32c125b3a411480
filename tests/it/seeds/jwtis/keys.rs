//! Services, and the keys they get.

use std::collections::BTreeSet;
use std::process::Stdio;

use serde_json::json;

use super::{Credential, Jwtis, assert_near, assert_refused, now, number, text};
use crate::seeds::on_both_databases;
use crate::support::server_process::Installation;

on_both_databases! {
    s2_check_1_a_service_registers_once,
    s2_check_2_sizes_and_lifetimes_suit_the_algorithms,
    s2_check_8_keys_outlive_a_restart_and_no_nonce_is_used_twice,
    keys_are_renewed_with_overlap,
    the_paths_can_be_switched_off,
}

const HOUR: i64 = 3600;

async fn s2_check_1_a_service_registers_once(installation: Installation) {
    let jwtis = Jwtis::start(installation, &[]).await;
    let app1 = jwtis.register("app1", json!({})).await;
    assert_eq!(app1.told["pub_sig_key"]["alg"], "ES256");
    assert_eq!(app1.told["pub_enc_key"]["alg"], "ECDH-ES+A256KW");
    assert_ne!(
        app1.told["pub_sig_key"]["kid"],
        app1.told["pub_enc_key"]["kid"]
    );
    assert_near(number(&app1.told["expiry"]), now() + 4320 * HOUR);
    assert_eq!(app1.told["valid"], true);
    assert!(app1.told["client_token"].is_string());
    let nothing = Credential::Nothing;
    assert_refused(
        &jwtis.post("/register/app2", nothing, "{}").await,
        401,
        "E1401",
    );
    let wrong = Credential::Token("a.b.c");
    assert_refused(
        &jwtis.post("/register/app2", wrong, "{}").await,
        401,
        "E1403",
    );
    assert_refused(&jwtis.try_register("app1", "{}").await, 403, "E2201");
    for body in ["", "[]", "null", "{", "\"a\""] {
        assert_refused(&jwtis.try_register("app2", body).await, 400, "E2204");
    }
    // A client of another kind is no service.
    assert_refused(&jwtis.try_register("installer", "{}").await, 409, "E2202");
    assert_refused(&jwtis.get("/keys/installer").await, 404, "E2203");
    assert_refused(&jwtis.get("/keys/app2").await, 404, "E2203");
    let keys = jwtis.get("/keys/app1").await.json();
    assert_eq!(keys["sig"], app1.told["pub_sig_key"]);
    assert_eq!(keys["enc"], app1.told["pub_enc_key"]);
    assert_eq!(keys["refresh_strategy"], "noRefresh");
    assert!(keys["sig"]["d"].is_null() && keys["enc"]["d"].is_null());
    assert_eq!(jwtis.get("/ping").await.status, 200);
}

async fn s2_check_2_sizes_and_lifetimes_suit_the_algorithms(installation: Installation) {
    let jwtis = Jwtis::start(installation, &[]).await;
    let rsa = jwtis.register("rsa", json!({"sig_alg": "RS256"})).await;
    // 2048 bits are 256 bytes.
    assert!(text(&rsa.told["pub_sig_key"]["n"]).len() >= 342);
    let p384 = json!({"sig_alg": "ES384", "enc_alg": "ECDH-ES", "enc_bits": 521});
    let p384 = jwtis.register("p384", p384).await;
    assert_eq!(p384.told["pub_sig_key"]["crv"], "P-384");
    assert_eq!(p384.told["pub_enc_key"]["crv"], "P-521");
    for body in [
        json!({"sig_alg": "ES256", "sig_bits": 384}),
        json!({"sig_alg": "RS256", "sig_bits": 1024}),
        json!({"sig_alg": "none"}),
        json!({"sig_alg": "HS256"}),
        json!({"sig_alg": 5}),
        json!({"enc_alg": "RSA1_5"}),
        json!({"enc_alg": "RSA-OAEP", "enc_bits": 256}),
        json!({"cont_enc": "A128CBC-HS256"}),
        json!({"auth_ttl": "73h"}),
        json!({"refresh_ttl": "-1h"}),
        json!({"expiry": "1s"}),
        json!({"refresh_strategy": "never"}),
    ] {
        let told = jwtis.try_register("refused", &body.to_string()).await;
        assert_refused(&told, 400, "E2204");
    }
    let jwtis = jwtis.restart(&[("ISSUANT_JWTIS_RSA1_5", "on")]).await;
    let old = jwtis.register("old", json!({"enc_alg": "RSA1_5"})).await;
    assert_eq!(old.told["pub_enc_key"]["alg"], "RSA1_5");
}

async fn keys_are_renewed_with_overlap(installation: Installation) {
    let jwtis = Jwtis::start(installation, &[]).await;
    let app1 = jwtis.register("app1", json!({})).await;
    let first = text(&app1.told["pub_sig_key"]["kid"]);
    let nothing = Credential::Nothing;
    let body = r#"{"kid":"app1"}"#;
    assert_refused(
        &jwtis.post("/renew_keys", nothing, body).await,
        401,
        "E1102",
    );
    let app2 = jwtis.register("app2", json!({})).await;
    let stranger = app2.credential();
    assert_refused(
        &jwtis.post("/renew_keys", stranger, body).await,
        403,
        "E2205",
    );
    let unknown = r#"{"kid":"nobody"}"#;
    assert_refused(
        &jwtis.post("/renew_keys", stranger, unknown).await,
        404,
        "E2203",
    );
    let told = app1.send("/renew_keys", json!({"sig_alg": "EdDSA"})).await;
    assert_eq!(told.status, 201, "{told:?}");
    let second = text(&told.json()["pub_sig_key"]["kid"]);
    assert_eq!(told.json()["pub_sig_key"]["alg"], "EdDSA");
    assert_ne!(first, second);
    assert_eq!(jwtis.get("/keys/app1").await.json()["sig"]["kid"], second);
    // What was signed with the old key is verified for as long as it lives.
    for path in ["/keys/app1", "/jwks.json"] {
        let keys = jwtis.key_set(path).await;
        let ids: BTreeSet<&str> = keys.iter().filter_map(|key| key["kid"].as_str()).collect();
        assert!(
            ids.contains(&*first) && ids.contains(&*second),
            "{path}: {ids:?}"
        );
    }
    // With the token of its registration too, and ahead of time.
    let token = text(&app1.told["client_token"]);
    let token = Credential::Token(&token);
    let body = r#"{"kid":"app1","announce":"1h"}"#;
    let told = jwtis.post("/renew_keys", token, body).await;
    assert_eq!(told.status, 201, "{told:?}");
    assert_eq!(jwtis.get("/keys/app1").await.json()["sig"]["kid"], second);
    assert_eq!(jwtis.key_set("/keys/app1").await.len(), 6);
}

async fn s2_check_8_keys_outlive_a_restart_and_no_nonce_is_used_twice(installation: Installation) {
    let jwtis = Jwtis::start(installation, &[]).await;
    let mut kids = Vec::new();
    for kid in ["app1", "app2", "app3"] {
        kids.push(jwtis.register(kid, json!({})).await.told["pub_sig_key"]["kid"].clone());
    }
    let mut jwtis = jwtis.restart(&[]).await;
    assert_eq!(jwtis.get("/keys/app1").await.json()["sig"]["kid"], kids[0]);
    let storage = jwtis.installation.storage();
    let keys = storage.read_long(|store| {
        let mut all = Vec::new();
        for kid in ["app1", "app2", "app3"] {
            all.extend(store.keys_of_client(&kid.parse().unwrap())?);
        }
        Ok::<_, issuant::protocol::error::Fault<()>>(all)
    });
    let keys = keys.await.unwrap();
    drop(storage);
    let nonces: BTreeSet<&[u8]> = keys.iter().map(|key| &key.sealed[1..13]).collect();
    assert_eq!((keys.len(), nonces.len()), (6, 6));
    // Another key-encryption secret opens nothing, so the server does not start.
    jwtis.server.kill();
    let installation = &jwtis.installation;
    let secret = installation.directory().join("key-secret");
    let right = std::fs::read(&secret).unwrap();
    let mut wrong = right.clone();
    wrong[..8].rotate_left(1);
    std::fs::write(&secret, &wrong).unwrap();
    let mut command = installation.command();
    command
        .env("ISSUANT_LISTEN", "127.0.0.1:0")
        .args(["serve", "--json"]);
    let output = command.stdin(Stdio::null()).output().unwrap();
    assert!(!output.status.success());
    assert!(String::from_utf8_lossy(&output.stdout).contains("E0307"));
    std::fs::write(&secret, &right).unwrap();
    let jwtis = jwtis.restart(&[]).await;
    assert_eq!(jwtis.get("/keys/app3").await.json()["sig"]["kid"], kids[2]);
}

async fn the_paths_can_be_switched_off(installation: Installation) {
    let jwtis = Jwtis::start(installation, &[("ISSUANT_JWTIS_ENABLED", "off")]).await;
    let nothing = Credential::Nothing;
    for path in ["/renew_keys", "/issue_token", "/renew_token"] {
        assert_eq!(jwtis.post(path, nothing, "{}").await.status, 404, "{path}");
    }
    for path in ["/keys/app1", "/ping"] {
        assert_eq!(jwtis.get(path).await.status, 404, "{path}");
    }
    // This path is of RFC 7592 as well, which has no such method.
    assert_eq!(jwtis.try_register("app1", "{}").await.status, 405);
}
