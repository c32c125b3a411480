//! Judges what a rule made of one request, from the state before it.

use issuant::protocol::tokens::TokenOrigin;
use issuant::protocol::tokens::family::Family;
use issuant::protocol::tokens::refresh_token::Minted;

use super::invariant::{Invariant, Violation, keeps};
use super::server::{After, Given, Server};
use super::world::{Standing, World};

type Verdict = Result<(), Violation>;

/// The client of the family presented a token of it.
pub(super) fn refresh(
    server: &Server,
    world: &World,
    presented: usize,
    after: &After<Result<Given, &'static str>>,
) -> Verdict {
    let told = || format!("{:?}", after.outcome);
    keeps(
        Invariant::TokenBelongsToOneFamily,
        !after.touched_sibling,
        told,
    )?;
    match &after.outcome {
        Ok(given) => answered(server, world, presented, given),
        Err(id) => refused(world, presented, id, after),
    }
}

fn answered(server: &Server, world: &World, presented: usize, given: &Given) -> Verdict {
    let token = &world.tokens[presented];
    let told = || format!("{:?} of generation {}", token.standing, token.generation);
    keeps(Invariant::DeadFamilyGivesNothing, !world.is_ended, told)?;
    keeps(Invariant::NothingAfterTheEnd, !world.is_expired(), told)?;
    keeps(
        Invariant::NoWayBack,
        token.standing != Standing::LeftBehind,
        told,
    )?;
    keeps(
        Invariant::ReplacedSuccessorIsTheft,
        token.standing != Standing::Replaced,
        told,
    )?;
    let known = world.find(&given.text);
    let repeats = world.successor(presented).filter(|successor| {
        world.now - world.tokens[*successor].minted_at < world.lifetimes.window
    });
    keeps(
        Invariant::RepeatsConvergeInsideTheWindow,
        known == repeats,
        || format!("answered {known:?}, inside the window {repeats:?}"),
    )?;
    let minted = Minted::read(&given.text, &server.keys);
    let origin = TokenOrigin::read(&given.token_id);
    let tag = server.keys.refresh_digest(&given.text).tag();
    keeps(
        Invariant::TokenBelongsToOneFamily,
        minted.is_some_and(|minted| {
            minted.family == world.family.id && minted.generation == token.generation + 1
        }) && origin.is_some_and(|origin| origin.family == world.family.id && origin.tag == tag),
        told,
    )
}

fn refused(
    world: &World,
    presented: usize,
    id: &str,
    after: &After<Result<Given, &'static str>>,
) -> Verdict {
    let token = &world.tokens[presented];
    let told = || {
        format!(
            "{id}: {:?} of generation {}",
            token.standing, token.generation
        )
    };
    let expected = Family {
        revoked: after.family.revoked,
        ..world.family.clone()
    };
    keeps(
        Invariant::RefusalChangesNothing,
        after.family == expected,
        told,
    )?;
    if world.is_ended {
        let is_quiet = id == "E1323" && after.events == 0;
        return keeps(Invariant::DeadFamilyGivesNothing, is_quiet, told);
    }
    if world.is_expired() {
        let is_quiet = id == "E1322" && after.events == 0 && after.family.revoked.is_none();
        return keeps(Invariant::NothingAfterTheEnd, is_quiet, told);
    }
    let is_clients = world.disk == presented || world.tab == Some(presented);
    keeps(
        Invariant::HonestClientIsNeverRefused,
        world.has_thief || !is_clients,
        told,
    )?;
    keeps(
        Invariant::LiveTokenIsGood,
        token.standing != Standing::Live,
        told,
    )?;
    let invariant = if token.standing == Standing::Replaced {
        Invariant::ReplacedSuccessorIsTheft
    } else {
        Invariant::WhoeverIsBehindEndsTheFamily
    };
    let is_punished = id == "E1324" && after.family.revoked.is_some() && after.events == 1;
    keeps(invariant, is_punished, told)
}

/// Somebody showed the access token that came with a token.
pub(super) fn show(world: &World, shown: usize, after: &After<bool>) -> Verdict {
    let token = &world.tokens[shown];
    let told = || {
        let goodness = if after.outcome { "good" } else { "not good" };
        format!(
            "{goodness}: access token of {:?} of generation {}",
            token.standing, token.generation
        )
    };
    let is_changed = after.family != world.family;
    keeps(
        Invariant::TokenBelongsToOneFamily,
        !after.touched_sibling,
        told,
    )?;
    if world.is_ended {
        let is_nothing = !after.outcome && !is_changed;
        return keeps(Invariant::DeadFamilyGivesNothing, is_nothing, told);
    }
    if world.is_expired() {
        let is_nothing = !after.outcome && !is_changed;
        return keeps(Invariant::NothingAfterTheEnd, is_nothing, told);
    }
    if token.standing == Standing::Replaced {
        let is_nothing = !after.outcome && !is_changed && after.events == 0;
        return keeps(Invariant::ReplacedSuccessorIsTheft, is_nothing, told);
    }
    keeps(
        Invariant::HonestClientIsNeverRefused,
        after.outcome || world.has_thief || !token.was_written,
        told,
    )?;
    keeps(
        Invariant::LiveTokenIsGood,
        after.outcome || token.standing != Standing::Live,
        told,
    )?;
    keeps(
        Invariant::RefusalChangesNothing,
        after.outcome || !is_changed,
        told,
    )
}

/// Another client presented a token of the family, or asked for its revocation.
pub(super) fn stranger<T>(world: &World, is_refused: bool, after: &After<T>) -> Verdict {
    let is_unmoved = after.family == world.family && after.events == 0 && !after.touched_sibling;
    keeps(
        Invariant::StrangerChangesNothing,
        is_refused && is_unmoved,
        || format!("refused: {is_refused}; nothing changed: {is_unmoved}"),
    )
}

/// The client presented something that was never minted.
pub(super) fn made_up(world: &World, after: &After<Result<Given, &'static str>>) -> Verdict {
    let is_unmoved = after.family == world.family && after.events == 0 && !after.touched_sibling;
    keeps(
        Invariant::MadeUpTokenChangesNothing,
        after.outcome == Err("E1320") && is_unmoved,
        || format!("{:?}; nothing changed: {is_unmoved}", after.outcome),
    )
}

/// Somebody acted between the look at an access token and the write that it called for.
pub(super) fn late_promotion(changed: &World, shown: &str, after: &After<bool>) -> Verdict {
    let place = changed
        .tokens
        .iter()
        .position(|token| &*token.token_id == shown);
    let standing = place.map(|place| changed.tokens[place].standing);
    let may_write = standing == Some(Standing::Live) && !changed.is_ended;
    keeps(
        Invariant::LateWriteRevivesNothing,
        may_write || (!after.outcome && after.family == changed.family),
        || format!("the token is {standing:?} by then"),
    )
}

/// The client asked for the revocation of a token.
pub(super) fn revoke(world: &World, after: &After<()>) -> Verdict {
    keeps(
        Invariant::RevocationEndsTheFamily,
        after.family.revoked.is_some() && after.family.rotation == world.family.rotation,
        || format!("{:?}", after.family.revoked),
    )
}

/// The unused ones among the tokens that were answered.
pub(super) fn good_ones(world: &World, good: &[usize]) -> Verdict {
    let unused = good.iter().filter(|place| !world.tokens[**place].is_used);
    keeps(
        Invariant::AtMostOneUnusedSuccessor,
        good.len() <= 2 && unused.count() <= 1,
        || format!("{good:?} are good"),
    )
}
