//! The page on which people see and end their sessions and the access they gave.

use askama::Template;

use super::filters;
use super::frame::Frame;

/// Forms, each with `csrf` and `account`: `POST /account/sessions/end` (`session`),
/// `POST /account/sessions/end-others`, `POST /account/apps/revoke` (`client_id`) and
/// `POST sign_out_url` (`decision` = `sign-out`).
#[derive(Debug, Clone, Template)]
#[template(path = "account.html")]
pub struct AccountPage {
    pub frame: Frame,
    pub account_name: String,
    pub username: String,
    pub email: Option<String>,
    pub roles: Vec<String>,
    pub csrf: String,
    /// The session that the page was made for.
    pub account: String,
    /// For the form that signs out.
    pub sign_out_csrf: String,
    /// Whether no other account is signed in in this browser.
    pub is_only_account: bool,
    /// Where to choose or add another account.
    pub accounts_url: String,
    /// This browser's session first.
    pub sessions: Vec<SessionLine>,
    pub apps: Vec<AppLine>,
    /// The result of what the person did before, as a sentence.
    pub notice: Option<String>,
    pub sign_out_url: String,
}

/// One browser that is signed in.
#[derive(Debug, Clone)]
pub struct SessionLine {
    /// Names the session in the form; never the cookie's value.
    pub id: String,
    /// Whether it is the browser that sees the page.
    pub current: bool,
    /// As "Firefox on Linux".
    pub device: String,
    /// The network address it was last seen from.
    pub address: String,
    pub started: String,
    pub last_active: String,
    /// How the person signed in, as "Password".
    pub how: String,
}

/// One application that was given access.
#[derive(Debug, Clone)]
pub struct AppLine {
    pub client_id: String,
    pub name: String,
    pub host: Option<String>,
    /// Where the person signs in to it.
    pub open_url: Option<String>,
    pub since: String,
    pub last_used: Option<String>,
    /// What it may do, one sentence each.
    pub scopes: Vec<String>,
    /// Whether it may act while the person is not there (`offline_access`).
    pub when_away: bool,
}

impl AccountPage {
    fn has_other_sessions(&self) -> bool {
        self.sessions.iter().any(|session| !session.current)
    }
}
