//! The token exchange grant (RFC 8693): a service that was called with a token gets another one for the service that it
//! calls next.
//!
//! What comes out is never more than what went in: not longer, not wider, and only for audiences that the operator gave the
//! client. It is good as long as what it came of is: the family, the user, the session, the client. The `sub` stays as it
//! is, so that a pairwise identifier hides as much as before.
//!
//! Tokens of other issuers would be one more kind of `Proof`, with the same `Presented` from it.

use crate::crypto::key_set::KeySet;
use crate::protocol::bearer::{self, BearerRefused, Seen};
use crate::protocol::catalogue::{self, Explanation};
use crate::protocol::client::Client;
use crate::protocol::client_auth::AuthenticatedClient;
use crate::protocol::context::{Context, Timestamp};
use crate::protocol::error::{Fault, Refusal};
use crate::protocol::params::Params;
use crate::protocol::personal_token;
use crate::protocol::scope::Scope;
use crate::protocol::store::{SecurityEvent, Store};
use crate::protocol::subject_identifier::SubjectType;
use crate::protocol::tokens::access_token::AccessToken;
use crate::protocol::tokens::actor::Actor;
use crate::protocol::tokens::id_token::{self, IdTokenHint};
use crate::protocol::tokens::refresh_token::FamilyId;
use crate::protocol::tokens::{Exchanged, Issue, Owner, TokenOrigin, new_token_id};
use crate::protocol::trust::reference::VouchedOrigin;

/// RFC 8693 §3.
pub const ACCESS_TOKEN: &str = "urn:ietf:params:oauth:token-type:access_token";
/// RFC 8693 §3.
pub const ID_TOKEN: &str = "urn:ietf:params:oauth:token-type:id_token";

/// So many parties may act for each other.
const MOST_ACTORS: usize = 4;

/// Why the grant is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Refused {
    Missing,
    SubjectType,
    RequestedType,
    ActorType,
    Subject,
    Actor,
    NotMeant,
    MayAct,
    Depth,
    Target,
    Scope,
    Pairwise,
}

/// A request whose tokens read well and whose targets are allowed.
#[derive(Debug)]
pub struct Exchange {
    subject: Presented,
    actor: Option<Presented>,
    /// Who acts, where that will be said.
    act: Option<Actor>,
    audience: Vec<String>,
    scope: Scope,
}

/// A token that was presented.
#[derive(Debug)]
struct Presented {
    sub: String,
    exp: Timestamp,
    proof: Proof,
}

/// By what the store says whether it is still good.
#[derive(Debug)]
enum Proof {
    Access(Box<AccessToken>),
    Id(IdTokenHint),
}

/// Checks everything that needs no store (RFC 8693 §2.1).
pub fn accept(
    context: &Context<'_>,
    keys: &KeySet,
    authenticated: &AuthenticatedClient,
    params: &Params<'_>,
) -> Result<Exchange, Refusal> {
    let client = authenticated.client();
    let (Some(token), Some(kind)) = (
        params.find("subject_token"),
        params.find("subject_token_type"),
    ) else {
        return Err(Refused::Missing.into());
    };
    if params
        .find("requested_token_type")
        .is_some_and(|requested| requested != ACCESS_TOKEN)
    {
        return Err(Refused::RequestedType.into());
    }
    let asked = Asked {
        context,
        keys,
        client,
    };
    let subject = asked.read(token, kind, (Refused::SubjectType, Refused::Subject))?;
    let actor = match (params.find("actor_token"), params.find("actor_token_type")) {
        (None, None) => None,
        (Some(token), Some(kind)) => {
            Some(asked.read(token, kind, (Refused::ActorType, Refused::Actor))?)
        }
        (Some(_), None) | (None, Some(_)) => return Err(Refused::ActorType.into()),
    };
    let act = acting(client, &subject, actor.as_ref())?;
    Ok(Exchange {
        audience: targets(client, params)?,
        scope: scope(client, &subject, params)?,
        subject,
        actor,
        act,
    })
}

