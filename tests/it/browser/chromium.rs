//! Headless Chromium, driven over `WebDriver`. Browser, driver and profile are gone when the value is dropped.

use std::io::{BufRead, BufReader, Read as _, Write as _};
use std::net::{Ipv4Addr, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use fantoccini::elements::Element;
use fantoccini::error::CmdError;
use fantoccini::wd::{WebDriverCompatibleCommand, WindowHandle};
use fantoccini::{Client, ClientBuilder, Locator};
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::{Value, json};
use tempfile::TempDir;
use url::{ParseError, Url};

use crate::support::needs;

/// A browser with one window.
pub(crate) struct Chromium {
    client: Client,
    _driver: Driver,
}

/// Whether pages may run scripts.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Scripts {
    On,
    Off,
}

impl Chromium {
    /// A browser with an empty profile, where there is one on this machine.
    pub(crate) async fn start() -> Option<Self> {
        Self::start_with(Scripts::On).await
    }

    /// The same, with or without scripts.
    pub(crate) async fn start_with(scripts: Scripts) -> Option<Self> {
        let driver = Driver::start()?;
        let profile = driver.profile.path().display().to_string();
        let mut options = json!({
            "args": [
                "--headless=new",
                "--no-sandbox",
                "--disable-gpu",
                "--disable-quic",
                "--disable-dev-shm-usage",
                "--no-first-run",
                "--disable-background-networking",
                "--disable-component-update",
                "--disable-sync",
                "--window-size=1000,1400",
                format!("--user-data-dir={profile}"),
            ],
        });
        if scripts == Scripts::Off {
            options["prefs"] = json!({"profile.managed_default_content_settings.javascript": 2});
        }
        let Value::Object(capabilities) = json!({"goog:chromeOptions": options}) else {
            unreachable!("an object was written")
        };
        let client = ClientBuilder::new(HttpConnector::new())
            .capabilities(capabilities)
            .connect(&format!("http://127.0.0.1:{}", driver.port))
            .await
            .unwrap();
        Some(Self {
            client,
            _driver: driver,
        })
    }

    pub(crate) async fn open(&self, address: &str) {
        self.client.goto(address).await.unwrap();
    }

    /// Goes back, as with the button of the browser.
    pub(crate) async fn back(&self) {
        self.client.back().await.unwrap();
    }

    /// Opens one more tab, and answers the one that was in front.
    pub(crate) async fn open_tab(&self) -> WindowHandle {
        let before = self.client.window().await.unwrap();
        let opened = self.client.new_window(true).await.unwrap();
        self.turn_to(opened.handle).await;
        before
    }

    /// Turns to a tab, and answers the one that was in front.
    pub(crate) async fn turn_to(&self, tab: WindowHandle) -> WindowHandle {
        let before = self.client.window().await.unwrap();
        self.client.switch_to_window(tab).await.unwrap();
        before
    }

    /// The element, as soon as a page shows it. Several pages may come before, each with a redirect or two.
    pub(crate) async fn find(&self, css: &str) -> Element {
        let wait = self.client.wait().at_most(Duration::from_secs(20));
        match wait.for_element(Locator::Css(css)).await {
            Ok(element) => element,
            Err(error) => panic!("no {css} ({error}) on this page: {}", self.describe().await),
        }
    }

    /// Whether the page has the element now.
    pub(crate) async fn has(&self, css: &str) -> bool {
        let found = self.client.find_all(Locator::Css(css)).await;
        !found.unwrap().is_empty()
    }

    pub(crate) async fn click(&self, css: &str) {
        self.find(css).await.click().await.unwrap();
    }

    pub(crate) async fn fill_in(&self, css: &str, text: &str) {
        let field = self.find(css).await;
        field.clear().await.unwrap();
        field.send_keys(text).await.unwrap();
    }

    /// The text that people see in the element.
    pub(crate) async fn text(&self, css: &str) -> String {
        self.find(css).await.text().await.unwrap()
    }

    pub(crate) async fn title(&self) -> String {
        self.client.title().await.unwrap()
    }

    pub(crate) async fn address(&self) -> Url {
        self.client.current_url().await.unwrap()
    }

    /// Types into whatever has the focus.
    pub(crate) async fn type_text(&self, text: &str) {
        let focused = self.client.active_element().await.unwrap();
        focused.send_keys(text).await.unwrap();
    }

    /// The `id` of what has the focus, empty if it has none.
    pub(crate) async fn focused_id(&self) -> String {
        let focused = self.client.active_element().await.unwrap();
        focused.attr("id").await.unwrap().unwrap_or_default()
    }

    /// What a script, as a function's body, returns. The pages themselves know nothing of it.
    pub(crate) async fn evaluate(&self, script: &str) -> Value {
        self.client.execute(script, Vec::new()).await.unwrap()
    }

    /// Runs a script on each page from now on, before those of the page.
    pub(crate) async fn run_on_each_page(&self, script: &str) {
        let source = json!({"source": script});
        self.devtools("Page.addScriptToEvaluateOnNewDocument", source)
            .await;
    }

