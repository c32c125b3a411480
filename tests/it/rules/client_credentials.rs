//! A token for the client itself (RFC 6749 §4.4).

use super::{Granted, Id, World};
use crate::support::cast::{ISSUER, NOW, deviate};

fn check(client: &str, deviations: &[(&str, &str)]) -> Result<Granted, Id> {
    let valid = [("grant_type", "client_credentials"), ("scope", "read")];
    World::new().token(client, &deviate(&valid, deviations))
}

#[test]
fn grants_what_was_asked_for() {
    let granted = check("service", &[]).unwrap();
    assert_eq!(granted.scope, "read");
    assert!(granted.refresh_token.is_none() && granted.id_token.is_none());
    let claims = granted.claims();
    assert_eq!(claims["sub"], "service");
    assert_eq!(claims["client_id"], "service");
    assert_eq!(claims["aud"], "https://api.example");
    assert_eq!(claims["iss"], ISSUER);
    assert_eq!(claims["exp"], NOW + 300);
}

#[test]
fn grants_everything_that_is_not_about_persons_when_nothing_was_asked_for() {
    assert_eq!(
        check("service", &[("scope", "")]).unwrap().scope,
        "read write"
    );
    assert_eq!(check("web", &[("scope", "")]).unwrap().scope, "read write");
}

#[test]
fn grants_a_token_for_the_issuer_when_no_audience_is_registered() {
    assert_eq!(check("web", &[]).unwrap().claims()["aud"], ISSUER);
}

#[test]
fn writes_the_scope_in_one_order() {
    assert_eq!(
        check("service", &[("scope", "write  read write")])
            .unwrap()
            .scope,
        "read write"
    );
}

#[test]
fn refuses_an_unknown_wider_or_malformed_scope() {
    for scope in ["admin", "read admin", "read\twrite", "caf\u{e9}", "re\"ad"] {
        assert_eq!(
            check("service", &[("scope", scope)]).unwrap_err(),
            "E1303",
            "{scope}"
        );
    }
}

#[test]
fn refuses_scopes_about_persons() {
    for scope in ["openid", "profile", "email", "offline_access"] {
        assert_eq!(
            check("web", &[("scope", scope)]).unwrap_err(),
            "E1303",
            "{scope}"
        );
    }
}

#[test]
fn refuses_a_public_client() {
    assert_eq!(check("spa", &[]).unwrap_err(), "E1107");
}

#[test]
fn refuses_a_client_that_may_not_use_this_grant() {
    assert_eq!(check("once", &[]).unwrap_err(), "E1302");
}

#[test]
fn refuses_a_request_without_grant_type() {
    assert_eq!(
        check("service", &[("grant_type", "")]).unwrap_err(),
        "E1005"
    );
}

#[test]
fn refuses_a_grant_that_nobody_has() {
    for grant in [
        "password",
        "CLIENT_CREDENTIALS",
        "urn:ietf:params:oauth:grant-type:device_code",
    ] {
        assert_eq!(
            check("service", &[("grant_type", grant)]).unwrap_err(),
            "E1301",
            "{grant}"
        );
    }
}
