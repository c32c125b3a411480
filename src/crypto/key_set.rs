//! Which keys sign, which verify, and what the public JWKS shows.
//!
//! Owns the life of a key: announced → active → verify-only → retired. A [`KeySet`] is a snapshot
//! that never changes; when the next one is made, and from where, is decided above.

use std::{fmt, str::FromStr, sync::Arc};

use serde::{Deserialize, Serialize};

use crate::crypto::{
    algorithm::Algorithm,
    jwk::PublicJwk,
    jwt::Signed,
    key_ring::KeyRing,
    seen_tokens::SeenTokens,
    signing_key::SigningKey,
    verifying_key::{UnsuitableKey, VerifyingKey},
};

/// Where a key is in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum KeyState {
    /// Published, so that everybody has it before the first signature, but not signing yet.
    Announced,
    /// Signs.
    Active,
    /// Signs no more; published until the last token signed with it has expired.
    VerifyOnly,
    /// Neither published nor accepted.
    Retired,
}

impl KeyState {
    /// Every state, in the order of a key's life.
    pub const ALL: [Self; 4] = [
        Self::Announced,
        Self::Active,
        Self::VerifyOnly,
        Self::Retired,
    ];

    /// The name under which a state is stored and shown.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Announced => "announced",
            Self::Active => "active",
            Self::VerifyOnly => "verify_only",
            Self::Retired => "retired",
        }
    }
}

/// A name that is none of [`KeyState::ALL`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the state of a key must be one of announced, active, verify_only, retired")]
pub struct UnknownKeyState;

impl FromStr for KeyState {
    type Err = UnknownKeyState;

    fn from_str(name: &str) -> Result<Self, UnknownKeyState> {
        Self::ALL
            .into_iter()
            .find(|state| state.as_str() == name)
            .ok_or(UnknownKeyState)
    }
}

impl fmt::Display for KeyState {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

/// When a key becomes good for what.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timetable {
    /// From when on it signs; until then it is announced.
    pub active_from: i64,
    /// From when on it signs no more.
    pub verify_only_from: Option<i64>,
    /// From when on nobody needs it any more.
    pub remove_at: Option<i64>,
}

impl Timetable {
    /// What the key is good for at that time.
    pub fn state_at(&self, now: i64) -> KeyState {
        let is_past = |time: Option<i64>| time.is_some_and(|time| time <= now);
        if is_past(self.remove_at) {
            KeyState::Retired
        } else if is_past(self.verify_only_from) {
            KeyState::VerifyOnly
        } else if self.active_from <= now {
            KeyState::Active
        } else {
            KeyState::Announced
        }
    }

    /// When it becomes good for something else.
    pub fn next_change(&self, now: i64) -> Option<i64> {
        [
            Some(self.active_from),
            self.verify_only_from,
            self.remove_at,
        ]
        .into_iter()
        .flatten()
        .filter(|time| *time > now)
        .min()
    }
}

/// A snapshot of this server's keys.
#[derive(Debug, Default)]
pub struct KeySet {
    entries: Arc<[Entry]>,
    ring: Arc<KeyRing>,
    seen: Arc<SeenTokens<Signed>>,
}

#[derive(Debug)]
struct Entry {
    key: Arc<SigningKey>,
    state: KeyState,
    verifying: VerifyingKey,
}

/// Why keys make no set.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeySetError {
    /// Two keys have the same id, so a token would not say which one signed it. Happens when one
    /// RSA key is given for both RS256 and PS256.
    #[error("two keys are the same key")]
    Duplicate,
    /// A key's public half is not for its algorithm.
    #[error(transparent)]
    Unsuitable(#[from] UnsuitableKey),
}

impl KeySet {
    /// Takes all keys but retired ones. When several are active for one algorithm, the first
    /// signs.
    pub fn new(keys: Vec<(Arc<SigningKey>, KeyState)>) -> Result<Self, KeySetError> {
        let mut entries: Vec<Entry> = Vec::new();
        for (key, state) in keys {
            if state == KeyState::Retired {
                continue;
            }
            if entries.iter().any(|entry| entry.key.kid() == key.kid()) {
                return Err(KeySetError::Duplicate);
            }
            let verifying = VerifyingKey::new(key.public_jwk(), key.algorithm())?;
            entries.push(Entry {
                key,
                state,
                verifying,
            });
        }
        Ok(Self {
            entries: entries.into(),
            ..Self::default()
        })
    }

    /// The same, with the keys of owners beside its own.
    #[must_use]
    pub fn with_ring(&self, ring: Arc<KeyRing>) -> Self {
        Self {
            entries: Arc::clone(&self.entries),
            ring,
            seen: Arc::default(),
        }
    }

    /// The keys of owners.
    pub fn ring(&self) -> &KeyRing {
        &self.ring
    }

    /// Takes over which tokens were verified with another set, if both have the same keys: then what was true of a token
    /// is true still.
    pub fn follow(&mut self, before: &Self) {
        let keys = |set: &Self| -> Vec<(String, Algorithm)> {
            let keys = set.entries.iter().map(|entry| &entry.key);
            keys.map(|key| (key.kid().to_owned(), key.algorithm()))
                .collect()
        };
        if keys(self) == keys(before) && self.ring.ids().eq(before.ring.ids()) {
            self.seen = Arc::clone(&before.seen);
        }
    }

    /// The tokens that were verified with these keys.
    pub(super) fn seen(&self) -> &SeenTokens<Signed> {
        &self.seen
    }

    /// The key that signs with this algorithm.
    pub fn active(&self, algorithm: Algorithm) -> Option<&Arc<SigningKey>> {
        self.entries
            .iter()
            .find(|entry| entry.state == KeyState::Active && entry.key.algorithm() == algorithm)
            .map(|entry| &entry.key)
    }

