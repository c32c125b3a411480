//! A public key, prepared to verify the signatures of its one algorithm.
//!
//! Owns the calls of the libraries that verify. Which key a token is verified with is decided above.

use aws_lc_rs::signature::{ECDSA_P521_SHA512_FIXED, UnparsedPublicKey};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use jsonwebtoken::{DecodingKey, Validation, errors::ErrorKind};
use serde::de::DeserializeOwned;

use crate::crypto::{
    algorithm::Algorithm,
    jwk::{PublicJwk, PublicKey},
    jwt::JwtRefused,
};

/// A public key, prepared to verify signatures of its one algorithm.
#[derive(Clone, Debug)]
pub struct VerifyingKey {
    algorithm: Algorithm,
    check: Check,
}

#[derive(Clone, Debug)]
enum Check {
    /// By `jsonwebtoken`.
    Package(Box<(DecodingKey, Validation)>),
    /// ES512, which `jsonwebtoken` does not know: an uncompressed point (SEC 1 §2.3.3).
    P521(Vec<u8>),
}

/// A public key was to be used with an algorithm that it is not for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the key is not for this algorithm")]
pub struct UnsuitableKey;

impl VerifyingKey {
    /// Prepares a key. The algorithm is what this server has configured for the key or its owner,
    /// never what a token says.
    pub fn new(jwk: &PublicJwk, algorithm: Algorithm) -> Result<Self, UnsuitableKey> {
        if !jwk.suits(algorithm) {
            return Err(UnsuitableKey);
        }
        let point = |x: &[u8], y: &[u8]| [&[4], x, y].concat();
        let check = match (package_name(algorithm), &jwk.key) {
            (Some(name), key) => {
                let key = match key {
                    PublicKey::P256 { x, y }
                    | PublicKey::P384 { x, y }
                    | PublicKey::P521 { x, y } => DecodingKey::from_ec_der(&point(x, y)),
                    PublicKey::Ed25519 { x } => DecodingKey::from_ed_der(x),
                    PublicKey::Rsa { n, e } => DecodingKey::from_rsa_raw_components(n, e),
                };
                Check::Package(Box::new((key, signature_only(name))))
            }
            (None, PublicKey::P521 { x, y }) => Check::P521(point(x, y)),
            (None, _) => return Err(UnsuitableKey),
        };
        Ok(Self { algorithm, check })
    }

    /// The one algorithm that the key verifies.
    pub fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// Verifies the signature of a compact token (RFC 7515 §7.1), and reads its claims then.
    pub(super) fn verify<C: DeserializeOwned>(&self, token: &str) -> Result<C, JwtRefused> {
        match &self.check {
            Check::Package(package) => {
                let (key, validation) = &**package;
                jsonwebtoken::decode::<C>(token, key, validation)
                    .map(|data| data.claims)
                    .map_err(|error| refusal(error.kind()))
            }
            Check::P521(point) => {
                let (message, signature) = token.rsplit_once('.').ok_or(JwtRefused::Malformed)?;
                let (_, payload) = message.split_once('.').ok_or(JwtRefused::Malformed)?;
                let decode = |text| {
                    URL_SAFE_NO_PAD
                        .decode(text)
                        .map_err(|_| JwtRefused::Malformed)
                };
                UnparsedPublicKey::new(&ECDSA_P521_SHA512_FIXED, point)
                    .verify(message.as_bytes(), &decode(signature)?)
                    .map_err(|_| JwtRefused::BadSignature)?;
                serde_json::from_slice(&decode(payload)?).map_err(|_| JwtRefused::WrongClaim)
            }
        }
    }
}

/// The name that `jsonwebtoken` gives to an algorithm, if it knows it.
fn package_name(algorithm: Algorithm) -> Option<jsonwebtoken::Algorithm> {
    match algorithm {
        Algorithm::Es256 => Some(jsonwebtoken::Algorithm::ES256),
        Algorithm::Es384 => Some(jsonwebtoken::Algorithm::ES384),
        Algorithm::Es512 => None,
        Algorithm::EdDsa => Some(jsonwebtoken::Algorithm::EdDSA),
        Algorithm::Rs256 => Some(jsonwebtoken::Algorithm::RS256),
        Algorithm::Rs384 => Some(jsonwebtoken::Algorithm::RS384),
        Algorithm::Rs512 => Some(jsonwebtoken::Algorithm::RS512),
        Algorithm::Ps256 => Some(jsonwebtoken::Algorithm::PS256),
        Algorithm::Ps384 => Some(jsonwebtoken::Algorithm::PS384),
        Algorithm::Ps512 => Some(jsonwebtoken::Algorithm::PS512),
    }
}

/// The package's own checks of claims are all off: it reads the system clock, and lets pass what
/// is missing. `jwt` checks the claims.
fn signature_only(algorithm: jsonwebtoken::Algorithm) -> Validation {
    let mut validation = Validation::new(algorithm);
    validation.required_spec_claims.clear();
    validation.validate_exp = false;
    validation.validate_nbf = false;
    validation.validate_aud = false;
    validation
}

/// The package's reasons in ours. It reads the claims only after the signature was found good,
/// and the header was already read more strictly by `jwt`, so JSON that it cannot read is a claim.
#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "the package may add reasons at any time"
)]
fn refusal(kind: &ErrorKind) -> JwtRefused {
    match kind {
        ErrorKind::InvalidSignature => JwtRefused::BadSignature,
        ErrorKind::InvalidAlgorithm => JwtRefused::WrongAlgorithm,
        ErrorKind::Json(_) => JwtRefused::WrongClaim,
        _ => JwtRefused::Malformed,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::crypto::{
        jwt,
        signing_key::{RsaBits, SigningKey},
    };

    #[test]
    fn a_key_serves_its_own_algorithm_only() {
        for own in Algorithm::ALL {
            let (key, _) = SigningKey::generate(own, RsaBits::B2048).unwrap();
            for algorithm in Algorithm::ALL {
                let verifying = VerifyingKey::new(key.public_jwk(), algorithm);
                assert_eq!(verifying.is_ok(), own == algorithm, "{own} as {algorithm}");
            }
        }
    }

    #[test]
    fn every_algorithm_verifies_what_was_signed_and_nothing_else() {
        for algorithm in Algorithm::ALL {
            let (key, _) = SigningKey::generate(algorithm, RsaBits::B2048).unwrap();
            let verifying = VerifyingKey::new(key.public_jwk(), algorithm).unwrap();
            let token = jwt::sign(&key, None, &json!({"iss": "a"})).unwrap();
            let claims: Result<Value, _> = verifying.verify(&token);
            assert_eq!(claims, Ok(json!({"iss": "a"})), "{algorithm}");
            let other = jwt::sign(&key, None, &json!({"iss": "b"})).unwrap();
            let (other, _) = other.rsplit_once('.').unwrap();
            let (_, signature) = token.rsplit_once('.').unwrap();
            let forged: Result<Value, _> = verifying.verify(&format!("{other}.{signature}"));
            assert_eq!(forged, Err(JwtRefused::BadSignature), "{algorithm}");
            let short: Result<Value, _> = verifying.verify(&token[..token.len() - 4]);
            assert!(short.is_err(), "{algorithm}");
        }
    }
}
