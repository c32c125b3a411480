//! Both databases, behind one handle. The only module that names diesel.
//!
//! Owns connections, threads, transactions, the schema and its migrations, and the rows of each table group. It
//! knows nothing of what the protocol allows: rules are handed in as closures over a [`Transaction`], which
//! implements the traits of [`crate::protocol::store`] and [`crate::identity::store`].
//!
//! | File | Owns |
//! |---|---|
//! | `settings`, `error` | where the database is; what can go wrong |
//! | `backend`, `queue`, `worker` | connections; who waits; the threads that read and write |
//! | `measures` | what is measured of the writers |
//! | `at_hand` | reads that need no other thread |
//! | `ahead` | rotations that share their statements |
//! | [`migrations`], `schema` | the schema and its history |
//! | `requests`, `codes`, `token_families`, `replays`, `events` | what the protocol remembers |
//! | `users`, `sessions`, `consents`, `throttle`, `links` | what is remembered about people |
//! | `logout_notices` | what clients have to hear of sessions that ended |
//! | `clients`, [`keys`], `trust`, `meta` | what operators manage |
//! | `reference_tokens` | tokens that are references |
//! | `upkeep` | removal of what expired |

mod ahead;
mod at_hand;
mod backend;
mod client_keys;
mod clients;
mod codes;
mod columns;
mod consents;
mod dynamic_clients;
mod error;
mod events;
pub mod keys;
mod links;
mod logout_notices;
mod measures;
mod meta;
pub mod migrations;
mod personal_tokens;
mod queue;
mod reference_tokens;
mod replays;
mod requests;
mod schema;
mod sessions;
mod settings;
mod throttle;
mod token_families;
mod trust;
mod upkeep;
mod users;
mod worker;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use prometheus_client::registry::Registry;
use r2d2::Pool;
use tokio::sync::oneshot;

use crate::protocol::context::Timestamp;
use crate::protocol::error::{Fault, StoreError, Trouble};
use crate::protocol::tokens::refresh_token::FamilyId;
use crate::storage::at_hand::AtHand;
use crate::storage::backend::{Connector, Purpose};
use crate::storage::measures::Measures;
use crate::storage::queue::Queue;
use crate::storage::worker::{Jobs, Task};

pub use crate::storage::backend::Transaction;
pub use crate::storage::clients::ReadClients;
pub use crate::storage::error::OpenError;
pub use crate::storage::events::RecordedEvent;
pub use crate::storage::settings::{DatabaseSettings, Location};

/// So many writes share one commit at most.
const BATCH: usize = 256;

/// The row that a trial writes.
const PROBE: &str = "last_probe";

/// How long a worker waits for a connection.
const CONNECTION_TIMEOUT: Duration = Duration::from_secs(3);

/// The handle of an open database. Clones share it.
#[derive(Clone)]
pub struct Storage {
    shared: Arc<Shared>,
}

struct Shared {
    reads: Arc<Jobs>,
    at_hand: AtHand,
    measures: Arc<Measures>,
    writes: Arc<Jobs>,
    /// Writes about one family; on SQLite the same queue as `writes`.
    rotations: Arc<Jobs>,
    patience: Duration,
    connector: Connector,
    threads: Mutex<Vec<JoinHandle<()>>>,
    probe: Mutex<Probe>,
}

/// The last trial whether the database works.
struct Probe {
    at: Option<Timestamp>,
    is_good: bool,
}

impl Shared {
    /// Lets nothing more in, and waits until all threads have answered and closed their connections. Whether there
    /// were any.
    fn end_threads(&self) -> bool {
        self.reads.close();
        self.writes.close();
        self.rotations.close();
        self.at_hand.close();
        let threads =
            std::mem::take(&mut *self.threads.lock().unwrap_or_else(PoisonError::into_inner));
        let any = !threads.is_empty();
        let current = std::thread::current().id();
        // A rule may own the last handle; its thread cannot wait for itself.
        for thread in threads.into_iter().filter(|it| it.thread().id() != current) {
            if thread.join().is_err() {
                tracing::error!("a thread of the database panicked");
            }
        }
        any
    }
}

impl Drop for Shared {
    /// Waits, because a program that ends while OpenSSL closes a connection in another thread may crash.
    fn drop(&mut self) {
        self.end_threads();
    }
}

