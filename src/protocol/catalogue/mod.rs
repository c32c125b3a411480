//! Every refusal a client or person can meet: its stable id, wire code, cause and fix.
//!
//! Ids are never reused. The sentences are ASCII without quotes and backslashes, because they travel in
//! `error_description` (RFC 6749 §5.2). They say nothing about the request itself.

use crate::protocol::error::ErrorCode;

/// One entry: what went wrong and what to do about it.
#[derive(Debug, PartialEq, Eq)]
pub struct Explanation {
    /// Stable id, as `E1204`.
    pub id: &'static str,
    /// The wire code it is told as.
    pub code: ErrorCode,
    /// The cause, one sentence.
    pub sentence: &'static str,
    /// What to do, one sentence.
    pub fix: &'static str,
}

macro_rules! entries {
    ($($name:ident = $id:literal, $code:ident, $sentence:literal, $fix:literal;)+) => {
        $(
            #[doc = concat!($id, ": ", $sentence)]
            pub static $name: super::Explanation = super::Explanation {
                id: $id,
                code: crate::protocol::error::ErrorCode::$code,
                sentence: $sentence,
                fix: $fix,
            };
        )+

        /// The entries of this file, in order of their ids.
        pub(super) static ENTRIES: &[&super::Explanation] = &[$(&$name),+];
    };
}

use entries;

macro_rules! files {
    ($($file:ident),+) => {
        $(
            mod $file;
            pub use $file::*;
        )+

        /// All entries, in order of their ids.
        pub fn all() -> impl Iterator<Item = &'static Explanation> {
            [$($file::ENTRIES),+].into_iter().flatten().copied()
        }
    };
}

files! {
    request,
    client_authentication,
    authorization,
    token,
    bearer,
    sign_out,
    pages,
    trust,
    exchange,
    registration,
    server,
    agents,
    issued,
    services
}
