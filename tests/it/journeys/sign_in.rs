//! From the first click to the day the access is taken away.

use actix_web::test::TestRequest;
use issuant::crypto::jwk_set::JwkSet;
use issuant::crypto::jwt;
use serde_json::json;

use super::on_both_databases;
use crate::support::cast::VERIFIER;
use crate::support::op::{TestOp, WEB, claims};
use crate::support::signer::Signer;

on_both_databases!(
    a_web_app_signs_in_refreshes_loses_a_response_and_is_robbed,
    a_script_signs_in_without_a_secret_and_signs_out,
    two_people_at_one_browser,
    an_app_acts_while_its_person_is_away_until_the_access_is_taken_away,
    a_signed_request_asks_how_the_person_signed_in,
);

async fn a_web_app_signs_in_refreshes_loses_a_response_and_is_robbed(op: TestOp) {
    let mut browser = op.browser();
    let deviations = [("scope", "openid profile read"), ("nonce", "n-1")];
    let code = browser.code("ada", &deviations).await;
    let web = op.client("web");
    let first = web.redeem(&code, WEB).await;
    let id_token = claims(&first.token("id_token"));
    assert_eq!(
        (&id_token["sub"], &id_token["nonce"]),
        (&json!("sub-ada"), &json!("n-1"))
    );

    let bearer = (
        "authorization",
        format!("Bearer {}", first.token("access_token")),
    );
    let person = op
        .send(TestRequest::get().uri("/userinfo").insert_header(bearer))
        .await;
    assert_eq!(person.json(200)["preferred_username"], "ada");
    assert_eq!(
        web.introspect(&first.token("access_token")).await["active"],
        true
    );

    // An hour later the access token is over, and the response to the refresh is lost.
    op.pass(3600);
    assert_eq!(
        web.introspect(&first.token("access_token")).await["active"],
        false
    );
    let lost = web.refresh(&first.token("refresh_token")).await;
    op.pass(5);
    let second = web.refresh(&first.token("refresh_token")).await;
    assert_eq!(second.token("refresh_token"), lost.token("refresh_token"));
    assert_ne!(second.token("access_token"), lost.token("access_token"));

    // The successor is used; from now on the first one is only good for whoever stole it.
    op.pass(300);
    let third = web.refresh(&second.token("refresh_token")).await;
    assert_eq!(
        web.introspect(&third.token("access_token")).await["active"],
        true
    );
    web.refresh(&first.token("refresh_token"))
        .await
        .assert_error(400, "invalid_grant", "E1324");
    web.refresh(&third.token("refresh_token"))
        .await
        .assert_error(400, "invalid_grant", "E1323");
    assert_eq!(
        web.introspect(&third.token("access_token")).await["active"],
        false
    );

    // The person is still signed in here, so the app gets a new access without a question.
    let code = browser
        .code("ada", &[("prompt", "none"), ("scope", "openid")])
        .await;
    assert_eq!(web.redeem(&code, WEB).await.status, 200);
}

async fn a_script_signs_in_without_a_secret_and_signs_out(op: TestOp) {
    let mut browser = op.browser();
    let uri = "https://spa.example/cb";
    let spa = [
        ("client_id", "spa"),
        ("redirect_uri", uri),
        ("scope", "openid read"),
    ];
    let code = browser.code("bob", &spa).await;
    let script = op.client("spa");
    let stolen = [
        ("grant_type", "authorization_code"),
        ("code", &*code),
        ("redirect_uri", uri),
    ];
    script
        .refused("/token", &stolen, (400, "invalid_grant", "E1314"))
        .await;
    let tokens = script.redeem(&code, uri).await;
    let next = script.refresh(&tokens.token("refresh_token")).await;
    assert_eq!(claims(&next.token("access_token"))["sub"], "sub-bob");
    assert!(!tokens.body.contains(VERIFIER));

    let hint = next.token("id_token");
    let out = browser.get(&format!("/logout?id_token_hint={hint}")).await;
    assert_eq!(out.location(), "/logout/done");
    let refused = script.refresh(&next.token("refresh_token")).await;
    refused.assert_error(400, "invalid_grant", "E1323");
}

