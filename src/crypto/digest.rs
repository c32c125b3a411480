//! The root key, and keyed digests under which secrets are stored.
//!
//! Owns the one secret that lives outside the database and the keys that are derived from it, one
//! for each purpose, so that a value made for one purpose means nothing for another.

use std::{
    fmt,
    hash::{Hash, Hasher},
};

use aws_lc_rs::{aead, constant_time, digest as sha2, hkdf, hmac};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use zeroize::Zeroizing;

use crate::crypto::{
    algorithm::Algorithm,
    random::{RandomSource, random_bytes},
    seal::SealingKey,
    secret::Secret,
};

/// 32 bytes that stand for a secret; compared in constant time.
#[derive(Clone, Copy, Eq, PartialOrd, Ord)]
pub struct Digest([u8; 32]);

impl Digest {
    /// A digest that was read back.
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// All 32 bytes.
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// The first 8 bytes: enough to tell values apart in an index, too few to stand for the secret.
    pub fn tag(&self) -> [u8; 8] {
        prefix(&self.0)
    }
}

/// A stored digest has another length than 32 bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a digest has 32 bytes")]
pub struct DigestLength;

impl TryFrom<&[u8]> for Digest {
    type Error = DigestLength;

    fn try_from(bytes: &[u8]) -> Result<Self, DigestLength> {
        bytes.try_into().map(Self).map_err(|_| DigestLength)
    }
}

impl PartialEq for Digest {
    fn eq(&self, other: &Self) -> bool {
        constant_time_eq(&self.0, &other.0)
    }
}

impl Hash for Digest {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.hash(state);
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [a, b, c, d, ..] = self.0;
        write!(formatter, "Digest({a:02x}{b:02x}{c:02x}{d:02x}..)")
    }
}

/// An HMAC-SHA256 key (RFC 2104) for one purpose.
#[derive(Clone)]
pub struct DigestKey(hmac::Key);

impl DigestKey {
    /// The digest under which a random secret is stored and found again.
    pub fn digest(&self, value: &[u8]) -> Digest {
        Digest(tag_bytes(&hmac::sign(&self.0, value)))
    }

    /// A code over several parts. Each part is preceded by its length as 8 bytes, big-endian, so
    /// that bytes cannot move from one part to the next.
    pub fn mac(&self, parts: &[&[u8]]) -> [u8; 32] {
        let mut context = hmac::Context::with_key(&self.0);
        for part in parts {
            context.update(&(part.len() as u64).to_be_bytes());
            context.update(part);
        }
        tag_bytes(&context.sign())
    }

    /// Whether `mac` is the code over `parts`, in constant time.
    pub fn verify_mac(&self, parts: &[&[u8]], mac: &[u8]) -> bool {
        constant_time_eq(&self.mac(parts), mac)
    }
}

impl fmt::Debug for DigestKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("DigestKey([redacted])")
    }
}

/// The key-encryption secret: 32 random bytes that never lie in the database.
///
/// Every other key of this module is derived from it with HKDF-SHA256 (RFC 5869).
pub struct RootKey {
    bytes: Zeroizing<[u8; 32]>,
    derivation: hkdf::Prk,
}

/// What was given as key-encryption secret is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RootKeyError {
    /// Other characters than base64url's.
    #[error(
        "the key-encryption secret is not base64url: it may contain letters, digits, '-' and '_' only"
    )]
    Characters,
    /// Another length than 32 bytes.
    #[error(
        "the key-encryption secret has {0} bytes; it must have 32 (43 characters of base64url)"
    )]
    Length(usize),
}

impl RootKey {
    /// Reads what [`RootKey::to_text`] wrote; white space around it, such as a file's last line
    /// end, and padding do not matter.
    pub fn from_text(text: &str) -> Result<Self, RootKeyError> {
        let bytes = URL_SAFE_NO_PAD
            .decode(text.trim().trim_end_matches('='))
            .map(Zeroizing::new)
            .map_err(|_| RootKeyError::Characters)?;
        let bytes = <[u8; 32]>::try_from(bytes.as_slice())
            .map_err(|_| RootKeyError::Length(bytes.len()))?;
        Ok(Self::from_bytes(bytes))
    }

    /// A new root key.
    pub fn generate(random: &dyn RandomSource) -> Self {
        Self::from_bytes(random_bytes(random))
    }

    /// The key as 43 characters of base64url, for the file that keeps it.
    pub fn to_text(&self) -> Secret {
        Secret::new(URL_SAFE_NO_PAD.encode(*self.bytes))
    }

