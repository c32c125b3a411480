//! Clients that sign (RFC 7521 §4.2, RFC 7523 §3, RFC 10070).

use std::sync::{Arc, LazyLock};

use issuant::crypto::algorithm::Algorithm;
use issuant::crypto::jwk_set::JwkSet;
use issuant::crypto::jwt;
use issuant::crypto::jwt::mac::MacAlgorithm;
use issuant::crypto::secret::Secret;
use issuant::crypto::signing_key::SigningKey;
use issuant::protocol::client::{AuthenticationMethod, ClientSecret, StoredSecret};
use issuant::protocol::client_auth::{Identified, identify};
use issuant::protocol::client_metadata::AssertionAlgorithm;
use issuant::protocol::context::PublishedKeys;
use issuant::protocol::error::Fault;
use issuant::protocol::params::Params;
use serde_json::{Value, json};

use super::{Id, World, assert_nothing_new, basic};
use crate::support::cast::{ISSUER, NOW, new_key};

const TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
const ENDPOINT: &str = "https://id.example/token";

/// The key of the client `web`.
static KEY: LazyLock<Arc<SigningKey>> = LazyLock::new(|| new_key(Algorithm::Es256));

fn set_of(keys: &[&SigningKey]) -> JwkSet {
    let keys: Vec<_> = keys.iter().map(|key| key.public_jwk()).collect();
    JwkSet::parse(json!({ "keys": keys }).to_string().as_bytes()).unwrap()
}

/// A server at which the client `web` signs.
fn world() -> World {
    let mut world = World::new();
    world.change_client("web", |client| {
        client.authentication_method = AuthenticationMethod::PrivateKeyJwt;
        client.metadata.jwks = Some(set_of(&[&KEY]));
        client.secrets.clear();
    });
    world
}

/// The claims of a good assertion with others in their place; `null` takes one away.
fn claims(others: &Value) -> Value {
    let mut claims = json!({
        "iss": "web", "sub": "web", "aud": ISSUER, "jti": "j-1", "iat": NOW, "exp": NOW + 60,
    });
    for (name, value) in others.as_object().unwrap() {
        if value.is_null() {
            claims.as_object_mut().unwrap().remove(name);
        } else {
            claims[name] = value.clone();
        }
    }
    claims
}

fn signed(others: &Value) -> String {
    jwt::sign(&KEY, None, &claims(others)).unwrap()
}

/// Authenticates with an assertion; answers the client's id.
fn check(world: &mut World, assertion: &str) -> Result<String, Id> {
    let params = [
        ("client_assertion_type", TYPE),
        ("client_assertion", assertion),
    ];
    check_params(world, None, &params)
}

fn check_params(
    world: &mut World,
    header: Option<&str>,
    params: &[(&str, &str)],
) -> Result<String, Id> {
    let params: Params<'_> = params.iter().copied().collect();
    let before = world.store.clone();
    let refused = |world: &World, id: Id| {
        assert_nothing_new(&before, &world.store, id);
        Err(id)
    };
    let unspent = match identify(&world.ground.context(), header, &params) {
        Ok(Identified::NeedsSpending(unspent)) => unspent,
        Ok(Identified::NeedsKeys(_)) => return refused(world, "needs keys"),
        Ok(other) => panic!("{other:?}"),
        Err(refusal) => return refused(world, refusal.id()),
    };
    let outcome = world.store.transaction(|store| unspent.spend(store));
    match outcome {
        Ok(client) => {
            assert!(client.secret().is_none());
            Ok(client.client().id.to_string())
        }
        Err(Fault::Refused(refusal)) => refused(world, refusal.id()),
        Err(Fault::Failed(error)) => panic!("{error:?}"),
    }
}

/// A deviation of a good assertion and what it is told.
#[track_caller]
fn check_claims(others: &Value, expected: Result<(), Id>) {
    let outcome = check(&mut world(), &signed(others)).map(|_| ());
    assert_eq!(outcome, expected, "{others}");
}

#[test]
fn accepts_an_assertion_of_the_clients_key() {
    assert_eq!(
        check(&mut world(), &signed(&json!({}))),
        Ok("web".to_owned())
    );
}

