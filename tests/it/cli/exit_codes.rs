//! Exit codes and error ids, which scripts rely on.

use super::program::Program;

#[track_caller]
fn check(program: &Program, line: &str, code: i32, id: &str) {
    let outcome = program.run(&format!("{line} --json")).expect(code);
    assert_eq!(outcome.error_id(), id);
    // For people: id, help and where to read on.
    let outcome = program.run(line).expect(code);
    assert_eq!(outcome.stdout, "");
    if id != "E0201" {
        let first = outcome.stderr.lines().next().unwrap();
        assert!(first.starts_with(&format!("error[{id}]: ")), "{first}");
        assert!(outcome.stderr.contains("\n  = help: "));
        assert!(
            outcome
                .stderr
                .contains(&format!("\n  = docs: issuant help {id}\n"))
        );
    }
    Program::new().run(&format!("help {id}")).expect(0);
}

#[test]
fn usage() {
    let program = Program::migrated();
    check(&program, "clint", 2, "E0201");
    check(&program, "client create", 2, "E0201");
    check(&program, "user create eve --no-input", 2, "E0204");
    check(&program, "client create x", 2, "E0205");
    program.run("client create x --show-secret").expect(0);
    check(&program, "client delete x --no-input", 2, "E0203");
    check(&program, "client set x", 2, "E0202");
}

#[test]
fn objects() {
    let program = Program::migrated();
    check(&program, "client show x", 5, "E0401");
    check(&program, "client delete x --yes", 5, "E0401");
    check(&program, "user show x", 5, "E0401");
    program.run("client create x --show-secret").expect(0);
    check(&program, "client create x --show-secret", 6, "E0402");
    let input = "correct horse battery";
    program
        .run_with_input("user create ada --role admin --password-file -", input)
        .expect(0);
    program
        .run_with_input("user create ADA --password-file -", input)
        .expect(6);
    check(&program, "admin link", 6, "E0403");
}

#[test]
fn settings() {
    let program = Program::migrated();
    check(&program, "serve", 3, "E0104");
    check(&program, "client list --config none.toml", 3, "E0101");
    program.file("issuant.toml", "lisen = 1");
    check(&program, "client list", 3, "E0102");
    program.file("issuant.toml", "issuer = \"http://id.example.com\"");
    check(&program, "client list", 3, "E0105");
    program.file("issuant.toml", "issuer = \"https://id.example.com\"");
    check(&program, "config check --strict", 8, "E0503");
    check(
        &program.with("ISSUANT_ISUER", "x"),
        "client list",
        3,
        "E0102",
    );
}

#[test]
fn clients_that_sign() {
    let program = Program::migrated();
    let create = "client create bank --auth-method private_key_jwt";
    check(&program, create, 2, "E0202");
    check(&program, &format!("{create} --out x"), 2, "E0202");
    // No secret is made, so nothing has to be shown.
    let metadata = r#"{"jwks_uri":"https://bank.example/jwks"}"#;
    let mut command = program.command(create);
    assert!(
        command
            .args(["--metadata", metadata])
            .status()
            .unwrap()
            .success()
    );
    check(&program, "client secret add bank --show-secret", 6, "E0403");
    program.file("short", "a secret of fewer than 32 bytes");
    let create = "client create till --auth-method client_secret_jwt --secret-file short";
    check(&program, create, 2, "E0206");
    let shown = program.run("client show bank --json").expect(0).json();
    assert_eq!(shown["data"]["secrets"].as_array().unwrap().len(), 0);
}

/// OpenID Connect Registration §2, `response_types`.
#[test]
fn clients_that_get_tokens_through_the_browser() {
    let program = Program::migrated();
    program.file(
        "types",
        r#"{"response_types":["id_token code","id_token"]}"#,
    );
    let types = std::fs::read_to_string(program.folder().join("types")).unwrap();
    let line = "client create spa --auth-method none --redirect-uri https://spa.example/cb --json";
    let grants = ["--grant", "authorization_code", "--grant", "implicit"];
    let create = |program: &Program, more: &[&str]| {
        let mut command = program.command(line);
        command.args(grants).args(more).output().unwrap()
    };
    let metadata = ["--metadata", &types];
    // Off by default.
    let off = create(&program, &metadata);
    assert_eq!(off.status.code(), Some(2));
    let said = String::from_utf8_lossy(&off.stdout);
    assert!(said.contains("front_channel_tokens = on"), "{said}");
    let program = program.with("ISSUANT_FRONT_CHANNEL_TOKENS", "on");
    // A grant that no response type needs.
    assert_eq!(create(&program, &[]).status.code(), Some(2));
    let made = create(&program, &metadata);
    assert!(made.status.success(), "{made:?}");
    let shown = program.run("client show spa --json").expect(0).json();
    assert_eq!(
        shown["data"]["metadata"]["response_types"],
        serde_json::json!(["code id_token", "id_token"])
    );
    check(
        &program,
        "client set spa --grant authorization_code",
        2,
        "E0202",
    );
}

