//! ID tokens (OpenID Connect Core §2), assembled from the types of `openidconnect` and signed by our own
//! parsed keys, and the reading of `id_token_hint`.

use std::borrow::Cow;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use openidconnect::core::{
    CoreGenderClaim, CoreJsonWebKey, CoreJweContentEncryptionAlgorithm, CoreJwsSigningAlgorithm,
};
use openidconnect::{
    AccessToken, AdditionalClaims, Audience, AuthenticationContextClass,
    AuthenticationMethodReference, AuthorizationCode, ClientId, IdToken, IdTokenClaims, IssuerUrl,
    Nonce, PrivateSigningKey, SigningError, StandardClaims, SubjectIdentifier,
};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::crypto::algorithm::Algorithm;
use crate::crypto::digest::half_hash;
use crate::crypto::jwt::{self, Expected, JwtRefused};
use crate::crypto::key_set::KeySet;
use crate::crypto::signing_key::SigningKey;
use crate::protocol::claims::UserInfo;
use crate::protocol::context::Timestamp;
use crate::protocol::scope::Scope;
use crate::protocol::store::Subject;
use crate::protocol::tokens::access_token::Audiences;
use crate::protocol::tokens::{IdTokenFacts, Issue, Owner, SignError, Signer};

/// Claims beyond the standard set.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct SessionClaims {
    /// OpenID Connect Front-Channel Logout §3.
    #[serde(skip_serializing_if = "Option::is_none")]
    sid: Option<String>,
    /// Financial-grade API Security Profile 1.0 part 2 §5.1.
    #[serde(skip_serializing_if = "Option::is_none")]
    s_hash: Option<String>,
    /// OpenID Connect Core §5.5.
    #[serde(flatten)]
    about_user: Map<String, Value>,
}

impl AdditionalClaims for SessionClaims {}

type Token = IdToken<
    SessionClaims,
    CoreGenderClaim,
    CoreJweContentEncryptionAlgorithm,
    CoreJwsSigningAlgorithm,
>;

/// The active keys in the form that `openidconnect` signs with, prepared when keys change.
pub struct IdTokenKeys(Vec<(Algorithm, IdTokenKey)>);

struct IdTokenKey {
    key: Arc<SigningKey>,
    public: CoreJsonWebKey,
}

impl IdTokenKeys {
    /// Prepares the active keys of the set.
    pub fn new(keys: &KeySet) -> Result<Self, serde_json::Error> {
        let mut prepared = Vec::new();
        for algorithm in keys.algorithms() {
            if let Some(key) = keys.active(algorithm) {
                let public = serde_json::from_value(serde_json::to_value(key.public_jwk())?)?;
                prepared.push((
                    algorithm,
                    IdTokenKey {
                        key: Arc::clone(key),
                        public,
                    },
                ));
            }
        }
        Ok(Self(prepared))
    }

    fn find(&self, algorithm: Algorithm) -> Option<&IdTokenKey> {
        self.0
            .iter()
            .find(|(known, _)| *known == algorithm)
            .map(|(_, key)| key)
    }
}

impl PrivateSigningKey for IdTokenKey {
    type VerificationKey = CoreJsonWebKey;

    fn sign(
        &self,
        _algorithm: &CoreJwsSigningAlgorithm,
        message: &[u8],
    ) -> Result<Vec<u8>, SigningError> {
        self.key
            .sign(message)
            .map_err(|error| SigningError::Other(error.to_string()))
    }

    fn as_verification_key(&self) -> CoreJsonWebKey {
        self.public.clone()
    }
}

/// What an ID token travels with, and vouches for with `at_hash`, `c_hash` and `s_hash` (OpenID Connect Core §3.3.2.11).
#[derive(Clone, Copy, Default)]
pub(super) struct Companions<'a> {
    /// The access token.
    pub(super) access_token: Option<&'a str>,
    /// The code, in the authorization response.
    pub(super) code: Option<&'a str>,
    /// The `state`, in the authorization response.
    pub(super) state: Option<&'a str>,
}

/// Signs an ID token.
pub(super) fn sign(
    issue: &Issue,
    facts: &IdTokenFacts,
    signer: &Signer<'_>,
    companions: &Companions<'_>,
) -> Result<String, SignError> {
    let Owner::User { subject, .. } = &issue.owner else {
        return Err(SignError::Claims);
    };
    let algorithm = issue.client.id_token_algorithm;
    let key = signer
        .id_token_keys
        .find(algorithm)
        .ok_or(SignError::NoKey(algorithm))?;
    let issuer = IssuerUrl::new(signer.issuer.to_owned()).map_err(|_| SignError::Claims)?;
    let client_id = issue.client.id.as_str().to_owned();
    let amr = facts
        .amr
        .iter()
        .cloned()
        .map(AuthenticationMethodReference::new)
        .collect();
    let claims = IdTokenClaims::new(
        issuer,
        vec![Audience::new(client_id.clone())],
        time(signer.now + signer.policy.id_token_lifetime)?,
        time(signer.now)?,
        StandardClaims::new(SubjectIdentifier::new(
            signer.identifier(issue, subject).into_owned(),
        )),
        SessionClaims {
            sid: signer.session(issue).map(Cow::into_owned),
            s_hash: companions
                .state
                .map(|state| half_hash(algorithm, state.as_bytes())),
            about_user: about_user(subject, issue, facts, companions),
        },
    )
    .set_auth_time(Some(time(facts.auth_time)?))
    .set_nonce(facts.nonce.clone().map(Nonce::new))
    .set_auth_context_ref(facts.acr.clone().map(AuthenticationContextClass::new))
    .set_authorized_party(Some(ClientId::new(client_id)))
    .set_auth_method_refs(Some(amr));
    let access_token = companions.access_token.map(str::to_owned);
    let access_token = access_token.map(AccessToken::new);
    let code = companions.code.map(str::to_owned);
    let code = code.map(AuthorizationCode::new);
    let algorithm = signing_algorithm(algorithm);
    let token = Token::new(claims, key, algorithm, access_token.as_ref(), code.as_ref());
    let token = token.map_err(|_| SignError::Claims)?;
    signer.encrypt(issue, token.to_string())
}

