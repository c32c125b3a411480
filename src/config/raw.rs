//! What file, environment and flags literally say.
//!
//! Owns which keys exist and which source wins. Whether a value is any good is not judged here.

use std::collections::BTreeMap;
use std::fmt;

use toml::de::{DeTable, DeValue};

use crate::config::keys::{self, KEYS};
use crate::config::problem::{self, Origin, Problem};

/// Everything that settings may come from, already read.
#[derive(Default)]
pub struct Sources {
    /// The configuration file: how it was named, and its text.
    pub file: Option<(String, String)>,
    /// The variables whose names begin with `ISSUANT_`.
    pub environment: BTreeMap<String, String>,
    /// Settings given as flags.
    pub flags: Vec<Flag>,
    /// What went wrong while reading them.
    pub problems: Vec<Problem>,
}

/// Without values: a database URL may hold a password.
impl fmt::Debug for Sources {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let file = self.file.as_ref().map(|(name, _)| name);
        formatter
            .debug_struct("Sources")
            .field("file", &file)
            .field("environment", &self.environment.keys())
            .field("flags", &self.flags)
            .field("problems", &self.problems)
            .finish()
    }
}

/// A setting given as a flag.
#[derive(Debug)]
pub struct Flag {
    /// The setting, as `listen`.
    pub key: &'static str,
    /// The flag, as `--listen`.
    pub flag: &'static str,
    /// What was typed.
    pub value: String,
}

/// A value as it was typed.
#[derive(Clone)]
pub(super) enum Literal {
    Text(String),
    Integer(String),
    List(Vec<String>),
    /// A kind of value that no setting takes.
    Other,
}

/// Without the value, which may be a password.
impl fmt::Debug for Literal {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Text(_) => "Text",
            Self::Integer(_) => "Integer",
            Self::List(_) => "List",
            Self::Other => "Other",
        })
    }
}

/// A value and where it was typed.
#[derive(Clone, Debug)]
pub(super) struct Given {
    pub(super) literal: Literal,
    pub(super) origin: Origin,
}

/// For each key the value of the strongest source: flag, environment, file.
#[derive(Debug, Default)]
pub(super) struct Raw {
    values: BTreeMap<&'static str, Given>,
    pub(super) problems: Vec<Problem>,
}

impl Raw {
    pub(super) fn collect(sources: &Sources) -> Self {
        let mut raw = Self {
            values: BTreeMap::new(),
            problems: sources.problems.clone(),
        };
        // From weak to strong: a later source replaces what an earlier one said.
        if let Some((name, text)) = &sources.file {
            raw.add_file(name, text);
        }
        raw.add_environment(&sources.environment);
        for flag in &sources.flags {
            raw.values.insert(
                flag.key,
                Given {
                    literal: Literal::Text(flag.value.clone()),
                    origin: Origin::Flag(flag.flag),
                },
            );
        }
        raw
    }

    pub(super) fn value(&self, key: &str) -> Option<&Given> {
        self.values.get(key)
    }

    fn add_file(&mut self, name: &str, text: &str) {
        let place = |offset: usize| Origin::File {
            name: name.to_owned(),
            line: text
                .bytes()
                .take(offset)
                .filter(|byte| *byte == b'\n')
                .count()
                + 1,
        };
        match DeTable::parse(text) {
            Ok(table) => self.add_table("", table.get_ref(), &place),
            Err(error) => {
                let offset = error.span().map_or(0, |span| span.start);
                let message = format!("this is not TOML: {}", error.message());
                self.problems
                    .push(Problem::at(problem::FILE, &place(offset), message));
            }
        }
    }

