//! Binding rules: what whoever brings a token gets, where the selector matches.
//!
//! What all rules give is united. A name may be made of values, as `svc-${value.team}`; one that comes out malformed gives
//! nothing, and neither does a role or policy that no operator declared. The other rules hold all the same.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::protocol::context::Timestamp;
use crate::protocol::scope::Scope;
use crate::protocol::trust::attributes::{Attributes, Mappings};
use crate::protocol::trust::issuer::IssuerName;
use crate::protocol::trust::selector::{Absent, Selector, SelectorError};

/// What a rule gives.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum BindType {
    /// The identity of a service.
    Service,
    /// The identity of a node.
    Node,
    /// A role.
    Role,
    /// A policy.
    Policy,
    /// A policy that is made of a template.
    TemplatedPolicy,
    /// A value of `scope`; Consul does not know it.
    Scope,
}

impl BindType {
    /// All of them.
    pub const ALL: [Self; 6] = [
        Self::Service,
        Self::Node,
        Self::Role,
        Self::Policy,
        Self::TemplatedPolicy,
        Self::Scope,
    ];

    /// The one that is written so.
    pub fn named(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == text)
    }

    /// As it is written.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Service => "service",
            Self::Node => "node",
            Self::Role => "role",
            Self::Policy => "policy",
            Self::TemplatedPolicy => "templated-policy",
            Self::Scope => "scope",
        }
    }

    /// Whether a name can be one of this type.
    pub fn takes(self, name: &str) -> bool {
        match self {
            Self::Service | Self::Node => {
                let is_end = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
                let is_part = |byte: u8| is_end(byte) || b"_-".contains(&byte);
                let bytes = name.as_bytes();
                let ends = bytes.first().zip(bytes.last());
                name.len() <= 256
                    && bytes.iter().copied().all(is_part)
                    && ends.is_some_and(|(first, last)| is_end(*first) && is_end(*last))
            }
            Self::Role | Self::Policy => {
                let is_part = |byte: u8| byte.is_ascii_alphanumeric() || b"_-".contains(&byte);
                (1..=256).contains(&name.len()) && name.bytes().all(is_part)
            }
            Self::TemplatedPolicy => TEMPLATES.iter().any(|(known, _)| *known == name),
            Self::Scope => name.parse::<Scope>().is_ok_and(|it| it.iter().count() == 1),
        }
    }
}

/// A binding rule.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BindingRule {
    /// A UUID.
    #[serde(default)]
    pub id: String,
    /// Whose tokens it is about.
    pub trusted_issuer: IssuerName,
    /// For people.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub description: String,
    /// Whom it is about; everybody where empty.
    #[serde(default)]
    pub selector: String,
    /// What it gives.
    pub bind_type: BindType,
    /// Its name, which may be made of values.
    pub bind_name: String,
    /// What the template of a templated policy is filled with.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub bind_vars: BTreeMap<String, String>,
    /// When it was added.
    #[serde(skip)]
    pub created_at: Timestamp,
    /// When it was last changed.
    #[serde(skip)]
    pub updated_at: Timestamp,
}

/// Why a rule cannot be.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RuleError {
    /// See there.
    #[error("the selector cannot be read: {0}")]
    Selector(#[from] SelectorError),
    /// `${` that never ends, or something else than a value in it.
    #[error("a name is made of texts and ${{value.NAME}}")]
    Name,
    /// No mapping makes that value, so the name would never be whole.
    #[error("no claim is mapped to value.{0}, which the name is made of")]
    Unmapped(String),
    /// The name as it stands cannot be one of that type.
    #[error("the name cannot be one of type {0}")]
    Malformed(&'static str),
    /// Templates take one variable, `Name`, and some none.
    #[error(
        "a templated policy is one of the built-in templates, with the variable Name where it takes one"
    )]
    Variables,
}

/// A rule, read once.
#[derive(Clone, Debug)]
pub struct ReadRule {
    /// As it is stored.
    pub rule: BindingRule,
    selector: Selector,
    name: Vec<Piece>,
    variable: Option<Vec<Piece>>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Piece {
    Text(String),
    Value(String),
}

impl ReadRule {
    /// Reads a rule of an issuer that maps these claims to values.
    pub fn new(rule: BindingRule, values: &Mappings) -> Result<Self, RuleError> {
        let selector = rule.selector.parse()?;
        let name = pieces(&rule.bind_name)?;
        let is_templated = rule.bind_type == BindType::TemplatedPolicy;
        let mut variables = rule.bind_vars.iter();
        let variable = match (is_templated, variables.next(), variables.next()) {
            (_, None, None) => None,
            (true, Some((key, text)), None) if key == VARIABLE => Some(pieces(text)?),
            (_, _, _) => return Err(RuleError::Variables),
        };
        let template = TEMPLATES.iter().find(|(known, _)| *known == rule.bind_name);
        if is_templated && template.is_none_or(|(_, takes)| *takes != variable.is_some()) {
            return Err(RuleError::Variables);
        }
        for piece in name.iter().chain(variable.iter().flatten()) {
            if let Piece::Value(value) = piece
                && !values.values().any(|it| it == value)
            {
                return Err(RuleError::Unmapped(value.clone()));
            }
        }
        if let [Piece::Text(text)] = name.as_slice()
            && !rule.bind_type.takes(text)
        {
            return Err(RuleError::Malformed(rule.bind_type.as_str()));
        }
        if name.is_empty() {
            return Err(RuleError::Malformed(rule.bind_type.as_str()));
        }
        Ok(Self {
            rule,
            selector,
            name,
            variable,
        })
    }

