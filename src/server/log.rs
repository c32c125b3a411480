//! Where log lines go.

use tracing_subscriber::EnvFilter;

use crate::config::log::{LogFormat, LogSettings};

/// Sends log lines to standard error from now on; a second call changes nothing.
pub fn start(settings: &LogSettings, is_colored: bool) {
    let level = settings.level.as_str();
    // Libraries speak only when something is wrong.
    let filter = EnvFilter::new(format!("warn,issuant={level}"));
    let lines = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_ansi(is_colored)
        .with_writer(std::io::stderr);
    let started = match settings.format {
        LogFormat::Pretty => lines.try_init(),
        LogFormat::Json => lines.json().try_init(),
    };
    if let Err(error) = started {
        tracing::debug!(%error, "logging was started before");
    }
}
