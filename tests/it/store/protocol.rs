//! Checks of what the protocol needs remembered.

use issuant::identity::store::IdentityStore;
use issuant::protocol::claims::RequestedClaims;
use issuant::protocol::store::SecurityEvent;
use issuant::protocol::tokens::family::{Family, RevocationReason, Revoked};
use issuant::protocol::tokens::refresh_token::FamilyId;

use super::fixtures::{NOW, client_id, code, digest, family, next, user, waiting_request};

type Store<'a> = &'a mut dyn IdentityStore;

pub(crate) fn a_waiting_request_reads_as_it_was_written(store: Store<'_>) {
    let request = waiting_request(1);
    store.add_waiting_request(&request).unwrap();
    store.add_waiting_request(&waiting_request(2)).unwrap();
    assert_eq!(store.waiting_request(&digest(1)).unwrap(), Some(request));
    assert_eq!(store.waiting_request(&digest(3)).unwrap(), None);
}

pub(crate) fn a_waiting_request_remembers_who_signed_in_and_agreed(store: Store<'_>) {
    store.add_waiting_request(&waiting_request(1)).unwrap();
    store.add_waiting_request(&waiting_request(2)).unwrap();
    store.mark_signed_in(&digest(1), "one").unwrap();
    store.mark_consented(&digest(1), "two").unwrap();
    let request = store.waiting_request(&digest(1)).unwrap().unwrap();
    assert_eq!(request.signed_in_by.as_deref(), Some("one"));
    assert_eq!(request.consented_by.as_deref(), Some("two"));
    let other = store.waiting_request(&digest(2)).unwrap();
    assert_eq!(other, Some(waiting_request(2)));
    store.mark_signed_in(&digest(3), "nobody waits").unwrap();
    store.mark_consented(&digest(3), "nobody waits").unwrap();
}

pub(crate) fn a_waiting_request_is_finished_once(store: Store<'_>) {
    store.add_waiting_request(&waiting_request(1)).unwrap();
    store.add_waiting_request(&waiting_request(2)).unwrap();
    assert!(store.finish_waiting_request(&digest(1)).unwrap());
    assert!(!store.finish_waiting_request(&digest(1)).unwrap());
    assert_eq!(store.waiting_request(&digest(1)).unwrap(), None);
    assert!(store.waiting_request(&digest(2)).unwrap().is_some());
}

pub(crate) fn a_code_reads_as_it_was_written(store: Store<'_>) {
    let mut bare = code(2);
    bare.code_challenge = None;
    bare.nonce = Some("nonce".to_owned());
    bare.redirect_uri_was_received = false;
    bare.amr = Vec::new();
    store.add_code(&code(1)).unwrap();
    store.add_code(&bare).unwrap();
    let app = client_id("app");
    assert_eq!(store.code(&digest(1), &app).unwrap(), Some(code(1)));
    assert_eq!(store.code(&digest(2), &app).unwrap(), Some(bare));
    assert_eq!(store.code(&digest(3), &app).unwrap(), None);
}

pub(crate) fn a_code_of_another_client_is_unknown(store: Store<'_>) {
    store.add_code(&code(1)).unwrap();
    assert_eq!(store.code(&digest(1), &client_id("web")).unwrap(), None);
}

pub(crate) fn a_code_is_redeemed_once_and_stays(store: Store<'_>) {
    store.add_code(&code(1)).unwrap();
    assert!(store.redeem_code(&digest(1), NOW + 5).unwrap());
    assert!(!store.redeem_code(&digest(1), NOW + 6).unwrap());
    assert!(!store.redeem_code(&digest(2), NOW + 6).unwrap());
    let redeemed = store.code(&digest(1), &client_id("app")).unwrap().unwrap();
    assert_eq!(redeemed.redeemed_at, Some(NOW + 5));
}

pub(crate) fn a_family_reads_as_it_was_written(store: Store<'_>) {
    let mut full = family(2);
    full.session = None;
    full.audience = Vec::new();
    full.rotation = next(&full.rotation);
    full.revoked = Some(Revoked {
        at: NOW + 9,
        reason: RevocationReason::UserRequest,
    });
    store.add_family(&family(1)).unwrap();
    store.add_family(&full).unwrap();
    assert_eq!(store.family(&family(1).id).unwrap(), Some(family(1)));
    assert_eq!(store.family(&full.id).unwrap(), Some(full));
    assert_eq!(store.family(&FamilyId([3; 16])).unwrap(), None);
}

pub(crate) fn a_family_rotates_from_each_version_once(store: Store<'_>) {
    let family = family(1);
    store.add_family(&family).unwrap();
    let first = next(&family.rotation);
    let second = next(&first);
    assert!(!store.rotate(&family.id, &second).unwrap(), "one too far");
    assert!(store.rotate(&family.id, &first).unwrap());
    assert!(!store.rotate(&family.id, &first).unwrap(), "the same again");
    assert!(store.rotate(&family.id, &second).unwrap());
    let stored = store.family(&family.id).unwrap().unwrap();
    assert_eq!(stored.rotation.version, 2);
}

