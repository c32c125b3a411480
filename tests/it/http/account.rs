//! The account page and what can be done there.

use crate::support::op::{Browser, TestOp, WEB, on_sqlite};

/// The token of a form of the account page, and the account that it is for.
async fn token(browser: &mut Browser<'_>, form: &str) -> Vec<(String, String)> {
    let page = browser.get("/account").await;
    assert_eq!(page.status, 200);
    let mut hidden = crate::support::op::hidden_fields(&page.body, form);
    hidden.retain(|(name, _)| name == "csrf" || name == "account");
    hidden
}

async fn act(browser: &mut Browser<'_>, path: &str, field: (&str, &str)) -> String {
    let token = token(browser, path).await;
    let mut form: Vec<(&str, &str)> = token.iter().map(|(n, v)| (&**n, &**v)).collect();
    form.push(field);
    let reply = browser.post(path, &form).await;
    reply.location().to_owned()
}

/// The session id that the page of `browser` shows for another session.
async fn other_session(browser: &mut Browser<'_>) -> String {
    let page = browser.get("/account").await;
    let hidden = crate::support::op::hidden_fields(&page.body, "/account/sessions/end");
    hidden
        .into_iter()
        .find(|(name, _)| name == "session")
        .unwrap()
        .1
}

async fn is_signed_in(browser: &mut Browser<'_>) -> bool {
    browser.get("/account").await.status == 200
}

/// Ada's refresh token for the web app.
async fn connected(op: &TestOp, browser: &mut Browser<'_>) -> String {
    let code = browser
        .code("ada", &[("scope", "openid offline_access")])
        .await;
    op.client("web")
        .redeem(&code, WEB)
        .await
        .token("refresh_token")
}

#[test]
fn leads_strangers_to_sign_in() {
    on_sqlite(async |op| {
        assert_eq!(op.get("/account").await.location(), "/login");
    });
}

#[test]
fn shows_who_i_am_and_where() {
    on_sqlite(async |op| {
        let mut browser = op.browser();
        connected(&op, &mut browser).await;
        let page = browser.get("/account").await;
        let text = crate::pages::html::text(&page.body);
        for part in [
            "Ada Example",
            "ada@example.org",
            "admin",
            "This browser",
            "192.0.2.7",
            "The web app",
        ] {
            assert!(text.contains(part), "{part}: {text}");
        }
    });
}

#[test]
fn ends_another_session_of_mine() {
    on_sqlite(async |op| {
        let (mut here, mut there) = (op.signed_in("ada").await, op.signed_in("ada").await);
        let id = other_session(&mut here).await;
        let after = act(&mut here, "/account/sessions/end", ("session", &id)).await;
        assert_eq!(after, "/account?done=session");
        assert!(is_signed_in(&mut here).await);
        assert!(!is_signed_in(&mut there).await);
    });
}

#[test]
fn does_not_end_a_session_of_somebody_else() {
    on_sqlite(async |op| {
        let (mut ada, mut ada_too) = (op.signed_in("ada").await, op.signed_in("ada").await);
        let id = other_session(&mut ada).await;
        let (mut bob, _bob_too) = (op.signed_in("bob").await, op.signed_in("bob").await);
        act(&mut bob, "/account/sessions/end", ("session", &id)).await;
        assert!(is_signed_in(&mut ada).await && is_signed_in(&mut ada_too).await);
    });
}

#[test]
fn ends_all_other_sessions() {
    on_sqlite(async |op| {
        let (mut here, mut there) = (op.signed_in("ada").await, op.signed_in("ada").await);
        let mut bob = op.signed_in("bob").await;
        act(&mut here, "/account/sessions/end-others", ("", "")).await;
        assert!(is_signed_in(&mut here).await);
        assert!(!is_signed_in(&mut there).await);
        assert!(is_signed_in(&mut bob).await);
    });
}

#[test]
fn takes_the_access_of_an_app_away() {
    on_sqlite(async |op| {
        let mut browser = op.browser();
        let refresh = connected(&op, &mut browser).await;
        let after = act(&mut browser, "/account/apps/revoke", ("client_id", "web")).await;
        assert_eq!(after, "/account?done=app");
        let refused = op.client("web").refresh(&refresh).await;
        refused.assert_error(400, "invalid_grant", "E1323");
        let consent = browser.get(&crate::support::op::authorize_url(&[])).await;
        assert!(consent.location().starts_with("/consent?"), "asked again");
        connected(&op, &mut browser).await;
        let token = token(&mut browser, "/account/apps/revoke").await;
        let mut form: Vec<(&str, &str)> = token.iter().map(|(n, v)| (&**n, &**v)).collect();
        form.push(("client_id", "no such: id"));
        browser
            .post("/account/apps/revoke", &form)
            .await
            .assert_page(400, "E1006");
    });
}

#[test]
fn signs_out() {
    on_sqlite(async |op| {
        let mut browser = op.signed_in("ada").await;
        act(&mut browser, "/logout/confirm", ("decision", "sign-out")).await;
        assert!(!is_signed_in(&mut browser).await);
    });
}

#[test]
fn forms_need_their_token_and_a_session() {
    on_sqlite(async |op| {
        let _elsewhere = op.signed_in("ada").await;
        let mut browser = op.signed_in("ada").await;
        let token = token(&mut browser, "/account/sessions/end-others").await;
        let form: Vec<(&str, &str)> = token.iter().map(|(n, v)| (&**n, &**v)).collect();
        for path in [
            "/account/sessions/end",
            "/account/sessions/end-others",
            "/account/apps/revoke",
        ] {
            let before = op.database.remembered();
            browser
                .post(path, &[("client_id", "web")])
                .await
                .assert_page(403, "E1603");
            assert_eq!(op.database.remembered(), before);
        }
        browser.cookies.remove("__Host-issuant-session");
        let reply = browser.post("/account/sessions/end-others", &form).await;
        assert_eq!(reply.location(), "/login");
    });
}

#[test]
fn a_session_ends_by_itself() {
    on_sqlite(async |op| {
        let mut browser = op.signed_in("ada").await;
        op.pass(86_399);
        assert!(is_signed_in(&mut browser).await);
        op.pass(86_399);
        assert!(is_signed_in(&mut browser).await, "the use was noted");
        op.pass(86_400);
        assert!(!is_signed_in(&mut browser).await);
    });
}
