//! Refresh tokens: a lost response never signs anybody out, and theft is still detected (RFC 6749 §6, RFC 9700 §4.14).
//!
//! Names of tokens: R0 came with the sign-in; R1 is its successor; R1' replaced an unused R1; A1 is the access token that
//! came with R1.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use issuant::protocol::bearer::BearerRefused;
use issuant::protocol::tokens::family::RevocationReason;

use super::{Granted, Id, SESSION, World};
use crate::support::cast::NOW;

const DAY: i64 = 86_400;

/// A world in which Ada signed in, and R0.
fn signed_in() -> (World, String) {
    let mut world = World::new();
    let granted = world.sign_in();
    let first = granted.refresh_token().to_owned();
    (world, first)
}

fn check(world: &mut World, token: &str, more: &[(&str, &str)]) -> Result<Granted, Id> {
    let valid = [("grant_type", "refresh_token"), ("refresh_token", token)];
    world.token("web", &crate::support::cast::deviate(&valid, more))
}

fn successor(world: &mut World, token: &str) -> String {
    world.refresh(token).unwrap().refresh_token().to_owned()
}

#[test]
fn the_current_token_gets_a_successor_and_stays_good() {
    let (mut world, r0) = signed_in();
    let granted = world.refresh(&r0).unwrap();
    assert_ne!(granted.refresh_token(), r0);
    assert_eq!(granted.scope, "openid read");
    assert!(world.show(&granted.access_token).is_ok());
    world.pass(3600);
    assert!(
        world.refresh(&r0).is_err(),
        "showing A1 proved that R1 arrived"
    );
}

#[test]
fn the_id_token_of_a_refresh_has_the_same_sign_in_and_no_nonce() {
    let mut world = World::new();
    let code = world.code_of("sub-ada", &[("nonce", "n")]);
    let granted = world.redeem(&code, &[]).unwrap();
    world.pass(100);
    let refreshed = world
        .refresh(granted.refresh_token())
        .unwrap()
        .id_token
        .unwrap();
    assert_eq!(refreshed["auth_time"], NOW - 30);
    assert_eq!(refreshed["iat"], NOW + 100);
    assert!(refreshed.get("nonce").is_none());
}

#[test]
fn repeats_the_identical_answer_until_the_last_second_of_the_window() {
    let (mut world, r0) = signed_in();
    let r1 = successor(&mut world, &r0);
    assert_eq!(successor(&mut world, &r0), r1);
    world.pass(9);
    assert_eq!(successor(&mut world, &r0), r1);
}

#[test]
fn repeats_do_not_prolong_the_window() {
    let (mut world, r0) = signed_in();
    let r1 = successor(&mut world, &r0);
    world.pass(9);
    assert_eq!(successor(&mut world, &r0), r1);
    world.pass(1);
    assert_ne!(successor(&mut world, &r0), r1);
}

#[test]
fn replaces_an_unused_successor_after_the_window() {
    let (mut world, r0) = signed_in();
    let r1 = successor(&mut world, &r0);
    world.pass(10);
    let again = successor(&mut world, &r0);
    assert_ne!(again, r1);
    assert!(world.refresh(&again).is_ok());
}

#[test]
fn without_a_window_every_answer_is_new() {
    let (mut world, r0) = signed_in();
    world.ground.policy.retry_window = 0;
    let r1 = successor(&mut world, &r0);
    assert_ne!(successor(&mut world, &r0), r1);
}

#[test]
fn any_number_of_lost_responses_signs_nobody_out() {
    let (mut world, r0) = signed_in();
    for _ in 0..20 {
        world.refresh(&r0).unwrap();
        world.pass(60);
    }
    let last = successor(&mut world, &r0);
    assert!(world.refresh(&last).is_ok());
    assert!(world.store.events.is_empty());
}

#[test]
fn a_used_successor_becomes_current_and_its_predecessor_dies() {
    let (mut world, r0) = signed_in();
    let r1 = successor(&mut world, &r0);
    let r2 = successor(&mut world, &r1);
    assert_eq!(world.family().rotation.generation, 1);
    // R1 is current now: it may be presented again.
    assert_eq!(successor(&mut world, &r1), r2);
    assert_reuse(&mut world, &r0);
}

#[test]
fn a_long_chain_of_rotations_lives_in_one_row() {
    let (mut world, mut token) = signed_in();
    for generation in 0..30 {
        token = successor(&mut world, &token);
        world.pass(100);
        assert_eq!(world.family().rotation.generation, generation);
    }
    assert!(world.family().rotation.former_tags.len() <= 8);
}

#[test]
fn a_voided_successor_is_theft() {
    let (mut world, r0) = signed_in();
    let r1 = successor(&mut world, &r0);
    world.pass(10);
    world.refresh(&r0).unwrap();
    assert_reuse(&mut world, &r1);
}

#[test]
fn the_access_token_of_a_voided_successor_is_merely_inactive() {
    let (mut world, r0) = signed_in();
    let a1 = world.refresh(&r0).unwrap().access_token;
    world.pass(10);
    let again = world.refresh(&r0).unwrap();
    assert_eq!(world.show(&a1), Err(BearerRefused::NotGood));
    assert!(world.family().revoked.is_none());
    assert!(world.show(&again.access_token).is_ok());
}

