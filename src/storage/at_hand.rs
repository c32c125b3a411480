//! Reads on the caller's own thread, where that does not block.
//!
//! A read of SQLite waits for nobody: it finds its page in memory and is done within microseconds, which is less than
//! handing it to another thread costs. Should a read take long all the same (a disk that is slow to wake, another
//! process that holds the file), the next ones are handed to the reading threads for a while, so that a thread that
//! serves connections is not kept from serving them.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{PoisonError, RwLock};
use std::time::{Duration, Instant};

use r2d2::{Pool, PooledConnection};

use crate::protocol::error::Fault;
use crate::storage::backend::{Connector, Transaction};
use crate::storage::worker::run_rule;

/// Connections for reads on the caller's thread.
pub(super) struct AtHand {
    /// None when the database is a server, and once it was closed.
    pool: RwLock<Option<Pool<Connector>>>,
    began: Instant,
    /// Milliseconds after `began` from which on reads may run here again.
    not_before: AtomicU64,
}

impl AtHand {
    pub(super) fn new(pool: Option<Pool<Connector>>) -> Self {
        Self {
            pool: RwLock::new(pool),
            began: Instant::now(),
            not_before: AtomicU64::new(0),
        }
    }

    /// A connection that is free right now, if reads may run here.
    pub(super) fn take(&self) -> Option<PooledConnection<Connector>> {
        let not_before = self.not_before.load(Ordering::Relaxed);
        if not_before > 0 && self.began.elapsed() < Duration::from_millis(not_before) {
            return None;
        }
        let pool = self.pool.read().unwrap_or_else(PoisonError::into_inner);
        pool.as_ref()?.try_get()
    }

    /// Runs the rule, and notes when it took long.
    pub(super) fn run<T, R>(
        &self,
        mut connection: PooledConnection<Connector>,
        rule: impl FnOnce(&mut Transaction) -> Result<T, Fault<R>>,
    ) -> Result<T, Fault<R>> {
        let began = Instant::now();
        let outcome = run_rule(rule, &mut connection);
        if began.elapsed() > LONG {
            let until = self.began.elapsed() + AFTERWARDS;
            let until = u64::try_from(until.as_millis()).unwrap_or(u64::MAX);
            self.not_before.store(until, Ordering::Relaxed);
            tracing::debug!("a read took long; the next ones are handed to other threads");
        }
        outcome
    }

    /// Closes the connections.
    pub(super) fn close(&self) {
        *self.pool.write().unwrap_or_else(PoisonError::into_inner) = None;
    }
}

/// A thread that serves connections can be missed for so long. A busy machine may take a thread off its core for some
/// ten milliseconds, which is no fault of the disk.
const LONG: Duration = Duration::from_millis(200);

/// For how long reads are handed to other threads after one that took long.
const AFTERWARDS: Duration = Duration::from_secs(5);
