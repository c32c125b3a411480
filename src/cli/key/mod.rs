//! `issuant key`: lists, adds, replaces, imports and exports signing keys.

mod export;
mod import;

use clap::{Args, Subcommand, ValueEnum};
use serde_json::{Value, json};

use crate::cli::answer::{Answer, table, time_text};
use crate::cli::failure::{self, Failure};
use crate::cli::local::Local;
use crate::cli::{Session, parse};
use crate::config::duration_text;
use crate::crypto::algorithm::Algorithm;
use crate::crypto::key_set::KeyState;
use crate::crypto::random::SystemRandom;
use crate::jobs::signing_keys::{self, Birth, Succession};
use crate::protocol::context::Timestamp;
use crate::storage::keys::StoredKey;

/// List, add, replace, import and export signing keys
#[derive(Args, Debug)]
#[command(
    help_template = crate::cli::TEMPLATE,
    before_long_help = "\
Examples:
  issuant key list
  issuant key rotate --plan
  issuant key generate --algorithm EdDSA",
    subcommand_required = true,
    arg_required_else_help = true
)]
pub(crate) struct Key {
    #[command(subcommand)]
    command: KeyCommand,
}

#[derive(Subcommand, Debug)]
enum KeyCommand {
    /// List all keys and what each is good for
    #[command(
        help_template = crate::cli::TEMPLATE,
        before_long_help = "Examples:\n  issuant key list\n  issuant key list --json"
    )]
    List,
    Generate(Generate),
    Rotate(Rotate),
    Import(import::Import),
    Export(export::Export),
}

impl Key {
    pub(crate) fn run(self, session: &Session) -> Result<Answer, Failure> {
        let local = session.open()?;
        match self.command {
            KeyCommand::List => list(&local),
            KeyCommand::Generate(command) => command.run(&local),
            KeyCommand::Rotate(command) => command.run(&local),
            KeyCommand::Import(command) => command.run(&local),
            KeyCommand::Export(command) => command.run(&local),
        }
    }
}

fn list(local: &Local) -> Result<Answer, Failure> {
    let keys = local.read(|transaction| Ok(transaction.signing_keys()?))?;
    if keys.is_empty() {
        return Ok(Answer::new(json!({"keys": []}), "")
            .say("There is no key yet; the server makes its first ones when it starts."));
    }
    Ok(Answer::new(
        json!({"keys": keys.iter().map(|key| key_json(key, local.now)).collect::<Vec<_>>()}),
        key_table(&keys, local.now),
    ))
}

/// Add a first key for an algorithm
#[derive(Args, Debug)]
#[command(
    help_template = crate::cli::TEMPLATE,
    before_long_help = "\
Examples:
  issuant key generate --algorithm EdDSA
  issuant key generate --algorithm PS256 --json",
    after_long_help = "\
The key signs at once, because nothing was signed with this algorithm before. Where there is a key already, use:
issuant key rotate --algorithm ALGORITHM"
)]
struct Generate {
    /// What it signs with
    #[arg(long, visible_alias = "alg", value_name = "ALGORITHM", value_parser = parse::algorithm())]
    algorithm: Algorithm,
    /// Print the key as well, as another program has it; whoever has it can sign as this server
    #[arg(long, value_enum)]
    format: Option<Printed>,
}

/// How a new key is printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Printed {
    /// Two lines for the environment of cc-backend, for Ed25519 alone.
    CcEnv,
}

