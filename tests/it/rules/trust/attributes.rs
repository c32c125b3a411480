//! From claims to attributes.

use issuant::protocol::trust::attributes::{Attributes, Mappings, Numbers, WrongShape};
use serde_json::{Value, json};

fn read(values: &[(&str, &str)], lists: &[(&str, &str)]) -> Result<Attributes, WrongShape> {
    read_with(values, lists, Numbers::Exact)
}

fn read_with(
    values: &[(&str, &str)],
    lists: &[(&str, &str)],
    numbers: Numbers,
) -> Result<Attributes, WrongShape> {
    let claims = json!({
        "a": {"b": "X", "c/d": "slash", "e~f": "tilde", "l": ["one", "two"]},
        "n": 3, "f": 1.9, "ok": true, "g": ["dev", 7, "", false], "nested": [["x"]],
        "none": null, "alone": "one",
    });
    let Value::Object(claims) = claims else {
        unreachable!()
    };
    let mappings = |pairs: &[(&str, &str)]| -> Mappings {
        let pairs = pairs.iter();
        pairs
            .map(|(from, to)| ((*from).to_owned(), (*to).to_owned()))
            .collect()
    };
    Attributes::read(&claims, &mappings(values), &mappings(lists), numbers)
}

#[test]
fn pointers_names_and_what_becomes_text() {
    let values = [
        ("/a/b", "b"),
        ("/a/c~1d", "slash"),
        ("/a/e~0f", "tilde"),
        ("/a/l/1", "second"),
        ("n", "n"),
        ("f", "f"),
        ("ok", "ok"),
        ("a.b", "dotted"),
        ("none", "none"),
        ("/a/z", "missing"),
    ];
    let found = read(&values, &[("g", "g"), ("alone", "alone"), ("/a/l", "l")]).unwrap();
    for (name, value) in [
        ("b", Some("X")),
        ("slash", Some("slash")),
        ("tilde", Some("tilde")),
        ("second", Some("two")),
        ("n", Some("3")),
        ("f", Some("1.9")),
        ("ok", Some("true")),
        ("dotted", None),
        ("none", None),
        ("missing", None),
    ] {
        assert_eq!(found.value(name), value, "{name}");
    }
    assert_eq!(found.list("g").unwrap(), ["dev", "7", "false"]);
    assert_eq!(found.list("alone").unwrap(), ["one"]);
    assert_eq!(found.list("l").unwrap(), ["one", "two"]);
    let truncated = read_with(&[("f", "f"), ("n", "n")], &[], Numbers::Truncated).unwrap();
    assert_eq!(truncated.value("f"), Some("1"));
    assert_eq!(truncated.value("n"), Some("3"));
}

#[test]
fn shapes_that_attributes_cannot_take() {
    let wrong = |source: &str| Err(WrongShape(source.to_owned()));
    assert_eq!(read(&[("a", "a")], &[]), wrong("a"));
    assert_eq!(read(&[("g", "g")], &[]), wrong("g"));
    assert_eq!(read(&[], &[("nested", "n")]), wrong("nested"));
    assert_eq!(read(&[], &[("a", "a")]), wrong("a"));
}
