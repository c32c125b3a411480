//! What happens when many want the same thing at once, when processes die, and when the power goes: the real binary
//! under load, and a check that counts.
//!
//! Each experiment has a short form, which every run of the tests includes, and with `ISSUANT_TEST_FULL=1` a full one,
//! whose counts are the ones that are promised. What was counted is printed: `-- --nocapture` shows it.

mod actors;
mod crashes;
mod disk;
mod growth;
mod ledger;
mod power_cuts;
mod races;
pub(crate) mod stage;
mod wire;

use std::sync::atomic::{AtomicBool, Ordering};

use issuant::crypto::random::{RandomSource as _, SeededRandom, SystemRandom, random_bytes};

/// Tells other threads that it is over when it is dropped, also when the test fails: else they would go on for ever.
struct Over<'a>(&'a AtomicBool);

impl Drop for Over<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// The size of an experiment: `short`, or `full` where the machine has the time.
fn size(short: usize, full: usize) -> usize {
    if is_full() { full } else { short }
}

fn is_full() -> bool {
    variable("ISSUANT_TEST_FULL").as_deref() == Some("1")
}

/// A source of random moments, and the seed with which `ISSUANT_TEST_SEED` brings the same ones again.
fn seeded() -> (u64, SeededRandom) {
    let seed = match variable("ISSUANT_TEST_SEED") {
        Some(seed) => seed.parse().unwrap(),
        None => u64::from(u32::from_be_bytes(random_bytes(&SystemRandom))),
    };
    (seed, SeededRandom::new(seed))
}

/// A number from `low` up to, but not including, `high`.
fn between(random: &SeededRandom, low: u64, high: u64) -> u64 {
    let mut bytes = [0; 8];
    random.fill(&mut bytes);
    low + u64::from_be_bytes(bytes) % (high - low)
}

#[expect(
    clippy::disallowed_methods,
    reason = "how much time a machine has is a matter of the environment"
)]
fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok()
}
