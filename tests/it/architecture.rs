//! The rules of the house as code: who may name whom, how long a file may be, and that both sets of migrations match.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// Each module and what it may name.
const IMPORTS: [(&str, &[&str]); 11] = [
    ("main", &["cli"]),
    (
        "cli",
        &[
            "server", "http", "jobs", "fetch", "storage", "config", "identity", "protocol",
            "crypto",
        ],
    ),
    (
        "server",
        &[
            "http", "jobs", "fetch", "storage", "config", "identity", "protocol", "crypto",
        ],
    ),
    (
        "http",
        &["fetch", "storage", "identity", "protocol", "crypto"],
    ),
    ("jobs", &["storage", "identity", "protocol", "crypto"]),
    ("fetch", &[]),
    ("storage", &["identity", "protocol", "crypto"]),
    ("config", &["protocol", "crypto"]),
    ("identity", &["protocol", "crypto"]),
    ("protocol", &["crypto"]),
    ("crypto", &[]),
];

/// Each package that is fenced in, and the places that may name it.
const PACKAGES: [(&str, &[&str]); 18] = [
    ("actix_web", &["src/http/", "src/server/"]),
    ("actix_http", &[]),
    ("diesel", &["src/storage/"]),
    ("diesel_migrations", &["src/storage/"]),
    ("askama", &["src/http/pages/"]),
    ("oxide_auth", &["src/protocol/engine"]),
    (
        "openidconnect",
        &[
            "src/protocol/metadata.rs",
            "src/protocol/tokens/id_token.rs",
            "src/http/pages/dev_app",
        ],
    ),
    ("reqwest", &["src/fetch/"]),
    ("rustls", &["src/server/tls.rs"]),
    ("rsa", &["src/crypto/rsa_key.rs"]),
    ("jsonwebtoken", &["src/crypto/"]),
    ("aws_lc_rs", &["src/crypto/"]),
    ("aes_kw", &["src/crypto/"]),
    ("argon2", &["src/crypto/"]),
    ("regex", &["src/protocol/trust/selector/"]),
    ("clap", &["src/cli/"]),
    (
        "prometheus_client",
        &["src/http/metrics.rs", "src/storage/"],
    ),
    ("std::env", &["src/config/"]),
];

/// What nobody does in the rules: they have no threads, no network, no clock and no files.
const IMPURE: [&str; 9] = [
    "tokio::",
    "reqwest::",
    "tracing::",
    "std::fs",
    "std::net",
    "std::thread",
    "SystemTime",
    "Instant::now",
    "Utc::now",
];

/// Why it is slow is told at the macro `on!`.
#[test]
fn one_row_is_never_asked_for_with_a_bound_limit() {
    for source in sources()
        .iter()
        .filter(|it| it.path.starts_with("src/storage/"))
    {
        assert!(
            !source.code.contains(".first(c)"),
            "{}: use get_result",
            source.path
        );
    }
}

/// A file with more lines of code than this does two things.
const LONGEST: usize = 400;

struct Source {
    /// From the root of the project, with slashes.
    path: String,
    /// Without comments, and without the tests at its end.
    code: String,
}

fn sources() -> Vec<Source> {
    let mut found = Vec::new();
    collect(Path::new("src"), &mut found);
    assert!(found.len() > 100);
    found
}

fn collect(folder: &Path, found: &mut Vec<Source>) {
    for path in entries(folder) {
        if path.is_dir() {
            collect(&path, found);
        } else if path.extension().is_some_and(|it| it == "rs") && !path.ends_with("tests.rs") {
            let text = fs::read_to_string(&path).unwrap();
            let text = text.split("#[cfg(test)]\nmod tests").next().unwrap();
            let is_code = |line: &&str| !line.trim().is_empty() && !line.trim().starts_with("//");
            let code: Vec<&str> = text.lines().filter(is_code).collect();
            let path = path.to_str().unwrap().replace('\\', "/");
            found.push(Source {
                path,
                code: code.join("\n"),
            });
        }
    }
}

fn entries(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap();
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    paths
}

/// Whether the code names the package: as the root of a `use`, or at the head of a path, unless that head is a name
/// imported from elsewhere (`aws_lc_rs` has a module `rsa`).
fn names(code: &str, package: &str) -> bool {
    let (uses, rest) = split_uses(code);
    let is_root = |it: &String| heads(it, package).any(|at| at == 0);
    let is_imported = uses.iter().any(|it| heads(it, package).any(|at| at > 0));
    uses.iter().any(is_root) || (!is_imported && heads(&rest, package).next().is_some())
}

/// The paths of the `use` declarations, and everything else.
fn split_uses(code: &str) -> (Vec<String>, String) {
    let (mut uses, mut rest) = (Vec::new(), String::new());
    let mut open: Option<String> = None;
    for line in code.lines() {
        let start = line.trim().trim_start_matches("pub ").strip_prefix("use ");
        let part = start.unwrap_or(line.trim());
        if start.is_none() && open.is_none() {
            rest.push_str(line);
            rest.push('\n');
            continue;
        }
        let path = open.take().unwrap_or_default() + part;
        if path.ends_with(';') {
            uses.push(path);
        } else {
            open = Some(path);
        }
    }
    (uses, rest)
}

