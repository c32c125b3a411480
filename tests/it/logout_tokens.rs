//! Logout tokens of the real binary, on their way to a relying party that believes nothing it has not checked (OpenID
//! Connect Back-Channel Logout §2.6).

use std::time::{Duration, Instant};

use jsonwebtoken::jwk::JwkSet;
use jsonwebtoken::{DecodingKey, Validation};
use serde_json::{Value, json};
use url::form_urlencoded;

use crate::support::cast::CHALLENGE;
use crate::support::person::Person;
use crate::support::server_process::Installation;
use crate::support::stub::Stub;

const PASSWORD: &str = "copper lantern drifts north";

/// An installation with the shop, which is told at the stub, and with Maya.
fn furnish(installation: &Installation, shop: &Stub) {
    let metadata = json!({"backchannel_logout_uri": shop.http("/out?tenant=1")}).to_string();
    let cb = shop.http("/cb");
    let create = [
        "client",
        "create",
        "shop",
        "--redirect-uri",
        &cb,
        "--auth-method",
        "none",
        "--metadata",
        &metadata,
    ];
    installation.run(&create, "");
    let maya = ["user", "create", "maya", "--password-file", "-"];
    installation.run(&maya, PASSWORD);
}

/// Maya signs in at the shop.
async fn sign_in(issuer: &str, shop: &Stub) {
    let cb = shop.http("/cb");
    let request = form_urlencoded::Serializer::new(String::new())
        .append_pair("response_type", "code")
        .append_pair("client_id", "shop")
        .append_pair("redirect_uri", &cb)
        .append_pair("scope", "openid")
        .append_pair("code_challenge", CHALLENGE)
        .append_pair("code_challenge_method", "S256")
        .finish();
    let mut maya = Person::new("maya", PASSWORD);
    let answer = maya
        .authorize(&format!("{issuer}/authorize?{request}"))
        .await;
    assert!(answer.as_str().starts_with(&cb), "{answer}");
}

