//! Dynamic client registration (RFC 7591, OpenID Connect Registration 1.0) and its management (RFC 7592): from metadata to a
//! client, and back.
//!
//! Every member that this server knows is checked or refused; members that it does not know are ignored, as RFC 7591 §2
//! demands, and missing in the answer, which tells the client so.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Serialize;

use crate::crypto::algorithm::Algorithm;
use crate::crypto::digest::{Digest, constant_time_eq, sha256_base64url};
use crate::crypto::jwk_set::JwkSet;
use crate::crypto::random::random_bytes;
use crate::crypto::secret::Secret;
use crate::protocol::catalogue;
use crate::protocol::client::{
    AuthenticationMethod, Client, ClientId, ClientSecret, DynamicClient, GrantType, StoredSecret,
};
use crate::protocol::client_metadata::{ApplicationType, ClientMetadata};
use crate::protocol::context::{Context, Timestamp};
use crate::protocol::dynamic_registration::description::{describe, read};
use crate::protocol::error::Refusal;
use crate::protocol::redirect_uri::RegisteredRedirectUri;
use crate::protocol::response_type::ResponseType;
use crate::protocol::scope::Scope;

mod description;
mod service;
mod statement;

pub use service::{accept_service, renew_service};

/// Who may register clients.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum RegistrationMode {
    /// Operators alone.
    #[default]
    Off,
    /// Whoever has an access token with the scope [`INITIAL_ACCESS_SCOPE`] (RFC 7591 §3, initial access token).
    Token,
    /// Everybody.
    Open,
}

/// What the deployment allows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RegistrationPolicy {
    /// Who may register.
    pub mode: RegistrationMode,
    /// More clients than this are not registered this way.
    pub most: i64,
    /// A client that nobody signed in to for so many seconds is removed.
    pub unused_lifetime: i64,
    /// How many may register from one network in a minute.
    pub per_minute: u32,
    /// Whether the assertions of clients that register themselves may name the token endpoint as their audience.
    pub legacy_assertion_audience: bool,
    /// The keys of the authorities whose software statements count; without any, none does.
    pub statement_keys: Option<Arc<JwkSet>>,
}

impl Default for RegistrationPolicy {
    fn default() -> Self {
        Self {
            mode: RegistrationMode::Off,
            most: 1000,
            unused_lifetime: 90 * 86_400,
            per_minute: 60,
            legacy_assertion_audience: false,
            statement_keys: None,
        }
    }
}

/// A client that nobody ever signed in to is kept for a day: registering costs nothing, and there is only so much room.
const UNTRIED: i64 = 86_400;

/// The scope of an access token that may register clients.
pub const INITIAL_ACCESS_SCOPE: &str = "client_registration";

/// Recognises a registration access token that was pasted into the wrong place.
const TOKEN_PREFIX: &str = "irt_";
const SECRET_PREFIX: &str = "iss_";

/// What a client is told about itself (RFC 7591 §3.2.1, RFC 7592 §3). Holds secrets: not printed.
#[derive(Serialize)]
pub struct Registered {
    client_id: String,
    client_id_issued_at: Timestamp,
    #[serde(skip_serializing_if = "Option::is_none")]
    client_secret: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    client_secret_expires_at: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    registration_access_token: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    registration_client_uri: Option<String>,
    client_name: String,
    redirect_uris: Vec<String>,
    post_logout_redirect_uris: Vec<String>,
    token_endpoint_auth_method: AuthenticationMethod,
    grant_types: Vec<GrantType>,
    response_types: Vec<ResponseType>,
    scope: String,
    id_token_signed_response_alg: Algorithm,
    #[serde(skip_serializing_if = "Option::is_none")]
    application_type: Option<ApplicationType>,
    #[serde(flatten)]
    metadata: ClientMetadata,
}

/// A client that is about to be added, and what only it may know.
pub struct NewClient {
    /// As it is stored.
    pub client: Client,
    secret: Option<Secret>,
    token: Option<Secret>,
}

