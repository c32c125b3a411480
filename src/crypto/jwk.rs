//! Public keys as JSON (RFC 7517; parameters in RFC 7518 §6 and RFC 8037 §2).
//!
//! Owns what a public key looks like on the wire, and refuses what is none: private members,
//! symmetric keys, small or crooked numbers. Private keys are in `signing_key` and `key_file`.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::{Deserialize, Serialize, de::IgnoredAny};

use crate::crypto::{
    algorithm::{Algorithm, KeyType},
    digest::sha256_base64url,
};

/// A public key with what is said about it.
///
/// Written compactly, always in the same order. Members that this server does not use are
/// ignored when read (RFC 7517 §4).
///
/// ```json
/// {"kty":"EC","use":"sig","alg":"ES256","kid":"…","crv":"P-256","x":"…","y":"…"}
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Members", into = "Members")]
pub struct PublicJwk {
    /// The numbers.
    pub key: PublicKey,
    /// `use` (RFC 7517 §4.2): `sig` for our own keys.
    pub usage: Option<String>,
    /// The one algorithm that the key is for (RFC 7517 §4.4).
    pub alg: Option<Algorithm>,
    /// The key id (RFC 7517 §4.5).
    pub kid: Option<String>,
}

/// The numbers of a public key, big-endian.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PublicKey {
    /// P-256: both coordinates have 32 bytes.
    P256 {
        /// `x`
        x: Vec<u8>,
        /// `y`
        y: Vec<u8>,
    },
    /// P-384: both coordinates have 48 bytes.
    P384 {
        /// `x`
        x: Vec<u8>,
        /// `y`
        y: Vec<u8>,
    },
    /// P-521: both coordinates have 66 bytes.
    P521 {
        /// `x`
        x: Vec<u8>,
        /// `y`
        y: Vec<u8>,
    },
    /// Ed25519: 32 bytes.
    Ed25519 {
        /// `x`
        x: Vec<u8>,
    },
    /// RSA: without leading zeros.
    Rsa {
        /// `n`, 2048 to 8192 bits
        n: Vec<u8>,
        /// `e`, odd and at least 3
        e: Vec<u8>,
    },
}

/// Why a JWK is no public key for signatures that this server can verify.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum JwkError {
    /// Another `kty` or `crv`, among them every symmetric key.
    #[error("the key type is not supported: use EC (P-256, P-384, P-521), OKP (Ed25519) or RSA")]
    Unsupported,
    /// The member `d` or `k` is there.
    #[error("this is a private key; give the public one")]
    Private,
    /// A member is missing, is not base64url, or has a wrong length.
    #[error("a member of the key is missing or malformed")]
    Malformed,
    /// An RSA key below 2048 or above 8192 bits.
    #[error("an RSA key must have 2048 to 8192 bits")]
    RsaSize,
}

