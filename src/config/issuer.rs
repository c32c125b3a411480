//! The issuer identifier (OpenID Connect Discovery §3, RFC 8414 §2).

use std::fmt;

use url::Url;

use crate::protocol::redirect_uri::is_loopback;

/// Scheme, host and port of this server as clients know it, without a slash at the end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Issuer {
    text: String,
    url: Url,
}

impl Issuer {
    /// The issuer that `http://localhost` with that port is.
    pub(super) fn local(port: u16) -> Option<Self> {
        Self::parse(&format!("http://localhost:{port}")).ok()
    }

    /// Reads an issuer that is written the one way in which everybody will compare it.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let Ok(url) = Url::parse(text) else {
            return Err("must be an address, as https://id.example.com".to_owned());
        };
        if !url.username().is_empty() || url.password().is_some() {
            return Err("may not have a user name or password in it".to_owned());
        }
        if url.query().is_some() || url.fragment().is_some() {
            return Err("may not have a query (?) or a fragment (#)".to_owned());
        }
        match url.scheme() {
            "https" => {}
            "http" if is_loopback(&url) => {}
            "http" => {
                return Err(format!(
                    "is http, which is only for a loopback host: use https://{}, with a proxy that speaks TLS",
                    url.host_str().unwrap_or_default()
                ));
            }
            _ => return Err("must begin with https://".to_owned()),
        }
        let canonical = url.origin().ascii_serialization();
        if url.path() != "/" {
            return Err(format!(
                "may not have a path: the server answers at {canonical}"
            ));
        }
        if text != canonical {
            return Err(format!(
                "is compared byte for byte by every client: write it as {canonical}"
            ));
        }
        Ok(Self {
            text: canonical,
            url,
        })
    }

    /// The identifier.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Whether browsers reach the server with TLS.
    pub fn is_https(&self) -> bool {
        self.url.scheme() == "https"
    }

    /// Whether the host is this machine itself.
    pub fn is_loopback(&self) -> bool {
        is_loopback(&self.url)
    }

    /// Host, and port where it is not the scheme's own: what a `Host` header has to say.
    pub fn authority(&self) -> &str {
        self.text
            .split_once("://")
            .map_or(self.text.as_str(), |(_, authority)| authority)
    }
}

impl fmt::Display for Issuer {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.text)
    }
}
