//! Redirect URIs: what may be registered, and when a received one is the registered one.
//!
//! Comparison is exact, byte for byte. The one exception is the port of a loopback IP literal, which
//! may differ (RFC 8252 §7.3); path, query, scheme and user information still compare exactly.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use url::{Host, Url};

/// A redirect URI that a client has registered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct RegisteredRedirectUri(String);

/// Why an address cannot be registered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unregistrable {
    /// Not an absolute URI.
    #[error("it is not an absolute URI")]
    NotAbsolute,
    /// RFC 6749 §3.1.2.
    #[error("it has a fragment (#...), which redirect URIs may not have")]
    Fragment,
    /// `https://good@evil` reads as one host and goes to another.
    #[error("it has user information before an @")]
    UserInformation,
    /// Backslashes, blanks and control characters are read differently by different parsers.
    #[error("it has a blank, a control character, a backslash or a character outside ASCII")]
    Character,
    /// `https`, loopback `http`, or a private-use scheme with a dot (RFC 8252 §7.1).
    #[error(
        "its scheme must be https, http on a loopback address, or a private one with a dot in it, as com.example.app"
    )]
    Scheme,
    /// 2000 bytes.
    #[error("it is longer than 2000 bytes")]
    TooLong,
}

impl RegisteredRedirectUri {
    /// The URI exactly as it was registered.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether the received address is this one.
    pub fn matches(&self, received: &str) -> bool {
        if self.0 == received {
            return true;
        }
        match (LoopbackUri::split(&self.0), LoopbackUri::split(received)) {
            (Some(registered), Some(received)) => registered == received,
            (None, _) | (_, None) => false,
        }
    }
}

impl FromStr for RegisteredRedirectUri {
    type Err = Unregistrable;

    fn from_str(text: &str) -> Result<Self, Unregistrable> {
        if text.len() > 2000 {
            return Err(Unregistrable::TooLong);
        }
        if !text
            .bytes()
            .all(|byte| byte.is_ascii_graphic() && byte != b'\\')
        {
            return Err(Unregistrable::Character);
        }
        let url = Url::parse(text).map_err(|_| Unregistrable::NotAbsolute)?;
        if text.contains('#') {
            return Err(Unregistrable::Fragment);
        }
        if has_user_information(text) {
            return Err(Unregistrable::UserInformation);
        }
        let allowed = match url.scheme() {
            "https" => text.starts_with("https://") && is_as_written(text, &url),
            "http" => text.starts_with("http://") && is_as_written(text, &url) && is_loopback(&url),
            private => private.contains('.'),
        };
        if allowed {
            Ok(Self(text.to_owned()))
        } else {
            Err(Unregistrable::Scheme)
        }
    }
}

/// Whether the host stands in the text as the parser read it: what browsers mend (`https:///host`, `127.1`), others may read
/// in another way.
fn is_as_written(text: &str, url: &Url) -> bool {
    let authority = text.split_once("://").map_or("", |(_, rest)| rest);
    let authority = authority.split(['/', '?']).next().unwrap_or_default();
    let written = match url.port() {
        Some(_) => authority
            .rsplit_once(':')
            .map_or(authority, |(host, _)| host),
        None => authority.trim_end_matches(":443").trim_end_matches(":80"),
    };
    let is_same = |host: &str| host.eq_ignore_ascii_case(written.trim_end_matches(':'));
    url.host_str().is_some_and(is_same)
}

impl TryFrom<String> for RegisteredRedirectUri {
    type Error = Unregistrable;

    fn try_from(text: String) -> Result<Self, Unregistrable> {
        text.parse()
    }
}

impl From<RegisteredRedirectUri> for String {
    fn from(uri: RegisteredRedirectUri) -> Self {
        uri.0
    }
}

/// An address that a browser may be sent to. It can be built only from a registered redirect URI.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RedirectTarget {
    address: String,
    was_received: bool,
}

/// Why no redirect target could be found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RedirectRefused {
    /// None was received, and not exactly one is registered.
    Missing,
    /// The received one is not registered.
    NotRegistered,
}

impl RedirectTarget {
    pub(super) fn among(
        registered: &[RegisteredRedirectUri],
        received: Option<&str>,
    ) -> Result<Self, RedirectRefused> {
        match (received, registered) {
            (None, [only]) => Ok(Self {
                address: only.0.clone(),
                was_received: false,
            }),
            (None, _) => Err(RedirectRefused::Missing),
            (Some(received), registered) => {
                // The scheme was checked at registration, and a match never changes the scheme.
                if registered.iter().any(|uri| uri.matches(received)) {
                    Ok(Self {
                        address: received.to_owned(),
                        was_received: true,
                    })
                } else {
                    Err(RedirectRefused::NotRegistered)
                }
            }
        }
    }

    /// Where to go, without parameters of ours.
    pub fn as_str(&self) -> &str {
        &self.address
    }

    /// Whether the request named the address; then the token request has to repeat it (RFC 6749 §4.1.3).
    pub fn was_received(&self) -> bool {
        self.was_received
    }
}

