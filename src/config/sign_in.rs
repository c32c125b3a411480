//! What a sign-in is worth.

use crate::config::reader::Reader;
use crate::protocol::client_metadata::is_acr;
use crate::protocol::context::Policy;

/// The authentication context classes that a sign-in with a password reaches.
pub(super) fn acr_values(reader: &mut Reader) -> Vec<String> {
    let given = reader.list("sign_in.acr_values", parse);
    given.unwrap_or_else(|| Policy::default().acr_values)
}

fn parse(text: &str) -> Result<String, String> {
    if is_acr(text) {
        Ok(text.to_owned())
    } else {
        Err("must be names of at most 255 printable ASCII characters without blanks".to_owned())
    }
}
