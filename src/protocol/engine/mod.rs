//! The seam to `oxide_auth`, and the only module that names it: one `drive_…` function for each state
//! machine of RFC 6749.
//!
//! The machines do no I/O. They ask ("which grant does this refresh token stand for?") and we answer; their
//! verdict is final for required parameters, grant type, client binding, redirect URI equality, expiry and
//! scope subset. They get a client that was authenticated before. Where the crate departs from
//! a standard, the departure is mended here, before or around the machine:
//!
//! | The machine | The standard | Here |
//! |---|---|---|
//! | calls an unknown code `invalid_request` | RFC 6749 §5.2 | callers look the code up first |
//! | calls a failed PKCE check `invalid_request` | RFC 7636 §4.6 | [`CodeRejected::Verifier`] |
//! | accepts any verifier syntax, and a verifier without a challenge | RFC 7636 §4.1, RFC 9700 §4.8.2 | checked first |
//! | demands `redirect_uri` at the token endpoint | only if the authorization request had it | the stored one is supplied |
//! | reads the clock, fixes lifetimes | policy | told "always" or "never"; its lifetimes are ignored |
//! | orders scopes at random | — | [`Scope`] has one order |
//! | spells errors its own way | RFC 6749 §5.2 | only the kind of an error is taken |

use std::borrow::Cow;

use chrono::{DateTime, Utc};
use oxide_auth::code_grant::authorization as authorization_machine;
use oxide_auth::code_grant::client_credentials as credentials_machine;
use oxide_auth::code_grant::error::{AccessTokenErrorType, AuthorizationErrorType};
use oxide_auth::code_grant::extensions::Pkce;
use oxide_auth::code_grant::refresh as refresh_machine;
use oxide_auth::primitives::grant::{Extensions, Grant, GrantExtension as _};
use oxide_auth::primitives::registrar::{BoundClient, ExactUrl, PreGrant, RegisteredUrl};
use oxide_auth::primitives::scope::Scope as MachineScope;

use crate::protocol::client::{Client, ClientId};
use crate::protocol::context::Timestamp;
use crate::protocol::engine::view::View;
use crate::protocol::params::Params;
use crate::protocol::pkce;
use crate::protocol::redirect_uri::RedirectTarget;
use crate::protocol::scope::Scope;
use crate::protocol::tokens::family::Family;

mod code_exchange;
mod view;

pub use code_exchange::{CodeRejected, drive_code_exchange};

/// What an accepted authorization request asks for.
#[derive(Debug, PartialEq, Eq)]
pub struct AuthorizationAccepted {
    /// The scope, within what the client may have.
    pub scope: Scope,
    /// The S256 challenge.
    pub code_challenge: Option<String>,
}

/// Why an authorization request is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AuthorizationRejected {
    /// RFC 6749 §4.1.1: `response_type` is not `code`.
    ResponseType,
    /// RFC 6749 §4.1.1: the scope is malformed or beyond the client's.
    Scope,
    /// RFC 7636 §4.4.1: PKCE is required and missing.
    ChallengeMissing,
    /// RFC 7636 §4.3: a method other than S256.
    ChallengeMethod,
    /// RFC 7636 §4.2: not a SHA-256 digest in base64url.
    ChallengeSyntax,
    /// The machine found the request unusable.
    Request,
}

/// Drives an authorization request whose client and redirect target are known (RFC 6749 §4.1.1, RFC 7636 §4.3).
pub fn drive_authorization(
    client: &Client,
    target: &RedirectTarget,
    params: &Params<'_>,
) -> Result<AuthorizationAccepted, AuthorizationRejected> {
    use AuthorizationRejected as Rejected;
    use authorization_machine::{Authorization, Error, Input, Output};

    let exact = ExactUrl::new(target.as_str().to_owned()).map_err(|_| Rejected::Request)?;
    let view = View {
        params,
        client_id: &client.id,
        redirect_uri: Some(target.as_str()),
    };
    let mut machine = Authorization::new(&view);
    let mut input = Input::None;
    loop {
        input = match machine.advance(input) {
            Output::Bind { client_id, .. } => Input::Bound {
                request: &view,
                bound_client: bound(client_id, RegisteredUrl::Exact(exact.clone())),
            },
            Output::Extend => Input::Extended(challenge(client, params)?),
            Output::Negotiate {
                bound_client,
                scope,
            } => {
                let scope = negotiate(scope, &client.scope).ok_or(Rejected::Scope)?;
                Input::Negotiated {
                    pre_grant: pre_grant(bound_client, &scope),
                    state: None,
                }
            }
            Output::Ok {
                pre_grant,
                extensions,
                ..
            } => {
                return Ok(AuthorizationAccepted {
                    scope: ordered(&pre_grant.scope),
                    code_challenge: stored_challenge(&extensions),
                });
            }
            Output::Err(Error::Redirect(mut error)) => {
                return Err(match error.description().kind() {
                    AuthorizationErrorType::UnsupportedResponseType => Rejected::ResponseType,
                    AuthorizationErrorType::InvalidScope => Rejected::Scope,
                    AuthorizationErrorType::InvalidRequest
                    | AuthorizationErrorType::UnauthorizedClient
                    | AuthorizationErrorType::AccessDenied
                    | AuthorizationErrorType::ServerError
                    | AuthorizationErrorType::TemporarilyUnavailable => Rejected::Request,
                });
            }
            Output::Err(Error::Ignore | Error::PrimitiveError) => return Err(Rejected::Request),
        };
    }
}

