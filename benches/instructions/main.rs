//! Instructions for one request of the hot path, compared with what they were: a regression shows on any machine,
//! however busy it is.
//!
//! `benches/instructions/run` counts and compares, `benches/instructions/run --update` writes new figures into
//! `expected.toml`. Each row runs twice under valgrind, with N and with 2 N requests; the difference over N is what a
//! request costs, whatever start and end cost. A row that became much cheaper fails too: then the better
//! figure has to be written down, so that nobody loses it again.

#![expect(
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    clippy::cast_precision_loss,
    reason = "a benchmark stops at the first thing that is wrong, and prints what it found"
)]

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::process::{Command, ExitCode};

use serde::Deserialize;

#[path = "../common/mod.rs"]
mod common;
mod hot_path;

const EXPECTED: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/benches/instructions/expected.toml"
);

/// The file of committed figures.
#[derive(Deserialize)]
struct Expected {
    /// By so many percent a row may differ.
    tolerance: f64,
    /// On what they were counted.
    counted_on: Machine,
    /// Instructions for one request, by row.
    rows: BTreeMap<String, u64>,
}

/// What the figures depend on besides this project: the cryptographic library goes another way on another processor, and
/// compilers and libraries get better.
#[derive(Deserialize, PartialEq, Eq)]
struct Machine {
    cpu: String,
    valgrind: String,
    compiler: String,
    libc: String,
}

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match arguments.as_slice() {
        [ROW, row, count] => {
            hot_path::run(row, count.parse().expect("a number"));
            ExitCode::SUCCESS
        }
        [.., UPDATE, "--bench"] | [UPDATE, ..] => {
            update();
            ExitCode::SUCCESS
        }
        ["--bench"] => compare(),
        // `cargo test --benches` only wants to know that it builds.
        _ => ExitCode::SUCCESS,
    }
}

fn compare() -> ExitCode {
    let expected = fs::read_to_string(EXPECTED).expect("expected.toml");
    let expected: Expected = toml::from_str(&expected).expect("TOML as it was written");
    let (then, now) = (&expected.counted_on, machine());
    println!("counted now on {now}");
    println!("expected from {then}\n");
    println!("| one request | instructions | expected | change | |");
    println!("|---|--:|--:|--:|---|");
    let mut is_good = true;
    for row in hot_path::ROWS {
        let counted = count(row);
        let (instructions, tolerance) = (expected.rows[row], expected.tolerance);
        let change = (counted as f64 / instructions as f64 - 1.0) * 100.0;
        let verdict = if change > tolerance {
            "REGRESSION"
        } else if change < -tolerance {
            "BETTER: write it down"
        } else {
            "as expected"
        };
        is_good &= change.abs() <= tolerance;
        println!("| {row} | {counted} | {instructions} | {change:+.1} % | {verdict} |");
    }
    if is_good {
        return ExitCode::SUCCESS;
    }
    if *then != now {
        println!(
            "\nNOT COMPARED: counted with other tools or on another processor than before, so the difference says nothing."
        );
        return ExitCode::SUCCESS;
    }
    println!(
        "\nIf this is meant, run `benches/instructions/run --update` and commit expected.toml with the change."
    );
    ExitCode::FAILURE
}

fn update() {
    let Machine {
        cpu,
        valgrind,
        compiler,
        libc,
    } = machine();
    let mut text = format!(
        "# Instructions for one request of the hot path. Written by `benches/instructions/run --update`.\n\n\
         tolerance = {TOLERANCE}\n\n[counted_on]\ncpu = {cpu:?}\nvalgrind = {valgrind:?}\n\
         compiler = {compiler:?}\nlibc = {libc:?}\n\n[rows]\n"
    );
    for row in hot_path::ROWS {
        let instructions = count(row);
        println!("{row}: {instructions}");
        let _ = writeln!(text, "{row} = {instructions}");
    }
    fs::write(EXPECTED, text).expect("expected.toml is written");
}

/// So many requests, and twice as many: enough that what happens now and then does not show.
fn requests(row: &str) -> u64 {
    match row {
        "discovery" | "sign-in-page" => 1000,
        _ => 200,
    }
}

/// Instructions for one request.
fn count(row: &str) -> u64 {
    let requests = requests(row);
    let (once, twice) = (total(row, requests), total(row, 2 * requests));
    twice.saturating_sub(once) / requests
}

/// Instructions of a whole run.
fn total(row: &str, requests: u64) -> u64 {
    let program = std::env::current_exe().expect("this program");
    let output = Command::new("valgrind")
        .args(["--tool=callgrind", "--callgrind-out-file=/dev/null"])
        .arg(program)
        .args([ROW, row, &requests.to_string()])
        .output()
        .expect("valgrind is installed; benches/instructions/run installs it");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{row}: {said}");
    let collected = said.lines().find_map(|line| line.split_once("Collected :"));
    let collected = collected.and_then(|(_, number)| number.trim().parse().ok());
    collected.unwrap_or_else(|| panic!("valgrind counts: {said}"))
}

fn machine() -> Machine {
    let cpus = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let cpu = cpus
        .lines()
        .find_map(|line| line.strip_prefix("model name")?.split_once(": "))
        .map_or("unknown", |(_, name)| name);
    Machine {
        cpu: format!("{cpu}, {}", std::env::consts::ARCH),
        valgrind: first_line("valgrind", "--version"),
        compiler: first_line("rustc", "--version"),
        libc: first_line("ldd", "--version"),
    }
}

/// What a program says of itself.
fn first_line(program: &str, argument: &str) -> String {
    let output = Command::new(program).arg(argument).output();
    let said = output.map_or(Vec::new(), |output| output.stdout);
    let said = String::from_utf8_lossy(&said);
    said.lines().next().unwrap_or("unknown").trim().to_owned()
}

impl std::fmt::Display for Machine {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self {
            cpu,
            valgrind,
            compiler,
            libc,
        } = self;
        write!(formatter, "{cpu}, {valgrind}, {compiler}, {libc}")
    }
}

/// The argument with which this program runs a row and nothing else.
const ROW: &str = "--row";

const UPDATE: &str = "--update";

/// In percent, of which chance takes two at most, however busy the machine is.
const TOLERANCE: u32 = 5;
