//! Checks of what the rules about people need remembered.

use issuant::identity::store::{ConnectedApp, Failures, Forgive, IdentityStore};
use issuant::protocol::error::Trouble;
use issuant::protocol::tokens::family::RevocationReason;

use super::fixtures::{
    DAY, NOW, client_id, code, consent, digest, family, next, scope, session, user,
};

type Store<'a> = &'a mut dyn IdentityStore;

pub(crate) fn a_user_reads_as_it_was_written(store: Store<'_>) {
    let mut cy = user("Cy");
    cy.password_hash = None;
    cy.subject.name = None;
    cy.subject.email = Some("cy@example".to_owned());
    cy.subject.roles = Vec::new();
    store.add_user(&cy).unwrap();
    assert_eq!(store.user("sub-Cy").unwrap(), Some(cy));
    assert_eq!(store.user("sub-ada").unwrap(), Some(user("ada")));
    assert_eq!(store.user("sub-nobody").unwrap(), None);
}

pub(crate) fn a_user_is_found_in_any_case(store: Store<'_>) {
    store.add_user(&user("Cy.Ä")).unwrap();
    for name in ["Cy.Ä", "cy.Ä", "CY.Ä"] {
        let found = store.user_by_username(name).unwrap();
        assert_eq!(found, Some(user("Cy.Ä")), "{name}");
    }
    // Only ASCII letters have two cases here.
    assert_eq!(store.user_by_username("cy.ä").unwrap(), None);
    assert_eq!(store.user_by_username("cy").unwrap(), None);
}

pub(crate) fn a_name_is_taken_in_any_case(store: Store<'_>) {
    let error = store.add_user(&user("ADA")).unwrap_err();
    assert_eq!(error.trouble(), Trouble::Conflict);
    assert_eq!(store.users().unwrap().len(), 2);
    store.add_user(&user("cy")).unwrap();
}

pub(crate) fn a_user_is_replaced(store: Store<'_>) {
    let mut ada = user("ada");
    ada.subject.username = "Ada".to_owned();
    ada.subject.name = None;
    ada.subject.email = Some("ada@example".to_owned());
    ada.subject.email_verified = false;
    ada.subject.roles = Vec::new();
    ada.subject.active = false;
    ada.subject.updated_at = NOW + 1;
    ada.password_hash = None;
    assert!(store.replace_user(&ada).unwrap());
    assert_eq!(store.user("sub-ada").unwrap(), Some(ada));
    assert_eq!(store.user("sub-bob").unwrap(), Some(user("bob")));
}

pub(crate) fn replacing_takes_no_name_of_another(store: Store<'_>) {
    let mut ada = user("ada");
    ada.subject.username = "BOB".to_owned();
    let error = store.replace_user(&ada).unwrap_err();
    assert_eq!(error.trouble(), Trouble::Conflict);
    assert_eq!(store.user("sub-ada").unwrap(), Some(user("ada")));
}

pub(crate) fn replacing_nobody_adds_nobody(store: Store<'_>) {
    assert!(!store.replace_user(&user("cy")).unwrap());
    assert_eq!(store.user("sub-cy").unwrap(), None);
}

pub(crate) fn users_are_listed_by_name(store: Store<'_>) {
    store.add_user(&user("Alf")).unwrap();
    let users = store.users().unwrap();
    let names: Vec<_> = users.iter().map(|user| &user.subject.username).collect();
    assert_eq!(names, ["ada", "Alf", "bob"]);
}

