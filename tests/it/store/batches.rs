//! Rules about families that wait together: they share a transaction, and on PostgreSQL their statements, and still each is
//! as if it were alone.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, mpsc};
use std::time::Duration;

use issuant::protocol::error::{Fault, StoreError, Trouble};
use issuant::protocol::store::{
    SecurityEvent, SecurityEvents as _, Subjects as _, TokenFamilies as _,
};
use issuant::protocol::tokens::family::{Family, RevocationReason};
use issuant::storage::{Storage, Transaction};
use prometheus_client::registry::Registry;

use super::fixtures::{NOW, family, next, session};
use super::transactions::run_async;
use super::{on_both_databases, open_with_people, read, write};
use crate::support::databases::Database;

/// A refusal of a rule.
#[derive(Debug, PartialEq, Eq)]
struct No;

type Outcome<T = ()> = Result<T, Fault<No>>;

/// Six families, and one writer that is held until the returned sender is dropped, so that what is asked meanwhile waits
/// together.
fn held(database: &mut Database) -> (Storage, mpsc::Sender<()>) {
    database.settings().rotation_connections = 1;
    let storage = open_with_people(database);
    for number in 1..=6 {
        write(&storage, move |store| store.add_family(&family(number)));
    }
    let release = hold_the_writer(&storage);
    (storage, release)
}

/// Holds the writer of rules about families until the returned sender is dropped.
fn hold_the_writer(storage: &Storage) -> mpsc::Sender<()> {
    let (release, released) = mpsc::channel::<()>();
    let (begun, has_begun) = mpsc::channel();
    let storage = storage.clone();
    std::thread::spawn(move || {
        let rule = move |_: &mut Transaction| {
            begun.send(()).unwrap();
            let _released_either_way = released.recv();
            Ok::<_, Fault<No>>(())
        };
        run_async(storage.write_family(family(250).id, rule)).unwrap();
    });
    has_begun.recv().unwrap();
    release
}

/// A rule about the family of that number.
async fn about<T: Send + 'static>(
    storage: &Storage,
    number: u8,
    rule: impl FnOnce(&mut Transaction, Family) -> Outcome<T> + Send + 'static,
) -> Outcome<T> {
    let id = family(number).id;
    let rule = move |store: &mut Transaction| {
        let family = store.family(&id)?.expect("the family is there");
        rule(store, family)
    };
    storage.write_family(id, rule).await
}

fn rotate(store: &mut Transaction, family: &Family) -> Result<bool, StoreError> {
    store.rotate(&family.id, &next(&family.rotation))
}

fn rotated(store: &mut Transaction, family: &Family) -> Outcome {
    assert!(rotate(store, family)?);
    let seen = store.family(&family.id)?.unwrap();
    assert_eq!(
        seen.rotation,
        next(&family.rotation),
        "a rule sees what it wrote"
    );
    assert!(!rotate(store, family)?, "the gate is closed behind it");
    Ok(())
}

fn stored(storage: &Storage, number: u8) -> Family {
    read(storage, move |store| store.family(&family(number).id)).unwrap()
}

