//! Which tokens are believed (RFC 7521 §5.2, RFC 7523 §3, RFC 8725).

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use issuant::crypto::algorithm::Algorithm;
use issuant::crypto::jwk_set::JwkSet;
use issuant::crypto::jwt;
use issuant::crypto::random::SystemRandom;
use issuant::crypto::secret::SecretBytes;
use issuant::protocol::context::PublishedKeys;
use issuant::protocol::error::Refusal;
use issuant::protocol::trust::assertion::{Checked, Strictness, check};
use issuant::protocol::trust::directory::Trusted;
use jsonwebtoken::{EncodingKey, Header};
use serde_json::{Value, json};

use super::super::{Id, World};
use super::checked;
use crate::support::cast::{ISSUER, NOW, new_key};
use crate::support::foreign::{FOREIGN, Foreign};

fn trusted(foreign: &Foreign, others: &Value) -> Arc<Trusted> {
    Arc::new(Trusted::new(foreign.issuer(others), Vec::new()))
}

/// The outcome for claims with others in their place, and a definition with others in its place.
fn outcome(definition: &Value, claims: &Value) -> Result<String, Id> {
    let foreign = Foreign::new();
    let token = foreign.token(claims);
    let verified = checked(&World::new(), &trusted(&foreign, definition), &token);
    verified.map(|it| it.subject)
}

#[test]
fn rfc_7523_section_3() {
    let none = json!({});
    let two = json!({"audiences": ["api", "other"]});
    let aged = json!({"max_age": 100});
    let strict = json!({"leeway": 0});
    for (definition, claims, expected) in [
        (&none, json!({}), None),
        // 1: iss.
        (&none, json!({"iss": "https://ci.example/"}), Some("E1711")),
        (&none, json!({"iss": null}), Some("E1711")),
        (&none, json!({"iss": 7}), Some("E1704")),
        // 2: sub.
        (&none, json!({"sub": null}), Some("E1710")),
        (&none, json!({"sub": 7}), Some("E1710")),
        (&none, json!({"sub": "a".repeat(257)}), Some("E1710")),
        // 3: aud.
        (&none, json!({"aud": null}), Some("E1712")),
        (&none, json!({"aud": "other"}), Some("E1712")),
        (&none, json!({"aud": []}), Some("E1712")),
        (&none, json!({"aud": 7}), Some("E1710")),
        (&none, json!({"aud": format!("{ISSUER}/token")}), None),
        (
            &none,
            json!({"aud": format!("{ISSUER}/tokens")}),
            Some("E1712"),
        ),
        (&none, json!({"aud": ["x", ISSUER]}), None),
        (&two, json!({"aud": "api"}), None),
        (&two, json!({"aud": ["z", "other"]}), None),
        (&two, json!({"aud": null}), Some("E1712")),
        (&two, json!({}), Some("E1712")),
        // 4: exp, with the leeway of a minute.
        (&none, json!({"exp": null}), Some("E1710")),
        (&none, json!({"exp": "soon"}), Some("E1710")),
        (&none, json!({"exp": NOW - 59}), None),
        (&none, json!({"exp": NOW - 61}), Some("E1708")),
        (&none, json!({"exp": 1.5}), Some("E1708")),
        (&none, json!({"exp": 1e300}), None),
        (&strict, json!({"exp": NOW}), Some("E1708")),
        (&strict, json!({"exp": NOW + 1}), None),
        // 5 and 6: nbf, iat.
        (&none, json!({"nbf": NOW + 60}), None),
        (&none, json!({"nbf": NOW + 61}), Some("E1709")),
        (&none, json!({"iat": NOW + 61}), Some("E1709")),
        (&strict, json!({"iat": NOW + 1}), Some("E1709")),
        (&none, json!({"iat": null}), None),
        (&aged, json!({"iat": null}), Some("E1710")),
        (&aged, json!({"iat": NOW - 160}), None),
        (&aged, json!({"iat": NOW - 161}), Some("E1713")),
        // 7: jti.
        (
            &json!({"one_time": true}),
            json!({"jti": null}),
            Some("E1710"),
        ),
        (
            &json!({"one_time": true}),
            json!({"jti": ""}),
            Some("E1710"),
        ),
        // Mapped claims.
        (&none, json!({"team": {"a": 1}}), Some("E1715")),
        (&none, json!({"team": null}), None),
        (&json!({"user_claim": "email"}), json!({}), Some("E1710")),
    ] {
        let found = outcome(definition, &claims);
        assert_eq!(found.err(), expected, "{definition} {claims}");
    }
}

