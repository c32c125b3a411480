//! What every worker shares.

use std::sync::Arc;

use arc_swap::ArcSwap;
use ipnet::IpNet;

use crate::crypto::random::RandomSource;
use crate::crypto::secret::Secret;
use crate::fetch::Fetcher;
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
use crate::protocol::context::{Policy, Timestamp, TokenKeys};
use crate::storage::Storage;

/// Tells the time; the tests have one that they set.
pub trait Clock: Send + Sync {
    /// Seconds since 1970-01-01 UTC.
    fn now(&self) -> Timestamp;
}

/// Who this server is, to clients and people.
#[derive(Clone, Debug)]
pub struct Site {
    /// The issuer identifier, without a trailing slash.
    pub issuer: String,
    /// Scheme, host and port of the issuer.
    pub origin: String,
    /// Host and port of the issuer, as a `Host` header has it.
    pub authority: String,
    /// Whether browsers reach it by https.
    pub is_https: bool,
    /// The name people read on the pages.
    pub name: String,
    /// Where people find help.
    pub help_url: Option<String>,
    /// `issuant dev`.
    pub development: bool,
    /// Whose `X-Forwarded-For` is believed.
    pub trusted_proxies: Vec<IpNet>,
    /// How long a JWKS may be cached, in seconds.
    pub jwks_max_age: i64,
}

/// What every worker shares.
pub struct AppState {
    /// Who this server is.
    pub site: Site,
    /// Lifetimes and permissions.
    pub policy: Policy,
    /// Digest keys.
    pub token_keys: TokenKeys,
    /// The database.
    pub storage: Storage,
    /// Clients and keys as they are now.
    pub snapshot: ArcSwap<Snapshot>,
    /// Where secrets come from.
    pub random: Arc<dyn RandomSource>,
    /// What time it is.
    pub clock: Arc<dyn Clock>,
    /// Names requests.
    pub request_ids: RequestIds,
    /// What happened, counted.
    pub metrics: Metrics,
    /// What readers of metrics have to send.
    pub metrics_token: Option<Secret>,
    /// Requests to other servers.
    pub fetcher: Arc<Fetcher>,
    /// What clients publish at their `jwks_uri`.
    pub client_keys: ClientKeys,
    /// What trusted issuers publish.
    pub issuer_keys: ClientKeys,
    /// Assertions that were brought from networks just now.
    pub assertions: Starts,
    /// What clients publish at their `request_uris`.
    pub request_objects: RequestObjects,
    /// Password hashes are made and compared here.
    pub passwords: PasswordQueue,
    /// Which client secrets were used just now.
    pub secret_uses: SecretUses,
    /// Which personal access tokens were seen just now.
    pub personal_token_uses: PersonalTokenUses,
    /// Sign-ins that were started and not finished.
    pub starts: Starts,
    /// Clients that were registered from networks just now.
    pub registrations: Starts,
    /// How much agents may ask.
    pub fleet_limits: FleetLimits,
    /// Held by whoever changes or reads again what the snapshot is made of, so that the later one knows of both.
    pub snapshot_change: tokio::sync::Mutex<()>,
    /// The relying party at `/dev/app`, in development.
    pub demo_app: Option<DemoApp>,
}
