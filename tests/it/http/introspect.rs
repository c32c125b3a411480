//! Introspection (RFC 7662).

use crate::support::op::{TestOp, WEB, on_sqlite};
use serde_json::json;

async fn tokens(op: &TestOp) -> (String, String) {
    let code = op.browser().code("ada", &[]).await;
    let reply = op.client("web").redeem(&code, WEB).await;
    (reply.token("access_token"), reply.token("refresh_token"))
}

#[test]
fn tells_of_good_tokens_and_nothing_of_others() {
    on_sqlite(async |op| {
        let (access, refresh) = tokens(&op).await;
        let web = op.client("web");
        let told = web.introspect(&access).await;
        assert_eq!(
            (&told["active"], &told["username"]),
            (&json!(true), &json!("ada"))
        );
        assert_eq!(
            web.introspect(&refresh).await["token_type"],
            "refresh_token"
        );
        assert_eq!(
            op.client("other").introspect(&refresh).await,
            json!({"active": false})
        );
        assert_eq!(web.introspect("garbage").await, json!({"active": false}));
        op.pass(300);
        assert_eq!(web.introspect(&access).await, json!({"active": false}));
    });
}

/// The signature of a token is checked once, everything else each time.
#[test]
fn a_token_that_was_good_a_moment_ago_is_inactive_once_it_is_revoked() {
    on_sqlite(async |op| {
        let (access, _) = tokens(&op).await;
        let web = op.client("web");
        assert_eq!(web.introspect(&access).await["active"], true);
        let revoked = web.post("/revoke", &[("token", &access)]).await;
        assert_eq!(revoked.status, 200);
        assert_eq!(web.introspect(&access).await, json!({"active": false}));
        let service = op.client("service");
        let grant = [("grant_type", "client_credentials")];
        let own = service.post("/token", &grant).await.token("access_token");
        assert_eq!(service.introspect(&own).await["active"], true);
        let revoked = service.post("/revoke", &[("token", &own)]).await;
        assert_eq!(revoked.status, 200);
        assert_eq!(service.introspect(&own).await, json!({"active": false}));
    });
}

#[test]
fn seeing_an_access_token_ends_the_life_of_the_older_refresh_token() {
    on_sqlite(async |op| {
        let (_, first) = tokens(&op).await;
        let web = op.client("web");
        let second = web.refresh(&first).await;
        assert_eq!(
            web.introspect(&second.token("access_token")).await["active"],
            true
        );
        web.refresh(&first)
            .await
            .assert_error(400, "invalid_grant", "E1324");
    });
}

#[test]
fn refuses_who_does_not_authenticate() {
    on_sqlite(async |op| {
        let form = [("token", "any")];
        let nobody = op.anonymous();
        nobody
            .refused("/introspect", &form, (401, "invalid_client", "E1102"))
            .await;
        let public = op.client("spa");
        public
            .refused("/introspect", &form, (400, "unauthorized_client", "E1107"))
            .await;
    });
}

#[test]
fn refuses_a_request_without_token() {
    on_sqlite(async |op| {
        op.client("web")
            .refused("/introspect", &[], (400, "invalid_request", "E1405"))
            .await;
    });
}
