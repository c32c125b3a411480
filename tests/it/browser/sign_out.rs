//! Signing out tells the other apps, as a browser sees it.

use crate::browser::chromium::Chromium;
use crate::browser::{PASSWORD, SEED};
use crate::support::cast::CHALLENGE;
use crate::support::op::{encode, query};
use crate::support::server_process::DevServer;
use crate::support::stub::{Stub, write_answer};

/// An app with a page for each step; `/watch?` asks the frame of the server, whose address is in the query, and shows what
/// it answers.
fn app() -> Stub {
    Stub::start(None, |request, to| {
        let path = request.split(' ').nth(1).unwrap();
        let watch = r#"<h1 id="app">watch</h1><p id="told"></p><script>
            var asked = new URLSearchParams(location.search);
            var frame = document.createElement("iframe");
            var server = asked.get("server");
            window.addEventListener("message", function (event) {
                if (event.origin === server) document.getElementById("told").textContent = event.data;
            });
            frame.onload = function () {
                frame.contentWindow.postMessage(asked.get("message"), server);
            };
            frame.src = server + "/session/check";
            document.body.appendChild(frame);
            </script>"#;
        let page = match path.split('?').next().unwrap() {
            "/watch" => watch,
            _ => "<h1 id=\"app\">The app</h1>",
        };
        // The browser may have gone on.
        _ = write_answer(to, "200 OK\r\ncontent-type: text/html", page);
    })
}

fn server(app: &Stub) -> DevServer {
    let seed = format!(
        r#"{SEED}
[[client]]
id = "rp"
auth_method = "none"
consent = false
redirect_uris = ["{cb}"]
post_logout_redirect_uris = ["{bye}"]
metadata = {{ frontchannel_logout_uri = "{out}", frontchannel_logout_session_required = true }}
"#,
        cb = app.http("/cb"),
        bye = app.http("/bye"),
        out = app.http("/out?tenant=1"),
    );
    DevServer::start(&seed)
}

/// Signs Maya in at the app; answers what the app was told.
async fn sign_in(
    browser: &Chromium,
    server: &DevServer,
    app: &Stub,
) -> std::collections::BTreeMap<String, String> {
    let cb = app.http("/cb");
    let request = [
        ("response_type", "code"),
        ("client_id", "rp"),
        ("redirect_uri", &*cb),
        ("scope", "openid"),
        ("code_challenge", CHALLENGE),
        ("code_challenge_method", "S256"),
    ];
    let address = server.at(&format!("/authorize?{}", encode(&request)));
    browser.open(&address).await;
    browser.fill_in("#username", "maya").await;
    browser.fill_in("#password", PASSWORD).await;
    browser.click("#sign-in[type=submit]").await;
    browser.find("#app").await;
    query(browser.address().await.as_str())
}

async fn sign_out(browser: &Chromium, server: &DevServer, app: &Stub) {
    let bye = app.http("/bye");
    let request = [
        ("client_id", "rp"),
        ("post_logout_redirect_uri", &*bye),
        ("state", "x y"),
    ];
    browser
        .open(&server.at(&format!("/logout?{}", encode(&request))))
        .await;
    browser.click("#confirm-sign-out").await;
}

#[tokio::test]
async fn the_app_is_signed_out_in_a_frame_before_the_browser_is_back() {
    let Some(browser) = Chromium::start().await else {
        return;
    };
    let app = app();
    let server = server(&app);
    sign_in(&browser, &server, &app).await;
    sign_out(&browser, &server, &app).await;
    browser.find("#app").await;
    let back = browser.address().await;
    assert_eq!((back.path(), back.query()), ("/bye", Some("state=x+y")));
    let requests = app.requests();
    let out = requests.iter().find(|it| it.starts_with("GET /out?"));
    let told = query(out.unwrap().split(' ').nth(1).unwrap());
    assert_eq!(told["tenant"], "1");
    assert_eq!(told["iss"], server.issuer());
    assert!(told["sid"].len() >= 20, "{told:?}");
    browser.open(&server.at("/account")).await;
    assert_eq!(browser.address().await.path(), "/login");
}

#[tokio::test]
async fn a_frame_tells_the_app_whether_the_session_goes_on() {
    let Some(browser) = Chromium::start().await else {
        return;
    };
    let app = app();
    let server = server(&app);
    let answer = sign_in(&browser, &server, &app).await;
    let watch = async |message: &str| {
        let asked = [("server", server.issuer()), ("message", message)];
        browser
            .open(&app.http(&format!("/watch?{}", encode(&asked))))
            .await;
        browser.find("#told:not(:empty)").await;
        browser.text("#told").await
    };
    let message = format!("rp {}", answer["session_state"]);
    assert_eq!(watch(&message).await, "unchanged");
    let other = format!("other {}", answer["session_state"]);
    assert_eq!(watch(&other).await, "changed");
    assert_eq!(watch("nonsense").await, "error");
    sign_out(&browser, &server, &app).await;
    browser.find("#app").await;
    assert_eq!(watch(&message).await, "changed");
}
