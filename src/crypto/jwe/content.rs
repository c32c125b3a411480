//! Encrypts the content (RFC 7518 §5).

use aws_lc_rs::{
    aead::{AES_128_GCM, AES_192_GCM, AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey},
    cipher::{AES_128, AES_256, EncryptionContext, PaddedBlockEncryptingKey, UnboundCipherKey},
    error::Unspecified,
    hmac::{self, HMAC_SHA256, HMAC_SHA512},
    iv::FixedLength,
};

use crate::crypto::jwe::algorithm::ContentEncryption;

/// Encrypted and authenticated.
pub(super) struct Sealed {
    pub(super) ciphertext: Vec<u8>,
    pub(super) tag: Vec<u8>,
}

/// Encrypts, and authenticates the header in base64url with it.
pub(super) fn seal(
    enc: ContentEncryption,
    key: &[u8],
    iv: &[u8],
    header: &[u8],
    plaintext: &[u8],
) -> Result<Sealed, Unspecified> {
    let text = plaintext.to_vec();
    match enc {
        ContentEncryption::A128Gcm => gcm(UnboundKey::new(&AES_128_GCM, key)?, iv, header, text),
        ContentEncryption::A192Gcm => gcm(UnboundKey::new(&AES_192_GCM, key)?, iv, header, text),
        ContentEncryption::A256Gcm => gcm(UnboundKey::new(&AES_256_GCM, key)?, iv, header, text),
        ContentEncryption::A128CbcHs256 => {
            let (mac_key, key) = key.split_at_checked(16).ok_or(Unspecified)?;
            let mac_key = hmac::Key::new(HMAC_SHA256, mac_key);
            let key = UnboundCipherKey::new(&AES_128, key)?;
            cbc_hmac(&mac_key, key, iv, header, text)
        }
        ContentEncryption::A256CbcHs512 => {
            let (mac_key, key) = key.split_at_checked(32).ok_or(Unspecified)?;
            let mac_key = hmac::Key::new(HMAC_SHA512, mac_key);
            let key = UnboundCipherKey::new(&AES_256, key)?;
            cbc_hmac(&mac_key, key, iv, header, text)
        }
    }
}

/// RFC 7518 §5.3.
fn gcm(
    key: UnboundKey,
    iv: &[u8],
    header: &[u8],
    mut text: Vec<u8>,
) -> Result<Sealed, Unspecified> {
    let nonce = Nonce::try_assume_unique_for_key(iv)?;
    let tag =
        LessSafeKey::new(key).seal_in_place_separate_tag(nonce, Aad::from(header), &mut text)?;
    Ok(Sealed {
        ciphertext: text,
        tag: tag.as_ref().to_vec(),
    })
}

/// Opens what [`seal`] sealed with AES-GCM; this server encrypts to itself with nothing else.
pub(super) fn open(
    enc: ContentEncryption,
    key: &[u8],
    iv: &[u8],
    header: &[u8],
    sealed: &Sealed,
) -> Result<Vec<u8>, Unspecified> {
    let algorithm = match enc {
        ContentEncryption::A128Gcm => &AES_128_GCM,
        ContentEncryption::A192Gcm => &AES_192_GCM,
        ContentEncryption::A256Gcm => &AES_256_GCM,
        ContentEncryption::A128CbcHs256 | ContentEncryption::A256CbcHs512 => {
            return Err(Unspecified);
        }
    };
    let key = LessSafeKey::new(UnboundKey::new(algorithm, key)?);
    let nonce = Nonce::try_assume_unique_for_key(iv)?;
    let mut text = [&sealed.ciphertext[..], &sealed.tag].concat();
    let length = key
        .open_in_place(nonce, Aad::from(header), &mut text)?
        .len();
    text.truncate(length);
    Ok(text)
}

/// RFC 7518 §5.2.2.1: the tag is half of the code over header, vector, ciphertext and the length of the header in bits.
fn cbc_hmac(
    mac_key: &hmac::Key,
    key: UnboundCipherKey,
    iv: &[u8],
    header: &[u8],
    mut text: Vec<u8>,
) -> Result<Sealed, Unspecified> {
    let context = EncryptionContext::Iv128(FixedLength::try_from(iv)?);
    PaddedBlockEncryptingKey::cbc_pkcs7(key)?.less_safe_encrypt(&mut text, context)?;
    let mut code = hmac::Context::with_key(mac_key);
    let bits = (header.len() as u64) * 8;
    for part in [header, iv, &text, &bits.to_be_bytes()] {
        code.update(part);
    }
    let code = code.sign();
    let (tag, _) = code.as_ref().split_at(code.as_ref().len() / 2);
    Ok(Sealed {
        tag: tag.to_vec(),
        ciphertext: text,
    })
}