/// Reads a registration request (RFC 7591 §3.1).
pub fn accept(
    context: &Context<'_>,
    algorithms: &[Algorithm],
    body: &[u8],
) -> Result<NewClient, Refusal> {
    let (basics, metadata) = read(context, body, None)?;
    let described = describe(context, algorithms, &basics, metadata, &Scope::default())?;
    // Many installations of one app share a public client, so none of them may change it.
    let is_shared = described.is_public();
    let id = if is_shared {
        shared_id(&described)
    } else {
        format!(
            "dyn-{}",
            URL_SAFE_NO_PAD.encode(random_bytes::<16>(context.random))
        )
    };
    let (secret, secrets) = new_secrets(context, described.authentication_method, &id);
    let token = (!is_shared).then(|| Secret::generate(context.random, TOKEN_PREFIX));
    let client = Client {
        id: id.parse().map_err(|_| &catalogue::REGISTRATION_METADATA)?,
        secrets,
        dynamic: Some(DynamicClient {
            token: token
                .as_ref()
                .map(|token| token_digest(context, token.expose())),
            expires_at: context.now + context.policy.registration.unused_lifetime.min(UNTRIED),
        }),
        ..described
    };
    Ok(NewClient {
        client,
        secret,
        token,
    })
}

/// The secret of a new client, as it is told and as it is kept.
fn new_secrets(
    context: &Context<'_>,
    method: AuthenticationMethod,
    id: &str,
) -> (Option<Secret>, Vec<ClientSecret>) {
    let secret = new_secret(context, method);
    let kept = secret.iter().map(|secret| ClientSecret {
        id: "registered".to_owned(),
        stored: stored_secret(context, method, id, secret),
        created_at: context.now,
        expires_at: None,
        last_used_at: None,
    });
    let kept = kept.collect();
    (secret, kept)
}

/// `None` for a client that has no use for one.
fn new_secret(context: &Context<'_>, method: AuthenticationMethod) -> Option<Secret> {
    let secret = || Secret::generate(context.random, SECRET_PREFIX);
    match method {
        AuthenticationMethod::ClientSecretBasic | AuthenticationMethod::ClientSecretPost => {
            Some(secret())
        }
        // As many bytes as the longest of the algorithms has.
        AuthenticationMethod::ClientSecretJwt => {
            let more = Secret::generate(context.random, "");
            let prefix = format!("{SECRET_PREFIX}{}", more.expose());
            Some(Secret::generate(context.random, &prefix))
        }
        AuthenticationMethod::PrivateKeyJwt | AuthenticationMethod::None => None,
    }
}

fn stored_secret(
    context: &Context<'_>,
    method: AuthenticationMethod,
    client_id: &str,
    secret: &Secret,
) -> StoredSecret {
    let digest = context.keys.client_secret_digest(secret.expose());
    if method != AuthenticationMethod::ClientSecretJwt {
        return StoredSecret::Generated(digest);
    }
    let sealed = context
        .keys
        .seal_client_secret(client_id, secret, context.random);
    StoredSecret::Sealed { digest, sealed }
}

impl NewClient {
    /// An agent that takes its first tokens instead of a secret.
    #[must_use]
    pub fn without_secret(mut self) -> Self {
        self.client.secrets.clear();
        self.secret = None;
        self
    }

    /// The secret, told once.
    pub fn secret(&self) -> Option<&Secret> {
        self.secret.as_ref()
    }

    /// The registration access token, told once.
    pub fn token(&self) -> Option<&Secret> {
        self.token.as_ref()
    }

    /// The answer (RFC 7591 §3.2.1).
    pub fn answer(&self, endpoint: &str) -> Registered {
        let mut answer = Registered::new(&self.client);
        if let Some(secret) = &self.secret {
            answer.client_secret = Some(secret.expose().to_owned());
            answer.client_secret_expires_at = Some(0);
        }
        if let Some(token) = &self.token {
            answer.manage_with(endpoint, token.expose());
        }
        answer
    }
}

/// The client that a registration access token manages (RFC 7592 §2).
pub fn find(context: &Context<'_>, client: Option<&Client>, token: &str) -> Result<(), Refusal> {
    let expected = client.and_then(|client| client.dynamic.as_ref()?.token.as_ref());
    let presented = token_digest(context, token);
    if expected.is_some_and(|it| constant_time_eq(it.as_bytes(), presented.as_bytes())) {
        Ok(())
    } else {
        Err(Refusal::new(&catalogue::REGISTRATION_TOKEN))
    }
}

/// What the client is told when it asks (RFC 7592 §2.1). The secret is told once, when it was made.
pub fn tell(client: &Client, endpoint: &str, token: &str) -> Registered {
    let mut answer = Registered::new(client);
    answer.manage_with(endpoint, token);
    answer
}

