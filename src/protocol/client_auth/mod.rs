//! Client authentication: exactly one method a request, and the registered one (RFC 6749 §2.3).
//!
//! The only source of an [`AuthenticatedClient`], and no grant runs without one. What it costs is known
//! before it is paid: a generated secret is compared here and now, a chosen one is handed
//! back as a [`PasswordCheck`], to be paid for behind the admission queue. A signed assertion is handed back as an
//! [`UnspentAssertion`], because using it up has to be remembered.

use std::sync::Arc;

use crate::crypto::secret::{Secret, SecretBytes};
use crate::protocol::catalogue::{self, Explanation};
use crate::protocol::client::{AuthenticationMethod, Client, ClientSecret, StoredSecret};
use crate::protocol::context::Context;
use crate::protocol::error::Refusal;
use crate::protocol::params::Params;

mod assertion;
mod basic;

pub use self::assertion::{TOKEN_ENDPOINT, UnspentAssertion};

/// A client that proved to be it, or a public one that named itself.
#[derive(Clone, Debug)]
pub struct AuthenticatedClient {
    client: Arc<Client>,
    /// Which of its secrets fitted.
    place: Option<usize>,
}

impl AuthenticatedClient {
    /// An agent that presented a token of its own family, which nobody else has.
    pub(in crate::protocol) fn agent_of_family(client: Arc<Client>) -> Self {
        Self {
            client,
            place: None,
        }
    }

    /// A client that proved to be it by a token that only it has.
    pub(in crate::protocol) fn by_own_token(client: Arc<Client>) -> Self {
        Self {
            client,
            place: None,
        }
    }

    /// The client.
    pub fn client(&self) -> &Client {
        &self.client
    }

    /// The secret with which it proved to be it; `None` for a client without secrets.
    pub fn secret(&self) -> Option<&ClientSecret> {
        self.client.secrets.get(self.place?)
    }

    /// The client, to keep.
    pub fn shared(&self) -> Arc<Client> {
        Arc::clone(&self.client)
    }
}

/// How far authentication came.
#[derive(Debug)]
pub enum Identified {
    /// Done.
    Authenticated(AuthenticatedClient),
    /// An Argon2id hash has to be compared first.
    NeedsPasswordCheck(PasswordCheck),
    /// The assertion has to be used up.
    NeedsSpending(UnspentAssertion),
    /// The keys at this address have to be read, then [`identify`] is asked once more.
    NeedsKeys(String),
}

/// A comparison that costs a password hash.
#[derive(Debug)]
pub struct PasswordCheck {
    client: Arc<Client>,
    method: AuthenticationMethod,
    secret: Secret,
    hashes: Vec<Secret>,
    /// Which secret of the client each hash belongs to.
    places: Vec<usize>,
}

impl PasswordCheck {
    /// What was presented.
    pub fn secret(&self) -> &Secret {
        &self.secret
    }

    /// The hashes of which one must fit, in PHC form.
    pub fn hashes(&self) -> &[Secret] {
        &self.hashes
    }

    /// The end of authentication, once it is known which of the hashes fits, if any does.
    pub fn conclude(self, fitting: Option<usize>) -> Result<AuthenticatedClient, Refusal> {
        let place = fitting.and_then(|index| self.places.get(index).copied());
        let place = place.ok_or(Refused::Credentials)?;
        Ok(admit(self.client, self.method, Some(place))?)
    }
}

/// Why authentication fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Refused {
    Nothing,
    TwoWays,
    MalformedBasic,
    Credentials,
    OtherMethod,
    Disabled,
    AssertionParameters,
    Assertion,
    AssertionTime,
    AssertionTooLong,
    AssertionAudience,
    AssertionClaims,
    AssertionReplayed,
    KeysAway,
}

/// The credentials of a request, in the one way they came.
enum Credentials<'a> {
    Secret {
        client_id: String,
        secret: Secret,
        method: AuthenticationMethod,
    },
    Assertion {
        named: Option<&'a str>,
        assertion: &'a str,
    },
    Name(&'a str),
}

/// Finds out which client sends the request. `authorization` is the value of the header.
pub fn identify(
    context: &Context<'_>,
    authorization: Option<&str>,
    params: &Params<'_>,
) -> Result<Identified, Refusal> {
    Ok(match credentials(authorization, params)? {
        Credentials::Assertion { named, assertion } => {
            assertion::identify(context, named, assertion)?
        }
        Credentials::Name(client_id) => {
            let client = context
                .clients
                .client(client_id)
                .ok_or(Refused::Credentials)?;
            if !client.is_public() {
                return Err(Refused::Nothing.into());
            }
            Identified::Authenticated(admit(client, AuthenticationMethod::None, None)?)
        }
        Credentials::Secret {
            client_id,
            secret,
            method,
        } => {
            let client = context
                .clients
                .client(&client_id)
                .ok_or(Refused::Credentials)?;
            compare(context, client, secret, method)?
        }
    })
}

