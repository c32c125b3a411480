//! Secrets are shown to whom they are for, once, and to nobody else.

use super::program::Program;

#[test]
fn a_new_secret_is_not_printed_into_a_pipe_unasked() {
    let program = Program::migrated();
    for line in ["client create reports", "client create reports --json"] {
        let outcome = program.run(line).expect(2);
        assert!(!outcome.stdout.contains("iss_") && !outcome.stderr.contains("iss_"));
    }
    // And nothing was made whose secret nobody has.
    assert_eq!(
        program.run("client list --json").json()["data"]["clients"],
        serde_json::json!([])
    );
    program.run("client create reports --show-secret").expect(0);
    program.run("client secret add reports").expect(2);
}

#[test]
fn a_secret_that_was_shown_is_never_shown_again() {
    let program = Program::migrated();
    let made = program
        .run("client create reports --show-secret --json")
        .expect(0)
        .json();
    let secret = made["data"]["client_secret"].as_str().unwrap().to_owned();
    assert!(secret.starts_with("iss_") && secret.len() == 47);
    for line in [
        "client show reports --json",
        "client list --json",
        "client show reports",
    ] {
        assert!(
            !program.run(line).expect(0).stdout.contains(&secret),
            "{line}"
        );
    }
    let database = std::fs::read(program.folder().join("issuant-data/issuant.db")).unwrap();
    let has = |needle: &[u8]| {
        database
            .windows(needle.len())
            .any(|window| window == needle)
    };
    assert!(has(b"reports") && !has(secret.as_bytes()));
}

#[test]
fn a_secret_goes_to_a_new_file_of_its_owner() {
    let program = Program::migrated();
    let outcome = program
        .run("client create reports --out reports.secret")
        .expect(0);
    assert!(!outcome.stdout.contains("iss_"));
    let path = program.folder().join("reports.secret");
    let secret = std::fs::read_to_string(&path).unwrap();
    assert!(secret.starts_with("iss_") && secret.ends_with('\n'));
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = std::fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
    // Never over something that is there; and a failure leaves no empty file.
    program
        .run("client secret add reports --out reports.secret")
        .expect(2);
    assert_eq!(std::fs::read_to_string(&path).unwrap(), secret);
    program
        .run("client create reports --out other.secret")
        .expect(6);
    assert!(!program.folder().join("other.secret").exists());
}

#[test]
fn a_secret_and_a_password_can_be_brought_in_files() {
    let program = Program::migrated();
    program
        .file("secret", "a secret of my own\n")
        .file("password", "correct horse battery\r\n");
    let outcome = program
        .run("client create reports --secret-file secret --json")
        .expect(0);
    let data = &outcome.json()["data"];
    assert_eq!(data["secrets"][0]["kind"], "chosen");
    assert!(data["client_secret"].is_null());
    assert!(!outcome.stdout.contains("a secret of my own"));
    program
        .run("user create ada --password-file password")
        .expect(0);
    assert_eq!(
        program
            .run("user create eve --password-file nothing --json")
            .expect(2)
            .error_id(),
        "E0207"
    );
}

#[cfg(unix)]
#[test]
fn what_migrate_makes_is_for_its_owner_alone() {
    use std::os::unix::fs::PermissionsExt;

    let program = Program::migrated();
    for (name, mode) in [
        ("issuant-data", 0o700),
        ("issuant-data/issuant.db", 0o600),
        ("issuant-data/key-secret", 0o600),
    ] {
        let metadata = std::fs::metadata(program.folder().join(name)).unwrap();
        assert_eq!(metadata.permissions().mode() & 0o777, mode, "{name}");
    }
}

#[test]
fn the_password_of_the_database_is_never_printed() {
    let program = Program::new().with(
        "ISSUANT_DATABASE_URL",
        "postgres://issuant:hunter2@127.0.0.1:1/issuant?connect_timeout=1",
    );
    for line in ["migrate", "client list --json", "config check"] {
        let outcome = program.run(line);
        assert_ne!(outcome.code, 0);
        assert!(!outcome.stdout.contains("hunter2"), "{outcome:#?}");
        assert!(!outcome.stderr.contains("hunter2"), "{outcome:#?}");
    }
    program.run("migrate").expect(4);
}
