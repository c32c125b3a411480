//! Keys that the server holds for clients.

use issuant::crypto::algorithm::Algorithm;
use issuant::crypto::jwe::algorithm::KeyManagement;
use issuant::crypto::key_set::Timetable;
use issuant::protocol::client_key_set::{ClientKey, ClientKeys, Purpose};
use issuant::protocol::error::{Fault, StoreError, Trouble};
use issuant::storage::Transaction;

use super::fixtures::{DAY, NOW, client_id};
use super::{on_both_databases, open_with_people, read, write};
use crate::support::databases::Database;

fn key(kid: &str, client: &str, purpose: Purpose) -> ClientKey {
    ClientKey {
        kid: kid.to_owned(),
        client_id: client_id(client),
        purpose,
        public_jwk: format!("{{\"kid\":\"{kid}\"}}"),
        sealed: vec![0, 1, 255],
        created_at: NOW,
        expires_at: NOW + DAY,
        timetable: Timetable {
            active_from: NOW,
            verify_only_from: None,
            remove_at: None,
        },
    }
}

fn pair(number: u8, client: &str) -> [ClientKey; 2] {
    [
        key(
            &format!("sig-{number}"),
            client,
            Purpose::Signing(Algorithm::Es384),
        ),
        key(
            &format!("enc-{number}"),
            client,
            Purpose::Encryption(KeyManagement::RsaOaep256),
        ),
    ]
}

fn ids(keys: &[ClientKey]) -> Vec<&str> {
    keys.iter().map(|key| key.kid.as_str()).collect()
}

fn keys_of_a_client_read_as_they_were_written(database: &Database) {
    let storage = open_with_people(database);
    write(&storage, |store| {
        store.add_client_keys(&pair(1, "app"))?;
        store.add_client_keys(&pair(2, "web"))
    });
    let found = read(&storage, |store| store.keys_of_client(&client_id("app")));
    let [signing, encryption] = pair(1, "app");
    assert_eq!(found, [encryption, signing]);
    let all = read(&storage, |store| store.signing_keys_of_clients(NOW));
    assert_eq!(ids(&all), ["sig-1", "sig-2"]);
}

fn a_successor_ends_the_use_of_what_was_before_and_nothing_else(database: &Database) {
    let storage = open_with_people(database);
    write(&storage, |store| {
        store.add_client_keys(&pair(1, "app"))?;
        store.add_client_keys(&pair(2, "web"))?;
        store.succeed_client_keys(&client_id("app"), NOW + 10, NOW + 20)?;
        let later = pair(3, "app").map(|mut key| {
            key.timetable.active_from = NOW + 10;
            key
        });
        store.add_client_keys(&later)
    });
    let keys = ClientKeys(read(&storage, |store| {
        store.keys_of_client(&client_id("app"))
    }));
    for (at, signing, published) in [
        (NOW, "sig-1", 4),
        (NOW + 9, "sig-1", 4),
        (NOW + 10, "sig-3", 4),
        (NOW + 20, "sig-3", 2),
    ] {
        assert_eq!(keys.signing(at).unwrap().kid, signing, "{at}");
        assert_eq!(keys.published(at).count(), published, "{at}");
    }
    assert!(keys.signing(NOW + DAY).is_none(), "it expired");
    let all = |now| read(&storage, move |store| store.signing_keys_of_clients(now));
    assert_eq!(ids(&all(NOW + 19)), ["sig-1", "sig-2", "sig-3"]);
    assert_eq!(ids(&all(NOW + 20)), ["sig-2", "sig-3"]);
}

fn keys_go_with_their_client_and_never_change_hands(database: &Database) {
    let storage = open_with_people(database);
    write(&storage, |store| store.add_client_keys(&pair(1, "app")));
    let again: Result<(), Fault<()>> =
        storage.write_blocking(|store| Ok(store.add_client_keys(&pair(1, "web"))?));
    let Err(Fault::Failed(error)) = again else {
        panic!("{again:?}");
    };
    assert_eq!(error.trouble(), Trouble::Conflict);
    assert!(write(&storage, |store| store.delete_client(&client_id("app"))));
    let left = read(&storage, |store| store.signing_keys_of_clients(NOW));
    assert_eq!(ids(&left), Vec::<&str>::new());
}

fn the_revision_tells_of_them(database: &Database) {
    type Change = fn(&mut Transaction) -> Result<(), StoreError>;
    let storage = open_with_people(database);
    let changes: [Change; 2] = [
        |store| store.add_client_keys(&pair(1, "app")),
        |store| store.succeed_client_keys(&client_id("app"), NOW, NOW),
    ];
    for change in changes {
        let before = read(&storage, Transaction::revision);
        write(&storage, change);
        assert_eq!(read(&storage, Transaction::revision), before + 1);
    }
}

on_both_databases!(
    keys_of_a_client_read_as_they_were_written,
    a_successor_ends_the_use_of_what_was_before_and_nothing_else,
    keys_go_with_their_client_and_never_change_hands,
    the_revision_tells_of_them,
);
