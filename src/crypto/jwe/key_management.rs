//! How the key of the content reaches the recipient, and how the recipient gets it (RFC 7518 §4.2, §4.3, §4.6).

use aes_kw::{KeyInit as _, KwAes128, KwAes192, KwAes256};
use aws_lc_rs::{
    agreement::{self, PrivateKey, UnparsedPublicKey},
    error::Unspecified,
    kdf::{SskdfDigestAlgorithmId, get_sskdf_digest_algorithm, sskdf_digest},
    rsa::{
        OAEP_SHA1_MGF1SHA1, OAEP_SHA256_MGF1SHA256, OaepAlgorithm, OaepPrivateDecryptingKey,
        OaepPublicEncryptingKey, Pkcs1PrivateDecryptingKey, Pkcs1PublicEncryptingKey,
        PrivateDecryptingKey, PublicEncryptingKey, PublicKeyComponents,
    },
};
use zeroize::Zeroizing;

use crate::crypto::{
    jwe::{
        Encryption, JweError,
        algorithm::KeyManagement,
        recipient::{EncryptionJwk, curve, point},
    },
    jwk::{PublicJwk, PublicKey},
    random::RandomSource,
};

/// What the recipient needs to find the key of the content, and the key itself.
pub(super) struct Established {
    pub(super) content_key: Zeroizing<Vec<u8>>,
    /// Empty where the key is agreed on directly.
    pub(super) encrypted_key: Vec<u8>,
    pub(super) ephemeral: Option<PublicJwk>,
}

/// Makes a key for one content.
pub(super) fn establish(
    key: &EncryptionJwk,
    how: Encryption,
    random: &dyn RandomSource,
) -> Result<Established, JweError> {
    if !key.suits(how.alg) {
        return Err(JweError::Unfit);
    }
    let key = key.numbers();
    let fresh = || {
        let mut content_key = Zeroizing::new(vec![0; how.enc.key_length()]);
        random.fill(&mut content_key);
        content_key
    };
    let oaep = |padding| {
        let content_key = fresh();
        Ok(Established {
            encrypted_key: oaep(key, padding, &content_key)?,
            content_key,
            ephemeral: None,
        })
    };
    let wrapped = |length| {
        let (wrapping_key, ephemeral) = agree(key, how.alg.as_str(), length)?;
        let content_key = fresh();
        Ok(Established {
            encrypted_key: wrap(&wrapping_key, &content_key)?,
            content_key,
            ephemeral: Some(ephemeral),
        })
    };
    match how.alg {
        KeyManagement::RsaOaep => oaep(&OAEP_SHA1_MGF1SHA1),
        KeyManagement::RsaOaep256 => oaep(&OAEP_SHA256_MGF1SHA256),
        KeyManagement::EcdhEs => {
            let (content_key, ephemeral) = agree(key, how.enc.as_str(), how.enc.key_length())?;
            Ok(Established {
                content_key,
                encrypted_key: Vec::new(),
                ephemeral: Some(ephemeral),
            })
        }
        KeyManagement::EcdhEsA128Kw => wrapped(16),
        KeyManagement::EcdhEsA192Kw => wrapped(24),
        KeyManagement::EcdhEsA256Kw => wrapped(32),
        KeyManagement::Rsa15 => {
            let content_key = fresh();
            Ok(Established {
                encrypted_key: pkcs1(key, &content_key)?,
                content_key,
                ephemeral: None,
            })
        }
    }
}

/// RFC 7518 §4.3. Only a public key is computed with.
fn oaep(
    key: &PublicKey,
    padding: &'static OaepAlgorithm,
    content_key: &[u8],
) -> Result<Vec<u8>, JweError> {
    let key = OaepPublicEncryptingKey::new(rsa(key)?)?;
    let mut encrypted = vec![0; key.ciphertext_size()];
    let length = key
        .encrypt(padding, content_key, &mut encrypted, None)?
        .len();
    encrypted.truncate(length);
    Ok(encrypted)
}

/// RFC 7518 §4.2.
fn pkcs1(key: &PublicKey, content_key: &[u8]) -> Result<Vec<u8>, JweError> {
    let key = Pkcs1PublicEncryptingKey::new(rsa(key)?)?;
    let mut encrypted = vec![0; key.ciphertext_size()];
    let length = key.encrypt(content_key, &mut encrypted)?.len();
    encrypted.truncate(length);
    Ok(encrypted)
}

fn rsa(key: &PublicKey) -> Result<PublicEncryptingKey, JweError> {
    match key {
        PublicKey::Rsa { n, e } => Ok(PublicKeyComponents { n, e }.try_into()?),
        PublicKey::P256 { .. }
        | PublicKey::P384 { .. }
        | PublicKey::P521 { .. }
        | PublicKey::Ed25519 { .. } => Err(JweError::Unfit),
    }
}

/// The recipient's side, for keys of this server's own.
pub(super) enum Private {
    /// On a curve.
    Agrees(PrivateKey),
    /// RSA.
    Decrypts(PrivateDecryptingKey),
}

