//! From the claims of a token to the attributes that selectors and names are made of.
//!
//! An operator maps claims to attributes. A source that begins with `/` is a JSON Pointer (RFC 6901); everything else is the
//! name of a member on top, dots and all.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

/// Which claim becomes which attribute: source → name.
pub type Mappings = BTreeMap<String, String>;

/// What is known of whoever brings a token.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Attributes {
    values: BTreeMap<String, String>,
    lists: BTreeMap<String, Vec<String>>,
}

/// A mapped claim has a shape that its attribute cannot take.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the claim {0} has a shape that its attribute cannot take")]
pub struct WrongShape(pub String);

/// How numbers become text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Numbers {
    /// As they stand in the token.
    Exact,
    /// Without what follows the decimal point, as Consul has it.
    Truncated,
}

impl Attributes {
    /// Reads the mapped claims. One that is missing, or `null`, makes no attribute.
    pub fn read(
        claims: &Map<String, Value>,
        values: &Mappings,
        lists: &Mappings,
        numbers: Numbers,
    ) -> Result<Self, WrongShape> {
        let mut read = Self::default();
        for (source, name) in values {
            if let Some(claim) = find(claims, source) {
                let text = text(claim, numbers).ok_or_else(|| WrongShape(source.clone()))?;
                read.values.insert(name.clone(), text);
            }
        }
        for (source, name) in lists {
            if let Some(claim) = find(claims, source) {
                let items = match claim {
                    Value::Array(items) => items.iter().collect(),
                    Value::Null
                    | Value::Bool(_)
                    | Value::Number(_)
                    | Value::String(_)
                    | Value::Object(_) => vec![claim],
                };
                let texts: Option<Vec<String>> =
                    items.iter().map(|item| text(item, numbers)).collect();
                let mut texts = texts.ok_or_else(|| WrongShape(source.clone()))?;
                texts.retain(|text| !text.is_empty());
                read.lists.insert(name.clone(), texts);
            }
        }
        Ok(read)
    }

    /// `value.NAME`.
    pub fn value(&self, name: &str) -> Option<&str> {
        self.values.get(name).map(String::as_str)
    }

    /// `list.NAME`.
    pub fn list(&self, name: &str) -> Option<&[String]> {
        self.lists.get(name).map(Vec::as_slice)
    }

    /// All values, by name.
    pub fn values(&self) -> &BTreeMap<String, String> {
        &self.values
    }

    /// All lists, by name.
    pub fn lists(&self) -> &BTreeMap<String, Vec<String>> {
        &self.lists
    }
}

/// The claim of a source; `null` is none.
pub fn find<'a>(claims: &'a Map<String, Value>, source: &str) -> Option<&'a Value> {
    let found = match source.strip_prefix('/') {
        None => claims.get(source),
        Some(pointer) => {
            let (first, rest) = match pointer.split_once('/') {
                Some((first, rest)) => (first, Some(rest)),
                None => (pointer, None),
            };
            // RFC 6901 §4, in that order.
            let claim = claims.get(&first.replace("~1", "/").replace("~0", "~"))?;
            match rest {
                Some(rest) => claim.pointer(&format!("/{rest}")),
                None => Some(claim),
            }
        }
    };
    found.filter(|claim| !claim.is_null())
}

fn text(claim: &Value, numbers: Numbers) -> Option<String> {
    match claim {
        Value::String(text) => Some(text.clone()),
        Value::Bool(is_true) => Some(is_true.to_string()),
        Value::Number(number) => {
            let text = number.to_string();
            Some(match (numbers, text.split_once('.')) {
                (Numbers::Truncated, Some((whole, _))) => whole.to_owned(),
                (Numbers::Truncated, None) | (Numbers::Exact, _) => text,
            })
        }
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}