/// Replaces all metadata (RFC 7592 §2.2).
pub fn update(
    context: &Context<'_>,
    algorithms: &[Algorithm],
    client: &Client,
    body: &[u8],
) -> Result<Client, Refusal> {
    let statement = client.metadata.software_statement.as_deref();
    let (basics, metadata) = read(context, body, statement)?;
    if basics.client_id.as_deref() != Some(client.id.as_str()) {
        return Err(Refusal::new(&catalogue::REGISTRATION_CLIENT_ID));
    }
    if let Some(secret) = &basics.client_secret {
        let presented = context.keys.client_secret_digest(secret);
        let is_own = |own: &ClientSecret| match &own.stored {
            StoredSecret::Generated(digest) | StoredSecret::Sealed { digest, .. } => {
                *digest == presented
            }
            StoredSecret::Chosen(_) => false,
        };
        if !client.secrets.iter().any(is_own) {
            return Err(Refusal::new(&catalogue::REGISTRATION_CLIENT_ID));
        }
    }
    let metadata = ClientMetadata {
        legacy_assertion_audience: client.metadata.legacy_assertion_audience,
        agent_id: client.metadata.agent_id.clone(),
        key_set: client.metadata.key_set,
        token_exchange: client.metadata.token_exchange.clone(),
        may_act: client.metadata.may_act.clone(),
        ..metadata
    };
    let described = describe(context, algorithms, &basics, metadata, &client.scope)?;
    // It would lose its family, or have one that nobody meant it to have.
    if described.metadata.kind != client.metadata.kind {
        return Err(Refusal::new(&catalogue::AGENT_REGISTRATION));
    }
    // Its secret would be missing, left over, or kept in another way.
    if described.authentication_method != client.authentication_method {
        return Err(Refusal::new(&catalogue::REGISTRATION_AUTHENTICATION));
    }
    Ok(Client {
        id: client.id.clone(),
        secrets: client.secrets.clone(),
        // What an operator decided stays.
        audiences: client.audiences.clone(),
        requires_consent: client.requires_consent || goes_elsewhere(client, &described),
        requires_pkce: client.requires_pkce || described.requires_pkce,
        refresh: client.refresh,
        dynamic: client.dynamic,
        disabled: client.disabled,
        created_at: client.created_at,
        ..described
    })
}

/// Whether it sends people to an address that it did not have when an operator decided about it.
fn goes_elsewhere(client: &Client, described: &Client) -> bool {
    let mut uris = described.redirect_uris.iter();
    uris.any(|uri| !client.redirect_uris.contains(uri))
}

/// The identifier of a public client is what it is, so registering it again makes no second one.
fn shared_id(client: &Client) -> String {
    let members = Registered::new(client);
    let text = serde_json::to_string(&Registered {
        client_id_issued_at: 0,
        ..members
    });
    format!(
        "pub-{}",
        sha256_base64url(text.unwrap_or_default().as_bytes())
    )
}

fn token_digest(context: &Context<'_>, token: &str) -> Digest {
    context.keys.registration_digest(token)
}

impl Registered {
    fn new(client: &Client) -> Self {
        let is_web = |uri: &RegisteredRedirectUri| uri.as_str().starts_with("http");
        let usual = if client.redirect_uris.iter().all(is_web) {
            ApplicationType::Web
        } else {
            ApplicationType::Native
        };
        Self {
            client_id: client.id.to_string(),
            client_id_issued_at: client.created_at,
            client_secret: None,
            client_secret_expires_at: None,
            registration_access_token: None,
            registration_client_uri: None,
            client_name: client.name.clone(),
            redirect_uris: client
                .redirect_uris
                .iter()
                .map(ToString::to_string)
                .collect(),
            post_logout_redirect_uris: client.post_logout_redirect_uris.clone(),
            token_endpoint_auth_method: client.authentication_method,
            grant_types: client.grants.clone(),
            response_types: client.response_types().to_vec(),
            scope: client.scope.to_string(),
            id_token_signed_response_alg: client.id_token_algorithm,
            // As it is where the client did not say.
            application_type: (client.metadata.application_type.is_none()).then_some(usual),
            metadata: ClientMetadata {
                // Told above.
                response_types: Vec::new(),
                ..client.metadata.clone()
            },
        }
    }

    fn manage_with(&mut self, endpoint: &str, token: &str) {
        self.registration_access_token = Some(token.to_owned());
        self.registration_client_uri = Some(format!("{endpoint}/{}", self.client_id));
    }
}

/// The identifier in the address of a management request.
pub fn client_id(text: &str) -> Result<ClientId, Refusal> {
    text.parse()
        .map_err(|_| Refusal::new(&catalogue::REGISTRATION_TOKEN))
}
