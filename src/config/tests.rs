//! Every setting from every source, and the sentence for every mistake.

use std::path::Path;

use crate::config::{Config, Flag, Mode, Sources};
use crate::crypto::algorithm::Algorithm;
use crate::protocol::refresh_policy::RefreshRotation;

fn sources(file: &str, environment: &[(&str, &str)]) -> Sources {
    Sources {
        file: (!file.is_empty()).then(|| ("issuant.toml".to_owned(), file.to_owned())),
        environment: environment
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect(),
        ..Sources::default()
    }
}

fn config(file: &str, environment: &[(&str, &str)]) -> Config {
    Config::check(&sources(file, environment), Mode::Local).unwrap()
}

fn problems(file: &str, environment: &[(&str, &str)], mode: Mode) -> Vec<String> {
    Config::check(&sources(file, environment), mode)
        .unwrap_err()
        .iter()
        .map(ToString::to_string)
        .collect()
}

#[test]
fn nothing_said_gives_the_defaults() {
    let config = config("", &[]);
    assert_eq!(config.issuer.as_str(), "http://localhost:4343");
    assert_eq!(config.http.listen.to_string(), "127.0.0.1:4343");
    assert_eq!(config.data_dir, Path::new("./issuant-data"));
    assert_eq!(
        config.key_secret_file,
        Path::new("./issuant-data/key-secret")
    );
    assert!(!config.key_secret_is_configured);
    assert_eq!(
        config.database.url.expose(),
        "sqlite:./issuant-data/issuant.db"
    );
    assert_eq!(config.policy, crate::protocol::context::Policy::default());
    assert_eq!(
        config.signing.algorithms,
        [Algorithm::Es256, Algorithm::Rs256]
    );
    assert!(config.warnings.is_empty());
}

#[test]
fn the_table_of_settings_tells_the_defaults() {
    let file: String = crate::config::keys::KEYS
        .iter()
        .filter(|key| !key.default.is_empty() && !key.default.contains([' ', '<']))
        .map(|key| {
            if key.default.starts_with('[') {
                format!("{} = {}\n", key.name, key.default)
            } else {
                format!("{} = \"{}\"\n", key.name, key.default)
            }
        })
        .collect();
    let (spelled, silent) = (config(&file, &[]), config("", &[]));
    assert_eq!(
        format!("{spelled:?}").replace(" }", "}"),
        format!("{silent:?}").replace(" }", "}")
    );
}

#[test]
fn agents_get_tokens_where_that_is_switched_on_and_in_development() {
    let is_on = |file: &str, mode| {
        let issuer = [("ISSUANT_ISSUER", "http://localhost:4343")];
        let config = Config::check(&sources(file, &issuer), mode).unwrap();
        config.policy.agents.is_on
    };
    assert!(is_on("", Mode::Development) && !is_on("", Mode::Production));
    assert!(!is_on("fleet.enabled = \"off\"", Mode::Development));
    assert!(is_on("fleet.enabled = \"on\"", Mode::Production));
    let methods = config("fleet.auth_methods = [\"jwt\"]", &[]).policy.agents;
    assert!(methods.accepts_tokens && !methods.accepts_api_keys);
    let wrong = problems("fleet.auth_methods = [\"mtls\"]", &[], Mode::Local);
    assert!(wrong[0].contains("may list api_key and jwt"), "{wrong:?}");
}

