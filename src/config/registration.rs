//! Clients that register themselves.

use std::sync::Arc;

use crate::config::accounts::parse_switch;
use crate::config::reader::Reader;
use crate::crypto::jwk_set::JwkSet;
use crate::protocol::dynamic_registration::{RegistrationMode, RegistrationPolicy};

pub(super) fn read(reader: &mut Reader) -> RegistrationPolicy {
    let default = RegistrationPolicy::default();
    RegistrationPolicy {
        mode: reader
            .text("registration.mode", parse_mode)
            .unwrap_or(default.mode),
        most: reader
            .number("registration.max_clients", 1..=1_000_000)
            .unwrap_or(default.most),
        unused_lifetime: reader
            .duration("registration.unused", 86_400..=3650 * 86_400)
            .unwrap_or(default.unused_lifetime),
        per_minute: reader
            .number("registration.per_minute", 1..=1_000_000)
            .unwrap_or(default.per_minute),
        legacy_assertion_audience: reader
            .text("registration.legacy_assertion_audience", parse_switch)
            .unwrap_or_default(),
        statement_keys: reader.text("registration.statement_keys_file", parse_keys),
    }
}

fn parse_keys(path: &str) -> Result<Arc<JwkSet>, String> {
    let text = std::fs::read(path).map_err(|error| format!("cannot be read: {error}"))?;
    let keys =
        JwkSet::parse(&text).map_err(|error| format!("is no set of public keys: {error}"))?;
    Ok(Arc::new(keys))
}

fn parse_mode(text: &str) -> Result<RegistrationMode, String> {
    match text {
        "off" => Ok(RegistrationMode::Off),
        "token" => Ok(RegistrationMode::Token),
        "open" => Ok(RegistrationMode::Open),
        _ => Err("must be off, token or open".to_owned()),
    }
}