#[test]
fn seeing_the_access_token_makes_the_successor_current() {
    let (mut world, r0) = signed_in();
    let granted = world.refresh(&r0).unwrap();
    world.show(&granted.access_token).unwrap();
    assert!(world.family().rotation.pending.is_none());
    assert_eq!(world.family().rotation.generation, 1);
    assert!(world.refresh(granted.refresh_token()).is_ok());
}

#[test]
fn the_predecessor_is_theft_once_the_access_token_was_seen() {
    let (mut world, r0) = signed_in();
    let granted = world.refresh(&r0).unwrap();
    world.show(&granted.access_token).unwrap();
    assert_reuse(&mut world, &r0);
}

#[test]
fn seeing_an_access_token_twice_changes_nothing_more() {
    let (mut world, r0) = signed_in();
    let granted = world.refresh(&r0).unwrap();
    world.show(&granted.access_token).unwrap();
    let before = world.store.clone();
    world.show(&granted.access_token).unwrap();
    assert_eq!(world.store, before);
}

#[test]
fn access_tokens_of_earlier_generations_stay_good_for_their_short_life() {
    let mut world = World::new();
    let a0 = world.sign_in();
    let a1 = world.refresh(a0.refresh_token()).unwrap();
    world.refresh(a1.refresh_token()).unwrap();
    assert!(world.show(&a0.access_token).is_ok());
    assert!(world.show(&a1.access_token).is_ok());
    world.pass(300);
    assert_eq!(world.show(&a0.access_token), Err(BearerRefused::Expired));
}

#[test]
fn an_older_generation_is_theft_whoever_presents_it_first() {
    let (mut world, r0) = signed_in();
    let r1 = successor(&mut world, &r0);
    let r2 = successor(&mut world, &r1);
    let r3 = successor(&mut world, &r2);
    assert_reuse(&mut world, &r1);
    assert_eq!(world.refresh(&r3).unwrap_err(), "E1323");
}

/// The token is refused as reuse, the family revoked with all its access tokens, and an operator can know.
#[track_caller]
fn assert_reuse(world: &mut World, token: &str) {
    let events = world.store.events.len();
    assert_eq!(world.refresh(token).unwrap_err(), "E1324");
    let family = world.family();
    assert_eq!(
        family.revoked.unwrap().reason,
        RevocationReason::RefreshReuse
    );
    let event = world.store.events.last().unwrap();
    assert_eq!(world.store.events.len(), events + 1);
    assert_eq!(
        (event.kind, event.family),
        ("refresh_reuse", Some(family.id))
    );
    assert_eq!(event.client_id.as_ref().unwrap().as_str(), "web");
    assert_eq!(world.refresh(token).unwrap_err(), "E1323");
}

#[test]
fn theft_makes_the_access_tokens_inactive() {
    let mut world = World::new();
    let a0 = world.sign_in();
    let a1 = world.refresh(a0.refresh_token()).unwrap();
    world.refresh(a1.refresh_token()).unwrap();
    assert_reuse(&mut world, a0.refresh_token());
    for token in [a0.access_token, a1.access_token] {
        assert_eq!(world.show(&token), Err(BearerRefused::NotGood));
    }
}

#[test]
fn another_client_is_refused_without_touching_the_family() {
    let (mut world, r0) = signed_in();
    let r1 = successor(&mut world, &r0);
    successor(&mut world, &r1);
    let before = world.store.clone();
    // Not even with a token that would be theft from its own client.
    for token in [&r0, &r1] {
        let params = [("grant_type", "refresh_token"), ("refresh_token", token)];
        assert_eq!(world.token("other", &params).unwrap_err(), "E1321");
    }
    assert_eq!(world.store, before);
}

#[test]
fn a_token_that_was_never_made_changes_nothing() {
    let (mut world, r0) = signed_in();
    let mut bytes = URL_SAFE_NO_PAD
        .decode(r0.strip_prefix("irt_").unwrap())
        .unwrap();
    let written = |bytes: &[u8]| format!("irt_{}", URL_SAFE_NO_PAD.encode(bytes));
    let truncated = r0[..r0.len() - 4].to_owned();
    // The generation, then the last byte of the MAC.
    bytes[19] ^= 1;
    let other_generation = written(&bytes);
    bytes[19] ^= 1;
    bytes[67] ^= 1;
    let other_mac = written(&bytes);
    let without_prefix = r0.trim_start_matches("irt_").to_owned();
    let doubled = format!("{r0}{r0}");
    let tokens = [
        "garbage".to_owned(),
        truncated,
        other_generation,
        other_mac,
        without_prefix,
        doubled,
    ];
    let before = world.store.clone();
    for token in tokens {
        assert_eq!(world.refresh(&token).unwrap_err(), "E1320", "{token}");
    }
    assert_eq!(world.store, before);
}

#[test]
fn a_token_of_a_family_that_is_gone_is_unknown() {
    let (mut world, r0) = signed_in();
    world.store.families.clear();
    assert_eq!(world.refresh(&r0).unwrap_err(), "E1320");
}

