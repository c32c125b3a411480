//! Which client secrets were used just now, until that is written down: once a second, and never by a request.
//!
//! A request pays for a hash of two names and one look at an atomic number. The lock is taken once a minute for each
//! secret. What is kept here is lost with the process, which is a second of "last used" at most.

use std::collections::BTreeMap;
use std::hash::{BuildHasher as _, RandomState};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::protocol::client::{ClientId, SECRET_USE_RESOLUTION, SecretUse};
use crate::protocol::client_auth::AuthenticatedClient;
use crate::protocol::context::Timestamp;

/// Uses of client secrets that are not yet written down.
pub struct SecretUses {
    /// Half the hash of a secret, and the second at which its use was last noted. Two secrets that share a place push
    /// each other out of it: then the lock is taken more often, and nothing is lost.
    noted: Box<[AtomicU64]>,
    hasher: RandomState,
    /// In order, so that nodes that write the same rows at once do not wait for each other in a circle.
    waiting: Mutex<BTreeMap<(ClientId, String), Timestamp>>,
}

impl Default for SecretUses {
    fn default() -> Self {
        Self {
            noted: (0..PLACES).map(|_| AtomicU64::new(0)).collect(),
            hasher: RandomState::new(),
            waiting: Mutex::default(),
        }
    }
}

impl SecretUses {
    /// Notes that the client just proved to be it with one of its secrets.
    pub fn note(&self, client: &AuthenticatedClient, now: Timestamp) {
        let Some(secret) = client.secret() else {
            return;
        };
        let id = &client.client().id;
        let hash = self.hasher.hash_one((id.as_str(), &*secret.id));
        let place = usize::try_from(hash % PLACES).unwrap_or_default();
        let Some(place) = self.noted.get(place) else {
            return;
        };
        let seconds = now.rem_euclid(1 << 32).unsigned_abs();
        let noted = place.load(Ordering::Relaxed);
        let is_recent = seconds.wrapping_sub(noted & LOW_HALF) < RESOLUTION;
        if noted & !LOW_HALF == hash & !LOW_HALF && is_recent {
            return;
        }
        let mut waiting = self.lock();
        // Then it stays forgotten until the next use.
        if waiting.len() < MOST {
            waiting.insert((id.clone(), secret.id.clone()), now);
            place.store(hash & !LOW_HALF | seconds, Ordering::Relaxed);
        }
    }

    /// Takes what is to be written down.
    pub fn take(&self) -> Vec<SecretUse> {
        std::mem::take(&mut *self.lock())
            .into_iter()
            .map(|((client_id, secret_id), at)| SecretUse {
                client_id,
                secret_id,
                at,
            })
            .collect()
    }

    /// Keeps what could not be written down. A use that came meanwhile is the later one.
    pub fn give_back(&self, uses: Vec<SecretUse>) {
        let mut waiting = self.lock();
        for SecretUse {
            client_id,
            secret_id,
            at,
        } in uses
        {
            if waiting.len() < MOST {
                waiting.entry((client_id, secret_id)).or_insert(at);
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<(ClientId, String), Timestamp>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// 32 KiB of them: a hundred busy secrets meet in one place about once.
const PLACES: u64 = 4096;
/// So many secrets wait at most; it is also how many rows one transaction changes.
const MOST: usize = 4096;
const LOW_HALF: u64 = 0xffff_ffff;
const RESOLUTION: u64 = SECRET_USE_RESOLUTION.unsigned_abs();

#[cfg(test)]
mod tests {
    use super::*;

    fn one(number: usize, at: Timestamp) -> SecretUse {
        SecretUse {
            client_id: "app".parse().unwrap(),
            secret_id: format!("secret-{number:05}"),
            at,
        }
    }

    #[test]
    fn no_more_wait_than_one_transaction_writes() {
        let uses = SecretUses::default();
        uses.give_back((0..=MOST).map(|number| one(number, 1)).collect());
        assert_eq!(uses.take().len(), MOST);
        assert!(uses.take().is_empty());
    }

    #[test]
    fn they_come_in_order_and_the_later_use_is_kept() {
        let uses = SecretUses::default();
        uses.give_back(vec![one(2, 20), one(1, 20)]);
        uses.give_back(vec![one(2, 10), one(0, 10)]);
        assert_eq!(uses.take(), [one(0, 10), one(1, 20), one(2, 20)]);
    }
}