/// Regression: the algorithm is the key's, and is looked at before the signature.
#[test]
fn rfc_8725_section_3_1_algorithms_are_pinned() {
    let foreign = Foreign::new();
    let world = World::new();
    let claims = Foreign::claims(&json!({}));
    let part = |json: &Value| URL_SAFE_NO_PAD.encode(json.to_string());
    let none = format!("{}.{}.", part(&json!({"alg": "none"})), part(&claims));
    let pem_as_secret = EncodingKey::from_secret(foreign.pem.as_bytes());
    let confused = jsonwebtoken::encode(&Header::default(), &claims, &pem_as_secret).unwrap();
    let jwks = json!({"keys": [foreign.key.public_jwk()]});
    for source in [json!({"pem": [foreign.pem]}), json!({"jwks": jwks})] {
        let any = trusted(&foreign, &json!({"keys": source}));
        assert!(checked(&world, &any, &foreign.token(&json!({}))).is_ok());
        for token in [&none, &confused] {
            assert_eq!(checked(&world, &any, token).err(), Some("E1705"));
        }
        let other = trusted(&foreign, &json!({"keys": source, "algorithms": ["RS256"]}));
        let token = foreign.token(&json!({}));
        assert_eq!(checked(&world, &other, &token).err(), Some("E1705"));
    }
    // A key of another type makes the algorithm one of another issuer.
    let rsa = jwt::sign(&new_key(Algorithm::Rs256), None, &claims).unwrap();
    let any = trusted(&foreign, &json!({}));
    assert_eq!(checked(&world, &any, &rsa).err(), Some("E1705"));
}

#[test]
fn signatures_and_forms() {
    let foreign = Foreign::new();
    let world = World::new();
    let any = trusted(&foreign, &json!({}));
    let good = foreign.token(&json!({}));
    let (head, _) = good.rsplit_once('.').unwrap();
    for (token, expected) in [
        (Foreign::forged(&json!({})), "E1706"),
        (format!("{head}."), "E1706"),
        (head.to_owned(), "E1704"),
        (String::new(), "E1704"),
        ("a.b.c".to_owned(), "E1704"),
        ("a".repeat(20_000), "E1704"),
        (
            jwt::sign(&foreign.key, Some("at+jwt"), &Foreign::claims(&json!({}))).unwrap(),
            "E1704",
        ),
    ] {
        assert_eq!(
            checked(&world, &any, &token).err(),
            Some(expected),
            "{token:.40}"
        );
    }
    let typed = "authorization-grant+jwt";
    let typed = jwt::sign(&foreign.key, Some(typed), &Foreign::claims(&json!({}))).unwrap();
    assert!(checked(&world, &any, &typed).is_ok());
    // Each key is tried.
    let other = Foreign::new();
    let several = trusted(
        &foreign,
        &json!({"keys": {"pem": [other.pem, foreign.pem]}}),
    );
    assert!(checked(&world, &several, &good).is_ok());
}

