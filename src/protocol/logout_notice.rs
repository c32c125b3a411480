//! What a client has to hear of a session that ended, and how often it is tried (OpenID Connect Back-Channel Logout §2.5,
//! §2.8).
//!
//! A try is counted before it is made, and so is the time of the next one: a node that dies in between loses nothing, and
//! of several nodes one makes the try. The token is made anew each time, so that it is never too old.

use std::fmt;
use std::str::FromStr;

use crate::protocol::client::{ClientId, UnknownName};
use crate::protocol::context::Timestamp;

/// What becomes of a notice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoticeState {
    /// It will be tried, or tried again.
    Waiting,
    /// The client said that it heard.
    Delivered,
    /// So many tries failed that there are no more.
    GivenUp,
    /// The client has no address for it any more.
    Unwanted,
}

impl NoticeState {
    /// All of them.
    pub const ALL: [Self; 4] = [
        Self::Waiting,
        Self::Delivered,
        Self::GivenUp,
        Self::Unwanted,
    ];

    /// The name under which it is stored and shown.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Delivered => "delivered",
            Self::GivenUp => "given_up",
            Self::Unwanted => "unwanted",
        }
    }
}

impl FromStr for NoticeState {
    type Err = UnknownName;

    fn from_str(text: &str) -> Result<Self, UnknownName> {
        Self::ALL
            .into_iter()
            .find(|state| state.as_str() == text)
            .ok_or(UnknownName)
    }
}

impl fmt::Display for NoticeState {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

/// That a client has to hear of the end of a session.
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use]
pub struct LogoutNotice {
    /// The session: `sid`.
    pub session: String,
    /// The client.
    pub client_id: ClientId,
    /// The user: `sub`.
    pub subject: String,
    /// When the session ended.
    pub ended_at: Timestamp,
    /// How many tries were begun.
    pub tries: i64,
    /// When the next one may begin.
    pub due_at: Timestamp,
    /// What became of it.
    pub state: NoticeState,
    /// Since when nothing more will happen.
    pub settled_at: Option<Timestamp>,
    /// Why the last try failed, in words of ours.
    pub failure: Option<String>,
}

/// So often a notice is tried.
pub const MOST_TRIES: i64 = 5;

/// From the beginning of one try to that of the next, in seconds; each is longer than a try may take.
const WAITS: [i64; 5] = [15, 60, 240, 900, 60];

/// The kind of security event that tells of a notice nobody took.
pub const GIVEN_UP: &str = "backchannel_logout_failed";

impl LogoutNotice {
    /// One that is due at once.
    pub fn new(session: &str, client_id: &ClientId, subject: &str, now: Timestamp) -> Self {
        Self {
            session: session.to_owned(),
            client_id: client_id.clone(),
            subject: subject.to_owned(),
            ended_at: now,
            tries: 0,
            due_at: now,
            state: NoticeState::Waiting,
            settled_at: None,
            failure: None,
        }
    }

    /// When it is due again if it is tried now; `None` when it was tried often enough.
    pub fn next_due(&self, now: Timestamp) -> Option<Timestamp> {
        let wait = WAITS.get(usize::try_from(self.tries).ok()?)?;
        Some(now + wait)
    }

    /// While it is tried.
    pub fn taken(self, due_at: Timestamp) -> Self {
        Self {
            tries: self.tries + 1,
            due_at,
            ..self
        }
    }

    /// After a try that failed for that reason.
    pub fn failed(self, reason: String) -> Self {
        let state = if self.tries >= MOST_TRIES {
            NoticeState::GivenUp
        } else {
            NoticeState::Waiting
        };
        Self {
            state,
            failure: Some(reason),
            ..self
        }
    }

    /// After a try that succeeded, or when the client wants none any more.
    pub fn settled(self, state: NoticeState) -> Self {
        Self { state, ..self }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_longer_each_time_and_ends() {
        let mut notice = LogoutNotice::new("s", &"app".parse().unwrap(), "sub", 1000);
        let mut waits = Vec::new();
        while let Some(due) = notice.next_due(notice.due_at) {
            waits.push(due - notice.due_at);
            notice.tries += 1;
            notice.due_at = due;
        }
        assert_eq!(waits, [15, 60, 240, 900, 60]);
        assert_eq!(notice.tries, MOST_TRIES);
    }

    #[test]
    fn only_the_last_failure_gives_up() {
        let mut notice = LogoutNotice::new("s", &"app".parse().unwrap(), "sub", 1000);
        notice.tries = MOST_TRIES - 1;
        let failed = notice.clone().failed("status 500".to_owned());
        assert_eq!(failed.state, NoticeState::Waiting);
        notice.tries = MOST_TRIES;
        let failed = notice.failed("status 500".to_owned());
        assert_eq!(failed.state, NoticeState::GivenUp);
        assert_eq!(failed.failure.as_deref(), Some("status 500"));
    }
}
