//! The threads that run rules on connections: readers one by one, writers in batches with one commit.
//!
//! A writer takes everything that waits and runs each job in a part of one transaction, commits once, and only then
//! answers them all: one synchronisation of the disk serves all who wait for it. Batches form by themselves while the
//! commit before is on its way; a lone job never waits for company.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Instant;

use r2d2::Pool;
use tokio::sync::oneshot;

use crate::protocol::error::{Fault, StoreError, Trouble};
use crate::protocol::tokens::refresh_token::FamilyId;
use crate::storage::backend::{Connector, Transaction};
use crate::storage::error::Failure;
use crate::storage::measures::Measures;
use crate::storage::queue::Queue;

/// A rule to run, and somebody who waits for what it says.
pub(super) trait Job: Send {
    /// The family that the rule is about, if it says so.
    fn family(&self) -> Option<FamilyId>;
    /// Whether nobody waits any more.
    fn is_abandoned(&self) -> bool;
    /// Runs the rule and keeps its outcome.
    fn run(&mut self, transaction: &mut Transaction) -> Verdict;
    /// Answers the outcome, or the failure of what all its neighbours share.
    fn answer(self: Box<Self>, failure: Option<&Failure>);
}

/// What is to become of what a job wrote.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// Kept: it succeeded or was refused.
    Keep,
    /// Undone: it failed.
    Undo,
}

/// The queue that a kind of worker serves.
pub(super) type Jobs = Queue<Box<dyn Job>>;

/// The one implementation of [`Job`].
pub(super) struct Task<F, T, R> {
    family: Option<FamilyId>,
    rule: Option<F>,
    outcome: Option<Result<T, Fault<R>>>,
    reply: oneshot::Sender<Result<T, Fault<R>>>,
}

impl<F, T, R> Task<F, T, R> {
    pub(super) fn new(
        family: Option<FamilyId>,
        rule: F,
    ) -> (Self, oneshot::Receiver<Result<T, Fault<R>>>) {
        let (reply, answer) = oneshot::channel();
        let task = Self {
            family,
            rule: Some(rule),
            outcome: None,
            reply,
        };
        (task, answer)
    }
}

impl<F, T, R> Job for Task<F, T, R>
where
    F: FnOnce(&mut Transaction) -> Result<T, Fault<R>> + Send,
    T: Send,
    R: Send,
{
    fn family(&self) -> Option<FamilyId> {
        self.family
    }

    fn is_abandoned(&self) -> bool {
        self.reply.is_closed()
    }

    fn run(&mut self, transaction: &mut Transaction) -> Verdict {
        let Some(rule) = self.rule.take() else {
            return Verdict::Undo;
        };
        let outcome = run_rule(rule, transaction);
        let verdict = match &outcome {
            Ok(_) | Err(Fault::Refused(_)) => Verdict::Keep,
            Err(Fault::Failed(_)) => Verdict::Undo,
        };
        self.outcome = Some(outcome);
        verdict
    }

    fn answer(self: Box<Self>, failure: Option<&Failure>) {
        let outcome = match (self.outcome, failure) {
            // A job that failed by itself keeps its own reason.
            (Some(Err(Fault::Failed(error))), _) => Err(Fault::Failed(error)),
            (_, Some(failure)) => Err(Fault::Failed(failure.clone().into())),
            (Some(outcome), None) => outcome,
            (None, None) => Err(broken("running a rule, which was left out")),
        };
        // An error means that nobody waits any more.
        let _nobody_waits = self.reply.send(outcome);
    }
}

/// Runs a rule, and holds it to what happened: a panic is a failure, and after a failed statement there is nothing that
/// could be kept, whatever the rule made of it.
pub(super) fn run_rule<T, R>(
    rule: impl FnOnce(&mut Transaction) -> Result<T, Fault<R>>,
    transaction: &mut Transaction,
) -> Result<T, Fault<R>> {
    transaction.take_failed();
    let outcome = catch_unwind(AssertUnwindSafe(|| rule(transaction)))
        .unwrap_or_else(|_| Err(broken("running a rule, which panicked")));
    match (transaction.take_failed(), outcome) {
        (true, Ok(_) | Err(Fault::Refused(_))) => {
            Err(broken("running a rule, which went on after a failure"))
        }
        (true | false, outcome) => outcome,
    }
}

