//! Exit codes: what a script can tell from a command without reading its text.

use std::process::ExitCode;

use crate::cli::answer::{Answer, lines};

/// How a command ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exit {
    Done,
    Unexpected,
    Usage,
    Configuration,
    Unreachable,
    NotFound,
    Conflict,
    NotPermitted,
    ProblemsFound,
    Locked,
    Interrupted,
}

impl Exit {
    /// All of them, by number.
    pub(crate) const ALL: [Self; 11] = [
        Self::Done,
        Self::Unexpected,
        Self::Usage,
        Self::Configuration,
        Self::Unreachable,
        Self::NotFound,
        Self::Conflict,
        Self::NotPermitted,
        Self::ProblemsFound,
        Self::Locked,
        Self::Interrupted,
    ];

    /// The number that the shell sees.
    pub(crate) fn number(self) -> u8 {
        match self {
            Self::Done => 0,
            Self::Unexpected => 1,
            Self::Usage => 2,
            Self::Configuration => 3,
            Self::Unreachable => 4,
            Self::NotFound => 5,
            Self::Conflict => 6,
            Self::NotPermitted => 7,
            Self::ProblemsFound => 8,
            Self::Locked => 9,
            Self::Interrupted => 130,
        }
    }

    /// What it means.
    pub(crate) fn meaning(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Unexpected => "unexpected failure",
            Self::Usage => "the command was not understood, or lacks something",
            Self::Configuration => "the configuration, the data directory or the key does not fit",
            Self::Unreachable => "the database is not there or does not answer",
            Self::NotFound => "the object does not exist",
            Self::Conflict => "the object exists already, or its state forbids the change",
            Self::NotPermitted => "the operating system does not permit it",
            Self::ProblemsFound => "a check ran and found problems",
            Self::Locked => "another process holds the database or the port",
            Self::Interrupted => "interrupted",
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.number())
    }
}

/// `issuant help exit-codes`.
pub(crate) fn answer() -> Answer {
    let rows: Vec<serde_json::Value> = Exit::ALL
        .into_iter()
        .map(|exit| serde_json::json!({"code": exit.number(), "meaning": exit.meaning()}))
        .collect();
    let line = |exit: Exit| format!("{:>5}  {}", exit.number(), exit.meaning());
    let text = lines(Exit::ALL.into_iter().map(line));
    Answer::new(serde_json::json!({ "exit_codes": rows }), text)
}
