//! The real binary: a server in a process of its own with a directory of its own, and the command line on its data.
//!
//! A process is killed when its value is dropped; what it wrote is printed when the test fails.

use std::ffi::OsString;
use std::io::{BufReader, Read, Write as _};
use std::net::{Ipv4Addr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU16, Ordering};
use std::sync::mpsc::{RecvTimeoutError, sync_channel};
use std::sync::{Arc, LazyLock, Mutex};
use std::thread;
use std::time::Duration;

use issuant::crypto::digest::RootKey;
use issuant::protocol::context::TokenKeys;
use issuant::storage::{DatabaseSettings, Storage};
use serde_json::Value;
use tempfile::TempDir;

use crate::support::databases::Database;
use crate::support::stub::Certificates;

/// A server that has not answered after this time never will.
const PATIENCE: Duration = Duration::from_mins(1);

/// A running server.
pub(crate) struct ServerProcess {
    child: Child,
    written: Arc<Mutex<String>>,
    /// What it said of itself when it was ready: the member `data` of its JSON.
    pub(crate) facts: Value,
}

impl ServerProcess {
    fn start(mut command: Command) -> Self {
        command.stdin(Stdio::null());
        command.stdout(Stdio::piped());
        command.stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let written = Arc::new(Mutex::new(String::new()));
        let (stdout, stderr) = (child.stdout.take().unwrap(), child.stderr.take().unwrap());
        collect(stderr, Arc::clone(&written));
        let (sender, receiver) = sync_channel(1);
        let said = Arc::clone(&written);
        thread::spawn(move || {
            let mut stdout = BufReader::new(stdout);
            let envelope = serde_json::Deserializer::from_reader(&mut stdout)
                .into_iter::<Value>()
                .next();
            if let Some(Ok(envelope)) = envelope {
                // The receiver is gone only when the test gave up.
                let _gave_up = sender.send(envelope);
            }
            collect(stdout, said);
        });
        let mut server = Self {
            child,
            written,
            facts: Value::Null,
        };
        server.facts = match receiver.recv_timeout(PATIENCE) {
            Ok(mut envelope) if envelope["ok"] == true => envelope["data"].take(),
            Ok(envelope) => panic!("the server did not start: {envelope:#}"),
            Err(RecvTimeoutError::Timeout) => panic!("the server is not ready after {PATIENCE:?}"),
            Err(RecvTimeoutError::Disconnected) => panic!("the server ended before it was ready"),
        };
        server
    }

    /// The issuer; the server's address as well, unless another node shares its database.
    pub(crate) fn issuer(&self) -> &str {
        self.facts["issuer"].as_str().unwrap()
    }

    /// An address below the issuer.
    pub(crate) fn at(&self, path: &str) -> String {
        format!("{}{path}", self.issuer())
    }

    /// What it wrote so far, past what it said when it was ready.
    pub(crate) fn written(&self) -> String {
        self.written.lock().unwrap().clone()
    }

    /// Ends it as a power cut would, and waits until it is gone.
    pub(crate) fn kill(&mut self) {
        // It may have ended by itself.
        let _gone = self.child.kill();
        self.child.wait().unwrap();
    }
}

impl Drop for ServerProcess {
    fn drop(&mut self) {
        self.kill();
        if thread::panicking() {
            eprintln!("--- the server wrote:\n{}", self.written.lock().unwrap());
        }
    }
}

fn collect(mut from: impl Read + Send + 'static, to: Arc<Mutex<String>>) {
    thread::spawn(move || {
        let mut buffer = [0; 4096];
        while let Ok(length @ 1..) = from.read(&mut buffer) {
            let text = String::from_utf8_lossy(&buffer[..length]);
            to.lock().unwrap().push_str(&text);
        }
    });
}

/// A server for trying things, `issuant dev`, with its data directory.
pub(crate) struct DevServer {
    process: ServerProcess,
    directory: TempDir,
}

impl DevServer {
    /// Starts one with the objects of a seed file.
    pub(crate) fn start(seed: &str) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let seed_file = directory.path().join("seed.toml");
        std::fs::write(&seed_file, seed).unwrap();
        let mut command = issuant(directory.path());
        command.args([
            "dev",
            "--json",
            "--listen",
            "127.0.0.1:0",
            "--data",
            "issuant-dev",
        ]);
        command.arg("--seed").arg(&seed_file);
        Self {
            process: ServerProcess::start(command),
            directory,
        }
    }

    /// The folder that is removed with the server.
    pub(crate) fn directory(&self) -> &Path {
        self.directory.path()
    }
}

impl std::ops::Deref for DevServer {
    type Target = ServerProcess;

    fn deref(&self) -> &ServerProcess {
        &self.process
    }
}

/// An installation for production: a migrated database, the key-encryption secret, and any number of nodes.
pub(crate) struct Installation {
    /// The binary that is run.
    pub(crate) program: PathBuf,
    /// What it finds in its environment besides what it needs.
    pub(crate) variables: Vec<(&'static str, OsString)>,
    directory: TempDir,
    _removed_when_dropped: Option<Database>,
    database_url: String,
    port: u16,
    scheme: &'static str,
}

impl Installation {
    /// With SQLite.
    pub(crate) fn on_sqlite() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let database_url = format!("sqlite:{}", directory.path().join("issuant.db").display());
        Self::new(directory, None, database_url)
    }