/// Asks the store whether the tokens are still good, and writes down that they were exchanged.
pub fn exchange(
    context: &Context<'_>,
    store: &mut dyn Store,
    authenticated: &AuthenticatedClient,
    exchange: Exchange,
) -> Result<Issue, Fault> {
    let Exchange {
        subject,
        actor,
        act,
        audience,
        scope,
    } = exchange;
    let until = actor
        .as_ref()
        .map_or(subject.exp, |actor| actor.exp.min(subject.exp));
    if let Some(actor) = actor {
        prove(context, store, actor.proof, Refused::Actor)?;
    }
    let proven = prove(context, store, subject.proof, Refused::Subject)?;
    store.record(&SecurityEvent {
        at: context.now,
        kind: "token_exchanged",
        client_id: Some(authenticated.client().id.clone()),
        subject: proven.user,
        family: proven.family,
        browser: None,
    })?;
    Ok(Issue {
        owner: Owner::Exchanged(Box::new(Exchanged {
            sub: subject.sub,
            act,
            roles: proven.roles,
            session: proven.session,
            until,
        })),
        scope,
        audience,
        token_id: proven.token_id,
        refresh_token: None,
        rotation: None,
        id_token: None,
        client: authenticated.shared(),
    })
}

/// What is known of a token that is good.
struct Proven {
    user: Option<String>,
    roles: Vec<String>,
    family: Option<FamilyId>,
    /// Of the new token: it leads to what this one came of.
    token_id: String,
    session: Option<String>,
}

fn prove(
    context: &Context<'_>,
    store: &mut dyn Store,
    proof: Proof,
    refused: Refused,
) -> Result<Proven, Fault> {
    match proof {
        Proof::Access(token) => {
            let seen = bearer::settle(store, |store| {
                bearer::look_up(context, store, AccessToken::clone(&token))
            });
            let seen = seen.map_err(|fault| told_as(fault, refused))?;
            // The one says of its users what it likes, so they are nobody to others; the other could not be taken back any more.
            if seen.claims.own.is_some() || personal_token::is_personal(&seen.token.jti) {
                return Err(Refusal::from(refused).into());
            }
            let Seen { token, subject, .. } = seen;
            let origin = TokenOrigin::read(&token.jti);
            Ok(Proven {
                user: subject.map(|subject| subject.id),
                roles: token.roles,
                // The family ends with its session; without one the session is all there is.
                session: token.sid.filter(|_| origin.is_none()),
                family: origin.map(|origin| origin.family),
                token_id: match VouchedOrigin::read(&token.jti) {
                    Some(vouched) => vouched.token_id(context.random),
                    None => new_token_id(context.random, origin),
                },
            })
        }
        Proof::Id(token) => {
            let alive = match &token.sid {
                Some(session) => store
                    .session_expiry(session)?
                    .is_some_and(|at| context.now < at),
                None => true,
            };
            let subject = store.subject(&token.sub)?;
            let subject = subject.filter(|subject| subject.active && alive);
            let subject = subject.ok_or(Refusal::from(refused))?;
            Ok(Proven {
                user: Some(subject.id),
                roles: Vec::new(),
                family: None,
                token_id: new_token_id(context.random, None),
                session: token.sid,
            })
        }
    }
}

fn told_as(fault: Fault<BearerRefused>, refused: Refused) -> Fault {
    match fault {
        Fault::Refused(_) => Fault::Refused(refused.into()),
        Fault::Failed(error) => Fault::Failed(error),
    }
}

/// Who asks, and with which keys tokens are read.
struct Asked<'a> {
    context: &'a Context<'a>,
    keys: &'a KeySet,
    client: &'a Client,
}

impl Asked<'_> {
    fn read(
        &self,
        token: &str,
        kind: &str,
        (other_kind, not_good): (Refused, Refused),
    ) -> Result<Presented, Refused> {
        let (context, client) = (self.context, self.client);
        match kind {
            ACCESS_TOKEN => {
                let read = bearer::read(context, self.keys, token).map_err(|_| not_good)?;
                if !read.is_for(client) {
                    return Err(Refused::NotMeant);
                }
                Ok(Presented {
                    sub: read.sub.clone(),
                    exp: read.exp,
                    proof: Proof::Access(Box::new(read)),
                })
            }
            ID_TOKEN => {
                let read = id_token::read(token, context.issuer, self.keys, context.now);
                let read = read.map_err(|_| not_good)?;
                if !read.aud.contains(client.id.as_str()) {
                    return Err(Refused::NotMeant);
                }
                // Nothing leads from it to the person.
                if client.metadata.subject_type == Some(SubjectType::Pairwise) {
                    return Err(Refused::Pairwise);
                }
                Ok(Presented {
                    sub: read.sub.clone(),
                    exp: read.exp,
                    proof: Proof::Id(read),
                })
            }
            _ => Err(other_kind),
        }
    }
}

