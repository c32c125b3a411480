//! What can go wrong with a database, told without diesel's types and without the URL's password.

use diesel::result::{DatabaseErrorKind, Error};

use crate::protocol::error::{StoreError, Trouble};

/// Why a database cannot be opened or migrated.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The URL's scheme is none we know.
    #[error("the database URL must begin with sqlite: (a file) or postgres:// (a server)")]
    Scheme,
    /// The URL names no file.
    #[error("the database URL names no file: write sqlite:PATH")]
    NoFile,
    /// The file cannot be made.
    #[error("the database file {path} cannot be created: {cause}")]
    File {
        /// Where.
        path: String,
        /// Why not.
        cause: std::io::Error,
    },
    /// The database does not answer.
    #[error("cannot connect to {database}: {cause}")]
    Connect {
        /// Which, without its password.
        database: String,
        /// What the driver says.
        cause: String,
    },
    /// The schema is older than the program.
    #[error("the database lacks {} migration(s), the first is {}: run `issuant migrate`", .0.len(), .0.first().map_or("", String::as_str))]
    Outdated(Vec<String>),
    /// The schema is newer than the program.
    #[error(
        "the database was made by a newer version of issuant (it has migration {0}, which this version does not know): run that version, or restore a backup from before the upgrade"
    )]
    Newer(String),
    /// A migration failed; nothing was changed.
    #[error("the migration failed, and nothing was changed: {0}")]
    Migration(String),
    /// A thread could not be started.
    #[error("the threads of the database cannot be started: {0}")]
    Threads(std::io::Error),
}

/// A failure that is told to several callers.
#[derive(Clone, Debug)]
pub(super) struct Failure {
    pub(super) trouble: Trouble,
    pub(super) during: &'static str,
    pub(super) cause: String,
    /// Somebody held a row for longer than could be waited.
    pub(super) is_lock_timeout: bool,
}

impl Failure {
    pub(super) fn unavailable(during: &'static str, cause: impl Into<String>) -> Self {
        Self {
            trouble: Trouble::Unavailable,
            during,
            cause: cause.into(),
            is_lock_timeout: false,
        }
    }

    pub(super) fn broken(during: &'static str, cause: impl Into<String>) -> Self {
        Self {
            trouble: Trouble::Broken,
            during,
            cause: cause.into(),
            is_lock_timeout: false,
        }
    }

    pub(super) fn of(during: &'static str, error: &Error) -> Self {
        Self {
            trouble: trouble(error),
            during,
            is_lock_timeout: is_lock_timeout(error),
            cause: error.to_string(),
        }
    }
}

impl From<Failure> for StoreError {
    fn from(failure: Failure) -> Self {
        Self::new(failure.trouble, failure.during, failure.cause)
    }
}

/// `lock_not_available` of PostgreSQL, which diesel has no kind for.
fn is_lock_timeout(error: &Error) -> bool {
    let Error::DatabaseError(_, information) = error else {
        return false;
    };
    information.message().contains("lock timeout")
}

/// What kind of trouble an error of diesel is.
pub(super) fn trouble(error: &Error) -> Trouble {
    if let Error::RollbackErrorOnCommit { commit_error, .. } = error {
        return trouble(commit_error);
    }
    if matches!(error, Error::BrokenTransactionManager) {
        return Trouble::Unavailable;
    }
    let Error::DatabaseError(kind, information) = error else {
        return Trouble::Broken;
    };
    let is_passing_kind = matches!(
        kind,
        DatabaseErrorKind::ClosedConnection
            | DatabaseErrorKind::UnableToSendCommand
            | DatabaseErrorKind::SerializationFailure
            // A standby that was not promoted yet.
            | DatabaseErrorKind::ReadOnlyTransaction
    );
    if matches!(kind, DatabaseErrorKind::UniqueViolation) {
        Trouble::Conflict
    } else if is_passing_kind || is_passing(information.message()) {
        Trouble::Unavailable
    } else {
        Trouble::Broken
    }
}

/// Whether the message is of a kind that goes away by itself, or with help from an operator. Diesel keeps neither
/// SQLite's result code nor PostgreSQL's SQLSTATE; connections ask for messages in English.
fn is_passing(message: &str) -> bool {
    PASSING.iter().any(|part| message.contains(part))
}

const PASSING: [&str; 13] = [
    // SQLite
    "database is locked",
    "database table is locked",
    "database or disk is full",
    "disk I/O error",
    "unable to open database file",
    // PostgreSQL
    "deadlock detected",
    "canceling statement due to",
    "terminating connection",
    "the database system is",
    "out of memory",
    "out of shared memory",
    "No space left on device",
    "could not receive data from server",
];
