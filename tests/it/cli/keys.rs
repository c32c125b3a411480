//! Signing keys that come from other programs and go to them, and what the server's settings mean for their replacement.

use super::program::Program;

/// The first key of an algorithm, as `key list` tells it.
#[track_caller]
fn key(program: &Program, algorithm: &str) -> serde_json::Value {
    let listed = program.run("key list --json").expect(0).json();
    let keys = listed["data"]["keys"].as_array().unwrap().clone();
    let is_wanted = |key: &serde_json::Value| key["algorithm"] == algorithm;
    keys.into_iter().find(is_wanted).unwrap()
}

fn kid(program: &Program, algorithm: &str) -> String {
    key(program, algorithm)["kid"].as_str().unwrap().to_owned()
}

#[test]
fn a_key_goes_from_one_server_to_another() {
    let old = Program::migrated();
    for algorithm in ["RS256", "PS512", "ES256", "ES384", "ES512", "EdDSA"] {
        old.run(&format!("key generate --algorithm {algorithm}"))
            .expect(0);
        let kid = kid(&old, algorithm);
        for format in ["pem", "jwk", "pkcs1"] {
            if format == "pkcs1" && algorithm != "RS256" {
                continue;
            }
            let export = format!("key export {kid} --private --show-secret --format {format}");
            let text = old.run(&export).expect(0).stdout;
            let new = Program::migrated();
            let import = format!("key import --algorithm {algorithm} --file -");
            let outcome = new.run_with_input(&import, &text).expect(0);
            assert!(outcome.stdout.contains(&kid), "{outcome:#?}");
            assert!(!outcome.stdout.contains("PRIVATE"));
            assert_eq!(key(&new, algorithm)["state"], "active");
            let again = format!("{import} --json");
            let again = new.run_with_input(&again, &text).expect(6);
            assert_eq!(again.error_id(), "E0402");
        }
    }
}

#[test]
fn an_imported_key_replaces_another_one_as_a_new_one_would() {
    let source = Program::migrated();
    source.run("key generate --algorithm ES256").expect(0);
    let export = format!(
        "key export {} --private --out key.pem",
        kid(&source, "ES256")
    );
    source.run(&export).expect(0);
    let file = source.folder().join("key.pem");
    let import = format!("key import --algorithm ES256 --file {}", file.display());
    let states = |program: &Program| {
        let keys = program.run("key list --json").expect(0).json();
        let keys = keys["data"]["keys"].as_array().unwrap().clone();
        let state = |key: &serde_json::Value| key["state"].as_str().unwrap().to_owned();
        keys.iter().map(state).collect::<Vec<_>>()
    };
    let waiting = Program::migrated();
    waiting.run("key generate --algorithm ES256").expect(0);
    waiting.run(&import).expect(0);
    assert_eq!(states(&waiting), ["active", "announced"]);
    let urgent = Program::migrated();
    urgent.run("key generate --algorithm ES256").expect(0);
    urgent.run(&format!("{import} --now")).expect(0);
    assert_eq!(states(&urgent), ["verify_only", "active"]);
}

#[test]
fn the_public_part_is_for_everybody_and_the_private_one_is_not() {
    let program = Program::migrated();
    program.run("key generate --algorithm RS256").expect(0);
    let kid = kid(&program, "RS256");
    let public = program.run(&format!("key export {kid}")).expect(0).stdout;
    let jwk: serde_json::Value = serde_json::from_str(&public).unwrap();
    assert_eq!(jwk["kid"], kid.as_str());
    assert!(jwk.get("d").is_none());
    let outcome = program
        .run(&format!("key export {kid} --private --json"))
        .expect(2);
    assert_eq!(outcome.error_id(), "E0210");
    program
        .run(&format!("key export {kid} --show-secret"))
        .expect(2);
    let to_file = format!("key export {kid} --private --out key.pem");
    let outcome = program.run(&to_file).expect(0);
    assert!(!outcome.stdout.contains("PRIVATE") && !outcome.stderr.contains("PRIVATE"));
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let file = std::fs::metadata(program.folder().join("key.pem")).unwrap();
        assert_eq!(file.permissions().mode() & 0o777, 0o600);
    }
    // It is not written over.
    program.run(&to_file).expect(2);
    let unknown = program.run("key export nobody --json").expect(5);
    assert_eq!(unknown.error_id(), "E0401");
}

