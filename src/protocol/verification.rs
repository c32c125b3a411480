//! Whether a request may pass a proxy (forward-auth), and what the application behind the proxy is told about the caller.
//!
//! The proxy passes the `Authorization` header of a request on and says what it demands. The token is checked as at
//! userinfo, so it is good at this moment, and being seen here counts as the arrival of its token response.

use crate::crypto::key_set::KeySet;
use crate::protocol::bearer::{self, BearerRefused, Proven, Seen};
use crate::protocol::context::Context;
use crate::protocol::error::Fault;
use crate::protocol::params::Params;
use crate::protocol::scope::Scope;
use crate::protocol::store::Store;

/// What the proxy demands of a token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Demand {
    /// For whom the token must be meant; `None`: for this server, which is what a client without audiences of its own gets.
    pub audience: Option<String>,
    /// The scope it must have at least.
    pub scope: Scope,
}

impl Demand {
    /// Reads the query of the proxy's request: `audience` and `scope`.
    pub fn read(params: &Params<'_>) -> Result<Self, BearerRefused> {
        let scope = params.find("scope").unwrap_or_default();
        Ok(Self {
            audience: params.find("audience").map(str::to_owned),
            scope: scope.parse().map_err(|_| BearerRefused::Malformed)?,
        })
    }
}

/// The caller, and the promotion to write before the request passes.
pub fn verify(
    context: &Context<'_>,
    store: &mut dyn Store,
    keys: &KeySet,
    demand: &Demand,
    token: &str,
) -> Result<Proven<Seen>, Fault<BearerRefused>> {
    let read = bearer::resolve(context, store, keys, token)?;
    // RFC 9068 §4: a token that is meant for another application must not open this one.
    let audience = demand.audience.as_deref().unwrap_or(context.issuer);
    if !read.aud.contains(audience) {
        return Err(BearerRefused::NotGood.into());
    }
    // Nobody here decided what a client may open that registered itself, unless an operator gave it the audience.
    let client = context.clients.client(&read.client_id);
    let is_stranger = client.is_some_and(|client| {
        client.dynamic.is_some() && !client.audiences.iter().any(|it| it == audience)
    });
    if is_stranger {
        return Err(BearerRefused::NotGood.into());
    }
    let (seen, promotion) = bearer::look_up(context, store, read)?;
    if !demand.scope.is_within(&seen.token.scope) {
        return Err(BearerRefused::Scope.into());
    }
    Ok((seen, promotion))
}

/// What the application is told, as header names and values. Of a person it is told what the scope reveals (OpenID Connect
/// Core §5.4).
pub fn identity(seen: &Seen) -> Vec<(&'static str, String)> {
    let token = &seen.token;
    let mut told = vec![
        ("Remote-Subject", token.sub.clone()),
        ("Remote-Client", token.client_id.clone()),
        ("Remote-Scope", token.scope.to_string()),
    ];
    // The parts of the list are divided by commas, so a role that has one cannot be told.
    let groups = |roles: &[String]| -> String {
        let roles = roles.iter().map(String::as_str);
        let groups: Vec<&str> = roles.filter(|role| !role.contains(',')).collect();
        groups.join(",")
    };
    let Some(subject) = &seen.subject else {
        if !token.roles.is_empty() {
            told.push(("Remote-Groups", groups(&token.roles)));
        }
        return told;
    };
    if token.scope.contains("profile") {
        told.push(("Remote-User", subject.username.clone()));
        told.extend(subject.name.clone().map(|name| ("Remote-Name", name)));
        told.push(("Remote-Groups", groups(&subject.roles)));
    }
    if token.scope.contains("email") {
        told.extend(subject.email.clone().map(|email| ("Remote-Email", email)));
    }
    told
}
