//! Writes down when client secrets were last used, all in one transaction.

use crate::protocol::client::SecretUse;
use crate::protocol::error::Fault;
use crate::storage::Storage;

/// Writes the uses down. A secret that was removed meanwhile is passed over.
pub async fn write(storage: &Storage, uses: Vec<SecretUse>) -> Result<(), Fault> {
    storage
        .write(move |transaction| Ok(transaction.note_secret_uses(&uses)?))
        .await
}
