//! The answer to an app in the body of a request (OAuth 2.0 Form Post Response Mode).

use crate::browser::chromium::{Chromium, Scripts};
use crate::browser::{app_and_server, fill_sign_in_page, request};
use crate::support::stub::Stub;

/// From the app to the last page of the server.
async fn agree(browser: &Chromium, address: &str) {
    browser.open(address).await;
    fill_sign_in_page(browser).await;
    browser.click("#sign-in[type=submit]").await;
    browser.click("#allow").await;
}

/// The app was posted one code, and never sent one in an address.
fn assert_posted(app: &Stub) {
    let requests = app.requests();
    let posts: Vec<_> = requests
        .iter()
        .filter(|it| it.starts_with("POST /form "))
        .collect();
    let [post] = posts[..] else {
        panic!("{requests:?}")
    };
    let (_, body) = post.split_once("\r\n\r\n").unwrap();
    assert!(
        body.contains("code=iac_") && body.contains("state=form"),
        "{body}"
    );
    assert!(
        requests.iter().all(|it| !it.starts_with("GET /form")),
        "{requests:?}"
    );
}

#[tokio::test]
async fn a_form_is_sent_on_at_once() {
    let Some(browser) = Chromium::start().await else {
        return;
    };
    let (app, server) = app_and_server(&["form"]);
    let address = request(&app, &server, "form", &[("response_mode", "form_post")]);
    // Whoever sees the page before the app answers may press its button, and the code must not come twice.
    let press = "setInterval(() => document.querySelector('#continue')?.click(), 50)";
    browser.run_on_each_page(press).await;
    agree(&browser, &address).await;
    browser.find("#app").await;
    assert_posted(&app);
}

#[tokio::test]
async fn without_scripts_a_form_has_a_button() {
    let Some(browser) = Chromium::start_with(Scripts::Off).await else {
        return;
    };
    let (app, server) = app_and_server(&["form"]);
    let address = request(&app, &server, "form", &[("response_mode", "form_post")]);
    agree(&browser, &address).await;
    browser.click("#continue").await;
    browser.find("#app").await;
    assert_posted(&app);
}
