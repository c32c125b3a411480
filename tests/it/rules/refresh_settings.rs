//! Refresh tokens under other settings than the usual ones: per-client lifetimes and windows, one-time use, and tokens
//! that stay the same. Names of tokens as in `refresh_token`.

use issuant::protocol::bearer::BearerRefused;
use issuant::protocol::context::Policy;
use issuant::protocol::introspection::introspect;
use issuant::protocol::refresh_policy::{RefreshOverrides, RefreshPolicy, RefreshRotation};
use issuant::protocol::revocation::revoke;
use issuant::protocol::tokens::family::RevocationReason;

use super::{Id, World};

const DAY: i64 = 86_400;

/// A world in which the web app has settings of its own and Ada signed in, and R0.
fn signed_in_with(own: RefreshOverrides) -> (World, String) {
    let mut world = World::new();
    set(&mut world, own);
    let first = world.sign_in().refresh_token().to_owned();
    (world, first)
}

fn signed_in(rotation: RefreshRotation) -> (World, String) {
    signed_in_with(rotating(rotation))
}

fn rotating(rotation: RefreshRotation) -> RefreshOverrides {
    RefreshOverrides {
        rotation: Some(rotation),
        ..RefreshOverrides::default()
    }
}

/// Changes the settings of the web app, as an operator does while it runs.
fn set(world: &mut World, own: RefreshOverrides) {
    world.change_client("web", |client| client.refresh = own);
}

fn successor(world: &mut World, token: &str) -> String {
    world.refresh(token).unwrap().refresh_token().to_owned()
}

/// What an introspection of the refresh token by its client says.
fn is_active(world: &mut World, token: &str) -> bool {
    let client = world.authenticated("web");
    let (ground, store) = (&world.ground, &mut world.store);
    let asked = introspect(&ground.context(), store, &ground.keys, &client, token);
    let (told, promotion) = asked.unwrap();
    assert!(
        promotion.is_none(),
        "to ask about a refresh token does not use it"
    );
    told.active
}

/// The client takes a token back.
fn take_back(world: &mut World, token: &str) {
    let client = world.authenticated("web");
    let (ground, store) = (&world.ground, &mut world.store);
    revoke(&ground.context(), store, &ground.keys, &client, token).unwrap();
}

#[track_caller]
fn assert_theft(world: &mut World, token: &str) {
    assert_eq!(world.refresh(token).unwrap_err(), "E1324");
    let revoked = world.family().revoked.map(|it| it.reason);
    assert_eq!(revoked, Some(RevocationReason::RefreshReuse));
    assert_eq!(world.store.events.len(), 1);
}

// What holds for a client.

fn resolved(server: &Policy, id: &str, own: RefreshOverrides) -> RefreshPolicy {
    let mut world = World::new();
    world.change_client(id, |client| client.refresh = own);
    server.refresh_for(&world.client(id))
}

#[test]
fn a_client_without_settings_of_its_own_has_those_of_the_server() {
    let server = Policy {
        refresh_rotation: RefreshRotation::Strict,
        retry_window: 7,
        refresh_idle_lifetime: 100,
        refresh_absolute_lifetime: 200,
        ..Policy::default()
    };
    let expected = RefreshPolicy {
        rotation: RefreshRotation::Strict,
        retry_window: 7,
        idle_lifetime: 100,
        absolute_lifetime: 200,
    };
    assert_eq!(
        resolved(&server, "web", RefreshOverrides::default()),
        expected
    );
}

#[test]
fn a_setting_of_the_client_wins() {
    let own = RefreshOverrides {
        rotation: Some(RefreshRotation::None),
        retry_window: Some(0),
        idle_lifetime: Some(3),
        absolute_lifetime: Some(4),
    };
    let expected = RefreshPolicy {
        rotation: RefreshRotation::None,
        retry_window: 0,
        idle_lifetime: 3,
        absolute_lifetime: 4,
    };
    assert_eq!(resolved(&Policy::default(), "web", own), expected);
}

