//! How values of the domain lie in columns, and how they are read back.

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::crypto::digest::Digest;
use crate::protocol::claims::RequestedClaims;
use crate::protocol::error::{StoreError, Trouble};

/// What a stored value that cannot be read is told as.
pub(super) fn damaged(what: &'static str) -> StoreError {
    StoreError::plain(Trouble::Broken, what)
}

/// Anything that is kept as JSON.
pub(super) fn to_json<T: Serialize + ?Sized>(value: &T) -> Result<String, StoreError> {
    serde_json::to_string(value)
        .map_err(|error| StoreError::new(Trouble::Broken, "writing a value as JSON", error))
}

/// Reads what [`to_json`] wrote.
pub(super) fn from_json<T: DeserializeOwned>(
    text: &str,
    what: &'static str,
) -> Result<T, StoreError> {
    serde_json::from_str(text).map_err(|error| StoreError::new(Trouble::Broken, what, error))
}

/// Claims that were asked for by name; nothing where there are none, as in most requests.
pub(super) fn claims_column(claims: &RequestedClaims) -> Result<Option<String>, StoreError> {
    (!claims.is_empty()).then(|| to_json(claims)).transpose()
}

/// Reads what [`claims_column`] wrote.
pub(super) fn read_claims(
    column: Option<&str>,
    what: &'static str,
) -> Result<RequestedClaims, StoreError> {
    let claims = column.map(|text| from_json(text, what)).transpose()?;
    Ok(claims.unwrap_or_default())
}

/// Reads a value that is kept as text.
pub(super) fn parse<T: std::str::FromStr>(text: &str, what: &'static str) -> Result<T, StoreError> {
    text.parse().map_err(|_| damaged(what))
}

/// Reads a digest.
pub(super) fn digest(bytes: &[u8], what: &'static str) -> Result<Digest, StoreError> {
    array(bytes, what).map(Digest::from_bytes)
}

/// Reads bytes of a fixed number.
pub(super) fn array<const N: usize>(
    bytes: &[u8],
    what: &'static str,
) -> Result<[u8; N], StoreError> {
    bytes.try_into().map_err(|_| damaged(what))
}