/// Checks `code_challenge` and its method (RFC 7636 §4.3, §4.4.1).
fn challenge(client: &Client, params: &Params<'_>) -> Result<Extensions, AuthorizationRejected> {
    use AuthorizationRejected as Rejected;

    let (challenge, method) = (
        params.find("code_challenge"),
        params.find("code_challenge_method"),
    );
    let mut extensions = Extensions::new();
    let Some(challenge) = challenge else {
        // A client that registered itself may rely on the nonce of an ID token, but only where there is one (RFC 9700
        // §2.1.1); an operator knows.
        let asked = params.find("scope").unwrap_or_default();
        let has_nonce = asked.split(' ').any(|scope| scope == "openid");
        let is_required = client.requires_pkce || client.dynamic.is_some() && !has_nonce;
        return match (method, is_required) {
            (None, false) => Ok(extensions),
            (Some(_), _) | (None, true) => Err(Rejected::ChallengeMissing),
        };
    };
    let encoded = Pkce::required()
        .challenge(method.map(Cow::Borrowed), Some(Cow::Borrowed(challenge)))
        .map_err(|()| Rejected::ChallengeMethod)?;
    if !pkce::is_s256_challenge(challenge) {
        return Err(Rejected::ChallengeSyntax);
    }
    if let Some(value) = encoded {
        extensions.set(&Pkce::required(), value);
    }
    Ok(extensions)
}

/// The challenge within the machine's encoding, which appends a letter for the method.
fn stored_challenge(extensions: &Extensions) -> Option<String> {
    let (_, encoded) = extensions
        .private()
        .find(|(name, _)| *name == Pkce::required().identifier())?;
    encoded?.strip_suffix('S').map(str::to_owned)
}

/// Why a refresh is refused before the gate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RefreshRejected {
    /// RFC 6749 §6: a required parameter is missing.
    Request,
    /// RFC 6749 §6: the token was issued to another client.
    OtherClient,
    /// The family outlived its life.
    Expired,
    /// RFC 6749 §6: the scope is malformed or goes beyond what was granted.
    Scope,
}

/// Drives a refresh up to the gate and answers the scope to grant (RFC 6749 §6).
pub fn drive_refresh(
    client_id: &ClientId,
    family: &Family,
    params: &Params<'_>,
    now: Timestamp,
) -> Result<Scope, RefreshRejected> {
    use RefreshRejected as Rejected;
    use refresh_machine::{Error, Input, Output, Refresh};

    let redirect_uri = NO_REDIRECT.parse().map_err(|_| Rejected::Request)?;
    let lives = now < family.expires_at && now < family.rotation.idle_expires_at;
    let grant = Grant {
        owner_id: family.owner_id().to_owned(),
        client_id: family.client_id.as_str().to_owned(),
        scope: machine_scope(&family.scope),
        redirect_uri,
        until: until(lives),
        extensions: Extensions::new(),
    };
    let view = View {
        params,
        client_id,
        redirect_uri: None,
    };
    let scope = || params.find("scope").map(Cow::Borrowed);
    let mut machine = Refresh::new(&view);
    let mut input = Input::None;
    loop {
        input = match machine.advance(input) {
            Output::Unauthenticated { .. } => Input::Authenticated { scope: scope() },
            Output::RecoverRefresh { .. } => Input::Recovered {
                scope: scope(),
                grant: Some(Box::new(grant.clone())),
            },
            Output::Refresh { grant, .. } => return Ok(ordered(&grant.scope)),
            Output::Ok(_) => return Err(Rejected::Request),
            Output::Err(Error::Invalid(mut error)) => {
                return Err(match error.description().kind() {
                    AccessTokenErrorType::InvalidScope => Rejected::Scope,
                    // One kind for both; the machine compares the client first.
                    AccessTokenErrorType::InvalidGrant if family.client_id == *client_id => {
                        Rejected::Expired
                    }
                    AccessTokenErrorType::InvalidGrant => Rejected::OtherClient,
                    AccessTokenErrorType::InvalidRequest
                    | AccessTokenErrorType::InvalidClient
                    | AccessTokenErrorType::UnauthorizedClient
                    | AccessTokenErrorType::UnsupportedGrantType => Rejected::Request,
                });
            }
            Output::Err(Error::Unauthorized(..) | Error::Primitive) => {
                return Err(Rejected::Request);
            }
        };
    }
}