pub(crate) fn deleting_a_user_takes_everything_along(store: Store<'_>) {
    store.add_session(&session(1, "sub-ada")).unwrap();
    store.add_session(&session(2, "sub-bob")).unwrap();
    store
        .save_consent(&consent("sub-ada", "app", "read"))
        .unwrap();
    store.add_family(&family(1)).unwrap();
    store.add_code(&code(1)).unwrap();
    assert!(store.delete_user("sub-ada").unwrap());
    assert!(!store.delete_user("sub-ada").unwrap());
    let app = client_id("app");
    assert_eq!(store.user("sub-ada").unwrap(), None);
    assert_eq!(store.session(&digest(1)).unwrap(), None);
    assert_eq!(store.consent("sub-ada", &app).unwrap(), None);
    assert_eq!(store.family(&family(1).id).unwrap(), None);
    assert_eq!(store.code(&digest(1), &app).unwrap(), None);
    assert!(store.session(&digest(2)).unwrap().is_some());
}

pub(crate) fn a_session_reads_as_it_was_written(store: Store<'_>) {
    let session = session(1, "sub-ada");
    store.add_session(&session).unwrap();
    assert_eq!(store.session(&digest(1)).unwrap(), Some(session));
    assert_eq!(store.session(&digest(2)).unwrap(), None);
}

pub(crate) fn a_session_is_renewed_under_another_cookie(store: Store<'_>) {
    store.add_session(&session(1, "sub-ada")).unwrap();
    store.add_session(&session(2, "sub-ada")).unwrap();
    let mut renewed = session(1, "sub-ada");
    renewed.cookie = digest(9);
    renewed.auth_time = NOW + 5;
    renewed.amr = vec!["pwd".to_owned(), "otp".to_owned()];
    renewed.expires_at = NOW + 2 * DAY;
    assert!(store.renew_session(&renewed).unwrap());
    assert_eq!(store.session(&digest(1)).unwrap(), None);
    assert_eq!(store.session(&digest(9)).unwrap(), Some(renewed));
    let other = store.session(&digest(2)).unwrap();
    assert_eq!(other, Some(session(2, "sub-ada")));
}

pub(crate) fn an_ended_session_is_not_renewed(store: Store<'_>) {
    store.add_session(&session(1, "sub-ada")).unwrap();
    store.end_session("session-1", NOW).unwrap();
    assert!(!store.renew_session(&session(1, "sub-ada")).unwrap());
    assert_eq!(store.session(&digest(1)).unwrap(), None);
}

pub(crate) fn sessions_are_listed_by_last_use(store: Store<'_>) {
    for number in [1, 3, 2] {
        store.add_session(&session(number, "sub-ada")).unwrap();
    }
    store.add_session(&session(4, "sub-bob")).unwrap();
    store.touch_session("session-1", NOW + 100).unwrap();
    let sessions = store.sessions_of("sub-ada").unwrap();
    let ids: Vec<_> = sessions.iter().map(|session| &session.id).collect();
    assert_eq!(ids, ["session-1", "session-3", "session-2"]);
    assert_eq!(sessions[0].last_seen_at, NOW + 100);
}

pub(crate) fn ending_a_session_revokes_its_families(store: Store<'_>) {
    let mut offline = family(2);
    offline.session = None;
    let mut other = family(3);
    other.session = Some("session-2".to_owned());
    let mut revoked = family(4);
    for family in [&family(1), &offline, &other, &revoked] {
        store.add_family(family).unwrap();
    }
    let earlier = RevocationReason::ClientRequest;
    store.revoke_family(&revoked.id, earlier, NOW).unwrap();
    store.add_session(&session(1, "sub-ada")).unwrap();
    assert!(store.end_session("session-1", NOW + 1).unwrap());

    assert_eq!(store.session(&digest(1)).unwrap(), None);
    let ended = store.family(&family(1).id).unwrap().unwrap().revoked;
    assert_eq!(
        ended.map(|r| (r.at, r.reason)),
        Some((NOW + 1, RevocationReason::SignOut))
    );
    assert_eq!(store.family(&offline.id).unwrap(), Some(offline));
    assert_eq!(store.family(&other.id).unwrap(), Some(other));
    revoked = store.family(&revoked.id).unwrap().unwrap();
    assert_eq!(revoked.revoked.map(|r| r.reason), Some(earlier));
}

