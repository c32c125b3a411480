//! S4: what callers of Nuxeo's token service rely on.

use aws_lc_rs::hmac as mac;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use issuant::TokenBuilder;
use issuant::crypto::secret::SecretBytes;
use issuant::protocol::shared_secret::{SharedSecret, SharedSecrets};
use serde_json::{Value, json};

use super::tokens::{get, get_with, once_refused, part, set, stderr, stdout};
use super::{Told, made_client, on_both_databases, with_form};
use crate::support::server_process::{Installation, ServerProcess};

const PASSWORD: &str = "copper lantern drifts north";

/// The signature of a token that somebody else makes.
pub(super) fn hmac(alg: &str, secret: &[u8], message: &str) -> String {
    let algorithm = match alg {
        "HS256" => mac::HMAC_SHA256,
        _ => mac::HMAC_SHA512,
    };
    let key = mac::Key::new(algorithm, secret);
    URL_SAFE_NO_PAD.encode(mac::sign(&key, message.as_bytes()))
}

fn secret_of(letter: char) -> String {
    letter.to_string().repeat(64)
}

/// Writes the file of secrets, the first of which signs.
fn secrets(installation: &Installation, entries: &Value) -> String {
    let path = installation.directory().join("secrets.json");
    std::fs::write(&path, entries.to_string()).unwrap();
    allow(&path, 0o600);
    path.display().to_string()
}

fn allow(path: &std::path::Path, mode: u32) {
    let permissions = std::os::unix::fs::PermissionsExt::from_mode(mode);
    std::fs::set_permissions(path, permissions).unwrap();
}

/// An installation with the user Ada and one secret.
fn furnished(installation: &mut Installation) {
    let create = ["user", "create", "ada", "--password-file", "-"];
    installation.run(&create, PASSWORD);
    let file = secrets(
        installation,
        &json!([{"kid": "a", "secret": secret_of('a')}]),
    );
    set(installation, "ISSUANT_SHARED_SECRET_KEYS_FILE", &file);
    set(installation, "ISSUANT_SHARED_SECRET_ISSUER", "nuxeo");
}

fn issue(installation: &Installation, more: &[&str]) -> String {
    let issue = [
        "token",
        "issue",
        "--profile",
        "shared-secret",
        "--user",
        "ada",
    ];
    let output = installation.try_run(&[&issue[..], more].concat(), "");
    assert!(output.status.success(), "{output:?}");
    stdout(&output).trim_end().to_owned()
}

fn verify(server: &ServerProcess) -> String {
    server.at("/verify")
}

/// Signs claims as a program does that has the secret.
fn sign(alg: &str, secret: &[u8], claims: &Value) -> String {
    let header = json!({"alg": alg, "typ": "JWT"}).to_string();
    let encode = |text: String| URL_SAFE_NO_PAD.encode(text);
    let message = format!("{}.{}", encode(header), encode(claims.to_string()));
    let tag = hmac(alg, secret, &message);
    format!("{message}.{tag}")
}

async fn s4_check_1_another_node_verifies_what_it_never_saw(mut installation: Installation) {
    furnished(&mut installation);
    let token = issue(&installation, &[]);
    let mut other = Installation::on_sqlite();
    furnished(&mut other);
    let server = other.serve();
    assert_eq!(get_with(&verify(&server), &token).await.status, 200);
    drop(server);
    secrets(&other, &json!([{"kid": "a", "secret": secret_of('b')}]));
    let server = other.serve();
    assert_eq!(get_with(&verify(&server), &token).await.status, 401);
}

