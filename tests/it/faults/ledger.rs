//! What the server acknowledged, written down as a client would who cannot afford to forget, and the check whether a
//! recovered server still knows it.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{Read as _, Write as _};
use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::faults::stage::Stage;
use crate::faults::wire::Wire;

/// So many sign-ins that ended long ago are asked for in each check; those that ended just now all are.
const SAMPLE: usize = 20;

/// A file that only grows: one line for each acknowledgement, synchronised before its reader goes on.
pub(crate) struct Ledger {
    file: Mutex<File>,
    reader: Mutex<File>,
    lines: AtomicUsize,
}

/// One acknowledgement. The name is what the client calls a sign-in.
pub(crate) enum Entry<'a> {
    /// This refresh token is the newest.
    Holds { name: &'a str, token: &'a str },
    /// The code was redeemed, and gave this refresh token.
    Redeemed { code: &'a str, token: &'a str },
    /// What the code gave is to be revoked, but nobody answered: not an acknowledgement, but a client remembers it.
    Ending { code: &'a str },
    /// What the code gave was revoked, or the code came twice.
    Ended { code: &'a str },
}

impl Ledger {
    /// A new one.
    pub(crate) fn create(path: &Path) -> Self {
        Self {
            file: Mutex::new(
                File::options()
                    .append(true)
                    .create(true)
                    .open(path)
                    .unwrap(),
            ),
            reader: Mutex::new(File::open(path).unwrap()),
            lines: AtomicUsize::new(0),
        }
    }

    /// Writes an acknowledgement down, and returns when it cannot be lost.
    pub(crate) fn acknowledge(&self, entry: &Entry<'_>) {
        let line = match entry {
            Entry::Holds { name, token } => format!("holds {name} {token}\n"),
            Entry::Redeemed { code, token } => format!("redeemed {code} {token}\n"),
            Entry::Ending { code } => format!("ending {code}\n"),
            Entry::Ended { code } => format!("ended {code}\n"),
        };
        let file = {
            let mut file = self.file.lock().unwrap();
            file.write_all(line.as_bytes()).unwrap();
            file.try_clone().unwrap()
        };
        // Outside of the lock, so that one synchronisation serves all who wait.
        file.sync_data().unwrap();
        self.lines.fetch_add(1, Ordering::Relaxed);
    }

    /// How much was acknowledged.
    pub(crate) fn len(&self) -> usize {
        self.lines.load(Ordering::Relaxed)
    }

    /// What was written since the last call.
    fn news(&self) -> String {
        let mut text = String::new();
        let mut reader = self.reader.lock().unwrap();
        reader.read_to_string(&mut text).unwrap();
        text
    }
}

/// Replays the ledger against the server.
#[derive(Default)]
pub(crate) struct Checker {
    /// Sign-ins that go on, with the newest refresh token of each.
    held: BTreeMap<String, String>,
    /// Codes, with the refresh token that each gave.
    redeemed: BTreeMap<String, String>,
    /// Codes whose sign-in somebody wanted to end, and got no answer.
    ending: Vec<String>,
    /// Sign-ins that ended, in that order, with a refresh token of each.
    ended: Vec<(String, String)>,
    /// So many of those were asked for once.
    asked: usize,
    /// Acknowledgements that the server does not keep.
    pub(crate) lost: Vec<String>,
    /// Clients that were refused the newest token that they had.
    pub(crate) locked_out: Vec<String>,
}

impl Checker {
    /// The sign-ins that go on, with the newest refresh token of each.
    pub(crate) fn held(&self) -> impl Iterator<Item = (&str, &str)> {
        let held = self.held.iter();
        held.map(|(name, token)| (name.as_str(), token.as_str()))
    }

    /// Reads what is new, and asks for it and for some of what is old.
    pub(crate) fn check(&mut self, stage: &Stage, ledger: &Ledger, wire: &mut Wire) {
        self.read(&ledger.news());
        let mut ask = |request: String| wire.ask_patiently(&request);
        for code in std::mem::take(&mut self.ending) {
            let token = &self.redeemed[&code];
            let answer = ask(stage.request("/revoke", &[("token", token)]));
            assert_eq!(answer.status, 200, "revoking again: {answer}");
            ledger.acknowledge(&Entry::Ended { code: &code });
        }
        self.read(&ledger.news());
        // A client presents what it holds, whether or not it was answered the last time: neither a lost response nor a
        // lost process signs anybody out.
        for (name, token) in std::mem::take(&mut self.held) {
            let answer = ask(stage.refreshing(&token));
            if answer.status == 200 {
                let (name, token) = (&name, &answer.member("refresh_token"));
                ledger.acknowledge(&Entry::Holds { name, token });
            } else {
                self.lost.push(format!("the token of {name}: {answer}"));
                self.locked_out.push(name);
            }
        }
        for (code, token) in &self.redeemed {
            let given = ask(stage.introspecting(token));
            if !given.is_active() {
                self.lost.push(format!("what {code} gave: {given}"));
            }
            let again = ask(stage.redeeming(code));
            if !again.refuses_with("E1312") {
                self.lost.push(format!("that {code} was used: {again}"));
            }
            // Coming twice, it took along what it gave; that is an acknowledgement, too.
            ledger.acknowledge(&Entry::Ended { code });
        }
        self.read(&ledger.news());
        let (old, new) = self.ended.split_at(self.asked);
        let sample = old.iter().step_by(old.len() / SAMPLE + 1);
        for (name, token) in sample.chain(new) {
            let answer = ask(stage.refreshing(token));
            if !answer.refuses_with("E1323") {
                self.lost.push(format!("the end of {name}: {answer}"));
            }
        }
        self.asked = self.ended.len();
    }

    /// Lets the next check ask for everything.
    pub(crate) fn forget_what_was_asked(&mut self) {
        self.asked = 0;
    }

    fn read(&mut self, news: &str) {
        for line in news.lines() {
            let words: Vec<&str> = line.split(' ').collect();
            match *words {
                ["holds", name, token] => {
                    self.held.insert(name.to_owned(), token.to_owned());
                }
                ["redeemed", code, token] => {
                    self.redeemed.insert(code.to_owned(), token.to_owned());
                }
                ["ending", code] => self.ending.push(code.to_owned()),
                ["ended", code] => {
                    self.ended.extend(self.redeemed.remove_entry(code));
                }
                _ => panic!("the ledger is damaged: {line}"),
            }
        }
    }
}
