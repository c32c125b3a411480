//! The life of signing keys in the database: made, sealed, announced, replaced, opened.
//!
//! When a key may sign is its row's timetable ([`StoredKey::state_at`]); here the timetables are drawn up.

use crate::crypto::algorithm::Algorithm;
use crate::crypto::digest::RootKey;
use crate::crypto::key_set::KeyState;
use crate::crypto::random::RandomSource;
use crate::crypto::seal::SealError;
use crate::crypto::secret::SecretBytes;
use crate::crypto::signing_key::{KeyError, RsaBits, SigningKey};
use crate::protocol::context::Timestamp;
use crate::protocol::error::{StoreError, Trouble};
use crate::storage::Transaction;
use crate::storage::keys::StoredKey;

/// Why a stored key cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum OpenKeyError {
    /// It does not open.
    #[error(transparent)]
    Seal(#[from] SealError),
    /// What was sealed is no key.
    #[error(transparent)]
    Key(#[from] KeyError),
}

/// When a key was made, and from when on it signs.
#[derive(Clone, Copy, Debug)]
pub struct Birth {
    /// Now.
    pub created_at: Timestamp,
    /// Now, or once it has been announced for long enough.
    pub active_from: Timestamp,
}

impl Birth {
    /// Of the first key of its algorithm, which signs at once. Somewhat earlier than now, so that a node whose clock
    /// is behind has it too.
    pub fn first(now: Timestamp) -> Self {
        Self {
            created_at: now,
            active_from: now - SKEW,
        }
    }
}

/// Makes a key and seals it. RSA takes some 100 ms: not inside a transaction.
pub fn make(
    root: &RootKey,
    algorithm: Algorithm,
    birth: Birth,
    random: &dyn RandomSource,
) -> Result<StoredKey, KeyError> {
    let (key, private) = SigningKey::generate(algorithm, RsaBits::default())?;
    seal(root, &key, &private, birth, random)
}

/// Seals a key, whose PKCS#8 form is `private`.
pub fn seal(
    root: &RootKey,
    key: &SigningKey,
    private: &SecretBytes,
    birth: Birth,
    random: &dyn RandomSource,
) -> Result<StoredKey, KeyError> {
    let public_jwk = serde_json::to_string(key.public_jwk()).map_err(|_| KeyError::Library)?;
    Ok(StoredKey {
        sealed: root
            .sealing_key(SEALED_FOR)
            .seal(&place(key.kid()), private.expose(), random),
        kid: key.kid().to_owned(),
        algorithm: key.algorithm(),
        public_jwk,
        created_at: birth.created_at,
        active_from: birth.active_from,
        verify_only_from: None,
        remove_at: None,
    })
}

/// Opens a key that [`seal`] sealed: its PKCS#8 form.
pub fn unseal(root: &RootKey, stored: &StoredKey) -> Result<SecretBytes, SealError> {
    root.sealing_key(SEALED_FOR)
        .open(&place(&stored.kid), &stored.sealed)
}

/// Opens a key that [`seal`] sealed, ready to sign.
pub fn open(root: &RootKey, stored: &StoredKey) -> Result<SigningKey, OpenKeyError> {
    let private = unseal(root, stored)?;
    Ok(SigningKey::from_pkcs8(stored.algorithm, private.expose())?)
}

/// Adds those of the new keys whose algorithm has no key that signs or will sign. Of two nodes that start at once one
/// adds its keys, and the other finds them. Answers what was added.
pub fn add_first(
    transaction: &mut Transaction,
    new: &[StoredKey],
    now: Timestamp,
) -> Result<Vec<StoredKey>, StoreError> {
    transaction.lock_signing_keys()?;
    let present = transaction.signing_keys()?;
    let mut added = Vec::new();
    for key in new {
        if !present
            .iter()
            .any(|old| old.algorithm == key.algorithm && will_sign(old, now))
        {
            transaction.add_signing_key(key)?;
            added.push(key.clone());
        }
    }
    Ok(added)
}

/// Which of the algorithms lack a key that signs or will sign: for these, make keys and [`add_first`] them.
pub fn lacking(present: &[StoredKey], algorithms: &[Algorithm], now: Timestamp) -> Vec<Algorithm> {
    let has_key = |algorithm: &Algorithm| {
        present
            .iter()
            .any(|key| key.algorithm == *algorithm && will_sign(key, now))
    };
    algorithms
        .iter()
        .copied()
        .filter(|algorithm| !has_key(algorithm))
        .collect()
}

/// What happens to the keys of one algorithm when a new one comes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Succession {
    /// The keys that stop signing when the new one begins, as they will be.
    pub succeeded: Vec<StoredKey>,
}

impl Succession {
    /// Draws up the timetable. A key that was announced but never signed disappears at once when the new one signs
    /// sooner; every other one verifies until the last token it signed has expired, which was good for `longest`
    /// seconds at most.
    pub fn plan(
        present: &[StoredKey],
        algorithm: Algorithm,
        new_active_from: Timestamp,
        longest: i64,
        now: Timestamp,
    ) -> Self {
        let succeeded = present
            .iter()
            .filter(|key| key.algorithm == algorithm)
            .filter(|key| signs_after(key, new_active_from, now))
            .map(|key| {
                // A key that began this very second may have signed.
                let never_signs = key.active_from > now && key.active_from >= new_active_from;
                StoredKey {
                    verify_only_from: Some(new_active_from),
                    remove_at: Some(if never_signs {
                        new_active_from
                    } else {
                        new_active_from + longest + MARGIN
                    }),
                    ..key.clone()
                }
            })
            .collect();
        Self { succeeded }
    }

