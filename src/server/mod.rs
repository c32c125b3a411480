//! Putting the parts together and running them.
//!
//! | File | Owns |
//! |---|---|
//! | [`clock`] | the time |
//! | [`key_secret`] | the file with the key-encryption secret |
//! | [`data`] | database and secret, opened together |
//! | [`keys`] | signing keys, made and opened |
//! | [`fetcher`] | requests to other servers, as the settings allow them |
//! | [`notes`] | what commands beside the server must know of its settings |
//! | [`watch`] | the snapshot of clients and keys, kept true |
//! | [`token_builder`] | tokens with a shared secret, for programs that embed this crate |
//! | [`tls`] | HTTPS with certificate and key from files |
//! | [`secret_uses`] | when client secrets were last used, written down |
//! | [`logout_notices`] | logout tokens, delivered |
//! | [`log`] | where log lines go |

use std::net::TcpListener;
use std::sync::Arc;
use std::time::Duration;

use actix_web::HttpServer;
use actix_web::web::Data as Shared;
use arc_swap::ArcSwap;

use crate::config::{Config, Mode};
use crate::crypto::password::PasswordError;
use crate::crypto::random::{RandomSource, SystemRandom};
use crate::http;
use crate::http::client_keys::ClientKeys;
use crate::http::headers::RequestIds;
use crate::http::metrics::Metrics;
use crate::http::pages::dev_app::DemoApp;
use crate::http::passwords::PasswordQueue;
use crate::http::personal_token_uses::PersonalTokenUses;
use crate::http::request_objects::RequestObjects;
use crate::http::secret_uses::SecretUses;
use crate::http::seeds::fleet::limits::FleetLimits;
use crate::http::snapshot::Snapshot;
use crate::http::starts::Starts;
use crate::http::state::{AppState, Clock, Site};
use crate::jobs;
use crate::protocol::context::{Timestamp, TokenKeys};
use crate::protocol::error::{Fault, StoreError};
use crate::server::data::Data;
use crate::server::fetcher::AuthoritiesError;
use crate::server::keys::SigningKeyError;
use crate::server::watch::{SnapshotError, Source};
use crate::storage::Storage;
use crate::storage::keys::StoredKey;

pub mod clock;
pub mod data;
pub mod fetcher;
pub mod key_secret;
pub mod keys;
pub mod log;
pub mod logout_notices;
pub mod notes;
pub mod secret_uses;
pub mod tls;
pub mod token_builder;
pub mod watch;

