//! The answer of the authorization endpoint: code, tokens or error, with `state` and `iss` (RFC 6749 §4.1.2, RFC 9207 §2), in
//! the response mode of the request (OAuth 2.0 Multiple Response Types §2.1, OAuth 2.0 Form Post Response Mode).

use serde::{Deserialize, Serialize};

use crate::crypto::secret::Secret;
use crate::protocol::error::Refusal;
use crate::protocol::redirect_uri::RedirectTarget;

/// How the parameters of an answer travel.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ResponseMode {
    /// In the query of the redirect URI, where a code goes unless the request says otherwise.
    #[default]
    Query,
    /// In its fragment.
    Fragment,
    /// In a form that the browser posts to it.
    FormPost,
}

impl ResponseMode {
    /// All modes, in the order in which metadata lists them.
    pub const ALL: [Self; 3] = [Self::Query, Self::Fragment, Self::FormPost];

    /// The value of `response_mode`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Query => "query",
            Self::Fragment => "fragment",
            Self::FormPost => "form_post",
        }
    }

    /// The mode of that name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|mode| mode.as_str() == name)
    }
}

/// The way back to the client.
#[derive(Clone, Debug)]
pub struct WayBack {
    /// Where to.
    pub target: RedirectTarget,
    /// How.
    pub mode: ResponseMode,
    /// Given back unchanged.
    pub state: Option<String>,
}

/// An answer on its way to the client. Holds a code or tokens: not printed.
pub enum Response {
    /// The browser is sent to this address.
    Address(String),
    /// The browser posts these fields to this address.
    Form {
        /// The redirect URI.
        action: String,
        /// Names and values.
        fields: Vec<(&'static str, String)>,
    },
}

/// Hands the code over; with `session_state` for OpenID Connect Session Management §2.
pub fn code(
    back: &WayBack,
    code: &Secret,
    issuer: &str,
    session_state: Option<String>,
) -> Response {
    let parameters = vec![("code", code.expose().to_owned())];
    granted(back, parameters, issuer, session_state)
}

/// Hands over what was granted, as code and tokens by their names.
pub fn granted(
    back: &WayBack,
    mut parameters: Vec<(&'static str, String)>,
    issuer: &str,
    session_state: Option<String>,
) -> Response {
    parameters.extend(session_state.map(|state| ("session_state", state)));
    answer(back, parameters, issuer)
}

/// Hands an error over.
pub fn error(back: &WayBack, refusal: Refusal, issuer: &str) -> Response {
    let parameters = vec![
        ("error", refusal.code().as_str().to_owned()),
        ("error_description", refusal.description()),
    ];
    answer(back, parameters, issuer)
}

fn answer(back: &WayBack, mut parameters: Vec<(&'static str, String)>, issuer: &str) -> Response {
    if let Some(state) = &back.state {
        parameters.push(("state", state.clone()));
    }
    parameters.push(("iss", issuer.to_owned()));
    let action = back.target.as_str();
    match back.mode {
        // What the client registered as its query stays as it is (RFC 6749 §3.1.2).
        ResponseMode::Query => {
            let separator = if action.contains('?') { '&' } else { '?' };
            Response::Address(format!("{action}{separator}{}", encode(&parameters)))
        }
        ResponseMode::Fragment => Response::Address(format!("{action}#{}", encode(&parameters))),
        ResponseMode::FormPost => Response::Form {
            action: action.to_owned(),
            fields: parameters,
        },
    }
}

fn encode(parameters: &[(&'static str, String)]) -> String {
    url::form_urlencoded::Serializer::new(String::new())
        .extend_pairs(parameters)
        .finish()
}
