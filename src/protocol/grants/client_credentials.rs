//! The client credentials grant (RFC 6749 §4.4): a token for the client itself. Remembers nothing.

use crate::protocol::catalogue::{self, Explanation};
use crate::protocol::client_auth::AuthenticatedClient;
use crate::protocol::context::Context;
use crate::protocol::engine::{self, CredentialsRejected};
use crate::protocol::error::Refusal;
use crate::protocol::params::Params;
use crate::protocol::tokens::{Issue, Owner, new_token_id};

/// Why the grant is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Refused {
    PublicClient,
    Scope,
    Request,
}

/// Decides about a client credentials request.
pub fn exchange(
    context: &Context<'_>,
    authenticated: &AuthenticatedClient,
    params: &Params<'_>,
) -> Result<Issue, Refusal> {
    let client = authenticated.client();
    if client.is_public() {
        return Err(Refused::PublicClient.into());
    }
    // The others speak of a person, whom this grant does not have.
    let offered = client.scope.without_standard();
    let scope =
        engine::drive_client_credentials(&client.id, &offered, params).map_err(Refused::from)?;
    Ok(Issue {
        owner: Owner::Client,
        scope,
        audience: client.audience(context.issuer),
        token_id: new_token_id(context.random, None),
        refresh_token: None,
        rotation: None,
        id_token: None,
        client: authenticated.shared(),
    })
}

impl From<CredentialsRejected> for Refused {
    fn from(rejected: CredentialsRejected) -> Self {
        match rejected {
            CredentialsRejected::Request => Self::Request,
            CredentialsRejected::Scope => Self::Scope,
        }
    }
}

impl Refused {
    fn explanation(self) -> &'static Explanation {
        match self {
            Self::PublicClient => &catalogue::CLIENT_NEEDS_SECRET,
            Self::Scope => &catalogue::SCOPE_NOT_ALLOWED,
            Self::Request => &catalogue::MISSING_PARAMETER,
        }
    }
}

impl From<Refused> for Refusal {
    fn from(refused: Refused) -> Self {
        Self::new(refused.explanation())
    }
}