fn a_rule_that_fails_undoes_its_own_family_only(database: &mut Database) {
    let (storage, release) = held(database);
    let outcomes = run_async(async {
        tokio::join!(
            about(&storage, 1, |store, family| rotated(store, &family)),
            about(&storage, 2, |store, family| {
                rotated(store, &family)?;
                Err(Fault::Failed(StoreError::plain(
                    Trouble::Broken,
                    "failing on purpose",
                )))
            }),
            about(&storage, 3, |store, family| {
                rotated(store, &family)?;
                panic!("on purpose")
            }),
            // What a refusal wrote is kept: the revocation, and the event beside it.
            about(&storage, 4, |store, family| {
                let reason = RevocationReason::RefreshReuse;
                assert!(store.revoke_family(&family.id, reason, NOW)?);
                assert!(!store.revoke_family(&family.id, reason, NOW)?);
                assert!(!rotate(store, &family)?);
                store.record(&event(&family))?;
                Err::<(), _>(Fault::Refused(No))
            }),
            // A failed statement undoes what was changed in memory, too.
            about(&storage, 5, |store, family| {
                rotated(store, &family)?;
                store.record(&event(&family))?;
                let orphan = Family {
                    subject: Some("nobody".to_owned()),
                    ..super::fixtures::family(9)
                };
                Ok(store.add_family(&orphan)?)
            }),
            about(&storage, 6, |store, family| rotated(store, &family)),
            async { drop(release) },
        )
    });
    let (first, failing, panicking, refusing, breaking, last, ()) = outcomes;
    assert!(first.is_ok() && last.is_ok(), "{first:?} {last:?}");
    assert!(matches!(refusing, Err(Fault::Refused(No))));
    for outcome in [failing, panicking, breaking] {
        assert!(matches!(outcome, Err(Fault::Failed(_))));
    }
    for number in [1, 6] {
        let before = family(number);
        let expected = Family {
            rotation: next(&before.rotation),
            ..before
        };
        assert_eq!(stored(&storage, number), expected);
    }
    for number in [2, 3, 5] {
        assert_eq!(stored(&storage, number), family(number));
    }
    let dead = stored(&storage, 4);
    assert_eq!(dead.revoked.unwrap().reason, RevocationReason::RefreshReuse);
    assert_eq!(dead.rotation, family(4).rotation);
    let events = read(&storage, |store| store.security_events(10));
    assert_eq!(events.len(), 1, "{events:?}");
    assert_eq!(events[0].family_id, Some(dead.id.to_text()));
}

fn event(family: &Family) -> SecurityEvent {
    SecurityEvent {
        at: NOW,
        kind: "refresh_reuse",
        client_id: Some(family.client_id.clone()),
        subject: family.subject.clone(),
        family: Some(family.id),
        browser: None,
    }
}

/// Each sees what the one before did, and a failure in between leaves no trace.
fn rules_about_one_family_follow_each_other(database: &mut Database) {
    let (storage, release) = held(database);
    let version = |store: &mut Transaction, family: Family| {
        rotated(store, &family)?;
        Ok::<_, Fault<No>>(family.rotation.version)
    };
    let outcomes = run_async(async {
        tokio::join!(
            about(&storage, 1, version),
            about(&storage, 1, |store, family| {
                rotated(store, &family)?;
                Err::<i64, _>(Fault::Failed(StoreError::plain(
                    Trouble::Broken,
                    "failing on purpose",
                )))
            }),
            about(&storage, 1, version),
            about(&storage, 1, version),
            async { drop(release) },
        )
    });
    let (first, failed, second, third, ()) = outcomes;
    let seen = [first, second, third].map(Result::unwrap);
    assert!(failed.is_err());
    assert_eq!(seen, [0, 1, 2]);
    assert_eq!(stored(&storage, 1).rotation.version, 3);
}

/// Rules in a batch know their user and session as a rule alone does, gone or not.
fn a_rule_learns_of_the_user_and_the_session(database: &mut Database) {
    database.settings().rotation_connections = 1;
    let storage = open_with_people(database);
    write(&storage, |store| {
        use issuant::identity::store::Sessions as _;
        store.add_session(&session(1, "sub-ada"))?;
        for (number, session) in [(1, "session-1"), (2, "session-gone")] {
            store.add_family(&Family {
                session: Some(session.to_owned()),
                ..family(number)
            })?;
        }
        Ok(())
    });
    let learn = |number| {
        about(&storage, number, |store, family| {
            let subject = store
                .subject(family.owner_id())?
                .expect("the user is there");
            assert_eq!(subject.id, family.owner_id());
            Ok(store.session_expiry(family.session.as_deref().unwrap())?)
        })
    };
    let release = hold_the_writer(&storage);
    let unknown = storage.write_family(family(7).id, |store| {
        Ok::<_, Fault<No>>(store.family(&family(7).id)?.is_none())
    });
    let (one, other, unknown, ()) =
        run_async(async { tokio::join!(learn(1), learn(2), unknown, async { drop(release) }) });
    assert_eq!(one.unwrap(), Some(session(1, "sub-ada").expires_at));
    assert_eq!(other.unwrap(), None);
    assert!(unknown.unwrap(), "a family that does not exist is none");
}

