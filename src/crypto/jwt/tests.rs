use std::sync::Arc;

use serde_json::{Value, json};

use super::*;
use crate::crypto::{
    algorithm::Algorithm, jwk::PublicJwk, key_file, key_set::KeyState, signing_key::RsaBits,
};

const NOW: i64 = 1_800_000_000;
const ISSUER: &str = "https://issuer.example";

const EXPECTED: Expected<'static> = Expected {
    issuer: ISSUER,
    typ: Some(&["at+jwt"]),
    now: NOW,
    leeway: 0,
    accept_expired: false,
};

struct Keys {
    set: KeySet,
    key: Arc<SigningKey>,
}

fn keys(algorithm: Algorithm) -> Keys {
    let key = Arc::new(SigningKey::generate(algorithm, RsaBits::B2048).unwrap().0);
    let set = KeySet::new(vec![(Arc::clone(&key), KeyState::Active)]).unwrap();
    Keys { set, key }
}

fn claims() -> Value {
    json!({ "iss": ISSUER, "sub": "alice", "exp": NOW + 300, "iat": NOW })
}

fn with(name: &str, value: Value) -> Value {
    let mut claims = claims();
    claims[name] = value;
    claims
}

impl Keys {
    fn signed(&self, claims: &Value) -> String {
        sign(&self.key, Some("at+jwt"), claims).unwrap()
    }

    /// Any header, any claims text, signed by the right key.
    fn forged(&self, header: &str, claims: &str) -> String {
        let encode = |text: &str| URL_SAFE_NO_PAD.encode(text);
        let input = format!("{}.{}", encode(header), encode(claims));
        let signature = self.key.sign(input.as_bytes()).unwrap();
        format!("{input}.{}", URL_SAFE_NO_PAD.encode(signature))
    }

    fn header(&self, more: &str) -> String {
        let (alg, kid) = (self.key.algorithm(), self.key.kid());
        format!(r#"{{"typ":"at+jwt","alg":"{alg}","kid":"{kid}"{more}}}"#)
    }

    fn verify(&self, token: &str) -> Result<Value, JwtRefused> {
        verify(&self.set, token, &EXPECTED)
    }

    #[track_caller]
    fn refuses(&self, token: &str, reason: JwtRefused) {
        assert_eq!(self.verify(token), Err(reason), "{token:.200}");
    }
}

#[test]
fn every_algorithm_signs_what_it_verifies() {
    for algorithm in Algorithm::ALL {
        let keys = keys(algorithm);
        let token = keys.signed(&claims());
        assert_eq!(keys.verify(&token), Ok(claims()), "{algorithm}");
        let header = URL_SAFE_NO_PAD
            .decode(token.split('.').next().unwrap())
            .unwrap();
        assert_eq!(String::from_utf8(header).unwrap(), keys.header(""));
        assert_eq!(
            keys.verify(&keys.forged(&keys.header(""), &claims().to_string())),
            Ok(claims())
        );
    }
}

/// RFC 7515 Appendix A.3.
#[test]
fn es256_token_of_the_rfc() {
    let jwk = r#"{"kty":"EC","crv":"P-256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
        "y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"}"#;
    let token = "eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9\
        leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ.DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxL\
        a8ISlSApmWQxfKTUJqPP3-Kg6NU1Q";
    let jwk: PublicJwk = serde_json::from_str(jwk).unwrap();
    let key = VerifyingKey::new(&jwk, Algorithm::Es256).unwrap();
    let expected = Expected {
        issuer: "joe",
        typ: None,
        now: 1_300_819_379,
        ..EXPECTED
    };
    let verify = |token: &str| verify_with::<Value>(&|_| Some(&key), token, &expected);
    assert_eq!(verify(token).unwrap()["http://example.com/is_root"], true);
    assert_eq!(
        verify(&token.replace("leGFt", "leGFu")),
        Err(JwtRefused::BadSignature)
    );
    let later = Expected {
        now: 1_300_819_380,
        ..expected
    };
    assert_eq!(
        verify_with::<Value>(&|_| Some(&key), token, &later),
        Err(JwtRefused::Expired)
    );
}

#[test]
fn none_is_no_algorithm() {
    let keys = keys(Algorithm::Es256);
    let token = keys.signed(&claims());
    let payload = token.split('.').nth(1).unwrap();
    for alg in [
        "none", "None", "NONE", "nOnE", "", "HS256", "ES384", "RS256", "EdDSA",
    ] {
        let header = keys.header("").replace("ES256", alg);
        let header = URL_SAFE_NO_PAD.encode(header);
        keys.refuses(&format!("{header}.{payload}."), JwtRefused::WrongAlgorithm);
        let signature = token.rsplit('.').next().unwrap();
        keys.refuses(
            &format!("{header}.{payload}.{signature}"),
            JwtRefused::WrongAlgorithm,
        );
    }
    keys.refuses(
        &format!("{}.{payload}.", token.split('.').next().unwrap()),
        JwtRefused::BadSignature,
    );
}

