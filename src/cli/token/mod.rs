//! `issuant token`: personal access tokens, which people have for scripts.

mod inspect;
pub(super) mod issue;
mod list;
mod revoke;

use clap::{Args, Subcommand};

use crate::cli::Session;
use crate::cli::answer::Answer;
use crate::cli::failure::{self, Failure};
use crate::cli::local::Local;
use crate::crypto::key_set::KeySet;
use crate::protocol::context::Timestamp;
use crate::protocol::personal_token::PersonalToken;
use crate::server::keys;

/// Issue, list, take back and read tokens for scripts
#[derive(Args, Debug)]
#[command(
    help_template = super::TEMPLATE,
    before_long_help = "\
Examples:
  issuant token issue --user ada --ttl 30d --name backup
  issuant token list --user ada
  issuant token inspect --file token.txt",
    subcommand_required = true,
    arg_required_else_help = true
)]
pub(crate) struct Token {
    #[command(subcommand)]
    command: TokenCommand,
}

#[derive(Subcommand, Debug)]
enum TokenCommand {
    Issue(issue::Issue),
    List(list::List),
    Revoke(revoke::Revoke),
    Inspect(inspect::Inspect),
}

impl Token {
    pub(crate) fn run(self, session: &Session) -> Result<Answer, Failure> {
        match self.command {
            TokenCommand::Issue(command) => command.run(session),
            TokenCommand::List(command) => command.run(session),
            TokenCommand::Revoke(command) => command.run(session),
            TokenCommand::Inspect(command) => command.run(session),
        }
    }
}

/// The keys of the deployment, opened.
fn open_keys(local: &Local) -> Result<KeySet, Failure> {
    let stored = local.read(|transaction| Ok(transaction.signing_keys()?))?;
    keys::open(&stored, &local.data.root, local.now)
        .map_err(|error| Failure::new(&failure::UNEXPECTED, error.to_string()))
}

/// In a word.
fn state(token: &PersonalToken, now: Timestamp) -> &'static str {
    if token.revoked_at.is_some() {
        "revoked"
    } else if token.lives(now) {
        "good"
    } else {
        "expired"
    }
}
