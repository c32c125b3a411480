//! The refresh rule in a small world, of which every state is visited.
//!
//! One family, whose honest client may lose answers, crash and keep parallel tabs; a thief who knows every token that
//! was ever minted and acts for the client whenever he likes; a stranger who holds another client and the same tokens;
//! and a clock. The search is breadth-first, ends when there is no other state to reach, and calls the real rules over the
//! store in memory, never a copy of them. Lifetimes are a few seconds, so that the clock has few meaningful positions.
//! What the rules say is judged from the history of each state, not from the row.
//!
//! What the client has to do so that it is never refused, whatever gets lost:
//! - it writes a refresh token down before it uses it or the access token that came with it;
//! - it gives an earlier request up before it asks again after the window;
//! - its tabs present a token only within the window of its answer, and not once one of them has used the answer.
//!
//! A request that arrives after the client has moved on is the very bytes that a thief would send, so no server can tell
//! them apart; such requests are the thief's here.
//!
//! What the rule promises against the thief, precisely: a living family has one line. Of the successors that one token was
//! given, at most one is ever used; whoever comes with another, or with a token that the line has left behind, ends the
//! family. So two holders go unnoticed only as long as neither has used an answer of its own, since until then they look
//! like one client that loses its responses. Once both have used the answers they got, outside the window, the family
//! is dead; and who held the same token holds different answers after one use each.
//!
//! One thing is tried beyond single acts: that somebody acts between the look at an access token and the write that the look
//! calls for.
//!
//! States that differ only in names of tokens, in dead tokens of the same kind or in the time that passed before anything
//! that counts are one state. Beyond this view is that a family remembers eight generations of access tokens; see
//! `rules::refresh_token`.

mod check;
mod explore;
mod invariant;
mod moves;
mod mutant;
mod server;
mod world;

use explore::explore;
use mutant::Mutant;
use server::Lifetimes;

/// The fewest seconds in which everything can happen: a repeat inside the window, one after it that the family survives,
/// and a family that is always used and still ends.
const LIFETIMES: Lifetimes = Lifetimes {
    window: 2,
    idle: 3,
    absolute: 6,
};

/// Longer lives, for longer chains between their ends: with `ISSUANT_TEST_FULL=1`.
const LONG_LIFETIMES: Lifetimes = Lifetimes {
    window: 3,
    idle: 5,
    absolute: 11,
};

#[expect(
    clippy::disallowed_methods,
    reason = "how long a test may take is a matter of the environment"
)]
fn is_full() -> bool {
    std::env::var("ISSUANT_TEST_FULL").as_deref() == Ok("1")
}

#[test]
fn every_reachable_state_keeps_every_promise() {
    let lifetimes = if is_full() { LONG_LIFETIMES } else { LIFETIMES };
    let report = explore(None, lifetimes, usize::MAX);
    println!("{report}");
    assert!(report.violation.is_none(), "{report}");
    assert!(report.is_complete, "{report}");
    assert!(report.states > 10_000, "{report}");
    assert!(report.transitions > 200_000, "{report}");
}

#[test]
fn every_broken_rule_breaks_a_promise() {
    let mut survivors = Vec::new();
    for mutant in Mutant::ALL {
        let report = explore(Some(mutant), LIFETIMES, 3_000);
        println!("{mutant:?}: {report}");
        if report.violation.is_none() {
            survivors.push(mutant);
        }
    }
    assert!(survivors.is_empty(), "not noticed: {survivors:?}");
}
