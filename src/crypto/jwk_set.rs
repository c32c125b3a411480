//! Sets of public keys of others (RFC 7517 §5).
//!
//! Owns which of their keys are used: those that this server can verify with, found by key id and algorithm, and those
//! that it can encrypt to, found by algorithm.

use serde::{Deserialize, Serialize, Serializer};
use serde_json::Value;

use crate::crypto::algorithm::Algorithm;
use crate::crypto::jwe::algorithm::KeyManagement;
use crate::crypto::jwe::recipient::EncryptionJwk;
use crate::crypto::jwk::PublicJwk;

/// The keys of a set that this server can use; others are ignored, as RFC 7517 §5 asks.
///
/// A set with a private or symmetric key in it is refused as a whole: its owner gave away a secret.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "Members")]
pub struct JwkSet {
    keys: Vec<PublicJwk>,
    /// Those that are for nothing else first; a key that is for everything is here as well.
    for_encryption: Vec<EncryptionJwk>,
}

#[derive(Serialize)]
struct Written<'a> {
    keys: Vec<WrittenKey<'a>>,
}

#[derive(Serialize)]
#[serde(untagged)]
enum WrittenKey<'a> {
    Signature(&'a PublicJwk),
    Encryption(&'a EncryptionJwk),
}

impl Serialize for JwkSet {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let for_encryption = self.for_encryption.iter();
        let others = for_encryption.filter(|key| key.is_for_encryption_alone());
        let keys = self.keys.iter().map(WrittenKey::Signature);
        let keys = keys.chain(others.map(WrittenKey::Encryption)).collect();
        Written { keys }.serialize(serializer)
    }
}

/// Why a set cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum JwkSetError {
    /// The member `d` or `k` is there.
    #[error("a key of the set is private or symmetric; give the public keys alone")]
    Private,
    /// Nobody has so many.
    #[error("the set has more than 32 keys")]
    TooMany,
    /// For signatures or encryption with the algorithms of this server.
    #[error(
        "the set has no key that this server can use: use EC (P-256, P-384, P-521), OKP (Ed25519) or RSA from 2048 bits"
    )]
    NoKey,
}

#[derive(Deserialize)]
struct Members {
    keys: Vec<Value>,
}

impl TryFrom<Members> for JwkSet {
    type Error = JwkSetError;

    fn try_from(members: Members) -> Result<Self, JwkSetError> {
        if members.keys.len() > MOST {
            return Err(JwkSetError::TooMany);
        }
        let is_private = |key: &Value| key.get("d").is_some() || key.get("k").is_some();
        if members.keys.iter().any(is_private) {
            return Err(JwkSetError::Private);
        }
        let for_encryption = members.keys.iter().filter_map(EncryptionJwk::read);
        let mut for_encryption: Vec<_> = for_encryption.collect();
        for_encryption.sort_by_key(|key| !key.is_for_encryption_alone());
        let keys = members.keys.into_iter();
        let keys: Vec<PublicJwk> = keys
            .filter_map(|key| serde_json::from_value(key).ok())
            .filter(|key: &PublicJwk| key.usage.as_deref().is_none_or(|usage| usage == "sig"))
            .collect();
        if keys.is_empty() && for_encryption.is_empty() {
            return Err(JwkSetError::NoKey);
        }
        Ok(Self {
            keys,
            for_encryption,
        })
    }
}

impl JwkSet {
    /// Reads a document. A member that stands twice in the set is an error; within a key the last one counts.
    pub fn parse(json: &[u8]) -> Result<Self, serde_json::Error> {
        serde_json::from_slice(json)
    }

    /// The key to verify with, and its algorithm, which its owner may have fixed. Without a key id there must be only
    /// one that fits, and none is guessed among several of the same id.
    pub fn find(
        &self,
        kid: Option<&str>,
        fixed: Option<Algorithm>,
    ) -> Option<(&PublicJwk, Algorithm)> {
        let mut fitting = self
            .keys
            .iter()
            .filter(|key| kid.is_none() || key.kid.as_deref() == kid)
            .map(|key| (key, fixed.unwrap_or_else(|| key.usual_algorithm())))
            .filter(|(key, algorithm)| key.suits(*algorithm));
        let found = fitting.next();
        found.filter(|_| fitting.next().is_none())
    }

    /// The first key that can be encrypted to with this algorithm; one that is for encryption alone before others.
    pub fn find_for_encryption(&self, algorithm: KeyManagement) -> Option<&EncryptionJwk> {
        self.for_encryption.iter().find(|key| key.suits(algorithm))
    }

    /// Whether some key is for signatures.
    pub fn can_verify(&self) -> bool {
        !self.keys.is_empty()
    }

