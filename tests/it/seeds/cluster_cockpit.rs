//! S1: what callers of `cc-backend` rely on.

use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use issuant::crypto::algorithm::Algorithm;
use issuant::crypto::digest::RootKey;
use issuant::crypto::random::SystemRandom;
use issuant::crypto::signing_key::SigningKey;
use issuant::jobs::signing_keys::{Birth, seal};
use issuant::protocol::error::Fault;
use serde_json::{Value, json};

use super::on_both_databases;
use super::tokens::{get, get_with, once_refused, part, set, stderr, stdout};
use crate::support::person::Person;
use crate::support::server_process::{Installation, ServerProcess};

const PASSWORD: &str = "copper lantern drifts north";

fn switched_on(installation: &mut Installation) {
    set(installation, "ISSUANT_CLUSTER_COCKPIT_ENABLED", "on");
    let roles = "anonymous,api,user,manager,support,admin";
    set(installation, "ISSUANT_ROLES_VOCABULARY", roles);
}

/// An installation with a key, the user `demo` and the administrator `boss`.
fn furnished(installation: &mut Installation) {
    switched_on(installation);
    installation.run(&["key", "generate", "--alg", "EdDSA"], "");
    for user in ["demo:api", "boss:admin,api", "other:user"] {
        let user = format!("{user}:{PASSWORD}");
        let added = installation.try_run(&["--add-user", &user], "");
        assert!(added.status.success(), "{added:?}");
    }
}

/// The token of `--jwt`, out of the line that scripts look for.
fn jwt(installation: &Installation, user: &str) -> String {
    let output = installation.try_run(&["-jwt", user], "");
    let line = stdout(&output);
    let start = format!("JWT: Successfully generated JWT for user '{user}': ");
    let token = line
        .strip_prefix(&start)
        .unwrap_or_else(|| panic!("{output:?}"));
    token.trim_end().to_owned()
}

fn whoami(server: &ServerProcess) -> String {
    server.at("/api/whoami")
}

async fn s1_check_1_keys_in_the_form_of_its_environment(mut installation: Installation) {
    switched_on(&mut installation);
    let generate = ["keys", "generate", "--alg", "EdDSA", "--format", "cc-env"];
    let output = installation.try_run(&generate, "");
    assert!(output.status.success(), "{output:?}");
    let text = stdout(&output);
    let value = |name: &str| {
        let line = text.lines().find(|line| line.starts_with(name)).unwrap();
        let value = line.strip_prefix(name).unwrap();
        let value = value
            .strip_prefix("=\"")
            .unwrap()
            .strip_suffix('"')
            .unwrap();
        STANDARD.decode(value).unwrap()
    };
    let (public, private) = (value("JWT_PUBLIC_KEY"), value("JWT_PRIVATE_KEY"));
    assert_eq!((public.len(), private.len()), (32, 64));
    assert_eq!(public, private[32..]);
    assert_eq!(text.lines().count(), 2);
    // A token that it signed verifies in another library.
    let added = installation.try_run(&["--add-user", "demo:api:pa:ss"], "");
    assert!(added.status.success(), "{added:?}");
    let token = jwt(&installation, "demo");
    let key = jsonwebtoken::DecodingKey::from_ed_components(&URL_SAFE_NO_PAD.encode(&public));
    let mut validation = jsonwebtoken::Validation::new(jsonwebtoken::Algorithm::EdDSA);
    validation.set_audience(&["cluster-cockpit"]);
    let read = jsonwebtoken::decode::<Value>(&token, &key.unwrap(), &validation).unwrap();
    assert_eq!(read.claims["sub"], "demo");
    // And the key goes back in.
    let other = Installation::on_sqlite();
    let import = ["key", "import", "--alg", "EdDSA", "--file", "-"];
    let imported = other.run(&import, &text);
    assert_eq!(imported["key"]["kid"], part(&token, 0)["kid"]);
}

