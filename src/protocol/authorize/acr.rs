//! The authentication context class of a sign-in (OpenID Connect Core §2, §3.1.2.1, §5.5.1.1; OpenID Connect Core Unmet
//! Authentication Requirements).
//!
//! Every sign-in is one with a password, so the operator's ladder says what it reaches. A rung may be reached only by a
//! recent sign-in; who is asked for it signs in again. The class is told only to clients that ask.

use crate::protocol::catalogue;
use crate::protocol::client::Client;
use crate::protocol::error::Refusal;
use crate::protocol::params::Params;

/// A rung of the operator's ladder, which has the strongest last.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ContextClass {
    /// What clients and tokens call it.
    pub name: String,
    /// The sign-in may be so many seconds old.
    pub max_age: Option<i64>,
}

impl ContextClass {
    /// One that a sign-in of any age reaches.
    pub fn of_any_age(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            max_age: None,
        }
    }
}

/// How the `claims` parameter asks for it.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Wish {
    /// Whether nothing else will do.
    pub(super) is_essential: bool,
    /// In order of preference; empty: whatever is reached.
    pub(super) values: Vec<String>,
}

/// The class that the sign-in has to reach, and that is told; `None` where nobody asks.
pub(super) fn choose<'a>(
    ladder: &'a [ContextClass],
    client: &Client,
    params: &Params<'_>,
    wish: Option<&Wish>,
) -> Result<Option<&'a ContextClass>, Refusal> {
    let rung = |name: &str| ladder.iter().find(|it| it.name == name);
    if let Some(wish) = wish.filter(|wish| !wish.values.is_empty()) {
        let found = wish.values.iter().find_map(|name| rung(name));
        if found.is_some() {
            return Ok(found);
        }
        if wish.is_essential {
            return Err(Refusal::new(&catalogue::UNMET_AUTHENTICATION));
        }
    }
    let defaults = &client.metadata.default_acr_values;
    let preferred = match (params.find("acr_values"), wish) {
        (Some(names), _) => names.split(' ').find_map(rung),
        (None, None) if defaults.is_empty() => return Ok(None),
        (None, _) => defaults.iter().find_map(|name| rung(name)),
    };
    // A voluntary claim: what any sign-in reaches is told even where something else was preferred.
    let mut of_any_age = ladder.iter().filter(|it| it.max_age.is_none());
    Ok(preferred.or_else(|| of_any_age.next_back()))
}
