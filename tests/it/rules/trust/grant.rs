//! The JWT bearer grant (RFC 7523 §2.1): who may bring an assertion, and what is issued for it.

use issuant::protocol::client::GrantType;
use issuant::protocol::subject_identifier::SubjectType;
use issuant::protocol::tokens::Issue;
use issuant::protocol::trust::binding::BindType;
use issuant::protocol::trust::directory::Trust;
use serde_json::{Value, json};

use super::super::{Id, World};
use super::{bring, vouched};
use crate::support::cast::ISSUER;
use crate::support::foreign::{FOREIGN, Foreign, declared, rule};

/// A request without a client.
fn alone(definition: &Value, claims: &Value, params: &[(&str, &str)]) -> Result<Issue, Id> {
    let foreign = Foreign::new();
    let trust = foreign.trust(definition);
    let token = foreign.token(claims);
    let params = [&[("assertion", token.as_str())], params].concat();
    bring(&mut World::new(), &trust, None, &params)
}

fn open() -> Value {
    json!({"without_client": true})
}

/// A world whose client `service` may use the grant.
fn world() -> World {
    let mut world = World::new();
    world.change_client("service", |it| it.grants.push(GrantType::JwtBearer));
    world
}

#[test]
fn somebody_without_a_client() {
    let issue = alone(&open(), &json!({}), &[]).unwrap();
    assert_eq!(issue.client.id.as_str(), "trust:ci");
    assert_eq!(vouched(&issue).subject, "ci:job-7");
    assert_eq!(issue.scope.to_string(), "read");
    assert_eq!(issue.audience, [ISSUER]);
    assert_eq!(vouched(&issue).lifetime, 300);
    assert!(issue.refresh_token.is_none() && issue.id_token.is_none());
    let identities = &vouched(&issue).identities;
    assert_eq!(identities.len(), 1);
    assert_eq!(identities[0].kind, BindType::Service);
    assert_eq!(identities[0].name, "svc-web");
    let definition = json!({
        "without_client": true, "token_lifetime": 60, "token_audiences": ["api"],
    });
    let issue = alone(&definition, &json!({}), &[("scope", "read")]).unwrap();
    assert_eq!(vouched(&issue).lifetime, 60);
    assert_eq!(issue.audience, ["api"]);
}

#[test]
fn no_client_can_be_called_like_one_without() {
    assert!(
        "trust:ci"
            .parse::<issuant::protocol::client::ClientId>()
            .is_err()
    );
}

#[test]
fn what_is_refused() {
    for (definition, claims, params, expected) in [
        (json!({}), json!({}), vec![], "E1717"),
        (
            open(),
            json!({"iss": "https://other.example"}),
            vec![],
            "E1702",
        ),
        (open(), json!({"iss": null}), vec![], "E1702"),
        (open(), json!({}), vec![("auth_method", "other")], "E1702"),
        (json!({"disabled": true}), json!({}), vec![], "E1702"),
        (open(), json!({}), vec![("scope", "write")], "E1303"),
        (open(), json!({}), vec![("scope", "a\"b")], "E1303"),
    ] {
        let found = alone(&definition, &claims, &params).err();
        assert_eq!(found, Some(expected), "{definition} {claims} {params:?}");
    }
    let trust = Foreign::new().trust(&open());
    assert_eq!(
        bring(&mut World::new(), &trust, None, &[]).err(),
        Some("E1701")
    );
    let garbage = [("assertion", "garbage")];
    assert_eq!(
        bring(&mut World::new(), &trust, None, &garbage).err(),
        Some("E1704")
    );
}

#[test]
fn several_issuers_of_one_name_are_told_apart_by_theirs() {
    let foreign = Foreign::new();
    let issuers = vec![
        foreign.issuer(&open()),
        foreign.issuer(&json!({"name": "other", "without_client": true})),
    ];
    let trust = Trust::new(issuers, vec![rule("", "scope", "read")], declared());
    let token = foreign.token(&json!({}));
    let mut world = World::new();
    let assertion = ("assertion", token.as_str());
    assert_eq!(
        bring(&mut world, &trust, None, &[assertion]).err(),
        Some("E1703")
    );
    let named = [assertion, ("auth_method", "ci")];
    assert!(bring(&mut world, &trust, None, &named).is_ok());
    // The other has no rules.
    let named = [assertion, ("auth_method", "other")];
    assert_eq!(bring(&mut world, &trust, None, &named).err(), Some("E1716"));
}

