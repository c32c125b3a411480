//! What agents, services with keys of their own, and services that exchange tokens have to be.

use crate::protocol::client::{AuthenticationMethod, Client, GrantType};
use crate::protocol::context::Policy;
use crate::protocol::registration::{Contradiction, found};

pub(super) fn contradictions(client: &Client, policy: &Policy) -> Vec<Contradiction> {
    let keys = client
        .metadata
        .key_set
        .map(|keys| keys.check(policy.key_sets.may_use_rsa15));
    let mut all = found([
        (
            client.may_use(GrantType::TokenExchange) && !may_exchange(client),
            Contradiction::TokenExchange,
        ),
        (
            client.is_agent() && !is_fit_agent(client),
            Contradiction::Agent,
        ),
        (
            client.metadata.agent_id.is_some() && !client.is_agent(),
            Contradiction::AgentIdAlone,
        ),
    ]);
    if let Some(Err(refused)) = keys {
        all.push(Contradiction::KeySet(refused));
    }
    all
}

fn may_exchange(client: &Client) -> bool {
    let policy = client.metadata.token_exchange.as_ref();
    !client.is_public() && policy.is_some_and(|policy| !policy.audiences.is_empty())
}

fn is_fit_agent(client: &Client) -> bool {
    let is_of_machines = |grant: &GrantType| match grant {
        GrantType::ClientCredentials | GrantType::RefreshToken => true,
        GrantType::AuthorizationCode
        | GrantType::Implicit
        | GrantType::JwtBearer
        | GrantType::TokenExchange => false,
    };
    client.authentication_method == AuthenticationMethod::ClientSecretBasic
        && client.grants.iter().all(is_of_machines)
}
