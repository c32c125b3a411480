//! Requests to other servers, as the settings allow them.

use std::path::PathBuf;
use std::{fs, io};

use crate::config::Config;
use crate::fetch::{Authorities, Fetcher, NoAuthorities, Reach};

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
