//! How a rule says no, and how a failure differs from a refusal.
//!
//! A *refusal* is the protocol's answer to a request that must not succeed; it has a wire code, a
//! stable id and a sentence, and the transaction that led to it commits. A *failure* is trouble of
//! ours; it rolls back and can never be told as `invalid_client` or `invalid_grant`, because no
//! conversion from [`StoreError`] to [`Refusal`] exists.

use std::fmt;

use crate::protocol::catalogue::Explanation;

/// The codes that may stand in an `error` parameter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ErrorCode {
    /// RFC 6749 §4.1.2.1, §5.2; RFC 6750 §3.1.
    InvalidRequest,
    /// RFC 6749 §5.2.
    InvalidClient,
    /// RFC 6749 §5.2.
    InvalidGrant,
    /// RFC 6749 §4.1.2.1, §5.2.
    UnauthorizedClient,
    /// RFC 6749 §5.2.
    UnsupportedGrantType,
    /// RFC 6749 §4.1.2.1, §5.2.
    InvalidScope,
    /// RFC 6749 §4.1.2.1.
    AccessDenied,
    /// RFC 6749 §4.1.2.1.
    UnsupportedResponseType,
    /// OpenID Connect Core §3.1.2.6.
    LoginRequired,
    /// OpenID Connect Core §3.1.2.6.
    ConsentRequired,
    /// OpenID Connect Core §3.1.2.6.
    AccountSelectionRequired,
    /// OpenID Connect Core §3.1.2.6.
    RequestNotSupported,
    /// OpenID Connect Core §3.1.2.6.
    InvalidRequestUri,
    /// OpenID Connect Core §3.1.2.6.
    InvalidRequestObject,
    /// OpenID Connect Core §3.1.2.6.
    RegistrationNotSupported,
    /// OpenID Connect Core Unmet Authentication Requirements §2.
    UnmetAuthenticationRequirements,
    /// RFC 6750 §3.1.
    InvalidToken,
    /// RFC 6750 §3.1.
    InsufficientScope,
    /// RFC 8693 §2.2.2, RFC 8707 §2.
    InvalidTarget,
    /// RFC 7591 §3.2.2.
    InvalidRedirectUri,
    /// RFC 7591 §3.2.2.
    InvalidClientMetadata,
    /// RFC 7591 §3.2.2.
    InvalidSoftwareStatement,
    /// RFC 7591 §3.2.2.
    UnapprovedSoftwareStatement,
    /// RFC 6749 §4.1.2.1.
    ServerError,
    /// RFC 6749 §4.1.2.1.
    TemporarilyUnavailable,
}

impl ErrorCode {
    /// The code as it stands on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::InvalidRequest => "invalid_request",
            Self::InvalidClient => "invalid_client",
            Self::InvalidGrant => "invalid_grant",
            Self::UnauthorizedClient => "unauthorized_client",
            Self::UnsupportedGrantType => "unsupported_grant_type",
            Self::InvalidScope => "invalid_scope",
            Self::AccessDenied => "access_denied",
            Self::UnsupportedResponseType => "unsupported_response_type",
            Self::LoginRequired => "login_required",
            Self::ConsentRequired => "consent_required",
            Self::AccountSelectionRequired => "account_selection_required",
            Self::RequestNotSupported => "request_not_supported",
            Self::InvalidRequestUri => "invalid_request_uri",
            Self::InvalidRequestObject => "invalid_request_object",
            Self::RegistrationNotSupported => "registration_not_supported",
            Self::UnmetAuthenticationRequirements => "unmet_authentication_requirements",
            Self::InvalidToken => "invalid_token",
            Self::InsufficientScope => "insufficient_scope",
            Self::InvalidTarget => "invalid_target",
            Self::InvalidRedirectUri => "invalid_redirect_uri",
            Self::InvalidClientMetadata => "invalid_client_metadata",
            Self::InvalidSoftwareStatement => "invalid_software_statement",
            Self::UnapprovedSoftwareStatement => "unapproved_software_statement",
            Self::ServerError => "server_error",
            Self::TemporarilyUnavailable => "temporarily_unavailable",
        }
    }
}

/// A refusal: which entry of the catalogue, and nothing of the request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Refusal {
    explanation: &'static Explanation,
}

impl Refusal {
    /// The refusal that an entry of the catalogue explains.
    pub const fn new(explanation: &'static Explanation) -> Self {
        Self { explanation }
    }

    /// The wire code.
    pub fn code(&self) -> ErrorCode {
        self.explanation.code
    }

    /// The stable id, as `E1204`.
    pub fn id(&self) -> &'static str {
        self.explanation.id
    }

    /// Cause and fix, in ASCII as RFC 6749 §5.2 demands, followed by the id.
    pub fn description(&self) -> String {
        let Explanation {
            id, sentence, fix, ..
        } = self.explanation;
        format!("{sentence} {fix} ({id})")
    }

    /// The entry of the catalogue.
    pub fn explanation(&self) -> &'static Explanation {
        self.explanation
    }
}

impl From<&'static Explanation> for Refusal {
    fn from(explanation: &'static Explanation) -> Self {
        Self::new(explanation)
    }
}

/// What kind of trouble a store has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trouble {
    /// The database cannot be reached, is full of work, or is locked: try again.
    Unavailable,
    /// An object of that name exists already.
    Conflict,
    /// Anything else: a defect or damaged data.
    Broken,
}

/// A failure of the store: what was being done, and the cause for the log.
#[derive(Debug, thiserror::Error)]
#[error("{during}")]
pub struct StoreError {
    trouble: Trouble,
    during: &'static str,
    #[source]
    cause: Option<Box<dyn std::error::Error + Send + Sync>>,
}

impl StoreError {
    /// A failure with its cause.
    pub fn new(
        trouble: Trouble,
        during: &'static str,
        cause: impl Into<Box<dyn std::error::Error + Send + Sync>>,
    ) -> Self {
        Self {
            trouble,
            during,
            cause: Some(cause.into()),
        }
    }

    /// A failure that needs no further cause.
    pub fn plain(trouble: Trouble, during: &'static str) -> Self {
        Self {
            trouble,
            during,
            cause: None,
        }
    }

    /// What kind of trouble it is.
    pub fn trouble(&self) -> Trouble {
        self.trouble
    }
}

/// The only error of a rule: refused, which commits, or failed, which rolls back.
#[derive(Debug)]
pub enum Fault<R = Refusal> {
    /// The protocol says no.
    Refused(R),
    /// We could not find out.
    Failed(StoreError),
}

impl<R> From<StoreError> for Fault<R> {
    fn from(error: StoreError) -> Self {
        Self::Failed(error)
    }
}

impl From<Refusal> for Fault<Refusal> {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

impl From<&'static Explanation> for Fault<Refusal> {
    fn from(explanation: &'static Explanation) -> Self {
        Self::Refused(Refusal::new(explanation))
    }
}

impl<R: fmt::Debug> fmt::Display for Fault<R> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Refused(refusal) => write!(formatter, "refused: {refusal:?}"),
            Self::Failed(error) => write!(formatter, "failed: {error}"),
        }
    }
}
