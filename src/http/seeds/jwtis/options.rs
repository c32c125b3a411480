//! What a service asks for when it registers or renews its keys, in the words of jwtis. Durations are texts as Go writes
//! them, or whole nanoseconds.

use serde_json::{Map, Value};

use crate::http::seeds::jwtis::dialect::Denied;
use crate::protocol::client_key_set::{KeySetDefaults, KeySetPolicy};
use crate::protocol::refresh_policy::RefreshRotation;

/// What to do with the refresh token at a renewal.
const STRATEGIES: [(&str, RefreshRotation); 3] = [
    ("noRefresh", RefreshRotation::None),
    ("refreshOnExpire", RefreshRotation::NearEnd),
    ("refreshBoth", RefreshRotation::Tolerant),
];

/// The name of a strategy.
pub(super) fn strategy_name(rotation: RefreshRotation) -> &'static str {
    let found = STRATEGIES.iter().find(|(_, known)| *known == rotation);
    found.map_or("refreshBoth", |(name, _)| name)
}

/// The object that a body is.
pub(super) fn object(body: &[u8]) -> Result<Map<String, Value>, Denied> {
    if body.is_empty() {
        return Err(Denied::bad_request("the body is empty: send a JSON object"));
    }
    serde_json::from_slice(body).map_err(|_| Denied::bad_request("the body is no JSON object"))
}

/// The service that the members name.
pub(super) fn kid(members: &Map<String, Value>) -> Result<&str, Denied> {
    let kid = members.get("kid").and_then(Value::as_str);
    kid.ok_or_else(|| Denied::bad_request("kid is missing"))
}

/// The policy that the members ask for; what they leave out is as before.
pub(super) fn read(
    members: &Map<String, Value>,
    defaults: &KeySetDefaults,
    before: (KeySetPolicy, RefreshRotation),
) -> Result<(KeySetPolicy, RefreshRotation), Denied> {
    let (mut policy, mut rotation) = before;
    let text = |name: &str| match members.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) if text.is_empty() => Ok(None),
        Some(Value::String(text)) => Ok(Some(text.as_str())),
        Some(_) => Err(Denied::bad_request(format!("{name} must be a text"))),
    };
    let unknown =
        |name: &str| Denied::bad_request(format!("{name} names no algorithm that is known"));
    // Bits belong to an algorithm: those of another one mean nothing.
    if let Some(name) = text("sig_alg")? {
        policy.signing = name.parse().map_err(|_| unknown("sig_alg"))?;
        policy.signing_bits = 0;
    }
    if let Some(name) = text("enc_alg")? {
        policy.encryption = name.parse().map_err(|_| unknown("enc_alg"))?;
        policy.encryption_bits = 0;
    }
    if let Some(name) = text("cont_enc")? {
        policy.content = name.parse().map_err(|_| unknown("cont_enc"))?;
    }
    let bits = |name: &str| match members.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(value) => value
            .as_u64()
            .and_then(|bits| u32::try_from(bits).ok())
            .map(Some)
            .ok_or_else(|| Denied::bad_request(format!("{name} must be a number of bits"))),
    };
    policy.signing_bits = bits("sig_bits")?.unwrap_or(policy.signing_bits);
    policy.encryption_bits = bits("enc_bits")?.unwrap_or(policy.encryption_bits);
    let lifetime = |name: &str, most: Option<i64>, usual: i64| {
        let Some(seconds) = members
            .get(name)
            .map(|value| duration(name, value))
            .transpose()?
        else {
            return Ok(usual);
        };
        match most {
            Some(most) if seconds > most => Err(Denied::bad_request(format!(
                "{name} may be {most} seconds at most"
            ))),
            _ => Ok(seconds),
        }
    };
    let most = defaults.policy;
    policy.key_lifetime = lifetime("expiry", None, policy.key_lifetime)?;
    policy.access_token_lifetime = lifetime(
        "auth_ttl",
        Some(most.access_token_lifetime),
        policy.access_token_lifetime,
    )?;
    policy.refresh_token_lifetime = lifetime(
        "refresh_ttl",
        Some(most.refresh_token_lifetime),
        policy.refresh_token_lifetime,
    )?;
    if let Some(name) = text("refresh_strategy")? {
        rotation = strategy(name)?;
    }
    policy
        .check(defaults.may_use_rsa15)
        .map_err(|refused| Denied::bad_request(refused.to_string()))?;
    Ok((policy, rotation))
}

