//! `issuant trust`: whose tokens this server believes, and what they are worth.

mod issuer;
mod name;
mod rule;
mod test;

use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};

use crate::cli::Session;
use crate::cli::answer::Answer;
use crate::cli::failure::{self, Failure};
use crate::cli::secrets;
use crate::protocol::error::Fault;
use crate::protocol::trust::issuer::{IssuerName, TrustedIssuer};
use crate::storage::Transaction;

/// Trust other issuers, and say what their tokens are worth
#[derive(Args, Debug)]
#[command(
    help_template = super::TEMPLATE,
    before_long_help = "\
Examples:
  issuant trust add ci.json
  issuant trust rule add ci --bind-type scope --bind-name read
  issuant trust test ci --token-file token.jwt",
    subcommand_required = true,
    arg_required_else_help = true
)]
pub(crate) struct Trust {
    #[command(subcommand)]
    command: TrustCommand,
}

#[derive(Subcommand, Debug)]
enum TrustCommand {
    Add(issuer::Add),
    /// List all trusted issuers
    #[command(
        help_template = super::TEMPLATE,
        before_long_help = "Examples:\n  issuant trust list\n  issuant trust list --json"
    )]
    List,
    Show(issuer::Show),
    Set(issuer::Set),
    Delete(issuer::Delete),
    Test(test::Test),
    Rule(rule::Rule),
    Role(name::Role),
    Policy(name::Policy),
}

impl Trust {
    pub(crate) fn run(self, session: &Session) -> Result<Answer, Failure> {
        match self.command {
            TrustCommand::Add(command) => command.run(session),
            TrustCommand::List => issuer::list(session),
            TrustCommand::Show(command) => command.run(session),
            TrustCommand::Set(command) => command.run(session),
            TrustCommand::Delete(command) => command.run(session),
            TrustCommand::Test(command) => command.run(session),
            TrustCommand::Rule(command) => command.run(session),
            TrustCommand::Role(command) => command.run(session),
            TrustCommand::Policy(command) => command.run(session),
        }
    }
}

/// A file with a definition.
#[derive(Args, Debug)]
struct Definition {
    /// JSON file (- for standard input); docs/trusted-issuers.md lists the members
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// File with the secret of an issuer whose keys are "secret" (- for standard input)
    #[arg(long, value_name = "FILE")]
    secret_file: Option<PathBuf>,
    /// Do not read the keys that the issuer publishes, as where it does not run yet
    #[arg(long)]
    no_verify: bool,
}

/// The text of a file without what surrounds it.
fn read_text(path: &Path) -> Result<String, Failure> {
    let text = secrets::read_key(path)?;
    Ok(text.expose().trim().to_owned())
}

fn find(transaction: &mut Transaction, name: &IssuerName) -> Result<TrustedIssuer, Fault<Failure>> {
    let found = transaction.trusted_issuer(name)?;
    Ok(found.ok_or_else(|| not_found(name))?)
}

fn not_found(name: &IssuerName) -> Failure {
    Failure::new(
        &failure::NOT_FOUND,
        format!("there is no trusted issuer `{name}`"),
    )
    .hint("`issuant trust list` shows all of them")
}
