//! Checks of what is remembered for clients that hear of sign-outs.

use issuant::identity::store::IdentityStore;
use issuant::protocol::logout_notice::{LogoutNotice, NoticeState};

use super::fixtures::{NOW, client_id, notice, session};

type Store<'a> = &'a mut dyn IdentityStore;

pub(crate) fn a_client_joins_a_session_once(store: Store<'_>) {
    store.add_session(&session(1, "sub-ada")).unwrap();
    store.add_session(&session(2, "sub-ada")).unwrap();
    for client in ["web", "app", "web"] {
        store.join_session("session-1", &client_id(client)).unwrap();
    }
    let joined = store.clients_of_session("session-1").unwrap();
    assert_eq!(joined, [client_id("app"), client_id("web")]);
    assert_eq!(store.clients_of_session("session-2").unwrap(), []);
}

pub(crate) fn nobody_takes_part_in_a_session_that_ended(store: Store<'_>) {
    store.add_session(&session(1, "sub-ada")).unwrap();
    store.join_session("session-1", &client_id("app")).unwrap();
    store.end_session("session-1", NOW).unwrap();
    assert_eq!(store.clients_of_session("session-1").unwrap(), []);
    store.add_session(&session(2, "sub-bob")).unwrap();
    store.join_session("session-2", &client_id("app")).unwrap();
    store.delete_user("sub-bob").unwrap();
    assert_eq!(store.clients_of_session("session-2").unwrap(), []);
}

pub(crate) fn notices_are_due_in_their_order(store: Store<'_>) {
    for (session, due_at) in [("late", NOW + 10), ("first", NOW), ("second", NOW + 5)] {
        let mut notice = notice(session);
        notice.due_at = due_at;
        store.owe_notice(&notice).unwrap();
    }
    let mut due = |now, most| -> Vec<String> {
        let due = store.due_notices(now, most).unwrap();
        due.into_iter().map(|notice| notice.session).collect()
    };
    assert_eq!(due(NOW - 1, 10), [""; 0]);
    assert_eq!(due(NOW + 9, 10), ["first", "second"]);
    assert_eq!(due(NOW + 10, 2), ["first", "second"]);
}

pub(crate) fn a_notice_is_taken_once_for_each_try(store: Store<'_>) {
    let first = notice("one");
    store.owe_notice(&first).unwrap();
    assert!(store.take_notice(&first, NOW + 15).unwrap());
    assert!(!store.take_notice(&first, NOW + 15).unwrap());
    assert_eq!(store.due_notices(NOW + 14, 10).unwrap(), []);
    let second = LogoutNotice {
        tries: 1,
        due_at: NOW + 15,
        ..first
    };
    let due = store.due_notices(NOW + 15, 10).unwrap();
    assert_eq!(due, std::slice::from_ref(&second));
    assert!(store.take_notice(&second, NOW + 60).unwrap());
}

pub(crate) fn a_try_is_noted_by_who_made_it(store: Store<'_>) {
    let waiting = notice("one");
    store.owe_notice(&waiting).unwrap();
    store.take_notice(&waiting, NOW + 15).unwrap();
    let tried = LogoutNotice {
        tries: 1,
        due_at: NOW + 15,
        ..waiting.clone()
    };
    // Who believes to be at another try is late.
    let late = waiting.settled(NoticeState::Delivered);
    assert!(!store.note_try(&late, NOW + 1).unwrap());
    let failed = tried.failed("status 500".to_owned());
    assert!(store.note_try(&failed, NOW + 1).unwrap());
    let kept = store.notices(10).unwrap();
    assert_eq!(kept, std::slice::from_ref(&failed));
    let delivered = failed.settled(NoticeState::Delivered);
    assert!(store.note_try(&delivered, NOW + 2).unwrap());
    let kept = LogoutNotice {
        settled_at: Some(NOW + 2),
        ..delivered.clone()
    };
    assert_eq!(store.notices(10).unwrap(), [kept]);
    assert!(!store.note_try(&delivered, NOW + 3).unwrap());
    assert!(!store.take_notice(&delivered, NOW + 60).unwrap());
    assert_eq!(store.due_notices(NOW + 3600, 10).unwrap(), []);
}

pub(crate) fn notices_are_listed_newest_first(store: Store<'_>) {
    for (session, ended_at) in [("old", NOW), ("new", NOW + 10)] {
        let mut notice = notice(session);
        notice.ended_at = ended_at;
        store.owe_notice(&notice).unwrap();
    }
    let listed = |store: Store<'_>, most| -> Vec<String> {
        let listed = store.notices(most).unwrap();
        listed.into_iter().map(|notice| notice.session).collect()
    };
    assert_eq!(listed(store, 10), ["new", "old"]);
    assert_eq!(listed(store, 1), ["new"]);
}
