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
    /// Whose sessions would end.
    pub account_names: Vec<String>,
    /// The application that asked.
    pub client: Option<ClientCard>,
}

/// Says that the person is signed out, and signs apps out in frames (OpenID Connect Front-Channel Logout §3).
///
/// Link: `continue`, when an app asked to have the browser back.
#[derive(Debug, Clone, Template)]
#[template(path = "signed_out.html")]
pub struct SignedOutPage {
    pub frame: Frame,
    /// The way on: to the application, when its address is registered, or to the sign-in page.
    pub back: Option<Link>,
    /// Whether the browser goes that way by itself.
    pub goes_on: bool,
    /// Addresses of applications that sign the person out when they are opened.
    pub frames: Vec<String>,
}

/// What a client's frame asks whether the browser is still signed in (OpenID Connect Session Management §3.2).
#[derive(Debug, Clone, Template)]
#[template(path = "check_session.html")]
pub struct CheckSessionPage {
    /// Path of its script, with its digest.
    pub script: String,
}
