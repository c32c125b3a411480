//! argon2id for passwords that people choose.
//!
//! Owns hashing, checking and the cost. Which passwords are good enough is `identity`'s affair.
//! Random secrets of this server are digested instead: hashing them this way costs 40 ms and gains
//! nothing. A hash fills a core for that long, so callers bound how many run at once.

use std::fmt;

use argon2::{
    ARGON2ID_IDENT, Algorithm, Argon2, Params, PasswordHash, PasswordHasher as _,
    PasswordVerifier as _, Version,
    password_hash::{
        self,
        phc::{Output, ParamsString, Salt},
    },
};
use zeroize::Zeroizing;

use crate::crypto::{
    digest::DigestKey,
    random::{RandomSource, random_bytes},
    secret::Secret,
};

/// How much work one hash is (RFC 9106 §3.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PasswordCost {
    memory_kib: u32,
    iterations: u32,
    lanes: u32,
}

impl PasswordCost {
    /// `memory_kib` in KiB (8 per lane to 262 144), `iterations` (1 to 16), `lanes` (1 to 4).
    pub fn new(memory_kib: u32, iterations: u32, lanes: u32) -> Result<Self, PasswordError> {
        let within = (1..=MAX_LANES).contains(&lanes)
            && (1..=MAX_ITERATIONS).contains(&iterations)
            && (8 * lanes..=MAX_MEMORY_KIB).contains(&memory_kib);
        if !within {
            return Err(PasswordError::CostOutOfBounds);
        }
        Ok(Self {
            memory_kib,
            iterations,
            lanes,
        })
    }

    /// As little work as the algorithm allows: for tests, never for a server.
    pub const fn for_tests() -> Self {
        Self {
            memory_kib: 8,
            iterations: 1,
            lanes: 1,
        }
    }

    fn params(self) -> Result<Params, PasswordError> {
        Params::new(self.memory_kib, self.iterations, self.lanes, Some(OUTPUT))
            .map_err(|_| PasswordError::CostOutOfBounds)
    }
}

impl Default for PasswordCost {
    /// 19 MiB, 2 iterations, 1 lane: the OWASP recommendation, about 40 ms.
    fn default() -> Self {
        Self {
            memory_kib: 19 * 1024,
            iterations: 2,
            lanes: 1,
        }
    }
}

/// Why a password was not hashed or not checked. Never says anything about the password.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PasswordError {
    /// More than [`MAX_PASSWORD`] bytes: refused, never cut.
    #[error("the password is longer than 512 bytes")]
    TooLong,
    /// The stored text is no argon2id hash that this program wrote.
    #[error("the stored password hash cannot be read")]
    UnreadableHash,
    /// Too little, or so much that one sign-in could exhaust the machine.
    #[error("the cost of the password hash is out of bounds")]
    CostOutOfBounds,
    /// argon2 itself failed, for want of memory.
    #[error("there is not enough memory for the password hash")]
    OutOfMemory,
}

/// Hashes and checks passwords with one cost and one pepper.
///
/// The pepper is an HMAC before argon2id, so that a stolen database alone cannot be attacked.
pub struct PasswordHasher {
    pepper: DigestKey,
    cost: PasswordCost,
    decoy: String,
}

impl PasswordHasher {
    /// Prepares the decoy from random bytes, so that construction costs no hash.
    pub fn new(
        pepper: DigestKey,
        cost: PasswordCost,
        random: &dyn RandomSource,
    ) -> Result<Self, PasswordError> {
        let decoy = phc(
            &random_bytes::<16>(random),
            &random_bytes::<OUTPUT>(random),
            cost,
        )?;
        Ok(Self {
            pepper,
            cost,
            decoy,
        })
    }

    /// The hash as a PHC string, with a random salt of 16 bytes.
    pub fn hash(
        &self,
        password: &Secret,
        random: &dyn RandomSource,
    ) -> Result<String, PasswordError> {
        let peppered = self.peppered(password)?;
        argon2id(self.cost.params()?)
            .hash_password_with_salt(peppered.as_slice(), &random_bytes::<16>(random))
            .map(|hash| hash.to_string())
            .map_err(|_| PasswordError::OutOfMemory)
    }

