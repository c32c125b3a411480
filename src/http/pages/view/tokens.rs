//! The pages on which people make and take back tokens for scripts.

use askama::Template;

use super::filters;
use super::form::FormError;
use super::frame::Frame;

/// Lists tokens. Forms, each with `csrf` and `account`: `POST action` (`name`, `days`; button `make-token`) and
/// `POST revoke_url` (`token`).
#[derive(Debug, Clone, Template)]
#[template(path = "tokens.html")]
pub struct TokensPage {
    pub frame: Frame,
    pub action: String,
    pub revoke_url: String,
    pub csrf: String,
    /// The session that the page was made for.
    pub account: String,
    /// Newest first.
    pub tokens: Vec<TokenLine>,
    /// The life that is proposed.
    pub usual_days: i64,
    /// The longest life.
    pub most_days: i64,
    /// The result of what the person did before, as a sentence.
    pub notice: Option<String>,
    pub back_url: String,
    pub error: Option<FormError>,
}

/// One token; never the token itself.
#[derive(Debug, Clone)]
pub struct TokenLine {
    pub id: String,
    pub name: String,
    /// Whether it can be taken back.
    pub lives: bool,
    /// As "Good until 22 Nov 2026, 12:04 UTC".
    pub state: String,
    pub made: String,
    pub last_used: Option<String>,
    /// The network address it was last used from.
    pub place: Option<String>,
}

/// Shows a new token, once.
#[derive(Debug, Clone, Template)]
#[template(path = "new_token.html")]
pub struct NewTokenPage {
    pub frame: Frame,
    pub name: String,
    pub token: String,
    pub expires: String,
    pub back_url: String,
}

impl TokensPage {
    fn error_at(&self, field_id: &str) -> Option<&str> {
        self.error.as_ref()?.message_at(field_id)
    }
}
