//! The one credential of a request to Fleet Server's path.

use actix_web::HttpRequest;
use actix_web::http::header;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use url::form_urlencoded::byte_serialize;

use crate::crypto::secret::Secret;
use crate::protocol::agents::AgentPolicy;
use crate::protocol::catalogue;
use crate::protocol::error::Refusal;
use crate::protocol::params::Params;
use crate::protocol::tokens::refresh_token;

/// What an agent shows.
pub(super) enum Credential {
    /// `ApiKey`, written as the value of a Basic header (RFC 6749 §2.3.1), which carries the same.
    ApiKey(Secret),
    /// A refresh token.
    RefreshToken(Secret),
    /// An access token.
    AccessToken(Secret),
}

/// Finds it: in the header, or a refresh token in a form.
pub(super) fn find(
    request: &HttpRequest,
    body: &Params<'_>,
    policy: &AgentPolicy,
) -> Result<Credential, Refusal> {
    let found = one(request, body)?;
    let is_accepted = match found {
        Credential::ApiKey(_) => policy.accepts_api_keys,
        Credential::RefreshToken(_) | Credential::AccessToken(_) => policy.accepts_tokens,
    };
    if is_accepted {
        Ok(found)
    } else {
        Err(Refusal::new(&catalogue::FLEET_METHOD_OFF))
    }
}

fn one(request: &HttpRequest, body: &Params<'_>) -> Result<Credential, Refusal> {
    let malformed = Refusal::new(&catalogue::FLEET_AUTHORIZATION);
    let mut headers = request.headers().get_all(header::AUTHORIZATION);
    let in_form = body.find("refresh_token");
    match (headers.next(), headers.next(), in_form) {
        (None, _, None) => Err(Refusal::new(&catalogue::FLEET_NO_AUTHORIZATION)),
        (None, _, Some(token)) => Ok(Credential::RefreshToken(Secret::new(token.to_owned()))),
        (Some(value), None, None) => read(value.to_str().map_err(|_| malformed)?),
        (Some(_), _, _) => Err(malformed),
    }
}

fn read(header: &str) -> Result<Credential, Refusal> {
    let (scheme, value) = header
        .split_once(' ')
        .ok_or(&catalogue::FLEET_AUTHORIZATION)?;
    if scheme == "ApiKey" {
        api_key(value).map(Credential::ApiKey)
    } else if !scheme.eq_ignore_ascii_case("Bearer") {
        Err(Refusal::new(&catalogue::FLEET_AUTHORIZATION))
    } else if value.starts_with(refresh_token::PREFIX) {
        Ok(Credential::RefreshToken(Secret::new(value.to_owned())))
    } else {
        Ok(Credential::AccessToken(Secret::new(value.to_owned())))
    }
}

fn api_key(encoded: &str) -> Result<Secret, Refusal> {
    let bytes = STANDARD.decode(encoded);
    let bytes = bytes.map_err(|_| &catalogue::FLEET_KEY_TEXT)?;
    let pair = String::from_utf8(bytes).map_err(|_| &catalogue::FLEET_KEY_TEXT)?;
    let (id, key) = pair
        .split_once(':')
        .filter(|(_, key)| !key.contains(':'))
        .ok_or(&catalogue::FLEET_KEY_PARTS)?;
    let encode = |half: &str| byte_serialize(half.as_bytes()).collect::<String>();
    let basic = STANDARD.encode(format!("{}:{}", encode(id), encode(key)));
    Ok(Secret::new(format!("Basic {basic}")))
}
