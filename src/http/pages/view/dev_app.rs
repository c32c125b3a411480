//! The demo application of `issuant dev`: a relying party that shows what it received.

use askama::Template;

use super::filters;
use super::frame::Frame;

/// Before signing in.
#[derive(Debug, Clone, Template)]
#[template(path = "dev_app.html")]
pub struct DevAppPage {
    pub frame: Frame,
    /// Starts the authorization code flow.
    pub sign_in_url: String,
    /// The demo person, if there is one.
    pub username_hint: Option<String>,
    /// Where to find the demo person's password, as a sentence; never the password itself.
    pub password_hint: Option<String>,
    /// What will be asked for: label and value, as ("scope", "openid").
    pub request: Vec<(String, String)>,
}

/// After signing in: what arrived, and which checks it passed.
#[derive(Debug, Clone, Template)]
#[template(path = "dev_app_result.html")]
pub struct DevAppResultPage {
    pub frame: Frame,
    /// Claims of the ID token.
    pub claims: Vec<(String, String)>,
    /// As "nonce matches".
    pub id_token_checks: Vec<String>,
    pub access_token_claims: Vec<(String, String)>,
    /// What the userinfo endpoint answered.
    pub userinfo: Vec<(String, String)>,
    /// Where `POST` (with `csrf`) redeems the refresh token; none when there is no such token.
    pub refresh_action: Option<String>,
    pub csrf: String,
    /// Starts a logout by the relying party.
    pub sign_out_url: String,
    /// The result of the last action, as a sentence.
    pub notice: Option<String>,
}
