//! Times as people read them. Always UTC, and said so.

use chrono::DateTime;

use crate::protocol::context::Timestamp;

/// `22 Nov 2026, 12:04 UTC`.
pub(crate) fn full(time: Timestamp) -> String {
    written(time, "%-d %b %Y, %H:%M UTC")
}

/// `22 Nov 2026`.
pub(crate) fn day(time: Timestamp) -> String {
    written(time, "%-d %b %Y")
}

/// `12:04 UTC`.
pub(crate) fn clock(time: Timestamp) -> String {
    written(time, "%H:%M UTC")
}

fn written(time: Timestamp, format: &str) -> String {
    DateTime::from_timestamp(time, 0)
        .map(|time| time.format(format).to_string())
        .unwrap_or_default()
}