fn credentials<'a>(
    authorization: Option<&str>,
    params: &'a Params<'_>,
) -> Result<Credentials<'a>, Refused> {
    let (named, secret) = (params.find("client_id"), params.find("client_secret"));
    let assertion = params.find("client_assertion");
    let assertion_type = params.find("client_assertion_type");
    if assertion.is_some() || assertion_type.is_some() {
        if authorization.is_some() || secret.is_some() {
            return Err(Refused::TwoWays);
        }
        return match (assertion, assertion_type) {
            (Some(assertion), Some(assertion::TYPE)) => {
                Ok(Credentials::Assertion { named, assertion })
            }
            (_, _) => Err(Refused::AssertionParameters),
        };
    }
    match (authorization, named, secret) {
        (Some(header), named, None) => {
            let (client_id, secret) = basic::parse(header).ok_or(Refused::MalformedBasic)?;
            // The same name once more is harmless; another one is not.
            if named.is_some_and(|named| named != client_id) {
                return Err(Refused::TwoWays);
            }
            let method = AuthenticationMethod::ClientSecretBasic;
            Ok(Credentials::Secret {
                client_id,
                secret,
                method,
            })
        }
        (Some(_), _, Some(_)) => Err(Refused::TwoWays),
        (None, Some(client_id), Some(secret)) => Ok(Credentials::Secret {
            client_id: client_id.to_owned(),
            secret: Secret::new(secret.to_owned()),
            method: AuthenticationMethod::ClientSecretPost,
        }),
        (None, Some(client_id), None) => Ok(Credentials::Name(client_id)),
        (None, None, _) => Err(Refused::Nothing),
    }
}

fn compare(
    context: &Context<'_>,
    client: Arc<Client>,
    secret: Secret,
    method: AuthenticationMethod,
) -> Result<Identified, Refused> {
    let live = || live(context, &client);
    let digest = context.keys.client_secret_digest(secret.expose());
    let fitting = live().find(|(_, live)| match &live.stored {
        StoredSecret::Generated(stored) | StoredSecret::Sealed { digest: stored, .. } => {
            *stored == digest
        }
        StoredSecret::Chosen(_) => false,
    });
    if let Some((place, _)) = fitting {
        return admit(client, method, Some(place)).map(Identified::Authenticated);
    }
    let (places, hashes): (Vec<usize>, Vec<Secret>) = live()
        .filter_map(|(place, live)| match &live.stored {
            StoredSecret::Generated(_) | StoredSecret::Sealed { .. } => None,
            StoredSecret::Chosen(hash) => Some((place, Secret::new(hash.clone()))),
        })
        .unzip();
    if hashes.is_empty() {
        return Err(if client.is_public() {
            Refused::OtherMethod
        } else {
            Refused::Credentials
        });
    }
    Ok(Identified::NeedsPasswordCheck(PasswordCheck {
        client,
        method,
        secret,
        hashes,
        places,
    }))
}

/// Secrets that have not expired, and their places.
fn live<'a>(
    context: &Context<'_>,
    client: &'a Client,
) -> impl Iterator<Item = (usize, &'a ClientSecret)> {
    let now = context.now;
    let is_live = move |at: Option<i64>| at.is_none_or(|at| now < at);
    let secrets = client.secrets.iter().enumerate();
    secrets.filter(move |(_, secret)| is_live(secret.expires_at))
}

/// Live secrets that the client signs with, and their places.
pub(super) fn opened<'a>(
    context: &'a Context<'_>,
    client: &'a Client,
) -> impl Iterator<Item = (usize, SecretBytes)> {
    live(context, client).filter_map(|(place, secret)| match &secret.stored {
        StoredSecret::Sealed { sealed, .. } => {
            let opened = context.keys.open_client_secret(client.id.as_str(), sealed);
            opened.map(|secret| (place, secret))
        }
        StoredSecret::Generated(_) | StoredSecret::Chosen(_) => None,
    })
}

/// What is said only to a client whose credentials are right.
fn admit(
    client: Arc<Client>,
    method: AuthenticationMethod,
    place: Option<usize>,
) -> Result<AuthenticatedClient, Refused> {
    if client.authentication_method != method {
        return Err(Refused::OtherMethod);
    }
    if client.disabled {
        return Err(Refused::Disabled);
    }
    Ok(AuthenticatedClient { client, place })
}

impl Refused {
    fn explanation(self) -> &'static Explanation {
        match self {
            Self::Nothing => &catalogue::NO_CLIENT_AUTHENTICATION,
            Self::TwoWays => &catalogue::TWO_CLIENT_AUTHENTICATIONS,
            Self::MalformedBasic => &catalogue::MALFORMED_BASIC,
            Self::Credentials => &catalogue::UNKNOWN_CLIENT,
            Self::OtherMethod => &catalogue::OTHER_AUTHENTICATION_METHOD,
            Self::Disabled => &catalogue::CLIENT_DISABLED,
            Self::AssertionParameters => &catalogue::ASSERTION_PARAMETERS,
            Self::Assertion => &catalogue::ASSERTION_NOT_GOOD,
            Self::AssertionTime => &catalogue::ASSERTION_TIME,
            Self::AssertionTooLong => &catalogue::ASSERTION_TOO_LONG,
            Self::AssertionAudience => &catalogue::ASSERTION_AUDIENCE,
            Self::AssertionClaims => &catalogue::ASSERTION_CLAIMS,
            Self::AssertionReplayed => &catalogue::ASSERTION_REPLAYED,
            Self::KeysAway => &catalogue::CLIENT_KEYS_AWAY,
        }
    }
}

impl From<Refused> for Refusal {
    fn from(refused: Refused) -> Self {
        Self::new(refused.explanation())
    }
}
