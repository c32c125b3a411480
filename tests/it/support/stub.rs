//! Servers of others, with and without TLS, that answer as a test says.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair};
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};

/// A certificate authority of a test, and one certificate for this machine.
pub(crate) struct Certificates {
    pub(crate) authority_pem: String,
    pub(crate) certificate_pem: String,
    pub(crate) key_pem: String,
    config: Arc<ServerConfig>,
}

impl Certificates {
    pub(crate) fn new() -> Self {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().unwrap();
        let authority = params.self_signed(&key).unwrap();
        let issuer = Issuer::new(params, key);
        let names = ["localhost", "127.0.0.1"].map(str::to_owned).to_vec();
        let key = KeyPair::generate().unwrap();
        let mut leaf = CertificateParams::new(names).unwrap();
        // With the usual name, which the authority has too, it would seem to sign itself.
        leaf.distinguished_name.push(DnType::CommonName, "a server");
        let leaf = leaf.signed_by(&key, &issuer).unwrap();
        let (certificate_pem, key_pem) = (leaf.pem(), key.serialize_pem());
        let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![leaf.der().clone()], key)
            .unwrap();
        Self {
            authority_pem: authority.pem(),
            certificate_pem,
            key_pem,
            config: Arc::new(config),
        }
    }
}

/// A server of a test; it lives as long as the process.
pub(crate) struct Stub {
    pub(crate) port: u16,
    requests: Arc<Mutex<Vec<String>>>,
}

impl Stub {
    /// Answers each request with what `answer` writes, and closes the connection.
    pub(crate) fn start(
        certificates: Option<&Certificates>,
        answer: impl Fn(&str, &mut dyn Write) + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let requests = Arc::new(Mutex::new(Vec::new()));
        let (seen, answer) = (requests.clone(), Arc::new(answer));
        let config = certificates.map(|it| it.config.clone());
        thread::spawn(move || {
            for stream in listener.incoming() {
                let (Ok(stream), seen, answer) = (stream, seen.clone(), answer.clone()) else {
                    return;
                };
                let config = config.clone();
                thread::spawn(move || serve(stream, config, &seen, &*answer));
            }
        });
        Self { port, requests }
    }

    /// Answers each request with that status and body.
    pub(crate) fn answering(
        certificates: Option<&Certificates>,
        status: &'static str,
        body: &str,
    ) -> Self {
        let body = body.to_owned();
        Self::start(certificates, move |_, to| {
            _ = write_answer(to, status, &body);
        })
    }

    pub(crate) fn requests(&self) -> Vec<String> {
        self.requests.lock().unwrap().clone()
    }

    pub(crate) fn https(&self, path: &str) -> String {
        format!("https://localhost:{}{path}", self.port)
    }

    pub(crate) fn http(&self, path: &str) -> String {
        format!("http://localhost:{}{path}", self.port)
    }
}

pub(crate) fn write_answer(to: &mut dyn Write, status: &str, body: &str) -> std::io::Result<()> {
    let length = body.len();
    write!(
        to,
        "HTTP/1.1 {status}\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{body}"
    )?;
    to.flush()
}

fn serve(
    mut stream: TcpStream,
    config: Option<Arc<ServerConfig>>,
    seen: &Mutex<Vec<String>>,
    answer: &dyn Fn(&str, &mut dyn Write),
) {
    let Some(config) = config else {
        return talk(&mut stream, seen, answer);
    };
    let mut stream = StreamOwned::new(ServerConnection::new(config).unwrap(), stream);
    talk(&mut stream, seen, answer);
    stream.conn.send_close_notify();
    _ = stream.flush();
}

fn talk<S: Read + Write>(
    stream: &mut S,
    seen: &Mutex<Vec<String>>,
    answer: &dyn Fn(&str, &mut dyn Write),
) {
    let Some(request) = read_request(stream) else {
        return;
    };
    seen.lock().unwrap().push(request.clone());
    answer(&request, stream);
}

/// Head and body; `None` when the other side went away, as it does when it does not trust the certificate.
fn read_request(stream: &mut impl Read) -> Option<String> {
    let mut bytes = Vec::new();
    let mut buffer = [0; 4096];
    loop {
        let count = stream.read(&mut buffer).ok().filter(|count| *count > 0)?;
        bytes.extend_from_slice(&buffer[..count]);
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let Some((head, body)) = text.split_once("\r\n\r\n") else {
            continue;
        };
        let length = head.lines().find_map(|line| {
            let (name, value) = line.split_once(':')?;
            let is_length = name.eq_ignore_ascii_case("content-length");
            is_length.then(|| value.trim().parse::<usize>().unwrap())
        });
        if body.len() >= length.unwrap_or(0) {
            return Some(text);
        }
    }
}
