//! Python clients that know nothing but the issuer's address: Authlib signs a person in and uses every endpoint, and
//! signs its own requests; `PyJWT` verifies an access token, as an API would; `joserfc` decrypts what is
//! encrypted to it; a Django application lets people in with
//! `mozilla-django-oidc`.

use std::path::Path;
use std::process::Command;

use issuant::crypto::algorithm::Algorithm;
use issuant::crypto::jwe::algorithm::{ContentEncryption, KeyManagement};
use issuant::crypto::signing_key::SigningKey;
use serde_json::{Value, json};

use crate::clients::report;
use crate::support::needs;
use crate::support::server_process::{Installation, free_port};
use crate::support::stub::Stub;

const PASSWORD: &str = "copper lantern drifts north";
const SECRET: &str = "a-secret-brought-by-a-test";
const AUDIENCE: &str = "https://api.example.com";

#[test]
fn authlib_uses_every_endpoint_on_sqlite() {
    if let Some(python) = needs::python() {
        use_every_endpoint(&python, &Installation::on_sqlite());
    }
}

#[test]
fn authlib_uses_every_endpoint_on_postgres() {
    if let (Some(python), Some(installation)) = (needs::python(), Installation::on_postgres()) {
        use_every_endpoint(&python, &installation);
    }
}

#[test]
fn pyjwt_verifies_an_access_token_on_sqlite() {
    if let Some(python) = needs::python() {
        verify_token(&python, &Installation::on_sqlite());
    }
}

#[test]
fn pyjwt_verifies_an_access_token_on_postgres() {
    if let (Some(python), Some(installation)) = (needs::python(), Installation::on_postgres()) {
        verify_token(&python, &installation);
    }
}

#[test]
fn authlib_signs_its_requests_on_sqlite() {
    if let Some(python) = needs::python() {
        sign_requests(&python, &Installation::on_sqlite());
    }
}

#[test]
fn authlib_signs_its_requests_on_postgres() {
    if let (Some(python), Some(installation)) = (needs::python(), Installation::on_postgres()) {
        sign_requests(&python, &installation);
    }
}

/// Each pair of algorithms, on one database: nothing of it is stored but metadata.
#[test]
fn joserfc_decrypts_id_tokens_and_userinfo() {
    let Some(python) = needs::python() else {
        return;
    };
    let mut installation = Installation::on_sqlite();
    let open = ("ISSUANT_REGISTRATION_MODE", "open".into());
    installation.variables.push(open);
    register(&installation);
    let server = installation.serve();
    let task = json!({"issuer": server.issuer(), "username": "maya", "password": PASSWORD});
    let report = run(&python, "joserfc_encryption.py", &task);
    let report = report.as_object().unwrap();
    assert_eq!(
        report.len(),
        KeyManagement::ALL.len() * ContentEncryption::ALL.len()
    );
    for (algorithms, email) in report {
        assert_eq!(email, "maya@example.com", "{algorithms}");
    }
}

#[test]
fn joserfc_opens_no_refresh_token_of_a_service_on_sqlite() {
    if let Some(python) = needs::python() {
        serve_services(&python, Installation::on_sqlite());
    }
}

#[test]
fn joserfc_opens_no_refresh_token_of_a_service_on_postgres() {
    if let (Some(python), Some(installation)) = (needs::python(), Installation::on_postgres()) {
        serve_services(&python, installation);
    }
}

/// Each algorithm that protects keys, with some of those that sign.
fn serve_services(python: &Path, mut installation: Installation) {
    for (name, value) in [
        ("ISSUANT_JWTIS_ENABLED", "on"),
        ("ISSUANT_REGISTRATION_MODE", "token"),
    ] {
        installation.variables.push((name, value.into()));
    }
    let create = ["client", "create", "installer", "--secret-file", "-"];
    let may = [
        "--grant",
        "client_credentials",
        "--scope",
        "client_registration",
    ];
    installation.run(&[&create[..], &may].concat(), SECRET);
    let server = installation.serve();
    let algorithms = [
        ("ES256", "ECDH-ES", "A128GCM"),
        ("ES384", "ECDH-ES+A128KW", "A192GCM"),
        ("ES512", "ECDH-ES+A192KW", "A256GCM"),
        ("EdDSA", "ECDH-ES+A256KW", "A256GCM"),
        ("RS256", "RSA-OAEP", "A128GCM"),
        ("PS256", "RSA-OAEP-256", "A192GCM"),
    ];
    let task = json!({"issuer": server.issuer(), "secret": SECRET, "algorithms": algorithms});
    let report = run(python, "joserfc_services.py", &task);
    let report = report.as_object().unwrap();
    assert_eq!(report.len(), algorithms.len());
    assert!(report.values().all(|told| told == "Bearer"), "{report:?}");
}

