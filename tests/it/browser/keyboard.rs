use crate::browser::chromium::Chromium;
use crate::browser::{PASSWORD, server};

const TAB: &str = "\u{e004}";
const ENTER: &str = "\u{e007}";

#[tokio::test]
async fn the_keyboard_alone_signs_in_and_allows() {
    let Some(browser) = Chromium::start().await else {
        return;
    };
    let server = server();
    browser.open(&server.at("/dev/app")).await;
    // The first stop of each page leads past its head.
    browser.type_text(TAB).await;
    let skip = "return document.activeElement.className";
    assert_eq!(browser.evaluate(skip).await, "skip");
    tab_to(&browser, "sign-in").await;
    browser.type_text(ENTER).await;

    // The cursor is where typing begins.
    browser.find("#username").await;
    assert_eq!(browser.focused_id().await, "username");
    browser.type_text("maya").await;
    tab_to(&browser, "password").await;
    browser.type_text(PASSWORD).await;
    browser.type_text(ENTER).await;

    browser.find("#allow").await;
    tab_to(&browser, "deny").await;
    tab_to(&browser, "allow").await;
    browser.type_text(ENTER).await;
    browser.find("#id-token").await;
}

/// Presses Tab until the element has the focus, and sees that the focus is visible at each stop.
async fn tab_to(browser: &Chromium, id: &str) {
    for _ in 0..15 {
        browser.type_text(TAB).await;
        let outline = "const style = getComputedStyle(document.activeElement);
            return style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 2";
        let stop = browser.focused_id().await;
        assert_eq!(
            browser.evaluate(outline).await,
            true,
            "no visible focus at {stop:?}"
        );
        if stop == id {
            return;
        }
    }
    panic!("Tab does not lead to {id}");
}
