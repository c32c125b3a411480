//! Sixty-four uses of one code or one refresh token at the same moment, over connections that are already open.
//!
//! A code is good for one of them, and because the others are reuse, what the one got is worth nothing afterwards. A
//! refresh token gives all of them the identical successor: they are tabs and retries of one client. And still the
//! first token, presented once its successor was used, is theft.

use std::collections::BTreeMap;
use std::io;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Barrier};
use std::thread;
use std::time::{Duration, Instant};

use crate::faults::size;
use crate::faults::stage::Stage;
use crate::faults::wire::{Answer, Wire};
use crate::support::server_process::{Installation, free_port};

const CROWD: usize = 64;
/// Of so many answers one may say that the server is too busy.
const SELDOM: usize = 20;
/// The usual one: within it a token gets the identical successor.
const RETRY_WINDOW: Duration = Duration::from_secs(10);
/// A connection that was idle for longer is not trusted: the server may be about to close it.
const IDLE: Duration = Duration::from_secs(2);

#[test]
fn one_artefact_wanted_by_64_on_sqlite() {
    race("SQLite", Installation::on_sqlite(), 1);
}

#[test]
fn one_artefact_wanted_by_64_on_postgres() {
    if let Some(installation) = Installation::on_postgres() {
        race("PostgreSQL", installation, 1);
    }
}

#[test]
fn one_artefact_wanted_by_64_at_two_nodes() {
    if let Some(installation) = Installation::on_postgres() {
        race("two nodes on PostgreSQL", installation, 2);
    }
}

fn race(place: &str, installation: Installation, nodes: usize) {
    let count = size(15, 2000);
    let stage = Stage::new(installation);
    let codes = stage.codes(count);
    let refresh_tokens = stage.refresh_tokens(count);
    let ports: Vec<u16> = (0..nodes).map(|_| free_port()).collect();
    let serve = |port: &u16| stage.installation.serve_on(*port);
    let _processes: Vec<_> = ports.iter().map(serve).collect();
    let mut races = Races {
        stage: &stage,
        crowd: Crowd::gather(&ports),
        port: ports[nodes - 1],
        tally: BTreeMap::new(),
    };
    let began = Instant::now();
    for code in &codes {
        races.for_a_code(code);
    }
    for token in &refresh_tokens {
        races.for_a_refresh_token(token);
    }
    eprintln!(
        "races on {place}: {count} codes and {count} refresh tokens, {CROWD} at once, in {:.1?}: {:?}",
        began.elapsed(),
        races.tally
    );
    let asked = count * 3 * CROWD;
    assert!(races.tally["told to come again"] * SELDOM <= asked);
}

struct Races<'a> {
    stage: &'a Stage,
    crowd: Crowd,
    /// Where is asked afterwards.
    port: u16,
    /// What was answered, and how often.
    tally: BTreeMap<&'static str, usize>,
}

impl Races<'_> {
    fn for_a_code(&mut self, code: &str) {
        let request = self.stage.redeeming(code);
        let (answers, busy) = self.at_once(&request);
        let (granted, refused): (Vec<_>, Vec<_>) = answers.iter().partition(|it| it.status == 200);
        assert!(granted.len() <= 1, "{} got one code", granted.len());
        for answer in &refused {
            assert!(answer.refuses_with("E1312"), "{answer}");
        }
        self.count("redeemed", granted.len());
        self.count("refused as used", refused.len());
        let Some(granted) = granted.first() else {
            // Whoever got it was among those whose time was up.
            assert!(busy > 0, "nobody got the code");
            return;
        };
        let access_token = granted.member("access_token");
        let seen = self.ask(&self.stage.introspecting(&access_token));
        assert_eq!(seen.status, 200, "{seen}");
        assert!(!seen.is_active(), "its token survived the reuse");
        let refresh_token = granted.member("refresh_token");
        self.refuses(&refresh_token, "E1323");
    }

    fn for_a_refresh_token(&mut self, first: &str) {
        let second = self.converge(first);
        let third = self.converge(&second);
        // Both were used, so whoever still has the first is not who has the third.
        self.refuses(first, "E1324");
        self.refuses(&third, "E1323");
        self.count("thefts detected", 1);
    }

    /// All get the same successor, and who was told to come again gets it then.
    fn converge(&mut self, token: &str) -> String {
        let request = self.stage.refreshing(token);
        let began = Instant::now();
        let (mut answers, busy) = self.at_once(&request);
        answers.extend((0..busy).map(|_| self.ask(&request)));
        let mut successors = Vec::new();
        for answer in &answers {
            assert_eq!(answer.status, 200, "{answer}");
            successors.push(answer.member("refresh_token"));
        }
        self.count("refreshed", answers.len());
        successors.dedup();
        let is_retry = began.elapsed() < RETRY_WINDOW;
        assert!(successors.len() == 1 || !is_retry, "{successors:?}");
        successors.pop().unwrap()
    }

    /// The answers of all, and how many were told to come again: a machine that is too busy says so.
    fn at_once(&mut self, request: &str) -> (Vec<Answer>, usize) {
        let mut answers = self.crowd.at_once(request);
        answers.retain(|it| it.status != 503);
        let busy = CROWD - answers.len();
        self.count("told to come again", busy);
        (answers, busy)
    }

    fn refuses(&mut self, token: &str, id: &str) {
        let answer = self.ask(&self.stage.refreshing(token));
        assert!(answer.refuses_with(id), "{id} expected: {answer}");
    }

    fn ask(&self, request: &str) -> Answer {
        Wire::connect(self.port).unwrap().ask_patiently(request)
    }

    fn count(&mut self, what: &'static str, times: usize) {
        *self.tally.entry(what).or_default() += times;
    }
}

/// Threads with a connection each, every second one to the second node.
struct Crowd {
    orders: Vec<Sender<Arc<str>>>,
    answers: Receiver<io::Result<Answer>>,
}

impl Crowd {
    fn gather(ports: &[u16]) -> Self {
        let barrier = Arc::new(Barrier::new(CROWD));
        let (sender, answers) = channel();
        let orders = (0..CROWD).zip(ports.iter().cycle()).map(|(_, port)| {
            let port = *port;
            let mut wire = Wire::connect(port).unwrap();
            let (barrier, sender) = (Arc::clone(&barrier), sender.clone());
            let (order, orders) = channel::<Arc<str>>();
            thread::spawn(move || {
                let mut used = Instant::now();
                for request in orders {
                    if used.elapsed() > IDLE {
                        wire = Wire::connect(port).unwrap();
                    }
                    barrier.wait();
                    // The receiver is gone only when the test failed.
                    let _failed = sender.send(wire.ask(&request));
                    used = Instant::now();
                }
            });
            order
        });
        Self {
            orders: orders.collect(),
            answers,
        }
    }

    fn at_once(&self, request: &str) -> Vec<Answer> {
        let request: Arc<str> = request.into();
        for order in &self.orders {
            order.send(Arc::clone(&request)).unwrap();
        }
        let answers = self.answers.iter().take(CROWD);
        answers.map(Result::unwrap).collect()
    }
}
