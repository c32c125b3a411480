//! Endpoints and pages through the real application, one file each. SQLite stands behind it; what differs between
//! databases is in `store` and `journeys`.

mod account;
mod account_forms;
mod accounts;
mod addresses;
mod advertised;
mod authorize;
mod bodies;
mod client_assertion;
mod codes;
mod consent;
mod cors;
mod discovery;
mod introspect;
mod login;
mod logout;
mod logs;
mod metrics;
mod outage;
mod pairwise;
mod places;
mod refresh;
mod register;
mod request_object;
mod revoke;
mod secret_uses;
mod sector;
mod session_state;
mod setup;
mod sign_up;
mod snapshots;
mod software_statement;
mod token;
mod userinfo;
mod verify;
mod webfinger;
