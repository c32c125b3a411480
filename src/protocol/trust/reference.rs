//! Tokens that mean nothing by themselves: an opaque text, and what it stands for in the database, under its digest.
//!
//! Somebody who signs in as with Consul gets one. It is good until it expires or is ended, and whoever holds it may end it.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::crypto::digest::Digest;
use crate::crypto::random::{RandomSource, random_bytes};
use crate::crypto::secret::Secret;
use crate::protocol::context::{Context, Timestamp};
use crate::protocol::error::StoreError;
use crate::protocol::store::Store;
use crate::protocol::tokens::access_token::AccessToken;
use crate::protocol::trust::issuer::IssuerName;

/// A reference token, as it is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReferenceToken {
    /// Digest of the token.
    pub digest: Digest,
    /// Its public name, for the log: a UUID.
    pub accessor: String,
    /// Whose token it was issued for; it goes with the issuer.
    pub trusted_issuer: IssuerName,
    /// What it stands for.
    pub token: AccessToken,
    /// From when on it is refused.
    pub expires_at: Timestamp,
}

/// A random UUID (RFC 9562 §5.4): 122 random bits.
pub fn new_uuid(random: &dyn RandomSource) -> String {
    let bytes = random_bytes::<16>(random);
    let number = u128::from_be_bytes(bytes) & !(0xf << 76 | 0x3 << 62) | 0x4 << 76 | 0x2 << 62;
    let part = |shift: u32, digits: u32| (number >> shift) & ((1_u128 << (digits * 4)) - 1);
    format!(
        "{:08x}-{:04x}-{:04x}-{:04x}-{:012x}",
        part(96, 8),
        part(80, 4),
        part(64, 4),
        part(48, 4),
        part(0, 12)
    )
}

/// A new secret, in the form of a UUID.
pub fn new_secret(random: &dyn RandomSource) -> Secret {
    Secret::new(new_uuid(random))
}

/// Whether a text may be such a token, so that nobody asks the database about others.
pub fn is_one(token: &str) -> bool {
    let fits = |(place, byte): (usize, u8)| match place {
        8 | 13 | 18 | 23 => byte == b'-',
        _ => byte.is_ascii_hexdigit(),
    };
    token.len() == 36 && token.bytes().enumerate().all(fits)
}

/// What a token stands for, if it is good.
pub fn look_up(
    context: &Context<'_>,
    store: &mut dyn Store,
    token: &str,
) -> Result<Option<AccessToken>, StoreError> {
    let found = store.reference_token(&context.keys.reference_digest(token))?;
    let live = found.filter(|it| context.now < it.expires_at);
    Ok(live.map(|it| it.token))
}

/// What the `jti` of a token that was issued for another issuer's says of it: which issuer it was, and whether it speaks of
/// a user of this server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct VouchedOrigin<'a> {
    /// The name of the trusted issuer.
    pub issuer: &'a str,
    /// Whether `sub` is a user of this server.
    pub is_user: bool,
}

impl<'a> VouchedOrigin<'a> {
    /// Reads it; `None` for all other tokens.
    pub fn read(token_id: &'a str) -> Option<Self> {
        let (kind, rest) = token_id.split_once('.')?;
        let is_user = match kind {
            FOR_USER => true,
            FOR_OTHER => false,
            _ => return None,
        };
        let (issuer, _random) = rest.split_once('.')?;
        Some(Self { issuer, is_user })
    }

    /// A new `jti`.
    pub fn token_id(self, random: &dyn RandomSource) -> String {
        let kind = if self.is_user { FOR_USER } else { FOR_OTHER };
        let unique = URL_SAFE_NO_PAD.encode(random_bytes::<16>(random));
        format!("{kind}.{}.{unique}", self.issuer)
    }
}

const FOR_USER: &str = "trust-user";
const FOR_OTHER: &str = "trust";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::random::SystemRandom;
    use crate::protocol::tokens::TokenOrigin;

    #[test]
    fn a_uuid_has_version_and_variant() {
        for _ in 0..100 {
            let uuid = new_uuid(&SystemRandom);
            assert!(is_one(&uuid), "{uuid}");
            assert_eq!(uuid.as_bytes()[14], b'4', "{uuid}");
            assert!(b"89ab".contains(&uuid.as_bytes()[19]), "{uuid}");
        }
        for text in ["", "a", "eyJhbGciOiJFUzI1NiJ9.e30.AAAA", &"a".repeat(36)] {
            assert!(!is_one(text), "{text}");
        }
    }

    #[test]
    fn an_origin_is_no_family() {
        for is_user in [true, false] {
            let issuer = "ci";
            let origin = VouchedOrigin { issuer, is_user };
            let token_id = origin.token_id(&SystemRandom);
            assert_eq!(VouchedOrigin::read(&token_id), Some(origin));
            assert_eq!(TokenOrigin::read(&token_id), None);
        }
        assert_eq!(VouchedOrigin::read("AAAA"), None);
        assert_eq!(VouchedOrigin::read("other.ci.AAAA"), None);
    }
}
