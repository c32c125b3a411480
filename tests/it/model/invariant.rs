//! What must hold in every state, by name.

/// A promise of the refresh rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Invariant {
    /// Without thief, revocation and expiry, every refresh of the honest client is answered, and every access token it
    /// received is good.
    HonestClientIsNeverRefused,
    /// The current token and its newest successor are answered whoever presents them for the client.
    LiveTokenIsGood,
    /// Of all tokens ever minted, at most one is good that was never used.
    AtMostOneUnusedSuccessor,
    /// A token is good in the family it was minted for and nowhere else, and its access token tells of it.
    TokenBelongsToOneFamily,
    /// Whoever presents a token that the line has left behind ends the family, which is recorded once.
    WhoeverIsBehindEndsTheFamily,
    /// Two holders cannot both go on: when each has used the answer it got, outside the window, the family is dead.
    TwoHoldersEndTheFamily,
    /// After theft or revocation nothing is minted, and no access token is good.
    DeadFamilyGivesNothing,
    /// Once a successor or its access token was seen, its predecessor is never answered again.
    NoWayBack,
    /// Another client gets nothing and changes nothing.
    StrangerChangesNothing,
    /// Inside the window a repeated refresh is answered with the identical token, after it with a new one.
    RepeatsConvergeInsideTheWindow,
    /// After the idle or absolute end nothing is minted, and after the absolute end no access token is good.
    NothingAfterTheEnd,
    /// A replaced successor ends the family when it is presented; its access token is inactive and changes nothing.
    ReplacedSuccessorIsTheft,
    /// A token that this server never minted changes nothing.
    MadeUpTokenChangesNothing,
    /// A refusal changes nothing but what it punishes.
    RefusalChangesNothing,
    /// What is written late, after others acted, never revives a token or a family.
    LateWriteRevivesNothing,
    /// After the client has revoked a token, the family is dead.
    RevocationEndsTheFamily,
}

/// A promise that was broken, and how.
#[derive(Clone, Debug)]
pub(super) struct Violation {
    pub(super) invariant: Invariant,
    pub(super) how: String,
}

/// Breaks off with a violation unless the promise is kept.
pub(super) fn keeps(
    invariant: Invariant,
    is_kept: bool,
    how: impl FnOnce() -> String,
) -> Result<(), Violation> {
    if is_kept {
        return Ok(());
    }
    Err(Violation {
        invariant,
        how: how(),
    })
}
