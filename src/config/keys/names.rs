//! What people type instead of the name of a setting, and the name that is most like it.

use super::{KEYS, Key, find};

/// What people type who know other servers, and what it is called here.
pub(super) static OTHER_NAMES: &[(&str, &str)] = &[
    ("public_url", "issuer"),
    ("base_url", "issuer"),
    ("external_url", "issuer"),
    ("app_url", "issuer"),
    ("issuer_url", "issuer"),
    ("hostname", "issuer"),
    ("url", "issuer"),
    ("bind", "listen"),
    ("address", "listen"),
    ("host", "listen"),
    ("port", "listen"),
    ("data", "data_dir"),
    ("db_url", "database_url"),
    ("database", "database_url"),
    ("dsn", "database_url"),
    ("proxies", "trusted_proxies"),
    ("trust_proxy", "trusted_proxies"),
    ("secret_file", "key_secret_file"),
    ("ca_file", "fetch.ca_file"),
    ("ca_certificates", "fetch.ca_file"),
    ("allowed_networks", "fetch.allow_private"),
    ("log_level", "log.level"),
    ("log_format", "log.format"),
    ("workers", "http.workers"),
    ("token_lifetime", "lifetimes.access_token"),
    ("access_token_ttl", "lifetimes.access_token"),
    ("refresh_token", "lifetimes.refresh_idle"),
    ("rotation", "refresh_rotation"),
    ("token_rotation", "refresh_rotation"),
    ("support_url", "help_url"),
    ("title", "server_name"),
    ("name", "server_name"),
];

/// The setting whose name is most like `typed`, if any is like it at all.
pub(in crate::config) fn nearest(typed: &str) -> Option<&'static Key> {
    let typed = typed.to_ascii_lowercase().replace('-', "_");
    let by_name = KEYS.iter().flat_map(|key| {
        let short = key.name.split_once('.').map(|(_, short)| (short, key.name));
        std::iter::once((key.name, key.name)).chain(short)
    });
    let (_, name) = most_alike(&typed, by_name.chain(OTHER_NAMES.iter().copied()))?;
    find(name)
}

/// The table whose name is most like `typed`.
pub(in crate::config) fn nearest_table(typed: &str) -> Option<&'static str> {
    let tables = KEYS
        .iter()
        .filter_map(|key| key.name.split_once('.'))
        .map(|(table, _)| (table, table));
    most_alike(&typed.to_ascii_lowercase(), tables).map(|(_, table)| table)
}

/// Of pairs (name, meaning) the one whose name is most like `typed`.
fn most_alike<'a>(
    typed: &str,
    names: impl Iterator<Item = (&'a str, &'a str)>,
) -> Option<(&'a str, &'a str)> {
    names
        .map(|pair| (strsim::normalized_damerau_levenshtein(typed, pair.0), pair))
        .filter(|(likeness, _)| *likeness >= 0.6)
        // Of equals the first: the name of a setting before the name that it has within its table.
        .reduce(|best, next| if next.0 > best.0 { next } else { best })
        .map(|(_, pair)| pair)
}
