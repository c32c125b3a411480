//! `dev` and `serve`: what they refuse, what they print, and commands beside a running server.

use std::io::{BufRead, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::process::{Child, Command};
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

use super::program::Program;
use crate::support::server_process::free_port;

/// A server that is stopped in the end.
pub(super) struct Running {
    child: Child,
    envelope: Value,
}

impl Running {
    /// Starts a server with `--json`, and waits for its envelope.
    #[track_caller]
    pub(super) fn start(program: &Program, line: &str) -> Self {
        Self::spawn(program.command(&format!("{line} --json")))
    }

    #[track_caller]
    fn spawn(mut command: Command) -> Self {
        let mut child = command.spawn().unwrap();
        let mut text = String::new();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let envelope = loop {
            let Some(line) = lines.next() else {
                let output = child.wait_with_output().unwrap();
                panic!("{text}\n{}", String::from_utf8_lossy(&output.stderr));
            };
            text.push_str(&line.unwrap());
            if let Ok(envelope) = serde_json::from_str(&text) {
                break envelope;
            }
        };
        Self { child, envelope }
    }

    pub(super) fn data(&self, member: &str) -> &str {
        self.envelope["data"][member].as_str().unwrap()
    }

    fn authority(&self) -> &str {
        self.data("issuer").strip_prefix("http://").unwrap()
    }

    /// Status and body of a token request.
    fn token(&self, client: &str, secret: &str) -> (u16, String) {
        let body = "grant_type=client_credentials";
        let credentials = STANDARD.encode(format!("{client}:{secret}"));
        self.request(&format!(
            "POST /token HTTP/1.1\r\nAuthorization: Basic {credentials}\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n",
            body.len()
        ), body)
    }

    fn request(&self, head: &str, body: &str) -> (u16, String) {
        let mut stream = TcpStream::connect(self.authority()).unwrap();
        write!(
            stream,
            "{head}Host: {}\r\nConnection: close\r\n\r\n{body}",
            self.authority()
        )
        .unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        let status = answer.split(' ').nth(1).unwrap().parse().unwrap();
        (status, answer.split_once("\r\n\r\n").unwrap().1.to_owned())
    }

    /// Asks the server to stop, as a service manager does, and waits for it.
    fn stop(mut self) -> Option<i32> {
        let id = self.child.id().to_string();
        Command::new("kill").args(["-TERM", &id]).status().unwrap();
        self.child.wait().unwrap().code()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // It may have stopped already.
        let _stopped = self.child.kill();
        let _reaped = self.child.wait();
    }
}

/// Lets the production server start and end with some settings.
#[track_caller]
pub(super) fn once(program: &Program, settings: &[(&str, &str)]) {
    let mut command = program.command("serve --listen 127.0.0.1:0 --json");
    command.envs(settings.iter().copied());
    let mut server = Running::spawn(command);
    server.envelope["data"]["issuer"] = format!("http://{}", server.data("listen")).into();
    // Once it answers, it also minds signals.
    server.request("GET / HTTP/1.1\r\n", "");
    assert_eq!(server.stop(), Some(0));
}

#[test]
fn dev_needs_nothing_and_its_curl_line_works() {
    let program = Program::new();
    let server = Running::start(&program, "dev --listen 127.0.0.1:0");
    assert!(
        server
            .data("setup_link")
            .starts_with(&format!("{}/setup?t=", server.data("issuer")))
    );
    let example = server.data("token_example");
    assert!(example.starts_with(
        "curl -u demo:demo-secret -d grant_type=client_credentials http://localhost:"
    ));
    let (status, body) = server.token("demo", "demo-secret");
    assert_eq!(status, 200, "{body}");
    assert!(body.contains("access_token"));
    assert_eq!(server.token("demo", "wrong").0, 401);
    assert_eq!(server.stop(), Some(0));
    // Its data is for trying only.
    let production = Program::new().with("ISSUANT_ISSUER", "http://localhost:1");
    let folder = program.folder().join("issuant-dev");
    let outcome = production
        .run(&format!("serve --json --data {}", folder.display()))
        .expect(3);
    assert_eq!(outcome.error_id(), "E0308");
    assert!(
        outcome.json()["error"]["message"]
            .as_str()
            .unwrap()
            .contains("`issuant dev` made this")
    );
}

#[test]
fn dev_can_be_started_again_and_seeded() {
    let program = Program::new();
    program.file(
        "seed.toml",
        "[[client]]\nid = \"shop\"\nsecret = \"shop-secret\"\nrefresh_rotation = \"none\"\nrefresh_idle = \"1h\"\nrefresh_absolute = 7200\n\n[[user]]\nusername = \"maya\"\npassword = \"correct horse\"\nroles = [\"admin\"]\nsub = \"maya-1\"\n",
    );
    for _ in 0..2 {
        let server = Running::start(&program, "dev --listen 127.0.0.1:0 --seed seed.toml");
        assert_eq!(server.token("shop", "shop-secret").0, 200);
        // The seed has an administrator.
        assert_eq!(server.envelope["data"]["setup_link"], Value::Null);
        assert_eq!(server.token("demo", "demo-secret").0, 200);
        assert_eq!(server.stop(), Some(0));
    }
    let user = program
        .run("user show maya --json --data issuant-dev")
        .expect(0)
        .json();
    assert_eq!(user["data"]["sub"], "maya-1");
    let clients = program
        .run("client list --json --data issuant-dev")
        .expect(0)
        .json();
    assert_eq!(clients["data"]["clients"].as_array().unwrap().len(), 3);
    let shop = program
        .run("client show shop --json --data issuant-dev")
        .expect(0)
        .json();
    assert_eq!(shop["data"]["refresh_rotation"], "none");
    assert_eq!(shop["data"]["retry_window"], Value::Null);
    assert_eq!(shop["data"]["refresh_idle_lifetime"], 3600);
    assert_eq!(shop["data"]["refresh_absolute_lifetime"], 7200);
    for (seed, part) in [
        ("[[client]]\nid = \"a b\"\n", "bad.toml:2"),
        ("[[client]]\nid = \"a\"\n\nsecrets = 1\n", "bad.toml:4"),
        (
            "[[client]]\nid = \"a\"\ngrants = [\"authorization_code\"]\n",
            "client a: ",
        ),
        (
            "[[client]]\nid = \"a\"\nretry_window = \"6m\"\n",
            "client a: retry_window must be a duration from 0s to 5m",
        ),
        (
            "[[client]]\nid = \"a\"\nauth_method = \"none\"\nredirect_uris = [\"https://a.example/cb\"]\nrefresh_rotation = \"none\"\n",
            "client a: the refresh rotation none",
        ),
        ("[[user]]\nusername = \"a b\"\n", "user a b: "),
    ] {
        program.file("bad.toml", seed);
        let outcome = program
            .run("dev --listen 127.0.0.1:0 --seed bad.toml --json")
            .expect(2);
        assert_eq!(outcome.error_id(), "E0208");
        assert!(outcome.stdout.contains(part), "{part}: {outcome:#?}");
    }
}

#[test]
fn a_running_server_notices_what_commands_change() {
    let program = Program::migrated().with("ISSUANT_ISSUER", "http://localhost:4343");
    // The issuer is fixed, so the port must be known to the test instead.
    let port = free_port();
    let program = program.with("ISSUANT_LISTEN", format!("127.0.0.1:{port}"));
    let mut server = Running::start(&program, "serve");
    server.envelope["data"]["issuer"] = format!("http://127.0.0.1:{port}").into();
    let made = program
        .run("client create reports --show-secret --json")
        .expect(0)
        .json();
    let secret = made["data"]["client_secret"].as_str().unwrap();
    wait_for(|| server.token("reports", secret).0 == 200);
    program.run("client set reports --disable").expect(0);
    wait_for(|| server.token("reports", secret).0 == 401);
    program.run("client set reports --enable").expect(0);
    wait_for(|| server.token("reports", secret).0 == 200);
    program.run("client delete reports --yes").expect(0);
    wait_for(|| server.token("reports", secret).0 == 401);
    // A second server cannot take the address.
    let outcome = program.run("serve --json").expect(9);
    assert_eq!(outcome.error_id(), "E0312");
    assert_eq!(server.stop(), Some(0));
}

#[test]
fn a_running_server_writes_down_which_secret_was_used() {
    let program = Program::migrated().with("ISSUANT_ISSUER", "http://localhost:4343");
    let port = free_port();
    let program = program.with("ISSUANT_LISTEN", format!("127.0.0.1:{port}"));
    let made = |line: &str| {
        let made = program.run(line).expect(0).json();
        made["data"]["client_secret"].as_str().unwrap().to_owned()
    };
    let first = made("client create reports --show-secret --json");
    let second = made("client secret add reports --show-secret --json");
    let uses = || {
        let listed = program.run("client secret list reports --json").expect(0);
        let secrets = listed.json()["data"]["secrets"].clone();
        let uses = secrets.as_array().unwrap().iter();
        let mut uses: Vec<Value> = uses.map(|it| it["last_used_at"].clone()).collect();
        // Both are of the same second.
        uses.sort_by_key(Value::as_i64);
        uses
    };
    let mut server = Running::start(&program, "serve");
    server.envelope["data"]["issuer"] = format!("http://127.0.0.1:{port}").into();
    assert_eq!(uses(), [Value::Null, Value::Null]);
    assert_eq!(server.token("reports", &second).0, 200);
    wait_for(|| uses()[1].is_i64());
    assert_eq!(uses()[0], Value::Null);
    // What was noted in the last second is written when the server stops.
    assert_eq!(server.token("reports", &first).0, 200);
    assert_eq!(server.stop(), Some(0));
    assert!(uses()[0].is_i64());
}

#[test]
fn logs_are_plain_and_tell_how_the_first_administrator_is_made() {
    let port = free_port();
    let program = Program::migrated()
        .with("ISSUANT_ISSUER", format!("http://127.0.0.1:{port}"))
        .with("ISSUANT_LISTEN", format!("127.0.0.1:{port}"));
    let mut server = Running::start(&program, "serve");
    let page = server.request("GET / HTTP/1.1\r\n", "").1;
    assert!(page.contains("issuant admin link") && !page.contains("in its log"));
    let mut stderr = server.child.stderr.take().unwrap();
    assert_eq!(server.stop(), Some(0));
    let mut log = String::new();
    stderr.read_to_string(&mut log).unwrap();
    assert!(log.contains("make one with: issuant admin link"), "{log}");
    assert!(!log.contains('\u{1b}'), "{log}");
}

#[test]
fn a_damaged_client_does_not_take_the_others_with_it() {
    use diesel::connection::SimpleConnection as _;
    use diesel::{Connection as _, SqliteConnection};

    let port = free_port();
    let program = Program::migrated()
        .with("ISSUANT_ISSUER", format!("http://127.0.0.1:{port}"))
        .with("ISSUANT_LISTEN", format!("127.0.0.1:{port}"));
    let made = program
        .run("client create reports --show-secret --json")
        .expect(0)
        .json();
    program.run("client create batch --show-secret").expect(0);
    let file = program.folder().join("issuant-data/issuant.db");
    SqliteConnection::establish(file.to_str().unwrap())
        .unwrap()
        .batch_execute("UPDATE clients SET grants = 'nonsense' WHERE id = 'batch'")
        .unwrap();
    let listed = program.run("client list").expect(0);
    assert!(listed.stdout.contains("reports") && !listed.stdout.contains("batch"));
    assert!(listed.stderr.contains("the client batch is left out"));
    let server = Running::start(&program, "serve");
    let secret = made["data"]["client_secret"].as_str().unwrap();
    assert_eq!(server.token("reports", secret).0, 200);
    assert_eq!(server.token("batch", secret).0, 401);
    assert_eq!(server.stop(), Some(0));
}

/// Changes are to be noticed within a second; the limit leaves room for a busy machine.
#[track_caller]
fn wait_for(mut is_so: impl FnMut() -> bool) {
    let began = Instant::now();
    while !is_so() {
        assert!(
            began.elapsed() < Duration::from_secs(10),
            "it did not happen"
        );
        std::thread::sleep(Duration::from_millis(50));
    }
}
