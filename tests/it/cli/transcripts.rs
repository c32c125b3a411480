//! What each command prints, for people and as JSON. Lines with `!` are on standard error.

use super::program::Program;
use crate::support::databases::Database;

#[test]
fn first_steps() {
    let transcript = Program::new().transcript(
        "
        version
        version --json
        client list
        migrate --dry-run
        migrate
        migrate
        migrate --json
        admin link
        admin link --json
        key list
        client list
        user list
        ",
    );
    // One line of the welcome for each of the three most used commands.
    let welcome = Program::new().run("").expect(0).stdout;
    assert!(welcome.lines().count() <= 12, "{welcome}");
    for command in [
        "issuant dev",
        "issuant client create",
        "issuant user create",
        "curl -u",
    ] {
        assert!(welcome.contains(command), "{command}");
    }
    insta::assert_snapshot!(transcript);
}

const CLIENTS: &str = "
    client create reports --grant client_credentials --scope \"write read\" --show-secret
    client create reports --show-secret
    client create shop --redirect-uri https://shop.example/cb --name \"Web shop\" --secret-file - << a secret of my own
    client create phone --redirect-uri com.example.phone:/cb --auth-method none --json
    client create batch --show-secret --json
    client list
    client list --json
    client show shop
    client show shop --json
    client show nobody
    client show nobody --json
    client set shop --redirect-uri https://shop.example/callback --no-consent --dry-run
    client set shop --redirect-uri https://shop.example/callback --no-consent
    client set shop --add-redirect-uri https://beta.shop.example/cb --add-grant refresh_token --add-grant client_credentials --add-scope mail
    client set shop --refresh-rotation strict --refresh-idle 7d --refresh-absolute 3600 --retry-window 5s --dry-run
    client set shop --refresh-rotation none --retry-window 0 --refresh-idle 7d --refresh-absolute 30d
    client set shop --retry-window default --refresh-absolute default
    client show shop
    client set shop --disable --json
    client set shop
    client secret add reports --show-secret
    client secret add reports --show-secret
    client secret add phone --show-secret
    client secret list reports
    client secret list shop --json
    client secret list phone
    client secret list nobody
    client secret remove reports sec-00000000 --yes
    client set reports --auth-method none --grant refresh_token
    client delete reports
    client delete reports --dry-run
    client delete reports --yes
    client delete reports --yes --json
";

#[test]
fn clients() {
    insta::assert_snapshot!("clients", Program::migrated().transcript(CLIENTS));
}

#[test]
fn clients_on_postgres() {
    let Some(mut database) = Database::empty_postgres() else {
        return;
    };
    let program = Program::new().with("ISSUANT_DATABASE_URL", database.settings().url.clone());
    program.run("migrate").expect(0);
    insta::assert_snapshot!("clients", program.transcript(CLIENTS));
}

#[test]
fn what_a_client_may_not_be() {
    let transcript = Program::migrated().transcript(
        "
        client create a:b --show-secret
        client create a --grant password --show-secret
        client create a --grant authorization_code --show-secret
        client create a --grant client_credentials --auth-method none
        client create a --grant refresh_token --show-secret
        client create a --redirect-uri http://shop.example/cb --show-secret
        client create a --redirect-uri https://shop.example/cb#x --show-secret
        client create a --redirect-uri https://shop.example/cb --auth-method none --no-pkce
        client create a --redirect-uri https://shop.example/cb --id-token-algorithm EdDSA --show-secret
        client create a --redirect-uri https://shop.example/cb --id-token-algorithm HS256 --show-secret
        client create a --redirect-uri https://shop.example/cb --auth-method none --refresh-rotation none
        client create a --redirect-uri https://shop.example/cb --refresh-idle 2d --refresh-absolute 1d --show-secret
        client create a --redirect-uri https://shop.example/cb --retry-window 6m --show-secret
        client create a --redirect-uri https://shop.example/cb --refresh-idle soon --show-secret
        client create a --redirect-uri https://shop.example/cb --refresh-rotation sometimes --show-secret
        client create a --auth-method none --secret-file - << something long enough
        client create a --secret-file - << too short
        client list
        ",
    );
    insta::assert_snapshot!(transcript);
}

