use crate::browser::chromium::{Chromium, Scripts};
use crate::browser::{PASSWORD, server, sign_in_and_allow};
use crate::support::server_process::DevServer;

#[tokio::test]
async fn the_account_page_ends_another_session() {
    let Some(browser) = Chromium::start().await else {
        return;
    };
    let server = server();
    sign_in_to_account(&browser, &server).await;
    let elsewhere = browser.cookie("issuant-session").await.unwrap();
    browser.forget_cookies().await;

    sign_in_to_account(&browser, &server).await;
    let here = browser.cookie("issuant-session").await.unwrap();
    let sessions = "section[aria-labelledby=sessions]";
    browser
        .click(&format!("{sessions} .entries form button"))
        .await;
    browser.find(".notice").await;
    assert!(
        !browser
            .has(&format!("{sessions} .entries form button"))
            .await
    );

    // Elsewhere is signed out, here is not.
    browser.bring_cookie(&elsewhere).await;
    browser.open(&server.at("/account")).await;
    assert_eq!(browser.address().await.path(), "/login");
    browser.bring_cookie(&here).await;
    browser.open(&server.at("/account")).await;
    assert_eq!(browser.address().await.path(), "/account");
}

#[tokio::test]
async fn the_account_page_disconnects_an_app() {
    let Some(browser) = Chromium::start().await else {
        return;
    };
    let server = server();
    sign_in_and_allow(&browser, &server).await;
    browser.open(&server.at("/account")).await;
    let apps = "section[aria-labelledby=apps]";
    let listed = browser.text(apps).await;
    assert!(listed.contains("Demo app"), "{listed}");
    assert!(listed.contains("Can act when you are away"), "{listed}");
    browser.click(&format!("{apps} button")).await;
    browser.find(".notice").await;
    let listed = browser.text(apps).await;
    assert!(
        listed.contains("No app has access to your account"),
        "{listed}"
    );

    // The app's refresh token is worth nothing now, and it has to ask for consent again.
    browser.open(&server.at("/dev/app/result")).await;
    browser.click("#refresh").await;
    browser.find("main details, main .facts").await;
    assert_eq!(
        browser.text("h1").await,
        "The demo app could not sign you in"
    );
    browser.open(&server.at("/dev/app")).await;
    browser.click("#sign-in").await;
    browser.find("#allow").await;
}

#[tokio::test]
async fn the_account_page_makes_a_token_and_takes_it_back() {
    for scripts in [Scripts::On, Scripts::Off] {
        let Some(browser) = Chromium::start_with(scripts).await else {
            return;
        };
        let server = server();
        sign_in_to_account(&browser, &server).await;
        browser.click("#personal-tokens").await;
        browser.fill_in("#name", "Backup").await;
        browser.click("#make-token").await;
        let token = browser.text("#token").await;
        let passed = async || {
            let ask = reqwest::Client::new().get(server.at("/verify"));
            let ask = ask.header("authorization", format!("Bearer {token}"));
            ask.send().await.unwrap().status().as_u16()
        };
        assert_eq!(passed().await, 200);
        browser.click("#tokens").await;
        let listed = "section[aria-labelledby=tokens]";
        assert!(browser.text(listed).await.contains("Backup"));
        assert!(!browser.text(listed).await.contains(&token));
        browser.click(&format!("{listed} button")).await;
        browser.find(".notice").await;
        assert!(browser.text(listed).await.contains("Taken back"));
        assert_eq!(passed().await, 401);
    }
}

async fn sign_in_to_account(browser: &Chromium, server: &DevServer) {
    browser.open(&server.at("/login")).await;
    browser.fill_in("#username", "maya").await;
    browser.fill_in("#password", PASSWORD).await;
    browser.click("#sign-in").await;
    browser.find("#sessions").await;
}