#[test]
fn idle_life_is_never_longer_than_the_absolute_one() {
    let short = RefreshOverrides {
        absolute_lifetime: Some(DAY),
        ..RefreshOverrides::default()
    };
    let policy = resolved(&Policy::default(), "web", short);
    assert_eq!((policy.idle_lifetime, policy.absolute_lifetime), (DAY, DAY));
    let long = RefreshOverrides {
        idle_lifetime: Some(1000 * DAY),
        ..RefreshOverrides::default()
    };
    assert_eq!(
        resolved(&Policy::default(), "web", long).idle_lifetime,
        90 * DAY
    );
}

#[test]
fn tokens_of_a_public_client_rotate_whatever_is_stored() {
    let policy = resolved(&Policy::default(), "spa", rotating(RefreshRotation::None));
    assert_eq!(policy.rotation, RefreshRotation::Tolerant);
}

// Lifetimes and window of one client.

#[test]
fn the_lives_of_a_client_replace_those_of_the_server() {
    let (mut world, r0) = signed_in_with(RefreshOverrides {
        idle_lifetime: Some(100),
        absolute_lifetime: Some(250),
        ..RefreshOverrides::default()
    });
    world.pass(99);
    let r1 = successor(&mut world, &r0);
    world.pass(99);
    let r2 = successor(&mut world, &r1);
    world.pass(51);
    assert!(is_active(&mut world, &r2));
    world.pass(1);
    assert_eq!(world.refresh(&r2).unwrap_err(), "E1322");
    assert!(!is_active(&mut world, &r2));
}

#[test]
fn lives_of_another_client_are_another_matter() {
    let (mut world, r0) = signed_in_with(RefreshOverrides::default());
    world.change_client("other", |client| client.refresh.idle_lifetime = Some(1));
    world.pass(29 * DAY);
    assert!(world.refresh(&r0).is_ok());
}

#[test]
fn the_window_of_a_client_replaces_that_of_the_server() {
    let (mut world, r0) = signed_in_with(RefreshOverrides {
        retry_window: Some(60),
        ..RefreshOverrides::default()
    });
    let r1 = successor(&mut world, &r0);
    world.pass(59);
    assert_eq!(successor(&mut world, &r0), r1);
    world.pass(1);
    assert_ne!(successor(&mut world, &r0), r1);
}

#[test]
fn a_changed_life_holds_from_the_next_use_on_and_the_absolute_end_stays() {
    let (mut world, r0) = signed_in_with(RefreshOverrides::default());
    let end = world.family().expires_at;
    set(
        &mut world,
        RefreshOverrides {
            idle_lifetime: Some(100),
            absolute_lifetime: Some(1000),
            ..RefreshOverrides::default()
        },
    );
    // It was used when other settings held.
    world.pass(5 * DAY);
    let r1 = successor(&mut world, &r0);
    assert_eq!(world.family().expires_at, end);
    world.pass(100);
    assert_eq!(world.refresh(&r1).unwrap_err(), "E1322");
}

// One-time use.

#[test]
fn strict_makes_the_successor_current_at_once() {
    let (mut world, r0) = signed_in(RefreshRotation::Strict);
    let r1 = successor(&mut world, &r0);
    let rotation = &world.family().rotation;
    assert_eq!((rotation.generation, rotation.pending), (1, None));
    assert!(is_active(&mut world, &r1));
    assert!(!is_active(&mut world, &r0));
    let r2 = successor(&mut world, &r1);
    assert!(world.refresh(&r2).is_ok());
}

#[test]
fn strict_takes_the_second_use_of_any_token_for_theft() {
    let (mut world, r0) = signed_in(RefreshRotation::Strict);
    let r1 = successor(&mut world, &r0);
    // The same second, well inside of the window that tolerant clients have.
    assert_theft(&mut world, &r0);
    assert_eq!(world.refresh(&r1).unwrap_err(), "E1323");
    assert!(!is_active(&mut world, &r1));
}

#[test]
fn strict_takes_an_old_generation_for_theft() {
    let (mut world, r0) = signed_in(RefreshRotation::Strict);
    let mut token = r0.clone();
    for _ in 0..5 {
        token = successor(&mut world, &token);
    }
    assert_theft(&mut world, &r0);
}

