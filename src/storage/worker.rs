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
        // Most of those that somebody holds are let go in a moment, so that they, too, can share a commit.
        let held = answer_together(batch, pool, measures, Waiting::ForNone);
        for job in answer_together(held, pool, measures, Waiting::ForAll) {
            // One that is alone is never given back.
            let _nothing = answer_together(vec![job], pool, measures, Waiting::ForAll);
        }
    }
}

/// What becomes of jobs whose family somebody else holds.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Waiting {
    /// They are given back, if there are others.
    ForNone,
    /// They are waited for, some moments; then all are given back, for one may have to wait too long.
    ForAll,
}

/// Runs the batch in one transaction, and answers. Gives those back that have to be tried again, with fewer others.
fn answer_together(
    mut batch: Vec<Box<dyn Job>>,
    pool: &Pool<Connector>,
    measures: &Measures,
    waiting: Waiting,
) -> Vec<Box<dyn Job>> {
    batch.retain(|job| !job.is_abandoned());
    if batch.is_empty() {
        return batch;
    }
    // These have not run, whatever becomes of the others.
    let mut left = Vec::new();
    let failure = match pool.get() {
        Ok(mut transaction) => {
            match run_batch(&mut batch, &mut left, &mut transaction, measures, waiting) {
                Ok(()) => None,
                Err(stopped) => {
                    transaction.give_up();
                    match stopped {
                        Stopped::BeforeAll => return batch,
                        Stopped::Failed(failure) => Some(failure),
                    }
                }
            }
        }
        Err(error) => Some(no_connection(&error)),
    };
    for job in batch {
        job.answer(failure.as_ref());
    }
    left
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

/// Runs the batch in one transaction; those whose family somebody holds are taken out of it, to `held`.
///
/// Whether somebody still waits for a job is asked once more when the locks are there: a client that was told that the
/// server is busy repeats its request, and the old one must not run after the new one.
fn run_batch(
    batch: &mut Vec<Box<dyn Job>>,
    held: &mut Vec<Box<dyn Job>>,
    transaction: &mut Transaction,
    measures: &Measures,
    waiting: Waiting,
) -> Result<(), Stopped> {
    let is_alone = batch.len() == 1;
    let families: Vec<FamilyId> = batch.iter().filter_map(|job| job.family()).collect();
    transaction.begin()?;
    let waits = is_alone || waiting == Waiting::ForAll;
    if let Err(failure) = transaction.fetch_ahead(&families, waits) {
        // Which statement of which language the database complains in is not known; only that it still answers.
        let answers = failure.is_lock_timeout || failure.trouble != Trouble::Unavailable;
        return Err(if answers && !is_alone {
            Stopped::BeforeAll
        } else {
            failure.into()
        });
    }
    if !waits {
        let is_held =
            |job: &mut Box<dyn Job>| job.family().is_some_and(|it| transaction.lacks(&it));
        held.extend(batch.extract_if(.., is_held));
    }
    for job in &mut *batch {
        if job.is_abandoned() {
            continue;
        }
        // One that is alone is the whole of its transaction, and needs no part that can be undone.
        if is_alone {
            if job.run(transaction) == Verdict::Undo {
                transaction.forget_ahead();
                transaction.roll_back()?;
                return Ok(());
            }
        } else {
            transaction.begin_part();
            match job.run(transaction) {
                Verdict::Keep => transaction.keep_part()?,
                Verdict::Undo => transaction.undo_part()?,
            }
        }
    }
    transaction.write_ahead()?;
    let began = Instant::now();
    transaction.commit()?;
    measures.committed(batch.len(), began.elapsed());
    Ok(())
}

fn no_connection(error: &r2d2::Error) -> Failure {
    Failure::unavailable("waiting for a connection", error.to_string())
}
