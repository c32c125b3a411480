//! What the server notes of its settings, for the commands beside it: they may run with other settings, or none.

use crate::config::Config;
use crate::protocol::context::Policy;
use crate::protocol::error::{Fault, StoreError, Trouble};
use crate::storage::{Storage, Transaction};

/// Notes what this server runs with, where that is something new.
pub(super) fn write(storage: &Storage, config: &Config) -> Result<(), StoreError> {
    let notes = [
        (ISSUER, config.issuer.as_str().to_owned()),
        (LONGEST, longest(&config.policy).to_string()),
    ];
    let written: Result<(), Fault> = storage.write_blocking(move |transaction| {
        for (name, value) in &notes {
            if transaction.meta(name)?.as_ref() != Some(value) {
                transaction.set_meta(name, value)?;
            }
        }
        Ok(())
    });
    written.map_err(|fault| match fault {
        Fault::Failed(error) => error,
        Fault::Refused(_) => StoreError::plain(Trouble::Broken, "noting the settings"),
    })
}

/// The issuer of the server that started last.
pub fn issuer(transaction: &mut Transaction) -> Result<Option<String>, StoreError> {
    transaction.meta(ISSUER)
}

/// For how many seconds its tokens are good that live longest.
pub fn longest_token_lifetime(transaction: &mut Transaction) -> Result<Option<i64>, StoreError> {
    let noted = transaction.meta(LONGEST)?;
    Ok(noted.and_then(|seconds| seconds.parse().ok()))
}

/// For how many seconds the signed tokens are good that live longest.
pub fn longest(policy: &Policy) -> i64 {
    policy.access_token_lifetime.max(policy.id_token_lifetime)
}

const ISSUER: &str = "issuer";
const LONGEST: &str = "longest_token_lifetime";
