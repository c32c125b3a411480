//! Access tokens as JWTs (RFC 9068), made and read here.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::crypto::jwt::{self, Expected, JwtRefused};
use crate::crypto::key_set::KeySet;
use crate::crypto::signing_key::SigningKey;
use crate::protocol::client::Client;
use crate::protocol::context::Timestamp;
use crate::protocol::personal_token::Recorded;
use crate::protocol::scope::Scope;
use crate::protocol::subject_identifier::SubjectType;
use crate::protocol::tokens::actor::Actor;
use crate::protocol::tokens::own_claims::OwnClaims;
use crate::protocol::tokens::{Issue, Owner, SignError, Signer};
use crate::protocol::trust::binding::Identity;

/// RFC 9068 §2.1.
const TYPE: &str = "at+jwt";

#[derive(Serialize)]
struct Claims<'a> {
    iss: &'a str,
    sub: &'a str,
    aud: Audience<'a>,
    client_id: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    scope: &'a str,
    iat: Timestamp,
    exp: Timestamp,
    jti: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    auth_time: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    sid: Option<&'a str>,
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    roles: &'a [String],
    #[serde(skip_serializing_if = "<[Identity]>::is_empty")]
    identities: &'a [Identity],
    #[serde(skip_serializing_if = "Option::is_none")]
    act: Option<&'a Actor>,
    #[serde(skip_serializing_if = "Option::is_none")]
    may_act: Option<&'a Actor>,
}

/// The claims of a token that was made without a client, and what its maker added.
#[derive(Serialize)]
struct PersonalClaims<'a> {
    #[serde(flatten)]
    claims: Claims<'a>,
    #[serde(flatten)]
    own: &'a OwnClaims,
}

/// With what a service says besides: a name of both was refused before.
#[derive(Serialize)]
struct WithOwn<'a> {
    #[serde(flatten)]
    claims: Claims<'a>,
    #[serde(flatten)]
    own: &'a Map<String, Value>,
}

/// One audience is a string, several are a list (RFC 7519 §4.1.3).
#[derive(Serialize)]
#[serde(untagged)]
enum Audience<'a> {
    One(&'a str),
    Many(&'a [String]),
}

impl<'a> From<&'a [String]> for Audience<'a> {
    fn from(audience: &'a [String]) -> Self {
        match audience {
            [one] => Self::One(one),
            many => Self::Many(many),
        }
    }
}

/// Roles are for the API that the token opens (RFC 9068 §2.2.3.1), and whoever holds the token can read them. A client that
/// registered itself, or knows people by identifiers of its own, learns them only as far as the person agreed.
pub(in crate::protocol) fn may_tell_roles(client: &Client, scope: &Scope) -> bool {
    let is_pairwise = client.metadata.subject_type == Some(SubjectType::Pairwise);
    let is_known = client.dynamic.is_none() && !is_pairwise;
    is_known || scope.contains("roles") || scope.contains("profile")
}

/// How many seconds the access token of an issue lives.
pub(super) fn lifetime(issue: &Issue, signer: &Signer<'_>) -> i64 {
    let policy = signer.policy;
    let own = issue.client.metadata.key_set;
    let usual = own.map_or(policy.access_token_lifetime, |own| {
        own.access_token_lifetime
    });
    match &issue.owner {
        Owner::Client | Owner::User { .. } => usual,
        Owner::Service { until, .. } => (until - signer.now).min(usual),
        Owner::Vouched(vouched) => vouched.lifetime,
        Owner::Exchanged(exchanged) => {
            (exchanged.until - signer.now).min(policy.access_token_lifetime)
        }
        Owner::Agent { until } => (until - signer.now).min(policy.agents.access_token_lifetime),
    }
}

