//! Settings: what was typed, and what is meant.
//!
//! Owns precedence (flag, then `ISSUANT_*` variable, then file, then default), the names of all settings
//! ([`keys::KEYS`]), their checks, and the sentences that say what is wrong. [`Config`] holds only values
//! that were checked; it knows nothing of what they are used for. [`environment`] alone looks at the
//! process; everything else is a pure function of [`Sources`].

use std::path::PathBuf;

mod accounts;
mod cluster_cockpit;
mod consul;
pub mod database;
pub mod environment;
pub mod fetch;
pub mod fleet;
mod forward_auth;
pub mod http;
pub mod issuer;
mod jwtis;
pub mod keys;
pub mod lifetimes;
pub mod log;
pub mod metrics;
pub mod pages;
mod personal_tokens;
pub mod problem;
mod raw;
mod reader;
mod registration;
mod roles;
mod sign_in;
pub mod signing;
#[cfg(test)]
mod tests;

pub use self::raw::{Flag, Sources};
pub use self::reader::{duration_text, read_duration};

use self::database::DatabaseConfig;
use self::fetch::FetchSettings;
use self::fleet::FleetSettings;
use self::http::HttpSettings;
use self::issuer::Issuer;
use self::log::LogSettings;
use self::metrics::MetricsSettings;
use self::pages::PageSettings;
use self::problem::Problem;
use self::raw::Raw;
use self::reader::Reader;
use self::signing::SigningSettings;
use crate::protocol::context::Policy;
use crate::protocol::roles::RoleVocabulary;

/// What the settings are for; some defaults and demands differ.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// `issuant dev`.
    Development,
    /// `issuant serve`, which never guesses its issuer.
    Production,
    /// A command beside the server, which needs the data and little else.
    Local,
}

/// All settings, checked.
#[derive(Clone, Debug)]
pub struct Config {
    /// What they are for.
    pub mode: Mode,
    /// Who this server is.
    pub issuer: Issuer,
    /// Folder of the SQLite database and the key-encryption secret.
    pub data_dir: PathBuf,
    /// File with the key-encryption secret.
    pub key_secret_file: PathBuf,
    /// Whether somebody named that file; then it is never made.
    pub key_secret_is_configured: bool,
    /// The database.
    pub database: DatabaseConfig,
    /// Listener, threads, proxies.
    pub http: HttpSettings,
    /// Who may read metrics.
    pub metrics: MetricsSettings,
    /// Whom the server asks.
    pub fetch: FetchSettings,
    /// How much agents may ask.
    pub fleet: FleetSettings,
    /// Lifetimes in seconds.
    pub policy: Policy,
    /// Which roles there are.
    pub roles: RoleVocabulary,
    /// Signing keys.
    pub signing: SigningSettings,
    /// Logs.
    pub log: LogSettings,
    /// Name and help on the pages.
    pub pages: PageSettings,
    /// What is allowed, but to be thought about.
    pub warnings: Vec<Problem>,
    issuer_is_configured: bool,
}