    /// The selector.
    pub fn selector(&self) -> &Selector {
        &self.selector
    }

    /// What the rule comes to.
    pub fn apply(&self, attributes: &Attributes, declared: &Declared, terms: Terms) -> Verdict {
        if !self.selector.matches(attributes, terms.absent) {
            return Verdict::NoMatch;
        }
        let Some(name) = fill(&self.name, attributes, terms) else {
            return Verdict::InvalidName(String::new());
        };
        let variable = match &self.variable {
            None => None,
            Some(pieces) => match fill(pieces, attributes, terms) {
                Some(text) if BindType::Service.takes(&text) => Some(text),
                Some(text) => return Verdict::InvalidName(text),
                None => return Verdict::InvalidName(String::new()),
            },
        };
        let kind = self.rule.bind_type;
        if !kind.takes(&name) {
            return Verdict::InvalidName(name);
        }
        let is_known = match kind {
            BindType::Role => declared.roles.contains_key(&name),
            BindType::Policy => declared.policies.contains_key(&name),
            BindType::Service | BindType::Node | BindType::TemplatedPolicy | BindType::Scope => {
                true
            }
        };
        if is_known {
            Verdict::Gives(Identity {
                kind,
                name,
                variable,
            })
        } else {
            Verdict::Undeclared(name)
        }
    }
}

/// How rules are applied.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Terms {
    /// What a comparison with an absent attribute comes to.
    pub absent: Absent,
    /// Whether values are turned to lower case in names.
    pub lower_case: bool,
    /// Whether a name that comes out malformed ends everything, and not its rule alone.
    pub malformed_names_refuse: bool,
}

/// What a rule came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The selector does not match.
    NoMatch,
    /// It matches, but the name came out malformed.
    InvalidName(String),
    /// It matches, but nobody declared that role or policy.
    Undeclared(String),
    /// It gives this.
    Gives(Identity),
}

/// What somebody is, or may do.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Identity {
    /// What it is.
    #[serde(rename = "type")]
    pub kind: BindType,
    /// Its name.
    pub name: String,
    /// What the template of a templated policy is filled with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub variable: Option<String>,
}

/// The roles and policies that rules can give, by name, each with its id (a UUID).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Declared {
    /// Roles.
    pub roles: BTreeMap<String, String>,
    /// Policies.
    pub policies: BTreeMap<String, String>,
}

/// What all rules give together.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Bound(BTreeSet<Identity>);

impl Bound {
    /// Adds what a rule gives.
    pub fn add(&mut self, identity: Identity) {
        self.0.insert(identity);
    }

    /// Whether nothing is given.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The names of one type, in order.
    pub fn names(&self, kind: BindType) -> impl Iterator<Item = &str> {
        self.0
            .iter()
            .filter(move |it| it.kind == kind)
            .map(|it| it.name.as_str())
    }

    /// What the claim `identities` holds: all but roles and scope, which have claims of their own (RFC 9068 §2.2.3).
    pub fn identities(&self) -> Vec<Identity> {
        let is_other = |it: &&Identity| !matches!(it.kind, BindType::Role | BindType::Scope);
        self.0.iter().filter(is_other).cloned().collect()
    }

    /// Everything, in order.
    pub fn all(&self) -> impl Iterator<Item = &Identity> {
        self.0.iter()
    }
}

fn pieces(text: &str) -> Result<Vec<Piece>, RuleError> {
    if text.len() > LONGEST_NAME {
        return Err(RuleError::Name);
    }
    let mut pieces = Vec::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("${") {
        let (inside, after) = after.split_once('}').ok_or(RuleError::Name)?;
        let value = inside.trim().strip_prefix("value.");
        let value = value.filter(|it| !it.is_empty()).ok_or(RuleError::Name)?;
        if !before.is_empty() {
            pieces.push(Piece::Text(before.to_owned()));
        }
        pieces.push(Piece::Value(value.to_owned()));
        rest = after;
    }
    if !rest.is_empty() {
        pieces.push(Piece::Text(rest.to_owned()));
    }
    Ok(pieces)
}

/// `None` where a value is absent.
fn fill(pieces: &[Piece], attributes: &Attributes, terms: Terms) -> Option<String> {
    let mut text = String::new();
    for piece in pieces {
        match piece {
            Piece::Text(part) => text.push_str(part),
            Piece::Value(name) => {
                let value = attributes.value(name)?;
                if terms.lower_case {
                    text.push_str(&value.to_lowercase());
                } else {
                    text.push_str(value);
                }
            }
        }
    }
    Some(text)
}

/// The built-in templates, and whether they take a name.
const TEMPLATES: [(&str, bool); 7] = [
    ("builtin/service", true),
    ("builtin/node", true),
    ("builtin/workload-identity", true),
    ("builtin/api-gateway", true),
    ("builtin/dns", false),
    ("builtin/nomad-server", false),
    ("builtin/nomad-client", false),
];

/// The one variable of a template.
const VARIABLE: &str = "Name";

/// Bytes of a name before it is filled.
const LONGEST_NAME: usize = 1024;
