//! `issuant admin link`: a new one-time link to make the first administrator.

use clap::{Args, Subcommand};
use serde_json::json;

use crate::cli::Session;
use crate::cli::answer::{Answer, time_text};
use crate::cli::failure::{self, Failure};
use crate::cli::local::{Local, with_context};
use crate::config::Config;
use crate::http::urls;
use crate::identity::setup;
use crate::protocol::context::{Timestamp, TokenKeys};
use crate::protocol::error::StoreError;
use crate::storage::Transaction;

/// Make the first administrator
#[derive(Args, Debug)]
#[command(help_template = super::TEMPLATE, before_long_help = EXAMPLES, subcommand_required = true, arg_required_else_help = true)]
pub(crate) struct Admin {
    #[command(subcommand)]
    command: AdminCommand,
}

#[derive(Subcommand, Debug)]
enum AdminCommand {
    /// Print a one-time link to the setup page, good for 30 minutes
    #[command(
        help_template = super::TEMPLATE,
        before_long_help = EXAMPLES,
        after_long_help = "\
Whoever opens the link first becomes the administrator. Links that were made before stop working.
Once there is an administrator, use: issuant user set NAME --role admin"
    )]
    Link,
}

impl Admin {
    pub(crate) fn run(&self, session: &Session) -> Result<Answer, Failure> {
        match self.command {
            AdminCommand::Link => link(&session.open()?),
        }
    }
}

fn link(local: &Local) -> Result<Answer, Failure> {
    let (config, keys, now) = (
        local.config.clone(),
        TokenKeys::derive(&local.data.root),
        local.now,
    );
    let made = local.write(move |transaction| {
        Ok(new_link(transaction, &config, &keys, now)?.ok_or_else(|| {
            Failure::new(&failure::STATE, "there is an administrator already").hint(
                "Make another one with: issuant user set NAME --role admin. \
                 A forgotten password is replaced with: issuant user password NAME.",
            )
        })?)
    })?;
    let data = json!({"link": made.address, "expires_at": made.expires_at});
    let text = format!("{}\n", made.address);
    Ok(Answer::new(data, text).say(format!(
        "Open it in a browser; it works once, until {}.",
        time_text(made.expires_at)
    )))
}

/// A link to the setup page.
#[derive(Debug)]
pub(crate) struct SetupLink {
    pub(crate) address: String,
    pub(crate) expires_at: Timestamp,
}

/// Makes a new link, unless there is an administrator already.
pub(crate) fn new_link(
    transaction: &mut Transaction,
    config: &Config,
    keys: &TokenKeys,
    now: Timestamp,
) -> Result<Option<SetupLink>, StoreError> {
    if transaction.has_administrator()? {
        return Ok(None);
    }
    let (token, expires_at) = with_context(config, keys, now, |context| {
        setup::new_link(context, transaction)
    })?;
    Ok(Some(SetupLink {
        address: format!("{}{}?t={}", config.issuer, urls::SETUP, token.expose()),
        expires_at,
    }))
}

const EXAMPLES: &str = "\
Examples:
  issuant admin link
  issuant admin link --data ./issuant-dev";