impl Config {
    /// Checks everything, and answers either all settings or all problems.
    pub fn check(sources: &Sources, mode: Mode) -> Result<Self, Vec<Problem>> {
        let mut reader = Reader::new(Raw::collect(sources));
        let http = HttpSettings::read(&mut reader);
        let issuer = reader_issuer(&mut reader, &http, mode);
        let data_dir = reader.text("data_dir", parse_path);
        let data_dir = data_dir.unwrap_or_else(|| PathBuf::from(default_data_dir(mode)));
        let key_secret_file = reader.text("key_secret_file", parse_path);
        let database = DatabaseConfig::read(&mut reader, &data_dir);
        let metrics = MetricsSettings::read(&mut reader);
        let fetch = FetchSettings::read(&mut reader);
        let fleet = FleetSettings::read(&mut reader);
        let signing = SigningSettings::read(&mut reader);
        let policy = Policy {
            registration: registration::read(&mut reader),
            accounts: accounts::read(&mut reader),
            agents: fleet::policy(&mut reader, mode),
            consul: consul::read(&mut reader, mode),
            personal_tokens: personal_tokens::read(&mut reader),
            forward_auth: forward_auth::read(&mut reader),
            cluster_cockpit: cluster_cockpit::read(&mut reader, mode == Mode::Development),
            key_sets: jwtis::read(&mut reader, mode),
            acr_values: sign_in::acr_values(&mut reader),
            front_channel_tokens: reader
                .text("front_channel_tokens", accounts::parse_switch)
                .unwrap_or_default(),
            ..lifetimes::read(&mut reader, signing.access_token_algorithm)
        };
        let roles = roles::read(&mut reader);
        let log = LogSettings::read(&mut reader);
        let pages = PageSettings::read(&mut reader);
        let issuer_is_configured = reader.origin("issuer").is_some();
        let (Some(issuer), false) = (issuer, reader.has_problems()) else {
            return Err(reader.problems());
        };
        if mode == Mode::Production {
            warn_about_exposure(&mut reader, &http, &issuer);
        }
        Ok(Self {
            mode,
            issuer,
            key_secret_is_configured: key_secret_file.is_some(),
            key_secret_file: key_secret_file.unwrap_or_else(|| data_dir.join("key-secret")),
            data_dir,
            database,
            http,
            metrics,
            fetch,
            fleet,
            policy,
            roles,
            signing,
            log,
            pages,
            warnings: reader.warnings,
            issuer_is_configured,
        })
    }

    /// Takes another issuer than the usual one, where none was configured.
    pub fn default_issuer(&mut self, text: &str) {
        if !self.issuer_is_configured
            && let Ok(issuer) = Issuer::parse(text)
        {
            self.issuer = issuer;
        }
    }

    /// Takes note of the port that the system chose, where 0 was configured.
    pub fn listening_on(&mut self, port: u16) {
        self.http.listen.set_port(port);
        if !self.issuer_is_configured
            && let Some(issuer) = Issuer::local(port)
        {
            self.issuer = issuer;
        }
    }
}

/// `None` only when a problem was noted.
fn reader_issuer(reader: &mut Reader, http: &HttpSettings, mode: Mode) -> Option<Issuer> {
    let mut reason = None;
    let given = reader.text("issuer", |text| {
        Ok(Issuer::parse(text).map_err(|why| reason = Some(why)).ok())
    });
    if let Some(reason) = reason {
        reader.note(problem::ISSUER, "issuer", format!("`issuer` {reason}"));
    }
    match given {
        Some(issuer) => issuer,
        None if mode == Mode::Production && reader.origin("issuer").is_none() => {
            let message = "`issuer` is missing: set ISSUANT_ISSUER, or issuer = \"https://…\" in issuant.toml, to the address that browsers open";
            reader.note(problem::NO_ISSUER, "issuer", message);
            None
        }
        None => Issuer::local(http.listen.port()),
    }
}

fn warn_about_exposure(reader: &mut Reader, http: &HttpSettings, issuer: &Issuer) {
    if !http.is_loopback() && http.trusted_proxies.is_empty() {
        let message = format!(
            "`listen` is {} without TLS, and no proxy is trusted: keep the port closed to the outside",
            http.listen.ip()
        );
        reader.warn(problem::OPEN_LISTENER, "listen", message);
    } else if issuer.is_https() && http.trusted_proxies.is_empty() {
        let message = "`trusted_proxies` is empty: all visitors will seem to come from the proxy that provides https";
        reader.warn(problem::NO_PROXY, "issuer", message);
    }
}

fn default_data_dir(mode: Mode) -> &'static str {
    match mode {
        Mode::Development => "./issuant-dev",
        Mode::Production | Mode::Local => "./issuant-data",
    }
}

fn parse_path(text: &str) -> Result<PathBuf, String> {
    if text.is_empty() || text.contains('\0') {
        Err("must be a path".to_owned())
    } else {
        Ok(PathBuf::from(text))
    }
}
