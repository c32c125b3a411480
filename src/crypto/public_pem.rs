//! Public keys of others in PEM: a `SubjectPublicKeyInfo` (RFC 5280 §4.1.2.7, RFC 7468 §13) or the one of a certificate.
//!
//! Owns the few elements of DER that lead to the numbers; what numbers make a good key is said by `jwk`. A certificate is a
//! wrapping of its key here: nobody is asked who signed it or until when.

use base64::{Engine, engine::general_purpose::STANDARD, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::{Value, json};

use crate::crypto::jwk::PublicJwk;

/// Why a text is no public key that this server can verify with.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PublicPemError {
    /// No block of PEM, or more than one.
    #[error("there must be one block of PEM: PUBLIC KEY or CERTIFICATE")]
    Block,
    /// The block is of another kind, such as a private key.
    #[error("the block of PEM must be a PUBLIC KEY or a CERTIFICATE")]
    Kind,
    /// Not base64, or not the DER that the block promises.
    #[error("the block of PEM is damaged")]
    Damaged,
    /// Another kind of key, or numbers that make none.
    #[error("the key must be RSA from 2048 bits, EC on P-256, P-384 or P-521, or Ed25519")]
    Key,
}

/// Reads the public key of one block of PEM.
pub fn read(pem: &str) -> Result<PublicJwk, PublicPemError> {
    let (label, der) = block(pem)?;
    let info = match label {
        "PUBLIC KEY" => der,
        "CERTIFICATE" => key_of_certificate(&der)
            .ok_or(PublicPemError::Damaged)?
            .to_vec(),
        _ => return Err(PublicPemError::Kind),
    };
    let members = members(&info).ok_or(PublicPemError::Damaged)?;
    serde_json::from_value(members).map_err(|_| PublicPemError::Key)
}

/// The label and the bytes of the one block.
fn block(pem: &str) -> Result<(&str, Vec<u8>), PublicPemError> {
    let text = pem.trim().strip_prefix("-----BEGIN ");
    let (label, rest) = text
        .and_then(|text| text.split_once("-----"))
        .ok_or(PublicPemError::Block)?;
    let end = format!("-----END {label}-----");
    let body = rest.strip_suffix(&end).ok_or(PublicPemError::Block)?;
    if body.contains('-') {
        return Err(PublicPemError::Block);
    }
    let body: String = body.split_whitespace().collect();
    let der = STANDARD.decode(body).map_err(|_| PublicPemError::Damaged)?;
    Ok((label, der))
}

/// RFC 5280 §4.1: the seventh element of the signed part, or the sixth where there is no version.
fn key_of_certificate(der: &[u8]) -> Option<&[u8]> {
    let (certificate, _) = inside(der, SEQUENCE)?;
    let (mut rest, _) = inside(certificate, SEQUENCE)?;
    if rest.first() == Some(&VERSION) {
        rest = element(rest)?.rest;
    }
    // Serial number, algorithm, issuer, validity, subject.
    for _ in 0..5 {
        rest = element(rest)?.rest;
    }
    Some(element(rest)?.whole)
}

/// The key as a JWK, unchecked.
fn members(info: &[u8]) -> Option<Value> {
    let (info, _) = inside(info, SEQUENCE)?;
    let (algorithm, rest) = inside(info, SEQUENCE)?;
    let (bits, _) = inside(rest, BIT_STRING)?;
    // No bit of the last byte is unused.
    let bits = bits.strip_prefix(&[0])?;
    let (algorithm, parameters) = inside(algorithm, OBJECT_IDENTIFIER)?;
    let text = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
    match algorithm {
        RSA => {
            let (numbers, _) = inside(bits, SEQUENCE)?;
            let (n, rest) = inside(numbers, INTEGER)?;
            let (e, _) = inside(rest, INTEGER)?;
            // A number whose highest bit is set has one zero before it.
            let bare = |number: &[u8]| text(number.strip_prefix(&[0]).unwrap_or(number));
            Some(json!({"kty": "RSA", "n": bare(n), "e": bare(e)}))
        }
        EC => {
            let (curve, _) = inside(parameters, OBJECT_IDENTIFIER)?;
            let (curve, length) = match curve {
                P_256 => ("P-256", 32),
                P_384 => ("P-384", 48),
                P_521 => ("P-521", 66),
                _ => return Some(json!({"kty": "EC"})),
            };
            // SEC 1 §2.3.3, not compressed.
            let (x, y) = bits.strip_prefix(&[4])?.split_at_checked(length)?;
            Some(json!({"kty": "EC", "crv": curve, "x": text(x), "y": text(y)}))
        }
        ED25519 => Some(json!({"kty": "OKP", "crv": "Ed25519", "x": text(bits)})),
        _ => Some(json!({})),
    }
}

