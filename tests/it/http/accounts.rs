//! Several accounts in one browser: choose one, add one, sign out of one.

use crate::pages::html::{tags, text};
use crate::support::op::{
    Browser, Reply, TestOp, WEB, authorize_url, claims, hidden_fields, on_sqlite, query,
};

/// The forms of the page that lead to `action`, by the name of the person they are for.
fn form_of(page: &Reply, action: &str, person: &str) -> Vec<(String, String)> {
    let mut entries = page.body.split("<li>").skip(1);
    let entry = entries
        .find(|entry| entry.contains(person))
        .unwrap_or_else(|| panic!("no {person} in {}", page.body));
    hidden_fields(entry, action)
}

/// Where the link of that id leads.
fn link(page: &Reply, id: &str) -> String {
    let tags = tags(&page.body);
    let found = tags.iter().find(|tag| tag.attribute("id") == Some(id));
    found.unwrap().attribute("href").unwrap().to_owned()
}

async fn press(browser: &mut Browser<'_>, page: &Reply, action: &str, person: &str) -> Reply {
    let form = form_of(page, action, person);
    let form: Vec<(&str, &str)> = form.iter().map(|(n, v)| (&**n, &**v)).collect();
    browser.post(action, &form).await
}

/// Signs the account of that person out; the others stay.
pub(crate) async fn sign_out_account(browser: &mut Browser<'_>, page: &Reply, person: &str) {
    let out = press(browser, page, "/accounts/sign-out", person).await;
    assert!(out.location().starts_with("/accounts"), "{out:?}");
}

const ADA: &str = "Ada Example";
const BOB: &str = "Bob Example";

/// A browser in which Ada signed in first, then Bob.
async fn both(op: &TestOp) -> Browser<'_> {
    let mut browser = op.signed_in("ada").await;
    browser.sign_in_at("/login", "bob").await.location();
    browser
}

/// The page on which somebody chooses for a request of the web app.
async fn asked(browser: &mut Browser<'_>, deviations: &[(&str, &str)]) -> Reply {
    let to = browser
        .get(&authorize_url(deviations))
        .await
        .location()
        .to_owned();
    assert!(to.starts_with("/accounts?request="), "{to}");
    browser.get(&to).await
}

/// Who a request is answered for, after a choice and the consent page.
async fn answered(op: &TestOp, browser: &mut Browser<'_>, chosen: &Reply) -> String {
    let mut address = chosen.location().to_owned();
    while !address.starts_with("https://web.example") {
        let page = browser.get(&address).await;
        address = if address.starts_with("/consent") {
            let form = [("decision", "allow")];
            browser
                .submit(&page, "/consent", &form)
                .await
                .location()
                .to_owned()
        } else {
            page.location().to_owned()
        };
    }
    let tokens = op.client("web").redeem(&query(&address)["code"], WEB).await;
    claims(&tokens.token("id_token"))["sub"]
        .as_str()
        .unwrap()
        .to_owned()
}

#[test]
fn a_request_is_answered_for_the_account_that_was_chosen() {
    on_sqlite(async |op| {
        let mut browser = both(&op).await;
        for (person, subject) in [(ADA, "sub-ada"), (BOB, "sub-bob")] {
            let page = asked(&mut browser, &[]).await;
            let said = text(&page.body);
            assert!(said.contains("Choose an account to continue to"), "{said}");
            assert!(said.contains("The web app"), "{said}");
            let chosen = press(&mut browser, &page, "/accounts", person).await;
            assert_eq!(answered(&op, &mut browser, &chosen).await, subject);
        }
    });
}

#[test]
fn requests_in_two_tabs_keep_their_accounts() {
    on_sqlite(async |op| {
        let mut browser = both(&op).await;
        let (one, two) = (
            asked(&mut browser, &[]).await,
            asked(&mut browser, &[]).await,
        );
        let for_ada = press(&mut browser, &one, "/accounts", ADA).await;
        let for_bob = press(&mut browser, &two, "/accounts", BOB).await;
        assert_eq!(answered(&op, &mut browser, &for_ada).await, "sub-ada");
        assert_eq!(answered(&op, &mut browser, &for_bob).await, "sub-bob");
    });
}

#[test]
fn one_account_is_chosen_only_where_the_client_asks_for_a_choice() {
    on_sqlite(async |op| {
        let mut browser = op.signed_in("ada").await;
        let straight = browser.get(&authorize_url(&[])).await;
        assert!(straight.location().starts_with("/consent"));
        let page = asked(&mut browser, &[("prompt", "select_account")]).await;
        let chosen = press(&mut browser, &page, "/accounts", ADA).await;
        assert_eq!(answered(&op, &mut browser, &chosen).await, "sub-ada");
    });
}

