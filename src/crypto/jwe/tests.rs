//! The compact form, and the keys that are encrypted to. That others can decrypt it is shown in `tests/it/clients`.

use serde_json::{Value, json};

use super::*;
use crate::crypto::random::SystemRandom;

const X: &str = "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU";
const Y: &str = "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0";

fn ec(more: &Value) -> Value {
    let mut key = json!({"kty": "EC", "crv": "P-256", "x": X, "y": Y});
    for (name, value) in more.as_object().unwrap() {
        key[name] = value.clone();
    }
    key
}

fn header_of(token: &str) -> Value {
    let header = token.split('.').next().unwrap();
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(header).unwrap()).unwrap()
}

fn parts(token: &str) -> Vec<usize> {
    let length = |part| URL_SAFE_NO_PAD.decode(part).unwrap().len();
    token.split('.').skip(1).map(length).collect()
}

#[test]
fn each_form_has_five_parts_of_the_right_length() {
    let key = EncryptionJwk::read(&ec(&json!({"kid": "k\"1", "use": "enc"}))).unwrap();
    let text = Plaintext::Token("ey.ey.sig");
    for (alg, enc, lengths) in [
        (
            KeyManagement::EcdhEs,
            ContentEncryption::A128Gcm,
            [0, 12, 9, 16],
        ),
        (
            KeyManagement::EcdhEs,
            ContentEncryption::A256CbcHs512,
            [0, 16, 16, 32],
        ),
        (
            KeyManagement::EcdhEsA128Kw,
            ContentEncryption::A128CbcHs256,
            [40, 16, 16, 16],
        ),
        (
            KeyManagement::EcdhEsA256Kw,
            ContentEncryption::A256Gcm,
            [40, 12, 9, 16],
        ),
    ] {
        let token = encrypt(&key, Encryption { alg, enc }, text, &SystemRandom).unwrap();
        assert_eq!(parts(&token), lengths, "{alg:?} {enc:?}");
        let header = header_of(&token);
        assert_eq!(header["alg"], alg.as_str());
        assert_eq!(header["enc"], enc.as_str());
        assert_eq!(
            (&header["kid"], &header["cty"]),
            (&json!("k\"1"), &json!("JWT"))
        );
        let ephemeral: PublicJwk = serde_json::from_value(header["epk"].clone()).unwrap();
        assert_ne!(&ephemeral.key, key.numbers());
    }
}

#[test]
fn claims_are_no_token_and_a_key_without_id_has_none() {
    let key = EncryptionJwk::read(&ec(&json!({}))).unwrap();
    let how = Encryption {
        alg: KeyManagement::EcdhEs,
        enc: ContentEncryption::default(),
    };
    let token = encrypt(&key, how, Plaintext::Claims(b"{}"), &SystemRandom).unwrap();
    let header = header_of(&token);
    assert_eq!((header.get("cty"), header.get("kid")), (None, None));
    let unfit = Encryption {
        alg: KeyManagement::RsaOaep,
        ..how
    };
    let refused = encrypt(&key, unfit, Plaintext::Claims(b"{}"), &SystemRandom);
    assert!(matches!(refused, Err(JweError::Unfit)));
}

/// RFC 7517 §4.2, §4.4.
#[test]
fn use_and_alg_bind() {
    for (more, suits) in [
        (json!({}), true),
        (json!({"use": "enc"}), true),
        (json!({"alg": "ECDH-ES"}), true),
        (
            json!({"use": "enc", "alg": "ECDH-ES", "x5t": "ignored"}),
            true,
        ),
        (json!({"alg": "ECDH-ES+A128KW"}), false),
    ] {
        let key = EncryptionJwk::read(&ec(&more)).unwrap();
        assert_eq!(key.suits(KeyManagement::EcdhEs), suits, "{more}");
        assert!(!key.suits(KeyManagement::RsaOaep), "{more}");
        let written = serde_json::to_value(&key).unwrap();
        assert_eq!(EncryptionJwk::read(&written), Some(key), "{written}");
    }
}

#[test]
fn what_cannot_be_encrypted_to_is_no_key() {
    for key in [
        ec(&json!({"use": "sig"})),
        ec(&json!({"alg": "ES256"})),
        ec(&json!({"alg": "RSA-OAEP"})),
        ec(&json!({"alg": 7})),
        // Not on the curve.
        ec(&json!({"y": X})),
        ec(&json!({"crv": "P-384"})),
        ec(&json!({"d": X})),
        json!({"kty": "OKP", "crv": "Ed25519", "x": X}),
        json!({"kty": "RSA", "n": X, "e": "AQAB"}),
        json!({"kty": "oct", "k": X}),
        json!("key"),
    ] {
        assert_eq!(EncryptionJwk::read(&key), None, "{key}");
    }
}
