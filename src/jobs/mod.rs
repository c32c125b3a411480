//! Upkeep: what a deployment needs from time to time. Each job is a plain function of the database and the time; the
//! server and the commands decide when.

pub mod expire;
pub mod logout_notices;
pub mod secret_uses;
pub mod signing_keys;
