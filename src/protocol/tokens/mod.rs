//! From what was decided to what is sent: [`Issue`] → [`TokenResponse`].
//!
//! A grant decides inside its transaction; signing happens after the commit, outside of it, so that an RSA
//! signature never holds a lock and no token leaves without its committed grant.

use std::borrow::Cow;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Serialize;

use crate::crypto::algorithm::Algorithm;
use crate::crypto::jwe::{JweError, Plaintext};
use crate::crypto::jwt::JwtError;
use crate::crypto::key_set::KeySet;
use crate::crypto::random::{RandomSource, random_bytes};
use crate::crypto::secret::Secret;
use crate::crypto::signing_key::SigningKey;
use crate::protocol::client::Client;
use crate::protocol::context::{Policy, Timestamp, TokenKeys};
use crate::protocol::encryption::Recipient;
use crate::protocol::grants::token_exchange;
use crate::protocol::scope::Scope;
use crate::protocol::services::ServiceClaims;
use crate::protocol::store::Subject;
use crate::protocol::subject_identifier;
use crate::protocol::tokens::actor::Actor;
use crate::protocol::tokens::family::{Family, RotationEvent, Tag};
use crate::protocol::tokens::id_token::{Companions, IdTokenKeys};
use crate::protocol::tokens::refresh_token::FamilyId;
use crate::protocol::trust::binding::Identity;

pub mod access_token;
pub mod actor;
pub mod family;
pub mod front_channel;
pub(crate) mod holder;
pub mod id_token;
pub mod logout_token;
pub mod own_claims;
pub mod refresh_token;

/// What a grant decided to issue.
#[derive(Debug)]
pub struct Issue {
    /// To which client.
    pub client: Arc<Client>,
    /// Who the tokens speak of.
    pub owner: Owner,
    /// What is granted.
    pub scope: Scope,
    /// Who may accept the access token.
    pub audience: Vec<String>,
    /// The `jti` of the access token.
    pub token_id: String,
    /// The refresh token, if there is one.
    pub refresh_token: Option<Secret>,
    /// What an ID token says besides, if there is one.
    pub id_token: Option<IdTokenFacts>,
    /// What kind of rotation led to it, for logs and metrics.
    pub rotation: Option<RotationEvent>,
}

/// Who tokens speak of.
#[derive(Debug)]
pub enum Owner {
    /// The client itself (RFC 6749 §4.4).
    Client,
    /// The client itself, which is an agent and has a family.
    Agent {
        /// When the family ends: no token of it lives longer.
        until: Timestamp,
    },
    /// A service, or somebody whom only the service knows.
    Service {
        /// What the tokens say.
        claims: ServiceClaims,
        /// No token lives longer.
        until: Timestamp,
    },
    /// Whomever an exchanged token spoke of (RFC 8693).
    Exchanged(Box<Exchanged>),
    /// A user.
    User {
        /// The user.
        subject: Box<Subject>,
        /// The `sid`, where the tokens belong to a browser session.
        session: Option<String>,
    },
    /// Somebody whom a trusted issuer vouches for (RFC 7523 §2.1).
    Vouched(Box<Vouched>),
}

/// Somebody whom a trusted issuer vouches for.
#[derive(Debug)]
pub struct Vouched {
    /// The `sub`: a user's own, or the name of the issuer, a colon, and its `sub`.
    pub subject: String,
    /// The roles of the user, or those that binding rules give.
    pub roles: Vec<String>,
    /// What binding rules give besides.
    pub identities: Vec<Identity>,
    /// Life of the access token, in seconds.
    pub lifetime: i64,
}

impl Owner {
    fn session(&self) -> Option<&str> {
        match self {
            Self::Client | Self::Agent { .. } | Self::Service { .. } | Self::Vouched(_) => None,
            Self::Exchanged(exchanged) => exchanged.session.as_deref(),
            Self::User { session, .. } => session.as_deref(),
        }
    }

    fn identities(&self) -> &[Identity] {
        match self {
            Self::Client
            | Self::Agent { .. }
            | Self::Service { .. }
            | Self::Exchanged(_)
            | Self::User { .. } => &[],
            Self::Vouched(vouched) => &vouched.identities,
        }
    }
}

/// What an exchanged token goes on saying (RFC 8693 §2.2).
#[derive(Debug)]
pub struct Exchanged {
    /// Its `sub`.
    pub sub: String,
    /// Who acts.
    pub act: Option<Actor>,
    /// Its roles.
    pub roles: Vec<String>,
    /// The session it came of, where it came of no family.
    pub session: Option<String>,
    /// When it ends; what it is exchanged for lives no longer.
    pub until: Timestamp,
}

/// What an ID token says about the sign-in (OpenID Connect Core §2).
#[derive(Debug)]
pub struct IdTokenFacts {
    /// Claims about the user that were asked for in ID tokens.
    pub claims: Vec<String>,
    /// The authentication context class, where it was asked for.
    pub acr: Option<String>,
    /// The nonce of the authorization request.
    pub nonce: Option<String>,
    /// When the user signed in.
    pub auth_time: Timestamp,
    /// How (RFC 8176).
    pub amr: Vec<String>,
}

/// Which refresh token an access token was minted with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TokenOrigin {
    /// The family.
    pub family: FamilyId,
    /// The tag of the refresh token.
    pub tag: Tag,
}

impl TokenOrigin {
    /// Minted with the current refresh token.
    pub fn of_current(family: &Family) -> Self {
        Self {
            family: family.id,
            tag: family.rotation.current.tag(),
        }
    }

