//! A disk that can be asked to forget: `disk.c`, built for the test and loaded into the server before everything else.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use issuant::crypto::random::SeededRandom;
use tempfile::TempDir;

use crate::faults::between;
use crate::support::server_process::Installation;

/// What happens at a power cut to writes that were not synchronised.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unsynchronised {
    /// All of them are gone.
    Lost,
    /// Some arrived, as with real disks. What needed them may be there by luck.
    Torn,
}

/// What a power cut would leave of the database of an installation.
pub(crate) struct Disk {
    database: PathBuf,
    unsynchronised: Unsynchronised,
    _library: TempDir,
}

impl Disk {
    /// Puts it under all processes that the installation starts from now on.
    pub(crate) fn under(installation: &mut Installation, unsynchronised: Unsynchronised) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let library = folder.path().join("disk.so");
        let source = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/faults/disk.c");
        let built = Command::new("cc")
            .args(["-shared", "-fPIC", "-O2", "-Wall", "-Wextra", "-o"])
            .arg(&library)
            .arg(source)
            .args(["-ldl", "-lpthread"])
            .output()
            .unwrap();
        assert!(
            built.status.success(),
            "{}",
            String::from_utf8_lossy(&built.stderr)
        );
        let database = installation.directory().join("issuant.db");
        let variables = [
            ("LD_PRELOAD", library.into_os_string()),
            ("DISK_KEEP", database.clone().into_os_string()),
        ];
        installation.variables.extend(variables);
        Self {
            database,
            unsynchronised,
            _library: folder,
        }
    }

    /// Takes what is there as synchronised: no process has the database open.
    pub(crate) fn begin(&self) {
        assert!(!self.file("-wal").exists(), "the database is in use");
        remove(&self.file("-wal.synced"));
        fs::copy(&self.database, self.file(".synced")).unwrap();
    }

    /// The power goes: what was not synchronised may be gone. Of what was on its way to the log a part arrived, up to some
    /// byte; of the pages on their way to the database some did. The server is dead already.
    pub(crate) fn cut(&self, random: &SeededRandom) {
        let (mut database, mut log) =
            (read(&self.file(".synced")), read(&self.file("-wal.synced")));
        if self.unsynchronised == Unsynchronised::Torn {
            database = some_pages(&database, &read(&self.database), random);
            log = some_bytes(&log, &read(&self.file("-wal")), random);
        }
        fs::write(&self.database, database).unwrap();
        fs::write(self.file("-wal"), log).unwrap();
        // An index into the log, in memory that processes share; it never was on the disk.
        remove(&self.file("-shm"));
    }

    fn file(&self, suffix: &str) -> PathBuf {
        let mut path = self.database.clone().into_os_string();
        path.push(suffix);
        path.into()
    }
}

/// What was written, up to some byte, and from there on what was kept.
fn some_bytes(kept: &[u8], written: &[u8], random: &SeededRandom) -> Vec<u8> {
    let length = u64::try_from(written.len()).unwrap();
    let arrived = usize::try_from(between(random, 0, length + 1)).unwrap();
    let mut bytes = written[..arrived].to_vec();
    bytes.extend_from_slice(kept.get(arrived..).unwrap_or_default());
    bytes
}

/// Each page as it was kept or as it was written. Behind the end of what was kept, those before the last that arrived are
/// empty.
fn some_pages(kept: &[u8], written: &[u8], random: &SeededRandom) -> Vec<u8> {
    let mut bytes = kept.to_vec();
    for (at, page) in (0..).step_by(PAGE).zip(written.chunks(PAGE)) {
        if between(random, 0, 2) == 1 {
            let end = at + page.len();
            bytes.resize(bytes.len().max(end), 0);
            bytes[at..end].copy_from_slice(page);
        }
    }
    bytes
}

/// How SQLite divides a database.
const PAGE: usize = 4096;

/// What is in a file, if there is one.
fn read(path: &Path) -> Vec<u8> {
    if path.exists() {
        fs::read(path).unwrap()
    } else {
        Vec::new()
    }
}

fn remove(path: &Path) {
    if path.exists() {
        fs::remove_file(path).unwrap();
    }
}
