//! `issuant user`: adds, shows, changes and removes people.

pub(super) mod create;
pub(super) mod delete;
mod list;
mod password;
mod set;
mod view;

use std::sync::Arc;

use clap::{Args, Subcommand};

use crate::cli::Session;
use crate::cli::answer::Answer;
use crate::cli::failure::{self, Failure};
use crate::cli::local::Local;
use crate::crypto::random::SystemRandom;
use crate::crypto::secret::Secret;
use crate::identity::account::{self, PasswordGrade};
use crate::identity::session;
use crate::identity::store::{Sessions, User as Person, Users};
use crate::protocol::client::{Client, ClientId};
use crate::protocol::context::Timestamp;
use crate::protocol::error::{Fault, StoreError};
use crate::server::data;
use crate::storage::Transaction;

/// Add, show, change and remove people
#[derive(Args, Debug)]
#[command(
    help_template = super::TEMPLATE,
    before_long_help = "\
Examples:
  issuant user create ada --email ada@example.com --role admin
  issuant user list
  issuant user set ada --disable",
    subcommand_required = true,
    arg_required_else_help = true
)]
pub(crate) struct User {
    #[command(subcommand)]
    command: UserCommand,
}

#[derive(Subcommand, Debug)]
enum UserCommand {
    Create(create::Create),
    /// List all people
    #[command(
        help_template = super::TEMPLATE,
        before_long_help = "Examples:\n  issuant user list\n  issuant user list --json"
    )]
    List,
    Show(list::Show),
    Set(set::Set),
    Password(password::Password),
    Delete(delete::Delete),
}

impl User {
    pub(crate) fn run(self, session: &Session) -> Result<Answer, Failure> {
        match self.command {
            UserCommand::Create(command) => command.run(session),
            UserCommand::List => list::list(session),
            UserCommand::Show(command) => command.run(session),
            UserCommand::Set(command) => command.run(session),
            UserCommand::Password(command) => command.run(session),
            UserCommand::Delete(command) => command.run(session),
        }
    }
}

/// The user of that name, or the failure that there is none.
pub(super) fn find(transaction: &mut Transaction, name: &str) -> Result<Person, Fault<Failure>> {
    Ok(transaction
        .user_by_username(name)?
        .ok_or_else(|| not_found(name))?)
}

/// The same, to be changed: nobody else changes the user until the transaction is over.
fn find_to_change(transaction: &mut Transaction, name: &str) -> Result<Person, Fault<Failure>> {
    let found = find(transaction, name)?;
    transaction.lock_person(&found.subject.id)?;
    find(transaction, name)
}

pub(super) fn not_found(name: &str) -> Failure {
    Failure::new(
        &failure::NOT_FOUND,
        format!("there is no user `{}`", name.escape_debug()),
    )
    .hint("`issuant user list` shows all of them")
}

/// Roles as they are kept, if all of them exist here.
pub(super) fn known_roles(local: &Local, typed: &[String]) -> Result<Vec<String>, Failure> {
    let roles = local.config.roles.roles(typed);
    roles.map_err(|unknown| {
        Failure::new(&failure::VALUE, unknown.to_string())
            .hint("The setting roles.vocabulary says which roles there are.")
    })
}

/// Ends all sessions of a user, and with each the tokens that came of it; clients that registered for it are told.
fn end_sessions(
    transaction: &mut Transaction,
    subject: &str,
    now: Timestamp,
) -> Result<usize, StoreError> {
    let sessions = transaction.sessions_of(subject)?;
    let clients = transaction.clients()?.clients;
    let clients: Vec<Arc<Client>> = clients.into_iter().map(Arc::new).collect();
    let find_client = |id: &ClientId| clients.iter().find(|client| client.id == *id).cloned();
    for session in &sessions {
        session::end(transaction, &find_client, session, now)?;
    }
    Ok(sessions.len())
}

/// The hash of a new password, if it may be taken, and what to think about it. Takes a moment: not inside a
/// transaction.
fn hash_password(
    local: &Local,
    password: &Secret,
    username: &str,
) -> Result<(String, Option<String>), Failure> {
    let weak = |message: String| Failure::new(&failure::WEAK, message);
    let grade =
        account::grade_password(password, username).map_err(|error| weak(error.to_string()))?;
    let hash = data::password_hasher(&local.data.root, &SystemRandom)
        .and_then(|hasher| hasher.hash(password, &SystemRandom))
        .map_err(|error| weak(error.to_string()))?;
    let warning = match grade {
        PasswordGrade::Good => None,
        PasswordGrade::Short => Some(
            "the password has fewer than 15 characters; three or four random words are better"
                .to_owned(),
        ),
    };
    Ok((hash, warning))
}