fn broken<R>(during: &'static str) -> Fault<R> {
    Fault::Failed(StoreError::plain(Trouble::Broken, during))
}

/// Serves reads until the queue is closed and drained.
pub(super) fn read(jobs: &Jobs, pool: &Pool<Connector>) {
    while let Some(mut job) = jobs.take(1).pop() {
        if job.is_abandoned() {
            continue;
        }
        match pool.get() {
            Ok(mut transaction) => {
                let _nothing_to_undo = job.run(&mut transaction);
                // The connection is free before the caller goes on.
                drop(transaction);
                job.answer(None);
            }
            Err(error) => job.answer(Some(&no_connection(&error))),
        }
    }
}

/// Serves writes until the queue is closed and drained, at most `most` in one transaction.
pub(super) fn write(jobs: &Jobs, pool: &Pool<Connector>, most: usize, measures: &Measures) {
    loop {
        let mut batch = jobs.take(most);
        if batch.is_empty() {
            return;
        }
        batch.retain(|job| !job.is_abandoned());
        if let Err(apart) = answer_together(batch, pool, measures) {
            for job in apart {
                // One is never sent apart.
                let _answered = answer_together(vec![job], pool, measures);
            }
        }
    }
}

/// Runs the batch in one transaction, and answers all. If not all families can be had at once, because somebody holds one
/// of them, gives the jobs back: each has to find out alone.
fn answer_together(
    mut batch: Vec<Box<dyn Job>>,
    pool: &Pool<Connector>,
    measures: &Measures,
) -> Result<(), Vec<Box<dyn Job>>> {
    let failure = match pool.get() {
        Ok(mut transaction) => match run_batch(&mut batch, &mut transaction, measures) {
            Ok(()) => None,
            Err(stopped) => {
                transaction.give_up();
                match stopped {
                    Stopped::BeforeAll => return Err(batch),
                    Stopped::Failed(failure) => Some(failure),
                }
            }
        },
        Err(error) => Some(no_connection(&error)),
    };
    for job in batch {
        job.answer(failure.as_ref());
    }
    Ok(())
}

/// Why a batch was not committed.
enum Stopped {
    /// No job has run yet.
    BeforeAll,
    /// None of them can be kept.
    Failed(Failure),
}

impl From<Failure> for Stopped {
    fn from(failure: Failure) -> Self {
        Self::Failed(failure)
    }
}

/// Runs the batch in one transaction.
fn run_batch(
    batch: &mut [Box<dyn Job>],
    transaction: &mut Transaction,
    measures: &Measures,
) -> Result<(), Stopped> {
    let rules = batch.len();
    if rules == 0 {
        return Ok(());
    }
    transaction.begin()?;
    match batch {
        // The transaction itself is the part that may have to be undone.
        [only] => {
            if only.run(transaction) == Verdict::Undo {
                return Ok(transaction.roll_back()?);
            }
        }
        several => {
            let families: Vec<FamilyId> = several.iter().filter_map(|job| job.family()).collect();
            if transaction.fetch_ahead(&families).is_err() {
                return Err(Stopped::BeforeAll);
            }
            for job in several {
                transaction.begin_part();
                match job.run(transaction) {
                    Verdict::Keep => transaction.keep_part()?,
                    Verdict::Undo => transaction.undo_part()?,
                }
            }
            transaction.write_ahead()?;
        }
    }
    let began = Instant::now();
    transaction.commit()?;
    measures.committed(rules, began.elapsed());
    Ok(())
}

fn no_connection(error: &r2d2::Error) -> Failure {
    Failure::unavailable("waiting for a connection", error.to_string())
}
