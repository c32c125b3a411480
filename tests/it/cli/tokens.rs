//! `issuant token`, and the roles that people can have.

use super::program::Program;
use serde_json::Value;

fn with_ada() -> Program {
    let program = Program::migrated();
    program.run("key generate --algorithm ES256").expect(0);
    let create = "user create ada --role staff --password-file -";
    program
        .run_with_input(create, "correct horse battery")
        .expect(0);
    program
}

fn inspect(program: &Program, token: &str) -> Value {
    let told = program.run_with_input("token inspect --json", token);
    told.expect(0).json()["data"].take()
}

#[test]
fn standard_output_is_the_token_and_nothing_else() {
    let program = with_ada();
    let issued = program
        .run("token issue --user ada --ttl 2h --claim team=blue --claim \"ports=[80,443]\"")
        .expect(0);
    let token = issued.stdout.trim_end();
    assert_eq!(issued.stdout, format!("{token}\n"));
    assert_eq!(token.split('.').count(), 3);
    assert!(!issued.stderr.contains(token));
    let told = inspect(&program, token);
    assert_eq!(told["good"], true);
    let claims = &told["claims"];
    assert_eq!(claims["team"], "blue");
    assert_eq!(claims["ports"], serde_json::json!([80, 443]));
    assert_eq!(claims["roles"], serde_json::json!(["staff"]));
    let life = claims["exp"].as_i64().unwrap() - claims["iat"].as_i64().unwrap();
    assert_eq!(life, 7200);
}

#[test]
fn a_life_of_nothing_or_less_is_the_usual_one_and_a_long_one_is_refused() {
    let program = with_ada().with("ISSUANT_PERSONAL_TOKENS_LONGEST", "2h");
    for ttl in ["0", "-5", "3600", "60m"] {
        let issued = program
            .run(&format!("token issue --user ada --ttl {ttl} --json"))
            .expect(0)
            .json();
        let token = issued["data"]["token"].as_str().unwrap();
        let claims = inspect(&program, token)["claims"].take();
        let life = claims["exp"].as_i64().unwrap() - claims["iat"].as_i64().unwrap();
        assert_eq!(life, 3600, "{ttl}");
    }
    let refused = program.run("token issue --user ada --ttl 3h --json");
    assert_eq!(refused.expect(2).error_id(), "E0202");
}

/// Seeds' regression list: the caller sets no registered claim, and nothing is printed instead of a token.
#[test]
fn what_cannot_be_issued_prints_nothing() {
    let program = with_ada();
    program.run("user create bob --password-file - --json");
    for claim in [
        "sub",
        "iss",
        "exp",
        "jti",
        "aud",
        "cnf",
        "roles",
        "client_id",
    ] {
        let refused = program.run(&format!("token issue --user ada --claim {claim}=x"));
        let refused = refused.expect(2);
        assert_eq!(refused.stdout, "", "{claim}");
        assert!(refused.stderr.contains("E0202"), "{claim}");
    }
    for (flags, code) in [
        ("--user nobody", 5),
        ("--user ada --claim a", 2),
        ("--user ada --claim a={}", 2),
        ("--user ada --claim a=null", 2),
        ("--user ada --ttl x", 2),
        ("--user ada --algorithm EdDSA", 5),
        ("--user ada --audience \"a b\"", 2),
    ] {
        let refused = program.run(&format!("token issue {flags}"));
        let refused = refused.expect(code);
        assert_eq!(refused.stdout, "", "{flags}");
    }
}

#[test]
fn a_token_is_listed_and_taken_back() {
    let program = with_ada();
    let issue = "token issue --user ada --name backup --json";
    let issued = program.run(issue).expect(0).json();
    let (token, id) = (&issued["data"]["token"], &issued["data"]["id"]);
    let (token, id) = (token.as_str().unwrap(), id.as_str().unwrap());
    let listed = program.run("token list").expect(0);
    assert!(listed.stdout.contains(id) && listed.stdout.contains("backup"));
    assert!(!listed.stdout.contains(token));
    program.run(&format!("token revoke {id}")).expect(0);
    let told = inspect(&program, token);
    assert_eq!(told["good"], false);
    assert_eq!(told["verdict"], "not good: The access token was revoked.");
    let again = program.run(&format!("token revoke {id} --json"));
    assert_eq!(again.expect(6).error_id(), "E0403");
    let unknown = program.run("token revoke personal.x --json");
    assert_eq!(unknown.expect(5).error_id(), "E0401");
    let state = program.run("token list --user ada --json").expect(0).json();
    assert_eq!(state["data"]["tokens"][0]["state"], "revoked");
}

#[test]
fn inspecting_tells_good_from_bad() {
    let program = with_ada();
    let token = program.run("token issue --user ada").expect(0).stdout;
    let token = token.trim_end();
    let (rest, _) = token.rsplit_once('.').unwrap();
    assert_eq!(inspect(&program, &format!("{rest}.AAAA"))["good"], false);
    let text = program.run_with_input("token inspect", token).expect(0);
    assert!(text.stdout.contains("when it was issued"));
    let nonsense = program.run_with_input("token inspect --json", "nonsense");
    assert_eq!(nonsense.expect(2).error_id(), "E0202");
}

/// A key that is replaced stays published until the last token that it signed has expired.
#[test]
fn a_key_stays_until_its_tokens_have_expired() {
    let program = with_ada();
    let leaves = |program: &Program| {
        let keys = program.run("key list --json").expect(0).json();
        let keys = keys["data"]["keys"].as_array().unwrap().clone();
        keys.iter().find_map(|key| key["leaves_jwks_at"].as_i64())
    };
    let issue = |program: &Program, ttl: &str| {
        let issued = program
            .run(&format!("token issue --user ada --ttl {ttl} --json"))
            .expect(0)
            .json();
        issued["data"]["expires_at"].as_i64().unwrap()
    };
    let before = issue(&program, "20d");
    program.run("key rotate").expect(0);
    assert!(leaves(&program).unwrap() > before);
    // The old key signs until the new one has been announced for long enough.
    let after = issue(&program, "80d");
    assert!(leaves(&program).unwrap() > after);
}

#[test]
fn a_role_that_is_not_in_the_vocabulary_is_refused_and_case_is_folded() {
    let program = Program::migrated().with("ISSUANT_ROLES_VOCABULARY", "api,user,manager");
    let create = |name: &str, role: &str| {
        let create = format!("user create {name} --role {role} --password-file - --json");
        program.run_with_input(&create, "correct horse battery")
    };
    let made = create("ada", "API").expect(0).json();
    assert_eq!(made["data"]["roles"], serde_json::json!(["api"]));
    let refused = create("bob", "nosuchrole").expect(2);
    assert_eq!(refused.error_id(), "E0202");
    assert!(refused.stdout.contains("nosuchrole"));
    let refused = program.run("user set ada --role nosuchrole --json");
    assert_eq!(refused.expect(2).error_id(), "E0202");
    program.run("user set ada --role ADMIN").expect(0);
    let shown = program.run("user show ada --json").expect(0).json();
    assert_eq!(shown["data"]["roles"], serde_json::json!(["admin"]));
    let twice = Program::new().with("ISSUANT_ROLES_VOCABULARY", "a,A");
    let refused = twice.run("migrate --json").expect(3);
    assert_eq!(refused.error_id(), "E0103");
}
