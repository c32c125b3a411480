//! Authorization requests that wait for a person, found by the handle in the address and the cookie of the
//! browser that brought them.

use std::sync::Arc;

use actix_web::HttpRequest;

use crate::crypto::digest::Digest;
use crate::http::cookies;
use crate::http::extract;
use crate::http::scene::Scene;
use crate::protocol::catalogue;
use crate::protocol::client::Client;
use crate::protocol::error::{Fault, Refusal};
use crate::protocol::redirect_uri::RedirectTarget;
use crate::protocol::store::{WaitingRequest, WaitingRequests as _};
use crate::storage::Transaction;

/// By what a waiting request is found and recognised as this browser's.
pub(crate) struct WaitingKey {
    handle: Digest,
    browser: Digest,
}

impl WaitingKey {
    /// For a handle that came with this request.
    pub(crate) fn new(request: &HttpRequest, scene: &Scene, handle: &str) -> Result<Self, Refusal> {
        let browser = cookies::browser(request, &scene.state.site);
        let browser = browser.ok_or(Refusal::new(&catalogue::COOKIE_MISSING))?;
        let keys = &scene.state.token_keys;
        Ok(Self {
            handle: keys.request_digest(handle),
            browser: keys.session_digest(&browser),
        })
    }

    /// For the handle in the address: the handle, and the key.
    pub(crate) fn in_address(
        request: &HttpRequest,
        scene: &Scene,
    ) -> Result<(String, Self), Refusal> {
        let params = extract::params(request.query_string().as_bytes())?;
        let handle = params
            .find("request")
            .ok_or(Refusal::new(&catalogue::REQUEST_GONE))?;
        Ok((handle.to_owned(), Self::new(request, scene, handle)?))
    }

    /// The waiting request, if it is this browser's and not over, and its client.
    pub(crate) fn look_up(
        &self,
        scene: &Scene,
        store: &mut Transaction,
    ) -> Result<(WaitingRequest, Arc<Client>), Fault> {
        let waiting = store.waiting_request(&self.handle)?;
        let is_ours = |waiting: &WaitingRequest| {
            waiting.browser == self.browser && scene.now < waiting.expires_at
        };
        let waiting = waiting.filter(is_ours).ok_or(&catalogue::REQUEST_GONE)?;
        let client = scene.snapshot.client(waiting.request.client_id.as_str());
        let client = client
            .filter(|client| !client.disabled)
            .ok_or(&catalogue::REQUEST_GONE)?;
        Ok((waiting, client))
    }
}

/// Where the answer goes, matched anew against what is registered now.
pub(crate) fn target(client: &Client, waiting: &WaitingRequest) -> Result<RedirectTarget, Fault> {
    let request = &waiting.request;
    let received = request
        .redirect_uri_was_received
        .then_some(request.redirect_uri.as_str());
    client
        .redirect_target(received)
        .map_err(|_| (&catalogue::REQUEST_GONE).into())
}
