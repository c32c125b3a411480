//! Where random bytes come from.
//!
//! Owns the port through which everything above asks for randomness, the real source and a
//! repeatable one. What the bytes are used for is the caller's affair.

use std::sync::atomic::{AtomicU64, Ordering};

use aws_lc_rs::{hmac, rand};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};

/// A source of bytes that nobody can guess.
pub trait RandomSource: Send + Sync {
    /// Fills the whole buffer.
    fn fill(&self, buffer: &mut [u8]);
}

/// The generator of the operating system, through the cryptographic library.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemRandom;

impl RandomSource for SystemRandom {
    #[expect(
        clippy::expect_used,
        reason = "a server without randomness must stop: every answer it gave would be guessable"
    )]
    fn fill(&self, buffer: &mut [u8]) {
        rand::fill(buffer).expect("the operating system provides random bytes");
    }
}

/// A repeatable source for tests and for runs whose output is compared.
///
/// The same seed gives the same bytes in the same order of calls. **Never for data that stays**:
/// who knows the seed knows every secret, and nonces repeat after a restart.
#[derive(Debug)]
pub struct SeededRandom {
    key: hmac::Key,
    calls: AtomicU64,
}

impl SeededRandom {
    /// Starts at the beginning of the stream that belongs to `seed`.
    pub fn new(seed: u64) -> Self {
        Self {
            key: hmac::Key::new(hmac::HMAC_SHA256, &seed.to_be_bytes()),
            calls: AtomicU64::new(0),
        }
    }
}

impl RandomSource for SeededRandom {
    fn fill(&self, buffer: &mut [u8]) {
        // One stream for each call: threads that race for the counter never share bytes.
        let call = self.calls.fetch_add(1, Ordering::Relaxed);
        for (block, chunk) in (0_u64..).zip(buffer.chunks_mut(32)) {
            let mut context = hmac::Context::with_key(&self.key);
            context.update(&call.to_be_bytes());
            context.update(&block.to_be_bytes());
            for (to, from) in chunk.iter_mut().zip(context.sign().as_ref()) {
                *to = *from;
            }
        }
    }
}

/// `N` random bytes.
pub fn random_bytes<const N: usize>(random: &dyn RandomSource) -> [u8; N] {
    let mut bytes = [0; N];
    random.fill(&mut bytes);
    bytes
}

/// A name for something that needs one and is no secret: 16 random bytes as 22 characters of base64url.
pub fn random_identifier(random: &dyn RandomSource) -> String {
    URL_SAFE_NO_PAD.encode(random_bytes::<16>(random))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_system_source_does_not_repeat() {
        assert_ne!(
            random_bytes::<32>(&SystemRandom),
            random_bytes::<32>(&SystemRandom)
        );
    }

    #[test]
    fn a_seed_repeats_and_calls_differ() {
        let (one, two) = (SeededRandom::new(7), SeededRandom::new(7));
        let first = random_bytes::<70>(&one);
        assert_eq!(first, random_bytes::<70>(&two));
        assert_ne!(first, random_bytes::<70>(&one));
        assert_ne!(first, random_bytes::<70>(&SeededRandom::new(8)));
        assert_ne!(first[..32], first[32..64]);
    }

    #[test]
    fn identifiers_have_22_safe_characters() {
        let identifier = random_identifier(&SystemRandom);
        assert_eq!(identifier.len(), 22);
        assert!(
            identifier
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
        );
    }
}
