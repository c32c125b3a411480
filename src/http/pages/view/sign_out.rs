//! The pages before and after signing out.

use askama::Template;

use super::filters;
use super::frame::{ClientCard, Frame, Link};

/// Asks before signing out (OpenID Connect RP-Initiated Logout §2).
///
/// Form fields: `csrf`, `request`, and `decision` with the value `sign-out` or `stay`.
/// Buttons: `confirm-sign-out`, `stay`.
#[derive(Debug, Clone, Template)]
#[template(path = "logout.html")]
pub struct LogoutPage {
    pub frame: Frame,
    /// Where the form is posted.
    pub action: String,
    pub csrf: String,
    /// What the application asked for, to go on with after the decision; empty when none asked.
    pub request: String,
    pub account_name: Option<String>,
    /// The application that asked.
    pub client: Option<ClientCard>,
}

/// Says that the person is signed out.
#[derive(Debug, Clone, Template)]
#[template(path = "signed_out.html")]
pub struct SignedOutPage {
    pub frame: Frame,
    /// The way back to the application, when its address is registered.
    pub back: Option<Link>,
}