impl Generate {
    fn run(self, local: &Local) -> Result<Answer, Failure> {
        let key = make(local, self.algorithm, Birth::first(local.now))?;
        let printed = match self.format {
            None => None,
            Some(Printed::CcEnv) => Some(export::in_cc_env(local, &key)?),
        };
        let (stored, now) = (key.clone(), local.now);
        let added = local.write(move |transaction| {
            let new = [stored];
            Ok(signing_keys::add_first(transaction, &new, now)?)
        })?;
        if added.is_empty() {
            let algorithm = self.algorithm;
            let message = format!("there is a key for {algorithm} already");
            return Err(Failure::new(&failure::STATE, message).hint(format!(
                "Replace it with: issuant key rotate --algorithm {algorithm}"
            )));
        }
        let data = json!({"key": key_json(&key, now)});
        if let Some(lines) = printed {
            let data = json!({"key": key_json(&key, now), "cc_env": lines.expose()});
            return Ok(Answer::new(data, lines.expose())
                .say("A running server signs with it within a second. Keep these lines as you keep a password."));
        }
        Ok(Answer::new(data, key_table(&added, now))
            .say("A running server signs with it within a second.")
            .say(format!(
                "next:  issuant client set ID --id-token-algorithm {}",
                self.algorithm
            )))
    }
}

/// Replace a key: the new one is announced first, the old one verifies until its last token has expired
#[derive(Args, Debug)]
#[command(
    help_template = crate::cli::TEMPLATE,
    before_long_help = "\
Examples:
  issuant key rotate --plan
  issuant key rotate --algorithm ES256
  issuant key rotate --algorithm ES256 --now",
    after_long_help = "\
Without --algorithm, each algorithm that has a key gets a new one. signing.announce says for how long a new key is
published before it signs; --now does not wait: for emergencies, because resource servers that keep the old JWKS will
refuse the new tokens until they fetch it again."
)]
struct Rotate {
    /// Which key; may be repeated
    #[arg(long = "algorithm", value_name = "ALGORITHM", value_parser = parse::algorithm())]
    algorithms: Vec<Algorithm>,
    /// Sign with the new key at once
    #[arg(long)]
    now: bool,
    /// Show the timetable, and change nothing
    #[arg(long)]
    plan: bool,
}

impl Rotate {
    fn run(self, local: &Local) -> Result<Answer, Failure> {
        let present = local.read(|transaction| Ok(transaction.signing_keys()?))?;
        let algorithms = self.chosen(&present, local.now)?;
        let wait = if self.now {
            0
        } else {
            local.config.signing.announce
        };
        let active_from = local.now + wait;
        if self.plan {
            return plan(local, &present, &algorithms, active_from);
        }
        let new = algorithms
            .iter()
            .map(|algorithm| {
                let birth = Birth {
                    created_at: local.now,
                    active_from,
                };
                make(local, *algorithm, birth)
            })
            .collect::<Result<Vec<StoredKey>, Failure>>()?;
        let (now, is_urgent) = (local.now, self.now);
        let longest = local.longest_token_lifetime()?;
        let all = local.write(move |transaction| {
            transaction.lock_signing_keys()?;
            for key in &new {
                let present = transaction.signing_keys()?;
                let waiting = announced(&present, key.algorithm, now);
                if let (Some(waiting), false) = (waiting, is_urgent) {
                    return Err(on_its_way(waiting).into());
                }
                Succession::plan(&present, key.algorithm, active_from, longest, now)
                    .carry_out(transaction, key)?;
            }
            Ok(transaction.signing_keys()?)
        })?;
        let data = json!({
            "keys": all.iter().map(|key| key_json(key, now)).collect::<Vec<_>>(),
            "signs_from": active_from,
        });
        let begins = if wait == 0 {
            "The new keys sign from now on.".to_owned()
        } else {
            format!(
                "The new keys are published now and sign in {}; nothing else is to be done.",
                duration_text(wait)
            )
        };
        Ok(Answer::new(data, key_table(&all, now)).say(begins))
    }