async fn s4_check_2_no_secret_a_short_one_and_a_good_one(mut installation: Installation) {
    let create = ["user", "create", "ada", "--password-file", "-"];
    installation.run(&create, PASSWORD);
    let issue_one = [
        "token",
        "issue",
        "--profile",
        "shared-secret",
        "--user",
        "ada",
    ];
    let refused = installation.try_run(&issue_one, "");
    assert!(stderr(&refused).contains("no shared secret is configured"));
    assert_eq!(stdout(&refused), "");
    let server = installation.serve();
    let claims = json!({"iss": "nuxeo", "sub": "ada", "aud": "nuxeo", "exp": 4_000_000_000_i64});
    for secret in [&b""[..], &[b'a'; 64]] {
        let token = sign("HS512", secret, &claims);
        assert_eq!(get_with(&verify(&server), &token).await.status, 401);
    }
    drop(server);
    for content in [
        json!([{"kid": "a", "secret": "eleven byte"}]),
        json!([{"kid": "a", "secret": ""}]),
        json!([]),
        json!([{"kid": "a"}]),
        json!([{"kid": "a", "secret": secret_of('a')}, {"kid": "a", "secret": secret_of('b')}]),
    ] {
        let file = secrets(&installation, &content);
        set(&mut installation, "ISSUANT_SHARED_SECRET_KEYS_FILE", &file);
        let start = installation.try_run(&["serve", "--listen", "127.0.0.1:0"], "");
        assert_eq!(start.status.code(), Some(3), "{start:?}");
        assert!(stderr(&start).contains("E0103") && !stderr(&start).contains("eleven"));
    }
    let file = installation.directory().join("secret");
    std::fs::write(&file, secret_of('a')).unwrap();
    let keys = secrets(&installation, &json!([{"kid": "a", "secret_file": file}]));
    set(&mut installation, "ISSUANT_SHARED_SECRET_KEYS_FILE", &keys);
    allow(&file, 0o644);
    let start = installation.try_run(&["serve", "--listen", "127.0.0.1:0"], "");
    assert_eq!(start.status.code(), Some(3), "{start:?}");
    assert!(stderr(&start).contains("chmod 600"));
    allow(&file, 0o600);
    let server = installation.serve();
    let token = issue(&installation, &[]);
    assert_eq!(get_with(&verify(&server), &token).await.status, 200);
}

async fn s4_check_3_what_the_builder_says(mut installation: Installation) {
    furnished(&mut installation);
    let secret = SecretBytes::new(secret_of('a').into_bytes());
    let secret = SharedSecret::new("a", secret).unwrap();
    let secrets = SharedSecrets::new("nuxeo", "nuxeo", vec![secret]).unwrap();
    let build = |ttl: i64| TokenBuilder::new(&secrets, "ada").ttl(ttl).build().unwrap();
    for ttl in [0, -5, 3600] {
        let claims = part(&build(ttl), 1);
        let life = claims["exp"].as_i64().unwrap() - claims["iat"].as_i64().unwrap();
        assert_eq!(life, 3600, "{ttl}");
        assert_eq!(
            (&claims["iss"], &claims["sub"]),
            (&json!("nuxeo"), &json!("ada"))
        );
        assert!(claims["jti"].is_string());
    }
    let refused = TokenBuilder::new(&secrets, "ada").claim("exp", 1).build();
    assert!(refused.is_err());
    let refused = installation.try_run(
        &[
            "token",
            "issue",
            "--profile",
            "shared-secret",
            "--user",
            "ada",
            "--claim",
            "a={}",
        ],
        "",
    );
    assert!(!refused.status.success());
    let server = installation.serve();
    let token = build(2);
    assert_eq!(get_with(&verify(&server), &token).await.status, 200);
    let late = once_refused(&verify(&server), &token).await;
    assert_eq!(late.status, 401);
    assert!(late.challenge.contains("expired"));
}

async fn s4_check_4_the_header_in_any_case(mut installation: Installation) {
    furnished(&mut installation);
    let server = installation.serve();
    let token = issue(&installation, &[]);
    for (header, status) in [
        (format!("Bearer {token}"), 200),
        (format!("bearer {token}"), 200),
        ("Bearer ".to_owned(), 401),
        ("Bearer".to_owned(), 401),
        (token, 401),
    ] {
        let answer = get(&verify(&server), &[("authorization", &header)]).await;
        assert_eq!(answer.status, status, "{header}");
    }
}

async fn s4_check_5_a_token_in_the_address_where_the_route_takes_one(
    mut installation: Installation,
) {
    furnished(&mut installation);
    set(&mut installation, "ISSUANT_TRUSTED_PROXIES", "127.0.0.1");
    set(
        &mut installation,
        "ISSUANT_FORWARD_AUTH_QUERY_TOKEN_PATHS",
        "/wopi",
    );
    set(&mut installation, "ISSUANT_LOG_LEVEL", "debug");
    let server = installation.serve();
    let token = issue(&installation, &[]);
    let uri = |path: &str| format!("{path}?access_token={token}");
    let asked = async |header: &str, path: &str| {
        let uri = uri(path);
        get(&verify(&server), &[(header, &uri)]).await.status
    };
    assert_eq!(asked("x-original-uri", "/wopi/files/1").await, 200);
    assert_eq!(asked("x-forwarded-uri", "/wopi/files/1").await, 200);
    assert_eq!(asked("x-original-uri", "/documents/1").await, 401);
    assert_eq!(asked("x-original-uri", "/wopi/../documents/1").await, 401);
    let (open, bearer) = (uri("/wopi/files/1"), format!("Bearer {token}"));
    for authorization in [&bearer, "Basic YTpi"] {
        let both = [
            ("x-original-uri", open.as_str()),
            ("authorization", authorization),
        ];
        let both = get(&verify(&server), &both).await;
        assert_eq!(both.status, 400);
        assert!(both.body.contains("invalid_request") && both.body.contains("E1402"));
    }
    // Two proxies that tell different things tell nothing.
    let differ = [
        ("x-original-uri", open.as_str()),
        ("x-forwarded-uri", "/other"),
    ];
    assert_eq!(get(&verify(&server), &differ).await.status, 401);
    // The address of the question itself is no such place.
    let direct = server.at(&format!("/verify?access_token={token}"));
    assert_eq!(get(&direct, &[]).await.status, 401);
    let log = server.written();
    assert!(
        !log.contains(&token) && !log.contains("access_token="),
        "{log}"
    );
    drop(server);
    set(&mut installation, "ISSUANT_TRUSTED_PROXIES", "192.0.2.1");
    let server = installation.serve();
    let told = [("x-original-uri", open.as_str())];
    assert_eq!(get(&verify(&server), &told).await.status, 401);
}