    fn add_table(&mut self, prefix: &str, table: &DeTable<'_>, place: &impl Fn(usize) -> Origin) {
        for (key, value) in table {
            let name = format!("{prefix}{}", key.get_ref());
            let origin = place(key.span().start);
            if let DeValue::Table(inner) = value.get_ref()
                && prefix.is_empty()
            {
                if keys::is_table(&name) {
                    self.add_table(&format!("{name}."), inner, place);
                } else {
                    let suggestion = keys::nearest_table(&name);
                    self.note_unknown("table", &name, suggestion, &origin);
                }
            } else if let Some(key) = keys::find(&name) {
                let literal = literal(value.get_ref());
                self.values.insert(key.name, Given { literal, origin });
            } else {
                let suggestion = keys::nearest(&name).map(|key| key.name);
                self.note_unknown("key", &name, suggestion, &origin);
            }
        }
    }

    fn add_environment(&mut self, environment: &BTreeMap<String, String>) {
        for (variable, value) in environment {
            if variable == CONFIG_VARIABLE || variable.starts_with("ISSUANT_TEST_") {
                continue;
            }
            let origin = Origin::Environment(variable.clone());
            if let Some(key) = KEYS.iter().find(|key| key.variable() == *variable) {
                // Compose files pass variables on that nobody has set: an empty one says nothing.
                if !value.is_empty() {
                    let literal = Literal::Text(value.clone());
                    self.values.insert(key.name, Given { literal, origin });
                }
            } else {
                let typed = variable.strip_prefix("ISSUANT_").unwrap_or(variable);
                let suggestion = nearest_variable(typed);
                self.note_unknown("variable", variable, suggestion.as_deref(), &origin);
            }
        }
    }

    fn note_unknown(&mut self, kind: &str, name: &str, suggestion: Option<&str>, origin: &Origin) {
        let suggestion = match suggestion {
            Some(nearest) => format!("did you mean `{nearest}`?"),
            None => "`issuant help config` lists what there is".to_owned(),
        };
        let message = format!("unknown {kind} `{}` – {suggestion}", name.escape_default());
        self.problems
            .push(Problem::at(problem::UNKNOWN, origin, message));
    }
}

fn nearest_variable(typed: &str) -> Option<String> {
    let typed = typed.to_ascii_lowercase();
    KEYS.iter()
        .map(|key| {
            (
                strsim::normalized_damerau_levenshtein(&typed, &key.name.replace('.', "_")),
                key,
            )
        })
        .filter(|(likeness, _)| *likeness >= 0.7)
        .max_by(|(one, _), (other, _)| one.total_cmp(other))
        .map(|(_, key)| key)
        .or_else(|| keys::nearest(&typed))
        .map(keys::Key::variable)
}

fn literal(value: &DeValue<'_>) -> Literal {
    match value {
        DeValue::String(text) => Literal::Text(text.to_string()),
        DeValue::Integer(integer) => Literal::Integer(integer.to_string()),
        DeValue::Array(items) => items
            .iter()
            .map(|item| item.get_ref().as_str().map(str::to_owned))
            .collect::<Option<Vec<String>>>()
            .map_or(Literal::Other, Literal::List),
        DeValue::Float(_) | DeValue::Boolean(_) | DeValue::Datetime(_) | DeValue::Table(_) => {
            Literal::Other
        }
    }
}

/// Names the configuration file; not a setting itself.
pub(super) const CONFIG_VARIABLE: &str = "ISSUANT_CONFIG";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_value_is_printed() {
        let url = "postgres://ada:hunter2@db/issuant";
        let mut sources = Sources {
            file: Some((
                "issuant.toml".to_owned(),
                format!("database_url = \"{url}\""),
            )),
            ..Sources::default()
        };
        let shown = |sources: &Sources| format!("{sources:?} {:?}", Raw::collect(sources));
        assert!(shown(&sources).contains("database_url"));
        assert!(!shown(&sources).contains("hunter2"));
        let variable = "ISSUANT_DATABASE_URL".to_owned();
        sources.environment.insert(variable, url.to_owned());
        assert!(shown(&sources).contains("ISSUANT_DATABASE_URL"));
        assert!(!shown(&sources).contains("hunter2"));
    }
}
