//! Redeeming a code (RFC 6749 §4.1.3, RFC 7636 §4.6, OpenID Connect Core §3.1.3).

use issuant::crypto::jwe::algorithm::KeyManagement;
use issuant::protocol::bearer::BearerRefused;
use issuant::protocol::tokens::family::RevocationReason;

use super::{Granted, Id, World, redemption};
use crate::support::cast::{ISSUER, NOW, deviate};

/// The redemption of a fresh code of the web app, with deviations.
fn check(deviations: &[(&str, &str)]) -> Result<Granted, Id> {
    let mut world = World::new();
    let code = world.code_of("sub-ada", &[]);
    world.redeem(&code, deviations)
}

#[test]
fn grants_access_refresh_and_id_token() {
    let mut world = World::new();
    let code = world.code_of("sub-ada", &[("nonce", "n-1")]);
    let granted = world.redeem(&code, &[]).unwrap();
    assert_eq!(granted.scope, "openid read");
    assert!(granted.refresh_token().starts_with("irt_"));
    let access = granted.claims();
    assert_eq!(access["sub"], "sub-ada");
    assert_eq!(access["client_id"], "web");
    assert_eq!(access["sid"], "session-1");
    assert_eq!(access["roles"][0], "admin");
    assert_eq!(access["auth_time"], NOW - 30);
    let id_token = granted.id_token.unwrap();
    assert_eq!(id_token["iss"], ISSUER);
    assert_eq!(id_token["sub"], "sub-ada");
    assert_eq!(id_token["nonce"], "n-1");
    assert_eq!(id_token["auth_time"], NOW - 30);
    assert_eq!(id_token["amr"][0], "pwd");
    assert_eq!(id_token["sid"], "session-1");
    assert_eq!(id_token["exp"], NOW + 300);
    assert!(id_token["at_hash"].is_string());
}

/// Whoever signs has to bring the client's key, or nothing is sent.
#[test]
#[should_panic(expected = "NoRecipient")]
fn an_id_token_that_has_to_be_encrypted_is_never_sent_without() {
    let mut world = World::new();
    world.change_client("web", |client| {
        client.metadata.id_token_encrypted_response_alg = Some(KeyManagement::EcdhEs);
    });
    let code = world.code_of("sub-ada", &[]);
    let _granted = world.redeem(&code, &[]);
}

#[test]
fn grants_no_id_token_without_openid() {
    let mut world = World::new();
    let code = world.code_of("sub-ada", &[("scope", "read")]);
    assert!(world.redeem(&code, &[]).unwrap().id_token.is_none());
}

#[test]
fn grants_no_refresh_token_to_a_client_that_may_not_refresh() {
    let mut world = World::new();
    let code = world.code_of("sub-ada", &[("client_id", "once")]);
    let granted = world.token("once", &redemption(&code)).unwrap();
    assert!(granted.refresh_token.is_none());
    assert!(world.show(&granted.access_token).is_ok());
}

#[test]
fn accepts_a_request_without_redirect_uri_when_the_authorization_request_had_none() {
    let mut world = World::new();
    let code = world.code_of("sub-ada", &[("redirect_uri", ""), ("scope", "read")]);
    assert!(world.redeem(&code, &[("redirect_uri", "")]).is_ok());
}

#[test]
fn accepts_a_public_client_with_its_verifier() {
    let mut world = World::new();
    let spa = [
        ("client_id", "spa"),
        ("redirect_uri", "https://spa.example/cb"),
    ];
    let code = world.code_of("sub-ada", &spa);
    let params = redemption(&code);
    let granted = world.token("spa", &deviate(&params, &spa)).unwrap();
    assert_eq!(granted.claims()["client_id"], "spa");
}

#[test]
fn accepts_a_client_that_is_exempt_from_pkce_without_verifier() {
    let mut world = World::new();
    let portal = ("redirect_uri", "https://portal.example/cb?tenant=1");
    let no_pkce = [("code_challenge", ""), ("code_challenge_method", "")];
    let code = world.code_of(
        "sub-ada",
        &[("client_id", "portal"), portal, no_pkce[0], no_pkce[1]],
    );
    let params = redemption(&code);
    let without = deviate(&params, &[portal, ("code_verifier", "")]);
    let with = deviate(&params, &[portal]);
    assert_eq!(world.token("portal", &with).unwrap_err(), "E1315");
    assert!(world.token("portal", &without).is_ok());
}

#[test]
fn accepts_a_code_until_the_last_second_of_its_life() {
    let mut world = World::new();
    let code = world.code_of("sub-ada", &[]);
    world.pass(59);
    assert!(world.redeem(&code, &[]).is_ok());
}

#[test]
fn refuses_an_expired_code() {
    let mut world = World::new();
    let code = world.code_of("sub-ada", &[]);
    world.pass(60);
    assert_eq!(world.redeem(&code, &[]).unwrap_err(), "E1311");
}

#[test]
fn refuses_a_request_without_code() {
    assert_eq!(check(&[("code", "")]).unwrap_err(), "E1006");
}

