//! The page on which a person chooses one of the accounts that are signed in in the browser.

use askama::Template;

use super::filters;
use super::frame::{ClientCard, Frame};

/// Two forms for each account, with `csrf`, `request` and `account`. Buttons: `account-1` and so on to choose,
/// `sign-out-1` and so on to sign out. Link: `another-account`.
#[derive(Debug, Clone, Template)]
#[template(path = "accounts.html")]
pub struct AccountsPage {
    pub frame: Frame,
    /// The application that waits for the choice, if one does.
    pub client: Option<ClientCard>,
    /// Where the choice is posted.
    pub action: String,
    /// Where signing one account out is posted.
    pub sign_out_action: String,
    pub csrf: String,
    /// The stored authorization request to go on with; empty when there is none.
    pub request: String,
    pub accounts: Vec<AccountLine>,
    /// Where to sign in with one more; `None` when there are as many as there can be.
    pub another_url: Option<String>,
}

/// One account.
#[derive(Debug, Clone)]
pub struct AccountLine {
    /// Names its session in the forms; never the cookie's value.
    pub session: String,
    pub name: String,
    /// What tells it from others of the same name: address or user name.
    pub detail: String,
}
