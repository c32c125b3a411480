//! The pages of a server that has no administrator yet.

use askama::Template;

use super::filters;
use super::form::FormError;
use super::frame::Frame;

/// Creates the first administrator, opened with a link that works once.
///
/// Form fields: `username`, `email`, `password`, `token`, `csrf`. Button: `create-administrator`.
#[derive(Debug, Clone, Template)]
#[template(path = "setup.html")]
pub struct SetupPage {
    pub frame: Frame,
    /// Proves that the link was printed by this server.
    pub token: String,
    pub csrf: String,
    /// Where the form is posted.
    pub action: String,
    pub username: String,
    pub email: String,
    pub error: Option<FormError>,
    /// As "14:32 UTC".
    pub valid_until: String,
    /// Least number of characters of the password.
    pub minimum_length: u32,
}

impl SetupPage {
    fn error_at(&self, field_id: &str) -> Option<&str> {
        self.error.as_ref()?.message_at(field_id)
    }
}

/// Shown at every address until the first administrator exists.
#[derive(Debug, Clone, Template)]
#[template(path = "waiting.html")]
pub struct WaitingPage {
    pub frame: Frame,
    /// The command that prints a new link.
    pub command: String,
}
