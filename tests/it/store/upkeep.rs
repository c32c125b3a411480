//! What expired is removed, and nothing else.

use issuant::identity::store::{OneTimeLinks as _, Sessions as _, Throttle as _};
use issuant::protocol::personal_token::PersonalTokenUse;
use issuant::protocol::store::{
    AuthorizationCodes as _, LogoutNotices as _, PersonalTokens as _, Replays as _,
    RevokedTokens as _, SecurityEvent, SecurityEvents as _, TokenFamilies as _,
    WaitingRequests as _,
};
use issuant::protocol::tokens::family::RevocationReason;
use issuant::storage::{Storage, Transaction};

use super::fixtures::{
    DAY, NOW, client_id, code, digest, family, key, next, notice, session, waiting_request,
};
use super::personal_tokens::token;
use super::{on_both_databases, open_with_people, read, write};
use crate::support::databases::Database;

fn removed(storage: &Storage, now: i64) -> usize {
    write(storage, move |store| store.remove_expired(now, 1000))
}

fn short_lived_rows_go_when_they_expire(database: &Database) {
    let storage = open_with_people(database);
    write(&storage, |store| {
        store.add_waiting_request(&waiting_request(1))?;
        store.add_session(&session(1, "sub-ada"))?;
        store.revoke_token("jti", NOW + 10)?;
        store.use_once("assertion", &digest(1), NOW + 20)?;
        store.count_failure(&digest(1), NOW, 30)?;
        store.add_link("setup", &digest(1), NOW + 40)
    });
    let mut last = NOW;
    for expiry in [
        NOW + 10,
        NOW + 20,
        NOW + 30,
        NOW + 40,
        NOW + 3600,
        NOW + DAY,
    ] {
        assert_eq!(removed(&storage, expiry - 1), 0, "after {}", last - NOW);
        assert_eq!(removed(&storage, expiry), 1, "after {}", expiry - NOW);
        last = expiry;
    }
    write(&storage, |store| {
        assert!(!store.is_token_revoked("jti")?);
        assert!(store.use_once("assertion", &digest(1), NOW)?);
        assert_eq!(store.failures(&digest(1))?.count, 0);
        assert_eq!(store.link_expiry("setup", &digest(1))?, None);
        assert_eq!(store.waiting_request(&digest(1))?, None);
        assert_eq!(store.session(&digest(1))?, None);
        Ok(())
    });
}

fn a_personal_token_is_kept_for_a_month_and_its_use_is_noted_to_the_minute(database: &Database) {
    let storage = open_with_people(database);
    let one = |at: i64, from: &str| PersonalTokenUse {
        id: "a".to_owned(),
        at,
        from: Some(from.to_owned()),
    };
    let both = [one(NOW + 1, "192.0.2.7"), one(NOW + 60, "192.0.2.8")];
    write(&storage, move |store| {
        store.add_personal_token(&token("a", "sub-ada", NOW), "key")?;
        store.note_personal_token_uses(&both)
    });
    let used = read(&storage, |store| store.personal_token("a")).unwrap();
    assert_eq!(used.last_used_at, Some(NOW + 1));
    assert_eq!(used.last_used_from.as_deref(), Some("192.0.2.7"));
    write(&storage, move |store| {
        store.note_personal_token_uses(&[one(NOW + 61, "192.0.2.9")])
    });
    let used = read(&storage, |store| store.personal_token("a")).unwrap();
    assert_eq!(used.last_used_from.as_deref(), Some("192.0.2.9"));
    assert_eq!(removed(&storage, NOW + 31 * DAY - 1), 0);
    assert_eq!(removed(&storage, NOW + 31 * DAY), 1);
}

fn a_code_is_kept_for_a_day(database: &Database) {
    let storage = open_with_people(database);
    write(&storage, |store| {
        store.add_code(&code(1))?;
        store.add_code(&code(2))?;
        store.redeem_code(&digest(1), NOW)
    });
    assert_eq!(removed(&storage, NOW + 60 + DAY - 1), 0);
    assert_eq!(removed(&storage, NOW + 60 + DAY), 2);
    let code = read(&storage, |store| store.code(&digest(1), &client_id("app")));
    assert_eq!(code, None);
}

fn a_dead_family_is_kept_for_a_week_and_a_revoked_one_for_a_month(database: &Database) {
    let storage = open_with_people(database);
    write(&storage, |store| {
        // One that was not used, one that was, and one that was revoked.
        for number in 1..=3 {
            store.add_family(&family(number))?;
        }
        let mut rotation = next(&family(2).rotation);
        rotation.idle_expires_at = NOW + 90 * DAY;
        assert!(store.rotate(&family(2).id, &rotation)?);
        let reason = RevocationReason::Operator;
        store.revoke_family(&family(3).id, reason, NOW + 50 * DAY)
    });
    for dead_for_long in [30 + 7, 50 + 30, 90 + 7] {
        let time = NOW + dead_for_long * DAY;
        assert_eq!(removed(&storage, time), 0);
        // Rows go at the end of the day.
        assert_eq!(removed(&storage, time + DAY), 1, "{dead_for_long}");
    }
}

fn a_retired_key_is_kept_for_a_day_and_an_event_for_more_than_a_year(database: &Database) {
    let storage = database.open();
    write(&storage, |store| {
        store.add_signing_key(&key("old", NOW))?;
        store.add_signing_key(&key("new", NOW))?;
        store.schedule_signing_key("old", Some(NOW), Some(NOW + 10))?;
        store.record(&SecurityEvent {
            at: NOW,
            kind: "refresh_reuse",
            client_id: None,
            subject: None,
            family: None,
            browser: None,
        })
    });
    assert_eq!(removed(&storage, NOW + 10 + DAY - 1), 0);
    assert_eq!(removed(&storage, NOW + 10 + DAY), 1);
    let keys = read(&storage, Transaction::signing_keys);
    assert_eq!(keys, [key("new", NOW)]);
    assert_eq!(removed(&storage, NOW + 400 * DAY - 1), 0);
    assert_eq!(removed(&storage, NOW + 400 * DAY), 1);
}

fn no_more_is_removed_at_once_than_asked_for(database: &Database) {
    let storage = open_with_people(database);
    write(&storage, |store| {
        for number in 0..5 {
            store.use_once("assertion", &digest(number), NOW)?;
            store.add_waiting_request(&waiting_request(number))?;
        }
        Ok(())
    });
    let mut counts = Vec::new();
    for _ in 0..4 {
        counts.push(write(&storage, |store| store.remove_expired(NOW + DAY, 4)));
    }
    assert_eq!(counts, [4, 4, 2, 0]);
}

fn a_logout_notice_is_kept_for_a_month(database: &Database) {
    let storage = open_with_people(database);
    write(&storage, |store| store.owe_notice(&notice("session-1")));
    assert_eq!(removed(&storage, NOW + 30 * DAY - 1), 0);
    assert_eq!(removed(&storage, NOW + 30 * DAY), 1);
}

on_both_databases!(
    a_logout_notice_is_kept_for_a_month,
    short_lived_rows_go_when_they_expire,
    a_personal_token_is_kept_for_a_month_and_its_use_is_noted_to_the_minute,
    a_code_is_kept_for_a_day,
    a_dead_family_is_kept_for_a_week_and_a_revoked_one_for_a_month,
    a_retired_key_is_kept_for_a_day_and_an_event_for_more_than_a_year,
    no_more_is_removed_at_once_than_asked_for,
);
