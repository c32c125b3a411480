//! The endpoints that clients call, one file each: decode, call the rule, render.

pub(crate) mod authorize;
pub(crate) mod client;
pub(crate) mod discovery;
pub(crate) mod health;
pub(crate) mod introspect;
pub(crate) mod jwks;
pub(crate) mod jwt_bearer;
pub(crate) mod logout;
pub(crate) mod metrics;
pub(crate) mod own_keys;
pub(crate) mod recipient;
pub(crate) mod register;
pub(crate) mod request_object;
pub(crate) mod revoke;
pub(crate) mod token;
pub(crate) mod userinfo;
pub(crate) mod verify;
pub(crate) mod waiting;
pub(crate) mod webfinger;
