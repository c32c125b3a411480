//! The rule, broken in one way at a time: what the real functions are told, or what they wrote, is changed around the call.

use issuant::protocol::bearer::Promotion;
use issuant::protocol::context::{Policy, TokenKeys};
use issuant::protocol::tokens::TokenOrigin;
use issuant::protocol::tokens::family::{Family, Pending, RevocationReason, Revoked};
use issuant::protocol::tokens::refresh_token::Minted;

use super::server::{After, Given, SIBLING, Who};

/// One way in which the rule could be broken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mutant {
    /// The successor is current as soon as it is minted: strict one-time use.
    PromotesAtMint,
    /// Reuse is refused, but the family lives on.
    ReuseIsNotPunished,
    /// The token before the current one is still answered.
    PredecessorStaysGood,
    /// Every repeat is answered with a new token.
    WindowIsIgnored,
    /// A repeat is answered with the same token for ever.
    WindowNeverCloses,
    /// The window is one second too long.
    WindowClosesLate,
    /// Each repeat opens the window anew.
    RepeatsProlongTheWindow,
    /// An access token is good, but does not make its refresh token current.
    ShowingDoesNotPromote,
    /// Refreshing does not look at the revocation.
    RevokedIsReadAsAlive,
    /// Access tokens outlive the revocation of their family.
    AccessOutlivesRevocation,
    /// The client that presents a token is not compared with the family's.
    ClientIsNotCompared,
    /// A client that presents a token of another one ends that one's family.
    StrangerEndsTheFamily,
    /// Any client may revoke any token.
    AnybodyMayRevoke,
    /// Revocation is answered, and does nothing.
    RevocationIsForgotten,
    /// A replaced successor is as good as the one that replaced it.
    ReplacedSuccessorIsAccepted,
    /// The access token of a replaced successor is good.
    ReplacedAccessIsGood,
    /// Showing the access token of a replaced successor ends the family.
    ReplacedAccessIsPunished,
    /// Access tokens of earlier generations die with the next refresh.
    EarlierAccessDies,
    /// The absolute life is not looked at.
    AbsoluteLifeIsIgnored,
    /// The idle life is not looked at.
    IdleLifeIsIgnored,
    /// The idle life is one second too long.
    IdleLifeEndsLate,
    /// Use does not begin the idle life anew.
    UseDoesNotProlong,
    /// The family that a token names is not looked at.
    FamilyIsNotCompared,
    /// A token that was never minted ends the family.
    MadeUpTokenIsPunished,
    /// A refusal counts as a use.
    RefusalIsWritten,
    /// The row is written though it has changed since it was read.
    GateIsAlwaysOpen,
}

/// What a refresh is about to be decided on.
pub(super) struct Attempt {
    pub(super) policy: Policy,
    pub(super) family: Family,
    pub(super) who: Who,
    pub(super) text: String,
}

#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "each mutant changes one thing, and leaves the others alone"
)]
impl Mutant {
    /// All of them.
    pub(super) const ALL: [Self; 26] = [
        Self::PromotesAtMint,
        Self::ReuseIsNotPunished,
        Self::PredecessorStaysGood,
        Self::WindowIsIgnored,
        Self::WindowNeverCloses,
        Self::WindowClosesLate,
        Self::RepeatsProlongTheWindow,
        Self::ShowingDoesNotPromote,
        Self::RevokedIsReadAsAlive,
        Self::AccessOutlivesRevocation,
        Self::ClientIsNotCompared,
        Self::StrangerEndsTheFamily,
        Self::AnybodyMayRevoke,
        Self::RevocationIsForgotten,
        Self::ReplacedSuccessorIsAccepted,
        Self::ReplacedAccessIsGood,
        Self::ReplacedAccessIsPunished,
        Self::EarlierAccessDies,
        Self::AbsoluteLifeIsIgnored,
        Self::IdleLifeIsIgnored,
        Self::IdleLifeEndsLate,
        Self::UseDoesNotProlong,
        Self::FamilyIsNotCompared,
        Self::MadeUpTokenIsPunished,
        Self::RefusalIsWritten,
        Self::GateIsAlwaysOpen,
    ];

