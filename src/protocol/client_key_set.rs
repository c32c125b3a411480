//! Keys that this server holds for one client: its access tokens are signed with a key of its own, so that whoever trusts
//! them trusts this client and no other; and what only this server must read again is encrypted to another.
//!
//! Keys are renewed with overlap: the old ones verify for as long as a token lives that was made with them.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::crypto::algorithm::Algorithm;
use crate::crypto::jwe::JweError;
use crate::crypto::jwe::algorithm::{ContentEncryption, KeyManagement};
use crate::crypto::jwe::decryption_key::{DecryptionKey, KeyLength};
use crate::crypto::key_set::{KeyState, Timetable};
use crate::crypto::random::RandomSource;
use crate::crypto::secret::SecretBytes;
use crate::crypto::signing_key::{KeyError, RsaBits, SigningKey};
use crate::protocol::client::ClientId;
use crate::protocol::context::{Context, Timestamp, TokenKeys};

/// What a client asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeySetPolicy {
    /// Signs its access tokens.
    pub signing: Algorithm,
    /// Bits of the signing key; 0: as many as suit the algorithm.
    pub signing_bits: u32,
    /// How content keys are protected.
    #[serde(with = "by_name")]
    pub encryption: KeyManagement,
    /// Bits of the encryption key; 0: as many as suit the algorithm.
    pub encryption_bits: u32,
    /// How contents are encrypted; with AES-GCM.
    pub content: ContentEncryption,
    /// Keys are renewed before they have so many seconds, or are good for nothing new then.
    pub key_lifetime: i64,
    /// Seconds of an access token.
    pub access_token_lifetime: i64,
    /// Seconds of a refresh token.
    pub refresh_token_lifetime: i64,
}

mod by_name {
    use serde::de::Error as _;
    use serde::{Deserialize, Deserializer, Serializer};

    use crate::crypto::jwe::algorithm::KeyManagement;

    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes references")]
    pub(super) fn serialize<S: Serializer>(
        algorithm: &KeyManagement,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(algorithm.as_str())
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<KeyManagement, D::Error> {
        let name = String::deserialize(deserializer)?;
        name.parse().map_err(D::Error::custom)
    }
}

/// Whether clients may have key sets that they register, and what these are like where nobody says anything.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeySetDefaults {
    /// Whether the paths for them answer.
    pub is_on: bool,
    /// Whether `RSA1_5` may be asked for.
    pub may_use_rsa15: bool,
    /// What holds for what a client leaves out.
    pub policy: KeySetPolicy,
}

impl Default for KeySetDefaults {
    /// As jwtis has them.
    fn default() -> Self {
        const HOUR: i64 = 3600;
        Self {
            is_on: false,
            may_use_rsa15: false,
            policy: KeySetPolicy {
                signing: Algorithm::Es256,
                signing_bits: 0,
                encryption: KeyManagement::EcdhEsA256Kw,
                encryption_bits: 0,
                content: ContentEncryption::A256Gcm,
                key_lifetime: 4320 * HOUR,
                access_token_lifetime: 72 * HOUR,
                refresh_token_lifetime: 720 * HOUR,
            },
        }
    }
}

/// What a policy asks for that cannot be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeySetRefused {
    /// RFC 7518 §3.1.
    #[error("the signing key cannot have so many bits")]
    SigningBits,
    /// RFC 7518 §4.1.
    #[error("the encryption key cannot have so many bits")]
    EncryptionBits,
    /// Others are for other purposes.
    #[error("contents are encrypted with A128GCM, A192GCM or A256GCM")]
    Content,
    /// RFC 8725 §3.2.
    #[error("RSA1_5 is broken in too many programs to be used unless the operator allows it")]
    Rsa15,
    /// Not more than a minute, or for ever.
    #[error("a lifetime must be 1 second to 10 years, and keys must live at least a minute")]
    Lifetime,
}

