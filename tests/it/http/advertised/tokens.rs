//! What the token and userinfo endpoints answer.

use issuant::crypto::jwk_set::JwkSet;
use issuant::crypto::jwt;
use issuant::crypto::verifying_key::VerifyingKey;
use issuant::protocol::grants::token_exchange::ACCESS_TOKEN;
use issuant::protocol::profile::{Address, Names, Profile};
use serde_json::{Value, json};

use crate::http::advertised::app::{App, refused};
use crate::support::foreign::Foreign;
use crate::support::op::TestOp;

/// The claims of a JWT whose signature has this algorithm and a published key.
async fn verified(op: &TestOp, token: &str, algorithm: &str) -> Value {
    let keys = op.get("/jwks.json").await.body;
    let keys = JwkSet::parse(keys.as_bytes()).unwrap();
    let kid = jwt::peek(token).unwrap().key_id;
    let (key, of_key) = keys.find(kid.as_deref(), None).unwrap();
    assert_eq!(of_key.as_str(), algorithm);
    let key = VerifyingKey::new(key, of_key).unwrap();
    jwt::unbound::signed(&key, token, "JWT").unwrap()
}

pub(super) async fn grant(op: &TestOp, value: &str) {
    let app = App::new(op, json!({})).await;
    match value {
        "authorization_code" => assert_eq!(app.sign_in(&[]).await.status, 200),
        "refresh_token" => {
            let token = app.sign_in(&[]).await.token("refresh_token");
            assert_eq!(app.refresh(&token).await.status, 200);
        }
        "client_credentials" => {
            let wanted = [("grant_type", value), ("scope", "read")];
            let reply = op.client("service").post("/token", &wanted).await;
            assert_eq!(reply.status, 200, "{reply:?}");
        }
        "implicit" => {
            let metadata = json!({"grant_types": [value], "response_types": ["id_token"]});
            let app = App::new(op, metadata).await;
            let wanted = [("response_type", "id_token"), ("nonce", "n-1")];
            assert!(app.authorize(&wanted).await.contains("#id_token="));
        }
        "urn:ietf:params:oauth:grant-type:jwt-bearer" => {
            let foreign = Foreign::new();
            op.trust(foreign.trust(&json!({"without_client": true})));
            let form = [
                ("grant_type", value),
                (
                    "assertion",
                    &*foreign.token(&json!({"iat": op.now(), "exp": op.now() + 60})),
                ),
            ];
            let reply = op.anonymous().post("/token", &form).await;
            assert_eq!(reply.status, 200, "{reply:?}");
        }
        "urn:ietf:params:oauth:grant-type:token-exchange" => {
            let service = op.client("service");
            let own = [("grant_type", "client_credentials")];
            let own = service.post("/token", &own).await.token("access_token");
            let wanted = [
                ("grant_type", value),
                ("subject_token", &own),
                ("subject_token_type", ACCESS_TOKEN),
            ];
            let reply = service.post("/token", &wanted).await;
            assert_eq!(reply.json(200)["issued_token_type"], ACCESS_TOKEN);
        }
        _ => panic!("nobody wrote down how to use {value}"),
    }
}

pub(super) async fn no_grant(op: &TestOp, value: &str) {
    let form = [
        ("grant_type", value),
        ("username", "ada"),
        ("password", "any"),
    ];
    let reply = op.client("web").post("/token", &form).await;
    reply.assert_error(400, "unsupported_grant_type", "E1301");
    refused(op, json!({"grant_types": [value]}), "E1808").await;
}

/// OpenID Connect Core §8: everybody is told the same identifier of a person, or each sector one of its own.
pub(super) async fn subject_type(op: &TestOp, value: &str) {
    let mut told = Vec::new();
    for _ in 0..2 {
        let app = App::new(op, json!({"subject_type": value})).await;
        let id_token = app.sign_in(&[]).await.token("id_token");
        told.push(crate::support::op::claims(&id_token)["sub"].clone());
    }
    assert_eq!(told[0], told[1]);
    assert_eq!(told[0] == "sub-ada", value == "public");
}

