//! Selectors: what is read, what matches, and that an absent claim never gives anything.

use std::collections::BTreeMap;

use issuant::protocol::trust::attributes::{Attributes, Numbers};
use issuant::protocol::trust::selector::{Absent, Selector, SelectorError};
use proptest::prelude::*;
use serde_json::{Value, json};

fn attributes() -> Attributes {
    let claims = json!({
        "dept": "engineering", "team": "web", "blank": "", "a.b": "dotted",
        "groups": ["engineering", "ops"], "none": [],
    });
    let Value::Object(claims) = claims else {
        unreachable!()
    };
    let mapped = |names: &[&str]| -> BTreeMap<String, String> {
        let pairs = names
            .iter()
            .map(|name| ((*name).to_owned(), (*name).to_owned()));
        pairs.collect()
    };
    let values = mapped(&["dept", "team", "blank", "a.b", "x"]);
    let lists = mapped(&["groups", "none", "y"]);
    Attributes::read(&claims, &values, &lists, Numbers::Exact).unwrap()
}

fn matches(selector: &str) -> bool {
    let selector: Selector = selector
        .parse()
        .unwrap_or_else(|it| panic!("{selector}: {it}"));
    selector.matches(&attributes(), Absent::Unknown)
}

#[test]
fn what_matches_and_what_does_not() {
    for (selector, expected) in [
        ("", true),
        ("  ", true),
        ("value.team == \"web\"", true),
        ("value.team == web", true),
        ("value.team==`web`", true),
        ("value.team == \"we\"", false),
        ("value.team == \"WEB\"", false),
        ("value.team != \"api\"", true),
        ("value.team != web", false),
        // A part of a value, a member of a list.
        ("\"eng\" in value.dept", true),
        ("eng in value.dept", true),
        ("\"eng\" in list.groups", false),
        ("engineering in list.groups", true),
        ("ops not in list.groups", false),
        ("x not in list.groups", true),
        ("\"zz\" not in value.dept", true),
        ("value.dept contains eng", true),
        ("value.dept not contains eng", false),
        ("list.groups contains ops", true),
        ("list.groups not contains dev", true),
        // Not anchored.
        ("value.dept matches \"gine\"", true),
        ("value.dept matches \"^gine\"", false),
        ("value.dept matches `^eng\\w+$`", true),
        ("value.dept matches \"^eng\\w+$\"", true),
        ("value.dept not matches \"gine\"", false),
        ("value.blank is empty", true),
        ("value.team is empty", false),
        ("value.team is not empty", true),
        ("list.none is empty", true),
        ("list.groups is not empty", true),
        // `or` binds less than `and`, `not` most.
        (
            "value.team == web or value.team == api and value.team == db",
            true,
        ),
        (
            "(value.team == web or value.team == api) and value.team == db",
            false,
        ),
        ("not value.team == api and value.team == web", true),
        ("not (value.team == web)", false),
        ("not not value.team == web", true),
        ("value[\"a.b\"] == dotted", true),
        ("value.a.b == dotted", true),
        // What stands on the right is text.
        ("value.team == value.team", false),
        ("value.team == \"a \\\"quoted\\\" one\"", false),
    ] {
        assert_eq!(matches(selector), expected, "{selector}");
    }
}

/// Regression: absence satisfied `matches`, `!=` and `not in` elsewhere.
#[test]
fn an_absent_attribute_matches_nothing_but_is_empty() {
    for selector in [
        "value.x == \"\"",
        "value.x != \"a\"",
        "\"a\" in value.x",
        "\"a\" not in value.x",
        "value.x contains a",
        "value.x not contains a",
        "value.x matches \".*\"",
        "value.x not matches \"a\"",
        "value.x is not empty",
        "a in list.y",
        "a not in list.y",
        "list.y is not empty",
        "value.never_mapped != a",
    ] {
        assert!(!matches(selector), "{selector}");
        let negated = format!("not ({selector})");
        assert_eq!(matches(&negated), selector.contains("is not"), "{negated}");
        assert!(!matches(&format!("value.team == web and {selector}")));
        assert!(matches(&format!("value.team == web or {selector}")));
    }
    assert!(matches("value.x is empty"));
    assert!(matches("list.y is empty"));
    assert!(!matches("not value.x is empty"));
}

