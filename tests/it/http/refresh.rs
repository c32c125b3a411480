//! Refreshing at the token endpoint. The whole rule is in `rules::refresh_token`.

use issuant::protocol::refresh_policy::RefreshRotation;

use crate::support::op::{TestOp, WEB, on_sqlite, refreshing};

/// Ada signed in to the web app: its refresh token.
async fn signed_in(op: &TestOp) -> String {
    let code = op.browser().code("ada", &[]).await;
    op.client("web")
        .redeem(&code, WEB)
        .await
        .token("refresh_token")
}

#[test]
fn a_lost_response_is_answered_again_and_a_used_successor_ends_it() {
    on_sqlite(async |op| {
        let first = signed_in(&op).await;
        let web = op.client("web");
        let second = web.refresh(&first).await.token("refresh_token");
        assert_eq!(web.refresh(&first).await.token("refresh_token"), second);
        let third = web.refresh(&second).await.token("refresh_token");
        web.refresh(&first)
            .await
            .assert_error(400, "invalid_grant", "E1324");
        web.refresh(&third)
            .await
            .assert_error(400, "invalid_grant", "E1323");
    });
}

#[test]
fn a_client_may_have_one_time_use_or_a_token_that_stays() {
    on_sqlite(async |op| {
        let web = op.client("web");
        let rotate = |rotation| {
            op.store_changed_client("web", |client| client.refresh.rotation = Some(rotation));
        };
        rotate(RefreshRotation::None);
        let first = signed_in(&op).await;
        let kept = web.refresh(&first).await;
        assert_eq!(kept.token("refresh_token"), first);
        assert_eq!(
            web.introspect(&kept.token("access_token")).await["active"],
            true
        );
        // A change holds from the next refresh on.
        rotate(RefreshRotation::Strict);
        let second = web.refresh(&first).await.token("refresh_token");
        assert_ne!(second, first);
        web.refresh(&first)
            .await
            .assert_error(400, "invalid_grant", "E1324");
        web.refresh(&second)
            .await
            .assert_error(400, "invalid_grant", "E1323");
    });
}

#[test]
fn refuses_a_token_of_another_client_without_touching_the_family() {
    on_sqlite(async |op| {
        let token = signed_in(&op).await;
        let form = refreshing(&token);
        op.client("other")
            .refused("/token", &form, (400, "invalid_grant", "E1321"))
            .await;
        assert_eq!(op.client("web").refresh(&token).await.status, 200);
    });
}

#[test]
fn refuses_a_token_of_a_revoked_family() {
    on_sqlite(async |op| {
        let token = signed_in(&op).await;
        let web = op.client("web");
        assert_eq!(web.post("/revoke", &[("token", &token)]).await.status, 200);
        web.refused(
            "/token",
            &refreshing(&token),
            (400, "invalid_grant", "E1323"),
        )
        .await;
    });
}

#[test]
fn refuses_garbage() {
    on_sqlite(async |op| {
        let token = signed_in(&op).await;
        let web = op.client("web");
        for garbage in ["garbage", "irt_", "irt_AAAA", &token[..50], "\u{1f980}"] {
            web.refused(
                "/token",
                &refreshing(garbage),
                (400, "invalid_grant", "E1320"),
            )
            .await;
        }
    });
}

#[test]
fn refuses_a_token_of_a_megabyte() {
    on_sqlite(async |op| {
        let large = "a".repeat(1024 * 1024);
        let web = op.client("web");
        web.refused(
            "/token",
            &refreshing(&large),
            (413, "invalid_request", "E1002"),
        )
        .await;
    });
}

#[test]
fn refuses_a_token_of_sixty_thousand_letters() {
    on_sqlite(async |op| {
        let long = format!("irt_{}", "a".repeat(60_000));
        op.client("web")
            .refused(
                "/token",
                &refreshing(&long),
                (400, "invalid_grant", "E1320"),
            )
            .await;
    });
}

#[test]
fn refuses_a_wider_scope() {
    on_sqlite(async |op| {
        let token = signed_in(&op).await;
        let mut form = refreshing(&token).to_vec();
        form.push(("scope", "openid read write"));
        op.client("web")
            .refused("/token", &form, (400, "invalid_scope", "E1325"))
            .await;
    });
}

#[test]
fn refuses_an_expired_token() {
    on_sqlite(async |op| {
        let token = signed_in(&op).await;
        op.pass(30 * 86_400);
        op.client("web")
            .refused(
                "/token",
                &refreshing(&token),
                (400, "invalid_grant", "E1322"),
            )
            .await;
    });
}

#[test]
fn refuses_an_access_token_in_its_place() {
    on_sqlite(async |op| {
        let code = op.browser().code("ada", &[]).await;
        let web = op.client("web");
        let token = web.redeem(&code, WEB).await.token("access_token");
        web.refused(
            "/token",
            &refreshing(&token),
            (400, "invalid_grant", "E1320"),
        )
        .await;
    });
}
