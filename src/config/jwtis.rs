//! Clients with keys of their own that this server keeps, and the paths of jwtis for them.

use std::str::FromStr;

use crate::config::Mode;
use crate::config::accounts::parse_switch;
use crate::config::reader::Reader;
use crate::protocol::client_key_set::{KeySetDefaults, KeySetPolicy};

pub(super) fn read(reader: &mut Reader, mode: Mode) -> KeySetDefaults {
    let default = KeySetDefaults::default();
    let usual = default.policy;
    let may_use_rsa15 = reader
        .text("jwtis.rsa1_5", parse_switch)
        .unwrap_or_default();
    let mut lifetime = |key, usual| reader.duration(key, 60..=3650 * DAY).unwrap_or(usual);
    let policy = KeySetPolicy {
        key_lifetime: lifetime("jwtis.key_lifetime", usual.key_lifetime),
        access_token_lifetime: lifetime("jwtis.access_ttl", usual.access_token_lifetime),
        refresh_token_lifetime: lifetime("jwtis.refresh_ttl", usual.refresh_token_lifetime),
        signing: reader
            .text("jwtis.signing_algorithm", parse_name)
            .unwrap_or(usual.signing),
        encryption: reader
            .text("jwtis.encryption_algorithm", parse_name)
            .unwrap_or(usual.encryption),
        content: reader
            .text("jwtis.content_encryption", parse_name)
            .unwrap_or(usual.content),
        ..usual
    };
    KeySetDefaults {
        is_on: reader
            .text("jwtis.enabled", parse_switch)
            .unwrap_or(mode == Mode::Development),
        may_use_rsa15,
        policy,
    }
}

fn parse_name<T: FromStr>(text: &str) -> Result<T, String> {
    text.parse()
        .map_err(|_| "must be the name of an algorithm that suits it".to_owned())
}

const DAY: i64 = 86_400;