async fn s1_check_2_adding_users_as_its_command_does(mut installation: Installation) {
    switched_on(&mut installation);
    let add = |user: &str| installation.try_run(&["--add-user", user, "--no-server"], "");
    let added = add("demo:api:pa:ss");
    assert!(added.status.success(), "{added:?}");
    assert!(stderr(&added).contains("the password stands in the command line"));
    for (user, told) in [
        ("demo2:nosuchrole:x", "nosuchrole"),
        ("demo2:api", "NAME:ROLE,ROLE:PASSWORD"),
        ("demo:api:pa:ss", "already"),
        ("a b:api:x", "user name"),
    ] {
        let refused = add(user);
        assert!(!refused.status.success(), "{user}");
        assert!(stderr(&refused).contains(told), "{user}: {refused:?}");
    }
    let shown = installation.run(&["user", "show", "demo"], "");
    assert_eq!(shown["roles"], json!(["api"]), "{shown}");
    let server = installation.serve();
    let welcome = Person::new("demo", "pa:ss").sign_in(server.issuer()).await;
    assert_eq!(welcome.next.unwrap().path(), "/account");
    let removed = installation.try_run(&["-del-user=demo"], "");
    assert!(removed.status.success(), "{removed:?}");
    // Where it is switched off, it says so.
    let off = Installation::on_sqlite();
    let refused = off.try_run(&["--add-user", "demo:api:pa:ss"], "");
    assert!(
        stderr(&refused).contains("cluster_cockpit.enabled"),
        "{refused:?}"
    );
}

async fn s1_check_3_the_token_of_its_command(mut installation: Installation) {
    furnished(&mut installation);
    let token = jwt(&installation, "demo");
    assert_eq!(part(&token, 0)["alg"], "EdDSA");
    let claims = part(&token, 1);
    assert_eq!(
        (&claims["sub"], &claims["roles"]),
        (&json!("demo"), &json!(["api"]))
    );
    assert_eq!(claims["iss"], json!(installation.issuer()));
    assert_eq!(claims["aud"], "cluster-cockpit");
    for claim in ["iat", "exp", "jti"] {
        assert!(!claims[claim].is_null(), "{claim}");
    }
    let unknown = installation.try_run(&["--jwt", "nobody"], "");
    assert!(!unknown.status.success());
    assert_eq!(stdout(&unknown), "");
    let without = installation.try_run(&["--jwt", "other"], "");
    assert!(without.status.success());
    assert!(stderr(&without).contains("does not have the role api"));
    assert!(stdout(&without).contains("JWT: Successfully generated"));
}

async fn s1_check_4_either_header_opens_whoami(mut installation: Installation) {
    furnished(&mut installation);
    let server = installation.serve();
    let token = jwt(&installation, "demo");
    let bearer = format!("Bearer {token}");
    for headers in [
        [("x-auth-token", token.as_str()), ("accept", "*/*")],
        [("authorization", bearer.as_str()), ("accept", "*/*")],
        // As there, the header of its own wins.
        [
            ("x-auth-token", token.as_str()),
            ("authorization", "Basic YTpi"),
        ],
    ] {
        let answer = get(&whoami(&server), &headers).await;
        let told: Value = serde_json::from_str(&answer.body).unwrap();
        assert_eq!(told, json!({"username": "demo", "roles": ["api"]}));
    }
    let refused = get(&whoami(&server), &[("authorization", "Basic YTpi")]).await;
    assert_eq!(refused.status, 401);
    assert!(refused.challenge.starts_with("Bearer "));
    let told: Value = serde_json::from_str(&refused.body).unwrap();
    assert_eq!(told["status"], "Unauthorized");
    assert!(told["error"].as_str().unwrap().contains("E1401"), "{told}");
    // Its subject is a name, so it opens nothing where a subject is looked for.
    for path in ["/userinfo", "/verify"] {
        let refused = get_with(&server.at(path), &token).await.status;
        assert!([401, 403].contains(&refused), "{path}: {refused}");
    }
    let asked = get_with(&server.at("/verify?audience=cluster-cockpit"), &token).await;
    assert_eq!(asked.status, 200);
    // On these paths alone.
    let elsewhere = get(&server.at("/userinfo"), &[("x-auth-token", &token)]).await;
    assert_eq!(elsewhere.status, 401);
    drop(server);
    set(&mut installation, "ISSUANT_CLUSTER_COCKPIT_ENABLED", "off");
    let server = installation.serve();
    for path in ["/api/whoami", "/frontend/jwt/"] {
        assert_eq!(
            get_with(&server.at(path), &token).await.status,
            404,
            "{path}"
        );
    }
}

