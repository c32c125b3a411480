//! What people may do with accounts by themselves.

use crate::config::reader::Reader;
use crate::protocol::context::AccountPolicy;

pub(super) fn read(reader: &mut Reader) -> AccountPolicy {
    let mut is_on = |key| reader.text(key, parse_switch).unwrap_or_default();
    AccountPolicy {
        sign_up: is_on("account.sign_up"),
        change_email: is_on("account.change_email"),
    }
}

pub(super) fn parse_switch(text: &str) -> Result<bool, String> {
    match text {
        "on" => Ok(true),
        "off" => Ok(false),
        _ => Err("must be on or off".to_owned()),
    }
}