/// The attack of RFC 8725 §2.1: the public key, known to everybody, as HMAC key.
#[test]
fn a_public_key_is_no_hmac_key() {
    for algorithm in [Algorithm::Rs256, Algorithm::Es256, Algorithm::EdDsa] {
        let (key, pkcs8) = SigningKey::generate(algorithm, RsaBits::B2048).unwrap();
        let key = Arc::new(key);
        let set = KeySet::new(vec![(Arc::clone(&key), KeyState::Active)]).unwrap();
        let jwk = serde_json::to_string(key.public_jwk()).unwrap();
        let pem = key_file::to_pem(&pkcs8);
        let keys = Keys { set, key };
        for secret in [
            jwk.as_bytes(),
            pem.expose().as_bytes(),
            keys.set.jwks_json().as_bytes(),
        ] {
            let mut header = jsonwebtoken::Header::new(jsonwebtoken::Algorithm::HS256);
            header.kid = Some(keys.key.kid().to_owned());
            header.typ = Some("at+jwt".to_owned());
            let secret = jsonwebtoken::EncodingKey::from_secret(secret);
            let token = jsonwebtoken::encode(&header, &claims(), &secret).unwrap();
            keys.refuses(&token, JwtRefused::WrongAlgorithm);
        }
    }
}

#[test]
fn other_keys_and_names_of_keys_are_refused() {
    let (keys, other) = (keys(Algorithm::Es256), keys(Algorithm::Es256));
    keys.refuses(&other.signed(&claims()), JwtRefused::UnknownKey);
    let claims = claims().to_string();
    // The other key signs, and names the right one.
    keys.refuses(
        &other.forged(&keys.header(""), &claims),
        JwtRefused::BadSignature,
    );
    for kid in [
        "",
        "../../etc/passwd",
        "' OR 1=1 --",
        &"k".repeat(129),
        "k\\u0000",
        "\\ud83d\\udd11",
    ] {
        let header = format!(r#"{{"typ":"at+jwt","alg":"ES256","kid":"{kid}"}}"#);
        keys.refuses(&keys.forged(&header, &claims), JwtRefused::UnknownKey);
    }
    let without = r#"{"typ":"at+jwt","alg":"ES256"}"#;
    keys.refuses(&keys.forged(without, &claims), JwtRefused::UnknownKey);
}

#[test]
fn headers_that_bring_keys_or_demands() {
    let keys = keys(Algorithm::Es256);
    let claims = claims().to_string();
    let forged = |more: &str| keys.forged(&keys.header(more), &claims);
    for more in [
        r#","crit":["exp"]"#,
        r#","crit":[]"#,
        r#","crit":null"#,
        r#","b64":false,"crit":["b64"]"#,
        r#","b64":true"#,
        r#","alg":"ES256""#,
        r#","kid":"k""#,
    ] {
        keys.refuses(&forged(more), JwtRefused::Malformed);
    }
    for header in [
        r#"{"alg":7,"kid":"k"}"#,
        r#"{"alg":"ES256","kid":null}"#,
        "[]",
        "",
        "{",
        "null",
    ] {
        keys.refuses(&keys.forged(header, &claims), JwtRefused::Malformed);
    }
    // A key in the header is not used: the right signature passes, the attacker's does not.
    let other = self::keys(Algorithm::Es256);
    let jwk = serde_json::to_string(other.key.public_jwk()).unwrap();
    let more = format!(r#","jwk":{jwk},"jku":"https://attacker.example/jwks.json""#);
    assert!(keys.verify(&forged(&more)).is_ok());
    keys.refuses(
        &other.forged(&keys.header(&more), &claims),
        JwtRefused::BadSignature,
    );
}

#[test]
fn changed_tokens_are_refused() {
    let keys = keys(Algorithm::Es256);
    let token = keys.signed(&claims());
    let parts: Vec<&str> = token.split('.').collect();
    let [header, payload, signature] = parts[..] else {
        panic!("three parts")
    };
    let admin = URL_SAFE_NO_PAD.encode(with("sub", json!("admin")).to_string());
    keys.refuses(
        &format!("{header}.{admin}.{signature}"),
        JwtRefused::BadSignature,
    );
    keys.refuses(&format!("{header}.{payload}."), JwtRefused::BadSignature);
    let cut = URL_SAFE_NO_PAD.encode(&URL_SAFE_NO_PAD.decode(signature).unwrap()[..63]);
    keys.refuses(
        &format!("{header}.{payload}.{cut}"),
        JwtRefused::BadSignature,
    );
    let longer =
        URL_SAFE_NO_PAD.encode([&URL_SAFE_NO_PAD.decode(signature).unwrap()[..], &[0]].concat());
    keys.refuses(
        &format!("{header}.{payload}.{longer}"),
        JwtRefused::BadSignature,
    );
    // CVE-2022-21449: zeros verify everything where they are not checked.
    let zeros = URL_SAFE_NO_PAD.encode([0; 64]);
    keys.refuses(
        &format!("{header}.{payload}.{zeros}"),
        JwtRefused::BadSignature,
    );
    for token in [
        "",
        ".",
        "..",
        "a.b.c",
        &format!("{header}.{payload}"),
        &format!("{token}."),
        &format!("{token}.x"),
        &format!("{token}="),
        &format!(" {token}"),
        &format!("{header}=.{payload}.{signature}"),
    ] {
        keys.refuses(token, JwtRefused::Malformed);
    }
    for position in 0..token.len() {
        let mut bytes = token.clone().into_bytes();
        bytes[position] = if bytes[position] == b'A' { b'B' } else { b'A' };
        let changed = String::from_utf8(bytes).unwrap();
        assert!(keys.verify(&changed).is_err(), "byte {position}");
    }
}

#[test]
fn long_tokens_are_not_looked_at() {
    let keys = keys(Algorithm::EdDsa);
    keys.refuses(&"a".repeat(1 << 20), JwtRefused::TooLong);
    keys.refuses(
        &keys.signed(&with("x", json!("x".repeat(13_000)))),
        JwtRefused::TooLong,
    );
    assert!(
        keys.verify(&keys.signed(&with("x", json!("x".repeat(11_000)))))
            .is_ok()
    );
}

#[test]
fn claims_are_typed_strictly() {
    let keys = keys(Algorithm::EdDsa);
    for (name, value) in [
        ("exp", json!("1900000000")),
        ("exp", json!(1_900_000_000.5)),
        ("exp", json!(null)),
        ("exp", json!([1_900_000_000])),
        ("exp", json!(u64::MAX)),
        ("iss", json!(null)),
        ("iss", json!([ISSUER])),
        ("iat", json!("now")),
        ("iat", json!(null)),
        ("nbf", json!({})),
    ] {
        keys.refuses(&keys.signed(&with(name, value)), JwtRefused::WrongClaim);
    }
    for name in ["exp", "iss"] {
        let mut claims = claims();
        claims.as_object_mut().unwrap().remove(name);
        keys.refuses(&keys.signed(&claims), JwtRefused::WrongClaim);
    }
    for payload in ["", "[]", "null", "7", "\"text\"", "{", "{} {}"] {
        keys.refuses(
            &keys.forged(&keys.header(""), payload),
            JwtRefused::WrongClaim,
        );
    }
    let doubled = claims()
        .to_string()
        .replace("\"sub\"", "\"exp\":9999999999,\"sub\"");
    keys.refuses(
        &keys.forged(&keys.header(""), &doubled),
        JwtRefused::WrongClaim,
    );
}

#[test]
fn the_caller_s_claims_are_typed_too() {
    #[derive(Debug, PartialEq, Deserialize)]
    struct Subject {
        sub: String,
    }
    let keys = keys(Algorithm::EdDsa);
    let verify = |claims: &Value| verify::<Subject>(&keys.set, &keys.signed(claims), &EXPECTED);
    assert_eq!(
        verify(&claims()),
        Ok(Subject {
            sub: "alice".to_owned()
        })
    );
    assert_eq!(verify(&with("sub", json!(7))), Err(JwtRefused::WrongClaim));
}

#[test]
fn time_is_the_caller_s() {
    let keys = keys(Algorithm::EdDsa);
    let at = |name: &str, time: i64, expected: &Expected<'_>| {
        verify::<Value>(&keys.set, &keys.signed(&with(name, json!(time))), expected).err()
    };
    assert_eq!(at("exp", NOW + 1, &EXPECTED), None);
    assert_eq!(at("exp", NOW, &EXPECTED), Some(JwtRefused::Expired));
    let lenient = Expected {
        leeway: 10,
        ..EXPECTED
    };
    assert_eq!(at("exp", NOW - 9, &lenient), None);
    assert_eq!(at("exp", NOW - 10, &lenient), Some(JwtRefused::Expired));
    let hint = Expected {
        accept_expired: true,
        ..EXPECTED
    };
    assert_eq!(at("exp", 1, &hint), None);
    assert_eq!(at("exp", i64::MAX, &lenient), None);
    assert_eq!(at("exp", i64::MIN, &EXPECTED), Some(JwtRefused::Expired));
    for name in ["iat", "nbf"] {
        assert_eq!(at(name, NOW + 60, &EXPECTED), None);
        assert_eq!(at(name, NOW + 61, &EXPECTED), Some(JwtRefused::NotYetValid));
        assert_eq!(at(name, NOW + 61, &hint), Some(JwtRefused::NotYetValid));
    }
}

#[test]
fn the_issuer_is_compared_exactly() {
    let keys = keys(Algorithm::EdDsa);
    for other in [
        "",
        "https://issuer.example/",
        "https://Issuer.example",
        "http://issuer.example",
    ] {
        keys.refuses(
            &keys.signed(&with("iss", json!(other))),
            JwtRefused::OtherIssuer,
        );
    }
}

#[test]
fn kinds_of_tokens_are_apart() {
    let keys = keys(Algorithm::EdDsa);
    let verify = |typ: Option<&str>, expected: Option<&[&str]>| {
        let token = sign(&keys.key, typ, &claims()).unwrap();
        verify::<Value>(
            &keys.set,
            &token,
            &Expected {
                typ: expected,
                ..EXPECTED
            },
        )
        .err()
    };
    let wrong = Some(JwtRefused::WrongType);
    for typ in [
        "at+jwt",
        "AT+JWT",
        "application/at+jwt",
        "Application/At+Jwt",
    ] {
        assert_eq!(verify(Some(typ), Some(&["at+jwt"])), None, "{typ}");
        assert_eq!(
            verify(Some(typ), Some(&["application/at+jwt"])),
            None,
            "{typ}"
        );
        assert_eq!(verify(Some(typ), None), wrong, "{typ}");
    }
    assert_eq!(verify(Some("logout+jwt"), Some(&["at+jwt"])), wrong);
    assert_eq!(
        verify(Some("logout+jwt"), Some(&["at+jwt", "logout+jwt"])),
        None
    );
    assert_eq!(verify(None, Some(&["at+jwt"])), wrong);
    assert_eq!(verify(Some("JWT"), Some(&["at+jwt"])), wrong);
    assert_eq!(verify(Some("JWT"), None), None);
    assert_eq!(verify(None, None), None);
}

#[test]
fn a_type_cannot_break_the_header() {
    let keys = keys(Algorithm::EdDsa);
    for typ in ["", "a\"b", "a\\b", "a b", "ä"] {
        assert!(
            matches!(sign(&keys.key, Some(typ), &claims()), Err(JwtError::Type)),
            "{typ}"
        );
    }
}

/// A signature is computed once; everything that may have changed since is looked at each time.
#[test]
fn a_token_that_was_seen_before_is_checked_again() {
    let keys = keys(Algorithm::Es256);
    let token = keys.signed(&claims());
    assert_eq!(keys.verify(&token), Ok(claims()));
    assert_eq!(keys.verify(&token), Ok(claims()));
    let again = |expected: Expected<'_>| verify::<Value>(&keys.set, &token, &expected);
    let late = again(Expected {
        now: NOW + 300,
        ..EXPECTED
    });
    assert_eq!(late, Err(JwtRefused::Expired));
    let other = again(Expected {
        typ: Some(&["logout+jwt"]),
        ..EXPECTED
    });
    assert_eq!(other, Err(JwtRefused::WrongType));
    let elsewhere = again(Expected {
        issuer: "https://other.example",
        ..EXPECTED
    });
    assert_eq!(elsewhere, Err(JwtRefused::OtherIssuer));
    // One that differs in its last letter is another token.
    let mut forged = token.clone();
    forged.pop();
    assert!(keys.verify(&forged).is_err());
}

#[test]
fn what_was_seen_is_forgotten_with_its_keys() {
    let old = keys(Algorithm::Es256);
    let token = old.signed(&claims());
    assert!(old.verify(&token).is_ok());
    let same = KeySet::new(vec![(Arc::clone(&old.key), KeyState::VerifyOnly)]).unwrap();
    let mut same = same;
    same.follow(&old.set);
    assert!(same.seen().recall(&token).is_some());
    let mut other = keys(Algorithm::Es256).set;
    other.follow(&old.set);
    assert!(other.seen().recall(&token).is_none());
    let refused = verify::<Value>(&other, &token, &EXPECTED);
    assert_eq!(refused, Err(JwtRefused::UnknownKey));
}
