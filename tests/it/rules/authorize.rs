//! The checks of the authorization endpoint: what is told on a page, and what by redirect (RFC 6749 §4.1.2.1,
//! OpenID Connect Core §3.1.2).

use issuant::protocol::authorize::request::AuthorizationRequest;
use issuant::protocol::authorize::response::ResponseMode;
use issuant::protocol::response_type::ResponseType;

use super::{Id, Said, World};
use crate::support::cast::CHALLENGE;

fn check(deviations: &[(&str, &str)]) -> Result<AuthorizationRequest, Said> {
    World::new().authorize(deviations)
}

#[track_caller]
fn told_on_a_page(deviations: &[(&str, &str)], id: Id) {
    assert_eq!(check(deviations).unwrap_err(), Said::Page(id));
}

#[track_caller]
fn told_by_redirect(deviations: &[(&str, &str)], id: Id) {
    let said = Said::Redirect {
        id,
        to: "https://web.example/cb".to_owned(),
        state: Some("s t".to_owned()),
    };
    assert_eq!(check(deviations).unwrap_err(), said, "{deviations:?}");
}

#[test]
fn accepts_a_valid_request() {
    let request = check(&[("nonce", "n"), ("login_hint", "ada")]).unwrap();
    assert_eq!(request.client_id.as_str(), "web");
    assert_eq!(request.redirect_uri, "https://web.example/cb");
    assert!(request.redirect_uri_was_received);
    assert_eq!(request.scope.to_string(), "openid read");
    assert_eq!(request.state.as_deref(), Some("s t"));
    assert_eq!(request.nonce.as_deref(), Some("n"));
    assert_eq!(request.code_challenge.as_deref(), Some(CHALLENGE));
    assert_eq!(request.login_hint.as_deref(), Some("ada"));
}

#[test]
fn accepts_a_request_without_scope_as_everything_the_client_may_have() {
    let request = check(&[("scope", "")]).unwrap();
    assert_eq!(
        request.scope.to_string(),
        "email offline_access openid profile read write"
    );
}

#[test]
fn accepts_the_only_registered_address_when_none_is_sent() {
    let request = check(&[("redirect_uri", ""), ("scope", "read")]).unwrap();
    assert_eq!(request.redirect_uri, "https://web.example/cb");
    assert!(!request.redirect_uri_was_received);
}

#[test]
fn accepts_any_port_of_a_loopback_address() {
    let native = [
        ("client_id", "native"),
        ("redirect_uri", "http://127.0.0.1:51004/cb"),
    ];
    assert_eq!(
        check(&native).unwrap().redirect_uri,
        "http://127.0.0.1:51004/cb"
    );
}

#[test]
fn accepts_every_sensible_prompt() {
    for prompt in [
        "none",
        "login",
        "consent",
        "select_account",
        "login consent",
    ] {
        assert!(check(&[("prompt", prompt)]).is_ok(), "{prompt}");
    }
}

#[test]
fn an_unknown_client_is_told_on_a_page() {
    told_on_a_page(&[("client_id", "nobody")], "E1201");
    told_on_a_page(&[("client_id", "")], "E1201");
}

#[test]
fn a_disabled_client_is_told_on_a_page() {
    told_on_a_page(&[("client_id", "disabled")], "E1202");
}

#[test]
fn a_missing_redirect_uri_is_told_on_a_page() {
    told_on_a_page(&[("redirect_uri", "")], "E1203");
    let two = [
        ("client_id", "two-addresses"),
        ("redirect_uri", ""),
        ("scope", "read"),
    ];
    told_on_a_page(&two, "E1203");
    told_on_a_page(&[("client_id", "service"), ("redirect_uri", "")], "E1203");
}

#[test]
fn an_unregistered_redirect_uri_is_told_on_a_page_and_never_followed() {
    for uri in [
        "https://evil.example/cb",
        "https://web.example/cb/",
        "https://web.example/cb?x=1",
        "https://web.example/CB",
        "https://web.example:443/cb",
        "https://web.example/cb#",
        "https://web.example/./cb",
        "https://user@web.example/cb",
        "http://web.example/cb",
        "javascript:alert(1)",
    ] {
        told_on_a_page(&[("redirect_uri", uri)], "E1204");
    }
}

#[test]
fn another_response_type_is_told_by_redirect() {
    told_by_redirect(&[("response_type", "")], "E1223");
    for response_type in ["token", "id_token", "code token", "code id_token", "Code"] {
        told_by_redirect(&[("response_type", response_type)], "E1205");
    }
}

#[test]
fn a_client_without_this_grant_is_told_by_redirect() {
    let mut world = World::new();
    world.change_client("web", |client| client.grants.clear());
    let Err(Said::Redirect { id, .. }) = world.authorize(&[]) else {
        panic!("a redirect")
    };
    assert_eq!(id, "E1206");
    // RFC 6749 §4.1.2.1: what is wrong with the type comes first.
    for (response_type, expected) in [("", "E1223"), ("foo", "E1205"), ("token", "E1205")] {
        let Err(Said::Redirect { id, .. }) = world.authorize(&[("response_type", response_type)])
        else {
            panic!("a redirect")
        };
        assert_eq!(id, expected, "{response_type}");
    }
}

/// OpenID Connect Registration §2: `response_types` restricts.
#[test]
fn a_client_that_registered_other_types_gets_no_code_alone() {
    let mut world = World::new();
    world.change_client("web", |client| {
        client.metadata.response_types = vec![ResponseType::CodeIdToken];
    });
    let Err(Said::Redirect { id, .. }) = world.authorize(&[]) else {
        panic!("a redirect")
    };
    assert_eq!(id, "E1255");
}

