//! A private key with its one algorithm and key id.
//!
//! Owns making, reading and using private keys, parsed once and held parsed, because reading an
//! RSA key costs more than half a signature. No key serves two algorithms, not even those of RSA
//! (RFC 8725 §3.1): so each can say its `alg` in the JWKS, and a verifier need not choose. In which format a key came is the affair of
//! `key_file`; when it may be used, of `key_set`.

use std::fmt;

use aws_lc_rs::{
    encoding::{AsDer, Pkcs8V1Der},
    rand::SystemRandom,
    rsa::KeySize,
    signature::{
        ECDSA_P256_SHA256_FIXED_SIGNING, ECDSA_P384_SHA384_FIXED_SIGNING,
        ECDSA_P521_SHA512_FIXED_SIGNING, EcdsaKeyPair, EcdsaSigningAlgorithm, Ed25519KeyPair,
        KeyPair as _, RSA_PKCS1_SHA256, RSA_PKCS1_SHA384, RSA_PKCS1_SHA512, RSA_PSS_SHA256,
        RSA_PSS_SHA384, RSA_PSS_SHA512, RsaEncoding, RsaKeyPair, RsaPublicKeyComponents,
    },
};

pub use crate::crypto::jwk::PublicJwk;
use crate::crypto::{
    algorithm::{Algorithm, KeyType},
    jwk::PublicKey,
    secret::SecretBytes,
};

/// A parsed private key, its algorithm, its id and its public half.
pub struct SigningKey {
    pair: KeyPair,
    algorithm: Algorithm,
    kid: String,
    public_jwk: PublicJwk,
}

enum KeyPair {
    Ecdsa(EcdsaKeyPair),
    Ed25519(Ed25519KeyPair),
    Rsa(RsaKeyPair),
}

/// How large a new RSA key is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum RsaBits {
    /// 2048 bits.
    B2048,
    /// 3072 bits, as strong as P-256 (NIST SP 800-57 part 1 §5.6.1).
    #[default]
    B3072,
    /// 4096 bits.
    B4096,
}

/// Why a key was not made, read or used. Never says anything about the key's value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// Not a private key in a known format.
    #[error("this is not a private key in PEM (PKCS#8, PKCS#1, SEC1) or JWK form")]
    Unreadable,
    /// A PEM file that needs a passphrase.
    #[error("the private key is encrypted; decrypt it first, for example with `openssl pkey`")]
    Encrypted,
    /// Key and algorithm do not belong together, or the key's parts not to each other.
    #[error("the private key is damaged, or is not for this algorithm")]
    Unsuitable,
    /// An RSA key below 2048 or above 8192 bits.
    #[error("an RSA key must have 2048 to 8192 bits")]
    RsaSize,
    /// The cryptographic library failed.
    #[error("the cryptographic library failed")]
    Library,
}

