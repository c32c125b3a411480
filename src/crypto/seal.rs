//! Encryption of what must be read back, such as private keys in the database.
//!
//! Owns the sealed form: one version byte (1), a random nonce of 12 bytes, then AES-256-GCM
//! ciphertext and tag (NIST SP 800-38D). Keys come from `digest::RootKey`.

use std::fmt;

use aws_lc_rs::aead::{Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};

use crate::crypto::{
    random::{RandomSource, random_bytes},
    secret::SecretBytes,
};

/// Seals and opens what belongs to one purpose.
///
/// Random nonces of 96 bits allow 2³² seals under one key, far more than a server has keys.
pub struct SealingKey(LessSafeKey);

/// Why sealed bytes were not opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SealError {
    /// Written by a newer version of this program, or no seal at all.
    #[error("the sealed value has an unknown format")]
    UnknownFormat,
    /// Another key, another context, or damage: they cannot be told apart.
    #[error(
        "the sealed value does not open: it was damaged, moved, or sealed with another key-encryption secret"
    )]
    DoesNotOpen,
}

impl SealingKey {
    pub(super) fn new(key: UnboundKey) -> Self {
        Self(LessSafeKey::new(key))
    }

    /// Seals `plaintext`. `context` names the place where the result will lie (table, column and
    /// row), is not kept, and must be the same when it is opened: a value cannot be moved.
    ///
    /// # Panics
    /// For a plaintext of more than 64 GiB.
    #[expect(
        clippy::expect_used,
        reason = "AES-GCM refuses only more than 64 GiB (SP 800-38D §5.2.1.1)"
    )]
    pub fn seal(&self, context: &str, plaintext: &[u8], random: &dyn RandomSource) -> Vec<u8> {
        let nonce: [u8; NONCE_LEN] = random_bytes(random);
        let mut sealed = Vec::with_capacity(BODY + plaintext.len() + TAG);
        sealed.push(VERSION);
        sealed.extend_from_slice(&nonce);
        sealed.extend_from_slice(plaintext);
        let (_, body) = sealed.split_at_mut(BODY);
        let nonce = Nonce::assume_unique_for_key(nonce);
        let tag = self
            .0
            .seal_in_place_separate_tag(nonce, associated_data(context), body)
            .expect("the plaintext is shorter than 64 GiB");
        sealed.extend_from_slice(tag.as_ref());
        sealed
    }

    /// Opens what [`SealingKey::seal`] made for the same `context`.
    pub fn open(&self, context: &str, sealed: &[u8]) -> Result<SecretBytes, SealError> {
        let Some((&[VERSION], rest)) = sealed.split_first_chunk::<1>() else {
            return Err(SealError::UnknownFormat);
        };
        let Some((nonce, body)) = rest.split_first_chunk::<NONCE_LEN>() else {
            return Err(SealError::UnknownFormat);
        };
        let Some((ciphertext, tag)) = body.split_last_chunk::<TAG>() else {
            return Err(SealError::UnknownFormat);
        };
        let mut plaintext = vec![0; ciphertext.len()];
        let nonce = Nonce::assume_unique_for_key(*nonce);
        self.0
            .open_separate_gather(
                nonce,
                associated_data(context),
                ciphertext,
                tag,
                &mut plaintext,
            )
            .map_err(|_| SealError::DoesNotOpen)?;
        Ok(SecretBytes::new(plaintext))
    }
}

impl fmt::Debug for SealingKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("SealingKey([redacted])")
    }
}

fn associated_data(context: &str) -> Aad<Vec<u8>> {
    let mut data = Vec::with_capacity(1 + context.len());
    data.push(VERSION);
    data.extend_from_slice(context.as_bytes());
    Aad::from(data)
}

const VERSION: u8 = 1;
const BODY: usize = 1 + NONCE_LEN;
const TAG: usize = 16;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::{digest::RootKey, random::SystemRandom};

    const CONTEXT: &str = "signing_key.private_key/abc";

    #[test]
    fn opens_what_was_sealed() {
        let key = RootKey::generate(&SystemRandom).sealing_key("test");
        for plaintext in [&b""[..], b"x", &[7; 5000]] {
            let sealed = key.seal(CONTEXT, plaintext, &SystemRandom);
            assert_eq!(sealed.len(), 29 + plaintext.len());
            assert_eq!(key.open(CONTEXT, &sealed).unwrap().expose(), plaintext);
        }
    }

    #[test]
    fn the_same_plaintext_looks_different_each_time() {
        let key = RootKey::generate(&SystemRandom).sealing_key("test");
        let seal = || key.seal(CONTEXT, b"same", &SystemRandom);
        assert_ne!(seal(), seal());
    }

    #[test]
    fn moved_values_and_other_keys_do_not_open() {
        let root = RootKey::generate(&SystemRandom);
        let key = root.sealing_key("test");
        let sealed = key.seal(CONTEXT, b"private", &SystemRandom);
        for context in [
            "",
            "signing_key.private_key/abd",
            "signing_key.private_key/abc ",
        ] {
            assert_eq!(
                key.open(context, &sealed).unwrap_err(),
                SealError::DoesNotOpen
            );
        }
        let others = [
            root.sealing_key("other"),
            RootKey::generate(&SystemRandom).sealing_key("test"),
        ];
        for other in others {
            assert_eq!(
                other.open(CONTEXT, &sealed).unwrap_err(),
                SealError::DoesNotOpen
            );
        }
    }

    #[test]
    fn each_changed_byte_and_each_cut_is_noticed() {
        let key = RootKey::generate(&SystemRandom).sealing_key("test");
        let sealed = key.seal(CONTEXT, b"private", &SystemRandom);
        for position in 0..sealed.len() {
            let mut changed = sealed.clone();
            changed[position] ^= 1;
            assert!(key.open(CONTEXT, &changed).is_err(), "byte {position}");
            assert!(
                key.open(CONTEXT, &sealed[..position]).is_err(),
                "cut at {position}"
            );
        }
        let longer = [sealed.as_slice(), &[0]].concat();
        assert!(key.open(CONTEXT, &longer).is_err());
    }
}
