//! The table of settings: every key that exists, its default and what it is for.
//!
//! The reference in the README, `issuant help config` and the names of environment variables come from
//! here, so they cannot differ.

mod names;

pub(super) use names::{nearest, nearest_table};

/// One setting.
#[derive(Debug)]
pub struct Key {
    /// Its name in the file; a dot separates table and key.
    pub name: &'static str,
    /// What holds when nobody says anything, as it would be typed; empty: nothing.
    pub default: &'static str,
    /// What it is for, one line.
    pub help: &'static str,
    /// Whether its value may hold a secret; then `ISSUANT_…_FILE` names a file that holds the value.
    pub is_secret: bool,
}

impl Key {
    /// The environment variable: `lifetimes.access_token` is `ISSUANT_LIFETIMES_ACCESS_TOKEN`.
    pub fn variable(&self) -> String {
        format!(
            "ISSUANT_{}",
            self.name.replace('.', "_").to_ascii_uppercase()
        )
    }
}

const fn key(name: &'static str, default: &'static str, help: &'static str) -> Key {
    Key {
        name,
        default,
        help,
        is_secret: false,
    }
}

/// All settings, in the order in which the reference shows them.
pub static KEYS: &[Key] = &[
    key(
        "issuer",
        "",
        "Address under which browsers and clients reach the server: https, or http on a loopback host. `serve` needs it",
    ),
    key("listen", "127.0.0.1:4343", "Address and port to listen on"),
    key(
        "data_dir",
        "./issuant-data",
        "Folder of the SQLite database and the key-encryption secret; `dev` uses ./issuant-dev",
    ),
    Key {
        name: "database_url",
        default: "sqlite:<data_dir>/issuant.db",
        help: "sqlite:PATH or postgres://USER:PASSWORD@HOST/DATABASE",
        is_secret: true,
    },
    key(
        "key_secret_file",
        "<data_dir>/key-secret",
        "File with the key-encryption secret, mode 0600; `migrate` makes the default one",
    ),
    key(
        "server_name",
        "Issuant",
        "Name that people read on the pages",
    ),
    key(
        "help_url",
        "",
        "Where pages send people who need help: https:, http: or mailto:",
    ),
    key(
        "trusted_proxies",
        "[]",
        "Addresses or networks whose X-Forwarded-For is believed",
    ),
    key(
        "refresh_rotation",
        "tolerant",
        "What a refresh does to the refresh token: tolerant, or strict for one-time use",
    ),
    key(
        "lifetimes.access_token",
        "5m",
        "Life of an access token, 1s to 24h",
    ),
    key("lifetimes.id_token", "5m", "Life of an ID token, 1s to 24h"),
    key(
        "lifetimes.code",
        "60s",
        "Life of an authorization code, 1s to 10m",
    ),
    key(
        "lifetimes.authorization_request",
        "1h",
        "How long a person may take to sign in, 1m to 24h",
    ),
    key(
        "lifetimes.refresh_idle",
        "30d",
        "A sign-in of a client ends when its refresh token was not used for so long",
    ),
    key(
        "lifetimes.refresh_absolute",
        "90d",
        "A sign-in of a client ends at this age",
    ),
    key(
        "lifetimes.retry_window",
        "10s",
        "A refresh repeated within this time gets the identical answer; 0 turns it off, at most 5m",
    ),
    key(
        "lifetimes.session_idle",
        "24h",
        "A browser session ends when it was not used for so long",
    ),
    key(
        "lifetimes.session_absolute",
        "30d",
        "A browser session ends at this age",
    ),
    key(
        "signing.algorithms",
        "[\"ES256\", \"RS256\"]",
        "Algorithms of the first signing keys: ES256, ES384, ES512, EdDSA, RS256, RS384, RS512, PS256, PS384, PS512",
    ),
    key(
        "signing.access_token_algorithm",
        "ES256",
        "Signs access tokens; one of signing.algorithms",
    ),
    key(
        "signing.announce",
        "7d",
        "How long a new key is published before it signs, at most 90d",
    ),
    key("database.readers", "4", "Connections for reading, 1 to 128"),
    key(
        "database.writers",
        "4",
        "Connections for writing with PostgreSQL, 1 to 128, and two more for refreshes; SQLite always has one",
    ),
    key(
        "http.workers",
        "one a core",
        "Threads that answer requests, 1 to 256",
    ),
    key(
        "tls.certificate_file",
        "",
        "Certificate with those between it and its authority, in PEM, to answer https without a proxy; read again when it changes",
    ),
    key(
        "tls.key_file",
        "",
        "Private key of tls.certificate_file, in PEM",
    ),
    key(
        "metrics.listen",
        "",
        "Address and port of a listener of its own for /metrics, as 127.0.0.1:9464; other machines need metrics.token",
    ),
    Key {
        name: "metrics.token",
        default: "",
        help: "What readers of /metrics send as Authorization: Bearer; with it /metrics is on the main listener too",
        is_secret: true,
    },
    key(
        "account.sign_up",
        "off",
        "Whether people may make accounts at /sign-up, which the sign-in page then names: on or off",
    ),
    key(
        "account.change_email",
        "off",
        "Whether people may enter another e-mail address, not verified: on or off. Leave it off where apps know people by address",
    ),
    key(
        "personal_tokens.lifetime",
        "1h",
        "Life of a personal access token for which nobody says another, 1s to 366d",
    ),
    key(
        "personal_tokens.longest",
        "90d",
        "No personal access token lives longer, 1s to 366d",
    ),
    key(
        "personal_tokens.most",
        "100",
        "A person has at most so many personal access tokens that are good; 0 turns them off",
    ),
    key(
        "personal_tokens.audiences",
        "[]",
        "Who may accept the tokens that people make on their account page, beside this server",
    ),
    key(
        "roles.vocabulary",
        "[]",
        "Roles that people can have, of which case makes no difference; admin is always one. Empty: any",
    ),
    key(
        "shared_secret.keys_file",
        "",
        "JSON file with the secrets of HS512 tokens: [{kid, secret or secret_file}], 64 bytes or more each; the first signs, all verify",
    ),
    key(
        "shared_secret.issuer",
        "issuant-shared-secret",
        "The iss of tokens that are signed with a shared secret",
    ),
    key(
        "shared_secret.audience",
        "",
        "Their aud where nobody says another; without one it is shared_secret.issuer",
    ),
    key(
        "forward_auth.query_token_paths",
        "[]",
        "Paths below which /verify takes a token from the address (access_token), as a trusted proxy tells it in X-Original-URI or X-Forwarded-Uri",
    ),
    key(
        "nuxeo.audience_is_path",
        "off",
        "Whether the aud of a token with a shared secret is the path that it opens, as in Nuxeo: on or off",
    ),
    key(
        "cluster_cockpit.enabled",
        "off",
        "Paths and commands of ClusterCockpit (docs/cluster-cockpit.md): on or off; `dev` has them on",
    ),
    key(
        "cluster_cockpit.max_age",
        "30d",
        "Life of the tokens of --jwt and /frontend/jwt/, 1s to 366d",
    ),
    key(
        "sign_in.acr_values",
        "[\"0\",\"1\"]",
        "Authentication context classes (acr) that a sign-in with a password reaches, the strongest last; \"name within 5m\" asks for a sign-in of that age. Told to clients that ask",
    ),
    key(
        "front_channel_tokens",
        "off",
        "Whether the authorization endpoint gives tokens to clients that register for it (implicit and hybrid flow, which RFC 9700 advises against): on or off",
    ),
    key(
        "registration.mode",
        "off",
        "Who may register clients at /register: off, token (an access token with the scope client_registration), or open",
    ),
    key(
        "registration.max_clients",
        "1000",
        "More clients than this cannot register themselves",
    ),
    key(
        "registration.unused",
        "90d",
        "A client that registered itself is removed when nobody signed in to it for so long, 1d to 3650d",
    ),
    key(
        "registration.per_minute",
        "60",
        "So many clients may register themselves from one network in a minute",
    ),
    key(
        "registration.legacy_assertion_audience",
        "off",
        "Whether clients that register themselves may name the token endpoint, instead of the issuer, as the audience of their assertions: on or off",
    ),
    key(
        "registration.statement_keys_file",
        "",
        "File with a JWK set: the keys of authorities whose software statements count (RFC 7591)",
    ),
    key(
        "fleet.enabled",
        "off",
        "Whether agents get tokens at /api/fleet/authenticate, as at Elastic's Fleet Server: on or off; `dev` has it on",
    ),
    key(
        "fleet.access_ttl",
        "15m",
        "Life of an agent's access token, 1s to 24h",
    ),
    key(
        "fleet.refresh_ttl",
        "30d",
        "An agent's pair of tokens ends when it was not used for so long; lifetimes.refresh_absolute holds beside it",
    ),
    key(
        "fleet.auth_methods",
        "[\"api_key\",\"jwt\"]",
        "What agents may authenticate with: api_key, and jwt for the tokens of their pairs",
    ),
    key(
        "fleet.validate_agent_record",
        "on",
        "Whether an agent's access token is good only while the agent is enabled and its pair lives: on or off",
    ),
    key(
        "fleet.access_token_renewal",
        "off",
        "Whether an access token brings an agent a new pair, and not a new access token alone: on or off",
    ),
    key(
        "fleet.issuer_is_key_thumbprint",
        "off",
        "Whether iss of an agent's access tokens is the thumbprint of the signing key, and not the issuer: on or off",
    ),
    key(
        "fleet.rate_limit",
        "100",
        "Requests a second from one address to /api/fleet, and twice as many after a pause",
    ),
    key(
        "fleet.max_concurrent",
        "100",
        "Requests to /api/fleet that are answered at once",
    ),
    key(
        "consul.enabled",
        "off",
        "Whether programs that log in at Consul are served at /v1/acl: on or off; `dev` has it on",
    ),
    key(
        "consul.strict_compat",
        "off",
        "Whether an absent claim may grant something there, as in Consul, and other weaknesses of it are kept: on or off",
    ),
    key(
        "jwtis.enabled",
        "off",
        "Whether services get keys and tokens of their own at /register/{kid}, /issue_token and so on, as at jwtis: on or off; `dev` has it on",
    ),
    key(
        "jwtis.signing_algorithm",
        "ES256",
        "Signs the tokens of a service that names none: one of the algorithms of signing.algorithms",
    ),
    key(
        "jwtis.encryption_algorithm",
        "ECDH-ES+A256KW",
        "Protects the refresh tokens of a service that names none: ECDH-ES, alone or with +A128KW, +A192KW, +A256KW, RSA-OAEP or RSA-OAEP-256",
    ),
    key(
        "jwtis.content_encryption",
        "A256GCM",
        "Encrypts them: A128GCM, A192GCM or A256GCM",
    ),
    key(
        "jwtis.key_lifetime",
        "180d",
        "Life of the keys of a service that names none",
    ),
    key(
        "jwtis.access_ttl",
        "72h",
        "Life of the access tokens of a service that names none; the most that any may ask for",
    ),
    key(
        "jwtis.refresh_ttl",
        "30d",
        "Life of the refresh tokens of a service that names none; the most that any may ask for",
    ),
    key(
        "jwtis.rsa1_5",
        "off",
        "Whether a service may have its refresh tokens encrypted with RSA1_5, which RFC 8725 advises against: on or off",
    ),
    key(
        "fetch.ca_file",
        "",
        "File with certificates in PEM that are trusted beside those of the system when this server asks others, as for a client's keys",
    ),
    key(
        "fetch.allow_private",
        "[]",
        "Addresses or networks that are not public, or ports other than 443 on them, that this server may ask",
    ),
    key("log.format", "pretty", "pretty or json"),
    key("log.level", "info", "error, warn, info, debug or trace"),
];

/// The setting of that name.
pub(super) fn find(name: &str) -> Option<&'static Key> {
    KEYS.iter().find(|key| key.name == name)
}

/// Whether some setting is in a table of that name.
pub(super) fn is_table(name: &str) -> bool {
    KEYS.iter()
        .filter_map(|key| key.name.split_once('.'))
        .any(|(table, _)| table == name)
}

#[cfg(test)]
mod tests;