    /// The published key with exactly this id.
    pub fn find(&self, kid: &str) -> Option<&Arc<SigningKey>> {
        self.entry(kid).map(|entry| &entry.key)
    }

    /// The published key with exactly this id, prepared to verify.
    pub fn verifying_key(&self, kid: &str) -> Option<&VerifyingKey> {
        let own = self.entry(kid).map(|entry| &entry.verifying);
        own.or_else(|| self.ring.verifying_key(kid))
    }

    /// The algorithms that have an active key, each once, in the order of [`Algorithm::ALL`].
    pub fn algorithms(&self) -> Vec<Algorithm> {
        Algorithm::ALL
            .into_iter()
            .filter(|algorithm| self.active(*algorithm).is_some())
            .collect()
    }

    /// The public JWKS (RFC 7517 §5) as JSON: announced, active and verify-only keys in the order
    /// in which they were given. The same set gives the same bytes.
    ///
    /// # Panics
    /// Never: a list of structs of texts can always be written as JSON.
    #[expect(
        clippy::expect_used,
        reason = "structs of texts can always be written as JSON"
    )]
    pub fn jwks_json(&self) -> String {
        let keys = self
            .entries
            .iter()
            .map(|entry| entry.key.public_jwk())
            .chain(self.ring.public_jwks())
            .collect();
        serde_json::to_string(&Jwks { keys }).expect("texts and lists serialise")
    }

    fn entry(&self, kid: &str) -> Option<&Entry> {
        self.entries.iter().find(|entry| entry.key.kid() == kid)
    }
}

#[derive(Serialize)]
struct Jwks<'a> {
    keys: Vec<&'a PublicJwk>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::signing_key::RsaBits;

    fn key(algorithm: Algorithm) -> Arc<SigningKey> {
        Arc::new(SigningKey::generate(algorithm, RsaBits::B2048).unwrap().0)
    }

    #[test]
    fn states_round_trip() {
        for state in KeyState::ALL {
            assert_eq!(state.as_str().parse(), Ok(state));
            assert_eq!(
                serde_json::to_string(&state).unwrap(),
                format!("\"{state}\"")
            );
        }
        assert_eq!("Active".parse::<KeyState>(), Err(UnknownKeyState));
    }

    #[test]
    fn each_state_does_what_it_says() {
        let [announced, active, verify_only, retired] = [(); 4].map(|()| key(Algorithm::Es256));
        let set = KeySet::new(vec![
            (Arc::clone(&announced), KeyState::Announced),
            (Arc::clone(&active), KeyState::Active),
            (Arc::clone(&verify_only), KeyState::VerifyOnly),
            (Arc::clone(&retired), KeyState::Retired),
        ])
        .unwrap();
        assert_eq!(set.active(Algorithm::Es256).unwrap().kid(), active.kid());
        assert!(set.active(Algorithm::EdDsa).is_none());
        let jwks = set.jwks_json();
        for key in [&announced, &active, &verify_only] {
            assert_eq!(set.find(key.kid()).unwrap().kid(), key.kid());
            assert!(set.verifying_key(key.kid()).is_some());
            assert!(jwks.contains(key.kid()));
        }
        assert!(set.find(retired.kid()).is_none());
        assert!(set.verifying_key(retired.kid()).is_none());
        assert!(!jwks.contains(retired.kid()));
        assert!(set.find("").is_none());
        assert!(set.find(&active.kid()[..42]).is_none());
    }

    #[test]
    fn the_jwks_is_read_by_others_and_shows_no_private_part() {
        let keys = Algorithm::ALL.map(|algorithm| (key(algorithm), KeyState::Active));
        let set = KeySet::new(keys.to_vec()).unwrap();
        let json = set.jwks_json();
        assert_eq!(json, set.jwks_json());
        let value: serde_json::Value = serde_json::from_str(&json).unwrap();
        let members = value["keys"].as_array().unwrap();
        assert_eq!(members.len(), keys.len());
        for member in members {
            assert_eq!(member["use"], "sig");
            for private in ["d", "p", "q", "dp", "dq", "qi", "k"] {
                assert!(member.get(private).is_none());
            }
        }
        let read: jsonwebtoken::jwk::JwkSet = serde_json::from_str(&json).unwrap();
        for (key, _) in &keys {
            assert!(read.find(key.kid()).is_some());
        }
    }

    #[test]
    fn only_active_algorithms_are_listed_in_order() {
        let set = KeySet::new(vec![
            (key(Algorithm::EdDsa), KeyState::Active),
            (key(Algorithm::Es384), KeyState::VerifyOnly),
            (key(Algorithm::Es256), KeyState::Active),
            (key(Algorithm::Es256), KeyState::Announced),
        ])
        .unwrap();
        assert_eq!(set.algorithms(), [Algorithm::Es256, Algorithm::EdDsa]);
        assert_eq!(KeySet::default().jwks_json(), r#"{"keys":[]}"#);
    }

    #[test]
    fn the_same_key_twice_is_refused() {
        let (rs256, pkcs8) = SigningKey::generate(Algorithm::Rs256, RsaBits::B2048).unwrap();
        let ps256 = SigningKey::from_pkcs8(Algorithm::Ps256, pkcs8.expose()).unwrap();
        let (rs256, ps256) = (Arc::new(rs256), Arc::new(ps256));
        let set = |state| {
            KeySet::new(vec![
                (Arc::clone(&rs256), KeyState::Active),
                (Arc::clone(&ps256), state),
            ])
        };
        assert_eq!(set(KeyState::Announced).err(), Some(KeySetError::Duplicate));
        assert!(set(KeyState::Retired).is_ok());
    }
}