#[test]
fn accepts_each_algorithm_and_type() {
    for algorithm in Algorithm::ALL {
        let key = new_key(algorithm);
        let mut world = world();
        world.change_client("web", |client| {
            client.metadata.jwks = Some(set_of(&[&KEY, &key]));
        });
        for (number, typ) in [None, Some("JWT"), Some("client-authentication+jwt")]
            .into_iter()
            .enumerate()
        {
            let claims = claims(&json!({ "jti": number.to_string() }));
            let assertion = jwt::sign(&key, typ, &claims).unwrap();
            let outcome = check(&mut world, &assertion);
            assert_eq!(outcome, Ok("web".to_owned()), "{algorithm} {typ:?}");
        }
    }
}

#[test]
fn accepts_the_same_client_id_in_the_body_once_more_and_no_other() {
    let assertion = signed(&json!({}));
    let with = |client_id| {
        let params = [
            ("client_id", client_id),
            ("client_assertion_type", TYPE),
            ("client_assertion", &assertion),
        ];
        check_params(&mut world(), None, &params)
    };
    assert_eq!(with("web"), Ok("web".to_owned()));
    assert_eq!(with("other"), Err("E1103"));
}

/// RFC 6749 §2.3.
#[test]
fn refuses_another_way_beside_it() {
    let assertion = signed(&json!({}));
    let params = [
        ("client_assertion_type", TYPE),
        ("client_assertion", &*assertion),
        ("client_secret", "web-secret"),
    ];
    let header = basic("web", "web-secret");
    let refused = |header: Option<&str>, params: &[(&str, &str)]| {
        assert_eq!(check_params(&mut world(), header, params), Err("E1103"));
    };
    refused(None, &params);
    refused(Some(&header), &params[..2]);
    refused(Some(&header), &params[..1]);
}

#[test]
fn refuses_half_of_the_parameters_and_other_types() {
    let assertion = signed(&json!({}));
    let saml = "urn:ietf:params:oauth:client-assertion-type:saml2-bearer";
    for params in [
        &[("client_assertion", &*assertion)][..],
        &[("client_assertion_type", TYPE)],
        &[("client_assertion_type", TYPE), ("client_id", "web")],
        &[
            ("client_assertion_type", saml),
            ("client_assertion", &*assertion),
        ],
    ] {
        assert_eq!(check_params(&mut world(), None, params), Err("E1108"));
    }
}

#[test]
fn refuses_a_stranger_whatever_it_claims() {
    let stranger = new_key(Algorithm::Es256);
    let forged = jwt::sign(&stranger, None, &claims(&json!({ "exp": 1 }))).unwrap();
    let nobody = signed(&json!({ "iss": "nobody", "sub": "nobody" }));
    // A client without keys.
    let keyless = signed(&json!({ "iss": "service", "sub": "service" }));
    let good = signed(&json!({}));
    let (unsigned, signature) = good.rsplit_once('.').unwrap();
    let cut = format!("{unsigned}.");
    let other = signed(&json!({ "jti": "j-2" }));
    let mixed = format!("{}.{signature}", other.rsplit_once('.').unwrap().0);
    let long = "a".repeat(20_000);
    for assertion in [
        &forged,
        &nobody,
        &keyless,
        &cut,
        &mixed,
        unsigned,
        "a",
        "a.b.c",
        "..",
        &long,
        // {"alg":"none"} and {"alg":"HS256"}, both for {"iss":"web"}.
        "eyJhbGciOiJub25lIn0.eyJpc3MiOiJ3ZWIifQ.",
        "eyJhbGciOiJIUzI1NiJ9.eyJpc3MiOiJ3ZWIifQ.AAAA",
    ] {
        assert_eq!(check(&mut world(), assertion), Err("E1109"), "{assertion}");
    }
}

#[test]
fn refuses_a_token_of_another_kind() {
    for typ in ["at+jwt", "dpop+jwt", "logout+jwt"] {
        let assertion = jwt::sign(&KEY, Some(typ), &claims(&json!({}))).unwrap();
        assert_eq!(check(&mut world(), &assertion), Err("E1109"), "{typ}");
    }
}

#[test]
fn the_registered_algorithm_is_the_only_one() {
    let mut world = world();
    world.change_client("web", |client| {
        client.metadata.token_endpoint_auth_signing_alg =
            Some(AssertionAlgorithm::Signature(Algorithm::Es384));
    });
    assert_eq!(check(&mut world, &signed(&json!({}))), Err("E1109"));
    world.change_client("web", |client| {
        client.metadata.token_endpoint_auth_signing_alg =
            Some(AssertionAlgorithm::Signature(Algorithm::Es256));
    });
    assert!(check(&mut world, &signed(&json!({}))).is_ok());
}

