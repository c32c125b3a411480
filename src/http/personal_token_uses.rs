//! Which personal access tokens were seen just now, until that is written down with the uses of client secrets.
//!
//! What is kept here is lost with the process, which is a second of "last used" at most. A request takes the lock only for a
//! token of this kind.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::protocol::context::Timestamp;
use crate::protocol::personal_token::{PersonalTokenUse, is_personal};

/// Uses that are not yet written down.
#[derive(Default)]
pub struct PersonalTokenUses {
    /// In order, so that nodes that write the same rows at once do not wait for each other in a circle.
    waiting: Mutex<BTreeMap<String, (Timestamp, Option<String>)>>,
}

impl PersonalTokenUses {
    /// Notes that a token was found good, where it is a personal one, and from where it came, as far as that is known.
    pub fn note(&self, token_id: &str, from: impl FnOnce() -> Option<IpAddr>, now: Timestamp) {
        if is_personal(token_id) {
            let from = from().map(|address| address.to_string());
            let mut waiting = self.lock();
            // Then it stays forgotten until the next use.
            if waiting.len() < MOST {
                waiting.insert(token_id.to_owned(), (now, from));
            }
        }
    }

    /// Takes what is to be written down.
    pub fn take(&self) -> Vec<PersonalTokenUse> {
        std::mem::take(&mut *self.lock())
            .into_iter()
            .map(|(id, (at, from))| PersonalTokenUse { id, at, from })
            .collect()
    }

    /// Keeps what could not be written down. A use that came meanwhile is the later one.
    pub fn give_back(&self, uses: Vec<PersonalTokenUse>) {
        let mut waiting = self.lock();
        for PersonalTokenUse { id, at, from } in uses {
            if waiting.len() < MOST {
                waiting.entry(id).or_insert((at, from));
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<String, (Timestamp, Option<String>)>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// So many tokens wait at most; it is also how many rows one transaction changes.
const MOST: usize = 4096;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_personal_tokens_are_noted_and_the_later_use_is_kept() {
        let uses = PersonalTokenUses::default();
        let here = || "192.0.2.7".parse().ok();
        uses.note("of a client", here, 1);
        uses.note("personal.a", here, 20);
        let early = |id: &str| PersonalTokenUse {
            id: id.to_owned(),
            at: 10,
            from: None,
        };
        uses.give_back(vec![early("personal.a"), early("personal.b")]);
        let late = PersonalTokenUse {
            at: 20,
            from: Some("192.0.2.7".to_owned()),
            ..early("personal.a")
        };
        assert_eq!(uses.take(), [late, early("personal.b")]);
        assert!(uses.take().is_empty());
    }
}
