//! The page on which somebody makes an account.

use askama::Template;

use super::filters;
use super::form::FormError;
use super::frame::{ClientCard, Frame};

/// Form fields: `username`, `email`, `password`, `csrf`, `request`. Button: `create-account`. Link: `sign-in-instead`.
#[derive(Debug, Clone, Template)]
#[template(path = "sign_up.html")]
pub struct SignUpPage {
    pub frame: Frame,
    /// The application that waits for the account, if one does.
    pub client: Option<ClientCard>,
    /// Where the form is posted.
    pub action: String,
    pub csrf: String,
    /// The stored authorization request to go on with; empty when there is none.
    pub request: String,
    pub username: String,
    pub email: String,
    pub error: Option<FormError>,
    /// Least number of characters of the password.
    pub minimum_length: u32,
    /// For who has an account already.
    pub sign_in_url: String,
}

impl SignUpPage {
    fn error_at(&self, field_id: &str) -> Option<&str> {
        self.error.as_ref()?.message_at(field_id)
    }
}
