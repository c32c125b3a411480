//! The pages in an old browser engine: `HtmlUnit`, with which providers are certified, with its scripts and without.

use std::path::Path;
use std::process::Command;

use serde_json::{Value, json};

use crate::clients::report;
use crate::support::needs;
use crate::support::server_process::{Installation, free_port};

const PASSWORD: &str = "copper lantern drifts north";

/// From a refused request to the sign-out of which the application hears; what reached the application.
fn walk(java: &Path, scripts: &str) -> Value {
    let installation = Installation::on_sqlite();
    let user = ["user", "create", "maya", "--email", "maya@example.com"];
    installation.run(&[&user[..], &["--password-file", "-"]].concat(), PASSWORD);
    let port = free_port();
    let at = |path: &str| format!("http://127.0.0.1:{port}{path}");
    let metadata = json!({"frontchannel_logout_uri": at("/front-channel")});
    let create = [
        "client",
        "create",
        "app",
        "--auth-method",
        "client_secret_basic",
    ];
    let places = [
        "--redirect-uri",
        &at("/callback"),
        "--post-logout-redirect-uri",
        &at("/bye"),
    ];
    let rest = [
        "--no-pkce",
        "--show-secret",
        "--metadata",
        &metadata.to_string(),
    ];
    installation.run(&[&create[..], &places, &rest].concat(), "");
    let server = installation.serve();
    let task = json!({
        "issuer": server.issuer(),
        "client": "app",
        "username": "maya",
        "password": PASSWORD,
        "port": port.to_string(),
        "scripts": scripts,
    });
    let mut command = Command::new("java");
    command.arg("-cp").arg(java.join("*"));
    let program =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/clients/java/OldEngine.java");
    let told = report(command.arg(program), &task);
    let issuer = server.issuer();
    for (name, id, path) in [
        ("unknown_address", "E1204", "/authorize"),
        ("unknown_client", "E1201", "/authorize"),
    ] {
        let expected = json!({"status": "400", "type": "text/html", "path": path, "id": id});
        assert_eq!(told[name], expected, "{name}");
    }
    assert_eq!(told["check_session"], "200");
    let arrivals = told["arrivals"].as_array().unwrap();
    let arrived = |path: &str| -> Vec<&Value> {
        let of_path = arrivals.iter().filter(|it| it["path"] == path);
        of_path.collect()
    };
    let answers = arrived("/callback");
    let methods: Vec<&Value> = answers.iter().map(|it| &it["method"]).collect();
    assert_eq!(methods, ["GET", "GET", "POST"]);
    for answer in &answers {
        let told = &answer["parameters"];
        assert_eq!(
            (&told["state"], &told["iss"]),
            (&json!("s t+ä"), &json!(issuer))
        );
    }
    assert_eq!(answers[0]["parameters"]["error"], "access_denied");
    assert!(answers[1]["parameters"]["code"].is_string());
    assert!(answers[2]["parameters"]["code"].is_string());
    let [front] = arrived("/front-channel")[..] else {
        panic!("{told}")
    };
    assert_eq!(front["parameters"]["iss"], issuer);
    assert!(front["parameters"]["sid"].is_string());
    let [bye] = arrived("/bye")[..] else {
        panic!("{told}")
    };
    assert_eq!(bye["parameters"], json!({"state": "end"}));
    told
}

#[test]
fn every_page_does_its_work_with_scripts() {
    if let Some(java) = needs::java() {
        let told = walk(&java, "on");
        assert_eq!(told["first"], json!(["/login", "/consent"]));
        // A form with one way to go is sent by itself.
        assert_eq!(told["again"], json!(["/consent"]));
    }
}

#[test]
fn every_page_does_its_work_without_scripts() {
    if let Some(java) = needs::java() {
        let told = walk(&java, "off");
        assert_eq!(told["first"], json!(["/login", "/consent"]));
        assert_eq!(told["again"], json!(["/consent", "/authorize/resume"]));
    }
}
