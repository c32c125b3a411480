//! The first administrator, made once.

use issuant::identity::setup::{check_link, create_administrator, new_link};
use issuant::identity::store::User;
use issuant::protocol::profile::Profile;
use issuant::protocol::store::Subject;

use super::World;
use crate::support::cast::NOW;

fn link(world: &mut World) -> String {
    let context = world.ground.context();
    let (token, expires_at) = new_link(&context, &mut world.store).unwrap();
    assert_eq!(expires_at, context.now + 1800);
    token.expose().to_owned()
}

fn is_good(world: &mut World, token: &str) -> bool {
    check_link(&world.ground.context(), &mut world.store, token)
        .unwrap()
        .is_some()
}

fn create(world: &mut World, token: &str, name: &str) -> bool {
    let user = User {
        subject: Subject {
            id: format!("sub-{name}"),
            username: name.to_owned(),
            name: None,
            email: None,
            email_verified: false,
            profile: Profile::default(),
            roles: vec!["admin".to_owned()],
            active: true,
            updated_at: NOW,
        },
        password_hash: None,
        created_at: NOW,
    };
    create_administrator(&world.ground.context(), &mut world.store, token, &user).unwrap()
}

#[test]
fn a_link_makes_one_administrator() {
    let mut world = World::new();
    let token = link(&mut world);
    assert!(is_good(&mut world, &token));
    assert!(create(&mut world, &token, "root"));
    assert!(world.store.is_set_up);
    assert!(!is_good(&mut world, &token));
    assert!(!create(&mut world, &token, "second"));
    assert!(!world.store.users.contains_key("sub-second"));
}

#[test]
fn a_link_is_good_for_half_an_hour() {
    let mut world = World::new();
    let token = link(&mut world);
    world.pass(1799);
    assert!(is_good(&mut world, &token));
    world.pass(1);
    assert!(!is_good(&mut world, &token));
    assert!(!create(&mut world, &token, "root"));
    assert!(!world.store.is_set_up);
}

#[test]
fn a_new_link_replaces_an_earlier_one() {
    let mut world = World::new();
    let first = link(&mut world);
    let second = link(&mut world);
    assert!(!is_good(&mut world, &first));
    assert!(is_good(&mut world, &second));
}

#[test]
fn a_guessed_link_is_not_good() {
    let mut world = World::new();
    link(&mut world);
    assert!(!is_good(&mut world, "guess"));
    assert!(!is_good(&mut world, ""));
    assert!(!create(&mut world, "guess", "root"));
}