/// Why a client gets no token of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CredentialsRejected {
    /// RFC 6749 §4.4.2: the request is unusable.
    Request,
    /// RFC 6749 §4.4.2: the scope is malformed or beyond the client's.
    Scope,
}

/// Drives a client credentials request and answers the scope to grant (RFC 6749 §4.4). `offered` is what the
/// client may have without a user.
pub fn drive_client_credentials(
    client_id: &ClientId,
    offered: &Scope,
    params: &Params<'_>,
) -> Result<Scope, CredentialsRejected> {
    use CredentialsRejected as Rejected;
    use credentials_machine::{ClientCredentials, Error, Input, Output};

    let view = View {
        params,
        client_id,
        redirect_uri: None,
    };
    let mut machine = ClientCredentials::new(&view);
    let mut input = Input::None;
    loop {
        input = match machine.advance(input) {
            Output::Authenticate { .. } => Input::Authenticated,
            Output::Binding { client_id } => {
                let nowhere =
                    ExactUrl::new(NO_REDIRECT.to_owned()).map_err(|_| Rejected::Request)?;
                Input::Bound {
                    bound_client: bound(client_id.to_owned(), RegisteredUrl::Exact(nowhere)),
                }
            }
            Output::Extend => Input::Extended {
                extensions: Extensions::new(),
            },
            Output::Negotiate {
                bound_client,
                scope,
            } => {
                let scope = negotiate(scope, offered).ok_or(Rejected::Scope)?;
                Input::Negotiated {
                    pre_grant: pre_grant(bound_client, &scope),
                }
            }
            Output::Ok { pre_grant, .. } => return Ok(ordered(&pre_grant.scope)),
            Output::Err(error) => {
                return Err(match *error {
                    // The machine has one kind for a malformed scope and anything else that is wrong.
                    Error::Invalid(_) if params.find("scope").is_some_and(is_malformed) => {
                        Rejected::Scope
                    }
                    Error::Ignore
                    | Error::Invalid(_)
                    | Error::Unauthorized(..)
                    | Error::Primitive(_) => Rejected::Request,
                });
            }
        };
    }
}

/// The grants without a redirect still carry an address in the machine's types.
const NO_REDIRECT: &str = "about:blank";

/// The machine asks whether now is before `until`; we have compared with our own clock already.
fn until(lives: bool) -> DateTime<Utc> {
    if lives {
        DateTime::<Utc>::MAX_UTC
    } else {
        DateTime::<Utc>::MIN_UTC
    }
}

fn bound(client_id: String, redirect_uri: RegisteredUrl) -> BoundClient<'static> {
    BoundClient {
        client_id: Cow::Owned(client_id),
        redirect_uri: Cow::Owned(redirect_uri),
    }
}

fn pre_grant(client: &BoundClient<'_>, scope: &Scope) -> PreGrant {
    PreGrant {
        client_id: client.client_id.clone().into_owned(),
        redirect_uri: client.redirect_uri.clone().into_owned(),
        scope: machine_scope(scope),
    }
}

/// What is granted of what was asked: all of it or nothing; without a request, everything offered.
fn negotiate(requested: Option<MachineScope>, offered: &Scope) -> Option<Scope> {
    let Some(requested) = requested else {
        return Some(offered.clone());
    };
    let requested = ordered(&requested);
    requested.is_within(offered).then_some(requested)
}

fn is_malformed(scope: &str) -> bool {
    scope.parse::<MachineScope>().is_err()
}

fn ordered(scope: &MachineScope) -> Scope {
    scope.iter().map(str::to_owned).collect()
}

/// Our grammar is the machine's, so what parsed once parses again.
fn machine_scope(scope: &Scope) -> MachineScope {
    scope.to_string().parse().unwrap_or_else(|_| empty_scope())
}

#[expect(
    clippy::expect_used,
    reason = "the empty text is a scope by RFC 6749 §3.3's grammar as the crate reads it"
)]
fn empty_scope() -> MachineScope {
    "".parse().expect("the empty scope parses")
}
