//! Whether a request may pass a proxy (forward-auth), and what the application behind the proxy is told about the caller.
//!
//! The proxy passes the `Authorization` header of a request on and says what it demands. The token is checked as at
//! userinfo, so it is good at this moment, and being seen here counts as the arrival of its token response.

use std::sync::Arc;

use crate::crypto::key_set::KeySet;
use crate::protocol::bearer::{self, BearerRefused, Proven, Seen};
use crate::protocol::context::Context;
use crate::protocol::error::Fault;
use crate::protocol::original_request::OriginalRequest;
use crate::protocol::params::Params;
use crate::protocol::scope::Scope;
use crate::protocol::shared_secret::{self, SecretToken, SharedSecrets};
use crate::protocol::store::{Store, Subject};

/// What the deployment allows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ForwardAuthPolicy {
    /// With which tokens that are signed with a shared secret are made and verified; `None`: there are no such tokens.
    pub shared_secrets: Option<Arc<SharedSecrets>>,
    /// Whether the audience of such a token is the path that it opens.
    pub audience_is_path: bool,
    /// Routes that take a token in their address.
    pub query_token_paths: Vec<String>,
}

/// What the proxy demands of a token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Demand {
    /// For whom the token must be meant; `None`: for this server, which is what a client without audiences of its own gets.
    pub audience: Option<String>,
    /// The scope it must have at least.
    pub scope: Scope,
}

impl Demand {
    /// A token for that audience, whatever its scope.
    pub fn of(audience: &str) -> Self {
        Self {
            audience: Some(audience.to_owned()),
            scope: Scope::default(),
        }
    }

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
    // Whom a service speaks of is nobody whom this server knows.
    if seen.claims.own.is_some() {
        return Err(BearerRefused::NotGood.into());
    }
    if !demand.scope.is_within(&seen.token.scope) {
        return Err(BearerRefused::Scope.into());
    }
    Ok((seen, promotion))
}

/// The token of a request: in the header or, on routes that take one there, in the address. Never in both (RFC 6750 §2), nor
/// beside credentials of another scheme.
pub fn find_token(
    policy: &ForwardAuthPolicy,
    authorization: Option<&str>,
    original: Option<&OriginalRequest<'_>>,
) -> Result<String, BearerRefused> {
    let in_address = match original {
        Some(original) => original.token(&policy.query_token_paths)?,
        None => None,
    };
    match (authorization, in_address) {
        (Some(_), Some(_)) => Err(BearerRefused::TwoWays),
        (None, Some(token)) => Ok(token),
        (_, None) => bearer::find(authorization, &Params::default()).map(str::to_owned),
    }
}

/// The caller that a token signed with a shared secret speaks of. Nothing is remembered of such a token, and it grants no
/// scope.
pub fn verify_shared_secret(
    context: &Context<'_>,
    secrets: &SharedSecrets,
    demand: &Demand,
    original: Option<&OriginalRequest<'_>>,
    token: &str,
) -> Result<SecretToken, BearerRefused> {
    let read = shared_secret::verify(secrets, token, context.now)?;
    let is_meant = if context.policy.forward_auth.audience_is_path {
        original.is_some_and(|original| original.is_within_audience(&read.aud))
    } else {
        let audience = demand.audience.as_deref();
        read.aud.contains(audience.unwrap_or(secrets.audience()))
    };
    if !is_meant {
        return Err(BearerRefused::NotGood);
    }
    if !demand.scope.is_empty() {
        return Err(BearerRefused::Scope);
    }
    Ok(read)
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
    let Some(subject) = &seen.subject else {
        // What binding rules gave to somebody whom a trusted issuer vouches for.
        if !token.roles.is_empty() {
            told.push(("Remote-Groups", list([&token.roles].into_iter())));
        }
        return told;
    };
    if token.scope.contains("profile") {
        told.push(("Remote-User", subject.username.clone()));
        told.extend(subject.name.clone().map(|name| ("Remote-Name", name)));
    }
    told.extend(groups(seen, subject).map(|groups| ("Remote-Groups", groups)));
    if token.scope.contains("email") {
        told.extend(subject.email.clone().map(|email| ("Remote-Email", email)));
    }
    told
}

/// Applications behind a proxy know groups alone, so roles here (scope `profile`) and groups of the person (scope `groups`)
/// are one list, without one that is both.
fn groups(seen: &Seen, subject: &Subject) -> Option<String> {
    let scope = &seen.token.scope;
    let (roles, groups) = (scope.contains("profile"), scope.contains("groups"));
    let named = [(roles, &subject.roles), (groups, &subject.profile.groups)];
    let told = named.into_iter().filter(|(told, _)| *told);
    (roles || groups).then(|| list(told.map(|(_, names)| names)))
}

/// Each name once. Commas divide them, so a name that has one cannot be told.
fn list<'a>(names: impl Iterator<Item = &'a Vec<String>>) -> String {
    let mut all: Vec<&str> = Vec::new();
    for name in names.flatten() {
        if !name.contains(',') && !all.contains(&name.as_str()) {
            all.push(name);
        }
    }
    all.join(",")
}

/// The same for a token that is signed with a shared secret, which knows a name and nothing else.
pub fn identity_of_secret_token(token: SecretToken) -> Vec<(&'static str, String)> {
    vec![
        ("Remote-Subject", token.sub.clone()),
        ("Remote-User", token.sub),
    ]
}
