//! The page on which a person signs in with user name and password.

use askama::Template;

use super::filters;
use super::form::FormError;
use super::frame::{ClientCard, Frame};

/// Form fields: `username`, `password`, `csrf`, `request`. Button: `sign-in`. Link: `sign-up`.
#[derive(Debug, Clone, Template)]
#[template(path = "login.html")]
pub struct LoginPage {
    pub frame: Frame,
    /// The application that waits for the sign-in, if one does.
    pub client: Option<ClientCard>,
    /// Where the form is posted.
    pub action: String,
    pub csrf: String,
    /// The stored authorization request to go on with; empty when there is none.
    pub request: String,
    /// Kept after an error, or taken from `login_hint`. The password never is.
    pub username: String,
    pub error: Option<FormError>,
    /// Where to make an account, if people may.
    pub sign_up_url: Option<String>,
    /// The result of what the person did before, as a sentence.
    pub notice: Option<String>,
}

impl LoginPage {
    fn error_at(&self, field_id: &str) -> Option<&str> {
        self.error.as_ref()?.message_at(field_id)
    }
}