/// What `consul.strict_compat` brings back.
#[test]
fn absence_as_consul_has_it() {
    for (selector, expected) in [
        ("value.x == a", false),
        ("a in value.x", false),
        ("value.x is not empty", false),
        ("value.x != a", true),
        ("a not in value.x", true),
        ("value.x matches a", true),
        ("value.x not matches a", true),
        ("value.x is empty", true),
    ] {
        let selector: Selector = selector.parse().unwrap();
        let found = selector.matches(&attributes(), Absent::AsConsul);
        assert_eq!(found, expected, "{selector:?}");
    }
}

#[test]
fn what_is_no_selector() {
    use SelectorError::{
        Attribute, ListOperator, Order, Pattern, Token, TooDeep, TooLong, TooMany,
    };
    let deep = |depth: usize| format!("{}value.a == b{}", "(".repeat(depth), ")".repeat(depth));
    let many = |count: usize| vec!["value.a == b"; count].join(" or ");
    for (selector, reason) in [
        ("value.a".to_owned(), Order),
        ("value.a ==".to_owned(), Order),
        ("value.a == b c".to_owned(), Order),
        ("value.a = b".to_owned(), Token),
        ("value.a == \"b".to_owned(), Token),
        ("value.a == `b".to_owned(), Token),
        ("value.a == b &&".to_owned(), Token),
        ("(value.a == b".to_owned(), Order),
        ("value.a == b)".to_owned(), Order),
        ("and".to_owned(), Order),
        ("not".to_owned(), Order),
        ("value.a is b".to_owned(), Order),
        ("claims.a == b".to_owned(), Attribute),
        ("value. == b".to_owned(), Attribute),
        ("\"value.a\" == b".to_owned(), Attribute),
        ("a in b".to_owned(), Attribute),
        ("list.a == b".to_owned(), ListOperator),
        ("list.a matches b".to_owned(), ListOperator),
        ("value.a matches \"(\"".to_owned(), Pattern),
        ("value.a matches \"(a{1000}){1000}\"".to_owned(), Pattern),
        (deep(40), TooDeep),
        (format!("{}value.a == b", "not ".repeat(40)), TooDeep),
        (many(200), TooMany),
        (format!("value.a == \"{}\"", "b".repeat(5000)), TooLong),
    ] {
        let found = selector.parse::<Selector>().err();
        assert_eq!(found, Some(reason), "{selector}");
    }
    assert!(deep(20).parse::<Selector>().is_ok());
    assert!(many(100).parse::<Selector>().is_ok());
}

/// Words of the language and what they are put together of, in any order.
fn text() -> impl Strategy<Value = String> {
    let word = prop::sample::select(vec![
        "value.x",
        "value.team",
        "list.y",
        "list.groups",
        "web",
        "\"a b\"",
        "`c`",
        "==",
        "!=",
        "in",
        "not",
        "is",
        "empty",
        "contains",
        "matches",
        "and",
        "or",
        "(",
        ")",
        "\"",
        "`",
        "[",
        "é",
        "\\",
    ]);
    prop::collection::vec(word, 0..20).prop_map(|words| words.join(" "))
}

/// A comparison with an attribute that is absent, under any `not`, `and` and `or`.
fn about_absence() -> impl Strategy<Value = String> {
    let test = prop::sample::select(vec![
        "value.x == a",
        "value.x != a",
        "a in value.x",
        "a not in value.x",
        "value.x matches a",
        "value.x not matches a",
        "a in list.y",
        "a not in list.y",
    ]);
    let leaf = test.prop_map(str::to_owned);
    leaf.prop_recursive(5, 30, 3, |inner| {
        let two = (inner.clone(), inner.clone());
        prop_oneof![
            inner.prop_map(|it| format!("not ({it})")),
            two.clone()
                .prop_map(|(one, other)| format!("({one}) and ({other})")),
            two.prop_map(|(one, other)| format!("({one}) or ({other})")),
        ]
    })
}

proptest! {
    #[test]
    fn no_text_breaks_the_reader(text in text()) {
        if let Ok(selector) = text.parse::<Selector>() {
            for absent in [Absent::Unknown, Absent::AsConsul] {
                selector.matches(&attributes(), absent);
                selector.matches(&Attributes::default(), absent);
            }
        }
    }

    #[test]
    fn any_text_at_all_is_read_or_refused(text in ".{0,200}") {
        let _read_or_refused = text.parse::<Selector>().is_ok();
    }

    #[test]
    fn nothing_that_asks_only_for_what_is_absent_matches(text in about_absence()) {
        prop_assert!(!matches(&text), "{}", text);
    }
}
