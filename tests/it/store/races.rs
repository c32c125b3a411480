//! Every gate, with eight threads before it: one gets through.

use std::sync::mpsc;
use std::sync::{Arc, Barrier};
use std::time::Duration;

use issuant::identity::session::end;
use issuant::identity::store::{OneTimeLinks as _, Sessions as _, Throttle as _};
use issuant::protocol::claims::RequestedClaims;
use issuant::protocol::client::ClientId;
use issuant::protocol::error::StoreError;
use issuant::protocol::store::{
    AuthorizationCodes as _, LogoutNotices as _, Replays as _, SessionClients as _,
    TokenFamilies as _, WaitingRequests as _,
};
use issuant::protocol::tokens::family::{Family, RevocationReason};
use issuant::protocol::tokens::refresh_token::FamilyId;
use issuant::storage::{Storage, Transaction};

use super::fixtures::{
    DAY, NOW, client, client_id, code, digest, family, next, notice, session, waiting_request,
};
use super::{on_both_databases, open_with_people, read, write};
use crate::support::databases::Database;

const THREADS: usize = 8;
const ROUNDS: u8 = 10;

/// Runs the rule on eight threads at once, each with its number, and answers what they got.
fn race<T: Send + 'static>(
    storage: &Storage,
    rule: impl Fn(&mut Transaction, usize) -> Result<T, StoreError> + Clone + Send + 'static,
) -> Vec<T> {
    race_among(&[storage], rule)
}

/// The same, with the threads spread over several handles.
fn race_among<T: Send + 'static>(
    storages: &[&Storage],
    rule: impl Fn(&mut Transaction, usize) -> Result<T, StoreError> + Clone + Send + 'static,
) -> Vec<T> {
    let start = Arc::new(Barrier::new(THREADS));
    let threads: Vec<_> = (0..THREADS)
        .zip(storages.iter().cycle())
        .map(|(number, storage)| {
            let storage = Storage::clone(storage);
            let (rule, start) = (rule.clone(), Arc::clone(&start));
            std::thread::spawn(move || {
                start.wait();
                write(&storage, move |transaction| rule(transaction, number))
            })
        })
        .collect();
    threads
        .into_iter()
        .map(|thread| thread.join().unwrap())
        .collect()
}

fn winners(outcomes: &[bool]) -> usize {
    outcomes.iter().filter(|won| **won).count()
}

fn a_code_is_redeemed_by_one(database: &Database) {
    let storage = open_with_people(database);
    for round in 1..=ROUNDS {
        write(&storage, move |store| store.add_code(&code(round)));
        let outcomes = race(&storage, move |store, _| {
            // A read comes first, as in the rule.
            assert!(store.code(&digest(round), &client_id("app"))?.is_some());
            store.redeem_code(&digest(round), NOW)
        });
        assert_eq!(winners(&outcomes), 1);
    }
}

/// The server and a command, or two nodes: a transaction that begins with a read must not fail for company.
fn a_code_is_redeemed_by_one_of_two_programs(database: &Database) {
    let server = open_with_people(database);
    let command = database.open();
    for round in 1..=ROUNDS {
        write(&server, move |store| store.add_code(&code(round)));
        let outcomes = race_among(&[&server, &command], move |store, _| {
            assert!(store.code(&digest(round), &client_id("app"))?.is_some());
            store.redeem_code(&digest(round), NOW)
        });
        assert_eq!(winners(&outcomes), 1);
    }
}

fn a_version_is_rotated_by_one_whom_the_others_see(database: &Database) {
    let storage = open_with_people(database);
    for round in 1..=ROUNDS {
        let family = family(round);
        let added = family.clone();
        write(&storage, move |store| store.add_family(&added));
        let rotation = next(&family.rotation);
        let outcomes = race(&storage, move |store, number| {
            let seen = store.family(&family.id)?.unwrap().rotation.version;
            let mut rotation = rotation.clone();
            rotation.last_used_at = i64::try_from(number).unwrap();
            let won = store.rotate(&family.id, &rotation)?;
            let after = store.family(&family.id)?.unwrap().rotation;
            assert!(seen <= 1);
            assert_eq!(after.version, 1, "a second look sees what the winner did");
            Ok((won, after.last_used_at))
        });
        let won: Vec<bool> = outcomes.iter().map(|(won, _)| *won).collect();
        assert_eq!(winners(&won), 1);
        let winner = won.iter().position(|won| *won).unwrap();
        assert!(
            outcomes
                .iter()
                .all(|(_, seen)| *seen == i64::try_from(winner).unwrap())
        );
    }
}

