//! How many sign-ins one network may have started and not finished: each leaves a row for an hour, and anybody can
//! start one. Counted in this process, in minutes; who is signed in and has agreed is not counted.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use crate::protocol::context::Timestamp;

/// So many in one minute from one network; a large office behind one address stays far below.
const MOST: u32 = 1000;

impl Default for Starts {
    fn default() -> Self {
        Self::at_most(MOST)
    }
}

/// More networks than this in one minute are not told apart any more.
const MOST_SOURCES: usize = 10_000;

/// Counts what was started.
#[derive(Debug)]
pub struct Starts {
    most: u32,
    minute: Mutex<Minute>,
}

#[derive(Debug, Default)]
struct Minute {
    number: i64,
    counts: HashMap<String, u32>,
}

impl Starts {
    /// For `most` in one minute from one network.
    pub fn at_most(most: u32) -> Self {
        Self {
            most,
            minute: Mutex::default(),
        }
    }

    /// Counts one more; false when this network started too many in this minute.
    pub fn admit(&self, source: &str, now: Timestamp) -> bool {
        let mut minute = self.minute.lock().unwrap_or_else(PoisonError::into_inner);
        let number = now / 60;
        if minute.number != number || minute.counts.len() >= MOST_SOURCES {
            *minute = Minute {
                number,
                counts: HashMap::new(),
            };
        }
        let count = minute.counts.entry(source.to_owned()).or_default();
        *count += 1;
        *count <= self.most
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_network_may_start_so_many_in_a_minute() {
        let starts = Starts::default();
        for _ in 0..MOST {
            assert!(starts.admit("192.0.2.1", 60));
        }
        assert!(!starts.admit("192.0.2.1", 119));
        assert!(starts.admit("192.0.2.2", 119));
        assert!(starts.admit("192.0.2.1", 120));
    }
}
