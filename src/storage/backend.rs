//! The connection: to either database, with its settings, and as the transaction that rules work in.
//!
//! Diesel's types are known here at their most concrete; the files of table groups see only [`Transaction`] and the
//! macro [`on!`].

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use diesel::connection::{AnsiTransactionManager, SimpleConnection, TransactionManager};
use diesel::r2d2::R2D2Connection;
use diesel::result::{Error, QueryResult};
use diesel::{Connection as _, PgConnection, SqliteConnection};

use crate::protocol::error::{StoreError, Trouble};
use crate::storage::ahead::Ahead;
use crate::storage::error::{Failure, OpenError, trouble};
use crate::storage::settings::{Location, redact};

/// A connection to either database.
pub(super) enum Connection {
    /// To a file.
    Sqlite(SqliteConnection),
    /// To a server.
    Postgres(PgConnection),
}

/// Runs one query on either connection; the compiler checks it against both. An error is told with what was being
/// done, and fails the transaction.
///
/// One row is asked for with `get_result`. Diesel's `first` adds `LIMIT ?`, and SQLite prepares a statement anew each time
/// when a limit is bound, which costs more than the query.
macro_rules! on {
    ($transaction:expr, $during:literal, $connection:ident => $query:expr) => {{
        match $transaction.enter_part() {
            Ok(()) => {
                let outcome = match &mut $transaction.connection {
                    $crate::storage::backend::Connection::Sqlite($connection) => $query,
                    $crate::storage::backend::Connection::Postgres($connection) => $query,
                };
                outcome.map_err(|error| $transaction.failed($during, error))
            }
            Err(error) => Err(error),
        }
    }};
}
pub(super) use on;

/// What a rule works in: it implements every trait of [`crate::protocol::store`] and [`crate::identity::store`].
///
/// Handed out by [`Storage::write`](crate::storage::Storage::write), where everything is kept or nothing, and by
/// [`Storage::read`](crate::storage::Storage::read), where each query sees what is committed at that moment and a
/// write fails.
pub struct Transaction {
    pub(super) connection: Connection,
    /// What was read ahead, for rules that share their statements.
    pub(super) ahead: Option<Ahead>,
    part: Part,
    /// A statement failed. PostgreSQL would turn the commit into a roll-back without a word.
    failed: bool,
    /// The connection is not to be used again.
    lost: bool,
    /// How many connections had been lost when this one was last known to be good.
    losses: u64,
}

/// A part of a transaction, which can be undone alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Part {
    /// There is none: everything is kept or nothing.
    Whole,
    /// It has begun, but nothing was asked of the database in it.
    Idle,
    /// The database knows of it.
    Entered,
    /// It could not begin, so nothing can be undone alone: the whole fails.
    Broken,
}

impl Transaction {
    pub(super) fn is_sqlite(&self) -> bool {
        matches!(self.connection, Connection::Sqlite(_))
    }

    /// Notes that a statement failed.
    pub(super) fn failed(&mut self, during: &'static str, error: Error) -> StoreError {
        let trouble = trouble(&error);
        self.failed = true;
        self.lost |= trouble == Trouble::Unavailable;
        StoreError::new(trouble, during, error)
    }

    /// Whether a statement failed since the last call.
    pub(super) fn take_failed(&mut self) -> bool {
        std::mem::take(&mut self.failed)
    }

    /// Begins a writing transaction.
    pub(super) fn begin(&mut self) -> Result<(), Failure> {
        // SQLite takes the write lock at once: taking it later, after a read, fails without waiting.
        let begun = match &mut self.connection {
            Connection::Sqlite(connection) => {
                AnsiTransactionManager::begin_transaction_sql(connection, "BEGIN IMMEDIATE")
            }
            Connection::Postgres(connection) => {
                AnsiTransactionManager::begin_transaction_sql(connection, "BEGIN")
            }
        };
        self.checked("beginning a transaction", begun)
    }

    /// Begins a part that can be undone alone. The database hears of it with its first statement: a rule that finds
    /// everything read ahead needs none.
    pub(super) fn begin_part(&mut self) {
        self.part = Part::Idle;
    }

    /// Makes the part known to the database, before a statement.
    pub(super) fn enter_part(&mut self) -> Result<(), StoreError> {
        if self.part != Part::Idle {
            return Ok(());
        }
        self.part = Part::Broken;
        let begun = match &mut self.connection {
            Connection::Sqlite(connection) => AnsiTransactionManager::begin_transaction(connection),
            Connection::Postgres(connection) => {
                AnsiTransactionManager::begin_transaction(connection)
            }
        };
        begun.map_err(|error| self.failed(BEGINNING_A_PART, error))?;
        self.part = Part::Entered;
        Ok(())
    }