#[test]
fn every_key_can_be_set_in_the_file() {
    let config = config(
        r#"
        issuer = "https://id.example.com"
        listen = "[::1]:80"
        data_dir = "/var/lib/issuant"
        database_url = "postgres://issuant:hidden@db.internal/issuant?sslmode=require"
        key_secret_file = "/run/secret"
        server_name = "Example"
        help_url = "mailto:help@example.com"
        trusted_proxies = ["10.0.0.5", "fd00::/8"]
        refresh_rotation = "strict"
        [lifetimes]
        access_token = "10m"
        id_token = 120
        code = "30s"
        authorization_request = "10m"
        refresh_idle = "1d"
        refresh_absolute = "2d"
        retry_window = 0
        session_idle = "1h"
        session_absolute = "12h"
        [signing]
        algorithms = ["EdDSA"]
        access_token_algorithm = "EdDSA"
        announce = "1d"
        [database]
        readers = 8
        writers = 2
        [http]
        workers = 3
        [fetch]
        ca_file = "/etc/issuant/ca.pem"
        allow_private = ["10.1.2.0/24", "::1"]
        [sign_in]
        acr_values = ["urn:example:silver", "urn:example:gold within 5m"]
        [log]
        format = "json"
        level = "debug"
        "#,
        &[],
    );
    assert_eq!(config.issuer.authority(), "id.example.com");
    assert_eq!(config.key_secret_file, Path::new("/run/secret"));
    assert!(config.key_secret_is_configured);
    assert!(!format!("{config:?}").contains("hidden"));
    assert_eq!(config.http.trusted_proxies.len(), 2);
    assert_eq!(config.http.workers, 3);
    let ca_file = config.fetch.ca_file.as_deref();
    assert_eq!(ca_file, Some(Path::new("/etc/issuant/ca.pem")));
    assert_eq!(config.fetch.allow_private.len(), 2);
    assert_eq!(config.policy.access_token_lifetime, 600);
    assert_eq!(config.policy.id_token_lifetime, 120);
    assert_eq!(config.policy.retry_window, 0);
    assert_eq!(config.policy.refresh_rotation, RefreshRotation::Strict);
    assert_eq!(config.policy.access_token_algorithm, Algorithm::EdDsa);
    let ladder = &config.policy.acr_values;
    let ladder: Vec<_> = ladder
        .iter()
        .map(|it| (it.name.as_str(), it.max_age))
        .collect();
    let expected = [
        ("urn:example:silver", None),
        ("urn:example:gold", Some(300)),
    ];
    assert_eq!(ladder, expected);
    assert_eq!(config.signing.announce, 86_400);
    assert_eq!((config.database.readers, config.database.writers), (8, 2));
    assert_eq!(config.log.level.as_str(), "debug");
}

#[test]
fn a_flag_beats_the_environment_beats_the_file() {
    let mut sources = sources(
        "listen = \"127.0.0.1:1\"\nserver_name = \"file\"",
        &[
            ("ISSUANT_LISTEN", "127.0.0.1:2"),
            ("ISSUANT_LOG_LEVEL", "warn"),
        ],
    );
    let config = Config::check(&sources, Mode::Local).unwrap();
    assert_eq!(config.http.listen.port(), 2);
    assert_eq!(config.pages.server_name, "file");
    assert_eq!(config.log.level.as_str(), "warn");
    sources.flags.push(Flag {
        key: "listen",
        flag: "--listen",
        value: "localhost:3".to_owned(),
    });
    let config = Config::check(&sources, Mode::Local).unwrap();
    assert_eq!(config.http.listen.port(), 3);
    assert_eq!(config.issuer.as_str(), "http://localhost:3");
}

#[test]
fn the_environment_takes_lists_numbers_and_ignores_empty_values() {
    let config = config(
        "",
        &[
            ("ISSUANT_TRUSTED_PROXIES", "10.0.0.0/8, ::1"),
            ("ISSUANT_LIFETIMES_RETRY_WINDOW", "0"),
            ("ISSUANT_SIGNING_ALGORITHMS", "RS256,PS256"),
            ("ISSUANT_ISSUER", ""),
            ("ISSUANT_TEST_DATABASE", "x"),
            ("ISSUANT_CONFIG", "issuant.toml"),
        ],
    );
    assert_eq!(config.http.trusted_proxies.len(), 2);
    assert_eq!(config.policy.retry_window, 0);
    assert_eq!(config.policy.access_token_algorithm, Algorithm::Rs256);
}

