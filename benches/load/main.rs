//! What the server does in a second and what that costs, beside what the machine could do in the same run.
//!
//! `cargo bench --bench load` starts the release binary on loopback, fills its database, warms it, drives it and prints
//! one table. Server and driver share the machine, so the rates depend on everything that runs; what a request
//! costs, the column *server CPU*, hardly does. Microseconds for each request are milliseconds for 1,000 of them.
//! The server runs with default settings, but for the life of a code, and logs as it does by default.

#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stdout,
    clippy::print_stderr,
    clippy::cast_precision_loss,
    reason = "a benchmark stops at the first thing that is wrong, and prints what it found"
)]

use std::net::SocketAddr;

use issuant::http::urls;

#[path = "../common/mod.rs"]
mod common;
mod driver;
mod floor;
mod goals;
mod histogram;
mod limits;
mod names;
mod options;
mod others;
mod postgres;
mod process;
mod requests;
mod server;
mod table;

use driver::{Figures, Load, Source};
use floor::Floor;
use goals::Start;
use names::{
    ACTIX, CODE, CREDENTIALS_EDDSA, CREDENTIALS_ES256, CREDENTIALS_RS256, DISCOVERY, ES256_FLOOR,
    FSYNC, INTROSPECT_NEW, INTROSPECT_SEEN, JWKS, LOGIN, REFRESH_SQLITE, USERINFO,
};
use options::Options;
use process::Meter;
use requests::{get, get_with, in_turn, member, once, post, redemption, refreshing, same};
use server::{Installation, Server};
use table::{Line, Table};

const TOKEN: &str = "\"access_token\":\"";
const ACTIVE: &str = "\"active\":true";
const CREDENTIALS: &str = "grant_type=client_credentials&scope=read";

fn main() {
    if floor::run_if_asked() {
        return;
    }
    // `cargo test --benches` only wants to know that it builds.
    if !std::env::args().any(|argument| argument == "--bench") {
        return;
    }
    let mut bench = Bench {
        options: Options::from_arguments(),
        table: Table::default(),
        start: Start::default(),
    };
    bench.limits();
    let floors = bench.floors();
    bench.on_sqlite(&floors);
    drop(floors);
    bench.with_algorithm(CREDENTIALS_RS256, "RS256");
    bench.with_algorithm(CREDENTIALS_EDDSA, "EdDSA");
    bench.on_slow_disk();
    bench.on_postgres();
    bench.table.print();
    let most = bench.options.connections.iter().max();
    goals::print(&bench.table, &bench.start, *most.expect("a number"));
}

struct Bench {
    options: Options,
    table: Table,
    start: Start,
}

/// A row to measure.
struct Row<'a> {
    name: &'static str,
    floor: Option<&'static str>,
    address: SocketAddr,
    meter: &'a Meter,
    expected: &'a str,
    /// Whose memory and whose database matter.
    of: Option<(&'a Server, &'a Installation)>,
    writes: bool,
    /// A floor that is measured in turn with it, so that both have the same share of the machine's moods.
    in_turn_with: Option<&'a Running>,
}

