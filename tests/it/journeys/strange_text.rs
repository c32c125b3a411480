//! Text that databases stumble over: what a stranger sends is kept as it is, or refused, and never a failure.

use super::on_both_databases;
use crate::support::op::{TestOp, authorize_url, query};

on_both_databases!(
    a_state_comes_back_as_it_was_sent,
    a_nonce_comes_back_as_it_was_sent,
    no_user_name_is_a_failure,
);

const STRANGE: [&str; 6] = [
    "täglich \"neu\" \\ 'x' ; -- %00",
    "\u{1f980}\u{202e}\u{feff}",
    "\r\nLocation: https://evil.example",
    "{\"a\":[1]}",
    "\u{1}\u{7f}\u{85}",
    "&code=evil&state=other#fragment",
];

async fn a_state_comes_back_as_it_was_sent(op: TestOp) {
    let mut browser = op.browser();
    for state in STRANGE {
        let address = browser.authorize("ada", &[("state", state)]).await;
        let told = query(&address);
        assert_eq!(told["state"], state);
        assert!(told["code"].starts_with("iac_"));
    }
    let nul = authorize_url(&[("state", "a\0b")]);
    browser.get(&nul).await.assert_page(400, "E1003");
}

async fn a_nonce_comes_back_as_it_was_sent(op: TestOp) {
    let mut browser = op.browser();
    for nonce in STRANGE {
        let code = browser.code("ada", &[("nonce", nonce)]).await;
        let reply = op
            .client("web")
            .redeem(&code, crate::support::op::WEB)
            .await;
        assert_eq!(
            crate::support::op::claims(&reply.token("id_token"))["nonce"],
            nonce
        );
    }
    let nul = authorize_url(&[("nonce", "a\0b")]);
    browser.get(&nul).await.assert_page(400, "E1003");
}

async fn no_user_name_is_a_failure(op: TestOp) {
    let mut browser = op.browser();
    let long = "a".repeat(10_000);
    for name in STRANGE.into_iter().chain([&*long]) {
        let page = browser.get("/login").await;
        let typed = [("username", name), ("password", name)];
        let reply = browser.submit(&page, "/login", &typed).await;
        assert_eq!(reply.status, 401, "{name:?}");
        op.pass(60);
    }
    let page = browser.get("/login").await;
    let typed = [("username", "a\0b"), ("password", "x")];
    browser
        .submit(&page, "/login", &typed)
        .await
        .assert_page(400, "E1003");
}
