//! Keeps the snapshot of clients and keys true: looks a few times a second whether something changed, here or on
//! another node, and whether a key's time has come.

use std::sync::Arc;
use std::time::Duration;

use actix_web::web::Data;

use crate::crypto::digest::RootKey;
use crate::http::snapshot::Snapshot;
use crate::http::state::AppState;
use crate::protocol::client_key_set::ClientKey;
use crate::protocol::context::{Policy, Timestamp};
use crate::protocol::error::{Fault, StoreError};
use crate::protocol::metadata::MetadataError;
use crate::protocol::trust::binding::{BindingRule, Declared};
use crate::protocol::trust::directory::Trust;
use crate::protocol::trust::issuer::TrustedIssuer;
use crate::server::keys::{self, SigningKeyError};
use crate::storage::keys::StoredKey;
use crate::storage::{ReadClients, Storage, Transaction};

/// Changes are told to be noticed within a second.
const EVERY: Duration = Duration::from_millis(300);

/// In trouble, looks become rarer up to this.
const SELDOM: Duration = Duration::from_secs(5);

/// Why a snapshot cannot be put together.
#[derive(Debug, thiserror::Error)]
pub enum SnapshotError {
    /// A key.
    #[error(transparent)]
    Key(#[from] SigningKeyError),
    /// The metadata.
    #[error(transparent)]
    Metadata(#[from] MetadataError),
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// What a snapshot is made of, and when it is out of date.
pub(super) struct Source {
    issuer: String,
    policy: Policy,
    root: Arc<RootKey>,
}

/// How far a snapshot is true.
pub(super) struct Seen {
    revision: i64,
    next_key_change: Option<Timestamp>,
}

impl Source {
    pub(super) fn new(issuer: &str, policy: Policy, root: Arc<RootKey>) -> Self {
        Self {
            issuer: issuer.to_owned(),
            policy,
            root,
        }
    }

    pub(super) fn root(&self) -> &RootKey {
        &self.root
    }

    /// Reads everything, before the server answers anybody.
    pub(super) fn load_blocking(
        &self,
        storage: &Storage,
        now: Timestamp,
    ) -> Result<(Snapshot, Seen), SnapshotError> {
        self.build(
            flatten(storage.read_blocking(move |it| read_all(it, now)))?,
            now,
        )
    }

    async fn load(
        &self,
        storage: &Storage,
        now: Timestamp,
    ) -> Result<(Snapshot, Seen), SnapshotError> {
        self.build(
            flatten(storage.read_long(move |it| read_all(it, now)).await)?,
            now,
        )
    }

    fn build(&self, all: All, now: Timestamp) -> Result<(Snapshot, Seen), SnapshotError> {
        let opened = keys::open(&all.keys, &self.root, now)?;
        let opened = opened.with_ring(Arc::new(keys::ring(&all.client_keys)));
        for (client, error) in &all.clients.damaged {
            tracing::error!(client, %error, "a client is left out, because it cannot be read");
        }
        let snapshot = Snapshot::new(&self.issuer, &self.policy, all.clients.clients, opened)?;
        let trust = Trust::new(all.issuers, all.rules, all.declared);
        for (rule, error) in &trust.unreadable {
            tracing::error!(rule, %error, "a binding rule gives nothing, because it cannot be read");
        }
        let snapshot = snapshot.with_trust(trust);
        let timetables = all.keys.iter().map(StoredKey::timetable);
        let of_clients = all.client_keys.iter().map(|key| key.timetable);
        let next_key_change = keys::next_change(timetables.chain(of_clients), now);
        Ok((
            snapshot,
            Seen {
                revision: all.revision,
                next_key_change,
            },
        ))
    }
}

struct All {
    revision: i64,
    clients: ReadClients,
    keys: Vec<StoredKey>,
    issuers: Vec<TrustedIssuer>,
    rules: Vec<BindingRule>,
    declared: Declared,
    client_keys: Vec<ClientKey>,
}

fn read_all(transaction: &mut Transaction, now: Timestamp) -> Result<All, Fault<Nothing>> {
    // The revision first: what changes while we read will be noticed next time.
    let revision = transaction.revision()?;
    Ok(All {
        revision,
        clients: transaction.clients()?,
        keys: transaction.signing_keys()?,
        issuers: transaction.trusted_issuers()?,
        rules: transaction.binding_rules()?,
        declared: transaction.declared_names()?,
        client_keys: transaction.signing_keys_of_clients(now)?,
    })
}

/// Reading refuses nothing.
enum Nothing {}

fn flatten<T>(result: Result<T, Fault<Nothing>>) -> Result<T, StoreError> {
    result.map_err(|fault| match fault {
        Fault::Failed(error) => error,
        Fault::Refused(nothing) => match nothing {},
    })
}

/// Looks again and again, for as long as the server runs.
pub(super) async fn watch(state: Data<AppState>, source: Source, mut seen: Seen) {
    let mut trouble = Trouble::default();
    loop {
        tokio::time::sleep(trouble.pause()).await;
        match refresh(&state, &source, &seen).await {
            Ok(now_seen) => {
                if trouble.end() {
                    tracing::info!("clients and keys can be read again");
                }
                seen = now_seen.unwrap_or(seen);
            }
            // The snapshot stays as it was.
            Err(error) => {
                if trouble.is_new(&error.to_string()) {
                    tracing::warn!(%error, "clients and keys cannot be read; what was read before holds");
                }
            }
        }
    }
}

/// What is wrong, so that it is told once, and for how long it has been.
#[derive(Default)]
struct Trouble {
    told: Option<String>,
    failures: u32,
}

impl Trouble {
    /// How long to wait until the next look.
    fn pause(&self) -> Duration {
        EVERY
            .saturating_mul(2_u32.saturating_pow(self.failures))
            .min(SELDOM)
    }

    /// Counts a failure, and says whether it differs from the one before.
    fn is_new(&mut self, what: &str) -> bool {
        self.failures = self.failures.saturating_add(1);
        let is_new = self.told.as_deref() != Some(what);
        self.told = Some(what.to_owned());
        is_new
    }

    /// Everything is well; whether it was not before.
    fn end(&mut self) -> bool {
        std::mem::take(self).told.is_some()
    }
}

async fn refresh(
    state: &AppState,
    source: &Source,
    seen: &Seen,
) -> Result<Option<Seen>, SnapshotError> {
    let now = state.clock.now();
    let key_change = seen.next_key_change.is_some_and(|change| change <= now);
    let revision = state
        .storage
        .read(|it| Ok::<_, Fault<Nothing>>(it.revision()?))
        .await;
    if flatten(revision)? == seen.revision && !key_change {
        return Ok(None);
    }
    let _alone = state.snapshot_change.lock().await;
    let (snapshot, now_seen) = source.load(&state.storage, now).await?;
    let snapshot = snapshot.following(&state.snapshot.load());
    state.snapshot.store(Arc::new(snapshot));
    tracing::info!(revision = now_seen.revision, "clients and keys read again");
    Ok(Some(now_seen))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn trouble_is_told_once_and_looked_after_less_often() {
        let mut trouble = Trouble::default();
        assert_eq!(trouble.pause(), EVERY);
        assert!(!trouble.end());
        assert!(trouble.is_new("no connection"));
        assert!(!trouble.is_new("no connection"));
        assert!(trouble.is_new("a key does not open"));
        assert_eq!(trouble.pause(), EVERY * 8);
        for _ in 0..100 {
            trouble.is_new("a key does not open");
        }
        assert_eq!(trouble.pause(), SELDOM);
        assert!(trouble.end());
        assert_eq!(trouble.pause(), EVERY);
    }
}
