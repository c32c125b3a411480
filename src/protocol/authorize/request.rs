//! An authorization request whose every field was checked, as it is remembered while the person signs in.

use serde::{Deserialize, Serialize};

use crate::protocol::authorize::acr::Classes;
use crate::protocol::authorize::response::{ResponseMode, WayBack};
use crate::protocol::claims::RequestedClaims;
use crate::protocol::client::ClientId;
use crate::protocol::redirect_uri::RedirectTarget;
use crate::protocol::response_type::ResponseType;
use crate::protocol::scope::Scope;

/// OpenID Connect Core §3.1.2.1, `prompt`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[expect(clippy::struct_excessive_bools, reason = "prompt is a set of flags")]
pub struct Prompt {
    /// No page may be shown.
    pub none: bool,
    /// The person signs in again.
    pub login: bool,
    /// The person is asked for consent again.
    pub consent: bool,
    /// The person chooses the account.
    pub select_account: bool,
    /// The person makes an account (Initiating User Registration via OpenID Connect 1.0 §4).
    #[serde(default)]
    pub create: bool,
}

/// A checked authorization request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuthorizationRequest {
    /// The client.
    pub client_id: ClientId,
    /// Where the answer goes; it was a redirect target of the client when the request came, and is matched again
    /// when it is answered.
    pub redirect_uri: String,
    /// Whether the request named it.
    pub redirect_uri_was_received: bool,
    /// What the answer holds.
    #[serde(default, skip_serializing_if = "is_code")]
    pub response_type: ResponseType,
    /// How the answer travels.
    #[serde(default)]
    pub response_mode: ResponseMode,
    /// Given back unchanged.
    pub state: Option<String>,
    /// What is asked for, within what the client may have.
    pub scope: Scope,
    /// Claims that are asked for by name.
    #[serde(default)]
    pub claims: RequestedClaims,
    /// The authentication context classes that are asked for.
    #[serde(default, skip_serializing_if = "Classes::is_empty")]
    pub classes: Classes,
    /// OpenID Connect Core §3.1.2.1.
    pub nonce: Option<String>,
    /// RFC 7636 §4.3, method S256.
    pub code_challenge: Option<String>,
    /// Which pages must or must not be shown.
    pub prompt: Prompt,
    /// The sign-in may be at most so many seconds old.
    pub max_age: Option<i64>,
    /// Prefills the user name.
    pub login_hint: Option<String>,
    /// The person it has to be, as the client knows it: the `sub` of a verified `id_token_hint`, or of the claims parameter.
    pub hinted_subject: Option<String>,
    /// Who else it may be, where the claims parameter names several.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub other_hinted_subjects: Vec<String>,
}

/// As it was before there were others.
#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde wants it so")]
fn is_code(response_type: &ResponseType) -> bool {
    *response_type == ResponseType::Code
}

impl AuthorizationRequest {
    /// Whether the person may be the one of that identifier.
    pub fn hints_at(&self, identifier: &str) -> bool {
        let mut others = self.other_hinted_subjects.iter();
        self.hinted_subject.as_deref() == Some(identifier) || others.any(|it| it == identifier)
    }

    /// What the person is asked to agree to: the scope, and the scopes of the claims that are asked for by name.
    pub fn consent_scope(&self) -> Scope {
        self.scope.union(&self.claims.scope())
    }

    /// The claims that are asked for, with the class that a sign-in of that age reaches.
    pub fn claims_after(&self, age: i64) -> RequestedClaims {
        RequestedClaims {
            acr: self.classes.reached(age).map(str::to_owned),
            ..self.claims.clone()
        }
    }

    /// The way back to the client, whose address `target` is.
    pub fn way_back(&self, target: RedirectTarget) -> WayBack {
        WayBack {
            target,
            mode: self.response_mode,
            state: self.state.clone(),
        }
    }
}
