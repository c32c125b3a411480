//! From a word on the command line to a value of the domain, with a list of what there is.

use clap::builder::{PossibleValuesParser, TypedValueParser};

use crate::crypto::algorithm::Algorithm;
use crate::identity::account;
use crate::protocol::client::{AuthenticationMethod, GrantType};

pub(crate) fn grant() -> impl TypedValueParser<Value = GrantType> {
    PossibleValuesParser::new(GrantType::ALL.map(GrantType::as_str))
        .try_map(|name| name.parse::<GrantType>())
}

pub(crate) fn authentication_method() -> impl TypedValueParser<Value = AuthenticationMethod> {
    PossibleValuesParser::new(AuthenticationMethod::ALL.map(AuthenticationMethod::as_str))
        .try_map(|name| name.parse::<AuthenticationMethod>())
}

pub(crate) fn algorithm() -> impl TypedValueParser<Value = Algorithm> {
    PossibleValuesParser::new(Algorithm::ALL.map(Algorithm::as_str))
        .try_map(|name| name.parse::<Algorithm>())
}

pub(crate) fn display_name(text: &str) -> Result<String, String> {
    if account::is_display_name(text) {
        Ok(text.to_owned())
    } else {
        Err("a name has 1 to 100 characters, on one line".to_owned())
    }
}

pub(crate) fn role(text: &str) -> Result<String, String> {
    if account::is_role(text) {
        Ok(text.to_owned())
    } else {
        Err("a role has 1 to 64 printable ASCII characters, without blanks".to_owned())
    }
}

pub(crate) fn audience(text: &str) -> Result<String, String> {
    if (1..=255).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic()) {
        Ok(text.to_owned())
    } else {
        Err("an audience has 1 to 255 printable ASCII characters, without blanks".to_owned())
    }
}