/// A strategy by its name.
pub(super) fn strategy(name: &str) -> Result<RefreshRotation, Denied> {
    let found = STRATEGIES.iter().find(|(known, _)| *known == name);
    found.map(|(_, rotation)| *rotation).ok_or_else(|| {
        let names: Vec<&str> = STRATEGIES.iter().map(|(name, _)| *name).collect();
        Denied::bad_request(format!(
            "refresh_strategy must be one of {}",
            names.join(", ")
        ))
    })
}

/// Seconds: a text as `1h30m`, or nanoseconds.
pub(super) fn duration(name: &str, value: &Value) -> Result<i64, Denied> {
    let nanoseconds = match value {
        Value::String(text) => go_duration(text),
        Value::Number(number) => number.as_i64().map(i128::from),
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
    };
    nanoseconds
        .and_then(|it| i64::try_from(it / SECOND).ok())
        .filter(|seconds| *seconds > 0)
        .ok_or_else(|| {
            let detail = format!(
                "{name} must be a duration of a second or more, as \"72h\" or in nanoseconds"
            );
            Denied::bad_request(detail)
        })
}

const SECOND: i128 = 1_000_000_000;

const UNITS: [(&str, i128); 8] = [
    ("ns", 1),
    ("us", 1_000),
    ("\u{b5}s", 1_000),
    ("\u{3bc}s", 1_000),
    ("ms", 1_000_000),
    ("s", SECOND),
    ("m", 60 * SECOND),
    ("h", 3600 * SECOND),
];

/// Go's `time.ParseDuration`, without a sign: numbers, maybe with a fraction, each with its unit.
fn go_duration(text: &str) -> Option<i128> {
    let mut rest = text;
    let mut total: i128 = 0;
    while !rest.is_empty() {
        let end = rest.find(|it: char| !it.is_ascii_digit() && it != '.')?;
        let (number, more) = rest.split_at(end);
        let end = more
            .find(|it: char| it.is_ascii_digit() || it == '.')
            .unwrap_or(more.len());
        let (unit, more) = more.split_at(end);
        let (_, unit) = UNITS.iter().find(|(name, _)| *name == unit)?;
        let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
        if number.len() > 18 || (whole.is_empty() && fraction.is_empty()) {
            return None;
        }
        let parse = |digits: &str| {
            if digits.is_empty() {
                Some(0)
            } else {
                digits.parse().ok()
            }
        };
        let (whole, part): (i128, i128) = (parse(whole)?, parse(fraction)?);
        let scale = 10_i128.pow(u32::try_from(fraction.len()).ok()?);
        total = total.checked_add(whole * unit + part * unit / scale)?;
        rest = more;
    }
    (!text.is_empty()).then_some(total)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn durations_are_those_of_go() {
        for (value, seconds) in [
            (json!("72h"), 72 * 3600),
            (json!("1h30m"), 5400),
            (json!("1.5h"), 5400),
            (json!(".5m"), 30),
            (json!("1m0s1000ms"), 61),
            (json!("1000000us"), 1),
            (json!(3_600_000_000_000_i64), 3600),
        ] {
            assert_eq!(duration("x", &value).ok(), Some(seconds), "{value}");
        }
        for value in [
            json!(""),
            json!("1"),
            json!("h"),
            json!("-1h"),
            json!("1d"),
            json!("1.2.3h"),
            json!("999ms"),
            json!(0),
            json!(1.5),
            json!(null),
            json!("9999999999999999999h"),
        ] {
            assert!(duration("x", &value).is_err(), "{value}");
        }
    }
}