/// What was asked for by name; where no access token opens the userinfo endpoint, what the scope stands for as well
/// (OpenID Connect Core §5.4).
fn about_user(
    subject: &Subject,
    issue: &Issue,
    facts: &IdTokenFacts,
    companions: &Companions<'_>,
) -> Map<String, Value> {
    let is_alone = companions.access_token.is_none() && companions.code.is_none();
    if is_alone {
        return UserInfo::new(subject, &issue.scope, &facts.claims).into_members();
    }
    if facts.claims.is_empty() {
        return Map::new();
    }
    UserInfo::new(subject, &Scope::default(), &facts.claims).into_members()
}

/// The name that `openidconnect` gives to an algorithm of ours.
pub(crate) fn signing_algorithm(algorithm: Algorithm) -> CoreJwsSigningAlgorithm {
    match algorithm {
        Algorithm::Es256 => CoreJwsSigningAlgorithm::EcdsaP256Sha256,
        Algorithm::Es384 => CoreJwsSigningAlgorithm::EcdsaP384Sha384,
        Algorithm::Es512 => CoreJwsSigningAlgorithm::EcdsaP521Sha512,
        Algorithm::EdDsa => CoreJwsSigningAlgorithm::EdDsa,
        Algorithm::Rs256 => CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha256,
        Algorithm::Rs384 => CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha384,
        Algorithm::Rs512 => CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha512,
        Algorithm::Ps256 => CoreJwsSigningAlgorithm::RsaSsaPssSha256,
        Algorithm::Ps384 => CoreJwsSigningAlgorithm::RsaSsaPssSha384,
        Algorithm::Ps512 => CoreJwsSigningAlgorithm::RsaSsaPssSha512,
    }
}

fn time(seconds: Timestamp) -> Result<DateTime<Utc>, SignError> {
    DateTime::from_timestamp(seconds, 0).ok_or(SignError::Claims)
}

/// What an ID token of ours says that comes back: as a hint, or to be exchanged.
#[derive(Clone, Debug, Deserialize)]
pub struct IdTokenHint {
    /// The user it speaks of.
    pub sub: String,
    /// The client it was made for.
    pub aud: Audiences,
    /// From when on it is refused where it does not come as a hint.
    pub exp: Timestamp,
    /// The session it was made in.
    pub sid: Option<String>,
    /// Only access tokens and the like have one; an ID token of ours has none.
    client_id: Option<serde::de::IgnoredAny>,
}

/// Tells a token whose key is gone from one that was never ours; it proves nothing.
pub fn names_issuer(hint: &str, issuer: &str) -> bool {
    jwt::peek(hint).is_ok_and(|claimed| claimed.issuer.as_deref() == Some(issuer))
}

/// Reads an `id_token_hint`: ours, with a good signature, expired or not (OpenID Connect Core §3.1.2.1,
/// RP-Initiated Logout §2).
pub(crate) fn read_hint(
    token: &str,
    issuer: &str,
    keys: &KeySet,
    now: Timestamp,
) -> Result<IdTokenHint, JwtRefused> {
    let expected = Expected {
        accept_expired: true,
        ..expected(issuer, now)
    };
    returned(keys, token, &expected)
}

/// Reads an ID token that is exchanged: ours, with a good signature, and not expired (RFC 8693 §2.1).
pub(crate) fn read(
    token: &str,
    issuer: &str,
    keys: &KeySet,
    now: Timestamp,
) -> Result<IdTokenHint, JwtRefused> {
    returned(keys, token, &expected(issuer, now))
}

fn expected(issuer: &str, now: Timestamp) -> Expected<'_> {
    Expected {
        issuer,
        typ: None,
        now,
        leeway: 0,
        accept_expired: false,
    }
}

fn returned(
    keys: &KeySet,
    token: &str,
    expected: &Expected<'_>,
) -> Result<IdTokenHint, JwtRefused> {
    let read: IdTokenHint = jwt::verify(keys, token, expected)?;
    if read.client_id.is_some() {
        Err(JwtRefused::WrongType)
    } else {
        Ok(read)
    }
}
