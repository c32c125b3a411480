//! Guessing limits: somebody waits, nobody is locked out, and nobody learns which names exist.

use issuant::identity::sign_in::{Attempt, Begun, Browser, begin, finish};
use issuant::identity::store::Users as _;

use super::World;

/// Tries once; the seconds to wait, if the try was not admitted.
fn try_once(world: &mut World, username: &str, source: &str) -> Option<i64> {
    let attempt = Attempt { username, source };
    match begin(&world.ground.context(), &mut world.store, &attempt).unwrap() {
        Begun::Wait(wait) => Some(wait.seconds),
        Begun::Compare(..) | Begun::Decoy => None,
    }
}

fn succeed(world: &mut World, username: &str, source: &str) {
    let user = world.store.user_by_username(username).unwrap().unwrap();
    let browser = Browser {
        user_agent: "",
        address: "",
    };
    let attempt = Attempt { username, source };
    finish(
        &world.ground.context(),
        &mut world.store,
        &user,
        &attempt,
        &browser,
        Vec::new(),
    )
    .unwrap()
    .unwrap();
}

#[test]
fn five_tries_are_free_then_the_wait_doubles() {
    let mut world = World::new();
    for _ in 0..5 {
        assert_eq!(try_once(&mut world, "ada", "here"), None);
    }
    for wait in [1, 2, 4, 8, 16, 32, 60, 60] {
        assert_eq!(try_once(&mut world, "ada", "here"), Some(wait));
        world.pass(wait);
        assert_eq!(try_once(&mut world, "ada", "here"), None);
    }
}

#[test]
fn whoever_waits_is_not_counted_again() {
    let mut world = World::new();
    for _ in 0..5 {
        try_once(&mut world, "ada", "here");
    }
    let before = world.store.clone();
    for _ in 0..100 {
        assert_eq!(try_once(&mut world, "ada", "here"), Some(1));
    }
    assert_eq!(world.store, before);
}

#[test]
fn unknown_names_wait_like_known_ones() {
    let mut world = World::new();
    for _ in 0..5 {
        assert_eq!(try_once(&mut world, "nobody", "there"), None);
    }
    assert_eq!(try_once(&mut world, "nobody", "there"), Some(1));
}

#[test]
fn a_name_is_one_account_however_it_is_written() {
    let mut world = World::new();
    for name in ["ada", "ADA", " ada", "Ada ", "aDa"] {
        assert_eq!(try_once(&mut world, name, "here"), None);
    }
    assert_eq!(try_once(&mut world, "ada", "here"), Some(1));
    // Whoever guesses here cannot keep the owner out, who is elsewhere.
    assert_eq!(try_once(&mut world, "ada", "elsewhere"), None);
}

#[test]
fn an_account_under_attack_does_not_slow_others() {
    let mut world = World::new();
    for _ in 0..5 {
        try_once(&mut world, "ada", "there");
    }
    assert_eq!(try_once(&mut world, "bob", "here"), None);
}

#[test]
fn a_source_that_tries_many_accounts_waits() {
    let mut world = World::new();
    for number in 0..20 {
        assert_eq!(
            try_once(&mut world, &format!("user-{number}"), "there"),
            None
        );
    }
    assert_eq!(try_once(&mut world, "bob", "there"), Some(1));
    assert_eq!(try_once(&mut world, "bob", "here"), None);
}

#[test]
fn each_try_is_counted_before_it_is_checked() {
    let mut world = World::new();
    try_once(&mut world, "ada", "here");
    let counts: Vec<i64> = world.store.failures.values().map(|it| it.count).collect();
    assert_eq!(
        counts,
        [1, 1],
        "one under the source, one under the account"
    );
}

#[test]
fn a_success_forgives_the_account_and_takes_back_one_try_of_the_source() {
    let mut world = World::new();
    for _ in 0..4 {
        try_once(&mut world, "ada", "here");
    }
    succeed(&mut world, "ada", "here");
    let counts: Vec<i64> = world.store.failures.values().map(|it| it.count).collect();
    assert_eq!(counts, [3], "the three failures of the source stay");
}

#[test]
fn an_old_count_begins_anew() {
    let mut world = World::new();
    for _ in 0..5 {
        try_once(&mut world, "ada", "here");
    }
    world.pass(3601);
    for _ in 0..5 {
        assert_eq!(try_once(&mut world, "ada", "here"), None);
    }
    assert_eq!(try_once(&mut world, "ada", "here"), Some(1));
}
