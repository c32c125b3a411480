use std::fs;
use std::path::Path;

use crate::browser::chromium::Chromium;
use crate::browser::{PASSWORD, server};
use crate::support::server_process::DevServer;

/// WCAG 2.2, 1.4.10: at 320 CSS pixels, which is 400 % zoom on a usual screen, nothing is to the side. The pictures
/// are for people; they are in `target/screenshots`.
#[tokio::test]
async fn no_page_scrolls_sideways_and_all_are_pictured() {
    let Some(browser) = Chromium::start().await else {
        return;
    };
    let server = DevServer::start("");
    browser
        .open(server.facts["setup_link"].as_str().unwrap())
        .await;
    look_at(&browser, "setup").await;
    drop(server);

    let server = self::server();
    browser.open(&server.at("/")).await;
    look_at(&browser, "home").await;
    browser.open(&server.at("/dev/app")).await;
    look_at(&browser, "dev-app").await;
    browser.click("#sign-in").await;
    browser.find("#username").await;
    look_at(&browser, "login").await;
    browser.fill_in("#username", "maya").await;
    browser
        .fill_in("#password", "a password that is not hers")
        .await;
    browser.click("#sign-in").await;
    browser.find("#problem").await;
    look_at(&browser, "login-problem").await;
    browser.fill_in("#password", PASSWORD).await;
    browser.click("#sign-in").await;
    browser.find("#allow").await;
    look_at(&browser, "consent").await;
    browser.click("#allow").await;
    browser.find("#id-token").await;
    look_at(&browser, "dev-app-result").await;
    browser.open(&server.at("/account")).await;
    look_at(&browser, "account").await;
    browser.open(&server.at("/logout")).await;
    look_at(&browser, "logout").await;
    browser.click("#confirm-sign-out").await;
    browser.find("[role=status]").await;
    look_at(&browser, "signed-out").await;
    let wrong = "/authorize?response_type=code&client_id=demo-app&redirect_uri=https://example.com/elsewhere";
    browser.open(&server.at(wrong)).await;
    look_at(&browser, "error").await;
}

async fn look_at(browser: &Chromium, page: &str) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/screenshots");
    fs::create_dir_all(&folder).unwrap();
    for (size, width, height) in [("narrow", 320, 800), ("wide", 1280, 1000)] {
        browser.resize(width, height).await;
        for scheme in ["light", "dark"] {
            browser.prefer(scheme).await;
            let file = folder.join(format!("{page}-{size}-{scheme}.png"));
            fs::write(file, browser.picture().await).unwrap();
        }
        let widest = "return document.documentElement.scrollWidth";
        let widest = browser.evaluate(widest).await.as_u64().unwrap();
        assert!(
            widest <= u64::from(width),
            "{page} is {widest} px wide at {width} px"
        );
    }
}
