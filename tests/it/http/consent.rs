//! The consent page.

use crate::support::op::{Browser, Reply, TestOp, WEB, authorize_url, claims, on_sqlite, query};

/// Ada in front of the consent page of the web app.
async fn asked(op: &TestOp) -> (Browser<'_>, Reply) {
    let mut browser = op.signed_in("ada").await;
    let consent = browser
        .get(&authorize_url(&[("scope", "openid read offline_access")]))
        .await;
    let page = browser.get(consent.location()).await;
    (browser, page)
}

#[test]
fn tells_who_asks_for_whom_for_what_and_where_it_leads() {
    on_sqlite(async |op| {
        let (_, page) = asked(&op).await;
        let text = crate::pages::html::text(&page.body);
        for part in [
            "The web app",
            "web.example",
            "Ada Example",
            "ada@example.org",
            "Know who you are",
            "read",
        ] {
            assert!(text.contains(part), "{part} is not in {text}");
        }
        let policy = page.header("content-security-policy").unwrap();
        assert!(policy.contains("form-action 'self' https:;"), "{policy}");
    });
}

#[test]
fn declining_is_told_to_the_client_and_remembered_by_nobody() {
    on_sqlite(async |op| {
        let (mut browser, page) = asked(&op).await;
        let before = op.database.remembered();
        let reply = browser
            .submit(&page, "/consent", &[("decision", "deny")])
            .await;
        let told = query(reply.location());
        assert_eq!(told["error"], "access_denied");
        let id = "E1219";
        assert!(
            told["error_description"].ends_with(&format!("({id})")),
            "{told:?}"
        );
        assert_eq!(
            (&*told["state"], &*told["iss"]),
            ("s t", "https://id.example")
        );
        assert_eq!(op.database.remembered(), before);
        // It cannot be changed into consent afterwards.
        browser
            .submit(&page, "/consent", &[("decision", "allow")])
            .await
            .assert_page(410, "E1601");
    });
}

#[test]
fn a_double_click_makes_one_code() {
    on_sqlite(async |op| {
        let (mut browser, page) = asked(&op).await;
        let allow = [("decision", "allow")];
        let first = browser
            .submit(&page, "/consent", &allow)
            .await
            .location()
            .to_owned();
        let second = browser
            .submit(&page, "/consent", &allow)
            .await
            .location()
            .to_owned();
        assert_eq!(first, second);
        assert!(query(browser.get(&first).await.location()).contains_key("code"));
        browser.get(&second).await.assert_page(410, "E1601");
        browser
            .submit(&page, "/consent", &allow)
            .await
            .assert_page(410, "E1601");
    });
}

#[test]
fn a_form_without_or_with_a_wrong_token_is_refused() {
    on_sqlite(async |op| {
        let (mut browser, page) = asked(&op).await;
        let before = op.database.remembered();
        let hidden = crate::support::op::hidden_fields(&page.body, "/consent");
        let handle = &hidden.iter().find(|(name, _)| name == "request").unwrap().1;
        let form = [("request", &**handle), ("decision", "allow")];
        browser
            .post("/consent", &form)
            .await
            .assert_page(403, "E1603");
        let form = [form[0], form[1], ("csrf", "wrong")];
        browser
            .post("/consent", &form)
            .await
            .assert_page(403, "E1603");
        assert_eq!(op.database.remembered(), before);
    });
}

#[test]
fn a_form_from_elsewhere_is_refused() {
    on_sqlite(async |op| {
        let (mut browser, page) = asked(&op).await;
        let hidden = crate::support::op::hidden_fields(&page.body, "/consent");
        let mut form: Vec<(&str, &str)> = hidden.iter().map(|(n, v)| (&**n, &**v)).collect();
        form.push(("decision", "allow"));
        let request = browser
            .form("/consent", &form)
            .insert_header(("origin", "https://web.example"));
        browser.send(request).await.assert_page(403, "E1603");
    });
}

#[test]
fn a_form_without_decision_is_refused() {
    on_sqlite(async |op| {
        let (mut browser, page) = asked(&op).await;
        browser
            .submit(&page, "/consent", &[])
            .await
            .assert_page(400, "E1006");
        browser
            .submit(&page, "/consent", &[("decision", "maybe")])
            .await
            .assert_page(400, "E1006");
    });
}

#[test]
fn somebody_who_signed_out_meanwhile_agrees_to_nothing() {
    on_sqlite(async |op| {
        let (mut browser, page) = asked(&op).await;
        browser.cookies.remove("__Host-issuant-session");
        let before = op.database.remembered();
        browser
            .submit(&page, "/consent", &[("decision", "allow")])
            .await
            .assert_page(410, "E1601");
        assert_eq!(op.database.remembered(), before);
    });
}

#[test]
fn a_page_decides_for_the_account_that_it_names() {
    on_sqlite(async |op| {
        let (mut browser, page) = asked(&op).await;
        browser.sign_in_at("/login", "bob").await.location();
        let agreed = browser
            .submit(&page, "/consent", &[("decision", "allow")])
            .await;
        let answer = browser.get(agreed.location()).await.location().to_owned();
        let tokens = op.client("web").redeem(&query(&answer)["code"], WEB).await;
        assert_eq!(claims(&tokens.token("id_token"))["sub"], "sub-ada");
    });
}

#[test]
fn a_visitor_who_is_not_signed_in_is_led_to_sign_in() {
    on_sqlite(async |op| {
        let mut browser = op.browser();
        let login = browser.get(&authorize_url(&[])).await.location().to_owned();
        let resume = browser
            .get(&login.replace("/login", "/consent"))
            .await
            .location()
            .to_owned();
        assert_eq!(browser.get(&resume).await.location(), login);
    });
}