#[test]
fn certificates_that_cannot_be_trusted() {
    let program = Program::migrated().with("ISSUANT_ISSUER", "http://localhost:4343");
    let program = program.with("ISSUANT_FETCH_CA_FILE", "ca.pem");
    check(&program, "config check", 3, "E0317");
    program.file("ca.pem", "no certificate");
    check(&program, "config check", 3, "E0317");
    check(&program, "serve --listen 127.0.0.1:0", 3, "E0317");
}

#[test]
fn data_that_is_not_there_or_not_ours() {
    let empty = Program::new();
    check(&empty, "client list", 4, "E0301");
    assert!(
        !empty.folder().join("issuant-data").exists(),
        "nothing is made in passing"
    );
    check(&empty, "dev --listen 0.0.0.0:0", 3, "E0311");
    let public = Program::new().with("ISSUANT_ISSUER", "https://id.example.com");
    check(&public, "dev --listen 127.0.0.1:0", 3, "E0311");
    let program = Program::migrated().with("ISSUANT_PORT", "tcp://10.0.0.7:80");
    check(
        &program,
        "dev --listen 127.0.0.1:0 --data issuant-data",
        3,
        "E0309",
    );
    let secret = program.folder().join("issuant-data/key-secret");
    std::fs::rename(&secret, program.folder().join("kept")).unwrap();
    check(&program, "client list", 3, "E0305");
    check(&program, "migrate", 3, "E0305");
    // Another deployment's secret.
    std::fs::copy(
        Program::migrated().folder().join("issuant-data/key-secret"),
        &secret,
    )
    .unwrap();
    check(&program, "client list", 3, "E0307");
    check(&program, "migrate", 3, "E0307");
    std::fs::rename(program.folder().join("kept"), &secret).unwrap();
    program.run("client list").expect(0);
}

/// The development server must not bring the schema of a production server up to date on its way to refusing it.
#[test]
fn dev_leaves_an_older_production_schema_alone() {
    use diesel::connection::SimpleConnection as _;
    use diesel::{Connection as _, SqliteConnection};

    let program = Program::migrated();
    let file = program.folder().join("issuant-data/issuant.db");
    let mut database = SqliteConnection::establish(file.to_str().unwrap()).unwrap();
    database
        .batch_execute(
            "DROP TABLE signing_keys; DELETE FROM __diesel_schema_migrations WHERE version LIKE '%000005';",
        )
        .unwrap();
    drop(database);
    check(
        &program,
        "dev --listen 127.0.0.1:0 --data issuant-data",
        3,
        "E0309",
    );
    check(&program, "client list", 3, "E0303");
    program.run("migrate").expect(0);
    program.run("client list").expect(0);
    SqliteConnection::establish(file.to_str().unwrap())
        .unwrap()
        .batch_execute("DELETE FROM meta WHERE name = 'key_check'")
        .unwrap();
    check(&program, "client list", 3, "E0316");
}

#[test]
fn a_link_for_the_administrator_is_made_only_while_there_is_none() {
    let program = Program::migrated();
    program.run("admin link").expect(0);
    let input = "correct horse battery";
    program
        .run_with_input("user create ada --role admin --password-file -", input)
        .expect(0);
    check(&program, "admin link", 6, "E0403");
    program.run("user set ada --disable").expect(0);
    program.run("admin link").expect(0);
    program.run("user set ada --enable").expect(0);
    program.run("admin link").expect(6);
    program.run("user delete ada --yes").expect(0);
    program
        .run_with_input("user create bob --role ADMIN --password-file -", input)
        .expect(0);
    program.run("admin link").expect(0);
}

#[cfg(unix)]
#[test]
fn a_key_secret_that_everybody_can_read() {
    use std::os::unix::fs::PermissionsExt;

    let program = Program::migrated();
    let secret = program.folder().join("issuant-data/key-secret");
    std::fs::set_permissions(&secret, std::fs::Permissions::from_mode(0o644)).unwrap();
    check(&program, "client list", 3, "E0306");
}

#[test]
fn a_configured_key_secret_is_never_made() {
    let program = Program::new().with("ISSUANT_KEY_SECRET_FILE", "mine");
    check(&program, "migrate", 3, "E0305");
    program.file("mine", "not base64url at all!");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mine = program.folder().join("mine");
        std::fs::set_permissions(mine, std::fs::Permissions::from_mode(0o600)).unwrap();
    }
    check(&program, "migrate", 3, "E0305");
}
