//! The schema's history: both sets of migrations, inside the program.

use diesel::connection::SimpleConnection;
use diesel::migration::{Migration, MigrationSource};
use diesel::{Connection as _, RunQueryDsl};
use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};
use r2d2::ManageConnection;

use crate::storage::backend::{Connection, Connector, Purpose, Transaction};
use crate::storage::error::OpenError;
use crate::storage::settings::DatabaseSettings;

const SQLITE: EmbeddedMigrations = embed_migrations!("migrations/sqlite");
const POSTGRES: EmbeddedMigrations = embed_migrations!("migrations/postgres");

/// The migration that brought facts about the deployment.
const FACTS: &str = "_deployment";

/// The lock under which nodes migrate one after the other; a number of our own.
const LOCK: &str = "SELECT pg_advisory_xact_lock(4343202611220001)";

/// The migrations that the database lacks, in order, by name.
pub fn pending(settings: &DatabaseSettings) -> Result<Vec<String>, OpenError> {
    let connector = Connector::new(settings.location()?, settings.busy_timeout);
    let mut transaction = connect(&connector)?;
    match &mut transaction.connection {
        Connection::Sqlite(connection) => pending_on(connection, &SQLITE),
        Connection::Postgres(connection) => pending_on(connection, &POSTGRES),
    }
}

/// Applies them, all or none, and tells which. Any number of programs may do this at once: one does the work, the
/// others wait and find nothing left to do.
pub fn run(settings: &DatabaseSettings) -> Result<Vec<String>, OpenError> {
    let connector = Connector::new(settings.location()?, settings.busy_timeout);
    let mut transaction = connect(&connector)?;
    match &mut transaction.connection {
        Connection::Sqlite(connection) => {
            connection.immediate_transaction(|connection| run_on(connection, SQLITE))
        }
        Connection::Postgres(connection) => connection.transaction(|connection| {
            diesel::sql_query(LOCK).execute(connection)?;
            run_on(connection, POSTGRES)
        }),
    }
}

/// A fact about the deployment, from a schema that may be older than this program.
pub fn fact(settings: &DatabaseSettings, name: &str) -> Result<Option<String>, OpenError> {
    if pending(settings)?.iter().any(|it| it.ends_with(FACTS)) {
        return Ok(None);
    }
    let connector = Connector::new(settings.location()?, settings.busy_timeout);
    connect(&connector)?
        .meta(name)
        .map_err(|error| OpenError::Migration(error.to_string()))
}

/// Undoes them all, which removes every table. For the tests of the migrations.
#[doc(hidden)]
pub fn revert_all(settings: &DatabaseSettings) -> Result<(), OpenError> {
    let connector = Connector::new(settings.location()?, settings.busy_timeout);
    let mut transaction = connect(&connector)?;
    let reverted = match &mut transaction.connection {
        Connection::Sqlite(connection) => connection.revert_all_migrations(SQLITE).map(drop),
        Connection::Postgres(connection) => connection.revert_all_migrations(POSTGRES).map(drop),
    };
    reverted.map_err(|error| OpenError::Migration(error.to_string()))
}

/// Refuses a schema that is older or newer than this program.
pub(super) fn require_current(connector: &Connector) -> Result<(), OpenError> {
    let mut transaction = connect(connector)?;
    let pending = match &mut transaction.connection {
        Connection::Sqlite(connection) => pending_on(connection, &SQLITE)?,
        Connection::Postgres(connection) => pending_on(connection, &POSTGRES)?,
    };
    if pending.is_empty() {
        Ok(())
    } else {
        Err(OpenError::Outdated(pending))
    }
}

/// Writes SQLite's log back into the database file.
pub(super) fn checkpoint(connector: &Connector) -> Result<(), OpenError> {
    if !connector.is_sqlite() {
        return Ok(());
    }
    let mut transaction = connect(connector)?;
    match &mut transaction.connection {
        Connection::Sqlite(connection) => connection
            .batch_execute("PRAGMA wal_checkpoint(TRUNCATE)")
            .map_err(OpenError::from),
        Connection::Postgres(_) => Ok(()),
    }
}

fn connect(connector: &Connector) -> Result<Transaction, OpenError> {
    connector.make_file()?;
    connector.with_purpose(Purpose::Migrate).connect()
}

fn pending_on<C>(connection: &mut C, known: &EmbeddedMigrations) -> Result<Vec<String>, OpenError>
where
    C: diesel::Connection + MigrationHarness<C::Backend>,
{
    let failed =
        |error: Box<dyn std::error::Error + Send + Sync>| OpenError::Migration(error.to_string());
    let all: Vec<Box<dyn Migration<C::Backend>>> = known.migrations().map_err(failed)?;
    let applied = connection.applied_migrations().map_err(failed)?;
    if let Some(unknown) = applied
        .iter()
        .find(|version| !all.iter().any(|known| known.name().version() == **version))
    {
        return Err(OpenError::Newer(unknown.to_string()));
    }
    let mut pending: Vec<String> = all
        .iter()
        .filter(|known| !applied.contains(&known.name().version()))
        .map(|known| known.name().to_string())
        .collect();
    pending.sort_unstable();
    Ok(pending)
}

fn run_on<C>(connection: &mut C, known: EmbeddedMigrations) -> Result<Vec<String>, OpenError>
where
    C: diesel::Connection + MigrationHarness<C::Backend>,
{
    let pending = pending_on(connection, &known)?;
    connection
        .run_pending_migrations(known)
        .map_err(|error| OpenError::Migration(error.to_string()))?;
    Ok(pending)
}

impl From<diesel::result::Error> for OpenError {
    fn from(error: diesel::result::Error) -> Self {
        Self::Migration(error.to_string())
    }
}
