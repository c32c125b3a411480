//! The admission queue of password hashes: each costs a tenth of a second of a core, so only as many run at once as
//! there are cores, a few wait, and the next one is told at once that the server is busy.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Semaphore;
use tokio::time::timeout;

use crate::crypto::password::{PasswordError, PasswordHasher};
use crate::crypto::random::RandomSource;
use crate::crypto::secret::Secret;
use crate::http::scene::broken;
use crate::protocol::error::{StoreError, Trouble};

/// So many hashes may wait for each one that runs; with a tenth of a second each, the last waits two seconds.
const WAITING_PER_SLOT: usize = 20;

/// How long a hash may wait for its turn.
const PATIENCE: Duration = Duration::from_secs(2);

/// Hashes and compares passwords, a few at a time.
#[derive(Clone)]
pub struct PasswordQueue {
    hasher: Arc<PasswordHasher>,
    slots: Arc<Semaphore>,
    places: Arc<Semaphore>,
}

impl PasswordQueue {
    /// So many hashes at once.
    pub fn new(hasher: PasswordHasher, slots: usize) -> Self {
        Self {
            hasher: Arc::new(hasher),
            slots: Arc::new(Semaphore::new(slots.max(1))),
            places: Arc::new(Semaphore::new(slots.max(1) * (1 + WAITING_PER_SLOT))),
        }
    }

    /// Which of the hashes fits, counted from 0. With no hash, a decoy is compared, so that it takes as long.
    pub async fn fitting(
        &self,
        secret: Secret,
        hashes: Vec<Secret>,
    ) -> Result<Option<usize>, StoreError> {
        self.run(move |hasher| {
            if hashes.is_empty() {
                // The answer does not matter, the time does.
                return compare(hasher, &secret, hasher.decoy()).map(|_| None);
            }
            for (index, hash) in hashes.iter().enumerate() {
                if compare(hasher, &secret, hash.expose())? {
                    return Ok(Some(index));
                }
            }
            Ok(None)
        })
        .await
    }

    /// Hashes a new password.
    pub async fn hash(
        &self,
        secret: Secret,
        random: Arc<dyn RandomSource>,
    ) -> Result<String, StoreError> {
        self.run(move |hasher| {
            hasher
                .hash(&secret, &*random)
                .map_err(|error| broken("hashing a password", error))
        })
        .await
    }

    async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce(&PasswordHasher) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let busy = || StoreError::plain(Trouble::Unavailable, "waiting for a password hash");
        let place = Arc::clone(&self.places)
            .try_acquire_owned()
            .map_err(|_| busy())?;
        let slots = Arc::clone(&self.slots);
        let slot = timeout(PATIENCE, slots.acquire_owned())
            .await
            .map_err(|_| busy())?;
        let slot = slot.map_err(|_| busy())?;
        let hasher = Arc::clone(&self.hasher);
        let done = tokio::task::spawn_blocking(move || {
            let done = work(&hasher);
            drop((slot, place));
            done
        });
        done.await
            .map_err(|error| broken("hashing a password", error))?
    }
}

/// A password that is longer than any that could be set fits no hash, known user or not.
fn compare(hasher: &PasswordHasher, secret: &Secret, hash: &str) -> Result<bool, StoreError> {
    match hasher.verify(secret, hash) {
        Ok(fits) => Ok(fits),
        Err(PasswordError::TooLong) => Ok(false),
        Err(error) => Err(broken("comparing a password", error)),
    }
}
