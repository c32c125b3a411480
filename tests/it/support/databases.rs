//! Databases for tests: each test has its own, migrated and empty, and leaves nothing behind.
//!
//! SQLite: a file in a temporary directory, so that locking is real. PostgreSQL: a schema of its own in the database
//! that `ISSUANT_TEST_POSTGRES` names. Without it the tests on PostgreSQL say that they are left out, or fail when
//! `ISSUANT_TEST_REQUIRE_ALL=1`.

use std::io::Write as _;
use std::sync::Once;
use std::sync::atomic::{AtomicU32, Ordering};

use diesel::connection::SimpleConnection;
use diesel::{Connection as _, PgConnection, RunQueryDsl as _};
use issuant::storage::{DatabaseSettings, Storage, migrations};

/// A database that is gone when the value is dropped.
pub(crate) struct Database {
    settings: DatabaseSettings,
    place: Place,
}

enum Place {
    Directory {
        _removed_when_dropped: tempfile::TempDir,
    },
    Schema {
        server: String,
        name: String,
        /// The database from which the own one can be removed.
        apart_from: Option<String>,
    },
}

impl Database {
    /// A database without tables in a new file.
    pub(crate) fn empty_sqlite() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("issuant.db");
        Self {
            settings: settings(format!("sqlite:{}", path.display())),
            place: Place::Directory {
                _removed_when_dropped: directory,
            },
        }
    }

    /// A new schema without tables, where there is a server.
    pub(crate) fn empty_postgres() -> Option<Self> {
        Some(Self::schema_on(server()?, new_name(), None))
    }

    /// A migrated schema in a database of its own: PostgreSQL keeps old versions of rows as long as any transaction in the
    /// same database may see them, and those of other tests last.
    pub(crate) fn postgres_apart() -> Option<Self> {
        let server = server()?;
        let name = new_name();
        run_on(&server, &format!("CREATE DATABASE {name}"));
        let (before, options) = server.split_once('?').unwrap_or((&server, ""));
        let (host, _) = before.rsplit_once('/').unwrap();
        let own = format!("{host}/{name}?{options}");
        Some(Self::schema_on(own, name, Some(server.clone())).migrated())
    }

    fn schema_on(server: String, name: String, apart_from: Option<String>) -> Self {
        run_on(
            &server,
            &format!("DROP SCHEMA IF EXISTS {name} CASCADE; CREATE SCHEMA {name}"),
        );
        let sign = if server.contains('?') { '&' } else { '?' };
        Self {
            settings: settings(format!(
                "{server}{sign}options=-csearch_path%3D{name}&application_name={name}"
            )),
            place: Place::Schema {
                server,
                name,
                apart_from,
            },
        }
    }

    /// A migrated database in a new file.
    pub(crate) fn sqlite() -> Self {
        Self::empty_sqlite().migrated()
    }

    /// A migrated schema, where there is a server.
    pub(crate) fn postgres() -> Option<Self> {
        Self::empty_postgres().map(Self::migrated)
    }

    fn migrated(self) -> Self {
        migrations::run(&self.settings).unwrap();
        self
    }

    /// Where it is, with bounds that suit a test; to be changed as the test needs.
    pub(crate) fn settings(&mut self) -> &mut DatabaseSettings {
        &mut self.settings
    }

    /// Opens it.
    pub(crate) fn open(&self) -> Storage {
        Storage::open(&self.settings).unwrap()
    }

    /// Runs SQL behind the back of the storage module.
    pub(crate) fn run(&self, sql: &str) {
        match &self.place {
            Place::Directory { .. } => {
                let path = self.settings.url.strip_prefix("sqlite:").unwrap();
                let mut connection = diesel::SqliteConnection::establish(path).unwrap();
                connection.batch_execute(sql).unwrap();
            }
            Place::Schema { .. } => run_on(&self.settings.url, sql),
        }
    }

    /// What is remembered: how many rows, and where rows change in place, how often and how many ended.
    pub(crate) fn remembered(&self) -> Vec<i64> {
        const WHAT: [&str; 10] = [
            "count(*) FROM users",
            "count(*) FROM sessions",
            "count(*) FROM consents",
            "count(*) FROM authorization_codes",
            "count(redeemed_at) FROM authorization_codes",
            "count(*) FROM token_families",
            "count(revoked_at) FROM token_families",
            "count(*) FROM token_families WHERE pending_digest IS NOT NULL",
            "CAST(coalesce(sum(version), 0) AS BIGINT) FROM token_families",
            "count(*) FROM revoked_tokens",
        ];
        WHAT.map(|what| self.number(what)).into()
    }

    /// One number, behind the back of the storage module.
    pub(crate) fn number(&self, what: &str) -> i64 {
        #[derive(diesel::QueryableByName)]
        struct Number {
            #[diesel(sql_type = diesel::sql_types::BigInt)]
            number: i64,
        }
        let query = diesel::sql_query(match what.split_once(" FROM ") {
            Some((number, rows)) => format!("SELECT {number} AS number FROM {rows}"),
            None => panic!("{what} has no FROM"),
        });
        let number: Number = match &self.place {
            Place::Directory { .. } => {
                let path = self.settings.url.strip_prefix("sqlite:").unwrap();
                let mut connection = diesel::SqliteConnection::establish(path).unwrap();
                connection
                    .batch_execute("PRAGMA busy_timeout = 5000")
                    .unwrap();
                query.get_result(&mut connection).unwrap()
            }
            Place::Schema { .. } => {
                let mut connection = PgConnection::establish(&self.settings.url).unwrap();
                query.get_result(&mut connection).unwrap()
            }
        };
        number.number
    }

    /// Ends all connections to it, as a restart of the server does. False where there is no server.
    pub(crate) fn disconnect_all(&self) -> bool {
        match &self.place {
            Place::Directory { .. } => false,
            Place::Schema { server, name, .. } => {
                run_on(
                    server,
                    &format!(
                        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity \
                         WHERE application_name = '{name}'"
                    ),
                );
                true
            }
        }
    }

    /// The schema on the server, or `None` for a file.
    pub(crate) fn schema(&self) -> Option<&str> {
        match &self.place {
            Place::Directory { .. } => None,
            Place::Schema { name, .. } => Some(name),
        }
    }
}