/// OpenID Connect Core §3.1.2.1.
#[test]
fn scopes_that_nobody_understands_are_ignored_in_requests_of_openid_connect() {
    let accepted = check(&[("scope", "openid foo profile bar")]).unwrap();
    assert_eq!(accepted.scope.to_string(), "openid profile");
    told_by_redirect(&[("scope", "read foo")], "E1207");
    // These mean something, and are not this client's.
    for scope in ["openid phone", "openid client_registration"] {
        told_by_redirect(&[("scope", scope)], "E1207");
    }
}

#[test]
fn a_scope_beyond_the_client_is_told_by_redirect() {
    for scope in ["read admin", "read\twrite", "caf\u{e9}", "re\\ad"] {
        told_by_redirect(&[("scope", scope)], "E1207");
    }
}

#[test]
fn a_request_without_pkce_is_told_by_redirect() {
    told_by_redirect(&[("code_challenge", "")], "E1208");
    told_by_redirect(
        &[("code_challenge", ""), ("code_challenge_method", "")],
        "E1208",
    );
}

#[test]
fn another_challenge_method_is_told_by_redirect() {
    for method in ["", "plain", "s256", "S512"] {
        told_by_redirect(&[("code_challenge_method", method)], "E1209");
    }
}

#[test]
fn a_malformed_challenge_is_told_by_redirect() {
    let long = format!("{CHALLENGE}a");
    for challenge in ["short", &long, &CHALLENGE.replace('M', "=")] {
        told_by_redirect(&[("code_challenge", challenge)], "E1210");
    }
}

#[test]
fn a_prompt_that_contradicts_itself_is_told_by_redirect() {
    for prompt in ["none login", "create", "login,consent", "NONE"] {
        told_by_redirect(&[("prompt", prompt)], "E1211");
    }
}

#[test]
fn a_max_age_that_is_no_number_is_told_by_redirect() {
    for max_age in ["-1", "soon", "1.5", "99999999999999999999", "+5", " 5"] {
        told_by_redirect(&[("max_age", max_age)], "E1212");
    }
    assert_eq!(check(&[("max_age", "0")]).unwrap().max_age, Some(0));
}

#[test]
fn a_response_mode_that_does_not_exist_is_told_by_redirect() {
    for mode in ["jwt", "Query", "form_post query", "web_message"] {
        told_by_redirect(&[("response_mode", mode)], "E1213");
    }
    for mode in ResponseMode::ALL {
        let request = check(&[("response_mode", mode.as_str())]).unwrap();
        assert_eq!(request.response_mode, mode);
    }
    assert_eq!(check(&[]).unwrap().response_mode, ResponseMode::Query);
}

#[test]
fn parameters_of_features_that_are_not_there_are_told_by_redirect() {
    // Objects are resolved before.
    told_by_redirect(&[("request", "eyJ")], "E1246");
    told_by_redirect(&[("request_uri", "https://web.example/r")], "E1246");
    told_by_redirect(&[("registration", "{}")], "E1216");
}

#[test]
fn a_value_that_is_too_long_is_told_by_redirect() {
    let (long, longer) = ("a".repeat(513), "a".repeat(2049));
    told_by_redirect(&[("nonce", &long)], "E1220");
    told_by_redirect(&[("scope", &longer)], "E1220");
    told_by_redirect(&[("login_hint", &long)], "E1220");
}

#[test]
fn a_state_that_is_too_long_is_not_sent_back() {
    let long = "a".repeat(2049);
    let Err(Said::Redirect { id, state, .. }) = check(&[("state", &long)]) else {
        panic!()
    };
    assert_eq!((id, state), ("E1220", None));
}

#[test]
fn a_hint_that_is_no_id_token_for_this_client_is_told_by_redirect() {
    let mut world = World::new();
    let granted = world.sign_in();
    let id_token = granted.id_token_text.clone().unwrap();
    assert_eq!(
        world
            .authorize(&[("id_token_hint", &id_token)])
            .unwrap()
            .hinted_subject
            .as_deref(),
        Some("sub-ada")
    );
    world.pass(1_000_000);
    assert!(
        world.authorize(&[("id_token_hint", &id_token)]).is_ok(),
        "an expired one is fine"
    );
    let other = [("client_id", "other"), ("id_token_hint", &id_token)];
    for deviations in [
        &[("id_token_hint", "garbage")][..],
        &[("id_token_hint", &granted.access_token)],
        &[("id_token_hint", granted.refresh_token())],
        &other,
    ] {
        let Err(Said::Redirect { id, .. }) = world.authorize(deviations) else {
            panic!()
        };
        assert_eq!(id, "E1221");
    }
}

/// OpenID Connect Core §5.5.
#[test]
fn a_malformed_claims_parameter_is_told_by_redirect() {
    for claims in ["email", "[]", r#"{"userinfo":[]}"#] {
        told_by_redirect(&[("claims", claims)], "E1224");
    }
    let request = check(&[("claims", r#"{"userinfo":{"email":null}}"#)]).unwrap();
    assert_eq!(request.claims.userinfo, ["email"]);
    assert!(request.consent_scope().contains("email"));
}

/// OpenID Connect Core §5.5.1: a requested `sub` names the person, as a hint does.
#[test]
fn a_requested_subject_is_a_hint() {
    let request = check(&[("claims", r#"{"id_token":{"sub":{"value":"sub-ada"}}}"#)]).unwrap();
    assert_eq!(request.hinted_subject.as_deref(), Some("sub-ada"));
}
