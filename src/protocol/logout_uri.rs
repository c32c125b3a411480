//! Where a client wants to hear that a session ended (OpenID Connect Front-Channel Logout §2, Back-Channel Logout §2.2).

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use url::{Origin, Url};

use crate::protocol::redirect_uri::{RegisteredRedirectUri, Unregistrable};

/// An address of a client for news of sign-outs: https, or http on a loopback host, without fragment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct LogoutUri(String);

/// Why an address cannot be registered for news of sign-outs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UnfitLogoutUri {
    /// The same demands as for a redirect URI.
    #[error("the logout address is not good: {0}")]
    Address(#[from] Unregistrable),
    /// Neither a browser's frame nor a request of ours opens an app.
    #[error("the scheme of a logout address must be https, or http on a loopback address")]
    Scheme,
}

impl LogoutUri {
    /// The address exactly as it was registered.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The address for one session: with `iss` and `sid`, after the query that the client registered (Front-Channel
    /// Logout §2). They are sent whether the client requires them or not.
    pub fn for_session(&self, issuer: &str, sid: &str) -> String {
        let separator = if self.0.contains('?') { '&' } else { '?' };
        let encode = |text: &str| -> String {
            url::form_urlencoded::byte_serialize(text.as_bytes()).collect()
        };
        let (issuer, sid) = (encode(issuer), encode(sid));
        format!("{}{separator}iss={issuer}&sid={sid}", self.0)
    }

    /// Whether scheme, host and port are those of one of the addresses.
    pub fn shares_origin_with(&self, uris: &[RegisteredRedirectUri]) -> bool {
        let own = origin(&self.0);
        own.is_some() && uris.iter().any(|uri| origin(uri.as_str()) == own)
    }
}

fn origin(address: &str) -> Option<Origin> {
    let origin = Url::parse(address).ok()?.origin();
    origin.is_tuple().then_some(origin)
}

impl FromStr for LogoutUri {
    type Err = UnfitLogoutUri;

    fn from_str(text: &str) -> Result<Self, UnfitLogoutUri> {
        let uri: RegisteredRedirectUri = text.parse()?;
        if uri.as_str().starts_with("https://") || uri.as_str().starts_with("http://") {
            Ok(Self(uri.into()))
        } else {
            Err(UnfitLogoutUri::Scheme)
        }
    }
}

impl TryFrom<String> for LogoutUri {
    type Error = UnfitLogoutUri;

    fn try_from(text: String) -> Result<Self, UnfitLogoutUri> {
        text.parse()
    }
}

impl From<LogoutUri> for String {
    fn from(uri: LogoutUri) -> Self {
        uri.0
    }
}

impl fmt::Display for LogoutUri {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn uri(text: &str) -> LogoutUri {
        text.parse().unwrap()
    }

    #[test]
    fn takes_https_and_http_on_a_loopback_host() {
        for text in [
            "https://app.example/out?tenant=1",
            "http://localhost:3000/out",
            "http://127.0.0.1:3000/out",
        ] {
            assert_eq!(uri(text).as_str(), text);
        }
    }

    #[test]
    fn refuses_what_can_be_neither_framed_nor_asked() {
        for text in [
            "http://app.example/out",
            "https://app.example/out#x",
            "https://good.example@evil.example/out",
            "com.example.app:/out",
            "javascript:alert(1)",
            "/out",
        ] {
            assert!(text.parse::<LogoutUri>().is_err(), "{text}");
        }
    }

    #[test]
    fn adds_issuer_and_session_to_the_registered_query() {
        assert_eq!(
            uri("https://app.example/out").for_session("https://id.example", "s1"),
            "https://app.example/out?iss=https%3A%2F%2Fid.example&sid=s1"
        );
        assert_eq!(
            uri("https://app.example/out?a=b").for_session("https://id.example", "s1"),
            "https://app.example/out?a=b&iss=https%3A%2F%2Fid.example&sid=s1"
        );
    }

    #[test]
    fn compares_scheme_host_and_port_with_redirect_uris() {
        let redirect = ["https://app.example/cb".parse().unwrap()];
        assert!(uri("https://app.example:443/out").shares_origin_with(&redirect));
        for other in [
            "https://app.example:8443/out",
            "https://www.app.example/out",
            "http://localhost/out",
        ] {
            assert!(!uri(other).shares_origin_with(&redirect), "{other}");
        }
        let private = ["com.example.app:/cb".parse().unwrap()];
        assert!(!uri("https://app.example/out").shares_origin_with(&private));
    }
}
