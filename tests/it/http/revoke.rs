//! Revocation (RFC 7009).

use crate::support::op::{TestOp, WEB, on_sqlite};

async fn tokens(op: &TestOp) -> (String, String) {
    let code = op.browser().code("ada", &[]).await;
    let reply = op.client("web").redeem(&code, WEB).await;
    (reply.token("access_token"), reply.token("refresh_token"))
}

#[test]
fn an_access_token_goes_alone_and_a_refresh_token_takes_all_along() {
    on_sqlite(async |op| {
        let (access, refresh) = tokens(&op).await;
        let web = op.client("web");
        let reply = web.post("/revoke", &[("token", &access)]).await;
        assert_eq!((reply.status, reply.body.as_str()), (200, ""));
        assert_eq!(web.introspect(&access).await["active"], false);
        let next = web.refresh(&refresh).await.token("access_token");
        assert_eq!(
            web.post("/revoke", &[("token", &refresh)]).await.status,
            200
        );
        assert_eq!(web.introspect(&next).await["active"], false);
    });
}

#[test]
fn answers_alike_for_unknown_and_foreign_tokens_and_does_nothing() {
    on_sqlite(async |op| {
        let (access, refresh) = tokens(&op).await;
        let before = op.database.remembered();
        for token in [&*access, &refresh, "garbage"] {
            let form = [("token", token), ("token_type_hint", "refresh_token")];
            let reply = op.client("other").post("/revoke", &form).await;
            assert_eq!((reply.status, reply.body.as_str()), (200, ""));
        }
        assert_eq!(op.database.remembered(), before);
    });
}

#[test]
fn refuses_who_does_not_authenticate_and_a_request_without_token() {
    on_sqlite(async |op| {
        let form = [("token", "any")];
        op.anonymous()
            .refused("/revoke", &form, (401, "invalid_client", "E1102"))
            .await;
        op.client("web")
            .refused("/revoke", &[], (400, "invalid_request", "E1405"))
            .await;
    });
}