impl PublicJwk {
    /// The thumbprint (RFC 7638 §3): SHA-256 over the required members in their one order, as 43
    /// characters of base64url.
    pub fn thumbprint(&self) -> String {
        let encode = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
        // Numbers and names need no escapes, so the canonical text can be written directly.
        let canonical = match &self.key {
            PublicKey::P256 { x, y } => {
                let (x, y) = (encode(x), encode(y));
                format!(r#"{{"crv":"P-256","kty":"EC","x":"{x}","y":"{y}"}}"#)
            }
            PublicKey::P384 { x, y } => {
                let (x, y) = (encode(x), encode(y));
                format!(r#"{{"crv":"P-384","kty":"EC","x":"{x}","y":"{y}"}}"#)
            }
            PublicKey::P521 { x, y } => {
                let (x, y) = (encode(x), encode(y));
                format!(r#"{{"crv":"P-521","kty":"EC","x":"{x}","y":"{y}"}}"#)
            }
            PublicKey::Ed25519 { x } => {
                format!(r#"{{"crv":"Ed25519","kty":"OKP","x":"{}"}}"#, encode(x))
            }
            PublicKey::Rsa { n, e } => {
                format!(r#"{{"e":"{}","kty":"RSA","n":"{}"}}"#, encode(e), encode(n))
            }
        };
        sha256_base64url(canonical.as_bytes())
    }

    /// The algorithm of the key when its owner fixed none elsewhere: what the key says, or what keys of its type are
    /// mostly used with.
    pub fn usual_algorithm(&self) -> Algorithm {
        self.alg.unwrap_or(match self.key {
            PublicKey::P256 { .. } => Algorithm::Es256,
            PublicKey::P384 { .. } => Algorithm::Es384,
            PublicKey::P521 { .. } => Algorithm::Es512,
            PublicKey::Ed25519 { .. } => Algorithm::EdDsa,
            PublicKey::Rsa { .. } => Algorithm::Rs256,
        })
    }

    /// Whether signatures of this algorithm can be verified with the key: the type fits, and
    /// neither `alg` nor `use` says otherwise.
    pub fn suits(&self, algorithm: Algorithm) -> bool {
        self.key.key_type() == algorithm.key_type()
            && self.alg.is_none_or(|alg| alg == algorithm)
            && self.usage.as_deref().is_none_or(|usage| usage == "sig")
    }
}

impl PublicKey {
    fn key_type(&self) -> KeyType {
        match self {
            Self::P256 { .. } => KeyType::P256,
            Self::P384 { .. } => KeyType::P384,
            Self::P521 { .. } => KeyType::P521,
            Self::Ed25519 { .. } => KeyType::Ed25519,
            Self::Rsa { .. } => KeyType::Rsa,
        }
    }
}

/// The members as they are written.
#[derive(Default, Serialize, Deserialize)]
#[serde(default)]
struct Members {
    kty: String,
    #[serde(rename = "use", skip_serializing_if = "Option::is_none")]
    usage: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    alg: Option<Algorithm>,
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
    #[serde(skip_serializing)]
    d: Option<IgnoredAny>,
    #[serde(skip_serializing)]
    k: Option<IgnoredAny>,
}

impl TryFrom<Members> for PublicJwk {
    type Error = JwkError;

    fn try_from(members: Members) -> Result<Self, JwkError> {
        if members.d.is_some() || members.k.is_some() {
            return Err(JwkError::Private);
        }
        let (x, y) = (members.x.as_deref(), members.y.as_deref());
        let (n, e) = (members.n.as_deref(), members.e.as_deref());
        let key = match (members.kty.as_str(), members.crv.as_deref()) {
            ("EC", Some("P-256")) => PublicKey::P256 {
                x: fixed(x, 32)?,
                y: fixed(y, 32)?,
            },
            ("EC", Some("P-384")) => PublicKey::P384 {
                x: fixed(x, 48)?,
                y: fixed(y, 48)?,
            },
            ("EC", Some("P-521")) => PublicKey::P521 {
                x: fixed(x, 66)?,
                y: fixed(y, 66)?,
            },
            ("OKP", Some("Ed25519")) => PublicKey::Ed25519 { x: fixed(x, 32)? },
            ("RSA", _) => rsa(number(n)?, number(e)?)?,
            _ => return Err(JwkError::Unsupported),
        };
        Ok(Self {
            key,
            usage: members.usage,
            alg: members.alg,
            kid: members.kid,
        })
    }
}

impl From<PublicJwk> for Members {
    fn from(jwk: PublicJwk) -> Self {
        let text = |bytes: &[u8]| Some(URL_SAFE_NO_PAD.encode(bytes));
        let about = Self {
            usage: jwk.usage,
            alg: jwk.alg,
            kid: jwk.kid,
            ..Self::default()
        };
        let ec = |crv: &str, x: &[u8], y: &[u8], about: Self| Self {
            kty: "EC".to_owned(),
            crv: Some(crv.to_owned()),
            x: text(x),
            y: text(y),
            ..about
        };
        match &jwk.key {
            PublicKey::P256 { x, y } => ec("P-256", x, y, about),
            PublicKey::P384 { x, y } => ec("P-384", x, y, about),
            PublicKey::P521 { x, y } => ec("P-521", x, y, about),
            PublicKey::Ed25519 { x } => Self {
                kty: "OKP".to_owned(),
                crv: Some("Ed25519".to_owned()),
                x: text(x),
                ..about
            },
            PublicKey::Rsa { n, e } => Self {
                kty: "RSA".to_owned(),
                n: text(n),
                e: text(e),
                ..about
            },
        }
    }
}

fn number(text: Option<&str>) -> Result<Vec<u8>, JwkError> {
    let text = text.ok_or(JwkError::Malformed)?;
    URL_SAFE_NO_PAD
        .decode(text)
        .map_err(|_| JwkError::Malformed)
}

/// Coordinates keep their leading zeros (RFC 7518 §6.2.1.2).
fn fixed(text: Option<&str>, length: usize) -> Result<Vec<u8>, JwkError> {
    let bytes = number(text)?;
    if bytes.len() != length {
        return Err(JwkError::Malformed);
    }
    Ok(bytes)
}

/// Numbers of RSA have none (RFC 7518 §6.3.1.1).
fn rsa(n: Vec<u8>, e: Vec<u8>) -> Result<PublicKey, JwkError> {
    let odd = |number: &[u8]| number.last().is_some_and(|byte| byte % 2 == 1);
    let (Some(&n_first), Some(&e_first)) = (n.first(), e.first()) else {
        return Err(JwkError::Malformed);
    };
    if n_first == 0 || e_first == 0 || e.len() > 8 || e == [1] || !odd(&n) || !odd(&e) {
        return Err(JwkError::Malformed);
    }
    // A modulus of 2048 bits fills 256 bytes to the highest bit.
    let too_small = n.len() < 256 || (n.len() == 256 && n_first < 0x80);
    if too_small || n.len() > 1024 {
        return Err(JwkError::RsaSize);
    }
    Ok(PublicKey::Rsa { n, e })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(json: &str) -> PublicJwk {
        serde_json::from_str(json).unwrap()
    }

    fn refusal(json: &str) -> String {
        serde_json::from_str::<PublicJwk>(json)
            .unwrap_err()
            .to_string()
    }

    /// RFC 7638 §3.1.
    #[test]
    fn thumbprint_of_the_rfc() {
        let jwk = parse(&format!(
            r#"{{"kty":"RSA","n":"{RFC_7638_N}","e":"AQAB","kid":"2011-04-29","alg":"RS256"}}"#
        ));
        assert_eq!(
            jwk.thumbprint(),
            "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs"
        );
        assert!(jwk.suits(Algorithm::Rs256));
        assert!(!jwk.suits(Algorithm::Ps256));
    }

    /// RFC 8037 Appendix A.3.
    #[test]
    fn thumbprint_of_an_ed25519_key() {
        let jwk = parse(&format!(
            r#"{{"kty":"OKP","crv":"Ed25519","x":"{RFC_8037_X}"}}"#
        ));
        assert_eq!(
            jwk.thumbprint(),
            "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"
        );
    }

    #[test]
    fn written_compactly_in_one_order() {
        let json = format!(
            r#"{{"kty":"EC","use":"sig","alg":"ES256","kid":"k","crv":"P-256","x":"{X}","y":"{Y}"}}"#
        );
        assert_eq!(serde_json::to_string(&parse(&json)).unwrap(), json);
        let json = format!(r#"{{"kty":"RSA","n":"{RFC_7638_N}","e":"AQAB"}}"#);
        assert_eq!(serde_json::to_string(&parse(&json)).unwrap(), json);
        let json = format!(r#"{{"kty":"OKP","crv":"Ed25519","x":"{RFC_8037_X}"}}"#);
        assert_eq!(serde_json::to_string(&parse(&json)).unwrap(), json);
    }

    #[test]
    fn use_and_alg_bind() {
        let ec = |more: &str| {
            parse(&format!(
                r#"{{"kty":"EC","crv":"P-256","x":"{X}","y":"{Y}"{more}}}"#
            ))
        };
        assert!(ec("").suits(Algorithm::Es256));
        assert!(ec(r#","use":"sig","alg":"ES256","x5t":"ignored""#).suits(Algorithm::Es256));
        assert!(!ec(r#","use":"enc""#).suits(Algorithm::Es256));
        assert!(!ec(r#","alg":"RS256""#).suits(Algorithm::Es256));
        for other in [
            Algorithm::Es384,
            Algorithm::EdDsa,
            Algorithm::Rs256,
            Algorithm::Ps256,
        ] {
            assert!(!ec("").suits(other));
        }
    }

    #[test]
    fn what_is_no_public_key_is_refused() {
        let short = "AAAA";
        for (json, expected) in [
            (format!(r#"{{"kty":"oct","k":"{X}"}}"#), JwkError::Private),
            (
                format!(r#"{{"kty":"EC","crv":"P-256","x":"{X}","y":"{Y}","d":"{X}"}}"#),
                JwkError::Private,
            ),
            (
                format!(r#"{{"kty":"EC","crv":"secp256k1","x":"{X}","y":"{Y}"}}"#),
                JwkError::Unsupported,
            ),
            (
                format!(r#"{{"kty":"ec","crv":"P-256","x":"{X}","y":"{Y}"}}"#),
                JwkError::Unsupported,
            ),
            ("{}".to_owned(), JwkError::Unsupported),
            (
                format!(r#"{{"kty":"EC","crv":"P-256","x":"{X}"}}"#),
                JwkError::Malformed,
            ),
            (
                format!(r#"{{"kty":"EC","crv":"P-384","x":"{X}","y":"{Y}"}}"#),
                JwkError::Malformed,
            ),
            (
                format!(r#"{{"kty":"EC","crv":"P-521","x":"{X}","y":"{Y}"}}"#),
                JwkError::Malformed,
            ),
            (
                format!(r#"{{"kty":"EC","crv":"P-256","x":"{X}","y":"{short}"}}"#),
                JwkError::Malformed,
            ),
            (
                format!(r#"{{"kty":"EC","crv":"P-256","x":"{X}","y":"{Y}="}}"#),
                JwkError::Malformed,
            ),
            (
                format!(r#"{{"kty":"RSA","n":"{X}","e":"AQAB"}}"#),
                JwkError::RsaSize,
            ),
            (
                r#"{"kty":"RSA","n":"q6ur","e":"AQAB"}"#.to_owned(),
                JwkError::RsaSize,
            ),
            (
                format!(r#"{{"kty":"RSA","n":"{RFC_7638_N}","e":"AQ"}}"#),
                JwkError::Malformed,
            ),
            (
                format!(r#"{{"kty":"RSA","n":"{RFC_7638_N}","e":"Ag"}}"#),
                JwkError::Malformed,
            ),
            (
                format!(r#"{{"kty":"RSA","n":"{RFC_7638_N}","e":"AAEAAQ"}}"#),
                JwkError::Malformed,
            ),
        ] {
            assert_eq!(refusal(&json), expected.to_string(), "{json}");
        }
        assert!(
            refusal(&format!(
                r#"{{"kty":"OKP","crv":"Ed25519","x":"{X}","x":"{Y}"}}"#
            ))
            .contains("duplicate")
        );
    }

    const X: &str = "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU";
    const Y: &str = "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0";
    const RFC_8037_X: &str = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo";
    const RFC_7638_N: &str = "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK\
        7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4Qy\
        Q5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt\
        -bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw";
}
