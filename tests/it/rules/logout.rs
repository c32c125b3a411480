//! Signing out at a client's wish (OpenID Connect RP-Initiated Logout §2, §3).

use issuant::crypto::algorithm::Algorithm;
use issuant::crypto::jwt;
use issuant::crypto::signing_key::{RsaBits, SigningKey};
use issuant::protocol::logout::{LogoutRequest, accept};
use issuant::protocol::params::Params;

use super::{Id, World};

const BYE: (&str, &str) = ("post_logout_redirect_uri", "https://web.example/bye");

fn check(world: &World, params: &[(&str, &str)]) -> Result<LogoutRequest, Id> {
    let params: Params<'_> = params.iter().copied().collect();
    accept(&world.ground.context(), &world.ground.keys, &params).map_err(|refusal| refusal.id())
}

/// A world, and an ID token of the web app.
fn signed_in() -> (World, String) {
    let mut world = World::new();
    let id_token = world.sign_in().id_token_text.unwrap();
    (world, id_token)
}

#[test]
fn accepts_a_request_that_says_nothing() {
    let asked = check(&World::new(), &[]).unwrap();
    assert!(asked.client.is_none() && asked.hint.is_none() && asked.return_to.is_none());
}

#[test]
fn knows_session_and_client_from_the_hint() {
    let (world, id_token) = signed_in();
    let asked = check(
        &world,
        &[("id_token_hint", &id_token), BYE, ("state", "a b&c")],
    )
    .unwrap();
    assert_eq!(asked.client.unwrap().id.as_str(), "web");
    assert_eq!(asked.hint.unwrap().sid.as_deref(), Some("session-1"));
    assert_eq!(
        asked.return_to.as_deref(),
        Some("https://web.example/bye?state=a+b%26c")
    );
}

#[test]
fn accepts_a_hint_that_expired_long_ago() {
    let (mut world, id_token) = signed_in();
    world.pass(365 * 86_400);
    assert!(check(&world, &[("id_token_hint", &id_token)]).is_ok());
}

#[test]
fn accepts_an_address_of_the_named_client() {
    let asked = check(&World::new(), &[("client_id", "web"), BYE]).unwrap();
    assert_eq!(asked.return_to.as_deref(), Some("https://web.example/bye"));
}

#[test]
fn refuses_an_address_that_is_not_registered() {
    let world = World::new();
    for address in [
        "https://web.example/bye/",
        "https://evil.example/",
        "https://web.example/cb",
    ] {
        let params = [("client_id", "web"), ("post_logout_redirect_uri", address)];
        assert_eq!(check(&world, &params).unwrap_err(), "E1501", "{address}");
    }
}

#[test]
fn refuses_an_address_of_nobody() {
    let world = World::new();
    assert_eq!(check(&world, &[BYE]).unwrap_err(), "E1501");
    assert_eq!(
        check(&world, &[BYE, ("client_id", "nobody")]).unwrap_err(),
        "E1501"
    );
}

#[test]
fn refuses_a_hint_that_is_no_id_token_of_ours() {
    let mut world = World::new();
    let granted = world.sign_in();
    let id_token = granted.id_token_text.clone().unwrap();
    let (signed, signature) = id_token.rsplit_once('.').unwrap();
    let forged = format!("{signed}.{}", signature.chars().rev().collect::<String>());
    let elsewhere = unverifiable("https://elsewhere.example");
    for hint in [
        "garbage",
        &granted.access_token,
        granted.refresh_token(),
        &forged,
        &elsewhere,
    ] {
        let refused = check(&world, &[("id_token_hint", hint)]).unwrap_err();
        assert_eq!(refused, "E1503", "{hint}");
    }
}

#[test]
fn a_hint_of_ours_whose_key_is_gone_proves_nothing() {
    let world = World::new();
    let hint = unverifiable(world.ground.context().issuer);
    let asked = check(&world, &[("id_token_hint", &hint)]).unwrap();
    assert!(asked.hint.is_none() && asked.client.is_none());
    let asked = check(&world, &[("id_token_hint", &hint), ("client_id", "web")]).unwrap();
    assert_eq!(asked.client.unwrap().id.as_str(), "web");
}

/// An ID token of that issuer, signed with a key that nobody knows.
fn unverifiable(issuer: &str) -> String {
    let (key, _) = SigningKey::generate(Algorithm::Es256, RsaBits::default()).unwrap();
    let claims = serde_json::json!({
        "iss": issuer, "aud": ["web"], "sub": "sub-ada", "sid": "session-1",
        "iat": 1_700_000_000, "exp": 1_700_000_300,
    });
    jwt::sign(&key, None, &claims).unwrap()
}

#[test]
fn accepts_what_is_meant_for_the_pages() {
    let params = [("logout_hint", "ada"), ("ui_locales", "de fr")];
    let asked = check(&World::new(), &params).unwrap();
    assert!(asked.client.is_none() && asked.hint.is_none() && asked.return_to.is_none());
}

#[test]
fn refuses_a_hint_that_belongs_to_another_client_than_the_named_one() {
    let (world, id_token) = signed_in();
    let params = [("id_token_hint", &*id_token), ("client_id", "other")];
    assert_eq!(check(&world, &params).unwrap_err(), "E1502");
}