#[test]
fn strict_can_be_the_rule_of_the_whole_server() {
    let (mut world, r0) = signed_in_with(RefreshOverrides::default());
    world.ground.policy.refresh_rotation = RefreshRotation::Strict;
    successor(&mut world, &r0);
    assert_theft(&mut world, &r0);
    // A client may be excepted.
    let (mut world, r0) = signed_in(RefreshRotation::Tolerant);
    world.ground.policy.refresh_rotation = RefreshRotation::Strict;
    let r1 = successor(&mut world, &r0);
    assert_eq!(successor(&mut world, &r0), r1);
}

#[test]
fn strict_prolongs_the_idle_life() {
    let (mut world, mut token) = signed_in(RefreshRotation::Strict);
    for _ in 0..2 {
        world.pass(30 * DAY - 1);
        token = successor(&mut world, &token);
    }
    world.pass(30 * DAY);
    assert_eq!(world.refresh(&token).unwrap_err(), "E1322");
}

#[test]
fn strict_leaves_access_tokens_good_for_their_short_life_and_theft_ends_them() {
    let mut world = World::new();
    set(&mut world, rotating(RefreshRotation::Strict));
    let a0 = world.sign_in();
    let a1 = world.refresh(a0.refresh_token()).unwrap();
    let a2 = world.refresh(a1.refresh_token()).unwrap();
    let before = world.store.clone();
    for granted in [&a0, &a1, &a2] {
        assert!(world.show(&granted.access_token).is_ok());
    }
    assert_eq!(world.store, before, "there is nothing to promote");
    assert_theft(&mut world, a1.refresh_token());
    for granted in [&a0, &a1, &a2] {
        assert_eq!(
            world.show(&granted.access_token),
            Err(BearerRefused::NotGood)
        );
    }
}

// No rotation.

#[test]
fn none_answers_the_same_token_again_and_again() {
    let (mut world, r0) = signed_in(RefreshRotation::None);
    for _ in 0..20 {
        assert_eq!(successor(&mut world, &r0), r0);
        world.pass(60);
    }
    let rotation = &world.family().rotation;
    assert_eq!((rotation.generation, rotation.pending), (0, None));
    assert!(rotation.former_tags.is_empty());
    assert!(is_active(&mut world, &r0));
    assert!(world.store.events.is_empty());
}

#[test]
fn none_prolongs_the_idle_life_up_to_the_absolute_one() {
    let (mut world, r0) = signed_in(RefreshRotation::None);
    for _ in 0..89 {
        world.pass(DAY);
        successor(&mut world, &r0);
    }
    world.pass(DAY);
    assert_eq!(world.refresh(&r0).unwrap_err(), "E1322");
    let (mut world, r0) = signed_in(RefreshRotation::None);
    world.pass(30 * DAY);
    assert_eq!(world.refresh(&r0).unwrap_err(), "E1322");
}

#[test]
fn none_keeps_every_access_token_good_until_the_family_ends() {
    let mut world = World::new();
    set(&mut world, rotating(RefreshRotation::None));
    let first = world.sign_in();
    let r0 = first.refresh_token().to_owned();
    let mut tokens = vec![first.access_token];
    // More than there is room to remember when tokens rotate.
    for _ in 0..12 {
        tokens.push(world.refresh(&r0).unwrap().access_token);
    }
    let before = world.store.clone();
    for token in &tokens {
        assert!(world.show(token).is_ok());
    }
    assert_eq!(world.store, before, "there is nothing to promote");
    take_back(&mut world, &r0);
    assert_eq!(world.refresh(&r0).unwrap_err(), "E1323");
    assert!(!is_active(&mut world, &r0));
    for token in &tokens {
        assert_eq!(world.show(token), Err(BearerRefused::NotGood));
    }
}

#[test]
fn none_serves_the_client_that_it_belongs_to_alone() {
    let (mut world, r0) = signed_in(RefreshRotation::None);
    let params = [("grant_type", "refresh_token"), ("refresh_token", &*r0)];
    let before = world.store.clone();
    assert_eq!(world.token("other", &params).unwrap_err(), "E1321");
    assert_eq!(world.store, before);
}

