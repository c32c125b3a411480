use crate::browser::chromium::Chromium;
use crate::browser::{PASSWORD, server, sign_in, sign_in_and_allow};

#[tokio::test]
async fn the_demo_app_shows_the_claims_that_it_verified() {
    let Some(browser) = Chromium::start().await else {
        return;
    };
    let server = server();
    sign_in(&browser, &server).await;
    let heading = browser.text("h1").await;
    assert_eq!(heading, "Demo app wants to access your account");
    assert!(
        browser
            .text(".person")
            .await
            .contains("Signed in as Maya Example")
    );
    browser.click("#allow").await;
    browser.find("#id-token").await;
    assert_eq!(browser.text("h1").await, "The demo app signed you in");
    assert_eq!(browser.address().await.path(), "/dev/app/result");
    let page = browser.text("main").await;
    for part in ["maya@example.com", "Maya Example", server.issuer()] {
        assert!(page.contains(part), "{part} is missing in {page}");
    }

    // It can also use its refresh token.
    browser.click("#refresh").await;
    let notice = browser.text(".notice").await;
    assert!(notice.starts_with("Refreshed"), "{notice}");
}

#[tokio::test]
async fn a_wrong_password_is_told_where_the_focus_goes() {
    let Some(browser) = Chromium::start().await else {
        return;
    };
    let server = server();
    browser.open(&server.at("/login")).await;
    browser.fill_in("#username", "maya").await;
    browser
        .fill_in("#password", "a password that is not hers")
        .await;
    browser.click("#sign-in").await;
    let told = browser.text("#problem").await;
    assert!(
        told.contains("Check your user name and password and try again"),
        "{told}"
    );
    assert_eq!(browser.focused_id().await, "problem");
    assert!(browser.title().await.starts_with("Error: "));
    // The name is kept, the password is not.
    let value = |field| format!("return document.getElementById('{field}').value");
    assert_eq!(browser.evaluate(&value("username")).await, "maya");
    assert_eq!(browser.evaluate(&value("password")).await, "");
}

#[tokio::test]
async fn the_password_can_be_shown_and_is_sent_as_a_password() {
    let Some(browser) = Chromium::start().await else {
        return;
    };
    let server = server();
    browser.open(&server.at("/login")).await;
    browser.fill_in("#username", "maya").await;
    browser.fill_in("#password", PASSWORD).await;
    let kind = "return document.getElementById('password').type";
    assert_eq!(browser.evaluate(kind).await, "password");
    browser.click(".reveal").await;
    assert_eq!(browser.evaluate(kind).await, "text");
    assert_eq!(browser.focused_id().await, "password");
    browser.type_text("\u{e007}").await;
    browser.find("#sessions").await;
}

#[tokio::test]
async fn declining_tells_the_app_and_gives_it_nothing() {
    let Some(browser) = Chromium::start().await else {
        return;
    };
    let server = server();
    sign_in(&browser, &server).await;
    browser.click("#deny").await;
    browser.click("details summary").await;
    let page = browser.text("main").await;
    assert_eq!(
        browser.text("h1").await,
        "The demo app could not sign you in"
    );
    assert!(page.contains("access_denied"), "{page}");
    browser.open(&server.at("/dev/app/result")).await;
    assert_eq!(browser.text("h1").await, "A demo app");
}

#[tokio::test]
async fn signing_out_at_the_app_ends_the_session_at_the_server() {
    let Some(browser) = Chromium::start().await else {
        return;
    };
    let server = server();
    sign_in_and_allow(&browser, &server).await;
    browser.click("#sign-out").await;
    browser.find("#sign-in").await;
    assert_eq!(browser.address().await.path(), "/dev/app");
    browser.open(&server.at("/account")).await;
    assert_eq!(browser.address().await.path(), "/login");
    assert!(browser.cookie("issuant-session").await.is_none());
}

#[tokio::test]
async fn signing_out_by_a_link_without_a_hint_asks_first() {
    let Some(browser) = Chromium::start().await else {
        return;
    };
    let server = server();
    sign_in_and_allow(&browser, &server).await;
    browser.open(&server.at("/logout")).await;
    assert_eq!(browser.text("h1").await, "Sign out of Issuant?");
    browser.click("#stay").await;
    browser.find("#sessions").await;
    browser.open(&server.at("/logout")).await;
    browser.click("#confirm-sign-out").await;
    browser.find("[role=status]").await;
    assert_eq!(browser.text("h1").await, "You are signed out");
    browser.open(&server.at("/account")).await;
    assert_eq!(browser.address().await.path(), "/login");
}

#[tokio::test]
async fn cookies_are_out_of_reach_of_scripts_and_other_sites() {
    let Some(browser) = Chromium::start().await else {
        return;
    };
    let server = server();
    sign_in_and_allow(&browser, &server).await;
    for name in ["issuant-session", "issuant-browser"] {
        let cookie = browser.cookie(name).await;
        let cookie = cookie.unwrap_or_else(|| panic!("no cookie {name}"));
        assert_eq!(cookie["httpOnly"], true, "{cookie}");
        assert_eq!(cookie["sameSite"], "Lax", "{cookie}");
        assert_eq!(cookie["path"], "/", "{cookie}");
        // For this host alone: a cookie of a whole domain begins with a dot.
        let host = browser.address().await;
        assert_eq!(cookie["domain"], host.host_str().unwrap(), "{cookie}");
    }
    let seen = browser.evaluate("return document.cookie").await;
    assert_eq!(seen, "", "a script sees cookies");
}

#[tokio::test]
async fn pages_ask_nobody_else_for_anything() {
    let Some(browser) = Chromium::start().await else {
        return;
    };
    let server = server();
    sign_in(&browser, &server).await;
    browser.find("#allow").await;
    let loaded = "return performance.getEntriesByType('resource').map(entry => entry.name)";
    let loaded = browser.evaluate(loaded).await;
    let loaded = loaded.as_array().unwrap();
    assert!(!loaded.is_empty());
    let own = browser.address().await.origin().ascii_serialization();
    for address in loaded {
        assert!(address.as_str().unwrap().starts_with(&own), "{address}");
    }
}