async fn s1_check_5_forged_tokens_are_refused(mut installation: Installation) {
    furnished(&mut installation);
    let server = installation.serve();
    let token = jwt(&installation, "demo");
    let (kid, claims) = (
        part(&token, 0)["kid"].clone(),
        token.split('.').nth(1).unwrap(),
    );
    let jwks: Value = serde_json::from_str(&get(&server.at("/jwks.json"), &[]).await.body).unwrap();
    let keys = jwks["keys"].as_array().unwrap();
    let key = keys.iter().find(|key| key["kid"] == kid).unwrap();
    let public = URL_SAFE_NO_PAD.decode(key["x"].as_str().unwrap()).unwrap();
    let forge = |alg: &str, secret: Option<&[u8]>| {
        let header = json!({"alg": alg, "typ": "at+jwt", "kid": kid});
        let message = format!("{}.{claims}", URL_SAFE_NO_PAD.encode(header.to_string()));
        let tag = secret.map(|secret| super::nuxeo::hmac(alg, secret, &message));
        format!("{message}.{}", tag.unwrap_or_default())
    };
    for forged in [
        forge("none", None),
        forge("HS256", Some(&public)),
        forge("HS512", Some(&public)),
        forge("HS256", Some(b"")),
    ] {
        let refused = get_with(&whoami(&server), &forged).await;
        assert_eq!(refused.status, 401, "{forged}");
        assert!(refused.challenge.contains("invalid_token"));
    }
    assert_eq!(get_with(&whoami(&server), &token).await.status, 200);
}