    /// Writes it down together with the new key.
    pub fn carry_out(
        &self,
        transaction: &mut Transaction,
        new: &StoredKey,
    ) -> Result<(), StoreError> {
        transaction.add_signing_key(new)?;
        for key in &self.succeeded {
            let found =
                transaction.schedule_signing_key(&key.kid, key.verify_only_from, key.remove_at)?;
            if !found {
                return Err(StoreError::plain(
                    Trouble::Conflict,
                    "replacing a signing key, which is gone",
                ));
            }
        }
        Ok(())
    }
}

/// Whether the key signs, or will, and nobody has said when it ends.
fn will_sign(key: &StoredKey, now: Timestamp) -> bool {
    key.verify_only_from.is_none() && signs_after(key, now, now)
}

/// Whether the key would still sign after that time if nothing is done.
fn signs_after(key: &StoredKey, time: Timestamp, now: Timestamp) -> bool {
    match key.state_at(now) {
        KeyState::Active | KeyState::Announced => key.verify_only_from.is_none_or(|end| time < end),
        KeyState::VerifyOnly | KeyState::Retired => false,
    }
}

/// The place of a sealed key, to which the seal is bound.
fn place(kid: &str) -> String {
    format!("signing_keys.sealed/{kid}")
}

const SEALED_FOR: &str = "signing keys";

/// For clocks that disagree, and for answers that were on their way.
const MARGIN: i64 = 3600;

/// By how much the clocks of two nodes may differ when the first key comes.
const SKEW: i64 = 60;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::random::SystemRandom;

    fn key(kid: &str, algorithm: Algorithm, active_from: Timestamp) -> StoredKey {
        StoredKey {
            kid: kid.to_owned(),
            algorithm,
            public_jwk: String::new(),
            sealed: Vec::new(),
            created_at: 0,
            active_from,
            verify_only_from: None,
            remove_at: None,
        }
    }

    #[test]
    fn a_key_opens_under_its_own_name_and_root_alone() {
        let root = RootKey::generate(&SystemRandom);
        let birth = Birth {
            created_at: 5,
            active_from: 9,
        };
        let stored = make(&root, Algorithm::Es256, birth, &SystemRandom).unwrap();
        assert_eq!(open(&root, &stored).unwrap().kid(), stored.kid);
        assert!(stored.public_jwk.contains("\"kty\":\"EC\""));
        let moved = StoredKey {
            kid: "other".to_owned(),
            ..stored.clone()
        };
        assert!(open(&root, &moved).is_err());
        assert!(open(&RootKey::generate(&SystemRandom), &stored).is_err());
    }

    #[test]
    fn the_old_key_signs_until_the_new_one_does_and_verifies_until_its_tokens_expired() {
        let present = [
            key("old", Algorithm::Es256, 0),
            key("other", Algorithm::Rs256, 0),
        ];
        let plan = Succession::plan(&present, Algorithm::Es256, 1000, 300, 100);
        assert_eq!(plan.succeeded.len(), 1);
        assert_eq!(plan.succeeded[0].state_at(999), KeyState::Active);
        assert_eq!(plan.succeeded[0].state_at(1000), KeyState::VerifyOnly);
        assert_eq!(plan.succeeded[0].state_at(1000 + 300), KeyState::VerifyOnly);
        assert_eq!(
            plan.succeeded[0].state_at(1000 + 300 + 3600),
            KeyState::Retired
        );
    }

    #[test]
    fn a_key_that_is_replaced_in_its_first_second_may_have_signed() {
        let present = [key("young", Algorithm::Es256, 100)];
        let plan = Succession::plan(&present, Algorithm::Es256, 100, 300, 100);
        assert_eq!(plan.succeeded[0].state_at(100), KeyState::VerifyOnly);
    }

    #[test]
    fn in_an_emergency_neither_the_old_nor_the_announced_key_signs_on() {
        let mut leaving = key("leaving", Algorithm::Es256, 0);
        leaving.verify_only_from = Some(5000);
        let present = [leaving, key("announced", Algorithm::Es256, 5000)];
        let plan = Succession::plan(&present, Algorithm::Es256, 100, 300, 100);
        let states: Vec<KeyState> = plan.succeeded.iter().map(|key| key.state_at(100)).collect();
        assert_eq!(states, [KeyState::VerifyOnly, KeyState::Retired]);
    }

    #[test]
    fn algorithms_lack_a_key_when_none_will_sign() {
        let mut leaving = key("leaving", Algorithm::Es256, 0);
        leaving.verify_only_from = Some(50);
        let present = [leaving, key("announced", Algorithm::Rs256, 5000)];
        let all = [Algorithm::Es256, Algorithm::Rs256, Algorithm::EdDsa];
        assert_eq!(
            lacking(&present, &all, 10),
            [Algorithm::Es256, Algorithm::EdDsa]
        );
    }
}
