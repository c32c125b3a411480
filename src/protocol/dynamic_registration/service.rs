//! Services that register for keys of their own ([`crate::protocol::client_key_set`]): clients under a name that they
//! choose, which get tokens for themselves and for their own users, and none of this server's.

use crate::crypto::secret::Secret;
use crate::protocol::client::{AuthenticationMethod, Client, ClientId, DynamicClient, GrantType};
use crate::protocol::client_key_set::KeySetPolicy;
use crate::protocol::client_metadata::ClientMetadata;
use crate::protocol::context::Context;
use crate::protocol::dynamic_registration::{NewClient, TOKEN_PREFIX, new_secrets, token_digest};
use crate::protocol::refresh_policy::{RefreshOverrides, RefreshRotation};
use crate::protocol::registration;
use crate::protocol::scope::Scope;

/// The client of a service.
pub fn accept_service(
    context: &Context<'_>,
    id: &ClientId,
    policy: KeySetPolicy,
    rotation: RefreshRotation,
) -> NewClient {
    let method = AuthenticationMethod::ClientSecretBasic;
    let (secret, secrets) = new_secrets(context, method, id.as_str());
    let token = Secret::generate(context.random, TOKEN_PREFIX);
    // Without keys it can do nothing, and is kept for as long again as clients that nobody uses.
    let kept = policy.key_lifetime + context.policy.registration.unused_lifetime;
    let client = Client {
        id: id.clone(),
        name: id.as_str().to_owned(),
        authentication_method: method,
        secrets,
        redirect_uris: Vec::new(),
        grants: vec![GrantType::ClientCredentials, GrantType::RefreshToken],
        post_logout_redirect_uris: Vec::new(),
        scope: Scope::default(),
        // What its tokens say of its users is its own affair, so nobody else is to believe them.
        audiences: vec![id.as_str().to_owned()],
        id_token_algorithm: registration::usual_id_token_algorithm(&[]),
        requires_pkce: true,
        requires_consent: true,
        metadata: ClientMetadata {
            key_set: Some(policy),
            ..ClientMetadata::default()
        },
        refresh: refresh(context, policy, rotation),
        dynamic: Some(DynamicClient {
            token: Some(token_digest(context, token.expose())),
            expires_at: context.now + kept,
        }),
        disabled: false,
        created_at: context.now,
        updated_at: context.now,
    };
    NewClient {
        client,
        secret,
        token: Some(token),
    }
}

/// The same client with another policy.
pub fn renew_service(
    context: &Context<'_>,
    client: &Client,
    policy: KeySetPolicy,
    rotation: RefreshRotation,
) -> Client {
    let kept = policy.key_lifetime + context.policy.registration.unused_lifetime;
    Client {
        metadata: ClientMetadata {
            key_set: Some(policy),
            ..client.metadata.clone()
        },
        refresh: refresh(context, policy, rotation),
        // What an operator created stays.
        dynamic: client.dynamic.map(|dynamic| DynamicClient {
            expires_at: context.now + kept,
            ..dynamic
        }),
        ..client.clone()
    }
}

/// A refresh token that is never replaced ends at its age; one that is, when it is not used.
fn refresh(
    context: &Context<'_>,
    policy: KeySetPolicy,
    rotation: RefreshRotation,
) -> RefreshOverrides {
    let lifetime = policy.refresh_token_lifetime;
    let absolute = match rotation {
        RefreshRotation::None => lifetime,
        RefreshRotation::NearEnd | RefreshRotation::Tolerant | RefreshRotation::Strict => {
            context.policy.refresh_absolute_lifetime.max(lifetime)
        }
    };
    RefreshOverrides {
        rotation: Some(rotation),
        retry_window: None,
        idle_lifetime: Some(lifetime),
        absolute_lifetime: Some(absolute),
    }
}
