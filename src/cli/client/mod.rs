//! `issuant client`: registers, shows, changes and removes clients.

mod create;
mod delete;
mod list;
mod refresh;
mod secret;
mod set;
mod view;

use clap::{Args, Subcommand};

use crate::cli::Session;
use crate::cli::answer::Answer;
use crate::cli::failure::{self, Failure};
use crate::config::Config;
use crate::crypto::algorithm::Algorithm;
use crate::protocol::client::{Client as Registered, ClientId};
use crate::protocol::context::Policy;
use crate::protocol::error::{Fault, StoreError};
use crate::protocol::registration::{self, Contradiction};
use crate::server::fetcher;
use crate::storage::Transaction;

pub(in crate::cli) use self::secret::{sealed, stored_secret_id};

/// Register, show, change and remove clients (applications)
#[derive(Args, Debug)]
#[command(
    help_template = super::TEMPLATE,
    before_long_help = "\
Examples:
  issuant client create shop --redirect-uri https://shop.example/callback --show-secret
  issuant client list
  issuant client secret add shop --show-secret",
    subcommand_required = true,
    arg_required_else_help = true
)]
pub(crate) struct Client {
    #[command(subcommand)]
    command: ClientCommand,
}

#[derive(Subcommand, Debug)]
enum ClientCommand {
    Create(Box<create::Create>),
    /// List all clients
    #[command(
        help_template = super::TEMPLATE,
        before_long_help = "Examples:\n  issuant client list\n  issuant client list --json"
    )]
    List,
    Show(list::Show),
    Set(Box<set::Set>),
    Delete(delete::Delete),
    Secret(secret::Secret),
}

impl Client {
    pub(crate) fn run(self, session: &Session) -> Result<Answer, Failure> {
        match self.command {
            ClientCommand::Create(command) => command.run(session),
            ClientCommand::List => list::list(session),
            ClientCommand::Show(command) => command.run(session),
            ClientCommand::Set(command) => command.run(session),
            ClientCommand::Delete(command) => command.run(session),
            ClientCommand::Secret(command) => command.run(session),
        }
    }
}

/// The client of that id, or the failure that there is none.
fn find(transaction: &mut Transaction, id: &ClientId) -> Result<Registered, Fault<Failure>> {
    Ok(transaction.client(id)?.ok_or_else(|| not_found(id))?)
}

fn not_found(id: &ClientId) -> Failure {
    Failure::new(&failure::NOT_FOUND, format!("there is no client `{id}`"))
        .hint("`issuant client list` shows all of them")
}

/// The algorithms that this server has keys for, or will have from its first start on.
fn algorithms(
    transaction: &mut Transaction,
    config: &Config,
) -> Result<Vec<Algorithm>, StoreError> {
    let mut all = config.signing.algorithms.clone();
    for key in transaction.signing_keys()? {
        if !all.contains(&key.algorithm) {
            all.push(key.algorithm);
        }
    }
    Ok(all)
}

/// Refuses a client that cannot be as it is described, naming everything at once.
fn refuse_contradictions(
    client: &Registered,
    algorithms: &[Algorithm],
    policy: &Policy,
) -> Result<(), Failure> {
    let found = registration::contradictions(client, algorithms, policy);
    if found.is_empty() {
        return Ok(());
    }
    let lines: Vec<String> = found.iter().map(ToString::to_string).collect();
    let hint = match found.as_slice() {
        [Contradiction::NoKey(algorithm)] => {
            format!("Make a key first: issuant key generate --algorithm {algorithm}")
        }
        _ => "`issuant client create --help` tells what fits together.".to_owned(),
    };
    Err(Failure::new(&failure::VALUE, lines.join("\n")).hint(hint))
}

/// Refuses a client whose `sector_identifier_uri` does not list its redirect URIs, as the server would. A command waits
/// for that, outside of every transaction.
fn check_sector(config: &Config, client: &Registered) -> Result<(), Failure> {
    fetcher::check_sector(config, client).map_err(|error| {
        let hint =
            "Publish a JSON array of all redirect URIs there first, for this machine to read.";
        Failure::new(&failure::VALUE, error.to_string()).hint(hint)
    })
}

fn doubts(client: &Registered) -> Vec<String> {
    registration::doubts(client)
        .iter()
        .map(ToString::to_string)
        .collect()
}
