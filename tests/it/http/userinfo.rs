//! The userinfo endpoint, and every token that must not open it (RFC 6750, OpenID Connect Core §5.3).

use actix_web::test::TestRequest;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use issuant::crypto::algorithm::Algorithm;
use issuant::crypto::jwt;
use serde_json::{Value, json};

use crate::support::cast;
use crate::support::op::{Reply, TestOp, WEB, claims, form_request, on_sqlite};

/// The answer of the token endpoint to Ada's sign-in.
async fn signed_in(op: &TestOp, scope: &str) -> Reply {
    let code = op.browser().code("ada", &[("scope", scope)]).await;
    op.client("web").redeem(&code, WEB).await
}

async fn ask(op: &TestOp, token: &str) -> Reply {
    op.get_with("/userinfo", token).await
}

/// The token must not be good, and asking changes nothing.
async fn refused(op: &TestOp, token: &str) {
    refused_as(op, token, "E1403").await;
}

async fn refused_as(op: &TestOp, token: &str, id: &str) {
    let before = op.database.remembered();
    let reply = ask(op, token).await;
    reply.assert_error(401, "invalid_token", id);
    let challenge = reply.header("www-authenticate").unwrap();
    assert!(challenge.starts_with("Bearer realm=\"https://id.example\", error=\"invalid_token\""));
    assert_eq!(op.database.remembered(), before);
}

#[test]
fn tells_what_the_scope_reveals() {
    on_sqlite(async |op| {
        let token = signed_in(&op, "openid email").await.token("access_token");
        let told = json!({"sub": "sub-ada", "email": "ada@example.org", "email_verified": true});
        assert_eq!(ask(&op, &token).await.json(200), told);
        let in_body = form_request("/userinfo", &[("access_token", &token)]);
        assert_eq!(op.send(in_body).await.json(200), told);
        let posted = TestRequest::post()
            .uri("/userinfo")
            .insert_header(("authorization", format!("Bearer {token}")));
        assert_eq!(op.send(posted).await.json(200), told);
    });
}

#[test]
fn a_request_without_token_learns_the_scheme_only() {
    on_sqlite(async |op| {
        let reply = op.get("/userinfo").await;
        reply.assert_error(401, "invalid_token", "E1401");
        let challenge = reply.header("www-authenticate");
        assert_eq!(challenge, Some("Bearer realm=\"https://id.example\""));
        // RFC 9700 §4.3.2: a token in the address is not read.
        let token = signed_in(&op, "openid").await.token("access_token");
        let path = format!("/userinfo?access_token={token}");
        op.get(&path)
            .await
            .assert_error(401, "invalid_token", "E1401");
    });
}

#[test]
fn refuses_two_tokens() {
    on_sqlite(async |op| {
        let token = signed_in(&op, "openid").await.token("access_token");
        let request = form_request("/userinfo", &[("access_token", &token)])
            .insert_header(("authorization", format!("Bearer {token}")));
        let reply = op.send(request).await;
        reply.assert_error(400, "invalid_request", "E1402");
        assert!(
            reply
                .header("www-authenticate")
                .unwrap()
                .contains("invalid_request")
        );
    });
}

#[test]
fn needs_the_scope_openid() {
    on_sqlite(async |op| {
        let token = signed_in(&op, "read").await.token("access_token");
        let reply = ask(&op, &token).await;
        reply.assert_error(403, "insufficient_scope", "E1404");
        assert!(
            reply
                .header("www-authenticate")
                .unwrap()
                .ends_with(", scope=\"openid\"")
        );
    });
}

#[test]
fn refuses_an_expired_token() {
    on_sqlite(async |op| {
        let token = signed_in(&op, "openid").await.token("access_token");
        op.pass(300);
        refused_as(&op, &token, "E2101").await;
    });
}

#[test]
fn refuses_a_token_of_another_issuer() {
    on_sqlite(async |op| {
        let token = signed_in(&op, "openid").await.token("access_token");
        let mut forged = claims(&token);
        forged["iss"] = json!("https://evil.example");
        refused(&op, &sign_as_we_do(&forged)).await;
    });
}