#[test]
fn users() {
    let transcript = Program::migrated().transcript(
        "
        user create ada --email ada@example.com --name \"Ada Lovelace\" --password-file - << correct horse battery
        user create Ada --password-file - << correct horse battery
        user create bob --role admin --password-file - --json << correct horse battery
        user create eve --password-file - << 12345678
        user create eve2 --password-file - << 1234567
        user create eve2
        user create \"e ve\" --password-file - << correct horse battery
        user list
        user list --json
        user show ada
        user show ada --json
        user show nobody
        user set ada --role staff --role admin --email-verified
        user set ada --disable --json
        user set ada --disable
        user set ada --enable --clear name
        user password ada --password-file - << another horse battery
        user password ada --disconnect-apps --password-file - --json << another horse battery
        user delete ada
        user delete ada --dry-run --json
        user delete ada --yes
        user delete ada --yes --json
        admin link
        ",
    );
    insta::assert_snapshot!(transcript);
}

#[test]
fn keys() {
    let program = Program::migrated().with("ISSUANT_SIGNING_ANNOUNCE", "1d");
    let first = program.transcript(
        "
        key list
        key rotate
        key generate --algorithm ES256
        key generate --algorithm ES256
        key rotate --algorithm EdDSA
        ",
    );
    let algorithms = |states: &[&str]| {
        let keys = program.run("key list --json").expect(0).json();
        let keys = keys["data"]["keys"].as_array().unwrap().clone();
        let found: Vec<&str> = keys
            .iter()
            .map(|key| key["state"].as_str().unwrap())
            .collect();
        assert_eq!(found, states, "{keys:#?}");
    };
    algorithms(&["active"]);
    let planned = program.transcript("key rotate --plan");
    algorithms(&["active"]);
    let rotated = program.transcript("key rotate\nkey rotate --algorithm ES256");
    algorithms(&["active", "announced"]);
    program.run("key rotate --now").expect(0);
    let keys = program.run("key list --json").expect(0).json();
    let keys = keys["data"]["keys"].as_array().unwrap().clone();
    let count = |state: &str| keys.iter().filter(|key| key["state"] == state).count();
    assert_eq!(
        (count("active"), count("verify_only"), count("retired")),
        (1, 1, 1),
        "{keys:#?}"
    );
    insta::assert_snapshot!(format!("{first}{planned}{rotated}"));
}

#[test]
fn settings() {
    let program = Program::new();
    program.file(
        "issuant.toml",
        "publc_url = \"https://id.example.com\"\nlisten = \"0.0.0.0\"\n[lifetimes]\ncode = \"1d\"\n",
    );
    let wrong = program.transcript("config check\nclient list\nmigrate --json");
    program.file("issuant.toml", "issuer = \"https://id.example.com\"\n");
    let right = program.transcript("config check\nconfig check --strict\nconfig check --json");
    let missing = program.transcript("config check --config other.toml");
    insta::assert_snapshot!(format!("{wrong}{right}{missing}"));
}

#[test]
fn help() {
    let transcript = Program::new().transcript(
        "
        help exit-codes
        help exit-codes --json
        help E0102
        help e1204 --json
        help E9999
        help client nonsense
        clint list
        user lst
        user lst --json
        client create
        ",
    );
    insta::assert_snapshot!(transcript);
}

#[test]
fn help_begins_with_examples_and_ends_with_where_to_read_on() {
    for command in [
        "client create",
        "user create",
        "key rotate",
        "dev",
        "serve",
        "migrate",
    ] {
        let long = Program::new()
            .run(&format!("{command} --help"))
            .expect(0)
            .stdout;
        assert!(long.starts_with("Examples:\n  issuant "), "{long}");
        let same = Program::new()
            .run(&format!("help {command}"))
            .expect(0)
            .stdout;
        assert_eq!(same.trim_end(), long.trim_end());
        let short = Program::new()
            .run(&format!("{command} -h"))
            .expect(0)
            .stdout;
        assert!(short.lines().count() <= 40, "{short}");
    }
}

#[test]
fn the_settings_can_be_listed() {
    let outcome = Program::new().run("help config").expect(0);
    for name in [
        "issuer",
        "ISSUANT_DATABASE_URL",
        "lifetimes.retry_window",
        "10s",
    ] {
        assert!(outcome.stdout.contains(name), "{name}");
    }
    let settings = Program::new().run("help config --json").expect(0).json();
    assert!(settings["data"]["settings"].as_array().unwrap().len() > 20);
}

#[test]
fn nothing_is_coloured_when_nobody_looks() {
    for line in ["client list", "clint", "--help", "client list --no-color"] {
        let outcome = Program::new().run(line);
        assert!(!outcome.stdout.contains('\u{1b}'), "{line}");
        assert!(!outcome.stderr.contains('\u{1b}'), "{line}");
    }
}

#[test]
fn quiet_leaves_the_result_alone() {
    let program = Program::migrated();
    let outcome = program
        .run("client create reports --show-secret --quiet")
        .expect(0);
    assert!(outcome.stdout.contains("iss_"));
    assert_eq!(outcome.stderr, "");
}
