//! Paths of other servers, for those who call them already: each translates in, calls the rules that the token endpoint
//! calls, and translates out. None has a rule of its own, and each is off unless the operator switches it on.

pub(crate) mod cluster_cockpit;
pub(crate) mod consul;
pub mod fleet;
pub mod jwtis;
