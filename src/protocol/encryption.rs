//! For whom answers are encrypted, and how (OpenID Connect Core §10.2): a client that registers an algorithm for a kind of
//! answer gets none of it unencrypted.

use std::sync::Arc;

use crate::crypto::jwe::algorithm::{ContentEncryption, KeyManagement};
use crate::crypto::jwe::recipient::EncryptionJwk;
use crate::crypto::jwe::{self, Encryption, JweError, Plaintext};
use crate::crypto::jwk_set::JwkSet;
use crate::crypto::random::RandomSource;
use crate::protocol::catalogue;
use crate::protocol::client::Client;
use crate::protocol::client_metadata::ClientMetadata;
use crate::protocol::context::Context;
use crate::protocol::error::Refusal;

impl ClientMetadata {
    /// How ID tokens are encrypted (OpenID Connect Registration §2).
    pub fn id_token_encryption(&self) -> Option<Encryption> {
        let alg = self.id_token_encrypted_response_alg?;
        Some(encryption(alg, self.id_token_encrypted_response_enc))
    }

    /// How userinfo answers are encrypted (OpenID Connect Registration §2).
    pub fn userinfo_encryption(&self) -> Option<Encryption> {
        let alg = self.userinfo_encrypted_response_alg?;
        Some(encryption(alg, self.userinfo_encrypted_response_enc))
    }
}

fn encryption(alg: KeyManagement, enc: Option<ContentEncryption>) -> Encryption {
    Encryption {
        alg,
        enc: enc.unwrap_or_default(),
    }
}

/// The key of a client that an answer is encrypted to.
#[derive(Clone, Debug)]
pub struct Recipient {
    key: EncryptionJwk,
    how: Encryption,
}

/// Where the key is.
#[derive(Debug)]
pub enum Found {
    /// Here.
    Recipient(Box<Recipient>),
    /// The client may publish one at this address.
    AskAgain(String),
}

/// Finds the client's key for that encryption.
pub fn find(context: &Context<'_>, client: &Client, how: Encryption) -> Result<Found, Refusal> {
    let metadata = &client.metadata;
    let find = |set: &JwkSet| {
        let key = set.find_for_encryption(how.alg)?.clone();
        Some(Found::Recipient(Box::new(Recipient { key, how })))
    };
    let no_key = Refusal::new(&catalogue::NO_ENCRYPTION_KEY);
    let Some(address) = &metadata.jwks_uri else {
        return metadata.jwks.as_ref().and_then(find).ok_or(no_key);
    };
    let published = context.clients.published_keys(address);
    let keys: Option<Arc<JwkSet>> = published.keys;
    match keys.as_deref().map(find) {
        Some(Some(found)) => Ok(found),
        Some(None) | None if published.may_ask_again => Ok(Found::AskAgain(address.clone())),
        Some(None) => Err(no_key),
        None => Err(Refusal::new(&catalogue::CLIENT_KEYS_AWAY)),
    }
}

impl Recipient {
    /// Encrypts to the client.
    pub fn encrypt(
        &self,
        plaintext: Plaintext<'_>,
        random: &dyn RandomSource,
    ) -> Result<String, JweError> {
        jwe::encrypt(&self.key, self.how, plaintext, random)
    }
}