    /// With PostgreSQL, where there is a server.
    pub(crate) fn on_postgres() -> Option<Self> {
        let mut database = Database::empty_postgres()?;
        let url = database.settings().url.clone();
        Some(Self::new(tempfile::tempdir().unwrap(), Some(database), url))
    }

    fn new(directory: TempDir, database: Option<Database>, database_url: String) -> Self {
        let installation = Self {
            program: env!("CARGO_BIN_EXE_issuant").into(),
            variables: Vec::new(),
            directory,
            _removed_when_dropped: database,
            database_url,
            port: free_port(),
            scheme: "http",
        };
        installation.run(&["migrate"], "");
        installation
    }

    /// The same, with nodes that answer https.
    pub(crate) fn with_tls(mut self, certificates: &Certificates) -> Self {
        for (variable, name, content) in [
            (
                "ISSUANT_TLS_CERTIFICATE_FILE",
                "tls.crt",
                &certificates.certificate_pem,
            ),
            ("ISSUANT_TLS_KEY_FILE", "tls.key", &certificates.key_pem),
        ] {
            let path = self.directory().join(name);
            std::fs::write(&path, content).unwrap();
            self.variables.push((variable, path.into()));
        }
        self.scheme = "https";
        self
    }

    /// Where browsers and clients reach the first node.
    pub(crate) fn issuer(&self) -> String {
        format!("{}://127.0.0.1:{}", self.scheme, self.port)
    }

    /// The node at the issuer's address.
    pub(crate) fn serve(&self) -> ServerProcess {
        self.serve_on(self.port)
    }

    /// One more node, and its address.
    pub(crate) fn serve_beside(&self) -> (ServerProcess, String) {
        let port = free_port();
        (self.serve_on(port), format!("http://127.0.0.1:{port}"))
    }

    /// A node at a port of its own, which it has again when it is started again.
    pub(crate) fn serve_on(&self, port: u16) -> ServerProcess {
        let mut command = self.command();
        command.env("ISSUANT_LISTEN", format!("127.0.0.1:{port}"));
        command.args(["serve", "--json"]);
        ServerProcess::start(command)
    }

    /// Its data directory; on SQLite with the database `issuant.db`.
    pub(crate) fn directory(&self) -> &Path {
        self.directory.path()
    }

    /// Its database, as a node opens it.
    pub(crate) fn storage(&self) -> Storage {
        Storage::open(&DatabaseSettings::new(&self.database_url)).unwrap()
    }

    /// The keys under which its nodes digest tokens.
    pub(crate) fn token_keys(&self) -> TokenKeys {
        let secret = std::fs::read_to_string(self.directory().join("key-secret")).unwrap();
        TokenKeys::derive(&RootKey::from_text(secret.trim()).unwrap())
    }

    /// Runs a command that must succeed, and returns the member `data` of its JSON.
    pub(crate) fn run(&self, arguments: &[&str], input: &str) -> Value {
        let mut command = self.command();
        command.args(arguments).arg("--json");
        command.stdin(Stdio::piped()).stdout(Stdio::piped());
        command.stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        child
            .stdin
            .take()
            .unwrap()
            .write_all(input.as_bytes())
            .unwrap();
        let output = child.wait_with_output().unwrap();
        let stdout = String::from_utf8_lossy(&output.stdout);
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert!(
            output.status.success(),
            "issuant {arguments:?}: {stdout}{stderr}"
        );
        let mut envelope: Value = serde_json::from_str(&stdout).unwrap();
        envelope["data"].take()
    }

    /// Runs a command to its end, however that is, without `--json`.
    pub(crate) fn try_run(&self, arguments: &[&str], input: &str) -> std::process::Output {
        let mut command = self.command();
        command.args(arguments);
        command.stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.stderr(Stdio::piped()).spawn().unwrap();
        // A program that reads nothing closes the pipe.
        let _unread = child.stdin.take().unwrap().write_all(input.as_bytes());
        child.wait_with_output().unwrap()
    }

    /// A command in its environment.
    pub(crate) fn command(&self) -> Command {
        let mut command = bare(&self.program, self.directory.path());
        command.envs(self.variables.iter().map(|(name, value)| (name, value)));
        command.env("ISSUANT_ISSUER", self.issuer());
        command.env("ISSUANT_DATABASE_URL", &self.database_url);
        command.env("ISSUANT_DATA_DIR", self.directory.path());
        command
    }
}

fn issuant(directory: &Path) -> Command {
    bare(Path::new(env!("CARGO_BIN_EXE_issuant")), directory)
}

/// A program with nothing of the tests' environment.
fn bare(program: &Path, directory: &Path) -> Command {
    let mut command = Command::new(program);
    command.env_clear().current_dir(directory);
    command
}

/// A port for a server that must know its issuer beforehand and so cannot ask for port 0: no other test gets it, and
/// it lies below those that Linux gives to outgoing connections.
pub(crate) fn free_port() -> u16 {
    static NEXT: LazyLock<AtomicU16> =
        LazyLock::new(|| AtomicU16::new((std::process::id() % 20_000) as u16));
    loop {
        let port = 10_000 + NEXT.fetch_add(1, Ordering::Relaxed) % 20_000;
        if TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok() {
            return port;
        }
    }
}
