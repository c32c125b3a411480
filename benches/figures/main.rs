//! First figures: what the server does in a second, beside the limits of the machine it runs on, in one run.
//!
//! `cargo bench --bench figures` starts the release binary on loopback and prints one table. The rates depend
//! on what else the machine does; the ratios hardly do. One run takes about half a minute.

#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    clippy::cast_precision_loss,
    reason = "a benchmark stops at the first thing that is wrong, and prints what it found"
)]

use std::fs::{self, File};
use std::io::Write as _;
use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use actix_web::{App, HttpResponse, HttpServer, web};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use issuant::crypto::algorithm::Algorithm;
use issuant::crypto::digest::RootKey;
use issuant::crypto::random::{SystemRandom, random_bytes};
use issuant::crypto::signing_key::{RsaBits, SigningKey};
use issuant::protocol::context::TokenKeys;
use issuant::protocol::error::Fault;
use issuant::protocol::store::TokenFamilies as _;
use issuant::protocol::tokens::family::{Family, Rotation};
use issuant::protocol::tokens::refresh_token::FamilyId;
use issuant::server::clock;
use issuant::storage::{DatabaseSettings, Storage};

mod driver;

use driver::{Source, get, post};

const CONNECTIONS: usize = 64;
const SECONDS: u64 = 3;

fn main() {
    // `cargo test --benches` only wants to know that it builds.
    if !std::env::args().any(|argument| argument == "--bench") {
        return;
    }
    let folder = tempfile::tempdir().expect("a folder");
    let signing = raw_signing();
    let fsync = fsyncs(folder.path());
    let bare = bare_actix();
    let mut server = Server::start(folder.path());
    let idle = server.memory();
    let rate = |sources| driver::run(&server.address, sources, SECONDS);
    let discovery = rate(sources(|| get("/.well-known/openid-configuration")));
    let secret = server.secret.clone();
    let basic = move || format!("Basic {}", STANDARD.encode(format!("bench:{secret}")));
    let header = basic();
    let credentials = rate(sources(move || {
        post("/token", &header, "grant_type=client_credentials")
    }));
    let refresh = rate(server.refreshing(&basic()));
    let loaded = server.memory();

    println!("| what, {CONNECTIONS} connections | a second | beside |");
    println!("|---|---|---|");
    println!("| bare actix, JSON | {bare:.0} | |");
    println!("| ES256 signatures, one core | {signing:.0} | |");
    println!("| fdatasync of 4 KiB | {fsync:.0} | |");
    println!(
        "| discovery | {discovery:.0} | {:.2} of bare actix |",
        discovery / bare
    );
    println!(
        "| client_credentials, ES256 | {credentials:.0} | {:.2} of bare actix, {:.2} of one core signing |",
        credentials / bare,
        credentials / signing
    );
    println!(
        "| refresh, SQLite FULL | {refresh:.0} | {:.1} for each fdatasync |",
        refresh / fsync
    );
    println!(
        "\nready in {:.0} ms with an existing database",
        server.start.as_secs_f64() * 1000.0
    );
    println!("memory: {idle:.1} MB idle, {loaded:.1} MB after the load");
    server.stop();
}

fn sources(request: impl Fn() -> String) -> Vec<Source> {
    let request = request();
    (0..CONNECTIONS)
        .map(|_| {
            let request = request.clone();
            Box::new(move |_: &str| request.clone()) as Source
        })
        .collect()
}

fn raw_signing() -> f64 {
    let (key, _) = SigningKey::generate(Algorithm::Es256, RsaBits::default()).expect("a key");
    let message = [7_u8; 420];
    let (began, mut count) = (Instant::now(), 0_u32);
    while began.elapsed() < Duration::from_secs(1) {
        key.sign(&message).expect("a signature");
        count += 1;
    }
    f64::from(count) / began.elapsed().as_secs_f64()
}

fn fsyncs(folder: &Path) -> f64 {
    let mut file = File::create(folder.join("fsync")).expect("a file");
    let (began, mut count) = (Instant::now(), 0_u32);
    while began.elapsed() < Duration::from_secs(1) {
        file.write_all(&[1; 4096]).expect("a write");
        file.sync_data().expect("a sync");
        count += 1;
    }
    f64::from(count) / began.elapsed().as_secs_f64()
}

/// The floor of everything: an actix server that answers constant JSON.
fn bare_actix() -> f64 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("an address").to_string();
    thread::spawn(move || {
        actix_web::rt::System::new().block_on(async move {
            let app = || {
                let hello =
                    || async { HttpResponse::Ok().json(serde_json::json!({"hello": "world"})) };
                App::new().route("/", web::get().to(hello))
            };
            HttpServer::new(app)
                .workers(2)
                .listen(listener)
                .expect("a listener")
                .run()
                .await
        })
    });
    driver::run(&address, sources(|| get("/")), SECONDS)
}

/// The release binary, serving a new SQLite database.
struct Server {
    process: Child,
    address: String,
    secret: String,
    start: Duration,
    tokens: Vec<String>,
}

