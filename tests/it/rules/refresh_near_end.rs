//! Refresh tokens that stay the same until they are nearly at their end.

use issuant::protocol::refresh_policy::{RefreshOverrides, RefreshRotation};

use super::World;

/// Seconds that a token lives here.
const LIFE: i64 = 1000;

/// Ada signed in, and R0.
fn signed_in() -> (World, String) {
    let mut world = World::new();
    world.change_client("web", |client| {
        client.refresh = RefreshOverrides {
            rotation: Some(RefreshRotation::NearEnd),
            retry_window: Some(0),
            idle_lifetime: Some(LIFE),
            absolute_lifetime: Some(10 * LIFE),
        };
    });
    let first = world.sign_in().refresh_token().to_owned();
    (world, first)
}

fn successor(world: &mut World, token: &str) -> String {
    world.refresh(token).unwrap().refresh_token().to_owned()
}

#[test]
fn a_token_changes_when_less_than_30_percent_of_its_life_are_left() {
    for (age, is_kept) in [
        (0, true),
        (690, true),
        (700, true),
        (701, false),
        (710, false),
    ] {
        let (mut world, r0) = signed_in();
        world.pass(age);
        assert_eq!(successor(&mut world, &r0) == r0, is_kept, "after {age} s");
    }
}

#[test]
fn using_a_token_does_not_move_its_end() {
    let (mut world, r0) = signed_in();
    for _ in 0..6 {
        world.pass(100);
        assert_eq!(successor(&mut world, &r0), r0);
    }
    world.pass(101);
    let r1 = successor(&mut world, &r0);
    assert_ne!(r1, r0);
    // Its successor lives as long again.
    world.pass(699);
    assert_eq!(successor(&mut world, &r1), r1);
    world.pass(301);
    assert_eq!(world.refresh(&r1).unwrap_err(), "E1322");
}

#[test]
fn a_lost_answer_costs_nothing_and_reuse_is_noticed() {
    let (mut world, r0) = signed_in();
    world.pass(701);
    let lost = successor(&mut world, &r0);
    let r1 = successor(&mut world, &r0);
    assert_ne!(r1, lost);
    assert_eq!(successor(&mut world, &r1), r1);
    assert_eq!(world.refresh(&r0).unwrap_err(), "E1324");
    assert_eq!(world.refresh(&r1).unwrap_err(), "E1323");
}

#[test]
fn a_client_that_cannot_authenticate_never_keeps_its_token() {
    let (mut world, _) = signed_in();
    world.change_client("spa", |client| {
        client.refresh.rotation = Some(RefreshRotation::NearEnd);
    });
    let policy = world.ground.policy.refresh_for(&world.client("spa"));
    assert_eq!(policy.rotation, RefreshRotation::Tolerant);
}
