//! How the key of the content reaches the recipient (RFC 7518 §4.3, §4.6).

use aws_lc_rs::{
    agreement::{self, PrivateKey, UnparsedPublicKey},
    error::Unspecified,
    kdf::{SskdfDigestAlgorithmId, get_sskdf_digest_algorithm, sskdf_digest},
    key_wrap::{AES_128, AES_256, AesBlockCipher, AesKek, KeyWrap},
    rsa::{
        OAEP_SHA1_MGF1SHA1, OAEP_SHA256_MGF1SHA256, OaepAlgorithm, OaepPublicEncryptingKey,
        PublicEncryptingKey, PublicKeyComponents,
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
    let wrapped = |cipher, length| {
        let (wrapping_key, ephemeral) = agree(key, how.alg.as_str(), length)?;
        let content_key = fresh();
        Ok(Established {
            encrypted_key: wrap(cipher, &wrapping_key, &content_key)?,
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
        KeyManagement::EcdhEsA128Kw => wrapped(&AES_128, 16),
        KeyManagement::EcdhEsA256Kw => wrapped(&AES_256, 32),
    }
}

/// RFC 7518 §4.3. Only a public key is computed with.
fn oaep(
    key: &PublicKey,
    padding: &'static OaepAlgorithm,
    content_key: &[u8],
) -> Result<Vec<u8>, JweError> {
    let PublicKey::Rsa { n, e } = key else {
        return Err(JweError::Unfit);
    };
    let key: PublicEncryptingKey = PublicKeyComponents { n, e }.try_into()?;
    let key = OaepPublicEncryptingKey::new(key)?;
    let mut encrypted = vec![0; key.ciphertext_size()];
    let length = key
        .encrypt(padding, content_key, &mut encrypted, None)?
        .len();
    encrypted.truncate(length);
    Ok(encrypted)
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
fn wrap(
    cipher: &'static AesBlockCipher,
    wrapping_key: &[u8],
    content_key: &[u8],
) -> Result<Vec<u8>, JweError> {
    let mut wrapped = vec![0; content_key.len() + 8];
    let length = AesKek::new(cipher, wrapping_key)?
        .wrap(content_key, &mut wrapped)?
        .len();
    wrapped.truncate(length);
    Ok(wrapped)
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
        let wrapped = wrap(&AES_128, &decode("GawgguFyGrWKav7AX4VKUg"), &content_key).unwrap();
        assert_eq!(
            URL_SAFE_NO_PAD.encode(wrapped),
            "6KB707dM9YTIgHtLvtgWQ8mKwboJW3of9locizkDTHzBC2IlrT1oOQ"
        );
    }
}
