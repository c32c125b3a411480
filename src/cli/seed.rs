//! Clients and people of a development server, from a file or built in.
//!
//! Their secrets stand in files and help texts, so everybody knows them: nothing of this goes into a production
//! database.

use std::fmt;
use std::ops::RangeInclusive;

use serde::Deserialize;

use crate::cli::client::{sealed, stored_secret_id};
use crate::cli::failure::{self, Failure};
use crate::config::lifetimes::{REFRESH_LIFETIME, RETRY_WINDOW};
use crate::config::{Config, read_duration};
use crate::crypto::algorithm::Algorithm;
use crate::crypto::password::PasswordHasher;
use crate::crypto::random::{SystemRandom, random_identifier};
use crate::crypto::secret::Secret;
use crate::identity::account::{EmailAddress, Username};
use crate::identity::store::{User, Users};
use crate::protocol::client::{
    AuthenticationMethod, Client, ClientId, ClientSecret, GrantType, StoredSecret,
};
use crate::protocol::client_metadata::ClientMetadata;
use crate::protocol::context::{Policy, Timestamp, TokenKeys};
use crate::protocol::error::StoreError;
use crate::protocol::profile::Profile;
use crate::protocol::redirect_uri::RegisteredRedirectUri;
use crate::protocol::refresh_policy::{RefreshOverrides, RefreshRotation};
use crate::protocol::registration;
use crate::protocol::roles::RoleVocabulary;
use crate::protocol::scope::Scope;
use crate::protocol::store::Subject;
use crate::storage::Transaction;

/// The demo objects of `issuant dev`; `{issuer}` stands for its address.
const DEMO: &str = r#"
[[client]]
id = "demo"
name = "Demo service"
grants = ["client_credentials", "authorization_code", "refresh_token"]
redirect_uris = ["{issuer}/dev/app/callback", "http://127.0.0.1/callback"]
scope = "openid profile email offline_access read write"
secret = "demo-secret"

[[client]]
id = "demo-app"
name = "Demo app"
auth_method = "none"
redirect_uris = ["{issuer}/dev/app/callback", "http://127.0.0.1/callback"]
post_logout_redirect_uris = ["{issuer}/dev/app"]
scope = "openid profile email offline_access read write"
"#;

/// What a seed file says.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Seed {
    #[serde(default, rename = "client")]
    clients: Vec<SeedClient>,
    #[serde(default, rename = "user")]
    users: Vec<SeedUser>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct SeedClient {
    id: ClientId,
    name: Option<String>,
    grants: Option<Vec<GrantType>>,
    #[serde(default)]
    redirect_uris: Vec<RegisteredRedirectUri>,
    #[serde(default)]
    post_logout_redirect_uris: Vec<RegisteredRedirectUri>,
    scope: Option<Scope>,
    auth_method: Option<AuthenticationMethod>,
    secret: Option<Known>,
    #[serde(default)]
    audiences: Vec<String>,
    id_token_algorithm: Option<Algorithm>,
    #[serde(default = "yes")]
    pkce: bool,
    #[serde(default = "yes")]
    consent: bool,
    #[serde(default)]
    metadata: ClientMetadata,
    refresh_rotation: Option<RefreshRotation>,
    retry_window: Option<Duration>,
    refresh_idle: Option<Duration>,
    refresh_absolute: Option<Duration>,
}

/// A duration as the settings take it.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Duration {
    Text(String),
    Seconds(u32),
}

impl Duration {
    fn read(given: Option<&Self>, range: &RangeInclusive<i64>) -> Result<Option<i64>, String> {
        match given {
            None => Ok(None),
            Some(Self::Text(text)) => read_duration(text, range).map(Some),
            Some(Self::Seconds(seconds)) => read_duration(&seconds.to_string(), range).map(Some),
        }
    }
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct SeedUser {
    #[serde(default)]
    claims: Profile,
    username: String,
    password: Option<Known>,
    name: Option<String>,
    email: Option<String>,
    #[serde(default)]
    email_verified: bool,
    #[serde(default)]
    roles: Vec<String>,
    /// The `sub` claim, for tests that compare it.
    sub: Option<String>,
}

/// A secret that stands in a file; not shown all the same, because people put real ones there.
#[derive(Deserialize)]
#[serde(transparent)]
struct Known(String);

impl fmt::Debug for Known {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("***")
    }
}

