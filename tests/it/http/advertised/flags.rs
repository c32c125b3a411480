//! Members that say yes or no.

use serde_json::json;

use crate::http::advertised::app::App;
use crate::http::advertised::objects;
use crate::support::op::{TestOp, claims, encode, query};

/// Takes the flag by its word, whichever it is.
pub(super) async fn exercise(op: &TestOp, member: &str, value: bool) {
    match (member, value) {
        ("claims_parameter_supported", true) => claims_by_name(op).await,
        ("request_parameter_supported", true) => objects::request_object(op, "ES256").await,
        ("request_uri_parameter_supported", true) => objects::request_uri(op).await,
        ("authorization_response_iss_parameter_supported", true) => names_itself(op).await,
        // Each pair is one thing: a client of ours always gets the session.
        ("frontchannel_logout_supported" | "frontchannel_logout_session_supported", true) => {
            tells_in_frames(op).await;
        }
        ("backchannel_logout_supported" | "backchannel_logout_session_supported", true) => {
            tells_from_behind(op).await;
        }
        _ => panic!("nobody wrote down what {member} = {value} means"),
    }
}

async fn claims_by_name(op: &TestOp) {
    let app = App::new(op, json!({})).await;
    let wanted = ("claims", r#"{"id_token":{"email":null}}"#);
    let with = app.sign_in(&[wanted]).await.token("id_token");
    let without = app.sign_in(&[]).await.token("id_token");
    assert_eq!(claims(&with)["email"], "ada@example.org");
    assert_eq!(claims(&without).get("email"), None);
}

/// RFC 9207 §2.
async fn names_itself(op: &TestOp) {
    let app = App::new(op, json!({})).await;
    let told = query(&app.authorize(&[]).await);
    assert_eq!(told["iss"], op.state.site.issuer);
}

/// Ada signs in to an app with this address and out again. The `sid` of the sign-in, and the last page.
async fn signed_out(op: &TestOp, member: &str) -> (String, String) {
    let app = App::new(op, json!({member: "https://new.example/out"})).await;
    let mut browser = op.browser();
    let address = browser.authorize("ada", &app.deviating(&[])).await;
    let id_token = app.redeem(&address).await.token("id_token");
    let leave = format!("/logout?{}", encode(&[("id_token_hint", &id_token)]));
    let page = browser.get(&leave).await;
    page.location_or_page();
    let sid = claims(&id_token)["sid"].as_str().unwrap().to_owned();
    (sid, page.body)
}

/// OpenID Connect Front-Channel Logout §2.
async fn tells_in_frames(op: &TestOp) {
    let (sid, page) = signed_out(op, "frontchannel_logout_uri").await;
    assert!(page.contains("<iframe"), "{page}");
    assert!(page.contains("https://new.example/out?iss="), "{page}");
    assert!(page.contains(&format!("sid={sid}")), "{page}");
}

/// OpenID Connect Back-Channel Logout §2.5: what is posted is the matter of `journeys/back_channel.rs`.
async fn tells_from_behind(op: &TestOp) {
    let owed = || op.database.number("count(*) FROM logout_notices");
    let before = owed();
    signed_out(op, "backchannel_logout_uri").await;
    assert_eq!(owed(), before + 1);
}