    /// Whether some key is for signatures of this algorithm.
    pub fn has_key_for(&self, algorithm: Algorithm) -> bool {
        self.keys.iter().any(|key| key.suits(algorithm))
    }
}

/// More keys than this are a mistake or an attack.
const MOST: usize = 32;

#[cfg(test)]
mod tests {
    use super::*;

    const X: &str = "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU";
    const Y: &str = "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0";

    fn ec(more: &str) -> String {
        format!(r#"{{"kty":"EC","crv":"P-256","x":"{X}","y":"{Y}"{more}}}"#)
    }

    fn set(keys: &[String]) -> Result<JwkSet, String> {
        let json = format!(r#"{{"keys":[{}]}}"#, keys.join(","));
        JwkSet::parse(json.as_bytes()).map_err(|error| error.to_string())
    }

    #[test]
    fn keys_that_are_of_no_use_are_ignored() {
        let others = [
            ec(r#","use":"other""#),
            r#"{"kty":"new","z":"AAAA"}"#.to_owned(),
            r#"{"kty":"RSA","alg":"RSA-OAEP","n":"AAAA","e":"AQAB"}"#.to_owned(),
            "7".to_owned(),
        ];
        assert!(set(&others).unwrap_err().contains("no key"));
        let mut keys = others.to_vec();
        keys.push(ec(r#","kid":"a""#));
        let found = set(&keys).unwrap();
        assert!(found.find(Some("a"), None).is_some());
        assert_eq!(
            serde_json::to_value(found).unwrap()["keys"]
                .as_array()
                .unwrap()
                .len(),
            1
        );
    }

    #[test]
    fn a_key_is_for_signatures_or_for_encryption_or_for_both() {
        let wrap = r#","alg":"ECDH-ES+A128KW","kid":"wrap""#.to_owned();
        let keys = [
            ec(&wrap),
            ec(r#","use":"enc","kid":"enc""#),
            ec(r#","use":"sig","kid":"sig""#),
            ec(r#","kid":"both""#),
        ];
        let found = set(&keys).unwrap();
        assert!(found.find(Some("enc"), None).is_none());
        assert!(
            found.find(Some("sig"), None).is_some() && found.find(Some("both"), None).is_some()
        );
        let id = |algorithm| {
            found
                .find_for_encryption(algorithm)
                .map(|it| json(it)["kid"].clone())
        };
        assert_eq!(id(KeyManagement::EcdhEsA128Kw).unwrap(), "wrap");
        assert_eq!(id(KeyManagement::EcdhEs).unwrap(), "enc");
        assert_eq!(id(KeyManagement::RsaOaep), None);
        assert_eq!(json(&found)["keys"].as_array().unwrap().len(), 4);
        let again: JwkSet = serde_json::from_value(json(&found)).unwrap();
        assert_eq!(again, found);
        let alone = set(&[ec(&wrap)]).unwrap();
        assert!(!alone.can_verify());
    }

    fn json(value: &impl Serialize) -> Value {
        serde_json::to_value(value).unwrap()
    }

    #[test]
    fn a_set_with_a_secret_in_it_is_refused() {
        for secret in [
            format!(r#"{{"kty":"oct","k":"{X}"}}"#),
            ec(&format!(r#","d":"{X}""#)),
            r#"{"kty":"new","d":1}"#.to_owned(),
        ] {
            assert!(set(&[ec(""), secret]).unwrap_err().contains("private"));
        }
        assert!(set(&vec![ec(""); 33]).unwrap_err().contains("more than 32"));
        for json in ["", "[]", "{}", r#"{"keys":{}}"#, r#"{"keys":[]}"#] {
            assert!(JwkSet::parse(json.as_bytes()).is_err(), "{json}");
        }
    }

    #[test]
    fn a_key_is_found_and_never_guessed() {
        let one = set(&[ec(r#","kid":"a""#)]).unwrap();
        assert!(one.find(None, None).is_some());
        assert!(one.find(Some("a"), Some(Algorithm::Es256)).is_some());
        assert!(one.find(Some("b"), None).is_none());
        assert!(one.find(Some("a"), Some(Algorithm::Rs256)).is_none());
        let two = set(&[ec(r#","kid":"a""#), ec(r#","kid":"b""#)]).unwrap();
        assert!(two.find(None, None).is_none());
        assert!(two.find(Some("b"), None).is_some());
        let alike = set(&[ec(r#","kid":"a""#), ec(r#","kid":"a""#)]).unwrap();
        assert!(alike.find(Some("a"), None).is_none());
        let unnamed = set(&[ec("")]).unwrap();
        assert!(unnamed.find(Some("a"), None).is_none());
    }
}