/// Why the server stopped, or did not start.
#[derive(Debug, thiserror::Error)]
pub enum ServerError {
    /// The listener failed.
    #[error("the listener failed: {0}")]
    Listener(#[from] std::io::Error),
    /// The signing keys.
    #[error(transparent)]
    SigningKey(#[from] SigningKeyError),
    /// The password hash.
    #[error("passwords cannot be hashed: {0}")]
    Password(#[from] PasswordError),
    /// The certificates that are trusted.
    #[error(transparent)]
    Authorities(#[from] AuthoritiesError),
    /// The settings cannot be noted.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The certificate.
    #[error(transparent)]
    Tls(#[from] tls::TlsError),
    /// Clients and keys cannot be read.
    #[error(transparent)]
    Snapshot(#[from] SnapshotError),
}

impl ServerError {
    /// The failure of the database behind it, if that is what it is.
    pub fn store_error(&self) -> Option<&StoreError> {
        match self {
            Self::Store(error)
            | Self::SigningKey(SigningKeyError::Store(error))
            | Self::Snapshot(
                SnapshotError::Store(error) | SnapshotError::Key(SigningKeyError::Store(error)),
            ) => Some(error),
            Self::Listener(_)
            | Self::SigningKey(_)
            | Self::Password(_)
            | Self::Authorities(_)
            | Self::Tls(_)
            | Self::Snapshot(_) => None,
        }
    }
}

/// What a server that has started can tell.
#[derive(Debug)]
pub struct ReadyFacts {
    /// The keys that sign.
    pub keys: Vec<ReadyKey>,
}

/// A key that signs.
#[derive(Debug)]
pub struct ReadyKey {
    /// Its algorithm, as `ES256`.
    pub algorithm: &'static str,
    /// Its id.
    pub kid: String,
    /// Whether this start made it.
    pub is_new: bool,
}

/// Expired rows are removed this often.
const UPKEEP: Duration = Duration::from_mins(1);

/// In-flight requests may take so many seconds once the server is told to stop.
const DRAIN: u64 = 20;

/// Runs the server until it is told to stop (`SIGTERM` or `SIGINT`).
pub fn run(
    config: Config,
    data: Data,
    listener: TcpListener,
    on_ready: impl FnOnce(&ReadyFacts),
) -> Result<(), ServerError> {
    let now = clock::now();
    let storage = data.storage.clone();
    let made = keys::ensure(
        &storage,
        &data.root,
        &config.signing.algorithms,
        &SystemRandom,
        now,
    )?;
    notes::write(&storage, &config)?;
    let workers = config.http.workers;
    let tls = match config.http.tls.clone() {
        None => None,
        Some(files) => Some(tls::load(&files)?),
    };
    let metrics_listener = config.metrics.listen.map(TcpListener::bind).transpose()?;
    let source = Source::new(
        config.issuer.as_str(),
        config.policy.clone(),
        Arc::new(data.root),
    );
    let (snapshot, seen) = source.load_blocking(&storage, now)?;
    let facts = ready_facts(&snapshot, &made);
    let state = Shared::new(app_state(config, source.root(), storage.clone(), snapshot)?);
    let outcome = actix_web::rt::System::new().block_on(async move {
        let shared = state.clone();
        let server = HttpServer::new(move || http::app(shared.clone()))
            .workers(workers)
            .shutdown_timeout(DRAIN);
        let server = match tls {
            None => server.listen(listener)?.run(),
            Some((tls, loaded)) => {
                actix_web::rt::spawn(tls::keep_true(loaded));
                server.listen_rustls_0_23(listener, tls)?.run()
            }
        };
        if let Some(listener) = metrics_listener {
            serve_metrics(state.clone(), listener)?;
        }
        actix_web::rt::spawn(watch::watch(state.clone(), source, seen));
        actix_web::rt::spawn(secret_uses::keep_flushing(state.clone()));
        actix_web::rt::spawn(logout_notices::keep_delivering(state.clone()));
        actix_web::rt::spawn(keep_up(state.clone()));
        // Its first turn sets up the signals; whoever hears that it is ready may send one.
        let server = actix_web::rt::spawn(server);
        tokio::task::yield_now().await;
        on_ready(&facts);
        let outcome = server
            .await
            .unwrap_or_else(|stopped| Err(std::io::Error::other(stopped)));
        if let Err(fault) = secret_uses::flush(&state).await {
            tracing::warn!(%fault, "the last uses of secrets and tokens were not written down");
        }
        outcome
    });
    storage.close();
    Ok(outcome?)
}

/// Answers who reads metrics, and nobody else.
fn serve_metrics(state: Shared<AppState>, listener: TcpListener) -> std::io::Result<()> {
    let server = HttpServer::new(move || http::metrics_app(state.clone()))
        .workers(1)
        .disable_signals()
        .listen(listener)?
        .run();
    actix_web::rt::spawn(server);
    Ok(())
}

fn ready_facts(snapshot: &Snapshot, made: &[StoredKey]) -> ReadyFacts {
    let keys = snapshot
        .keys
        .algorithms()
        .into_iter()
        .filter_map(|algorithm| {
            let key = snapshot.keys.active(algorithm)?;
            Some(ReadyKey {
                algorithm: algorithm.as_str(),
                kid: key.kid().to_owned(),
                is_new: made.iter().any(|new| new.kid == key.kid()),
            })
        });
    ReadyFacts {
        keys: keys.collect(),
    }
}

fn app_state(
    config: Config,
    root: &crate::crypto::digest::RootKey,
    storage: Storage,
    snapshot: Snapshot,
) -> Result<AppState, ServerError> {
    let random: Arc<dyn RandomSource> = Arc::new(SystemRandom);
    let hasher = data::password_hasher(root, &*random)?;
    let fetcher = Arc::new(fetcher::fetcher(&config)?);
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let development = config.mode == Mode::Development;
    let site = Site {
        issuer: config.issuer.as_str().to_owned(),
        origin: config.issuer.as_str().to_owned(),
        authority: config.issuer.authority().to_owned(),
        is_https: config.issuer.is_https(),
        name: config.pages.server_name,
        help_url: config.pages.help_url,
        development,
        trusted_proxies: config.http.trusted_proxies,
        jwks_max_age: JWKS_MAX_AGE,
    };
    Ok(AppState {
        request_ids: RequestIds::default(),
        metrics: Metrics::new(&storage),
        metrics_token: config.metrics.token,
        starts: Starts::default(),
        registrations: Starts::at_most(config.policy.registration.per_minute),
        fleet_limits: FleetLimits::new(config.fleet.rate_limit, config.fleet.max_concurrent),
        snapshot_change: tokio::sync::Mutex::default(),
        secret_uses: SecretUses::default(),
        personal_token_uses: PersonalTokenUses::default(),
        demo_app: development.then(|| DemoApp::new(&site.issuer)),
        site,
        policy: config.policy,
        token_keys: TokenKeys::derive(root),
        storage,
        snapshot: ArcSwap::from_pointee(snapshot),
        random,
        clock: Arc::new(SystemClock),
        fetcher,
        client_keys: ClientKeys::default(),
        issuer_keys: ClientKeys::default(),
        assertions: Starts::at_most(1200),
        request_objects: RequestObjects::default(),
        passwords: PasswordQueue::new(hasher, cores),
    })
}

/// How long a verifier may keep the key set, in seconds; a new key is announced for longer.
const JWKS_MAX_AGE: i64 = 3600;

struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        clock::now()
    }
}

/// Removes expired rows, for as long as the server runs.
async fn keep_up(state: Shared<AppState>) {
    let mut ticks = tokio::time::interval(UPKEEP);
    loop {
        ticks.tick().await;
        match jobs::expire::remove_expired(&state.storage, state.clock.now()).await {
            Ok(0) => {}
            Ok(rows) => tracing::debug!(rows, "expired rows removed"),
            Err(fault) => tracing::warn!(%fault, "expired rows could not be removed"),
        }
        let now = state.clock.now();
        let count = state
            .storage
            .read_long(move |it| Ok::<_, Fault<()>>(it.count_living_families(now)?));
        match count.await {
            Ok(live) => state.metrics.families(live),
            Err(fault) => tracing::warn!(%fault, "living sign-ins of clients could not be counted"),
        }
    }
}
