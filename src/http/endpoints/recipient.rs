//! The client's key that an answer is encrypted to, read from where the client publishes it if need be.

use actix_web::web::Data;

use crate::crypto::jwe::Encryption;
use crate::http::endpoints::client::keep_keys_fresh;
use crate::http::scene::Scene;
use crate::http::state::AppState;
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
    let recipient = look(scene, client, how).await?;
    keep_keys_fresh(scene, client);
    Ok(Some(recipient))
}

/// Finds it for a logout token, which nobody waits for: keys that may have changed are read again first.
pub(crate) async fn find_for_logout(
    state: &Data<AppState>,
    client: &Client,
) -> Result<Option<Box<Recipient>>, Refusal> {
    let Some(how) = client.metadata.id_token_encryption() else {
        return Ok(None);
    };
    let scene = Scene::new(state);
    if let Some(address) = &client.metadata.jwks_uri
        && state.client_keys.are_old(address, scene.now)
    {
        let (keys, fetcher) = (&state.client_keys, &state.fetcher);
        keys.read(fetcher, address, scene.now).await;
    }
    look(&scene, client, how).await.map(Some)
}

async fn look(scene: &Scene, client: &Client, how: Encryption) -> Result<Box<Recipient>, Refusal> {
    let find = || encryption::find(&scene.context(), client, how);
    let mut found = find()?;
    if let Found::AskAgain(address) = &found {
        let (state, now) = (&scene.state, scene.now);
        state.client_keys.read(&state.fetcher, address, now).await;
        found = find()?;
    }
    match found {
        Found::Recipient(recipient) => Ok(recipient),
        Found::AskAgain(_) => Err(Refusal::new(&catalogue::CLIENT_KEYS_AWAY)),
    }
}
