//! Servers that are killed under load, again and again, and what is asked of them when they are back: everything that
//! was acknowledged is known, nobody is locked out, and no hand had to help.

use std::sync::Mutex;
use std::sync::atomic::AtomicBool;
use std::thread;
use std::time::{Duration, Instant};

use diesel::connection::Connection as _;
use diesel::{QueryableByName, RunQueryDsl as _, SqliteConnection, sql_query, sql_types};
use issuant::crypto::random::SeededRandom;

use crate::faults::actors::{Counts, Load};
use crate::faults::disk::Disk;
use crate::faults::ledger::{Checker, Entry, Ledger};
use crate::faults::stage::Stage;
use crate::faults::wire::Wire;
use crate::faults::{Over, between, is_full, seeded, size};
use crate::support::server_process::{Installation, ServerProcess, free_port};

/// Sign-ins that are refreshed on and on.
const HELD: usize = 16;
/// So many codes are there for each load.
const CODES: usize = 40;
/// A server that was killed is ready again within this time; the short form shares the machine with other tests.
const READY: Duration = Duration::from_secs(2);
const READY_AMONG_OTHERS: Duration = Duration::from_secs(10);

#[test]
fn a_server_on_sqlite_that_is_killed_forgets_nothing() {
    let stage = Stage::new(Installation::on_sqlite());
    let mut trial = Trial::begin(stage, 1, size(6, 300), None);
    trial.run();
    trial.report("kill -9 on SQLite").is_clean();
}

#[test]
fn two_nodes_of_which_one_is_killed_forget_nothing() {
    let Some(installation) = Installation::on_postgres() else {
        return;
    };
    let mut trial = Trial::begin(Stage::new(installation), 2, size(4, 100), None);
    trial.run();
    trial.report("kill -9 of two nodes").is_clean();
}

/// A number of crashes of one installation.
pub(crate) struct Trial {
    stage: Stage,
    nodes: Vec<Node>,
    cycles: usize,
    codes: Vec<String>,
    /// With it, a crash is a power cut.
    disk: Option<Disk>,
    ledger: Ledger,
    checker: Checker,
    counts: Counts,
    seed: u64,
    random: SeededRandom,
    slowest_start: Duration,
}

struct Node {
    port: u16,
    process: ServerProcess,
}

/// What a trial found.
pub(crate) struct Report {
    pub(crate) lost: Vec<String>,
    pub(crate) locked_out: Vec<String>,
    wrong: Vec<String>,
    slowest_start: Duration,
}

impl Trial {
    /// Starts the nodes of an installation that is ready for them.
    pub(crate) fn begin(stage: Stage, nodes: usize, cycles: usize, disk: Option<Disk>) -> Self {
        let ledger = Ledger::create(&stage.installation.directory().join("ledger"));
        for (number, token) in stage.refresh_tokens(HELD).iter().enumerate() {
            let name = &format!("sign-in-{number}");
            ledger.acknowledge(&Entry::Holds { name, token });
        }
        let codes = stage.codes(CODES * cycles);
        if let Some(disk) = &disk {
            disk.begin();
        }
        let ports = (0..nodes).map(|_| free_port());
        let serve = |port| Node {
            port,
            process: stage.installation.serve_on(port),
        };
        let (seed, random) = seeded();
        Self {
            nodes: ports.map(serve).collect(),
            stage,
            cycles,
            codes,
            disk,
            ledger,
            checker: Checker::default(),
            counts: Counts::default(),
            seed,
            random,
            slowest_start: Duration::ZERO,
        }
    }

    /// Loads, kills, starts and checks.
    pub(crate) fn run(&mut self) {
        self.check();
        for cycle in 0..self.cycles {
            self.crash(cycle % self.nodes.len());
            self.check();
        }
        self.checker.forget_what_was_asked();
        self.check();
    }

    /// Kills one node under load. Others serve on until it is back.
    fn crash(&mut self, victim: usize) {
        let ports: Vec<u16> = self.nodes.iter().map(|it| it.port).collect();
        let rest = self.codes.len().saturating_sub(CODES);
        let load = Load {
            stage: &self.stage,
            ledger: &self.ledger,
            ports: &ports,
            codes: Mutex::new(self.codes.split_off(rest)),
            is_over: AtomicBool::new(false),
            counts: &self.counts,
        };
        let moment = Duration::from_millis(between(&self.random, 200, 1000));
        let port = ports[victim];
        let restarted = thread::scope(|scope| {
            let _over = Over(&load.is_over);
            load.begin(scope, self.checker.held());
            thread::sleep(moment);
            self.nodes[victim].process.kill();
            if let Some(disk) = &self.disk {
                disk.cut(&self.random);
            }
            let began = Instant::now();
            let process = self.stage.installation.serve_on(port);
            self.slowest_start = self.slowest_start.max(began.elapsed());
            process
        });
        self.nodes[victim].process = restarted;
    }

    fn check(&mut self) {
        if self.nodes.len() == 1 {
            let path = self.stage.installation.directory().join("issuant.db");
            assert_eq!(integrity(path.to_str().unwrap()), "ok");
        }
        let mut wire = Wire::connect(self.nodes[0].port).unwrap();
        self.checker.check(&self.stage, &self.ledger, &mut wire);
    }

    /// Tells what was counted.
    pub(crate) fn report(self, what: &str) -> Report {
        let report = Report {
            lost: self.checker.lost,
            locked_out: self.checker.locked_out,
            wrong: self.counts.wrong.into_inner().unwrap(),
            slowest_start: self.slowest_start,
        };
        eprintln!(
            "{what}, seed {}: {} cycles, {} acknowledged writes, {} requests unanswered, {} told to come again, {} lost, \
             {} locked out, {} wrong answers, slowest start {} ms",
            self.seed,
            self.cycles,
            self.ledger.len(),
            self.counts.unanswered.into_inner(),
            self.counts.busy.into_inner(),
            report.lost.len(),
            report.locked_out.len(),
            report.wrong.len(),
            report.slowest_start.as_millis(),
        );
        report
    }
}

impl Report {
    /// Nothing is wrong.
    #[track_caller]
    pub(crate) fn is_clean(&self) {
        assert!(self.lost.is_empty(), "lost: {:#?}", self.lost);
        assert!(self.locked_out.is_empty(), "{:#?}", self.locked_out);
        assert!(self.wrong.is_empty(), "wrong answers: {:#?}", self.wrong);
        let ready = if is_full() { READY } else { READY_AMONG_OTHERS };
        let slowest = self.slowest_start;
        assert!(slowest <= ready, "a start took {slowest:?}");
    }
}

/// What SQLite says of its file, while the server has it open: an opening alone would mend what the server should.
fn integrity(path: &str) -> String {
    #[derive(QueryableByName)]
    struct Said {
        #[diesel(sql_type = sql_types::Text)]
        integrity_check: String,
    }
    let mut connection = SqliteConnection::establish(path).unwrap();
    let said: Vec<Said> = sql_query("PRAGMA integrity_check")
        .load(&mut connection)
        .unwrap();
    let lines = said.into_iter().map(|it| it.integrity_check);
    lines.collect::<Vec<_>>().join("\n")
}
