//! Parameters of the authorization request (RFC 6749 §4.1.1, OpenID Connect Core §3.1.2.1).

use serde_json::json;

use crate::http::advertised::app::{App, CALLBACK};
use crate::support::op::{TestOp, claims, hidden_fields, query};

/// The client is told no, at its own address.
async fn refused(op: &TestOp, parameter: (&str, &str), error: &str, id: &str) {
    let app = App::new(op, json!({})).await;
    let reply = op.get(&app.request(&[parameter])).await;
    let told = query(reply.location());
    assert_eq!(told["error"], error, "{told:?}");
    assert!(
        told["error_description"].ends_with(&format!("({id})")),
        "{told:?}"
    );
    assert!(!told.contains_key("code"));
}

pub(super) async fn response_type(op: &TestOp, value: &str) {
    let has = |word: &str| value.split(' ').any(|it| it == word);
    let grants = match (has("code"), has("token") || has("id_token")) {
        (true, false) => json!(["authorization_code"]),
        (true, true) => json!(["authorization_code", "implicit"]),
        (false, _) => json!(["implicit"]),
    };
    let app = App::new(
        op,
        json!({"response_types": [value], "grant_types": grants}),
    )
    .await;
    let wanted = [("response_type", value), ("nonce", "n-1")];
    let told = query(&app.authorize(&wanted).await.replace('#', "?"));
    for (word, name) in [
        ("code", "code"),
        ("token", "access_token"),
        ("id_token", "id_token"),
    ] {
        assert_eq!(told.contains_key(name), has(word), "{told:?}");
    }
}

pub(super) async fn no_response_type(op: &TestOp, value: &str) {
    let wanted = ("response_type", value);
    refused(op, wanted, "unsupported_response_type", "E1205").await;
}

pub(super) async fn response_mode(op: &TestOp, value: &str) {
    let app = App::new(op, json!({})).await;
    // What she agreed to once she is not asked again, so the answer comes at once.
    let mut browser = op.browser();
    browser.authorize("ada", &app.deviating(&[])).await;
    let reply = browser.get(&app.request(&[("response_mode", value)])).await;
    let before = |mark: &str| format!("{CALLBACK}{mark}code=iac_");
    match value {
        "query" => assert!(reply.location().starts_with(&before("?")), "{reply:?}"),
        "fragment" => assert!(reply.location().starts_with(&before("#")), "{reply:?}"),
        "form_post" => {
            let fields = hidden_fields(&reply.body, CALLBACK);
            assert!(fields.iter().any(|(name, _)| name == "code"), "{fields:?}");
        }
        _ => panic!("nobody wrote down what {value} answers"),
    }
}

pub(super) async fn no_response_mode(op: &TestOp, value: &str) {
    refused(op, ("response_mode", value), "invalid_request", "E1213").await;
}

pub(super) async fn challenge_method(op: &TestOp, value: &str) {
    let app = App::new(op, json!({})).await;
    let reply = app.sign_in(&[("code_challenge_method", value)]).await;
    assert_eq!(reply.status, 200, "{reply:?}");
}

pub(super) async fn no_challenge_method(op: &TestOp, value: &str) {
    let wanted = ("code_challenge_method", value);
    refused(op, wanted, "invalid_request", "E1209").await;
}

/// What somebody sees who signed in a moment ago and has agreed.
pub(super) async fn prompt(op: &TestOp, value: &str) {
    let app = App::new(op, json!({})).await;
    let mut browser = op.browser();
    browser.authorize("ada", &app.deviating(&[])).await;
    op.pass(1);
    let reply = browser.get(&app.request(&[("prompt", value)])).await;
    let page = reply.location().split('?').next().unwrap();
    match value {
        "none" => assert_eq!(page, CALLBACK),
        "login" => assert_eq!(page, "/login"),
        "select_account" => assert_eq!(page, "/accounts"),
        "create" => assert_eq!(page, "/sign-up"),
        "consent" => assert_eq!(page, "/consent"),
        _ => panic!("nobody wrote down what {value} shows"),
    }
}

pub(super) async fn no_prompt(op: &TestOp, value: &str) {
    refused(op, ("prompt", value), "invalid_request", "E1211").await;
}

/// The class is reached, and told.
pub(super) async fn acr(op: &TestOp, value: &str) {
    let app = App::new(op, json!({})).await;
    let id_token = app
        .sign_in(&[("acr_values", value)])
        .await
        .token("id_token");
    assert_eq!(claims(&id_token)["acr"], value);
}

/// A class that a client cannot do without is refused (Unmet Authentication Requirements §2).
pub(super) async fn no_acr(op: &TestOp, value: &str) {
    let wanted = json!({"id_token": {"acr": {"essential": true, "values": [value]}}}).to_string();
    let parameter = ("claims", &*wanted);
    refused(op, parameter, "unmet_authentication_requirements", "E1250").await;
}

/// The one sign-in page, in English.
pub(super) async fn shown(op: &TestOp, parameter: &str, value: &str) {
    let app = App::new(op, json!({})).await;
    let mut browser = op.browser();
    let to = browser
        .get(&app.request(&[(parameter, value)]))
        .await
        .location()
        .to_owned();
    let page = browser.get(&to).await;
    assert!(page.body.contains("<html lang=\"en\""), "{page:?}");
    assert!(page.body.contains("id=\"sign-in\""), "{page:?}");
}

pub(super) async fn scope(op: &TestOp, value: &str) {
    let all = "openid profile email address phone roles groups offline_access";
    let app = App::new(op, json!({"scope": all})).await;
    let wanted = if value == "openid" {
        value.to_owned()
    } else {
        format!("openid {value}")
    };
    let granted = app.sign_in(&[("scope", &wanted)]).await.json(200);
    let granted = granted["scope"].as_str().unwrap().split(' ');
    assert!(granted.into_iter().any(|it| it == value), "{value}");
}

pub(super) async fn no_scope(op: &TestOp, value: &str) {
    let wanted = format!("openid {value}");
    refused(op, ("scope", &wanted), "invalid_scope", "E1207").await;
}
