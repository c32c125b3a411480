//! The list of checks, and one test for each check and store.

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

use issuant::identity::store::{IdentityStore, Users as _};
use issuant::protocol::error::{Fault, StoreError, Trouble};

use super::{fixtures, open_with_people};
use crate::support::databases::Database;
use crate::support::memory::MemoryStore;

/// A check of a store that knows the users Ada and Bob and the clients app and web.
type Check = fn(&mut dyn IdentityStore);

fn check_memory(check: Check) {
    let mut store = MemoryStore::default();
    for name in ["ada", "bob"] {
        store.add_user(&fixtures::user(name)).unwrap();
    }
    check(&mut store);
}

fn check_database(database: &Database, check: Check) {
    let storage = open_with_people(database);
    let outcome: Result<_, Fault<()>> = storage.write_blocking(move |transaction| {
        Ok(catch_unwind(AssertUnwindSafe(|| check(transaction))))
    });
    if let Err(panic) = outcome.unwrap() {
        resume_unwind(panic);
    }
}

fn failed() -> Fault<()> {
    Fault::Failed(StoreError::plain(Trouble::Broken, "failing on purpose"))
}

#[test]
fn memory_keeps_a_refusal_and_undoes_a_failure() {
    let mut store = MemoryStore::default();
    let mut add = |name, end: fn() -> Result<(), Fault<()>>| {
        let outcome = store.transaction(|store| {
            store.add_user(&fixtures::user(name))?;
            end()
        });
        (outcome.is_ok(), store.users().unwrap().len())
    };
    assert_eq!(add("a", || Ok(())), (true, 1));
    assert_eq!(add("b", || Err(Fault::Refused(()))), (false, 2));
    assert_eq!(add("c", || Err(failed())), (false, 2));
}

macro_rules! conformance {
    ($($group:ident: $($name:ident),+;)+) => {
        mod memory {
            $(mod $group {
                $(#[test] fn $name() {
                    super::super::check_memory(crate::store::$group::$name);
                })+
            })+
        }
        mod sqlite {
            $(mod $group {
                $(#[test] fn $name() {
                    let database = crate::support::databases::Database::sqlite();
                    super::super::check_database(&database, crate::store::$group::$name);
                })+
            })+
        }
        mod postgres {
            $(mod $group {
                $(#[test] fn $name() {
                    if let Some(database) = crate::support::databases::Database::postgres() {
                        super::super::check_database(&database, crate::store::$group::$name);
                    }
                })+
            })+
        }
    };
}

conformance! {
    protocol:
        a_waiting_request_reads_as_it_was_written,
        a_waiting_request_remembers_who_signed_in_and_agreed,
        a_waiting_request_is_finished_once,
        a_code_reads_as_it_was_written,
        a_code_of_another_client_is_unknown,
        a_code_is_redeemed_once_and_stays,
        a_family_reads_as_it_was_written,
        a_family_rotates_from_each_version_once,
        a_rotation_replaces_every_part,
        a_revoked_family_does_not_rotate,
        a_family_is_revoked_once_for_each_reason,
        an_agent_has_one_family_that_is_not_revoked,
        an_unknown_family_neither_rotates_nor_dies,
        a_revoked_access_token_is_known_by_its_jti,
        a_value_is_used_once_for_each_purpose,
        a_subject_is_found_by_name_in_any_case,
        a_subject_is_what_tokens_say_of_a_user,
        events_can_be_recorded_without_anybody;
    personal_tokens:
        they_read_as_they_were_written_newest_first,
        one_is_revoked_once,
        they_go_with_their_person;
    identity:
        a_user_reads_as_it_was_written,
        a_user_is_found_in_any_case,
        a_name_is_taken_in_any_case,
        a_user_is_replaced,
        replacing_takes_no_name_of_another,
        replacing_nobody_adds_nobody,
        users_are_listed_by_name,
        deleting_a_user_takes_everything_along,
        a_session_reads_as_it_was_written,
        a_session_is_renewed_under_another_cookie,
        an_ended_session_is_not_renewed,
        sessions_are_listed_by_last_use,
        ending_a_session_revokes_its_families,
        ending_a_session_forgets_its_codes,
        an_ended_session_cannot_be_ended,
        a_consent_is_replaced,
        disconnecting_revokes_the_families_of_both_alone,
        connected_apps_have_a_consent_or_a_living_family,
        failures_are_counted_and_begin_anew,
        failures_are_forgiven,
        a_link_replaces_earlier_ones_of_its_purpose,
        a_link_is_used_once,
        a_deployment_is_set_up_for_good;
    logout:
        a_client_joins_a_session_once,
        nobody_takes_part_in_a_session_that_ended,
        notices_are_due_in_their_order,
        a_notice_is_taken_once_for_each_try,
        a_try_is_noted_by_who_made_it,
        notices_are_listed_newest_first;
}
