//! What is wrong with a setting, where it stands, and how it is told.

use std::fmt;

/// Where a value was given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// A line of the configuration file.
    File {
        /// The file, as it was named.
        name: String,
        /// The line, from 1.
        line: usize,
    },
    /// An environment variable.
    Environment(String),
    /// A flag of the command line, as `--listen`.
    Flag(&'static str),
}

impl fmt::Display for Origin {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File { name, line } => write!(formatter, "{name}:{line}"),
            Self::Environment(name) => formatter.write_str(name),
            Self::Flag(name) => formatter.write_str(name),
        }
    }
}

/// One thing that is wrong, or, with an id that begins with `W`, one to think about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Stable id, as `E0102`.
    pub id: &'static str,
    /// Where it stands; `None`: nowhere, because something is missing.
    pub origin: Option<Origin>,
    /// What is wrong and what to do; never the value of a secret.
    pub message: String,
}

impl Problem {
    /// A problem with a value that was given.
    pub(super) fn at(id: &'static str, origin: &Origin, message: impl Into<String>) -> Self {
        Self {
            id,
            origin: Some(origin.clone()),
            message: message.into(),
        }
    }

    /// Place and message, without the id.
    pub fn text(&self) -> String {
        match &self.origin {
            Some(origin) => format!("{origin}  {}", self.message),
            None => self.message.clone(),
        }
    }

    /// A problem that stands nowhere.
    pub(super) fn nowhere(id: &'static str, message: impl Into<String>) -> Self {
        Self {
            id,
            origin: None,
            message: message.into(),
        }
    }
}

/// `issuant.toml:7  unknown key …  [E0102]`.
impl fmt::Display for Problem {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}  [{}]", self.text(), self.id)
    }
}

/// An id of a configuration problem and what it means.
#[derive(Debug)]
pub struct Meaning {
    /// The id.
    pub id: &'static str,
    /// The cause, one sentence.
    pub sentence: &'static str,
    /// What to do, one sentence.
    pub fix: &'static str,
}

/// The configuration file cannot be used at all.
pub(super) const FILE: &str = "E0101";
/// A key or variable that does not exist.
pub(super) const UNKNOWN: &str = "E0102";
/// A value of the wrong kind or out of range.
pub(super) const VALUE: &str = "E0103";
/// `issuer` is missing.
pub(super) const NO_ISSUER: &str = "E0104";
/// `issuer` cannot be one.
pub(super) const ISSUER: &str = "E0105";
/// Two settings contradict each other.
pub(super) const CONTRADICTION: &str = "E0106";
/// `listen` is reachable from outside without TLS.
pub(super) const OPEN_LISTENER: &str = "W0107";
/// Behind a proxy whose word is not believed.
pub(super) const NO_PROXY: &str = "W0108";

/// All ids, in order.
pub static MEANINGS: &[Meaning] = &[
    Meaning {
        id: FILE,
        sentence: "The configuration file cannot be read or is not TOML.",
        fix: "Check the path after --config and the line that is named.",
    },
    Meaning {
        id: UNKNOWN,
        sentence: "There is no setting of that name.",
        fix: "Use the name that is proposed; issuant help config lists all of them.",
    },
    Meaning {
        id: VALUE,
        sentence: "The value of a setting is of another kind or out of range.",
        fix: "Write it as the message says; issuant help config shows each default.",
    },
    Meaning {
        id: NO_ISSUER,
        sentence: "The setting issuer is missing, and a production server must not guess it.",
        fix: "Set issuer in issuant.toml or ISSUANT_ISSUER to the https address that browsers open.",
    },
    Meaning {
        id: ISSUER,
        sentence: "The setting issuer is not an address that can identify a server.",
        fix: "Use https (http only on a loopback host), host and port alone: no path, query, fragment or slash at the end.",
    },
    Meaning {
        id: CONTRADICTION,
        sentence: "Two settings do not fit together.",
        fix: "Change one of the two that the message names.",
    },
    Meaning {
        id: OPEN_LISTENER,
        sentence: "The server listens for everybody, without TLS.",
        fix: "Listen on a loopback address behind a proxy that speaks TLS, or keep the port closed to the outside.",
    },
    Meaning {
        id: NO_PROXY,
        sentence: "The issuer is https, which a proxy must provide, but no proxy is trusted, so all visitors seem to come from it.",
        fix: "Set trusted_proxies to the address of the proxy.",
    },
];
