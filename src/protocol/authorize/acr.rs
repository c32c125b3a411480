//! The authentication context class of a sign-in (OpenID Connect Core §2, §3.1.2.1, §5.5.1.1; OpenID Connect Core Unmet
//! Authentication Requirements).
//!
//! Every sign-in is one with a password, so the operator's ladder says what it reaches. A rung may be reached only by a
//! recent sign-in: who is asked for it signs in again, unless no page may be shown and a lower one will do. What was reached is
//! found when the request is answered, and told only to clients that ask.

use serde::{Deserialize, Serialize};

use crate::protocol::catalogue;
use crate::protocol::client::Client;
use crate::protocol::error::Refusal;
use crate::protocol::params::Params;

/// A rung of the operator's ladder, which has the strongest last.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
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

/// What a request asks for, in order of preference; without any rung nothing is told.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Classes {
    rungs: Vec<ContextClass>,
    /// Whether the sign-in has to reach one of them.
    is_essential: bool,
}

/// Whether a sign-in is worth what is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Worth {
    /// It reaches what is preferred.
    Preferred,
    /// A new sign-in would reach something better; this one is good enough where none can be asked for.
    Enough,
    /// Only a new sign-in will do.
    TooOld,
}

impl Classes {
    /// Whether nothing is asked for.
    pub fn is_empty(&self) -> bool {
        self.rungs.is_empty()
    }

    /// The names, in order of preference.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.rungs.iter().map(|rung| rung.name.as_str())
    }

    /// The best of them that a sign-in of that age reaches.
    pub(super) fn reached(&self, age: i64) -> Option<&str> {
        let reaches = |rung: &&ContextClass| rung.max_age.is_none_or(|max_age| age <= max_age);
        self.rungs
            .iter()
            .find(reaches)
            .map(|rung| rung.name.as_str())
    }

    pub(super) fn worth(&self, age: i64) -> Worth {
        let reached = self.reached(age);
        if reached == self.names().next() {
            Worth::Preferred
        } else if reached.is_some() || !self.is_essential {
            Worth::Enough
        } else {
            Worth::TooOld
        }
    }
}

/// The classes that a request asks for; none where nobody asks.
pub(super) fn choose(
    ladder: &[ContextClass],
    client: &Client,
    params: &Params<'_>,
    wish: Option<&Wish>,
) -> Result<Classes, Refusal> {
    let rung = |name: &str| ladder.iter().find(|it| it.name == name).cloned();
    if let Some(wish) = wish.filter(|wish| wish.is_essential && !wish.values.is_empty()) {
        let rungs: Vec<_> = wish.values.iter().filter_map(|name| rung(name)).collect();
        return if rungs.is_empty() {
            Err(Refusal::new(&catalogue::UNMET_AUTHENTICATION))
        } else {
            Ok(Classes {
                rungs,
                is_essential: true,
            })
        };
    }
    let wished = wish.iter().flat_map(|wish| &wish.values);
    let mut rungs: Vec<_> = wished.filter_map(|name| rung(name)).collect();
    let defaults = &client.metadata.default_acr_values;
    match (params.find("acr_values"), wish) {
        (Some(names), _) => rungs.extend(names.split(' ').filter_map(rung)),
        (None, None) if defaults.is_empty() => return Ok(Classes::default()),
        (None, _) => rungs.extend(defaults.iter().filter_map(|name| rung(name))),
    }
    // A voluntary claim: what any sign-in reaches is told even where something else was preferred.
    let strongest = ladder.iter().rfind(|it| it.max_age.is_none());
    rungs.extend(strongest.cloned());
    Ok(Classes {
        rungs,
        is_essential: false,
    })
}
