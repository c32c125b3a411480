//! The floors: what the same work costs with nothing of ours around it. Each is a process of its own, this very program
//! started again, so that it is measured as the server is.

use std::fs::File;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpListener};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use actix_web::web::{self, Bytes, Data, ServiceConfig};
use actix_web::{App, HttpResponse, HttpServer};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use issuant::server::clock;
use serde_json::json;

/// A floor that runs, until this is dropped.
pub(crate) struct Floor {
    process: Child,
    /// What it printed first.
    pub(crate) line: String,
}

impl Floor {
    /// Starts the floor of that name.
    pub(crate) fn start(name: &str, argument: &str, environment: &[(&str, &str)]) -> Self {
        let program = std::env::current_exe().expect("this program");
        let mut process = Command::new(program)
            .args([FLAG, name, argument])
            .envs(environment.iter().copied())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("the floor starts");
        let mut line = String::new();
        let output = process.stdout.take().expect("a pipe");
        BufReader::new(output)
            .read_line(&mut line)
            .expect("the floor says a line");
        Self {
            process,
            line: line.trim().to_owned(),
        }
    }

    pub(crate) fn pid(&self) -> u32 {
        self.process.id()
    }

    /// Where it listens, if it does.
    pub(crate) fn address(&self) -> SocketAddr {
        self.line.parse().expect("the floor says its address")
    }
}

impl Drop for Floor {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Runs as a floor, if the arguments say so.
pub(crate) fn run_if_asked() -> bool {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [flag, name, argument] = arguments.as_slice() else {
        return false;
    };
    if flag != FLAG {
        return false;
    }
    match name.as_str() {
        "actix-json" => serve(|service| {
            service.route("/", web::get().to(hello));
        }),
        "es256" => {
            let key = Data::new(new_key());
            serve(move |service| {
                service
                    .app_data(key.clone())
                    .route("/token", web::post().to(token));
            });
        }
        "fsync" => println!("{}", fsyncs(Path::new(argument))),
        other => panic!("no such floor: {other}"),
    }
    true
}

fn serve(configure: impl Fn(&mut ServiceConfig) + Send + Clone + 'static) {
    // Ends with the program that started it, however that ends.
    thread::spawn(|| {
        let _ = std::io::stdin().read(&mut [0]);
        std::process::exit(0);
    });
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("an address");
    let server = async move {
        let server = HttpServer::new(move || App::new().configure(configure.clone()))
            .workers(thread::available_parallelism().map_or(1, usize::from))
            .listen(listener)?
            .run();
        println!("{address}");
        server.await
    };
    actix_web::rt::System::new()
        .block_on(server)
        .expect("the floor runs");
}

async fn hello() -> HttpResponse {
    HttpResponse::Ok().json(json!({"hello": "world"}))
}

/// The body is read and thrown away; claims as large as ours are written and signed, and answered as we do.
async fn token(body: Bytes, key: Data<EcdsaKeyPair>) -> HttpResponse {
    let now = clock::now();
    let claims = json!({
        "iss": "http://127.0.0.1:40000",
        "sub": "bench",
        "aud": "https://api.example",
        "client_id": "bench",
        "scope": "read",
        "iat": now,
        "exp": now + 300,
        "jti": "AAAAAAAAAAAAAAAAAAAAAA",
        "length": body.len(),
    });
    let mut token = URL_SAFE_NO_PAD.encode(HEADER);
    token.push('.');
    URL_SAFE_NO_PAD.encode_string(claims.to_string(), &mut token);
    let signature = key
        .sign(&SystemRandom::new(), token.as_bytes())
        .expect("a signature");
    token.push('.');
    URL_SAFE_NO_PAD.encode_string(signature, &mut token);
    HttpResponse::Ok().json(json!({
        "access_token": token,
        "token_type": "Bearer",
        "expires_in": 300,
        "scope": "read",
    }))
}

fn new_key() -> EcdsaKeyPair {
    EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).expect("a key")
}

/// How often a second 4 KiB reach the disk, one after the other.
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

/// What makes this program a floor.
const FLAG: &str = "--floor";

const HEADER: &str =
    r#"{"typ":"at+jwt","alg":"ES256","kid":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"}"#;
