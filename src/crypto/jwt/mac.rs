//! JSON Web Tokens whose two sides share a secret (RFC 7518 §3.2).
//!
//! For what a client signs with its own secret, and for tokens of which both sides hold the secret. These names are apart from [`Algorithm`], so no token of this server
//! and no public key can come to be used with them.
//!
//! [`Algorithm`]: crate::crypto::algorithm::Algorithm

use std::str::FromStr;

use aws_lc_rs::hmac;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::{Deserialize, Serialize, de::DeserializeOwned};

use crate::crypto::algorithm::UnknownAlgorithm;
use crate::crypto::jwt::{
    Expected, Header, JwtError, JwtRefused, MAX_TOKEN, Signed, is_safe_key_id, parse_header,
    type_is_expected,
};
use crate::crypto::signing_key::KeyError;

/// HMAC with one of the hashes of the SHA-2 family.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum MacAlgorithm {
    /// With SHA-256.
    #[serde(rename = "HS256")]
    Hs256,
    /// With SHA-384.
    #[serde(rename = "HS384")]
    Hs384,
    /// With SHA-512.
    #[serde(rename = "HS512")]
    Hs512,
}

impl FromStr for MacAlgorithm {
    type Err = UnknownAlgorithm;

    /// Exact: the names are case-sensitive (RFC 7515 §4.1.1).
    fn from_str(name: &str) -> Result<Self, UnknownAlgorithm> {
        let mut all = Self::ALL.into_iter();
        all.find(|it| it.as_str() == name).ok_or(UnknownAlgorithm)
    }
}

impl MacAlgorithm {
    /// Every algorithm, in the order in which metadata lists them.
    pub const ALL: [Self; 3] = [Self::Hs256, Self::Hs384, Self::Hs512];

    /// The name in an `alg` member.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Hs256 => "HS256",
            Self::Hs384 => "HS384",
            Self::Hs512 => "HS512",
        }
    }

    fn hash(self) -> hmac::Algorithm {
        match self {
            Self::Hs256 => hmac::HMAC_SHA256,
            Self::Hs384 => hmac::HMAC_SHA384,
            Self::Hs512 => hmac::HMAC_SHA512,
        }
    }

    /// A key must be as long as the hash (RFC 7518 §3.2).
    fn takes(self, secret: &[u8]) -> bool {
        let shortest = match self {
            Self::Hs256 => SHORTEST_SECRET,
            Self::Hs384 => 48,
            Self::Hs512 => 64,
        };
        secret.len() >= shortest
    }
}

/// Bytes of the shortest secret that may be signed with.
pub const SHORTEST_SECRET: usize = 32;

