//! The key of a client that verifies what the client signed: among those it registered, or those it publishes (RFC 7591
//! §2, `jwks` and `jwks_uri`).

use crate::crypto::algorithm::Algorithm;
use crate::crypto::jwk_set::JwkSet;
use crate::crypto::verifying_key::VerifyingKey;
use crate::protocol::client::Client;
use crate::protocol::context::Context;

/// What a search for a key comes to.
pub(super) enum Found {
    /// The one that fits.
    Key(Box<VerifyingKey>),
    /// The client may have published new keys there.
    AskAgain(String),
    /// None fits, or several do.
    Nothing,
    /// What the client publishes cannot be read.
    Away,
}

/// Finds the key of that id; `fixed` is the one algorithm it may verify, each key's own without one.
pub(super) fn find(
    context: &Context<'_>,
    client: &Client,
    key_id: Option<&str>,
    fixed: Option<Algorithm>,
) -> Found {
    let metadata = &client.metadata;
    let find = |set: &JwkSet| {
        let (key, algorithm) = set.find(key_id, fixed)?;
        VerifyingKey::new(key, algorithm).map(Box::new).ok()
    };
    let Some(address) = &metadata.jwks_uri else {
        let key = metadata.jwks.as_ref().and_then(find);
        return key.map_or(Found::Nothing, Found::Key);
    };
    let published = context.clients.published_keys(address);
    match published.keys.as_deref().map(find) {
        Some(Some(key)) => Found::Key(key),
        Some(None) | None if published.may_ask_again => Found::AskAgain(address.clone()),
        Some(None) => Found::Nothing,
        None => Found::Away,
    }
}