impl Storage {
    /// Opens the database, whose schema must be the one of this program, and starts its threads.
    ///
    /// Blocks for as long as connecting takes, a few seconds at most.
    pub fn open(settings: &DatabaseSettings) -> Result<Self, OpenError> {
        let connector = Connector::new(settings.location()?, settings.busy_timeout);
        migrations::require_current(&connector)?;
        // SQLite has one writer, and all may share its transaction. On PostgreSQL those may that share their statements;
        // the others lock what they find, in an order of their own, so each has a transaction of its own.
        let (writers, rotators, most) = if connector.is_sqlite() {
            (1, 0, BATCH)
        } else {
            let rotators = settings.rotation_connections.max(1);
            (settings.write_connections.max(1), rotators, 1)
        };
        let readers = settings.read_connections.max(1);
        let read_pool = pool(connector.with_purpose(Purpose::Read), readers);
        let write_pool = pool(connector.with_purpose(Purpose::Write), writers);
        let queue = || Arc::new(Queue::new(settings.queue_length));
        let alone = queue();
        let rotations = if rotators == 0 {
            Arc::clone(&alone)
        } else {
            queue()
        };
        let storage = Self {
            shared: Arc::new(Shared {
                reads: queue(),
                measures: Arc::default(),
                at_hand: AtHand::new(connector.is_sqlite().then(|| read_pool.clone())),
                writes: alone,
                rotations,
                patience: settings.patience,
                connector,
                threads: Mutex::default(),
                // It has just been opened.
                probe: Mutex::new(Probe {
                    at: None,
                    is_good: true,
                }),
            }),
        };
        for number in 1..=readers {
            let (jobs, pool) = (Arc::clone(&storage.shared.reads), read_pool.clone());
            storage.start(format!("db-read-{number}"), move || {
                worker::read(&jobs, &pool);
            })?;
        }
        for number in 1..=writers {
            let name = format!("db-write-{number}");
            storage.start_writer(name, &storage.shared.writes, &write_pool, most)?;
        }
        let share_pool = pool(
            storage.shared.connector.with_purpose(Purpose::Share),
            rotators.max(1),
        );
        for number in 1..=rotators {
            let name = format!("db-rotate-{number}");
            storage.start_writer(name, &storage.shared.rotations, &share_pool, BATCH)?;
        }
        Ok(storage)
    }

    /// Runs a rule that only reads. It sees what is committed, never waits for the writer, and cannot write. On SQLite
    /// it runs on this very thread, if a connection is free; no read of ours takes long there.
    ///
    /// # Errors
    /// The rule's own; [`Trouble::Unavailable`] when the queue is full or the database does not answer in time.
    pub async fn read<T, R>(
        &self,
        rule: impl FnOnce(&mut Transaction) -> Result<T, Fault<R>> + Send + 'static,
    ) -> Result<T, Fault<R>>
    where
        T: Send + 'static,
        R: Send + 'static,
    {
        if let Some(connection) = self.shared.at_hand.take() {
            return self.shared.at_hand.run(connection, rule);
        }
        self.read_long(rule).await
    }

    /// [`Storage::read`] for what takes long: always on a reading thread.
    ///
    /// # Errors
    /// Those of [`Storage::read`].
    pub async fn read_long<T, R>(
        &self,
        rule: impl FnOnce(&mut Transaction) -> Result<T, Fault<R>> + Send + 'static,
    ) -> Result<T, Fault<R>>
    where
        T: Send + 'static,
        R: Send + 'static,
    {
        self.in_time(ask(&self.shared.reads, None, rule)?).await
    }

    /// Runs a rule in a transaction: commits when it succeeds **and when it refuses**, rolls back when it fails. The
    /// answer comes after a durable commit; if that fails, the answer is a failure.
    ///
    /// # Errors
    /// The rule's own; [`Trouble::Unavailable`] when the queue is full or the database does not answer in time. Then
    /// the rule may still be run: who asks again must be ready for that.
    pub async fn write<T, R>(
        &self,
        rule: impl FnOnce(&mut Transaction) -> Result<T, Fault<R>> + Send + 'static,
    ) -> Result<T, Fault<R>>
    where
        T: Send + 'static,
        R: Send + 'static,
    {
        self.in_time(self.ask_to_write(None, rule)?).await
    }

    /// [`Storage::write`] for a rule that is about one family: it asks for that family, its user and its session, and
    /// changes nothing but the family. On PostgreSQL such rules share their statements.
    ///
    /// # Errors
    /// Those of [`Storage::write`].
    pub async fn write_family<T, R>(
        &self,
        family: FamilyId,
        rule: impl FnOnce(&mut Transaction) -> Result<T, Fault<R>> + Send + 'static,
    ) -> Result<T, Fault<R>>
    where
        T: Send + 'static,
        R: Send + 'static,
    {
        self.in_time(self.ask_to_write(Some(family), rule)?).await
    }

    /// [`Storage::read`] for programs without an asynchronous runtime; it must not be called inside one.
    pub fn read_blocking<T, R>(
        &self,
        rule: impl FnOnce(&mut Transaction) -> Result<T, Fault<R>> + Send + 'static,
    ) -> Result<T, Fault<R>>
    where
        T: Send + 'static,
        R: Send + 'static,
    {
        let answer = ask(&self.shared.reads, None, rule)?;
        answer.blocking_recv().unwrap_or_else(|_| Err(closed()))
    }

    /// [`Storage::write`] for programs without an asynchronous runtime; it must not be called inside one.
    pub fn write_blocking<T, R>(
        &self,
        rule: impl FnOnce(&mut Transaction) -> Result<T, Fault<R>> + Send + 'static,
    ) -> Result<T, Fault<R>>
    where
        T: Send + 'static,
        R: Send + 'static,
    {
        let answer = self.ask_to_write(None, rule)?;
        answer.blocking_recv().unwrap_or_else(|_| Err(closed()))
    }

