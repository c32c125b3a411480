//! The flags with which a client gets refresh settings of its own, and how they are shown.

use std::ops::RangeInclusive;

use clap::Args;
use clap::builder::{PossibleValuesParser, TypedValueParser};

use crate::config::lifetimes::{REFRESH_LIFETIME, RETRY_WINDOW};
use crate::config::{duration_text, read_duration};
use crate::protocol::refresh_policy::{RefreshOverrides, RefreshRotation};

/// What a flag says of one setting.
#[derive(Clone, Copy, Debug)]
enum Choice<T> {
    /// The client has none of its own.
    Default,
    /// The client has this one.
    Own(T),
}

/// The refresh settings that a command names.
#[derive(Args, Clone, Debug)]
pub(super) struct RefreshFlags {
    /// What a refresh does to its refresh token, instead of the server's setting
    #[arg(long, value_name = "MODE", value_parser = rotation())]
    refresh_rotation: Option<Choice<RefreshRotation>>,
    /// Time within which a repeated refresh gets the identical answer, as 10s, or default
    #[arg(long, value_name = "DURATION", value_parser = |text: &str| duration(text, &RETRY_WINDOW))]
    retry_window: Option<Choice<i64>>,
    /// End of a sign-in that was not refreshed for so long, as 30d, or default
    #[arg(long, value_name = "DURATION", value_parser = |text: &str| duration(text, &REFRESH_LIFETIME))]
    refresh_idle: Option<Choice<i64>>,
    /// End of a sign-in at this age, as 90d, or default
    #[arg(long, value_name = "DURATION", value_parser = |text: &str| duration(text, &REFRESH_LIFETIME))]
    refresh_absolute: Option<Choice<i64>>,
}

impl RefreshFlags {
    /// What the client has once the flags are applied to what it had.
    pub(super) fn apply(self, had: RefreshOverrides) -> RefreshOverrides {
        RefreshOverrides {
            rotation: chosen(self.refresh_rotation, had.rotation),
            retry_window: chosen(self.retry_window, had.retry_window),
            idle_lifetime: chosen(self.refresh_idle, had.idle_lifetime),
            absolute_lifetime: chosen(self.refresh_absolute, had.absolute_lifetime),
        }
    }
}

fn chosen<T>(choice: Option<Choice<T>>, had: Option<T>) -> Option<T> {
    match choice {
        None => had,
        Some(Choice::Default) => None,
        Some(Choice::Own(value)) => Some(value),
    }
}

fn rotation() -> impl TypedValueParser<Value = Choice<RefreshRotation>> {
    let names = RefreshRotation::ALL.map(RefreshRotation::as_str);
    PossibleValuesParser::new(names.into_iter().chain([DEFAULT])).try_map(|name| {
        if name == DEFAULT {
            Ok(Choice::Default)
        } else {
            name.parse().map(Choice::Own)
        }
    })
}

fn duration(text: &str, range: &RangeInclusive<i64>) -> Result<Choice<i64>, String> {
    if text == DEFAULT {
        return Ok(Choice::Default);
    }
    read_duration(text, range)
        .map(Choice::Own)
        .map_err(|reason| format!("it {reason}, or default"))
}

/// Name and value of each setting, for people.
pub(super) fn pairs(own: &RefreshOverrides) -> [(&'static str, String); 4] {
    let time = |value: Option<i64>| value.map_or_else(|| DEFAULT.to_owned(), duration_text);
    [
        (
            "refresh rotation",
            own.rotation
                .map_or(DEFAULT, RefreshRotation::as_str)
                .to_owned(),
        ),
        ("retry window", time(own.retry_window)),
        ("refresh idle", time(own.idle_lifetime)),
        ("refresh absolute", time(own.absolute_lifetime)),
    ]
}

/// Stands for the server's setting.
const DEFAULT: &str = "default";