/// Where `name` begins a path of its own or of a group.
fn heads<'a>(code: &'a str, name: &'a str) -> impl Iterator<Item = usize> + 'a {
    code.match_indices(name)
        .map(|(at, _)| at)
        .filter(move |at| {
            let before = code[..*at].chars().next_back();
            let after = &code[at + name.len()..];
            let is_start = before.is_none_or(|it| !it.is_alphanumeric() && !"_:.\"#".contains(it));
            is_start && (after.starts_with("::") || after.starts_with([';', ',', '}']))
        })
}

/// The modules that the code names after `crate::`.
fn named_modules(code: &str) -> BTreeSet<&str> {
    let mut modules = BTreeSet::new();
    for after in code.split("crate::").skip(1) {
        let end = after
            .find(|it: char| !it.is_alphanumeric() && it != '_')
            .unwrap_or(after.len());
        assert!(
            end > 0,
            "write one `use` for each module: crate::{}",
            &after[..20]
        );
        modules.insert(&after[..end]);
    }
    modules
}

#[test]
fn a_module_names_only_modules_below_it() {
    for Source { path, code } in sources() {
        let own = path
            .trim_start_matches("src/")
            .split(['/', '.'])
            .next()
            .unwrap();
        if own == "lib" {
            continue;
        }
        let (_, allowed) = IMPORTS.iter().find(|(name, _)| *name == own).expect(own);
        for named in named_modules(&code) {
            let is_macro = named.starts_with(char::is_uppercase);
            let is_fine = named == own || allowed.contains(&named) || is_macro;
            assert!(is_fine, "{path} names crate::{named}");
        }
        assert!(!code.contains("super::super"), "{path} climbs twice");
    }
}

#[test]
fn a_package_is_named_only_where_it_belongs() {
    for Source { path, code } in sources() {
        for (package, places) in PACKAGES {
            let is_place = places.iter().any(|place| path.starts_with(place));
            assert!(is_place || !names(&code, package), "{path} names {package}");
        }
    }
}

#[test]
fn the_rules_touch_nothing_but_their_arguments() {
    for Source { path, code } in sources() {
        let is_rule = ["src/protocol/", "src/identity/"]
            .iter()
            .any(|it| path.starts_with(it));
        for impure in IMPURE {
            assert!(!is_rule || !code.contains(impure), "{path} names {impure}");
        }
        for ambient in ["SystemTime::now", "Utc::now"] {
            let is_clock = path == "src/server/clock.rs";
            assert!(
                is_clock || !code.contains(ambient),
                "{path} names {ambient}"
            );
        }
    }
}

/// Databases, which are the operator's, are reached through diesel.
#[test]
fn only_guarded_requests_leave_the_server() {
    for Source { path, code } in sources() {
        for socket in [
            "TcpStream",
            "TcpSocket",
            "UdpSocket",
            "UnixStream",
            "lookup_host",
        ] {
            let is_fetch = path.starts_with("src/fetch/");
            assert!(is_fetch || !code.contains(socket), "{path} names {socket}");
        }
    }
}

/// Clients are told of every session that is ended, because there is one way to end it.
#[test]
fn a_session_is_ended_by_its_rule_alone() {
    for Source { path, code } in sources() {
        let is_place = path == "src/identity/session.rs" || path.starts_with("src/storage/");
        assert!(
            is_place || !code.contains(".end_session("),
            "{path} ends a session without session::end"
        );
    }
}

/// RUSTSEC-2023-0071: the package leaks private keys through time when it computes with them.
#[test]
fn the_rsa_package_never_computes_with_a_private_key() {
    let sources = sources();
    let file = sources
        .iter()
        .find(|it| it.path == "src/crypto/rsa_key.rs")
        .unwrap();
    for operation in [
        "sign", "decrypt", "Pkcs1v15", "Oaep", "Pss", "blind", "raw_",
    ] {
        let is_there = file.code.lines().any(|line| {
            line.contains(operation)
                && !line.contains("signing_key")
                && !line.contains("SigningKey")
        });
        assert!(!is_there, "src/crypto/rsa_key.rs has {operation}");
    }
}

#[test]
fn no_file_is_longer_than_one_thing() {
    for Source { path, code } in sources() {
        let lines = code.lines().count();
        assert!(lines <= LONGEST, "{path} has {lines} lines of code");
    }
}

#[test]
fn both_databases_have_migrations_of_the_same_names() {
    let names = |folder: &str| -> Vec<String> {
        let paths = entries(Path::new(folder));
        paths
            .iter()
            .map(|path| path.file_name().unwrap().to_str().unwrap().to_owned())
            .collect()
    };
    let sqlite = names("migrations/sqlite");
    assert!(!sqlite.is_empty());
    assert_eq!(sqlite, names("migrations/postgres"));
    for name in sqlite {
        for folder in ["migrations/sqlite", "migrations/postgres"] {
            for file in ["up.sql", "down.sql"] {
                assert!(
                    Path::new(folder).join(&name).join(file).exists(),
                    "{folder}/{name}/{file}"
                );
            }
        }
    }
}
