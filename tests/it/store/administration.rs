//! What operators manage: clients, keys, facts about the deployment, the record of events.

use issuant::crypto::key_set::KeyState;
use issuant::identity::store::{Consents as _, Sessions as _};
use issuant::protocol::client::{AuthenticationMethod, SecretUse, StoredSecret};
use issuant::protocol::error::{Fault, Trouble};
use issuant::protocol::refresh_policy::{RefreshOverrides, RefreshRotation};
use issuant::protocol::store::{
    AuthorizationCodes as _, LogoutNotices as _, SecurityEvent, SecurityEvents as _,
    SessionClients as _, TokenFamilies as _, WaitingRequests as _,
};
use issuant::storage::{Storage, Transaction};

use super::fixtures::{
    DAY, NOW, client, client_id, code, consent, digest, family, key, notice, scope, secret,
    session, waiting_request,
};
use super::{on_both_databases, open_with_people, read, write};
use crate::support::databases::Database;

fn revision(storage: &Storage) -> i64 {
    read(storage, Transaction::revision)
}

fn a_client_reads_as_it_was_written(database: &Database) {
    let storage = open_with_people(database);
    let mut public = client("public");
    public.authentication_method = AuthenticationMethod::None;
    public.secrets = Vec::new();
    public.redirect_uris = Vec::new();
    public.post_logout_redirect_uris = Vec::new();
    public.audiences = Vec::new();
    public.refresh = RefreshOverrides::default();
    public.disabled = true;
    let added = public.clone();
    write(&storage, move |store| store.add_client(&added));
    let found = read(&storage, |store| {
        Ok((
            store.client(&client_id("app"))?,
            store.client(&client_id("public"))?,
            store.client(&client_id("APP"))?,
            store.clients()?.clients,
        ))
    });
    assert_eq!(found.0, Some(client("app")));
    assert_eq!(found.1, Some(public.clone()));
    assert_eq!(found.2, None);
    assert_eq!(found.3, [client("app"), public, client("web")]);
}

fn a_taken_client_identifier_is_a_conflict(database: &Database) {
    let storage = open_with_people(database);
    let outcome: Result<(), Fault<()>> =
        storage.write_blocking(|store| Ok(store.add_client(&client("app"))?));
    let Err(Fault::Failed(error)) = outcome else {
        panic!("{outcome:?}");
    };
    assert_eq!(error.trouble(), Trouble::Conflict);
}

fn replacing_a_client_leaves_its_secrets(database: &Database) {
    let storage = open_with_people(database);
    let mut changed = client("app");
    changed.name = "Another".to_owned();
    changed.scope = scope("read");
    changed.requires_consent = true;
    changed.updated_at = NOW + 1;
    let mut replacement = changed.clone();
    replacement.secrets = Vec::new();
    let (known, unknown) = write(&storage, move |store| {
        Ok((
            store.replace_client(&replacement)?,
            store.replace_client(&client("nobody"))?,
        ))
    });
    assert!(known && !unknown);
    let found = read(&storage, |store| store.client(&client_id("app")));
    assert_eq!(found, Some(changed));
}

fn refresh_settings_come_and_go(database: &Database) {
    let storage = open_with_people(database);
    let own = [
        RefreshOverrides::default(),
        RefreshOverrides {
            rotation: Some(RefreshRotation::None),
            retry_window: None,
            idle_lifetime: Some(1),
            absolute_lifetime: None,
        },
        client("app").refresh,
    ];
    for refresh in own {
        let mut changed = client("app");
        changed.refresh = refresh;
        let replacement = changed.clone();
        assert!(write(&storage, move |store| store.replace_client(&replacement)));
        let found = read(&storage, |store| store.client(&client_id("app")));
        assert_eq!(found, Some(changed));
    }
}

fn secrets_come_and_go(database: &Database) {
    let storage = open_with_people(database);
    let app = client_id("app");
    write(&storage, move |store| {
        let third = secret("third", sealed(), NOW + 2);
        assert!(store.add_client_secret(&app, &third)?);
        assert!(!store.add_client_secret(&client_id("nobody"), &third)?);
        let error = store.add_client_secret(&app, &third).unwrap_err();
        assert_eq!(error.trouble(), Trouble::Conflict);
        assert!(store.remove_client_secret(&app, "first")?);
        assert!(!store.remove_client_secret(&app, "first")?);
        Ok(())
    });
    let found = read(&storage, |store| Ok(store.clients()?.clients));
    let ids = |index: usize| {
        let secrets = found[index].secrets.iter();
        secrets.map(|secret| secret.id.as_str()).collect::<Vec<_>>()
    };
    assert_eq!(ids(0), ["second", "third"]);
    assert_eq!(found[0].secrets[1].stored, sealed());
    assert_eq!(ids(1), ["first", "second"]);
}