    /// Keeps what the part wrote, as far as the whole is kept.
    pub(super) fn keep_part(&mut self) -> Result<(), Failure> {
        if let Some(ahead) = &mut self.ahead {
            ahead.keep_part();
        }
        match std::mem::replace(&mut self.part, Part::Whole) {
            Part::Entered => self.commit(),
            Part::Whole | Part::Idle => Ok(()),
            Part::Broken => Err(broken_part()),
        }
    }

    /// Undoes what the part wrote.
    pub(super) fn undo_part(&mut self) -> Result<(), Failure> {
        if let Some(ahead) = &mut self.ahead {
            ahead.undo_part();
        }
        match std::mem::replace(&mut self.part, Part::Whole) {
            Part::Entered => self.roll_back(),
            Part::Whole | Part::Idle => Ok(()),
            Part::Broken => Err(broken_part()),
        }
    }

    /// Keeps the innermost part, or commits the whole.
    pub(super) fn commit(&mut self) -> Result<(), Failure> {
        let committed = match &mut self.connection {
            Connection::Sqlite(connection) => {
                AnsiTransactionManager::commit_transaction(connection)
            }
            Connection::Postgres(connection) => {
                AnsiTransactionManager::commit_transaction(connection)
            }
        };
        self.checked("committing", committed)
    }

    /// Undoes the innermost part, or the whole.
    pub(super) fn roll_back(&mut self) -> Result<(), Failure> {
        let rolled_back = match &mut self.connection {
            Connection::Sqlite(connection) => {
                AnsiTransactionManager::rollback_transaction(connection)
            }
            Connection::Postgres(connection) => {
                AnsiTransactionManager::rollback_transaction(connection)
            }
        };
        self.checked("rolling back", rolled_back)
    }

    /// Gives the connection up: the pool closes it, which ends whatever was begun.
    pub(super) fn give_up(&mut self) {
        self.lost = true;
    }

    pub(super) fn checked<T>(
        &mut self,
        during: &'static str,
        result: QueryResult<T>,
    ) -> Result<T, Failure> {
        result.map_err(|error| {
            self.lost = true;
            Failure::of(during, &error)
        })
    }
}

const BEGINNING_A_PART: &str = "beginning a part of a transaction";

fn broken_part() -> Failure {
    Failure::unavailable(BEGINNING_A_PART, "the database did not begin it")
}

/// What a connection is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Purpose {
    /// It must not write.
    Read,
    /// It may write, within the time a caller waits.
    Write,
    /// It may write for several callers at once, so it waits for no row that somebody else holds for long.
    Share,
    /// It may write, and take its time.
    Migrate,
}

/// Makes connections, and knows when they are no good any more.
#[derive(Clone, Debug)]
pub(super) struct Connector {
    location: Location,
    busy_timeout: Duration,
    purpose: Purpose,
    /// How many connections were lost. After a loss every other connection is tried before its next use, so that a
    /// restart of the server costs one failure and not one for each connection.
    losses: Arc<AtomicU64>,
}

impl Connector {
    pub(super) fn new(location: Location, busy_timeout: Duration) -> Self {
        Self {
            location,
            busy_timeout,
            purpose: Purpose::Write,
            losses: Arc::default(),
        }
    }

    pub(super) fn with_purpose(&self, purpose: Purpose) -> Self {
        Self {
            purpose,
            ..self.clone()
        }
    }

    pub(super) fn is_sqlite(&self) -> bool {
        matches!(self.location, Location::Sqlite { .. })
    }

    /// Makes the file of a new SQLite database, readable for its owner alone.
    pub(super) fn make_file(&self) -> Result<(), OpenError> {
        let Location::Sqlite { path } = &self.location else {
            return Ok(());
        };
        let mut options = std::fs::OpenOptions::new();
        options.write(true).create(true).truncate(false);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        match options.open(path) {
            Ok(_) => Ok(()),
            Err(cause) => Err(OpenError::File {
                path: path.clone(),
                cause,
            }),
        }
    }

    fn open(&self) -> Result<Connection, String> {
        match &self.location {
            Location::Sqlite { path } => {
                // With a leading directory the path cannot be taken for a `file:` URI.
                let path = if path.starts_with('/') {
                    path.clone()
                } else {
                    format!("./{path}")
                };
                let mut connection =
                    SqliteConnection::establish(&path).map_err(|error| error.to_string())?;
                connection
                    .batch_execute(&sqlite_settings(self.purpose, self.busy_timeout))
                    .map_err(|error| error.to_string())?;
                Ok(Connection::Sqlite(connection))
            }
            Location::Postgres { url } => {
                let mut connection = PgConnection::establish(&with_deadlines(url))
                    .map_err(|error| error.to_string())?;
                // Only a superuser may set the language of messages; for others it stays as it is.
                let _in_english = connection.batch_execute("SET lc_messages TO 'C'");
                connection
                    .batch_execute(postgres_settings(self.purpose))
                    .map_err(|error| error.to_string())?;
                Ok(Connection::Postgres(connection))
            }
        }
    }
}

