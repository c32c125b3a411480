//! Private keys of this server's own, to which it encrypts what it must read again.
//!
//! Owns making and reading them, and the strictness of decryption: one algorithm a key, the expected `enc`, nothing in the
//! header that this server did not write. Every failure is the same.

use std::fmt;

use aws_lc_rs::{
    agreement::{Algorithm as Curve, ECDH_P256, ECDH_P384, ECDH_P521, PrivateKey},
    encoding::{AsDer, Pkcs8V1Der},
    rsa::{KeySize, PrivateDecryptingKey, PublicKeyComponents},
    signature::{KeyPair as _, RsaKeyPair},
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::Deserialize;

use crate::crypto::{
    jwe::{
        Encryption, JweError, Plaintext,
        algorithm::{ContentEncryption, KeyManagement},
        content::{self, Sealed},
        encrypt,
        key_management::{Private, recover},
        recipient::EncryptionJwk,
    },
    jwk::{PublicJwk, PublicKey},
    random::RandomSource,
    secret::SecretBytes,
    signing_key::KeyError,
};

/// A private key for decryption, its one algorithm, its id and its public half.
pub struct DecryptionKey {
    private: Private,
    algorithm: KeyManagement,
    kid: String,
    public: EncryptionJwk,
}

/// How large a key is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyLength {
    /// Bits of the modulus.
    Rsa2048,
    /// Bits of the modulus.
    Rsa3072,
    /// Bits of the modulus.
    Rsa4096,
    /// The curve.
    P256,
    /// The curve.
    P384,
    /// The curve.
    P521,
}

impl KeyLength {
    /// The length of so many bits that suits the algorithm; 0 is the usual one.
    pub fn of(algorithm: KeyManagement, bits: u32) -> Option<Self> {
        match (algorithm.uses_rsa(), bits) {
            (true, 2048) => Some(Self::Rsa2048),
            (true, 0 | 3072) => Some(Self::Rsa3072),
            (true, 4096) => Some(Self::Rsa4096),
            (false, 0 | 256) => Some(Self::P256),
            (false, 384) => Some(Self::P384),
            (false, 521) => Some(Self::P521),
            _ => None,
        }
    }
}

/// What was sent is not what this server sealed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("it is not encrypted with this key as this server encrypts")]
pub struct NotOurs;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Header<'a> {
    alg: &'a str,
    enc: &'a str,
    kid: &'a str,
    typ: &'a str,
    epk: Option<PublicJwk>,
}

impl DecryptionKey {
    /// A new key, and its PKCS#8 form (RFC 5208), to be sealed.
    pub fn generate(
        algorithm: KeyManagement,
        length: KeyLength,
    ) -> Result<(Self, SecretBytes), KeyError> {
        let library = |_| KeyError::Library;
        let rsa = |size| {
            let key = PrivateDecryptingKey::generate(size).map_err(library)?;
            let der = AsDer::<Pkcs8V1Der<'_>>::as_der(&key).map_err(library)?;
            Ok(der.as_ref().to_vec())
        };
        let curve = |curve| {
            let key = PrivateKey::generate(curve).map_err(library)?;
            let der = AsDer::<Pkcs8V1Der<'_>>::as_der(&key).map_err(library)?;
            Ok(der.as_ref().to_vec())
        };
        let pkcs8 = SecretBytes::new(match length {
            KeyLength::Rsa2048 => rsa(KeySize::Rsa2048)?,
            KeyLength::Rsa3072 => rsa(KeySize::Rsa3072)?,
            KeyLength::Rsa4096 => rsa(KeySize::Rsa4096)?,
            KeyLength::P256 => curve(&ECDH_P256)?,
            KeyLength::P384 => curve(&ECDH_P384)?,
            KeyLength::P521 => curve(&ECDH_P521)?,
        });
        Ok((Self::from_pkcs8(algorithm, pkcs8.expose())?, pkcs8))
    }