#[test]
fn refuses_a_token_that_another_key_signed() {
    on_sqlite(async |op| {
        let token = signed_in(&op, "openid").await.token("access_token");
        let key = cast::new_key(Algorithm::Es256);
        refused(
            &op,
            &jwt::sign(&key, Some("at+jwt"), &claims(&token)).unwrap(),
        )
        .await;
        // The same under the name of our key.
        let (header, rest) = token.split_once('.').unwrap();
        let payload = rest.split_once('.').unwrap().0;
        let signature = key.sign(format!("{header}.{payload}").as_bytes()).unwrap();
        let signature = URL_SAFE_NO_PAD.encode(signature);
        refused(&op, &format!("{header}.{payload}.{signature}")).await;
    });
}

#[test]
fn refuses_an_unsigned_token() {
    on_sqlite(async |op| {
        let token = signed_in(&op, "openid").await.token("access_token");
        let kid = header_of(&token)["kid"].clone();
        for algorithm in ["none", "None", "NONE", ""] {
            let header = json!({"typ": "at+jwt", "alg": algorithm, "kid": kid});
            let unsigned = format!("{}.{}.", part(&header), part(&claims(&token)));
            refused(&op, &unsigned).await;
        }
        let stripped = token.rsplit_once('.').unwrap().0;
        refused(&op, &format!("{stripped}.")).await;
    });
}

/// The oldest trick: the public key, which everybody has, as a shared secret.
#[test]
fn refuses_a_token_keyed_with_our_public_key() {
    on_sqlite(async |op| {
        let token = signed_in(&op, "openid").await.token("access_token");
        let published = op.get("/jwks.json").await.json(200)["keys"][0].clone();
        let header = json!({"typ": "at+jwt", "alg": "HS256", "kid": published["kid"]});
        let signed = format!("{}.{}", part(&header), part(&claims(&token)));
        let x = published["x"].as_str().unwrap();
        for secret in [published.to_string(), x.to_owned()] {
            let key = hmac_key(secret.as_bytes());
            let mac = URL_SAFE_NO_PAD.encode(hmac(&key, signed.as_bytes()));
            refused(&op, &format!("{signed}.{mac}")).await;
        }
    });
}

#[test]
fn refuses_a_refresh_token_and_an_id_token_in_its_place() {
    on_sqlite(async |op| {
        let reply = signed_in(&op, "openid").await;
        refused(&op, &reply.token("refresh_token")).await;
        refused(&op, &reply.token("id_token")).await;
    });
}

#[test]
fn refuses_the_token_of_a_disabled_user() {
    on_sqlite(async |op| {
        let token = signed_in(&op, "openid").await.token("access_token");
        op.store_disabled("ada");
        let reply = ask(&op, &token).await;
        reply.assert_error(401, "invalid_token", "E1403");
    });
}

#[test]
fn answers_only_to_get_and_post() {
    on_sqlite(async |op| {
        let reply = op.send(TestRequest::delete().uri("/userinfo")).await;
        reply.assert_error(405, "invalid_request", "E1007");
        assert_eq!(reply.header("allow"), Some("GET, POST"));
    });
}

fn sign_as_we_do(claims: &Value) -> String {
    let keys = cast::key_set(&[Algorithm::Es256]);
    jwt::sign(
        keys.active(Algorithm::Es256).unwrap(),
        Some("at+jwt"),
        claims,
    )
    .unwrap()
}

fn part(value: &Value) -> String {
    URL_SAFE_NO_PAD.encode(value.to_string())
}

fn header_of(token: &str) -> Value {
    let header = token.split('.').next().unwrap();
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(header).unwrap()).unwrap()
}

fn hmac_key(secret: &[u8]) -> aws_lc_rs::hmac::Key {
    aws_lc_rs::hmac::Key::new(aws_lc_rs::hmac::HMAC_SHA256, secret)
}

fn hmac(key: &aws_lc_rs::hmac::Key, message: &[u8]) -> Vec<u8> {
    aws_lc_rs::hmac::sign(key, message).as_ref().to_vec()
}
