use crate::browser::chromium::{Chromium, Scripts};
use crate::browser::{server, sign_in};

#[tokio::test]
async fn without_scripts_everything_works_but_the_button_that_needs_them() {
    let Some(browser) = Chromium::start_with(Scripts::Off).await else {
        return;
    };
    let server = server();
    browser.open(&server.at("/login")).await;
    // It would be shown by the script: so this really is a browser without.
    let reveal = browser.find(".reveal").await;
    assert!(!reveal.is_displayed().await.unwrap());

    sign_in(&browser, &server).await;
    browser.click("#allow").await;
    let userinfo = browser.text("section[aria-labelledby=userinfo]").await;
    assert!(userinfo.contains("maya@example.com"), "{userinfo}");
    browser.click("#refresh").await;
    browser.find(".notice").await;

    browser.open(&server.at("/account")).await;
    browser.click("section[aria-labelledby=apps] button").await;
    browser.find(".notice").await;
    assert!(
        browser
            .text("section[aria-labelledby=apps]")
            .await
            .contains("No app has access")
    );
    browser.click("#sign-out").await;
    browser.find("[role=status]").await;
    assert_eq!(browser.text("h1").await, "You are signed out");
}
