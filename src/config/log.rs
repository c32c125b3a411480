//! What is logged, and in which form.

use crate::config::reader::Reader;

/// Logs, which go to standard error.
#[derive(Clone, Copy, Debug)]
pub struct LogSettings {
    /// The form of a line.
    pub format: LogFormat,
    /// The least important level that is written.
    pub level: LogLevel,
}

/// The form of a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogFormat {
    /// For people.
    Pretty,
    /// For programs: one JSON object a line.
    Json,
}

/// How important an event is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogLevel {
    /// Somebody must act.
    Error,
    /// Somebody may want to act.
    Warn,
    /// What happened; quiet.
    Info,
    /// Why it happened.
    Debug,
    /// Every step.
    Trace,
}

impl LogLevel {
    /// The name, as log filters take it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warn => "warn",
            Self::Info => "info",
            Self::Debug => "debug",
            Self::Trace => "trace",
        }
    }
}

impl LogSettings {
    pub(super) fn read(reader: &mut Reader) -> Self {
        Self {
            format: reader
                .text("log.format", |text| match text {
                    "pretty" => Ok(LogFormat::Pretty),
                    "json" => Ok(LogFormat::Json),
                    _ => Err("must be pretty or json".to_owned()),
                })
                .unwrap_or(LogFormat::Pretty),
            level: reader
                .text("log.level", |text| match text {
                    "error" => Ok(LogLevel::Error),
                    "warn" => Ok(LogLevel::Warn),
                    "info" => Ok(LogLevel::Info),
                    "debug" => Ok(LogLevel::Debug),
                    "trace" => Ok(LogLevel::Trace),
                    _ => Err("must be error, warn, info, debug or trace".to_owned()),
                })
                .unwrap_or(LogLevel::Info),
        }
    }
}
