//! The page that asks a person whether an application may act for them.
//!
//! It answers in this order: who asks, for whom, what they get, where the answer goes, for how
//! long and how to undo it.

use askama::Template;

use super::filters;
use super::frame::{ClientCard, Frame};

/// Form fields: `csrf`, `request`, `account`, and `decision` with the value `allow` or `deny`.
/// Buttons: `allow`, `deny`.
#[derive(Debug, Clone, Template)]
#[template(path = "consent.html")]
pub struct ConsentPage {
    pub frame: Frame,
    pub client: ClientCard,
    pub account_name: String,
    pub account_email: Option<String>,
    pub scopes: Vec<ScopeLine>,
    /// Scheme and host that the browser goes to after the decision.
    pub redirect_host: String,
    /// Said when the answer goes to a program on this device: a loopback address or own scheme.
    pub redirect_warning: Option<String>,
    /// How long the access lasts.
    pub lifetime_sentence: Option<String>,
    /// Where the form is posted.
    pub action: String,
    pub csrf: String,
    /// The stored authorization request that is decided on.
    pub request: String,
    /// The session of the account that decides.
    pub account: String,
    /// Where to choose another account.
    pub not_you_url: String,
}

/// One scope in words.
#[derive(Debug, Clone)]
pub struct ScopeLine {
    /// The scope token (RFC 6749 §3.3).
    pub name: String,
    /// What it lets the application do, as "See your name."
    pub sentence: String,
    pub group: ScopeGroup,
}

/// What kind of power a scope gives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ScopeGroup {
    See,
    Change,
    ActWhenAway,
}

impl ScopeGroup {
    const IN_ORDER: [Self; 3] = [Self::See, Self::Change, Self::ActWhenAway];

    const fn heading(self) -> &'static str {
        match self {
            Self::See => "Information",
            Self::Change => "Changes",
            Self::ActWhenAway => "When you are away",
        }
    }
}

impl ConsentPage {
    /// The groups that have a scope, each with its scopes.
    fn groups(&self) -> Vec<(&'static str, Vec<&ScopeLine>)> {
        let of_group = |group| {
            self.scopes
                .iter()
                .filter(|line| line.group == group)
                .collect()
        };
        let groups = ScopeGroup::IN_ORDER.map(|group| (group.heading(), of_group(group)));
        groups
            .into_iter()
            .filter(|(_, lines): &(_, Vec<_>)| !lines.is_empty())
            .collect()
    }
}
