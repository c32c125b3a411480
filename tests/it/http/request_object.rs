//! Request objects at the endpoint: where they are fetched from, how often, and what becomes of the request meanwhile.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use issuant::crypto::algorithm::Algorithm;
use issuant::crypto::digest::sha256_base64url;
use issuant::crypto::jwk_set::JwkSet;
use issuant::crypto::jwt;
use issuant::crypto::signing_key::SigningKey;
use issuant::fetch::{Authorities, Fetcher, Reach};
use serde_json::{Value, json};

use crate::support::cast::{NOW, new_key};
use crate::support::databases::Database;
use crate::support::op::{Setting, TestOp, WEB, authorize_url, claims, on_sqlite, query, run};
use crate::support::stub::{Stub, write_answer};

/// A server at which the client `web` has a key and addresses of request objects.
fn server(loopback: bool, metadata: &Value) -> (TestOp, Arc<SigningKey>) {
    let reach = Reach {
        allowed: Vec::new(),
        loopback,
    };
    let setting = Setting {
        fetcher: Fetcher::new(reach, Authorities::default()),
        ..Setting::default()
    };
    let op = TestOp::with(Database::sqlite(), setting);
    let key = new_key(Algorithm::Es256);
    op.store_changed_client("web", |client| {
        client.metadata = serde_json::from_value(metadata.clone()).unwrap();
        let set = json!({ "keys": [key.public_jwk()] }).to_string();
        client.metadata.jwks = Some(JwkSet::parse(set.as_bytes()).unwrap());
    });
    (op, key)
}

fn sign(key: &SigningKey, claims: &Value) -> String {
    jwt::sign(key, Some("oauth-authz-req+jwt"), claims).unwrap()
}

#[test]
fn an_object_that_expires_during_the_sign_in_leads_to_a_code() {
    run(async {
        let (op, key) = server(false, &json!({}));
        let claims_inside = json!({
            "iss": "web", "aud": "https://id.example", "exp": NOW + 30, "nonce": "inner", "redirect_uri": WEB,
        });
        let object = sign(&key, &claims_inside);
        let mut browser = op.browser();
        let outside = [
            ("request", &*object),
            ("nonce", "outer"),
            ("redirect_uri", ""),
        ];
        let login = browser.get(&authorize_url(&outside)).await;
        let login = login.location().to_owned();
        op.pass(600);
        let resume = browser.sign_in_at(&login, "ada").await;
        let resume = resume.location().to_owned();
        let consent = browser.get(&resume).await.location().to_owned();
        let page = browser.get(&consent).await;
        let allow = [("decision", "allow")];
        let reply = browser.submit(&page, "/consent", &allow).await;
        assert_eq!(reply.location(), resume);
        let told = query(browser.get(&resume).await.location());
        assert_eq!(told["state"], "s t");
        let reply = op.client("web").redeem(&told["code"], WEB).await;
        assert_eq!(claims(&reply.token("id_token"))["nonce"], "inner");
        // But it starts no other.
        let reply = op.browser().get(&authorize_url(&outside)).await;
        reply.assert_page(400, "E1243");
    });
}

#[test]
fn an_object_that_can_be_had_once_leads_to_a_code() {
    let key = new_key(Algorithm::Es256);
    let object = sign(&key, &json!({ "nonce": "inner" }));
    let asked = AtomicUsize::new(0);
    let stub = Stub::start(None, move |_, to| {
        let status = match asked.fetch_add(1, Ordering::SeqCst) {
            0 => "200 OK",
            _ => "404 Not Found",
        };
        _ = write_answer(to, status, &object);
    });
    let uri = stub.http("/once");
    run(async {
        let (op, _) = server(true, &json!({ "request_uris": [uri] }));
        let set = json!({ "keys": [key.public_jwk()] }).to_string();
        let jwks = JwkSet::parse(set.as_bytes()).unwrap();
        op.store_changed_client("web", |client| {
            client.metadata.jwks = Some(jwks);
            client.metadata.request_uris = vec![uri.parse().unwrap()];
        });
        let mut browser = op.browser();
        let code = browser.code("ada", &[("request_uri", &uri)]).await;
        let reply = op.client("web").redeem(&code, WEB).await;
        assert_eq!(claims(&reply.token("id_token"))["nonce"], "inner");
        let again = op.get(&authorize_url(&[("request_uri", &uri)])).await;
        assert_told(again.location(), "invalid_request_uri", "E1249");
    });
    assert_eq!(stub.requests().len(), 2);
}

