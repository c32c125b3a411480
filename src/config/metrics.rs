//! Who may read metrics, and where.

use std::net::SocketAddr;

use crate::config::http::parse_address;
use crate::config::problem;
use crate::config::reader::Reader;
use crate::crypto::secret::Secret;

/// Metrics for operators.
#[derive(Clone, Debug)]
pub struct MetricsSettings {
    /// A listener of their own.
    pub listen: Option<SocketAddr>,
    /// What a reader has to send.
    pub token: Option<Secret>,
}

impl MetricsSettings {
    pub(super) fn read(reader: &mut Reader) -> Self {
        let settings = Self {
            listen: reader.text("metrics.listen", parse_address),
            token: reader.text("metrics.token", parse_token),
        };
        let is_open = settings
            .listen
            .is_some_and(|address| !address.ip().is_loopback());
        if is_open && settings.token.is_none() {
            let message = "`metrics.listen` can be reached from other machines: set `metrics.token` as well, or listen on 127.0.0.1";
            reader.note(problem::CONTRADICTION, "metrics.listen", message);
        }
        settings
    }
}

/// The text is not repeated: it is a secret.
fn parse_token(text: &str) -> Result<Secret, String> {
    let is_token = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~+/=".contains(&byte);
    if text.len() >= SHORTEST && text.bytes().all(is_token) {
        Ok(Secret::new(text.to_owned()))
    } else {
        Err(format!(
            "must have at least {SHORTEST} letters, digits or -._~+/=, as `openssl rand -hex 32` makes them"
        ))
    }
}

const SHORTEST: usize = 32;
