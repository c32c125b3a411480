//! The page for everything that cannot go on.

use askama::Template;

use super::filters;
use super::frame::Frame;

/// An error that is told to the person in front of the browser, because it cannot be sent to the
/// application: unknown client, unregistered address, lost cookie, expired request, own failure.
#[derive(Debug, Clone, Template)]
#[template(path = "error.html")]
pub struct ErrorPage {
    pub frame: Frame,
    pub heading: String,
    /// What happened.
    pub sentence: String,
    /// Sentences, most useful first.
    pub what_to_do: Vec<String>,
    /// The stable id of this error, as `E1204`.
    pub error_id: String,
    /// When it happened, as "12:04 UTC".
    pub time_utc: String,
    pub developer: Option<DeveloperBlock>,
}

/// What the application's developer needs, shown on demand. The only place that repeats what was
/// received.
#[derive(Debug, Clone, Default)]
pub struct DeveloperBlock {
    /// Label and value, as ("received", "https://…").
    pub rows: Vec<(String, String)>,
}
