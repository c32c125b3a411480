//! Agents: programs on machines of their own, each a client of the kind `agent` with one token family.
//!
//! An agent signs in as itself, with its API key (which is its `client_id` and a secret), and gets a pair of access and
//! refresh token. From then on the pair renews itself by the rule of all families ([`crate::protocol::tokens::family`]);
//! the API key stays good beside it and never disturbs it, so a lost answer locks no agent out. A family that was revoked
//! or expired is succeeded by another one as soon as the key is presented again.

use std::sync::Arc;

use crate::crypto::jwt::JwtRefused;
use crate::crypto::key_set::KeySet;
use crate::crypto::random::random_bytes;
use crate::crypto::secret::Secret;
use crate::protocol::bearer::{self, Proven};
use crate::protocol::catalogue;
use crate::protocol::claims::RequestedClaims;
use crate::protocol::client::{Client, GrantType};
use crate::protocol::client_auth::AuthenticatedClient;
use crate::protocol::context::Context;
use crate::protocol::error::{Fault, Refusal, StoreError, Trouble};
use crate::protocol::grants::refresh_token;
use crate::protocol::params::Params;
use crate::protocol::store::{SecurityEvent, Store};
use crate::protocol::tokens::family::{
    Family, Presented, RevocationReason, Rotation, RotationEvent, Shown, Tag,
};
use crate::protocol::tokens::refresh_token::{FamilyId, Minted};
use crate::protocol::tokens::{Issue, Owner, TokenOrigin, new_token_id};

/// What the deployment decided for agents.
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a setting of its own"
)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AgentPolicy {
    /// Whether agents get pairs by their API keys.
    pub is_on: bool,
    /// Life of an agent's access token.
    pub access_token_lifetime: i64,
    /// A pair dies when it was not used for so long.
    pub refresh_token_lifetime: i64,
    /// Whether an API key is a credential for a pair.
    pub accepts_api_keys: bool,
    /// Whether the tokens of a pair are.
    pub accepts_tokens: bool,
    /// Whether an access token is good only while its agent and its family are.
    pub validates_record: bool,
    /// Whether an access token brings another pair, and not another access token alone.
    pub renews_by_access_token: bool,
    /// Whether the `iss` of access tokens is the thumbprint of their key (RFC 7638), and not the issuer identifier.
    pub issuer_is_key_thumbprint: bool,
}

impl Default for AgentPolicy {
    fn default() -> Self {
        Self {
            is_on: false,
            access_token_lifetime: 900,
            refresh_token_lifetime: 30 * 86_400,
            accepts_api_keys: true,
            accepts_tokens: true,
            validates_record: true,
            renews_by_access_token: false,
            issuer_is_key_thumbprint: false,
        }
    }
}

/// How often a gate may be lost before we give up; each loss means that another request of the same agent won.
const MOST_TRIES: usize = 64;

/// A pair for an agent that authenticated with its API key. Presented again before anything of the answer was used, the
/// key gets what the current refresh token would.
pub fn by_api_key(
    context: &Context<'_>,
    store: &mut dyn Store,
    authenticated: &AuthenticatedClient,
) -> Result<Issue, Fault> {
    let agent = authenticated.client();
    if !agent.is_agent() {
        return Err((&catalogue::AGENT_UNKNOWN).into());
    }
    for _ in 0..MOST_TRIES {
        let Some(family) = store.family_of_agent(&agent.id)? else {
            let (family, token) = new_family(context, agent);
            if store.begin_family_of_agent(&family)? {
                note(context, store, &family)?;
                let tag = family.rotation.current.tag();
                return Ok(pair(context, authenticated, family, tag, token, None));
            }
            continue;
        };
        let policy = context.policy.refresh_for(agent);
        match family.renew(context, &policy) {
            Presented::Rotate {
                rotation,
                answer,
                tag,
                event,
            } => {
                if store.rotate(&family.id, &rotation)? {
                    return Ok(pair(
                        context,
                        authenticated,
                        family,
                        tag,
                        answer,
                        Some(event),
                    ));
                }
            }
            Presented::Expired => {
                store.revoke_family(&family.id, RevocationReason::Succeeded, context.now)?;
            }
            // Between the two looks.
            Presented::Revoked | Presented::Reused => {}
        }
    }
    let during = "renewing the tokens of an agent under contention";
    Err(StoreError::plain(Trouble::Unavailable, during).into())
}

/// Another pair for an agent that showed an access token, where the deployment allows that.
pub fn renew(
    context: &Context<'_>,
    store: &mut dyn Store,
    agent: Arc<Client>,
) -> Result<Issue, Fault> {
    by_api_key(context, store, &AuthenticatedClient::agent_of_family(agent))
}

/// The family that a refresh token is about, so that a store can prepare for it.
pub fn family(context: &Context<'_>, token: &str) -> Result<FamilyId, Refusal> {
    let minted = Minted::read(token, context.keys).ok_or(&catalogue::REFRESH_UNKNOWN)?;
    Ok(minted.family)
}

/// A pair for whoever holds the refresh token of an agent. A refresh token of a person's sign-in is none: its client has to
/// authenticate at the token endpoint.
pub fn by_refresh_token(
    context: &Context<'_>,
    store: &mut dyn Store,
    token: &str,
) -> Result<Issue, Fault> {
    let minted = Minted::read(token, context.keys).ok_or(&catalogue::REFRESH_UNKNOWN)?;
    let family = store
        .family(&minted.family)?
        .ok_or(&catalogue::REFRESH_UNKNOWN)?;
    if family.subject.is_some() {
        return Err((&catalogue::REFRESH_OTHER_CLIENT).into());
    }
    let agent = agent(context, family.client_id.as_str())?;
    let params: Params<'_> = [
        ("grant_type", GrantType::RefreshToken.as_str()),
        ("refresh_token", token),
    ]
    .into_iter()
    .collect();
    let agent = AuthenticatedClient::agent_of_family(agent);
    refresh_token::exchange(context, store, &agent, &params)
}

