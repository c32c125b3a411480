//! A state: the row, what each side holds, and a history from which the promises can be judged without asking the rule.

use std::rc::Rc;

use issuant::crypto::digest::Digest;
use issuant::protocol::tokens::family::Family;

use super::server::{Given, Lifetimes, Server};
use crate::support::cast::NOW;

/// What became of a refresh token, as contract and history have it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Standing {
    /// Nothing that was minted or used since speaks against it.
    Live,
    /// Another successor of the same token was minted after it, or used.
    Replaced,
    /// A token of a later generation was used.
    LeftBehind,
}

/// A refresh token that was minted, and the access token that came with it.
#[derive(Clone, Debug)]
pub(super) struct Token {
    pub(super) text: Rc<str>,
    pub(super) token_id: Rc<str>,
    pub(super) digest: Digest,
    /// For the telling: the how many-th that was minted.
    pub(super) number: u32,
    pub(super) generation: u32,
    pub(super) minted_at: i64,
    pub(super) standing: Standing,
    /// It was answered, or its access token was found good.
    pub(super) is_used: bool,
    /// The honest client wrote it down once.
    pub(super) was_written: bool,
}

/// A state of the small world.
#[derive(Clone, Debug)]
pub(super) struct World {
    pub(super) now: i64,
    pub(super) family: Family,
    pub(super) tokens: Vec<Token>,
    /// What the honest client has written down.
    pub(super) disk: usize,
    /// An answer to the honest client that is under way.
    pub(super) flight: Option<usize>,
    /// What a tab of the honest client may still hold in memory: the token that was on the disk before.
    pub(super) tab: Option<usize>,
    /// The last answer that the thief got.
    pub(super) loot: Option<usize>,
    pub(super) has_thief: bool,
    /// Theft was answered, or the client revoked a token.
    pub(super) is_ended: bool,
    /// When it was last refreshed, and for how long it lives from then on.
    pub(super) idle_end: i64,
    pub(super) absolute_end: i64,
    pub(super) lifetimes: Lifetimes,
    minted: u32,
}

impl World {
    /// The honest client has just signed in.
    pub(super) fn new(server: &Server) -> Self {
        let (family, given) = server.begin();
        let mut world = Self {
            now: NOW,
            family,
            tokens: Vec::new(),
            disk: 0,
            flight: None,
            tab: None,
            loot: None,
            has_thief: false,
            is_ended: false,
            idle_end: NOW + server.lifetimes.idle,
            absolute_end: NOW + server.lifetimes.absolute,
            lifetimes: server.lifetimes,
            minted: 0,
        };
        world.add(server, &given, 0);
        world.tokens[0].was_written = true;
        world
    }

    /// Whether the family outlived its idle or absolute life.
    pub(super) fn is_expired(&self) -> bool {
        self.now >= self.idle_end || self.now >= self.absolute_end
    }

    /// The unused successor of that token which was minted last.
    pub(super) fn successor(&self, of: usize) -> Option<usize> {
        let generation = self.tokens[of].generation + 1;
        let is_successor = |token: &Token| {
            token.generation == generation && token.standing == Standing::Live && !token.is_used
        };
        self.tokens.iter().position(is_successor)
    }

    pub(super) fn find(&self, text: &str) -> Option<usize> {
        self.tokens.iter().position(|token| &*token.text == text)
    }

    /// A token was answered: writes what history makes of that. Returns the answer's place.
    pub(super) fn answered(&mut self, server: &Server, presented: usize, given: &Given) -> usize {
        self.mark_used(presented);
        self.idle_end = self.now + self.lifetimes.idle;
        if let Some(known) = self.find(&given.text) {
            // The same access rights: which of the access tokens is shown makes no difference.
            return known;
        }
        let generation = self.tokens[presented].generation + 1;
        for token in &mut self.tokens {
            if token.generation == generation && token.standing == Standing::Live {
                token.standing = Standing::Replaced;
            }
        }
        self.add(server, given, generation)
    }