#[test]
fn a_document_is_kept_only_where_the_address_says_what_it_is() {
    run(async {
        let key = new_key(Algorithm::Es256);
        let object = sign(&key, &json!({}));
        let stub = Stub::answering(None, "200 OK", &object);
        let uri = stub.http("/request.jwt");
        let (op, _) = server(true, &json!({}));
        let set = json!({ "keys": [key.public_jwk()] }).to_string();
        op.store_changed_client("web", |client| {
            client.metadata.jwks = Some(JwkSet::parse(set.as_bytes()).unwrap());
            client.metadata.request_uris = vec![uri.parse().unwrap()];
        });
        let mut asked = 0;
        let hash = sha256_base64url(object.as_bytes());
        for (uri, times) in [
            (uri.clone(), 3),
            (format!("{uri}#{}", sha256_base64url(b"something else")), 3),
            (format!("{uri}#{hash}"), 1),
        ] {
            for _ in 0..3 {
                let reply = op.get(&authorize_url(&[("request_uri", &uri)])).await;
                assert!(reply.location().starts_with("/login?"), "{uri}");
            }
            asked += times;
            assert_eq!(stub.requests().len(), asked, "{uri}");
        }
        op.pass(301);
        let uri = format!("{uri}#{hash}");
        let reply = op.get(&authorize_url(&[("request_uri", &uri)])).await;
        assert!(reply.location().starts_with("/login?"));
        assert_eq!(stub.requests().len(), asked + 1);
    });
}

#[track_caller]
fn assert_told(address: &str, error: &str, id: &str) {
    let told = query(address);
    assert!(address.starts_with(WEB), "{address}");
    assert_eq!(told["error"], error);
    assert!(told["error_description"].ends_with(&format!("({id})")));
    assert_eq!(told["state"], "s t");
}

#[test]
fn an_address_that_is_not_registered_is_never_asked() {
    let stub = Stub::answering(None, "200 OK", "eyJ");
    let registered = stub.http("/request.jwt");
    run(async {
        let (op, _) = server(true, &json!({ "request_uris": [registered] }));
        for uri in [
            stub.http("/other.jwt"),
            stub.http("/request.jwt?x=1"),
            stub.http("/request.jwt/../other.jwt"),
        ] {
            let reply = op.get(&authorize_url(&[("request_uri", &uri)])).await;
            assert_told(reply.location(), "invalid_request_uri", "E1248");
        }
    });
    assert!(stub.requests().is_empty());
}

/// Each of them is registered, and must not be read to its end.
#[test]
fn an_address_that_must_not_be_read_is_told_alike() {
    let target = Stub::answering(None, "200 OK", "eyJ");
    let elsewhere = target.http("/");
    let stub = Stub::start(None, move |request, to| {
        if request.starts_with("GET /redirect") {
            let head = format!("HTTP/1.1 302 Found\r\nlocation: {elsewhere}\r\n\r\n");
            _ = to.write_all(head.as_bytes());
        } else if request.starts_with("GET /endless") {
            _ = to.write_all(b"HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n");
            while to.write_all(&[b'e'; 4096]).is_ok() {}
        } else {
            _ = write_answer(to, "404 Not Found", "eyJ");
        }
    });
    let closed = "http://localhost:1/request.jwt".to_owned();
    let private = "https://10.0.0.1/request.jwt".to_owned();
    let cloud = "https://169.254.169.254/request.jwt".to_owned();
    let uris = [
        stub.http("/redirect"),
        stub.http("/endless"),
        stub.http("/gone"),
        closed,
        private,
        cloud,
    ];
    run(async {
        let (op, _) = server(true, &json!({ "request_uris": uris }));
        let before = op.database.remembered();
        for uri in &uris {
            let reply = op.get(&authorize_url(&[("request_uri", uri)])).await;
            assert_told(reply.location(), "invalid_request_uri", "E1249");
        }
        assert_eq!(op.database.remembered(), before);
        // Nothing on this machine is asked unless the operator lets it.
        let (op, _) = server(false, &json!({ "request_uris": uris }));
        let reply = op.get(&authorize_url(&[("request_uri", &uris[2])])).await;
        assert_told(reply.location(), "invalid_request_uri", "E1249");
    });
    assert_eq!(stub.requests().len(), 3);
    assert!(target.requests().is_empty());
}

