//! Clients that register with a statement of an authority (RFC 7591 §2.3).

use std::sync::Arc;

use issuant::crypto::algorithm::Algorithm;
use issuant::crypto::jwk_set::JwkSet;
use issuant::crypto::jwt;
use issuant::crypto::signing_key::SigningKey;
use issuant::protocol::context::Policy;
use issuant::protocol::dynamic_registration::{RegistrationMode, RegistrationPolicy};
use serde_json::{Value, json};

use actix_web::test::TestRequest;

use crate::support::cast::{NOW, new_key};
use crate::support::databases::Database;
use crate::support::op::{Reply, Setting, TestOp, run};

const CALLBACK: &str = "https://new.example/cb";

/// Runs a test with a server that knows an authority, and the authority's key.
fn with_authority(test: impl AsyncFnOnce(TestOp, Arc<SigningKey>)) {
    let key = new_key(Algorithm::Es256);
    let keys = json!({ "keys": [key.public_jwk()] }).to_string();
    let keys = JwkSet::parse(keys.as_bytes()).unwrap();
    let policy = Policy {
        registration: RegistrationPolicy {
            mode: RegistrationMode::Open,
            statement_keys: Some(Arc::new(keys)),
            ..RegistrationPolicy::default()
        },
        ..Policy::default()
    };
    let setting = Setting {
        policy,
        ..Setting::default()
    };
    run(test(TestOp::with(Database::sqlite(), setting), key));
}

fn statement(key: &SigningKey, claims: &Value) -> String {
    jwt::sign(key, None, claims).unwrap()
}

async fn register(op: &TestOp, body: &Value) -> Reply {
    op.send(TestRequest::post().uri("/register").set_json(body))
        .await
}

#[test]
fn what_the_authority_says_counts_more_than_what_the_client_says() {
    with_authority(async |op, key| {
        let statement = statement(
            &key,
            &json!({
                "iss": "https://authority.example",
                "iat": NOW,
                "exp": NOW + 60,
                "client_name": "The true name",
                "redirect_uris": [CALLBACK],
            }),
        );
        let body = json!({
            "software_statement": statement,
            "client_name": "A false name",
            "redirect_uris": ["https://evil.example/cb"],
            "contacts": ["ops@new.example"],
        });
        let registered = register(&op, &body).await.json(201);
        assert_eq!(registered["client_name"], "The true name");
        assert_eq!(registered["redirect_uris"], json!([CALLBACK]));
        assert_eq!(registered["contacts"], json!(["ops@new.example"]));
        // RFC 7591 §3.2.1: unmodified in the answer, and nothing of what it says of itself.
        assert_eq!(registered["software_statement"], json!(statement));
        assert!(registered.get("iss").is_none() && registered.get("exp").is_none());
    });
}

/// RFC 7592 §2.2 replaces what the client said; what the authority said is not the client's to drop.
#[test]
fn what_the_authority_says_outlasts_a_change() {
    with_authority(async |op, key| {
        let claims = json!({
            "iss": "https://authority.example",
            "exp": NOW + 60,
            "client_name": "The true name",
            "redirect_uris": [CALLBACK],
        });
        let statement = statement(&key, &claims);
        let registered = register(&op, &json!({ "software_statement": statement })).await;
        let registered = registered.json(201);
        let (id, token) = (
            &registered["client_id"],
            &registered["registration_access_token"],
        );
        let path = format!("/register/{}", id.as_str().unwrap());
        let change = async |body: Value| {
            let authorization = format!("Bearer {}", token.as_str().unwrap());
            let put = TestRequest::put().uri(&path);
            let put = put.insert_header(("authorization", authorization));
            op.send(put.set_json(body)).await
        };
        let body = json!({
            "client_id": id,
            "client_name": "A false name",
            "redirect_uris": ["https://evil.example/cb"],
            "contacts": ["ops@new.example"],
        });
        let changed = change(body.clone()).await.json(200);
        assert_eq!(changed["client_name"], "The true name");
        assert_eq!(changed["redirect_uris"], json!([CALLBACK]));
        assert_eq!(changed["contacts"], json!(["ops@new.example"]));
        assert_eq!(changed["software_statement"], json!(statement));
        // It counted when it came; only a new one has to be young.
        op.pass(60);
        change(body.clone()).await.json(200);
        let mut renewed = body;
        renewed["software_statement"] = json!(self::statement(
            &key,
            &json!({
                "iss": "https://authority.example",
                "exp": NOW + 60,
                "redirect_uris": [CALLBACK],
            })
        ));
        let before = op.database.remembered();
        change(renewed)
            .await
            .assert_error(400, "invalid_software_statement", "E1815");
        assert_eq!(op.database.remembered(), before);
    });
}

#[test]
fn what_the_authority_says_is_checked_like_anything_else() {
    with_authority(async |op, key| {
        let before = op.database.remembered();
        let claims = json!({"iss": "https://authority.example", "redirect_uris": ["javascript:x"]});
        let body = json!({"software_statement": statement(&key, &claims)});
        register(&op, &body)
            .await
            .assert_error(400, "invalid_redirect_uri", "E1806");
        assert_eq!(op.database.remembered(), before);
    });
}

#[test]
fn statements_that_do_not_count_are_refused() {
    with_authority(async |op, key| {
        let before = op.database.remembered();
        let good = json!({"iss": "https://authority.example", "redirect_uris": [CALLBACK]});
        let changed = |name: &str, value: Value| {
            let mut claims = good.clone();
            claims[name] = value;
            statement(&key, &claims)
        };
        let true_one = statement(&key, &good);
        let forged = format!("{}AAAA", &true_one[..true_one.len() - 4]);
        let invalid = "invalid_software_statement";
        for (what, statement, error, id) in [
            ("expired", changed("exp", json!(NOW)), invalid, "E1815"),
            (
                "exp is text",
                changed("exp", json!("never")),
                invalid,
                "E1815",
            ),
            ("early", changed("nbf", json!(NOW + 61)), invalid, "E1815"),
            (
                "for others",
                changed("aud", json!("https://other.example")),
                invalid,
                "E1815",
            ),
            ("nobody", changed("iss", json!("")), invalid, "E1815"),
            ("forged", forged, invalid, "E1815"),
            ("no token", "x".to_owned(), invalid, "E1815"),
            (
                "another authority",
                statement(&new_key(Algorithm::Es256), &good),
                "unapproved_software_statement",
                "E1811",
            ),
        ] {
            let body = json!({"software_statement": statement, "redirect_uris": [CALLBACK]});
            let reply = register(&op, &body).await;
            assert_eq!(reply.json(400)["error"], error, "{what}");
            reply.assert_error(400, error, id);
        }
        let body = json!({"software_statement": 7, "redirect_uris": [CALLBACK]});
        register(&op, &body)
            .await
            .assert_error(400, invalid, "E1815");
        assert_eq!(op.database.remembered(), before);
    });
}
