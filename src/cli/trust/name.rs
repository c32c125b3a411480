//! `issuant trust role` and `issuant trust policy`: the roles and policies that binding rules can give.

use clap::{Args, Subcommand};
use serde_json::json;

use crate::cli::Session;
use crate::cli::answer::{Answer, table};
use crate::cli::failure::{self, Failure};
use crate::crypto::random::SystemRandom;
use crate::protocol::trust::binding::{BindType, Declared};
use crate::protocol::trust::reference::new_uuid;

/// Declare the roles that binding rules can give
#[derive(Args, Debug)]
#[command(
    help_template = crate::cli::TEMPLATE,
    before_long_help = "Examples:\n  issuant trust role add deployer\n  issuant trust role list",
    subcommand_required = true,
    arg_required_else_help = true
)]
pub(crate) struct Role {
    #[command(subcommand)]
    command: NameCommand,
}

/// Declare the policies that binding rules can give
#[derive(Args, Debug)]
#[command(
    help_template = crate::cli::TEMPLATE,
    before_long_help = "Examples:\n  issuant trust policy add audit\n  issuant trust policy list",
    subcommand_required = true,
    arg_required_else_help = true
)]
pub(crate) struct Policy {
    #[command(subcommand)]
    command: NameCommand,
}

#[derive(Subcommand, Debug)]
enum NameCommand {
    /// Let rules give it
    #[command(help_template = crate::cli::TEMPLATE, before_long_help = "Examples:\n  issuant trust role add deployer")]
    Add {
        /// 1 to 256 letters, digits, _ and -
        #[arg(value_name = "NAME")]
        name: String,
    },
    /// List what rules can give
    #[command(help_template = crate::cli::TEMPLATE, before_long_help = "Examples:\n  issuant trust role list")]
    List,
    /// Let no rule give it any more
    #[command(help_template = crate::cli::TEMPLATE, before_long_help = "Examples:\n  issuant trust role delete deployer")]
    Delete {
        /// The name
        #[arg(value_name = "NAME")]
        name: String,
    },
}

impl Role {
    pub(crate) fn run(self, session: &Session) -> Result<Answer, Failure> {
        self.command.run(session, BindType::Role)
    }
}

impl Policy {
    pub(crate) fn run(self, session: &Session) -> Result<Answer, Failure> {
        self.command.run(session, BindType::Policy)
    }
}

impl NameCommand {
    fn run(self, session: &Session, kind: BindType) -> Result<Answer, Failure> {
        let local = session.open()?;
        let now = local.now;
        match self {
            Self::Add { name } => {
                if !kind.takes(&name) {
                    let message = format!("`{}` cannot be one", name.escape_debug());
                    return Err(Failure::new(&failure::VALUE, message)
                        .hint("Use 1 to 256 letters, digits, _ and -."));
                }
                let id = new_uuid(&SystemRandom);
                let data = json!({"name": name, "id": id});
                local.write(move |it| Ok(it.declare_name(kind, &name, &id, now)?))?;
                Ok(Answer::new(data, "").say("Added. A running server notices within a second."))
            }
            Self::List => {
                let Declared { roles, policies } =
                    local.read(|transaction| Ok(transaction.declared_names()?))?;
                let names = if kind == BindType::Role {
                    roles
                } else {
                    policies
                };
                let row = |(name, id): (&String, &String)| vec![name.clone(), id.clone()];
                let rows: Vec<Vec<String>> = names.iter().map(row).collect();
                Ok(Answer::new(
                    json!({ "names": names }),
                    table(&["NAME", "ID"], &rows),
                ))
            }
            Self::Delete { name } => {
                let data = json!({ "name": name });
                let was_there = local.write({
                    let name = name.clone();
                    move |transaction| Ok(transaction.withdraw_name(kind, &name)?)
                })?;
                if was_there {
                    Ok(Answer::new(data, "").say("Removed."))
                } else {
                    let message = format!("there is no `{}`", name.escape_debug());
                    Err(Failure::new(&failure::NOT_FOUND, message))
                }
            }
        }
    }
}
