//! What commands beside the server need: settings, the open data, the time.

use std::sync::Arc;

use crate::cli::Session;
use crate::cli::failure::{self, Failure, Kind};
use crate::config::environment::{self, FileChoice};
use crate::config::{Config, Flag, Mode};
use crate::crypto::random::SystemRandom;
use crate::protocol::client::Client;
use crate::protocol::context::{ClientDirectory, Context, PublishedKeys, Timestamp, TokenKeys};
use crate::protocol::error::Fault;
use crate::server::data::{self, Data, DataError};
use crate::server::key_secret::KeySecretError;
use crate::server::{clock, notes};
use crate::storage::{OpenError, Transaction};

/// The data of a deployment, open for one command.
pub(crate) struct Local {
    pub(crate) config: Config,
    pub(crate) data: Data,
    pub(crate) keys: TokenKeys,
    pub(crate) now: Timestamp,
}

impl Session {
    /// The settings, from all sources.
    pub(crate) fn config(&self, mode: Mode, flags: Vec<Flag>) -> Result<Config, Failure> {
        let mut flags = flags;
        if let Some(folder) = &self.common.data {
            flags.push(Flag {
                key: "data_dir",
                flag: "--data",
                value: folder.display().to_string(),
            });
        }
        let file = match (&self.common.config, mode) {
            (Some(path), _) => FileChoice::Named(path.clone()),
            (None, Mode::Development) => FileChoice::OnlyNamed,
            (None, Mode::Production | Mode::Local) => FileChoice::Usual,
        };
        Config::check(&environment::read(file, flags), mode)
            .map_err(|problems| Failure::configuration(&problems))
    }

    /// The data that the settings name.
    pub(crate) fn open(&self) -> Result<Local, Failure> {
        let config = self.config(Mode::Local, Vec::new())?;
        let data = data::open(&config)?;
        let mut local = Local {
            keys: TokenKeys::derive(&data.root),
            config,
            data,
            now: clock::now(),
        };
        if let Some(issuer) = local.read(|transaction| Ok(notes::issuer(transaction)?))? {
            local.config.default_issuer(&issuer);
        }
        Ok(local)
    }
}

impl Local {
    /// How long a token is good that this deployment may have signed: as configured here or where the server runs,
    /// whichever is more, and those that people have for scripts.
    pub(crate) fn longest_token_lifetime(&self) -> Result<i64, Failure> {
        let (noted, last) = self.read(|transaction| {
            let noted = notes::longest_token_lifetime(transaction)?;
            Ok((noted, transaction.last_personal_token_expiry()?))
        })?;
        let own = notes::longest(&self.config.policy);
        let personal = last.map(|last| last - self.now);
        Ok([noted, personal].into_iter().flatten().fold(own, i64::max))
    }

    /// Looks something up.
    pub(crate) fn read<T: Send + 'static>(
        &self,
        rule: impl FnOnce(&mut Transaction) -> Result<T, Fault<Failure>> + Send + 'static,
    ) -> Result<T, Failure> {
        Ok(self.data.storage.read_blocking(rule)?)
    }

    /// Changes something: all of it, or nothing.
    pub(crate) fn write<T: Send + 'static>(
        &self,
        rule: impl FnOnce(&mut Transaction) -> Result<T, Fault<Failure>> + Send + 'static,
    ) -> Result<T, Failure> {
        Ok(self.data.storage.write_blocking(rule)?)
    }
}

/// Runs something that asks for a rule's context. Of clients it knows none, because no command asks it.
pub(crate) fn with_context<T>(
    config: &Config,
    keys: &TokenKeys,
    now: Timestamp,
    work: impl FnOnce(&Context<'_>) -> T,
) -> T {
    work(&Context {
        now,
        random: &SystemRandom,
        issuer: config.issuer.as_str(),
        policy: &config.policy,
        clients: &NoClients,
        keys,
    })
}

struct NoClients;

impl ClientDirectory for NoClients {
    fn client(&self, _client_id: &str) -> Option<Arc<Client>> {
        None
    }

    fn published_keys(&self, _: &str) -> PublishedKeys {
        PublishedKeys::default()
    }
}

/// Lets a rule refuse with a failure of the command line.
impl From<Failure> for Fault<Failure> {
    fn from(failure: Failure) -> Self {
        Self::Refused(failure)
    }
}

impl From<DataError> for Failure {
    fn from(error: DataError) -> Self {
        let kind = match &error {
            DataError::NoDatabase(_) => &failure::NO_DATABASE,
            DataError::Folder { cause, .. } => of_file(cause),
            DataError::Open(error) => kind_of(error),
            DataError::KeySecret(error) => match error {
                KeySecretError::Missing(_) | KeySecretError::Content { .. } => {
                    &failure::NO_KEY_SECRET
                }
                KeySecretError::File { cause, .. } => of_file(cause),
                KeySecretError::Open { .. } => &failure::KEY_SECRET_OPEN,
            },
            DataError::WrongKeySecret(_) | DataError::PreparedElsewhere(_) => {
                &failure::KEY_SECRET_WRONG
            }
            DataError::NotPrepared => &failure::NOT_PREPARED,
            DataError::IsDevelopment => &failure::DEVELOPMENT_DATA,
            DataError::IsProduction => &failure::PRODUCTION_DATA,
            DataError::Store(_) => &failure::DATABASE_AWAY,
        };
        Self::new(kind, error.to_string())
    }
}

fn kind_of(error: &OpenError) -> &'static Kind {
    match error {
        OpenError::Scheme | OpenError::NoFile => &failure::VALUE,
        OpenError::File { cause, .. } => of_file(cause),
        OpenError::Connect { .. } => &failure::DATABASE_AWAY,
        OpenError::Outdated(_) => &failure::OUTDATED,
        OpenError::Newer(_) => &failure::NEWER,
        OpenError::Migration(text) if text.contains("locked") => &failure::LOCKED,
        OpenError::Migration(_) | OpenError::Threads(_) => &failure::UNEXPECTED,
    }
}

fn of_file(cause: &std::io::Error) -> &'static Kind {
    if cause.kind() == std::io::ErrorKind::PermissionDenied {
        &failure::NOT_PERMITTED
    } else {
        &failure::DATA_FILE
    }
}
