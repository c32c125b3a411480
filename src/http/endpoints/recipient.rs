//! The client's key that an answer is encrypted to, read from where the client publishes it if need be.

use crate::crypto::jwe::Encryption;
use crate::http::endpoints::client::keep_keys_fresh;
use crate::http::scene::Scene;
use crate::protocol::catalogue;
use crate::protocol::client::Client;
use crate::protocol::encryption::{self, Found, Recipient};
use crate::protocol::error::Refusal;

/// Finds it before anything is issued or told; `None` where nothing is to be encrypted.
pub(crate) async fn find(
    scene: &Scene,
    client: &Client,
    how: Option<Encryption>,
) -> Result<Option<Box<Recipient>>, Refusal> {
    let Some(how) = how else {
        return Ok(None);
    };
    let find = || encryption::find(&scene.context(), client, how);
    let mut found = find()?;
    if let Found::AskAgain(address) = &found {
        let (state, now) = (&scene.state, scene.now);
        state.client_keys.read(&state.fetcher, address, now).await;
        found = find()?;
    }
    match found {
        Found::Recipient(recipient) => {
            keep_keys_fresh(scene, client);
            Ok(Some(recipient))
        }
        Found::AskAgain(_) => Err(Refusal::new(&catalogue::CLIENT_KEYS_AWAY)),
    }
}