impl SigningKey {
    /// A new key, and its PKCS#8 form (RFC 5208), to be sealed. `rsa_bits` matters for RSA
    /// only, which takes some 100 ms.
    pub fn generate(
        algorithm: Algorithm,
        rsa_bits: RsaBits,
    ) -> Result<(Self, SecretBytes), KeyError> {
        let pkcs8 = match algorithm.key_type() {
            KeyType::P256 | KeyType::P384 | KeyType::P521 => {
                EcdsaKeyPair::generate(ecdsa(algorithm)?)
                    .and_then(|pair| pair.to_pkcs8v1())
                    .map(|document| document.as_ref().to_vec())
            }
            KeyType::Ed25519 => Ed25519KeyPair::generate()
                .and_then(|pair| pair.to_pkcs8v1())
                .map(|document| document.as_ref().to_vec()),
            KeyType::Rsa => RsaKeyPair::generate(rsa_bits.into())
                .and_then(|pair| AsDer::<Pkcs8V1Der<'_>>::as_der(&pair))
                .map(|der| der.as_ref().to_vec()),
        };
        let pkcs8 = pkcs8.map(SecretBytes::new).map_err(|_| KeyError::Library)?;
        Ok((Self::from_pkcs8(algorithm, pkcs8.expose())?, pkcs8))
    }

    /// Reads a PKCS#8 key (RFC 5208, RFC 5958 for Ed25519) for one algorithm.
    pub fn from_pkcs8(algorithm: Algorithm, der: &[u8]) -> Result<Self, KeyError> {
        let unsuitable = |_| KeyError::Unsuitable;
        let (pair, key) = match algorithm.key_type() {
            KeyType::P256 | KeyType::P384 | KeyType::P521 => {
                let pair = EcdsaKeyPair::from_pkcs8(ecdsa(algorithm)?, der).map_err(unsuitable)?;
                let key = ec_public_key(algorithm, pair.public_key().as_ref())?;
                (KeyPair::Ecdsa(pair), key)
            }
            KeyType::Ed25519 => {
                let pair = Ed25519KeyPair::from_pkcs8_maybe_unchecked(der).map_err(unsuitable)?;
                let key = PublicKey::Ed25519 {
                    x: pair.public_key().as_ref().to_vec(),
                };
                (KeyPair::Ed25519(pair), key)
            }
            KeyType::Rsa => {
                let pair = RsaKeyPair::from_pkcs8(der).map_err(unsuitable)?;
                let RsaPublicKeyComponents { n, e } = pair.public_key().into();
                (KeyPair::Rsa(pair), PublicKey::Rsa { n, e })
            }
        };
        let usage = Some("sig".to_owned());
        let mut public_jwk = PublicJwk {
            key,
            usage,
            alg: Some(algorithm),
            kid: None,
        };
        let kid = public_jwk.thumbprint();
        public_jwk.kid = Some(kid.clone());
        Ok(Self {
            pair,
            algorithm,
            kid,
            public_jwk,
        })
    }

    /// The key id: the thumbprint of the public key (RFC 7638), 43 characters of base64url.
    pub fn kid(&self) -> &str {
        &self.kid
    }

    /// The one algorithm that this key signs with.
    pub fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// The public half, as the JWKS shows it.
    pub fn public_jwk(&self) -> &PublicJwk {
        &self.public_jwk
    }

    /// Signs in the form of JWS: for ECDSA both numbers one after the other (RFC 7518 §3.4).
    pub fn sign(&self, message: &[u8]) -> Result<Vec<u8>, KeyError> {
        let signature = match &self.pair {
            KeyPair::Ecdsa(pair) => pair
                .sign(&SystemRandom::new(), message)
                .map(|signature| signature.as_ref().to_vec()),
            KeyPair::Ed25519(pair) => pair
                .try_sign(message)
                .map(|signature| signature.as_ref().to_vec()),
            KeyPair::Rsa(pair) => {
                let padding = rsa_padding(self.algorithm)?;
                let mut signature = vec![0; pair.public_modulus_len()];
                pair.sign(padding, &SystemRandom::new(), message, &mut signature)
                    .map(|()| signature)
            }
        };
        signature.map_err(|_| KeyError::Library)
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("SigningKey")
            .field("algorithm", &self.algorithm)
            .field("kid", &self.kid)
            .finish_non_exhaustive()
    }
}

impl From<RsaBits> for KeySize {
    fn from(bits: RsaBits) -> Self {
        match bits {
            RsaBits::B2048 => Self::Rsa2048,
            RsaBits::B3072 => Self::Rsa3072,
            RsaBits::B4096 => Self::Rsa4096,
        }
    }
}

/// The curve and hash of an ECDSA algorithm; another algorithm is unsuitable.
pub(super) fn ecdsa(algorithm: Algorithm) -> Result<&'static EcdsaSigningAlgorithm, KeyError> {
    match algorithm {
        Algorithm::Es256 => Ok(&ECDSA_P256_SHA256_FIXED_SIGNING),
        Algorithm::Es384 => Ok(&ECDSA_P384_SHA384_FIXED_SIGNING),
        Algorithm::Es512 => Ok(&ECDSA_P521_SHA512_FIXED_SIGNING),
        Algorithm::EdDsa
        | Algorithm::Rs256
        | Algorithm::Rs384
        | Algorithm::Rs512
        | Algorithm::Ps256
        | Algorithm::Ps384
        | Algorithm::Ps512 => Err(KeyError::Unsuitable),
    }
}

/// The padding and hash of an RSA algorithm; another algorithm is unsuitable.
fn rsa_padding(algorithm: Algorithm) -> Result<&'static dyn RsaEncoding, KeyError> {
    match algorithm {
        Algorithm::Rs256 => Ok(&RSA_PKCS1_SHA256),
        Algorithm::Rs384 => Ok(&RSA_PKCS1_SHA384),
        Algorithm::Rs512 => Ok(&RSA_PKCS1_SHA512),
        Algorithm::Ps256 => Ok(&RSA_PSS_SHA256),
        Algorithm::Ps384 => Ok(&RSA_PSS_SHA384),
        Algorithm::Ps512 => Ok(&RSA_PSS_SHA512),
        Algorithm::Es256 | Algorithm::Es384 | Algorithm::Es512 | Algorithm::EdDsa => {
            Err(KeyError::Unsuitable)
        }
    }
}

/// Takes an uncompressed point (SEC 1 §2.3.3) apart.
fn ec_public_key(algorithm: Algorithm, point: &[u8]) -> Result<PublicKey, KeyError> {
    let Some((4, coordinates)) = point.split_first() else {
        return Err(KeyError::Unsuitable);
    };
    let (x, y) = coordinates.split_at(coordinates.len() / 2);
    let (x, y) = (x.to_vec(), y.to_vec());
    match (algorithm, x.len()) {
        (Algorithm::Es256, 32) => Ok(PublicKey::P256 { x, y }),
        (Algorithm::Es384, 48) => Ok(PublicKey::P384 { x, y }),
        (Algorithm::Es512, 66) => Ok(PublicKey::P521 { x, y }),
        _ => Err(KeyError::Unsuitable),
    }
}

