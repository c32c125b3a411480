use crate::browser::PASSWORD;
use crate::browser::chromium::Chromium;
use crate::support::server_process::DevServer;

#[tokio::test]
async fn the_setup_link_creates_the_administrator_once() {
    let Some(browser) = Chromium::start().await else {
        return;
    };
    let server = DevServer::start("");
    let link = server.facts["setup_link"].as_str().unwrap().to_owned();
    browser.open(&link).await;
    browser.fill_in("#username", "root").await;
    browser.fill_in("#email", "root@example.com").await;
    browser.fill_in("#password", "short").await;
    browser.click("#create-administrator").await;
    let told = browser.text("#problem").await;
    assert!(told.contains("15"), "{told}");
    // The summary leads to the field.
    browser.click("#problem a").await;
    assert_eq!(browser.focused_id().await, "password");

    browser.fill_in("#password", PASSWORD).await;
    browser.click("#create-administrator").await;
    browser.find("#sessions").await;
    assert_eq!(browser.text(".tags").await, "admin");

    browser.forget_cookies().await;
    browser.open(&link).await;
    assert!(!browser.has("#create-administrator").await);
}
