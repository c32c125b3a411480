//! What is measured of the writers: how many wait, how many share a commit, and how long a commit takes.

use std::time::Duration;

use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use prometheus_client::registry::Registry;

/// Measurements of one database handle. Taken once a batch, so that no request pays for them.
pub(super) struct Measures {
    queue_length: Gauge,
    refused: Counter,
    batch_size: Histogram,
    commit_seconds: Histogram,
}

impl Default for Measures {
    fn default() -> Self {
        Self {
            queue_length: Gauge::default(),
            refused: Counter::default(),
            // 1 to 256.
            batch_size: Histogram::new(exponential_buckets(1.0, 2.0, 9)),
            // 50 microseconds to 1.6 seconds.
            commit_seconds: Histogram::new(exponential_buckets(0.000_05, 2.0, 16)),
        }
    }
}

impl Measures {
    /// One transaction of so many rules was committed, and the commit took so long.
    pub(super) fn committed(&self, rules: usize, commit: Duration) {
        self.batch_size
            .observe(u32::try_from(rules).map_or(f64::INFINITY, f64::from));
        self.commit_seconds.observe(commit.as_secs_f64());
    }

    /// The queue was full.
    pub(super) fn refused(&self) {
        self.refused.inc();
    }

    /// So many wait right now.
    pub(super) fn waiting(&self, rules: usize) {
        self.queue_length
            .set(i64::try_from(rules).unwrap_or(i64::MAX));
    }

    /// Names them for who reads metrics.
    pub(super) fn register(&self, registry: &mut Registry) {
        registry.register(
            "writer_queue_length",
            "Writes that wait for a writer",
            self.queue_length.clone(),
        );
        registry.register(
            "writer_refused",
            "Writes that were refused with 503 because the queue was full",
            self.refused.clone(),
        );
        registry.register(
            "writer_batch_size",
            "Writes that shared one commit",
            self.batch_size.clone(),
        );
        registry.register(
            "writer_commit_seconds",
            "How long a commit took, the synchronisation of the disk included",
            self.commit_seconds.clone(),
        );
    }
}
