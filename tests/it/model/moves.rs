//! Who can do what in a state, and which states come of it.

use std::fmt;

use super::check;
use super::invariant::{Invariant, Violation, keeps};
use super::server::{Server, Who};
use super::world::World;

/// What somebody does. Tokens are told as generation and number, in the order in which they were minted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Move {
    /// The clock moves.
    Pass(i64),
    /// The honest client refreshes with what it has written down. The answer is under way.
    Refresh,
    /// The answer arrives, and is written down.
    Receive,
    /// The honest client crashes: what was under way is lost, and what was written down is not.
    Crash,
    /// A tab of the honest client refreshes with the token that was on the disk before.
    Tab,
    /// The honest client uses an access token.
    Show(u32),
    /// The thief refreshes with a token.
    ThiefRefresh(u32),
    /// The thief uses an access token.
    ThiefShow(u32),
    /// The client has a token revoked.
    Revoke(u32),
}

impl fmt::Display for Move {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{self:?}")
    }
}

type Next = Vec<(Move, World)>;

/// All states that come next, after what the rules make of every request in this one was judged.
pub(super) fn all(server: &mut Server, world: &World) -> Result<Next, (Violation, Option<Move>)> {
    let mut next = Next::new();
    clock(world, &mut next);
    network(world, &mut next);
    let mut good = Vec::new();
    for place in 0..world.tokens.len() {
        let number = world.tokens[place].number;
        let by_client = world.disk == place && !world.has_thief;
        let (presents, shows) = if by_client {
            (Move::Refresh, Move::Show(number))
        } else {
            (Move::ThiefRefresh(number), Move::ThiefShow(number))
        };
        refresh(server, world, place, &mut next)
            .map(|is_good| good.extend(is_good.then_some(place)))
            .map_err(|broken| (broken, Some(presents)))?;
        show(server, world, place, &mut next).map_err(|broken| (broken, Some(shows)))?;
        revoke(server, world, place, &mut next)
            .map_err(|broken| (broken, Some(Move::Revoke(number))))?;
        stranger(server, world, place).map_err(|broken| (broken, None))?;
    }
    check::good_ones(world, &good).map_err(|broken| (broken, None))?;
    late_promotion(server, world, &next)?;
    Ok(next)
}

fn clock(world: &World, next: &mut Next) {
    if world.now >= world.absolute_end {
        return;
    }
    let lifetimes = world.lifetimes;
    for seconds in [1, lifetimes.window, lifetimes.idle] {
        let mut later = world.clone();
        later.pass(seconds);
        next.push((Move::Pass(seconds), later));
    }
}

fn network(world: &World, next: &mut Next) {
    let Some(arrived) = world.flight else {
        return;
    };
    let mut received = world.clone();
    received.flight = None;
    received.tab = Some(world.disk);
    received.disk = arrived;
    received.tokens[arrived].was_written = true;
    received.pass(0);
    next.push((Move::Receive, received));
    let mut crashed = world.clone();
    crashed.flight = None;
    crashed.tab = None;
    next.push((Move::Crash, crashed));
}

fn refresh(
    server: &mut Server,
    world: &World,
    place: usize,
    next: &mut Next,
) -> Result<bool, Violation> {
    let text = &world.tokens[place].text;
    let after = server.refresh(&world.family, world.now, Who::Own, text);
    check::refresh(server, world, place, &after)?;
    let mut changed = world.clone();
    changed.family = after.family;
    let answer = after.outcome.ok();
    let answer = answer.map(|given| changed.answered(server, place, &given));
    changed.is_ended |= answer.is_none() && !world.is_expired();
    if world.disk == place {
        let mut sent = changed.clone();
        sent.flight = answer;
        sent.tab = None;
        next.push((Move::Refresh, sent));
    }
    if world.tab == Some(place) {
        // The disk has moved on, so the answer is dropped.
        next.push((Move::Tab, changed.clone()));
    }
    changed.has_thief = true;
    changed.loot = answer.or(changed.loot);
    next.push((Move::ThiefRefresh(world.tokens[place].number), changed));
    Ok(answer.is_some())
}