/// One client publishes its keys and does as RFC 10070 says; an old one has them registered and names the endpoint.
fn sign_requests(python: &Path, installation: &Installation) {
    let pair = rcgen::KeyPair::generate().unwrap();
    let key = SigningKey::from_pkcs8(Algorithm::Es256, &pair.serialize_der()).unwrap();
    let jwks = json!({ "keys": [key.public_jwk()] });
    let publishing = Stub::answering(None, "200 OK", &jwks.to_string());
    let strict = json!({ "jwks_uri": publishing.http("/jwks") });
    let legacy = json!({ "jwks": jwks, "legacy_assertion_audience": true });
    for (id, metadata) in [("strict", &strict), ("legacy", &legacy)] {
        let create = ["client", "create", id, "--auth-method", "private_key_jwt"];
        let metadata = metadata.to_string();
        let rest = [
            "--grant",
            "client_credentials",
            "--scope",
            "read",
            "--metadata",
            &metadata,
        ];
        installation.run(&[&create[..], &rest].concat(), "");
    }
    let create = [
        "client",
        "create",
        "secret",
        "--auth-method",
        "client_secret_jwt",
    ];
    let rest = [
        "--grant",
        "client_credentials",
        "--scope",
        "read",
        "--show-secret",
    ];
    let made = installation.run(&[&create[..], &rest].concat(), "");
    let server = installation.serve();
    for id in ["strict", "legacy", "secret"] {
        let mut task = json!({
            "issuer": server.issuer(),
            "client_id": id,
            "private_key": pair.serialize_pem(),
            "kid": key.kid(),
            "legacy": id == "legacy",
        });
        if id == "secret" {
            task["secret"] = made["client_secret"].clone();
        }
        let report = run(python, "authlib_assertion.py", &task);
        assert_eq!(report["scope"], "read");
        if id != "legacy" {
            assert_eq!(report["introspection"]["client_id"], id);
        }
        for (what, error) in [
            ("audience", "E1112"),
            ("far", "E1111"),
            ("expired", "E1110"),
            ("replayed", "E1114"),
        ] {
            let told = report["refusals"][what].as_str().unwrap();
            assert!(
                told.starts_with("invalid_client ") && told.contains(error),
                "{told}"
            );
        }
    }
    assert_eq!(publishing.requests().len(), 1);
}

fn use_every_endpoint(python: &Path, installation: &Installation) {
    register(installation);
    let server = installation.serve();
    let report = run(
        python,
        "authlib_flow.py",
        &json!({
            "issuer": server.issuer(),
            "redirect_uri": "http://127.0.0.1/callback",
            "secret": SECRET,
            "username": "maya",
            "password": PASSWORD,
        }),
    );
    assert_eq!(report["email"], "maya@example.com");
    assert_eq!(report["name"], "Maya Example");
}

fn verify_token(python: &Path, installation: &Installation) {
    register(installation);
    let server = installation.serve();
    let report = run(
        python,
        "verify_token.py",
        &json!({
            "issuer": server.issuer(),
            "client_id": "service",
            "secret": SECRET,
            "audience": AUDIENCE,
        }),
    );
    assert_eq!(report["client_id"], "service");
    assert_eq!(report["scope"], "read");
}

#[test]
fn a_django_application_lets_people_in_and_out() {
    let Some(python) = needs::python() else {
        return;
    };
    let installation = Installation::on_sqlite();
    register(&installation);
    let port = free_port();
    let home = format!("http://127.0.0.1:{port}/");
    let callback = format!("{home}oidc/callback/");
    let create = [
        "client",
        "create",
        "django",
        "--auth-method",
        "client_secret_post",
    ];
    let places = [
        "--redirect-uri",
        &callback,
        "--post-logout-redirect-uri",
        &home,
    ];
    let secret = ["--secret-file", "-"];
    installation.run(&[&create[..], &places, &secret].concat(), SECRET);
    let server = installation.serve();
    let report = run(
        &python,
        "django_app.py",
        &json!({
            "issuer": server.issuer(),
            "client_id": "django",
            "secret": SECRET,
            "port": port,
            "username": "maya",
            "password": PASSWORD,
        }),
    );
    assert_eq!(report["email"], "maya@example.com");
}

fn register(installation: &Installation) {
    let web_app = [
        "client",
        "create",
        "web-app",
        "--redirect-uri",
        "http://127.0.0.1/callback",
        "--scope",
        "openid profile email offline_access",
        "--secret-file",
        "-",
    ];
    installation.run(&web_app, SECRET);
    for (id, method) in [
        ("service", "client_secret_basic"),
        ("service-post", "client_secret_post"),
    ] {
        let service = [
            "client",
            "create",
            id,
            "--grant",
            "client_credentials",
            "--auth-method",
            method,
            "--scope",
            "read",
            "--audience",
            AUDIENCE,
            "--secret-file",
            "-",
        ];
        installation.run(&service, SECRET);
    }
    let maya = [
        "user",
        "create",
        "maya",
        "--email",
        "maya@example.com",
        "--name",
        "Maya Example",
        "--password-file",
        "-",
    ];
    installation.run(&maya, PASSWORD);
}

pub(crate) fn run(python: &Path, script: &str, task: &Value) -> Value {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/clients/python");
    // Compiled files of the modules that scripts share would lie among the sources.
    report(
        Command::new(python).arg("-B").arg(folder.join(script)),
        task,
    )
}
