//! A token family: all refresh tokens of one sign-in of one client, in one row.
//!
//! A family holds a *current* refresh token and at most one unused successor, *pending*. Presenting the
//! current one mints (or repeats) the pending one and stays possible; presenting the pending one, or
//! showing an access token that was minted with it, makes it current and kills its predecessor. So a
//! lost response costs nothing. Any other token that was once minted for the family can only come from
//! two holders of one sign-in: theft.
//!
//! That is [`RefreshRotation::Tolerant`]. With [`RefreshRotation::Strict`] a successor is current from the moment it is
//! minted, so there is nothing pending; with [`RefreshRotation::None`] nothing is minted at all, with
//! [`RefreshRotation::NearEnd`] nothing until little of a token's life is left. A family lives through a
//! change of the mode: a successor that was pending before may still be used, and so may its predecessor until then,
//! because the answer that promised so was given under the old mode.
//!
//! Everything here is a pure function of the row, the presented token and the time. The store applies the
//! outcome if the row has not changed meanwhile; otherwise the question is asked again.

use crate::crypto::digest::Digest;
use crate::crypto::random::{RandomSource, random_bytes};
use crate::crypto::secret::Secret;
use crate::protocol::claims::RequestedClaims;
use crate::protocol::client::ClientId;
use crate::protocol::context::{Context, Timestamp, TokenKeys};
use crate::protocol::refresh_policy::{RefreshPolicy, RefreshRotation};
use crate::protocol::scope::Scope;
use crate::protocol::tokens::refresh_token::{FamilyId, Minted};

/// First bytes of a refresh token's digest; an access token carries that of the token it was minted with.
pub type Tag = [u8; 8];

/// So many tags of former current tokens are remembered, so that access tokens minted with them stay
/// good for their short lives.
const REMEMBERED_TAGS: usize = 8;

/// Percent of its life that are left of a token when [`RefreshRotation::NearEnd`] replaces it.
const NEAR_END: i64 = 30;

/// One sign-in of one client.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Family {
    /// Its identifier, part of each of its tokens.
    pub id: FamilyId,
    /// The client it was issued to.
    pub client_id: ClientId,
    /// The user who signed in; `None`: the client is an agent, which signed in as itself.
    pub subject: Option<String>,
    /// The browser session it came from; `None` once it may outlive the session (`offline_access`).
    pub session: Option<String>,
    /// What was granted.
    pub scope: Scope,
    /// Claims that were asked for by name.
    pub claims: RequestedClaims,
    /// The audiences of its access tokens.
    pub audience: Vec<String>,
    /// When the user signed in.
    pub auth_time: Timestamp,
    /// How the user signed in (RFC 8176).
    pub amr: Vec<String>,
    /// When it was made.
    pub created_at: Timestamp,
    /// From when on it is dead, however much it is used.
    pub expires_at: Timestamp,
    /// When and why it was revoked.
    pub revoked: Option<Revoked>,
    /// The part that rotation changes.
    pub rotation: Rotation,
}

/// The part of a family that rotation changes, replaced as a whole by one conditional update.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rotation {
    /// Counts the changes of the row; the update is conditional on it.
    pub version: i64,
    /// Generation of the current refresh token.
    pub generation: u32,
    /// Digest of the current refresh token.
    pub current: Digest,
    /// The unused successor.
    pub pending: Option<Pending>,
    /// Tags of former current tokens, newest last.
    pub former_tags: Vec<Tag>,
    /// When it was last used.
    pub last_used_at: Timestamp,
    /// From when on it is dead for lack of use.
    pub idle_expires_at: Timestamp,
}

/// A successor that was minted and not yet used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pending {
    /// Its digest.
    pub digest: Digest,
    /// Its salt, from which the token is derived again inside the retry window.
    pub salt: [u8; 16],
    /// When it was minted.
    pub minted_at: Timestamp,
}

