//! `issuant help`: of a command, of an error id, of the settings, of the exit codes.

use clap::Args;
use serde_json::json;

use crate::cli::answer::{Answer, table};
use crate::cli::exit;
use crate::cli::failure::{self, Failure};
use crate::config::keys::KEYS;
use crate::config::problem::MEANINGS;
use crate::protocol::catalogue;

/// Explain a command, an error id, the settings (config) or the exit codes
#[derive(Args, Debug)]
#[command(
    help_template = super::TEMPLATE,
    before_long_help = "\
Examples:
  issuant help client create
  issuant help E1204
  issuant help config
  issuant help exit-codes"
)]
pub(crate) struct Help {
    /// A command, an error id, config or exit-codes
    topic: Vec<String>,
}

impl Help {
    pub(crate) fn run(self, commands: &mut clap::Command) -> Result<Answer, Failure> {
        let words: Vec<&str> = self.topic.iter().map(String::as_str).collect();
        match words.as_slice() {
            ["exit-codes"] => Ok(exit::answer()),
            ["config"] => Ok(settings()),
            [id] if looks_like_id(id) => explain(&id.to_ascii_uppercase()),
            path => of_command(commands, path),
        }
    }
}

fn settings() -> Answer {
    let rows: Vec<Vec<String>> = KEYS
        .iter()
        .map(|key| {
            let default = if key.default.is_empty() {
                "-"
            } else {
                key.default
            };
            vec![
                key.name.to_owned(),
                default.to_owned(),
                key.variable(),
                key.help.to_owned(),
            ]
        })
        .collect();
    let data: Vec<serde_json::Value> = KEYS
        .iter()
        .map(|key| {
            json!({
                "key": key.name,
                "default": key.default,
                "variable": key.variable(),
                "file_variable": key.is_secret.then(|| format!("{}_FILE", key.variable())),
                "help": key.help,
            })
        })
        .collect();
    Answer::new(
        json!({ "settings": data }),
        table(&["KEY", "DEFAULT", "VARIABLE", "WHAT FOR"], &rows),
    )
    .say("A flag wins over a variable, a variable over issuant.toml. Unknown names are errors.")
}

fn looks_like_id(word: &str) -> bool {
    word.len() == 5
        && word.starts_with(['E', 'e', 'W', 'w'])
        && word.bytes().skip(1).all(|byte| byte.is_ascii_digit())
}

fn explain(id: &str) -> Result<Answer, Failure> {
    let of_commands = failure::ALL
        .iter()
        .map(|kind| (kind.id, kind.sentence, kind.fix));
    let of_settings = MEANINGS
        .iter()
        .map(|meaning| (meaning.id, meaning.sentence, meaning.fix));
    let of_protocol = catalogue::all().map(|entry| (entry.id, entry.sentence, entry.fix));
    let found = of_commands
        .chain(of_settings)
        .chain(of_protocol)
        .find(|(known, ..)| *known == id);
    let Some((id, sentence, fix)) = found else {
        return Err(
            Failure::new(&failure::NOT_FOUND, format!("there is no error {id}"))
                .hint("An id stands in square or round brackets behind a message."),
        );
    };
    Ok(Answer::new(
        json!({"id": id, "cause": sentence, "fix": fix}),
        format!("{id}: {sentence}\n  = help: {fix}\n"),
    ))
}

/// What `--help` of that command says.
fn of_command(root: &mut clap::Command, path: &[&str]) -> Result<Answer, Failure> {
    root.build();
    let mut command = root;
    for word in path {
        let known = command.find_subcommand(word).is_some();
        command = match command.find_subcommand_mut(word) {
            Some(found) if known => found,
            Some(_) | None => {
                return Err(Failure::new(
                    &failure::USAGE,
                    format!("there is no help on `{}`", path.join(" ").escape_debug()),
                )
                .hint("Topics are commands, error ids, config and exit-codes."));
            }
        };
    }
    let text = command.render_long_help().to_string();
    Ok(Answer::new(json!({ "help": text }), text))
}
