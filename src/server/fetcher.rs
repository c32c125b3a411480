//! Requests to other servers, as the settings allow them.

use std::path::PathBuf;
use std::{fs, io};

use crate::config::Config;
use crate::crypto::jwk_set::JwkSet;
use crate::fetch::{Authorities, Fetcher, NoAuthorities, Reach};
use crate::http::client_keys::Unreadable;
use crate::http::issuer_keys;
use crate::http::sector::{self, SectorUnproven};
use crate::protocol::client::Client;
use crate::protocol::trust::issuer::{KeySource, TrustedIssuer};

/// Why `fetch.ca_file` cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum AuthoritiesError {
    /// It cannot be read.
    #[error("the file {0} of fetch.ca_file cannot be read: {1}")]
    Unreadable(PathBuf, io::Error),
    /// It holds something else.
    #[error("the file {0} of fetch.ca_file cannot be used: {1}")]
    Unusable(PathBuf, NoAuthorities),
}

/// Why a command does not take the sector of a client.
#[derive(Debug, thiserror::Error)]
pub enum SectorError {
    /// See there.
    #[error(transparent)]
    Authorities(#[from] AuthoritiesError),
    /// See there.
    #[error(transparent)]
    Unproven(#[from] SectorUnproven),
    /// There is nothing that requests could run on.
    #[error("no requests can be made: {0}")]
    Runtime(#[from] io::Error),
}

/// Checks the sector of a client for a command, which waits for it; nothing is read without a `sector_identifier_uri`.
pub fn check_sector(config: &Config, client: &Client) -> Result<(), SectorError> {
    if client.metadata.sector_identifier_uri.is_none() {
        return Ok(());
    }
    let fetcher = fetcher(config)?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    Ok(runtime.block_on(sector::check(&fetcher, client))?)
}

/// Why a command does not take the keys of a trusted issuer.
#[derive(Debug, thiserror::Error)]
pub enum IssuerError {
    /// See there.
    #[error(transparent)]
    Authorities(#[from] AuthoritiesError),
    /// See there.
    #[error(transparent)]
    Keys(#[from] Unreadable),
    /// There is nothing that requests could run on.
    #[error("no requests can be made: {0}")]
    Runtime(#[from] io::Error),
}

/// Reads the keys that an issuer publishes, for a command, which waits for it; `None` where they are at hand.
pub fn issuer_keys(config: &Config, issuer: &TrustedIssuer) -> Result<Option<JwkSet>, IssuerError> {
    match &issuer.keys {
        KeySource::Pem(_) | KeySource::Jwks(_) | KeySource::Secret => Ok(None),
        KeySource::JwksUrl(_) | KeySource::DiscoveryUrl(_) => {
            let fetcher = fetcher(config)?;
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()?;
            Ok(Some(
                runtime.block_on(issuer_keys::fetch(&fetcher, &issuer.keys))?,
            ))
        }
    }
}

/// Reads the file with further authorities, if there is one.
pub fn authorities(config: &Config) -> Result<Authorities, AuthoritiesError> {
    let Some(path) = &config.fetch.ca_file else {
        return Ok(Authorities::default());
    };
    let pem = fs::read(path).map_err(|error| AuthoritiesError::Unreadable(path.clone(), error))?;
    Authorities::parse(&pem).map_err(|error| AuthoritiesError::Unusable(path.clone(), error))
}

pub(super) fn fetcher(config: &Config) -> Result<Fetcher, AuthoritiesError> {
    let reach = Reach {
        allowed: config.fetch.allow_private.clone(),
        // Such a server is reached from its own machine alone.
        loopback: config.issuer.is_loopback() && !config.issuer.is_https(),
    };
    Ok(Fetcher::new(reach, authorities(config)?))
}
