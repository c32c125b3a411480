//! Trusted issuers that cannot be.

use issuant::protocol::trust::issuer::{Contradiction, IssuerName, TrustedIssuer};
use serde_json::{Value, json};

use crate::support::foreign::{FOREIGN, Foreign};

fn found(others: &Value) -> Vec<Contradiction> {
    Foreign::new().issuer(others).contradictions()
}

#[test]
fn what_does_not_fit_together() {
    for (others, expected) in [
        (json!({}), None),
        (json!({"algorithms": ["ES256"]}), None),
        (
            json!({"algorithms": ["HS256"]}),
            Some(Contradiction::Algorithms),
        ),
        (
            json!({"keys": "secret", "algorithms": ["ES256"]}),
            Some(Contradiction::Algorithms),
        ),
        (json!({"keys": {"pem": []}}), Some(Contradiction::NoKey)),
        (json!({"issuer": null}), Some(Contradiction::NoIssuer)),
        (json!({"issuer": ""}), Some(Contradiction::NoIssuer)),
        (
            json!({"keys": {"discovery_url": {"url": "https://other.example"}}}),
            Some(Contradiction::OtherIssuer),
        ),
        (
            json!({"keys": {"discovery_url": {"url": FOREIGN}}, "issuer": null}),
            None,
        ),
        (
            json!({"claim_mappings": {"a": "x", "b": "x"}}),
            Some(Contradiction::MappedTwice),
        ),
        (
            json!({"claim_mappings": {"a": ""}}),
            Some(Contradiction::EmptyMapping),
        ),
        (json!({"leeway": -1}), Some(Contradiction::Leeway)),
        (json!({"leeway": 601}), Some(Contradiction::Leeway)),
        (json!({"max_age": 0}), Some(Contradiction::MaxAge)),
        (json!({"token_lifetime": 0}), Some(Contradiction::Lifetime)),
        (
            json!({"token_lifetime": 86_401}),
            Some(Contradiction::Lifetime),
        ),
    ] {
        assert_eq!(found(&others), Vec::from_iter(expected), "{others}");
    }
}

#[test]
fn what_is_no_definition() {
    let good = json!({"name": "ci", "keys": {"jwks_url": {"url": "https://a.example/keys"}}, "issuer": "a"});
    assert!(serde_json::from_value::<TrustedIssuer>(good).is_ok());
    for wrong in [
        json!({"name": "a b", "keys": "secret"}),
        json!({"name": "", "keys": "secret"}),
        json!({"name": "a".repeat(129), "keys": "secret"}),
        json!({"name": "ci"}),
        json!({"name": "ci", "keys": {}}),
        json!({"name": "ci", "keys": {"pem": [], "jwks_url": {"url": "a"}}}),
        json!({"name": "ci", "keys": "secret", "algorithms": ["none"]}),
        json!({"name": "ci", "keys": "secret", "other": 1}),
        // A set with a private or symmetric key gives a secret away.
        json!({"name": "ci", "keys": {"jwks": {"keys": [{"kty": "oct", "k": "AAAA"}]}}}),
    ] {
        let read = serde_json::from_value::<TrustedIssuer>(wrong.clone());
        assert!(read.is_err(), "{wrong}");
    }
    assert!("a_b-C9".parse::<IssuerName>().is_ok());
}
