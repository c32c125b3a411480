//! Ed25519 keys as `cc-backend` keeps them in its environment: base64 of 32 bytes for the public key, and of 64 bytes, seed and
//! public key, for the private one.

use aws_lc_rs::encoding::AsBigEndian as _;
use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair as _};
use base64::{Engine, engine::general_purpose::STANDARD};
use zeroize::Zeroizing;

use crate::crypto::algorithm::Algorithm;
use crate::crypto::jwk::PublicKey;
use crate::crypto::secret::{Secret, SecretBytes};
use crate::crypto::signing_key::{KeyError, SigningKey};

impl SigningKey {
    /// Reads a private key out of such a file, or the base64 of 32 or 64 bytes alone. Gives it back with its PKCS#8 form, to be
    /// sealed. The public half must be the private one's.
    pub fn from_cc_env(text: &str) -> Result<(Self, SecretBytes), KeyError> {
        let value = private_value(text).ok_or(KeyError::Unreadable)?;
        let bytes = STANDARD.decode(value).map(Zeroizing::new);
        let bytes = bytes.map_err(|_| KeyError::Unreadable)?;
        let pair = match bytes.split_at_checked(SEED) {
            Some((seed, [])) => Ed25519KeyPair::from_seed_unchecked(seed),
            Some((seed, public)) => Ed25519KeyPair::from_seed_and_public_key(seed, public),
            None => return Err(KeyError::Unreadable),
        };
        let pkcs8 = pair
            .map_err(|_| KeyError::Unsuitable)?
            .to_pkcs8v1()
            .map(|document| SecretBytes::new(document.as_ref().to_vec()))
            .map_err(|_| KeyError::Library)?;
        Ok((Self::from_pkcs8(Algorithm::EdDsa, pkcs8.expose())?, pkcs8))
    }

    /// Whether everybody has this key, because it is printed as a sample in the documentation of `cc-backend`.
    pub fn is_published_sample(&self) -> bool {
        let PublicKey::Ed25519 { x } = &self.public_jwk().key else {
            return false;
        };
        STANDARD.encode(x) == SAMPLE
    }
}

/// Writes a PKCS#8 key of Ed25519 as the two lines of such a file.
pub fn to_cc_env(pkcs8: &SecretBytes) -> Result<Secret, KeyError> {
    let pair = Ed25519KeyPair::from_pkcs8_maybe_unchecked(pkcs8.expose())
        .map_err(|_| KeyError::Unsuitable)?;
    let seed = pair.seed().and_then(|seed| seed.as_be_bytes());
    let seed = seed.map_err(|_| KeyError::Library)?;
    let public = pair.public_key().as_ref();
    let private = Zeroizing::new([seed.as_ref(), public].concat());
    let private = Zeroizing::new(STANDARD.encode(private.as_slice()));
    let public = STANDARD.encode(public);
    Ok(Secret::new(format!(
        "{PUBLIC}=\"{public}\"\n{PRIVATE}=\"{}\"\n",
        *private
    )))
}

/// The text of the private key: of its line, or the only line there is.
fn private_value(text: &str) -> Option<&str> {
    let lines = || text.lines().map(str::trim).filter(|it| !it.is_empty());
    // The tool that makes keys there writes another name than the environment has.
    let named = lines().find_map(|line| {
        let (name, value) = line.split_once('=')?;
        let is_private = name.trim() == PRIVATE || name.trim() == "ED25519 PRIVATE_KEY";
        is_private.then(|| value.trim().trim_matches('"'))
    });
    let mut all = lines();
    named.or_else(|| all.next().filter(|_| all.next().is_none()))
}

const PUBLIC: &str = "JWT_PUBLIC_KEY";
const PRIVATE: &str = "JWT_PRIVATE_KEY";
const SEED: usize = 32;

/// The public half of the pair that the template of its environment shows.
const SAMPLE: &str = "kzfYrYy+TzpanWZHJ5qSdMj5uKUWgq74BWhQG6copP0=";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::signing_key::RsaBits;

    #[test]
    fn a_key_goes_there_and_back() {
        let (key, pkcs8) = SigningKey::generate(Algorithm::EdDsa, RsaBits::default()).unwrap();
        let text = to_cc_env(&pkcs8).unwrap();
        let (read, der) = SigningKey::from_cc_env(text.expose()).unwrap();
        assert_eq!((read.kid(), der.expose()), (key.kid(), pkcs8.expose()));
        let value = private_value(text.expose()).unwrap();
        let bytes = STANDARD.decode(value).unwrap();
        assert_eq!(bytes.len(), 64);
        let tool = format!("ED25519 PUBLIC_KEY=\"x\"\nED25519 PRIVATE_KEY=\"{value}\"\n");
        let seed = STANDARD.encode(&bytes[..32]);
        for form in [value, &tool, &format!("  {value}\n"), &seed] {
            let (read, _) = SigningKey::from_cc_env(form).unwrap();
            assert_eq!(read.kid(), key.kid(), "{form}");
        }
    }

    #[test]
    fn halves_that_do_not_belong_together_and_other_lengths_are_refused() {
        let make = || SigningKey::generate(Algorithm::EdDsa, RsaBits::default()).unwrap();
        let bytes = |pkcs8: &SecretBytes| {
            let text = to_cc_env(pkcs8).unwrap();
            let value = private_value(text.expose()).unwrap().to_owned();
            STANDARD.decode(value).unwrap()
        };
        let (one, other) = (bytes(&make().1), bytes(&make().1));
        let mixed = STANDARD.encode([&one[..32], &other[32..]].concat());
        let refused = |text: &str| SigningKey::from_cc_env(text).err();
        assert_eq!(refused(&mixed), Some(KeyError::Unsuitable));
        for text in ["", "x", &STANDARD.encode(&one[..31]), "a=b\nc=d"] {
            assert_eq!(refused(text), Some(KeyError::Unreadable), "{text}");
        }
        assert!(refused(&STANDARD.encode(&one[..63])).is_some());
        assert!(!make().0.is_published_sample());
    }
}