/// Regression: an empty or short secret verified what anybody signed.
#[test]
fn a_shared_secret_is_as_long_as_the_hash() {
    let foreign = Foreign::new();
    let world = World::new();
    let sign = |secret: &[u8]| {
        let key = EncodingKey::from_secret(secret);
        jsonwebtoken::encode(&Header::default(), &Foreign::claims(&json!({})), &key).unwrap()
    };
    let with = |secret: Option<&[u8]>| {
        let mut issuer = foreign.issuer(&json!({"keys": "secret", "algorithms": ["HS256"]}));
        issuer.sealed_secret = secret.map(|secret| {
            let secret = SecretBytes::new(secret.to_vec());
            let keys = &world.ground.token_keys;
            keys.seal_trust_secret(&issuer.name, &secret, &SystemRandom)
        });
        Arc::new(Trusted::new(issuer, Vec::new()))
    };
    let long = [7; 32];
    let token = sign(&long);
    assert!(checked(&world, &with(Some(&long)), &token).is_ok());
    assert_eq!(
        checked(&world, &with(Some(&[8; 32])), &token).err(),
        Some("E1706")
    );
    assert_eq!(checked(&world, &with(None), &token).err(), Some("E1706"));
    for short in [&[] as &[u8], &[7; 31]] {
        let found = checked(&world, &with(Some(short)), &sign(short)).err();
        assert_eq!(found, Some("E1705"), "{}", short.len());
    }
    let signed = foreign.token(&json!({}));
    assert_eq!(
        checked(&world, &with(Some(&long)), &signed).err(),
        Some("E1705")
    );
}

#[test]
fn published_keys_are_asked_for_and_awaited() {
    let foreign = Foreign::new();
    let world = World::new();
    let source = json!({"jwks_url": {"url": "https://ci.example/keys"}});
    let remote = trusted(&foreign, &json!({"keys": source}));
    let token = foreign.token(&json!({}));
    let set = |key: &Foreign| {
        let jwks = json!({"keys": [key.key.public_jwk()]}).to_string();
        Some(Arc::new(JwkSet::parse(jwks.as_bytes()).unwrap()))
    };
    let ask = |keys, may_ask_again| {
        let published = PublishedKeys {
            keys,
            may_ask_again,
        };
        let context = world.ground.context();
        check(&context, &remote, &published, &token, Strictness::Standard)
            .map(|it| matches!(it, Checked::Good(_)))
            .map_err(|it| Refusal::from(it).id())
    };
    assert_eq!(ask(None, true), Ok(false));
    assert_eq!(ask(None, false), Err("E1707"));
    assert_eq!(ask(set(&foreign), false), Ok(true));
    assert_eq!(ask(set(&Foreign::new()), true), Ok(false));
    assert_eq!(ask(set(&Foreign::new()), false), Err("E1706"));
}

/// What a Consul method may leave out, and what `consul.strict_compat` brings back.
#[test]
fn a_method_of_consul() {
    let foreign = Foreign::new();
    let consul = json!({"display_name": "", "max_token_ttl": "", "token_locality": "local", "expiration_leeway": 150, "config": {}});
    let method = trusted(&foreign, &json!({"consul": consul, "issuer": null}));
    let world = World::new();
    let ask = |claims: &Value, strictness| {
        let token = foreign.token(claims);
        let published = PublishedKeys::default();
        let context = world.ground.context();
        let checked = check(&context, &method, &published, &token, strictness);
        checked.map(drop).map_err(|it| Refusal::from(it).id())
    };
    assert_eq!(
        ask(&json!({"sub": null, "iss": FOREIGN}), Strictness::Standard),
        Ok(())
    );
    assert_eq!(
        ask(&json!({"iss": "anybody"}), Strictness::Standard),
        Ok(())
    );
    assert_eq!(
        ask(&json!({"aud": null}), Strictness::Standard),
        Err("E1712")
    );
    assert_eq!(ask(&json!({"aud": null}), Strictness::Consul), Ok(()));
    assert_eq!(
        ask(&json!({"aud": "other"}), Strictness::Consul),
        Err("E1712")
    );
    assert_eq!(
        ask(&json!({"exp": null}), Strictness::Standard),
        Err("E1710")
    );
    assert_eq!(ask(&json!({"exp": null}), Strictness::Consul), Ok(()));
    assert_eq!(
        ask(&json!({"exp": null, "iat": NOW - 209}), Strictness::Consul),
        Ok(())
    );
    assert_eq!(
        ask(&json!({"exp": null, "iat": NOW - 210}), Strictness::Consul),
        Err("E1708")
    );
    assert_eq!(
        ask(&json!({"exp": null, "iat": null}), Strictness::Consul),
        Err("E1710")
    );
}
