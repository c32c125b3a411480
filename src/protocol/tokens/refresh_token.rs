//! The text of a refresh token: which family, which generation, and proof that this server minted it.
//!
//! `irt_` and base64url of: family (16 bytes), generation (4), salt (16), MAC (32). The MAC makes a
//! token recognisable as ours without a row for each token ever minted, which is what lets a family
//! live in one row: an old token is known to be *ours and old*, a made-up one is simply unknown. The salt
//! is the only random part of a rotation, so the identical answer can be derived again from the row.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::crypto::digest::{Digest, DigestKey};
use crate::crypto::secret::Secret;
use crate::protocol::context::TokenKeys;

/// Recognises a refresh token that was pasted into the wrong place.
pub const PREFIX: &str = "irt_";

const LENGTH: usize = 16 + 4 + 16 + 32;

/// The identifier of a token family: 128 random bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct FamilyId(pub [u8; 16]);

impl FamilyId {
    /// 22 characters of base64url.
    pub fn to_text(self) -> String {
        URL_SAFE_NO_PAD.encode(self.0)
    }

    /// The family of the access token that comes through the browser beside the code of this one (OpenID Connect Core
    /// §3.3): of its own, because it ends earlier, but known by this one, because a stolen code ends both.
    #[must_use]
    pub fn beside(self) -> Self {
        let mut bytes = self.0;
        bytes[15] ^= 1;
        Self(bytes)
    }

    /// Reads what [`FamilyId::to_text`] wrote.
    pub fn from_text(text: &str) -> Option<Self> {
        let bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
        Some(Self(bytes.try_into().ok()?))
    }
}

/// What a refresh token of ours says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Minted {
    /// Its family.
    pub family: FamilyId,
    /// How many rotations came before it.
    pub generation: u32,
    /// What tells it from other tokens of the same generation.
    pub salt: [u8; 16],
}

impl Minted {
    /// Writes the token.
    pub fn write(&self, keys: &TokenKeys) -> Secret {
        let mut bytes = Vec::with_capacity(LENGTH);
        bytes.extend_from_slice(&self.family.0);
        bytes.extend_from_slice(&self.generation.to_be_bytes());
        bytes.extend_from_slice(&self.salt);
        bytes.extend_from_slice(&self.mac(keys.refresh_mac()));
        Secret::new(format!("{PREFIX}{}", URL_SAFE_NO_PAD.encode(bytes)))
    }

    /// The digest under which the written token is stored.
    pub fn digest(&self, keys: &TokenKeys) -> Digest {
        keys.refresh_digest(self.write(keys).expose())
    }

    /// Reads a token; `None` unless this server minted it.
    pub fn read(text: &str, keys: &TokenKeys) -> Option<Self> {
        let encoded = text.strip_prefix(PREFIX)?;
        if encoded.len() != (LENGTH * 4).div_ceil(3) {
            return None;
        }
        let bytes = URL_SAFE_NO_PAD.decode(encoded).ok()?;
        let (family, rest) = bytes.split_first_chunk::<16>()?;
        let (generation, rest) = rest.split_first_chunk::<4>()?;
        let (salt, mac) = rest.split_first_chunk::<16>()?;
        let minted = Self {
            family: FamilyId(*family),
            generation: u32::from_be_bytes(*generation),
            salt: *salt,
        };
        let parts = [&family[..], generation, salt];
        keys.refresh_mac().verify_mac(&parts, mac).then_some(minted)
    }

    fn mac(&self, key: &DigestKey) -> [u8; 32] {
        key.mac(&[&self.family.0, &self.generation.to_be_bytes(), &self.salt])
    }
}