    /// The cookie as the browser keeps it.
    pub(crate) async fn cookie(&self, name: &str) -> Option<Value> {
        let answer = self.devtools("Network.getCookies", json!({})).await;
        let cookies = answer["cookies"].as_array().unwrap();
        cookies
            .iter()
            .find(|cookie| cookie["name"] == name)
            .cloned()
    }

    /// Forgets all cookies, as another browser that never had them.
    pub(crate) async fn forget_cookies(&self) {
        self.devtools("Network.clearBrowserCookies", json!({}))
            .await;
    }

    /// Takes back a cookie that [`Self::cookie`] returned.
    pub(crate) async fn bring_cookie(&self, cookie: &Value) {
        let members = ["name", "value", "domain", "path", "httpOnly", "sameSite"];
        let cookie: serde_json::Map<_, _> = members
            .iter()
            .map(|member| ((*member).to_owned(), cookie[member].clone()))
            .collect();
        self.devtools("Network.setCookie", cookie.into()).await;
    }

    /// The screen gets this width and height, in CSS pixels.
    pub(crate) async fn resize(&self, width: u32, height: u32) {
        let metrics =
            json!({"width": width, "height": height, "deviceScaleFactor": 1, "mobile": false});
        self.devtools("Emulation.setDeviceMetricsOverride", metrics)
            .await;
    }

    /// The person prefers `light` or `dark`.
    pub(crate) async fn prefer(&self, scheme: &str) {
        let features = json!([{"name": "prefers-color-scheme", "value": scheme}]);
        self.devtools("Emulation.setEmulatedMedia", json!({"features": features}))
            .await;
    }

    /// A picture of the window, as PNG.
    pub(crate) async fn picture(&self) -> Vec<u8> {
        self.client.screenshot().await.unwrap()
    }

    /// Address, title and text of the page, for failing tests.
    async fn describe(&self) -> String {
        let (address, title) = (self.address().await, self.title().await);
        let body = self.client.find(Locator::Css("body")).await;
        let text = match body {
            Ok(body) => body.text().await.unwrap_or_default(),
            Err(error) => error.to_string(),
        };
        format!("{address} {title:?}\n{text}")
    }

    async fn devtools(&self, method: &'static str, parameters: Value) -> Value {
        let command = DevTools { method, parameters };
        let answer: Result<Value, CmdError> = self.client.issue_cmd(command).await;
        answer.unwrap_or_else(|error| panic!("{method}: {error}"))
    }
}

/// A command of Chromium's own protocol, which `chromedriver` passes on.
#[derive(Debug)]
struct DevTools {
    method: &'static str,
    parameters: Value,
}

impl WebDriverCompatibleCommand for DevTools {
    fn endpoint(&self, base: &Url, session: Option<&str>) -> Result<Url, ParseError> {
        let session = session.unwrap_or_default();
        base.join(&format!("session/{session}/goog/cdp/execute"))
    }

    fn method_and_body(&self, _: &Url) -> (reqwest::Method, Option<String>) {
        let body = json!({"cmd": self.method, "params": self.parameters});
        (reqwest::Method::POST, Some(body.to_string()))
    }
}

/// The process between tests and browser.
struct Driver {
    process: Child,
    port: u16,
    profile: TempDir,
}

impl Driver {
    /// It takes one free port for IPv4 and the same for IPv6, which somebody may have: then it ends, and tries again.
    fn start() -> Option<Self> {
        let program = needs::chromedriver()?;
        let started = (0..5).find_map(|_| Self::try_start(&program));
        Some(started.expect("chromedriver says its port"))
    }

    fn try_start(program: &Path) -> Option<Self> {
        let mut process = Command::new(program)
            .arg("--port=0")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let stdout = process.stdout.take().unwrap();
        let mut lines = BufReader::new(stdout).lines();
        let port = lines.by_ref().find_map(|line| {
            let line = line.unwrap();
            let (_, port) = line.split_once("successfully on port ")?;
            port.trim_end_matches('.').parse().ok()
        });
        let Some(port) = port else {
            process.wait().unwrap();
            return None;
        };
        // It writes little more; but whoever writes needs somebody who reads.
        std::thread::spawn(move || lines.for_each(drop));
        Some(Self {
            process,
            port,
            profile: tempfile::tempdir().unwrap(),
        })
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        // Asked this way, it ends the browser first; killed, it would leave the browser behind.
        if let Ok(mut stream) = TcpStream::connect((Ipv4Addr::LOCALHOST, self.port)) {
            let limit = Some(Duration::from_secs(10));
            let _unlimited = stream.set_read_timeout(limit);
            let request = format!(
                "GET /shutdown HTTP/1.1\r\nHost: 127.0.0.1:{}\r\nConnection: close\r\n\r\n",
                self.port
            );
            let _gone = stream.write_all(request.as_bytes());
            let _gone = stream.read_to_end(&mut Vec::new());
        }
        let _gone = self.process.kill();
        let _gone = self.process.wait();
    }
}