/// The first difference between two addresses, for the developer who reads the error page.
pub fn first_difference(registered: &str, received: &str) -> &'static str {
    let (Ok(registered_url), Ok(received_url)) = (Url::parse(registered), Url::parse(received))
    else {
        return "the received address is not an absolute URI";
    };
    if registered_url.scheme() != received_url.scheme() {
        return "scheme";
    }
    if has_user_information(received) {
        return "user information before the @";
    }
    if registered_url.host_str() != received_url.host_str() {
        return "host";
    }
    if registered_url.port() != received_url.port() {
        return "port";
    }
    let (one, other) = (registered_url.path(), received_url.path());
    if one != other {
        if one.trim_end_matches('/') == other.trim_end_matches('/') {
            return "trailing slash at the end of the path";
        }
        if one.eq_ignore_ascii_case(other) {
            return "upper and lower case in the path";
        }
        return "path";
    }
    if registered_url.query() != received_url.query() {
        return "query";
    }
    if received.contains('#') {
        return "fragment";
    }
    "spelling: addresses are compared byte for byte"
}

/// A loopback IP literal URI, cut around its port (RFC 8252 §7.3).
#[derive(PartialEq, Eq)]
struct LoopbackUri<'a> {
    host: &'a str,
    rest: &'a str,
}

impl<'a> LoopbackUri<'a> {
    fn split(text: &'a str) -> Option<Self> {
        let after_scheme = text.strip_prefix("http://")?;
        let host = ["127.0.0.1", "[::1]"]
            .into_iter()
            .find(|ip| after_scheme.starts_with(ip))?;
        let (host, rest) = after_scheme.split_at(host.len());
        let Some(port_and_rest) = rest.strip_prefix(':') else {
            let ends_authority = rest.is_empty() || rest.starts_with(['/', '?']);
            return ends_authority.then_some(Self { host, rest });
        };
        let end = port_and_rest
            .find(|character: char| !character.is_ascii_digit())
            .unwrap_or(port_and_rest.len());
        let (port, rest) = port_and_rest.split_at(end);
        let is_port = !port.is_empty() && port.parse::<u16>().is_ok();
        let ends_authority = rest.is_empty() || rest.starts_with(['/', '?']);
        (is_port && ends_authority).then_some(Self { host, rest })
    }
}

/// Whether the URL's host is this machine itself.
pub fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

fn has_user_information(text: &str) -> bool {
    let Some((_, after_scheme)) = text.split_once("://") else {
        return false;
    };
    let authority = after_scheme
        .split(['/', '?', '#'])
        .next()
        .unwrap_or_default();
    authority.contains('@')
}

impl fmt::Display for RegisteredRedirectUri {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn registered(text: &str) -> RegisteredRedirectUri {
        text.parse().unwrap()
    }

    #[test]
    fn registers_https_loopback_and_private_schemes() {
        for text in [
            "https://app.example/callback?tenant=1",
            "https://APP.example:443/cb",
            "https://app.example?cb",
            "http://localhost:3000/cb",
            "http://127.0.0.1/cb",
            "http://[::1]:8080/cb",
            "com.example.app:/cb",
        ] {
            assert!(text.parse::<RegisteredRedirectUri>().is_ok(), "{text}");
        }
    }

    #[test]
    fn refuses_to_register_what_could_be_read_in_two_ways() {
        for (text, reason) in [
            ("http://app.example/cb", Unregistrable::Scheme),
            ("https:///app.example/cb", Unregistrable::Scheme),
            ("https://127.1/cb", Unregistrable::Scheme),
            ("http://0x7f.1/cb", Unregistrable::Scheme),
            ("javascript:alert(1)", Unregistrable::Scheme),
            ("data:text/html,x", Unregistrable::Scheme),
            (
                "https://good.example@evil.example/",
                Unregistrable::UserInformation,
            ),
            ("https://app.example/cb#x", Unregistrable::Fragment),
            (
                "https://app.example\\@evil.example",
                Unregistrable::Character,
            ),
            ("https://app.example/a b", Unregistrable::Character),
            ("/callback", Unregistrable::NotAbsolute),
        ] {
            assert_eq!(text.parse::<RegisteredRedirectUri>(), Err(reason), "{text}");
        }
    }

    #[test]
    fn compares_exactly_but_for_the_port_of_a_loopback_literal() {
        let uri = registered("http://127.0.0.1/cb");
        assert!(uri.matches("http://127.0.0.1:51004/cb"));
        assert!(registered("http://[::1]:1/cb?a=b").matches("http://[::1]:9/cb?a=b"));
        for received in [
            "http://127.0.0.1:51004/cb/",
            "http://127.0.0.1:51004/cb?x=1",
            "http://127.0.0.1:x/cb",
            "http://127.0.0.1:80@evil.example/cb",
            "http://127.0.0.1.evil.example/cb",
            "http://localhost:51004/cb",
            "https://127.0.0.1/cb",
        ] {
            assert!(!uri.matches(received), "{received}");
        }
        assert!(!registered("http://localhost:3000/cb").matches("http://localhost:3001/cb"));
        assert!(!registered("https://app.example/cb").matches("https://app.example/CB"));
    }

    #[test]
    fn names_the_first_difference() {
        let uri = "https://app.example/cb";
        assert_eq!(first_difference(uri, "http://app.example/cb"), "scheme");
        assert_eq!(first_difference(uri, "https://app.example.org/cb"), "host");
        assert_eq!(first_difference(uri, "https://app.example:8443/cb"), "port");
        assert_eq!(
            first_difference(uri, "https://app.example/cb/"),
            "trailing slash at the end of the path"
        );
        assert_eq!(
            first_difference(uri, "https://app.example/Cb"),
            "upper and lower case in the path"
        );
        assert_eq!(first_difference(uri, "https://app.example/cb?x"), "query");
    }
}
