//! What the handle promises: what is kept, what is undone, and who is told what.

use std::sync::mpsc;
use std::time::Duration;

use issuant::identity::store::Users as _;
use issuant::protocol::error::{Fault, StoreError, Trouble};
use issuant::protocol::store::TokenFamilies as _;
use issuant::storage::{Storage, Transaction};

use super::fixtures::{family, user};
use super::{on_both_databases, open_with_people, read, write};
use crate::support::databases::Database;

/// A refusal of a rule.
#[derive(Debug, PartialEq, Eq)]
struct No;

type Outcome = Result<(), Fault<No>>;

fn failed() -> Fault<No> {
    Fault::Failed(StoreError::plain(Trouble::Broken, "failing on purpose"))
}

fn names(storage: &Storage) -> Vec<String> {
    let users = read(storage, Transaction::users);
    users
        .into_iter()
        .map(|user| user.subject.username)
        .collect()
}

fn trouble(outcome: Outcome) -> Trouble {
    match outcome {
        Err(Fault::Failed(error)) => error.trouble(),
        Ok(()) | Err(Fault::Refused(No)) => panic!("{outcome:?}"),
    }
}

/// Holds a writer until the returned sender is used or dropped.
fn hold_a_writer(storage: &Storage) -> mpsc::Sender<()> {
    let (release, released) = mpsc::channel();
    let (begun, has_begun) = mpsc::channel();
    let storage = storage.clone();
    std::thread::spawn(move || {
        write(&storage, move |_| {
            begun.send(()).unwrap();
            let _released_either_way = released.recv();
            Ok(())
        });
    });
    has_begun.recv().unwrap();
    release
}

pub(super) fn run_async<T>(future: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build();
    runtime.unwrap().block_on(future)
}

fn success_and_refusal_are_kept_and_failure_is_undone(database: &Database) {
    let storage = open_with_people(database);
    let add = |name: &'static str, end: fn() -> Outcome| {
        storage.write_blocking(move |store| {
            store.add_user(&user(name))?;
            end()
        })
    };
    assert!(add("succeeds", || Ok(())).is_ok());
    assert!(matches!(
        add("refuses", || Err(Fault::Refused(No))),
        Err(Fault::Refused(No))
    ));
    assert_eq!(trouble(add("fails", || Err(failed()))), Trouble::Broken);
    assert_eq!(
        trouble(add("panics", || panic!("on purpose"))),
        Trouble::Broken
    );
    assert_eq!(names(&storage), ["ada", "bob", "refuses", "succeeds"]);
}

/// On PostgreSQL the commit after a failed statement would keep nothing, without a word.
fn a_rule_cannot_go_on_after_a_failed_statement(database: &Database) {
    let storage = open_with_people(database);
    let outcome: Outcome = storage.write_blocking(|store| {
        store.add_user(&user("cy"))?;
        let mut orphan = family(1);
        orphan.subject = Some("nobody".to_owned());
        assert!(store.add_family(&orphan).is_err());
        Ok(())
    });
    assert_eq!(trouble(outcome), Trouble::Broken);
    assert_eq!(names(&storage), ["ada", "bob"]);
}

fn a_rule_can_go_on_after_a_taken_name(database: &Database) {
    let storage = open_with_people(database);
    let outcome: Outcome = storage.write_blocking(|store| {
        store.add_user(&user("cy"))?;
        let error = store.add_user(&user("ada")).unwrap_err();
        assert_eq!(error.trouble(), Trouble::Conflict);
        Err(Fault::Refused(No))
    });
    assert!(matches!(outcome, Err(Fault::Refused(No))));
    assert_eq!(names(&storage), ["ada", "bob", "cy"]);
}

fn a_read_cannot_write(database: &Database) {
    let storage = open_with_people(database);
    let outcome: Outcome = storage.read_blocking(|store| Ok(store.add_user(&user("cy"))?));
    assert!(matches!(outcome, Err(Fault::Failed(_))));
    assert_eq!(names(&storage), ["ada", "bob"]);
}

fn a_read_does_not_wait_for_a_writer(database: &Database) {
    let storage = open_with_people(database);
    let (written, is_written) = mpsc::channel();
    let (release, released) = mpsc::channel::<()>();
    let writer = storage.clone();
    let thread = std::thread::spawn(move || {
        write(&writer, move |store| {
            store.add_user(&user("cy"))?;
            written.send(()).unwrap();
            released.recv().unwrap();
            Ok(())
        });
    });
    is_written.recv().unwrap();
    assert_eq!(names(&storage), ["ada", "bob"]);
    release.send(()).unwrap();
    thread.join().unwrap();
    assert_eq!(names(&storage), ["ada", "bob", "cy"]);
}

