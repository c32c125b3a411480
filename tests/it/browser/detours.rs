//! People do not go straight ahead: they have two tabs, go back, and click twice.

use crate::browser::chromium::Chromium;
use crate::browser::{app_and_server, fill_sign_in_page, request};
use crate::support::op::query;
use crate::support::stub::Stub;

/// The answers that the app was sent under this name.
fn answers(app: &Stub, id: &str) -> Vec<std::collections::BTreeMap<String, String>> {
    let start = format!("GET /{id}?");
    let requests = app.requests();
    let answers = requests.iter().filter(|it| it.starts_with(&start));
    answers
        .map(|it| query(it.split(' ').nth(1).unwrap()))
        .collect()
}

#[tokio::test]
async fn two_tabs_do_not_disturb_each_other() {
    let Some(browser) = Chromium::start().await else {
        return;
    };
    let (app, server) = app_and_server(&["one", "two"]);
    browser.open(&request(&app, &server, "one", &[])).await;
    browser.find("#username").await;
    let first = browser.open_tab().await;
    browser.open(&request(&app, &server, "two", &[])).await;
    fill_sign_in_page(&browser).await;
    browser.click("#sign-in[type=submit]").await;
    browser.find("#allow").await;

    // While the second asks for consent, she signs in once more in the first.
    let second = browser.turn_to(first).await;
    fill_sign_in_page(&browser).await;
    browser.click("#sign-in[type=submit]").await;
    browser.click("#allow").await;
    browser.find("#app").await;
    assert_eq!(query(browser.address().await.as_str())["state"], "one");

    browser.turn_to(second).await;
    browser.click("#allow").await;
    browser.find("#app").await;
    assert_eq!(query(browser.address().await.as_str())["state"], "two");
    for id in ["one", "two"] {
        let [answer] = &answers(&app, id)[..] else {
            panic!("{:?}", app.requests())
        };
        assert!(answer["code"].starts_with("iac_"), "{answer:?}");
    }
}

#[tokio::test]
async fn the_way_back_is_harmless() {
    let Some(browser) = Chromium::start().await else {
        return;
    };
    let (app, server) = app_and_server(&["one"]);
    let address = request(&app, &server, "one", &[]);
    browser.open(&address).await;
    fill_sign_in_page(&browser).await;
    browser.click("#sign-in[type=submit]").await;
    // From the consent page to the sign-in page, which is not filled in any more, and on again.
    browser.find("#allow").await;
    browser.back().await;
    browser.find("h1").await;
    browser.open(&address).await;
    browser.click("#allow").await;
    browser.find("#app").await;
    // What was answered is not answered again, whether the browser kept the page or asks for it.
    browser.back().await;
    browser.find("h1").await;
    if browser.has("#allow").await {
        browser.click("#allow").await;
    }
    assert_eq!(browser.text("#error-id").await, "E1601");
    assert_eq!(answers(&app, "one").len(), 1);
    browser.open(&server.at("/account")).await;
    browser.find("#sessions").await;
}

#[tokio::test]
async fn two_clicks_are_as_good_as_one() {
    let Some(browser) = Chromium::start().await else {
        return;
    };
    let (app, server) = app_and_server(&["one"]);
    browser.open(&request(&app, &server, "one", &[])).await;
    fill_sign_in_page(&browser).await;
    for button in ["#sign-in[type=submit]", "#allow"] {
        browser.find(button).await;
        let twice = format!(
            "const button = document.querySelector('{button}');
            button.click();
            setTimeout(() => button.click(), 150);"
        );
        browser.evaluate(&twice).await;
    }
    browser.find("#app").await;
    let [answer] = &answers(&app, "one")[..] else {
        panic!("{:?}", app.requests())
    };
    assert!(answer["code"].starts_with("iac_"), "{answer:?}");
    browser.open(&server.at("/account")).await;
    browser.find("#sessions").await;
    let sessions =
        "return document.querySelectorAll('section[aria-labelledby=sessions] li').length";
    assert_eq!(browser.evaluate(sessions).await, 1);
}