#[test]
fn what_is_no_good_key_is_not_imported() {
    let program = Program::migrated();
    let import = |algorithm: &str, text: &str| {
        let line = format!("key import --algorithm {algorithm} --file - --json");
        let outcome = program.run_with_input(&line, text).expect(2);
        assert_eq!(outcome.error_id(), "E0209");
        outcome.json()["error"]["message"]
            .as_str()
            .unwrap()
            .to_owned()
    };
    assert!(import("RS256", SHORT_RSA).contains("2048"));
    assert!(import("ES256", SHORT_RSA).contains("not for this algorithm"));
    import("ES256", "nothing of the kind");
    let outcome = program.run("key list").expect(0);
    assert_eq!(outcome.stdout, "");
}

#[test]
fn an_old_key_verifies_for_as_long_as_the_server_that_ran_last_says() {
    let program = Program::migrated();
    program.run("key generate --algorithm ES256").expect(0);
    let leaves = |program: &Program| {
        let plan = program.run("key rotate --plan --json").expect(0).json();
        let plan = plan["data"].clone();
        plan["plan"][1]["leaves_jwks_at"].as_i64().unwrap() - plan["signs_from"].as_i64().unwrap()
    };
    let without = leaves(&program);
    super::running::once(
        &program,
        &[
            ("ISSUANT_LIFETIMES_ACCESS_TOKEN", "1h"),
            ("ISSUANT_ISSUER", "https://id.example.com"),
        ],
    );
    assert_eq!(leaves(&program), without - 300 + 3600);
    let link = program.run("admin link").expect(0).stdout;
    assert!(
        link.starts_with("https://id.example.com/setup?t="),
        "{link}"
    );
}

const SHORT_RSA: &str = "-----BEGIN RSA PRIVATE KEY-----
MIICXgIBAAKBgQDVDAdH7xqqLcILk9+7VFsOf04bUPOc5pUWGo71u2FGMTx4UDsS
SrNVpjKZ3tJC4xln8Um04wxJNl5HL9/sfY6oVWJM76jMH+Qz4B9yooR6ju3YW+3A
pz9v49ZuI2JDtle6fuzEElHC9BQ7dZMofK0hoUV1i8B04nC1DJdWXG9uMwIDAQAB
AoGAWiJ3piBr6JnpYdqTKn868vw7QGVUXApWAv8DgsVfF0JXchOHmmqOSutAt0bF
MFVCd25nH6d7mDHvWzDPDQ/l3V51OvZR0lK6aNZ9nV0uY0RTB1LSEphbvJAgxZws
JW4RZWoGBy2VRuy5syMRdpD5KVeCR2iptB0zObVHBUWMfAECQQDt80S85+kqIIFO
UoBNMlaZlWN1ZCQt2/YmllfmwArHVBCjayXv9epbBzFJrmHGdTYki/w2yEQvyEe1
ofehXHgzAkEA5TUqa2F1dlWxGjitWzkUCyae7hO/7KhyJFBZL1mN2LDZcJhBPu4p
/rCesZSHBPV8hTHOiuzmhZbPxqausQMyAQJBAM0KeGvzxwbHFcWA8BAVVWxov1iT
310pEtYzbTFowKD8vo2jMgCxvq2L6BveyWAy9mHNwpsOPTuTcL+B/xmrzeMCQQCo
wWgl/294XMc0Qx5/15qGSz0glLHuEGdZjT7cudbSAANX/wGqz7djqa5tmKmAYS34
8x7a8mkXWl5IKFjeQzgBAkEAxHNUaDpJ17eL2yeLR+9nug4a4qCJ65PABt64FWKD
Ifg+i8oIyuxN6KOOaUAhhSGNlUAZcjDnG9MFuV2BKde71g==
-----END RSA PRIVATE KEY-----
";

#[test]
fn the_id_of_a_key_may_begin_with_a_hyphen() {
    let program = Program::migrated();
    let export = "key export -2NkYk3bUeqcQj1vM --private --show-secret --json";
    assert_eq!(program.run(export).expect(5).error_id(), "E0401");
}
