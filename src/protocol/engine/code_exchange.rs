//! The machine of the code exchange.

use std::borrow::Cow;

use oxide_auth::code_grant::accesstoken as code_machine;
use oxide_auth::code_grant::error::{AccessTokenError, AccessTokenErrorType};
use oxide_auth::code_grant::extensions::Pkce;
use oxide_auth::primitives::grant::{Extensions, Grant, Value};

use crate::protocol::client::ClientId;
use crate::protocol::context::Timestamp;
use crate::protocol::engine::view::View;
use crate::protocol::engine::{machine_scope, until};
use crate::protocol::params::Params;
use crate::protocol::pkce;
use crate::protocol::store::AuthorizationCode;

/// Why a code is not redeemed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CodeRejected {
    /// RFC 6749 §4.1.3: a required parameter is missing.
    Request,
    /// RFC 6749 §4.1.3: the address differs from the one of the authorization request.
    RedirectUri,
    /// The code outlived its life.
    Expired,
    /// RFC 7636 §4.6: the verifier is missing, malformed or does not fit.
    Verifier,
    /// RFC 9700 §4.8.2: a verifier, but no challenge.
    VerifierUnexpected,
}

/// Drives the exchange of a code that the authenticated client was issued (RFC 6749 §4.1.3, RFC 7636 §4.6).
pub fn drive_code_exchange(
    client_id: &ClientId,
    code: &AuthorizationCode,
    params: &Params<'_>,
    now: Timestamp,
) -> Result<(), CodeRejected> {
    use CodeRejected as Rejected;
    use code_machine::{AccessToken, Input, Output};

    if params.find("redirect_uri").is_none() && code.redirect_uri_was_received {
        return Err(Rejected::RedirectUri);
    }
    let supplied = params.find("redirect_uri").unwrap_or(&code.redirect_uri);
    // The machine compares parsed addresses; the standard wants the identical text.
    if supplied != code.redirect_uri {
        return Err(Rejected::RedirectUri);
    }
    let view = View {
        params,
        client_id,
        redirect_uri: Some(supplied),
    };
    let mut machine = AccessToken::new(&view);
    let mut input = Input::None;
    loop {
        input = match machine.advance(input) {
            Output::Authenticate { .. } => Input::Authenticated,
            Output::Recover { .. } => Input::Recovered(Some(Box::new(Grant {
                owner_id: code.subject.clone(),
                client_id: code.client_id.as_str().to_owned(),
                scope: machine_scope(&code.scope),
                redirect_uri: code
                    .redirect_uri
                    .parse()
                    .map_err(|_| Rejected::RedirectUri)?,
                until: until(now < code.expires_at),
                extensions: extensions_of(code),
            }))),
            Output::Extend { extensions } => {
                check_verifier(extensions, params)?;
                Input::Extended {
                    access_extensions: Extensions::new(),
                }
            }
            // The machine is content. What it would do with a token is not needed.
            Output::Issue { .. } | Output::Ok(_) => return Ok(()),
            Output::Err(mut error) => {
                return Err(match error.description().map(AccessTokenError::kind) {
                    // Client and address were compared before, so what is left is the time.
                    Some(AccessTokenErrorType::InvalidGrant) => Rejected::Expired,
                    _ => Rejected::Request,
                });
            }
        };
    }
}

fn extensions_of(code: &AuthorizationCode) -> Extensions {
    let mut extensions = Extensions::new();
    if let Some(challenge) = &code.code_challenge {
        extensions.set(
            &Pkce::required(),
            Value::private(Some(format!("{challenge}S"))),
        );
    }
    extensions
}

fn check_verifier(extensions: &mut Extensions, params: &Params<'_>) -> Result<(), CodeRejected> {
    let verifier = params.find("code_verifier");
    let stored = extensions.remove(&Pkce::required());
    match (&stored, verifier) {
        (None, None) => return Ok(()),
        (None, Some(_)) => return Err(CodeRejected::VerifierUnexpected),
        (Some(_), Some(verifier)) if pkce::is_verifier(verifier) => {}
        (Some(_), Some(_) | None) => return Err(CodeRejected::Verifier),
    }
    Pkce::required()
        .verify(stored, verifier.map(Cow::Borrowed))
        .map_err(|()| CodeRejected::Verifier)
}