#[test]
fn an_assertion_is_good_for_its_time() {
    check_claims(&json!({ "exp": NOW - 9 }), Ok(()));
    check_claims(&json!({ "exp": NOW - 10 }), Err("E1110"));
    check_claims(&json!({ "exp": 0 }), Err("E1110"));
    check_claims(&json!({ "exp": i64::MIN }), Err("E1110"));
    check_claims(&json!({ "exp": NOW + 600 }), Ok(()));
    check_claims(&json!({ "exp": NOW + 601 }), Err("E1111"));
    check_claims(&json!({ "exp": i64::MAX }), Err("E1111"));
    check_claims(&json!({ "iat": NOW + 60, "nbf": NOW + 60 }), Ok(()));
    check_claims(&json!({ "iat": NOW + 61 }), Err("E1110"));
    check_claims(&json!({ "nbf": NOW + 61 }), Err("E1110"));
    check_claims(&json!({ "iat": null }), Ok(()));
}

#[test]
fn refuses_claims_that_are_missing_or_of_somebody_else() {
    for others in [
        json!({ "sub": null }),
        json!({ "sub": "other" }),
        json!({ "sub": "" }),
        json!({ "jti": null }),
        json!({ "jti": "" }),
        json!({ "jti": 7 }),
        json!({ "jti": "x".repeat(257) }),
        json!({ "exp": null }),
        json!({ "exp": "soon" }),
        json!({ "aud": null }),
        json!({ "aud": 7 }),
        json!({ "nbf": "now" }),
    ] {
        check_claims(&others, Err("E1113"));
    }
    check_claims(&json!({ "iss": null }), Err("E1109"));
    check_claims(&json!({ "jti": "x".repeat(256) }), Ok(()));
}

/// RFC 10070.
#[test]
fn the_issuer_is_the_only_audience() {
    check_claims(&json!({ "aud": [ISSUER] }), Ok(()));
    for audience in [
        json!(ENDPOINT),
        json!([ENDPOINT]),
        json!([ISSUER, ENDPOINT]),
        json!([ISSUER, ISSUER]),
        json!([]),
        json!(""),
        json!("https://id.example/"),
        json!("https://ID.example"),
        json!("https://other.example"),
    ] {
        check_claims(&json!({ "aud": audience }), Err("E1112"));
    }
}

#[test]
fn an_old_client_that_is_let_may_name_the_token_endpoint() {
    let check = |audience: Value| {
        let mut world = world();
        world.change_client("web", |client| {
            client.metadata.legacy_assertion_audience = Some(true);
        });
        check(&mut world, &signed(&json!({ "aud": audience })))
    };
    for audience in [
        json!(ISSUER),
        json!(ENDPOINT),
        json!([ENDPOINT, "https://other.example"]),
    ] {
        assert!(check(audience).is_ok());
    }
    for audience in [
        json!([]),
        json!("https://other.example/token"),
        json!("https://id.example/token/"),
        json!("https://id.example/revoke"),
    ] {
        assert_eq!(check(audience), Err("E1112"));
    }
}

#[test]
fn an_assertion_is_used_once() {
    let mut world = world();
    let assertion = signed(&json!({}));
    assert!(check(&mut world, &assertion).is_ok());
    assert_eq!(check(&mut world, &assertion), Err("E1114"));
    // The same jti in another assertion is no other.
    let again = signed(&json!({ "exp": NOW + 61 }));
    assert_eq!(check(&mut world, &again), Err("E1114"));
    assert!(check(&mut world, &signed(&json!({ "jti": "j-2" }))).is_ok());
}

#[test]
fn each_client_has_jtis_of_its_own() {
    let mut world = world();
    world.change_client("other", |client| {
        client.authentication_method = AuthenticationMethod::PrivateKeyJwt;
        client.metadata.jwks = Some(set_of(&[&KEY]));
    });
    assert!(check(&mut world, &signed(&json!({}))).is_ok());
    let other = signed(&json!({ "iss": "other", "sub": "other" }));
    assert_eq!(check(&mut world, &other), Ok("other".to_owned()));
}