    /// Reads the origin out of a `jti`; `None` for a token without a family.
    pub fn read(token_id: &str) -> Option<Self> {
        let mut parts = token_id.split('.');
        let (family, tag, _random) = (parts.next()?, parts.next()?, parts.next()?);
        let tag = URL_SAFE_NO_PAD.decode(tag).ok()?;
        Some(Self {
            family: FamilyId::from_text(family)?,
            tag: tag.try_into().ok()?,
        })
    }
}

/// A new `jti`: 128 random bits, after family and tag where there is a family.
pub fn new_token_id(random: &dyn RandomSource, origin: Option<TokenOrigin>) -> String {
    let unique = URL_SAFE_NO_PAD.encode(random_bytes::<16>(random));
    match origin {
        None => unique,
        Some(TokenOrigin { family, tag }) => {
            format!(
                "{}.{}.{unique}",
                family.to_text(),
                URL_SAFE_NO_PAD.encode(tag)
            )
        }
    }
}

/// The answer of the token endpoint (RFC 6749 §5.1). Holds secrets: neither printed nor stored.
#[derive(Serialize)]
pub struct TokenResponse {
    /// RFC 9068.
    pub access_token: String,
    /// RFC 8693 §2.2.1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub issued_token_type: Option<&'static str>,
    /// Always `Bearer` (RFC 6750).
    pub token_type: &'static str,
    /// Seconds.
    pub expires_in: i64,
    /// RFC 6749 §6.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refresh_token: Option<String>,
    /// OpenID Connect Core §3.1.3.3.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id_token: Option<String>,
    /// RFC 6749 §3.3; left out when nothing is granted but the token itself.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub scope: String,
}

/// Why tokens could not be signed: a defect of ours, never of the request.
#[derive(Debug, thiserror::Error)]
pub enum SignError {
    /// No active key has the algorithm.
    #[error("no active signing key for {0}")]
    NoKey(Algorithm),
    /// The key under which a token was recorded is gone.
    #[error("the key that was to sign the token is gone")]
    NoRecordedKey,
    /// The claims of an ID token could not be put together.
    #[error("the claims of an ID token could not be put together")]
    Claims,
    /// The access token could not be signed.
    #[error(transparent)]
    Jwt(#[from] JwtError),
    /// Nobody looked for the key of a client whose answers are encrypted.
    #[error("the answer has to be encrypted, and there is no key for it")]
    NoRecipient,
    /// The answer could not be encrypted.
    #[error(transparent)]
    Jwe(#[from] JweError),
}

/// What tokens are signed with.
#[derive(Clone, Copy)]
pub struct Signer<'a> {
    /// The issuer identifier.
    pub issuer: &'a str,
    /// Lifetimes, and the algorithm of access tokens.
    pub policy: &'a Policy,
    /// Signs access tokens.
    pub keys: &'a KeySet,
    /// Signs those of a client that has a key of its own, in place of them.
    pub own_key: Option<&'a SigningKey>,
    /// Signs ID tokens.
    pub id_token_keys: &'a IdTokenKeys,
    /// Makes pairwise subject identifiers.
    pub token_keys: &'a TokenKeys,
    /// The key of a client whose ID tokens are encrypted.
    pub recipient: Option<&'a Recipient>,
    /// Where the keys of encrypted tokens come from.
    pub random: &'a dyn RandomSource,
    /// When the tokens are made.
    pub now: Timestamp,
}

impl Signer<'_> {
    /// The `sub` of all tokens of an issue that speak of that user.
    fn identifier<'s>(&self, issue: &Issue, subject: &'s Subject) -> Cow<'s, str> {
        subject_identifier::identifier(self.token_keys, &issue.client, &subject.id)
    }

    /// The `sid` of all tokens of an issue.
    fn session<'s>(&self, issue: &'s Issue) -> Option<Cow<'s, str>> {
        let session = issue.owner.session()?;
        let keys = self.token_keys;
        Some(subject_identifier::session_identifier(
            keys,
            &issue.client,
            session,
        ))
    }

    /// A signed ID token as it is sent: encrypted, where the client has them so (OpenID Connect Core §10.2).
    fn encrypt(&self, issue: &Issue, id_token: String) -> Result<String, SignError> {
        if issue.client.metadata.id_token_encryption().is_none() {
            return Ok(id_token);
        }
        let recipient = self.recipient.ok_or(SignError::NoRecipient)?;
        Ok(recipient.encrypt(Plaintext::Token(&id_token), self.random)?)
    }
}

/// Signs what was decided.
pub fn sign(issue: &Issue, signer: &Signer<'_>) -> Result<TokenResponse, SignError> {
    let access_token = access_token::sign(issue, signer)?;
    let id_token = match &issue.id_token {
        Some(facts) => {
            let companions = Companions {
                access_token: Some(&access_token),
                ..Companions::default()
            };
            Some(id_token::sign(issue, facts, signer, &companions)?)
        }
        None => None,
    };
    Ok(TokenResponse {
        access_token,
        issued_token_type: match issue.owner {
            Owner::Exchanged(_) => Some(token_exchange::ACCESS_TOKEN),
            Owner::Client
            | Owner::Agent { .. }
            | Owner::Service { .. }
            | Owner::User { .. }
            | Owner::Vouched(_) => None,
        },
        token_type: "Bearer",
        expires_in: access_token::lifetime(issue, signer),
        refresh_token: issue
            .refresh_token
            .as_ref()
            .map(|token| token.expose().to_owned()),
        id_token,
        scope: issue.scope.to_string(),
    })
}
