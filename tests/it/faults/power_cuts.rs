//! Power cuts: a killed process leaves its writes with the system, a power cut only what was synchronised. A server
//! that synchronises each commit loses nothing; one that does not is found out, which shows that the check bites.

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::faults::crashes::{Report, Trial};
use crate::faults::disk::{Disk, Unsynchronised};
use crate::faults::size;
use crate::faults::stage::Stage;
use crate::support::server_process::Installation;

/// How the server asks SQLite to synchronise each commit.
const FULL: &[u8] = b"PRAGMA synchronous = FULL";

#[test]
#[cfg_attr(not(target_os = "linux"), ignore = "the disk stands before Linux")]
fn a_power_cut_takes_nothing_that_was_acknowledged() {
    let report = power_cuts("power cuts", size(3, 60), Unsynchronised::Torn, |_| {});
    report.is_clean();
}

#[test]
#[cfg_attr(not(target_os = "linux"), ignore = "the disk stands before Linux")]
fn a_server_that_synchronises_less_is_found_out() {
    // Of the same length each, because they replace the original in the binary.
    for weaker in [b"PRAGMA synchronous=NORMAL", b"PRAGMA synchronous =  OFF"] {
        let setting = std::str::from_utf8(weaker).unwrap();
        let report = power_cuts(setting, size(1, 5), Unsynchronised::Lost, |installation| {
            weaken(installation, weaker);
        });
        assert!(!report.lost.is_empty(), "{setting} was not found out");
        assert!(!report.locked_out.is_empty(), "{setting} locked nobody out");
    }
}

fn power_cuts(
    what: &str,
    cycles: usize,
    unsynchronised: Unsynchronised,
    prepare: impl FnOnce(&mut Installation),
) -> Report {
    let mut stage = Stage::new(Installation::on_sqlite());
    prepare(&mut stage.installation);
    let disk = Disk::under(&mut stage.installation, unsynchronised);
    let mut trial = Trial::begin(stage, 1, cycles, Some(disk));
    trial.run();
    trial.report(what)
}

/// Lets the installation run a copy of the binary with another setting, so that the server needs no switch for it.
fn weaken(installation: &mut Installation, weaker: &[u8; FULL.len()]) {
    let mut binary = fs::read(&installation.program).unwrap();
    let places: Vec<usize> = binary
        .windows(FULL.len())
        .enumerate()
        .filter(|(_, bytes)| *bytes == FULL)
        .map(|(at, _)| at)
        .collect();
    let [place] = *places else {
        panic!("the setting is {} times in the binary", places.len());
    };
    binary[place..place + FULL.len()].copy_from_slice(weaker);
    let bytes = installation.directory().join("weakened");
    fs::write(&bytes, binary).unwrap();
    // By another process: a program cannot be run while some child of this one inherited the handle that wrote it.
    let program = installation.directory().join("issuant");
    copy(&bytes, &program);
    installation.program = program;
}

fn copy(from: &Path, to: &Path) {
    let mut install = Command::new("install");
    let status = install.args(["-m", "0755"]).arg(from).arg(to).status();
    assert!(status.unwrap().success());
}
