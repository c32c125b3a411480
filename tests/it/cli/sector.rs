//! Commands read what stands at a `sector_identifier_uri`, as the server does.

use serde_json::json;

use super::program::Program;
use crate::support::stub::Stub;

const CREATE: &str = "client create shop --redirect-uri https://one.example/cb --redirect-uri https://two.example/cb --auth-method none --json --metadata";

fn program() -> Program {
    // Such a server reaches its own machine.
    Program::migrated().with("ISSUANT_ISSUER", "http://localhost:4343")
}

fn create(program: &Program, metadata: &serde_json::Value) -> String {
    let mut command = program.command(CREATE);
    let output = command.arg(metadata.to_string()).output().unwrap();
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn a_list_without_a_redirect_uri_is_refused() {
    let program = program();
    let full = json!(["https://one.example/cb", "https://two.example/cb"]).to_string();
    let full = Stub::answering(None, "200 OK", &full);
    let short = Stub::answering(None, "200 OK", "[]");
    for (metadata, told) in [
        (json!({}), "sector_identifier_uri"),
        (
            json!({"sector_identifier_uri": short.http("/")}),
            "does not list the redirect URIs",
        ),
        (
            json!({"sector_identifier_uri": "https://one.invalid/"}),
            "cannot be read",
        ),
    ] {
        let mut metadata = metadata;
        metadata["subject_type"] = json!("pairwise");
        let told_now = create(&program, &metadata);
        assert!(
            told_now.contains("E0202") && told_now.contains(told),
            "{told_now}"
        );
    }
    program.run("client show shop").expect(5);
    let metadata = json!({"subject_type": "pairwise", "sector_identifier_uri": full.http("/")});
    let told = create(&program, &metadata);
    assert!(told.contains("\"ok\": true"), "{told}");
    // What does not touch the sector needs no list; what does, needs it.
    program.run("client set shop --name Shop").expect(0);
    assert_eq!(full.requests().len(), 1);
    let more = "client set shop --json --add-redirect-uri https://three.example/cb";
    let refused = program.run(more).expect(2);
    assert_eq!(refused.error_id(), "E0202");
    assert_eq!(full.requests().len(), 2);
}
