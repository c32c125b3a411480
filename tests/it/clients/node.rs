//! Relying parties in JavaScript that know nothing but the issuer's address: openid-client and oauth4webapi, whose author
//! wrote much of what certifies servers. One script for each profile of OpenID Connect, in `tests/it/clients/node`.

use std::path::Path;
use std::process::Command;

use issuant::crypto::algorithm::Algorithm;
use issuant::crypto::signing_key::SigningKey;
use serde_json::{Value, json};

use crate::clients::report;
use crate::support::needs;
use crate::support::server_process::{Installation, free_port};
use crate::support::stub::Certificates;

const PASSWORD: &str = "copper lantern drifts north";
const SECRET: &str = "a-secret-brought-by-a-test";
const CALLBACK: &str = "http://127.0.0.1/callback";
const BYE: &str = "http://127.0.0.1/bye";
const AUDIENCE: &str = "https://api.example.com";

/// An installation with Maya, and clients on the way.
struct World {
    installation: Installation,
    certificates: Option<Certificates>,
}

impl World {
    fn on(mut installation: Installation) -> Self {
        let open = ("ISSUANT_REGISTRATION_MODE", "open".into());
        installation.variables.push(open);
        let maya = ["user", "create", "maya", "--email", "maya@example.com"];
        let password = ["--password-file", "-"];
        installation.run(&[&maya[..], &password].concat(), PASSWORD);
        Self {
            installation,
            certificates: None,
        }
    }

    /// The same with https, as it is in production.
    fn with_tls(self) -> Self {
        let certificates = Certificates::new();
        Self {
            installation: self.installation.with_tls(&certificates),
            certificates: Some(certificates),
        }
    }

    /// A client for people, and what its program is told of it.
    fn client(&self, method: &str, metadata: &Value) -> Value {
        let (id, metadata) = (format!("with-{method}"), metadata.to_string());
        let create = ["client", "create", &id, "--auth-method", method];
        let places = [
            "--redirect-uri",
            CALLBACK,
            "--post-logout-redirect-uri",
            BYE,
        ];
        let rest = ["--metadata", &metadata];
        let secret: &[&str] = match method {
            "none" | "private_key_jwt" => &[],
            _ => &["--show-secret"],
        };
        let arguments = [&create[..], &places, &rest, secret].concat();
        let made = self.installation.run(&arguments, "");
        json!({"id": id, "method": method, "secret": made["client_secret"]})
    }

    /// Runs the script, whose report is the answer.
    fn run(&self, node: &Path, script: &str, mut task: Value) -> Value {
        let server = self.installation.serve();
        task["issuer"] = server.issuer().into();
        task["redirect_uri"] = CALLBACK.into();
        task["username"] = "maya".into();
        task["password"] = PASSWORD.into();
        task["email"] = "maya@example.com".into();
        // The scripts are linked to where the packages are, and packages are looked for from there.
        let path = node.with_file_name("scripts").join(script);
        let mut command = Command::new(node);
        command.args(["--preserve-symlinks", "--preserve-symlinks-main"]);
        if let Some(certificates) = &self.certificates {
            let trusted = self.installation.directory().join("authority.crt");
            std::fs::write(&trusted, &certificates.authority_pem).unwrap();
            command.env("NODE_EXTRA_CA_CERTS", trusted);
        }
        report(command.arg(path), &task)
    }
}

/// On SQLite, where this machine has a Node.js.
fn on_sqlite(test: impl FnOnce(&Path, &World)) {
    if let Some(node) = needs::node() {
        test(&node, &World::on(Installation::on_sqlite()));
    }
}

/// With each way of authenticating.
fn walk_the_basic_profile(node: &Path, world: &World) {
    let pair = rcgen::KeyPair::generate().unwrap();
    let key = SigningKey::from_pkcs8(Algorithm::Es256, &pair.serialize_der()).unwrap();
    let jwks = json!({"jwks": {"keys": [key.public_jwk()]}});
    let mut clients = [
        "client_secret_basic",
        "client_secret_post",
        "client_secret_jwt",
        "none",
    ]
    .map(|method| world.client(method, &json!({})))
    .to_vec();
    let mut signer = world.client("private_key_jwt", &jwks);
    signer["private_key"] = pair.serialize_pem().into();
    signer["kid"] = key.kid().into();
    clients.push(signer);
    let told = world.run(node, "basic.mjs", json!({"clients": clients}));
    let people = told["people"].as_array().unwrap();
    assert_eq!(people.len(), 5);
    assert!(people.iter().all(|sub| *sub == people[0]), "{people:?}");
}

