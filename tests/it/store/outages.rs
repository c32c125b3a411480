//! Databases that are away, wrong or not ours.

use std::time::{Duration, Instant};

use issuant::identity::store::Users as _;
use issuant::protocol::error::{Fault, Trouble};
use issuant::storage::{DatabaseSettings, OpenError, Storage};

use super::{open_with_people, write};
use crate::support::databases::Database;

fn refusal(url: &str) -> OpenError {
    let Err(error) = Storage::open(&DatabaseSettings::new(url)) else {
        panic!("{url} was opened");
    };
    error
}

#[test]
fn a_server_that_is_away_is_told_quickly_and_without_the_password() {
    let start = Instant::now();
    let port = crate::support::server_process::free_port();
    let error = refusal(&format!("postgres://ada:hunter2@127.0.0.1:{port}/issuant"));
    let text = error.to_string();
    assert!(
        text.starts_with("cannot connect to postgres://ada:***@127.0.0.1"),
        "{text}"
    );
    assert!(text.contains("refused"), "{text}");
    assert!(!text.contains("hunter2"), "{text}");
    assert!(start.elapsed() < Duration::from_secs(5));
}

#[test]
fn a_malformed_url_is_told_without_the_password() {
    let text = refusal("postgres://ada:hunter2@127.0.0.1:port/issuant").to_string();
    assert!(text.contains("port"), "{text}");
    assert!(!text.contains("hunter2"), "{text}");
    assert!(matches!(
        refusal("mysql://ada:hunter2@h/d"),
        OpenError::Scheme
    ));
}

#[test]
fn a_missing_directory_is_told_with_the_path() {
    let text = refusal("sqlite:/nonexistent/issuant.db").to_string();
    assert!(text.contains("/nonexistent/issuant.db"), "{text}");
}

#[test]
fn a_file_of_another_kind_is_not_touched() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("notes.txt");
    let notes = "no database at all, and longer than a header of one hundred bytes ".repeat(3);
    std::fs::write(&path, &notes).unwrap();
    let text = refusal(&format!("sqlite:{}", path.display())).to_string();
    assert!(text.contains("not a database"), "{text}");
    assert_eq!(std::fs::read_to_string(&path).unwrap(), notes);
}

#[cfg(unix)]
#[test]
fn the_file_is_readable_for_its_owner_alone() {
    use std::os::unix::fs::PermissionsExt as _;
    let mut database = Database::sqlite();
    let storage = open_with_people(&database);
    let path = database.settings().url.replacen("sqlite:", "", 1);
    for suffix in ["", "-wal", "-shm"] {
        let metadata = std::fs::metadata(format!("{path}{suffix}")).unwrap();
        assert_eq!(metadata.permissions().mode() & 0o777, 0o600, "{suffix}");
    }
    storage.close();
    assert!(!std::fs::exists(format!("{path}-wal")).unwrap());
}

#[test]
fn a_restart_of_the_server_costs_one_failure_at_most() {
    let Some(database) = Database::postgres() else {
        return;
    };
    let storage = open_with_people(&database);
    let count = |storage: &Storage| -> Result<usize, Fault<()>> {
        storage.read_blocking(|store| Ok(store.users()?.len()))
    };
    for _ in 0..3 {
        assert!(database.disconnect_all());
        let outcome: Result<(), Fault<()>> = storage.write_blocking(|_| Ok(()));
        if let Err(fault) = outcome {
            let Fault::Failed(error) = fault else {
                panic!("{fault}");
            };
            assert_eq!(error.trouble(), Trouble::Unavailable);
        }
        // The pools have noticed, or notice now.
        let _may_be_the_one_failure = count(&storage);
        for _ in 0..10 {
            assert_eq!(count(&storage).unwrap(), 2);
            write(&storage, |_| Ok(()));
        }
    }
}
