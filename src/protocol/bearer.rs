//! Who calls a protected endpoint: the access token in the request, checked against keys, time and the store
//! (RFC 6750).
//!
//! A token that was minted with a refresh token that this server has not seen used yet proves that the
//! token response arrived: seeing it here makes that refresh token the current one.

use crate::crypto::jwt::{self, JwtRefused};
use crate::crypto::key_set::KeySet;
use crate::protocol::catalogue::{self, Explanation};
use crate::protocol::claims::RequestedClaims;
use crate::protocol::client::ClientId;
use crate::protocol::context::{Context, Timestamp};
use crate::protocol::error::{Fault, Refusal, StoreError, Trouble};
use crate::protocol::params::Params;
use crate::protocol::personal_token;
use crate::protocol::store::{Store, Subject};
use crate::protocol::tokens::TokenOrigin;
use crate::protocol::tokens::access_token::{self, AccessToken};
use crate::protocol::tokens::family::{Rotation, Shown};
use crate::protocol::tokens::holder;
use crate::protocol::tokens::refresh_token::FamilyId;
use crate::protocol::trust::reference::{self, VouchedOrigin};

/// Why a bearer token is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BearerRefused {
    /// RFC 6750 §3: no token at all; the challenge names no error.
    Missing,
    /// RFC 6750 §2: two ways at once, or not well-formed.
    Malformed,
    /// RFC 6750 §2: in the header and in the address.
    TwoWays,
    /// RFC 6750 §3.1: revoked, of another issuer, not signed by us.
    NotGood,
    /// RFC 6750 §3.1: ours, and past its time; its holder may know why.
    Expired,
    /// RFC 6750 §3.1: a personal one that was taken back.
    Revoked,
    /// RFC 6750 §3.1: the scope does not reach so far.
    Scope,
}

/// The rotation by which a pending refresh token becomes the current one of its family.
pub type Promotion = (FamilyId, Rotation);

/// What was found out about a token, and the promotion to write before it is relied on.
pub type Proven<T> = (T, Option<Promotion>);

/// A token that is good.
#[derive(Debug)]
pub struct Seen {
    /// Its claims.
    pub token: AccessToken,
    /// The user it speaks of, active; `None` for the own token of a client or agent.
    pub subject: Option<Subject>,
    /// Claims that were asked for by name.
    pub claims: RequestedClaims,
    /// When that user signed in.
    pub auth_time: Option<Timestamp>,
}

impl Seen {
    fn without_family(token: AccessToken) -> Self {
        Self {
            token,
            subject: None,
            claims: RequestedClaims::default(),
            auth_time: None,
        }
    }
}

/// Finds the one token of a request: in the header, or as `access_token` in a form body (RFC 6750 §2.1, §2.2).
/// A token in the address is not accepted (RFC 9700 §4.3.2).
pub fn find<'a>(
    authorization: Option<&'a str>,
    body: &'a Params<'_>,
) -> Result<&'a str, BearerRefused> {
    match (authorization, body.find("access_token")) {
        (None, None) => Err(BearerRefused::Missing),
        (Some(_), Some(_)) => Err(BearerRefused::Malformed),
        (None, Some(token)) => Ok(token),
        (Some(header), None) => match header.split_once(' ') {
            Some((scheme, token)) if scheme.eq_ignore_ascii_case("Bearer") => {
                let token = token.trim();
                if is_b64token(token) {
                    Ok(token)
                } else {
                    Err(BearerRefused::Malformed)
                }
            }
            Some(_) | None => Err(BearerRefused::Missing),
        },
    }
}

/// Checks signature, type, issuer and time; everything that needs no store.
pub fn read(
    context: &Context<'_>,
    keys: &KeySet,
    token: &str,
) -> Result<AccessToken, BearerRefused> {
    // The signature is checked first, so whoever made a token up learns nothing.
    Ok(verify(context, keys, token)?)
}

/// The same, with the reason.
pub(in crate::protocol) fn verify(
    context: &Context<'_>,
    keys: &KeySet,
    token: &str,
) -> Result<AccessToken, JwtRefused> {
    let read = access_token::read(token, context.issuer, keys, context.now);
    if matches!(read, Err(JwtRefused::OtherIssuer))
        && context.policy.agents.issuer_is_key_thumbprint
    {
        // A key of ours whose name is its thumbprint; whether the client is an agent is asked with its family.
        let key = jwt::peek(token)?.key_id.ok_or(JwtRefused::UnknownKey)?;
        return access_token::read(token, &key, keys, context.now);
    }
    read
}