    /// The named algorithms, each of which must have a key, or all that have one.
    fn chosen(&self, present: &[StoredKey], now: Timestamp) -> Result<Vec<Algorithm>, Failure> {
        let mut all: Vec<Algorithm> = present
            .iter()
            .filter(|key| key.state_at(now) == KeyState::Active)
            .map(|key| key.algorithm)
            .collect();
        all.sort_unstable();
        all.dedup();
        if self.algorithms.is_empty() && !all.is_empty() {
            return Ok(all);
        }
        let lacking = self.algorithms.iter().find(|name| !all.contains(name));
        match (lacking, all.is_empty()) {
            (Some(algorithm), _) => Err(Failure::new(
                &failure::NOT_FOUND,
                format!("no key signs with {algorithm}"),
            )
            .hint(format!(
                "Add one with: issuant key generate --algorithm {algorithm}"
            ))),
            (None, true) => Err(Failure::new(&failure::NOT_FOUND, "there is no key yet")
                .hint("The server makes its first keys when it starts.")),
            (None, false) => Ok(self.algorithms.clone()),
        }
    }
}

fn plan(
    local: &Local,
    present: &[StoredKey],
    algorithms: &[Algorithm],
    active_from: Timestamp,
) -> Result<Answer, Failure> {
    let longest = local.longest_token_lifetime()?;
    let mut rows = Vec::new();
    let mut steps = Vec::new();
    for algorithm in algorithms {
        rows.push(step(local.now, *algorithm, "a new key is published"));
        rows.push(step(active_from, *algorithm, "the new key signs"));
        steps.push(
            json!({"algorithm": algorithm, "published_at": local.now, "signs_from": active_from}),
        );
        let plan = Succession::plan(present, *algorithm, active_from, longest, local.now);
        for key in &plan.succeeded {
            let leaves = key.remove_at.unwrap_or(active_from);
            rows.push(step(
                leaves,
                *algorithm,
                &format!("{} leaves the JWKS", key.kid),
            ));
            steps.push(json!({"algorithm": algorithm, "kid": key.kid, "leaves_jwks_at": leaves}));
        }
    }
    let data = json!({"plan": steps, "signs_from": active_from});
    let text = table(&["WHEN", "ALG", "WHAT"], &rows);
    Ok(Answer::new(data, text).say("Nothing was changed."))
}

fn step(when: Timestamp, algorithm: Algorithm, what: &str) -> Vec<String> {
    vec![time_text(when), algorithm.to_string(), what.to_owned()]
}

fn announced(keys: &[StoredKey], algorithm: Algorithm, now: Timestamp) -> Option<&StoredKey> {
    keys.iter()
        .find(|key| key.algorithm == algorithm && key.state_at(now) == KeyState::Announced)
}

fn on_its_way(key: &StoredKey) -> Failure {
    Failure::new(
        &failure::STATE,
        format!(
            "a new key for {} is announced already and signs from {}",
            key.algorithm,
            time_text(key.active_from)
        ),
    )
    .hint("Wait for it, or replace both at once with --now.")
}

fn make(local: &Local, algorithm: Algorithm, birth: Birth) -> Result<StoredKey, Failure> {
    signing_keys::make(&local.data.root, algorithm, birth, &SystemRandom)
        .map_err(|error| Failure::new(&failure::UNEXPECTED, error.to_string()))
}

fn key_json(key: &StoredKey, now: Timestamp) -> Value {
    json!({
        "kid": key.kid,
        "algorithm": key.algorithm,
        "state": key.state_at(now),
        "created_at": key.created_at,
        "signs_from": key.active_from,
        "verifies_only_from": key.verify_only_from,
        "leaves_jwks_at": key.remove_at,
    })
}

fn key_table(keys: &[StoredKey], now: Timestamp) -> String {
    let rows: Vec<Vec<String>> = keys
        .iter()
        .map(|key| {
            vec![
                key.kid.clone(),
                key.algorithm.to_string(),
                key.state_at(now).to_string(),
                time_text(key.active_from),
                key.remove_at.map_or_else(|| "-".to_owned(), time_text),
            ]
        })
        .collect();
    table(&["KID", "ALG", "STATE", "SIGNS FROM", "LEAVES JWKS"], &rows)
}