#[test]
fn refuses_a_disabled_client_and_spends_nothing() {
    let mut world = world();
    let assertion = signed(&json!({}));
    world.change_client("web", |client| client.disabled = true);
    assert_eq!(check(&mut world, &assertion), Err("E1106"));
    world.change_client("web", |client| client.disabled = false);
    assert!(check(&mut world, &assertion).is_ok());
}

#[test]
fn keys_alone_are_not_the_registered_way() {
    let mut world = world();
    world.change_client("web", |client| {
        client.authentication_method = AuthenticationMethod::ClientSecretBasic;
    });
    assert_eq!(check(&mut world, &signed(&json!({}))), Err("E1104"));
}

#[test]
fn a_client_that_signs_cannot_merely_name_itself() {
    let mut world = world();
    assert_eq!(
        check_params(&mut world, None, &[("client_id", "web")]),
        Err("E1102")
    );
    let header = basic("web", "web-secret");
    assert_eq!(check_params(&mut world, Some(&header), &[]), Err("E1101"));
}

#[test]
fn published_keys_are_asked_for_when_they_may_hold_the_one() {
    let mut world = world();
    world.change_client("web", |client| {
        client.metadata.jwks = None;
        client.metadata.jwks_uri = Some("https://web.example/jwks".to_owned());
    });
    let ours = Some(Arc::new(set_of(&[&KEY])));
    let others = Some(Arc::new(set_of(&[&new_key(Algorithm::Es256)])));
    for (keys, may_ask_again, expected) in [
        (None, true, Err("needs keys")),
        (None, false, Err("E1115")),
        (others.clone(), true, Err("needs keys")),
        (others, false, Err("E1109")),
        (ours, true, Ok("web".to_owned())),
    ] {
        world.ground.clients.1 = PublishedKeys {
            keys,
            may_ask_again,
        };
        assert_eq!(check(&mut world, &signed(&json!({}))), expected);
    }
    // Whoever is not registered makes this server ask nobody.
    let nobody = signed(&json!({ "iss": "nobody" }));
    assert_eq!(check(&mut world, &nobody), Err("E1109"));
}

/// A secret as long as every algorithm needs.
const SECRET: &str = "iss_a-secret-of-more-than-sixty-four-characters-that-a-client-signs-with";

/// A server at which the client `web` signs with its secret.
fn world_of_a_secret() -> World {
    let mut world = World::new();
    let sealed = sealed(&world, "web", SECRET);
    world.change_client("web", |client| {
        client.authentication_method = AuthenticationMethod::ClientSecretJwt;
        client.secrets[0].stored = sealed;
    });
    world
}

fn sealed(world: &World, client_id: &str, secret: &str) -> StoredSecret {
    let keys = &world.ground.token_keys;
    let secret = Secret::new(secret.to_owned());
    StoredSecret::Sealed {
        digest: keys.client_secret_digest(secret.expose()),
        sealed: keys.seal_client_secret(client_id, &secret, &world.ground.random),
    }
}

fn with_secret(algorithm: jsonwebtoken::Algorithm, secret: &str, others: &Value) -> String {
    let header = jsonwebtoken::Header::new(algorithm);
    let key = jsonwebtoken::EncodingKey::from_secret(secret.as_bytes());
    jsonwebtoken::encode(&header, &claims(others), &key).unwrap()
}

/// As [`check`], for a client that has a secret.
fn check_secret(world: &mut World, assertion: &str) -> Result<String, Id> {
    let params = [
        ("client_assertion_type", TYPE),
        ("client_assertion", assertion),
    ];
    let params: Params<'_> = params.iter().copied().collect();
    let identified = identify(&world.ground.context(), None, &params).map_err(|it| it.id())?;
    let Identified::NeedsSpending(unspent) = identified else {
        panic!("{identified:?}");
    };
    match world.store.transaction(|store| unspent.spend(store)) {
        Ok(client) => Ok(client.secret().unwrap().id.clone()),
        Err(Fault::Refused(refusal)) => Err(refusal.id()),
        Err(Fault::Failed(error)) => panic!("{error:?}"),
    }
}