/// Signs the access token of an issue.
pub(super) fn sign(issue: &Issue, signer: &Signer<'_>) -> Result<String, SignError> {
    let Signer { policy, now, .. } = *signer;
    let algorithm = policy.access_token_algorithm;
    let key = match signer.own_key {
        Some(own) => own,
        None => signer
            .keys
            .active(algorithm)
            .ok_or(SignError::NoKey(algorithm))?,
    };
    let (sub, roles): (Cow<'_, str>, &[String]) = match &issue.owner {
        Owner::Client => (issue.client.id.as_str().into(), &[]),
        Owner::Agent { .. } => (issue.client.agent_id().into(), &[]),
        Owner::Service { claims, .. } => {
            let sub = claims.sub.as_deref();
            (sub.unwrap_or(issue.client.id.as_str()).into(), &[])
        }
        Owner::Exchanged(exchanged) => (exchanged.sub.as_str().into(), &exchanged.roles),
        Owner::User { subject, .. } => {
            let may_tell = may_tell_roles(&issue.client, &issue.scope);
            let roles: &[String] = if may_tell { &subject.roles } else { &[] };
            (signer.identifier(issue, subject), roles)
        }
        Owner::Vouched(vouched) => (vouched.subject.as_str().into(), &vouched.roles),
    };
    let sid = signer.session(issue);
    let claims = Claims {
        iss: match &issue.owner {
            Owner::Agent { .. } if policy.agents.issuer_is_key_thumbprint => key.kid(),
            Owner::Agent { .. }
            | Owner::Client
            | Owner::Service { .. }
            | Owner::Exchanged(_)
            | Owner::User { .. }
            | Owner::Vouched(_) => signer.issuer,
        },
        sub: &sub,
        aud: Audience::from(issue.audience.as_slice()),
        client_id: issue.client.id.as_str(),
        scope: &issue.scope.to_string(),
        iat: now,
        exp: now + lifetime(issue, signer),
        jti: &issue.token_id,
        auth_time: issue.id_token.as_ref().map(|facts| facts.auth_time),
        sid: sid.as_deref(),
        roles,
        identities: issue.owner.identities(),
        act: match &issue.owner {
            Owner::Exchanged(exchanged) => exchanged.act.as_ref(),
            Owner::Client
            | Owner::Agent { .. }
            | Owner::Service { .. }
            | Owner::User { .. }
            | Owner::Vouched(_) => None,
        },
        may_act: issue.client.metadata.may_act.as_ref(),
    };
    if let Owner::Service { claims: own, .. } = &issue.owner {
        let own = &own.others;
        return Ok(jwt::sign(key, Some(TYPE), &WithOwn { claims, own })?);
    }
    Ok(jwt::sign(key, Some(TYPE), &claims)?)
}

/// Signs a personal access token. Its `client_id` (RFC 9068 §2.2) is the issuer, because this server made it by itself; no
/// client can have that name, which holds a colon.
pub(in crate::protocol) fn sign_personal(
    recorded: &Recorded,
    issuer: &str,
    key: &SigningKey,
) -> Result<String, SignError> {
    let token = &recorded.token;
    let claims = PersonalClaims {
        claims: Claims {
            iss: issuer,
            sub: &recorded.sub,
            aud: Audience::from(token.audience.as_slice()),
            client_id: issuer,
            scope: &token.scope.to_string(),
            iat: token.created_at,
            exp: token.expires_at,
            jti: &token.id,
            auth_time: None,
            sid: None,
            roles: &token.roles,
            identities: &[],
            act: None,
            may_act: None,
        },
        own: &recorded.claims,
    };
    Ok(jwt::sign(key, Some(TYPE), &claims)?)
}

/// The claims of an access token of ours whose signature, type, issuer and time were checked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccessToken {
    /// The issuer.
    pub iss: String,
    /// User or client.
    pub sub: String,
    /// Who may accept it.
    pub aud: Audiences,
    /// The client it was issued to.
    pub client_id: String,
    /// What is granted.
    #[serde(default)]
    pub scope: Scope,
    /// When it was made.
    pub iat: Timestamp,
    /// From when on it is refused.
    pub exp: Timestamp,
    /// Its identifier, with the family where there is one.
    pub jti: String,
    /// The browser session.
    pub sid: Option<String>,
    /// The roles of whom it speaks of.
    #[serde(default)]
    pub roles: Vec<String>,
    /// What binding rules gave besides.
    #[serde(default)]
    pub identities: Vec<Identity>,
    /// Who acts for whom it speaks of (RFC 8693 §4.1).
    pub act: Option<Actor>,
    /// Who may (RFC 8693 §4.4).
    pub may_act: Option<Actor>,
}

impl AccessToken {
    /// Whether it was issued to this client, or is meant for an audience that it stands for.
    pub fn is_for(&self, client: &Client) -> bool {
        self.client_id == client.id.as_str()
            || self.aud.contains(client.id.as_str())
            || client.audiences.iter().any(|it| self.aud.contains(it))
    }
}

/// A string or a list of strings (RFC 7519 §4.1.3).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Audiences {
    /// One.
    One(String),
    /// Several.
    Many(Vec<String>),
}

impl Audiences {
    /// The first.
    pub fn first(&self) -> Option<&str> {
        match self {
            Self::One(one) => Some(one),
            Self::Many(many) => many.first().map(String::as_str),
        }
    }

    /// Whether it is one of them.
    pub fn contains(&self, audience: &str) -> bool {
        match self {
            Self::One(one) => one == audience,
            Self::Many(many) => many.iter().any(|one| one == audience),
        }
    }
}

/// Reads an access token of ours. Whether it was revoked is the store's to say
/// ([`crate::protocol::bearer`]).
pub(crate) fn read(
    token: &str,
    issuer: &str,
    keys: &KeySet,
    now: Timestamp,
) -> Result<AccessToken, JwtRefused> {
    let expected = Expected {
        issuer,
        typ: Some(&[TYPE]),
        now,
        leeway: 0,
        accept_expired: false,
    };
    jwt::verify(keys, token, &expected)
}