    /// Whether the password belongs to a stored hash, at the cost that the hash names, within the
    /// bounds of [`PasswordCost::new`].
    pub fn verify(&self, password: &Secret, phc: &str) -> Result<bool, PasswordError> {
        let peppered = self.peppered(password)?;
        let (hash, cost) = parse(phc)?;
        match argon2id(cost.params()?).verify_password(peppered.as_slice(), &hash) {
            Ok(()) => Ok(true),
            Err(password_hash::Error::PasswordInvalid) => Ok(false),
            Err(_) => Err(PasswordError::OutOfMemory),
        }
    }

    /// Whether a stored hash has another cost than new ones, or cannot be read: hash the password
    /// again when it is next known.
    pub fn needs_rehash(&self, phc: &str) -> bool {
        parse(phc).map(|(_, cost)| cost) != Ok(self.cost)
    }

    /// A hash that no password has. Checking it for an unknown user costs the same as a wrong
    /// password for a known one, so the time does not tell them apart.
    pub fn decoy(&self) -> &str {
        &self.decoy
    }

    fn peppered(&self, password: &Secret) -> Result<Zeroizing<[u8; 32]>, PasswordError> {
        let password = password.expose().as_bytes();
        if password.len() > MAX_PASSWORD {
            return Err(PasswordError::TooLong);
        }
        Ok(Zeroizing::new(self.pepper.mac(&[password])))
    }
}

impl fmt::Debug for PasswordHasher {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("PasswordHasher")
            .field("cost", &self.cost)
            .finish_non_exhaustive()
    }
}

fn argon2id(params: Params) -> Argon2<'static> {
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
}

fn phc(salt: &[u8], output: &[u8], cost: PasswordCost) -> Result<String, PasswordError> {
    let hash = PasswordHash {
        algorithm: ARGON2ID_IDENT,
        version: Some(Version::V0x13.into()),
        params: ParamsString::try_from(&cost.params()?)
            .map_err(|_| PasswordError::CostOutOfBounds)?,
        salt: Some(Salt::new(salt).map_err(|_| PasswordError::UnreadableHash)?),
        hash: Some(Output::new(output).map_err(|_| PasswordError::UnreadableHash)?),
    };
    Ok(hash.to_string())
}

/// Reads a stored hash and bounds its cost before any work is done for it.
fn parse(phc: &str) -> Result<(PasswordHash, PasswordCost), PasswordError> {
    let hash = PasswordHash::new(phc).map_err(|_| PasswordError::UnreadableHash)?;
    let ours = hash.algorithm == ARGON2ID_IDENT
        && hash.version == Some(Version::V0x13.into())
        && hash.salt.is_some()
        && hash
            .hash
            .as_ref()
            .is_some_and(|output| output.len() == OUTPUT);
    if !ours {
        return Err(PasswordError::UnreadableHash);
    }
    let params = Params::try_from(&hash).map_err(|_| PasswordError::UnreadableHash)?;
    let cost = PasswordCost::new(params.m_cost(), params.t_cost(), params.p_cost())?;
    Ok((hash, cost))
}

/// The longest password, in bytes.
pub const MAX_PASSWORD: usize = 512;