/// Whether only signature and time decide about the token: it is an agent's, and the deployment wants it so.
fn is_stateless(context: &Context<'_>, token: &AccessToken) -> bool {
    !context.policy.agents.validates_record
        && TokenOrigin::read(&token.jti).is_some()
        && context
            .clients
            .client(&token.client_id)
            .is_some_and(|client| client.is_agent())
}

/// The same for a token that may be a reference to one, which the store is asked about.
pub fn resolve(
    context: &Context<'_>,
    store: &mut dyn Store,
    keys: &KeySet,
    token: &str,
) -> Result<AccessToken, Fault<BearerRefused>> {
    if reference::is_one(token) {
        let found = reference::look_up(context, store, token)?;
        return Ok(found.ok_or(BearerRefused::NotGood)?);
    }
    Ok(read(context, keys, token)?)
}

impl From<JwtRefused> for BearerRefused {
    fn from(refused: JwtRefused) -> Self {
        match refused {
            JwtRefused::Expired => Self::Expired,
            JwtRefused::Malformed
            | JwtRefused::TooLong
            | JwtRefused::UnknownKey
            | JwtRefused::WrongAlgorithm
            | JwtRefused::WrongType
            | JwtRefused::BadSignature
            | JwtRefused::NotYetValid
            | JwtRefused::OtherIssuer
            | JwtRefused::WrongClaim => Self::NotGood,
        }
    }
}

/// Asks the store whether a token that reads well is still good: not revoked, its family alive, its user
/// active. With it comes the promotion that has to be written before the token is relied on, if its use makes a pending
/// refresh token the current one.
pub fn look_up(
    context: &Context<'_>,
    store: &mut dyn Store,
    token: AccessToken,
) -> Result<Proven<Seen>, Fault<BearerRefused>> {
    if store.is_token_revoked(&token.jti)? {
        return Err(BearerRefused::NotGood.into());
    }
    if is_stateless(context, &token) {
        return Ok((Seen::without_family(token), None));
    }
    let Some(origin) = TokenOrigin::read(&token.jti) else {
        if VouchedOrigin::read(&token.jti).is_some() {
            return look_up_vouched(context, store, token).map(|seen| (seen, None));
        }
        if personal_token::is_personal(&token.jti) {
            return Ok((look_up_personal(store, token)?, None));
        }
        // A client's own token lives as long as the client does.
        let client = context
            .clients
            .client(&token.client_id)
            .filter(|client| !client.disabled);
        client.ok_or(BearerRefused::NotGood)?;
        let subject = subject_without_family(context, store, &token)?;
        let seen = Seen {
            subject,
            ..Seen::without_family(token)
        };
        return Ok((seen, None));
    };
    let family = store
        .family(&origin.family)?
        .ok_or(BearerRefused::NotGood)?;
    let promotion = match family.show(&origin.tag, context.now) {
        Shown::Good => None,
        Shown::Promotes(rotation) => Some((family.id, rotation)),
        Shown::NotGood => return Err(BearerRefused::NotGood.into()),
    };
    let client = context
        .clients
        .client(&token.client_id)
        .filter(|client| !client.disabled);
    let mut client = client.ok_or(BearerRefused::NotGood)?;
    // It was exchanged: the client that the family is of has to be there as well.
    if family.client_id != client.id {
        let issued_to = context.clients.client(family.client_id.as_str());
        let issued_to = issued_to.filter(|client| !client.disabled);
        client = issued_to.ok_or(BearerRefused::NotGood)?;
    }
    // Not of the token, whose `sub` may be pairwise.
    let holder = holder::find(store, &family, &client)?.ok_or(BearerRefused::NotGood)?;
    let subject = holder.subject();
    let seen = Seen {
        token,
        subject,
        claims: family.claims,
        auth_time: Some(family.auth_time),
    };
    Ok((seen, promotion))
}

/// A token that was issued for one of a trusted issuer is good for as long as that issuer is trusted, the client that got it
/// is enabled, and the user that it speaks of, if it does, is active.
fn look_up_vouched(
    context: &Context<'_>,
    store: &mut dyn Store,
    token: AccessToken,
) -> Result<Seen, Fault<BearerRefused>> {
    let origin = VouchedOrigin::read(&token.jti).ok_or(BearerRefused::NotGood)?;
    let trusted = context
        .clients
        .trusted_issuer(origin.issuer)
        .ok_or(BearerRefused::NotGood)?;
    let nobody = ClientId::of_trusted_issuer(&trusted.issuer.name);
    if token.client_id != nobody.as_str() {
        let client = context.clients.client(&token.client_id);
        client
            .filter(|client| !client.disabled)
            .ok_or(BearerRefused::NotGood)?;
    }
    let subject = if origin.is_user {
        let user = store.subject(&token.sub)?.filter(|user| user.active);
        Some(user.ok_or(BearerRefused::NotGood)?)
    } else {
        None
    };
    Ok(Seen {
        token,
        subject,
        claims: RequestedClaims::default(),
        auth_time: None,
    })
}