    /// The key for digests of one purpose.
    pub fn digest_key(&self, purpose: &'static str) -> DigestKey {
        DigestKey(self.derive("digest/", purpose, hmac::HMAC_SHA256))
    }

    /// The key that seals what belongs to one purpose.
    pub fn sealing_key(&self, purpose: &'static str) -> SealingKey {
        let key: aead::UnboundKey = self.derive("seal/", purpose, &aead::AES_256_GCM);
        SealingKey::new(key)
    }

    /// A short public value that belongs to this key: kept in the database, it tells a wrong key
    /// before anything is written with it. 16 hexadecimal characters.
    pub fn check_value(&self) -> String {
        let tag = self.digest_key("check value").digest(b"").tag();
        format!("{:016x}", u64::from_be_bytes(tag))
    }

    fn from_bytes(bytes: [u8; 32]) -> Self {
        let bytes = Zeroizing::new(bytes);
        let derivation = hkdf::Salt::new(hkdf::HKDF_SHA256, b"issuant/1").extract(bytes.as_slice());
        Self { bytes, derivation }
    }

    #[expect(
        clippy::expect_used,
        reason = "HKDF-SHA256 refuses only more than 8160 bytes (RFC 5869 §2.3); all keys here have 32"
    )]
    fn derive<L, K>(&self, use_: &str, purpose: &str, length: L) -> K
    where
        L: hkdf::KeyType,
        K: for<'a> From<hkdf::Okm<'a, L>>,
    {
        let info = [use_.as_bytes(), purpose.as_bytes()];
        self.derivation
            .expand(&info, length)
            .expect("32 bytes are within HKDF's limit")
            .into()
    }
}

impl fmt::Debug for RootKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("RootKey([redacted])")
    }
}

/// SHA-256 (FIPS 180-4).
pub fn sha256(bytes: &[u8]) -> [u8; 32] {
    let digest = sha2::digest(&sha2::SHA256, bytes);
    prefix(digest.as_ref())
}

/// SHA-256 as 43 characters of base64url, such as the `S256` challenge (RFC 7636 §4.2).
pub fn sha256_base64url(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(sha256(bytes))
}

/// The left half of the hash that the algorithm signs, as base64url: `at_hash`, `c_hash` (OpenID Connect Core §3.3.2.11)
/// and `s_hash`. `EdDSA` on Ed25519 hashes with SHA-512 (RFC 8032 §5.1).
pub fn half_hash(algorithm: Algorithm, bytes: &[u8]) -> String {
    let hash = match algorithm {
        Algorithm::Es256 | Algorithm::Rs256 | Algorithm::Ps256 => &sha2::SHA256,
        Algorithm::Es384 | Algorithm::Rs384 | Algorithm::Ps384 => &sha2::SHA384,
        Algorithm::Es512 | Algorithm::EdDsa | Algorithm::Rs512 | Algorithm::Ps512 => &sha2::SHA512,
    };
    let digest = sha2::digest(hash, bytes);
    let (left, _) = digest.as_ref().split_at(digest.as_ref().len() / 2);
    URL_SAFE_NO_PAD.encode(left)
}

/// Whether two byte strings are the same, in time that depends on the lengths only.
pub fn constant_time_eq(a: &[u8], b: &[u8]) -> bool {
    constant_time::verify_slices_are_equal(a, b).is_ok()
}

fn tag_bytes(tag: &hmac::Tag) -> [u8; 32] {
    prefix(tag.as_ref())
}

