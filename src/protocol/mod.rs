//! The rules of OAuth 2 and OpenID Connect, readable on their own: no HTTP, no database, no clock, no
//! environment, no randomness that is not an argument. Start here.
//!
//! - **A client asks for a token of its own**: [`client_auth`] finds out who asks, [`grants`] chooses the grant,
//!   [`grants::client_credentials`] decides, [`tokens`] signs.
//! - **A client refreshes**: the same, with [`grants::refresh_token`]; what a refresh token means is said in
//!   [`tokens::family`], under the settings that [`refresh_policy`] finds for the client.
//! - **A person signs in**: [`authorize`] checks the request, [`authorize::next_step`] sends the browser to the sign-in
//!   page, to the consent page or on, [`authorize::answer`] makes the code, [`authorize::response`] writes the address,
//!   [`grants::authorization_code`] redeems it. Where the deployment
//!   allows it, [`authorize::front_channel`] grants tokens at once.
//! - **A person wants a token for a script**: [`personal_token`] decides, records and signs; no client takes part.
//!
//! - **Somebody brings a token of another issuer**: [`trust`] says whom this server believes and what its rules give;
//!   [`grants::jwt_bearer`] decides.
//!
//! A rule takes a [`context::Context`], a [`store::Store`] where something must be remembered, and its request; it answers
//! a decision or a [`error::Fault`].

pub mod agents;
pub mod authorize;
pub mod bearer;
pub mod catalogue;
pub mod change;
pub mod claims;
pub mod client;
pub mod client_auth;
pub mod client_key_set;
mod client_keys;
pub mod client_metadata;
pub mod context;
pub mod dynamic_registration;
pub mod encryption;
pub mod engine;
pub mod error;
pub mod grants;
pub mod introspection;
pub mod logout;
pub mod logout_notice;
pub mod logout_uri;
pub mod metadata;
pub mod original_request;
pub mod params;
pub mod personal_token;
pub mod pkce;
pub mod profile;
pub mod redirect_uri;
pub mod refresh_policy;
pub mod registration;
pub mod request_uri;
pub mod response_type;
pub mod revocation;
pub mod roles;
pub mod scope;
pub mod services;
pub mod session_state;
pub mod shared_secret;
pub mod store;
pub mod subject_identifier;
pub mod tokens;
pub mod trust;
pub mod userinfo;
pub mod verification;