fn sealed() -> StoredSecret {
    StoredSecret::Sealed {
        digest: digest(3),
        sealed: vec![3; 40],
    }
}

/// The first and the second secret of a client: when each was last used.
fn last_uses(storage: &Storage, id: &'static str) -> [Option<i64>; 2] {
    let client = read(storage, move |store| store.client(&client_id(id))).unwrap();
    [0, 1].map(|index: usize| client.secrets[index].last_used_at)
}

fn secret_use(client: &str, secret: &str, at: i64) -> SecretUse {
    SecretUse {
        client_id: client_id(client),
        secret_id: secret.to_owned(),
        at,
    }
}

fn the_use_of_a_secret_is_noted_and_nothing_else_changes(database: &Database) {
    let storage = open_with_people(database);
    let before = revision(&storage);
    write(&storage, |store| {
        store.note_secret_uses(&[
            secret_use("app", "second", NOW),
            secret_use("gone", "first", NOW),
            secret_use("web", "first", NOW + 1),
            secret_use("web", "gone", NOW),
        ])
    });
    assert_eq!(last_uses(&storage, "app"), [None, Some(NOW)]);
    assert_eq!(last_uses(&storage, "web"), [Some(NOW + 1), None]);
    assert_eq!(revision(&storage), before);
    let mut expected = client("app");
    expected.secrets[1].last_used_at = Some(NOW);
    let found = read(&storage, |store| store.client(&client_id("app")));
    assert_eq!(found, Some(expected));
}

fn uses_of_a_secret_are_noted_once_a_minute_and_never_backwards(database: &Database) {
    let storage = open_with_people(database);
    for (at, noted) in [
        (NOW, NOW),
        (NOW + 59, NOW),
        (NOW - 1000, NOW),
        (NOW + 60, NOW + 60),
        (NOW + 61, NOW + 60),
        (NOW + 5000, NOW + 5000),
    ] {
        write(&storage, move |store| {
            store.note_secret_uses(&[secret_use("app", "first", at)])
        });
        assert_eq!(last_uses(&storage, "app"), [Some(noted), None], "{at}");
    }
}

fn replacing_a_client_keeps_when_its_secrets_were_used(database: &Database) {
    let storage = open_with_people(database);
    write(&storage, |store| {
        store.note_secret_uses(&[secret_use("app", "first", NOW)])?;
        store.replace_client(&client("app"))
    });
    assert_eq!(last_uses(&storage, "app"), [Some(NOW), None]);
}

fn deleting_a_client_takes_everything_along(database: &Database) {
    let storage = open_with_people(database);
    let app = client_id("app");
    write(&storage, move |store| {
        store.save_consent(&consent("sub-ada", "app", "read"))?;
        store.add_family(&family(1))?;
        store.add_code(&code(1))?;
        store.add_waiting_request(&waiting_request(1))?;
        store.add_session(&session(1, "sub-ada"))?;
        store.join_session("session-1", &app)?;
        store.owe_notice(&notice("session-1"))?;
        assert!(store.delete_client(&app)?);
        assert!(!store.delete_client(&app)?);
        assert_eq!(store.client(&app)?, None);
        assert_eq!(store.consent("sub-ada", &app)?, None);
        assert_eq!(store.family(&family(1).id)?, None);
        assert_eq!(store.code(&digest(1), &app)?, None);
        assert_eq!(store.waiting_request(&digest(1))?, None);
        assert_eq!(store.clients_of_session("session-1")?, []);
        assert_eq!(store.notices(10)?, []);
        assert!(!store.remove_client_secret(&app, "first")?);
        Ok(())
    });
}