impl Presented {
    fn access_token(&self) -> Option<&AccessToken> {
        match &self.proof {
            Proof::Access(token) => Some(token),
            Proof::Id(_) => None,
        }
    }
}

/// Who acts (RFC 8693 §1.1): whose the `actor_token` is, or else the client. Only a client that may impersonate is not
/// named, and whoever acted before stays named in any case.
fn acting(
    client: &Client,
    subject: &Presented,
    actor: Option<&Presented>,
) -> Result<Option<Actor>, Refused> {
    let acts = actor.map_or(client.id.as_str(), |actor| &actor.sub);
    let of_token = subject.access_token();
    let may_act = of_token.and_then(|token| token.may_act.as_ref());
    if may_act.is_some_and(|may_act| may_act.sub != acts) {
        return Err(Refused::MayAct);
    }
    let before = of_token.and_then(|token| token.act.clone());
    let policy = client.metadata.token_exchange.as_ref();
    let impersonates = actor.is_none() && policy.is_some_and(|policy| policy.impersonation);
    // Who exchanges a token of its own acts for nobody.
    if impersonates || acts == subject.sub {
        return Ok(before);
    }
    let act = Actor::after(acts.to_owned(), before);
    if act.depth() > MOST_ACTORS {
        return Err(Refused::Depth);
    }
    Ok(Some(act))
}

/// The audiences of the new token: those that were asked for by `audience` and `resource`, or else all that there are.
fn targets(client: &Client, params: &Params<'_>) -> Result<Vec<String>, Refused> {
    let policy = client.metadata.token_exchange.as_ref();
    let allowed = policy.map_or(&[][..], |policy| &policy.audiences);
    let asked = [params.find("audience"), params.find("resource")];
    let mut asked: Vec<String> = asked.into_iter().flatten().map(str::to_owned).collect();
    asked.dedup();
    if asked.is_empty() {
        asked = allowed.to_vec();
    }
    if asked.is_empty() || !asked.iter().all(|target| allowed.contains(target)) {
        return Err(Refused::Target);
    }
    Ok(asked)
}

/// What of the scope is left: within that of the subject token and that of the client. An ID token says nothing of scopes,
/// and so gives none about the person.
fn scope(client: &Client, subject: &Presented, params: &Params<'_>) -> Result<Scope, Refused> {
    let most = match subject.access_token() {
        Some(token) => token.scope.intersection(&client.scope),
        None => client.scope.without_standard(),
    };
    match params.find("scope") {
        None => Ok(most),
        Some(text) => {
            let asked: Scope = text.parse().map_err(|_| Refused::Scope)?;
            if asked.is_within(&most) {
                Ok(asked)
            } else {
                Err(Refused::Scope)
            }
        }
    }
}

impl Refused {
    fn explanation(self) -> &'static Explanation {
        match self {
            Self::Missing => &catalogue::EXCHANGE_MISSING,
            Self::SubjectType => &catalogue::EXCHANGE_SUBJECT_TYPE,
            Self::RequestedType => &catalogue::EXCHANGE_REQUESTED_TYPE,
            Self::ActorType => &catalogue::EXCHANGE_ACTOR_TYPE,
            Self::Subject => &catalogue::EXCHANGE_SUBJECT,
            Self::Actor => &catalogue::EXCHANGE_ACTOR,
            Self::NotMeant => &catalogue::EXCHANGE_NOT_MEANT,
            Self::MayAct => &catalogue::EXCHANGE_MAY_ACT,
            Self::Depth => &catalogue::EXCHANGE_DEPTH,
            Self::Target => &catalogue::EXCHANGE_TARGET,
            Self::Scope => &catalogue::EXCHANGE_SCOPE,
            Self::Pairwise => &catalogue::EXCHANGE_PAIRWISE,
        }
    }
}

impl From<Refused> for Refusal {
    fn from(refused: Refused) -> Self {
        Self::new(refused.explanation())
    }
}
