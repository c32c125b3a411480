//! A real browser, headless Chromium, in front of the real binary, `issuant dev`.
//!
//! | File | What is shown |
//! |---|---|
//! | [`sign_in`] | the demo application: sign in, allow, decline, refresh, sign out; the wrong password; cookies |
//! | [`no_script`] | the same without JavaScript |
//! | [`keyboard`] | the same without a mouse |
//! | [`sign_out`] | apps in frames, the way back, whether a session goes on |
//! | [`answers`] | answers in forms, with scripts and without |
//! | [`detours`] | two tabs, the way back, two clicks on one button |
//! | [`account`] | other sessions, connected apps |
//! | [`accounts`] | several accounts: choose, add, sign one out; profile and password |
//! | [`setup`] | the first administrator |
//! | [`layout`] | no sideways scrolling at 320 px; pictures of all pages, light and dark |

mod account;
mod accounts;
mod answers;
mod chromium;
mod detours;
mod keyboard;
mod layout;
mod no_script;
mod setup;
mod sign_in;
mod sign_out;

use std::time::Duration;

use crate::browser::chromium::Chromium;
use crate::support::cast::CHALLENGE;
use crate::support::op::encode;
use crate::support::server_process::DevServer;
use crate::support::stub::{Stub, write_answer};

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

/// A slow app that shows the same page under every address, and a server where it is registered under several names.
fn app_and_server(ids: &[&str]) -> (Stub, DevServer) {
    let app = Stub::start(None, |_, to| {
        // Long enough for whoever clicks again while nothing happens.
        std::thread::sleep(Duration::from_millis(400));
        let page = "<h1 id=\"app\">The app</h1>";
        // The browser may have gone on.
        _ = write_answer(to, "200 OK\r\ncontent-type: text/html", page);
    });
    let client = |id: &&str| {
        let cb = app.http(&format!("/{id}"));
        format!("[[client]]\nid = \"{id}\"\nauth_method = \"none\"\nredirect_uris = [\"{cb}\"]\n")
    };
    let clients: Vec<_> = ids.iter().map(client).collect();
    let seed = format!("{SEED}{}", clients.concat());
    let server = DevServer::start(&seed);
    (app, server)
}

/// The authorization request of such an app, whose `state` is its name.
fn request(app: &Stub, server: &DevServer, id: &str, more: &[(&str, &str)]) -> String {
    let cb = app.http(&format!("/{id}"));
    let usual = [
        ("response_type", "code"),
        ("client_id", id),
        ("redirect_uri", &*cb),
        ("scope", "openid"),
        ("state", id),
        ("code_challenge", CHALLENGE),
        ("code_challenge_method", "S256"),
    ];
    server.at(&format!(
        "/authorize?{}",
        encode(&[&usual[..], more].concat())
    ))
}

/// Fills the sign-in page in.
async fn fill_sign_in_page(browser: &Chromium) {
    browser.fill_in("#username", "maya").await;
    browser.fill_in("#password", PASSWORD).await;
}
