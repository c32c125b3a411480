//! Clients that register themselves (RFC 7591, RFC 7592, OpenID Connect Registration).

use std::sync::Arc;

use actix_web::http::Method;
use actix_web::test::TestRequest;
use issuant::protocol::client::{Client, ClientId};
use issuant::protocol::context::Policy;
use issuant::protocol::dynamic_registration::{RegistrationMode, RegistrationPolicy};
use issuant::protocol::error::Fault;
use issuant::storage::Transaction;
use serde_json::{Value, json};

use crate::support::databases::Database;
use crate::support::op::{Reply, Setting, TestOp, claims, query, run};

const CALLBACK: &str = "https://new.example/cb";

/// Runs a test with a server where clients may register themselves that way.
fn where_registration_is(mode: RegistrationMode, test: impl AsyncFnOnce(TestOp)) {
    where_policy_is(mode, &Policy::default(), test);
}

fn where_policy_is(mode: RegistrationMode, policy: &Policy, test: impl AsyncFnOnce(TestOp)) {
    let policy = Policy {
        registration: RegistrationPolicy {
            mode,
            most: 3,
            ..RegistrationPolicy::default()
        },
        ..policy.clone()
    };
    let setting = Setting {
        policy,
        ..Setting::default()
    };
    run(test(TestOp::with(Database::sqlite(), setting)));
}

async fn send(op: &TestOp, method: Method, path: &str, token: Option<&str>, body: &Value) -> Reply {
    let mut request = TestRequest::with_uri(path).method(method);
    if let Some(token) = token {
        request = request.insert_header(("authorization", format!("Bearer {token}")));
    }
    if !body.is_null() {
        request = request.set_json(body);
    }
    op.send(request).await
}

async fn register(op: &TestOp, body: &Value) -> Reply {
    send(op, Method::POST, "/register", None, body).await
}

fn text<'a>(value: &'a Value, name: &str) -> &'a str {
    value[name]
        .as_str()
        .unwrap_or_else(|| panic!("{name} of {value}"))
}

/// An access token of the client `service` for itself.
async fn own_token(op: &TestOp, scope: &str) -> String {
    let asked = [("grant_type", "client_credentials"), ("scope", scope)];
    op.client("service")
        .post("/token", &asked)
        .await
        .token("access_token")
}

/// The path and the token that manage a client.
fn management(registered: &Value) -> (String, String) {
    let uri = text(registered, "registration_client_uri");
    let path = uri.strip_prefix("https://id.example").unwrap().to_owned();
    (
        path,
        text(registered, "registration_access_token").to_owned(),
    )
}

#[test]
fn a_client_registers_itself_and_signs_somebody_in_at_once() {
    where_registration_is(RegistrationMode::Open, async |op| {
        let body = json!({"redirect_uris": [CALLBACK], "client_name": "New"});
        let told = register(&op, &body).await.json(201);
        assert_eq!(told["client_secret_expires_at"], 0);
        assert_eq!(told["grant_types"], json!(["authorization_code"]));
        assert_eq!(told["response_types"], json!(["code"]));
        assert_eq!(told["token_endpoint_auth_method"], "client_secret_basic");
        let id = text(&told, "client_id");
        let mut browser = op.browser();
        let wanted = [
            ("client_id", id),
            ("scope", "openid email"),
            ("redirect_uri", CALLBACK),
            ("code_challenge", ""),
            ("code_challenge_method", ""),
        ];
        let address = browser.authorize("ada", &wanted).await;
        let code = query(&address)["code"].clone();
        let header = crate::support::op::basic(id, text(&told, "client_secret"));
        let request = crate::support::op::form_request(
            "/token",
            &[
                ("grant_type", "authorization_code"),
                ("code", &code),
                ("redirect_uri", CALLBACK),
            ],
        );
        let reply = op
            .send(request.insert_header(("authorization", header)))
            .await;
        assert_eq!(claims(&reply.token("id_token"))["aud"], json!([id]));
    });
}

