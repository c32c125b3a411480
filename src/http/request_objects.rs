//! Request objects that clients publish (OpenID Connect Core §6.2), read when a request names one.
//!
//! Most are read each time: what is at an address may change, or be there once. Where the address says by its fragment
//! what is there, and that is true, it is kept for a while.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::crypto::digest::sha256_base64url;
use crate::fetch::{Errand, FetchError, Fetcher};
use crate::protocol::authorize::request_object::LONGEST;
use crate::protocol::context::Timestamp;
use crate::protocol::request_uri::fragment;

/// What was read and is kept.
#[derive(Debug, Default)]
pub struct RequestObjects(Mutex<HashMap<String, Kept>>);

#[derive(Debug)]
struct Kept {
    document: Arc<[u8]>,
    until: Timestamp,
}

impl RequestObjects {
    /// The document at an address that a client registered.
    pub(super) async fn read(
        &self,
        fetcher: &Fetcher,
        address: &str,
        now: Timestamp,
    ) -> Result<Arc<[u8]>, FetchError> {
        let hash = fragment(address);
        if let Some(kept) = hash.and_then(|_| self.find(address, now)) {
            return Ok(kept);
        }
        let document: Arc<[u8]> = fetcher
            .get(Errand::Document, address, LONGEST)
            .await?
            .into();
        // One that does not fit is no error: clients also use the fragment to tell versions apart.
        if hash == Some(&sha256_base64url(&document)) {
            self.keep(address, &document, now);
        }
        Ok(document)
    }

    fn find(&self, address: &str, now: Timestamp) -> Option<Arc<[u8]>> {
        let kept = self.lock();
        let found = kept.get(address).filter(|kept| now < kept.until);
        found.map(|kept| Arc::clone(&kept.document))
    }

    fn keep(&self, address: &str, document: &Arc<[u8]>, now: Timestamp) {
        let mut kept = self.lock();
        if kept.len() >= MOST {
            kept.retain(|_, kept| now < kept.until);
        }
        if kept.len() < MOST {
            let document = Arc::clone(document);
            let until = now.saturating_add(LIFE);
            kept.insert(address.to_owned(), Kept { document, until });
        }
    }

    /// A thread that panicked left nothing half done: each change is one call.
    fn lock(&self) -> MutexGuard<'_, HashMap<String, Kept>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Seconds for which a document is kept.
const LIFE: i64 = 300;

/// Documents that are kept, of at most [`LONGEST`] bytes each.
const MOST: usize = 200;
