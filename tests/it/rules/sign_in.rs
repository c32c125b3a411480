//! Signing in, and the session that comes of it.

use issuant::identity::session::{self, Living};
use issuant::identity::sign_in::{Attempt, Begun, Browser, SignedIn, begin, finish};
use issuant::identity::store::{Session, Users as _};

use super::{SESSION, World};
use crate::support::cast::NOW;

const BROWSER: Browser<'static> = Browser {
    user_agent: "Browser/1",
    address: "192.0.2.1",
};

fn attempt(username: &str) -> Attempt<'_> {
    Attempt {
        username,
        source: "192.0.2.1",
    }
}

fn begun(world: &mut World, username: &str) -> Begun {
    begin(
        &world.ground.context(),
        &mut world.store,
        &attempt(username),
    )
    .unwrap()
}

fn signed_in(world: &mut World, username: &str, earlier: Option<&Session>) -> SignedIn {
    let user = world.store.user_by_username(username).unwrap().unwrap();
    let context = world.ground.context();
    finish(
        &context,
        &mut world.store,
        &user,
        &attempt(username),
        &BROWSER,
        earlier,
    )
    .unwrap()
}

fn found(world: &mut World, cookie: &str) -> Option<Living> {
    session::find(&world.ground.context(), &mut world.store, cookie).unwrap()
}

#[test]
fn a_known_user_is_compared_with_the_stored_hash() {
    let Begun::Compare(user, hash) = begun(&mut World::new(), "ADA") else {
        panic!("compare")
    };
    assert_eq!(user.subject.id, "sub-ada");
    assert!(hash.expose().starts_with("$argon2id$"));
}

#[test]
fn unknown_disabled_and_passwordless_users_cost_the_same_hash() {
    let mut world = World::new();
    world.store.users.get_mut("sub-bob").unwrap().password_hash = None;
    for name in ["nobody", "gus", "bob", ""] {
        assert!(matches!(begun(&mut world, name), Begun::Decoy), "{name}");
    }
}

#[test]
fn a_session_is_found_by_its_cookie_only() {
    let mut world = World::new();
    let SignedIn { session, cookie } = signed_in(&mut world, "ada", None);
    assert_eq!(session.auth_time, NOW);
    assert_eq!(session.amr, ["pwd"]);
    let living = found(&mut world, cookie.expose()).unwrap();
    assert_eq!(living.session.id, session.id);
    assert_eq!(living.subject.id, "sub-ada");
    assert!(found(&mut world, "another").is_none());
    assert!(
        found(&mut world, &session.id).is_none(),
        "the public id is no cookie"
    );
}

#[test]
fn a_session_ends_when_it_is_idle_too_long() {
    let mut world = World::new();
    let cookie = signed_in(&mut world, "ada", None).cookie;
    world.pass(world.ground.policy.session_idle_lifetime - 1);
    assert!(found(&mut world, cookie.expose()).is_some());
    world.pass(1);
    assert!(found(&mut world, cookie.expose()).is_none());
}

#[test]
fn a_session_ends_at_its_age_however_much_it_is_used() {
    let mut world = World::new();
    let SignedIn { session, cookie } = signed_in(&mut world, "ada", None);
    world.pass(world.ground.policy.session_absolute_lifetime);
    world
        .store
        .sessions
        .get_mut(&session.id)
        .unwrap()
        .last_seen_at = world.ground.now;
    assert!(found(&mut world, cookie.expose()).is_none());
}

#[test]
fn the_session_of_a_disabled_user_is_over() {
    let mut world = World::new();
    let cookie = signed_in(&mut world, "ada", None).cookie;
    world.disable_user("sub-ada");
    assert!(found(&mut world, cookie.expose()).is_none());
}

#[test]
fn a_use_is_written_down_once_a_minute() {
    let mut world = World::new();
    let cookie = signed_in(&mut world, "ada", None).cookie;
    let living = found(&mut world, cookie.expose()).unwrap();
    assert!(!living.needs_touch(NOW + 59));
    assert!(living.needs_touch(NOW + 60));
}

#[test]
fn signing_in_again_goes_on_with_the_session_under_a_new_cookie() {
    let mut world = World::new();
    let first = signed_in(&mut world, "ada", None);
    world.pass(100);
    let second = signed_in(&mut world, "ada", Some(&first.session));
    assert_eq!(second.session.id, first.session.id);
    assert_eq!(second.session.created_at, NOW);
    assert_eq!(second.session.auth_time, NOW + 100);
    assert!(found(&mut world, first.cookie.expose()).is_none());
    assert!(found(&mut world, second.cookie.expose()).is_some());
    let of_browser = |session: &&Session| session.id != SESSION;
    assert_eq!(world.store.sessions.values().filter(of_browser).count(), 1);
}

#[test]
fn signing_in_as_somebody_else_ends_the_earlier_session() {
    let mut world = World::new();
    let first = signed_in(&mut world, "ada", None);
    let second = signed_in(&mut world, "bob", Some(&first.session));
    assert_ne!(second.session.id, first.session.id);
    assert!(found(&mut world, first.cookie.expose()).is_none());
    let of_browser = |session: &&Session| session.id != SESSION;
    assert_eq!(world.store.sessions.values().filter(of_browser).count(), 1);
}

#[test]
fn a_session_that_ended_meanwhile_does_not_come_back() {
    let mut world = World::new();
    let first = signed_in(&mut world, "ada", None);
    world.store.sessions.clear();
    let second = signed_in(&mut world, "ada", Some(&first.session));
    assert!(found(&mut world, second.cookie.expose()).is_some());
    let of_browser = |session: &&Session| session.id != SESSION;
    assert_eq!(world.store.sessions.values().filter(of_browser).count(), 1);
}

#[test]
fn a_long_name_of_a_browser_is_cut() {
    let mut world = World::new();
    let user = world.store.user_by_username("ada").unwrap().unwrap();
    let long = "ü".repeat(1000);
    let browser = Browser {
        user_agent: &long,
        address: "",
    };
    let context = world.ground.context();
    let store = &mut world.store;
    let made = finish(&context, store, &user, &attempt("ada"), &browser, None).unwrap();
    assert_eq!(made.session.user_agent.chars().count(), 200);
}
