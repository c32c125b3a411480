//! Programs that speak with Consul.

use crate::config::Mode;
use crate::config::accounts::parse_switch;
use crate::config::reader::Reader;
use crate::protocol::context::ConsulPolicy;

pub(super) fn read(reader: &mut Reader, mode: Mode) -> ConsulPolicy {
    let enabled = reader.text("consul.enabled", parse_switch);
    let strict_compat = reader.text("consul.strict_compat", parse_switch);
    ConsulPolicy {
        enabled: enabled.unwrap_or(mode == Mode::Development),
        strict_compat: strict_compat.unwrap_or_default(),
    }
}