fn an_agent_begins_one_family(database: &Database) {
    let server = open_with_people(database);
    let other = database.open();
    for round in 1..=ROUNDS {
        let outcomes = race_among(&[&server, &other], move |store, number| {
            let number = u8::try_from(number).unwrap();
            let begun = Family {
                id: FamilyId([round.wrapping_mul(16).wrapping_add(number); 16]),
                subject: None,
                claims: RequestedClaims::default(),
                session: None,
                ..family(1)
            };
            let won = store.begin_family_of_agent(&begun)?;
            let kept = store.family_of_agent(&begun.client_id)?.unwrap().id;
            assert_eq!(
                won,
                kept == begun.id,
                "a second look sees what the winner did"
            );
            Ok((won, kept))
        });
        let won: Vec<bool> = outcomes.iter().map(|(won, _)| *won).collect();
        assert_eq!(winners(&won), 1);
        let (_, kept) = outcomes[0];
        let reason = RevocationReason::Operator;
        write(&server, move |store| {
            store.revoke_family(&kept, reason, NOW)
        });
    }
}

fn a_value_is_used_by_one(database: &Database) {
    let storage = open_with_people(database);
    for round in 1..=ROUNDS {
        let outcomes = race(&storage, move |store, _| {
            store.use_once("assertion", &digest(round), NOW)
        });
        assert_eq!(winners(&outcomes), 1);
    }
}

fn a_link_is_used_by_one(database: &Database) {
    let storage = open_with_people(database);
    for round in 1..=ROUNDS {
        write(&storage, move |store| {
            store.add_link("setup", &digest(round), NOW)
        });
        let outcomes = race(&storage, move |store, _| {
            assert!(store.link_expiry("other", &digest(round))?.is_none());
            store.use_link("setup", &digest(round))
        });
        assert_eq!(winners(&outcomes), 1);
    }
}

fn a_waiting_request_is_finished_by_one(database: &Database) {
    let storage = open_with_people(database);
    for round in 1..=ROUNDS {
        write(&storage, move |store| {
            store.add_waiting_request(&waiting_request(round))
        });
        let outcomes = race(&storage, move |store, _| {
            store.waiting_request(&digest(round))?;
            store.finish_waiting_request(&digest(round))
        });
        assert_eq!(winners(&outcomes), 1);
    }
}

fn failures_at_the_same_time_are_all_counted(database: &Database) {
    let storage = open_with_people(database);
    for round in 1..=ROUNDS {
        let mut counts: Vec<i64> = race(&storage, move |store, _| {
            Ok(store.count_failure(&digest(round), NOW, 100)?.count)
        });
        counts.sort_unstable();
        assert_eq!(counts, [1, 2, 3, 4, 5, 6, 7, 8]);
    }
}

/// Rotation and revocation contend for one row: after the revocation nothing rotates, whoever came first.
fn a_family_is_rotated_before_its_revocation_or_not_at_all(database: &Database) {
    let storage = open_with_people(database);
    for round in 1..=ROUNDS {
        let family = family(round);
        let (id, added) = (family.id, family.clone());
        write(&storage, move |store| store.add_family(&added));
        let rotation = next(&family.rotation);
        let outcomes = race(&storage, move |store, number| {
            let before = store.family(&id)?.unwrap();
            if number % 2 == 0 {
                let rotated = store.rotate(&id, &rotation)?;
                assert!(!rotated || before.revoked.is_none());
                Ok((rotated, false))
            } else {
                let reason = RevocationReason::RefreshReuse;
                Ok((false, store.revoke_family(&id, reason, NOW)?))
            }
        });
        let rotated: Vec<bool> = outcomes.iter().map(|outcome| outcome.0).collect();
        let revoked: Vec<bool> = outcomes.iter().map(|outcome| outcome.1).collect();
        assert!(winners(&rotated) <= 1);
        assert_eq!(winners(&revoked), 1);
        let after = read(&storage, move |store| store.family(&id)).unwrap();
        assert!(after.revoked.is_some());
        let rotations = usize::try_from(after.rotation.version).unwrap();
        assert_eq!(rotations, winners(&rotated));
    }
}

/// While a revocation is under way, a rotation waits for it and then changes nothing.
fn a_rotation_waits_for_a_revocation(database: &Database) {
    let storage = open_with_people(database);
    let family = family(1);
    let (id, added) = (family.id, family.clone());
    write(&storage, move |store| store.add_family(&added));

    let (revoked, is_revoked) = mpsc::channel();
    let (rotating, is_rotating) = mpsc::channel();
    let revocation = {
        let storage = storage.clone();
        std::thread::spawn(move || {
            write(&storage, move |store| {
                let done = store.revoke_family(&id, RevocationReason::Operator, NOW)?;
                revoked.send(()).unwrap();
                // On SQLite the other transaction cannot begin before this one ends.
                let _there_or_not = is_rotating.recv_timeout(Duration::from_millis(100));
                Ok(done)
            })
        })
    };
    is_revoked.recv().unwrap();
    let rotated = write(&storage, move |store| {
        let _nobody_listens_on_sqlite = rotating.send(());
        store.rotate(&id, &next(&family.rotation))
    });
    assert!(revocation.join().unwrap());
    assert!(!rotated);
}

