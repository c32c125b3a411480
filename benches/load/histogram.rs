//! How long answers took: counted in buckets whose width grows with the value, so that no answer costs memory.

use std::time::Duration;

/// Counts of durations, in steps of 1.6 %.
#[derive(Clone)]
pub(crate) struct Histogram {
    buckets: Vec<u64>,
    count: u64,
}

impl Default for Histogram {
    fn default() -> Self {
        Self {
            buckets: vec![0; 64 << STEPS],
            count: 0,
        }
    }
}

impl Histogram {
    pub(crate) fn record(&mut self, duration: Duration) {
        let nanos = u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX);
        self.buckets[bucket(nanos)] += 1;
        self.count += 1;
    }

    pub(crate) fn add(&mut self, other: &Self) {
        for (own, other) in self.buckets.iter_mut().zip(&other.buckets) {
            *own += other;
        }
        self.count += other.count;
    }

    pub(crate) fn count(&self) -> u64 {
        self.count
    }

    /// The time within which so many percent of the answers came, in milliseconds.
    pub(crate) fn percentile(&self, percent: u64) -> f64 {
        let wanted = (self.count * percent).div_ceil(100);
        let mut seen = 0;
        let at = self.buckets.iter().position(|count| {
            seen += count;
            seen >= wanted
        });
        at.map_or(0.0, |at| upper_bound(at) as f64 / 1e6)
    }
}

/// The position of the highest bit, and the bits below it.
fn bucket(nanos: u64) -> usize {
    let nanos = nanos.max(1 << STEPS);
    let exponent = nanos.ilog2();
    let fraction = (nanos >> (exponent - STEPS)) & ((1 << STEPS) - 1);
    ((exponent as usize) << STEPS) + usize::try_from(fraction).expect("a few bits")
}

fn upper_bound(bucket: usize) -> u64 {
    let (exponent, fraction) = (bucket >> STEPS, bucket & ((1 << STEPS) - 1));
    ((1 << STEPS) + fraction as u64 + 1) << (exponent - STEPS as usize)
}

/// Each power of two has so many bits of steps.
const STEPS: u32 = 6;
