//! Request objects: who may make them, what they may say, and what counts beside them (RFC 9101, OpenID Connect Core §6).

use std::sync::{Arc, LazyLock};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use issuant::crypto::algorithm::Algorithm;
use issuant::crypto::jwk_set::JwkSet;
use issuant::crypto::jwt;
use issuant::crypto::secret::Secret;
use issuant::crypto::signing_key::SigningKey;
use issuant::protocol::authorize::request::AuthorizationRequest;
use issuant::protocol::authorize::request_object::{Document, Resolved, is_needed, resolve};
use issuant::protocol::authorize::response::ResponseMode;
use issuant::protocol::client::{AuthenticationMethod, StoredSecret};
use issuant::protocol::client_metadata::{ClientMetadata, RequestObjectAlgorithm};
use issuant::protocol::context::PublishedKeys;
use issuant::protocol::params::Params;
use serde_json::{Value, json};

use super::{AUTHORIZE, Id, Said, World, accepted, said};
use crate::support::cast::{ISSUER, NOW, deviate, new_key};

/// The key of the client `web`.
static KEY: LazyLock<Arc<SigningKey>> = LazyLock::new(|| new_key(Algorithm::Es256));

/// The key of somebody else.
static OTHER_KEY: LazyLock<Arc<SigningKey>> = LazyLock::new(|| new_key(Algorithm::Es256));

const TYPE: &str = "oauth-authz-req+jwt";
const SECRET: &str = "a secret of the client of 64 bytes, which is long enough for HS5";
const URI: &str = "https://web.example/request.jwt";

fn set_of(key: &SigningKey) -> JwkSet {
    let keys = json!({ "keys": [key.public_jwk()] });
    JwkSet::parse(keys.to_string().as_bytes()).unwrap()
}

/// A server at which the client `web` has a key.
fn world() -> World {
    registered(&json!({}))
}

/// The same, with further metadata.
fn registered(metadata: &Value) -> World {
    let mut world = World::new();
    world.change_client("web", |client| {
        client.metadata = ClientMetadata {
            jwks: Some(set_of(&KEY)),
            ..serde_json::from_value(metadata.clone()).unwrap()
        };
    });
    world
}

/// An authorization request with deviations; an empty value counts as absent.
fn ask(
    world: &World,
    deviations: &[(&str, &str)],
    document: &Document,
) -> Result<AuthorizationRequest, Said> {
    let params: Params<'_> = deviate(&AUTHORIZE, deviations).into_iter().collect();
    let context = world.ground.context();
    match resolve(&context, &params, document).map_err(said)? {
        Resolved::Parameters(params) => accepted(world, &params),
        Resolved::NeedsDocument(address) => panic!("needs {address}"),
        Resolved::NeedsKeys(address) => panic!("needs the keys at {address}"),
    }
}

fn with_object(world: &World, object: &str) -> Result<AuthorizationRequest, Said> {
    ask(world, &[("request", object)], &Document::Unread)
}

fn signed(claims: &Value) -> String {
    jwt::sign(&KEY, Some(TYPE), claims).unwrap()
}

