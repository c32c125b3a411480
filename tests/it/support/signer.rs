//! A client that signs its assertions.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use issuant::crypto::algorithm::Algorithm;
use issuant::crypto::jwk_set::JwkSet;
use issuant::crypto::jwt;
use issuant::crypto::signing_key::SigningKey;
use issuant::protocol::client::{AuthenticationMethod, Client};
use serde_json::json;

use crate::support::cast::{ISSUER, NOW, new_key};

/// The client `service`, with a key of its own.
pub(crate) struct Signer {
    pub(crate) key: Arc<SigningKey>,
}

/// So many assertions were made in this process; no two have the same `jti`.
static MADE: AtomicU64 = AtomicU64::new(0);

impl Signer {
    pub(crate) fn new() -> Self {
        Self {
            key: new_key(Algorithm::Es256),
        }
    }

    /// The document that the client publishes.
    pub(crate) fn jwks(&self) -> String {
        json!({ "keys": [self.key.public_jwk()] }).to_string()
    }

    /// Registers the key itself.
    pub(crate) fn register(&self, client: &mut Client) {
        client.authentication_method = AuthenticationMethod::PrivateKeyJwt;
        client.secrets.clear();
        client.metadata.jwks = Some(JwkSet::parse(self.jwks().as_bytes()).unwrap());
    }

    /// A new assertion.
    pub(crate) fn assertion(&self) -> String {
        self.assertion_at(NOW)
    }

    pub(crate) fn assertion_at(&self, now: i64) -> String {
        let jti = MADE.fetch_add(1, Ordering::Relaxed).to_string();
        let claims = json!({
            "iss": "service", "sub": "service", "aud": ISSUER, "jti": jti, "iat": now, "exp": now + 60,
        });
        jwt::sign(&self.key, None, &claims).unwrap()
    }
}

/// A form with that assertion.
pub(crate) fn signed<'a>(
    form: &[(&'a str, &'a str)],
    assertion: &'a str,
) -> Vec<(&'a str, &'a str)> {
    let kind = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
    let parameters = [
        ("client_assertion_type", kind),
        ("client_assertion", assertion),
    ];
    form.iter().copied().chain(parameters).collect()
}

/// A token request that needs nothing but a client.
pub(crate) const CREDENTIALS: [(&str, &str); 2] =
    [("grant_type", "client_credentials"), ("scope", "read")];
