//! The page at `/` of a server that is set up.

use askama::Template;

use super::filters;
use super::frame::{Frame, Link};

/// A short way in for people, and the two addresses that an application needs.
#[derive(Debug, Clone, Template)]
#[template(path = "home.html")]
pub struct HomePage {
    pub frame: Frame,
    pub issuer: String,
    pub discovery_url: String,
    /// The name of the person who is signed in.
    pub signed_in: Option<String>,
    pub sign_in_url: String,
    pub account_url: String,
    /// Further places, such as the demo application in development mode.
    pub links: Vec<Link>,
}
