//! Where to listen, with how many threads, and whose word about visitors is believed.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::thread;

use ipnet::IpNet;

use crate::config::parse_path;
use crate::config::problem;
use crate::config::reader::Reader;

/// The HTTP server.
#[derive(Clone, Debug)]
pub struct HttpSettings {
    /// Where to listen; port 0 lets the system choose.
    pub listen: SocketAddr,
    /// Threads that answer requests.
    pub workers: usize,
    /// Peers whose `X-Forwarded-For` is believed.
    pub trusted_proxies: Vec<IpNet>,
    /// Certificate and private key; the listener speaks plain HTTP without.
    pub tls: Option<TlsFiles>,
}

/// The files of certificate and key, in PEM.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TlsFiles {
    /// The certificate and those between it and its authority.
    pub certificate: PathBuf,
    /// Its private key.
    pub key: PathBuf,
}

impl HttpSettings {
    pub(super) fn read(reader: &mut Reader) -> Self {
        Self {
            listen: reader
                .text("listen", parse_address)
                .unwrap_or(SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 4343)),
            workers: reader
                .number("http.workers", 1..=256)
                .unwrap_or_else(|| thread::available_parallelism().map_or(2, usize::from)),
            trusted_proxies: reader
                .list("trusted_proxies", parse_network)
                .unwrap_or_default(),
            tls: read_tls(reader),
        }
    }

    /// Whether only this machine can connect.
    pub fn is_loopback(&self) -> bool {
        self.listen.ip().is_loopback()
    }
}

/// Both or neither.
fn read_tls(reader: &mut Reader) -> Option<TlsFiles> {
    let certificate = reader.text("tls.certificate_file", parse_path);
    let key = reader.text("tls.key_file", parse_path);
    let missing = match (&certificate, &key) {
        (Some(_), None) => "tls.key_file",
        (None, Some(_)) => "tls.certificate_file",
        (Some(_), Some(_)) | (None, None) => "",
    };
    if !missing.is_empty() && !reader.has_problems() {
        let message = "`tls.certificate_file` and `tls.key_file` belong together: set both";
        reader.note(problem::CONTRADICTION, missing, message);
    }
    Some(TlsFiles {
        certificate: certificate?,
        key: key?,
    })
}

pub(super) fn parse_address(text: &str) -> Result<SocketAddr, String> {
    let numeric = match text.strip_prefix("localhost:") {
        Some(port) => format!("127.0.0.1:{port}"),
        None => text.to_owned(),
    };
    numeric
        .parse()
        .map_err(|_| "must be ADDRESS:PORT, as 127.0.0.1:4343 or [::]:4343".to_owned())
}

pub(super) fn parse_network(text: &str) -> Result<IpNet, String> {
    text.parse::<IpNet>()
        .or_else(|_| text.parse::<IpAddr>().map(IpNet::from))
        .map_err(|_| {
            format!(
                "must list addresses or networks, as 10.0.0.5 or 10.0.0.0/8, but `{}` is none",
                text.escape_default()
            )
        })
}