impl r2d2::ManageConnection for Connector {
    type Connection = Transaction;
    type Error = OpenError;

    fn connect(&self) -> Result<Transaction, OpenError> {
        let losses = self.losses.load(Ordering::Relaxed);
        let connection = self.open().map_err(|cause| OpenError::Connect {
            database: self.location.to_string(),
            cause: match &self.location {
                Location::Sqlite { .. } => cause,
                Location::Postgres { url } => redact(&cause, url),
            },
        })?;
        Ok(Transaction {
            connection,
            ahead: None,
            part: Part::Whole,
            failed: false,
            lost: false,
            losses,
        })
    }

    fn is_valid(&self, transaction: &mut Transaction) -> Result<(), OpenError> {
        let losses = self.losses.load(Ordering::Relaxed);
        if transaction.losses == losses {
            return Ok(());
        }
        let answer = match &mut transaction.connection {
            Connection::Sqlite(connection) => connection.ping(),
            Connection::Postgres(connection) => connection.ping(),
        };
        answer.map_err(|error| OpenError::Connect {
            database: self.location.to_string(),
            cause: error.to_string(),
        })?;
        transaction.losses = losses;
        Ok(())
    }

    fn has_broken(&self, transaction: &mut Transaction) -> bool {
        let broken = transaction.lost
            || match &mut transaction.connection {
                Connection::Sqlite(connection) => connection.is_broken(),
                Connection::Postgres(connection) => connection.is_broken(),
            };
        if broken {
            self.losses.fetch_add(1, Ordering::Relaxed);
        }
        broken
    }
}

/// With a write-ahead log a reader waits only while another process repairs the log or holds the whole file.
const READER_PATIENCE: Duration = Duration::from_secs(1);

/// Write-ahead log: readers and the writer do not wait for each other. Full synchronisation: a commit has reached
/// the disk before it is answered.
fn sqlite_settings(purpose: Purpose, busy_timeout: Duration) -> String {
    let (read_only, busy_timeout) = match purpose {
        Purpose::Read => ("PRAGMA query_only = ON;", busy_timeout.min(READER_PATIENCE)),
        Purpose::Write | Purpose::Share | Purpose::Migrate => ("", busy_timeout),
    };
    format!(
        "PRAGMA busy_timeout = {};
        PRAGMA journal_mode = WAL;
        PRAGMA synchronous = FULL;
        PRAGMA foreign_keys = ON;
        PRAGMA temp_store = MEMORY;
        {read_only}",
        busy_timeout.as_millis()
    )
}

/// Against settings of the server or the role that would weaken what is promised: commits reach the disk before they
/// are answered, and a second look in a transaction sees what others committed. Deadlines, so that no request hangs.
fn postgres_settings(purpose: Purpose) -> &'static str {
    match purpose {
        Purpose::Read => {
            "SET default_transaction_read_only TO on;
            SET statement_timeout TO 5000"
        }
        Purpose::Write => {
            "SET synchronous_commit TO on;
            SET default_transaction_isolation TO 'read committed';
            SET statement_timeout TO 5000;
            SET idle_in_transaction_session_timeout TO 10000"
        }
        Purpose::Share => {
            "SET synchronous_commit TO on;
            SET default_transaction_isolation TO 'read committed';
            SET statement_timeout TO 5000;
            SET lock_timeout TO 500;
            SET idle_in_transaction_session_timeout TO 10000"
        }
        Purpose::Migrate => {
            "SET synchronous_commit TO on;
            SET client_min_messages TO warning"
        }
    }
}

/// The URL with deadlines for connecting and for a peer that went away, unless it has its own.
fn with_deadlines(url: &str) -> String {
    let mut url = url.to_owned();
    for (name, value) in [
        ("connect_timeout", "3"),
        ("tcp_user_timeout", "5000"),
        ("keepalives_idle", "10"),
        ("fallback_application_name", "issuant"),
    ] {
        if !url.contains(&format!("{name}=")) {
            url.push(if url.contains('?') { '&' } else { '?' });
            url.push_str(name);
            url.push('=');
            url.push_str(value);
        }
    }
    url
}