#[test]
fn refuses_a_request_without_token() {
    let (mut world, _) = signed_in();
    assert_eq!(check(&mut world, "", &[]).unwrap_err(), "E1006");
}

#[test]
fn idle_life_is_counted_from_the_last_use() {
    let (mut world, r0) = signed_in();
    world.pass(30 * DAY - 1);
    let r1 = successor(&mut world, &r0);
    world.pass(30 * DAY - 1);
    let r2 = successor(&mut world, &r1);
    world.pass(30 * DAY);
    assert_eq!(world.refresh(&r2).unwrap_err(), "E1322");
}

#[test]
fn an_access_token_is_not_good_for_longer_than_its_family_lives() {
    for (idle, absolute) in [(100, 1000), (100, 100)] {
        let mut world = World::new();
        world.ground.policy.refresh_idle_lifetime = idle;
        world.ground.policy.refresh_absolute_lifetime = absolute;
        let r0 = world.sign_in();
        let a1 = world.refresh(r0.refresh_token()).unwrap().access_token;
        world.pass(100);
        // Neither the one of the current token, nor the one that would promote the pending one.
        for token in [&r0.access_token, &a1] {
            assert_eq!(world.show(token), Err(BearerRefused::NotGood));
        }
    }
}

#[test]
fn absolute_life_ends_however_much_it_is_used() {
    let (mut world, mut token) = signed_in();
    for _ in 0..89 {
        world.pass(DAY);
        token = successor(&mut world, &token);
    }
    world.pass(DAY - 1);
    token = successor(&mut world, &token);
    world.pass(1);
    assert_eq!(world.refresh(&token).unwrap_err(), "E1322");
}

#[test]
fn refuses_a_revoked_family() {
    use issuant::protocol::store::TokenFamilies as _;
    let (mut world, r0) = signed_in();
    let id = world.family().id;
    world
        .store
        .revoke_family(&id, RevocationReason::UserRequest, NOW)
        .unwrap();
    assert_eq!(world.refresh(&r0).unwrap_err(), "E1323");
    assert!(
        world.store.events.is_empty(),
        "a revoked family is not theft"
    );
}

#[test]
fn refuses_a_disabled_user() {
    let (mut world, r0) = signed_in();
    world.disable_user("sub-ada");
    assert_eq!(world.refresh(&r0).unwrap_err(), "E1316");
}

#[test]
fn narrows_the_scope_of_one_answer_only() {
    let (mut world, r0) = signed_in();
    let granted = check(&mut world, &r0, &[("scope", "read")]).unwrap();
    assert_eq!(granted.scope, "read");
    assert!(granted.id_token.is_none(), "an ID token belongs to openid");
    let next = world.refresh(granted.refresh_token()).unwrap();
    assert_eq!(next.scope, "openid read");
}

#[test]
fn refuses_a_wider_or_malformed_scope_without_using_the_token() {
    let (mut world, r0) = signed_in();
    for scope in ["openid read write", "write", "re\"ad", "caf\u{e9}"] {
        assert_eq!(
            check(&mut world, &r0, &[("scope", scope)]).unwrap_err(),
            "E1325",
            "{scope}"
        );
    }
    assert!(world.family().rotation.pending.is_none());
}

#[test]
fn refuses_a_client_that_may_not_refresh_any_more() {
    let (mut world, r0) = signed_in();
    world.change_client("web", |client| client.grants.clear());
    assert_eq!(world.refresh(&r0).unwrap_err(), "E1302");
}

#[test]
fn access_given_to_act_when_away_outlives_the_session() {
    let mut world = World::new();
    let code = world.code_of("sub-ada", &[("scope", "openid offline_access")]);
    world.redeem(&code, &[]).unwrap();
    assert_eq!(world.family().session, None);
    let mut world = World::new();
    world.sign_in();
    assert_eq!(world.family().session.as_deref(), Some("session-1"));
}

#[test]
fn theft_is_theft_whatever_scope_is_asked_for() {
    let (mut world, r0) = signed_in();
    let r1 = successor(&mut world, &r0);
    successor(&mut world, &r1);
    let refused = check(&mut world, &r0, &[("scope", "admin")]);
    assert_eq!(refused.unwrap_err(), "E1324");
    assert!(world.family().revoked.is_some());
}

#[test]
fn ends_with_the_browser_session_it_came_from() {
    let (mut world, r0) = signed_in();
    world.ground.policy.refresh_absolute_lifetime = 500 * 86_400;
    world.store.sessions.get_mut(SESSION).unwrap().expires_at = NOW + 100;
    world.pass(99);
    let r1 = successor(&mut world, &r0);
    world.pass(1);
    assert_eq!(world.refresh(&r1).unwrap_err(), "E1322");
    world.store.sessions.clear();
    assert_eq!(world.refresh(&r1).unwrap_err(), "E1322");
}

#[test]
fn grants_no_scope_that_the_client_lost_meanwhile() {
    let (mut world, r0) = signed_in();
    world.change_client("web", |client| client.scope = "openid".parse().unwrap());
    assert_eq!(world.refresh(&r0).unwrap().scope, "openid");
}