    /// Reads a PKCS#8 key for one algorithm.
    pub fn from_pkcs8(algorithm: KeyManagement, der: &[u8]) -> Result<Self, KeyError> {
        let (private, key) = if algorithm.uses_rsa() {
            let unsuitable = |_| KeyError::Unsuitable;
            let key = PrivateDecryptingKey::from_pkcs8(der).map_err(unsuitable)?;
            let pair = RsaKeyPair::from_pkcs8(der).map_err(unsuitable)?;
            let public: PublicKeyComponents<Vec<u8>> = pair.public_key().into();
            let (n, e) = (public.n, public.e);
            (Private::Decrypts(key), PublicKey::Rsa { n, e })
        } else {
            let curves: [(&'static Curve, PublicKey); 3] = [
                (
                    &ECDH_P256,
                    PublicKey::P256 {
                        x: Vec::new(),
                        y: Vec::new(),
                    },
                ),
                (
                    &ECDH_P384,
                    PublicKey::P384 {
                        x: Vec::new(),
                        y: Vec::new(),
                    },
                ),
                (
                    &ECDH_P521,
                    PublicKey::P521 {
                        x: Vec::new(),
                        y: Vec::new(),
                    },
                ),
            ];
            let mut found = curves.into_iter().filter_map(|(curve, shape)| {
                let key = PrivateKey::from_private_key_der(curve, der).ok()?;
                let point = key.compute_public_key().ok()?;
                let public = EncryptionJwk::of_point(&shape, point.as_ref())?;
                Some((Private::Agrees(key), public.key))
            });
            found.next().ok_or(KeyError::Unsuitable)?
        };
        let mut jwk = PublicJwk {
            key,
            usage: Some("enc".to_owned()),
            alg: None,
            kid: None,
        };
        let kid = jwk.thumbprint();
        jwk.kid = Some(kid.clone());
        Ok(Self {
            private,
            algorithm,
            kid,
            public: EncryptionJwk::own(jwk, algorithm),
        })
    }

    /// The key id: the thumbprint of the public key (RFC 7638).
    pub fn kid(&self) -> &str {
        &self.kid
    }

    /// The public half.
    pub fn public_jwk(&self) -> &EncryptionJwk {
        &self.public
    }

    /// Encrypts to this key, with AES-GCM.
    pub fn seal(
        &self,
        enc: ContentEncryption,
        text: &str,
        typ: &'static str,
        random: &dyn RandomSource,
    ) -> Result<String, JweError> {
        let how = Encryption {
            alg: self.algorithm,
            enc,
        };
        encrypt(&self.public, how, Plaintext::Own { text, typ }, random)
    }

    /// The key id in the header of something sealed.
    pub fn kid_of(token: &str) -> Option<String> {
        let header = URL_SAFE_NO_PAD.decode(token.split('.').next()?).ok()?;
        let header: Header<'_> = serde_json::from_slice(&header).ok()?;
        Some(header.kid.to_owned())
    }

    /// Reads what [`DecryptionKey::seal`] wrote.
    pub fn open(
        &self,
        token: &str,
        typ: &str,
        random: &dyn RandomSource,
    ) -> Result<String, NotOurs> {
        if token.len() > LONGEST {
            return Err(NotOurs);
        }
        let parts: Vec<&str> = token.split('.').collect();
        let [header, encrypted_key, iv, ciphertext, tag] = parts[..] else {
            return Err(NotOurs);
        };
        let decode = |part| URL_SAFE_NO_PAD.decode(part).map_err(|_| NotOurs);
        let written = decode(header)?;
        let told: Header<'_> = serde_json::from_slice(&written).map_err(|_| NotOurs)?;
        let enc: ContentEncryption = told.enc.parse().map_err(|_| NotOurs)?;
        if told.alg != self.algorithm.as_str() || told.kid != self.kid || told.typ != typ {
            return Err(NotOurs);
        }
        let how = Encryption {
            alg: self.algorithm,
            enc,
        };
        let ephemeral = told.epk.as_ref().map(|jwk| &jwk.key);
        let content_key = recover(
            &self.private,
            how,
            &decode(encrypted_key)?,
            ephemeral,
            random,
        )
        .map_err(|_| NotOurs)?;
        let sealed = Sealed {
            ciphertext: decode(ciphertext)?,
            tag: decode(tag)?,
        };
        let text = content::open(enc, &content_key, &decode(iv)?, header.as_bytes(), &sealed)
            .map_err(|_| NotOurs)?;
        String::from_utf8(text).map_err(|_| NotOurs)
    }
}

impl fmt::Debug for DecryptionKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("DecryptionKey")
            .field("algorithm", &self.algorithm)
            .field("kid", &self.kid)
            .finish_non_exhaustive()
    }
}

