//! The `sub` by which a client knows a person (OpenID Connect Core §8): the same one for all clients, or one of its sector
//! alone, so that clients of two sectors cannot compare notes by it; and the `sid` of a session, which would tell the same.
//!
//! A pairwise identifier is computed each time and kept nowhere. Nothing leads back from it to the person: what comes back
//! from a client is compared with the identifier of a person who is known from a session or a token family.

use std::borrow::Cow;
use std::collections::BTreeSet;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use url::Url;

use crate::protocol::catalogue;
use crate::protocol::client::Client;
use crate::protocol::context::TokenKeys;
use crate::protocol::error::Refusal;
use crate::protocol::redirect_uri::{RegisteredRedirectUri, is_loopback};

/// OpenID Connect Core §8.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SubjectType {
    /// The same identifier for all clients.
    Public,
    /// An identifier for each sector.
    Pairwise,
}

/// Whom a client knows under the same pairwise identifiers (OpenID Connect Core §8.1).
#[derive(Debug, PartialEq, Eq)]
enum Sector {
    /// All clients of that host.
    Host(String),
    /// Nobody else: its redirect URIs lead to programs on the person's own device, where no host says whose they are.
    Alone,
}

/// The identifier by which the client knows the person of that subject.
pub fn identifier<'a>(keys: &TokenKeys, client: &Client, subject: &'a str) -> Cow<'a, str> {
    match client.metadata.subject_type {
        None | Some(SubjectType::Public) => Cow::Borrowed(subject),
        Some(SubjectType::Pairwise) => Cow::Owned(pairwise(keys, client, &[subject])),
    }
}

/// The `sid` by which the client knows that session (OpenID Connect Front-Channel Logout §3).
pub fn session_identifier<'a>(keys: &TokenKeys, client: &Client, session: &'a str) -> Cow<'a, str> {
    match client.metadata.subject_type {
        None | Some(SubjectType::Public) => Cow::Borrowed(session),
        Some(SubjectType::Pairwise) => Cow::Owned(pairwise(keys, client, &["sid", session])),
    }
}

fn pairwise(keys: &TokenKeys, client: &Client, of: &[&str]) -> String {
    // A client of several hosts cannot be registered; if one were, it would share its identifiers with nobody.
    let (kind, name) = match sector(client) {
        Some(Sector::Host(host)) => ("host", Cow::Owned(host)),
        Some(Sector::Alone) | None => ("client", Cow::Borrowed(client.id.as_str())),
    };
    let mut parts = vec![kind.as_bytes(), name.as_bytes()];
    parts.extend(of.iter().map(|part| part.as_bytes()));
    URL_SAFE_NO_PAD.encode(keys.pairwise().mac(&parts))
}

/// Whether a pairwise client belongs to one sector: it registered one, or all its redirect URIs have the same host.
pub(crate) fn has_one_sector(client: &Client) -> bool {
    sector(client).is_some()
}

fn sector(client: &Client) -> Option<Sector> {
    if let Some(address) = &client.metadata.sector_identifier_uri {
        let host = Url::parse(address).ok()?.host_str()?.to_owned();
        return Some(Sector::Host(host));
    }
    let hosts: BTreeSet<Option<String>> = client.redirect_uris.iter().map(host).collect();
    let mut hosts = hosts.into_iter();
    match (hosts.next(), hosts.next()) {
        (Some(Some(host)), None) => Some(Sector::Host(host)),
        (Some(None) | None, None) => Some(Sector::Alone),
        (_, Some(_)) => None,
    }
}

/// `None` for an address on the person's own device (RFC 8252 §7).
fn host(uri: &RegisteredRedirectUri) -> Option<String> {
    let url = Url::parse(uri.as_str()).ok()?;
    if url.scheme() == "https" && !is_loopback(&url) {
        url.host_str().map(str::to_owned)
    } else {
        None
    }
}

/// Checks what stands at a `sector_identifier_uri`: a JSON array with all redirect URIs of the client (OpenID Connect
/// Registration §5). They are compared as text.
pub fn check_sector(document: &[u8], client: &Client) -> Result<(), Refusal> {
    let refused = Refusal::new(&catalogue::SECTOR_DOCUMENT);
    let listed: Vec<String> = serde_json::from_slice(document).map_err(|_| refused)?;
    let is_listed = |uri: &RegisteredRedirectUri| listed.iter().any(|it| it == uri.as_str());
    if client.redirect_uris.iter().all(is_listed) {
        Ok(())
    } else {
        Err(refused)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::digest::RootKey;

    /// Another value would make strangers of all people.
    #[test]
    fn the_derivation_is_pinned() {
        let root = RootKey::from_text(&"A".repeat(43)).unwrap();
        let parts = [&b"host"[..], b"web.example", b"sub-ada"];
        let identifier = URL_SAFE_NO_PAD.encode(TokenKeys::derive(&root).pairwise().mac(&parts));
        assert_eq!(identifier, "TXsDqBHlKEzT-tGotr8iA9t1szZt_WxFahU2XqCDzwA");
    }
}