/// The key of a content, as the one who encrypted it meant it to be had.
pub(super) fn recover(
    key: &Private,
    how: Encryption,
    encrypted_key: &[u8],
    ephemeral: Option<&PublicKey>,
    random: &dyn RandomSource,
) -> Result<Zeroizing<Vec<u8>>, JweError> {
    match key {
        Private::Agrees(key) => {
            let ephemeral = ephemeral.ok_or(JweError::Unfit)?;
            match how.alg {
                KeyManagement::EcdhEs if encrypted_key.is_empty() => {
                    agree_with(key, ephemeral, how.enc.as_str(), how.enc.key_length())
                }
                KeyManagement::EcdhEsA128Kw => unwrap(
                    &agree_with(key, ephemeral, how.alg.as_str(), 16)?,
                    encrypted_key,
                ),
                KeyManagement::EcdhEsA192Kw => unwrap(
                    &agree_with(key, ephemeral, how.alg.as_str(), 24)?,
                    encrypted_key,
                ),
                KeyManagement::EcdhEsA256Kw => unwrap(
                    &agree_with(key, ephemeral, how.alg.as_str(), 32)?,
                    encrypted_key,
                ),
                KeyManagement::EcdhEs
                | KeyManagement::RsaOaep
                | KeyManagement::RsaOaep256
                | KeyManagement::Rsa15 => Err(JweError::Unfit),
            }
        }
        Private::Decrypts(key) => {
            let mut content_key = Zeroizing::new(vec![0; key.key_size_bytes()]);
            let length = match how.alg {
                KeyManagement::RsaOaep => {
                    open_oaep(key, &OAEP_SHA1_MGF1SHA1, encrypted_key, &mut content_key)?
                }
                KeyManagement::RsaOaep256 => open_oaep(
                    key,
                    &OAEP_SHA256_MGF1SHA256,
                    encrypted_key,
                    &mut content_key,
                )?,
                KeyManagement::Rsa15 => {
                    return open_pkcs1(key, how, encrypted_key, random);
                }
                KeyManagement::EcdhEs
                | KeyManagement::EcdhEsA128Kw
                | KeyManagement::EcdhEsA192Kw
                | KeyManagement::EcdhEsA256Kw => return Err(JweError::Unfit),
            };
            content_key.truncate(length);
            Ok(content_key)
        }
    }
}

fn open_oaep(
    key: &PrivateDecryptingKey,
    padding: &'static OaepAlgorithm,
    encrypted_key: &[u8],
    content_key: &mut [u8],
) -> Result<usize, JweError> {
    let key = OaepPrivateDecryptingKey::new(key.clone())?;
    Ok(key
        .decrypt(padding, encrypted_key, content_key, None)?
        .len())
}

/// A key of another length, or none, becomes a random one, so that nobody can tell by the answer what the padding was
/// like (RFC 7516 §11.5, RFC 3218 §2.3.2).
fn open_pkcs1(
    key: &PrivateDecryptingKey,
    how: Encryption,
    encrypted_key: &[u8],
    random: &dyn RandomSource,
) -> Result<Zeroizing<Vec<u8>>, JweError> {
    let mut content_key = Zeroizing::new(vec![0; how.enc.key_length()]);
    random.fill(&mut content_key);
    let mut opened = Zeroizing::new(vec![0; key.key_size_bytes()]);
    let key = Pkcs1PrivateDecryptingKey::new(key.clone())?;
    if let Ok(opened) = key.decrypt(encrypted_key, &mut opened)
        && opened.len() == content_key.len()
    {
        content_key.copy_from_slice(opened);
    }
    Ok(content_key)
}

fn agree_with(
    key: &PrivateKey,
    other: &PublicKey,
    algorithm: &str,
    length: usize,
) -> Result<Zeroizing<Vec<u8>>, JweError> {
    let (Some(curve), Some(point)) = (curve(other), point(other)) else {
        return Err(JweError::Unfit);
    };
    // Another curve, or a point that is on none, is refused by the library.
    let other = UnparsedPublicKey::new(curve, point);
    let agreed = agreement::agree(key, other, Unspecified, |secret| {
        derive(secret, algorithm, [b"", b""], length)
    })?;
    Ok(agreed)
}

/// A key of so many bytes for the algorithm of that name, agreed on with an ephemeral key (RFC 7518 §4.6).
fn agree(
    key: &PublicKey,
    algorithm: &str,
    length: usize,
) -> Result<(Zeroizing<Vec<u8>>, PublicJwk), JweError> {
    let (Some(curve), Some(point)) = (curve(key), point(key)) else {
        return Err(JweError::Unfit);
    };
    let ephemeral = PrivateKey::generate(curve)?;
    let public = ephemeral.compute_public_key()?;
    let recipient = UnparsedPublicKey::new(curve, point);
    let agreed = agreement::agree(&ephemeral, recipient, Unspecified, |secret| {
        derive(secret, algorithm, [b"", b""], length)
    })?;
    let numbers = EncryptionJwk::of_point(key, public.as_ref()).ok_or(JweError::Library)?;
    Ok((agreed, numbers))
}