fn unsigned(claims: &Value) -> String {
    let encode = |text: &str| URL_SAFE_NO_PAD.encode(text);
    let (header, claims) = (encode(r#"{"alg":"none"}"#), encode(&claims.to_string()));
    format!("{header}.{claims}.")
}

/// At the address that stands beside the object.
fn told(id: Id) -> Said {
    Said::Redirect {
        id,
        to: "https://web.example/cb".to_owned(),
        state: Some("s t".to_owned()),
    }
}

#[track_caller]
fn refused(world: &World, object: &str, id: Id) {
    assert_eq!(with_object(world, object).unwrap_err(), told(id));
}

#[test]
fn what_stands_in_the_object_wins() {
    let object = signed(&json!({
        "iss": "web", "aud": ISSUER, "exp": NOW + 60, "nbf": NOW, "iat": NOW, "jti": "j", "sub": "web",
        "client_id": "web", "response_type": "code", "state": "inner", "scope": "openid write",
        "nonce": "n", "max_age": 7, "prompt": "login", "response_mode": "form_post", "login_hint": "",
        "claims": {"id_token": {"email": null}},
    }));
    let outside = [("request", &*object), ("login_hint", "ada"), ("nonce", "m")];
    let request = ask(&world(), &outside, &Document::Unread).unwrap();
    assert_eq!(request.state.as_deref(), Some("inner"));
    assert_eq!(request.scope.to_string(), "openid write");
    assert_eq!(request.nonce.as_deref(), Some("n"));
    assert_eq!(request.max_age, Some(7));
    assert!(request.prompt.login);
    assert_eq!(request.response_mode, ResponseMode::FormPost);
    assert_eq!(request.claims.id_token, ["email"]);
    // What it lacks stands beside it.
    assert_eq!(request.redirect_uri, "https://web.example/cb");
    assert!(request.code_challenge.is_some());
    assert_eq!(request.login_hint.as_deref(), Some("ada"));
}

#[test]
fn the_address_may_stand_in_the_object_alone() {
    let world = world();
    for uri in ["https://web.example/cb", "https://evil.example/cb"] {
        let object = signed(&json!({ "redirect_uri": uri }));
        let outside = [("request", &*object), ("redirect_uri", "")];
        let outcome = ask(&world, &outside, &Document::Unread);
        if uri.contains("evil") {
            assert_eq!(outcome.unwrap_err(), Said::Page("E1204"));
        } else {
            assert_eq!(outcome.unwrap().redirect_uri, uri);
        }
    }
}

/// RFC 9101 §6.3; OpenID Connect Core §6.1 differs, for its own requests.
#[test]
fn beside_an_object_of_oauth_nothing_counts() {
    let world = world();
    let inside = json!({
        "client_id": "web", "response_type": "code", "redirect_uri": "https://web.example/cb",
        "scope": "read", "code_challenge": crate::support::cast::CHALLENGE, "code_challenge_method": "S256",
    });
    let check = |inside: &Value| {
        let object = signed(inside);
        let outside = [
            ("request", &*object),
            ("scope", "read write"),
            ("nonce", "n"),
        ];
        ask(&world, &outside, &Document::Unread)
    };
    let request = check(&inside).unwrap();
    assert_eq!(request.scope.to_string(), "read");
    assert_eq!((request.state, request.nonce), (None, None));
    for (missing, said) in [
        ("client_id", told("E1245")),
        ("response_type", told("E1223")),
        ("code_challenge", told("E1208")),
    ] {
        let mut inside = inside.clone();
        inside.as_object_mut().unwrap().remove(missing);
        let refused = match (check(&inside).unwrap_err(), said) {
            // Once the object was read, its own state counts.
            (Said::Redirect { id, .. }, Said::Redirect { id: expected, .. }) => id == expected,
            (one, other) => one == other,
        };
        assert!(refused, "{missing}");
    }
}

#[test]
fn accepts_each_algorithm_and_type() {
    for algorithm in Algorithm::ALL {
        let key = new_key(algorithm);
        for registered_alg in [None, Some(algorithm.as_str())] {
            let mut world = registered(&json!({ "request_object_signing_alg": registered_alg }));
            world.change_client("web", |client| client.metadata.jwks = Some(set_of(&key)));
            for typ in [None, Some("JWT"), Some(TYPE)] {
                let object = jwt::sign(&key, typ, &json!({ "nonce": "n" })).unwrap();
                let request = with_object(&world, &object).unwrap();
                assert_eq!(request.nonce.as_deref(), Some("n"), "{algorithm:?} {typ:?}");
            }
        }
    }
}

#[test]
fn the_algorithm_is_the_registered_one() {
    let rsa = new_key(Algorithm::Rs256);
    let mut world = registered(&json!({ "request_object_signing_alg": "PS256" }));
    world.change_client("web", |client| {
        let mut jwk = serde_json::to_value(rsa.public_jwk()).unwrap();
        jwk.as_object_mut().unwrap().remove("alg");
        let set = json!({ "keys": [jwk] }).to_string();
        client.metadata.jwks = Some(JwkSet::parse(set.as_bytes()).unwrap());
    });
    let object = jwt::sign(&rsa, None, &json!({})).unwrap();
    refused(&world, &object, "E1241");
    world.change_client("web", |client| {
        client.metadata.request_object_signing_alg = None;
    });
    assert!(with_object(&world, &object).is_ok());
}

#[test]
fn only_the_clients_own_key_signs() {
    let others = jwt::sign(&OTHER_KEY, None, &json!({})).unwrap();
    refused(&world(), &others, "E1241");
    // The key of this server, or of another client.
    let own = World::new();
    refused(&own, &signed(&json!({})), "E1241");
    let mut world = world();
    world.change_client("other", |client| {
        client.metadata.jwks = Some(set_of(&OTHER_KEY));
    });
    refused(&world, &others, "E1241");
    let (start, _) = others.rsplit_once('.').unwrap();
    let good = signed(&json!({}));
    let (_, signature) = good.rsplit_once('.').unwrap();
    refused(&world, &format!("{start}.{signature}"), "E1241");
    // A published key is confused with a secret.
    let header = jsonwebtoken::Header::new(jsonwebtoken::Algorithm::HS256);
    let key = jsonwebtoken::EncodingKey::from_secret(
        serde_json::to_string(&KEY.public_jwk()).unwrap().as_bytes(),
    );
    let confused = jsonwebtoken::encode(&header, &json!({}), &key).unwrap();
    refused(&world, &confused, "E1241");
}

#[test]
fn a_client_that_registered_so_signs_with_its_secret() {
    let mut world = registered(&json!({ "request_object_signing_alg": "HS256" }));
    let keys = &world.ground.token_keys;
    let secret = Secret::new(SECRET.to_owned());
    let stored = StoredSecret::Sealed {
        digest: keys.client_secret_digest(SECRET),
        sealed: keys.seal_client_secret("web", &secret, &world.ground.random),
    };
    world.change_client("web", |client| {
        client.authentication_method = AuthenticationMethod::ClientSecretJwt;
        client.secrets[0].stored = stored;
    });
    let with = |algorithm, secret: &str| {
        let header = jsonwebtoken::Header::new(algorithm);
        let key = jsonwebtoken::EncodingKey::from_secret(secret.as_bytes());
        jsonwebtoken::encode(&header, &json!({ "nonce": "n" }), &key).unwrap()
    };
    let good = with(jsonwebtoken::Algorithm::HS256, SECRET);
    assert!(with_object(&world, &good).is_ok());
    let other = with(jsonwebtoken::Algorithm::HS256, &SECRET.to_uppercase());
    refused(&world, &other, "E1241");
    refused(
        &world,
        &with(jsonwebtoken::Algorithm::HS512, SECRET),
        "E1241",
    );
    refused(&world, &signed(&json!({})), "E1241");
    refused(&world, &unsigned(&json!({})), "E1242");
    // OpenID Connect Registration §2: without a registered one, any.
    world.change_client("web", |client| {
        client.metadata.request_object_signing_alg = None;
    });
    assert!(with_object(&world, &good).is_ok());
    refused(&world, &other, "E1241");
    // Only that method has a secret that can be had again.
    let stored = StoredSecret::Generated(world.ground.token_keys.client_secret_digest(SECRET));
    world.change_client("web", |client| {
        client.authentication_method = AuthenticationMethod::ClientSecretBasic;
        client.secrets[0].stored = stored;
    });
    refused(&world, &good, "E1241");
}

/// RFC 9101 §10.5.
#[test]
fn of_a_client_that_always_signs_nothing_else_counts() {
    let world = registered(&json!({ "require_signed_request_object": true }));
    let params: Params<'_> = AUTHORIZE.into_iter().collect();
    assert!(is_needed(&world.ground.context(), &params));
    assert!(!is_needed(&self::world().ground.context(), &params));
    let outcome = ask(&world, &[], &Document::Unread);
    assert_eq!(outcome.unwrap_err(), told("E1251"));
    refused(&world, &unsigned(&json!({})), "E1242");
    // Also beside a request of OpenID Connect.
    let mut inside: serde_json::Map<String, Value> = AUTHORIZE
        .into_iter()
        .map(|(name, value)| (name.to_owned(), json!(value)))
        .collect();
    inside.remove("nonce");
    inside.remove("state");
    let object = signed(&Value::from(inside));
    let outside = [("request", &*object), ("nonce", "n")];
    let request = ask(&world, &outside, &Document::Unread).unwrap();
    assert_eq!((request.nonce, request.state), (None, None));
}

#[test]
fn only_a_client_that_registered_so_leaves_the_signature_out() {
    let object = unsigned(&json!({ "nonce": "n" }));
    refused(&world(), &object, "E1242");
    let pinned = registered(&json!({ "request_object_signing_alg": "ES256" }));
    refused(&pinned, &object, "E1242");
    let none = registered(&json!({ "request_object_signing_alg": "none" }));
    assert!(with_object(&none, &object).is_ok());
    refused(&none, &signed(&json!({})), "E1241");
    refused(&none, &format!("{object}AAAA"), "E1240");
    assert!(matches!(
        none.client("web").metadata.request_object_signing_alg,
        Some(RequestObjectAlgorithm::Unsecured(_))
    ));
}

/// RFC 9101 §4, §6.2, RFC 7519 §4.1.
#[test]
fn claims_about_the_object_may_be_missing_but_not_wrong() {
    for (claims, id) in [
        (json!({ "iss": "other" }), "E1244"),
        (json!({ "iss": ISSUER }), "E1244"),
        (json!({ "aud": "https://other.example" }), "E1244"),
        (json!({ "aud": ["https://other.example"] }), "E1244"),
        (json!({ "aud": [] }), "E1244"),
        (json!({ "aud": format!("{ISSUER}/token") }), "E1244"),
        (json!({ "exp": NOW - 10 }), "E1243"),
        (json!({ "nbf": NOW + 61 }), "E1243"),
        (json!({ "exp": "soon" }), "E1240"),
        (json!({ "aud": 1 }), "E1240"),
    ] {
        refused(&world(), &signed(&claims), id);
    }
    for claims in [
        json!({}),
        json!({ "aud": ["https://other.example", ISSUER] }),
        json!({ "exp": NOW - 9 }),
        json!({ "nbf": NOW + 60 }),
    ] {
        assert!(with_object(&world(), &signed(&claims)).is_ok(), "{claims}");
    }
}

/// RFC 9101 §10.8.
#[test]
fn an_assertion_is_no_request_object() {
    let claims = json!({ "iss": "web", "sub": "web", "aud": ISSUER, "jti": "j", "exp": NOW + 60 });
    let untyped = jwt::sign(&KEY, None, &claims).unwrap();
    refused(&world(), &untyped, "E1244");
    assert!(with_object(&world(), &signed(&claims)).is_ok());
}

/// OpenID Connect Core §6.1.
#[test]
fn what_must_be_equal_is() {
    for (claims, id) in [
        (json!({ "client_id": "other" }), "E1245"),
        (json!({ "response_type": "code id_token" }), "E1245"),
        (json!({ "response_type": "token" }), "E1245"),
    ] {
        refused(&world(), &signed(&claims), id);
    }
    // OAuth 2.0 Multiple Response Types §3: the order means nothing.
    let object = signed(&json!({ "response_type": "id_token code" }));
    let outside = [("request", &*object), ("response_type", "code id_token")];
    let outcome = ask(&world(), &outside, &Document::Unread);
    assert!(!matches!(outcome, Err(Said::Redirect { id: "E1245", .. })));
}

#[test]
fn an_object_holds_no_other_and_comes_in_one_way() {
    let world = world();
    let inner = signed(&json!({}));
    refused(&world, &signed(&json!({ "request": inner })), "E1246");
    refused(&world, &signed(&json!({ "request_uri": URI })), "E1246");
    let both = [("request", &*inner), ("request_uri", URI)];
    let outcome = ask(&world, &both, &Document::Unread);
    assert_eq!(outcome.unwrap_err(), told("E1247"));
}

#[test]
fn refuses_what_is_malformed() {
    let world = world();
    let deep = (0..200).fold(json!(1), |inner, _| json!([inner]));
    let many: serde_json::Map<String, Value> =
        (0..101).map(|it| (format!("p{it}"), json!("1"))).collect();
    for object in [
        "eyJ".to_owned(),
        "a.b.c".to_owned(),
        // Encrypted (RFC 7516 §3.1).
        "eyJhbGciOiJSU0EtT0FFUCJ9.a.b.c.d".to_owned(),
        signed(&json!({ "claims": deep })),
        signed(&json!({ "state": null })),
        signed(&json!({ "state": "a\0b" })),
        signed(&json!({ "a\0b": "" })),
        signed(&json!({ "state": "s".repeat(16 * 1024) })),
        signed(&Value::Object(many)),
        jwt::sign(&KEY, Some("at+jwt"), &json!({})).unwrap(),
        jwt::sign(&KEY, Some("client-authentication+jwt"), &json!({})).unwrap(),
    ] {
        refused(&world, &object, "E1240");
    }
    // Checked as the same parameter would be beside the object.
    for (claims, id) in [
        (json!({ "max_age": "soon" }), "E1212"),
        (json!({ "max_age": -1 }), "E1212"),
        (json!({ "claims": "email" }), "E1224"),
        (json!({ "prompt": ["login"] }), "E1211"),
        (json!({ "nonce": "n".repeat(513) }), "E1220"),
    ] {
        refused(&world, &signed(&claims), id);
    }
}

#[test]
fn who_cannot_be_trusted_with_the_answer_reads_it_on_a_page() {
    let world = world();
    for outside in [
        [("redirect_uri", "")],
        [("redirect_uri", "https://evil.example/cb")],
        [("state", "s t")],
    ] {
        let object = [("request", "eyJ"), outside[0]];
        let said = ask(&world, &object, &Document::Unread).unwrap_err();
        let expected = if outside[0].0 == "state" {
            told("E1240")
        } else {
            Said::Page("E1240")
        };
        assert_eq!(said, expected);
    }
    let object = [("request", "eyJ"), ("client_id", "nobody")];
    let said = ask(&world, &object, &Document::Unread).unwrap_err();
    assert_eq!(said, Said::Page("E1201"));
}

#[test]
fn only_a_registered_address_is_asked_for() {
    let world = registered(&json!({ "request_uris": [format!("{URI}#hash")] }));
    let needs = |uri: &str| {
        let outside = [("request_uri", uri)];
        let params: Params<'_> = deviate(&AUTHORIZE, &outside).into_iter().collect();
        resolve(&world.ground.context(), &params, &Document::Unread)
    };
    for uri in [URI.to_owned(), format!("{URI}#hash"), format!("{URI}#new")] {
        let Ok(Resolved::NeedsDocument(address)) = needs(&uri) else {
            panic!("{uri}")
        };
        assert_eq!(address, uri);
    }
    for uri in [
        "https://web.example/other.jwt",
        "https://web.example/request.jwt?x=1",
        "http://web.example/request.jwt",
        "https://web.example:8443/request.jwt",
        "https://169.254.169.254/latest/meta-data",
        "urn:ietf:params:oauth:request_uri:x",
        "file:///etc/passwd",
    ] {
        assert_eq!(said(needs(uri).unwrap_err()), told("E1248"), "{uri}");
    }
}

#[test]
fn the_document_at_the_address_is_an_object_like_any_other() {
    let world = registered(&json!({ "request_uris": [URI] }));
    let check = |document: &Document| ask(&world, &[("request_uri", URI)], document);
    let read = |text: &str| Document::Read(text.as_bytes().into());
    let object = signed(&json!({ "nonce": "n" }));
    let request = check(&read(&format!("{object}\n"))).unwrap();
    assert_eq!(request.nonce.as_deref(), Some("n"));
    assert_eq!(check(&Document::Away).unwrap_err(), told("E1249"));
    for document in ["", "<html>", "\u{e9}"] {
        assert_eq!(check(&read(document)).unwrap_err(), told("E1240"));
    }
    let invalid = Document::Read([0xff, 0xfe].as_slice().into());
    assert_eq!(check(&invalid).unwrap_err(), told("E1240"));
    let others = jwt::sign(&OTHER_KEY, None, &json!({})).unwrap();
    assert_eq!(check(&read(&others)).unwrap_err(), told("E1241"));
}

#[test]
fn published_keys_verify_objects_too() {
    let mut world = world();
    world.change_client("web", |client| {
        client.metadata.jwks = None;
        client.metadata.jwks_uri = Some("https://web.example/jwks".to_owned());
    });
    let object = signed(&json!({ "nonce": "n" }));
    let params: Params<'_> = deviate(&AUTHORIZE, &[("request", &object)])
        .into_iter()
        .collect();
    for (keys, may_ask_again) in [(None, true), (Some(Arc::new(set_of(&OTHER_KEY))), true)] {
        world.ground.clients.1 = PublishedKeys {
            keys,
            may_ask_again,
        };
        let resolved = resolve(&world.ground.context(), &params, &Document::Unread);
        assert!(matches!(resolved, Ok(Resolved::NeedsKeys(_))));
    }
    world.ground.clients.1.may_ask_again = false;
    refused(&world, &object, "E1241");
    world.ground.clients.1.keys = None;
    refused(&world, &object, "E1115");
    world.ground.clients.1.keys = Some(Arc::new(set_of(&KEY)));
    assert!(with_object(&world, &object).is_ok());
}