#[test]
fn the_basic_profile_on_sqlite() {
    on_sqlite(walk_the_basic_profile);
}

#[test]
fn the_basic_profile_on_postgres() {
    if let (Some(node), Some(installation)) = (needs::node(), Installation::on_postgres()) {
        walk_the_basic_profile(&node, &World::on(installation));
    }
}

/// Only here do cookies have their full names, and the library its full strictness.
#[test]
fn the_basic_profile_over_tls() {
    if let Some(node) = needs::node() {
        let world = World::on(Installation::on_sqlite()).with_tls();
        walk_the_basic_profile(&node, &world);
    }
}

#[test]
fn the_config_profile() {
    on_sqlite(|node, world| {
        let told = world.run(node, "config.mjs", json!({}));
        assert_eq!(told["mismatch"], "OAUTH_JSON_ATTRIBUTE_COMPARISON_FAILED");
        assert_eq!(told["keys"], 2);
    });
}

#[test]
fn the_dynamic_profile() {
    on_sqlite(|node, world| {
        let told = world.run(node, "dynamic.mjs", json!({}));
        assert_eq!(told["bad"], "invalid_redirect_uri");
    });
}

#[test]
fn the_form_post_profile() {
    on_sqlite(|node, world| {
        let client = world.client("client_secret_basic", &json!({}));
        let told = world.run(node, "form_post.mjs", json!({"client": client}));
        assert_eq!(told["denied"], "access_denied");
    });
}

/// What was changed on the way, the library notices before anything of it reaches the server.
fn walk_the_front_channel(node: &Path, mut installation: Installation) {
    let on = ("ISSUANT_FRONT_CHANNEL_TOKENS", "on".into());
    installation.variables.push(on);
    let told = World::on(installation).run(node, "front_channel.mjs", json!({}));
    let (hybrid, implicit) = (&told["hybrid"], &told["implicit"]);
    assert_eq!(hybrid["sub"], implicit["sub"]);
    let (invalid, other) = (
        "OAUTH_INVALID_RESPONSE",
        "OAUTH_JWT_CLAIM_COMPARISON_FAILED",
    );
    let expected = json!({
        "code": other,
        "another_code": other,
        "state": invalid,
        "known_state": other,
        "nonce": other,
        "signature": invalid,
    });
    assert_eq!(hybrid["found"], expected);
    let expected = json!({"nonce": other, "signature": invalid, "code": "unauthorized_client"});
    assert_eq!(implicit["found"], expected);
}

#[test]
fn requests_are_signed() {
    on_sqlite(|node, world| {
        let told = world.run(node, "request_objects.mjs", json!({"port": free_port()}));
        let object = "invalid_request_object";
        let expected = json!({
            "signature": object,
            "unsigned": "request_not_supported",
            "key": object,
            "audience": object,
            "issuer": object,
            "expired": object,
            "type": object,
            "address": "invalid_request_uri",
            "nothing": "invalid_request",
            "published": object,
        });
        assert_eq!(told, expected);
    });
}

#[test]
fn a_demanding_client_gets_all_at_once() {
    if let Some(node) = needs::node() {
        let mut installation = Installation::on_sqlite();
        let on = ("ISSUANT_FRONT_CHANNEL_TOKENS", "on".into());
        installation.variables.push(on);
        let task = json!({"port": free_port()});
        let told = World::on(installation).run(&node, "demanding.mjs", task);
        assert_eq!(told["before"], "login_required");
        assert_eq!(told["encrypted_hint"], "invalid_request");
    }
}

/// Two people share a browser.
#[test]
fn clients_learn_who_somebody_is() {
    on_sqlite(|node, world| {
        let wei = ["user", "create", "wei", "--password-file", "-"];
        world.installation.run(&wei, PASSWORD);
        let task = json!({"port": free_port(), "other": "wei"});
        let expected = json!({
            "sector": "invalid_client_metadata",
            "unmet": "unmet_authentication_requirements",
            "silent": "account_selection_required",
        });
        assert_eq!(world.run(node, "people.mjs", task), expected);
    });
}

