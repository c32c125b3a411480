//! The tokens of an authorization response (OpenID Connect Core §3.2.2.5, §3.3.2.5), as its parameters.

use crate::protocol::authorize::front_channel::Granted;
use crate::protocol::tokens::id_token::{self, Companions};
use crate::protocol::tokens::{SignError, Signer, access_token};

/// Signs what was granted. Holds secrets: not printed.
pub fn sign(
    granted: &Granted,
    signer: &Signer<'_>,
) -> Result<Vec<(&'static str, String)>, SignError> {
    let Granted {
        back,
        response_type,
        code,
        issue,
    } = granted;
    let mut parameters = Vec::new();
    let code = code.as_ref().map(|code| code.expose().to_owned());
    let access_token = if response_type.has_access_token() {
        Some(access_token::sign(issue, signer)?)
    } else {
        None
    };
    if response_type.has_id_token() {
        let facts = issue.id_token.as_ref().ok_or(SignError::Claims)?;
        let companions = Companions {
            access_token: access_token.as_deref(),
            code: code.as_deref(),
            state: back.state.as_deref(),
        };
        let id_token = id_token::sign(issue, facts, signer, &companions)?;
        parameters.push(("id_token", id_token));
    }
    parameters.extend(code.map(|code| ("code", code)));
    if let Some(access_token) = access_token {
        parameters.push(("access_token", access_token));
        parameters.push(("token_type", "Bearer".to_owned()));
        let expires_in = signer.policy.access_token_lifetime;
        parameters.push(("expires_in", expires_in.to_string()));
        // RFC 6749 §4.2.2: it may differ from what was asked for.
        let scope = issue.scope.to_string();
        parameters.extend((!scope.is_empty()).then_some(("scope", scope)));
    }
    Ok(parameters)
}