pub(super) async fn no_subject_type(op: &TestOp, value: &str) {
    refused(op, json!({"subject_type": value}), "E1805").await;
}

pub(super) async fn id_token(op: &TestOp, value: &str) {
    let app = App::new(op, json!({"id_token_signed_response_alg": value})).await;
    let token = app.sign_in(&[]).await.token("id_token");
    assert_eq!(verified(op, &token, value).await["sub"], "sub-ada");
}

pub(super) async fn no_id_token(op: &TestOp, value: &str) {
    let metadata = json!({"id_token_signed_response_alg": value});
    refused(op, metadata, "E1809").await;
}

pub(super) async fn userinfo(op: &TestOp, value: &str) {
    let app = App::new(op, json!({"userinfo_signed_response_alg": value})).await;
    let token = app.sign_in(&[]).await.token("access_token");
    let reply = op.get_with("/userinfo", &token).await;
    assert_eq!(reply.header("content-type"), Some("application/jwt"));
    assert_eq!(verified(op, &reply.body, value).await["sub"], "sub-ada");
}

pub(super) async fn no_userinfo(op: &TestOp, value: &str) {
    let metadata = json!({"userinfo_signed_response_alg": value});
    refused(op, metadata, "E1805").await;
}

/// What is told of Ada, of whom everything is known, to an app that asks for the claim by name (OpenID Connect Core §5.5).
async fn told_of(op: &TestOp, claim: &str) -> (Value, Value) {
    let some = |text: &str| Some(text.to_owned());
    op.store_changed_user("ada", move |user| {
        user.subject.profile = Profile {
            names: Names {
                given_name: some("Ada"),
                family_name: some("Example"),
                middle_name: some("M"),
                nickname: some("adi"),
                profile: some("https://ada.example/me"),
                picture: some("https://ada.example/me.png"),
                website: some("https://ada.example/"),
                gender: some("female"),
                birthdate: some("1815-12-10"),
                zoneinfo: some("Europe/London"),
                locale: some("en-GB"),
            },
            phone_number: some("+44 20 7946 0000"),
            phone_number_verified: Some(true),
            address: Some(Address {
                locality: some("London"),
                ..Address::default()
            }),
            groups: vec!["engines".to_owned()],
        };
    });
    let app = App::new(
        op,
        json!({"scope": "openid profile email address phone roles groups"}),
    )
    .await;
    let wanted = json!({"userinfo": {claim: null}, "id_token": {claim: null}}).to_string();
    let reply = app.sign_in(&[("claims", &wanted)]).await;
    let id_token = crate::support::op::claims(&reply.token("id_token"));
    let userinfo = op.get_with("/userinfo", &reply.token("access_token")).await;
    (id_token, userinfo.json(200))
}

pub(super) async fn claim(op: &TestOp, value: &str) {
    let (id_token, userinfo) = told_of(op, value).await;
    assert_ne!(id_token[value], Value::Null, "{value} of {id_token}");
    // The session is a matter of ID and logout tokens (OpenID Connect Front-Channel Logout §3).
    let is_of_person = value != "sid";
    assert_eq!(userinfo.get(value).is_some(), is_of_person, "{userinfo}");
}

/// OpenID Connect Core §5.5: a claim that is not known is no error, and is left out.
pub(super) async fn no_claim(op: &TestOp, value: &str) {
    let (id_token, userinfo) = told_of(op, value).await;
    assert_eq!((id_token.get(value), userinfo.get(value)), (None, None));
}

/// OpenID Connect Core §5.6: claims stand in the answer itself.
pub(super) async fn claim_type(op: &TestOp, value: &str) {
    assert_eq!(value, "normal");
    claim(op, "email").await;
}

pub(super) async fn no_claim_type(op: &TestOp, _: &str) {
    let (_, userinfo) = told_of(op, "email").await;
    let elsewhere = (userinfo.get("_claim_names"), userinfo.get("_claim_sources"));
    assert_eq!(elsewhere, (None, None));
}
