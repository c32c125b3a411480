//! Who calls a protected endpoint (RFC 6750), and what userinfo tells (OpenID Connect Core §5.3).

use issuant::crypto::algorithm::Algorithm;
use issuant::crypto::jwt;
use issuant::protocol::bearer::{self, BearerRefused};
use issuant::protocol::error::{Fault, Refusal};
use issuant::protocol::params::Params;
use issuant::protocol::store::RevokedTokens as _;
use issuant::protocol::userinfo::userinfo;
use serde_json::{Value, json};

use super::World;
use crate::support::cast::{self, ISSUER, NOW};

fn find(authorization: Option<&str>, body: &[(&str, &str)]) -> Result<String, BearerRefused> {
    let body: Params<'_> = body.iter().copied().collect();
    bearer::find(authorization, &body).map(str::to_owned)
}

/// What userinfo tells to this token.
fn check(world: &mut World, token: &str) -> Result<Value, BearerRefused> {
    let (ground, store) = (&world.ground, &mut world.store);
    match userinfo(&ground.context(), store, &ground.keys, token) {
        Ok((told, _)) => {
            let told = told.claims();
            Ok(serde_json::to_value(told).unwrap())
        }
        Err(Fault::Refused(refused)) => Err(refused),
        Err(Fault::Failed(error)) => panic!("{error:?}"),
    }
}

fn signed_in(scope: &str) -> (World, String) {
    let mut world = World::new();
    let code = world.code_of("sub-ada", &[("scope", scope)]);
    let token = world.redeem(&code, &[]).unwrap().access_token;
    (world, token)
}

