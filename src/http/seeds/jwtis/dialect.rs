//! How jwtis says no: `{"status":400,"errors":[{"source":"…","title":"…","detail":"…"}]}`.

use actix_web::http::StatusCode;
use actix_web::http::header::{self, HeaderValue};
use actix_web::{HttpRequest, HttpResponse};
use serde::Serialize;

use crate::http::error;
use crate::protocol::bearer::BearerRefused;
use crate::protocol::catalogue::{self, Explanation};
use crate::protocol::error::{ErrorCode, Fault, Refusal, StoreError, Trouble};

/// A refusal in this dialect, or a failure.
#[derive(Debug)]
pub(super) enum Denied {
    /// By a rule, and what it says of this request.
    Refused(Refusal, String),
    /// We could not find out.
    Failed(StoreError),
}

impl Denied {
    /// The request cannot be understood.
    pub(super) fn bad_request(detail: impl Into<String>) -> Self {
        Self::Refused(Refusal::new(&catalogue::SERVICE_REQUEST), detail.into())
    }
}

impl From<Refusal> for Denied {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal, String::new())
    }
}

impl From<Fault> for Denied {
    fn from(fault: Fault) -> Self {
        match fault {
            Fault::Refused(refusal) => refusal.into(),
            Fault::Failed(error) => Self::Failed(error),
        }
    }
}

impl From<Fault<BearerRefused>> for Denied {
    fn from(fault: Fault<BearerRefused>) -> Self {
        match fault {
            Fault::Refused(refused) => Refusal::from(refused).into(),
            Fault::Failed(error) => Self::Failed(error),
        }
    }
}

#[derive(Serialize)]
struct Body<'a> {
    status: u16,
    errors: [Entry<'a>; 1],
}

#[derive(Serialize)]
struct Entry<'a> {
    source: &'a str,
    title: &'a str,
    detail: &'a str,
}

/// The answer.
pub(super) fn answer(request: &HttpRequest, denied: &Denied) -> HttpResponse {
    let (status, title, detail) = match denied {
        Denied::Refused(refusal, more) => {
            error::log_refusal(request, *refusal);
            let description = refusal.description();
            let detail = if more.is_empty() {
                description
            } else {
                format!("{description} Here: {more}.")
            };
            (status_of(*refusal), refusal.code().as_str(), detail)
        }
        Denied::Failed(failure) => {
            error::log_failure(request, failure);
            let refusal = error::failure(failure);
            let status = error::failure_status(failure);
            (status, refusal.code().as_str(), refusal.description())
        }
    };
    let mut response = HttpResponse::build(status);
    response.insert_header((header::CACHE_CONTROL, HeaderValue::from_static("no-store")));
    if status == StatusCode::UNAUTHORIZED {
        let challenge = HeaderValue::from_static("Basic realm=\"issuant\"");
        response.append_header((header::WWW_AUTHENTICATE, challenge));
        let challenge = HeaderValue::from_static("Bearer realm=\"issuant\"");
        response.append_header((header::WWW_AUTHENTICATE, challenge));
    }
    if let Denied::Failed(failure) = denied
        && failure.trouble() == Trouble::Unavailable
    {
        response.insert_header((header::RETRY_AFTER, error::RETRY_AFTER));
    }
    response.json(Body {
        status: status.as_u16(),
        errors: [Entry {
            source: request.path(),
            title,
            detail: &detail,
        }],
    })
}

/// The statuses that jwtis tells apart.
fn status_of(refusal: Refusal) -> StatusCode {
    if let Some((_, status)) = OWN.iter().find(|(entry, _)| Refusal::new(entry) == refusal) {
        return *status;
    }
    let code = refusal.code();
    if code == ErrorCode::InvalidClient || code == ErrorCode::InvalidToken {
        StatusCode::UNAUTHORIZED
    } else if code == ErrorCode::InvalidGrant || code == ErrorCode::InsufficientScope {
        // A refresh token that is good for nothing, or a token that is good for something else.
        StatusCode::FORBIDDEN
    } else if code == ErrorCode::TemporarilyUnavailable {
        StatusCode::SERVICE_UNAVAILABLE
    } else {
        StatusCode::BAD_REQUEST
    }
}

static OWN: [(&Explanation, StatusCode); 6] = [
    (&catalogue::SERVICE_TAKEN, StatusCode::FORBIDDEN),
    (&catalogue::SERVICE_EXPIRED, StatusCode::CONFLICT),
    (&catalogue::SERVICE_OTHER, StatusCode::FORBIDDEN),
    (&catalogue::SERVICE_UNKNOWN, StatusCode::NOT_FOUND),
    (&catalogue::REFRESH_EXPIRED, StatusCode::CONFLICT),
    (
        &catalogue::METHOD_NOT_ALLOWED,
        StatusCode::METHOD_NOT_ALLOWED,
    ),
];

/// For other methods.
pub(super) async fn method_not_allowed(request: HttpRequest) -> HttpResponse {
    answer(
        &request,
        &Refusal::new(&catalogue::METHOD_NOT_ALLOWED).into(),
    )
}
