//! Clients, keys and prepared documents as they are right now: immutable, swapped as a whole when
//! something changes, so that no request reads the database for them.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use actix_web::web::Bytes;

use crate::crypto::digest::sha256_base64url;
use crate::crypto::key_set::KeySet;
use crate::http::urls;
use crate::protocol::client::Client;
use crate::protocol::context::ClientDirectory;
use crate::protocol::metadata::{self, MetadataError};
use crate::protocol::tokens::id_token::IdTokenKeys;

/// A document that is the same for everybody until something changes.
pub struct Prepared {
    /// The body.
    pub body: Bytes,
    /// Its validator, quoted (RFC 9110 §8.8.3).
    pub etag: String,
}

impl Prepared {
    pub(crate) fn new(body: String) -> Self {
        let mut digest = sha256_base64url(body.as_bytes());
        digest.truncate(22);
        Self {
            etag: format!("\"{digest}\""),
            body: Bytes::from(body),
        }
    }
}

/// Clients, keys and prepared documents.
pub struct Snapshot {
    clients: HashMap<String, Arc<Client>>,
    origins: HashSet<String>,
    /// Signs and verifies.
    pub keys: KeySet,
    /// Signs ID tokens.
    pub id_token_keys: IdTokenKeys,
    /// The provider metadata.
    pub discovery: Prepared,
    /// The published keys.
    pub jwks: Prepared,
}

impl Snapshot {
    /// Puts a snapshot together.
    pub fn new(
        issuer: &str,
        clients: impl IntoIterator<Item = Client>,
        keys: KeySet,
    ) -> Result<Self, MetadataError> {
        let clients: HashMap<String, Arc<Client>> = clients
            .into_iter()
            .map(|client| (client.id.as_str().to_owned(), Arc::new(client)))
            .collect();
        let endpoints = urls::endpoints(issuer);
        let scopes = metadata::scopes();
        let discovery = metadata::document(issuer, &endpoints, &keys.algorithms(), &scopes)?;
        Ok(Self {
            origins: clients
                .values()
                .flat_map(|client| origins(client))
                .collect(),
            clients,
            id_token_keys: IdTokenKeys::new(&keys)?,
            discovery: Prepared::new(discovery),
            jwks: Prepared::new(keys.jwks_json()),
            keys,
        })
    }

    /// Takes over what was found out with the snapshot before and holds still.
    #[must_use]
    pub fn following(mut self, before: &Self) -> Self {
        self.keys = self.keys.following(&before.keys);
        self
    }

    /// Whether a script of that origin may read answers: it belongs to a registered redirect URI.
    pub fn is_client_origin(&self, origin: &str) -> bool {
        self.origins.contains(origin)
    }
}

impl ClientDirectory for Snapshot {
    fn client(&self, client_id: &str) -> Option<Arc<Client>> {
        self.clients.get(client_id).cloned()
    }
}

fn origins(client: &Client) -> impl Iterator<Item = String> {
    let uris = if client.is_public() && !client.disabled {
        &client.redirect_uris[..]
    } else {
        &[]
    };
    uris.iter()
        .filter_map(|uri| url::Url::parse(uri.as_str()).ok())
        .map(|url| url.origin())
        .filter(url::Origin::is_tuple)
        .map(|origin| origin.ascii_serialization())
}