pub(crate) fn ending_a_session_forgets_its_codes(store: Store<'_>) {
    store.add_session(&session(1, "sub-ada")).unwrap();
    let mut other = code(3);
    other.session = "session-2".to_owned();
    for code in [&code(1), &code(2), &other] {
        store.add_code(code).unwrap();
    }
    store.redeem_code(&digest(2), NOW).unwrap();
    store.end_session("session-1", NOW + 1).unwrap();
    let app = client_id("app");
    assert_eq!(store.code(&digest(1), &app).unwrap(), None);
    // A redeemed one stays, so that its reuse is recognised.
    assert!(store.code(&digest(2), &app).unwrap().is_some());
    assert!(store.code(&digest(3), &app).unwrap().is_some());
}

pub(crate) fn an_ended_session_cannot_be_ended(store: Store<'_>) {
    store.add_session(&session(1, "sub-ada")).unwrap();
    assert!(store.end_session("session-1", NOW).unwrap());
    assert!(!store.end_session("session-1", NOW).unwrap());
    assert!(!store.end_session("session-2", NOW).unwrap());
    store.touch_session("session-1", NOW).unwrap();
    assert_eq!(store.session(&digest(1)).unwrap(), None);
}

pub(crate) fn a_consent_is_replaced(store: Store<'_>) {
    let app = client_id("app");
    assert_eq!(store.consent("sub-ada", &app).unwrap(), None);
    store
        .save_consent(&consent("sub-ada", "app", "read"))
        .unwrap();
    let mut wider = consent("sub-ada", "app", "read write");
    wider.updated_at = NOW + 9;
    store.save_consent(&wider).unwrap();
    assert_eq!(store.consent("sub-ada", &app).unwrap(), Some(wider));
    assert_eq!(store.consent("sub-bob", &app).unwrap(), None);
    assert_eq!(store.consent("sub-ada", &client_id("web")).unwrap(), None);
}

pub(crate) fn disconnecting_revokes_the_families_of_both_alone(store: Store<'_>) {
    let mut other_client = family(2);
    other_client.client_id = client_id("web");
    let mut other_user = family(3);
    other_user.subject = Some("sub-bob".to_owned());
    for family in [&family(1), &other_client, &other_user] {
        store.add_family(family).unwrap();
    }
    store
        .save_consent(&consent("sub-ada", "app", "read"))
        .unwrap();
    store
        .save_consent(&consent("sub-ada", "web", "read"))
        .unwrap();
    store.add_code(&code(1)).unwrap();
    let app = client_id("app");
    let reason = RevocationReason::UserRequest;
    store.disconnect("sub-ada", &app, reason, NOW + 1).unwrap();

    assert_eq!(store.consent("sub-ada", &app).unwrap(), None);
    assert_eq!(store.code(&digest(1), &app).unwrap(), None);
    let revoked = store.family(&family(1).id).unwrap().unwrap().revoked;
    assert_eq!(revoked.map(|r| (r.at, r.reason)), Some((NOW + 1, reason)));
    assert!(
        store
            .consent("sub-ada", &client_id("web"))
            .unwrap()
            .is_some()
    );
    assert_eq!(store.family(&other_client.id).unwrap(), Some(other_client));
    assert_eq!(store.family(&other_user.id).unwrap(), Some(other_user));
}

