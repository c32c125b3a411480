//! Whether a token of a trusted issuer is good (RFC 7521 §5.2, RFC 7523 §3).
//!
//! The algorithm is looked at before the key, the key before the signature, the signature before the claims. Each cause has an
//! id of its own, because who brings the token has to mend it, and it tells nothing that the token did not.

use std::sync::Arc;

use serde_json::{Map, Value};

use crate::crypto::algorithm::Algorithm;
use crate::crypto::digest::Digest;
use crate::crypto::jwk_set::JwkSet;
use crate::crypto::jwt::mac::MacAlgorithm;
use crate::crypto::jwt::{self, JwtRefused, unbound};
use crate::crypto::verifying_key::VerifyingKey;
use crate::protocol::catalogue::{self, Explanation};
use crate::protocol::client_auth::TOKEN_ENDPOINT;
use crate::protocol::client_metadata::AssertionAlgorithm;
use crate::protocol::context::{Context, PublishedKeys, Timestamp};
use crate::protocol::error::{Fault, Refusal};
use crate::protocol::store::Replays;
use crate::protocol::trust::attributes::{Attributes, Numbers};
use crate::protocol::trust::directory::Trusted;
use crate::protocol::trust::issuer::{KeySource, TrustedIssuer};

/// Why a token is not believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refused {
    /// No token at all.
    Malformed,
    /// `alg` is none that the issuer signs with.
    Algorithm,
    /// No key of the issuer made the signature.
    Signature,
    /// The keys cannot be read.
    KeysAway,
    /// `exp` has passed.
    Expired,
    /// `nbf` or `iat` is to come.
    NotYetValid,
    /// `exp` or `sub` is missing, or a claim has a wrong type.
    Claims,
    /// Another `iss`.
    Issuer,
    /// Another `aud`, or none.
    Audience,
    /// Made too long ago.
    TooOld,
    /// It was brought before.
    Replayed,
    /// A mapped claim has a shape that its attribute cannot take.
    Shape,
}

/// A token that is good, but for being brought once.
#[derive(Clone, Debug)]
pub struct Verified {
    /// Whose it is.
    pub trusted: Arc<Trusted>,
    /// `sub`; empty where a Consul method lets it be missing.
    pub subject: String,
    /// What its claims come to.
    pub attributes: Attributes,
    /// The user of this server that it names.
    pub user: Option<String>,
    once: Option<(Digest, Timestamp)>,
}

impl Verified {
    /// **Gate**: of all who bring a token that counts once, one comes through.
    pub fn spend(&self, store: &mut (impl Replays + ?Sized)) -> Result<(), Fault<Refused>> {
        match &self.once {
            Some((value, forget_at)) if !store.use_once(PURPOSE, value, *forget_at)? => {
                Err(Fault::Refused(Refused::Replayed))
            }
            Some(_) | None => Ok(()),
        }
    }
}

/// How far the check came.
#[derive(Debug)]
pub enum Checked {
    /// It is good.
    Good(Box<Verified>),
    /// The issuer may have published other keys: read them, and check once more.
    NeedsKeys,
}

/// How strictly a token is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Strictness {
    /// As RFC 7523 §3 has it.
    Standard,
    /// As Consul reads it: where no audience is bound, none is asked for; `exp` may be made of `iat` or `nbf`; numbers lose
    /// their decimals.
    Consul,
}

/// Checks a token. `published` are the keys of an issuer that publishes them.
pub fn check(
    context: &Context<'_>,
    trusted: &Arc<Trusted>,
    published: &PublishedKeys,
    token: &str,
    strictness: Strictness,
) -> Result<Checked, Refused> {
    let issuer = &trusted.issuer;
    let unverified = jwt::peek(token).map_err(|_| Refused::Malformed)?;
    let algorithm = algorithm(issuer, &unverified.algorithm).ok_or(Refused::Algorithm)?;
    let claims = match algorithm {
        AssertionAlgorithm::Mac(algorithm) => with_secret(context, issuer, algorithm, token)?,
        AssertionAlgorithm::Signature(algorithm) => {
            let key_id = unverified.key_id.as_deref();
            match &issuer.keys {
                KeySource::Pem(_) => with_pem(trusted, algorithm, token)?,
                KeySource::Jwks(set) => with_set(set, key_id, algorithm, token)?,
                KeySource::JwksUrl(_) | KeySource::DiscoveryUrl(_) => {
                    match with_published(published, key_id, algorithm, token)? {
                        Some(claims) => claims,
                        None => return Ok(Checked::NeedsKeys),
                    }
                }
                KeySource::Secret => return Err(Refused::Algorithm),
            }
        }
    };
    let verified = read(context, trusted, &claims, strictness)?;
    Ok(Checked::Good(Box::new(verified)))
}