impl Server {
    fn start(folder: &Path) -> Self {
        let port = free_port();
        let address = format!("127.0.0.1:{port}");
        let issuant = |arguments: &[&str]| {
            let mut command = Command::new(env!("CARGO_BIN_EXE_issuant"));
            command
                .args(arguments)
                .current_dir(folder)
                .env("ISSUANT_ISSUER", format!("http://localhost:{port}"))
                .env("ISSUANT_LISTEN", &address)
                .env("ISSUANT_DATA_DIR", folder)
                .stderr(Stdio::null());
            command
        };
        assert!(
            issuant(&["migrate"])
                .status()
                .expect("migrate runs")
                .success()
        );
        let created = issuant(&[
            "client",
            "create",
            "bench",
            "--grant",
            "client_credentials",
            "--grant",
            "authorization_code",
            "--grant",
            "refresh_token",
            "--redirect-uri",
            "http://127.0.0.1/callback",
            "--scope",
            "read offline_access",
            "--show-secret",
            "--json",
        ])
        .output()
        .expect("client create runs");
        let created: serde_json::Value = serde_json::from_slice(&created.stdout).expect("JSON");
        let secret = created["data"]["client_secret"]
            .as_str()
            .expect("a secret")
            .to_owned();
        let made = issuant(&["user", "create", "bench", "--password-file", "-", "--json"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .and_then(|mut child| {
                let mut stdin = child.stdin.take().expect("a pipe");
                stdin.write_all(b"correct horse battery staple\n")?;
                drop(stdin);
                child.wait_with_output()
            })
            .expect("user create runs");
        let made: serde_json::Value = serde_json::from_slice(&made.stdout).expect("JSON");
        let subject = made["data"]["sub"].as_str().expect("a sub").to_owned();
        let tokens = families(folder, &subject);
        // The first start makes keys; the second one is what is measured.
        wait_and_stop(
            issuant(&["serve"])
                .stdout(Stdio::null())
                .spawn()
                .expect("serve runs"),
            &address,
        );
        let began = Instant::now();
        let process = issuant(&["serve"])
            .stdout(Stdio::null())
            .spawn()
            .expect("serve runs");
        wait(&address);
        Self {
            process,
            address,
            secret,
            start: began.elapsed(),
            tokens,
        }
    }

    /// Each connection keeps its chain of refresh tokens.
    fn refreshing(&self, authorization: &str) -> Vec<Source> {
        let chain = |first: &String| {
            let (mut token, authorization) = (first.clone(), authorization.to_owned());
            Box::new(move |body: &str| {
                if let Some((_, rest)) = body.split_once("\"refresh_token\":\"") {
                    let next = rest.split('"').next().expect("a token");
                    next.clone_into(&mut token);
                }
                let form = format!("grant_type=refresh_token&refresh_token={token}");
                post("/token", &authorization, &form)
            }) as Source
        };
        self.tokens.iter().map(chain).collect()
    }

    /// Resident memory in MB.
    fn memory(&self) -> f64 {
        let status = fs::read_to_string(format!("/proc/{}/status", self.process.id()))
            .expect("the process runs");
        let line = status
            .lines()
            .find(|line| line.starts_with("VmRSS"))
            .expect("a line");
        let kilobytes: f64 = line
            .split_whitespace()
            .nth(1)
            .and_then(|it| it.parse().ok())
            .expect("a number");
        kilobytes / 1024.0
    }

    fn stop(&mut self) {
        self.process.kill().expect("it runs");
        self.process.wait().expect("it ends");
    }
}

/// Sign-ins that can be refreshed, put where the server will find them.
fn families(folder: &Path, subject: &str) -> Vec<String> {
    let secret = fs::read_to_string(folder.join("key-secret")).expect("the key secret");
    let root = RootKey::from_text(secret.trim()).expect("a key");
    let keys = TokenKeys::derive(&root);
    let url = format!("sqlite:{}", folder.join("issuant.db").display());
    let storage = Storage::open(&DatabaseSettings::new(url)).expect("the database");
    let now = clock::now();
    let (mut tokens, mut families) = (Vec::new(), Vec::new());
    for _ in 0..CONNECTIONS {
        let id = FamilyId(random_bytes(&SystemRandom));
        let (rotation, token) = Rotation::first(id, &SystemRandom, &keys, now, now + 86_400);
        tokens.push(token.expose().to_owned());
        families.push(Family {
            id,
            client_id: "bench".parse().expect("an identifier"),
            subject: subject.to_owned(),
            session: None,
            scope: "read offline_access".parse().expect("a scope"),
            audience: vec!["https://api.example".to_owned()],
            auth_time: now,
            amr: vec!["pwd".to_owned()],
            created_at: now,
            expires_at: now + 86_400,
            revoked: None,
            rotation,
        });
    }
    let add: Result<(), Fault> = storage.write_blocking(move |transaction| {
        families
            .iter()
            .try_for_each(|family| transaction.add_family(family))?;
        Ok(())
    });
    add.expect("the families are written");
    storage.close();
    tokens
}

fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    listener.local_addr().expect("an address").port()
}

fn wait(address: &str) {
    let deadline = Instant::now() + Duration::from_secs(20);
    while std::net::TcpStream::connect(address).is_err() {
        assert!(Instant::now() < deadline, "the server does not start");
        thread::sleep(Duration::from_millis(2));
    }
}

fn wait_and_stop(mut process: Child, address: &str) {
    wait(address);
    process.kill().expect("it runs");
    process.wait().expect("it ends");
}