fn the_revision_tells_of_changes_to_clients_and_keys(database: &Database) {
    type Change = fn(&mut Transaction) -> Result<bool, issuant::protocol::error::StoreError>;
    let storage = open_with_people(database);
    let changes: [Change; 7] = [
        |store| store.add_client(&client("new")).map(|()| true),
        |store| store.replace_client(&client("new")),
        |store| {
            let third = secret("third", StoredSecret::Generated(digest(3)), NOW);
            store.add_client_secret(&client_id("new"), &third)
        },
        |store| store.remove_client_secret(&client_id("new"), "third"),
        |store| store.delete_client(&client_id("new")),
        |store| store.add_signing_key(&key("k", NOW)).map(|()| true),
        |store| store.schedule_signing_key("k", Some(NOW), None),
    ];
    for change in changes {
        let before = revision(&storage);
        assert!(write(&storage, change));
        assert_eq!(revision(&storage), before + 1);
    }
    let before = revision(&storage);
    let nothing = |store: &mut Transaction| {
        store.add_family(&family(1))?;
        store.set_meta("name", "value")?;
        store.delete_client(&client_id("nobody"))
    };
    assert!(!write(&storage, nothing));
    assert_eq!(revision(&storage), before);
}

fn signing_keys_are_kept_with_their_timetable(database: &Database) {
    let storage = database.open();
    write(&storage, |store| {
        store.lock_signing_keys()?;
        store.add_signing_key(&key("later", NOW + DAY))?;
        store.add_signing_key(&key("now", NOW))?;
        let error = store.add_signing_key(&key("now", NOW)).unwrap_err();
        assert_eq!(error.trouble(), Trouble::Conflict);
        assert!(!store.schedule_signing_key("unknown", None, None)?);
        assert!(store.schedule_signing_key("now", Some(NOW + 1), Some(NOW + 2))?);
        Ok(())
    });
    let mut now = key("now", NOW);
    now.verify_only_from = Some(NOW + 1);
    now.remove_at = Some(NOW + 2);
    let keys = read(&storage, Transaction::signing_keys);
    assert_eq!(keys, [now, key("later", NOW + DAY)]);
}

#[test]
fn a_key_goes_through_its_states_in_order() {
    let mut key = key("k", NOW);
    assert_eq!(key.state_at(NOW - 1), KeyState::Announced);
    assert_eq!(key.state_at(NOW), KeyState::Active);
    assert_eq!(key.state_at(i64::MAX), KeyState::Active);
    key.verify_only_from = Some(NOW + 10);
    key.remove_at = Some(NOW + 20);
    assert_eq!(key.state_at(NOW + 9), KeyState::Active);
    assert_eq!(key.state_at(NOW + 10), KeyState::VerifyOnly);
    assert_eq!(key.state_at(NOW + 19), KeyState::VerifyOnly);
    assert_eq!(key.state_at(NOW + 20), KeyState::Retired);
}

fn facts_are_replaced(database: &Database) {
    let storage = database.open();
    write(&storage, |store| {
        assert_eq!(store.meta("deployment_id")?, None);
        store.set_meta("deployment_id", "one")?;
        store.set_meta("deployment_id", "two")
    });
    let value = read(&storage, |store| store.meta("deployment_id"));
    assert_eq!(value.as_deref(), Some("two"));
}

fn events_are_read_newest_first(database: &Database) {
    let storage = database.open();
    write(&storage, |store| {
        for (at, kind) in [(NOW, "first"), (NOW, "second"), (NOW - 1, "third")] {
            store.record(&SecurityEvent {
                at,
                kind,
                client_id: Some(client_id("gone")),
                subject: None,
                family: Some(family(1).id),
                browser: None,
            })?;
        }
        Ok(())
    });
    let events = read(&storage, |store| store.security_events(2));
    let kinds: Vec<&str> = events.iter().map(|event| event.kind.as_str()).collect();
    assert_eq!(kinds, ["third", "second"]);
    assert_eq!(events[0].occurred_at, NOW - 1);
    assert_eq!(events[0].client_id.as_deref(), Some("gone"));
    assert_eq!(events[0].subject, None);
    assert_eq!(events[0].family_id, Some(family(1).id.to_text()));
}

on_both_databases!(
    a_client_reads_as_it_was_written,
    a_taken_client_identifier_is_a_conflict,
    replacing_a_client_leaves_its_secrets,
    refresh_settings_come_and_go,
    secrets_come_and_go,
    the_use_of_a_secret_is_noted_and_nothing_else_changes,
    uses_of_a_secret_are_noted_once_a_minute_and_never_backwards,
    replacing_a_client_keeps_when_its_secrets_were_used,
    deleting_a_client_takes_everything_along,
    the_revision_tells_of_changes_to_clients_and_keys,
    signing_keys_are_kept_with_their_timetable,
    facts_are_replaced,
    events_are_read_newest_first,
);