    /// A token or its access token was found good: nothing that came before or beside it may be good again.
    pub(super) fn mark_used(&mut self, used: usize) {
        let generation = self.tokens[used].generation;
        for (place, token) in self.tokens.iter_mut().enumerate() {
            if place == used {
                token.is_used = true;
            } else if token.standing == Standing::Live {
                if token.generation < generation {
                    token.standing = Standing::LeftBehind;
                } else if token.generation == generation {
                    token.standing = Standing::Replaced;
                }
            }
        }
    }

    /// Time passes; a tab gives a token up when the window of its answer is over.
    pub(super) fn pass(&mut self, seconds: i64) {
        self.now += seconds;
        if self.now - self.tokens[self.disk].minted_at >= self.lifetimes.window {
            self.tab = None;
        }
    }

    fn add(&mut self, server: &Server, given: &Given, generation: u32) -> usize {
        self.minted += 1;
        self.tokens.push(Token {
            text: given.text.as_str().into(),
            token_id: given.token_id.as_str().into(),
            digest: server.keys.refresh_digest(&given.text),
            number: self.minted,
            generation,
            minted_at: self.now,
            standing: Standing::Live,
            is_used: false,
            was_written: false,
        });
        self.tokens.len() - 1
    }

    /// Forgets what makes no difference any more, and answers what tells this state from others.
    pub(super) fn settle(&mut self) -> Vec<u8> {
        if self.is_ended || self.is_expired() {
            // Nobody is ever answered again, so it is all the same who holds what.
            (self.flight, self.tab, self.loot) = (None, None, None);
            self.has_thief = true;
        }
        let mut kinds: Vec<Kind> = Vec::new();
        let mut kept = Vec::new();
        for place in 0..self.tokens.len() {
            let kind = self.kind(place);
            if !kinds.contains(&kind) {
                kinds.push(kind);
                kept.push(place);
            }
        }
        // What somebody holds is of a kind of its own, so it was kept.
        let moved = |from: &mut usize| *from = kept.iter().position(|it| it == from).unwrap();
        let holders = [&mut self.flight, &mut self.tab, &mut self.loot];
        holders.into_iter().flatten().for_each(moved);
        moved(&mut self.disk);
        self.tokens = kept
            .iter()
            .map(|place| self.tokens[*place].clone())
            .collect();
        let mut key = vec![
            small(self.absolute_end - self.now),
            small(self.idle_end - self.now),
            small(self.family.rotation.idle_expires_at - self.now),
            u8::from(self.is_ended),
            u8::from(self.family.revoked.is_some()),
            u8::from(self.has_thief),
        ];
        kinds.sort_unstable();
        key.extend(kinds.iter().flatten());
        key
    }

    /// Everything about a token on which a rule or a promise may depend. Two tokens of the same kind can change places.
    fn kind(&self, place: usize) -> Kind {
        let token = &self.tokens[place];
        let rotation = &self.family.rotation;
        let pending = rotation.pending.filter(|it| it.digest == token.digest);
        let tag = token.digest.tag();
        let role = if token.digest == rotation.current {
            0
        } else if let Some(pending) = pending {
            1 + small((self.now - pending.minted_at).min(self.lifetimes.window))
        } else if rotation.former_tags.last() == Some(&tag) {
            4
        } else if rotation.former_tags.contains(&tag) {
            5
        } else {
            6
        };
        // A dead token counts as long as the client does not know, because its tab waits for the window to end.
        let has_window = token.standing == Standing::Live
            || self.flight == Some(place)
            || (self.disk == place && self.tab.is_some());
        let age = if has_window {
            small((self.now - token.minted_at).min(self.lifetimes.window))
        } else {
            0
        };
        let generation = i64::from(token.generation) - i64::from(rotation.generation);
        [
            role,
            token.standing as u8,
            age,
            small(generation.max(-2) + 2),
            u8::from(token.is_used),
            u8::from(token.was_written && !self.has_thief),
            u8::from(self.disk == place),
            u8::from(self.flight == Some(place)),
            u8::from(self.tab == Some(place)),
            u8::from(self.loot == Some(place)),
        ]
    }
}

type Kind = [u8; 10];

/// What is left of some seconds, or a small difference.
fn small(number: i64) -> u8 {
    u8::try_from(number.max(0)).expect("the small world has small numbers")
}