#[test]
fn each_mistake_has_its_sentence() {
    for (file, expected) in [
        (
            "publc_url = \"x\"",
            "issuant.toml:1  unknown key `publc_url` – did you mean `issuer`?  [E0102]",
        ),
        (
            "\n\n[lifetime]\naccess_token = 1",
            "issuant.toml:3  unknown table `lifetime` – did you mean `lifetimes`?  [E0102]",
        ),
        (
            "[lifetimes]\nacces_token = 1",
            "issuant.toml:2  unknown key `lifetimes.acces_token` – did you mean `lifetimes.access_token`?  [E0102]",
        ),
        (
            "xyzzy = 1",
            "issuant.toml:1  unknown key `xyzzy` – `issuant help config` lists what there is  [E0102]",
        ),
        (
            "listen = 4343",
            "issuant.toml:1  `listen` must be a text in double quotes  [E0103]",
        ),
        (
            "listen = \":4343\"",
            "issuant.toml:1  `listen` must be ADDRESS:PORT, as 127.0.0.1:4343 or [::]:4343  [E0103]",
        ),
        (
            "[lifetimes]\ncode = \"1h\"",
            "issuant.toml:2  `lifetimes.code` must be a duration from 1s to 10m, as 90s, 5m, 1h or 30d  [E0103]",
        ),
        (
            "[http]\nworkers = 0",
            "issuant.toml:2  `http.workers` must be a whole number from 1 to 256  [E0103]",
        ),
        (
            "trusted_proxies = [\"proxy\"]",
            "issuant.toml:1  `trusted_proxies` must list addresses or networks, as 10.0.0.5 or 10.0.0.0/8, but `proxy` is none  [E0103]",
        ),
        (
            "[sign_in]\nacr_values = [\"level 1\"]",
            "issuant.toml:2  `sign_in.acr_values` must be names of at most 255 printable ASCII characters without blanks, each alone or as \"name within 5m\"  [E0103]",
        ),
        (
            "[sign_in]\nacr_values = [\"1 within 0s\"]",
            "issuant.toml:2  `sign_in.acr_values` must be names of at most 255 printable ASCII characters without blanks, each alone or as \"name within 5m\"  [E0103]",
        ),
        (
            "database_url = \"mysql://u:p@h/d\"",
            "issuant.toml:1  `database_url` must begin with sqlite: or postgres://  [E0103]",
        ),
        (
            "[signing]\nalgorithms = [\"HS256\"]",
            "issuant.toml:2  `signing.algorithms` knows ES256, ES384, ES512, EdDSA, RS256, RS384, RS512, PS256, PS384, PS512, but not `HS256`  [E0103]",
        ),
        (
            "[signing]\naccess_token_algorithm = \"PS256\"",
            "issuant.toml:2  `signing.access_token_algorithm` is PS256, which `signing.algorithms` does not name  [E0106]",
        ),
        (
            "[lifetimes]\nrefresh_idle = \"91d\"",
            "issuant.toml:2  `lifetimes.refresh_idle` (91d) is longer than `lifetimes.refresh_absolute` (90d)  [E0106]",
        ),
        (
            "refresh_rotation = \"always\"",
            "issuant.toml:1  `refresh_rotation` must be tolerant or strict  [E0103]",
        ),
        (
            "refresh_rotation = \"none\"",
            "issuant.toml:1  `refresh_rotation` may be none or near_end for single clients only: issuant client set ID --refresh-rotation none  [E0103]",
        ),
        (
            "issuer = \"https://id.example.com/\"",
            "issuant.toml:1  `issuer` is compared byte for byte by every client: write it as https://id.example.com  [E0105]",
        ),
        (
            "issuer = \"https://ID.example.com:443\"",
            "issuant.toml:1  `issuer` is compared byte for byte by every client: write it as https://id.example.com  [E0105]",
        ),
        (
            "issuer = \"https://id.example.com/auth\"",
            "issuant.toml:1  `issuer` may not have a path: the server answers at https://id.example.com  [E0105]",
        ),
        (
            "issuer = \"https://id.example.com?x\"",
            "issuant.toml:1  `issuer` may not have a query (?) or a fragment (#)  [E0105]",
        ),
        (
            "issuer = \"http://id.example.com\"",
            "issuant.toml:1  `issuer` is http, which is only for a loopback host: use https://id.example.com, with a proxy that speaks TLS  [E0105]",
        ),
        (
            "issuer = \"id.example.com\"",
            "issuant.toml:1  `issuer` must be an address, as https://id.example.com  [E0105]",
        ),
    ] {
        assert_eq!(problems(file, &[], Mode::Local), [expected], "{file}");
    }
}

