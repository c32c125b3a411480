//! The pages on which people see and end their sessions and the access they gave, and change what is known of them.

use askama::Template;

use super::filters;
use super::form::FormError;
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
    /// What happened to the account, newest first.
    pub events: Vec<EventLine>,
    /// Where to change name and address.
    pub profile_url: String,
    /// Where to change the password.
    pub password_url: String,
    /// Where tokens for scripts are; none where nobody can have one.
    pub tokens_url: Option<String>,
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

/// One thing that happened.
#[derive(Debug, Clone)]
pub struct EventLine {
    pub sentence: String,
    pub at: String,
    /// Browser and network address, as "Firefox on Linux · 192.0.2.7".
    pub place: Option<String>,
}

/// Changes name and address. Form fields: `csrf`, `account` and those of [`ProfileFields`]. Button: `save-profile`.
#[derive(Debug, Clone, Template)]
#[template(path = "profile.html")]
pub struct ProfilePage {
    pub frame: Frame,
    pub action: String,
    pub csrf: String,
    /// The session that the page was made for.
    pub account: String,
    pub username: String,
    pub fields: ProfileFields,
    /// Whether the field for the address may be changed.
    pub may_change_email: bool,
    pub back_url: String,
    pub error: Option<FormError>,
}

/// What a person may change; empty: nothing.
#[derive(Debug, Clone, Default)]
pub struct ProfileFields {
    pub name: String,
    pub given_name: String,
    pub family_name: String,
    pub nickname: String,
    pub email: String,
}

impl ProfilePage {
    fn error_at(&self, field_id: &str) -> Option<&str> {
        self.error.as_ref()?.message_at(field_id)
    }

    /// The names, with their labels and what browsers may fill in.
    fn names(&self) -> [(&'static str, &'static str, &'static str, &str); 4] {
        let fields = &self.fields;
        [
            ("name", "Full name", "name", &fields.name),
            ("given_name", "First name", "given-name", &fields.given_name),
            (
                "family_name",
                "Last name",
                "family-name",
                &fields.family_name,
            ),
            ("nickname", "Nickname", "nickname", &fields.nickname),
        ]
    }
}

/// Changes the password. Form fields: `csrf`, `account`, `password`, `new_password`. Button: `change-password`.
#[derive(Debug, Clone, Template)]
#[template(path = "password.html")]
pub struct PasswordPage {
    pub frame: Frame,
    pub action: String,
    pub csrf: String,
    /// The session that the page was made for.
    pub account: String,
    /// For password managers.
    pub username: String,
    /// Least number of characters of the new password.
    pub minimum_length: u32,
    pub back_url: String,
    pub error: Option<FormError>,
}

impl PasswordPage {
    fn error_at(&self, field_id: &str) -> Option<&str> {
        self.error.as_ref()?.message_at(field_id)
    }
}

impl AccountPage {
    fn has_other_sessions(&self) -> bool {
        self.sessions.iter().any(|session| !session.current)
    }
}