/// Waits for so many posts to the shop.
async fn posts(shop: &Stub, count: usize) -> Vec<String> {
    let began = Instant::now();
    loop {
        let mut requests = shop.requests();
        requests.retain(|request| request.starts_with("POST /out?tenant=1 "));
        if requests.len() >= count {
            return requests;
        }
        let waited = began.elapsed();
        assert!(waited < Duration::from_mins(1), "{requests:?}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// Waits until the list says so of its one line.
async fn until(installation: &Installation, state: &str) -> Value {
    let began = Instant::now();
    loop {
        let listed = installation.run(&["logout", "list"], "");
        let line = &listed["logouts"][0];
        if line["state"] == state {
            assert_eq!(listed["logouts"].as_array().unwrap().len(), 1);
            return line.clone();
        }
        assert!(began.elapsed() < Duration::from_mins(1), "{listed}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// The claims of the token in a post, after all checks that a relying party makes.
async fn verified(issuer: &str, post: &str) -> Value {
    let (head, body) = post.split_once("\r\n\r\n").unwrap();
    let form = "content-type: application/x-www-form-urlencoded";
    assert!(head.to_ascii_lowercase().contains(form), "{head}");
    let fields: Vec<_> = form_urlencoded::parse(body.as_bytes()).collect();
    let [(name, token)] = &fields[..] else {
        panic!("{body}")
    };
    assert_eq!(name, "logout_token");
    let document = async |address: &str| -> Value {
        let answer = reqwest::get(address).await.unwrap().text().await.unwrap();
        serde_json::from_str(&answer).unwrap()
    };
    let metadata = document(&format!("{issuer}/.well-known/openid-configuration")).await;
    assert_eq!(metadata["issuer"], issuer);
    let keys = document(metadata["jwks_uri"].as_str().unwrap()).await;
    let keys: JwkSet = serde_json::from_value(keys).unwrap();
    let header = jsonwebtoken::decode_header(&**token).unwrap();
    assert_eq!(header.typ.as_deref(), Some("logout+jwt"));
    let key = keys.find(&header.kid.unwrap()).unwrap();
    let mut validation = Validation::new(header.alg);
    validation.set_issuer(&[issuer]);
    validation.set_audience(&["shop"]);
    validation.set_required_spec_claims(&["iss", "aud", "exp", "sub"]);
    let key = DecodingKey::from_jwk(key).unwrap();
    let claims = jsonwebtoken::decode::<Value>(&**token, &key, &validation);
    let claims = claims.unwrap().claims;
    let event = "http://schemas.openid.net/event/backchannel-logout";
    assert_eq!(claims["events"], json!({event: {}}));
    assert_eq!(claims.get("nonce"), None);
    assert!(claims["iat"].is_i64() && claims["jti"].is_string());
    claims
}

/// Two nodes look at the queue every second; the client hears once.
async fn one_of_two_nodes_delivers(installation: Installation) {
    let shop = Stub::answering(None, "204 No Content", "");
    furnish(&installation, &shop);
    let _first = installation.serve();
    let (_second, _) = installation.serve_beside();
    sign_in(&installation.issuer(), &shop).await;
    installation.run(&["user", "set", "maya", "--disable"], "");
    let line = until(&installation, "delivered").await;
    assert_eq!(
        (&line["client_id"], &line["tries"]),
        (&"shop".into(), &1.into())
    );
    let claims = verified(&installation.issuer(), &posts(&shop, 1).await[0]).await;
    assert_eq!(
        (&claims["sub"], &claims["sid"]),
        (&line["sub"], &line["sid"])
    );
    tokio::time::sleep(Duration::from_secs(3)).await;
    assert_eq!(posts(&shop, 1).await.len(), 1);
}

#[tokio::test]
async fn one_of_two_nodes_delivers_on_postgres() {
    if let Some(installation) = Installation::on_postgres() {
        one_of_two_nodes_delivers(installation).await;
    }
}

#[tokio::test]
async fn one_of_two_processes_delivers_on_sqlite() {
    one_of_two_nodes_delivers(Installation::on_sqlite()).await;
}

/// What is owed outlives the servers: it is there when one starts again, and is tried again when the client said no.
#[tokio::test]
async fn what_is_owed_outlives_the_server_and_a_refusal() {
    let refused = std::sync::atomic::AtomicBool::new(false);
    let shop = Stub::start(None, move |request, to| {
        let is_first = !refused.swap(true, std::sync::atomic::Ordering::SeqCst);
        let status = if request.starts_with("POST") && is_first {
            "503 Service Unavailable"
        } else {
            "200 OK"
        };
        // The other side may have gone away.
        _ = crate::support::stub::write_answer(to, status, "");
    });
    let installation = Installation::on_sqlite();
    furnish(&installation, &shop);
    let mut server = installation.serve();
    sign_in(&installation.issuer(), &shop).await;
    server.kill();
    installation.run(
        &["user", "password", "maya", "--password-file", "-"],
        "another lantern",
    );
    assert_eq!(shop.requests(), [""; 0]);
    let _server = installation.serve();
    posts(&shop, 1).await;
    let began = Instant::now();
    let waiting = until(&installation, "waiting").await;
    if waiting["failure"] == Value::Null {
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
    let waiting = until(&installation, "waiting").await;
    assert_eq!(waiting["failure"], "the answer has the status 503");
    let delivered = until(&installation, "delivered").await;
    assert_eq!(delivered["tries"], 2);
    assert!(began.elapsed() >= Duration::from_secs(13), "too early");
    let posts = posts(&shop, 2).await;
    let first = verified(&installation.issuer(), &posts[0]).await;
    let second = verified(&installation.issuer(), &posts[1]).await;
    assert_eq!(first["sid"], second["sid"]);
    assert_ne!(first["jti"], second["jti"]);
}
