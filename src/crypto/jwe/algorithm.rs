//! The algorithms that this server encrypts with, by their JOSE names (RFC 7518 §4.1, §5.1).

use serde::{Deserialize, Serialize};

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
    /// Wrapped with a key of 256 bits that is agreed on.
    #[serde(rename = "ECDH-ES+A256KW")]
    EcdhEsA256Kw,
}

impl KeyManagement {
    /// All of them, in the order in which metadata lists them.
    pub const ALL: [Self; 5] = [
        Self::RsaOaep,
        Self::RsaOaep256,
        Self::EcdhEs,
        Self::EcdhEsA128Kw,
        Self::EcdhEsA256Kw,
    ];

    /// The name in an `alg` member.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::RsaOaep => "RSA-OAEP",
            Self::RsaOaep256 => "RSA-OAEP-256",
            Self::EcdhEs => "ECDH-ES",
            Self::EcdhEsA128Kw => "ECDH-ES+A128KW",
            Self::EcdhEsA256Kw => "ECDH-ES+A256KW",
        }
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
    /// AES-GCM with a key of 256 bits.
    #[serde(rename = "A256GCM")]
    A256Gcm,
}

impl ContentEncryption {
    /// All of them, in the order in which metadata lists them.
    pub const ALL: [Self; 4] = [
        Self::A128CbcHs256,
        Self::A256CbcHs512,
        Self::A128Gcm,
        Self::A256Gcm,
    ];

    /// The name in an `enc` member.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::A128CbcHs256 => "A128CBC-HS256",
            Self::A256CbcHs512 => "A256CBC-HS512",
            Self::A128Gcm => "A128GCM",
            Self::A256Gcm => "A256GCM",
        }
    }

    /// Bytes of the key.
    pub(super) const fn key_length(self) -> usize {
        match self {
            Self::A128Gcm => 16,
            Self::A128CbcHs256 | Self::A256Gcm => 32,
            Self::A256CbcHs512 => 64,
        }
    }

    /// As many of 16 random bytes as the initialization vector has.
    pub(super) const fn iv(self, random: &[u8; 16]) -> &[u8] {
        match self {
            Self::A128CbcHs256 | Self::A256CbcHs512 => random,
            Self::A128Gcm | Self::A256Gcm => random.split_at(12).0,
        }
    }
}
