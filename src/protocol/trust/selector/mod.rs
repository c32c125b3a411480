//! The language of selectors: `value.team == "web" and "ops" in list.groups`.
//!
//! Owns what an expression means. An attribute that is absent makes each comparison unknown, also under `not`, and an unknown
//! selector does not match: a claim that is not there never gives anything. Only `is empty` and `is not empty` ask whether it
//! is there. How expressions are written is in `parse`.

use std::fmt;

use regex::Regex;

use crate::protocol::trust::attributes::Attributes;

mod parse;

pub use self::parse::SelectorError;

/// A selector that was read; the empty one matches everything.
#[derive(Clone, Debug, Default)]
pub struct Selector(Option<Expression>);

/// What a comparison with an absent attribute comes to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Absent {
    /// Unknown, which never matches.
    #[default]
    Unknown,
    /// True for `!=`, `not in`, `matches`, `not matches` and `is empty`, false for the others: what Consul does. A claim that is
    /// missing grants something then.
    AsConsul,
}

#[derive(Clone, Debug)]
enum Expression {
    All(Vec<Expression>),
    Any(Vec<Expression>),
    Not(Box<Expression>),
    Test(Attribute, Test),
}

/// What is compared.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Attribute {
    /// `value.NAME`: one text.
    Value(String),
    /// `list.NAME`: several.
    List(String),
}

impl fmt::Display for Attribute {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Value(name) => write!(formatter, "value.{name}"),
            Self::List(name) => write!(formatter, "list.{name}"),
        }
    }
}

#[derive(Clone, Debug)]
enum Test {
    Equals(String),
    Differs(String),
    /// A part of a value, or a member of a list.
    Contains(String),
    Lacks(String),
    /// Anywhere in it: not anchored.
    Matches(Regex),
    MatchesNot(Regex),
    IsEmpty,
    IsNotEmpty,
}

impl Selector {
    /// Whether the attributes match.
    pub fn matches(&self, attributes: &Attributes, absent: Absent) -> bool {
        self.0
            .as_ref()
            .is_none_or(|expression| expression.evaluate(attributes, absent) == Some(true))
    }

    /// The attributes that it asks for, each as often as it does.
    pub fn attributes(&self) -> Vec<&Attribute> {
        let mut found = Vec::new();
        if let Some(expression) = &self.0 {
            expression.collect(&mut found);
        }
        found
    }
}

impl Expression {
    /// In the three-valued logic of Kleene; `None` is unknown.
    fn evaluate(&self, attributes: &Attributes, absent: Absent) -> Option<bool> {
        match self {
            Self::All(parts) => all(parts, attributes, absent),
            Self::Any(parts) => any(parts, attributes, absent),
            Self::Not(part) => part.evaluate(attributes, absent).map(|it| !it),
            Self::Test(Attribute::Value(name), test) => {
                let value = attributes.value(name);
                value.map_or_else(|| test.of_absent(absent), |it| Some(test.of_value(it)))
            }
            Self::Test(Attribute::List(name), test) => {
                let list = attributes.list(name);
                list.map_or_else(|| test.of_absent(absent), |it| Some(test.of_list(it)))
            }
        }
    }

    fn collect<'a>(&'a self, found: &mut Vec<&'a Attribute>) {
        match self {
            Self::All(parts) | Self::Any(parts) => {
                for part in parts {
                    part.collect(found);
                }
            }
            Self::Not(part) => part.collect(found),
            Self::Test(attribute, _) => found.push(attribute),
        }
    }
}

fn all(parts: &[Expression], attributes: &Attributes, absent: Absent) -> Option<bool> {
    let mut result = Some(true);
    for part in parts {
        match part.evaluate(attributes, absent) {
            Some(false) => return Some(false),
            None => result = None,
            Some(true) => {}
        }
    }
    result
}

fn any(parts: &[Expression], attributes: &Attributes, absent: Absent) -> Option<bool> {
    let mut result = Some(false);
    for part in parts {
        match part.evaluate(attributes, absent) {
            Some(true) => return Some(true),
            None => result = None,
            Some(false) => {}
        }
    }
    result
}

impl Test {
    fn of_absent(&self, absent: Absent) -> Option<bool> {
        match (self, absent) {
            (Self::IsEmpty, _) => Some(true),
            (Self::IsNotEmpty, _) => Some(false),
            (_, Absent::Unknown) => None,
            (Self::Equals(_) | Self::Contains(_), Absent::AsConsul) => Some(false),
            (
                Self::Differs(_) | Self::Lacks(_) | Self::Matches(_) | Self::MatchesNot(_),
                Absent::AsConsul,
            ) => Some(true),
        }
    }

    fn of_value(&self, value: &str) -> bool {
        match self {
            Self::Equals(text) => value == text,
            Self::Differs(text) => value != text,
            Self::Contains(part) => value.contains(part),
            Self::Lacks(part) => !value.contains(part),
            Self::Matches(pattern) => pattern.is_match(value),
            Self::MatchesNot(pattern) => !pattern.is_match(value),
            Self::IsEmpty => value.is_empty(),
            Self::IsNotEmpty => !value.is_empty(),
        }
    }

    /// The parser lets no other test of a list pass; one that did would not match.
    fn of_list(&self, list: &[String]) -> bool {
        match self {
            Self::Contains(member) => list.contains(member),
            Self::Lacks(member) => !list.contains(member),
            Self::IsEmpty => list.is_empty(),
            Self::IsNotEmpty => !list.is_empty(),
            Self::Equals(_) | Self::Differs(_) | Self::Matches(_) | Self::MatchesNot(_) => false,
        }
    }
}
