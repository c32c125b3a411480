//! From what was typed to what is meant: one value at a time, noting every problem.
//!
//! A value that is absent or no good is `None`; the caller goes on with the default, so that all problems
//! come to light, and nothing is built in the end if there was one.

use std::fmt;
use std::ops::RangeInclusive;
use std::str::FromStr;

use crate::config::problem::{self, Origin, Problem};
use crate::config::raw::{Given, Literal, Raw};

pub(super) struct Reader {
    raw: Raw,
    pub(super) warnings: Vec<Problem>,
}

impl Reader {
    pub(super) fn new(raw: Raw) -> Self {
        Self {
            raw,
            warnings: Vec::new(),
        }
    }

    /// Everything that was wrong.
    pub(super) fn problems(self) -> Vec<Problem> {
        self.raw.problems
    }

    pub(super) fn has_problems(&self) -> bool {
        !self.raw.problems.is_empty()
    }

    /// Where the value of a setting was given, if it was.
    pub(super) fn origin(&self, key: &str) -> Option<Origin> {
        self.raw.value(key).map(|given| given.origin.clone())
    }

    /// A text, turned into what it means; `parse` says in words why it cannot be.
    pub(super) fn text<T>(
        &mut self,
        key: &'static str,
        parse: impl FnOnce(&str) -> Result<T, String>,
    ) -> Option<T> {
        let given = self.raw.value(key)?.clone();
        match &given.literal {
            Literal::Text(text) => match parse(text.trim()) {
                Ok(value) => Some(value),
                Err(reason) => self.refuse(key, &given, &reason),
            },
            Literal::Integer(_) | Literal::List(_) | Literal::Other => {
                self.refuse(key, &given, "must be a text in double quotes")
            }
        }
    }

    /// A list of texts; in the environment separated by commas.
    pub(super) fn list<T>(
        &mut self,
        key: &'static str,
        parse: impl Fn(&str) -> Result<T, String>,
    ) -> Option<Vec<T>> {
        let given = self.raw.value(key)?.clone();
        let texts: Vec<String> = match &given.literal {
            Literal::List(texts) => texts.clone(),
            Literal::Text(text) => text
                .split(',')
                .map(str::trim)
                .filter(|item| !item.is_empty())
                .map(str::to_owned)
                .collect(),
            Literal::Integer(_) | Literal::Other => {
                return self.refuse(key, &given, "must be a list of texts");
            }
        };
        match texts.iter().map(|text| parse(text)).collect() {
            Ok(values) => Some(values),
            Err(reason) => self.refuse::<Vec<T>>(key, &given, &reason),
        }
    }

    /// A whole number within a range.
    pub(super) fn number<N>(&mut self, key: &'static str, range: RangeInclusive<N>) -> Option<N>
    where
        N: FromStr + PartialOrd + fmt::Display,
    {
        let given = self.raw.value(key)?.clone();
        let typed = match &given.literal {
            Literal::Text(text) | Literal::Integer(text) => text.trim().parse().ok(),
            Literal::List(_) | Literal::Other => None,
        };
        if let Some(number) = typed.filter(|number| range.contains(number)) {
            return Some(number);
        }
        let (low, high) = range.into_inner();
        let reason = format!("must be a whole number from {low} to {high}");
        self.refuse(key, &given, &reason)
    }

    /// A duration in seconds: a number of seconds, or a number with `s`, `m`, `h` or `d`.
    pub(super) fn duration(
        &mut self,
        key: &'static str,
        range: RangeInclusive<i64>,
    ) -> Option<i64> {
        let given = self.raw.value(key)?.clone();
        let text = match &given.literal {
            Literal::Text(text) | Literal::Integer(text) => text.trim(),
            // No duration is an empty text.
            Literal::List(_) | Literal::Other => "",
        };
        match read_duration(text, &range) {
            Ok(seconds) => Some(seconds),
            Err(reason) => self.refuse(key, &given, &reason),
        }
    }

    /// Notes a problem with a setting that was given or, if it was not, that stands nowhere.
    pub(super) fn note(&mut self, id: &'static str, key: &str, message: impl Into<String>) {
        let problem = match self.origin(key) {
            Some(origin) => Problem::at(id, &origin, message),
            None => Problem::nowhere(id, message),
        };
        self.raw.problems.push(problem);
    }

    /// Notes something to think about.
    pub(super) fn warn(&mut self, id: &'static str, key: &str, message: impl Into<String>) {
        let problem = match self.origin(key) {
            Some(origin) => Problem::at(id, &origin, message),
            None => Problem::nowhere(id, message),
        };
        self.warnings.push(problem);
    }

    fn refuse<T>(&mut self, key: &str, given: &Given, reason: &str) -> Option<T> {
        let message = format!("`{key}` {reason}");
        self.raw
            .problems
            .push(Problem::at(problem::VALUE, &given.origin, message));
        None
    }
}

/// A duration in seconds within a range: a number of seconds, or a number with `s`, `m`, `h` or `d`. The error goes on
/// from the name of what was set.
pub fn read_duration(text: &str, range: &RangeInclusive<i64>) -> Result<i64, String> {
    let seconds = parse_duration(text).filter(|seconds| range.contains(seconds));
    seconds.ok_or_else(|| {
        let (low, high) = (duration_text(*range.start()), duration_text(*range.end()));
        format!("must be a duration from {low} to {high}, as 90s, 5m, 1h or 30d")
    })
}

pub(super) fn parse_duration(text: &str) -> Option<i64> {
    let digits = text.trim_end_matches(|character: char| character.is_ascii_alphabetic());
    let unit = match text.strip_prefix(digits)? {
        "" | "s" => 1,
        "m" => 60,
        "h" => 3600,
        "d" => 86_400,
        _ => return None,
    };
    let number: u32 = digits.parse().ok()?;
    i64::from(number).checked_mul(unit)
}

/// Seconds in the largest unit that divides them: 300 is `5m`.
pub fn duration_text(seconds: i64) -> String {
    let units = [(86_400, "d"), (3600, "h"), (60, "m")];
    for (size, unit) in units {
        if seconds != 0 && seconds % size == 0 {
            return format!("{}{unit}", seconds / size);
        }
    }
    format!("{seconds}s")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations() {
        for (text, seconds) in [
            ("0", Some(0)),
            ("90", Some(90)),
            ("90s", Some(90)),
            ("5m", Some(300)),
            ("1h", Some(3600)),
            ("30d", Some(2_592_000)),
            ("", None),
            ("m", None),
            ("-1", None),
            ("5 m", None),
            ("5M", None),
            ("1h30m", None),
            ("99999999999d", None),
        ] {
            assert_eq!(parse_duration(text), seconds, "{text:?}");
        }
        for (seconds, text) in [(0, "0s"), (90, "90s"), (300, "5m"), (86_400, "1d")] {
            assert_eq!(duration_text(seconds), text);
        }
    }
}
