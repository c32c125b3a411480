//! What stands in for `cc-backend`.

use crate::config::accounts::parse_switch;
use crate::config::reader::Reader;
use crate::protocol::context::ClusterCockpitPolicy;

/// `usual` says whether it is on where nobody says so.
pub(super) fn read(reader: &mut Reader, usual: bool) -> ClusterCockpitPolicy {
    let default = ClusterCockpitPolicy::default();
    ClusterCockpitPolicy {
        enabled: reader
            .text("cluster_cockpit.enabled", parse_switch)
            .unwrap_or(usual),
        max_age: reader
            .duration("cluster_cockpit.max_age", 1..=366 * 86_400)
            .unwrap_or(default.max_age),
    }
}