const OUTPUT: usize = 32;
const MAX_MEMORY_KIB: u32 = 256 * 1024;
const MAX_ITERATIONS: u32 = 16;
const MAX_LANES: u32 = 4;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::{digest::RootKey, random::SystemRandom};

    fn hasher(cost: PasswordCost) -> PasswordHasher {
        let pepper = RootKey::generate(&SystemRandom).digest_key("password");
        PasswordHasher::new(pepper, cost, &SystemRandom).unwrap()
    }

    fn secret(text: &str) -> Secret {
        Secret::new(text.to_owned())
    }

    #[test]
    fn only_the_right_password_matches() {
        let hasher = hasher(PasswordCost::for_tests());
        let phc = hasher.hash(&secret("pässword 🔑"), &SystemRandom).unwrap();
        assert!(phc.starts_with("$argon2id$v=19$m=8,t=1,p=1$"), "{phc}");
        assert_eq!(hasher.verify(&secret("pässword 🔑"), &phc), Ok(true));
        for wrong in ["", "pässword", "pässword 🔑 ", "PÄSSWORD 🔑"] {
            assert_eq!(hasher.verify(&secret(wrong), &phc), Ok(false));
        }
        assert_ne!(
            phc,
            hasher.hash(&secret("pässword 🔑"), &SystemRandom).unwrap()
        );
    }

    #[test]
    fn a_stolen_hash_without_the_pepper_is_useless() {
        let phc = hasher(PasswordCost::for_tests())
            .hash(&secret("password"), &SystemRandom)
            .unwrap();
        let other = hasher(PasswordCost::for_tests());
        assert_eq!(other.verify(&secret("password"), &phc), Ok(false));
        let plain = Argon2::default().verify_password(b"password", phc.as_str());
        assert_eq!(plain, Err(password_hash::Error::PasswordInvalid));
    }

    #[test]
    fn the_default_cost_is_written_down_and_a_change_asks_for_a_rehash() {
        let hasher = hasher(PasswordCost::default());
        let phc = hasher.hash(&secret("password"), &SystemRandom).unwrap();
        assert!(phc.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{phc}");
        assert!(!hasher.needs_rehash(&phc));
        assert!(hasher.needs_rehash(&phc.replace("t=2", "t=3")));
        assert!(hasher.needs_rehash("$argon2id$nonsense"));
    }

    #[test]
    fn the_decoy_costs_the_same_and_matches_nothing() {
        let hasher = hasher(PasswordCost::for_tests());
        assert!(!hasher.needs_rehash(hasher.decoy()));
        assert_eq!(
            hasher.verify(&secret("password"), hasher.decoy()),
            Ok(false)
        );
    }

    #[test]
    fn long_passwords_are_refused_and_never_cut() {
        let hasher = hasher(PasswordCost::for_tests());
        let longest = "x".repeat(512);
        let phc = hasher.hash(&secret(&longest), &SystemRandom).unwrap();
        assert_eq!(hasher.verify(&secret(&longest), &phc), Ok(true));
        assert_eq!(hasher.verify(&secret(&longest[1..]), &phc), Ok(false));
        let longer = secret(&format!("{longest}x"));
        assert_eq!(
            hasher.hash(&longer, &SystemRandom),
            Err(PasswordError::TooLong)
        );
        assert_eq!(hasher.verify(&longer, &phc), Err(PasswordError::TooLong));
    }

    #[test]
    fn stored_costs_are_bounded_and_foreign_hashes_refused() {
        let hasher = hasher(PasswordCost::for_tests());
        let phc = hasher.hash(&secret("password"), &SystemRandom).unwrap();
        let verify = |phc: &str| hasher.verify(&secret("password"), phc);
        for (from, to) in [("m=8", "m=4194304"), ("t=1", "t=1000"), ("p=1", "p=100")] {
            let result = verify(&phc.replace(from, to));
            assert!(
                matches!(
                    result,
                    Err(PasswordError::CostOutOfBounds | PasswordError::UnreadableHash)
                ),
                "{to}: {result:?}"
            );
        }
        for (from, to) in [("argon2id", "argon2i"), ("v=19", "v=16"), ("$v=19", "")] {
            assert_eq!(
                verify(&phc.replace(from, to)),
                Err(PasswordError::UnreadableHash),
                "{to}"
            );
        }
        assert_eq!(verify(""), Err(PasswordError::UnreadableHash));
        assert_eq!(verify("password"), Err(PasswordError::UnreadableHash));
    }

    #[test]
    fn costs_out_of_bounds_are_refused() {
        for (memory, iterations, lanes) in [(7, 1, 1), (8, 0, 1), (8, 1, 0), (31, 1, 4), (8, 17, 1)]
        {
            let cost = PasswordCost::new(memory, iterations, lanes);
            assert_eq!(cost, Err(PasswordError::CostOutOfBounds));
        }
        assert_eq!(
            PasswordCost::new(19 * 1024, 2, 1),
            Ok(PasswordCost::default())
        );
    }
}
