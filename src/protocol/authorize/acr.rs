//! The authentication context class of a sign-in (OpenID Connect Core §2, §3.1.2.1, §5.5.1.1; OpenID Connect Core Unmet
//! Authentication Requirements).
//!
//! Every sign-in is one with a password, so what it reaches is known when the request comes: the operator's list. It is
//! told only to clients that ask.

use crate::protocol::catalogue;
use crate::protocol::client::Client;
use crate::protocol::error::Refusal;
use crate::protocol::params::Params;

/// How the `claims` parameter asks for it.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Wish {
    /// Whether nothing else will do.
    pub(super) is_essential: bool,
    /// In order of preference; empty: whatever is reached.
    pub(super) values: Vec<String>,
}

/// The class to tell; `None` where nobody asks. `reached` is what the sign-in reaches, the strongest last.
pub(super) fn choose(
    reached: &[String],
    client: &Client,
    params: &Params<'_>,
    wish: Option<&Wish>,
) -> Result<Option<String>, Refusal> {
    let is_reached = |name: &&str| reached.iter().any(|it| it == name);
    if let Some(wish) = wish.filter(|wish| !wish.values.is_empty()) {
        let found = wish.values.iter().map(String::as_str).find(is_reached);
        if let Some(found) = found {
            return Ok(Some(found.to_owned()));
        }
        if wish.is_essential {
            return Err(Refusal::new(&catalogue::UNMET_AUTHENTICATION));
        }
    }
    let defaults = &client.metadata.default_acr_values;
    let preferred = match (params.find("acr_values"), wish) {
        (Some(names), _) => names.split(' ').find(is_reached),
        (None, None) if defaults.is_empty() => return Ok(None),
        (None, _) => defaults.iter().map(String::as_str).find(is_reached),
    };
    // A voluntary claim: what was reached is told even where something else was preferred.
    let strongest = reached.last().map(String::as_str);
    Ok(preferred.or(strongest).map(str::to_owned))
}
