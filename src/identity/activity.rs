//! What happened to an account, as its person is told. It stands in the record of security events, beside what operators
//! look for there.

use crate::identity::sign_in::Browser;
use crate::protocol::client::ClientId;
use crate::protocol::context::Timestamp;
use crate::protocol::error::StoreError;
use crate::protocol::store::{SecurityEvent, SecurityEvents};

/// Something that a person did, or that was done with the account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Activity {
    /// Signed in.
    SignIn,
    /// Changed the password.
    PasswordChange,
    /// Changed name or address.
    ProfileChange,
    /// Allowed an app to act.
    AppAllowed,
    /// Took an app's access away.
    AppRemoved,
    /// Made a token for a script.
    TokenMade,
    /// Took one back.
    TokenRevoked,
    /// Ended sessions of other browsers.
    SessionsEnded,
    /// A refresh token was used that had been replaced, so the app's access ended.
    RefreshReuse,
    /// An authorization code was used twice, so the app's access ended.
    CodeReuse,
}

impl Activity {
    const ALL: [Self; 10] = [
        Self::SignIn,
        Self::PasswordChange,
        Self::ProfileChange,
        Self::AppAllowed,
        Self::AppRemoved,
        Self::TokenMade,
        Self::TokenRevoked,
        Self::SessionsEnded,
        Self::RefreshReuse,
        Self::CodeReuse,
    ];

    /// As it stands in the record.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::SignIn => "sign_in",
            Self::PasswordChange => "password_change",
            Self::ProfileChange => "profile_change",
            Self::AppAllowed => "app_allowed",
            Self::AppRemoved => "app_removed",
            Self::TokenMade => "personal_token_made",
            Self::TokenRevoked => "personal_token_revoked",
            Self::SessionsEnded => "sessions_ended",
            Self::RefreshReuse => "refresh_reuse",
            Self::CodeReuse => "code_reuse",
        }
    }

    /// Understands the record; other events are not for the person.
    pub fn named(kind: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|activity| activity.as_str() == kind)
    }
}

/// An entry of the record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// When.
    pub at: Timestamp,
    /// What.
    pub activity: Activity,
    /// With which app.
    pub client_id: Option<ClientId>,
    /// From which network address.
    pub address: Option<String>,
    /// With which browser, as it called itself.
    pub user_agent: Option<String>,
}

/// Records what somebody did in a browser.
pub fn record(
    store: &mut dyn SecurityEvents,
    activity: Activity,
    subject: &str,
    client_id: Option<&ClientId>,
    browser: &Browser<'_>,
    now: Timestamp,
) -> Result<(), StoreError> {
    store.record(&SecurityEvent {
        at: now,
        kind: activity.as_str(),
        client_id: client_id.cloned(),
        subject: Some(subject.to_owned()),
        family: None,
        browser: Some(format!("{} {}", browser.address, browser.name())),
    })
}
