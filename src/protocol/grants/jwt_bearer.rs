//! The JWT bearer grant (RFC 7523 §2.1): a token of a trusted issuer for one of ours.
//!
//! ```text
//! POST /token
//!
//! grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Ajwt-bearer&assertion=eyJhbGciOiJFUzI1NiIs…
//! ```
//!
//! A client may bring it, or, where the issuer allows it, somebody without one (RFC 7521 §4.1). What is given is said by the
//! binding rules of the issuer and nobody else; no refresh token is (RFC 7521 §4.1).

use std::sync::Arc;

use crate::crypto::algorithm::Algorithm;
use crate::crypto::jwt;
use crate::protocol::catalogue::{self, Explanation};
use crate::protocol::client::{AuthenticationMethod, Client, ClientId, GrantType};
use crate::protocol::client_auth::AuthenticatedClient;
use crate::protocol::client_metadata::ClientMetadata;
use crate::protocol::context::Context;
use crate::protocol::error::{Fault, Refusal, StoreError};
use crate::protocol::params::Params;
use crate::protocol::refresh_policy::RefreshOverrides;
use crate::protocol::scope::Scope;
use crate::protocol::store::{SecurityEvent, Store, Subject};
use crate::protocol::subject_identifier::SubjectType;
use crate::protocol::tokens::access_token::may_tell_roles;
use crate::protocol::tokens::{Issue, Owner, Vouched};
use crate::protocol::trust::assertion::{self, Verified};
use crate::protocol::trust::binding::{BindType, Bound, Declared, Terms, Verdict};
use crate::protocol::trust::directory::{Trust, Trusted, unite};
use crate::protocol::trust::issuer::TrustedIssuer;
use crate::protocol::trust::reference::VouchedOrigin;

/// Why the grant is refused, besides what is wrong with the token itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refused {
    /// No `assertion`.
    Missing,
    /// Nobody trusted has that `iss`, or that name.
    NotTrusted,
    /// Several have that `iss`, and none is named.
    Ambiguous,
    /// It takes a client to bring it.
    ClientNeeded,
    /// The client may not use the grant.
    GrantNotAllowed,
    /// No rule gives anything.
    NoBinding,
    /// A rule makes a name that is none, and the deployment has that end the login.
    InvalidName,
    /// The user that it names is not here, or may not sign in.
    NoUser,
    /// The client knows people by identifiers of its own.
    Pairwise,
    /// More was asked for than is given.
    Scope,
    /// See there.
    Assertion(assertion::Refused),
}

/// The assertion of a request, and whose it is.
pub fn identify<'a>(
    trust: &Trust,
    params: &'a Params<'_>,
) -> Result<(&'a str, Arc<Trusted>), Refusal> {
    let token = params.find("assertion").ok_or(Refused::Missing)?;
    if let Some(name) = params.find("auth_method") {
        let trusted = trust.find(name).ok_or(Refused::NotTrusted)?;
        return Ok((token, Arc::clone(trusted)));
    }
    let unverified = jwt::peek(token);
    let unverified = unverified.map_err(|_| Refused::Assertion(assertion::Refused::Malformed))?;
    let issuer = unverified.issuer.ok_or(Refused::NotTrusted)?;
    let mut fitting = trust.of_issuer(&issuer);
    let trusted = fitting.next().ok_or(Refused::NotTrusted)?;
    if fitting.next().is_some() {
        return Err(Refused::Ambiguous.into());
    }
    Ok((token, Arc::clone(trusted)))
}

/// Whether this client, or somebody without one, may bring assertions of that issuer.
pub fn admit(trusted: &Trusted, client: Option<&AuthenticatedClient>) -> Result<(), Refusal> {
    match client {
        Some(client) if client.client().may_use(GrantType::JwtBearer) => Ok(()),
        Some(_) => Err(Refused::GrantNotAllowed.into()),
        None if trusted.issuer.without_client => Ok(()),
        None => Err(Refused::ClientNeeded.into()),
    }
}

/// What is known when a token is asked for.
#[derive(Clone, Copy)]
pub struct Presented<'a> {
    /// The assertion.
    pub verified: &'a Verified,
    /// The roles and policies that rules can give.
    pub declared: &'a Declared,
    /// Who brings it.
    pub client: Option<&'a AuthenticatedClient>,
    /// The `scope` that is asked for.
    pub scope: Option<&'a str>,
}