impl KeySetPolicy {
    /// Whether such keys can be made.
    pub fn check(&self, may_use_rsa15: bool) -> Result<(), KeySetRefused> {
        let fits = match (self.signing, self.signing_bits) {
            (_, 0) => true,
            (Algorithm::Es256 | Algorithm::EdDsa, bits) => bits == 256,
            (Algorithm::Es384, bits) => bits == 384,
            (Algorithm::Es512, bits) => bits == 521,
            (_, bits) => [2048, 3072, 4096].contains(&bits),
        };
        if !fits {
            return Err(KeySetRefused::SigningBits);
        }
        if KeyLength::of(self.encryption, self.encryption_bits).is_none() {
            return Err(KeySetRefused::EncryptionBits);
        }
        let is_gcm = match self.content {
            ContentEncryption::A128Gcm
            | ContentEncryption::A192Gcm
            | ContentEncryption::A256Gcm => true,
            ContentEncryption::A128CbcHs256 | ContentEncryption::A256CbcHs512 => false,
        };
        if !is_gcm {
            return Err(KeySetRefused::Content);
        }
        if self.encryption == KeyManagement::Rsa15 && !may_use_rsa15 {
            return Err(KeySetRefused::Rsa15);
        }
        let lifetimes = [
            self.key_lifetime,
            self.access_token_lifetime,
            self.refresh_token_lifetime,
        ];
        if self.key_lifetime < 60 || lifetimes.iter().any(|it| !(1..=LONGEST).contains(it)) {
            return Err(KeySetRefused::Lifetime);
        }
        Ok(())
    }

    /// How long after its last use a key is still needed: as long as the longest-lived token.
    fn overlap(&self) -> i64 {
        self.access_token_lifetime.max(self.refresh_token_lifetime)
    }
}

const LONGEST: i64 = 10 * 365 * 86_400;

/// What a key is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// It signs.
    Signing(Algorithm),
    /// It is encrypted to.
    Encryption(KeyManagement),
}

/// A key as it is stored.
#[derive(Clone, PartialEq, Eq)]
pub struct ClientKey {
    /// Its identifier: the thumbprint of the public part (RFC 7638).
    pub kid: String,
    /// Whose it is.
    pub client_id: ClientId,
    /// What it is for.
    pub purpose: Purpose,
    /// The public part, as JSON (RFC 7517).
    pub public_jwk: String,
    /// The private part, sealed.
    pub sealed: Vec<u8>,
    /// When it was made.
    pub created_at: Timestamp,
    /// From when on nothing new is made with it.
    pub expires_at: Timestamp,
    /// When it is good for what.
    pub timetable: Timetable,
}

impl fmt::Debug for ClientKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("ClientKey")
            .field("kid", &self.kid)
            .field("client_id", &self.client_id)
            .field("purpose", &self.purpose)
            .finish_non_exhaustive()
    }
}

impl ClientKey {
    /// Whether something new may be made with it.
    pub fn is_active(&self, now: Timestamp) -> bool {
        self.timetable.state_at(now) == KeyState::Active && now < self.expires_at
    }

    /// The private part, ready to sign.
    pub fn open_signing(&self, keys: &TokenKeys) -> Option<SigningKey> {
        let Purpose::Signing(algorithm) = self.purpose else {
            return None;
        };
        let private = keys.open_client_key(&self.kid, &self.sealed)?;
        SigningKey::from_pkcs8(algorithm, private.expose()).ok()
    }

    /// The private part, ready to decrypt.
    pub fn open_encryption(&self, keys: &TokenKeys) -> Option<DecryptionKey> {
        let Purpose::Encryption(algorithm) = self.purpose else {
            return None;
        };
        let private = keys.open_client_key(&self.kid, &self.sealed)?;
        DecryptionKey::from_pkcs8(algorithm, private.expose()).ok()
    }
}

/// The keys of one client.
#[derive(Debug)]
pub struct ClientKeys(pub Vec<ClientKey>);

impl ClientKeys {
    /// The key that signs now.
    pub fn signing(&self, now: Timestamp) -> Option<&ClientKey> {
        self.active(now, |it| matches!(it, Purpose::Signing(_)))
    }

    /// The key that is encrypted to now.
    pub fn encryption(&self, now: Timestamp) -> Option<&ClientKey> {
        self.active(now, |it| matches!(it, Purpose::Encryption(_)))
    }

    fn active(&self, now: Timestamp, is_meant: impl Fn(Purpose) -> bool) -> Option<&ClientKey> {
        let mut meant = self.0.iter().filter(|key| is_meant(key.purpose));
        // The newest last.
        meant.rfind(|key| key.is_active(now))
    }

    /// The keys that somebody may have to look up, announced ones included.
    pub fn published(&self, now: Timestamp) -> impl Iterator<Item = &ClientKey> {
        let is_needed = move |key: &&ClientKey| key.timetable.state_at(now) != KeyState::Retired;
        self.0.iter().filter(is_needed)
    }
}