#[test]
fn refuses_a_code_that_was_never_made() {
    assert_eq!(check(&[("code", "iac_garbage")]).unwrap_err(), "E1310");
}

#[test]
fn refuses_a_code_of_another_client_without_spending_it() {
    let mut world = World::new();
    let code = world.code_of("sub-ada", &[]);
    assert_eq!(
        world.token("other", &redemption(&code)).unwrap_err(),
        "E1310"
    );
    assert!(world.redeem(&code, &[]).is_ok());
}

#[test]
fn refuses_another_redirect_uri_without_spending_the_code() {
    let mut world = World::new();
    let code = world.code_of("sub-ada", &[]);
    for uri in [
        "",
        "https://web.example/cb/",
        "https://web.example/CB",
        "https://WEB.example/cb",
    ] {
        assert_eq!(
            world.redeem(&code, &[("redirect_uri", uri)]).unwrap_err(),
            "E1313",
            "{uri}"
        );
    }
    assert!(world.redeem(&code, &[]).is_ok());
}

#[test]
fn refuses_a_wrong_or_malformed_verifier_without_spending_the_code() {
    let mut world = World::new();
    let code = world.code_of("sub-ada", &[]);
    let challenge = crate::support::cast::CHALLENGE;
    let long = "a".repeat(129);
    for verifier in ["", "short", &"a".repeat(43), &long, challenge] {
        let refused = world
            .redeem(&code, &[("code_verifier", verifier)])
            .unwrap_err();
        assert_eq!(refused, "E1314", "{verifier}");
    }
    assert!(world.redeem(&code, &[]).is_ok());
}

#[test]
fn refuses_a_disabled_user() {
    let mut world = World::new();
    let code = world.code_of("sub-ada", &[]);
    world.disable_user("sub-ada");
    assert_eq!(world.redeem(&code, &[]).unwrap_err(), "E1316");
}

#[test]
fn refuses_a_used_code_and_revokes_what_came_of_it() {
    let mut world = World::new();
    let code = world.code_of("sub-ada", &[]);
    let granted = world.redeem(&code, &[]).unwrap();
    assert_eq!(world.redeem(&code, &[]).unwrap_err(), "E1312");
    let revoked = world.family().revoked.unwrap();
    assert_eq!(
        (revoked.at, revoked.reason),
        (NOW, RevocationReason::CodeReuse)
    );
    assert_eq!(
        world.show(&granted.access_token),
        Err(BearerRefused::NotGood)
    );
    assert_eq!(world.refresh(granted.refresh_token()).unwrap_err(), "E1323");
    let [event] = &world.store.events[..] else {
        panic!("one event")
    };
    assert_eq!(event.kind, "code_reuse");
    assert_eq!(event.subject.as_deref(), Some("sub-ada"));
    // Once more changes nothing more.
    assert_eq!(world.redeem(&code, &[]).unwrap_err(), "E1312");
    assert_eq!(world.store.events.len(), 1);
}

#[test]
fn a_used_code_with_a_wrong_verifier_does_not_revoke() {
    let mut world = World::new();
    let code = world.code_of("sub-ada", &[]);
    world.redeem(&code, &[]).unwrap();
    let wrong = "b".repeat(43);
    assert_eq!(
        world
            .redeem(&code, &[("code_verifier", &wrong)])
            .unwrap_err(),
        "E1314"
    );
    assert!(world.family().revoked.is_none());
}

#[test]
fn a_refused_redemption_leaves_nothing_behind() {
    // Every refusal of these tests is checked for it; here is the one that would show a code being spent.
    let mut world = World::new();
    let code = world.code_of("sub-ada", &[]);
    let before = world.store.clone();
    assert!(world.redeem(&code, &[("code_verifier", "")]).is_err());
    assert_eq!(world.store, before);
}

#[test]
fn a_used_code_is_reuse_even_after_its_life() {
    let mut world = World::new();
    let code = world.code_of("sub-ada", &[]);
    world.redeem(&code, &[]).unwrap();
    world.pass(3600);
    let wrong = "b".repeat(43);
    let guessed = world.redeem(&code, &[("code_verifier", &wrong)]);
    assert_eq!(guessed.unwrap_err(), "E1311");
    assert!(world.family().revoked.is_none());
    assert_eq!(world.redeem(&code, &[]).unwrap_err(), "E1312");
    assert!(world.family().revoked.is_some());
}

#[test]
fn grants_no_scope_that_the_client_lost_meanwhile() {
    let mut world = World::new();
    let code = world.code_of("sub-ada", &[]);
    world.change_client("web", |client| client.scope = "openid".parse().unwrap());
    assert_eq!(world.redeem(&code, &[]).unwrap().scope, "openid");
    assert_eq!(world.family().scope, "openid".parse().unwrap());
}

#[test]
fn a_token_for_an_api_opens_userinfo_as_well() {
    let mut world = World::new();
    world.change_client("web", |client| {
        client.audiences = vec!["https://api.example".to_owned()];
    });
    let granted = world.sign_in();
    let audience = &granted.claims()["aud"];
    assert_eq!(
        *audience,
        serde_json::json!(["https://api.example", ISSUER])
    );
}
