//! The keys that clients publish at their `jwks_uri`, as they were read last.
//!
//! Nobody waits for a request to another server but the client whose keys are not known yet: keys that are merely old
//! are read again in the background, and hold for a day when that fails. Each address is asked at most twice a minute,
//! whatever key ids strangers make up, and by one request at a time.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::crypto::jwk_set::JwkSet;
use crate::fetch::{Errand, FetchError, Fetcher, NoAuthorities};
use crate::protocol::context::{PublishedKeys, Timestamp};

/// What was read.
#[derive(Debug, Default)]
pub struct ClientKeys(Mutex<HashMap<String, Arc<Entry>>>);

#[derive(Debug, Default)]
struct Entry {
    known: Mutex<Known>,
    /// Whoever holds it asks.
    turn: tokio::sync::Mutex<()>,
}

#[derive(Debug, Default)]
struct Known {
    keys: Option<Arc<JwkSet>>,
    read_at: Timestamp,
    tried_at: Option<Timestamp>,
}

impl Known {
    fn may_ask_again(&self, now: Timestamp) -> bool {
        // A clock that was set back must not silence it for long.
        self.tried_at
            .is_none_or(|at| now.saturating_sub(at).abs() >= PAUSE)
    }

    fn age(&self, now: Timestamp) -> i64 {
        now.saturating_sub(self.read_at)
    }
}

/// Why keys cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum Unreadable {
    /// See there.
    #[error(transparent)]
    Fetch(#[from] FetchError),
    /// No JSON, or a private key in it.
    #[error("the document is no set of public keys: {0}")]
    Document(#[from] serde_json::Error),
    /// No certificates in PEM.
    #[error("the certificates that are trusted for the address cannot be used: {0}")]
    Authorities(#[from] NoAuthorities),
    /// OpenID Connect Discovery §4.3.
    #[error("the metadata name another issuer than the one that they were asked of")]
    OtherIssuer,
}

impl ClientKeys {
    pub(super) fn published(&self, address: &str, now: Timestamp) -> PublishedKeys {
        let entry = lock(&self.0).get(address).cloned();
        let Some(entry) = entry else {
            return PublishedKeys {
                keys: None,
                may_ask_again: true,
            };
        };
        let known = lock(&entry.known);
        PublishedKeys {
            keys: known.keys.clone().filter(|_| known.age(now) < LONGEST),
            may_ask_again: known.may_ask_again(now),
        }
    }

    /// Whether the keys are good, but may have changed meanwhile.
    pub(super) fn are_old(&self, address: &str, now: Timestamp) -> bool {
        let entry = lock(&self.0).get(address).cloned();
        entry.is_some_and(|entry| {
            let known = lock(&entry.known);
            known.keys.is_some() && known.age(now) >= FRESH && known.may_ask_again(now)
        })
    }

    /// Reads the keys, unless that was tried just now.
    pub(super) async fn read(&self, fetcher: &Fetcher, address: &str, now: Timestamp) {
        self.read_with(address, now, read(fetcher, address)).await;
    }

    /// The same for keys that are read in another way.
    pub(super) async fn read_with(
        &self,
        address: &str,
        now: Timestamp,
        reading: impl Future<Output = Result<JwkSet, Unreadable>>,
    ) {
        let entry = self.entry(address);
        let _turn = entry.turn.lock().await;
        if !lock(&entry.known).may_ask_again(now) {
            return;
        }
        let read = reading.await;
        let mut known = lock(&entry.known);
        known.tried_at = Some(now);
        match read {
            Ok(keys) => {
                known.keys = Some(Arc::new(keys));
                known.read_at = now;
            }
            Err(error) => {
                tracing::warn!(jwks_uri = address, %error, "published keys cannot be read");
            }
        }
    }

    fn entry(&self, address: &str) -> Arc<Entry> {
        let mut entries = lock(&self.0);
        if let Some(entry) = entries.get(address) {
            return Arc::clone(entry);
        }
        if entries.len() >= MOST {
            // One that is being read for the first time is somebody's who waits.
            let tried_at = |entry: &Arc<Entry>| lock(&entry.known).tried_at.unwrap_or(i64::MAX);
            let oldest = entries.iter().min_by_key(|(_, entry)| tried_at(entry));
            if let Some(oldest) = oldest.map(|(address, _)| address.clone()) {
                entries.remove(&oldest);
            }
        }
        let entry = Arc::<Entry>::default();
        entries.insert(address.to_owned(), Arc::clone(&entry));
        entry
    }
}

async fn read(fetcher: &Fetcher, address: &str) -> Result<JwkSet, Unreadable> {
    let document = fetcher.get(Errand::Keys, address, LARGEST).await?;
    Ok(JwkSet::parse(&document)?)
}

/// A thread that panicked left nothing half done: each change is one assignment.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Seconds between two tries.
const PAUSE: i64 = 30;

/// Seconds after which keys are read again in the background.
const FRESH: i64 = 300;

/// Seconds for which keys hold that cannot be read again.
const LONGEST: i64 = 86_400;

/// Bytes of a document.
pub(super) const LARGEST: usize = 64 * 1024;

/// Addresses that are remembered.
const MOST: usize = 1000;
