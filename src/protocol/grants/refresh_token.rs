//! The refresh token grant (RFC 6749 §6, RFC 9700 §4.14). What a token means is the family's
//! part ([`crate::protocol::tokens::family`]); here is who may present it, and the gate.

use crate::protocol::catalogue::{self, Explanation};
use crate::protocol::client_auth::AuthenticatedClient;
use crate::protocol::context::{Context, Timestamp};
use crate::protocol::engine::{self, RefreshRejected};
use crate::protocol::error::{Fault, Refusal, StoreError, Trouble};
use crate::protocol::grants::{Owned, punish_reuse};
use crate::protocol::params::Params;
use crate::protocol::scope::Scope;
use crate::protocol::store::Store;
use crate::protocol::tokens::family::{Family, Presented, RevocationReason};
use crate::protocol::tokens::holder::{self, Holder};
use crate::protocol::tokens::refresh_token::{FamilyId, Minted};
use crate::protocol::tokens::{IdTokenFacts, Issue, TokenOrigin, new_token_id};

/// Why a refresh is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Refused {
    Missing,
    Unknown,
    OtherClient,
    Expired,
    Revoked,
    Reused,
    Scope,
    SubjectInactive,
    Request,
}

/// How often the gate may be lost before we give up; each loss means that another request of the same
/// family won.
const MOST_TRIES: usize = 64;

/// The family that the request is about, so that a store can prepare for it; `None` if this server did not mint the token.
pub fn family(context: &Context<'_>, params: &Params<'_>) -> Option<FamilyId> {
    let presented = params.find("refresh_token")?;
    Minted::read(presented, context.keys).map(|minted| minted.family)
}

/// Rotates a refresh token.
pub fn exchange(
    context: &Context<'_>,
    store: &mut dyn Store,
    authenticated: &AuthenticatedClient,
    params: &Params<'_>,
) -> Result<Issue, Fault> {
    let client = authenticated.client();
    let presented = params.find("refresh_token").ok_or(Refused::Missing)?;
    // A token that we never minted changes nothing.
    let minted = Minted::read(presented, context.keys).ok_or(Refused::Unknown)?;
    let policy = context.policy.refresh_for(client);

    for _ in 0..MOST_TRIES {
        let family = store.family(&minted.family)?.ok_or(Refused::Unknown)?;
        let granted = engine::drive_refresh(&client.id, &family, params, context.now);
        // A stranger must not be able to end a sign-in, so the client is compared before the family can be punished.
        if granted == Err(RefreshRejected::OtherClient) {
            return Err(Refused::OtherClient.into());
        }
        let (rotation, answer, tag, event) = match family.present(context, &policy, &minted) {
            Presented::Rotate {
                rotation,
                answer,
                tag,
                event,
            } => (rotation, answer, tag, event),
            Presented::Reused => {
                let reason = RevocationReason::RefreshReuse;
                punish_reuse(context, store, Owned::from(&family), reason)?;
                return Err(Refused::Reused.into());
            }
            Presented::Revoked => return Err(Refused::Revoked.into()),
            Presented::Expired => return Err(Refused::Expired.into()),
        };
        // A scope that the client has lost since is not granted again.
        let scope = granted.map_err(Refused::from)?.intersection(&client.scope);
        let holder = holder::find(store, &family, client)?.ok_or(Refused::SubjectInactive)?;
        if context.now >= session_end(store, &family)? {
            return Err(Refused::Expired.into());
        }
        // The gate: one row, conditional on its version, shared with revocation. Whoever loses it asks again: parallel
        // uses of one token inside the window converge to one answer.
        if store.rotate(&family.id, &rotation)? {
            let origin = TokenOrigin {
                family: family.id,
                tag,
            };
            let mut issue = issue(context, authenticated, family, scope, holder, origin);
            issue.refresh_token = Some(answer);
            issue.rotation = Some(event);
            return Ok(issue);
        }
    }
    Err(StoreError::plain(
        Trouble::Unavailable,
        "rotating a refresh token under contention",
    )
    .into())
}

/// Without `offline_access` a family lives no longer than the browser session it came from: from when on that is over.
pub(crate) fn session_end(store: &mut dyn Store, family: &Family) -> Result<Timestamp, StoreError> {
    let Some(session) = &family.session else {
        return Ok(Timestamp::MAX);
    };
    let expires_at = store.session_expiry(session)?;
    Ok(expires_at.unwrap_or(Timestamp::MIN))
}

fn issue(
    context: &Context<'_>,
    authenticated: &AuthenticatedClient,
    family: Family,
    scope: Scope,
    holder: Holder,
    origin: TokenOrigin,
) -> Issue {
    Issue {
        token_id: new_token_id(context.random, Some(origin)),
        // OpenID Connect Core §12.2: the same auth_time and acr, and no nonce.
        id_token: scope.contains("openid").then_some(IdTokenFacts {
            claims: family.claims.id_token,
            acr: family.claims.acr,
            nonce: None,
            auth_time: family.auth_time,
            amr: family.amr,
        }),
        owner: holder.owner(family.session),
        scope,
        audience: family.audience,
        refresh_token: None,
        rotation: None,
        client: authenticated.shared(),
    }
}

impl From<RefreshRejected> for Refused {
    fn from(rejected: RefreshRejected) -> Self {
        match rejected {
            RefreshRejected::Request => Self::Request,
            RefreshRejected::OtherClient => Self::OtherClient,
            RefreshRejected::Expired => Self::Expired,
            RefreshRejected::Scope => Self::Scope,
        }
    }
}

impl Refused {
    fn explanation(self) -> &'static Explanation {
        match self {
            Self::Missing | Self::Request => &catalogue::MISSING_PARAMETER,
            Self::Unknown => &catalogue::REFRESH_UNKNOWN,
            Self::OtherClient => &catalogue::REFRESH_OTHER_CLIENT,
            Self::Expired => &catalogue::REFRESH_EXPIRED,
            Self::Revoked => &catalogue::REFRESH_REVOKED,
            Self::Reused => &catalogue::REFRESH_REUSED,
            Self::Scope => &catalogue::REFRESH_SCOPE,
            Self::SubjectInactive => &catalogue::SUBJECT_INACTIVE,
        }
    }
}

impl From<Refused> for Fault {
    fn from(refused: Refused) -> Self {
        Self::Refused(Refusal::new(refused.explanation()))
    }
}