/// The first `N` bytes; every caller has at least as many.
fn prefix<const N: usize>(bytes: &[u8]) -> [u8; N] {
    let mut array = [0; N];
    for (to, from) in array.iter_mut().zip(bytes) {
        *to = *from;
    }
    array
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::random::SystemRandom;

    const ROOT: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8";

    fn hex(bytes: &[u8]) -> String {
        use std::fmt::Write as _;
        bytes.iter().fold(String::new(), |mut text, byte| {
            write!(text, "{byte:02x}").unwrap();
            text
        })
    }

    /// RFC 7636 Appendix B.
    #[test]
    fn s256_challenge_of_the_rfc() {
        assert_eq!(
            sha256_base64url(b"dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"),
            "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
        );
    }

    /// OpenID Connect Core Appendix A.4 and A.6; the others by another implementation.
    #[test]
    fn half_hashes_follow_the_algorithm() {
        let token = b"jHkWEdUXMU1BwAsC4vtUsZwnNvTIxEl0z9K3vx5KF0Y";
        let code = b"Qcb0Orv1zh30vL1MPRsbm-diHiMwcLyZvn1arpZv-Jxf_11jnpEX3Tgfvk";
        for algorithm in [Algorithm::Es256, Algorithm::Rs256, Algorithm::Ps256] {
            assert_eq!(half_hash(algorithm, token), "77QmUPtjPfzWtF2AnpK9RQ");
            assert_eq!(half_hash(algorithm, code), "LDktKdoQak3Pk0cnXxCltA");
        }
        for algorithm in [Algorithm::Es384, Algorithm::Rs384, Algorithm::Ps384] {
            assert_eq!(
                half_hash(algorithm, b"state"),
                "2-SHqHlgTYFXyolylsqnIU83EkNod_cC"
            );
        }
        for algorithm in [
            Algorithm::Es512,
            Algorithm::EdDsa,
            Algorithm::Rs512,
            Algorithm::Ps512,
        ] {
            assert_eq!(
                half_hash(algorithm, b"state"),
                "wxdMg1Rrq6ZiuGEtYXXuetfiP7T8Jc7PybEN4OjAqAc"
            );
        }
    }

    /// RFC 4231 §4.3 (test case 2).
    #[test]
    fn digest_is_hmac_sha256() {
        let key = DigestKey(hmac::Key::new(hmac::HMAC_SHA256, b"Jefe"));
        assert_eq!(
            hex(key.digest(b"what do ya want for nothing?").as_bytes()),
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
        );
    }

    /// Values computed by another HKDF: a change here would lose every stored digest.
    #[test]
    fn derivation_is_pinned() {
        let root = RootKey::from_text(ROOT).unwrap();
        let key = root.digest_key("refresh token");
        assert_eq!(hex(key.digest(b"value").as_bytes()), PINNED_DIGEST);
        assert_eq!(hex(&key.mac(&[b"a", b"bc"])), PINNED_MAC);
        assert_eq!(root.check_value(), PINNED_CHECK_VALUE);
    }

    #[test]
    fn purposes_and_roots_are_apart() {
        let root = RootKey::generate(&SystemRandom);
        let other = RootKey::generate(&SystemRandom);
        let digest = root.digest_key("a").digest(b"value");
        assert_eq!(digest, root.digest_key("a").digest(b"value"));
        assert_ne!(digest, root.digest_key("b").digest(b"value"));
        assert_ne!(digest, other.digest_key("a").digest(b"value"));
        assert_ne!(root.check_value(), other.check_value());
    }

    #[test]
    fn parts_cannot_move() {
        let key = RootKey::generate(&SystemRandom).digest_key("a");
        let mac = key.mac(&[b"ab", b"c"]);
        assert!(key.verify_mac(&[b"ab", b"c"], &mac));
        for parts in [
            &[&b"a"[..], b"bc"][..],
            &[b"abc"],
            &[b"ab", b"c", b""],
            &[b"c", b"ab"],
        ] {
            assert!(!key.verify_mac(parts, &mac));
        }
        assert!(!key.verify_mac(&[b"ab", b"c"], &mac[..31]));
        assert!(!key.verify_mac(&[b"ab", b"c"], b""));
    }

    #[test]
    fn root_key_round_trip_and_friendly_errors() {
        let root = RootKey::generate(&SystemRandom);
        let text = format!("{}\n", root.to_text().expose());
        assert_eq!(
            RootKey::from_text(&text).unwrap().check_value(),
            root.check_value()
        );
        assert_eq!(
            RootKey::from_text("not it!").err(),
            Some(RootKeyError::Characters)
        );
        assert_eq!(
            RootKey::from_text("AAAA").err(),
            Some(RootKeyError::Length(3))
        );
        assert_eq!(RootKey::from_text("").err(), Some(RootKeyError::Length(0)));
        assert_eq!(format!("{root:?}"), "RootKey([redacted])");
    }

    #[test]
    fn digest_shows_little_and_reads_back() {
        let digest = Digest::from_bytes(sha256(b"abc"));
        assert_eq!(format!("{digest:?}"), "Digest(ba7816bf..)");
        assert_eq!(
            digest.tag(),
            [0xba, 0x78, 0x16, 0xbf, 0x8f, 0x01, 0xcf, 0xea]
        );
        assert_eq!(Digest::try_from(digest.as_bytes().as_slice()), Ok(digest));
        assert_eq!(Digest::try_from(&[0_u8; 31][..]), Err(DigestLength));
    }

    const PINNED_DIGEST: &str = "b77ec3dc3455c5ec6183d2d1057ccba0f8a47758cfdb80246254591532587ce0";
    const PINNED_MAC: &str = "c2667d39c00ce36baff895f6cf7108f7f2c9ab173965a60fc8b3084068a63550";
    const PINNED_CHECK_VALUE: &str = "6a57c2adaab47580";
}