    pub(super) fn before_refresh(self, attempt: &mut Attempt, keys: &TokenKeys) {
        let minted = Minted::read(&attempt.text, keys);
        let rotation = &mut attempt.family.rotation;
        match self {
            Self::WindowIsIgnored => attempt.policy.retry_window = 0,
            Self::WindowNeverCloses => attempt.policy.retry_window = i64::MAX,
            Self::WindowClosesLate => attempt.policy.retry_window += 1,
            Self::RevokedIsReadAsAlive => attempt.family.revoked = None,
            Self::ClientIsNotCompared => attempt.who = Who::Own,
            Self::AbsoluteLifeIsIgnored => attempt.family.expires_at = i64::MAX,
            Self::IdleLifeIsIgnored => rotation.idle_expires_at = i64::MAX,
            Self::IdleLifeEndsLate => rotation.idle_expires_at += 1,
            Self::PredecessorStaysGood => {
                let Some(minted) = minted else { return };
                let digest = minted.digest(keys);
                if rotation.former_tags.last() == Some(&digest.tag()) {
                    rotation.current = digest;
                    rotation.generation = minted.generation;
                    rotation.pending = None;
                }
            }
            Self::ReplacedSuccessorIsAccepted => {
                let (Some(minted), Some(pending)) = (minted, rotation.pending) else {
                    return;
                };
                if minted.generation == rotation.generation + 1 {
                    rotation.pending = Some(Pending {
                        digest: minted.digest(keys),
                        salt: minted.salt,
                        ..pending
                    });
                }
            }
            Self::FamilyIsNotCompared => {
                if let Some(minted) = minted {
                    let elsewhere = Minted {
                        family: SIBLING,
                        ..minted
                    };
                    elsewhere.write(keys).expose().clone_into(&mut attempt.text);
                }
            }
            _ => {}
        }
    }

    pub(super) fn after_refresh(
        self,
        before: &Family,
        now: i64,
        who: Who,
        after: &mut After<Result<Given, &'static str>>,
    ) {
        let rotation = &mut after.family.rotation;
        match (self, &after.outcome) {
            (Self::PromotesAtMint, Ok(_)) => {
                let pending = rotation.pending.take().unwrap();
                rotation.former_tags.push(rotation.current.tag());
                rotation.current = pending.digest;
                rotation.generation += 1;
            }
            (Self::ReuseIsNotPunished, Err("E1324")) => after.family = before.clone(),
            (Self::PredecessorStaysGood, Ok(_))
                if before.rotation.generation > rotation.generation =>
            {
                *rotation = before.rotation.clone();
            }
            (Self::RepeatsProlongTheWindow, Ok(_)) => {
                if let Some(pending) = &mut rotation.pending {
                    pending.minted_at = now;
                }
            }
            (Self::RevokedIsReadAsAlive, _) => {
                after.family.revoked = after.family.revoked.or(before.revoked);
            }
            (Self::StrangerEndsTheFamily, Err("E1321")) if who == Who::Other => {
                after.family.revoked = Some(revoked(now));
            }
            (Self::RefusalIsWritten, Err("E1322" | "E1323")) => rotation.last_used_at = now + 1,
            (Self::EarlierAccessDies, Ok(_)) => rotation.former_tags.clear(),
            (Self::AbsoluteLifeIsIgnored, _) => after.family.expires_at = before.expires_at,
            (Self::IdleLifeIsIgnored | Self::IdleLifeEndsLate, Err(_)) => {
                rotation.idle_expires_at = before.rotation.idle_expires_at;
            }
            (Self::UseDoesNotProlong, Ok(_)) => {
                rotation.idle_expires_at = before.rotation.idle_expires_at;
            }
            (Self::MadeUpTokenIsPunished, Err("E1320")) => {
                after.family.revoked = Some(revoked(now));
            }
            _ => {}
        }
    }

    pub(super) fn before_show(self, family: &mut Family, token_id: &str) {
        match self {
            Self::AccessOutlivesRevocation => family.revoked = None,
            Self::ReplacedAccessIsGood => {
                let rotation = &mut family.rotation;
                let tag = TokenOrigin::read(token_id).unwrap().tag;
                let pending = rotation.pending.map(|pending| pending.digest.tag());
                if pending != Some(tag) {
                    rotation.former_tags.push(tag);
                }
            }
            _ => {}
        }
    }

    pub(super) fn after_show(self, before: &Family, now: i64, after: &mut After<bool>) {
        match self {
            Self::AccessOutlivesRevocation => after.family.revoked = before.revoked,
            Self::ReplacedAccessIsGood
                if after.family.rotation.version == before.rotation.version =>
            {
                after.family = before.clone();
            }
            Self::ReplacedAccessIsPunished if !after.outcome && before.revoked.is_none() => {
                after.family.revoked = Some(revoked(now));
            }
            _ => {}
        }
    }

    pub(super) fn after_promotion(self, (_, rotation): &Promotion, after: &mut After<bool>) {
        if self == Self::GateIsAlwaysOpen {
            after.family.rotation = rotation.clone();
        }
    }

    pub(super) fn promotes_when_shown(self) -> bool {
        self != Self::ShowingDoesNotPromote
    }

    pub(super) fn who_revokes(self, who: Who) -> Who {
        if self == Self::AnybodyMayRevoke {
            Who::Own
        } else {
            who
        }
    }

    pub(super) fn after_revocation(self, before: &Family, after: &mut After<()>) {
        if self == Self::RevocationIsForgotten {
            after.family = before.clone();
        }
    }
}

fn revoked(at: i64) -> Revoked {
    let reason = RevocationReason::RefreshReuse;
    Revoked { at, reason }
}
