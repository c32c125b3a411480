//! Paths of other servers, for those who call them already: each translates in, calls the rules that the token endpoint
//! calls, and translates out.

pub(crate) mod consul;
pub mod fleet;