#[test]
fn nobody_registers_where_registration_is_off() {
    where_registration_is(RegistrationMode::Off, async |op| {
        let before = op.database.remembered();
        let reply = register(&op, &json!({"redirect_uris": [CALLBACK]})).await;
        reply.assert_error(400, "access_denied", "E1801");
        assert_eq!(op.database.remembered(), before);
        let discovery = op.get("/.well-known/openid-configuration").await.json(200);
        assert_eq!(discovery["registration_endpoint"], Value::Null);
    });
}

/// Each must be refused, and leave nothing behind.
fn refused(cases: &'static [(&'static str, &'static str)], error: &'static str) {
    where_registration_is(RegistrationMode::Open, async |op| {
        let before = op.database.remembered();
        for (body, id) in cases {
            let reply = register(&op, &serde_json::from_str(body).unwrap()).await;
            reply.assert_error(400, error, id);
        }
        assert_eq!(op.database.remembered(), before);
    });
}

#[test]
fn redirect_uris_that_cannot_be_are_refused() {
    refused(
        &[
            ("{}", "E1806"),
            (r#"{"redirect_uris":["https://new.example/cb#f"]}"#, "E1806"),
            (r#"{"redirect_uris":["https://*.new.example/cb"]}"#, "E1806"),
            (r#"{"redirect_uris":["javascript:alert(1)"]}"#, "E1806"),
            (r#"{"redirect_uris":["http://new.example/cb"]}"#, "E1806"),
            (r#"{"redirect_uris":["https://a@new.example/cb"]}"#, "E1806"),
            (r#"{"redirect_uris":["com.example.new:/cb"]}"#, "E1806"),
            (
                r#"{"redirect_uris":["https://new.example/cb"],"post_logout_redirect_uris":["/"]}"#,
                "E1806",
            ),
        ],
        "invalid_redirect_uri",
    );
}

#[test]
fn metadata_that_cannot_be_are_refused() {
    refused(METADATA, "invalid_client_metadata");
    refused(STATEMENT, "unapproved_software_statement");
}

/// RFC 7591 §2, OpenID Connect Registration §2.
const METADATA: &[(&str, &str)] = &[
    ("[]", "E1805"),
    (r#"{"redirect_uris":1}"#, "E1805"),
    (
        r#"{"redirect_uris":["https://new.example/cb"],"application_type":"tv"}"#,
        "E1805",
    ),
    (
        r#"{"redirect_uris":["https://new.example/cb"],"client_name":"a\u0000b"}"#,
        "E1805",
    ),
    (
        r#"{"redirect_uris":["https://new.example/cb"],"default_max_age":-1}"#,
        "E1805",
    ),
    (
        r#"{"redirect_uris":["https://new.example/cb"],"default_acr_values":["9"]}"#,
        "E1805",
    ),
    (
        r#"{"redirect_uris":["https://new.example/cb"],"default_acr_values":"1"}"#,
        "E1805",
    ),
    (
        r#"{"redirect_uris":["https://new.example/cb"],"require_auth_time":"yes"}"#,
        "E1805",
    ),
    (
        r#"{"redirect_uris":["https://new.example/cb"],"request_uris":["http://new.example/r"]}"#,
        "E1805",
    ),
    (
        r#"{"redirect_uris":["https://new.example/cb"],"request_object_signing_alg":"HS1"}"#,
        "E1805",
    ),
    (
        r#"{"redirect_uris":["https://new.example/cb"],"request_object_signing_alg":"ES256"}"#,
        "E1814",
    ),
    (
        r#"{"redirect_uris":["https://new.example/cb"],"request_object_signing_alg":"HS256"}"#,
        "E1814",
    ),
    (
        r#"{"redirect_uris":["https://new.example/cb"],"token_endpoint_auth_method":"magic"}"#,
        "E1807",
    ),
    (
        r#"{"redirect_uris":["https://new.example/cb"],"grant_types":["implicit"]}"#,
        "E1808",
    ),
    (
        r#"{"redirect_uris":["https://new.example/cb"],"grant_types":["refresh_token"]}"#,
        "E1808",
    ),
    (
        r#"{"redirect_uris":["https://new.example/cb"],"response_types":["token"]}"#,
        "E1808",
    ),
    (
        r#"{"redirect_uris":["https://new.example/cb"],"response_types":[]}"#,
        "E1808",
    ),
    (
        r#"{"redirect_uris":["https://new.example/cb"],"grant_types":["implicit"],"response_types":["id_token"]}"#,
        "E1808",
    ),
    (
        r#"{"redirect_uris":["https://new.example/cb"],"response_types":["code id_token"]}"#,
        "E1808",
    ),
    (
        r#"{"redirect_uris":["https://new.example/cb"],"id_token_signed_response_alg":"none"}"#,
        "E1809",
    ),
    (
        r#"{"redirect_uris":["https://new.example/cb"],"id_token_signed_response_alg":"RS256"}"#,
        "E1809",
    ),
    (
        r#"{"redirect_uris":["https://new.example/cb"],"userinfo_signed_response_alg":"RS256"}"#,
        "E1809",
    ),
    (
        r#"{"redirect_uris":["https://new.example/cb"],"scope":"openid \"x"}"#,
        "E1810",
    ),
    (
        r#"{"redirect_uris":["https://new.example/cb"],"token_endpoint_auth_method":"private_key_jwt"}"#,
        "E1814",
    ),
    (
        r#"{"redirect_uris":["https://new.example/cb"],"scope":"openid read"}"#,
        "E1810",
    ),
    (
        r#"{"redirect_uris":["https://new.example/cb"],"scope":"openid client_registration"}"#,
        "E1810",
    ),
];

/// What a client would believe itself protected by.
#[test]
fn protection_that_does_not_exist_is_refused() {
    refused(PROTECTION, "invalid_client_metadata");
    where_registration_is(RegistrationMode::Open, async |op| {
        let body = json!({
            "redirect_uris": [CALLBACK],
            "dpop_bound_access_tokens": false,
            "request_object_encryption_alg": null,
            "x_unknown": true,
        });
        let told = register(&op, &body).await.json(201);
        assert_eq!(told.get("dpop_bound_access_tokens"), None);
        assert_eq!(told.get("x_unknown"), None);
    });
}

const PROTECTION: &[(&str, &str)] = &[
    (
        r#"{"redirect_uris":["https://new.example/cb"],"request_object_encryption_alg":"RSA-OAEP"}"#,
        "E1817",
    ),
    (
        r#"{"redirect_uris":["https://new.example/cb"],"dpop_bound_access_tokens":true}"#,
        "E1817",
    ),
    (
        r#"{"redirect_uris":["https://new.example/cb"],"require_pushed_authorization_requests":true}"#,
        "E1817",
    ),
    (
        r#"{"redirect_uris":["https://new.example/cb"],"require_signed_request_object":true,"request_object_signing_alg":"none"}"#,
        "E1814",
    ),
];

const STATEMENT: &[(&str, &str)] = &[(
    r#"{"redirect_uris":["https://new.example/cb"],"software_statement":"e30.e30."}"#,
    "E1811",
)];

#[test]
fn encryption_that_cannot_be_is_refused() {
    refused(ENCRYPTION, "invalid_client_metadata");
}

/// OpenID Connect Registration §2.
const ENCRYPTION: &[(&str, &str)] = &[
    (
        r#"{"redirect_uris":["https://new.example/cb"],"id_token_encrypted_response_alg":"RSA1_5"}"#,
        "E1805",
    ),
    (
        r#"{"redirect_uris":["https://new.example/cb"],"userinfo_encrypted_response_enc":"A192CBC-HS384"}"#,
        "E1805",
    ),
    (
        r#"{"redirect_uris":["https://new.example/cb"],"id_token_encrypted_response_alg":"ECDH-ES"}"#,
        "E1832",
    ),
    (
        r#"{"redirect_uris":["https://new.example/cb"],"id_token_encrypted_response_enc":"A128GCM"}"#,
        "E1832",
    ),
    (
        r#"{"redirect_uris":["https://new.example/cb"],"userinfo_encrypted_response_enc":"A128GCM"}"#,
        "E1832",
    ),
    (
        r#"{"redirect_uris":["https://new.example/cb"],"userinfo_encrypted_response_alg":"RSA-OAEP","jwks":{"keys":[{"kty":"EC","crv":"P-256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"}]}}"#,
        "E1832",
    ),
    (
        r#"{"redirect_uris":["https://new.example/cb"],"userinfo_encrypted_response_alg":"ECDH-ES","jwks":{"keys":[{"kty":"EC","crv":"P-256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0","use":"sig"}]}}"#,
        "E1832",
    ),
    (
        r#"{"redirect_uris":["https://new.example/cb"],"token_endpoint_auth_method":"private_key_jwt","jwks":{"keys":[{"kty":"EC","crv":"P-256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0","use":"enc"}]}}"#,
        "E1814",
    ),
];

#[test]
fn a_form_is_no_registration() {
    where_registration_is(RegistrationMode::Open, async |op| {
        let form = TestRequest::post().uri("/register").set_payload("a=b");
        let reply = op.send(form).await;
        reply.assert_error(400, "invalid_client_metadata", "E1804");
    });
}

#[test]
fn a_native_client_has_schemes_of_its_own() {
    where_registration_is(RegistrationMode::Open, async |op| {
        let body = json!({
            "redirect_uris": ["com.example.new:/cb"],
            "application_type": "native",
            "token_endpoint_auth_method": "none",
        });
        let told = register(&op, &body).await.json(201);
        assert_eq!(told["application_type"], "native");
        assert_eq!(told.get("client_secret"), None);
        // The same app on another device is the same client, which no installation can change.
        let again = register(&op, &body).await.json(201);
        assert_eq!(again["client_id"], told["client_id"]);
        assert_eq!(again.get("registration_access_token"), None);
    });
}

#[test]
fn no_more_clients_register_than_may() {
    where_registration_is(RegistrationMode::Open, async |op| {
        for number in 0..3 {
            let body = json!({"redirect_uris": [format!("{CALLBACK}/{number}")]});
            register(&op, &body).await.json(201);
        }
        let reply = register(&op, &json!({"redirect_uris": [CALLBACK]})).await;
        reply.assert_error(503, "temporarily_unavailable", "E1802");
    });
}

#[test]
fn one_network_registers_only_so_many_in_a_minute() {
    where_registration_is(RegistrationMode::Open, async |op| {
        let body = json!({
            "redirect_uris": [CALLBACK],
            "token_endpoint_auth_method": "none",
        });
        for _ in 0..60 {
            register(&op, &body).await.json(201);
        }
        let reply = register(&op, &body).await;
        reply.assert_error(503, "temporarily_unavailable", "E1803");
    });
}

#[test]
fn an_initial_access_token_has_the_scope_for_it() {
    where_registration_is(RegistrationMode::Token, async |op| {
        let body = json!({"redirect_uris": [CALLBACK]});
        register(&op, &body)
            .await
            .assert_error(401, "invalid_token", "E1401");
        let other = own_token(&op, "read").await;
        let reply = send(&op, Method::POST, "/register", Some(&other), &body).await;
        // It is meant for an API.
        reply.assert_error(401, "invalid_token", "E1403");
        op.store_changed_client("service", |client| {
            client.scope = "read client_registration".parse().unwrap();
            client.audiences = Vec::new();
        });
        let other = own_token(&op, "read").await;
        let reply = send(&op, Method::POST, "/register", Some(&other), &body).await;
        reply.assert_error(403, "insufficient_scope", "E1404");
        let token = own_token(&op, "client_registration").await;
        let reply = send(&op, Method::POST, "/register", Some(&token), &body).await;
        reply.json(201);
        // A public client is the same one each time, so nobody changes it.
        let body = json!({"redirect_uris": [CALLBACK], "token_endpoint_auth_method": "none"});
        let once = send(&op, Method::POST, "/register", Some(&token), &body).await;
        let again = send(&op, Method::POST, "/register", Some(&token), &body).await;
        let (once, again) = (once.json(201), again.json(201));
        assert_eq!(once["client_id"], again["client_id"]);
        assert_eq!(once.get("registration_access_token"), None);
    });
}

#[test]
fn a_client_reads_changes_and_removes_itself() {
    where_registration_is(RegistrationMode::Open, async |op| {
        let told = register(&op, &json!({"redirect_uris": [CALLBACK]}))
            .await
            .json(201);
        let (path, token) = management(&told);
        let token = Some(token.as_str());
        let read = send(&op, Method::GET, &path, token, &Value::Null)
            .await
            .json(200);
        assert_eq!(read["redirect_uris"], json!([CALLBACK]));
        assert_eq!(
            read["registration_access_token"],
            told["registration_access_token"]
        );
        let mut body = json!({
            "client_id": told["client_id"],
            "redirect_uris": ["https://new.example/other"],
            "client_name": "Renamed",
            "default_max_age": 60,
        });
        let changed = send(&op, Method::PUT, &path, token, &body).await.json(200);
        assert_eq!(changed["client_name"], "Renamed");
        assert_eq!(changed["default_max_age"], 60);
        // What is not named is as if it had never been (RFC 7592 §2.2).
        assert_eq!(
            changed["redirect_uris"],
            json!(["https://new.example/other"])
        );
        body["client_id"] = json!("web");
        let reply = send(&op, Method::PUT, &path, token, &body).await;
        reply.assert_error(400, "invalid_client_metadata", "E1813");
        let reply = send(&op, Method::DELETE, &path, token, &Value::Null).await;
        assert_eq!((reply.status, &*reply.body), (204, ""));
        let reply = send(&op, Method::GET, &path, token, &Value::Null).await;
        reply.assert_error(401, "invalid_token", "E1812");
    });
}

/// OpenID Connect Registration §2.
#[test]
fn what_a_client_registers_for_its_requests_is_told_back_and_holds() {
    where_registration_is(RegistrationMode::Open, async |op| {
        let requests = json!({
            "request_object_signing_alg": "none",
            "request_uris": ["https://new.example/request.jwt#hash"],
            "default_acr_values": ["0"],
            "require_auth_time": true,
        });
        let mut body = requests.clone();
        body["redirect_uris"] = json!([CALLBACK]);
        body["token_endpoint_auth_method"] = json!("none");
        let told = register(&op, &body).await.json(201);
        for (name, value) in requests.as_object().unwrap() {
            assert_eq!(&told[name], value, "{name}");
        }
        // No signature, and a nonce in the object.
        let object = "eyJhbGciOiJub25lIn0.eyJub25jZSI6Im4ifQ.";
        let wanted = [
            ("client_id", text(&told, "client_id")),
            ("scope", "openid"),
            ("redirect_uri", CALLBACK),
            ("request", object),
        ];
        let address = op.browser().authorize("ada", &wanted).await;
        let form = [
            ("grant_type", "authorization_code"),
            ("code", &query(&address)["code"]),
            ("redirect_uri", CALLBACK),
            ("client_id", text(&told, "client_id")),
            ("code_verifier", crate::support::cast::VERIFIER),
        ];
        let reply = op.anonymous().post("/token", &form).await;
        let id_token = claims(&reply.token("id_token"));
        assert_eq!(
            (&id_token["acr"], &id_token["nonce"]),
            (&json!("0"), &json!("n"))
        );
        assert!(id_token["auth_time"].is_i64());
    });
}

#[test]
fn nobody_else_manages_a_client() {
    where_registration_is(RegistrationMode::Open, async |op| {
        let told = register(&op, &json!({"redirect_uris": [CALLBACK]}))
            .await
            .json(201);
        let other = register(&op, &json!({"redirect_uris": [CALLBACK]}))
            .await
            .json(201);
        let before = op.database.remembered();
        let (path, _) = management(&told);
        let (_, token) = management(&other);
        for path in [
            &*path,
            "/register/web",
            "/register/nobody",
            "/register/a%20b",
        ] {
            for method in [Method::GET, Method::PUT, Method::DELETE] {
                let reply = send(&op, method.clone(), path, Some(&token), &json!({})).await;
                reply.assert_error(401, "invalid_token", "E1812");
                let reply = send(&op, method, path, None, &json!({})).await;
                reply.assert_error(401, "invalid_token", "E1812");
            }
        }
        assert_eq!(op.database.remembered(), before);
    });
}

/// OpenID Connect Core §5.3.2.
#[test]
fn userinfo_is_signed_for_a_client_that_registered_an_algorithm() {
    where_registration_is(RegistrationMode::Open, async |op| {
        op.store_changed_client("web", |client| {
            client.metadata.userinfo_signed_response_alg = Some(client.id_token_algorithm);
        });
        let code = op.browser().code("ada", &[("scope", "openid email")]).await;
        let tokens = op
            .client("web")
            .redeem(&code, crate::support::op::WEB)
            .await;
        let reply = op
            .get_with("/userinfo", &tokens.token("access_token"))
            .await;
        assert_eq!(reply.header("content-type"), Some("application/jwt"));
        let told = claims(&reply.body);
        assert_eq!(told["iss"], "https://id.example");
        assert_eq!(told["aud"], "web");
        assert_eq!(told["sub"], "sub-ada");
        assert_eq!(told["email"], "ada@example.org");
    });
}

#[test]
fn where_anybody_may_register_nobody_gets_tokens_without_a_person() {
    let body = json!({"redirect_uris": [CALLBACK], "grant_types": ["authorization_code", "client_credentials"]});
    where_registration_is(RegistrationMode::Open, async |op| {
        register(&op, &body)
            .await
            .assert_error(400, "invalid_client_metadata", "E1808");
    });
    // Whom the operator gave a token is another matter.
    where_registration_is(RegistrationMode::Token, async |op| {
        op.store_changed_client("service", |client| {
            client.scope = "client_registration".parse().unwrap();
            client.audiences = Vec::new();
        });
        let token = own_token(&op, "client_registration").await;
        let reply = send(&op, Method::POST, "/register", Some(&token), &body).await;
        reply.json(201);
    });
}

#[test]
fn a_client_that_registered_itself_opens_no_proxy_until_an_operator_says_so() {
    where_registration_is(RegistrationMode::Open, async |op| {
        let body = json!({
            "redirect_uris": [CALLBACK],
            "token_endpoint_auth_method": "client_secret_post",
        });
        let registered = register(&op, &body).await.json(201);
        let id = text(&registered, "client_id").to_owned();
        let code = op
            .browser()
            .code(
                "ada",
                &[
                    ("client_id", &id),
                    ("redirect_uri", CALLBACK),
                    ("scope", "openid"),
                ],
            )
            .await;
        let form = [
            ("grant_type", "authorization_code"),
            ("client_id", &*id),
            ("client_secret", text(&registered, "client_secret")),
            ("code", &*code),
            ("redirect_uri", CALLBACK),
            ("code_verifier", crate::support::cast::VERIFIER),
        ];
        let tokens = op
            .send(crate::support::op::form_request("/token", &form))
            .await;
        let token = tokens.token("access_token");
        op.get_with("/userinfo", &token).await.json(200);
        // Ada is an administrator, and did not agree that strangers learn it.
        assert_eq!(claims(&token).get("roles"), None);
        let refused = op.get_with("/verify", &token).await;
        refused.assert_error(401, "invalid_token", "E1403");
        decide(&op, &id, |client| {
            client.audiences = vec!["https://id.example".to_owned()];
        })
        .await;
        assert_eq!(op.get_with("/verify", &token).await.status, 200);
    });
}

#[test]
fn addresses_that_would_never_be_asked_are_refused() {
    where_registration_is(RegistrationMode::Open, async |op| {
        let before = op.database.remembered();
        for (name, value) in [
            ("jwks_uri", json!("https://10.0.0.1/jwks.json")),
            ("jwks_uri", json!("https://new.example:8443/jwks.json")),
            ("backchannel_logout_uri", json!("https://[::1]/out")),
            ("request_uris", json!(["https://169.254.169.254/latest"])),
        ] {
            let mut body = json!({"redirect_uris": [CALLBACK]});
            body[name] = value;
            register(&op, &body)
                .await
                .assert_error(400, "invalid_client_metadata", "E1816");
        }
        assert_eq!(op.database.remembered(), before);
    });
}

#[test]
fn a_client_repeats_what_it_was_told_and_loses_nothing() {
    where_registration_is(RegistrationMode::Open, async |op| {
        let registered = register(&op, &json!({"redirect_uris": [CALLBACK]}))
            .await
            .json(201);
        let id = text(&registered, "client_id").to_owned();
        let token = text(&registered, "registration_access_token").to_owned();
        decide(&op, &id, |client| {
            client.scope = "openid read".parse().unwrap();
            client.requires_pkce = true;
            client.requires_consent = false;
            client.metadata.legacy_assertion_audience = Some(true);
        })
        .await;
        let path = format!("/register/{id}");
        let told = send(&op, Method::GET, &path, Some(&token), &Value::Null)
            .await
            .json(200);
        let again = send(&op, Method::PUT, &path, Some(&token), &told)
            .await
            .json(200);
        assert_eq!(again["scope"], "openid read");
        let stored = op.state.snapshot.load().client(&id).unwrap();
        assert!(stored.requires_pkce && !stored.requires_consent);
        assert_eq!(stored.metadata.legacy_assertion_audience, Some(true));
        // Another address is another matter: who goes there is asked.
        let mut moved = told.clone();
        moved["redirect_uris"] = json!([CALLBACK, "https://elsewhere.example/cb"]);
        send(&op, Method::PUT, &path, Some(&token), &moved)
            .await
            .json(200);
        let stored = op.state.snapshot.load().client(&id).unwrap();
        assert!(stored.requires_consent);
    });
}

#[test]
fn without_an_id_token_a_challenge_is_needed() {
    where_registration_is(RegistrationMode::Open, async |op| {
        let registered = register(&op, &json!({"redirect_uris": [CALLBACK]}))
            .await
            .json(201);
        let ask = async |scope: &str| {
            let deviations = [
                ("client_id", text(&registered, "client_id")),
                ("redirect_uri", CALLBACK),
                ("scope", scope),
                ("code_challenge", ""),
                ("code_challenge_method", ""),
            ];
            let reply = op
                .browser()
                .get(&crate::support::op::authorize_url(&deviations))
                .await;
            reply.location().to_owned()
        };
        assert!(ask("openid profile").await.starts_with("/login"));
        assert!(ask("profile").await.contains("E1208"));
    });
}

/// An operator decides something about a client that registered itself.
async fn decide(op: &TestOp, id: &str, change: impl FnOnce(&mut Client) + Send + 'static) {
    let id: ClientId = id.parse().unwrap();
    let wanted = id.clone();
    let write = op.state.storage.write(move |store: &mut Transaction| {
        let mut client = store.client(&wanted)?.unwrap();
        change(&mut client);
        store.replace_client(&client)?;
        Ok::<_, Fault>(client)
    });
    let client = write.await.unwrap();
    let snapshot = op.state.snapshot.load().with_client(&id, Some(client));
    op.state.snapshot.store(Arc::new(snapshot));
}

/// OpenID Connect Registration §2, `response_types` and `application_type`.
#[test]
fn clients_register_for_tokens_from_the_browser_where_these_are_given() {
    let policy = Policy {
        front_channel_tokens: true,
        ..Policy::default()
    };
    where_policy_is(RegistrationMode::Open, &policy, async |op| {
        let with = |grants: &[&str], types: &[&str], address: &str| json!({"redirect_uris": [address], "grant_types": grants, "response_types": types});
        let both = ["authorization_code", "implicit"];
        let body = with(&both, &["id_token code", "code"], CALLBACK);
        let told = register(&op, &body).await.json(201);
        assert_eq!(told["response_types"], json!(["code id_token", "code"]));
        assert_eq!(told["grant_types"], json!(both));
        let (path, token) = management(&told);
        let again = send(&op, Method::GET, &path, Some(&token), &Value::Null).await;
        assert_eq!(again.json(200)["response_types"], told["response_types"]);
        for (grants, types) in [
            (&both[..], &["code"][..]),
            (&both, &["id_token"]),
            (&both, &["code id_token", "token"]),
            (&both, &[]),
            (&["implicit"], &["code id_token"]),
            (&["implicit"], &["token"]),
            (&["implicit"], &[]),
            (&["authorization_code"], &["code token"]),
        ] {
            let body = with(grants, types, CALLBACK);
            let reply = register(&op, &body).await;
            reply.assert_error(400, "invalid_client_metadata", "E1808");
        }
        let body = with(&["implicit"], &["id_token"], "https://localhost.example/cb");
        assert_eq!(register(&op, &body).await.status, 201);
        for address in [
            "http://127.0.0.1/cb",
            "https://localhost/cb",
            "https://LOCALHOST:8443/cb",
        ] {
            let body = with(&["implicit"], &["id_token"], address);
            let reply = register(&op, &body).await;
            reply.assert_error(400, "invalid_redirect_uri", "E1806");
        }
    });
}
