//! Clients that work until nobody answers, and write down what was acknowledged before they go on.

use std::io;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;

use crate::faults::ledger::{Entry, Ledger};
use crate::faults::stage::Stage;
use crate::faults::wire::{Answer, COME_AGAIN, Wire};

/// Clients that redeem codes, and end half of what they get.
const REDEEMERS: usize = 6;
/// Clients that act for themselves.
const SERVICES: usize = 2;

/// What all actors of one load share.
pub(crate) struct Load<'a> {
    pub(crate) stage: &'a Stage,
    pub(crate) ledger: &'a Ledger,
    /// The nodes; an actor turns to another one when its own does not answer.
    pub(crate) ports: &'a [u16],
    /// Codes that nobody has redeemed.
    pub(crate) codes: Mutex<Vec<String>>,
    pub(crate) is_over: AtomicBool,
    pub(crate) counts: &'a Counts,
}

/// What happened besides what is in the ledger.
#[derive(Debug, Default)]
pub(crate) struct Counts {
    /// Requests that were never answered.
    pub(crate) unanswered: AtomicUsize,
    /// Answers that told to come again, because the machine was too busy.
    pub(crate) busy: AtomicUsize,
    /// Answers that nobody should have got.
    pub(crate) wrong: Mutex<Vec<String>>,
}

impl Load<'_> {
    /// Lets all actors begin: one for each sign-in that is held, and the others. Each ends, with `None`, when it is
    /// over, when no node answers, or after a wrong answer.
    pub(crate) fn begin<'s>(
        &'s self,
        scope: &'s thread::Scope<'s, '_>,
        held: impl Iterator<Item = (&'s str, &'s str)>,
    ) {
        for (number, (name, token)) in held.enumerate() {
            scope.spawn(move || self.hold(number, name, token.to_owned()));
        }
        for number in 0..REDEEMERS {
            scope.spawn(move || self.redeem(number));
        }
        for number in 0..SERVICES {
            scope.spawn(move || self.serve_itself(number));
        }
    }

    /// Refreshes on and on; every few times it shows the access token somewhere, which makes the successor current.
    fn hold(&self, number: usize, name: &str, mut token: String) -> Option<()> {
        let mut actor = Actor::new(self, number);
        for round in number.. {
            let request = self.stage.refreshing(&token);
            let answer = self.granted(actor.ask(&request)?, name)?;
            token = answer.member("refresh_token");
            let (name, token) = (name, &token);
            self.ledger.acknowledge(&Entry::Holds { name, token });
            if round % 4 == 0 {
                let access_token = answer.member("access_token");
                let seen = actor.ask(&self.stage.introspecting(&access_token))?;
                self.expect(seen.is_active(), &seen, name)?;
            }
        }
        None
    }

    fn redeem(&self, number: usize) -> Option<()> {
        let mut actor = Actor::new(self, number);
        for round in number.. {
            let code = self.codes.lock().unwrap().pop()?;
            let answer = actor.ask(&self.stage.redeeming(&code))?;
            if answer.refuses_with("E1312") && actor.asked_twice {
                // The first of the two redeemed it, and the answer went down with its node.
                continue;
            }
            let answer = self.granted(answer, &code)?;
            let (code, token) = (&code, &answer.member("refresh_token"));
            self.ledger.acknowledge(&Entry::Redeemed { code, token });
            if round % 2 == 0 {
                let request = self.stage.request("/revoke", &[("token", token)]);
                let Some(revoked) = actor.ask(&request) else {
                    self.ledger.acknowledge(&Entry::Ending { code });
                    return None;
                };
                self.granted(revoked, code)?;
                self.ledger.acknowledge(&Entry::Ended { code });
                let access_token = answer.member("access_token");
                let seen = actor.ask(&self.stage.introspecting(&access_token))?;
                self.expect(seen.status == 200 && !seen.is_active(), &seen, code)?;
            }
        }
        None
    }

    fn serve_itself(&self, number: usize) -> Option<()> {
        let mut actor = Actor::new(self, number);
        let fields = [("grant_type", "client_credentials")];
        let request = self.stage.request("/token", &fields);
        loop {
            self.granted(actor.ask(&request)?, "a service")?;
        }
    }

    fn granted(&self, answer: Answer, to: &str) -> Option<Answer> {
        self.expect(answer.status == 200, &answer, to)?;
        Some(answer)
    }

    /// Notes an answer that nobody should have got; then the actor ends.
    fn expect(&self, is_right: bool, answer: &Answer, to: &str) -> Option<()> {
        if !is_right {
            self.wrong(format!("{to} was told {answer}"));
        }
        is_right.then_some(())
    }

    fn wrong(&self, what: String) {
        self.counts.wrong.lock().unwrap().push(what);
    }
}

/// One client, with a connection that it keeps.
struct Actor<'a> {
    load: &'a Load<'a>,
    /// The node that it talks to.
    node: usize,
    wire: Option<Wire>,
    /// Whether its last request was sent twice.
    asked_twice: bool,
}

impl<'a> Actor<'a> {
    fn new(load: &'a Load<'a>, number: usize) -> Self {
        Self {
            load,
            node: number % load.ports.len(),
            wire: None,
            asked_twice: false,
        }
    }

    /// Asks its node, and, where that does not answer, each other one once. `None` means that it is over.
    fn ask(&mut self, request: &str) -> Option<Answer> {
        self.asked_twice = false;
        let (mut silent, nodes) = (0, self.load.ports.len());
        while silent < nodes {
            // A request that nobody answered is made once more even then: the other nodes are there for that.
            if silent == 0 && self.load.is_over.load(Ordering::Relaxed) {
                return None;
            }
            match self.attempt(request) {
                Ok(answer) if answer.status == 503 => {
                    self.load.counts.busy.fetch_add(1, Ordering::Relaxed);
                    thread::sleep(COME_AGAIN);
                }
                Ok(answer) => return Some(answer),
                Err(_) => {
                    self.turn_away();
                    silent += 1;
                }
            }
            self.asked_twice = true;
        }
        if nodes > 1 {
            self.load.wrong("no node answered".to_owned());
        }
        None
    }

    fn attempt(&mut self, request: &str) -> io::Result<Answer> {
        let wire = match &mut self.wire {
            Some(wire) => wire,
            none => none.insert(Wire::connect(self.load.ports[self.node])?),
        };
        wire.ask(request)
    }

    fn turn_away(&mut self) {
        self.load.counts.unanswered.fetch_add(1, Ordering::Relaxed);
        self.wire = None;
        self.node = (self.node + 1) % self.load.ports.len();
    }
}