#[cfg(test)]
mod tests {
    use aws_lc_rs::signature::{
        ECDSA_P256_SHA256_FIXED, ECDSA_P384_SHA384_FIXED, ECDSA_P521_SHA512_FIXED, ED25519,
        RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_2048_8192_SHA384, RSA_PKCS1_2048_8192_SHA512,
        RSA_PSS_2048_8192_SHA256, RSA_PSS_2048_8192_SHA384, RSA_PSS_2048_8192_SHA512,
        UnparsedPublicKey,
    };

    use super::*;

    fn verifies(key: &SigningKey, signature: &[u8], message: &[u8]) -> bool {
        let point = |x: &[u8], y: &[u8]| [&[4], x, y].concat();
        match (&key.public_jwk().key, key.algorithm()) {
            (PublicKey::P256 { x, y }, _) => {
                let key = UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point(x, y));
                key.verify(message, signature).is_ok()
            }
            (PublicKey::P384 { x, y }, _) => {
                let key = UnparsedPublicKey::new(&ECDSA_P384_SHA384_FIXED, point(x, y));
                key.verify(message, signature).is_ok()
            }
            (PublicKey::P521 { x, y }, _) => {
                let key = UnparsedPublicKey::new(&ECDSA_P521_SHA512_FIXED, point(x, y));
                key.verify(message, signature).is_ok()
            }
            (PublicKey::Ed25519 { x }, _) => UnparsedPublicKey::new(&ED25519, x)
                .verify(message, signature)
                .is_ok(),
            (PublicKey::Rsa { n, e }, algorithm) => {
                let scheme = match algorithm {
                    Algorithm::Rs384 => &RSA_PKCS1_2048_8192_SHA384,
                    Algorithm::Rs512 => &RSA_PKCS1_2048_8192_SHA512,
                    Algorithm::Ps256 => &RSA_PSS_2048_8192_SHA256,
                    Algorithm::Ps384 => &RSA_PSS_2048_8192_SHA384,
                    Algorithm::Ps512 => &RSA_PSS_2048_8192_SHA512,
                    Algorithm::Rs256 => &RSA_PKCS1_2048_8192_SHA256,
                    other @ (Algorithm::Es256
                    | Algorithm::Es384
                    | Algorithm::Es512
                    | Algorithm::EdDsa) => panic!("{other} signs with no RSA key"),
                };
                RsaPublicKeyComponents { n, e }
                    .verify(scheme, message, signature)
                    .is_ok()
            }
        }
    }

    #[test]
    fn every_algorithm_generates_reads_back_and_signs() {
        for (algorithm, length) in [
            (Algorithm::Es256, 64),
            (Algorithm::Es384, 96),
            (Algorithm::Es512, 132),
            (Algorithm::EdDsa, 64),
            (Algorithm::Rs256, 256),
            (Algorithm::Rs384, 256),
            (Algorithm::Rs512, 256),
            (Algorithm::Ps256, 256),
            (Algorithm::Ps384, 256),
            (Algorithm::Ps512, 256),
        ] {
            let (made, pkcs8) = SigningKey::generate(algorithm, RsaBits::B2048).unwrap();
            let read = SigningKey::from_pkcs8(algorithm, pkcs8.expose()).unwrap();
            assert_eq!(made.public_jwk(), read.public_jwk());
            assert_eq!(read.kid(), read.public_jwk().thumbprint());
            assert_eq!(read.kid().len(), 43);
            assert_eq!(read.public_jwk().alg, Some(algorithm));
            let signature = read.sign(b"message").unwrap();
            assert_eq!(signature.len(), length, "{algorithm}");
            assert!(verifies(&made, &signature, b"message"), "{algorithm}");
            assert!(!verifies(&made, &signature, b"massage"), "{algorithm}");
            let json = serde_json::to_string(read.public_jwk()).unwrap();
            assert_eq!(
                &serde_json::from_str::<PublicJwk>(&json).unwrap(),
                read.public_jwk()
            );
            assert!(!format!("{read:?}").contains("pair"));
        }
    }

    #[test]
    fn a_key_serves_no_other_kind_of_algorithm() {
        for of in [
            Algorithm::Es256,
            Algorithm::Es384,
            Algorithm::Es512,
            Algorithm::EdDsa,
            Algorithm::Rs256,
        ] {
            let (_, pkcs8) = SigningKey::generate(of, RsaBits::B2048).unwrap();
            for other in Algorithm::ALL {
                let result = SigningKey::from_pkcs8(other, pkcs8.expose());
                let is_same_type = of.key_type() == other.key_type();
                assert_eq!(result.is_ok(), is_same_type, "{of} as {other}");
            }
            let half = &pkcs8.expose()[..pkcs8.expose().len() / 2];
            assert_eq!(
                SigningKey::from_pkcs8(of, half).err(),
                Some(KeyError::Unsuitable)
            );
        }
    }

    #[test]
    fn keys_are_shared_between_threads() {
        fn shared<T: Send + Sync>() {}
        shared::<SigningKey>();
    }
}