/// The algorithm that the header names, if the issuer may sign with it (RFC 8725 §3.1).
fn algorithm(issuer: &TrustedIssuer, named: &str) -> Option<AssertionAlgorithm> {
    let found = if issuer.keys == KeySource::Secret {
        let mut all = MacAlgorithm::ALL.into_iter();
        AssertionAlgorithm::Mac(all.find(|it| it.as_str() == named)?)
    } else {
        AssertionAlgorithm::Signature(named.parse().ok()?)
    };
    let may = issuer.algorithms.is_empty() || issuer.algorithms.contains(&found);
    may.then_some(found)
}

fn with_secret(
    context: &Context<'_>,
    issuer: &TrustedIssuer,
    algorithm: MacAlgorithm,
    token: &str,
) -> Result<Map<String, Value>, Refused> {
    let sealed = issuer.sealed_secret.as_deref();
    let secret = sealed.and_then(|sealed| context.keys.open_trust_secret(&issuer.name, sealed));
    let secret = secret.ok_or(Refused::Signature)?;
    unbound::signed_with_mac(secret.expose(), algorithm, token, TYPE).map_err(Refused::from)
}

/// Each key that can be for this algorithm, one after the other.
fn with_pem(
    trusted: &Trusted,
    algorithm: Algorithm,
    token: &str,
) -> Result<Map<String, Value>, Refused> {
    let mut outcome = Err(Refused::Algorithm);
    for key in trusted.static_keys(algorithm) {
        let Ok(key) = VerifyingKey::new(key, algorithm) else {
            continue;
        };
        outcome = unbound::signed(&key, token, TYPE).map_err(Refused::from);
        if outcome != Err(Refused::Signature) {
            break;
        }
    }
    outcome
}

fn with_set(
    set: &JwkSet,
    key_id: Option<&str>,
    algorithm: Algorithm,
    token: &str,
) -> Result<Map<String, Value>, Refused> {
    let found = set.find(key_id, Some(algorithm));
    let key = found.and_then(|(key, algorithm)| VerifyingKey::new(key, algorithm).ok());
    let key = key.ok_or(Refused::Signature)?;
    unbound::signed(&key, token, TYPE).map_err(Refused::from)
}

/// `None` where other keys may have been published meanwhile.
fn with_published(
    published: &PublishedKeys,
    key_id: Option<&str>,
    algorithm: Algorithm,
    token: &str,
) -> Result<Option<Map<String, Value>>, Refused> {
    match &published.keys {
        Some(set) if set.find(key_id, Some(algorithm)).is_some() => {
            with_set(set, key_id, algorithm, token).map(Some)
        }
        Some(_) | None if published.may_ask_again => Ok(None),
        Some(_) => Err(Refused::Signature),
        None => Err(Refused::KeysAway),
    }
}

/// RFC 7523 §3, from `iss` to `jti`.
fn read(
    context: &Context<'_>,
    trusted: &Arc<Trusted>,
    claims: &Map<String, Value>,
    strictness: Strictness,
) -> Result<Verified, Refused> {
    let issuer = &trusted.issuer;
    let said = text(claims, "iss")?;
    if trusted.expected_issuer().is_some_and(|it| said != Some(it)) {
        return Err(Refused::Issuer);
    }
    let expiry = check_times(context.now, issuer, claims, strictness)?;
    check_audience(context, issuer, claims, strictness)?;
    let subject = match text(claims, "sub")? {
        Some(subject) if subject.len() <= LONGEST => subject.to_owned(),
        None if issuer.consul.is_some() => String::new(),
        Some(_) | None => return Err(Refused::Claims),
    };
    let numbers = match strictness {
        Strictness::Standard => Numbers::Exact,
        Strictness::Consul => Numbers::Truncated,
    };
    let (values, lists) = (&issuer.claim_mappings, &issuer.list_claim_mappings);
    let attributes =
        Attributes::read(claims, values, lists, numbers).map_err(|_| Refused::Shape)?;
    let user = match &issuer.user_claim {
        None => None,
        Some(claim) => Some(text(claims, claim)?.ok_or(Refused::Claims)?.to_owned()),
    };
    let once = if issuer.one_time {
        let jti = text(claims, "jti")?;
        let jti = jti.filter(|jti| (1..=LONGEST).contains(&jti.len()));
        let jti = jti.ok_or(Refused::Claims)?;
        let value = context.keys.trusted_assertion_digest(&issuer.name, jti);
        let forget_at = expiry.saturating_add(issuer.leeway).saturating_add(KEPT);
        Some((value, forget_at))
    } else {
        None
    };
    Ok(Verified {
        trusted: Arc::clone(trusted),
        subject,
        attributes,
        user,
        once,
    })
}