/// Several writers, who all want the same families in different orders, and revocations of all of them in between.
fn writers_that_want_the_same_families_wait_in_one_order(database: &mut Database) {
    database.settings().rotation_connections = 4;
    database.settings().patience = Duration::from_secs(30);
    let storage = open_with_people(database);
    write(&storage, |store| {
        use issuant::identity::store::Sessions as _;
        for number in 1..=2 {
            store.add_session(&session(number, "sub-ada"))?;
        }
        (1..=6).try_for_each(|number| {
            // The families of the session that ends first come last.
            let session = Some(format!("session-{}", 1 + number / 4));
            store.add_family(&Family {
                session,
                ..family(number)
            })
        })
    });
    let attempt = |number: u8| {
        about(&storage, number, |store, family| {
            Ok(family.revoked.is_none() && rotate(store, &family)?)
        })
    };
    let orders: Vec<u8> = (0..40)
        .flat_map(|round| (0..6).map(move |it| 1 + (it * 5 + round) % 6))
        .collect();
    let won = run_async(async {
        let attempts = crate::support::op::all(orders.iter().map(|number| attempt(*number)));
        // Two sessions in one transaction, as when a password was changed.
        let sign_out = storage.write(|store| {
            use issuant::identity::store::Sessions as _;
            for session in ["session-2", "session-1"] {
                store.end_session(session, NOW)?;
            }
            Ok::<_, Fault<No>>(())
        });
        let revocation = storage.write(|store| {
            use issuant::identity::store::Consents as _;
            Ok::<_, Fault<No>>(store.disconnect(
                "sub-ada",
                &family(1).client_id,
                RevocationReason::UserRequest,
                NOW,
            )?)
        });
        let (attempts, ended, revoked) = tokio::join!(attempts, sign_out, revocation);
        ended.unwrap();
        revoked.unwrap();
        attempts
            .into_iter()
            .map(Result::unwrap)
            .filter(|won| *won)
            .count()
    });
    let versions = (1..=6).map(|number| stored(&storage, number).rotation.version);
    assert_eq!(usize::try_from(versions.sum::<i64>()).unwrap(), won);
}

/// One who waits for a row does not make its neighbours wait. SQLite has one writer, so nobody holds a row there.
#[test]
fn a_family_that_somebody_holds_is_missed_by_its_own_rule_only() {
    let Some(mut database) = Database::postgres() else {
        return;
    };
    let (storage, release) = held(&mut database);
    let other_node = database.open();
    let (let_go, is_let_go) = mpsc::channel::<()>();
    let (has, is_held) = mpsc::channel();
    let holder = std::thread::spawn(move || {
        write(&other_node, move |store| {
            store.revoke_family(&family(2).id, RevocationReason::Operator, NOW)?;
            has.send(()).unwrap();
            let _let_go_either_way = is_let_go.recv();
            Ok(())
        });
    });
    is_held.recv().unwrap();
    let (one, two, three, ()) = run_async(async {
        tokio::join!(
            about(&storage, 1, |store, family| rotated(store, &family)),
            about(&storage, 2, |store, family| rotated(store, &family)),
            about(&storage, 3, |store, family| rotated(store, &family)),
            async { drop(release) },
        )
    });
    assert!(one.is_ok() && three.is_ok(), "{one:?} {three:?}");
    let Err(Fault::Failed(error)) = two else {
        panic!("{two:?}")
    };
    assert_eq!(error.trouble(), Trouble::Unavailable);
    drop(let_go);
    holder.join().unwrap();
    assert_eq!(stored(&storage, 2).rotation, family(2).rotation);
    assert_eq!(stored(&storage, 3).rotation.version, 1);
}

