//! The Basic scheme with form-encoded halves (RFC 6749 §2.3.1, RFC 7617 §2).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::crypto::secret::Secret;
use crate::protocol::params::decode;

/// Client identifier and secret of an `Authorization` header; `None` when it is not well-formed Basic.
pub(super) fn parse(header: &str) -> Option<(String, Secret)> {
    let (scheme, encoded) = header.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("Basic") {
        return None;
    }
    let pair = String::from_utf8(STANDARD.decode(encoded.trim()).ok()?).ok()?;
    let (client_id, secret) = pair.split_once(':')?;
    let (client_id, secret) = (decode(client_id).ok()?, decode(secret).ok()?);
    (!client_id.is_empty()).then(|| (client_id.into_owned(), Secret::new(secret.into_owned())))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(pair: &str) -> Option<(String, String)> {
        let (id, secret) = parse(&format!("Basic {}", STANDARD.encode(pair)))?;
        Some((id, secret.expose().to_owned()))
    }

    #[test]
    fn decodes_both_halves() {
        assert_eq!(
            parsed("a%3Ab:s%20e+c%25"),
            Some(("a:b".into(), "s e c%".into()))
        );
        assert_eq!(parsed("a:b:c"), Some(("a".into(), "b:c".into())));
        assert_eq!(parsed("a:"), Some(("a".into(), String::new())));
    }

    #[test]
    fn refuses_what_is_not_basic() {
        assert!(parsed(":secret").is_none());
        assert!(parsed("no colon").is_none());
        assert!(parsed("a:%zz").is_none());
        for header in ["Basic", "Basic !!", "Bearer YTpi", "", "Basic YTpi YTpi"] {
            assert!(parse(header).is_none(), "{header}");
        }
        assert!(parse("bAsIc YTpi").is_some());
    }
}