/// All times with the one leeway; answers `exp`.
fn check_times(
    now: Timestamp,
    issuer: &TrustedIssuer,
    claims: &Map<String, Value>,
    strictness: Strictness,
) -> Result<Timestamp, Refused> {
    let (made_at, not_before) = (time(claims, "iat")?, time(claims, "nbf")?);
    let synthetic = match (strictness, &issuer.consul) {
        (Strictness::Consul, Some(method)) => {
            let latest = made_at.max(not_before);
            latest.map(|it| it.saturating_add(method.expiration_leeway))
        }
        (Strictness::Standard, _) | (Strictness::Consul, None) => None,
    };
    let expiry = time(claims, "exp")?.or(synthetic).ok_or(Refused::Claims)?;
    if expiry.saturating_add(issuer.leeway) <= now {
        return Err(Refused::Expired);
    }
    let latest = now.saturating_add(issuer.leeway);
    if made_at.is_some_and(|it| it > latest) || not_before.is_some_and(|it| it > latest) {
        return Err(Refused::NotYetValid);
    }
    if let Some(most) = issuer.max_age {
        let oldest = now.saturating_sub(most).saturating_sub(issuer.leeway);
        if made_at.ok_or(Refused::Claims)? < oldest {
            return Err(Refused::TooOld);
        }
    }
    Ok(expiry)
}

fn check_audience(
    context: &Context<'_>,
    issuer: &TrustedIssuer,
    claims: &Map<String, Value>,
    strictness: Strictness,
) -> Result<(), Refused> {
    let is_ours = |it: &str| {
        if issuer.audiences.is_empty() {
            let rest = it.strip_prefix(context.issuer);
            rest.is_some_and(|rest| rest.is_empty() || rest == TOKEN_ENDPOINT)
        } else {
            issuer.audiences.iter().any(|bound| bound == it)
        }
    };
    let is_for_us = match claims.get("aud") {
        None => strictness == Strictness::Consul && issuer.audiences.is_empty(),
        Some(Value::String(one)) => is_ours(one),
        Some(Value::Array(several)) => {
            let mut texts = several.iter().map(Value::as_str);
            texts.any(|it| it.is_some_and(is_ours))
        }
        Some(Value::Null | Value::Bool(_) | Value::Number(_) | Value::Object(_)) => {
            return Err(Refused::Claims);
        }
    };
    if is_for_us {
        Ok(())
    } else {
        Err(Refused::Audience)
    }
}

/// A claim that is text, where it is there.
fn text<'a>(claims: &'a Map<String, Value>, name: &str) -> Result<Option<&'a str>, Refused> {
    match claims.get(name) {
        None => Ok(None),
        Some(claim) => claim.as_str().map(Some).ok_or(Refused::Claims),
    }
}

/// A `NumericDate` (RFC 7519 §2), which may have decimals, where it is there.
fn time(claims: &Map<String, Value>, name: &str) -> Result<Option<Timestamp>, Refused> {
    let Some(claim) = claims.get(name) else {
        return Ok(None);
    };
    let whole = claim.as_i64();
    #[expect(
        clippy::cast_possible_truncation,
        reason = "what is too large becomes the largest, which is far away too"
    )]
    let time = whole.or_else(|| claim.as_f64().map(|it| it.floor() as Timestamp));
    time.map(Some).ok_or(Refused::Claims)
}

impl From<JwtRefused> for Refused {
    fn from(refused: JwtRefused) -> Self {
        match refused {
            JwtRefused::Malformed | JwtRefused::TooLong | JwtRefused::WrongType => Self::Malformed,
            JwtRefused::WrongAlgorithm => Self::Algorithm,
            JwtRefused::UnknownKey | JwtRefused::BadSignature => Self::Signature,
            JwtRefused::Expired => Self::Expired,
            JwtRefused::NotYetValid => Self::NotYetValid,
            JwtRefused::OtherIssuer => Self::Issuer,
            JwtRefused::WrongClaim => Self::Claims,
        }
    }
}

impl Refused {
    fn explanation(self) -> &'static Explanation {
        match self {
            Self::Malformed => &catalogue::TRUST_MALFORMED,
            Self::Algorithm => &catalogue::TRUST_ALGORITHM,
            Self::Signature => &catalogue::TRUST_SIGNATURE,
            Self::KeysAway => &catalogue::TRUST_KEYS_AWAY,
            Self::Expired => &catalogue::TRUST_EXPIRED,
            Self::NotYetValid => &catalogue::TRUST_NOT_YET,
            Self::Claims => &catalogue::TRUST_CLAIMS,
            Self::Issuer => &catalogue::TRUST_ISSUER,
            Self::Audience => &catalogue::TRUST_AUDIENCE,
            Self::TooOld => &catalogue::TRUST_TOO_OLD,
            Self::Replayed => &catalogue::TRUST_REPLAYED,
            Self::Shape => &catalogue::TRUST_SHAPE,
        }
    }
}

impl From<Refused> for Refusal {
    fn from(refused: Refused) -> Self {
        Self::new(refused.explanation())
    }
}

/// Keeps the values apart from those of other gates.
const PURPOSE: &str = "trusted_assertion";

/// The type that such tokens may have besides `JWT`.
const TYPE: &str = "authorization-grant+jwt";

/// Bytes of `sub` and of `jti`.
const LONGEST: usize = 256;

/// A spent `jti` is remembered for so many seconds more, because the clocks of several nodes differ.
const KEPT: i64 = 60;