/// Whoever was told that the server is busy repeats the request, and the repetition may be promoted before the first one
/// gets its row: to run that then would look like theft.
#[test]
fn a_rule_for_which_nobody_waits_any_more_is_not_run() {
    let Some(mut database) = Database::postgres() else {
        return;
    };
    database.settings().patience = Duration::from_millis(200);
    let (storage, release) = held(&mut database);
    drop(release);
    let other_node = database.open();
    let (let_go, is_let_go) = mpsc::channel::<()>();
    let (has, is_held) = mpsc::channel();
    let holder = std::thread::spawn(move || {
        write(&other_node, move |store| {
            rotated(store, &family(2))
                .map_err(|_| StoreError::plain(Trouble::Broken, "rotating"))?;
            has.send(()).unwrap();
            let _let_go_either_way = is_let_go.recv();
            Ok(())
        });
    });
    is_held.recv().unwrap();
    let ran = Arc::new(AtomicBool::new(false));
    let runs = Arc::clone(&ran);
    let outcome = run_async(about(&storage, 2, move |_, _| {
        runs.store(true, Ordering::SeqCst);
        Ok(())
    }));
    let Err(Fault::Failed(error)) = outcome else {
        panic!("{outcome:?}")
    };
    assert_eq!(error.trouble(), Trouble::Unavailable);
    drop(let_go);
    holder.join().unwrap();
    // Behind it in the same queue.
    let next = run_async(about(&storage, 3, |store, family| rotated(store, &family)));
    assert!(next.is_ok(), "{next:?}");
    assert!(!ran.load(Ordering::SeqCst));
    assert_eq!(stored(&storage, 2).rotation.version, 1);
}

fn text_of_metrics(storage: &Storage) -> String {
    let mut registry = Registry::default();
    storage.register_metrics(&mut registry);
    storage.measure();
    let mut text = String::new();
    prometheus_client::encoding::text::encode(&mut text, &registry).unwrap();
    text
}

/// What waits is counted as waiting, what shares a commit as one batch, and what finds the queue full as refused.
fn a_batch_is_measured_and_a_full_queue_refuses_at_once(database: &mut Database) {
    database.settings().queue_length = 3;
    let (storage, release) = held(database);
    let outcomes = run_async(async {
        tokio::join!(
            about(&storage, 1, |store, family| rotated(store, &family)),
            about(&storage, 2, |store, family| rotated(store, &family)),
            about(&storage, 3, |store, family| rotated(store, &family)),
            async {
                let refused = about(&storage, 4, |store, family| rotated(store, &family)).await;
                let text = text_of_metrics(&storage);
                drop(release);
                (refused, text)
            },
        )
    });
    let (one, two, three, (refused, text)) = outcomes;
    assert!(one.is_ok() && two.is_ok() && three.is_ok());
    let Err(Fault::Failed(error)) = refused else {
        panic!("{refused:?}")
    };
    assert_eq!(error.trouble(), Trouble::Unavailable);
    assert_eq!(stored(&storage, 4), family(4));
    assert!(text.contains("\nwriter_queue_length 3\n"), "{text}");
    assert!(text.contains("\nwriter_refused_total 1\n"), "{text}");
    // Of one, two, four and more: the three were one batch.
    let bucket = |text: &str, bound: &str| {
        let line = format!("\nwriter_batch_size_bucket{{le=\"{bound}\"}} ");
        let (_, rest) = text.split_once(&line).unwrap_or_else(|| panic!("{text}"));
        let count: u64 = rest.lines().next().unwrap().parse().unwrap();
        count
    };
    let after = text_of_metrics(&storage);
    assert_eq!(bucket(&after, "4.0") - bucket(&after, "2.0"), 1, "{after}");
}

on_both_databases!(
    a_rule_that_fails_undoes_its_own_family_only,
    rules_about_one_family_follow_each_other,
    a_rule_learns_of_the_user_and_the_session,
    writers_that_want_the_same_families_wait_in_one_order,
    a_batch_is_measured_and_a_full_queue_refuses_at_once,
);