/// Two nodes that start at once make one signing key.
fn the_first_signing_key_is_made_by_one(database: &Database) {
    use issuant::crypto::algorithm::Algorithm;
    use issuant::storage::keys::StoredKey;
    let storage = open_with_people(database);
    let outcomes = race(&storage, move |store, number| {
        store.lock_signing_keys()?;
        let is_first = store.signing_keys()?.is_empty();
        if is_first {
            store.add_signing_key(&StoredKey {
                kid: format!("key-{number}"),
                algorithm: Algorithm::Es256,
                public_jwk: "{}".to_owned(),
                sealed: vec![1],
                created_at: NOW,
                active_from: NOW,
                verify_only_from: None,
                remove_at: None,
            })?;
        }
        Ok(is_first)
    });
    assert_eq!(winners(&outcomes), 1);
    assert_eq!(read(&storage, Transaction::signing_keys).len(), 1);
}

/// Sign-out and authorization requests meet at the row of the session: a code that was made for it is gone with it.
fn no_code_is_left_of_a_session_that_ended(database: &Database) {
    let storage = open_with_people(database);
    for _ in 0..ROUNDS {
        write(&storage, |store| store.add_session(&session(1, "sub-ada")));
        race(&storage, |store, number| {
            if number == 0 {
                return store.end_session("session-1", NOW);
            }
            let lives = store.touch_session("session-1", NOW)?;
            if lives {
                store.add_code(&code(u8::try_from(number).unwrap()))?;
            }
            Ok(lives)
        });
        for number in 1..=7 {
            let left = read(&storage, move |store| {
                store.code(&digest(number), &client_id("app"))
            });
            assert!(left.is_none(), "code {number} outlived its session");
        }
    }
}

/// Several nodes look at the same time; one makes the try.
fn a_notice_is_taken_by_one_of_two_programs(database: &Database) {
    let (one, other) = (open_with_people(database), database.open());
    for round in 0..ROUNDS {
        let owed = notice(&format!("session-{round}"));
        let to_owe = owed.clone();
        write(&one, move |store| store.owe_notice(&to_owe));
        let outcomes = race_among(&[&one, &other], move |store, _| {
            store.take_notice(&owed, NOW + 15)
        });
        assert_eq!(winners(&outcomes), 1);
    }
    let due = read(&one, |store| store.due_notices(NOW + 15, 100));
    assert!(due.iter().all(|notice| notice.tries == 1));
    assert_eq!(due.len(), usize::from(ROUNDS));
}

/// Sign-out and authorization requests meet at the row of the session: whoever takes part in it is told.
fn nobody_joins_a_session_that_ended_untold(database: &Database) {
    let storage = open_with_people(database);
    for _ in 0..ROUNDS {
        write(&storage, |store| store.add_session(&session(1, "sub-ada")));
        let outcomes = race(&storage, |store, number| {
            if number == 0 {
                let find_client = |id: &ClientId| Some(Arc::new(client(id.as_str())));
                let ended = end(store, &find_client, &session(1, "sub-ada"), NOW)?;
                return Ok(ended.unwrap().len());
            }
            let lives = store.touch_session("session-1", NOW)?;
            if lives {
                store.join_session("session-1", &client_id("app"))?;
            }
            Ok(usize::from(lives))
        });
        let joined = outcomes[1..].contains(&1);
        assert_eq!(outcomes[0], usize::from(joined));
        let notices = read(&storage, |store| store.notices(10));
        assert_eq!(notices.len(), usize::from(joined));
        write(&storage, |store| store.remove_expired(NOW + 400 * DAY, 100));
    }
}

on_both_databases!(
    an_agent_begins_one_family,
    a_notice_is_taken_by_one_of_two_programs,
    nobody_joins_a_session_that_ended_untold,
    no_code_is_left_of_a_session_that_ended,
    a_code_is_redeemed_by_one,
    a_code_is_redeemed_by_one_of_two_programs,
    a_version_is_rotated_by_one_whom_the_others_see,
    a_value_is_used_by_one,
    a_link_is_used_by_one,
    a_waiting_request_is_finished_by_one,
    failures_at_the_same_time_are_all_counted,
    a_family_is_rotated_before_its_revocation_or_not_at_all,
    a_rotation_waits_for_a_revocation,
    the_first_signing_key_is_made_by_one,
);
