//! Token exchange at the token endpoint (RFC 8693 §2).

use issuant::protocol::client::GrantType;
use issuant::protocol::grants::token_exchange::{ACCESS_TOKEN, ID_TOKEN};

use crate::support::cast::{clients_that_exchange, deviate};
use crate::support::databases::Database;
use crate::support::op::{Setting, TestOp, WEB, claims, run};

async fn with_token(test: impl AsyncFnOnce(&TestOp, &str)) {
    let setting = Setting {
        clients: clients_that_exchange(),
        ..Setting::default()
    };
    let op = TestOp::with(Database::sqlite(), setting);
    let code = op.browser().code("ada", &[]).await;
    let token = op
        .client("web")
        .redeem(&code, WEB)
        .await
        .token("access_token");
    test(&op, &token).await;
}

fn valid(token: &str) -> [(&str, &str); 3] {
    [
        ("grant_type", GrantType::TokenExchange.as_str()),
        ("subject_token", token),
        ("subject_token_type", ACCESS_TOKEN),
    ]
}

/// RFC 8693 §2.2.1.
#[test]
fn answers_with_the_type_of_what_was_issued() {
    run(with_token(async |op, token| {
        let reply = op.client("service").post("/token", &valid(token)).await;
        let body = reply.json(200);
        assert_eq!(body["issued_token_type"], ACCESS_TOKEN);
        assert_eq!(body["token_type"], "Bearer");
        assert_eq!(body["scope"], "read");
        assert!(body["refresh_token"].is_null() && body["id_token"].is_null());
        assert_eq!(reply.header("cache-control"), Some("no-store"));
        let token = body["access_token"].as_str().unwrap();
        assert_eq!(claims(token)["act"]["sub"], "service");
        let told = op.client("service").introspect(token).await;
        assert_eq!(
            (&told["active"], &told["act"]["sub"]),
            (&true.into(), &"service".into())
        );
        assert_eq!(told["sub"], "sub-ada");
        // No other answer has the member.
        let other = op.client("service");
        let other = other
            .post("/token", &[("grant_type", "client_credentials")])
            .await;
        assert!(other.json(200)["issued_token_type"].is_null());
    }));
}

/// RFC 8693 §2.1, §2.2.2; RFC 6749 §5.2.
#[test]
fn refuses_bad_requests() {
    run(with_token(async |op, token| {
        let service = op.client("service");
        for (deviation, (status, error, id)) in [
            (("subject_token", ""), (400, "invalid_request", "E1750")),
            (
                ("subject_token_type", ""),
                (400, "invalid_request", "E1750"),
            ),
            (
                ("subject_token_type", "access_token"),
                (400, "invalid_request", "E1751"),
            ),
            (
                ("requested_token_type", ID_TOKEN),
                (400, "invalid_request", "E1752"),
            ),
            (("actor_token", token), (400, "invalid_request", "E1753")),
            (
                ("actor_token_type", ACCESS_TOKEN),
                (400, "invalid_request", "E1753"),
            ),
            (
                ("subject_token", "a.b.c"),
                (400, "invalid_request", "E1754"),
            ),
            (
                ("subject_token_type", ID_TOKEN),
                (400, "invalid_request", "E1754"),
            ),
            (
                ("audience", "https://else.example"),
                (400, "invalid_target", "E1759"),
            ),
            (
                ("resource", "https://else.example"),
                (400, "invalid_target", "E1759"),
            ),
            (("scope", "read write"), (400, "invalid_scope", "E1760")),
        ] {
            let form = deviate(&valid(token), &[deviation]);
            service.refused("/token", &form, (status, error, id)).await;
        }
        // Two audiences are two parameters of one name (RFC 6749 §3.1).
        let mut twice = valid(token).to_vec();
        twice.extend([
            ("audience", "https://next.example"),
            ("audience", "https://other.example"),
        ]);
        service
            .refused("/token", &twice, (400, "invalid_request", "E1004"))
            .await;
        // Another client has the token, and not the grant.
        let web = op.client("web");
        web.refused(
            "/token",
            &valid(token),
            (400, "unauthorized_client", "E1302"),
        )
        .await;
    }));
}

/// RFC 8693 §5: who exchanges tokens is the operator's to say.
#[test]
fn nobody_registers_itself_for_it() {
    use issuant::protocol::context::Policy;
    use issuant::protocol::dynamic_registration::{RegistrationMode, RegistrationPolicy};
    let setting = Setting {
        policy: Policy {
            registration: RegistrationPolicy {
                mode: RegistrationMode::Open,
                ..RegistrationPolicy::default()
            },
            ..Policy::default()
        },
        ..Setting::default()
    };
    run(async {
        let op = TestOp::with(Database::sqlite(), setting);
        let body = serde_json::json!({
            "redirect_uris": ["https://new.example/cb"],
            "grant_types": ["authorization_code", GrantType::TokenExchange.as_str()],
            "token_exchange": {"audiences": ["https://next.example"]},
        });
        let request = actix_web::test::TestRequest::post()
            .uri("/register")
            .set_json(body);
        let told = op.send(request).await;
        told.assert_error(400, "invalid_client_metadata", "E1808");
    });
}
