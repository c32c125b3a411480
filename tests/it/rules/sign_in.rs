//! Signing in, and the session that comes of it.

use issuant::identity::session::{self, Living, MOST_ACCOUNTS};
use issuant::identity::sign_in::{Attempt, Begun, Browser, begin, finish};
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

/// The accounts of the browser after somebody signed in.
fn accounts(world: &mut World, username: &str, earlier: &[Living]) -> Vec<Living> {
    let user = world.store.user_by_username(username).unwrap().unwrap();
    let context = world.ground.context();
    finish(
        &context,
        &mut world.store,
        &user,
        &attempt(username),
        &BROWSER,
        earlier.to_vec(),
    )
    .unwrap()
    .unwrap()
}

fn signed_in(world: &mut World, username: &str) -> Living {
    accounts(world, username, &[]).remove(0)
}

/// How many sessions the test made.
fn count(world: &World) -> usize {
    let of_browser = |session: &&Session| session.id != SESSION;
    world.store.sessions.values().filter(of_browser).count()
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
    let Living {
        session, cookie, ..
    } = signed_in(&mut world, "ada");
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
    let cookie = signed_in(&mut world, "ada").cookie;
    world.pass(world.ground.policy.session_idle_lifetime - 1);
    assert!(found(&mut world, cookie.expose()).is_some());
    world.pass(1);
    assert!(found(&mut world, cookie.expose()).is_none());
}

#[test]
fn a_session_ends_at_its_age_however_much_it_is_used() {
    let mut world = World::new();
    let Living {
        session, cookie, ..
    } = signed_in(&mut world, "ada");
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
    let cookie = signed_in(&mut world, "ada").cookie;
    world.disable_user("sub-ada");
    assert!(found(&mut world, cookie.expose()).is_none());
}

#[test]
fn a_use_is_written_down_once_a_minute() {
    let mut world = World::new();
    let cookie = signed_in(&mut world, "ada").cookie;
    let living = found(&mut world, cookie.expose()).unwrap();
    assert!(!living.needs_touch(NOW + 59));
    assert!(living.needs_touch(NOW + 60));
}

#[test]
fn signing_in_again_goes_on_with_the_session_under_a_new_cookie() {
    let mut world = World::new();
    let first = signed_in(&mut world, "ada");
    world.pass(100);
    let after = accounts(&mut world, "ada", std::slice::from_ref(&first));
    let [second] = after.as_slice() else {
        panic!("one account: {after:?}")
    };
    assert_eq!(second.session.id, first.session.id);
    assert_eq!(second.session.created_at, NOW);
    assert_eq!(second.session.auth_time, NOW + 100);
    assert!(found(&mut world, first.cookie.expose()).is_none());
    assert!(found(&mut world, second.cookie.expose()).is_some());
    assert_eq!(count(&world), 1);
}

#[test]
fn signing_in_as_somebody_else_adds_an_account() {
    let mut world = World::new();
    let ada = signed_in(&mut world, "ada");
    let both = accounts(&mut world, "bob", std::slice::from_ref(&ada));
    let people: Vec<&str> = both.iter().map(|it| it.subject.id.as_str()).collect();
    assert_eq!(people, ["sub-bob", "sub-ada"]);
    for living in &both {
        assert!(found(&mut world, living.cookie.expose()).is_some());
    }
    let again = accounts(&mut world, "ada", &both);
    let people: Vec<&str> = again.iter().map(|it| it.subject.id.as_str()).collect();
    assert_eq!(people, ["sub-ada", "sub-bob"]);
    assert_eq!(again[0].session.id, ada.session.id);
    assert_eq!(count(&world), 2);
}

#[test]
fn one_account_too_many_ends_the_last_of_the_row() {
    let mut world = World::new();
    let ada = world.store.user_by_username("ada").unwrap().unwrap();
    let mut browser = Vec::new();
    for number in 0..=MOST_ACCOUNTS {
        let mut user = ada.clone();
        user.subject.id = format!("sub-{number}");
        user.subject.username = format!("user-{number}");
        world.store.add_user(&user).unwrap();
        browser = accounts(&mut world, &format!("user-{number}"), &browser);
    }
    assert_eq!(browser.len(), MOST_ACCOUNTS);
    assert_eq!(browser.last().unwrap().subject.id, "sub-1");
    assert_eq!(
        count(&world),
        MOST_ACCOUNTS,
        "the first one's session ended"
    );
}

#[test]
fn a_browser_holds_each_account_once_and_no_dead_ones() {
    let mut world = World::new();
    let (one, two) = (signed_in(&mut world, "ada"), signed_in(&mut world, "ada"));
    let bob = signed_in(&mut world, "bob");
    let held: Vec<String> = [&one, &two, &bob]
        .map(|it| it.cookie.expose().to_owned())
        .to_vec();
    world.disable_user("sub-bob");
    let context = world.ground.context();
    let alive = session::find_all(&context, &mut world.store, &held).unwrap();
    let ids: Vec<&str> = alive.iter().map(|it| it.session.id.as_str()).collect();
    assert_eq!(ids, [one.session.id.as_str()]);
}

#[test]
fn a_session_that_ended_meanwhile_does_not_come_back() {
    let mut world = World::new();
    let first = signed_in(&mut world, "ada");
    world.store.sessions.clear();
    let second = accounts(&mut world, "ada", &[first]).remove(0);
    assert!(found(&mut world, second.cookie.expose()).is_some());
    assert_eq!(count(&world), 1);
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
    let made = finish(
        &context,
        store,
        &user,
        &attempt("ada"),
        &browser,
        Vec::new(),
    )
    .unwrap();
    assert_eq!(made.unwrap()[0].session.user_agent.chars().count(), 200);
}

#[test]
fn no_session_begins_with_a_password_that_was_changed_while_it_was_compared() {
    let mut world = World::new();
    let user = world.store.user_by_username("ada").unwrap().unwrap();
    let stored = world.store.users.get_mut("sub-ada").unwrap();
    stored.password_hash = Some("another".to_owned());
    let context = world.ground.context();
    let late = finish(
        &context,
        &mut world.store,
        &user,
        &attempt("ada"),
        &BROWSER,
        Vec::new(),
    );
    assert!(late.unwrap().is_none());
    assert_eq!(count(&world), 0);
}
