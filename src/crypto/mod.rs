//! Secrets, digests, keys and signed tokens. Knows nothing of OAuth.
//!
//! Owns every call of a cryptographic library: nothing above this module names one. It keeps no
//! state but which tokens it has verified, reads no clock and, but for [`random::SystemRandom`], the making of signing keys and the encryption of keys, draws
//! no randomness of its own: both are arguments.
//!
//! | Module | Owns |
//! |---|---|
//! | [`random`] | where random bytes come from |
//! | [`secret`] | text and bytes that are never printed and are wiped when dropped |
//! | [`digest`] | the root key, and keyed digests under which secrets are stored |
//! | [`seal`] | encryption of what must be read back |
//! | [`password`] | argon2id for passwords that people choose |
//! | [`algorithm`] | the signature algorithms |
//! | [`jwe`] | encrypts to the keys of others |
//! | [`jwk`] | public keys as JSON |
//! | [`jwk_set`] | sets of public keys of others |
//! | [`public_pem`] | public keys of others in PEM |
//! | [`signing_key`] | a private key with its one algorithm and key id |
//! | [`rsa_key`] | formats of RSA keys; the only file that names `rsa` |
//! | [`key_file`] | private keys of all kinds in PEM and JWK |
//! | [`key_set`] | announced → active → verify-only → retired; the public JWKS |
//! | [`verifying_key`] | a public key with its one algorithm |
//! | [`jwt`] | signs and verifies; the algorithm belongs to the key |
//! | `seen_tokens` | tokens whose signature need not be computed again |

#![warn(missing_docs)]

pub mod algorithm;
pub mod cc_env;
pub mod digest;
pub mod jwe;
pub mod jwk;
pub mod jwk_set;
pub mod jwt;
pub mod key_file;
pub mod key_ring;
pub mod key_set;
pub mod password;
pub mod public_pem;
pub mod random;
pub mod rsa_key;
pub mod seal;
pub mod secret;
mod seen_tokens;
pub mod signing_key;
pub mod verifying_key;
