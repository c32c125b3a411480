//! Trusted issuers: whose tokens this server believes, and what whoever brings one gets for it.
//!
//! An operator names an issuer, where its keys come from and for whom its tokens must be meant ([`issuer`]). A token of it
//! that is good ([`assertion`]) becomes attributes ([`attributes`]), and binding rules with their selectors say what these
//! give ([`binding`], [`selector`]). No rule that matches: nothing is given.
//!
//! The decisions at the token endpoint are in [`crate::protocol::grants::jwt_bearer`].

pub mod assertion;
pub mod attributes;
pub mod binding;
pub mod directory;
pub mod issuer;
pub mod login;
pub mod reference;
pub mod selector;
