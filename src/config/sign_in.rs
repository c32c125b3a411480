//! What a sign-in is worth.

use crate::config::problem;
use crate::config::reader::Reader;
use crate::config::reader::parse_duration;
use crate::protocol::authorize::acr::ContextClass;
use crate::protocol::client_metadata::is_acr;
use crate::protocol::context::Policy;

/// The authentication context classes that a sign-in with a password reaches.
pub(super) fn acr_values(reader: &mut Reader) -> Vec<ContextClass> {
    let given = reader.list("sign_in.acr_values", parse);
    let ladder = given.unwrap_or_else(|| Policy::default().acr_values);
    let is_twice = |name: &str| ladder.iter().filter(|it| it.name == name).count() > 1;
    if ladder.iter().any(|it| is_twice(&it.name)) {
        let message = "`sign_in.acr_values` names a class twice";
        reader.note(problem::VALUE, "sign_in.acr_values", message);
    }
    ladder
}

/// `NAME`, or `NAME within DURATION`.
fn parse(text: &str) -> Result<ContextClass, String> {
    let (name, within) = match text.split_once(" within ") {
        Some((name, within)) => (name, Some(within)),
        None => (text, None),
    };
    let max_age = match within.map(parse_duration) {
        None => Some(None),
        Some(Some(age @ 1..)) => Some(Some(age)),
        Some(_) => None,
    };
    match max_age {
        Some(max_age) if is_acr(name) => Ok(ContextClass {
            name: name.to_owned(),
            max_age,
        }),
        _ => Err(MEANING.to_owned()),
    }
}

const MEANING: &str = "must be names of at most 255 printable ASCII characters without blanks, each alone or as \"name within 5m\"";
