//! Tokens that are signed with a secret which issuer and readers share (HS512): for readers that know nothing else.
//!
//! A profile of its own, with its own issuer and audience: nothing is recorded, so such a token is good until it expires, and
//! whoever holds the secret can make one. Its verifier takes no other algorithm, and no other verifier takes its tokens.

use serde::{Deserialize, Serialize};

use crate::crypto::digest::constant_time_eq;
use crate::crypto::jwt::mac::{MacAlgorithm, sign_mac, verify_mac};
use crate::crypto::jwt::{self, Expected, JwtError, JwtRefused};
use crate::crypto::random::{RandomSource, random_identifier};
use crate::crypto::secret::SecretBytes;
use crate::protocol::context::Timestamp;
use crate::protocol::tokens::access_token::Audiences;
use crate::protocol::tokens::own_claims::OwnClaims;

/// Why secrets cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UnusableSecret {
    /// Shorter than the hash (RFC 7518 §3.2).
    #[error("a secret for HS512 needs at least 64 bytes (RFC 7518 section 3.2)")]
    TooShort,
    /// The key identifier cannot stand in a header.
    #[error(
        "a kid has 1 to 128 printable ASCII characters, without blanks, quotes and backslashes"
    )]
    KeyId,
    /// None at all, or two of one name.
    #[error("there must be at least one secret, and each kid once")]
    Count,
}

/// A secret and its name.
#[derive(Clone, Debug)]
pub struct SharedSecret {
    kid: String,
    secret: SecretBytes,
}

impl SharedSecret {
    /// Takes a secret of at least 64 bytes.
    pub fn new(kid: &str, secret: SecretBytes) -> Result<Self, UnusableSecret> {
        if secret.expose().len() < 64 {
            return Err(UnusableSecret::TooShort);
        }
        let is_safe = |byte: u8| byte.is_ascii_graphic() && !b"\"\\<>".contains(&byte);
        if !(1..=128).contains(&kid.len()) || !kid.bytes().all(is_safe) {
            return Err(UnusableSecret::KeyId);
        }
        let kid = kid.to_owned();
        Ok(Self { kid, secret })
    }
}

impl PartialEq for SharedSecret {
    fn eq(&self, other: &Self) -> bool {
        self.kid == other.kid && constant_time_eq(self.secret.expose(), other.secret.expose())
    }
}

impl Eq for SharedSecret {}

/// The secrets of a deployment: the first signs, all verify. So a new one is put first, and the old one is taken away when
/// its last token has expired.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SharedSecrets {
    issuer: String,
    audience: String,
    signing: SharedSecret,
    others: Vec<SharedSecret>,
}

impl SharedSecrets {
    /// Takes the secrets, and the `iss` and the usual `aud` of their tokens.
    pub fn new(
        issuer: &str,
        audience: &str,
        secrets: Vec<SharedSecret>,
    ) -> Result<Self, UnusableSecret> {
        let mut kids: Vec<&str> = secrets.iter().map(|it| it.kid.as_str()).collect();
        kids.sort_unstable();
        if kids.windows(2).any(|pair| pair.first() == pair.last()) {
            return Err(UnusableSecret::Count);
        }
        let mut secrets = secrets.into_iter();
        Ok(Self {
            issuer: issuer.to_owned(),
            audience: audience.to_owned(),
            signing: secrets.next().ok_or(UnusableSecret::Count)?,
            others: secrets.collect(),
        })
    }

    /// The `aud` of tokens for which nobody says another.
    pub fn audience(&self) -> &str {
        &self.audience
    }
}

/// What a token is to say.
#[derive(Clone, Debug)]
pub struct SecretTokenWish {
    /// The name of the user it speaks of.
    pub subject: String,
    /// Seconds; zero and less stand for an hour.
    pub lifetime: i64,
    /// Who may accept it; nobody named: the usual audience.
    pub audience: Vec<String>,
    /// What it says besides.
    pub claims: OwnClaims,
}

#[derive(Serialize)]
struct Claims<'a> {
    iss: &'a str,
    sub: &'a str,
    aud: Audiences,
    iat: Timestamp,
    exp: Timestamp,
    jti: &'a str,
    #[serde(flatten)]
    own: &'a OwnClaims,
}

/// Signs a token.
pub fn issue(
    secrets: &SharedSecrets,
    wish: &SecretTokenWish,
    random: &dyn RandomSource,
    now: Timestamp,
) -> Result<String, JwtError> {
    let lifetime = if wish.lifetime > 0 {
        wish.lifetime
    } else {
        USUAL_LIFETIME
    };
    let claims = Claims {
        iss: &secrets.issuer,
        sub: &wish.subject,
        aud: match wish.audience.as_slice() {
            [] => Audiences::One(secrets.audience.clone()),
            [one] => Audiences::One(one.clone()),
            many => Audiences::Many(many.to_vec()),
        },
        iat: now,
        exp: now.saturating_add(lifetime),
        jti: &random_identifier(random),
        own: &wish.claims,
    };
    let SharedSecret { kid, secret } = &secrets.signing;
    sign_mac(MacAlgorithm::Hs512, secret.expose(), kid, &claims)
}

/// The claims of a token whose signature, issuer and time were checked. A claim that is missing grants nothing, so all of
/// them are demanded.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct SecretToken {
    /// The name of the user.
    pub sub: String,
    /// Who may accept it.
    pub aud: Audiences,
}

/// Whether a token says that it is signed with a shared secret. What it says decides only who looks at it.
pub fn is_meant(token: &str) -> bool {
    jwt::peek(token).is_ok_and(|told| told.algorithm.starts_with("HS"))
}

/// Verifies a token. One without `kid`, as other programs make them, may be of any of the secrets.
pub fn verify(
    secrets: &SharedSecrets,
    token: &str,
    now: Timestamp,
) -> Result<SecretToken, JwtRefused> {
    let expected = Expected {
        issuer: &secrets.issuer,
        typ: None,
        now,
        leeway: 0,
        accept_expired: false,
    };
    let named = jwt::peek(token)?.key_id;
    let all = std::iter::once(&secrets.signing).chain(&secrets.others);
    let mut refused = JwtRefused::UnknownKey;
    for secret in all.filter(|it| named.as_ref().is_none_or(|kid| *kid == it.kid)) {
        let algorithm = Some(MacAlgorithm::Hs512);
        match verify_mac(secret.secret.expose(), algorithm, token, &expected) {
            Err(JwtRefused::BadSignature) => refused = JwtRefused::BadSignature,
            outcome => return outcome,
        }
    }
    Err(refused)
}

/// An hour, as with the service that this profile stands in for.
const USUAL_LIFETIME: i64 = 3600;