#[test]
fn accepts_an_assertion_signed_with_the_secret_once() {
    use jsonwebtoken::Algorithm::{HS256, HS384, HS512};
    for algorithm in [HS256, HS384, HS512] {
        let mut world = world_of_a_secret();
        let assertion = with_secret(algorithm, SECRET, &json!({}));
        let outcome = check_secret(&mut world, &assertion);
        assert_eq!(outcome, Ok("generated".to_owned()));
        assert_eq!(check_secret(&mut world, &assertion), Err("E1114"));
    }
}

#[test]
fn an_assertion_signed_with_the_secret_is_checked_like_any_other() {
    use jsonwebtoken::Algorithm::HS256;
    for (others, id) in [
        (json!({ "exp": NOW - 10 }), "E1110"),
        (json!({ "exp": NOW + 601 }), "E1111"),
        (json!({ "aud": ENDPOINT }), "E1112"),
        (json!({ "sub": "other" }), "E1113"),
        (json!({ "jti": null }), "E1113"),
        // Nobody has that secret.
        (json!({ "iss": "other", "sub": "other" }), "E1109"),
    ] {
        let assertion = with_secret(HS256, SECRET, &others);
        let outcome = check_secret(&mut world_of_a_secret(), &assertion);
        assert_eq!(outcome, Err(id), "{others}");
    }
    let forged = with_secret(HS256, &SECRET.to_uppercase(), &json!({}));
    assert_eq!(
        check_secret(&mut world_of_a_secret(), &forged),
        Err("E1109")
    );
}

/// The public half of a key must never do as a secret, nor a secret where a key is registered.
#[test]
fn keys_and_secrets_are_never_taken_for_each_other() {
    use jsonwebtoken::Algorithm::HS256;
    let public = json!(KEY.public_jwk()).to_string();
    let mut signs_with_key = world();
    let sealed = sealed(&signs_with_key, "web", SECRET);
    signs_with_key.change_client("web", |client| {
        client.secrets = vec![ClientSecret {
            id: "left".to_owned(),
            stored: sealed,
            created_at: NOW,
            expires_at: None,
            last_used_at: None,
        }];
    });
    for secret in [SECRET, &public] {
        let assertion = with_secret(HS256, secret, &json!({}));
        assert_eq!(check(&mut signs_with_key, &assertion), Err("E1109"));
    }
    let mut signs_with_secret = world_of_a_secret();
    signs_with_secret.change_client("web", |client| {
        client.metadata.jwks = Some(set_of(&[&KEY]));
    });
    let assertion = signed(&json!({}));
    assert_eq!(
        check_secret(&mut signs_with_secret, &assertion),
        Err("E1109")
    );
}

#[test]
fn the_secret_has_to_be_live_its_own_and_kept() {
    use jsonwebtoken::Algorithm::HS256;
    let assertion = with_secret(HS256, SECRET, &json!({}));
    let mut world = world_of_a_secret();
    world.change_client("web", |client| client.secrets[0].expires_at = Some(NOW));
    assert_eq!(check_secret(&mut world, &assertion), Err("E1109"));
    // Sealed for another client, or a digest alone.
    let mut world = world_of_a_secret();
    let moved = sealed(&world, "other", SECRET);
    world.change_client("web", |client| client.secrets[0].stored = moved);
    assert_eq!(check_secret(&mut world, &assertion), Err("E1109"));
    let digest = world.ground.token_keys.client_secret_digest(SECRET);
    world.change_client("web", |client| {
        client.secrets[0].stored = StoredSecret::Generated(digest);
    });
    assert_eq!(check_secret(&mut world, &assertion), Err("E1109"));
}

#[test]
fn a_client_that_signs_with_its_secret_does_not_send_it() {
    let mut world = world_of_a_secret();
    let header = basic("web", SECRET);
    assert_eq!(check_params(&mut world, Some(&header), &[]), Err("E1104"));
}

#[test]
fn the_agreed_algorithm_of_secrets_is_the_only_one() {
    use jsonwebtoken::Algorithm::{HS256, HS512};
    let mut world = world_of_a_secret();
    world.change_client("web", |client| {
        let agreed = AssertionAlgorithm::Mac(MacAlgorithm::Hs512);
        client.metadata.token_endpoint_auth_signing_alg = Some(agreed);
    });
    let assertion = with_secret(HS256, SECRET, &json!({}));
    assert_eq!(check_secret(&mut world, &assertion), Err("E1109"));
    let assertion = with_secret(HS512, SECRET, &json!({}));
    assert!(check_secret(&mut world, &assertion).is_ok());
}