/// OpenID Connect Core §5.5.
#[test]
fn tells_the_authentication_context_class_where_it_was_asked_for_here() {
    for (claims, told) in [
        (r#"{"userinfo":{"acr":null}}"#, json!("1")),
        (r#"{"id_token":{"acr":null}}"#, Value::Null),
    ] {
        let mut world = World::new();
        let code = world.code_of("sub-ada", &[("claims", claims)]);
        let granted = world.redeem(&code, &[]).unwrap();
        assert_eq!(granted.id_token.unwrap()["acr"], "1");
        let userinfo = check(&mut world, &granted.access_token).unwrap();
        assert_eq!(userinfo["acr"], told, "{claims}");
    }
}

#[test]
fn finds_the_token_in_the_header_or_in_the_body() {
    assert_eq!(find(Some("Bearer a.b-c"), &[]), Ok("a.b-c".to_owned()));
    assert_eq!(find(Some("bearer a=="), &[]), Ok("a==".to_owned()));
    assert_eq!(find(None, &[("access_token", "a.b")]), Ok("a.b".to_owned()));
}

#[test]
fn refuses_two_tokens_or_a_malformed_one() {
    assert_eq!(
        find(Some("Bearer a"), &[("access_token", "a")]),
        Err(BearerRefused::Malformed)
    );
    for header in [
        "Bearer a b",
        "Bearer ",
        "Bearer =",
        "Bearer caf\u{e9}",
        "Bearer a,b",
    ] {
        assert_eq!(
            find(Some(header), &[]),
            Err(BearerRefused::Malformed),
            "{header}"
        );
    }
}

#[test]
fn a_request_with_another_scheme_has_no_token() {
    for header in ["Basic d2Vi", "Bearer", "", "Bearera b"] {
        assert_eq!(
            find(Some(header), &[]),
            Err(BearerRefused::Missing),
            "{header}"
        );
    }
    assert_eq!(
        find(None, &[("access_token", "")]),
        Err(BearerRefused::Missing)
    );
}

#[test]
fn each_refusal_has_its_entry_in_the_catalogue() {
    use BearerRefused::{Malformed, Missing, NotGood, Scope};
    let ids = [Missing, Malformed, NotGood, Scope].map(|refused| Refusal::from(refused).id());
    assert_eq!(ids, ["E1401", "E1402", "E1403", "E1404"]);
}

#[test]
fn userinfo_tells_what_the_scope_reveals() {
    let (mut world, token) = signed_in("openid");
    assert_eq!(check(&mut world, &token), Ok(json!({"sub": "sub-ada"})));
    let (mut world, token) = signed_in("openid email");
    let told = json!({"sub": "sub-ada", "email": "ada@example.org", "email_verified": true});
    assert_eq!(check(&mut world, &token), Ok(told));
    let (mut world, token) = signed_in("openid profile");
    let told = json!({
        "sub": "sub-ada", "name": "Ada Example", "preferred_username": "ada",
        "updated_at": NOW - 1000, "roles": ["admin"],
    });
    assert_eq!(check(&mut world, &token), Ok(told));
}

#[test]
fn userinfo_needs_openid() {
    let (mut world, token) = signed_in("profile read");
    assert_eq!(check(&mut world, &token), Err(BearerRefused::Scope));
    let credentials = [("grant_type", "client_credentials")];
    let token = world.token("service", &credentials).unwrap().access_token;
    assert_eq!(check(&mut world, &token), Err(BearerRefused::Scope));
}

#[test]
fn refuses_an_expired_token_from_its_last_second_on() {
    let (mut world, token) = signed_in("openid");
    world.pass(299);
    assert!(check(&mut world, &token).is_ok());
    world.pass(1);
    assert_eq!(check(&mut world, &token), Err(BearerRefused::Expired));
}

#[test]
fn refuses_a_revoked_token() {
    let (mut world, token) = signed_in("openid");
    let jti = super::claims(&token)["jti"].as_str().unwrap().to_owned();
    world.store.revoke_token(&jti, NOW + 300).unwrap();
    assert_eq!(check(&mut world, &token), Err(BearerRefused::NotGood));
}

#[test]
fn refuses_the_token_of_a_disabled_user_or_client() {
    let (mut world, token) = signed_in("openid");
    world.change_client("web", |client| client.disabled = true);
    assert_eq!(check(&mut world, &token), Err(BearerRefused::NotGood));
    let (mut world, token) = signed_in("openid");
    world.disable_user("sub-ada");
    assert_eq!(check(&mut world, &token), Err(BearerRefused::NotGood));
}

#[test]
fn refuses_a_clients_own_token_once_the_client_is_disabled() {
    let mut world = World::new();
    let token = world
        .token("service", &[("grant_type", "client_credentials")])
        .unwrap();
    assert!(world.show(&token.access_token).is_ok());
    world.change_client("service", |client| client.disabled = true);
    assert_eq!(world.show(&token.access_token), Err(BearerRefused::NotGood));
}

#[test]
fn refuses_an_id_token_and_a_refresh_token_in_its_place() {
    let mut world = World::new();
    let granted = world.sign_in();
    let id_token = granted.id_token_text.clone().unwrap();
    assert_eq!(check(&mut world, &id_token), Err(BearerRefused::NotGood));
    assert_eq!(
        check(&mut world, granted.refresh_token()),
        Err(BearerRefused::NotGood)
    );
}

#[test]
fn refuses_claims_that_another_key_signed() {
    let (mut world, token) = signed_in("openid");
    let key = cast::new_key(Algorithm::Es256);
    let forged = jwt::sign(&key, Some("at+jwt"), &super::claims(&token)).unwrap();
    assert_eq!(check(&mut world, &forged), Err(BearerRefused::NotGood));
}

/// What our own key signed, but for another issuer or of another type.
#[test]
fn refuses_another_issuer_and_another_type() {
    let (mut world, token) = signed_in("openid");
    let key = world.ground.keys.active(Algorithm::Es256).unwrap().clone();
    let mut claims = super::claims(&token);
    assert!(
        check(
            &mut world,
            &jwt::sign(&key, Some("at+jwt"), &claims).unwrap()
        )
        .is_ok()
    );
    let untyped = jwt::sign(&key, None, &claims).unwrap();
    assert_eq!(check(&mut world, &untyped), Err(BearerRefused::NotGood));
    claims["iss"] = json!(format!("{ISSUER}/"));
    let other = jwt::sign(&key, Some("at+jwt"), &claims).unwrap();
    assert_eq!(check(&mut world, &other), Err(BearerRefused::NotGood));
}

/// OpenID Connect Core §5.5: by name, beyond the scope, as long as the client may have the scope of the claim.
#[test]
fn tells_claims_that_were_asked_for_by_name() {
    let asked = r#"{"userinfo":{"email":{"essential":true},"nickname":null,"phone_number":null}}"#;
    let mut world = World::new();
    let code = world.code_of("sub-ada", &[("scope", "openid"), ("claims", asked)]);
    let granted = world.redeem(&code, &[]).unwrap();
    let told = check(&mut world, &granted.access_token).unwrap();
    assert_eq!(told, json!({"sub": "sub-ada", "email": "ada@example.org"}));
    // They stay with what comes of the sign-in.
    let granted = world.refresh(granted.refresh_token()).unwrap();
    let told = check(&mut world, &granted.access_token).unwrap();
    assert_eq!(told["email"], "ada@example.org");
}

#[test]
fn an_id_token_tells_claims_that_were_asked_for_by_name() {
    let asked = r#"{"id_token":{"preferred_username":null}}"#;
    let mut world = World::new();
    let code = world.code_of("sub-ada", &[("scope", "openid"), ("claims", asked)]);
    let granted = world.redeem(&code, &[]).unwrap();
    let told = granted.id_token.unwrap();
    assert_eq!(told["preferred_username"], "ada");
    assert_eq!(told.get("email"), None);
}
