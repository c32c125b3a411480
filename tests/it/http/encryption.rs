//! Answers that are encrypted to the client (OpenID Connect Core §10.2), and what happens without a key. That others can
//! decrypt them is shown in `clients`.

use issuant::crypto::jwe::algorithm::{ContentEncryption, KeyManagement};
use issuant::crypto::jwk_set::JwkSet;
use issuant::fetch::{Authorities, Fetcher, Reach};
use issuant::protocol::client_metadata::ClientMetadata;
use issuant::protocol::logout_notice::LogoutNotice;
use issuant::protocol::tokens::SignError;
use issuant::protocol::tokens::logout_token::LogoutTokens;
use serde_json::{Value, json};

use crate::support::cast::new_key;
use crate::support::databases::Database;
use crate::support::op::{Setting, TestOp, WEB, claims, redemption, run};
use crate::support::stub::{Stub, write_answer};

/// A set with a key for signatures, and with one for encryption if it has a `kid`.
fn jwks(kid: Option<&str>) -> String {
    let key = || {
        let key = new_key(issuant::crypto::algorithm::Algorithm::Es256);
        serde_json::to_value(key.public_jwk()).unwrap()
    };
    let mut keys = vec![key()];
    keys.extend(kid.map(|kid| {
        let mut key = key();
        key["use"] = json!("enc");
        key["kid"] = json!(kid);
        key.as_object_mut().unwrap().remove("alg");
        key
    }));
    json!({ "keys": keys }).to_string()
}

/// A server that reaches this machine.
fn op(change: impl FnOnce(&mut ClientMetadata)) -> TestOp {
    let reach = Reach {
        allowed: Vec::new(),
        loopback: true,
    };
    let setting = Setting {
        fetcher: Fetcher::new(reach, Authorities::default()),
        ..Setting::default()
    };
    let op = TestOp::with(Database::sqlite(), setting);
    op.store_changed_client("web", |client| change(&mut client.metadata));
    op
}

fn header_of(token: &str) -> Value {
    use base64::Engine as _;
    let parts: Vec<&str> = token.split('.').collect();
    assert_eq!(parts.len(), 5, "{token}");
    let header = base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(parts[0]);
    serde_json::from_slice(&header.unwrap()).unwrap()
}

/// OpenID Connect Back-Channel Logout §2.4; `demanding.mjs` reads one that is encrypted.
#[test]
fn no_logout_token_is_sent_that_others_can_read() {
    run(async {
        let op = op(|metadata| {
            metadata.id_token_encrypted_response_alg = Some(KeyManagement::RsaOaep256);
        });
        let snapshot = op.state.snapshot.load_full();
        let client = snapshot.client("web").unwrap();
        let tokens = LogoutTokens {
            issuer: &op.state.site.issuer,
            keys: &snapshot.keys,
            token_keys: &op.state.token_keys,
            recipient: None,
            random: &*op.state.random,
            now: op.now(),
        };
        let notice = LogoutNotice::new("session", &client.id, "sub-ada", op.now());
        let refused = tokens.make(&notice, &client);
        assert!(matches!(refused, Err(SignError::NoRecipient)));
    });
}

#[test]
fn an_id_token_is_encrypted_to_the_registered_key_and_the_access_token_is_not() {
    run(async {
        let op = op(|metadata| {
            metadata.jwks = Some(JwkSet::parse(jwks(Some("mine")).as_bytes()).unwrap());
            metadata.id_token_encrypted_response_alg = Some(KeyManagement::EcdhEsA256Kw);
            metadata.id_token_encrypted_response_enc = Some(ContentEncryption::A256Gcm);
        });
        let code = op.browser().code("ada", &[]).await;
        let mut tokens = op.client("web").redeem(&code, WEB).await;
        for _ in 0..2 {
            let header = header_of(&tokens.token("id_token"));
            assert_eq!(header["alg"], "ECDH-ES+A256KW");
            assert_eq!(
                (&header["enc"], &header["cty"]),
                (&json!("A256GCM"), &json!("JWT"))
            );
            assert_eq!(header["kid"], "mine");
            assert_eq!(claims(&tokens.token("access_token"))["sub"], "sub-ada");
            let refresh = tokens.token("refresh_token");
            tokens = op.client("web").refresh(&refresh).await;
        }
        // Userinfo was not asked to be encrypted.
        let access = tokens.token("access_token");
        let told = op.get_with("/userinfo", &access).await.json(200);
        assert_eq!(told["sub"], "sub-ada");
        // Nor is anything for other clients.
        let code = op.browser().code("ada", &[("client_id", "other")]).await;
        let tokens = op.client("other").redeem(&code, WEB).await;
        assert_eq!(claims(&tokens.token("id_token"))["sub"], "sub-ada");
    });
}

