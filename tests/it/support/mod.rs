//! What tests of several kinds share.

pub(crate) mod cast;
pub(crate) mod databases;
pub(crate) mod foreign;
pub(crate) mod memory;
pub(crate) mod needs;
pub(crate) mod op;
pub(crate) mod person;
pub(crate) mod server_process;
pub(crate) mod signer;
pub(crate) mod stub;