/// With keys of the less usual algorithms as well.
#[test]
fn answers_are_encrypted() {
    if let Some(node) = needs::node() {
        let mut installation = Installation::on_sqlite();
        let algorithms = "ES256,ES512,EdDSA,PS256,RS512";
        installation.variables.extend([
            ("ISSUANT_SIGNING_ALGORITHMS", algorithms.into()),
            ("ISSUANT_FRONT_CHANNEL_TOKENS", "on".into()),
        ]);
        let told = World::on(installation).run(&node, "encryption.mjs", json!({}));
        let people = told["people"].as_array().unwrap();
        assert_eq!(people.len(), 5);
        assert!(people.iter().all(|sub| *sub == people[0]), "{people:?}");
        let found = json!({
            "other_algorithm": "OAUTH_DECRYPTION_FAILED",
            "other_key": "OAUTH_DECRYPTION_FAILED",
            "no_key": "OAUTH_UNSUPPORTED_OPERATION",
        });
        assert_eq!(told["found"], found);
    }
}

#[test]
fn the_hybrid_and_implicit_profiles_on_sqlite() {
    if let Some(node) = needs::node() {
        walk_the_front_channel(&node, Installation::on_sqlite());
    }
}

#[test]
fn the_hybrid_and_implicit_profiles_on_postgres() {
    if let (Some(node), Some(installation)) = (needs::node(), Installation::on_postgres()) {
        walk_the_front_channel(&node, installation);
    }
}

/// The three profiles of logout that a program can see without a browser.
#[test]
fn sessions_end_for_both_sides() {
    on_sqlite(|node, world| {
        let port = free_port();
        let out = format!("http://127.0.0.1:{port}/out");
        let metadata = json!({"backchannel_logout_uri": out});
        let client = world.client("client_secret_basic", &metadata);
        let task = json!({"client": client, "port": port, "post_logout_redirect_uri": BYE});
        let told = world.run(node, "sessions.mjs", task);
        assert_eq!(told["afterwards"], "login_required");
    });
}

#[test]
fn a_sign_in_begins_at_the_server() {
    on_sqlite(|node, world| {
        let port = free_port();
        let start = format!("http://127.0.0.1:{port}/start");
        let client = world.client("client_secret_basic", &json!({"initiate_login_uri": start}));
        world.run(
            node,
            "third_party.mjs",
            json!({"client": client, "port": port}),
        );
    });
}

#[test]
fn an_api_checks_a_token_as_rfc_9068_says() {
    on_sqlite(|node, world| {
        let create = [
            "client",
            "create",
            "service",
            "--grant",
            "client_credentials",
        ];
        let rest = [
            "--scope",
            "read",
            "--audience",
            AUDIENCE,
            "--secret-file",
            "-",
        ];
        world
            .installation
            .run(&[&create[..], &rest].concat(), SECRET);
        let client = json!({"id": "service", "secret": SECRET});
        let task = json!({"client": client, "audience": AUDIENCE});
        let told = world.run(node, "resource_server.mjs", task);
        assert_eq!(told["other"], "OAUTH_JWT_CLAIM_COMPARISON_FAILED");
        assert_eq!(told["forged"], "OAUTH_INVALID_RESPONSE");
        assert_eq!(told["active"], false);
    });
}

/// Both sides refuse, each what is its own to refuse.
#[test]
fn answers_that_were_changed_on_the_way_are_refused() {
    on_sqlite(|node, world| {
        let client = world.client("client_secret_basic", &json!({}));
        let told = world.run(node, "refusals.mjs", json!({"client": client}));
        // The library's word for a 401 with its challenge, as RFC 6749 §5.2 wants it for `invalid_client`.
        let challenged = "OAUTH_WWW_AUTHENTICATE_CHALLENGE";
        let expected = json!({
            "state": "OAUTH_INVALID_RESPONSE",
            "no_state": "OAUTH_INVALID_RESPONSE",
            "iss": "OAUTH_INVALID_RESPONSE",
            "no_iss": "OAUTH_INVALID_RESPONSE",
            "nonce": "OAUTH_JWT_CLAIM_COMPARISON_FAILED",
            "algorithm": "OAUTH_INVALID_RESPONSE",
            "signature": "OAUTH_INVALID_RESPONSE",
            "keys": "OAUTH_KEY_SELECTION_FAILED",
            "issuer": "OAUTH_JSON_ATTRIBUTE_COMPARISON_FAILED",
            "subject": "OAUTH_JSON_ATTRIBUTE_COMPARISON_FAILED",
            "code": "invalid_grant",
            "verifier": "invalid_grant",
            "secret": challenged,
            "method": challenged,
            "denied": "access_denied",
        });
        assert_eq!(told, expected);
    });
}