async fn s4_check_6_forged_tokens_are_refused(mut installation: Installation) {
    furnished(&mut installation);
    set(
        &mut installation,
        "ISSUANT_SIGNING_ALGORITHMS",
        "ES256,RS256",
    );
    let server = installation.serve();
    let token = issue(&installation, &[]);
    let (rest, last) = token.split_at(token.len() - 2);
    let other_last = if last == "AA" { "AQ" } else { "AA" };
    let claims = part(&token, 1);
    let jwks = get(&server.at("/jwks.json"), &[]).await.body;
    let jwks: Value = serde_json::from_str(&jwks).unwrap();
    let keys = jwks["keys"].as_array().unwrap();
    let rsa = keys.iter().find(|key| key["kty"] == "RSA").unwrap();
    let encode = |text: String| URL_SAFE_NO_PAD.encode(text);
    let none = format!(
        "{}.{}.",
        encode(json!({"alg": "none", "typ": "JWT"}).to_string()),
        encode(claims.to_string())
    );
    let attacker = issuant::crypto::signing_key::SigningKey::generate(
        issuant::crypto::algorithm::Algorithm::Rs256,
        issuant::crypto::signing_key::RsaBits::B2048,
    );
    let attacker = issuant::crypto::jwt::sign(&attacker.unwrap().0, Some("JWT"), &claims).unwrap();
    let own = secret_of('a');
    for forged in [
        format!("{rest}{other_last}"),
        none,
        attacker,
        sign("HS512", rsa.to_string().as_bytes(), &claims),
        sign("HS512", rsa["n"].as_str().unwrap().as_bytes(), &claims),
        // The right secret, and another algorithm than the one of the profile.
        sign("HS256", own.as_bytes(), &claims),
    ] {
        let refused = get_with(&verify(&server), &forged).await;
        assert_eq!(refused.status, 401, "{forged}");
        assert!(refused.challenge.contains("error=\"invalid_token\""));
    }
    // A claim that is missing grants nothing (RFC 8725 §3.8, §3.9; `exp` is mandatory).
    for missing in ["iss", "sub", "aud", "exp"] {
        let mut claims = claims.clone();
        claims.as_object_mut().unwrap().remove(missing);
        let token = sign("HS512", own.as_bytes(), &claims);
        assert_eq!(
            get_with(&verify(&server), &token).await.status,
            401,
            "{missing}"
        );
    }
    // One of another program that has the secret, and names no key.
    let foreign = sign("HS512", own.as_bytes(), &claims);
    assert_eq!(get_with(&verify(&server), &foreign).await.status, 200);
    // Nothing but forward-auth takes it.
    assert_eq!(get_with(&server.at("/userinfo"), &token).await.status, 401);
}

async fn s4_check_7_an_audience_that_is_a_path(mut installation: Installation) {
    furnished(&mut installation);
    set(&mut installation, "ISSUANT_TRUSTED_PROXIES", "127.0.0.1");
    let one = issue(&installation, &["--audience", "nxfile"]);
    let two = issue(
        &installation,
        &["--audience", "nxfile", "--audience", "other"],
    );
    let asked = async |server: &ServerProcess, path: &str, token: &str| {
        let bearer = format!("Bearer {token}");
        let headers = [("x-original-uri", path), ("authorization", bearer.as_str())];
        get(&verify(server), &headers).await.status
    };
    let server = installation.serve();
    let audience = server.at("/verify?audience=other");
    assert_eq!(get_with(&audience, &two).await.status, 200);
    assert_eq!(get_with(&audience, &one).await.status, 401);
    assert_eq!(asked(&server, "/nxfile/a", &one).await, 401);
    drop(server);
    set(&mut installation, "ISSUANT_NUXEO_AUDIENCE_IS_PATH", "on");
    let server = installation.serve();
    for (path, status) in [
        ("/nxfile/a", 200),
        ("/nxfile", 200),
        ("/nxfileX/a", 401),
        ("/api/v1", 401),
        ("/nxfile/../api/v1", 401),
    ] {
        assert_eq!(asked(&server, path, &one).await, status, "{path}");
    }
    assert_eq!(asked(&server, "/nxfile/a", &two).await, 401);
}

