//! Public keys of others that can be encrypted to (RFC 7517 §4).
//!
//! Owns which keys those are: the numbers are those of [`crate::crypto::jwk`], `use` and `alg` are read anew, because a key
//! for encryption names other algorithms there than one for signatures.

use aws_lc_rs::{
    agreement::{Algorithm, ECDH_P256, ECDH_P384, ECDH_P521, ParsedPublicKey, UnparsedPublicKey},
    rsa::{PublicEncryptingKey, PublicKeyComponents},
};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::crypto::{
    jwe::algorithm::KeyManagement,
    jwk::{PublicJwk, PublicKey},
};

/// A key that can be encrypted to: RSA, P-256, P-384 or P-521.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct EncryptionJwk {
    /// Without `alg`.
    #[serde(flatten)]
    jwk: PublicJwk,
    #[serde(skip_serializing_if = "Option::is_none")]
    alg: Option<KeyManagement>,
}

impl EncryptionJwk {
    /// Reads a key of a set; `None` for one that is for something else or not sound.
    pub(crate) fn read(key: &Value) -> Option<Self> {
        let mut members = key.as_object()?.clone();
        let alg = match members.remove("alg") {
            None => None,
            Some(alg) => Some(KeyManagement::deserialize(alg).ok()?),
        };
        let jwk: PublicJwk = serde_json::from_value(members.into()).ok()?;
        let is_for_it = jwk.usage.as_deref().is_none_or(|usage| usage == "enc");
        let fits = |alg| is_of_type(&jwk.key, alg);
        (is_for_it && alg.is_none_or(fits) && is_sound(&jwk.key)).then_some(Self { jwk, alg })
    }

    /// Whether it can be encrypted to with this algorithm.
    pub fn suits(&self, algorithm: KeyManagement) -> bool {
        self.alg.is_none_or(|alg| alg == algorithm) && is_of_type(&self.jwk.key, algorithm)
    }

    /// Whether `use` or `alg` say that it is for nothing else.
    pub(crate) fn is_for_encryption_alone(&self) -> bool {
        self.jwk.usage.is_some() || self.alg.is_some()
    }

    /// A key of this server's own, with its one algorithm.
    pub(super) fn own(jwk: PublicJwk, alg: KeyManagement) -> Self {
        Self {
            jwk,
            alg: Some(alg),
        }
    }

    pub(super) fn kid(&self) -> Option<&str> {
        self.jwk.kid.as_deref()
    }

    pub(super) fn numbers(&self) -> &PublicKey {
        &self.jwk.key
    }

    /// The public key of that point, on the curve of another key.
    pub(super) fn of_point(other: &PublicKey, point: &[u8]) -> Option<PublicJwk> {
        let (_, coordinates) = point.split_first()?;
        let (x, y) = coordinates.split_at_checked(coordinates.len() / 2)?;
        let (x, y) = (x.to_vec(), y.to_vec());
        let key = match other {
            PublicKey::P256 { .. } => PublicKey::P256 { x, y },
            PublicKey::P384 { .. } => PublicKey::P384 { x, y },
            PublicKey::P521 { .. } => PublicKey::P521 { x, y },
            PublicKey::Ed25519 { .. } | PublicKey::Rsa { .. } => return None,
        };
        Some(PublicJwk {
            key,
            usage: None,
            alg: None,
            kid: None,
        })
    }
}

/// The curve that keys are agreed on.
pub(super) fn curve(key: &PublicKey) -> Option<&'static Algorithm> {
    match key {
        PublicKey::P256 { .. } => Some(&ECDH_P256),
        PublicKey::P384 { .. } => Some(&ECDH_P384),
        PublicKey::P521 { .. } => Some(&ECDH_P521),
        PublicKey::Ed25519 { .. } | PublicKey::Rsa { .. } => None,
    }
}

/// The point in its uncompressed form (SEC 1 §2.3.3).
pub(super) fn point(key: &PublicKey) -> Option<Vec<u8>> {
    if let PublicKey::P256 { x, y } | PublicKey::P384 { x, y } | PublicKey::P521 { x, y } = key {
        Some([&[4][..], x, y].concat())
    } else {
        None
    }
}

fn is_of_type(key: &PublicKey, algorithm: KeyManagement) -> bool {
    if algorithm.uses_rsa() {
        matches!(key, PublicKey::Rsa { .. })
    } else {
        curve(key).is_some()
    }
}

/// A point that is not on its curve must be found out when it is registered, not when somebody signs in.
fn is_sound(key: &PublicKey) -> bool {
    if let PublicKey::Rsa { n, e } = key {
        return TryInto::<PublicEncryptingKey>::try_into(PublicKeyComponents { n, e }).is_ok();
    }
    let (Some(curve), Some(point)) = (curve(key), point(key)) else {
        return false;
    };
    let parsed = ParsedPublicKey::try_from(&UnparsedPublicKey::new(curve, point));
    parsed.is_ok_and(|parsed| parsed.alg() == curve)
}
