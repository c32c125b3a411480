//! Clients, keys and prepared documents as they are right now: immutable, swapped as a whole when
//! something changes, so that no request reads the database for them.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use actix_web::web::Bytes;

use crate::crypto::digest::sha256_base64url;
use crate::crypto::jwk::PublicJwk;
use crate::crypto::key_set::KeySet;
use crate::crypto::verifying_key::UnsuitableKey;
use crate::http::urls;
use crate::protocol::client::{Client, ClientId};
use crate::protocol::context::Policy;
use crate::protocol::metadata::{self, MetadataError};
use crate::protocol::tokens::id_token::IdTokenKeys;
use crate::protocol::trust::directory::Trust;

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
#[derive(Clone)]
pub struct Snapshot {
    clients: HashMap<String, Arc<Client>>,
    origins: HashSet<String>,
    /// Signs and verifies.
    pub keys: Arc<KeySet>,
    /// Signs ID tokens.
    pub id_token_keys: Arc<IdTokenKeys>,
    /// The provider metadata.
    pub discovery: Arc<Prepared>,
    /// The published keys.
    pub jwks: Arc<Prepared>,
    /// Whose tokens are believed besides.
    pub trust: Arc<Trust>,
}

impl Snapshot {
    /// Puts a snapshot together.
    pub fn new(
        issuer: &str,
        policy: &Policy,
        clients: impl IntoIterator<Item = Client>,
        keys: KeySet,
    ) -> Result<Self, MetadataError> {
        let clients: HashMap<String, Arc<Client>> = clients
            .into_iter()
            .map(|client| (client.id.as_str().to_owned(), Arc::new(client)))
            .collect();
        let endpoints = urls::endpoints(issuer);
        let scopes = metadata::scopes();
        let discovery =
            metadata::document(issuer, policy, &endpoints, &keys.algorithms(), &scopes)?;
        Ok(Self {
            origins: all_origins(&clients),
            clients,
            id_token_keys: Arc::new(IdTokenKeys::new(&keys)?),
            discovery: Arc::new(Prepared::new(discovery)),
            jwks: Arc::new(Prepared::new(keys.jwks_json())),
            keys: Arc::new(keys),
            trust: Arc::default(),
        })
    }

    /// The same with these trusted issuers.
    #[must_use]
    pub fn with_trust(mut self, trust: Trust) -> Self {
        self.trust = Arc::new(trust);
        self
    }

    /// Takes over what was found out with the snapshot before and holds still.
    #[must_use]
    pub fn following(mut self, before: &Self) -> Self {
        // Nobody else has a snapshot that is being put together.
        if let Some(keys) = Arc::get_mut(&mut self.keys) {
            keys.follow(&before.keys);
        }
        self
    }

    /// The same with one client as it is now, or without it.
    #[must_use]
    pub fn with_client(&self, id: &ClientId, client: Option<Client>) -> Self {
        let mut clients = self.clients.clone();
        match client {
            Some(client) => clients.insert(id.as_str().to_owned(), Arc::new(client)),
            None => clients.remove(id.as_str()),
        };
        Self {
            origins: all_origins(&clients),
            clients,
            keys: Arc::clone(&self.keys),
            id_token_keys: Arc::clone(&self.id_token_keys),
            discovery: Arc::clone(&self.discovery),
            jwks: Arc::clone(&self.jwks),
            trust: Arc::clone(&self.trust),
        }
    }

    /// The same with these published keys of a client, and no others of it.
    pub fn with_keys_of(
        &self,
        id: &ClientId,
        keys: impl IntoIterator<Item = PublicJwk>,
    ) -> Result<Self, UnsuitableKey> {
        let ring = self.keys.ring().with(id.as_str(), keys)?;
        let keys = self.keys.with_ring(Arc::new(ring));
        Ok(Self {
            clients: self.clients.clone(),
            origins: self.origins.clone(),
            id_token_keys: Arc::clone(&self.id_token_keys),
            discovery: Arc::clone(&self.discovery),
            jwks: Arc::new(Prepared::new(keys.jwks_json())),
            keys: Arc::new(keys),
            trust: Arc::clone(&self.trust),
        })
    }

    /// The client of that id, enabled or not.
    pub fn client(&self, client_id: &str) -> Option<Arc<Client>> {
        self.clients.get(client_id).cloned()
    }

    /// Whether a script of that origin may read answers: it belongs to a registered redirect URI.
    pub fn is_client_origin(&self, origin: &str) -> bool {
        self.origins.contains(origin)
    }
}

fn all_origins(clients: &HashMap<String, Arc<Client>>) -> HashSet<String> {
    clients
        .values()
        .flat_map(|client| origins(client))
        .collect()
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