pub(crate) fn a_rotation_replaces_every_part(store: Store<'_>) {
    let family = family(1);
    store.add_family(&family).unwrap();
    let full = next(&family.rotation);
    assert!(store.rotate(&family.id, &full).unwrap());
    assert_eq!(store.family(&family.id).unwrap().unwrap().rotation, full);
    let mut empty = family.rotation.clone();
    empty.version = 2;
    assert!(store.rotate(&family.id, &empty).unwrap());
    let stored = store.family(&family.id).unwrap().unwrap();
    assert_eq!(stored.rotation, empty, "what is absent was removed");
}

pub(crate) fn a_revoked_family_does_not_rotate(store: Store<'_>) {
    let family = family(1);
    store.add_family(&family).unwrap();
    let reason = RevocationReason::RefreshReuse;
    assert!(store.revoke_family(&family.id, reason, NOW + 1).unwrap());
    let rotation = next(&family.rotation);
    assert!(!store.rotate(&family.id, &rotation).unwrap());
    let stored = store.family(&family.id).unwrap().unwrap();
    assert_eq!(stored.rotation, family.rotation);
}

pub(crate) fn a_family_is_revoked_once_for_each_reason(store: Store<'_>) {
    for (number, reason) in (1..).zip(RevocationReason::ALL) {
        let family = family(number);
        store.add_family(&family).unwrap();
        assert!(store.revoke_family(&family.id, reason, NOW + 1).unwrap());
        let later = RevocationReason::Operator;
        assert!(!store.revoke_family(&family.id, later, NOW + 2).unwrap());
        let stored = store.family(&family.id).unwrap().unwrap();
        let expected = Revoked {
            at: NOW + 1,
            reason,
        };
        assert_eq!(stored.revoked, Some(expected));
    }
}

pub(crate) fn an_agent_has_one_family_that_is_not_revoked(store: Store<'_>) {
    let app = client_id("app");
    let [first, second] = [1, 2].map(|number| Family {
        subject: None,
        claims: RequestedClaims::default(),
        session: None,
        ..family(number)
    });
    // Of a person.
    store.add_family(&family(3)).unwrap();
    assert_eq!(store.family_of_agent(&app).unwrap(), None);
    assert!(store.begin_family_of_agent(&first).unwrap());
    assert!(!store.begin_family_of_agent(&second).unwrap());
    assert_eq!(store.family_of_agent(&app).unwrap(), Some(first.clone()));
    assert_eq!(store.family_of_agent(&client_id("web")).unwrap(), None);
    let reason = RevocationReason::Succeeded;
    assert!(store.revoke_family(&first.id, reason, NOW).unwrap());
    assert_eq!(store.family_of_agent(&app).unwrap(), None);
    assert!(store.begin_family_of_agent(&second).unwrap());
    assert_eq!(store.family(&second.id).unwrap(), Some(second));
}

pub(crate) fn an_unknown_family_neither_rotates_nor_dies(store: Store<'_>) {
    let family = family(1);
    let rotation = next(&family.rotation);
    let reason = RevocationReason::Operator;
    assert!(!store.rotate(&family.id, &rotation).unwrap());
    assert!(!store.revoke_family(&family.id, reason, NOW).unwrap());
}

pub(crate) fn a_revoked_access_token_is_known_by_its_jti(store: Store<'_>) {
    assert!(!store.is_token_revoked("a").unwrap());
    store.revoke_token("a", NOW + 300).unwrap();
    store.revoke_token("a", NOW + 300).unwrap();
    assert!(store.is_token_revoked("a").unwrap());
    assert!(!store.is_token_revoked("A").unwrap());
}

pub(crate) fn a_value_is_used_once_for_each_purpose(store: Store<'_>) {
    assert!(store.use_once("assertion", &digest(1), NOW + 60).unwrap());
    assert!(!store.use_once("assertion", &digest(1), NOW + 90).unwrap());
    assert!(store.use_once("assertion", &digest(2), NOW + 60).unwrap());
    assert!(store.use_once("proof", &digest(1), NOW + 60).unwrap());
}

pub(crate) fn a_subject_is_found_by_name_in_any_case(store: Store<'_>) {
    let ada = Some(user("ada").subject);
    assert_eq!(store.subject_by_username("ada").unwrap(), ada);
    assert_eq!(store.subject_by_username("ADA").unwrap(), ada);
    assert_eq!(store.subject_by_username("sub-ada").unwrap(), None);
}

pub(crate) fn a_subject_is_what_tokens_say_of_a_user(store: Store<'_>) {
    let mut ada = user("ada");
    assert_eq!(
        store.subject("sub-ada").unwrap().as_ref(),
        Some(&ada.subject)
    );
    ada.subject.active = false;
    assert!(store.replace_user(&ada).unwrap());
    assert!(!store.subject("sub-ada").unwrap().unwrap().active);
    assert_eq!(store.subject("ada").unwrap(), None);
}

pub(crate) fn events_can_be_recorded_without_anybody(store: Store<'_>) {
    let mut event = SecurityEvent {
        at: NOW,
        kind: "refresh_reuse",
        client_id: Some(client_id("app")),
        subject: Some("sub-ada".to_owned()),
        family: Some(family(1).id),
        browser: None,
    };
    store.record(&event).unwrap();
    event.client_id = None;
    event.subject = None;
    event.family = None;
    store.record(&event).unwrap();
}
