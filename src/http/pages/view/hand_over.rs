//! The page that takes an answer to the application in a form.

use askama::Template;

use super::filters;
use super::frame::Frame;

/// Posts the answer to the application (OAuth 2.0 Form Post Response Mode §2): by itself where scripts run, with a button
/// where they do not.
///
/// Form fields: those of the answer. Button: `continue`, without a name, so that it is no field.
#[derive(Template)]
#[template(path = "hand_over.html")]
pub struct HandOverPage {
    pub frame: Frame,
    /// Host of the application.
    pub host: String,
    /// The redirect URI.
    pub action: String,
    /// Names and values; among them a code.
    pub fields: Vec<(&'static str, String)>,
}