#[test]
fn a_code_used_twice_ends_the_sign_in_in_every_mode() {
    for rotation in RefreshRotation::ALL {
        let mut world = World::new();
        set(&mut world, rotating(rotation));
        let code = world.code_of("sub-ada", &[]);
        let granted = world.redeem(&code, &[]).unwrap();
        let token = successor(&mut world, granted.refresh_token());
        assert_eq!(world.redeem(&code, &[]).unwrap_err(), "E1312");
        assert_eq!(world.refresh(&token).unwrap_err(), "E1323", "{rotation:?}");
        assert!(!is_active(&mut world, &token));
    }
}

#[test]
fn revocation_ends_the_sign_in_in_every_mode() {
    for rotation in RefreshRotation::ALL {
        let (mut world, r0) = signed_in(rotation);
        let granted = world.refresh(&r0).unwrap();
        take_back(&mut world, granted.refresh_token());
        let refused = world.refresh(granted.refresh_token());
        assert_eq!(refused.unwrap_err(), "E1323", "{rotation:?}");
        assert_eq!(
            world.show(&granted.access_token),
            Err(BearerRefused::NotGood)
        );
    }
}

// A mode that changes under a living family.

/// Signed in while the mode was tolerant, refreshed once, and the mode is another one now: R0 and R1.
fn switched_to(rotation: RefreshRotation) -> (World, String, String) {
    let (mut world, r0) = signed_in(RefreshRotation::Tolerant);
    let r1 = successor(&mut world, &r0);
    set(&mut world, rotating(rotation));
    (world, r0, r1)
}

#[test]
fn a_successor_from_before_the_change_is_good_and_ends_its_predecessor() {
    for rotation in [RefreshRotation::Strict, RefreshRotation::None] {
        let (mut world, r0, r1) = switched_to(rotation);
        assert!(is_active(&mut world, &r1));
        let next = successor(&mut world, &r1);
        assert_eq!(world.family().rotation.pending, None);
        assert_eq!(next == r1, rotation == RefreshRotation::None);
        assert_theft(&mut world, &r0);
    }
}

#[test]
fn a_response_lost_before_the_change_signs_nobody_out() {
    let (mut world, r0, r1) = switched_to(RefreshRotation::Strict);
    assert!(is_active(&mut world, &r0));
    let next = successor(&mut world, &r0);
    // From here on it is one-time use: who comes with the answer that was lost is somebody else.
    assert_eq!(world.family().rotation.pending, None);
    assert!(is_active(&mut world, &next));
    assert_theft(&mut world, &r1);
    let (mut world, r0, r1) = switched_to(RefreshRotation::None);
    assert_eq!(successor(&mut world, &r0), r0);
    assert_eq!(successor(&mut world, &r1), r1);
    assert!(!is_active(&mut world, &r0));
}

#[test]
fn an_access_token_from_before_the_change_still_proves_that_its_response_arrived() {
    for rotation in [RefreshRotation::Strict, RefreshRotation::None] {
        let (mut world, r0) = signed_in(RefreshRotation::Tolerant);
        let granted = world.refresh(&r0).unwrap();
        set(&mut world, rotating(rotation));
        assert!(world.show(&granted.access_token).is_ok());
        assert_eq!(world.family().rotation.pending, None);
        assert!(world.refresh(granted.refresh_token()).is_ok());
        assert!(world.show(&granted.access_token).is_ok());
    }
}

#[test]
fn every_mode_goes_on_from_every_other() {
    for from in RefreshRotation::ALL {
        for to in RefreshRotation::ALL {
            let (mut world, r0) = signed_in(from);
            let mut token = successor(&mut world, &r0);
            set(&mut world, rotating(to));
            for _ in 0..3 {
                token = successor(&mut world, &token);
                world.pass(60);
            }
            assert!(world.family().revoked.is_none(), "{from:?} to {to:?}");
        }
    }
}

#[test]
fn a_refused_refresh_uses_nothing_up_in_any_mode() {
    for rotation in RefreshRotation::ALL {
        let (mut world, r0) = signed_in(rotation);
        let params = [
            ("grant_type", "refresh_token"),
            ("refresh_token", &*r0),
            ("scope", "openid read write"),
        ];
        let refused: Result<_, Id> = world.token("web", &params);
        assert_eq!(refused.unwrap_err(), "E1325");
        assert!(world.refresh(&r0).is_ok(), "{rotation:?}");
    }
}
