//! Agents at `/api/fleet/authenticate`: its limits, and what registration makes of agents.

use actix_web::test::TestRequest;
use issuant::protocol::agents::AgentPolicy;
use issuant::protocol::client::GrantType;
use issuant::protocol::client_metadata::ClientKind;
use issuant::protocol::context::Policy;
use issuant::protocol::dynamic_registration::{RegistrationMode, RegistrationPolicy};
use serde_json::{Value, json};

use crate::http::logs::logged;
use crate::support::cast;
use crate::support::databases::Database;
use crate::support::op::{Reply, Setting, TestOp, basic, run};

/// A server where the client `service` is an agent, and may register others.
fn op(mode: RegistrationMode, is_on: bool) -> TestOp {
    let mut clients = cast::clients();
    for client in &mut clients {
        if client.id.as_str() == "service" {
            client.metadata.kind = Some(ClientKind::Agent);
            client.grants = vec![GrantType::ClientCredentials, GrantType::RefreshToken];
            client.scope = "client_registration".parse().unwrap();
            client.audiences = Vec::new();
        }
    }
    let policy = Policy {
        agents: AgentPolicy {
            is_on,
            ..AgentPolicy::default()
        },
        registration: RegistrationPolicy {
            mode,
            ..RegistrationPolicy::default()
        },
        ..Policy::default()
    };
    let setting = Setting {
        clients,
        policy,
        ..Setting::default()
    };
    TestOp::with(Database::sqlite(), setting)
}

fn key() -> String {
    let basic = basic("service", &cast::secret_of("service"));
    basic.replace("Basic", "ApiKey")
}

async fn authenticate(op: &TestOp, authorization: &str) -> Reply {
    let request = TestRequest::post().uri("/api/fleet/authenticate");
    op.send(request.insert_header(("authorization", authorization)))
        .await
}

#[test]
fn a_network_that_asks_too_often_is_told_to_wait() {
    run(async {
        let op = op(RegistrationMode::Off, true);
        for _ in 0..40 {
            assert_eq!(authenticate(&op, "x").await.json(400)["error_id"], "E2002");
        }
        let told = authenticate(&op, &key()).await;
        assert_eq!(told.header("retry-after"), Some("1"));
        let body = told.json(429);
        assert_eq!(body["error"], "RateLimit");
        assert_eq!(body["message"], "exceeded the rate limit");
        assert_eq!(body["error_id"], "E2012");
        // Who the caller is comes from a header only where a proxy is trusted.
        let request = TestRequest::post().uri("/api/fleet/authenticate");
        let request = request.insert_header(("x-forwarded-for", "198.51.100.1"));
        let told = op
            .send(request.insert_header(("authorization", key())))
            .await;
        assert_eq!(told.status, 429);
        op.pass(1);
        assert_eq!(authenticate(&op, &key()).await.status, 200);
    });
}

#[test]
fn only_so_many_are_answered_at_once() {
    run(async {
        let op = op(RegistrationMode::Off, true);
        let places: Vec<_> = (0..100).map(|_| op.state.fleet_limits.enter()).collect();
        let told = authenticate(&op, &key()).await;
        assert_eq!(told.header("retry-after"), Some("1"));
        let body = told.json(429);
        assert_eq!(
            (&body["error"], &body["error_id"]),
            (&json!("MaxLimit"), &json!("E2013"))
        );
        drop(places);
        assert_eq!(authenticate(&op, &key()).await.status, 200);
    });
}

#[test]
fn other_methods_are_told_which_one_there_is() {
    run(async {
        let op = op(RegistrationMode::Off, true);
        let told = op.get("/api/fleet/authenticate").await;
        assert_eq!(told.header("allow"), Some("POST"));
        assert_eq!(told.json(405)["error_id"], "E1007");
    });
}

#[test]
fn an_outage_is_no_fault_of_the_agent() {
    run(async {
        let op = op(RegistrationMode::Off, true);
        op.state.storage.close();
        let told = authenticate(&op, &key()).await;
        assert!(told.header("retry-after").is_some());
        assert_eq!(told.json(503)["error"], "ServiceUnavailable");
    });
}

#[test]
fn no_secret_of_an_agent_is_logged() {
    run(async {
        let op = op(RegistrationMode::Off, true);
        let mut secrets = vec![cast::secret_of("service"), key()];
        let log = logged(async || {
            let first = authenticate(&op, &key()).await;
            let refresh = format!("Bearer {}", first.token("refresh_token"));
            let second = authenticate(&op, &refresh).await;
            let third = format!("Bearer {}", second.token("access_token"));
            let third = authenticate(&op, &third).await;
            // Reuse, which is told of.
            assert_eq!(
                authenticate(&op, &refresh).await.json(401)["error_id"],
                "E1324"
            );
            assert_eq!(
                authenticate(&op, "ApiKey Y2FuYXJ5").await.json(400)["error_id"],
                "E2004"
            );
            secrets.push("Y2FuYXJ5".to_owned());
            for token in ["access_token", "refresh_token"] {
                secrets.extend([first.token(token), second.token(token)]);
            }
            secrets.push(third.token("access_token"));
        });
        let log = log.await;
        assert!(log.contains("E1324") && log.contains("/api/fleet/authenticate"));
        for secret in secrets {
            assert!(!log.contains(&secret), "{secret} is in {log}");
        }
    });
}

async fn register(op: &TestOp, change: impl FnOnce(&mut Value)) -> Reply {
    let token = op
        .client("service")
        .post("/token", &[("grant_type", "client_credentials")])
        .await
        .token("access_token");
    let mut agent = json!({
        "kind": "agent",
        "grant_types": ["client_credentials", "refresh_token"],
        "response_types": [],
        "scope": "",
    });
    change(&mut agent);
    let request = TestRequest::post().uri("/register").set_json(agent);
    op.send(request.insert_header(("authorization", format!("Bearer {token}"))))
        .await
}

/// RFC 7591 §3.2.2.
#[test]
fn refuses_agents_that_cannot_be() {
    type Change = fn(&mut Value);
    let off: [(RegistrationMode, bool, Change); 5] = [
        (RegistrationMode::Token, false, |_| {}),
        (RegistrationMode::Open, true, |it| {
            it["grant_types"] = json!(["refresh_token"]);
        }),
        (RegistrationMode::Token, true, |it| {
            it["token_endpoint_auth_method"] = json!("client_secret_post");
        }),
        (RegistrationMode::Token, true, |it| {
            it["grant_types"] = json!(["authorization_code", "refresh_token"]);
            it["response_types"] = json!(["code"]);
            it["redirect_uris"] = json!(["https://new.example/cb"]);
        }),
        (RegistrationMode::Token, true, |it| {
            it["token_endpoint_auth_method"] = json!("none");
            it["grant_types"] = json!(["refresh_token"]);
        }),
    ];
    for (mode, is_on, change) in off {
        run(async {
            let told = register(&op(mode, is_on), change).await;
            told.assert_error(400, "invalid_client_metadata", "E2016");
        });
    }
    run(async {
        let op = op(RegistrationMode::Token, true);
        let told = register(&op, |it| it["kind"] = json!("person")).await;
        assert_eq!(told.status, 400);
    });
}

/// Otherwise whoever may register could call itself by the identifier of somebody else.
#[test]
fn an_agent_cannot_give_itself_an_identifier() {
    run(async {
        let op = op(RegistrationMode::Token, true);
        let told = register(&op, |it| it["agent_id"] = json!("sub-ada"))
            .await
            .json(201);
        assert_eq!(told["agent_id"], Value::Null);
        assert_eq!(told["kind"], "agent");
    });
}