#[test]
fn a_file_that_is_not_toml_names_the_line() {
    let all = problems(
        "issuer = \"https://id.example.com\"\nlisten = \n",
        &[],
        Mode::Local,
    );
    assert!(
        all[0].starts_with("issuant.toml:2  this is not TOML:"),
        "{all:?}"
    );
    assert!(all[0].ends_with("[E0101]"), "{all:?}");
}

#[test]
fn variables_are_checked_too() {
    assert_eq!(
        problems("", &[("ISSUANT_ISSUR", "x")], Mode::Local),
        [
            "ISSUANT_ISSUR  unknown variable `ISSUANT_ISSUR` – did you mean `ISSUANT_ISSUER`?  [E0102]"
        ]
    );
    assert_eq!(
        problems("", &[("ISSUANT_LISTEN", "x")], Mode::Local),
        ["ISSUANT_LISTEN  `listen` must be ADDRESS:PORT, as 127.0.0.1:4343 or [::]:4343  [E0103]"]
    );
}

#[test]
fn all_problems_come_at_once() {
    let file = "publc_url = \"x\"\nlisten = 1\n[log]\nlevel = \"loud\"";
    let all = problems(file, &[("ISSUANT_HTTP_WORKERS", "many")], Mode::Production);
    assert_eq!(all.len(), 5, "{all:#?}");
}

#[test]
fn a_production_server_does_not_guess_its_issuer() {
    let all = problems("", &[], Mode::Production);
    assert_eq!(all.len(), 1);
    assert!(all[0].contains("`issuer` is missing"), "{all:?}");
    assert!(all[0].ends_with("[E0104]"));
    let loopback = sources("", &[("ISSUANT_ISSUER", "http://127.0.0.1:4343")]);
    let config = Config::check(&loopback, Mode::Production).unwrap();
    assert!(config.issuer.is_loopback() && !config.issuer.is_https());
}

#[test]
fn exposure_is_a_warning() {
    let open = sources(
        "issuer = \"https://id.example.com\"\nlisten = \"0.0.0.0:80\"",
        &[],
    );
    let warnings = Config::check(&open, Mode::Production).unwrap().warnings;
    assert_eq!(
        warnings[0].to_string(),
        "issuant.toml:2  `listen` is 0.0.0.0 without TLS, and no proxy is trusted: keep the port closed to the outside  [W0107]"
    );
    let local = sources("issuer = \"https://id.example.com\"", &[]);
    let warnings = Config::check(&local, Mode::Production).unwrap().warnings;
    assert_eq!(warnings[0].id, "W0108");
}

#[test]
fn databases() {
    for text in [
        "sqlite:a.db",
        "sqlite:///var/a.db",
        "postgresql://u:p@h:1/d",
        "postgres:///d?host=/run&password=p",
    ] {
        let config = config("", &[("ISSUANT_DATABASE_URL", text)]);
        assert_eq!(config.database.url.expose(), text);
    }
    for text in [
        "sqlite:",
        "sqlite://",
        "sqlite::memory:",
        "a.db",
        "postgres:x",
    ] {
        let all = problems("", &[("ISSUANT_DATABASE_URL", text)], Mode::Local);
        assert!(all[0].ends_with("[E0103]"), "{text}: {all:?}");
    }
}

#[test]
fn a_port_chosen_by_the_system_moves_the_issuer_unless_it_is_configured() {
    let mut free = config("listen = \"127.0.0.1:0\"", &[]);
    free.listening_on(5000);
    assert_eq!(free.issuer.as_str(), "http://localhost:5000");
    let mut fixed = config("issuer = \"https://id.example.com\"", &[]);
    fixed.listening_on(5000);
    assert_eq!(fixed.issuer.as_str(), "https://id.example.com");
}