fn publishing(address: String) -> impl FnOnce(&mut ClientMetadata) {
    move |metadata| {
        metadata.jwks_uri = Some(address);
        metadata.id_token_encrypted_response_alg = Some(KeyManagement::EcdhEs);
        metadata.userinfo_encrypted_response_alg = Some(KeyManagement::EcdhEs);
    }
}

#[test]
fn without_a_key_nothing_is_issued() {
    let answers = std::sync::Mutex::new(vec![("200 OK", jwks(None)), ("500 Oh", String::new())]);
    let stub = Stub::start(None, move |_, to| {
        let (status, body) = answers.lock().unwrap().pop().unwrap();
        _ = write_answer(to, status, &body);
    });
    run(async {
        let op = op(publishing(stub.http("/jwks")));
        let code = op.browser().code("ada", &[]).await;
        let web = op.client("web");
        for told in [
            (503, "temporarily_unavailable", "E1115"),
            (400, "invalid_request", "E1130"),
        ] {
            // Twice, and the address is asked once in half a minute.
            web.refused("/token", &redemption(&code, WEB), told).await;
            web.refused("/token", &redemption(&code, WEB), told).await;
            op.pass(30);
        }
    });
    assert_eq!(stub.requests().len(), 2);
}

/// The refusal uses nothing up: the same code is good once the key is there.
#[test]
fn a_published_key_is_read_once_and_again_when_it_is_missing() {
    let answers = std::sync::Mutex::new(vec![jwks(Some("new")), jwks(None)]);
    let stub = Stub::start(None, move |_, to| {
        let body = answers.lock().unwrap().pop().unwrap();
        _ = write_answer(to, "200 OK", &body);
    });
    run(async {
        let op = op(publishing(stub.http("/jwks")));
        let code = op.browser().code("ada", &[]).await;
        let web = op.client("web");
        let told = (400, "invalid_request", "E1130");
        web.refused("/token", &redemption(&code, WEB), told).await;
        op.pass(30);
        let tokens = web.redeem(&code, WEB).await;
        let header = header_of(&tokens.token("id_token"));
        assert_eq!(
            (&header["kid"], &header["enc"]),
            (&json!("new"), &json!("A128CBC-HS256"))
        );
        let access = tokens.token("access_token");
        let reply = op.get_with("/userinfo", &access).await;
        assert_eq!(
            (reply.status, reply.header("content-type")),
            (200, Some("application/jwt"))
        );
        assert_eq!(header_of(&reply.body).get("cty"), None);
    });
    assert_eq!(stub.requests().len(), 2);
}

#[test]
fn userinfo_without_a_key_tells_nothing() {
    run(async {
        let op = op(|metadata| {
            metadata.jwks = Some(JwkSet::parse(jwks(None).as_bytes()).unwrap());
            metadata.userinfo_encrypted_response_alg = Some(KeyManagement::RsaOaep);
        });
        let code = op.browser().code("ada", &[]).await;
        let tokens = op.client("web").redeem(&code, WEB).await;
        assert_eq!(claims(&tokens.token("id_token"))["sub"], "sub-ada");
        let reply = op
            .get_with("/userinfo", &tokens.token("access_token"))
            .await;
        reply.assert_error(400, "invalid_request", "E1130");
        assert!(!reply.body.contains("sub-ada"));
    });
}