/// One element of DER (ITU-T X.690 §10) and what follows it.
struct Element<'a> {
    tag: u8,
    content: &'a [u8],
    whole: &'a [u8],
    rest: &'a [u8],
}

fn element(der: &[u8]) -> Option<Element<'_>> {
    let (&[tag, first], after) = der.split_first_chunk::<2>()?;
    let (length, header) = match first {
        0..=0x7f => (usize::from(first), 2),
        0x81 => (usize::from(*after.first()?), 3),
        0x82 => {
            let (bytes, _) = after.split_first_chunk::<2>()?;
            (usize::from(u16::from_be_bytes(*bytes)), 4)
        }
        _ => return None,
    };
    let (whole, rest) = der.split_at_checked(header + length)?;
    let content = whole.get(header..)?;
    Some(Element {
        tag,
        content,
        whole,
        rest,
    })
}

/// The content of the first element, if it has that tag, and what follows it.
fn inside(der: &[u8], tag: u8) -> Option<(&[u8], &[u8])> {
    let found = element(der)?;
    (found.tag == tag).then_some((found.content, found.rest))
}

const INTEGER: u8 = 0x02;
const BIT_STRING: u8 = 0x03;
const OBJECT_IDENTIFIER: u8 = 0x06;
const SEQUENCE: u8 = 0x30;
const VERSION: u8 = 0xa0;

/// RFC 8017, Appendix C.
const RSA: &[u8] = b"\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01";
/// RFC 5480 §2.1.1.
const EC: &[u8] = b"\x2a\x86\x48\xce\x3d\x02\x01";
const P_256: &[u8] = b"\x2a\x86\x48\xce\x3d\x03\x01\x07";
const P_384: &[u8] = b"\x2b\x81\x04\x00\x22";
const P_521: &[u8] = b"\x2b\x81\x04\x00\x23";
/// RFC 8410 §3.
const ED25519: &[u8] = b"\x2b\x65\x70";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::algorithm::Algorithm;
    use crate::crypto::signing_key::SigningKey;

    #[test]
    fn keys_and_certificates_of_every_kind() {
        for (algorithm, kind) in [
            (Algorithm::Es256, &rcgen::PKCS_ECDSA_P256_SHA256),
            (Algorithm::Es384, &rcgen::PKCS_ECDSA_P384_SHA384),
            (Algorithm::Es512, &rcgen::PKCS_ECDSA_P521_SHA512),
            (Algorithm::EdDsa, &rcgen::PKCS_ED25519),
            (Algorithm::Rs256, &rcgen::PKCS_RSA_SHA256),
        ] {
            let pair = rcgen::KeyPair::generate_for(kind).unwrap();
            let own = SigningKey::from_pkcs8(algorithm, &pair.serialize_der()).unwrap();
            let params = rcgen::CertificateParams::new(Vec::new()).unwrap();
            let certificate = params.self_signed(&pair).unwrap().pem();
            for pem in [pair.public_key_pem(), certificate] {
                let key = read(&pem).unwrap();
                assert_eq!(key.key, own.public_jwk().key, "{algorithm}");
                let cut: String = pem.lines().take(2).collect::<Vec<_>>().join("\n");
                assert!(read(&cut).is_err());
            }
            assert_eq!(read(&pair.serialize_pem()), Err(PublicPemError::Kind));
        }
    }

    #[test]
    fn everything_else_is_refused() {
        let wrap =
            |body: &str| format!("-----BEGIN PUBLIC KEY-----\n{body}\n-----END PUBLIC KEY-----");
        for (pem, reason) in [
            (String::new(), PublicPemError::Block),
            ("secret".to_owned(), PublicPemError::Block),
            (wrap("!"), PublicPemError::Damaged),
            (wrap(""), PublicPemError::Damaged),
            (wrap("MAA="), PublicPemError::Damaged),
            // X25519, which is for key agreement.
            (
                wrap("MCowBQYDK2VuAyEAYkqIbxKgfbPJCYSsGzL6r2fH0b8YWYMCX8NUdgZQ2Vw="),
                PublicPemError::Key,
            ),
            (
                [wrap("MAA="), wrap("MAA=")].join("\n"),
                PublicPemError::Block,
            ),
        ] {
            assert_eq!(read(&pem), Err(reason), "{pem}");
        }
    }
}
