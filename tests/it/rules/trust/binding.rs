//! Binding rules: which can be, and what they give.

use issuant::protocol::trust::attributes::{Attributes, Mappings, Numbers};
use issuant::protocol::trust::binding::{BindingRule, ReadRule, RuleError, Terms, Verdict};
use serde_json::{Value, json};

use crate::support::foreign::{declared, rule};

fn mappings() -> Mappings {
    let names = ["team", "absent"].map(|name| (name.to_owned(), name.to_owned()));
    names.into()
}

fn verdict(rule: BindingRule, team: &str, terms: Terms) -> Verdict {
    let Value::Object(claims) = json!({ "team": team }) else {
        unreachable!()
    };
    let values = mappings();
    let attributes = Attributes::read(&claims, &values, &Mappings::new(), Numbers::Exact).unwrap();
    let read = ReadRule::new(rule, &values).unwrap();
    read.apply(&attributes, &declared(), terms)
}

fn given(rule: BindingRule, team: &str) -> Option<String> {
    let terms = Terms {
        lower_case: true,
        ..Terms::default()
    };
    match verdict(rule, team, terms) {
        Verdict::Gives(identity) => Some(identity.name),
        Verdict::NoMatch | Verdict::InvalidName(_) | Verdict::Undeclared(_) => None,
    }
}

#[test]
fn what_each_type_gives() {
    for (bind_type, name, expected) in [
        ("service", "svc-${value.team}", Some("svc-web")),
        ("service", "svc-${ value.team }-1", Some("svc-web-1")),
        ("node", "${value.team}", Some("web")),
        ("role", "deployer", Some("deployer")),
        ("role", "unknown", None),
        ("policy", "audit", Some("audit")),
        ("policy", "deployer", None),
        ("scope", "read", Some("read")),
        ("scope", "api:${value.team}", Some("api:web")),
        ("templated-policy", "builtin/dns", Some("builtin/dns")),
        ("service", "svc-${value.absent}", None),
    ] {
        let found = given(rule("", bind_type, name), "Web");
        assert_eq!(found.as_deref(), expected, "{bind_type} {name}");
    }
    let exact = verdict(
        rule("", "service", "svc-${value.team}"),
        "Web",
        Terms::default(),
    );
    assert_eq!(exact, Verdict::InvalidName("svc-Web".to_owned()));
    let other = verdict(
        rule("value.team == api", "node", "n"),
        "Web",
        Terms::default(),
    );
    assert_eq!(other, Verdict::NoMatch);
    let undeclared = verdict(rule("", "role", "${value.team}"), "Web", Terms::default());
    assert_eq!(undeclared, Verdict::Undeclared("Web".to_owned()));
}

#[test]
fn a_template_takes_its_variable() {
    let with = |name: &str, vars: Value| -> BindingRule {
        let mut rule = rule("", "templated-policy", name);
        rule.bind_vars = serde_json::from_value(vars).unwrap();
        rule
    };
    let good = with("builtin/service", json!({"Name": "${value.team}"}));
    let Verdict::Gives(identity) = verdict(good.clone(), "web", Terms::default()) else {
        panic!("the rule gives nothing");
    };
    assert_eq!(identity.variable.as_deref(), Some("web"));
    let invalid = verdict(good, "We b", Terms::default());
    assert_eq!(invalid, Verdict::InvalidName("We b".to_owned()));
    for wrong in [
        with("builtin/service", json!({})),
        with("builtin/dns", json!({"Name": "a"})),
        with("builtin/service", json!({"Name": "a", "Other": "b"})),
        with("builtin/service", json!({"name": "a"})),
        with("builtin/other", json!({})),
    ] {
        let found = ReadRule::new(wrong, &mappings()).err();
        assert_eq!(found, Some(RuleError::Variables));
    }
    let mut service = rule("", "service", "web");
    service.bind_vars = [("Name".to_owned(), "a".to_owned())].into();
    assert_eq!(
        ReadRule::new(service, &mappings()).err(),
        Some(RuleError::Variables)
    );
}

#[test]
fn rules_that_cannot_be() {
    for (selector, bind_type, name) in [
        ("value.a", "service", "web"),
        ("", "service", ""),
        ("", "service", "Web"),
        ("", "service", "-web"),
        ("", "node", "web-"),
        ("", "service", &"a".repeat(257)),
        ("", "role", "a b"),
        ("", "scope", "a b"),
        ("", "service", "svc-${value.team"),
        ("", "service", "svc-${list.team}"),
        ("", "service", "svc-${value.}"),
        ("", "service", "svc-${value.other}"),
        ("", "service", &"a".repeat(2000)),
    ] {
        let read = ReadRule::new(rule(selector, bind_type, name), &mappings());
        assert!(read.is_err(), "{selector} {bind_type} {name}");
    }
}
