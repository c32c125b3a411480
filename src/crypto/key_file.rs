//! Private keys in the formats in which other programs keep them: PEM and JWK.
//!
//! Owns reading them for import and writing them for export. What comes in is normalised to
//! PKCS#8, the one form in which this server keeps keys (sealed); what the numbers must fulfil is
//! checked by `rsa_key` and by the cryptographic library.

use aws_lc_rs::{
    encoding::AsBigEndian,
    signature::{EcdsaKeyPair, Ed25519KeyPair},
};
use base64::{
    Engine,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use serde::{Deserialize, Serialize};
use zeroize::{Zeroize, Zeroizing};

use crate::crypto::{
    algorithm::{Algorithm, KeyType},
    jwk::PublicKey,
    rsa_key::{self, RsaNumbers},
    secret::{Secret, SecretBytes},
    signing_key::{KeyError, SigningKey, ecdsa},
};

impl SigningKey {
    /// Reads the first private key of a PEM text (RFC 7468): PKCS#8, PKCS#1 or SEC 1. Gives it
    /// back with its PKCS#8 form, to be sealed.
    pub fn from_pem(algorithm: Algorithm, text: &str) -> Result<(Self, SecretBytes), KeyError> {
        let (label, der) = first_private_key(text)?;
        let pkcs8 = match (label, algorithm.key_type()) {
            ("ENCRYPTED PRIVATE KEY", _) => return Err(KeyError::Encrypted),
            ("PRIVATE KEY" | "RSA PRIVATE KEY", KeyType::Rsa) => rsa_key::to_pkcs8(der.expose())?,
            ("PRIVATE KEY", _) => der,
            ("EC PRIVATE KEY", KeyType::P256 | KeyType::P384 | KeyType::P521) => {
                EcdsaKeyPair::from_private_key_der(ecdsa(algorithm)?, der.expose())
                    .map_err(|_| KeyError::Unsuitable)
                    .and_then(|pair| ecdsa_pkcs8(&pair))?
            }
            ("RSA PRIVATE KEY" | "EC PRIVATE KEY", _) => return Err(KeyError::Unsuitable),
            _ => return Err(KeyError::Unreadable),
        };
        Ok((Self::from_pkcs8(algorithm, pkcs8.expose())?, pkcs8))
    }

    /// Reads a private JWK (RFC 7517), as JSON. Gives the key back with its PKCS#8 form, to be
    /// sealed. A key id in the JWK is not kept: ours is the thumbprint.
    pub fn from_private_jwk(
        algorithm: Algorithm,
        json: &str,
    ) -> Result<(Self, SecretBytes), KeyError> {
        let jwk: Zeroizing<PrivateJwk> = serde_json::from_str(json)
            .map(Zeroizing::new)
            .map_err(|_| KeyError::Unreadable)?;
        if jwk
            .alg
            .as_deref()
            .is_some_and(|alg| alg != algorithm.as_str())
        {
            return Err(KeyError::Unsuitable);
        }
        let pkcs8 = match (algorithm.key_type(), jwk.kty.as_str(), jwk.crv.as_deref()) {
            (KeyType::P256, "EC", Some("P-256"))
            | (KeyType::P384, "EC", Some("P-384"))
            | (KeyType::P521, "EC", Some("P-521")) => {
                let (x, y, d) = (
                    number(jwk.x.as_ref())?,
                    number(jwk.y.as_ref())?,
                    number(jwk.d.as_ref())?,
                );
                let point = [&[4], x.as_slice(), y.as_slice()].concat();
                EcdsaKeyPair::from_private_key_and_public_key(ecdsa(algorithm)?, &d, &point)
                    .map_err(|_| KeyError::Unsuitable)
                    .and_then(|pair| ecdsa_pkcs8(&pair))?
            }
            (KeyType::Ed25519, "OKP", Some("Ed25519")) => {
                let (x, d) = (number(jwk.x.as_ref())?, number(jwk.d.as_ref())?);
                Ed25519KeyPair::from_seed_and_public_key(&d, &x)
                    .map_err(|_| KeyError::Unsuitable)?
                    .to_pkcs8v1()
                    .map(|document| SecretBytes::new(document.as_ref().to_vec()))
                    .map_err(|_| KeyError::Library)?
            }
            (KeyType::Rsa, "RSA", _) => rsa_key::from_numbers(&RsaNumbers {
                n: number(jwk.n.as_ref())?.to_vec(),
                e: number(jwk.e.as_ref())?.to_vec(),
                d: number(jwk.d.as_ref())?,
                p: number(jwk.p.as_ref())?,
                q: number(jwk.q.as_ref())?,
            })?,
            _ => return Err(KeyError::Unsuitable),
        };
        Ok((Self::from_pkcs8(algorithm, pkcs8.expose())?, pkcs8))
    }
}

/// Writes a PKCS#8 key as PEM (`PRIVATE KEY`, RFC 7468 §10).
pub fn to_pem(pkcs8: &SecretBytes) -> Secret {
    let body = Zeroizing::new(STANDARD.encode(pkcs8.expose()));
    let mut pem = String::with_capacity(body.len() + body.len() / 64 + 80);
    pem.push_str("-----BEGIN PRIVATE KEY-----\n");
    for (position, character) in body.chars().enumerate() {
        if position > 0 && position % 64 == 0 {
            pem.push('\n');
        }
        pem.push(character);
    }
    pem.push_str("\n-----END PRIVATE KEY-----\n");
    Secret::new(pem)
}

/// Writes a PKCS#8 key as a private JWK with `alg` and `kid`, in JSON.
pub fn to_private_jwk(algorithm: Algorithm, pkcs8: &SecretBytes) -> Result<Secret, KeyError> {
    let key = SigningKey::from_pkcs8(algorithm, pkcs8.expose())?;
    let text = |bytes: &[u8]| Some(URL_SAFE_NO_PAD.encode(bytes));
    let about = |kty: &str, crv: Option<&str>| PrivateJwk {
        kty: kty.to_owned(),
        alg: Some(algorithm.as_str().to_owned()),
        kid: Some(key.kid().to_owned()),
        crv: crv.map(str::to_owned),
        ..PrivateJwk::default()
    };
    let jwk = match &key.public_jwk().key {
        PublicKey::P256 { x, y } | PublicKey::P384 { x, y } | PublicKey::P521 { x, y } => {
            let pair = EcdsaKeyPair::from_pkcs8(ecdsa(algorithm)?, pkcs8.expose())
                .map_err(|_| KeyError::Unsuitable)?;
            let d = pair
                .private_key()
                .as_be_bytes()
                .map_err(|_| KeyError::Library)?;
            let mut jwk = about(
                "EC",
                Some(match x.len() {
                    32 => "P-256",
                    48 => "P-384",
                    _ => "P-521",
                }),
            );
            (jwk.x, jwk.y, jwk.d) = (text(x), text(y), text(d.as_ref()));
            jwk
        }
        PublicKey::Ed25519 { x } => {
            let seed = Ed25519KeyPair::from_pkcs8_maybe_unchecked(pkcs8.expose())
                .map_err(|_| KeyError::Unsuitable)?
                .seed()
                .and_then(|seed| seed.as_be_bytes())
                .map_err(|_| KeyError::Library)?;
            let mut jwk = about("OKP", Some("Ed25519"));
            (jwk.x, jwk.d) = (text(x), text(seed.as_ref()));
            jwk
        }
        PublicKey::Rsa { n, e } => {
            let (numbers, shortcuts) = rsa_key::to_numbers(pkcs8.expose())?;
            let mut jwk = about("RSA", None);
            (jwk.n, jwk.e, jwk.d) = (text(n), text(e), text(&numbers.d));
            (jwk.p, jwk.q) = (text(&numbers.p), text(&numbers.q));
            (jwk.dp, jwk.dq) = (text(&shortcuts.dp), text(&shortcuts.dq));
            jwk.qi = text(&shortcuts.qi);
            jwk
        }
    };
    serde_json::to_string(&jwk)
        .map(Secret::new)
        .map_err(|_| KeyError::Library)
}

/// The members of a private JWK (RFC 7518 §6, RFC 8037 §2) as they are written.
#[derive(Default, Serialize, Deserialize, Zeroize)]
#[serde(default)]
struct PrivateJwk {
    kty: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    alg: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    kid: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    crv: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    x: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    y: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    n: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    e: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    d: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    p: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    q: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    dp: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    dq: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    qi: Option<String>,
}

fn number(text: Option<&String>) -> Result<Zeroizing<Vec<u8>>, KeyError> {
    let text = text.ok_or(KeyError::Unreadable)?;
    URL_SAFE_NO_PAD
        .decode(text)
        .map(Zeroizing::new)
        .map_err(|_| KeyError::Unreadable)
}

fn ecdsa_pkcs8(pair: &EcdsaKeyPair) -> Result<SecretBytes, KeyError> {
    pair.to_pkcs8v1()
        .map(|document| SecretBytes::new(document.as_ref().to_vec()))
        .map_err(|_| KeyError::Library)
}

/// The label and content of the first block whose label ends in `PRIVATE KEY`; OpenSSL writes
/// parameters before it, and people keep certificates beside it.
fn first_private_key(text: &str) -> Result<(&str, SecretBytes), KeyError> {
    let mut rest = text;
    while let Some((_, after)) = rest.split_once("-----BEGIN ") {
        let (label, after) = after.split_once("-----").ok_or(KeyError::Unreadable)?;
        let (body, after) = after.split_once("-----END ").ok_or(KeyError::Unreadable)?;
        rest = after;
        if !label.ends_with("PRIVATE KEY") {
            continue;
        }
        // The old encrypted form carries headers inside the block (RFC 1421 §4.6.1.1).
        if body.contains("Proc-Type:") {
            return Err(KeyError::Encrypted);
        }
        let body: Zeroizing<String> =
            Zeroizing::new(body.chars().filter(|c| !c.is_ascii_whitespace()).collect());
        let der = STANDARD
            .decode(body.as_str())
            .map_err(|_| KeyError::Unreadable)?;
        return Ok((label, SecretBytes::new(der)));
    }
    Err(KeyError::Unreadable)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::signing_key::RsaBits;

    #[test]
    fn every_key_survives_pem_and_jwk() {
        for algorithm in Algorithm::ALL {
            let (key, pkcs8) = SigningKey::generate(algorithm, RsaBits::B2048).unwrap();
            let pem = to_pem(&pkcs8);
            assert!(pem.expose().lines().all(|line| line.len() <= 64));
            let jwk = to_private_jwk(algorithm, &pkcs8).unwrap();
            for (read, der) in [
                SigningKey::from_pem(algorithm, pem.expose()).unwrap(),
                SigningKey::from_private_jwk(algorithm, jwk.expose()).unwrap(),
            ] {
                assert_eq!(read.public_jwk(), key.public_jwk());
                assert_eq!(der.expose(), pkcs8.expose(), "{algorithm}");
            }
        }
    }

    /// Written by OpenSSL: the same key in SEC 1 form with parameters before it, and in PKCS#8.
    #[test]
    fn reads_what_openssl_writes() {
        let (sec1, sec1_der) = SigningKey::from_pem(Algorithm::Es256, P256_SEC1).unwrap();
        let (pkcs8, pkcs8_der) = SigningKey::from_pem(Algorithm::Es256, P256_PKCS8).unwrap();
        assert_eq!(sec1.kid(), pkcs8.kid());
        assert_eq!(sec1_der.expose(), pkcs8_der.expose());
        let windows = P256_SEC1.replace('\n', "\r\n");
        assert_eq!(
            SigningKey::from_pem(Algorithm::Es256, &windows)
                .unwrap()
                .0
                .kid(),
            sec1.kid()
        );
        assert!(SigningKey::from_pem(Algorithm::Es384, P384_SEC1).is_ok());
        assert!(SigningKey::from_pem(Algorithm::EdDsa, ED25519_PKCS8).is_ok());
    }

    #[test]
    fn pkcs1_is_read() {
        let (key, pkcs8) = SigningKey::generate(Algorithm::Rs256, RsaBits::B2048).unwrap();
        let pem = rsa_key::to_pkcs1_pem(pkcs8.expose()).unwrap();
        let (read, der) = SigningKey::from_pem(Algorithm::Ps256, pem.expose()).unwrap();
        assert_eq!((read.kid(), der.expose()), (key.kid(), pkcs8.expose()));
    }

    /// RFC 8037 Appendix A.1, A.3 and A.4.
    #[test]
    fn ed25519_key_and_signature_of_the_rfc() {
        let json = r#"{"kty":"OKP","crv":"Ed25519",
            "d":"nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A",
            "x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}"#;
        let (key, _) = SigningKey::from_private_jwk(Algorithm::EdDsa, json).unwrap();
        assert_eq!(key.kid(), "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k");
        let signature = key
            .sign(b"eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc")
            .unwrap();
        assert_eq!(
            URL_SAFE_NO_PAD.encode(signature),
            "hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg"
        );
    }

    #[test]
    fn what_cannot_be_imported_says_why() {
        let pem = |algorithm, text: &str| SigningKey::from_pem(algorithm, text).err();
        let encrypted = P256_PKCS8.replace(" PRIVATE", " ENCRYPTED PRIVATE");
        assert_eq!(pem(Algorithm::Es256, &encrypted), Some(KeyError::Encrypted));
        let old = P256_SEC1.replace("KEY-----\nM", "KEY-----\nProc-Type: 4,ENCRYPTED\n\nM");
        assert_eq!(pem(Algorithm::Es256, &old), Some(KeyError::Encrypted));
        for algorithm in [
            Algorithm::Es384,
            Algorithm::Es512,
            Algorithm::EdDsa,
            Algorithm::Rs256,
        ] {
            assert_eq!(pem(algorithm, P256_SEC1), Some(KeyError::Unsuitable));
            assert_eq!(pem(algorithm, P256_PKCS8), Some(KeyError::Unsuitable));
        }
        for text in [
            "",
            "-----BEGIN PRIVATE KEY-----",
            "-----BEGIN PRIVATE KEY-----\n!\n-----END PRIVATE KEY-----",
            "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----",
            "-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA\n-----END OPENSSH PRIVATE KEY-----",
        ] {
            assert_eq!(
                pem(Algorithm::Es256, text),
                Some(KeyError::Unreadable),
                "{text}"
            );
        }
        let jwk = |json: &str| SigningKey::from_private_jwk(Algorithm::EdDsa, json).err();
        assert_eq!(jwk("{"), Some(KeyError::Unreadable));
        assert_eq!(
            jwk(r#"{"kty":"oct","k":"AAAA"}"#),
            Some(KeyError::Unsuitable)
        );
        assert_eq!(
            jwk(r#"{"kty":"OKP","crv":"Ed25519","x":"AAAA"}"#),
            Some(KeyError::Unreadable)
        );
        assert_eq!(
            jwk(r#"{"kty":"OKP","crv":"Ed25519","alg":"ES256"}"#),
            Some(KeyError::Unsuitable)
        );
        let mismatch = r#"{"kty":"OKP","crv":"Ed25519",
            "d":"nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2B",
            "x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}"#;
        assert!(jwk(mismatch).is_some());
    }

    const P256_SEC1: &str = "-----BEGIN EC PARAMETERS-----
BggqhkjOPQMBBw==
-----END EC PARAMETERS-----
-----BEGIN EC PRIVATE KEY-----
MHcCAQEEIBtRL/0XX0IfHBBDlyMxWz6QdFJ78bmvqMpwMg19mwZVoAoGCCqGSM49
AwEHoUQDQgAE1pZSVooZm1TeI7pdaeZYCd7yKkkjG4+rvIzw67mpZ9fQLxZ5Ao7B
iESigpKr1WFP0umTyI9QOdGRjYc1HXxf7Q==
-----END EC PRIVATE KEY-----
";
    const P256_PKCS8: &str = "-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgG1Ev/RdfQh8cEEOX
IzFbPpB0Unvxua+oynAyDX2bBlWhRANCAATWllJWihmbVN4jul1p5lgJ3vIqSSMb
j6u8jPDrualn19AvFnkCjsGIRKKCkqvVYU/S6ZPIj1A50ZGNhzUdfF/t
-----END PRIVATE KEY-----
";
    const P384_SEC1: &str = "-----BEGIN EC PRIVATE KEY-----
MIGkAgEBBDCK4LGLHy7Bbk9Aa4w733XeaYnCTGWx3urUVW1FGPlP4nKzFPKZj7xF
nGqCnJRKC/GgBwYFK4EEACKhZANiAAQluTczf8yViZnSIAPNSjyd3s66FYuS22+N
iJ9728yIVuyjs+t9/oFTzcFNGTanML45bJ/rcsVzTjRgzHd1gKPVbAapBJ9b5lDN
q3mplcHN8WHVDAffH5OTW7RJhuFXWgw=
-----END EC PRIVATE KEY-----
";
    const ED25519_PKCS8: &str = "-----BEGIN PRIVATE KEY-----
MC4CAQAwBQYDK2VwBCIEIORAFjI5S2FoeSAXxzKSTIFV/uaF65N1U3/hof2dobYZ
-----END PRIVATE KEY-----
";
}