/// Bytes of the longest token that is read.
const LONGEST: usize = 8192;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::random::SystemRandom;

    const TYP: &str = "test+jwe";
    const GCM: [ContentEncryption; 3] = [
        ContentEncryption::A128Gcm,
        ContentEncryption::A192Gcm,
        ContentEncryption::A256Gcm,
    ];

    fn key(algorithm: KeyManagement, bits: u32) -> (DecryptionKey, SecretBytes) {
        let length = KeyLength::of(algorithm, bits).unwrap();
        DecryptionKey::generate(algorithm, length).unwrap()
    }

    #[test]
    fn opens_what_it_sealed_with_every_algorithm_and_curve() {
        for algorithm in KeyManagement::ALL.into_iter().chain([KeyManagement::Rsa15]) {
            let sizes: &[u32] = if algorithm.uses_rsa() {
                &[2048]
            } else {
                &[256, 384, 521]
            };
            for bits in sizes {
                let (key, pkcs8) = key(algorithm, *bits);
                let again = DecryptionKey::from_pkcs8(algorithm, pkcs8.expose()).unwrap();
                assert_eq!(again.kid(), key.kid());
                for enc in GCM {
                    let token = key.seal(enc, "secret", TYP, &SystemRandom).unwrap();
                    assert_eq!(DecryptionKey::kid_of(&token).as_deref(), Some(key.kid()));
                    let opened = again.open(&token, TYP, &SystemRandom);
                    assert_eq!(
                        opened.as_deref(),
                        Ok("secret"),
                        "{algorithm:?} {bits} {enc:?}"
                    );
                }
            }
        }
    }

    #[test]
    fn opens_nothing_else() {
        for algorithm in [
            KeyManagement::EcdhEsA256Kw,
            KeyManagement::EcdhEs,
            KeyManagement::Rsa15,
        ] {
            let (key, _) = key(algorithm, if algorithm.uses_rsa() { 2048 } else { 256 });
            let (other, _) = self::key(algorithm, if algorithm.uses_rsa() { 2048 } else { 256 });
            let refused = |token: &str| key.open(token, TYP, &SystemRandom) == Err(NotOurs);
            let seal = |key: &DecryptionKey, enc| key.seal(enc, "s", TYP, &SystemRandom).unwrap();
            let good = seal(&key, ContentEncryption::A256Gcm);
            assert!(!refused(&good));
            assert!(refused(&seal(&other, ContentEncryption::A256Gcm)));
            // Sealed in a way that this server does not open.
            assert!(refused(&seal(&key, ContentEncryption::A128CbcHs256)));
            assert_eq!(key.open(&good, "other", &SystemRandom), Err(NotOurs));
            let parts: Vec<&str> = good.split('.').collect();
            for place in 0..5 {
                let mut changed = parts.clone();
                let text = match parts[place] {
                    "" => "AAAA".to_owned(),
                    part => format!(
                        "{}{}",
                        if part.starts_with('A') { "B" } else { "A" },
                        &part[1..]
                    ),
                };
                changed[place] = &text;
                assert!(refused(&changed.join(".")), "{algorithm:?} part {place}");
            }
            for token in [
                "",
                "a.b.c",
                "....",
                &good[..good.len() - 2],
                &format!("{good}.x"),
            ] {
                assert!(refused(token), "{token}");
            }
            assert!(refused(&"A".repeat(LONGEST + 1)));
        }
    }

    /// `zip` and `crit` would change what the rest means.
    #[test]
    fn takes_no_header_that_it_did_not_write() {
        let (key, _) = key(KeyManagement::EcdhEs, 256);
        let token = key
            .seal(ContentEncryption::A256Gcm, "s", TYP, &SystemRandom)
            .unwrap();
        let (header, rest) = token.split_once('.').unwrap();
        let header = String::from_utf8(URL_SAFE_NO_PAD.decode(header).unwrap()).unwrap();
        for more in [r#","zip":"DEF"}"#, r#","crit":["x"]}"#, r#","cty":"JWT"}"#] {
            let header = header.strip_suffix('}').unwrap().to_owned() + more;
            let token = format!("{}.{rest}", URL_SAFE_NO_PAD.encode(header));
            assert_eq!(key.open(&token, TYP, &SystemRandom), Err(NotOurs));
        }
    }

    #[test]
    fn lengths_fit_their_algorithm() {
        for (algorithm, bits, fits) in [
            (KeyManagement::EcdhEs, 0, true),
            (KeyManagement::EcdhEs, 521, true),
            (KeyManagement::EcdhEs, 512, false),
            (KeyManagement::EcdhEs, 2048, false),
            (KeyManagement::RsaOaep, 0, true),
            (KeyManagement::RsaOaep, 2048, true),
            (KeyManagement::RsaOaep, 1024, false),
            (KeyManagement::RsaOaep, 256, false),
        ] {
            assert_eq!(
                KeyLength::of(algorithm, bits).is_some(),
                fits,
                "{algorithm:?} {bits}"
            );
        }
    }
}
