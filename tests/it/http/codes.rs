//! Redeeming codes at the token endpoint (RFC 6749 §4.1.3).

use crate::support::cast::deviate;
use crate::support::op::{TestOp, WEB, claims, on_sqlite, redemption};

/// Ada's code for the web app.
async fn code(op: &TestOp) -> String {
    op.browser().code("ada", &[]).await
}

/// A redemption with deviations that must be refused, and after which the code is still good.
fn refused(deviations: &[(&str, &str)], (error, id): (&str, &str)) {
    on_sqlite(async |op| {
        let code = code(&op).await;
        let valid = redemption(&code, WEB);
        let web = op.client("web");
        web.refused("/token", &deviate(&valid, deviations), (400, error, id))
            .await;
        assert_eq!(web.redeem(&code, WEB).await.status, 200);
    });
}

#[test]
fn grants_tokens_for_a_code() {
    on_sqlite(async |op| {
        let code = code(&op).await;
        let reply = op.client("web").redeem(&code, WEB).await;
        assert!(reply.token("refresh_token").starts_with("irt_"));
        assert_eq!(reply.token("scope"), "openid read");
        let id_token = claims(&reply.token("id_token"));
        assert_eq!(id_token["sub"], "sub-ada");
        assert_eq!(id_token["aud"], serde_json::json!(["web"]));
    });
}

#[test]
fn refuses_a_request_without_code() {
    refused(&[("code", "")], ("invalid_request", "E1006"));
}

#[test]
fn refuses_a_code_that_was_never_made() {
    refused(&[("code", "iac_garbage")], ("invalid_grant", "E1310"));
}

#[test]
fn refuses_a_wrong_or_missing_verifier() {
    let wrong = "a".repeat(43);
    for verifier in ["", "short", &wrong] {
        refused(&[("code_verifier", verifier)], ("invalid_grant", "E1314"));
    }
}

#[test]
fn refuses_another_redirect_uri() {
    for uri in ["", "https://web.example/", "https://evil.example/cb"] {
        refused(&[("redirect_uri", uri)], ("invalid_grant", "E1313"));
    }
}

#[test]
fn refuses_a_code_of_another_client_which_stays_good() {
    on_sqlite(async |op| {
        let code = code(&op).await;
        let form = redemption(&code, WEB);
        op.client("other")
            .refused("/token", &form, (400, "invalid_grant", "E1310"))
            .await;
        assert_eq!(op.client("web").redeem(&code, WEB).await.status, 200);
    });
}

#[test]
fn refuses_an_expired_code() {
    on_sqlite(async |op| {
        let code = code(&op).await;
        op.pass(60);
        let form = redemption(&code, WEB);
        op.client("web")
            .refused("/token", &form, (400, "invalid_grant", "E1311"))
            .await;
    });
}

#[test]
fn refuses_a_code_of_a_disabled_user() {
    on_sqlite(async |op| {
        let code = code(&op).await;
        op.store_disabled("ada");
        let reply = op.client("web").redeem(&code, WEB).await;
        assert_eq!(reply.json(400)["error"], "invalid_grant");
    });
}

#[test]
fn a_code_used_twice_takes_all_its_tokens_along() {
    on_sqlite(async |op| {
        let code = code(&op).await;
        let web = op.client("web");
        let first = web.redeem(&code, WEB).await;
        let access_token = first.token("access_token");
        assert_eq!(web.introspect(&access_token).await["active"], true);
        web.redeem(&code, WEB)
            .await
            .assert_error(400, "invalid_grant", "E1312");
        assert_eq!(web.introspect(&access_token).await["active"], false);
        let refresh = web.refresh(&first.token("refresh_token")).await;
        refresh.assert_error(400, "invalid_grant", "E1323");
    });
}
