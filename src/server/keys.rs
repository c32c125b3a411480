//! The signing keys of a server that starts or runs: the first ones made, all of them opened.

use std::sync::Arc;

use crate::crypto::algorithm::Algorithm;
use crate::crypto::digest::RootKey;
use crate::crypto::key_ring::KeyRing;
use crate::crypto::key_set::{KeySet, KeySetError, KeyState, Timetable};
use crate::crypto::random::RandomSource;
use crate::crypto::signing_key::KeyError;
use crate::jobs::signing_keys::{self, Birth, OpenKeyError};
use crate::protocol::client_key_set::ClientKey;
use crate::protocol::context::Timestamp;
use crate::protocol::error::{Fault, StoreError, Trouble};
use crate::storage::Storage;
use crate::storage::keys::StoredKey;

/// Why there are no signing keys to work with.
#[derive(Debug, thiserror::Error)]
pub enum SigningKeyError {
    /// A new one cannot be made.
    #[error("a signing key cannot be made: {0}")]
    Make(#[from] KeyError),
    /// A stored one cannot be opened.
    #[error("the signing key {kid} cannot be opened: {cause}")]
    Open {
        /// Which.
        kid: String,
        /// Why not.
        cause: OpenKeyError,
    },
    /// Everybody has it.
    #[error(
        "the signing key {0} is the sample that the documentation of cc-backend prints: everybody can sign with it; replace it and revoke its tokens"
    )]
    Published(String),
    /// They contradict each other.
    #[error("the signing keys do not fit together: {0}")]
    Set(#[from] KeySetError),
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Makes sure that each of the algorithms has a key, and that each algorithm that a client was promised has one.
/// Answers the keys that were made.
pub(super) fn ensure(
    storage: &Storage,
    root: &RootKey,
    configured: &[Algorithm],
    random: &dyn RandomSource,
    now: Timestamp,
) -> Result<Vec<StoredKey>, SigningKeyError> {
    let read = storage.read_blocking(|it| Ok((it.clients()?, it.signing_keys()?)));
    let (clients, present) = read.map_err(failure)?;
    let mut algorithms = configured.to_vec();
    algorithms.extend(
        clients
            .clients
            .iter()
            .map(|client| client.id_token_algorithm),
    );
    algorithms.sort_unstable();
    algorithms.dedup();
    let birth = Birth::first(now);
    let mut new = Vec::new();
    for algorithm in signing_keys::lacking(&present, &algorithms, now) {
        new.push(signing_keys::make(root, algorithm, birth, random)?);
    }
    if new.is_empty() {
        return Ok(new);
    }
    let add = storage.write_blocking(move |it| Ok(signing_keys::add_first(it, &new, now)?));
    Ok(add.map_err(failure)?)
}

/// Opens all keys that are still good for something, each with what that is now. Retired ones stay closed: one that
/// no longer opens must not keep the others from working.
pub fn open(
    stored: &[StoredKey],
    root: &RootKey,
    now: Timestamp,
) -> Result<KeySet, SigningKeyError> {
    let mut keys = Vec::new();
    for (key, state) in stored.iter().map(|key| (key, key.state_at(now))) {
        if state == KeyState::Retired {
            continue;
        }
        let opened = signing_keys::open(root, key).map_err(|cause| SigningKeyError::Open {
            kid: key.kid.clone(),
            cause,
        })?;
        if opened.is_published_sample() {
            return Err(SigningKeyError::Published(key.kid.clone()));
        }
        keys.push((Arc::new(opened), state));
    }
    Ok(KeySet::new(keys)?)
}

/// The keys that tokens of clients are verified with. One that cannot be read is left out: it must not keep the others
/// from working.
pub(super) fn ring(stored: &[ClientKey]) -> KeyRing {
    let keys = stored.iter().filter_map(|key| {
        let read = serde_json::from_str(&key.public_jwk);
        read.inspect_err(|error| tracing::error!(key.kid, %error, "a key of a client is left out"))
            .map(|jwk| (key.client_id.as_str().to_owned(), jwk))
            .ok()
    });
    KeyRing::new(keys).unwrap_or_else(|error| {
        tracing::error!(%error, "the keys of clients are left out");
        KeyRing::default()
    })
}

/// When a key becomes good for something else.
pub(super) fn next_change(
    timetables: impl Iterator<Item = Timetable>,
    now: Timestamp,
) -> Option<Timestamp> {
    timetables.filter_map(|it| it.next_change(now)).min()
}

/// These transactions refuse nothing; a refusal would be a defect.
fn failure(fault: Fault) -> StoreError {
    match fault {
        Fault::Failed(error) => error,
        Fault::Refused(_) => StoreError::plain(Trouble::Broken, "working on the signing keys"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::random::SystemRandom;

    #[test]
    fn a_key_of_another_secret_is_named_unless_it_is_retired() {
        let root = RootKey::generate(&SystemRandom);
        let make = |root: &RootKey| {
            let birth = Birth {
                created_at: 0,
                active_from: 0,
            };
            signing_keys::make(root, Algorithm::Es256, birth, &SystemRandom).unwrap()
        };
        let (own, mut foreign) = (make(&root), make(&RootKey::generate(&SystemRandom)));
        foreign.verify_only_from = Some(10);
        foreign.remove_at = Some(20);
        let stored = [own, foreign];
        let error = open(&stored, &root, 19).err().unwrap().to_string();
        assert!(error.contains(&stored[1].kid), "{error}");
        let keys = open(&stored, &root, 20).unwrap();
        assert_eq!(keys.algorithms(), [Algorithm::Es256]);
    }
}
