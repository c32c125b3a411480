//! Text and bytes that are never printed and are wiped from memory when dropped.
//!
//! Owns how a secret is made, shown (only by [`Secret::expose`], so that a search finds every
//! place) and compared. How it is stored is the affair of `digest`, `seal` and `password`.

use std::fmt;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use zeroize::Zeroizing;

use crate::crypto::{
    digest::constant_time_eq,
    random::{RandomSource, random_bytes},
};

/// A secret text: a token, a client secret, a password.
///
/// ```
/// use issuant::crypto::secret::Secret;
///
/// let secret = Secret::new("correct horse".to_owned());
/// assert_eq!(format!("{secret:?}"), "[redacted]");
/// assert!(secret.matches("correct horse"));
/// ```
#[derive(Clone)]
pub struct Secret(Zeroizing<String>);

impl Secret {
    /// Takes the text over; the caller's copy is gone.
    pub fn new(text: String) -> Self {
        Self(Zeroizing::new(text))
    }

    /// `prefix` and 32 random bytes as 43 characters of base64url.
    pub fn generate(random: &dyn RandomSource, prefix: &str) -> Self {
        let bytes = Zeroizing::new(random_bytes::<32>(random));
        // Room for everything at once, because growing would leave copies behind.
        let mut text = String::with_capacity(prefix.len() + 43);
        text.push_str(prefix);
        URL_SAFE_NO_PAD.encode_string(*bytes, &mut text);
        Self::new(text)
    }

    /// The text itself.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// Whether `other` is the same text, in time that depends on the lengths only.
    pub fn matches(&self, other: &str) -> bool {
        constant_time_eq(self.0.as_bytes(), other.as_bytes())
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("[redacted]")
    }
}

/// Secret bytes: a private key, an opened seal.
#[derive(Clone)]
pub struct SecretBytes(Zeroizing<Vec<u8>>);

impl SecretBytes {
    /// Takes the bytes over; the caller's copy is gone.
    pub fn new(bytes: Vec<u8>) -> Self {
        Self(Zeroizing::new(bytes))
    }

    /// The bytes themselves.
    pub fn expose(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for SecretBytes {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("[redacted]")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::random::SystemRandom;

    #[test]
    fn debug_shows_nothing() {
        assert_eq!(
            format!("{:?}", Secret::new("visible".to_owned())),
            "[redacted]"
        );
        assert_eq!(
            format!("{:?}", SecretBytes::new(b"visible".to_vec())),
            "[redacted]"
        );
    }

    #[test]
    fn generated_secrets_carry_the_prefix_and_256_bits() {
        let one = Secret::generate(&SystemRandom, "iss_rt_");
        let two = Secret::generate(&SystemRandom, "iss_rt_");
        assert!(one.expose().starts_with("iss_rt_"));
        assert_eq!(one.expose().len(), 7 + 43);
        assert!(!one.matches(two.expose()));
    }

    #[test]
    fn matches_only_the_same_text() {
        let secret = Secret::new("abc".to_owned());
        assert!(secret.matches("abc"));
        for other in ["", "ab", "abcd", "abd", "ABC"] {
            assert!(!secret.matches(other), "{other}");
        }
    }
}