fn yes() -> bool {
    true
}

impl Seed {
    /// The built-in demo objects.
    pub(crate) fn demo(issuer: &str) -> Result<Self, Failure> {
        Self::parse(&DEMO.replace("{issuer}", issuer), "the demo objects")
    }

    /// What a file says.
    pub(crate) fn parse(text: &str, name: &str) -> Result<Self, Failure> {
        toml::from_str(text).map_err(|error| {
            let line = error
                .span()
                .and_then(|span| text.get(..span.start))
                .map_or(1, |before| before.matches('\n').count() + 1);
            let message = format!("{name}:{line}  {}", error.message());
            Failure::new(&failure::SEED, message)
        })
    }

    /// Turns it into objects. Hashes passwords, which takes a moment each: not inside a transaction.
    pub(crate) fn prepare(
        self,
        config: &Config,
        keys: &TokenKeys,
        hasher: &PasswordHasher,
        now: Timestamp,
    ) -> Result<Objects, Failure> {
        let algorithms = &config.signing.algorithms;
        let clients = self
            .clients
            .into_iter()
            .map(|client| client.prepare((algorithms, &config.policy), keys, now))
            .collect::<Result<_, _>>()?;
        let users = self
            .users
            .into_iter()
            .map(|user| user.prepare(&config.roles, hasher, now))
            .collect::<Result<_, _>>()?;
        Ok(Objects { clients, users })
    }
}

impl SeedClient {
    fn prepare(
        self,
        (algorithms, policy): (&[Algorithm], &Policy),
        keys: &TokenKeys,
        now: Timestamp,
    ) -> Result<Client, Failure> {
        let refresh = self.refresh()?;
        let grants = self
            .grants
            .unwrap_or_else(|| registration::usual_grants(!self.redirect_uris.is_empty()));
        let method = self.auth_method;
        let method = method.unwrap_or(AuthenticationMethod::ClientSecretBasic);
        let secrets = self.secret.map(|secret| ClientSecret {
            id: stored_secret_id(&SystemRandom),
            // Everybody knows it, so an expensive hash would protect nothing and slow each request down.
            stored: if method == AuthenticationMethod::ClientSecretJwt {
                sealed(keys, &self.id, &Secret::new(secret.0))
            } else {
                StoredSecret::Generated(keys.client_secret_digest(&secret.0))
            },
            created_at: now,
            expires_at: None,
            last_used_at: None,
        });
        let client = Client {
            name: self.name.unwrap_or_else(|| self.id.to_string()),
            id: self.id,
            authentication_method: method,
            secrets: secrets.into_iter().collect(),
            scope: self.scope.unwrap_or_else(|| {
                registration::usual_scope(&grants)
                    .parse()
                    .unwrap_or_default()
            }),
            grants,
            redirect_uris: self.redirect_uris,
            post_logout_redirect_uris: self
                .post_logout_redirect_uris
                .iter()
                .map(ToString::to_string)
                .collect(),
            audiences: self.audiences,
            id_token_algorithm: self
                .id_token_algorithm
                .unwrap_or_else(|| registration::usual_id_token_algorithm(algorithms)),
            requires_pkce: self.pkce,
            requires_consent: self.consent,
            metadata: self.metadata,
            refresh,
            dynamic: None,
            disabled: false,
            created_at: now,
            updated_at: now,
        };
        match registration::contradictions(&client, algorithms, policy).first() {
            None => Ok(client),
            Some(contradiction) => Err(Failure::new(
                &failure::SEED,
                format!("client {}: {contradiction}", client.id),
            )),
        }
    }
}