/// Whoever has the secret vouches for users of this server, as with Nuxeo's grant.
async fn s4_check_8_assertions_bring_tokens(installation: Installation) {
    let create = ["user", "create", "ada", "--password-file", "-"];
    installation.run(&create, PASSWORD);
    let partner = json!({
        "name": "partner", "keys": "secret", "algorithms": ["HS512"], "issuer": "nuxeo",
        "user_claim": "sub", "one_time": true,
    });
    let file = installation.directory().join("partner.json");
    std::fs::write(&file, partner.to_string()).unwrap();
    let add = ["trust", "add", file.to_str().unwrap(), "--secret-file", "-"];
    installation.run(&add, &secret_of('p'));
    let rule = ["trust", "rule", "add", "partner"];
    let gives = ["--bind-type", "scope", "--bind-name", "read"];
    installation.run(&[&rule[..], &gives].concat(), "");
    let settings = ["--grant", JWT_BEARER, "--scope", "read"];
    let secret = made_client(&installation, "arender", &settings);
    let server = installation.serve();
    let ask = async |id: &str, fields: &[(&str, &str)]| {
        let request = reqwest::Client::new().post(server.at("/oauth2/token"));
        let request = request.basic_auth(id, Some(secret.expose()));
        let grant = [("grant_type", JWT_BEARER)];
        Told::by(with_form(request, &[&grant[..], fields].concat())).await
    };
    let assertion = |jti: &str, letter: char| {
        let now = std::time::UNIX_EPOCH.elapsed().unwrap().as_secs();
        let claims = json!({
            "iss": "nuxeo", "sub": "ada", "aud": server.issuer(), "iat": now, "exp": now + 60, "jti": jti,
        });
        sign("HS512", secret_of(letter).as_bytes(), &claims)
    };
    let good = assertion("one", 'p');
    let told = ask("arender", &[("assertion", &good)]).await;
    assert_eq!(told.status, 200, "{told:?}");
    assert_eq!(told.json()["token_type"], "Bearer");
    let forged = assertion("two", 'q');
    for (id, fields, status, error) in [
        (
            "arender",
            &[("assertion", &*forged)][..],
            400,
            "invalid_grant",
        ),
        ("arender", &[], 400, "invalid_request"),
        ("nobody", &[("assertion", &*forged)], 401, "invalid_client"),
        // It counts once.
        ("arender", &[("assertion", &*good)], 400, "invalid_grant"),
    ] {
        let told = ask(id, fields).await;
        let said = (told.status, &told.json()["error"]);
        assert_eq!(said, (status, &json!(error)), "{told:?}");
    }
}

const JWT_BEARER: &str = "urn:ietf:params:oauth:grant-type:jwt-bearer";

async fn s4_check_9_a_secret_is_replaced_without_an_interruption(mut installation: Installation) {
    furnished(&mut installation);
    let old = issue(&installation, &[]);
    let new_first = json!([
        {"kid": "b", "secret": secret_of('b')},
        {"kid": "a", "secret": secret_of('a')},
    ]);
    secrets(&installation, &new_first);
    let new = issue(&installation, &[]);
    assert_eq!(
        (&part(&old, 0)["kid"], &part(&new, 0)["kid"]),
        (&json!("a"), &json!("b"))
    );
    let server = installation.serve();
    for token in [&old, &new] {
        assert_eq!(get_with(&verify(&server), token).await.status, 200);
    }
    drop(server);
    secrets(
        &installation,
        &json!([{"kid": "b", "secret": secret_of('b')}]),
    );
    let server = installation.serve();
    assert_eq!(get_with(&verify(&server), &old).await.status, 401);
    assert_eq!(get_with(&verify(&server), &new).await.status, 200);
}

on_both_databases!(
    s4_check_1_another_node_verifies_what_it_never_saw,
    s4_check_2_no_secret_a_short_one_and_a_good_one,
    s4_check_3_what_the_builder_says,
    s4_check_4_the_header_in_any_case,
    s4_check_5_a_token_in_the_address_where_the_route_takes_one,
    s4_check_6_forged_tokens_are_refused,
    s4_check_7_an_audience_that_is_a_path,
    s4_check_8_assertions_bring_tokens,
    s4_check_9_a_secret_is_replaced_without_an_interruption,
);
