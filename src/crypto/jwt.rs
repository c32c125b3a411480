//! Signs and verifies JSON Web Tokens (RFC 7515, RFC 7519, RFC 8725).
//!
//! Owns the compact form, the header, the signature and the claims that every token has (`iss`,
//! `exp`, `iat`, `nbf`). The algorithm belongs to the key: a token's header can only agree. What
//! the other claims mean, among them `aud`, is decided above.

use std::sync::Arc;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::{Deserialize, Deserializer, Serialize, de::DeserializeOwned, de::IgnoredAny};

use crate::crypto::{
    key_set::KeySet,
    signing_key::{KeyError, SigningKey},
    verifying_key::VerifyingKey,
};

/// Why a token was not signed.
#[derive(Debug, thiserror::Error)]
pub enum JwtError {
    /// The type has other characters than a media type (RFC 6838 §4.2).
    #[error("the token type is not a media type")]
    Type,
    /// The claims are no JSON object that can be written.
    #[error("the claims cannot be written as JSON")]
    Claims(#[source] serde_json::Error),
    /// The key failed.
    #[error("the token cannot be signed")]
    Sign(#[from] KeyError),
}

/// Signs claims as a compact JWS (RFC 7515 §7.1) with the header `{"typ":…,"alg":…,"kid":…}`.
/// `typ` comes without `application/`, such as `at+jwt`.
pub fn sign<C: Serialize>(
    key: &SigningKey,
    typ: Option<&str>,
    claims: &C,
) -> Result<String, JwtError> {
    let (alg, kid) = (key.algorithm().as_str(), key.kid());
    // None of these texts needs an escape: names of ours, base64url, and a checked type.
    let header = match typ {
        Some(typ) if !is_media_type(typ) => return Err(JwtError::Type),
        Some(typ) => format!(r#"{{"typ":"{typ}","alg":"{alg}","kid":"{kid}"}}"#),
        None => format!(r#"{{"alg":"{alg}","kid":"{kid}"}}"#),
    };
    // Through a buffer: writing JSON piece by piece into base64 takes three times as long.
    let claims = serde_json::to_vec(claims).map_err(JwtError::Claims)?;
    let mut token = String::with_capacity(INITIAL_TOKEN.max(claims.len() * 2));
    URL_SAFE_NO_PAD.encode_string(header, &mut token);
    token.push('.');
    URL_SAFE_NO_PAD.encode_string(claims, &mut token);
    let signature = key.sign(token.as_bytes())?;
    token.push('.');
    URL_SAFE_NO_PAD.encode_string(signature, &mut token);
    Ok(token)
}

/// What a token must be, for one kind of token.
#[derive(Clone, Copy, Debug)]
pub struct Expected<'a> {
    /// The exact `iss`.
    pub issuer: &'a str,
    /// The acceptable `typ` values, compared without case and without `application/` (RFC 7515
    /// §4.1.9). `None` accepts a header without `typ` or with `JWT` only, so that a token of a
    /// typed kind never passes for an untyped one (RFC 8725 §3.11).
    pub typ: Option<&'a [&'a str]>,
    /// The time now, in seconds since 1970.
    pub now: i64,
    /// For how many seconds after `exp` a token is still accepted.
    pub leeway: i64,
    /// Whether a token is accepted however long ago it expired, as for `id_token_hint` (OpenID
    /// Connect RP-Initiated Logout 1.0 §2). It must still have an `exp`.
    pub accept_expired: bool,
}

/// Why a token was refused. Never repeats anything from the token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum JwtRefused {
    /// Not three parts of base64url, or a header that must not be accepted: not JSON, doubled
    /// members, `crit` or `b64` (RFC 7515 §4.1.11, RFC 7797).
    #[error("the token is malformed")]
    Malformed,
    /// More than 16 KiB.
    #[error("the token is too long")]
    TooLong,
    /// No key has the id that the header names, or it names none.
    #[error("the token was signed with an unknown key")]
    UnknownKey,
    /// The header names another algorithm than the key's own, `none` for example.
    #[error("the token's algorithm is not the one of its key")]
    WrongAlgorithm,
    /// Another kind of token.
    #[error("the token is of another kind")]
    WrongType,
    /// The signature is not the key's.
    #[error("the token's signature is wrong")]
    BadSignature,
    /// `exp` has passed.
    #[error("the token has expired")]
    Expired,
    /// `iat` or `nbf` is more than a minute away.
    #[error("the token is not valid yet")]
    NotYetValid,
    /// Another `iss`.
    #[error("the token comes from another issuer")]
    OtherIssuer,
    /// A claim is missing or has a wrong type.
    #[error("a claim of the token is missing or has a wrong type")]
    WrongClaim,
}

/// Verifies a token of this server: its `kid` must name a published key. The signature of a token that was verified
/// before, against the same keys, is not computed again; everything that may have changed since is checked again.
///
/// `C` reads its claims from the verified bytes; use required members of the right types, so that
/// a token without them is refused.
pub fn verify<C: DeserializeOwned>(
    keys: &KeySet,
    token: &str,
    expected: &Expected<'_>,
) -> Result<C, JwtRefused> {
    if token.len() > MAX_TOKEN {
        return Err(JwtRefused::TooLong);
    }
    if let Some(signed) = keys.seen().recall(token) {
        return signed.claims(expected);
    }
    let signed = Signed::read(&|kid| keys.verifying_key(kid?), token, expected.typ)?;
    let signed = Arc::new(signed);
    keys.seen().remember(token, &signed);
    signed.claims(expected)
}

/// Verifies a token whose key the caller finds, given the header's `kid`: for keys of others.
pub fn verify_with<'k, C: DeserializeOwned>(
    find_key: &dyn Fn(Option<&str>) -> Option<&'k VerifyingKey>,
    token: &str,
    expected: &Expected<'_>,
) -> Result<C, JwtRefused> {
    if token.len() > MAX_TOKEN {
        return Err(JwtRefused::TooLong);
    }
    Signed::read(find_key, token, expected.typ)?.claims(expected)
}