/// The private keys of a client that are in use now.
pub struct OpenKeys {
    /// Signs access tokens.
    pub signing: SigningKey,
    encryption: DecryptionKey,
    content: ContentEncryption,
}

/// Why there are none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoKeys {
    /// They have expired.
    Expired,
    /// They were sealed with another secret, or changed.
    Damaged,
}

impl ClientKeys {
    /// Opens what new tokens are made with.
    pub fn open(
        &self,
        now: Timestamp,
        content: ContentEncryption,
        keys: &TokenKeys,
    ) -> Result<OpenKeys, NoKeys> {
        let signing = self.signing(now).ok_or(NoKeys::Expired)?;
        let encryption = self.encryption(now).ok_or(NoKeys::Expired)?;
        Ok(OpenKeys {
            signing: signing.open_signing(keys).ok_or(NoKeys::Damaged)?,
            encryption: encryption.open_encryption(keys).ok_or(NoKeys::Damaged)?,
            content,
        })
    }

    /// The refresh token in what [`OpenKeys::seal`] wrote with a key that is published still. Whatever is wrong with it, the
    /// answer is the same (RFC 7516 §11.5).
    pub fn unseal(&self, context: &Context<'_>, token: &str) -> Option<String> {
        let kid = DecryptionKey::kid_of(token)?;
        let key = self.published(context.now).find(|key| key.kid == kid)?;
        let key = key.open_encryption(context.keys)?;
        key.open(token, REFRESH_TOKEN, context.random).ok()
    }
}

impl OpenKeys {
    /// Encrypts a refresh token to the client's own key, of which only this server has the private part: to whoever holds
    /// the token it says nothing.
    pub fn seal(&self, token: &str, random: &dyn RandomSource) -> Result<String, JweError> {
        let encryption = &self.encryption;
        encryption.seal(self.content, token, REFRESH_TOKEN, random)
    }
}

/// The type of an encrypted refresh token: a name of this server, so that it is never taken for an access token.
const REFRESH_TOKEN: &str = "rt+jwe";

/// New keys of a client, and what becomes of the old ones.
#[derive(Debug)]
pub struct Renewal {
    /// The new keys.
    pub keys: Vec<ClientKey>,
    /// From when on the old ones make nothing new.
    pub verify_only_from: Timestamp,
    /// From when on nobody needs the old ones.
    pub remove_at: Timestamp,
}

/// Makes keys. `announced` seconds pass before they are used. RSA takes some 100 ms: not inside a transaction.
pub fn make(
    policy: &KeySetPolicy,
    client: &ClientId,
    (now, announced): (Timestamp, i64),
    token_keys: &TokenKeys,
    random: &dyn RandomSource,
) -> Result<Renewal, KeyError> {
    let rsa_bits = match policy.signing_bits {
        2048 => RsaBits::B2048,
        4096 => RsaBits::B4096,
        _ => RsaBits::B3072,
    };
    let active_from = now + announced;
    let stored =
        |kid: &str, purpose, public_jwk: serde_json::Result<String>, private: &SecretBytes| {
            Ok(ClientKey {
                kid: kid.to_owned(),
                client_id: client.clone(),
                purpose,
                public_jwk: public_jwk.map_err(|_| KeyError::Library)?,
                sealed: token_keys.seal_client_key(kid, private, random),
                created_at: now,
                expires_at: active_from + policy.key_lifetime,
                timetable: Timetable {
                    active_from,
                    verify_only_from: None,
                    remove_at: None,
                },
            })
        };
    let (signing, private) = SigningKey::generate(policy.signing, rsa_bits)?;
    let jwk = serde_json::to_string(signing.public_jwk());
    let purpose = Purpose::Signing(policy.signing);
    let signing = stored(signing.kid(), purpose, jwk, &private)?;
    let length = KeyLength::of(policy.encryption, policy.encryption_bits);
    let length = length.ok_or(KeyError::Unsuitable)?;
    let (encryption, private) = DecryptionKey::generate(policy.encryption, length)?;
    let jwk = serde_json::to_string(encryption.public_jwk());
    let purpose = Purpose::Encryption(policy.encryption);
    let encryption = stored(encryption.kid(), purpose, jwk, &private)?;
    Ok(Renewal {
        keys: vec![signing, encryption],
        verify_only_from: active_from,
        remove_at: active_from + policy.overlap(),
    })
}
