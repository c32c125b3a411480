//! Request objects at the authorization endpoint, with what has to be waited for: the document at the `request_uri`, the
//! keys that the client publishes.
//!
//! ```text
//! GET /authorize?client_id=demo-app&response_type=code&scope=openid&request=eyJhbGciOiJFUzI1NiIsImtpZCI6…
//! GET /authorize?client_id=demo-app&response_type=code&scope=openid&request_uri=https://demo.example/r.jwt%23GkurKxf5…
//! ```

use actix_web::HttpRequest;

use crate::http::address;
use crate::http::endpoints::client::keep_keys_fresh;
use crate::http::scene::Scene;
use crate::protocol::authorize::request_object::{self, Document, Resolved};
use crate::protocol::authorize::{AuthorizeRefusal, PageRefusal};
use crate::protocol::catalogue::{self, Explanation};
use crate::protocol::error::Refusal;
use crate::protocol::params::Params;

/// The parameters of a request that comes with an object.
pub(crate) async fn resolve(
    request: &HttpRequest,
    scene: &Scene,
    params: &Params<'_>,
) -> Result<Params<'static>, AuthorizeRefusal> {
    let (state, now) = (&scene.state, scene.now);
    let mut document = Document::Unread;
    // Two things can be missing, each of them once.
    for _ in 0..3 {
        match request_object::resolve(&scene.context(), params, &document)? {
            Resolved::Parameters(resolved) => {
                let client = params.find("client_id");
                if let Some(client) = client.and_then(|id| scene.snapshot.client(id)) {
                    keep_keys_fresh(scene, &client);
                }
                return Ok(resolved);
            }
            Resolved::NeedsDocument(uri) => document = read(request, scene, params, &uri).await?,
            Resolved::NeedsKeys(uri) => state.client_keys.read(&state.fetcher, &uri, now).await,
        }
    }
    Err(on_a_page(&catalogue::CLIENT_KEYS_AWAY))
}

async fn read(
    request: &HttpRequest,
    scene: &Scene,
    params: &Params<'_>,
    uri: &str,
) -> Result<Document, AuthorizeRefusal> {
    let (state, now) = (&scene.state, scene.now);
    // Anybody can make this server ask, so whoever does is counted.
    if !state.starts.admit(&address::source(request), now) {
        return Err(on_a_page(&catalogue::TOO_MANY_STARTS));
    }
    let read = state.request_objects.read(&state.fetcher, uri, now).await;
    Ok(read.map_or_else(
        |error| {
            let client = params.find("client_id");
            tracing::warn!(client.id = client, %error, "a request object cannot be read");
            Document::Away
        },
        Document::Read,
    ))
}

fn on_a_page(explanation: &'static Explanation) -> AuthorizeRefusal {
    AuthorizeRefusal::Page(PageRefusal {
        refusal: Refusal::new(explanation),
        client: None,
        received_redirect_uri: None,
    })
}
