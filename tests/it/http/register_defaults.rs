//! What a client gets that says little when it registers, and what it gets back (RFC 7591 §2, OpenID Connect
//! Registration §2).

use actix_web::test::TestRequest;
use issuant::protocol::context::Policy;
use issuant::protocol::dynamic_registration::{RegistrationMode, RegistrationPolicy};
use serde_json::{Value, json};

use crate::support::databases::Database;
use crate::support::op::{Reply, Setting, TestOp, authorize_url, run};

const CALLBACK: &str = "https://new.example/cb";

fn in_the_open(test: impl AsyncFnOnce(TestOp)) {
    with(RegistrationPolicy::default(), test);
}

fn with(registration: RegistrationPolicy, test: impl AsyncFnOnce(TestOp)) {
    let policy = Policy {
        front_channel_tokens: true,
        registration: RegistrationPolicy {
            mode: RegistrationMode::Open,
            ..registration
        },
        ..Policy::default()
    };
    let setting = Setting {
        policy,
        ..Setting::default()
    };
    run(test(TestOp::with(Database::sqlite(), setting)));
}

async fn register(op: &TestOp, body: &Value) -> Reply {
    op.send(TestRequest::post().uri("/register").set_json(body))
        .await
}

#[test]
fn a_client_that_names_no_scope_may_ask_for_everything_about_a_person() {
    in_the_open(async |op| {
        let told = register(&op, &json!({"redirect_uris": [CALLBACK]})).await;
        let told = told.json(201);
        let id = told["client_id"].as_str().unwrap();
        for scope in ["openid address", "openid profile email address phone"] {
            let deviations = [
                ("client_id", id),
                ("redirect_uri", CALLBACK),
                ("scope", scope),
            ];
            let reply = op.browser().get(&authorize_url(&deviations)).await;
            assert!(reply.location().starts_with("/login"), "{scope}");
        }
    });
}

/// RFC 7592 §2.2.
#[test]
fn null_is_as_good_as_nothing() {
    in_the_open(async |op| {
        let mut body = json!({"redirect_uris": [CALLBACK]});
        for name in [
            "contacts",
            "request_uris",
            "post_logout_redirect_uris",
            "default_acr_values",
            "software_statement",
            "client_name",
            "scope",
            "jwks",
        ] {
            body[name] = Value::Null;
        }
        register(&op, &body).await.json(201);
    });
}

#[test]
fn what_is_said_about_the_software_is_told_back() {
    in_the_open(async |op| {
        let about = json!({
            "logo_uri": "https://new.example/logo.png",
            "software_id": "4NRB1-0XZABZI9E6-5SM3R",
            "software_version": "2.1",
            "application_type": "native",
        });
        let mut body = about.clone();
        body["redirect_uris"] = json!(["http://localhost/cb"]);
        body["grant_types"] = json!(["implicit"]);
        body["response_types"] = json!(["id_token"]);
        let told = register(&op, &body).await.json(201);
        for (name, value) in about.as_object().unwrap() {
            assert_eq!(&told[name], value, "{name}");
        }
        // The answer is a request that is accepted as it is.
        let path = format!("/register/{}", told["client_id"].as_str().unwrap());
        let token = told["registration_access_token"].as_str().unwrap();
        let mut body = told.clone();
        for name in ["client_id_issued_at", "client_secret_expires_at"] {
            body.as_object_mut().unwrap().remove(name);
        }
        let put = TestRequest::put().uri(&path).set_json(&body);
        let put = put.insert_header(("authorization", format!("Bearer {token}")));
        let again = op.send(put).await.json(200);
        assert_eq!(again["application_type"], "native");
        for (name, value) in [
            ("logo_uri", json!("javascript:alert(1)")),
            ("software_id", json!("x".repeat(256))),
            ("initiate_login_uri", json!("http://localhost:8443/start")),
        ] {
            let mut body = json!({"redirect_uris": [CALLBACK]});
            body[name] = value;
            let reply = register(&op, &body).await;
            reply.assert_error(400, "invalid_client_metadata", "E1805");
        }
    });
}

#[test]
fn a_picture_and_links_stand_where_people_sign_in() {
    in_the_open(async |op| {
        let body = json!({
            "redirect_uris": [CALLBACK],
            "logo_uri": "https://new.example/logo.png",
            "policy_uri": "https://new.example/privacy",
        });
        let told = register(&op, &body).await.json(201);
        let id = told["client_id"].as_str().unwrap();
        let mut browser = op.browser();
        let deviations = [("client_id", id), ("redirect_uri", CALLBACK)];
        let start = browser.get(&authorize_url(&deviations)).await;
        let page = browser.get(start.location()).await;
        assert!(page.body.contains(r#"src="https://new.example/logo.png""#));
        assert!(page.body.contains(r#"href="https://new.example/privacy""#));
        let policy = page.header("content-security-policy").unwrap();
        assert!(
            policy.contains("img-src 'self' https://new.example data:"),
            "{policy}"
        );
    });
}

#[test]
fn an_operator_may_admit_old_assertions_and_more_clients() {
    let registration = RegistrationPolicy {
        legacy_assertion_audience: true,
        ..RegistrationPolicy::default()
    };
    with(registration, async |op| {
        let body = json!({"redirect_uris": [CALLBACK], "legacy_assertion_audience": false});
        let told = register(&op, &body).await.json(201);
        assert_eq!(told["legacy_assertion_audience"], true);
    });
    in_the_open(async |op| {
        let body = json!({"redirect_uris": [CALLBACK], "legacy_assertion_audience": true});
        let told = register(&op, &body).await.json(201);
        assert_eq!(told.get("legacy_assertion_audience"), None);
    });
}