/// On SQLite the jobs that wait together share one transaction; none spoils what its neighbours did.
fn jobs_that_wait_together_do_not_harm_each_other(database: &Database) {
    let storage = open_with_people(database);
    let release = hold_a_writer(&storage);
    let job = |name: &'static str, end: fn(&mut Transaction) -> Outcome| {
        storage.write(move |store| {
            store.add_user(&user(name))?;
            end(store)
        })
    };
    let (first, failing, panicking, refusing, breaking, last, ()) = run_async(async {
        tokio::join!(
            job("a", |_| Ok(())),
            job("b", |_| Err(failed())),
            job("c", |_| panic!("on purpose")),
            job("d", |_| Err(Fault::Refused(No))),
            job("e", |store| {
                let mut orphan = family(1);
                orphan.subject = Some("nobody".to_owned());
                Ok(store.add_family(&orphan)?)
            }),
            job("f", |_| Ok(())),
            async { drop(release) },
        )
    });
    assert!(first.is_ok() && last.is_ok());
    assert!(matches!(refusing, Err(Fault::Refused(No))));
    for failed in [failing, panicking, breaking] {
        assert_eq!(trouble(failed), Trouble::Broken);
    }
    assert_eq!(names(&storage), ["a", "ada", "bob", "d", "f"]);
}

fn a_full_queue_refuses_at_once(database: &mut Database) {
    database.settings().write_connections = 1;
    database.settings().queue_length = 1;
    let storage = open_with_people(database);
    let release = hold_a_writer(&storage);
    let add = |name: &'static str| {
        storage.write(move |store| Ok::<(), Fault<No>>(store.add_user(&user(name))?))
    };
    let (waits, refused) = run_async(async {
        tokio::join!(add("cy"), async {
            let refused = add("dee").await;
            drop(release);
            refused
        })
    });
    assert!(waits.is_ok());
    assert_eq!(trouble(refused), Trouble::Unavailable);
    assert_eq!(names(&storage), ["ada", "bob", "cy"]);
}

fn who_waits_too_long_is_told_so_and_left_out(database: &mut Database) {
    database.settings().write_connections = 1;
    database.settings().patience = Duration::from_millis(50);
    let storage = open_with_people(database);
    let release = hold_a_writer(&storage);
    let outcome = run_async(storage.write(|store| Ok(store.add_user(&user("cy"))?)));
    assert_eq!(trouble(outcome), Trouble::Unavailable);
    drop(release);
    storage.close();
    assert_eq!(names(&database.open()), ["ada", "bob"]);
}

fn closing_answers_everybody_first(database: &mut Database) {
    database.settings().write_connections = 1;
    let storage = open_with_people(database);
    let release = hold_a_writer(&storage);
    let waits = storage.write(|store| Ok::<(), Fault<No>>(store.add_user(&user("cy"))?));
    let closing = storage.clone();
    let closer = run_async(async {
        let (outcome, closer) = tokio::join!(waits, async {
            let closer = std::thread::spawn(move || closing.close());
            drop(release);
            closer
        });
        assert!(outcome.is_ok());
        closer
    });
    closer.join().unwrap();
    let outcome: Outcome = storage.write_blocking(|_| Ok(()));
    assert_eq!(trouble(outcome), Trouble::Unavailable);
    storage.close();
    assert!(!run_async(storage.is_ready(1)));
    let reopened = database.open();
    assert_eq!(names(&reopened), ["ada", "bob", "cy"]);
    assert!(run_async(reopened.is_ready(1)));
}

fn a_database_that_cannot_be_written_is_not_ready(database: &Database) {
    let storage = database.open();
    assert!(run_async(storage.is_ready(1)));
    database.run("DROP TABLE meta");
    // Within a second, the answer is the one of the last trial.
    assert!(run_async(storage.is_ready(1)));
    assert!(!run_async(storage.is_ready(2)));
}

on_both_databases!(
    success_and_refusal_are_kept_and_failure_is_undone,
    a_rule_cannot_go_on_after_a_failed_statement,
    a_rule_can_go_on_after_a_taken_name,
    a_read_cannot_write,
    a_read_does_not_wait_for_a_writer,
    jobs_that_wait_together_do_not_harm_each_other,
    a_full_queue_refuses_at_once,
    who_waits_too_long_is_told_so_and_left_out,
    closing_answers_everybody_first,
    a_database_that_cannot_be_written_is_not_ready,
);
