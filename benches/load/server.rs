//! The measured server: the release binary as its own process, with a database that was filled before.

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use diesel::connection::SimpleConnection as _;
use diesel::sql_types::BigInt;
use diesel::{Connection as _, PgConnection, QueryableByName, RunQueryDsl as _, SqliteConnection};
use issuant::crypto::digest::RootKey;
use issuant::crypto::random::SystemRandom;
use issuant::protocol::context::TokenKeys;
use issuant::server::clock;
use issuant::storage::{DatabaseSettings, Storage};
use tempfile::TempDir;

use crate::common;
use crate::process;

/// So many clients are registered besides the one that sends requests.
const OTHER_CLIENTS: usize = 999;

/// A migrated and filled database, and what the server is started with.
pub(crate) struct Installation {
    folder: TempDir,
    url: String,
    address: SocketAddr,
    keys: TokenKeys,
    environment: Vec<(&'static str, String)>,
}

impl Installation {
    /// On SQLite unless there is a URL.
    pub(crate) fn new(url: Option<&str>, environment: &[(&'static str, &str)]) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let sqlite = format!("sqlite:{}", folder.path().join("issuant.db").display());
        let environment = environment.iter().map(|(name, it)| (*name, (*it).into()));
        let mut installation = Self {
            url: url.map_or(sqlite, str::to_owned),
            address: free_address(),
            // Until `migrate` has made the real ones.
            keys: TokenKeys::derive(&RootKey::generate(&SystemRandom)),
            environment: environment.collect(),
            folder,
        };
        let mut migrate = installation.command("migrate");
        let migrated = migrate.stderr(Stdio::piped()).output().expect("it runs");
        assert!(migrated.status.success(), "{migrated:?}");
        let secret = installation.folder.path().join("key-secret");
        let secret = fs::read_to_string(secret).expect("the key-encryption secret");
        installation.keys = TokenKeys::derive(&RootKey::from_text(secret.trim()).expect("a key"));
        let storage = installation.storage();
        common::register(&storage, &installation.keys, OTHER_CLIENTS, clock::now());
        storage.close();
        // The first start makes the signing keys.
        drop(installation.serve());
        installation
    }

    /// The issuer's authority.
    pub(crate) fn host(&self) -> String {
        self.address.to_string()
    }

    /// The first refresh tokens of so many new sign-ins.
    pub(crate) fn families(&self, count: usize, scope: &str) -> Vec<String> {
        let (issuer, now) = (format!("http://{}", self.address), clock::now());
        let (families, tokens): (Vec<_>, Vec<_>) = (0..count)
            .map(|_| common::family(scope, &issuer, &self.keys, &SystemRandom, now))
            .unzip();
        let storage = self.storage();
        common::write(&storage, move |store| {
            use issuant::protocol::store::TokenFamilies as _;
            families.iter().try_for_each(|it| store.add_family(it))
        });
        storage.close();
        tokens
    }

    /// So many new authorization codes.
    pub(crate) fn codes(&self, count: usize) -> Vec<String> {
        let now = clock::now();
        let (codes, texts): (Vec<_>, Vec<_>) = (0..count)
            .map(|_| common::code(&self.keys, &SystemRandom, now))
            .unzip();
        let storage = self.storage();
        common::write(&storage, move |store| {
            use issuant::protocol::store::AuthorizationCodes as _;
            codes.iter().try_for_each(|it| store.add_code(it))
        });
        storage.close();
        texts
    }

    fn storage(&self) -> Storage {
        let mut settings = DatabaseSettings::new(&self.url);
        // Filling takes longer than any request may.
        settings.patience = Duration::from_mins(1);
        Storage::open(&settings).expect("the database")
    }

    /// How many milliseconds it takes until a server is ready, at best: whatever else runs can only make it longer.
    pub(crate) fn start_millis(&self) -> f64 {
        let starts = (0..STARTS).map(|_| self.serve().ready_after.as_secs_f64() * 1000.0);
        starts.fold(f64::INFINITY, f64::min)
    }

    /// Starts the server and waits until it is ready.
    pub(crate) fn serve(&self) -> Server {
        let began = Instant::now();
        let mut command = self.command("serve");
        let process = command.stdout(Stdio::null()).spawn().expect("serve runs");
        let mut server = Server {
            process,
            address: self.address,
            ready_after: Duration::ZERO,
            idle_memory: 0.0,
        };
        while !is_ready(self.address) {
            assert!(began.elapsed() < START, "the server does not start");
            thread::sleep(Duration::from_millis(1));
        }
        server.ready_after = began.elapsed();
        server.idle_memory = server.memory();
        server
    }

    fn command(&self, name: &str) -> Command {
        let folder = self.folder.path();
        let mut command = Command::new(env!("CARGO_BIN_EXE_issuant"));
        command
            .arg(name)
            .env_clear()
            .current_dir(folder)
            .env("ISSUANT_ISSUER", format!("http://{}", self.address))
            .env("ISSUANT_LISTEN", self.address.to_string())
            .env("ISSUANT_DATA_DIR", folder)
            .env("ISSUANT_DATABASE_URL", &self.url)
            // Enough for codes that are made before they are measured.
            .env("ISSUANT_LIFETIMES_CODE", "10m")
            .envs(self.environment.iter().map(|(name, it)| (*name, it)))
            .stderr(Stdio::null());
        command
    }

    /// How large the database is, once everything is in its place.
    pub(crate) fn bytes(&self) -> u64 {
        if let Some(file) = self.url.strip_prefix("sqlite:") {
            let mut database = SqliteConnection::establish(file).expect("the database");
            database
                .batch_execute("PRAGMA busy_timeout = 5000; PRAGMA wal_checkpoint(TRUNCATE)")
                .expect("the log is written into the file");
            [file.to_owned(), format!("{file}-wal")]
                .iter()
                .filter_map(|file| Some(fs::metadata(Path::new(file)).ok()?.len()))
                .sum()
        } else {
            let mut database = PgConnection::establish(&self.url).expect("the database");
            let size = diesel::sql_query("SELECT pg_database_size(current_database()) AS size");
            let size: Size = size.get_result(&mut database).expect("a size");
            u64::try_from(size.size).expect("a size")
        }
    }
}

#[derive(QueryableByName)]
struct Size {
    #[diesel(sql_type = BigInt)]
    size: i64,
}

/// A server that runs; it is ended when this is dropped.
pub(crate) struct Server {
    process: Child,
    pub(crate) address: SocketAddr,
    /// From the start of the process to the first good answer of `/readyz`.
    pub(crate) ready_after: Duration,
    /// Resident memory before the first request for anything else, in MB.
    pub(crate) idle_memory: f64,
}

impl Server {
    pub(crate) fn pid(&self) -> u32 {
        self.process.id()
    }

    /// Resident memory in MB.
    pub(crate) fn memory(&self) -> f64 {
        process::memory(self.pid())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn is_ready(address: SocketAddr) -> bool {
    let ask = || {
        let mut stream = TcpStream::connect(address)?;
        stream
            .write_all(b"GET /readyz HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n")?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer)?;
        Ok::<_, std::io::Error>(answer)
    };
    ask().is_ok_and(|answer| answer.starts_with("HTTP/1.1 200 "))
}

/// An address that was free a moment ago.
pub(crate) fn free_address() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    listener.local_addr().expect("an address")
}

/// So many starts are measured.
const STARTS: usize = 5;

/// No start takes so long.
const START: Duration = Duration::from_secs(30);