/// That a family is dead, since when and why.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Revoked {
    /// When.
    pub at: Timestamp,
    /// Why.
    pub reason: RevocationReason,
}

/// Why a family was revoked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RevocationReason {
    /// A replaced refresh token was used.
    RefreshReuse,
    /// The authorization code was used twice.
    CodeReuse,
    /// The client asked for it (RFC 7009).
    ClientRequest,
    /// The user removed the app's access.
    UserRequest,
    /// The browser session ended.
    SignOut,
    /// An operator did it, or disabled or deleted the user or client.
    Operator,
    /// It had expired, and its agent began another one.
    Succeeded,
}

impl RevocationReason {
    /// All reasons.
    pub const ALL: [Self; 7] = [
        Self::RefreshReuse,
        Self::CodeReuse,
        Self::ClientRequest,
        Self::UserRequest,
        Self::SignOut,
        Self::Operator,
        Self::Succeeded,
    ];

    /// The name under which it is stored and logged.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::RefreshReuse => "refresh_reuse",
            Self::CodeReuse => "code_reuse",
            Self::ClientRequest => "client_request",
            Self::UserRequest => "user_request",
            Self::SignOut => "sign_out",
            Self::Operator => "operator",
            Self::Succeeded => "succeeded",
        }
    }
}

/// What a presented refresh token of this family means.
#[derive(Debug)]
pub enum Presented {
    /// It is good: store this rotation, then answer this token.
    Rotate {
        /// The new state of the row.
        rotation: Rotation,
        /// The refresh token to answer.
        answer: Secret,
        /// The tag for the access token to answer.
        tag: Tag,
        /// What happened, for logs and metrics.
        event: RotationEvent,
    },
    /// It was replaced: somebody else has its successor.
    Reused,
    /// The family was revoked.
    Revoked,
    /// The family outlived its idle or absolute life.
    Expired,
}

/// What a rotation was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RotationEvent {
    /// The current token got its first successor.
    Minted,
    /// Inside the retry window: the identical answer again.
    Repeated,
    /// After the retry window: the unused successor was replaced.
    Replaced,
    /// The successor was used, became current, and got a successor of its own.
    Promoted,
    /// [`RefreshRotation::Strict`]: the token was used up, and its successor is current at once.
    Once,
    /// [`RefreshRotation::None`]: the same token again.
    Kept,
}

impl RotationEvent {
    /// All events.
    pub const ALL: [Self; 6] = [
        Self::Minted,
        Self::Repeated,
        Self::Replaced,
        Self::Promoted,
        Self::Once,
        Self::Kept,
    ];

    /// The name under which it is counted.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Minted => "minted",
            Self::Repeated => "repeated",
            Self::Replaced => "replaced",
            Self::Promoted => "promoted",
            Self::Once => "once",
            Self::Kept => "kept",
        }
    }
}

/// What an access token of this family means now.
#[derive(Debug, PartialEq, Eq)]
pub enum Shown {
    /// It is good.
    Good,
    /// It is good, and proves that the pending refresh token arrived: store this rotation.
    Promotes(Rotation),
    /// It is not good: revoked, expired, or minted with a successor that was replaced.
    NotGood,
}

impl Family {
    /// Whom its tokens are about, by identifier: the user, or the client itself.
    pub fn owner_id(&self) -> &str {
        self.subject
            .as_deref()
            .unwrap_or_else(|| self.client_id.as_str())
    }

    /// Whether it is dead at that time.
    fn is_expired(&self, now: Timestamp) -> bool {
        now >= self.expires_at || now >= self.rotation.idle_expires_at
    }