#[cfg(test)]
mod tests {
    use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};

    use super::*;

    fn bytes(hex: &str) -> Vec<u8> {
        let digits: Vec<u8> = hex.bytes().filter(u8::is_ascii_hexdigit).collect();
        let pair = |pair: &[u8]| u8::from_str_radix(str::from_utf8(pair).unwrap(), 16).unwrap();
        digits.chunks(2).map(pair).collect()
    }

    const KERCKHOFFS: &str = "A cipher system must not be required to be secret, and it must be able to fall into the hands of the enemy without inconvenience";

    /// RFC 7518 Appendix B.1, B.3.
    #[test]
    fn cbc_with_hmac_as_in_the_rfc() {
        let iv = bytes("1af38c2dc2b96ffdd86694092341bc04");
        let header = b"The second principle of Auguste Kerckhoffs";
        for (enc, ciphertext, tag) in [
            (
                ContentEncryption::A128CbcHs256,
                "c80edfa32ddf39d5ef00c0b468834279a2e46a1b8049f792f76bfe54b903a9c9\
                 a94ac9b47ad2655c5f10f9aef71427e2fc6f9b3f399a221489f16362c7032336\
                 09d45ac69864e3321cf82935ac4096c86e133314c54019e8ca7980dfa4b9cf1b\
                 384c486f3a54c51078158ee5d79de59fbd34d848b3d69550a67646344427ade5\
                 4b8851ffb598f7f80074b9473c82e2db",
                "652c3fa36b0a7c5b3219fab3a30bc1c4",
            ),
            (
                ContentEncryption::A256CbcHs512,
                "4affaaadb78c31c5da4b1b590d10ffbd3dd8d5d302423526912da037ecbcc7bd\
                 822c301dd67c373bccb584ad3e9279c2e6d12a1374b77f077553df829410446b\
                 36ebd97066296ae6427ea75c2e0846a11a09ccf5370dc80bfecbad28c73f09b3\
                 a3b75e662a2594410ae496b2e2e6609e31e6e02cc837f053d21f37ff4f51950b\
                 be2638d09dd7a4930930806d0703b1f6",
                "4dd3b4c088a7f45c216839645b2012bf2e6269a8c56a816dbc1b267761955bc5",
            ),
        ] {
            let key: Vec<u8> = (0..64).take(enc.key_length()).collect();
            let sealed = seal(enc, &key, &iv, header, KERCKHOFFS.as_bytes()).unwrap();
            assert_eq!(sealed.ciphertext, bytes(ciphertext), "{enc:?}");
            assert_eq!(sealed.tag, bytes(tag), "{enc:?}");
        }
    }

    /// RFC 7516 Appendix A.1.
    #[test]
    fn gcm_as_in_the_rfc() {
        let key = [
            177, 161, 244, 128, 84, 143, 225, 115, 63, 180, 3, 255, 107, 154, 212, 246, 138, 7,
            110, 91, 112, 46, 34, 105, 47, 130, 203, 46, 122, 234, 64, 252,
        ];
        let iv = [227, 197, 117, 252, 2, 219, 233, 68, 180, 225, 77, 219];
        let header = URL_SAFE_NO_PAD.encode(r#"{"alg":"RSA-OAEP","enc":"A256GCM"}"#);
        let text = b"The true sign of intelligence is not knowledge but imagination.";
        let sealed = seal(
            ContentEncryption::A256Gcm,
            &key,
            &iv,
            header.as_bytes(),
            text,
        );
        let sealed = sealed.unwrap();
        assert_eq!(
            URL_SAFE_NO_PAD.encode(sealed.ciphertext),
            "5eym8TW_c8SuK0ltJ3rpYIzOeDQz7TALvtu6UG9oMo4vpzs9tX_EFShS8iB7j6jiSdiwkIr3ajwQzaBtQD_A"
        );
        assert_eq!(URL_SAFE_NO_PAD.encode(sealed.tag), "XFBoMYUZodetZdvTiFvSkQ");
    }
}