/// Decides about a request.
pub fn exchange(
    context: &Context<'_>,
    store: &mut dyn Store,
    presented: Presented<'_>,
) -> Result<Issue, Fault> {
    let verified = presented.verified;
    let issuer = &verified.trusted.issuer;
    let bound = bind(verified, presented.declared, terms(issuer)).map_err(Refusal::from)?;
    let scope = scope(&bound, presented)?;
    let user = find_user(store, verified)?;
    let client = match presented.client {
        Some(client) => client.shared(),
        None => Arc::new(nobody(issuer)),
    };
    let is_pairwise = client.metadata.subject_type == Some(SubjectType::Pairwise);
    if user.is_some() && is_pairwise {
        return Err(Refusal::from(Refused::Pairwise).into());
    }
    let audience = audience(context, issuer, presented.client);
    let registered = presented.client.map(|client| client.client().id.clone());
    spend(context, store, verified, registered)?;
    let vouched = vouch(context, verified, &bound, user.as_ref());
    let roles = if user.is_none() || may_tell_roles(&client, &scope) {
        vouched.roles
    } else {
        Vec::new()
    };
    Ok(Issue {
        client,
        scope,
        audience,
        token_id: token_id(context, issuer, user.is_some()),
        owner: Owner::Vouched(Box::new(Vouched { roles, ..vouched })),
        refresh_token: None,
        id_token: None,
        rotation: None,
    })
}

/// The terms of an issuer, where no deployment has others.
pub fn terms(issuer: &TrustedIssuer) -> Terms {
    Terms {
        lower_case: issuer.lower_case,
        ..Terms::default()
    }
}

/// What the rules give, which is never nothing.
pub fn bind(verified: &Verified, declared: &Declared, terms: Terms) -> Result<Bound, Refused> {
    let trusted = &verified.trusted;
    let verdicts = trusted.verdicts(&verified.attributes, declared, terms);
    let verdicts: Vec<Verdict> = verdicts.map(|(_, verdict)| verdict).collect();
    let has_invalid_name = verdicts
        .iter()
        .any(|it| matches!(it, Verdict::InvalidName(_)));
    if terms.malformed_names_refuse && has_invalid_name {
        return Err(Refused::InvalidName);
    }
    let bound = unite(verdicts.iter());
    if bound.is_empty() {
        Err(Refused::NoBinding)
    } else {
        Ok(bound)
    }
}

/// The user of this server that the assertion names, where its issuer names users.
pub fn find_user(store: &mut dyn Store, verified: &Verified) -> Result<Option<Subject>, Fault> {
    let Some(name) = &verified.user else {
        return Ok(None);
    };
    let user = store.subject_by_username(name)?;
    let user = user.filter(|user| user.active);
    Ok(Some(user.ok_or(Refusal::from(Refused::NoUser))?))
}

/// Uses the assertion up, where it counts once, and writes down that it was brought.
pub fn spend(
    context: &Context<'_>,
    store: &mut dyn Store,
    verified: &Verified,
    client_id: Option<ClientId>,
) -> Result<(), Fault> {
    let spent = verified.spend(store);
    let kind = match &spent {
        Ok(()) => ACCEPTED,
        Err(_) => REPLAYED,
    };
    if !matches!(spent, Err(Fault::Failed(_))) {
        record(context, store, verified, (kind, client_id))?;
    }
    spent.map_err(|fault| match fault {
        Fault::Refused(refused) => Refusal::from(refused).into(),
        Fault::Failed(error) => Fault::Failed(error),
    })
}