    /// Decides about a refresh token that this server minted for this family.
    pub fn present(
        &self,
        context: &Context<'_>,
        policy: &RefreshPolicy,
        minted: &Minted,
    ) -> Presented {
        if self.revoked.is_some() {
            return Presented::Revoked;
        }
        if self.is_expired(context.now) {
            return Presented::Expired;
        }
        let digest = minted.digest(context.keys);
        let promoted = match self.rotation.pending {
            Some(_) | None if digest == self.rotation.current => None,
            Some(pending) if digest == pending.digest => Some(self.rotation.promote(&pending)),
            Some(_) | None => return Presented::Reused,
        };
        match (policy.rotation, promoted) {
            (RefreshRotation::Tolerant, None) => self.present_current(context, policy),
            (RefreshRotation::Tolerant, Some(promoted)) => {
                self.mint(context, policy, &promoted, RotationEvent::Promoted)
            }
            (RefreshRotation::Strict, promoted) => {
                self.mint_once(context, policy, promoted.as_ref().unwrap_or(&self.rotation))
            }
            (RefreshRotation::None, promoted) => {
                let rotation = promoted.as_ref().unwrap_or(&self.rotation);
                Presented::Rotate {
                    rotation: rotation.used(self, policy, context.now),
                    answer: minted.write(context.keys),
                    tag: digest.tag(),
                    event: RotationEvent::Kept,
                }
            }
            (RefreshRotation::NearEnd, promoted) => {
                self.present_near_end(context, policy, promoted.as_ref(), minted)
            }
        }
    }

    /// The end of a token that is kept must not move, or it would never be near.
    fn present_near_end(
        &self,
        context: &Context<'_>,
        policy: &RefreshPolicy,
        promoted: Option<&Rotation>,
        minted: &Minted,
    ) -> Presented {
        // Its successor may have been lost.
        if promoted.is_none() && self.rotation.pending.is_some() {
            return self.present_current(context, policy);
        }
        let rotation = promoted.unwrap_or(&self.rotation);
        let left = rotation.idle_expires_at.min(self.expires_at) - context.now;
        let life = policy.idle_lifetime.min(self.expires_at - self.created_at);
        if left * 100 < life * NEAR_END {
            let event = promoted.map_or(RotationEvent::Minted, |_| RotationEvent::Promoted);
            return self.mint(context, policy, rotation, event);
        }
        Presented::Rotate {
            rotation: Rotation {
                version: self.rotation.version + 1,
                last_used_at: context.now,
                ..rotation.clone()
            },
            answer: minted.write(context.keys),
            tag: minted.digest(context.keys).tag(),
            event: RotationEvent::Kept,
        }
    }

    /// Decides about who proved to be the agent of this family without one of its tokens: it gets what it would get for
    /// the current one, so that authenticating twice is as harmless as refreshing twice.
    pub fn renew(&self, context: &Context<'_>, policy: &RefreshPolicy) -> Presented {
        if self.revoked.is_some() {
            return Presented::Revoked;
        }
        if self.is_expired(context.now) {
            return Presented::Expired;
        }
        match policy.rotation {
            RefreshRotation::Strict => self.mint_once(context, policy, &self.rotation),
            // Of the current token only the digest is stored, so it cannot be answered again.
            RefreshRotation::Tolerant | RefreshRotation::None | RefreshRotation::NearEnd => {
                self.present_current(context, policy)
            }
        }
    }

    fn present_current(&self, context: &Context<'_>, policy: &RefreshPolicy) -> Presented {
        match self.rotation.pending {
            None => self.mint(context, policy, &self.rotation, RotationEvent::Minted),
            Some(pending) if pending.may_be_repeated(policy, context.now) => Presented::Rotate {
                rotation: self.rotation.used(self, policy, context.now),
                answer: self
                    .successor(&self.rotation, pending.salt)
                    .write(context.keys),
                tag: pending.digest.tag(),
                event: RotationEvent::Repeated,
            },
            Some(_) => self.mint(context, policy, &self.rotation, RotationEvent::Replaced),
        }
    }

