//! Tokens that need not say who made them or for how long: the caller checks all claims (RFC 9101 §6).
//!
//! Owns form, header and signature, as everywhere. An unsecured token (RFC 7519 §6) is read only by the function that
//! says so in its name.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::de::DeserializeOwned;

use crate::crypto::jwt::mac::{self, MacAlgorithm};
use crate::crypto::jwt::{JwtRefused, MAX_TOKEN, decode, parse_header, type_is_expected};
use crate::crypto::verifying_key::VerifyingKey;

/// The claims of a token that this key verifies. `typ` is the one beside `JWT` and none at all.
pub fn signed<C: DeserializeOwned>(
    key: &VerifyingKey,
    token: &str,
    typ: &str,
) -> Result<C, JwtRefused> {
    if token.len() > MAX_TOKEN {
        return Err(JwtRefused::TooLong);
    }
    either_type(typ, |typ| decode(&|_| Some(key), token, typ)).map(|(_, claims)| claims)
}

/// The same for a secret of both sides.
pub fn signed_with_mac<C: DeserializeOwned>(
    secret: &[u8],
    agreed: MacAlgorithm,
    token: &str,
    typ: &str,
) -> Result<C, JwtRefused> {
    let (_, payload) = either_type(typ, |typ| mac::open(secret, Some(agreed), token, typ))?;
    serde_json::from_slice(&payload).map_err(|_| JwtRefused::WrongClaim)
}

/// The claims of a token that nobody signed, and that says so: the algorithm `none`, an empty signature.
pub fn unsecured<C: DeserializeOwned>(token: &str, typ: &str) -> Result<C, JwtRefused> {
    if token.len() > MAX_TOKEN {
        return Err(JwtRefused::TooLong);
    }
    let message = token.strip_suffix('.').ok_or(JwtRefused::Malformed)?;
    let (header, payload) = message.split_once('.').ok_or(JwtRefused::Malformed)?;
    let header = parse_header(header)?;
    if header.alg != UNSECURED {
        return Err(JwtRefused::WrongAlgorithm);
    }
    let is_of_type = |expected| type_is_expected(header.typ.as_deref(), expected);
    if !is_of_type(None) && !is_of_type(Some(&[typ])) {
        return Err(JwtRefused::WrongType);
    }
    let payload = URL_SAFE_NO_PAD.decode(payload);
    let payload = payload.map_err(|_| JwtRefused::Malformed)?;
    serde_json::from_slice(&payload).map_err(|_| JwtRefused::WrongClaim)
}

/// The `alg` of a token without signature (RFC 7518 §3.6).
pub const UNSECURED: &str = "none";

fn either_type<T>(
    typ: &str,
    read: impl Fn(Option<&[&str]>) -> Result<T, JwtRefused>,
) -> Result<T, JwtRefused> {
    match read(None) {
        Err(JwtRefused::WrongType) => read(Some(&[typ])),
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Map, Value};

    use super::*;

    fn read(header: &str, payload: &str, rest: &str) -> Result<Map<String, Value>, JwtRefused> {
        let encode = |text| URL_SAFE_NO_PAD.encode(text);
        unsecured(
            &format!("{}.{}{rest}", encode(header), encode(payload)),
            "oauth-authz-req+jwt",
        )
    }

    /// RFC 7519 §6.1.
    #[test]
    fn the_example_of_the_rfc() {
        let token = "eyJhbGciOiJub25lIn0.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ.";
        let claims: Map<String, Value> = unsecured(token, "jwt").unwrap();
        assert_eq!(claims["iss"], "joe");
    }

    #[test]
    fn a_token_without_signature_says_so_and_has_none() {
        let none = r#"{"alg":"none"}"#;
        let typed = r#"{"alg":"none","typ":"oauth-authz-req+jwt"}"#;
        assert!(read(none, "{}", ".").is_ok());
        assert!(read(typed, "{}", ".").is_ok());
        for (header, payload, rest, reason) in [
            (none, "{}", "", JwtRefused::Malformed),
            (none, "{}", ".AAAA", JwtRefused::Malformed),
            (none, "{}", "..", JwtRefused::Malformed),
            (none, "[]", ".", JwtRefused::WrongClaim),
            (r#"{"alg":"None"}"#, "{}", ".", JwtRefused::WrongAlgorithm),
            (r#"{"alg":"ES256"}"#, "{}", ".", JwtRefused::WrongAlgorithm),
            (
                r#"{"alg":"none","typ":"at+jwt"}"#,
                "{}",
                ".",
                JwtRefused::WrongType,
            ),
            (
                r#"{"alg":"none","crit":["x"]}"#,
                "{}",
                ".",
                JwtRefused::Malformed,
            ),
        ] {
            assert_eq!(read(header, payload, rest), Err(reason), "{header}{rest}");
        }
    }
}