/// The same for a token that its person made without a client. A role that the person lost is in the token still, and
/// counts no more.
pub fn look_up_personal(
    store: &mut dyn Store,
    mut token: AccessToken,
) -> Result<Seen, Fault<BearerRefused>> {
    let recorded = store.personal_token(&token.jti)?;
    let recorded = recorded.ok_or(BearerRefused::NotGood)?;
    if recorded.revoked_at.is_some() {
        return Err(BearerRefused::Revoked.into());
    }
    let subject = store.subject(&recorded.subject)?;
    let subject = subject
        .filter(|subject| subject.active)
        .ok_or(BearerRefused::NotGood)?;
    token.roles.retain(|role| subject.roles.contains(role));
    // One that speaks of a name must not be taken here for the subject of somebody else who is called so.
    token.sub = recorded.subject;
    Ok(Seen {
        token,
        subject: Some(subject),
        claims: RequestedClaims::default(),
        auth_time: None,
    })
}

/// Whom a token without a family speaks of, where that is not the client itself: it was exchanged, for the token of another
/// client or for an ID token, and is good as long as that client, or the user and the session, are.
fn subject_without_family(
    context: &Context<'_>,
    store: &mut dyn Store,
    token: &AccessToken,
) -> Result<Option<Subject>, Fault<BearerRefused>> {
    if token.sub == token.client_id {
        return Ok(None);
    }
    if let Some(client) = context.clients.client(&token.sub) {
        return if client.disabled {
            Err(BearerRefused::NotGood.into())
        } else {
            Ok(None)
        };
    }
    if let Some(session) = &token.sid {
        let ends = store.session_expiry(session)?;
        if ends.is_none_or(|at| context.now >= at) {
            return Err(BearerRefused::NotGood.into());
        }
    }
    let subject = store.subject(&token.sub)?;
    let subject = subject.filter(|subject| subject.active);
    Ok(Some(subject.ok_or(BearerRefused::NotGood)?))
}

/// Asks a question about a token where something can be written, and writes what its answer demands. Losing the gate means
/// that the row changed meanwhile, so the question is asked again.
pub fn settle<T, R>(
    store: &mut dyn Store,
    ask: impl Fn(&mut dyn Store) -> Result<Proven<T>, Fault<R>>,
) -> Result<T, Fault<R>> {
    for _ in 0..MOST_TRIES {
        match ask(store)? {
            (answer, None) => return Ok(answer),
            (answer, Some(promotion)) => {
                if promote(store, &promotion)? {
                    return Ok(answer);
                }
            }
        }
    }
    let during = "promoting a refresh token under contention";
    Err(StoreError::plain(Trouble::Unavailable, during).into())
}

/// How often the gate may be lost before we give up.
const MOST_TRIES: usize = 64;

/// **Gate**: makes the pending refresh token the current one; false when the row changed meanwhile, and then whether the
/// token is good has to be asked again.
pub fn promote(store: &mut dyn Store, (family, rotation): &Promotion) -> Result<bool, StoreError> {
    store.rotate(family, rotation)
}

/// RFC 6750 §2.1.
fn is_b64token(text: &str) -> bool {
    let body = text.trim_end_matches('=');
    !body.is_empty()
        && body
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"-._~+/".contains(&byte))
}

impl BearerRefused {
    /// The entry of the catalogue.
    pub fn explanation(self) -> &'static Explanation {
        match self {
            Self::Missing => &catalogue::NO_BEARER_TOKEN,
            Self::Malformed | Self::TwoWays => &catalogue::BEARER_MALFORMED,
            Self::NotGood => &catalogue::BEARER_NOT_GOOD,
            Self::Expired => &catalogue::BEARER_EXPIRED,
            Self::Revoked => &catalogue::BEARER_REVOKED,
            Self::Scope => &catalogue::BEARER_SCOPE,
        }
    }
}

impl From<BearerRefused> for Fault<BearerRefused> {
    fn from(refused: BearerRefused) -> Self {
        Self::Refused(refused)
    }
}

impl From<BearerRefused> for Refusal {
    fn from(refused: BearerRefused) -> Self {
        Self::new(refused.explanation())
    }
}