    /// Gives the current token of `rotation` a new successor, beside it.
    fn mint(
        &self,
        context: &Context<'_>,
        policy: &RefreshPolicy,
        rotation: &Rotation,
        event: RotationEvent,
    ) -> Presented {
        let (pending, answer) = self.new_successor(context, rotation);
        Presented::Rotate {
            rotation: Rotation {
                pending: Some(pending),
                ..rotation.used(self, policy, context.now)
            },
            answer,
            tag: pending.digest.tag(),
            event,
        }
    }

    /// Gives the current token of `rotation` a new successor, in its place (RFC 9700 §4.14.2).
    fn mint_once(
        &self,
        context: &Context<'_>,
        policy: &RefreshPolicy,
        rotation: &Rotation,
    ) -> Presented {
        let (successor, answer) = self.new_successor(context, rotation);
        Presented::Rotate {
            rotation: rotation.used(self, policy, context.now).promote(&successor),
            answer,
            tag: successor.digest.tag(),
            event: RotationEvent::Once,
        }
    }

    fn new_successor(&self, context: &Context<'_>, rotation: &Rotation) -> (Pending, Secret) {
        let salt = random_bytes(context.random);
        let token = self.successor(rotation, salt).write(context.keys);
        let successor = Pending {
            digest: context.keys.refresh_digest(token.expose()),
            salt,
            minted_at: context.now,
        };
        (successor, token)
    }

    fn successor(&self, rotation: &Rotation, salt: [u8; 16]) -> Minted {
        Minted {
            family: self.id,
            generation: rotation.generation.saturating_add(1),
            salt,
        }
    }

    /// Decides about an access token that carries this tag.
    pub fn show(&self, tag: &Tag, now: Timestamp) -> Shown {
        if self.revoked.is_some() || self.is_expired(now) {
            return Shown::NotGood;
        }
        match self.rotation.pending {
            Some(pending) if pending.digest.tag() == *tag => Shown::Promotes(Rotation {
                version: self.rotation.version + 1,
                ..self.rotation.promote(&pending)
            }),
            _ if self.rotation.current.tag() == *tag => Shown::Good,
            _ if self.rotation.former_tags.contains(tag) => Shown::Good,
            _ => Shown::NotGood,
        }
    }
}

impl Pending {
    /// Whether a repeated refresh gets this very token again.
    fn may_be_repeated(&self, policy: &RefreshPolicy, now: Timestamp) -> bool {
        now - self.minted_at < policy.retry_window
    }
}

impl Rotation {
    /// The first state of a family, and its first refresh token.
    pub fn first(
        family: FamilyId,
        random: &dyn RandomSource,
        keys: &TokenKeys,
        now: Timestamp,
        idle_expires_at: Timestamp,
    ) -> (Self, Secret) {
        let token = Minted {
            family,
            generation: 0,
            salt: random_bytes(random),
        }
        .write(keys);
        let rotation = Self {
            version: 0,
            generation: 0,
            current: keys.refresh_digest(token.expose()),
            pending: None,
            former_tags: Vec::new(),
            last_used_at: now,
            idle_expires_at,
        };
        (rotation, token)
    }

    /// The pending token becomes the current one; the old current one is dead. Of the same version: whoever stores it
    /// counts one change, whatever else the change holds.
    fn promote(&self, pending: &Pending) -> Self {
        let mut former_tags = self.former_tags.clone();
        if former_tags.len() == REMEMBERED_TAGS {
            former_tags.remove(0);
        }
        former_tags.push(self.current.tag());
        Self {
            version: self.version,
            generation: self.generation.saturating_add(1),
            current: pending.digest,
            pending: None,
            former_tags,
            last_used_at: self.last_used_at,
            idle_expires_at: self.idle_expires_at,
        }
    }

    /// The same tokens, used just now.
    fn used(&self, family: &Family, policy: &RefreshPolicy, now: Timestamp) -> Self {
        let idle_expires_at = now + policy.idle_lifetime;
        Self {
            version: self.version + 1,
            last_used_at: now,
            idle_expires_at: idle_expires_at.min(family.expires_at),
            ..self.clone()
        }
    }
}
