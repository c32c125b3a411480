//! How long things live: the settings behind [`Policy`].

use crate::config::problem;
use crate::config::reader::{Reader, duration_text};
use crate::crypto::algorithm::Algorithm;
use crate::protocol::context::Policy;

pub(super) fn read(reader: &mut Reader, access_token_algorithm: Algorithm) -> Policy {
    let default = Policy::default();
    let mut duration = |key, range, default| reader.duration(key, range).unwrap_or(default);
    let policy = Policy {
        access_token_lifetime: duration(
            "lifetimes.access_token",
            1..=DAY,
            default.access_token_lifetime,
        ),
        id_token_lifetime: duration("lifetimes.id_token", 1..=DAY, default.id_token_lifetime),
        code_lifetime: duration("lifetimes.code", 1..=600, default.code_lifetime),
        request_lifetime: duration(
            "lifetimes.authorization_request",
            60..=DAY,
            default.request_lifetime,
        ),
        refresh_idle_lifetime: duration(
            "lifetimes.refresh_idle",
            1..=TEN_YEARS,
            default.refresh_idle_lifetime,
        ),
        refresh_absolute_lifetime: duration(
            "lifetimes.refresh_absolute",
            1..=TEN_YEARS,
            default.refresh_absolute_lifetime,
        ),
        retry_window: duration("lifetimes.retry_window", 0..=300, default.retry_window),
        session_idle_lifetime: duration(
            "lifetimes.session_idle",
            60..=YEAR,
            default.session_idle_lifetime,
        ),
        session_absolute_lifetime: duration(
            "lifetimes.session_absolute",
            60..=YEAR,
            default.session_absolute_lifetime,
        ),
        access_token_algorithm,
    };
    refuse_idle_beyond_absolute(
        reader,
        ["lifetimes.refresh_idle", "lifetimes.refresh_absolute"],
        [
            policy.refresh_idle_lifetime,
            policy.refresh_absolute_lifetime,
        ],
    );
    refuse_idle_beyond_absolute(
        reader,
        ["lifetimes.session_idle", "lifetimes.session_absolute"],
        [
            policy.session_idle_lifetime,
            policy.session_absolute_lifetime,
        ],
    );
    policy
}

/// Idle first, then absolute.
fn refuse_idle_beyond_absolute(reader: &mut Reader, keys: [&str; 2], [idle, absolute]: [i64; 2]) {
    let [idle_key, absolute_key] = keys;
    if idle > absolute {
        let given = if reader.origin(idle_key).is_some() {
            idle_key
        } else {
            absolute_key
        };
        let message = format!(
            "`{idle_key}` ({}) is longer than `{absolute_key}` ({})",
            duration_text(idle),
            duration_text(absolute)
        );
        reader.note(problem::CONTRADICTION, given, message);
    }
}

const DAY: i64 = 86_400;
const YEAR: i64 = 366 * DAY;
const TEN_YEARS: i64 = 3660 * DAY;
