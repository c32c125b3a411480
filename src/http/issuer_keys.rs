//! The keys that trusted issuers publish: at an address of their own, or at the one that their metadata name (OpenID Connect
//! Discovery §4).
//!
//! They are kept as those of clients are: read at most twice a minute, whatever key ids strangers make up, by one request at a
//! time, and good for a day when they cannot be read again.

use std::sync::Arc;

use serde::Deserialize;

use crate::crypto::jwk_set::JwkSet;
use crate::fetch::{Authorities, Errand, Fetcher};
use crate::http::client_keys::{LARGEST, Unreadable};
use crate::http::scene::Scene;
use crate::protocol::context::PublishedKeys;
use crate::protocol::error::Refusal;
use crate::protocol::trust::assertion::{self, Checked, Refused, Strictness, Verified};
use crate::protocol::trust::directory::Trusted;
use crate::protocol::trust::issuer::{KeySource, Remote, TrustedIssuer};

/// Checks an assertion, with the keys as they are published now.
pub(crate) async fn check(
    scene: &Scene,
    trusted: &Arc<Trusted>,
    token: &str,
    strictness: Strictness,
) -> Result<Verified, Refusal> {
    let context = scene.context();
    let ask = || {
        let published = published(scene, &trusted.issuer);
        assertion::check(&context, trusted, &published, token, strictness)
    };
    let checked = match ask()? {
        Checked::NeedsKeys => {
            read(scene, &trusted.issuer).await;
            ask()?
        }
        good @ Checked::Good(_) => good,
    };
    keep_fresh(scene, trusted);
    match checked {
        Checked::Good(verified) => Ok(*verified),
        Checked::NeedsKeys => Err(Refused::KeysAway.into()),
    }
}

fn published(scene: &Scene, issuer: &TrustedIssuer) -> PublishedKeys {
    let place = place(issuer);
    place.map_or_else(PublishedKeys::default, |place| {
        scene.state.issuer_keys.published(&place, scene.now)
    })
}

async fn read(scene: &Scene, issuer: &TrustedIssuer) {
    if let Some(place) = place(issuer) {
        let reading = fetch(&scene.state.fetcher, &issuer.keys);
        let keys = &scene.state.issuer_keys;
        keys.read_with(&place, scene.now, reading).await;
    }
}

/// Reads keys again that may have changed, while nobody waits for it.
fn keep_fresh(scene: &Scene, trusted: &Arc<Trusted>) {
    let place = place(&trusted.issuer);
    if place.is_some_and(|place| scene.state.issuer_keys.are_old(&place, scene.now)) {
        let (scene, trusted) = (scene.clone(), Arc::clone(trusted));
        actix_web::rt::spawn(async move { read(&scene, &trusted.issuer).await });
    }
}

/// Under which the keys are kept; another when the address or what is trusted for it changes.
fn place(issuer: &TrustedIssuer) -> Option<String> {
    match &issuer.keys {
        KeySource::JwksUrl(remote) | KeySource::DiscoveryUrl(remote) => Some(format!(
            "{} {} {}",
            issuer.name, issuer.updated_at, remote.url
        )),
        KeySource::Pem(_) | KeySource::Jwks(_) | KeySource::Secret => None,
    }
}

/// What metadata say that is needed here.
#[derive(Deserialize)]
struct Metadata {
    issuer: String,
    jwks_uri: String,
}

/// Reads the keys from where the issuer publishes them; those that are at hand need no reading.
pub async fn fetch(fetcher: &Fetcher, source: &KeySource) -> Result<JwkSet, Unreadable> {
    let (remote, is_metadata) = match source {
        KeySource::JwksUrl(remote) => (remote, false),
        KeySource::DiscoveryUrl(remote) => (remote, true),
        KeySource::Jwks(set) => return Ok(set.clone()),
        KeySource::Pem(_) | KeySource::Secret => return Ok(JwkSet::parse(b"")?),
    };
    let authorities = authorities(remote)?;
    let get = async |address: &str| {
        let document = fetcher.get_trusting(Errand::Keys, address, LARGEST, &authorities);
        document.await
    };
    if !is_metadata {
        return Ok(JwkSet::parse(&get(&remote.url).await?)?);
    }
    let address = format!("{}{WELL_KNOWN}", remote.url.trim_end_matches('/'));
    let metadata: Metadata = serde_json::from_slice(&get(&address).await?)?;
    // OpenID Connect Discovery §4.3: exactly, or somebody could speak for another.
    if metadata.issuer != remote.url {
        return Err(Unreadable::OtherIssuer);
    }
    Ok(JwkSet::parse(&get(&metadata.jwks_uri).await?)?)
}

fn authorities(remote: &Remote) -> Result<Authorities, Unreadable> {
    match &remote.ca {
        Some(pem) => Ok(Authorities::parse(pem.as_bytes())?),
        None => Ok(Authorities::default()),
    }
}

/// OpenID Connect Discovery §4.
const WELL_KNOWN: &str = "/.well-known/openid-configuration";