/// A name that no other test has.
fn new_name() -> String {
    static NUMBER: AtomicU32 = AtomicU32::new(0);
    let number = NUMBER.fetch_add(1, Ordering::Relaxed);
    format!("test_{}_{number}", std::process::id())
}

impl Drop for Database {
    fn drop(&mut self) {
        if let Place::Schema {
            server,
            name,
            apart_from,
        } = &self.place
        {
            self.disconnect_all();
            match apart_from {
                None => run_on(server, &format!("DROP SCHEMA {name} CASCADE")),
                Some(other) => run_on(other, &format!("DROP DATABASE {name} WITH (FORCE)")),
            }
        }
    }
}

fn settings(url: String) -> DatabaseSettings {
    DatabaseSettings {
        read_connections: 2,
        write_connections: 8,
        ..DatabaseSettings::new(url)
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "which server to test with is a matter of the environment"
)]
fn server() -> Option<String> {
    static NOTICE: Once = Once::new();
    if let Ok(url) = std::env::var("ISSUANT_TEST_POSTGRES") {
        return Some(url);
    }
    assert!(
        std::env::var("ISSUANT_TEST_REQUIRE_ALL").as_deref() != Ok("1"),
        "ISSUANT_TEST_POSTGRES names no server, and no test may be left out"
    );
    NOTICE.call_once(|| {
        // Past the capture of the test harness, which hides what passing tests print.
        let notice = "\n*** LEFT OUT: all tests on PostgreSQL. Set ISSUANT_TEST_POSTGRES=postgres://... ***\n\n";
        std::io::stderr().write_all(notice.as_bytes()).unwrap();
    });
    None
}

fn run_on(url: &str, sql: &str) {
    let mut connection = PgConnection::establish(url).unwrap();
    let quiet = "SET client_min_messages TO warning";
    connection.batch_execute(quiet).unwrap();
    connection.batch_execute(sql).unwrap();
}
