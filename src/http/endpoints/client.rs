//! Client authentication at the endpoints that need it, with the password hash where there is one.

use actix_web::{HttpMessage as _, HttpRequest};

use crate::http::error::LoggedClient;
use crate::http::extract::authorization;
use crate::http::scene::Scene;
use crate::protocol::client_auth::{self, AuthenticatedClient, Identified};
use crate::protocol::error::Fault;
use crate::protocol::params::Params;

/// Finds out which client sends the request.
pub(crate) async fn authenticate(
    request: &HttpRequest,
    scene: &Scene,
    params: &Params<'_>,
) -> Result<AuthenticatedClient, Fault> {
    let client = match client_auth::identify(&scene.context(), authorization(request), params)? {
        Identified::Authenticated(client) => client,
        Identified::NeedsPasswordCheck(check) => {
            let passwords = &scene.state.passwords;
            let fitting = passwords
                .fitting(check.secret().clone(), check.hashes().to_vec())
                .await?;
            check.conclude(fitting)?
        }
    };
    scene.state.secret_uses.note(&client, scene.now);
    let logged = LoggedClient(client.shared());
    request.extensions_mut().insert(logged);
    Ok(client)
}
