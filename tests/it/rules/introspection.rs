//! Who may know what about a token (RFC 7662).

use issuant::protocol::bearer;
use issuant::protocol::error::Fault;
use issuant::protocol::introspection::{accept, introspect};
use issuant::protocol::params::Params;
use serde_json::{Value, json};

use super::{Id, SESSION, World};
use crate::support::cast::{ISSUER, NOW};

/// What this client learns of this token.
fn check(world: &mut World, client: &str, token: &str) -> Result<Value, Id> {
    let client = world.authenticated(client);
    let params = Params::from_iter([("token", token)]);
    let token = accept(&client, &params).map_err(|refusal| refusal.id())?;
    let (ground, store) = (&world.ground, &mut world.store);
    let asked = introspect(&ground.context(), store, &ground.keys, &client, token);
    let (told, promotion) = asked.unwrap();
    if let Some(promotion) = promotion {
        assert!(bearer::promote(store, &promotion).unwrap());
    }
    Ok(serde_json::to_value(told).unwrap())
}

fn inactive() -> Value {
    json!({"active": false})
}

#[test]
fn tells_a_client_of_its_own_access_token() {
    let mut world = World::new();
    let granted = world.sign_in();
    let claims = granted.claims();
    let told = check(&mut world, "web", &granted.access_token).unwrap();
    let expected = json!({
        "active": true, "scope": "openid read", "client_id": "web", "username": "ada",
        "token_type": "Bearer", "exp": NOW + 300, "iat": NOW, "sub": "sub-ada", "aud": ISSUER,
        "iss": ISSUER, "jti": claims["jti"], "sid": "session-1", "roles": ["admin"],
    });
    assert_eq!(told, expected);
}

/// RFC 9470 §6.2.
#[test]
fn tells_how_the_person_signed_in_where_the_client_asked_for_that() {
    let mut world = World::new();
    let code = world.code_of("sub-ada", &[("acr_values", "1")]);
    let granted = world.redeem(&code, &[]).unwrap();
    let told = check(&mut world, "web", &granted.access_token).unwrap();
    assert_eq!(told["acr"], "1");
    assert_eq!(told["auth_time"], NOW - 30);
}

#[test]
fn tells_a_client_of_its_own_refresh_token_without_using_it() {
    let mut world = World::new();
    let granted = world.sign_in();
    let before = world.store.clone();
    let told = check(&mut world, "web", granted.refresh_token()).unwrap();
    assert_eq!(told["active"], true);
    assert_eq!(told["token_type"], "refresh_token");
    assert_eq!(told["client_id"], "web");
    assert_eq!(world.store, before);
}

#[test]
fn tells_an_api_of_tokens_that_are_meant_for_it() {
    let mut world = World::new();
    world.change_client("web", |client| {
        client.audiences = vec!["https://api.example".to_owned()];
    });
    let granted = world.sign_in();
    assert_eq!(
        check(&mut world, "service", &granted.access_token).unwrap()["active"],
        true
    );
    assert_eq!(
        check(&mut world, "other", &granted.access_token),
        Ok(inactive())
    );
}

#[test]
fn a_refresh_token_of_another_client_is_merely_inactive() {
    let mut world = World::new();
    let granted = world.sign_in();
    assert_eq!(
        check(&mut world, "other", granted.refresh_token()),
        Ok(inactive())
    );
}

#[test]
fn a_replaced_revoked_or_expired_refresh_token_is_inactive() {
    let mut world = World::new();
    let first = world.sign_in();
    let second = world.refresh(first.refresh_token()).unwrap();
    for token in [&first, &second] {
        let told = check(&mut world, "web", token.refresh_token()).unwrap();
        assert_eq!(told["active"], true, "neither was used yet");
    }
    world.refresh(second.refresh_token()).unwrap();
    assert_eq!(
        check(&mut world, "web", first.refresh_token()),
        Ok(inactive())
    );
    world.pass(31 * 86_400);
    assert_eq!(
        check(&mut world, "web", second.refresh_token()),
        Ok(inactive())
    );
}