async fn s1_check_6_an_expired_token_is_told_and_logged_as_expired(mut installation: Installation) {
    furnished(&mut installation);
    set(&mut installation, "ISSUANT_CLUSTER_COCKPIT_MAX_AGE", "1s");
    let server = installation.serve();
    let token = jwt(&installation, "demo");
    let refused = once_refused(&whoami(&server), &token).await;
    assert_eq!(refused.status, 401);
    assert!(refused.challenge.contains("error=\"invalid_token\""));
    assert!(refused.challenge.contains("expired") && refused.body.contains("E2101"));
    // What it writes is read by another thread.
    let began = Instant::now();
    while !server.written().contains("expired") {
        assert!(began.elapsed() < Duration::from_secs(30));
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert!(!server.written().contains(&token));
}

async fn s1_check_7_a_token_from_the_browser(mut installation: Installation) {
    furnished(&mut installation);
    let server = installation.serve();
    let of = |user: &str| server.at(&format!("/frontend/jwt/?username={user}"));
    let nobody = get(&of("demo"), &[]).await;
    assert_eq!(nobody.status, 401);
    assert!(nobody.body.contains("E2107") && nobody.challenge.starts_with("Bearer "));
    let mut demo = Person::new("demo", PASSWORD);
    demo.sign_in(server.issuer()).await;
    let own = demo.look(&of("demo")).await;
    assert_eq!(own.status, 200, "{own:?}");
    assert_eq!(own.headers["content-type"], "text/plain; charset=utf-8");
    assert_eq!(own.headers["cache-control"], "no-store");
    assert_eq!(get_with(&whoami(&server), &own.html).await.status, 200);
    let other = demo.look(&of("other")).await;
    let told: Value = serde_json::from_str(&other.html).unwrap();
    assert_eq!((other.status, &told["status"]), (403, &json!("Forbidden")));
    assert!(told["error"].as_str().unwrap().contains("E2108"));
    let mut boss = Person::new("boss", PASSWORD);
    boss.sign_in(server.issuer()).await;
    let token = boss.look(&of("other")).await;
    assert_eq!(
        (token.status, &part(&token.html, 1)["sub"]),
        (200, &json!("other"))
    );
    let unknown = boss.look(&of("nobody")).await;
    assert_eq!(unknown.status, 404);
    assert!(unknown.html.contains("E2110"));
    let elsewhere = [("sec-fetch-site", "cross-site")];
    let foreign = get(&of("demo"), &elsewhere).await;
    assert_eq!(foreign.status, 403);
    assert!(foreign.body.contains("E2109"));
}

async fn s1_check_8_a_token_ends_with_its_user(mut installation: Installation) {
    furnished(&mut installation);
    let create = ["client", "create", "api", "--grant", "client_credentials"];
    let audience = ["--audience", "https://api.example", "--show-secret"];
    let made = installation.run(&[&create[..], &audience].concat(), "");
    let secret = made["client_secret"].as_str().unwrap();
    let server = installation.serve();
    let issue = [
        "token",
        "issue",
        "--user",
        "demo",
        "--audience",
        audience[1],
    ];
    let issued = installation.run(&issue, "");
    let token = issued["token"].as_str().unwrap();
    let ask = async || {
        let request = reqwest::Client::new()
            .post(server.at("/introspect"))
            .header("authorization", crate::support::op::basic("api", secret))
            .header("content-type", "application/x-www-form-urlencoded");
        let body = crate::support::op::encode(&[("token", token)]);
        let answer = request
            .body(body)
            .send()
            .await
            .unwrap()
            .text()
            .await
            .unwrap();
        serde_json::from_str::<Value>(&answer).unwrap()
    };
    let told = ask().await;
    assert_eq!(
        (&told["active"], &told["roles"]),
        (&json!(true), &json!(["api"]))
    );
    installation.try_run(&["--del-user", "demo"], "");
    assert_eq!(ask().await, json!({"active": false}));
}

/// The pair that the template of its environment shows to everybody.
const SAMPLE: &str =
    "dtPC/6dWJFKZK7KZ78CvWuynylOmjBFyMsUWArwmodOTN9itjL5POlqdZkcnmpJ0yPm4pRaCrvgFaFAbpyik/Q==";

async fn s1_check_9_the_published_sample_key_is_refused(mut installation: Installation) {
    switched_on(&mut installation);
    let import = ["key", "import", "--alg", "EdDSA", "--file", "-"];
    let text = format!("JWT_PRIVATE_KEY=\"{SAMPLE}\"\n");
    let refused = installation.try_run(&import, &text);
    assert!(!refused.status.success());
    assert!(stderr(&refused).contains("E0209"), "{refused:?}");
    // However it came there, nothing is signed with it.
    let root = std::fs::read_to_string(installation.directory().join("key-secret")).unwrap();
    let root = RootKey::from_text(root.trim()).unwrap();
    let (key, private) = SigningKey::from_cc_env(SAMPLE).unwrap();
    assert_eq!(key.algorithm(), Algorithm::EdDsa);
    let stored = seal(&root, &key, &private, Birth::first(1), &SystemRandom).unwrap();
    let storage = installation.storage();
    let add = move || {
        let added: Result<(), Fault<()>> =
            storage.write_blocking(move |it| Ok(it.add_signing_key(&stored)?));
        added.unwrap();
    };
    std::thread::spawn(add).join().unwrap();
    let start = installation.try_run(&["serve", "--listen", "127.0.0.1:0"], "");
    assert!(!start.status.success());
    assert!(stderr(&start).contains("sample"), "{start:?}");
}

async fn s1_check_10_guessing_has_to_wait(mut installation: Installation) {
    furnished(&mut installation);
    let server = installation.serve();
    let mut guesser = Person::new("demo", "wrong every time");
    let mut last = 0;
    for _ in 0..6 {
        last = guesser.sign_in(server.issuer()).await.status;
    }
    assert_eq!(last, 429);
    let mut other = Person::new("other", PASSWORD);
    let welcome = other.sign_in(server.issuer()).await;
    assert_eq!(welcome.next.unwrap().path(), "/account");
}

on_both_databases!(
    s1_check_1_keys_in_the_form_of_its_environment,
    s1_check_2_adding_users_as_its_command_does,
    s1_check_3_the_token_of_its_command,
    s1_check_4_either_header_opens_whoami,
    s1_check_5_forged_tokens_are_refused,
    s1_check_6_an_expired_token_is_told_and_logged_as_expired,
    s1_check_7_a_token_from_the_browser,
    s1_check_8_a_token_ends_with_its_user,
    s1_check_9_the_published_sample_key_is_refused,
    s1_check_10_guessing_has_to_wait,
);