#[test]
fn a_client_brings_it() {
    let foreign = Foreign::new();
    let rules = vec![rule("", "scope", "read"), rule("", "scope", "admin")];
    let trust = Trust::new(vec![foreign.issuer(&json!({}))], rules, declared());
    let token = foreign.token(&json!({}));
    let mut world = world();
    let service = world.authenticated("service");
    let params = [("assertion", token.as_str())];
    let issue = bring(&mut world, &trust, Some(&service), &params).unwrap();
    assert_eq!(issue.client.id.as_str(), "service");
    assert_eq!(vouched(&issue).subject, "ci:job-7");
    // No more than the client may have.
    assert_eq!(issue.scope.to_string(), "read");
    let event = world.store.events.last().unwrap();
    assert_eq!(event.kind, "assertion_accepted");
    assert_eq!(event.subject.as_deref(), Some("ci:job-7"));
    let web = world.authenticated("web");
    let found = bring(&mut world, &trust, Some(&web), &params).err();
    assert_eq!(found, Some("E1302"));
}

#[test]
fn an_assertion_that_counts_once() {
    let foreign = Foreign::new();
    let trust = foreign.trust(&json!({"without_client": true, "one_time": true}));
    let mut world = World::new();
    let token = foreign.token(&json!({"jti": "j-1"}));
    let params = [("assertion", token.as_str())];
    assert!(bring(&mut world, &trust, None, &params).is_ok());
    assert_eq!(
        bring(&mut world, &trust, None, &params).err(),
        Some("E1714")
    );
    assert_eq!(
        world.store.events.last().unwrap().kind,
        "assertion_replayed"
    );
    let other = foreign.token(&json!({"jti": "j-2"}));
    assert!(bring(&mut world, &trust, None, &[("assertion", &other)]).is_ok());
    // Without the option each counts as often as it is brought.
    let trust = foreign.trust(&open());
    for _ in 0..2 {
        assert!(bring(&mut world, &trust, None, &params).is_ok());
    }
}

#[test]
fn no_rule_no_token() {
    let foreign = Foreign::new();
    let mut world = World::new();
    let token = foreign.token(&json!({"team": null}));
    for (selector, bind_type, name, expected) in [
        ("value.team == \"other\"", "scope", "read", Err("E1716")),
        ("value.team != \"other\"", "scope", "read", Err("E1716")),
        ("", "role", "unknown", Err("E1716")),
        ("", "service", "${value.team}", Err("E1716")),
        ("value.team is empty", "scope", "read", Ok(())),
    ] {
        let rules = vec![rule(selector, bind_type, name)];
        let trust = Trust::new(vec![foreign.issuer(&open())], rules, declared());
        let found = bring(&mut world, &trust, None, &[("assertion", &token)]);
        assert_eq!(found.map(drop), expected, "{selector}");
    }
    // What one rule fails to give, another one may.
    let rules = vec![rule("", "role", "unknown"), rule("", "role", "deployer")];
    let trust = Trust::new(vec![foreign.issuer(&open())], rules, declared());
    let issue = bring(&mut world, &trust, None, &[("assertion", &token)]).unwrap();
    assert_eq!(vouched(&issue).roles, ["deployer"]);
}

#[test]
fn an_assertion_that_names_a_user() {
    let definition = json!({"without_client": true, "user_claim": "login"});
    let named = |name: &str| alone(&definition, &json!({"login": name}), &[]);
    let issue = named("ada").unwrap();
    assert_eq!(vouched(&issue).subject, "sub-ada");
    assert_eq!(named("nobody").err(), Some("E1718"));
    let foreign = Foreign::new();
    let trust = foreign.trust(&definition);
    let token = foreign.token(&json!({"login": "ada"}));
    let params = [("assertion", token.as_str())];
    let mut world = world();
    world.change_client("service", |it| {
        it.metadata.subject_type = Some(SubjectType::Pairwise);
    });
    let service = world.authenticated("service");
    let found = bring(&mut world, &trust, Some(&service), &params).err();
    assert_eq!(found, Some("E1719"));
    world.disable_user("sub-ada");
    assert_eq!(
        bring(&mut world, &trust, None, &params).err(),
        Some("E1718")
    );
}

/// A foreign `sub` is never one of ours, whatever it says.
#[test]
fn a_subject_of_elsewhere_is_nobody_here() {
    let issue = alone(&open(), &json!({"sub": "sub-ada", "iss": FOREIGN}), &[]).unwrap();
    assert_eq!(vouched(&issue).subject, "ci:sub-ada");
}
