//! A real browser, headless Chromium, in front of the real binary, `issuant dev`.
//!
//! | File | What is shown |
//! |---|---|
//! | [`sign_in`] | the demo application: sign in, allow, decline, refresh, sign out; the wrong password; cookies |
//! | [`no_script`] | the same without JavaScript |
//! | [`keyboard`] | the same without a mouse |
//! | [`sign_out`] | apps in frames, the way back, whether a session goes on |
//! | [`account`] | other sessions, connected apps |
//! | [`setup`] | the first administrator |
//! | [`layout`] | no sideways scrolling at 320 px; pictures of all pages, light and dark |

mod account;
mod chromium;
mod keyboard;
mod layout;
mod no_script;
mod setup;
mod sign_in;
mod sign_out;

use crate::browser::chromium::Chromium;
use crate::support::server_process::DevServer;

const PASSWORD: &str = "copper lantern drifts north";

/// One person, so that there is somebody who can sign in.
const SEED: &str = r#"
[[user]]
username = "maya"
password = "copper lantern drifts north"
name = "Maya Example"
email = "maya@example.com"
email_verified = true
"#;

/// A server in its beginnings, with Maya.
fn server() -> DevServer {
    DevServer::start(SEED)
}

/// From the demo application to the consent page.
async fn sign_in(browser: &Chromium, server: &DevServer) {
    browser.open(&server.at("/dev/app")).await;
    browser.click("#sign-in").await;
    browser.fill_in("#username", "maya").await;
    browser.fill_in("#password", PASSWORD).await;
    browser.click("#sign-in[type=submit]").await;
}

/// Signs Maya in at the demo application and lets it have what it asks for.
async fn sign_in_and_allow(browser: &Chromium, server: &DevServer) {
    sign_in(browser, server).await;
    browser.click("#allow").await;
    browser.find("#id-token").await;
}
