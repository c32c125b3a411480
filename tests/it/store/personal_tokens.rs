//! Checks of tokens that people have for scripts.

use issuant::identity::store::IdentityStore;
use issuant::protocol::personal_token::PersonalToken;

use super::fixtures::{DAY, NOW, scope};

type Store<'a> = &'a mut dyn IdentityStore;

pub(crate) fn token(id: &str, subject: &str, created_at: i64) -> PersonalToken {
    PersonalToken {
        id: id.to_owned(),
        subject: subject.to_owned(),
        name: "backup".to_owned(),
        scope: scope("openid profile"),
        roles: vec!["api".to_owned(), "user".to_owned()],
        audience: vec!["https://api.example".to_owned()],
        created_at,
        expires_at: created_at + DAY,
        last_used_at: None,
        last_used_from: None,
        revoked_at: None,
    }
}

pub(crate) fn they_read_as_they_were_written_newest_first(store: Store<'_>) {
    let (first, second) = (token("a", "sub-ada", NOW), token("b", "sub-ada", NOW + 1));
    for token in [&first, &second, &token("c", "sub-bob", NOW)] {
        store.add_personal_token(token, "no such key").unwrap();
    }
    assert_eq!(store.personal_token("a").unwrap(), Some(first.clone()));
    assert_eq!(store.personal_token("d").unwrap(), None);
    let of_ada = store.personal_tokens_of("sub-ada").unwrap();
    assert_eq!(of_ada, [second, first]);
}

pub(crate) fn one_is_revoked_once(store: Store<'_>) {
    store
        .add_personal_token(&token("a", "sub-ada", NOW), "key")
        .unwrap();
    assert!(store.revoke_personal_token("a", NOW + 5).unwrap());
    assert!(!store.revoke_personal_token("a", NOW + 6).unwrap());
    assert!(!store.revoke_personal_token("b", NOW + 6).unwrap());
    let revoked = store.personal_token("a").unwrap().unwrap();
    assert_eq!(revoked.revoked_at, Some(NOW + 5));
}

pub(crate) fn they_go_with_their_person(store: Store<'_>) {
    store
        .add_personal_token(&token("a", "sub-ada", NOW), "key")
        .unwrap();
    store.delete_user("sub-ada").unwrap();
    assert_eq!(store.personal_token("a").unwrap(), None);
}