/// Signs claims with a shared secret, as a token of type `JWT`. `kid` has no character that JSON escapes.
pub fn sign_mac<C: Serialize>(
    algorithm: MacAlgorithm,
    secret: &[u8],
    kid: &str,
    claims: &C,
) -> Result<String, JwtError> {
    if !algorithm.takes(secret) {
        return Err(KeyError::Unsuitable.into());
    }
    if !is_safe_key_id(kid) {
        return Err(JwtError::Type);
    }
    let alg = algorithm.as_str();
    let header = format!(r#"{{"typ":"JWT","alg":"{alg}","kid":"{kid}"}}"#);
    let claims = serde_json::to_vec(claims).map_err(JwtError::Claims)?;
    let encode = |part: &[u8]| URL_SAFE_NO_PAD.encode(part);
    let message = format!("{}.{}", encode(header.as_bytes()), encode(&claims));
    let key = hmac::Key::new(algorithm.hash(), secret);
    let tag = hmac::sign(&key, message.as_bytes());
    Ok(format!("{message}.{}", encode(tag.as_ref())))
}

/// Verifies a token that was signed with a shared secret, in the one algorithm that was agreed on, or in any that the
/// secret is long enough for.
pub fn verify_mac<C: DeserializeOwned>(
    secret: &[u8],
    agreed: Option<MacAlgorithm>,
    token: &str,
    expected: &Expected<'_>,
) -> Result<C, JwtRefused> {
    let (header, payload) = open(secret, agreed, token, expected.typ)?;
    let registered = serde_json::from_slice(&payload).map_err(|_| JwtRefused::WrongClaim)?;
    let signed = Signed {
        typ: header.typ,
        registered,
        payload,
    };
    signed.claims(expected)
}

/// Header and payload of a token that was signed with the secret.
pub(super) fn open(
    secret: &[u8],
    agreed: Option<MacAlgorithm>,
    token: &str,
    typ: Option<&[&str]>,
) -> Result<(Header, Vec<u8>), JwtRefused> {
    if token.len() > MAX_TOKEN {
        return Err(JwtRefused::TooLong);
    }
    let (message, signature) = token.rsplit_once('.').ok_or(JwtRefused::Malformed)?;
    let (header, payload) = message.split_once('.').ok_or(JwtRefused::Malformed)?;
    let header = parse_header(header)?;
    let algorithm = MacAlgorithm::ALL
        .into_iter()
        .find(|it| it.as_str() == header.alg && agreed.is_none_or(|agreed| agreed == *it))
        .filter(|it| it.takes(secret))
        .ok_or(JwtRefused::WrongAlgorithm)?;
    if !type_is_expected(header.typ.as_deref(), typ) {
        return Err(JwtRefused::WrongType);
    }
    let decode = |text| URL_SAFE_NO_PAD.decode(text);
    let signature = decode(signature).map_err(|_| JwtRefused::Malformed)?;
    let key = hmac::Key::new(algorithm.hash(), secret);
    hmac::verify(&key, message.as_bytes(), &signature).map_err(|_| JwtRefused::BadSignature)?;
    let payload = decode(payload).map_err(|_| JwtRefused::Malformed)?;
    Ok((header, payload))
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    fn sign(algorithm: MacAlgorithm, secret: &[u8], header: &str, claims: &str) -> String {
        let message = format!(
            "{}.{}",
            URL_SAFE_NO_PAD.encode(header),
            URL_SAFE_NO_PAD.encode(claims)
        );
        let tag = hmac::sign(
            &hmac::Key::new(algorithm.hash(), secret),
            message.as_bytes(),
        );
        format!("{message}.{}", URL_SAFE_NO_PAD.encode(tag))
    }

    fn check(secret: &[u8], agreed: Option<MacAlgorithm>, token: &str) -> Result<(), JwtRefused> {
        let expected = Expected {
            issuer: "joe",
            typ: None,
            now: 1_300_819_300,
            leeway: 0,
            accept_expired: false,
        };
        verify_mac::<Value>(secret, agreed, token, &expected).map(|_| ())
    }

    /// RFC 7515, Appendix A.1.
    #[test]
    fn the_example_of_the_rfc() {
        let key = "AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow";
        let secret = URL_SAFE_NO_PAD.decode(key).unwrap();
        let token = "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ.dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
        assert_eq!(check(&secret, None, token), Ok(()));
        assert_eq!(check(&secret, Some(MacAlgorithm::Hs256), token), Ok(()));
        let other = check(&secret, Some(MacAlgorithm::Hs512), token);
        assert_eq!(other, Err(JwtRefused::WrongAlgorithm));
        assert_eq!(check(&[7; 64], None, token), Err(JwtRefused::BadSignature));
        for cut in 1..token.len() {
            assert!(check(&secret, None, &token[..cut]).is_err());
        }
        assert!(check(&secret, None, &format!("{token}.")).is_err());
        assert!(check(&secret, None, &format!("{token}=")).is_err());
    }

    #[test]
    fn a_secret_is_as_long_as_the_hash() {
        let claims = r#"{"iss":"joe","exp":1300819380}"#;
        for (algorithm, shortest) in [
            (MacAlgorithm::Hs256, 32),
            (MacAlgorithm::Hs384, 48),
            (MacAlgorithm::Hs512, 64),
        ] {
            let header = format!(r#"{{"alg":"{}"}}"#, algorithm.as_str());
            for (length, expected) in [
                (shortest, Ok(())),
                (shortest - 1, Err(JwtRefused::WrongAlgorithm)),
                (0, Err(JwtRefused::WrongAlgorithm)),
            ] {
                let secret = vec![7; length];
                let token = sign(algorithm, &secret, &header, claims);
                assert_eq!(check(&secret, None, &token), expected);
            }
        }
    }

    #[test]
    fn headers_are_read_as_strictly_as_elsewhere() {
        let secret = [7; 64];
        let claims = r#"{"iss":"joe","exp":1300819380}"#;
        for (header, reason) in [
            (r#"{"alg":"none"}"#, JwtRefused::WrongAlgorithm),
            (r#"{"alg":"ES256"}"#, JwtRefused::WrongAlgorithm),
            (r#"{"alg":"hs256"}"#, JwtRefused::WrongAlgorithm),
            (r#"{"alg":"HS256","crit":["exp"]}"#, JwtRefused::Malformed),
            (r#"{"alg":"HS256","b64":false}"#, JwtRefused::Malformed),
            (r#"{"alg":"HS256","typ":"at+jwt"}"#, JwtRefused::WrongType),
        ] {
            let token = sign(MacAlgorithm::Hs256, &secret, header, claims);
            assert_eq!(check(&secret, None, &token), Err(reason), "{header}");
        }
        let header = r#"{"alg":"HS256"}"#;
        for (claims, reason) in [
            (r#"{"iss":"joe"}"#, JwtRefused::WrongClaim),
            (r#"{"iss":"ann","exp":1300819380}"#, JwtRefused::OtherIssuer),
            (r#"{"iss":"joe","exp":1}"#, JwtRefused::Expired),
        ] {
            let token = sign(MacAlgorithm::Hs256, &secret, header, claims);
            assert_eq!(check(&secret, None, &token), Err(reason), "{claims}");
        }
    }
}
