//! The database is away: every answer says so with 503 and when to come back, and none blames the client.

use actix_web::test::TestRequest;

use crate::support::op::{Reply, WEB, authorize_url, form_request, on_sqlite};

#[track_caller]
fn assert_unavailable(reply: &Reply) {
    reply.assert_error(503, "temporarily_unavailable", "E1901");
    assert_eq!(reply.header("retry-after"), Some("2"));
    let body = reply.json(503);
    assert_eq!(body["request_id"].as_str(), reply.header("x-request-id"));
}

#[track_caller]
fn assert_unavailable_page(reply: &Reply) {
    reply.assert_page(503, "E1901");
    assert_eq!(reply.header("retry-after"), Some("2"));
}

#[test]
fn endpoints_say_when_to_come_back() {
    on_sqlite(async |op| {
        let code = op.browser().code("ada", &[]).await;
        let web = op.client("web");
        let reply = web.redeem(&code, WEB).await;
        let (access, refresh) = (reply.token("access_token"), reply.token("refresh_token"));
        op.state.storage.close();
        assert_unavailable(&web.refresh(&refresh).await);
        assert_unavailable(&web.redeem(&code, WEB).await);
        assert_unavailable(&web.post("/introspect", &[("token", &access)]).await);
        assert_unavailable(&web.post("/introspect", &[("token", &refresh)]).await);
        assert_unavailable(&web.post("/revoke", &[("token", &refresh)]).await);
        let userinfo = TestRequest::get()
            .uri("/userinfo")
            .insert_header(("authorization", format!("Bearer {access}")));
        assert_unavailable(&op.send(userinfo).await);
    });
}

#[test]
fn pages_say_when_to_come_back() {
    on_sqlite(async |op| {
        let mut browser = op.signed_in("ada").await;
        op.state.storage.close();
        for path in [
            "/",
            "/account",
            "/login",
            "/consent?request=any",
            "/setup?t=any",
        ] {
            assert_unavailable_page(&browser.get(path).await);
        }
        assert_unavailable_page(&browser.get("/authorize/resume?request=any").await);
        assert_unavailable_page(&browser.get(&authorize_url(&[])).await);
        assert_unavailable_page(&browser.get("/logout").await);
    });
}

#[test]
fn a_right_password_is_never_called_wrong() {
    on_sqlite(async |op| {
        let mut browser = op.browser();
        let page = browser.get("/login").await;
        op.state.storage.close();
        let typed = [
            ("username", "ada"),
            ("password", crate::support::cast::PASSWORD),
        ];
        assert_unavailable_page(&browser.submit(&page, "/login", &typed).await);
    });
}

#[test]
fn what_needs_no_database_goes_on() {
    on_sqlite(async |op| {
        op.state.storage.close();
        let form = [("grant_type", "client_credentials")];
        assert_eq!(op.client("service").post("/token", &form).await.status, 200);
        for path in [
            "/.well-known/openid-configuration",
            "/jwks.json",
            "/healthz",
        ] {
            assert_eq!(op.get(path).await.status, 200, "{path}");
        }
        let ready = op.get("/readyz").await;
        assert_eq!(
            (ready.status, ready.header("retry-after")),
            (503, Some("2"))
        );
        let refused = form_request("/token", &[("grant_type", "refresh_token")]);
        op.send(refused)
            .await
            .assert_error(401, "invalid_client", "E1102");
    });
}
