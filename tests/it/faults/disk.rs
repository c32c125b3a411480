//! A disk that can be asked to forget: `disk.c`, built for the test and loaded into the server before everything else.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

use crate::support::server_process::Installation;

/// What a power cut would leave of the database of an installation.
pub(crate) struct Disk {
    database: PathBuf,
    _library: TempDir,
}

impl Disk {
    /// Puts it under all processes that the installation starts from now on.
    pub(crate) fn under(installation: &mut Installation) -> Self {
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
            _library: folder,
        }
    }

    /// Takes what is there as synchronised: no process has the database open.
    pub(crate) fn begin(&self) {
        assert!(!self.file("-wal").exists(), "the database is in use");
        remove(&self.file("-wal.synced"));
        fs::copy(&self.database, self.file(".synced")).unwrap();
    }

    /// The power goes: what was not synchronised is gone. The server is dead already.
    pub(crate) fn cut(&self) {
        fs::copy(self.file(".synced"), &self.database).unwrap();
        remove(&self.file("-wal"));
        if self.file("-wal.synced").exists() {
            fs::copy(self.file("-wal.synced"), self.file("-wal")).unwrap();
        }
        // An index into the log, in memory that processes share; it never was on the disk.
        remove(&self.file("-shm"));
    }

    fn file(&self, suffix: &str) -> PathBuf {
        let mut path = self.database.clone().into_os_string();
        path.push(suffix);
        path.into()
    }
}

fn remove(path: &Path) {
    if path.exists() {
        fs::remove_file(path).unwrap();
    }
}