async fn two_people_at_one_browser(op: TestOp) {
    let mut browser = op.browser();
    let ada = op
        .client("web")
        .redeem(&browser.code("ada", &[]).await, WEB)
        .await;
    // Bob signs in at the same browser: both are signed in now.
    assert_eq!(
        browser.sign_in_at("/login", "bob").await.location(),
        "/account"
    );
    assert!(browser.get("/account").await.body.contains("Bob Example"));
    let web = op.client("web");
    let ada = web.refresh(&ada.token("refresh_token")).await;
    let code = browser.code("bob", &[("login_hint", "bob")]).await;
    let bob = web.redeem(&code, WEB).await;
    assert_eq!(claims(&bob.token("id_token"))["sub"], "sub-bob");
    // Ada signs out: what hung on her session ends, and nothing of Bob's.
    let hint = ada.token("id_token");
    let out = browser.get(&format!("/logout?id_token_hint={hint}")).await;
    assert_eq!(out.location(), "/logout/done");
    let refused = web.refresh(&ada.token("refresh_token")).await;
    refused.assert_error(400, "invalid_grant", "E1323");
    let goes_on = web.refresh(&bob.token("refresh_token")).await;
    assert_eq!(goes_on.status, 200);
    assert!(browser.get("/account").await.body.contains("Bob Example"));
}

async fn an_app_acts_while_its_person_is_away_until_the_access_is_taken_away(op: TestOp) {
    let mut browser = op.browser();
    let code = browser
        .code("ada", &[("scope", "openid offline_access")])
        .await;
    let web = op.client("web");
    let mut refresh = web.redeem(&code, WEB).await.token("refresh_token");
    for _ in 0..12 {
        op.pass(6 * 86_400);
        refresh = web.refresh(&refresh).await.token("refresh_token");
    }
    // The session is long over, so the person signs in again to take the access away.
    let mut browser = op.signed_in("ada").await;
    let page = browser.get("/account").await;
    assert!(page.body.contains("Can act when you are away"));
    let gone = browser.submit(&page, "/account/apps/revoke", &[]).await;
    assert_eq!(gone.location(), "/account?done=app");
    web.refresh(&refresh)
        .await
        .assert_error(400, "invalid_grant", "E1323");
}

async fn a_signed_request_asks_how_the_person_signed_in(op: TestOp) {
    let signer = Signer::new();
    op.store_changed_client("web", |client| {
        client.metadata.jwks = Some(JwkSet::parse(signer.jwks().as_bytes()).unwrap());
    });
    let request = json!({
        "iss": "web", "aud": "https://id.example", "exp": op.now() + 60, "nonce": "n-1", "acr_values": "9 1",
        "claims": { "userinfo": { "acr": null } },
    });
    let object = jwt::sign(&signer.key, Some("oauth-authz-req+jwt"), &request).unwrap();
    let mut browser = op.browser();
    let code = browser.code("ada", &[("request", &object)]).await;
    let web = op.client("web");
    let first = web.redeem(&code, WEB).await;
    let id_token = claims(&first.token("id_token"));
    assert_eq!(
        (&id_token["nonce"], &id_token["acr"]),
        (&json!("n-1"), &json!("1"))
    );
    let signed_in_at = op.now();

    op.pass(3600);
    let second = web.refresh(&first.token("refresh_token")).await;
    assert_eq!(claims(&second.token("id_token"))["acr"], "1");
    let access_token = second.token("access_token");
    let told = web.introspect(&access_token).await;
    assert_eq!(
        (&told["acr"], &told["auth_time"]),
        (&json!("1"), &json!(signed_in_at))
    );
    let person = op.get_with("/userinfo", &access_token).await;
    assert_eq!(person.json(200)["acr"], "1");
}
