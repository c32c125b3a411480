//! Encrypts JSON Web Tokens to the public keys of others (RFC 7516; RFC 7518 §4, §5), and what this server must read
//! again to keys of its own.
//!
//! Owns the compact form and its header. Nothing that others encrypted is ever decrypted: what comes in has to be what
//! this server sealed before ([`decryption_key`]). Left out on purpose are `zip` and every algorithm with a shared secret
//! (RFC 8725 §3.6).

use aws_lc_rs::error::Unspecified;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::Serialize;

use crate::crypto::{
    jwe::{
        algorithm::{ContentEncryption, KeyManagement},
        key_management::establish,
        recipient::EncryptionJwk,
    },
    jwk::PublicJwk,
    random::{RandomSource, random_bytes},
};

pub mod algorithm;
mod content;
pub mod decryption_key;
mod key_management;
pub mod recipient;
#[cfg(test)]
mod tests;

/// Why nothing was encrypted.
#[derive(Debug, thiserror::Error)]
pub enum JweError {
    /// The key is for another algorithm.
    #[error("the key is not for this algorithm")]
    Unfit,
    /// The header cannot be written.
    #[error("the header cannot be written as JSON")]
    Header(#[from] serde_json::Error),
    /// The cryptographic library failed.
    #[error("the library cannot encrypt")]
    Library,
}

impl From<Unspecified> for JweError {
    fn from(_: Unspecified) -> Self {
        Self::Library
    }
}

/// How something is encrypted: both algorithms.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Encryption {
    /// How the content key reaches the recipient.
    pub alg: KeyManagement,
    /// How the content is encrypted with it.
    pub enc: ContentEncryption,
}

#[derive(Serialize)]
struct Header<'a> {
    alg: KeyManagement,
    enc: ContentEncryption,
    #[serde(skip_serializing_if = "Option::is_none")]
    kid: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cty: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    typ: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    epk: Option<PublicJwk>,
    #[serde(skip_serializing_if = "Option::is_none")]
    iss: Option<&'a str>,
}

/// What is encrypted.
#[derive(Clone, Copy, Debug)]
pub enum Plaintext<'a> {
    /// A signed token; the header says so with `cty` (RFC 7519 §5.2).
    Token(&'a str),
    /// A signed token, with its issuer in the header for those who look before they decrypt (RFC 7519 §5.3).
    TokenOf {
        /// The token.
        token: &'a str,
        /// Its `iss`.
        issuer: &'a str,
    },
    /// Claims as JSON.
    Claims(&'a [u8]),
    /// Something for this server alone, of that `typ`.
    Own {
        /// What it is.
        text: &'a str,
        /// Its type (RFC 7516 §4.1.11).
        typ: &'static str,
    },
}

/// Encrypts to a key, in the compact form (RFC 7516 §3.1).
pub fn encrypt(
    key: &EncryptionJwk,
    how: Encryption,
    plaintext: Plaintext<'_>,
    random: &dyn RandomSource,
) -> Result<String, JweError> {
    let (typ, cty, iss, plaintext) = match plaintext {
        Plaintext::Token(token) => (None, Some("JWT"), None, token.as_bytes()),
        Plaintext::TokenOf { token, issuer } => (None, Some("JWT"), Some(issuer), token.as_bytes()),
        Plaintext::Claims(claims) => (None, None, None, claims),
        Plaintext::Own { text, typ } => (Some(typ), None, None, text.as_bytes()),
    };
    let established = establish(key, how, random)?;
    let header = serde_json::to_vec(&Header {
        alg: how.alg,
        enc: how.enc,
        kid: key.kid(),
        cty,
        typ,
        epk: established.ephemeral,
        iss,
    })?;
    let mut compact = URL_SAFE_NO_PAD.encode(header);
    let iv: [u8; 16] = random_bytes(random);
    let iv = how.enc.iv(&iv);
    let sealed = content::seal(
        how.enc,
        &established.content_key,
        iv,
        compact.as_bytes(),
        plaintext,
    )?;
    for part in [
        &established.encrypted_key[..],
        iv,
        &sealed.ciphertext,
        &sealed.tag,
    ] {
        compact.push('.');
        URL_SAFE_NO_PAD.encode_string(part, &mut compact);
    }
    Ok(compact)
}
