//! The one place that asks the system for the time.

use std::time::{SystemTime, UNIX_EPOCH};

use crate::protocol::context::Timestamp;

/// Seconds since 1970-01-01 UTC.
#[expect(
    clippy::disallowed_methods,
    reason = "this is the clock at the border; everything else gets the time as an argument"
)]
pub fn now() -> Timestamp {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |duration| {
            i64::try_from(duration.as_secs()).unwrap_or(i64::MAX)
        })
}
