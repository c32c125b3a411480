//! A PostgreSQL for the run: one of our own with durable commits, or a database of its own on a server that exists.

use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use diesel::connection::SimpleConnection as _;
use diesel::sql_types::Integer;
use diesel::{Connection as _, PgConnection, QueryableByName, RunQueryDsl as _};
use tempfile::TempDir;

use crate::driver::Figures;
use crate::histogram::Histogram;
use crate::process::{self, Meter};
use crate::server::free_address;

/// A database that is gone when this is dropped.
pub(crate) struct Postgres {
    /// Of the database.
    pub(crate) url: String,
    /// The first process of the server, if it runs on this machine.
    pub(crate) postmaster: Option<u32>,
    server_url: String,
    own: Option<(Child, TempDir)>,
}

impl Postgres {
    /// On the server of that URL.
    pub(crate) fn on(server_url: &str) -> Self {
        Self::with(server_url.to_owned(), None)
    }

    /// Starts a server; `None` where PostgreSQL is not installed.
    pub(crate) fn start() -> Option<Self> {
        let programs = programs()?;
        let folder = tempfile::tempdir().expect("a folder");
        let data = folder.path().join("data");
        let user = database_user();
        if let Some((user, group)) = &user {
            run(Command::new("chown")
                .arg(format!("{user}:{group}"))
                .arg(folder.path()));
        }
        let command = |program: &str| {
            let mut command = match &user {
                Some((user, group)) => {
                    let mut command = Command::new("setpriv");
                    command
                        .arg(format!("--reuid={user}"))
                        .arg(format!("--regid={group}"))
                        .arg("--clear-groups")
                        .arg(programs.join(program));
                    command
                }
                None => Command::new(programs.join(program)),
            };
            command.current_dir(folder.path()).env("HOME", "/");
            command
        };
        run(command("initdb")
            .arg("--pgdata")
            .arg(&data)
            .args(["--username=issuant", "--auth=trust", "--encoding=UTF8"])
            .args(["--locale=C", "--no-sync"]));
        let port = free_address().port();
        // Durability is the default, and is measured: `fsync` and `synchronous_commit` are on.
        let process = command("postgres")
            .arg("-D")
            .arg(&data)
            .args(["-c", "listen_addresses=127.0.0.1"])
            .args(["-c", &format!("port={port}")])
            .args(["-c", "unix_socket_directories="])
            .args(["-c", "max_connections=300"])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("PostgreSQL starts");
        let url = format!("postgres://issuant@127.0.0.1:{port}/postgres");
        Some(Self::with(url, Some((process, folder))))
    }

    fn with(server_url: String, own: Option<(Child, TempDir)>) -> Self {
        let mut postgres = Self {
            url: String::new(),
            postmaster: None,
            server_url,
            own,
        };
        let mut server = postgres.connect();
        let name = format!("issuant_bench_{}", std::process::id());
        server
            .batch_execute(&format!("CREATE DATABASE {name}"))
            .expect("a database");
        let mut url = url::Url::parse(&postgres.server_url).expect("a URL");
        url.set_path(&name);
        postgres.url = url.into();
        let backend = diesel::sql_query("SELECT pg_backend_pid() AS pid");
        let backend: Backend = backend.get_result(&mut server).expect("a number");
        postgres.postmaster = match &postgres.own {
            Some((process, _)) => Some(process.id()),
            // On another machine or in a container it has no process, or another one, of that number here.
            None => u32::try_from(backend.pid)
                .ok()
                .filter(|pid| process::name(*pid).starts_with("postgres"))
                .and_then(process::parent),
        };
        postgres
    }

    fn connect(&self) -> PgConnection {
        let began = Instant::now();
        loop {
            match PgConnection::establish(&self.server_url) {
                Ok(connection) => return connection,
                Err(error) => assert!(began.elapsed() < START, "PostgreSQL: {error}"),
            }
            thread::sleep(Duration::from_millis(20));
        }
    }

