//! People and their browsers: users, sign-in, sessions, consent, guessing limits.
//!
//! Plain functions over small store traits, as in [`crate::protocol`]: no clock, no randomness of their own.

pub mod account;
pub mod activity;
pub mod consent;
pub mod password;
pub mod session;
pub mod setup;
pub mod sign_in;
pub mod store;
pub mod throttle;