pub(crate) fn connected_apps_have_a_consent_or_a_living_family(store: Store<'_>) {
    let now = NOW + DAY;
    let nobody = store.connected_apps("sub-ada", now).unwrap();
    assert_eq!(nobody, []);

    store
        .save_consent(&consent("sub-ada", "web", "profile"))
        .unwrap();
    let mut used = family(1);
    used.created_at = NOW + 5;
    used.rotation = next(&used.rotation);
    let mut earlier = family(2);
    earlier.scope = scope("profile");
    let mut of_web = family(3);
    of_web.client_id = client_id("web");
    of_web.rotation.idle_expires_at = now;
    let mut of_bob = family(4);
    of_bob.subject = Some("sub-bob".to_owned());
    for family in [&used, &earlier, &of_web, &of_bob] {
        store.add_family(family).unwrap();
    }
    let apps = store.connected_apps("sub-ada", now).unwrap();
    let app = ConnectedApp {
        client_id: client_id("app"),
        scope: scope("openid profile read"),
        since: NOW,
        last_used_at: Some(NOW + 5),
    };
    let web = ConnectedApp {
        client_id: client_id("web"),
        scope: scope("profile"),
        since: NOW,
        last_used_at: None,
    };
    assert_eq!(apps, [app, web.clone()]);

    for id in [used.id, earlier.id] {
        store
            .revoke_family(&id, RevocationReason::Operator, now)
            .unwrap();
    }
    assert_eq!(store.connected_apps("sub-ada", now).unwrap(), [web]);
}

pub(crate) fn failures_are_counted_and_begin_anew(store: Store<'_>) {
    let key = digest(1);
    let counted = |count, since, last| Failures { count, since, last };
    assert_eq!(store.failures(&key).unwrap(), Failures::default());
    let window = 100;
    let mut count = |now| store.count_failure(&key, now, window).unwrap();
    assert_eq!(count(NOW), counted(1, NOW, NOW));
    assert_eq!(count(NOW + 100), counted(2, NOW, NOW + 100));
    assert_eq!(count(NOW + 200), counted(3, NOW, NOW + 200));
    assert_eq!(count(NOW + 301), counted(1, NOW + 301, NOW + 301));
    assert_eq!(
        store.failures(&key).unwrap(),
        counted(1, NOW + 301, NOW + 301)
    );
    assert_eq!(store.failures(&digest(2)).unwrap(), Failures::default());
}

pub(crate) fn failures_are_forgiven(store: Store<'_>) {
    let key = digest(1);
    store.forgive(&key, Forgive::One).unwrap();
    store.forgive(&key, Forgive::All).unwrap();
    for _ in 0..3 {
        store.count_failure(&key, NOW, 100).unwrap();
    }
    store.forgive(&key, Forgive::One).unwrap();
    assert_eq!(store.failures(&key).unwrap().count, 2);
    store.forgive(&key, Forgive::All).unwrap();
    assert_eq!(store.failures(&key).unwrap(), Failures::default());
    store.count_failure(&key, NOW, 100).unwrap();
    store.forgive(&key, Forgive::One).unwrap();
    assert_eq!(store.failures(&key).unwrap(), Failures::default());
}

pub(crate) fn a_link_replaces_earlier_ones_of_its_purpose(store: Store<'_>) {
    store.add_link("setup", &digest(1), NOW + 1).unwrap();
    store.add_link("other", &digest(1), NOW + 2).unwrap();
    store.add_link("setup", &digest(2), NOW + 3).unwrap();
    assert_eq!(store.link_expiry("setup", &digest(1)).unwrap(), None);
    assert_eq!(
        store.link_expiry("setup", &digest(2)).unwrap(),
        Some(NOW + 3)
    );
    assert_eq!(
        store.link_expiry("other", &digest(1)).unwrap(),
        Some(NOW + 2)
    );
    assert!(!store.use_link("setup", &digest(1)).unwrap());
}

pub(crate) fn a_link_is_used_once(store: Store<'_>) {
    store.add_link("setup", &digest(1), NOW + 1).unwrap();
    assert!(!store.use_link("other", &digest(1)).unwrap());
    assert!(!store.use_link("setup", &digest(2)).unwrap());
    assert!(store.use_link("setup", &digest(1)).unwrap());
    assert!(!store.use_link("setup", &digest(1)).unwrap());
    assert_eq!(store.link_expiry("setup", &digest(1)).unwrap(), None);
}

pub(crate) fn a_deployment_is_set_up_for_good(store: Store<'_>) {
    assert!(!store.is_set_up().unwrap());
    store.mark_set_up().unwrap();
    store.mark_set_up().unwrap();
    assert!(store.is_set_up().unwrap());
}
