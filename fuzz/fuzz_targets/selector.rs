//! Selectors come from operators and are met with claims of strangers: no text may break the reader or the evaluation.

#![no_main]

use issuant::protocol::trust::attributes::Attributes;
use issuant::protocol::trust::selector::{Absent, Selector};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    let Ok(selector) = text.parse::<Selector>() else {
        return;
    };
    let nobody = Attributes::default();
    selector.matches(&nobody, Absent::AsConsul);
    // What asks for nothing but absence may match nobody; anything else must not.
    if selector.matches(&nobody, Absent::Unknown) {
        assert!(text.trim().is_empty() || text.contains("empty"));
    }
});
