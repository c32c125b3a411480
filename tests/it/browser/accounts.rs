use crate::browser::chromium::{Chromium, Scripts};
use crate::browser::{PASSWORD, SEED, app_and_server, request};
use crate::support::server_process::DevServer;

const BOB: &str = r#"
[[user]]
username = "bob"
password = "copper lantern drifts north"
name = "Bob Example"
"#;

async fn sign_in_as(browser: &Chromium, username: &str, password: &str) {
    browser.fill_in("#username", username).await;
    browser.fill_in("#password", password).await;
    browser.click("#sign-in").await;
}

/// Maya signs in, then Bob beside her.
async fn both(browser: &Chromium) -> DevServer {
    let server = DevServer::start(&format!("{SEED}{BOB}"));
    browser.open(&server.at("/login")).await;
    sign_in_as(browser, "maya", PASSWORD).await;
    browser.click("#accounts").await;
    browser.click("#another-account").await;
    sign_in_as(browser, "bob", PASSWORD).await;
    browser.find("#accounts").await;
    server
}

async fn choose_for_the_demo_app(browser: &Chromium, server: &DevServer) {
    browser.open(&server.at("/dev/app")).await;
    browser.click("#sign-in").await;
    let heading = browser.text("h1").await;
    assert_eq!(heading, "Choose an account to continue to Demo app");
    // Bob signed in last, so he stands first.
    let listed = browser.text(".entries").await;
    assert!(
        listed.find("Bob Example") < listed.find("Maya Example"),
        "{listed}"
    );
    browser.click("#account-2").await;
    let person = browser.text(".person").await;
    assert!(person.contains("Signed in as Maya Example"), "{person}");
    browser.click("#allow").await;
    browser.find("#id-token").await;
    let page = browser.text("main").await;
    assert!(page.contains("Maya Example"), "{page}");
}

#[tokio::test]
async fn somebody_chooses_one_of_two_accounts_for_an_app() {
    let Some(browser) = Chromium::start().await else {
        return;
    };
    let server = both(&browser).await;
    choose_for_the_demo_app(&browser, &server).await;
}

#[tokio::test]
async fn the_choice_needs_no_script() {
    let Some(browser) = Chromium::start_with(Scripts::Off).await else {
        return;
    };
    let server = both(&browser).await;
    choose_for_the_demo_app(&browser, &server).await;
}

#[tokio::test]
async fn two_tabs_are_for_two_accounts() {
    let Some(browser) = Chromium::start().await else {
        return;
    };
    let (app, server) = app_and_server(&["one", "two"]);
    browser.open(&server.at("/login")).await;
    sign_in_as(&browser, "maya", PASSWORD).await;
    browser.find("#accounts").await;
    // Each tab begins with a choice.
    let choice = [("prompt", "select_account")];
    browser.open(&request(&app, &server, "one", &choice)).await;
    browser.find("#account-1").await;
    let first = browser.open_tab().await;
    browser.open(&request(&app, &server, "two", &choice)).await;
    browser.click("#account-1").await;
    browser.click("#allow").await;
    browser.find("#app").await;
    assert!(browser.address().await.as_str().contains("state=two"));
    browser.turn_to(first).await;
    browser.click("#account-1").await;
    browser.click("#allow").await;
    browser.find("#app").await;
    assert!(browser.address().await.as_str().contains("state=one"));
}

#[tokio::test]
async fn one_account_signs_out_and_the_other_stays() {
    let Some(browser) = Chromium::start().await else {
        return;
    };
    let server = both(&browser).await;
    browser.open(&server.at("/accounts")).await;
    browser.click("#sign-out-1").await;
    browser.find("#account-1").await;
    let listed = browser.text(".entries").await;
    assert!(listed.contains("Maya Example"), "{listed}");
    assert!(!listed.contains("Bob Example"), "{listed}");
    browser.open(&server.at("/account")).await;
    assert_eq!(browser.text("h1").await, "Maya Example");
}

#[tokio::test]
async fn profile_and_password_are_changed() {
    let Some(browser) = Chromium::start().await else {
        return;
    };
    let server = DevServer::start(SEED);
    browser.open(&server.at("/login")).await;
    sign_in_as(&browser, "maya", PASSWORD).await;
    browser.click("#change-profile").await;
    browser.fill_in("#name", "Maya Berger").await;
    browser.click("#save-profile").await;
    let notice = browser.text(".notice").await;
    assert_eq!(notice, "Your profile is saved.");
    assert_eq!(browser.text("h1").await, "Maya Berger");

    browser.click("#change-password").await;
    browser.fill_in("#password", "not hers at all").await;
    browser
        .fill_in("#new_password", "an altogether new one")
        .await;
    browser.click("button#change-password").await;
    let told = browser.text("#problem").await;
    assert!(
        told.contains("Enter the password that you have now"),
        "{told}"
    );
    browser.fill_in("#password", PASSWORD).await;
    browser
        .fill_in("#new_password", "an altogether new one")
        .await;
    browser.click("button#change-password").await;
    let notice = browser.text(".notice").await;
    assert!(notice.starts_with("Your password is changed."), "{notice}");
    let happened = browser.text("section[aria-labelledby=activity]").await;
    for part in [
        "You changed your password.",
        "You changed your profile.",
        "Chrome on Linux",
    ] {
        assert!(happened.contains(part), "{part} is missing in {happened}");
    }

    browser.click("#sign-out").await;
    browser.open(&server.at("/login")).await;
    sign_in_as(&browser, "maya", "an altogether new one").await;
    browser.find("#accounts").await;
}
