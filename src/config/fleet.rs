//! Agents, and the paths of Fleet Server for them.

use crate::config::Mode;
use crate::config::accounts::parse_switch;
use crate::config::reader::Reader;
use crate::protocol::agents::AgentPolicy;

/// How much the paths of Fleet Server may be asked.
#[derive(Clone, Copy, Debug)]
pub struct FleetSettings {
    /// So many requests a second from one address.
    pub rate_limit: u32,
    /// So many requests at once.
    pub max_concurrent: u32,
}

impl FleetSettings {
    pub(super) fn read(reader: &mut Reader) -> Self {
        Self {
            rate_limit: reader
                .number("fleet.rate_limit", 1..=1_000_000)
                .unwrap_or(100),
            max_concurrent: reader
                .number("fleet.max_concurrent", 1..=100_000)
                .unwrap_or(100),
        }
    }
}

pub(super) fn policy(reader: &mut Reader, mode: Mode) -> AgentPolicy {
    let default = AgentPolicy::default();
    let methods = reader.list("fleet.auth_methods", parse_method);
    let accepts = |method| methods.as_ref().is_none_or(|them| them.contains(&method));
    let mut is_on = |key, default| reader.text(key, parse_switch).unwrap_or(default);
    AgentPolicy {
        is_on: is_on("fleet.enabled", mode == Mode::Development),
        validates_record: is_on("fleet.validate_agent_record", default.validates_record),
        renews_by_access_token: is_on("fleet.access_token_renewal", default.renews_by_access_token),
        issuer_is_key_thumbprint: is_on(
            "fleet.issuer_is_key_thumbprint",
            default.issuer_is_key_thumbprint,
        ),
        accepts_api_keys: accepts(Method::ApiKey),
        accepts_tokens: accepts(Method::Jwt),
        access_token_lifetime: reader
            .duration("fleet.access_ttl", 1..=DAY)
            .unwrap_or(default.access_token_lifetime),
        refresh_token_lifetime: reader
            .duration("fleet.refresh_ttl", 60..=3660 * DAY)
            .unwrap_or(default.refresh_token_lifetime),
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Method {
    ApiKey,
    Jwt,
}

fn parse_method(text: &str) -> Result<Method, String> {
    match text {
        "api_key" => Ok(Method::ApiKey),
        "jwt" => Ok(Method::Jwt),
        _ => Err("may list api_key and jwt".to_owned()),
    }
}

const DAY: i64 = 86_400;
