//! The JWT bearer grant through HTTP, and what becomes of the tokens that it gives (RFC 7523, RFC 7662, RFC 7009).

use issuant::protocol::client::GrantType;
use issuant::protocol::trust::directory::Trust;
use serde_json::{Value, json};

use crate::support::foreign::{Foreign, declared, rule};
use crate::support::op::{Reply, TestOp, claims, on_sqlite};

const GRANT: &str = "urn:ietf:params:oauth:grant-type:jwt-bearer";

fn open() -> Value {
    json!({"without_client": true, "token_audiences": ["https://api.example"]})
}

async fn bring(op: &TestOp, token: &str) -> Reply {
    let form = [("grant_type", GRANT), ("assertion", token)];
    op.anonymous().post("/token", &form).await
}

async fn introspect(op: &TestOp, token: &str) -> Value {
    op.client("service").introspect(token).await
}

#[test]
fn an_assertion_becomes_a_token_that_everybody_knows() {
    on_sqlite(async |op| {
        let foreign = Foreign::new();
        let rules = vec![rule("", "scope", "read"), rule("", "role", "deployer")];
        let issuer = foreign.issuer(&open());
        op.trust(Trust::new(vec![issuer], rules.clone(), declared()));
        let reply = bring(&op, &foreign.token(&json!({}))).await;
        let token = reply.token("access_token");
        let told = claims(&token);
        assert_eq!(told["sub"], "ci:job-7");
        assert_eq!(told["client_id"], "trust:ci");
        assert_eq!(told["roles"], json!(["deployer"]));
        assert!(told.get("identities").is_none());
        let seen = introspect(&op, &token).await;
        assert_eq!(seen["active"], true, "{seen}");
        assert_eq!(seen["sub"], "ci:job-7");
        assert_eq!(seen["roles"], json!(["deployer"]));
        let audience = "/verify?audience=https://api.example&scope=read";
        let passed = op.get_with(audience, &token).await;
        assert_eq!(passed.status, 200, "{passed:?}");
        assert_eq!(passed.header("remote-subject"), Some("ci:job-7"));
        assert_eq!(passed.header("remote-groups"), Some("deployer"));
        assert_eq!(op.get_with("/userinfo", &token).await.status, 403);
        // Whoever is not trusted any more vouches for nobody.
        let distrusted = foreign.issuer(&json!({"disabled": true}));
        op.trust(Trust::new(vec![distrusted], rules, declared()));
        assert_eq!(introspect(&op, &token).await["active"], false);
    });
}

#[test]
fn who_holds_a_token_without_client_may_revoke_it() {
    on_sqlite(async |op| {
        let foreign = Foreign::new();
        op.trust(foreign.trust(&open()));
        let token = bring(&op, &foreign.token(&json!({}))).await;
        let token = token.token("access_token");
        assert_eq!(introspect(&op, &token).await["active"], true);
        let form = [("token", token.as_str())];
        // A client of its own has nothing to do with it.
        let reply = op.client("service").post("/revoke", &form).await;
        assert_eq!(reply.status, 200);
        assert_eq!(introspect(&op, &token).await["active"], true);
        let reply = op.anonymous().post("/revoke", &form).await;
        assert_eq!(reply.status, 200);
        assert_eq!(introspect(&op, &token).await["active"], false);
        let own = [("grant_type", "client_credentials"), ("scope", "read")];
        let others = op.client("service").post("/token", &own).await;
        let others = others.token("access_token");
        let reply = op.anonymous().post("/revoke", &[("token", &others)]).await;
        reply.assert_error(401, "invalid_client", "E1102");
    });
}

#[test]
fn an_assertion_of_a_user_is_good_while_the_user_is() {
    on_sqlite(async |op| {
        let foreign = Foreign::new();
        let definition = json!({
            "without_client": true, "user_claim": "login",
            "token_audiences": ["https://api.example"],
        });
        op.trust(foreign.trust(&definition));
        let reply = bring(&op, &foreign.token(&json!({"login": "ada"}))).await;
        let token = reply.token("access_token");
        assert_eq!(claims(&token)["sub"], "sub-ada");
        assert!(reply.json(200).get("refresh_token").is_none());
        assert_eq!(introspect(&op, &token).await["username"], "ada");
        op.store_disabled("ada");
        assert_eq!(introspect(&op, &token).await["active"], false);
        let reply = bring(&op, &foreign.token(&json!({"login": "ada"}))).await;
        reply.assert_error(400, "invalid_grant", "E1718");
    });
}

#[test]
fn refusals_have_the_code_that_the_standard_gives_them() {
    on_sqlite(async |op| {
        let foreign = Foreign::new();
        op.trust(foreign.trust(&json!({})));
        let token = foreign.token(&json!({}));
        bring(&op, &token)
            .await
            .assert_error(401, "invalid_client", "E1717");
        let form = [("grant_type", GRANT)];
        let reply = op.anonymous().post("/token", &form).await;
        reply.assert_error(400, "invalid_request", "E1701");
        let form = [("grant_type", GRANT), ("assertion", &token)];
        let reply = op.client("service").post("/token", &form).await;
        reply.assert_error(400, "unauthorized_client", "E1302");
        let named = [
            ("grant_type", GRANT),
            ("assertion", &token),
            ("client_id", "nobody"),
        ];
        let reply = op.anonymous().post("/token", &named).await;
        assert_eq!(reply.status, 401);
        op.trust(foreign.trust(&open()));
        let forged = bring(&op, &Foreign::forged(&json!({}))).await;
        forged.assert_error(400, "invalid_grant", "E1706");
        // Regression: nothing that somebody brings is a fault of the server.
        for garbage in ["", "a", "a.b.c", "....", "eyJhbGciOiJFUzI1NiJ9.e30.", "é"] {
            let reply = bring(&op, garbage).await;
            assert_eq!(reply.status, 400, "{garbage}: {reply:?}");
        }
    });
}

#[test]
fn a_network_may_bring_so_many_in_a_minute() {
    on_sqlite(async |op| {
        let foreign = Foreign::new();
        op.trust(foreign.trust(&open()));
        for _ in 0..1200 {
            op.state.assertions.admit("192.0.2.7", op.now());
        }
        let reply = bring(&op, &foreign.token(&json!({}))).await;
        reply.assert_error(503, "temporarily_unavailable", "E1721");
        op.pass(60);
        let reply = bring(&op, &foreign.token(&json!({}))).await;
        assert_eq!(reply.status, 200);
    });
}

#[test]
fn a_client_that_may_gets_a_token_of_its_own() {
    on_sqlite(async |op| {
        let foreign = Foreign::new();
        op.trust_beside(foreign.trust(&json!({})), |client| {
            if client.id.as_str() == "service" {
                client.grants.push(GrantType::JwtBearer);
            }
        });
        let token = foreign.token(&json!({}));
        let form = [("grant_type", GRANT), ("assertion", &token)];
        let reply = op.client("service").post("/token", &form).await;
        let token = reply.token("access_token");
        assert_eq!(claims(&token)["client_id"], "service");
        let form = [("token", token.as_str())];
        let reply = op.client("service").post("/revoke", &form).await;
        assert_eq!(reply.status, 200);
        assert_eq!(introspect(&op, &token).await["active"], false);
    });
}