    /// Whether the database can be read and written. Tries it at most once a second, and answers in between what the
    /// last trial said: who asks often does not keep the disk busy.
    pub async fn is_ready(&self, now: Timestamp) -> bool {
        {
            let mut probe = self.probe();
            if probe.at == Some(now) {
                return probe.is_good;
            }
            probe.at = Some(now);
        }
        let read: Result<i64, Fault<()>> = self.read(|it| Ok(it.revision()?)).await;
        let is_good = read.is_ok() && {
            let written: Result<(), Fault<()>> = self
                .write(move |it| Ok(it.set_meta(PROBE, &now.to_string())?))
                .await;
            written.is_ok()
        };
        self.probe().is_good = is_good;
        is_good
    }

    /// Names its measurements for who reads metrics.
    pub fn register_metrics(&self, registry: &mut Registry) {
        self.shared.measures.register(registry);
    }

    /// Brings those measurements up to date that are not events.
    pub fn measure(&self) {
        let shared = &self.shared;
        let mut waiting = shared.writes.len();
        if !Arc::ptr_eq(&shared.writes, &shared.rotations) {
            waiting += shared.rotations.len();
        }
        shared.measures.waiting(waiting);
    }

    fn probe(&self) -> MutexGuard<'_, Probe> {
        self.shared
            .probe
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// Lets nothing more in, waits until everything that was let in is answered, and writes SQLite's log into its
    /// database file. Blocks; a second call finds nothing to do.
    pub fn close(&self) {
        let any = self.shared.end_threads();
        if any && let Err(error) = migrations::checkpoint(&self.shared.connector) {
            tracing::warn!(error = %error, "the log of the database was not written back; it will be at the next start");
        }
    }

    fn start_writer(
        &self,
        name: String,
        jobs: &Arc<Jobs>,
        pool: &Pool<Connector>,
        most: usize,
    ) -> Result<(), OpenError> {
        let (jobs, pool) = (Arc::clone(jobs), pool.clone());
        let measures = Arc::clone(&self.shared.measures);
        self.start(name, move || worker::write(&jobs, &pool, most, &measures))
    }

    fn start(&self, name: String, work: impl FnOnce() + Send + 'static) -> Result<(), OpenError> {
        let thread = std::thread::Builder::new()
            .name(name)
            .spawn(work)
            .map_err(OpenError::Threads)?;
        self.shared
            .threads
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(thread);
        Ok(())
    }

    fn ask_to_write<T, R>(
        &self,
        family: Option<FamilyId>,
        rule: impl FnOnce(&mut Transaction) -> Result<T, Fault<R>> + Send + 'static,
    ) -> Result<oneshot::Receiver<Result<T, Fault<R>>>, Fault<R>>
    where
        T: Send + 'static,
        R: Send + 'static,
    {
        let jobs = match family {
            Some(_) => &self.shared.rotations,
            None => &self.shared.writes,
        };
        let asked = ask(jobs, family, rule);
        if asked.is_err() {
            self.shared.measures.refused();
        }
        asked
    }

    async fn in_time<T, R>(
        &self,
        answer: oneshot::Receiver<Result<T, Fault<R>>>,
    ) -> Result<T, Fault<R>> {
        match tokio::time::timeout(self.shared.patience, answer).await {
            Ok(Ok(outcome)) => outcome,
            Ok(Err(_)) => Err(closed()),
            Err(_) => Err(unavailable("waiting for the database, which took too long")),
        }
    }
}

/// Hands the rule to the workers of that queue.
fn ask<T, R>(
    jobs: &Jobs,
    family: Option<FamilyId>,
    rule: impl FnOnce(&mut Transaction) -> Result<T, Fault<R>> + Send + 'static,
) -> Result<oneshot::Receiver<Result<T, Fault<R>>>, Fault<R>>
where
    T: Send + 'static,
    R: Send + 'static,
{
    let (task, answer) = Task::new(family, rule);
    match jobs.push(Box::new(task)) {
        Ok(()) => Ok(answer),
        Err(_) => Err(unavailable("waiting for the database, whose queue is full")),
    }
}

fn closed<R>() -> Fault<R> {
    unavailable("waiting for the database, which was closed")
}

fn unavailable<R>(during: &'static str) -> Fault<R> {
    Fault::Failed(StoreError::plain(Trouble::Unavailable, during))
}

fn pool(connector: Connector, size: u32) -> Pool<Connector> {
    Pool::builder()
        .max_size(size)
        // Made when they are wanted: a command needs one or two, and none is being made when it ends.
        .min_idle(Some(0))
        .connection_timeout(CONNECTION_TIMEOUT)
        .idle_timeout(None)
        .error_handler(Box::new(Warn))
        .build_unchecked(connector)
}

/// Tells of connections that cannot be made.
#[derive(Debug)]
struct Warn;

impl r2d2::HandleError<OpenError> for Warn {
    fn handle_error(&self, error: OpenError) {
        tracing::warn!(error = %error, "no connection to the database");
    }
}