    /// The floor of every grant that remembers something: connections that each read and change one row in one
    /// transaction. The CPU time is that of the database and of the clients, which are threads of this process.
    pub(crate) fn floor(
        &self,
        connections: usize,
        warm_up: Duration,
        measured: Duration,
    ) -> Figures {
        let mut first = PgConnection::establish(&self.url).expect("a connection");
        first.batch_execute(ROWS).expect("a table");
        let mut clients: Vec<PgConnection> = (0..connections)
            .map(|_| PgConnection::establish(&self.url).expect("a connection"))
            .collect();
        let meter = Meter(self.postmaster.into_iter().collect());
        let began = Instant::now();
        thread::scope(|scope| {
            let threads: Vec<_> = clients
                .iter_mut()
                .enumerate()
                .map(|(row, client)| {
                    scope.spawn(move || transactions(client, row, began, warm_up, measured))
                })
                .collect();
            thread::sleep(warm_up);
            let used = || meter.server_seconds() + Meter::own_seconds();
            let before = used();
            thread::sleep(measured);
            let server_cpu = used() - before;
            let mut latencies = Histogram::default();
            for thread in threads {
                latencies.add(&thread.join().expect("a client"));
            }
            Figures {
                good: latencies.count(),
                all: latencies.count(),
                seconds: measured.as_secs_f64(),
                latencies,
                server_cpu,
                driver_cpu: 0.0,
            }
        })
    }
}

fn transactions(
    client: &mut PgConnection,
    row: usize,
    began: Instant,
    warm_up: Duration,
    measured: Duration,
) -> Histogram {
    use diesel::prelude::*;
    use floor_rows::dsl::floor_rows as rows;
    let mut latencies = Histogram::default();
    let id = i64::try_from(row).expect("a small number");
    loop {
        let asked = Instant::now();
        let changed = client.transaction(|client| {
            let (version, text): (i64, String) = rows
                .find(id)
                .select((floor_rows::version, floor_rows::text))
                .first(client)?;
            diesel::update(rows.find(id))
                .filter(floor_rows::version.eq(version))
                .set((
                    floor_rows::version.eq(version + 1),
                    floor_rows::text.eq(text),
                ))
                .execute(client)
        });
        assert_eq!(changed, Ok(1));
        let now = Instant::now();
        if now - began > warm_up + measured {
            return latencies;
        }
        if now - began > warm_up {
            latencies.record(now - asked);
        }
    }
}

diesel::table! {
    floor_rows (id) {
        id -> BigInt,
        version -> BigInt,
        text -> Text,
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        if let Some((process, _)) = &mut self.own {
            // A fast end, in which nobody waits for connections; the folder goes afterwards.
            let _ = Command::new("kill")
                .args(["-s", "INT", &process.id().to_string()])
                .status();
            let _ = process.wait();
        } else if let Some((_, name)) = self.url.rsplit_once('/')
            && let Ok(mut server) = PgConnection::establish(&self.server_url)
        {
            let name = name.split('?').next().unwrap_or(name);
            let _ = server.batch_execute(&format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)"));
        }
    }
}

#[derive(QueryableByName)]
struct Backend {
    #[diesel(sql_type = Integer)]
    pid: i32,
}

/// The folder with `initdb`: on the path, or where Debian keeps it.
fn programs() -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let mut folders: Vec<PathBuf> = std::env::split_paths(&path).collect();
    if let Ok(versions) = std::fs::read_dir("/usr/lib/postgresql") {
        folders.extend(versions.filter_map(|it| Some(it.ok()?.path().join("bin"))));
    }
    let initdb = folders
        .iter()
        .map(|it| it.join("initdb"))
        .find(|it| it.exists())?;
    // A link on the path may lead to a folder that has the other programs.
    Some(initdb.canonicalize().ok()?.parent()?.to_owned())
}

/// PostgreSQL refuses to run as root: the numbers of the user and group that it runs as instead.
fn database_user() -> Option<(String, String)> {
    let number = |arguments: &[&str]| {
        let output = Command::new("id").args(arguments).output().ok()?;
        let text = String::from_utf8(output.stdout).ok()?;
        output.status.success().then(|| text.trim().to_owned())
    };
    let other = |name| Some((number(&["-u", name])?, number(&["-g", name])?));
    (number(&["-u"])? == "0").then(|| {
        let other = other("postgres").or_else(|| other("nobody"));
        other.expect("a user who is not root")
    })
}

fn run(command: &mut Command) {
    let status = command.stdout(Stdio::null()).status();
    assert!(status.expect("it is installed").success(), "{command:?}");
}

const START: Duration = Duration::from_secs(30);

/// As large as the row of a token family.
const ROWS: &str = "
    CREATE TABLE IF NOT EXISTS floor_rows (id BIGINT PRIMARY KEY, version BIGINT NOT NULL, text TEXT NOT NULL);
    INSERT INTO floor_rows SELECT id, 0, repeat('x', 400) FROM generate_series(0, 1023) AS id ON CONFLICT DO NOTHING";
