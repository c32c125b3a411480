//! Public keys that verify beside those that the server signs with for everybody: each was made for one owner.
//!
//! Who an owner is, and which of its keys are published, is decided above. A ring never changes.

use std::collections::BTreeMap;

use crate::crypto::{
    jwk::PublicJwk,
    verifying_key::{UnsuitableKey, VerifyingKey},
};

/// Keys by their ids.
#[derive(Clone, Debug, Default)]
pub struct KeyRing(BTreeMap<String, Member>);

#[derive(Clone, Debug)]
struct Member {
    owner: String,
    jwk: PublicJwk,
    verifying: VerifyingKey,
}

impl KeyRing {
    /// The keys of all owners. A key must name its id and its one algorithm.
    pub fn new(keys: impl IntoIterator<Item = (String, PublicJwk)>) -> Result<Self, UnsuitableKey> {
        let mut ring = Self::default();
        for (owner, jwk) in keys {
            ring.add(owner, jwk)?;
        }
        Ok(ring)
    }

    /// The same with these keys of one owner, and no others of that owner.
    pub fn with(
        &self,
        owner: &str,
        keys: impl IntoIterator<Item = PublicJwk>,
    ) -> Result<Self, UnsuitableKey> {
        let mut ring = self.clone();
        ring.0.retain(|_, member| member.owner != owner);
        for jwk in keys {
            ring.add(owner.to_owned(), jwk)?;
        }
        Ok(ring)
    }

    fn add(&mut self, owner: String, jwk: PublicJwk) -> Result<(), UnsuitableKey> {
        let (Some(kid), Some(algorithm)) = (jwk.kid.clone(), jwk.alg) else {
            return Err(UnsuitableKey);
        };
        let verifying = VerifyingKey::new(&jwk, algorithm)?;
        let member = Member {
            owner,
            jwk,
            verifying,
        };
        self.0.insert(kid, member);
        Ok(())
    }

    /// The key of exactly that id.
    pub(super) fn verifying_key(&self, kid: &str) -> Option<&VerifyingKey> {
        self.0.get(kid).map(|member| &member.verifying)
    }

    /// All of them, as a set shows them.
    pub(super) fn public_jwks(&self) -> impl Iterator<Item = &PublicJwk> {
        self.0.values().map(|member| &member.jwk)
    }

    /// The ids of all of them.
    pub(super) fn ids(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::algorithm::Algorithm;
    use crate::crypto::signing_key::{RsaBits, SigningKey};

    fn jwk() -> PublicJwk {
        let (key, _) = SigningKey::generate(Algorithm::Es256, RsaBits::B2048).unwrap();
        key.public_jwk().clone()
    }

    #[test]
    fn an_owner_changes_its_own_keys_and_no_others() {
        let [first, second, other] = [(); 3].map(|()| jwk());
        let kid = |jwk: &PublicJwk| jwk.kid.clone().unwrap();
        let all = [
            ("a".to_owned(), first.clone()),
            ("b".to_owned(), other.clone()),
        ];
        let ring = KeyRing::new(all).unwrap();
        let changed = ring.with("a", [second.clone()]).unwrap();
        for (ring, there, not_there) in [(&ring, &first, &second), (&changed, &second, &first)] {
            assert!(ring.verifying_key(&kid(there)).is_some());
            assert!(ring.verifying_key(&kid(not_there)).is_none());
            assert!(ring.verifying_key(&kid(&other)).is_some());
            assert_eq!(ring.ids().count(), 2);
        }
    }

    #[test]
    fn a_key_without_id_or_algorithm_is_refused() {
        let jwk = jwk();
        let without_id = PublicJwk {
            kid: None,
            ..jwk.clone()
        };
        for jwk in [without_id, PublicJwk { alg: None, ..jwk }] {
            assert!(KeyRing::new([("a".to_owned(), jwk)]).is_err());
        }
    }
}