/// What a token says of itself, to find the key that it must be verified with; nothing else may rely on it.
#[derive(Debug)]
pub struct Unverified {
    /// `iss`.
    pub issuer: Option<String>,
    /// `kid`.
    pub key_id: Option<String>,
    /// `alg`.
    pub algorithm: String,
    /// `typ`.
    pub typ: Option<String>,
}

/// Reads from a token of somebody else whose keys to look for.
pub fn peek(token: &str) -> Result<Unverified, JwtRefused> {
    #[derive(Deserialize)]
    struct Issuer {
        #[serde(default, deserialize_with = "given")]
        iss: Option<String>,
    }
    if token.len() > MAX_TOKEN {
        return Err(JwtRefused::TooLong);
    }
    let mut parts = token.split('.');
    let (Some(header), Some(payload)) = (parts.next(), parts.next()) else {
        return Err(JwtRefused::Malformed);
    };
    let header = parse_header(header)?;
    let payload = URL_SAFE_NO_PAD.decode(payload);
    let payload = payload.map_err(|_| JwtRefused::Malformed)?;
    let claims: Issuer = serde_json::from_slice(&payload).map_err(|_| JwtRefused::Malformed)?;
    Ok(Unverified {
        issuer: claims.iss,
        key_id: header.kid,
        algorithm: header.alg,
        typ: header.typ,
    })
}

/// What a token says whose signature was found good.
pub(super) struct Signed {
    typ: Option<String>,
    registered: RegisteredClaims,
    payload: Vec<u8>,
}

impl Signed {
    /// Reads a token, up to and including its signature.
    fn read<'k>(
        find_key: &dyn Fn(Option<&str>) -> Option<&'k VerifyingKey>,
        token: &str,
        typ: Option<&[&str]>,
    ) -> Result<Self, JwtRefused> {
        let (header, registered) = decode(find_key, token, typ)?;
        let payload = token.split('.').nth(1).ok_or(JwtRefused::Malformed)?;
        let payload = URL_SAFE_NO_PAD
            .decode(payload)
            .map_err(|_| JwtRefused::Malformed)?;
        Ok(Self {
            typ: header.typ,
            registered,
            payload,
        })
    }

    /// The claims, if the token is what is expected now.
    fn claims<C: DeserializeOwned>(&self, expected: &Expected<'_>) -> Result<C, JwtRefused> {
        if !type_is_expected(self.typ.as_deref(), expected.typ) {
            return Err(JwtRefused::WrongType);
        }
        check_claims(&self.registered, expected)?;
        serde_json::from_slice(&self.payload).map_err(|_| JwtRefused::WrongClaim)
    }
}

