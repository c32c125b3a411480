//! Software statements (RFC 7591 §2.3): metadata of a client that an authority signed. What it says counts more than what
//! the client sends beside it.

use serde::Deserialize as _;
use serde_json::{Map, Value};

use crate::crypto::jwt::{self, unbound};
use crate::crypto::verifying_key::VerifyingKey;
use crate::protocol::catalogue;
use crate::protocol::context::Context;
use crate::protocol::error::Refusal;
use crate::protocol::tokens::access_token::Audiences;

/// Puts what the statement says into the metadata, if there is one. It has to be young when it comes; that the client
/// keeps it afterwards needs no new one. `kept` is the one that it has.
pub(super) fn apply(
    context: &Context<'_>,
    metadata: Map<String, Value>,
    kept: Option<&str>,
) -> Result<Map<String, Value>, Refusal> {
    let Some(statement) = metadata.get(MEMBER) else {
        return Ok(metadata);
    };
    let statement = statement.as_str().unwrap_or_default();
    let claims = verify(context, statement, kept == Some(statement))?;
    let mut combined = metadata;
    let told = claims
        .into_iter()
        .filter(|(name, _)| !OF_THE_STATEMENT.contains(&name.as_str()));
    combined.extend(told);
    Ok(combined)
}

fn verify(
    context: &Context<'_>,
    statement: &str,
    is_kept: bool,
) -> Result<Map<String, Value>, Refusal> {
    let authorities = &context.policy.registration.statement_keys;
    let authorities = authorities
        .as_ref()
        .ok_or(Refusal::new(&catalogue::SOFTWARE_STATEMENT))?;
    let invalid = Refusal::new(&catalogue::SOFTWARE_STATEMENT_INVALID);
    let unverified = jwt::peek(statement).map_err(|_| invalid)?;
    let (key, algorithm) = authorities
        .find(unverified.key_id.as_deref(), None)
        .ok_or(Refusal::new(&catalogue::SOFTWARE_STATEMENT))?;
    let key = VerifyingKey::new(key, algorithm).map_err(|_| invalid)?;
    let claims: Map<String, Value> =
        unbound::signed(&key, statement, "JWT").map_err(|_| invalid)?;
    let time = |name: &str| match claims.get(name) {
        None => Ok(None),
        Some(value) => value.as_i64().map(Some).ok_or(invalid),
    };
    let is_over = !is_kept && time("exp")?.is_some_and(|exp| exp <= context.now);
    let is_early = time("nbf")?.is_some_and(|nbf| nbf > context.now + LEEWAY);
    let names_authority = claims
        .get("iss")
        .and_then(Value::as_str)
        .is_some_and(|issuer| !issuer.is_empty());
    let audience: Option<Audiences> = match claims.get("aud") {
        None => None,
        Some(value) => Some(Audiences::deserialize(value).map_err(|_| invalid)?),
    };
    let is_for_others = audience.is_some_and(|audience| !audience.contains(context.issuer));
    if is_over || is_early || is_for_others || !names_authority {
        return Err(invalid);
    }
    Ok(claims)
}

/// The name of its member.
pub(super) const MEMBER: &str = "software_statement";

/// What the statement says of itself, not of the client.
const OF_THE_STATEMENT: [&str; 8] = ["iss", "sub", "aud", "exp", "nbf", "iat", "jti", MEMBER];

/// Clocks differ by so many seconds.
const LEEWAY: i64 = 60;
