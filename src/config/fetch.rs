//! Requests that the server itself makes to others.

use std::path::PathBuf;

use ipnet::IpNet;

use crate::config::http::parse_network;
use crate::config::parse_path;
use crate::config::reader::Reader;

/// Whom the server may ask.
#[derive(Clone, Debug, Default)]
pub struct FetchSettings {
    /// Certificates that are trusted beside those of the system.
    pub ca_file: Option<PathBuf>,
    /// What is not public and may be asked all the same.
    pub allow_private: Vec<IpNet>,
}

impl FetchSettings {
    pub(super) fn read(reader: &mut Reader) -> Self {
        Self {
            ca_file: reader.text("fetch.ca_file", parse_path),
            allow_private: reader
                .list("fetch.allow_private", parse_network)
                .unwrap_or_default(),
        }
    }
}