#[test]
fn a_refresh_token_is_good_no_longer_than_the_session_it_came_from() {
    let mut world = World::new();
    let granted = world.sign_in();
    let over = NOW + 100;
    world.store.sessions.get_mut(SESSION).unwrap().expires_at = over;
    world.pass(99);
    let told = check(&mut world, "web", granted.refresh_token()).unwrap();
    assert_eq!(
        (&told["active"], &told["exp"]),
        (&json!(true), &json!(over))
    );
    world.pass(1);
    assert_eq!(
        check(&mut world, "web", granted.refresh_token()),
        Ok(inactive())
    );
}

#[test]
fn the_tokens_of_a_disabled_user_are_inactive() {
    let mut world = World::new();
    let granted = world.sign_in();
    world.disable_user("sub-ada");
    assert_eq!(
        check(&mut world, "web", &granted.access_token),
        Ok(inactive())
    );
    assert_eq!(
        check(&mut world, "web", granted.refresh_token()),
        Ok(inactive())
    );
}

#[test]
fn an_expired_or_foreign_access_token_is_inactive() {
    let mut world = World::new();
    let granted = world.sign_in();
    world.pass(300);
    for token in [
        &granted.access_token,
        "garbage",
        "a.b.c",
        &"x".repeat(20_000),
    ] {
        assert_eq!(check(&mut world, "web", token), Ok(inactive()));
    }
}

#[test]
fn asking_about_an_access_token_makes_its_refresh_token_current() {
    let mut world = World::new();
    let first = world.sign_in();
    let second = world.refresh(first.refresh_token()).unwrap();
    assert_eq!(
        check(&mut world, "web", &second.access_token).unwrap()["active"],
        true
    );
    assert_eq!(world.family().rotation.generation, 1);
    assert_eq!(world.refresh(first.refresh_token()).unwrap_err(), "E1324");
}

#[test]
fn a_client_that_may_not_know_promotes_nothing() {
    let mut world = World::new();
    world.change_client("web", |client| {
        client.audiences = vec!["https://api.example".to_owned()];
    });
    let first = world.sign_in();
    let second = world.refresh(first.refresh_token()).unwrap();
    assert_eq!(
        check(&mut world, "other", &second.access_token),
        Ok(inactive())
    );
    assert_eq!(world.family().rotation.generation, 0);
}

#[test]
fn refuses_a_public_client() {
    assert_eq!(check(&mut World::new(), "spa", "any"), Err("E1107"));
}

#[test]
fn refuses_a_request_without_token() {
    assert_eq!(check(&mut World::new(), "web", ""), Err("E1405"));
}

#[test]
fn a_stranger_learns_nothing_of_tokens_for_this_server() {
    let mut world = World::new();
    let granted = world.sign_in();
    for client in ["other", "service"] {
        assert_eq!(
            check(&mut world, client, &granted.access_token),
            Ok(inactive()),
            "{client}"
        );
    }
}

#[test]
fn a_promotion_that_was_overtaken_is_decided_anew() {
    let mut world = World::new();
    let first = world.sign_in();
    let second = world.refresh(first.refresh_token()).unwrap();
    let client = world.authenticated("web");
    let context = world.ground.context();
    let asked = introspect(
        &context,
        &mut world.store,
        &world.ground.keys,
        &client,
        &second.access_token,
    );
    let (told, promotion) = asked.unwrap();
    let promotion = promotion.unwrap();
    assert!(told.active);
    // Meanwhile, after the window, the response counts as lost and the successor is replaced.
    world.pass(10);
    world.refresh(first.refresh_token()).unwrap();
    assert!(!bearer::promote(&mut world.store, &promotion).unwrap());
    let context = world.ground.context();
    let keys = &world.ground.keys;
    let told = bearer::settle(&mut world.store, |store| {
        let asked = introspect(&context, store, keys, &client, &second.access_token);
        asked.map_err(Fault::<Id>::from)
    });
    assert!(!told.unwrap().active);
}
