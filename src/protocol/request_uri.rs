//! Where a client publishes request objects (OpenID Connect Registration §2, `request_uris`; RFC 9101 §5.2).

use std::str::FromStr;

use serde::{Deserialize, Serialize};
use url::Url;

use crate::protocol::redirect_uri::is_loopback;

/// A registered address of request objects: https, or http on a loopback host. A fragment says nothing of the address.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct RequestUri(String);

/// The text is no such address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "a request_uri must be https, or http on a loopback host, without user name, of at most 512 bytes"
)]
pub struct MalformedRequestUri;

impl RequestUri {
    /// The address, as it was registered.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether a request may name that address. The fragment is a hash of what is there, which may differ from the
    /// registered one and tells then that the document is new (OpenID Connect Registration §2); the rest is compared
    /// byte by byte.
    pub fn admits(&self, named: &str) -> bool {
        named.len() <= LONGEST && without_fragment(&self.0) == without_fragment(named)
    }
}

/// The fragment of an address.
pub fn fragment(address: &str) -> Option<&str> {
    address.split_once('#').map(|(_, fragment)| fragment)
}

fn without_fragment(address: &str) -> &str {
    address
        .split_once('#')
        .map_or(address, |(before, _)| before)
}

impl FromStr for RequestUri {
    type Err = MalformedRequestUri;

    fn from_str(text: &str) -> Result<Self, MalformedRequestUri> {
        let url = Url::parse(text).map_err(|_| MalformedRequestUri)?;
        let is_tls = url.scheme() == "https" || (url.scheme() == "http" && is_loopback(&url));
        let has_user = !url.username().is_empty() || url.password().is_some();
        let is_text = text.bytes().all(|byte| byte.is_ascii_graphic());
        if is_tls && !has_user && url.has_host() && is_text && text.len() <= LONGEST {
            Ok(Self(text.to_owned()))
        } else {
            Err(MalformedRequestUri)
        }
    }
}

impl TryFrom<String> for RequestUri {
    type Error = MalformedRequestUri;

    fn try_from(text: String) -> Result<Self, MalformedRequestUri> {
        text.parse()
    }
}

impl From<RequestUri> for String {
    fn from(uri: RequestUri) -> Self {
        uri.0
    }
}

/// In bytes (OpenID Connect Core §6.2).
const LONGEST: usize = 512;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_may_be_registered() {
        for good in [
            "https://app.example/request.jwt",
            "https://app.example:8443/r?x=1#GkurKxf5T0Y-mnPFCHqWOMiZi4VS138cQO_V7PZHAdM",
            "http://127.0.0.1:8080/r",
        ] {
            assert!(good.parse::<RequestUri>().is_ok(), "{good}");
        }
        let long = format!("https://app.example/{}", "r".repeat(500));
        for bad in [
            "",
            "request.jwt",
            "http://app.example/r",
            "urn:ietf:params:oauth:request_uri:x",
            "https://user@app.example/r",
            "https://app.example/ r",
            "javascript:alert(1)",
            &long,
        ] {
            assert!(bad.parse::<RequestUri>().is_err(), "{bad}");
        }
    }

    #[test]
    fn all_but_the_fragment_is_compared() {
        let registered: RequestUri = "https://app.example/r?x=1#hash".parse().unwrap();
        for same in [
            "https://app.example/r?x=1#hash",
            "https://app.example/r?x=1#other",
            "https://app.example/r?x=1",
        ] {
            assert!(registered.admits(same), "{same}");
        }
        let long = format!("https://app.example/r?x=1#{}", "h".repeat(500));
        for other in [
            "https://app.example/r",
            "https://app.example/r?x=1&y=2",
            "https://app.example/r/?x=1",
            "https://app.example:443/r?x=1",
            "HTTPS://app.example/r?x=1",
            "https://app.example.evil.example/r?x=1",
            "https://user@app.example/r?x=1",
            &long,
        ] {
            assert!(!registered.admits(other), "{other}");
        }
    }
}
