//! Whether a browser is still signed in as a client knows it (OpenID Connect Session Management).

use issuant::crypto::digest::sha256;

use super::accounts::sign_out_account;
use crate::pages::html::tags;
use crate::support::op::{Browser, TestOp, WEB, on_sqlite, query};

const STATE: &str = "__Secure-issuant-state";

/// What the script of the page would answer, with the browser's cookie.
fn is_unchanged(browser: &Browser<'_>, client: &str, origin: &str, session_state: &str) -> bool {
    let (_, salt) = session_state.split_once('.').unwrap();
    browser.cookies[STATE].split('.').any(|state| {
        let digest = sha256(format!("{client} {origin} {state} {salt}").as_bytes());
        let hex = digest
            .iter()
            .fold(String::new(), |hex, byte| hex + &format!("{byte:02x}"));
        session_state == format!("{hex}.{salt}")
    })
}

async fn signed_in(op: &TestOp) -> (Browser<'_>, String) {
    let mut browser = op.browser();
    let address = browser.authorize("ada", &[]).await;
    let session_state = query(&address)["session_state"].clone();
    (browser, session_state)
}

#[test]
fn the_answer_tells_the_state_to_one_client_at_its_origin() {
    on_sqlite(async |op| {
        let (mut browser, state) = signed_in(&op).await;
        assert!(is_unchanged(&browser, "web", "https://web.example", &state));
        assert!(!is_unchanged(
            &browser,
            "other",
            "https://web.example",
            &state
        ));
        assert!(!is_unchanged(
            &browser,
            "web",
            "https://evil.example",
            &state
        ));
        assert!(!state.contains(' '));
        // Each answer has a salt of its own.
        let again = browser.authorize("ada", &[]).await;
        assert_ne!(query(&again)["session_state"], state);
    });
}

#[test]
fn the_state_changes_when_the_person_does() {
    on_sqlite(async |op| {
        let unchanged = |browser: &Browser<'_>, state: &str| {
            is_unchanged(browser, "web", "https://web.example", state)
        };
        let (mut browser, state) = signed_in(&op).await;
        browser.sign_in_at("/login", "ada").await.location();
        assert!(unchanged(&browser, &state), "the same session goes on");
        browser.sign_in_at("/login", "bob").await.location();
        assert!(unchanged(&browser, &state), "the same account is there");
        let accounts = browser.get("/accounts").await;
        sign_out_account(&mut browser, &accounts, "Ada Example").await;
        assert!(!unchanged(&browser, &state));

        let (mut browser, state) = signed_in(&op).await;
        let page = browser.get("/logout").await;
        browser
            .submit(&page, "/logout/confirm", &[("decision", "stay")])
            .await
            .location();
        assert!(unchanged(&browser, &state));
        browser
            .submit(&page, "/logout/confirm", &[("decision", "sign-out")])
            .await
            .location();
        assert!(!unchanged(&browser, &state));
    });
}

#[test]
fn no_state_without_openid_or_without_an_origin() {
    on_sqlite(async |op| {
        let mut browser = op.browser();
        let without = browser.authorize("ada", &[("scope", "read")]).await;
        assert!(!query(&without).contains_key("session_state"), "{without}");
        let native = [
            ("client_id", "native"),
            ("redirect_uri", "com.example.native:/cb"),
        ];
        let without = browser.authorize("ada", &native).await;
        assert!(!without.contains("session_state"), "{without}");
        let with = browser.authorize("ada", &[("redirect_uri", WEB)]).await;
        assert!(query(&with).contains_key("session_state"), "{with}");
    });
}

#[test]
fn the_cookie_is_for_the_script_of_one_page() {
    on_sqlite(async |op| {
        let mut browser = op.browser();
        let reply = browser.sign_in_at("/login", "ada").await;
        let cookies = reply.cookies();
        let cookie = cookies.iter().find(|it| it.starts_with(STATE)).unwrap();
        for part in ["; Path=/session/check", "; Secure", "; SameSite=None"] {
            assert!(cookie.contains(part), "{cookie}");
        }
        assert!(!cookie.contains("HttpOnly"), "{cookie}");
    });
}

#[test]
fn the_page_may_be_framed_and_holds_nothing_but_its_script() {
    on_sqlite(async |op| {
        let page = op.get("/session/check").await;
        assert_eq!(page.status, 200);
        assert_eq!(
            page.header("cross-origin-resource-policy"),
            Some("cross-origin")
        );
        let tags = tags(&page.body);
        let mut scripts = tags.iter().filter(|tag| tag.name == "script");
        let script = scripts.next().unwrap().attribute("src").unwrap();
        assert!(scripts.next().is_none());
        let script = op.get(script).await;
        assert_eq!(script.status, 200);
        assert!(script.body.contains("issuant-state"));
    });
}

#[test]
fn the_state_changes_where_the_session_was_ended_elsewhere() {
    on_sqlite(async |op| {
        let (mut browser, state) = signed_in(&op).await;
        let mut elsewhere = op.signed_in("ada").await;
        let page = elsewhere.get("/account").await;
        elsewhere
            .submit(&page, "/account/sessions/end-others", &[])
            .await
            .location();
        let none = crate::support::op::authorize_url(&[("prompt", "none")]);
        let refused = browser.get(&none).await;
        assert_eq!(query(refused.location())["error"], "login_required");
        assert!(!is_unchanged(
            &browser,
            "web",
            "https://web.example",
            &state
        ));
    });
}