impl SeedClient {
    fn refresh(&self) -> Result<RefreshOverrides, Failure> {
        let duration = |name: &str, given: Option<&Duration>, range| {
            Duration::read(given, range).map_err(|reason| {
                Failure::new(
                    &failure::SEED,
                    format!("client {}: {name} {reason}", self.id),
                )
            })
        };
        Ok(RefreshOverrides {
            rotation: self.refresh_rotation,
            retry_window: duration("retry_window", self.retry_window.as_ref(), &RETRY_WINDOW)?,
            idle_lifetime: duration(
                "refresh_idle",
                self.refresh_idle.as_ref(),
                &REFRESH_LIFETIME,
            )?,
            absolute_lifetime: duration(
                "refresh_absolute",
                self.refresh_absolute.as_ref(),
                &REFRESH_LIFETIME,
            )?,
        })
    }
}

impl SeedUser {
    fn prepare(
        self,
        roles: &RoleVocabulary,
        hasher: &PasswordHasher,
        now: Timestamp,
    ) -> Result<User, Failure> {
        let name = self.username;
        let refused = |reason: String| {
            Failure::new(
                &failure::SEED,
                format!("user {}: {reason}", name.escape_debug()),
            )
        };
        let username: Username = name.parse().map_err(|error| refused(format!("{error}")))?;
        let email: Option<EmailAddress> = match self.email {
            Some(email) => Some(email.parse().map_err(|error| refused(format!("{error}")))?),
            None => None,
        };
        let roles = roles.roles(&self.roles);
        let roles = roles.map_err(|unknown| refused(unknown.to_string()))?;
        let password_hash = match self.password {
            Some(password) => Some(
                hasher
                    .hash(&Secret::new(password.0), &SystemRandom)
                    .map_err(|error| refused(error.to_string()))?,
            ),
            None => None,
        };
        Ok(User {
            subject: Subject {
                id: self.sub.unwrap_or_else(|| random_identifier(&SystemRandom)),
                username: username.into(),
                name: self.name,
                email: email.map(String::from),
                email_verified: self.email_verified,
                roles,
                profile: self.claims,
                active: true,
                updated_at: now,
            },
            password_hash,
            created_at: now,
        })
    }
}

/// Objects, ready to be written.
pub(crate) struct Objects {
    clients: Vec<Client>,
    users: Vec<User>,
}

impl Objects {
    /// Writes them down. What is there already becomes what the seed says, so that a changed port or file holds.
    pub(crate) fn write(&self, transaction: &mut Transaction) -> Result<(), StoreError> {
        for client in &self.clients {
            write_client(transaction, client)?;
        }
        for user in &self.users {
            write_user(transaction, user)?;
        }
        Ok(())
    }
}

fn write_client(transaction: &mut Transaction, client: &Client) -> Result<(), StoreError> {
    let Some(old) = transaction.client(&client.id)? else {
        return transaction.add_client(client);
    };
    transaction.replace_client(client)?;
    for secret in &old.secrets {
        transaction.remove_client_secret(&client.id, &secret.id)?;
    }
    for secret in &client.secrets {
        transaction.add_client_secret(&client.id, secret)?;
    }
    Ok(())
}

fn write_user(transaction: &mut Transaction, user: &User) -> Result<(), StoreError> {
    let Some(old) = transaction.user_by_username(&user.subject.username)? else {
        return transaction.add_user(user);
    };
    let mut user = user.clone();
    // A person stays the same one to applications.
    user.subject.id = old.subject.id;
    user.created_at = old.created_at;
    transaction.replace_user(&user)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::Seed;

    #[test]
    fn what_is_secret_is_not_printed() {
        let text = "[[client]]\nid = \"a\"\nsecret = \"hunter2\"\n[[user]]\nusername = \"b\"\npassword = \"hunter2\"\n";
        let seed = Seed::parse(text, "seed.toml").unwrap();
        assert!(!format!("{seed:?}").contains("hunter2"));
    }
}
