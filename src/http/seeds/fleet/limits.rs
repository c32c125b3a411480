//! How often the paths of Fleet Server may be asked: a bucket of requests for each network, and so many at once.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use tokio::sync::{Semaphore, SemaphorePermit};

use crate::protocol::context::Timestamp;

/// More networks than this are not told apart any more.
const MOST_SOURCES: usize = 10_000;

/// Counted in this process.
#[derive(Debug)]
pub struct FleetLimits {
    rate: i64,
    buckets: Mutex<HashMap<String, Bucket>>,
    slots: Semaphore,
}

#[derive(Debug)]
struct Bucket {
    left: i64,
    filled_at: Timestamp,
}

impl FleetLimits {
    /// For `rate` requests a second from one network, and twice as many after a pause; `at_once` from all of them.
    pub fn new(rate: u32, at_once: u32) -> Self {
        Self {
            rate: i64::from(rate),
            buckets: Mutex::default(),
            slots: Semaphore::new(usize::try_from(at_once).unwrap_or(usize::MAX)),
        }
    }

    /// Takes one request out of the bucket of a network; false when it is empty.
    pub(super) fn admit(&self, source: &str, now: Timestamp) -> bool {
        let most = self.rate * 2;
        let mut buckets = self.buckets.lock().unwrap_or_else(PoisonError::into_inner);
        if buckets.len() >= MOST_SOURCES && !buckets.contains_key(source) {
            buckets.clear();
        }
        let bucket = buckets.entry(source.to_owned()).or_insert(Bucket {
            left: most,
            filled_at: now,
        });
        let more = (now - bucket.filled_at).max(0).saturating_mul(self.rate);
        bucket.left = bucket.left.saturating_add(more).min(most);
        bucket.filled_at = now;
        let is_admitted = bucket.left > 0;
        bucket.left -= i64::from(is_admitted);
        is_admitted
    }

    /// Takes one of the places, until it is dropped; `None` when there is none.
    pub fn enter(&self) -> Option<SemaphorePermit<'_>> {
        self.slots.try_acquire().ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bucket_is_empty_after_twice_the_rate_and_fills_by_the_second() {
        let limits = FleetLimits::new(2, 1);
        let admitted = |now, tries| {
            (0..tries)
                .filter(|_| limits.admit("192.0.2.1", now))
                .count()
        };
        assert_eq!(admitted(60, 9), 4);
        assert_eq!(admitted(61, 9), 2);
        assert_eq!(admitted(99, 9), 4);
        assert!(limits.admit("192.0.2.2", 99), "another network");
    }

    #[test]
    fn a_place_is_free_again_once_it_is_left() {
        let limits = FleetLimits::new(2, 1);
        let place = limits.enter();
        assert!(place.is_some() && limits.enter().is_none());
        drop(place);
        assert!(limits.enter().is_some());
    }
}
