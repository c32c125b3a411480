//! `issuant trust`: adds, shows, changes and tries out trusted issuers.

use serde_json::{Value, json};

use super::program::Program;
use crate::support::foreign::{FOREIGN, Foreign};

fn definition(foreign: &Foreign, others: &Value) -> String {
    let issuer = foreign.issuer(others);
    serde_json::to_string(&issuer).unwrap()
}

fn data(text: &str) -> Value {
    let envelope: Value = serde_json::from_str(text).unwrap();
    envelope["data"].clone()
}

#[test]
fn an_issuer_is_added_tried_out_and_removed() {
    let program = Program::migrated();
    let foreign = Foreign::new();
    program.file(
        "ci.json",
        &definition(&foreign, &json!({"audiences": ["api"]})),
    );
    program.run("trust add ci.json").expect(0);
    assert_eq!(program.run("trust add ci.json").code, 6);
    let listed = program.run("trust list").expect(0);
    assert!(listed.stdout.contains(FOREIGN), "{}", listed.stdout);
    program.run("trust show ci").expect(0);
    assert_eq!(program.run("trust show other").code, 5);
    program.run("trust role add deployer").expect(0);
    assert_eq!(program.run("trust role add \"a b\"").code, 2);
    let selector = "--selector \"value.team == Web\"";
    let add = format!("trust rule add ci {selector} --bind-type role --bind-name deployer --json");
    let added = data(&program.run(&add).expect(0).stdout);
    program
        .run("trust rule add ci --bind-type policy --bind-name unknown")
        .expect(0);
    let bad = "trust rule add ci --bind-type service --bind-name A";
    assert_eq!(program.run(bad).code, 2);
    let far = json!({"aud": "api", "iat": null, "exp": 4_000_000_000_i64});
    let test = "trust test ci --token-file -";
    let shown = program.run_with_input(test, &foreign.token(&far)).expect(0);
    assert!(
        shown.stdout.contains("gives role deployer"),
        "{}",
        shown.stdout
    );
    assert!(
        shown.stdout.contains("nobody declared `unknown`"),
        "{}",
        shown.stdout
    );
    let forged = program.run_with_input(test, &Foreign::forged(&far));
    assert!(forged.stderr.contains("E1706"), "{}", forged.stderr);
    assert_ne!(forged.code, 0);
    let id = added["rule"]["id"].as_str().unwrap();
    program.run(&format!("trust rule delete {id}")).expect(0);
    assert_eq!(program.run(&format!("trust rule delete {id}")).code, 5);
    program.file(
        "ci.json",
        &definition(&foreign, &json!({"audiences": ["other"]})),
    );
    program.run("trust set ci.json").expect(0);
    let refused = program.run_with_input(test, &foreign.token(&far));
    assert!(refused.stderr.contains("E1712"), "{}", refused.stderr);
    program.run("trust role delete deployer").expect(0);
    assert_eq!(program.run("trust role delete deployer").code, 5);
    program.run("trust delete ci --yes").expect(0);
    assert_eq!(program.run("trust delete ci --yes").code, 5);
}

/// A secret comes from a file, is long enough, and is never told.
#[test]
fn a_shared_secret_is_kept_and_not_shown() {
    let program = Program::migrated();
    let foreign = Foreign::new();
    let shared = json!({"keys": "secret", "algorithms": ["HS256"]});
    program.file("ci.json", &definition(&foreign, &shared));
    assert_eq!(program.run("trust add ci.json").code, 2);
    let add = "trust add ci.json --secret-file -";
    assert_eq!(program.run_with_input(add, "").code, 2);
    assert_eq!(program.run_with_input(add, &"a".repeat(31)).code, 2);
    let secret = "kestrel-".repeat(5);
    program.run_with_input(add, &secret).expect(0);
    let shown = program.run("trust show ci --json").expect(0);
    assert!(!shown.stdout.contains("kestrel"), "{}", shown.stdout);
    let database = std::fs::read(program.folder().join("issuant-data/issuant.db")).unwrap();
    assert!(!database.windows(7).any(|part| part == b"kestrel"));
    program.run("trust set ci.json").expect(0);
    // One that is for public keys has no place for a secret.
    program.file(
        "other.json",
        &definition(&foreign, &json!({"name": "other"})),
    );
    let add = "trust add other.json --secret-file -";
    assert_eq!(program.run_with_input(add, &secret).code, 2);
}

#[test]
fn a_definition_that_cannot_be_is_not_taken() {
    let program = Program::migrated();
    let foreign = Foreign::new();
    for others in [
        json!({"issuer": null}),
        json!({"algorithms": ["HS256"]}),
        json!({"keys": {"pem": ["garbage"]}}),
        json!({"keys": {"jwks_url": {"url": "http://localhost:1/keys"}}}),
    ] {
        program.file("ci.json", &definition(&foreign, &others));
        assert_eq!(program.run("trust add ci.json").code, 2, "{others}");
    }
    program.run("trust add ci.json --no-verify").expect(0);
    program.file("ci.json", "{}");
    assert_eq!(program.run("trust add ci.json").code, 2);
}
