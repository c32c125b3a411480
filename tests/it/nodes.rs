//! Two nodes of the real binary on one PostgreSQL database.

use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use reqwest::StatusCode;
use reqwest::header::{AUTHORIZATION, CONTENT_TYPE};
use serde_json::Value;
use url::form_urlencoded;

use crate::support::person::Person;
use crate::support::server_process::Installation;

const PASSWORD: &str = "copper lantern drifts north";
const SECRET: &str = "a-secret-brought-by-a-test";
const REDIRECT_URI: &str = "http://127.0.0.1/callback";

/// RFC 7636 appendix B.
const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

#[tokio::test]
async fn two_nodes_are_one_server() {
    let Some(installation) = Installation::on_postgres() else {
        return;
    };
    register_app(&installation);
    let mut first = installation.serve();
    let (_second, second_address) = installation.serve_beside();

    // A code of the first is redeemed at the second.
    let code = authorize(&installation.issuer()).await;
    let redemption = [
        ("grant_type", "authorization_code"),
        ("code", &code),
        ("redirect_uri", REDIRECT_URI),
        ("code_verifier", VERIFIER),
    ];
    let (status, tokens) = token(&second_address, "app", &redemption).await;
    assert_eq!(status, StatusCode::OK, "{tokens}");
    assert_eq!(issuer_of(&tokens["access_token"]), installation.issuer());

    // What the second issued is known to the first.
    let access_token = tokens["access_token"].as_str().unwrap();
    let (_, facts) = post(
        &installation.issuer(),
        "/introspect",
        "app",
        &[("token", access_token)],
    )
    .await;
    assert_eq!(facts["active"], true, "{facts}");

    // A code redeemed at the second is used up at the first, too.
    let (status, answer) = token(&installation.issuer(), "app", &redemption).await;
    assert_eq!(
        (status, &answer["error"]),
        (StatusCode::BAD_REQUEST, &Value::from("invalid_grant"))
    );
    let code = authorize(&installation.issuer()).await;
    let redemption = [
        ("grant_type", "authorization_code"),
        ("code", &code),
        ("redirect_uri", REDIRECT_URI),
        ("code_verifier", VERIFIER),
    ];
    let (_, tokens) = token(&installation.issuer(), "app", &redemption).await;

    // The first dies at once; what it has promised is kept by the other.
    first.kill();
    let refresh_token = tokens["refresh_token"].as_str().unwrap();
    let refresh = [
        ("grant_type", "refresh_token"),
        ("refresh_token", refresh_token),
    ];
    let (status, tokens) = token(&second_address, "app", &refresh).await;
    assert_eq!(status, StatusCode::OK, "{tokens}");
}

/// What an operator changes beside the servers: a new client, one more secret, one secret less, a disabled client.
#[tokio::test]
async fn all_nodes_know_of_a_change_within_a_second() {
    let Some(installation) = Installation::on_postgres() else {
        return;
    };
    let _first = installation.serve();
    let (_second, second_address) = installation.serve_beside();
    let nodes = [installation.issuer(), second_address];
    let change = |arguments: &[&str], input: &str| installation.run(arguments, input);
    create_client(&installation, "late", &["--grant", "client_credentials"]);
    until(&nodes, SECRET, StatusCode::OK).await;
    let added = change(&["client", "secret", "add", "late", "--show-secret"], "");
    let new = added["client_secret"].as_str().unwrap();
    until(&nodes, new, StatusCode::OK).await;
    let id = added["secret_id"].as_str().unwrap();
    change(&["client", "secret", "remove", "late", id, "--yes"], "");
    until(&nodes, new, StatusCode::UNAUTHORIZED).await;
    change(&["client", "set", "late", "--disable"], "");
    until(&nodes, SECRET, StatusCode::UNAUTHORIZED).await;
}

/// Waits until each of the nodes answers the client so, which it does within a second.
async fn until(nodes: &[String], secret: &str, expected: StatusCode) {
    let changed = Instant::now();
    for node in nodes {
        let request = [("grant_type", "client_credentials")];
        loop {
            let asked_after = changed.elapsed();
            let (status, answer) = post_as(node, "/token", ("late", secret), &request).await;
            if status == expected {
                break;
            }
            assert!(
                asked_after < Duration::from_secs(1),
                "{node} does not know of it after {asked_after:?}: {status} {answer}"
            );
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
}

fn register_app(installation: &Installation) {
    create_client(
        installation,
        "app",
        &[
            "--redirect-uri",
            REDIRECT_URI,
            "--scope",
            "openid offline_access",
        ],
    );
    let maya = ["user", "create", "maya", "--password-file", "-"];
    installation.run(&maya, PASSWORD);
}

fn create_client(installation: &Installation, id: &str, settings: &[&str]) {
    let mut arguments = vec!["client", "create", id, "--secret-file", "-"];
    arguments.extend(settings);
    installation.run(&arguments, SECRET);
}

/// Signs Maya in and returns the authorization code.
async fn authorize(issuer: &str) -> String {
    let request = form_urlencoded::Serializer::new(String::new())
        .append_pair("response_type", "code")
        .append_pair("client_id", "app")
        .append_pair("redirect_uri", REDIRECT_URI)
        .append_pair("scope", "openid offline_access")
        .append_pair("prompt", "consent")
        .append_pair("state", "state")
        .append_pair("code_challenge", CHALLENGE)
        .append_pair("code_challenge_method", "S256")
        .finish();
    let mut maya = Person::new("maya", PASSWORD);
    let answer = maya
        .authorize(&format!("{issuer}/authorize?{request}"))
        .await;
    let code = answer.query_pairs().find(|(name, _)| name == "code");
    let (_, code) = code.unwrap_or_else(|| panic!("no code in {answer}"));
    code.into_owned()
}

async fn token(server: &str, client: &str, fields: &[(&str, &str)]) -> (StatusCode, Value) {
    post(server, "/token", client, fields).await
}

async fn post(
    server: &str,
    path: &str,
    client: &str,
    fields: &[(&str, &str)],
) -> (StatusCode, Value) {
    post_as(server, path, (client, SECRET), fields).await
}

async fn post_as(
    server: &str,
    path: &str,
    (client, secret): (&str, &str),
    fields: &[(&str, &str)],
) -> (StatusCode, Value) {
    let content = form_urlencoded::Serializer::new(String::new())
        .extend_pairs(fields)
        .finish();
    let basic = STANDARD.encode(format!("{client}:{secret}"));
    let response = reqwest::Client::new()
        .post(format!("{server}{path}"))
        .header(AUTHORIZATION, format!("Basic {basic}"))
        .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
        .body(content)
        .send()
        .await
        .unwrap();
    let status = response.status();
    let body = response.text().await.unwrap();
    let json =
        serde_json::from_str(&body).unwrap_or_else(|error| panic!("{status} {error}: {body}"));
    (status, json)
}

/// The claim `iss` of an access token.
fn issuer_of(access_token: &Value) -> String {
    let payload = access_token.as_str().unwrap().split('.').nth(1).unwrap();
    let bytes = base64::engine::general_purpose::URL_SAFE_NO_PAD
        .decode(payload)
        .unwrap();
    let claims: Value = serde_json::from_slice(&bytes).unwrap();
    claims["iss"].as_str().unwrap().to_owned()
}
