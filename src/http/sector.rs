//! What stands at the `sector_identifier_uri` of a client that is registered or changed (OpenID Connect Registration §5).
//!
//! It is read each time and never kept: who changes the redirect URIs has to list the new ones there first.

use crate::fetch::{Errand, FetchError, Fetcher};
use crate::protocol::client::Client;
use crate::protocol::error::Refusal;
use crate::protocol::subject_identifier::check_sector;

/// Why the sector of a client is not proven.
#[derive(Debug, thiserror::Error)]
pub enum SectorUnproven {
    /// There is nothing to read.
    #[error("the sector_identifier_uri cannot be read: {0}")]
    Unreadable(#[from] FetchError),
    /// Something else stands there.
    #[error("the sector_identifier_uri does not list the redirect URIs")]
    Unlisted(Refusal),
}

/// Reads what stands at the client's `sector_identifier_uri`, if it has one, and checks it.
pub async fn check(fetcher: &Fetcher, client: &Client) -> Result<(), SectorUnproven> {
    let Some(address) = &client.metadata.sector_identifier_uri else {
        return Ok(());
    };
    let document = fetcher.get(Errand::Document, address, LARGEST).await?;
    check_sector(&document, client).map_err(SectorUnproven::Unlisted)
}

/// Bytes of a document: more than 50 of the longest redirect URIs.
const LARGEST: usize = 128 * 1024;
