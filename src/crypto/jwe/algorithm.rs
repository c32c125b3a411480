//! The algorithms that this server encrypts with, by their JOSE names (RFC 7518 §4.1, §5.1).

use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::crypto::algorithm::UnknownAlgorithm;

/// How the key of the content reaches the recipient: `alg` (RFC 7518 §4.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum KeyManagement {
    /// RSAES OAEP with SHA-1, which is no weakness there.
    #[serde(rename = "RSA-OAEP")]
    RsaOaep,
    /// RSAES OAEP with SHA-256.
    #[serde(rename = "RSA-OAEP-256")]
    RsaOaep256,
    /// Agreed on with an ephemeral key.
    #[serde(rename = "ECDH-ES")]
    EcdhEs,
    /// Wrapped with a key of 128 bits that is agreed on.
    #[serde(rename = "ECDH-ES+A128KW")]
    EcdhEsA128Kw,
    /// Wrapped with a key of 192 bits that is agreed on.
    #[serde(rename = "ECDH-ES+A192KW")]
    EcdhEsA192Kw,
    /// Wrapped with a key of 256 bits that is agreed on.
    #[serde(rename = "ECDH-ES+A256KW")]
    EcdhEsA256Kw,
    /// RSAES-PKCS1-v1_5, for keys of this server's own alone: nobody can register it (RFC 8725 §3.2).
    #[serde(rename = "RSA1_5", skip_deserializing)]
    Rsa15,
}

impl KeyManagement {
    /// All that clients may ask for, in the order in which metadata lists them.
    pub const ALL: [Self; 6] = [
        Self::RsaOaep,
        Self::RsaOaep256,
        Self::EcdhEs,
        Self::EcdhEsA128Kw,
        Self::EcdhEsA192Kw,
        Self::EcdhEsA256Kw,
    ];

    /// The name in an `alg` member.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::RsaOaep => "RSA-OAEP",
            Self::RsaOaep256 => "RSA-OAEP-256",
            Self::EcdhEs => "ECDH-ES",
            Self::EcdhEsA128Kw => "ECDH-ES+A128KW",
            Self::EcdhEsA192Kw => "ECDH-ES+A192KW",
            Self::EcdhEsA256Kw => "ECDH-ES+A256KW",
            Self::Rsa15 => "RSA1_5",
        }
    }

    /// Whether the key is an RSA key; one on a curve otherwise.
    pub const fn uses_rsa(self) -> bool {
        matches!(self, Self::RsaOaep | Self::RsaOaep256 | Self::Rsa15)
    }
}

impl FromStr for KeyManagement {
    type Err = UnknownAlgorithm;

    /// Exact, and `RSA1_5` too.
    fn from_str(name: &str) -> Result<Self, UnknownAlgorithm> {
        let mut all = Self::ALL.into_iter().chain([Self::Rsa15]);
        all.find(|it| it.as_str() == name).ok_or(UnknownAlgorithm)
    }
}

/// How the content is encrypted: `enc` (RFC 7518 §5.1).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum ContentEncryption {
    /// AES-CBC and HMAC-SHA-256; what clients get that name none (OpenID Connect Registration §2).
    #[default]
    #[serde(rename = "A128CBC-HS256")]
    A128CbcHs256,
    /// AES-CBC and HMAC-SHA-512.
    #[serde(rename = "A256CBC-HS512")]
    A256CbcHs512,
    /// AES-GCM with a key of 128 bits.
    #[serde(rename = "A128GCM")]
    A128Gcm,
    /// AES-GCM with a key of 192 bits.
    #[serde(rename = "A192GCM")]
    A192Gcm,
    /// AES-GCM with a key of 256 bits.
    #[serde(rename = "A256GCM")]
    A256Gcm,
}

impl ContentEncryption {
    /// All of them, in the order in which metadata lists them.
    pub const ALL: [Self; 5] = [
        Self::A128CbcHs256,
        Self::A256CbcHs512,
        Self::A128Gcm,
        Self::A192Gcm,
        Self::A256Gcm,
    ];

    /// The name in an `enc` member.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::A128CbcHs256 => "A128CBC-HS256",
            Self::A256CbcHs512 => "A256CBC-HS512",
            Self::A128Gcm => "A128GCM",
            Self::A192Gcm => "A192GCM",
            Self::A256Gcm => "A256GCM",
        }
    }

    /// Bytes of the key.
    pub(super) const fn key_length(self) -> usize {
        match self {
            Self::A128Gcm => 16,
            Self::A192Gcm => 24,
            Self::A128CbcHs256 | Self::A256Gcm => 32,
            Self::A256CbcHs512 => 64,
        }
    }

    /// As many of 16 random bytes as the initialization vector has.
    pub(super) const fn iv(self, random: &[u8; 16]) -> &[u8] {
        match self {
            Self::A128CbcHs256 | Self::A256CbcHs512 => random,
            Self::A128Gcm | Self::A192Gcm | Self::A256Gcm => random.split_at(12).0,
        }
    }
}

impl FromStr for ContentEncryption {
    type Err = UnknownAlgorithm;

    /// Exact.
    fn from_str(name: &str) -> Result<Self, UnknownAlgorithm> {
        let mut all = Self::ALL.into_iter();
        all.find(|it| it.as_str() == name).ok_or(UnknownAlgorithm)
    }
}
