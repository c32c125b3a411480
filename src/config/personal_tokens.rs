//! Tokens that people have for scripts.

use crate::config::reader::Reader;
use crate::protocol::personal_token::PersonalTokenPolicy;

pub(super) fn read(reader: &mut Reader) -> PersonalTokenPolicy {
    let default = PersonalTokenPolicy::default();
    let mut duration = |key, default| reader.duration(key, 1..=LONGEST).unwrap_or(default);
    PersonalTokenPolicy {
        lifetime: duration("personal_tokens.lifetime", default.lifetime),
        longest: duration("personal_tokens.longest", default.longest),
        most: reader
            .number("personal_tokens.most", 0..=10_000)
            .unwrap_or(default.most),
        audiences: reader
            .list("personal_tokens.audiences", parse_audience)
            .unwrap_or_default(),
    }
}

fn parse_audience(text: &str) -> Result<String, String> {
    if (1..=255).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic()) {
        Ok(text.to_owned())
    } else {
        Err("holds an audience that has not 1 to 255 printable ASCII characters".to_owned())
    }
}

/// A year: who wants more should have a client.
const LONGEST: i64 = 366 * 86_400;
