//! The answer of the authorization endpoint as an address: code or error, with `state` and `iss`
//! (RFC 6749 §4.1.2, RFC 9207 §2).

use crate::crypto::secret::Secret;
use crate::protocol::error::Refusal;
use crate::protocol::redirect_uri::RedirectTarget;

/// The address that hands the code over.
pub fn code(target: &RedirectTarget, code: &Secret, state: Option<&str>, issuer: &str) -> String {
    with_parameters(
        target,
        &[
            ("code", Some(code.expose())),
            ("state", state),
            ("iss", Some(issuer)),
        ],
    )
}

/// The address that hands an error over.
pub fn error(
    target: &RedirectTarget,
    refusal: Refusal,
    state: Option<&str>,
    issuer: &str,
) -> String {
    let parameters = [
        ("error", Some(refusal.code().as_str())),
        ("error_description", Some(&*refusal.description())),
        ("state", state),
        ("iss", Some(issuer)),
    ];
    with_parameters(target, &parameters)
}

/// Appends to the query that the client registered, which stays as it is (RFC 6749 §3.1.2).
fn with_parameters(target: &RedirectTarget, parameters: &[(&str, Option<&str>)]) -> String {
    let mut address = target.as_str().to_owned();
    let mut separator = if address.contains('?') { '&' } else { '?' };
    for (name, value) in parameters {
        let Some(value) = value else { continue };
        address.push(separator);
        address.push_str(name);
        address.push('=');
        address.extend(url::form_urlencoded::byte_serialize(value.as_bytes()));
        separator = '&';
    }
    address
}
