//! Which roles there are.

use crate::config::problem;
use crate::config::reader::Reader;
use crate::protocol::roles::RoleVocabulary;

pub(super) fn read(reader: &mut Reader) -> RoleVocabulary {
    let roles = reader.list("roles.vocabulary", |text| Ok(text.to_owned()));
    match RoleVocabulary::new(roles.unwrap_or_default()) {
        Ok(vocabulary) => vocabulary,
        Err(unusable) => {
            let message = format!("`roles.vocabulary` {unusable}");
            reader.note(problem::VALUE, "roles.vocabulary", message);
            RoleVocabulary::default()
        }
    }
}