/// Header and claims of a token with a good signature, read but not looked at.
fn decode<'k, C: DeserializeOwned>(
    find_key: &dyn Fn(Option<&str>) -> Option<&'k VerifyingKey>,
    token: &str,
    typ: Option<&[&str]>,
) -> Result<(Header, C), JwtRefused> {
    let mut parts = token.split('.');
    let (Some(header), Some(_), Some(_), None) =
        (parts.next(), parts.next(), parts.next(), parts.next())
    else {
        return Err(JwtRefused::Malformed);
    };
    let header = parse_header(header)?;
    let key = find_key(header.kid.as_deref()).ok_or(JwtRefused::UnknownKey)?;
    if header.alg != key.algorithm().as_str() {
        return Err(JwtRefused::WrongAlgorithm);
    }
    // Before the signature, which costs more.
    if !type_is_expected(header.typ.as_deref(), typ) {
        return Err(JwtRefused::WrongType);
    }
    Ok((header, key.verify(token)?))
}

/// What is read of a header. Members that bring a key (`jwk`, `jku`, `x5c`, `x5u`) are not read
/// at all (RFC 8725 §3.10).
#[derive(Deserialize)]
struct Header {
    alg: String,
    #[serde(default, deserialize_with = "given")]
    typ: Option<String>,
    #[serde(default, deserialize_with = "given")]
    kid: Option<String>,
    #[serde(default, deserialize_with = "present")]
    crit: bool,
    #[serde(default, deserialize_with = "present")]
    b64: bool,
}

#[derive(Deserialize)]
struct RegisteredClaims {
    iss: String,
    exp: i64,
    #[serde(default, deserialize_with = "given")]
    iat: Option<i64>,
    #[serde(default, deserialize_with = "given")]
    nbf: Option<i64>,
}

/// A member that may be missing, but not `null`.
fn given<'de, T: Deserialize<'de>, D: Deserializer<'de>>(from: D) -> Result<Option<T>, D::Error> {
    T::deserialize(from).map(Some)
}

/// Whether a member is there, whatever it holds.
fn present<'de, D: Deserializer<'de>>(from: D) -> Result<bool, D::Error> {
    IgnoredAny::deserialize(from).map(|_| true)
}

fn parse_header(encoded: &str) -> Result<Header, JwtRefused> {
    let json = URL_SAFE_NO_PAD
        .decode(encoded)
        .map_err(|_| JwtRefused::Malformed)?;
    let header: Header = serde_json::from_slice(&json).map_err(|_| JwtRefused::Malformed)?;
    if header.crit || header.b64 {
        return Err(JwtRefused::Malformed);
    }
    // A key id is compared and nothing else, but it may be logged by those who know the key.
    if header
        .kid
        .as_deref()
        .is_some_and(|kid| !is_safe_key_id(kid))
    {
        return Err(JwtRefused::UnknownKey);
    }
    Ok(header)
}

fn is_safe_key_id(kid: &str) -> bool {
    let safe = |byte: u8| byte.is_ascii_graphic() && !matches!(byte, b'"' | b'\\' | b'<' | b'>');
    (1..=128).contains(&kid.len()) && kid.bytes().all(safe)
}

fn is_media_type(typ: &str) -> bool {
    let safe = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$&-^_.+/".contains(&byte);
    !typ.is_empty() && typ.bytes().all(safe)
}

fn type_is_expected(typ: Option<&str>, expected: Option<&[&str]>) -> bool {
    let bare = |typ: &str| {
        let typ = typ.to_ascii_lowercase();
        typ.strip_prefix("application/")
            .map(str::to_owned)
            .unwrap_or(typ)
    };
    match (typ.map(bare), expected) {
        (Some(typ), Some(expected)) => expected.iter().any(|expected| bare(expected) == typ),
        (Some(typ), None) => typ == "jwt",
        (None, expected) => expected.is_none(),
    }
}

fn check_claims(claims: &RegisteredClaims, expected: &Expected<'_>) -> Result<(), JwtRefused> {
    if claims.iss != expected.issuer {
        return Err(JwtRefused::OtherIssuer);
    }
    if !expected.accept_expired && claims.exp.saturating_add(expected.leeway) <= expected.now {
        return Err(JwtRefused::Expired);
    }
    let latest = expected.now.saturating_add(CLOCK_TOLERANCE);
    if claims.iat.is_some_and(|iat| iat > latest) || claims.nbf.is_some_and(|nbf| nbf > latest) {
        return Err(JwtRefused::NotYetValid);
    }
    Ok(())
}

/// The longest token that is looked at, in bytes.
pub const MAX_TOKEN: usize = 16 * 1024;

/// How far the clocks of two servers may be apart, in seconds.
const CLOCK_TOLERANCE: i64 = 60;

/// Room for most tokens in bytes, signature included; those signed with RSA grow once.
const INITIAL_TOKEN: usize = 768;

pub mod mac;
#[cfg(test)]
mod tests;
pub mod unbound;
