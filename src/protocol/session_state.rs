//! Whether a browser is still signed in as a client knows it (OpenID Connect Session Management §2, §3).
//!
//! The browser has a value for its sign-in, which scripts of this server can read and nobody else. A client gets a salted
//! digest of it, bound to the client and its origin; a page of this server in a frame of the client compares.

use url::Url;

use crate::crypto::digest::sha256;
use crate::crypto::random::{RandomSource, random_identifier};
use crate::protocol::client::ClientId;
use crate::protocol::context::{Context, TokenKeys};
use crate::protocol::redirect_uri::RedirectTarget;

/// The value of a browser for its session: the same for as long as the session lasts, another one after the next sign-in
/// of somebody else. It tells nothing to who knows the `sid`.
pub fn browser_state(keys: &TokenKeys, session: &str) -> String {
    keys.browser_state(session)
}

/// The value of a browser that signed out: unlike all earlier ones.
pub fn signed_out(random: &dyn RandomSource) -> String {
    random_identifier(random)
}

/// The `session_state` for a client; `None` for an app without an origin, which has no frame to ask from.
pub fn for_client(
    context: &Context<'_>,
    client_id: &ClientId,
    target: &RedirectTarget,
    session: &str,
) -> Option<String> {
    let origin = Url::parse(target.as_str()).ok()?.origin();
    let salt = random_identifier(context.random);
    let browser = browser_state(context.keys, session);
    origin
        .is_tuple()
        .then(|| compute(client_id, &origin.ascii_serialization(), &browser, &salt))
}

/// What `static/check-session.js` computes as well.
fn compute(client_id: &ClientId, origin: &str, browser_state: &str, salt: &str) -> String {
    let text = format!("{} {origin} {browser_state} {salt}", client_id.as_str());
    let digest = sha256(text.as_bytes());
    let halves = digest.iter().flat_map(|byte| [byte >> 4, byte & 15]);
    let hex: String = halves
        .filter_map(|half| char::from_digit(u32::from(half), 16))
        .collect();
    format!("{hex}.{salt}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_state_is_the_digest_of_what_it_is_bound_to() {
        let state = compute(&"app".parse().unwrap(), "https://app.example", "b", "s");
        let expected = "874431e0b84049e18f47146c53530d0878ef32efa7620982b83ae5865b6b911f.s";
        assert_eq!(state, expected);
        for other in [
            compute(&"web".parse().unwrap(), "https://app.example", "b", "s"),
            compute(&"app".parse().unwrap(), "https://web.example", "b", "s"),
            compute(&"app".parse().unwrap(), "https://app.example", "c", "s"),
            compute(&"app".parse().unwrap(), "https://app.example", "b", "t"),
        ] {
            assert_ne!(other, state);
        }
    }
}
