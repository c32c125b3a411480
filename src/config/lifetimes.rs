//! How long things live, and how refresh tokens rotate: the settings behind [`Policy`].

use std::ops::RangeInclusive;

use crate::config::problem;
use crate::config::reader::{Reader, duration_text};
use crate::crypto::algorithm::Algorithm;
use crate::protocol::context::Policy;
use crate::protocol::refresh_policy::RefreshRotation;

pub(super) fn read(reader: &mut Reader, access_token_algorithm: Algorithm) -> Policy {
    let default = Policy::default();
    let refresh_rotation = reader.text("refresh_rotation", parse_rotation);
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
            REFRESH_LIFETIME,
            default.refresh_idle_lifetime,
        ),
        refresh_absolute_lifetime: duration(
            "lifetimes.refresh_absolute",
            REFRESH_LIFETIME,
            default.refresh_absolute_lifetime,
        ),
        retry_window: duration("lifetimes.retry_window", RETRY_WINDOW, default.retry_window),
        refresh_rotation: refresh_rotation.unwrap_or(default.refresh_rotation),
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
        ..default
    };
    refuse_longer(
        reader,
        ["lifetimes.refresh_idle", "lifetimes.refresh_absolute"],
        [
            policy.refresh_idle_lifetime,
            policy.refresh_absolute_lifetime,
        ],
    );
    refuse_longer(
        reader,
        ["lifetimes.session_idle", "lifetimes.session_absolute"],
        [
            policy.session_idle_lifetime,
            policy.session_absolute_lifetime,
        ],
    );
    // Otherwise a client that refreshes when its access token ends comes too late.
    refuse_longer(
        reader,
        ["lifetimes.access_token", "lifetimes.refresh_idle"],
        [policy.access_token_lifetime, policy.refresh_idle_lifetime],
    );
    policy
}

/// Without rotation a token is only as safe as the client that holds it, so that mode is for single clients.
fn parse_rotation(text: &str) -> Result<RefreshRotation, String> {
    match text.parse::<RefreshRotation>() {
        Ok(rotation) if rotation.keeps_tokens() => Err(
            "may be none or near_end for single clients only: issuant client set ID --refresh-rotation none"
                .to_owned(),
        ),
        Ok(rotation) => Ok(rotation),
        Err(_) => Err("must be tolerant or strict".to_owned()),
    }
}

/// The first must not be longer than the second.
fn refuse_longer(reader: &mut Reader, keys: [&str; 2], [first, second]: [i64; 2]) {
    let [first_key, second_key] = keys;
    if first > second {
        let given = if reader.origin(first_key).is_some() {
            first_key
        } else {
            second_key
        };
        let message = format!(
            "`{first_key}` ({}) is longer than `{second_key}` ({})",
            duration_text(first),
            duration_text(second)
        );
        reader.note(problem::CONTRADICTION, given, message);
    }
}

/// Of the idle and of the absolute life of refresh tokens, for the server and for single clients.
pub const REFRESH_LIFETIME: RangeInclusive<i64> = 1..=TEN_YEARS;
/// Of the retry window. Inside of it a thief and a client that repeats itself cannot be told apart.
pub const RETRY_WINDOW: RangeInclusive<i64> = 0..=300;

const DAY: i64 = 86_400;
const YEAR: i64 = 366 * DAY;
const TEN_YEARS: i64 = 3660 * DAY;