/// Another access token for whoever holds one of an agent, as long as its family lives; a refresh token is not part of it,
/// so that a stolen access token does not last. With it comes the promotion to write before.
pub fn by_access_token(
    context: &Context<'_>,
    store: &mut dyn Store,
    keys: &KeySet,
    token: &str,
) -> Result<Proven<Issue>, Fault> {
    let read = bearer::verify(context, keys, token).map_err(|refused| match refused {
        JwtRefused::Expired => Refusal::new(&catalogue::AGENT_TOKEN_EXPIRED),
        JwtRefused::Malformed
        | JwtRefused::TooLong
        | JwtRefused::UnknownKey
        | JwtRefused::WrongAlgorithm
        | JwtRefused::WrongType
        | JwtRefused::BadSignature
        | JwtRefused::NotYetValid
        | JwtRefused::OtherIssuer
        | JwtRefused::WrongClaim => Refusal::new(&catalogue::AGENT_TOKEN_UNKNOWN),
    })?;
    let agent = agent(context, &read.client_id)?;
    if read.sub != agent.agent_id() {
        return Err((&catalogue::AGENT_CORRUPTED).into());
    }
    // A token of the token endpoint's client credentials grant has no family.
    let origin = TokenOrigin::read(&read.jti).ok_or(&catalogue::AGENT_TOKEN_UNKNOWN)?;
    let family = store.family(&origin.family)?;
    let family = family.ok_or(&catalogue::AGENT_TOKEN_REVOKED)?;
    let promotion = match family.show(&origin.tag, context.now) {
        Shown::NotGood => return Err((&catalogue::AGENT_TOKEN_REVOKED).into()),
        Shown::Good => None,
        Shown::Promotes(rotation) => Some((family.id, rotation)),
    };
    if store.is_token_revoked(&read.jti)? {
        return Err((&catalogue::AGENT_TOKEN_REVOKED).into());
    }
    let rotation = promotion.as_ref().map_or(&family.rotation, |(_, it)| it);
    let tag = rotation.current.tag();
    let agent = AuthenticatedClient::agent_of_family(agent);
    Ok((issue(context, &agent, family, tag), promotion))
}

/// The enabled agent of that identifier.
fn agent(context: &Context<'_>, client_id: &str) -> Result<Arc<Client>, Refusal> {
    let agent = context.clients.client(client_id);
    let agent = agent
        .filter(|client| client.is_agent())
        .ok_or(&catalogue::AGENT_UNKNOWN)?;
    if agent.disabled {
        return Err(Refusal::new(&catalogue::AGENT_INACTIVE));
    }
    Ok(agent)
}

/// The first pair of a new agent, before anybody knows that there is one.
pub fn first_pair(context: &Context<'_>, agent: &Arc<Client>) -> (Family, Issue) {
    let (family, token) = new_family(context, agent);
    let authenticated = AuthenticatedClient::agent_of_family(Arc::clone(agent));
    let tag = family.rotation.current.tag();
    let issue = pair(context, &authenticated, family.clone(), tag, token, None);
    (family, issue)
}

fn new_family(context: &Context<'_>, agent: &Client) -> (Family, Secret) {
    let policy = context.policy.refresh_for(agent);
    let id = FamilyId(random_bytes(context.random));
    let idle_expires_at = context.now + policy.idle_lifetime;
    let (rotation, token) = Rotation::first(
        id,
        context.random,
        context.keys,
        context.now,
        idle_expires_at,
    );
    let family = Family {
        id,
        client_id: agent.id.clone(),
        subject: None,
        session: None,
        // The others speak of a person, whom an agent is not.
        scope: agent.scope.without_standard(),
        claims: RequestedClaims::default(),
        audience: agent.audience(context.issuer),
        auth_time: context.now,
        amr: Vec::new(),
        created_at: context.now,
        expires_at: context.now + policy.absolute_lifetime,
        revoked: None,
        rotation,
    };
    (family, token)
}

/// Writes down that an agent began a family: where nobody expects that, somebody else has its key.
pub fn note(
    context: &Context<'_>,
    store: &mut dyn Store,
    family: &Family,
) -> Result<(), StoreError> {
    store.record(&SecurityEvent {
        at: context.now,
        kind: "agent_signed_in",
        client_id: Some(family.client_id.clone()),
        subject: None,
        family: Some(family.id),
        browser: None,
    })
}

fn pair(
    context: &Context<'_>,
    authenticated: &AuthenticatedClient,
    family: Family,
    tag: Tag,
    refresh_token: Secret,
    rotation: Option<RotationEvent>,
) -> Issue {
    Issue {
        refresh_token: Some(refresh_token),
        rotation,
        ..issue(context, authenticated, family, tag)
    }
}

fn issue(
    context: &Context<'_>,
    authenticated: &AuthenticatedClient,
    family: Family,
    tag: Tag,
) -> Issue {
    let origin = TokenOrigin {
        family: family.id,
        tag,
    };
    Issue {
        owner: Owner::Agent {
            until: family.expires_at,
        },
        // A scope that the client has lost since is not granted again.
        scope: family.scope.intersection(&authenticated.client().scope),
        audience: family.audience,
        token_id: new_token_id(context.random, Some(origin)),
        refresh_token: None,
        rotation: None,
        id_token: None,
        client: authenticated.shared(),
    }
}
