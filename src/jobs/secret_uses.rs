//! Writes down when client secrets and personal access tokens were last used, all in one transaction.

use crate::protocol::client::SecretUse;
use crate::protocol::error::Fault;
use crate::protocol::personal_token::PersonalTokenUse;
use crate::storage::Storage;

/// Writes the uses down. A secret or token that was removed meanwhile is passed over.
pub async fn write(
    storage: &Storage,
    secrets: Vec<SecretUse>,
    tokens: Vec<PersonalTokenUse>,
) -> Result<(), Fault> {
    storage
        .write(move |transaction| {
            transaction.note_secret_uses(&secrets)?;
            Ok(transaction.note_personal_token_uses(&tokens)?)
        })
        .await
}