#[test]
fn another_account_is_added_for_the_request() {
    on_sqlite(async |op| {
        let mut browser = op.signed_in("ada").await;
        let page = asked(&mut browser, &[("prompt", "select_account")]).await;
        let login = link(&page, "another-account");
        let signed_in = browser.sign_in_at(&login, "bob").await;
        assert_eq!(answered(&op, &mut browser, &signed_in).await, "sub-bob");
        let text = text(&browser.get("/accounts").await.body);
        assert!(text.contains(ADA) && text.contains(BOB), "{text}");
    });
}

#[test]
fn the_account_page_speaks_of_the_chosen_one() {
    on_sqlite(async |op| {
        let mut browser = both(&op).await;
        assert!(browser.get("/account").await.body.contains(BOB));
        let page = browser.get("/accounts").await;
        let chosen = press(&mut browser, &page, "/accounts", ADA).await;
        assert_eq!(chosen.location(), "/account");
        assert!(browser.get("/account").await.body.contains(ADA));
    });
}

#[test]
fn a_form_of_the_account_page_acts_for_the_account_that_it_shows() {
    on_sqlite(async |op| {
        let mut elsewhere = op.signed_in("ada").await;
        let mut browser = op.signed_in("ada").await;
        let page_of_ada = browser.get("/account").await;
        browser.sign_in_at("/login", "bob").await.location();
        let ended = browser
            .submit(&page_of_ada, "/account/sessions/end-others", &[])
            .await;
        assert_eq!(ended.location(), "/account?done=others");
        assert_eq!(elsewhere.get("/account").await.location(), "/login");
        let text = text(&browser.get("/accounts").await.body);
        assert!(text.contains(ADA) && text.contains(BOB), "{text}");
    });
}

#[test]
fn one_account_signs_out_and_the_others_stay() {
    on_sqlite(async |op| {
        let mut browser = both(&op).await;
        let page = browser.get("/accounts").await;
        sign_out_account(&mut browser, &page, BOB).await;
        let text = text(&browser.get("/accounts").await.body);
        assert!(text.contains(ADA) && !text.contains(BOB), "{text}");
        let page = browser.get("/accounts").await;
        sign_out_account(&mut browser, &page, ADA).await;
        assert_eq!(browser.get("/accounts").await.location(), "/login");
        assert!(!browser.cookies.contains_key("__Host-issuant-session"));
    });
}

#[test]
fn signing_out_means_everybody_unless_the_hint_names_one() {
    on_sqlite(async |op| {
        let mut browser = both(&op).await;
        let page = browser.get("/logout").await;
        let said = text(&page.body);
        assert!(said.contains(ADA) && said.contains(BOB), "{said}");
        browser
            .submit(&page, "/logout/confirm", &[("decision", "sign-out")])
            .await
            .location();
        assert_eq!(browser.get("/account").await.location(), "/login");
    });
}

#[test]
fn without_a_page_several_accounts_are_one_too_many() {
    on_sqlite(async |op| {
        let mut browser = op.browser();
        browser.code("ada", &[]).await;
        let none = authorize_url(&[("prompt", "none")]);
        assert!(browser.get(&none).await.location().contains("code="));
        // The client knows Ada in this browser, so it keeps getting answers for her.
        browser.sign_in_at("/login", "bob").await.location();
        assert!(browser.get(&none).await.location().contains("code="));
        browser.code("bob", &[("login_hint", "bob")]).await;
        let refused = browser.get(&none).await;
        let told = query(refused.location());
        assert_eq!(told["error"], "account_selection_required");
        assert!(told["error_description"].contains("E1230"), "{told:?}");
    });
}

#[test]
fn a_choice_needs_its_token_and_an_account_of_the_browser() {
    on_sqlite(async |op| {
        let mut browser = both(&op).await;
        let page = asked(&mut browser, &[]).await;
        let before = op.database.remembered();
        let form = form_of(&page, "/accounts", ADA);
        let value = |name: &str| &*form.iter().find(|(n, _)| n == name).unwrap().1;
        let forged = [("csrf", "forged"), ("account", value("account"))];
        for action in ["/accounts", "/accounts/sign-out"] {
            browser
                .post(action, &forged)
                .await
                .assert_page(403, "E1603");
        }
        let stranger = [
            ("csrf", value("csrf")),
            ("request", value("request")),
            ("account", "session-of-somebody-else"),
        ];
        for action in ["/accounts", "/accounts/sign-out"] {
            let back = browser.post(action, &stranger).await;
            assert!(
                back.location().starts_with("/accounts?request="),
                "{back:?}"
            );
        }
        assert_eq!(op.database.remembered(), before);
    });
}

#[test]
fn two_secrets_of_one_account_and_rubbish_are_one_account() {
    on_sqlite(async |op| {
        let mut browser = op.signed_in("ada").await;
        let secret = browser.cookies["__Host-issuant-session"].clone();
        let many = format!("{secret}.{secret}.short.{}", "x".repeat(40));
        browser
            .cookies
            .insert("__Host-issuant-session".to_owned(), many);
        let straight = browser.get(&authorize_url(&[])).await;
        assert!(straight.location().starts_with("/consent"), "{straight:?}");
    });
}
