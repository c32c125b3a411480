//! Issuant, an OAuth 2 and OpenID Connect authorization server.
//!
//! The modules, in reading order. A module may name only modules below it in this list
//! (`config` may name `protocol` and `crypto`); `tests/it/architecture.rs` checks it.
//!
//! | Module | Owns |
//! |---|---|
//! | [`cli`] | the command line |
//! | [`server`] | putting the parts together and running them |
//! | [`http`] | endpoints and pages; the only module that names actix |
//! | [`jobs`] | upkeep: expired rows, key rotation |
//! | [`fetch`] | requests to other servers; the only module that names reqwest |
//! | [`storage`] | both databases; the only module that names diesel |
//! | [`config`] | settings: what was typed, and what is meant |
//! | [`identity`] | people and their browsers; pure rules |
//! | [`protocol`] | the rules of OAuth 2 and OpenID Connect; pure rules. Start here |
//! | [`crypto`] | secrets, digests, keys, tokens; knows nothing of OAuth |

pub mod cli;
pub mod config;
pub mod crypto;
pub mod fetch;
pub mod http;
pub mod identity;
pub mod jobs;
pub mod protocol;
pub mod server;
pub mod storage;

pub use server::token_builder::TokenBuilder;