/// Concat KDF with SHA-256 (RFC 7518 §4.6.2); the parties are the contents of `apu` and `apv`.
fn derive(
    secret: &[u8],
    algorithm: &str,
    parties: [&[u8]; 2],
    length: usize,
) -> Result<Zeroizing<Vec<u8>>, Unspecified> {
    let mut info = Vec::new();
    for part in [algorithm.as_bytes(), parties[0], parties[1]] {
        let length = u32::try_from(part.len()).map_err(|_| Unspecified)?;
        info.extend_from_slice(&length.to_be_bytes());
        info.extend_from_slice(part);
    }
    let bits = u32::try_from(length * 8).map_err(|_| Unspecified)?;
    info.extend_from_slice(&bits.to_be_bytes());
    let sha256 = get_sskdf_digest_algorithm(SskdfDigestAlgorithmId::Sha256).ok_or(Unspecified)?;
    let mut key = Zeroizing::new(vec![0; length]);
    sskdf_digest(sha256, secret, &info, &mut key)?;
    Ok(key)
}

/// RFC 3394.
fn wrap(wrapping_key: &[u8], content_key: &[u8]) -> Result<Vec<u8>, JweError> {
    let mut wrapped = vec![0; content_key.len() + 8];
    let done = match wrapping_key.len() {
        16 => KwAes128::new_from_slice(wrapping_key)
            .map(|key| key.wrap_key(content_key, &mut wrapped).is_ok()),
        24 => KwAes192::new_from_slice(wrapping_key)
            .map(|key| key.wrap_key(content_key, &mut wrapped).is_ok()),
        _ => KwAes256::new_from_slice(wrapping_key)
            .map(|key| key.wrap_key(content_key, &mut wrapped).is_ok()),
    };
    if done == Ok(true) {
        Ok(wrapped)
    } else {
        Err(JweError::Library)
    }
}

/// RFC 3394.
fn unwrap(wrapping_key: &[u8], wrapped: &[u8]) -> Result<Zeroizing<Vec<u8>>, JweError> {
    let length = wrapped.len().checked_sub(8).ok_or(JweError::Library)?;
    let mut content_key = Zeroizing::new(vec![0; length]);
    let done = match wrapping_key.len() {
        16 => KwAes128::new_from_slice(wrapping_key)
            .map(|key| key.unwrap_key(wrapped, &mut content_key).is_ok()),
        24 => KwAes192::new_from_slice(wrapping_key)
            .map(|key| key.unwrap_key(wrapped, &mut content_key).is_ok()),
        _ => KwAes256::new_from_slice(wrapping_key)
            .map(|key| key.unwrap_key(wrapped, &mut content_key).is_ok()),
    };
    if done == Ok(true) {
        Ok(content_key)
    } else {
        Err(JweError::Library)
    }
}

#[cfg(test)]
mod tests {
    use aws_lc_rs::agreement::ECDH_P256;
    use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};

    use super::*;

    fn decode(text: &str) -> Vec<u8> {
        URL_SAFE_NO_PAD.decode(text).unwrap()
    }

    /// RFC 7518 Appendix C.
    #[test]
    fn agrees_as_in_the_rfc() {
        let d = decode("0_NxaRPUMQoAJt50Gz8YiTr8gRTwyEaCumd-MToTmIo");
        let alice = PrivateKey::from_private_key(&ECDH_P256, &d).unwrap();
        let bob = PublicKey::P256 {
            x: decode("weNJy2HscCSM6AEDTDg04biOvhFhyyWvOHQfeF_PxMQ"),
            y: decode("e8lnCO-AlStT-NJVX-crhB7QRYhiix03illJOVAOyck"),
        };
        let bob = UnparsedPublicKey::new(&ECDH_P256, point(&bob).unwrap());
        let key = agreement::agree(&alice, bob, Unspecified, |secret| {
            derive(secret, "A128GCM", [b"Alice", b"Bob"], 16)
        });
        assert_eq!(
            URL_SAFE_NO_PAD.encode(key.unwrap()),
            "VqqN6vgjbSBcIijNcacQGg"
        );
    }

    /// RFC 7516 Appendix A.3.
    #[test]
    fn wraps_as_in_the_rfc() {
        let content_key = [
            4, 211, 31, 197, 84, 157, 252, 254, 11, 100, 157, 250, 63, 170, 106, 206, 107, 124,
            212, 45, 111, 107, 9, 219, 200, 177, 0, 240, 143, 156, 44, 207,
        ];
        let wrapped = wrap(&decode("GawgguFyGrWKav7AX4VKUg"), &content_key).unwrap();
        assert_eq!(
            URL_SAFE_NO_PAD.encode(wrapped),
            "6KB707dM9YTIgHtLvtgWQ8mKwboJW3of9locizkDTHzBC2IlrT1oOQ"
        );
    }
}