fn record(
    context: &Context<'_>,
    store: &mut dyn Store,
    verified: &Verified,
    (kind, client_id): (&'static str, Option<ClientId>),
) -> Result<(), StoreError> {
    store.record(&SecurityEvent {
        at: context.now,
        kind,
        client_id,
        subject: Some(foreign_subject(verified)),
        family: None,
        browser: None,
    })
}

/// Of whom the token speaks, without what depends on the client.
pub fn vouch(
    context: &Context<'_>,
    verified: &Verified,
    bound: &Bound,
    user: Option<&Subject>,
) -> Vouched {
    let issuer = &verified.trusted.issuer;
    let given = || bound.names(BindType::Role).map(str::to_owned).collect();
    Vouched {
        subject: user.map_or_else(|| foreign_subject(verified), |user| user.id.clone()),
        roles: user.map_or_else(given, |user| user.roles.clone()),
        identities: bound.identities(),
        lifetime: issuer.lifetime(context.policy.access_token_lifetime),
    }
}

/// The `jti` of a token that is issued for one of that issuer.
pub fn token_id(context: &Context<'_>, issuer: &TrustedIssuer, is_user: bool) -> String {
    let issuer = issuer.name.as_str();
    VouchedOrigin { issuer, is_user }.token_id(context.random)
}

/// Who may accept the token.
pub fn audience(
    context: &Context<'_>,
    issuer: &TrustedIssuer,
    client: Option<&AuthenticatedClient>,
) -> Vec<String> {
    match client.map(AuthenticatedClient::client) {
        Some(client) if !client.audiences.is_empty() => client.audiences.clone(),
        Some(_) | None if !issuer.token_audiences.is_empty() => issuer.token_audiences.clone(),
        Some(_) | None => vec![context.issuer.to_owned()],
    }
}

/// No subject of ours has a colon, so nobody can become one of us by choosing a name elsewhere.
fn foreign_subject(verified: &Verified) -> String {
    format!("{}:{}", verified.trusted.issuer.name, verified.subject)
}

/// What the rules give, as far as the client may have it and it was asked for (RFC 6749 §3.3).
fn scope(bound: &Bound, presented: Presented<'_>) -> Result<Scope, Refusal> {
    let given: Scope = bound.names(BindType::Scope).map(str::to_owned).collect();
    let given = match presented.client {
        Some(client) => given.intersection(&client.client().scope),
        None => given,
    };
    let Some(asked) = presented.scope else {
        return Ok(given);
    };
    let asked: Scope = asked.parse().map_err(|_| Refused::Scope)?;
    if asked.is_within(&given) {
        Ok(asked)
    } else {
        Err(Refused::Scope.into())
    }
}

/// Stands for all who bring assertions of an issuer without a client.
fn nobody(issuer: &TrustedIssuer) -> Client {
    Client {
        id: ClientId::of_trusted_issuer(&issuer.name),
        name: issuer.name.to_string(),
        authentication_method: AuthenticationMethod::None,
        secrets: Vec::new(),
        grants: vec![GrantType::JwtBearer],
        redirect_uris: Vec::new(),
        post_logout_redirect_uris: Vec::new(),
        scope: Scope::default(),
        audiences: Vec::new(),
        id_token_algorithm: Algorithm::Es256,
        requires_pkce: true,
        requires_consent: true,
        metadata: ClientMetadata::default(),
        refresh: RefreshOverrides::default(),
        dynamic: None,
        disabled: false,
        created_at: issuer.created_at,
        updated_at: issuer.updated_at,
    }
}

impl Refused {
    fn explanation(self) -> &'static Explanation {
        match self {
            Self::Missing => &catalogue::ASSERTION_MISSING,
            Self::NotTrusted => &catalogue::ISSUER_NOT_TRUSTED,
            Self::Ambiguous => &catalogue::ISSUER_AMBIGUOUS,
            Self::ClientNeeded => &catalogue::TRUST_CLIENT_NEEDED,
            Self::GrantNotAllowed => &catalogue::GRANT_NOT_ALLOWED,
            Self::NoBinding => &catalogue::TRUST_NO_BINDING,
            Self::InvalidName => &catalogue::TRUST_INVALID_NAME,
            Self::NoUser => &catalogue::TRUST_NO_USER,
            Self::Pairwise => &catalogue::TRUST_PAIRWISE,
            Self::Scope => &catalogue::SCOPE_NOT_ALLOWED,
            Self::Assertion(refused) => Refusal::from(refused).explanation(),
        }
    }
}

impl From<Refused> for Refusal {
    fn from(refused: Refused) -> Self {
        Self::new(refused.explanation())
    }
}

/// What events are called.
const ACCEPTED: &str = "assertion_accepted";
const REPLAYED: &str = "assertion_replayed";
