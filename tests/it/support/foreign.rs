//! An issuer that is somebody else's: its key, its tokens, and what an operator says of it.

use std::sync::Arc;

use issuant::crypto::algorithm::Algorithm;
use issuant::crypto::jwt;
use issuant::crypto::signing_key::SigningKey;
use issuant::protocol::trust::binding::{BindingRule, Declared};
use issuant::protocol::trust::directory::Trust;
use issuant::protocol::trust::issuer::TrustedIssuer;
use serde_json::{Value, json};

use crate::support::cast::{ISSUER, NOW, new_key};

/// The `iss` of its tokens.
pub(crate) const FOREIGN: &str = "https://ci.example";

/// The issuer.
pub(crate) struct Foreign {
    pub(crate) key: Arc<SigningKey>,
    /// Its public key in PEM.
    pub(crate) pem: String,
}

impl Foreign {
    pub(crate) fn new() -> Self {
        let pair = rcgen::KeyPair::generate().unwrap();
        let key = SigningKey::from_pkcs8(Algorithm::Es256, &pair.serialize_der()).unwrap();
        Self {
            key: Arc::new(key),
            pem: pair.public_key_pem(),
        }
    }

    /// Claims with others in their place; `null` takes one away.
    pub(crate) fn claims(others: &Value) -> Value {
        let claims = json!({
            "iss": FOREIGN, "sub": "job-7", "aud": ISSUER, "iat": NOW, "exp": NOW + 300,
            "team": "Web", "groups": ["dev", "ops"],
        });
        changed(claims, others)
    }

    /// A token with such claims.
    pub(crate) fn token(&self, others: &Value) -> String {
        jwt::sign(&self.key, None, &Self::claims(others)).unwrap()
    }

    /// The same, signed by a stranger.
    pub(crate) fn forged(others: &Value) -> String {
        jwt::sign(&new_key(Algorithm::Es256), None, &Self::claims(others)).unwrap()
    }

    /// What an operator says of it, with deviations.
    pub(crate) fn issuer(&self, others: &Value) -> TrustedIssuer {
        let issuer = json!({
            "name": "ci", "keys": {"pem": [self.pem]}, "issuer": FOREIGN, "lower_case": true,
            "claim_mappings": {"team": "team"}, "list_claim_mappings": {"groups": "groups"},
        });
        serde_json::from_value(changed(issuer, others)).unwrap()
    }

    /// That issuer alone, with a rule that gives everybody the scope `read` and one that names the team.
    pub(crate) fn trust(&self, others: &Value) -> Trust {
        let rules = vec![
            rule("", "scope", "read"),
            rule("value.team == \"Web\"", "service", "svc-${value.team}"),
        ];
        Trust::new(vec![self.issuer(others)], rules, declared())
    }
}

/// A rule about the issuer.
pub(crate) fn rule(selector: &str, bind_type: &str, bind_name: &str) -> BindingRule {
    let rule = json!({
        "trusted_issuer": "ci", "selector": selector, "bind_type": bind_type, "bind_name": bind_name,
    });
    serde_json::from_value(rule).unwrap()
}

/// The role `deployer` and the policy `audit`.
pub(crate) fn declared() -> Declared {
    let one = |name: &str| [(name.to_owned(), format!("id-of-{name}"))].into();
    Declared {
        roles: one("deployer"),
        policies: one("audit"),
    }
}

fn changed(mut object: Value, others: &Value) -> Value {
    for (name, value) in others.as_object().unwrap() {
        if value.is_null() {
            object.as_object_mut().unwrap().remove(name);
        } else {
            object[name] = value.clone();
        }
    }
    object
}
