//! Client authentication at the endpoints that need it, with what has to be waited for: the password hash, the keys
//! that the client publishes, the spending of its assertion.

use actix_web::{HttpMessage as _, HttpRequest};

use crate::http::error::LoggedClient;
use crate::http::extract::authorization;
use crate::http::scene::Scene;
use crate::protocol::bearer::{self, BearerRefused};
use crate::protocol::catalogue;
use crate::protocol::client::Client;
use crate::protocol::client_auth::{self, AuthenticatedClient, Identified};
use crate::protocol::error::{Fault, Refusal};
use crate::protocol::params::Params;

/// Finds out which client sends the request.
pub(crate) async fn authenticate(
    request: &HttpRequest,
    scene: &Scene,
    params: &Params<'_>,
) -> Result<AuthenticatedClient, Fault> {
    authenticate_by(request, scene, authorization(request), params).await
}

/// The same, where the request says otherwise what stands in the header of RFC 6749 §2.3.1.
pub(crate) async fn authenticate_by(
    request: &HttpRequest,
    scene: &Scene,
    authorization: Option<&str>,
    params: &Params<'_>,
) -> Result<AuthenticatedClient, Fault> {
    let identify = || client_auth::identify(&scene.context(), authorization, params);
    let mut identified = identify()?;
    if let Identified::NeedsKeys(address) = &identified {
        let (state, now) = (&scene.state, scene.now);
        state.client_keys.read(&state.fetcher, address, now).await;
        identified = identify()?;
    }
    let client = match identified {
        Identified::Authenticated(client) => client,
        Identified::NeedsPasswordCheck(check) => {
            let passwords = &scene.state.passwords;
            let fitting = passwords
                .fitting(check.secret().clone(), check.hashes().to_vec())
                .await?;
            check.conclude(fitting)?
        }
        // In a transaction of its own: an assertion is used up by what it was sent with, even where that is refused.
        Identified::NeedsSpending(unspent) => {
            let client = scene.write(move |_, store| unspent.spend(store)).await?;
            keep_keys_fresh(scene, client.client());
            client
        }
        Identified::NeedsKeys(_) => return Err(Refusal::new(&catalogue::CLIENT_KEYS_AWAY).into()),
    };
    scene.state.secret_uses.note(&client, scene.now);
    let logged = LoggedClient(client.shared());
    request.extensions_mut().insert(logged);
    Ok(client)
}

/// Whether a request says anything of a client; then it has to be a good one.
pub(crate) fn names_client(request: &HttpRequest, params: &Params<'_>) -> bool {
    let named = [
        "client_id",
        "client_secret",
        "client_assertion",
        "client_assertion_type",
    ];
    authorization(request).is_some() || named.iter().any(|name| params.find(name).is_some())
}

/// Whether an access token is for this server and has the scope that an endpoint of operators needs.
pub(crate) async fn require_scope(
    scene: &Scene,
    token: &str,
    scope: &str,
) -> Result<(), Fault<BearerRefused>> {
    let token = token.to_owned();
    let ask = scene.ask(move |scene, store| {
        let context = scene.context();
        let read = bearer::read(&context, scene.keys(), &token)?;
        bearer::look_up(&context, store, read)
    });
    let seen = ask.await?;
    // RFC 9068 §4, as at userinfo.
    if !seen.token.aud.contains(&scene.state.site.issuer) {
        Err(BearerRefused::NotGood.into())
    } else if seen.token.scope.contains(scope) {
        Ok(())
    } else {
        Err(BearerRefused::Scope.into())
    }
}

/// Reads keys again that may have changed, while nobody waits for it.
pub(crate) fn keep_keys_fresh(scene: &Scene, client: &Client) {
    let Some(address) = client.metadata.jwks_uri.clone() else {
        return;
    };
    if scene.state.client_keys.are_old(&address, scene.now) {
        let Scene { state, now, .. } = scene.clone();
        actix_web::rt::spawn(async move {
            state.client_keys.read(&state.fetcher, &address, now).await;
        });
    }
}