#[test]
fn published_keys_are_read_for_an_object() {
    let key = new_key(Algorithm::Es256);
    let object = sign(&key, &json!({}));
    let set = json!({ "keys": [key.public_jwk()] }).to_string();
    let stub = Stub::start(None, move |request, to| {
        let is_keys = request.starts_with("GET /jwks");
        let body = if is_keys { &set } else { &object };
        _ = write_answer(to, "200 OK", body);
    });
    run(async {
        let (op, _) = server(true, &json!({}));
        op.store_changed_client("web", |client| {
            client.metadata.jwks_uri = Some(stub.http("/jwks"));
            client.metadata.request_uris = vec![stub.http("/request.jwt").parse().unwrap()];
        });
        let uri = stub.http("/request.jwt");
        for _ in 0..2 {
            let reply = op.get(&authorize_url(&[("request_uri", &uri)])).await;
            assert!(reply.location().starts_with("/login?"));
        }
        // Another key is looked for, but not more than twice a minute.
        let other = sign(&new_key(Algorithm::Es256), &json!({}));
        let reply = op.get(&authorize_url(&[("request", &other)])).await;
        assert_told(reply.location(), "invalid_request_object", "E1241");
        let times = || {
            let asked = stub.requests();
            let keys = asked.iter().filter(|it| it.starts_with("GET /jwks "));
            (keys.count(), asked.len())
        };
        assert_eq!(times(), (1, 3));
        // Those that may have changed are read again, while nobody waits for it.
        op.pass(301);
        let reply = op.get(&authorize_url(&[("request_uri", &uri)])).await;
        assert!(reply.location().starts_with("/login?"));
        let began = Instant::now();
        while times() != (2, 5) {
            assert!(began.elapsed() < Duration::from_secs(10));
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    });
}

#[test]
fn without_a_key_an_object_is_told_to_the_client() {
    on_sqlite(async |op| {
        let before = op.database.remembered();
        let object = sign(&new_key(Algorithm::Es256), &json!({}));
        for (object, error, id) in [
            ("eyJ", "invalid_request_object", "E1240"),
            (&object, "invalid_request_object", "E1241"),
            ("eyJhbGciOiJub25lIn0.e30.", "request_not_supported", "E1242"),
        ] {
            let reply = op.get(&authorize_url(&[("request", object)])).await;
            assert_told(reply.location(), error, id);
            let outside = [
                ("request", object),
                ("redirect_uri", "https://evil.example"),
            ];
            let reply = op.get(&authorize_url(&outside)).await;
            reply.assert_page(400, id);
        }
        assert_eq!(op.database.remembered(), before);
    });
}

#[test]
fn a_network_makes_this_server_ask_a_thousand_times_a_minute_at_most() {
    run(async {
        let uri = "http://localhost:1/request.jwt";
        let (op, _) = server(true, &json!({ "request_uris": [uri] }));
        for _ in 0..1000 {
            assert!(op.state.starts.admit("192.0.2.7", op.now()));
        }
        let reply = op.get(&authorize_url(&[("request_uri", uri)])).await;
        reply.assert_page(429, "E1609");
    });
}