/// A floor that runs, what its answers contain, and the request that it gets.
type Running = (Floor, &'static str, Vec<u8>);

/// The floors that rows are compared with.
#[derive(Default)]
struct Floors {
    actix: Option<Running>,
    es256: Option<Running>,
}

/// So many times a row and its floor take turns.
const TURNS: u32 = 4;

impl Bench {
    fn limits(&mut self) {
        for (algorithm, rate) in limits::signing() {
            self.table
                .add_limit(format!("{algorithm} on one core"), rate);
        }
        let folder = tempfile::tempdir().expect("a folder");
        let folder = folder.path().to_str().expect("text");
        self.table.add_limit(FSYNC, limits::fsyncs(folder, &[]));
    }

    fn floors(&mut self) -> Floors {
        let mut floors = Floors::default();
        let needs = |options: &Options, rows: &[&str]| rows.iter().any(|row| options.wants(row));
        if needs(&self.options, &[ACTIX, DISCOVERY, JWKS, LOGIN]) {
            let floor = Floor::start("actix-json", "", &[]);
            let request = get("/", "localhost");
            self.floor(ACTIX, &floor, "world", &request);
            floors.actix = Some((floor, "world", request));
        }
        if needs(&self.options, &[ES256_FLOOR, CREDENTIALS_ES256]) {
            let floor = Floor::start("es256", "", &[]);
            let request = post("/token", "localhost", CREDENTIALS);
            self.floor(ES256_FLOOR, &floor, TOKEN, &request);
            floors.es256 = Some((floor, TOKEN, request));
        }
        floors
    }

    fn floor(&mut self, name: &'static str, floor: &Floor, expected: &str, request: &[u8]) {
        let row = Row {
            name,
            floor: None,
            address: floor.address(),
            meter: &Meter(vec![floor.pid()]),
            expected,
            of: None,
            writes: false,
            in_turn_with: None,
        };
        self.measure(&row, |_| same(request.to_vec()));
    }

    /// Whether one of these rows was asked for.
    fn wants(&self, rows: &[&str]) -> bool {
        rows.iter().any(|row| self.options.wants(row))
    }

    fn on_sqlite(&mut self, floors: &Floors) {
        let rows = [
            DISCOVERY,
            JWKS,
            LOGIN,
            CREDENTIALS_ES256,
            INTROSPECT_SEEN,
            INTROSPECT_NEW,
            USERINFO,
            CODE,
            REFRESH_SQLITE,
        ];
        if !self.wants(&rows) {
            return;
        }
        let installation = Installation::new(None, &[]);
        self.start.ready_ms = Some(installation.start_millis());
        let server = installation.serve();
        self.start.idle_memory = Some(server.idle_memory);
        let meter = Meter(vec![server.pid()]);
        let host = installation.host();
        let row = |name, floor, expected, writes| Row {
            name,
            floor,
            address: server.address,
            meter: &meter,
            expected,
            of: Some((&server, &installation)),
            writes,
            in_turn_with: None,
        };
        let actix = Some(ACTIX);
        let beside = |floor, row| Row {
            in_turn_with: floor,
            ..row
        };
        let discovery = row(DISCOVERY, actix, "\"issuer\":", false);
        self.measure(&beside(floors.actix.as_ref(), discovery), |_| {
            same(get(urls::OPENID_CONFIGURATION, &host))
        });
        let jwks = row(JWKS, actix, "\"keys\":", false);
        self.measure(&beside(floors.actix.as_ref(), jwks), |_| {
            same(get(urls::JWKS, &host))
        });
        self.measure(&row(LOGIN, actix, "<form", false), |_| {
            same(get(urls::LOGIN, &host))
        });
        let credentials = row(CREDENTIALS_ES256, Some(ES256_FLOOR), TOKEN, false);
        self.measure(&beside(floors.es256.as_ref(), credentials), |_| {
            same(post(urls::TOKEN, &host, CREDENTIALS))
        });

        let tokens = |count| collect(server.address, post(urls::TOKEN, &host, CREDENTIALS), count);
        let question = |token: &String| post(urls::INTROSPECT, &host, &format!("token={token}"));
        self.measure(&row(INTROSPECT_SEEN, None, ACTIVE, false), |_| {
            in_turn(tokens(32).iter().map(question).collect())
        });
        let seconds = self.options.seconds();
        self.measure(&row(INTROSPECT_NEW, None, ACTIVE, false), |connections| {
            let count = enough(connections, seconds, 4_000.0, 16_000.0);
            let questions: Vec<Vec<u8>> = tokens(count).iter().map(question).collect();
            once(questions)
        });
        self.measure(&row(USERINFO, None, "\"sub\":", false), |_| {
            let families = installation.families(32, "openid profile offline_access");
            let tokens = families.iter().map(|token| {
                let form = format!("grant_type=refresh_token&refresh_token={token}");
                let token = collect(server.address, post(urls::TOKEN, &host, &form), 1);
                get_with(urls::USERINFO, &host, &token[0])
            });
            in_turn(tokens.collect())
        });
        self.measure(&row(CODE, None, TOKEN, true), |connections| {
            let count = enough(connections, seconds, 3_000.0, 10_000.0);
            let host = host.clone();
            let codes = installation.codes(count).into_iter();
            once(codes.map(move |code| post(urls::TOKEN, &host, &redemption(&code))))
        });
        self.measure(
            &row(REFRESH_SQLITE, Some(FSYNC), TOKEN, true),
            |connections| refreshing(installation.families(connections, REFRESHED), &host),
        );
    }

    /// Measures a row at each number of connections.
    fn measure(&mut self, row: &Row<'_>, source: impl Fn(usize) -> Source) {
        if row.of.is_some() && !self.options.wants(row.name) {
            return;
        }
        for connections in self.options.connections.clone() {
            eprintln!("{}, {connections}", row.name);
            let mut source = source(connections);
            let database = row.of.filter(|_| row.writes);
            let before = database.map(|(_, installation)| installation.bytes());
            let load = Load {
                address: row.address,
                connections,
                warm_up: self.options.warm_up,
                measured: self.options.measured,
                expected: row.expected,
                meter: row.meter,
            };
            let (figures, beside) = match row.in_turn_with {
                None => (driver::run(&load, &mut source), None),
                Some(floor) => {
                    let (figures, beside) = in_turns(&load, &mut source, floor);
                    (figures, Some(beside))
                }
            };
            let after = database.map(|(_, installation)| installation.bytes());
            self.table.add(Line {
                name: row.name.to_owned(),
                connections,
                figures,
                memory: row.of.map(|(server, _)| server.memory()),
                bytes: before
                    .zip(after)
                    .map(|(before, after)| after.saturating_sub(before)),
                floor: row.floor,
                beside,
            });
        }
    }
}

/// Measures a row and its floor in short turns.
fn in_turns(
    load: &Load<'_>,
    source: &mut Source,
    (floor, expected, request): &Running,
) -> (Figures, Figures) {
    let turn = Load {
        measured: load.measured / TURNS,
        warm_up: load.warm_up / 2,
        ..*load
    };
    let meter = Meter(vec![floor.pid()]);
    let of_floor = Load {
        address: floor.address(),
        expected,
        meter: &meter,
        ..turn
    };
    let mut both = |_| {
        let beside = driver::run(&of_floor, &mut same(request.clone()));
        (driver::run(&turn, source), beside)
    };
    let first = both(0);
    (1..TURNS)
        .map(both)
        .fold(first, |(one, floor), (other, beside)| {
            (one.and(&other), floor.and(&beside))
        })
}

/// What a refreshed sign-in may do.
const REFRESHED: &str = "offline_access read";

/// So many requests that differ: more than any machine sends in that time.
fn enough(connections: usize, seconds: f64, one: f64, several: f64) -> usize {
    let rate = if connections == 1 { one } else { several };
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a positive number of a few digits"
    )]
    let count = (rate * seconds) as usize;
    count
}

/// So many access tokens, asked for with that request.
fn collect(address: SocketAddr, request: Vec<u8>, count: usize) -> Vec<String> {
    use std::cell::RefCell;
    use std::rc::Rc;
    let tokens = Rc::new(RefCell::new(Vec::with_capacity(count)));
    let (kept, mut left) = (Rc::clone(&tokens), count);
    let mut source: Source = Box::new(move |_, last, next| {
        kept.borrow_mut()
            .extend(member(last, "access_token").map(str::to_owned));
        if left == 0 {
            return false;
        }
        left -= 1;
        next.extend_from_slice(&request);
        true
    });
    driver::drain(address, count.min(16), TOKEN, &mut source);
    tokens.take()
}