/// An access token lives no longer than a family without use. So after the idle end there is none to show.
fn show(
    server: &mut Server,
    world: &World,
    place: usize,
    next: &mut Next,
) -> Result<(), Violation> {
    if world.now >= world.idle_end {
        return Ok(());
    }
    let token = &world.tokens[place];
    let after = server.show(&world.family, world.now, &token.token_id);
    check::show(world, place, &after)?;
    let mut changed = world.clone();
    changed.family = after.family;
    if after.outcome {
        changed.mark_used(place);
    }
    if token.was_written {
        let mut used = changed.clone();
        if world.disk == place {
            used.tab = None;
        }
        next.push((Move::Show(token.number), used));
    }
    changed.has_thief = true;
    next.push((Move::ThiefShow(token.number), changed));
    Ok(())
}

fn revoke(
    server: &mut Server,
    world: &World,
    place: usize,
    next: &mut Next,
) -> Result<(), Violation> {
    let token = &world.tokens[place];
    let after = server.revoke(&world.family, world.now, Who::Own, &token.text);
    check::revoke(world, &after)?;
    let mut changed = world.clone();
    changed.family = after.family;
    changed.is_ended = true;
    next.push((Move::Revoke(token.number), changed));
    Ok(())
}

/// Another client, and a token that only looks like one: they change nothing, so no state comes of them.
fn stranger(server: &mut Server, world: &World, place: usize) -> Result<(), Violation> {
    let text = &world.tokens[place].text;
    let after = server.refresh(&world.family, world.now, Who::Other, text);
    check::stranger(world, after.outcome == Err("E1321"), &after)?;
    if world.disk == place {
        let after = server.revoke(&world.family, world.now, Who::Other, text);
        check::stranger(world, true, &after)?;
        let (head, tail) = text.split_at(text.len() - 20);
        let made_up: String = head.chars().chain(tail.chars().rev()).collect();
        let after = server.refresh(&world.family, world.now, Who::Own, &made_up);
        check::made_up(world, &after)?;
    }
    Ok(())
}

/// Introspection looks, somebody acts, and only then what the look called for is written.
fn late_promotion(
    server: &mut Server,
    world: &World,
    next: &Next,
) -> Result<(), (Violation, Option<Move>)> {
    if world.is_ended || world.is_expired() {
        return Ok(());
    }
    for token in &world.tokens {
        let Some(promotion) = server.promotion(&world.family, world.now, &token.token_id) else {
            continue;
        };
        for (step, changed) in next {
            let after = server.promote(&changed.family, &promotion);
            check::late_promotion(changed, &token.token_id, &after)
                .map_err(|broken| (broken, Some(*step)))?;
        }
    }
    Ok(())
}

/// Looks ahead from where both hold an answer of their own: each uses it, outside the window, one after the other. Who
/// holds the same one holds different ones after a use each.
pub(super) fn two_holders(server: &mut Server, world: &World) -> Result<(), Violation> {
    let Some(loot) = world.loot else {
        return Ok(());
    };
    let uses = if loot == world.disk { 2 } else { 1 };
    for begins in [0, 1] {
        let mut family = world.family.clone();
        // No life may end before the theft is found.
        family.expires_at += 10 * world.lifetimes.absolute;
        family.rotation.idle_expires_at += 10 * world.lifetimes.absolute;
        let mut now = world.now;
        let mut held = [world.disk, loot].map(|place| world.tokens[place].text.to_string());
        for turn in 0..2 * uses {
            now += world.lifetimes.window;
            let holder = (begins + turn) % 2;
            let after = server.refresh(&family, now, Who::Own, &held[holder]);
            family = after.family;
            if let Ok(given) = after.outcome {
                held[holder] = given.text;
            }
        }
        keeps(
            Invariant::TwoHoldersEndTheFamily,
            family.revoked.is_some(),
            || format!("alive after {uses} uses each, holder {begins} first"),
        )?;
    }
    Ok(())
}
