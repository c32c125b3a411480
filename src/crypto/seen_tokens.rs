//! Tokens whose signature was found good, so that it is checked once and not at each presentation.
//!
//! Owns which tokens are remembered and for how long: the most recently presented ones, a bounded number. What is
//! remembered is what the token says; whether it has expired or was revoked is asked each time, elsewhere.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use crate::crypto::digest::sha256;

/// Remembers what tokens say.
pub(super) struct SeenTokens<T> {
    generations: Mutex<Generations<T>>,
}

/// A full young generation becomes the old one, and the old one is forgotten; who is presented again in time comes back
/// to the young. So the bound holds without a list of who was presented when.
struct Generations<T> {
    young: HashMap<Key, Arc<T>>,
    old: HashMap<Key, Arc<T>>,
}

/// SHA-256 of the whole token, signature included.
type Key = [u8; 32];

/// So many tokens are in a generation at most; one takes about half a kilobyte.
const GENERATION: usize = 4096;

impl<T> SeenTokens<T> {
    /// What this very token says, if its signature was found good before.
    pub(super) fn recall(&self, token: &str) -> Option<Arc<T>> {
        let key = sha256(token.as_bytes());
        let mut generations = self.generations();
        if let Some(said) = generations.young.get(&key) {
            return Some(Arc::clone(said));
        }
        let said = generations.old.remove(&key)?;
        generations.insert(key, Arc::clone(&said));
        Some(said)
    }

    /// Remembers what a token says, whose signature was just found good.
    pub(super) fn remember(&self, token: &str, said: &Arc<T>) {
        let key = sha256(token.as_bytes());
        self.generations().insert(key, Arc::clone(said));
    }

    fn generations(&self) -> std::sync::MutexGuard<'_, Generations<T>> {
        self.generations
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

impl<T> Generations<T> {
    fn insert(&mut self, key: Key, said: Arc<T>) {
        if self.young.len() >= GENERATION {
            self.old = std::mem::take(&mut self.young);
        }
        self.young.insert(key, said);
    }
}

impl<T> Default for SeenTokens<T> {
    fn default() -> Self {
        Self {
            generations: Mutex::new(Generations {
                young: HashMap::new(),
                old: HashMap::new(),
            }),
        }
    }
}

impl<T> std::fmt::Debug for SeenTokens<T> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("SeenTokens([redacted])")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn recalls_what_was_remembered_and_nothing_else() {
        let seen = SeenTokens::default();
        seen.remember("a.b.c", &Arc::new(1));
        assert_eq!(seen.recall("a.b.c").as_deref(), Some(&1));
        assert_eq!(seen.recall("a.b.d"), None);
    }

    #[test]
    fn forgets_the_longest_unseen_and_never_holds_more_than_two_generations() {
        let seen = SeenTokens::default();
        seen.remember("often", &Arc::new(0));
        seen.remember("once", &Arc::new(0));
        for number in 0..3 * GENERATION {
            seen.remember(&format!("token {number}"), &Arc::new(number));
            assert!(seen.recall("often").is_some());
        }
        assert!(seen.recall("once").is_none());
        let generations = seen.generations();
        assert!(generations.young.len() + generations.old.len() <= 2 * GENERATION);
    }
}
