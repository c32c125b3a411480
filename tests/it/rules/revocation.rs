//! Taking a token back (RFC 7009).

use issuant::protocol::bearer::BearerRefused;
use issuant::protocol::params::Params;
use issuant::protocol::revocation::{accept, revoke};
use issuant::protocol::tokens::family::RevocationReason;

use super::{Id, World};

fn check(world: &mut World, client: &str, token: &str) -> Result<(), Id> {
    let client = world.authenticated(client);
    let params = Params::from_iter([("token", token)]);
    let token = accept(&params).map_err(|refusal| refusal.id())?;
    let (ground, store) = (&world.ground, &mut world.store);
    revoke(&ground.context(), store, &ground.keys, &client, token).unwrap();
    Ok(())
}

#[test]
fn a_refresh_token_takes_its_family_along() {
    let mut world = World::new();
    let granted = world.sign_in();
    check(&mut world, "web", granted.refresh_token()).unwrap();
    assert_eq!(
        world.family().revoked.unwrap().reason,
        RevocationReason::ClientRequest
    );
    assert_eq!(
        world.show(&granted.access_token),
        Err(BearerRefused::NotGood)
    );
    assert_eq!(world.refresh(granted.refresh_token()).unwrap_err(), "E1323");
}

#[test]
fn an_old_refresh_token_takes_its_family_along_as_well() {
    let mut world = World::new();
    let first = world.sign_in();
    let second = world.refresh(first.refresh_token()).unwrap();
    world.refresh(second.refresh_token()).unwrap();
    check(&mut world, "web", first.refresh_token()).unwrap();
    assert!(world.family().revoked.is_some());
}

#[test]
fn an_access_token_goes_alone() {
    let mut world = World::new();
    let granted = world.sign_in();
    check(&mut world, "web", &granted.access_token).unwrap();
    assert_eq!(
        world.show(&granted.access_token),
        Err(BearerRefused::NotGood)
    );
    assert!(world.refresh(granted.refresh_token()).is_ok());
}

#[test]
fn tokens_of_another_client_unknown_and_expired_ones_change_nothing() {
    let mut world = World::new();
    let granted = world.sign_in();
    let before = world.store.clone();
    for token in [granted.refresh_token(), &granted.access_token, "garbage"] {
        check(&mut world, "other", token).unwrap();
    }
    world.pass(300);
    check(&mut world, "web", &granted.access_token).unwrap();
    assert_eq!(world.store, before);
}

#[test]
fn revoking_twice_is_like_revoking_once() {
    let mut world = World::new();
    let granted = world.sign_in();
    check(&mut world, "web", granted.refresh_token()).unwrap();
    let before = world.store.clone();
    world.pass(5);
    check(&mut world, "web", granted.refresh_token()).unwrap();
    assert_eq!(world.store, before);
}

#[test]
fn a_public_client_can_revoke_its_tokens() {
    let mut world = World::new();
    let spa = [
        ("client_id", "spa"),
        ("redirect_uri", "https://spa.example/cb"),
    ];
    let code = world.code_of("sub-ada", &spa);
    let params = super::redemption(&code);
    let granted = world
        .token("spa", &crate::support::cast::deviate(&params, &spa))
        .unwrap();
    check(&mut world, "spa", granted.refresh_token()).unwrap();
    assert!(world.family().revoked.is_some());
}

#[test]
fn refuses_a_request_without_token() {
    assert_eq!(check(&mut World::new(), "web", ""), Err("E1405"));
}
