//! `issuant trust rule`: what the tokens of a trusted issuer are worth.

use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::{Args, Subcommand};
use serde_json::json;

use crate::cli::Session;
use crate::cli::answer::{Answer, listed, table};
use crate::cli::failure::{self, Failure};
use crate::cli::trust::find;
use crate::crypto::random::SystemRandom;
use crate::protocol::trust::binding::{BindType, BindingRule, ReadRule};
use crate::protocol::trust::issuer::IssuerName;
use crate::protocol::trust::reference::new_uuid;

/// Say what the tokens of a trusted issuer are worth
#[derive(Args, Debug)]
#[command(
    help_template = crate::cli::TEMPLATE,
    before_long_help = "\
Examples:
  issuant trust rule add ci --selector \"value.team == web\" --bind-type scope --bind-name read
  issuant trust rule list ci
  issuant trust rule delete 2f1c…",
    subcommand_required = true,
    arg_required_else_help = true
)]
pub(crate) struct Rule {
    #[command(subcommand)]
    command: RuleCommand,
}

#[derive(Subcommand, Debug)]
enum RuleCommand {
    Add(Add),
    List(List),
    Delete(Delete),
}

/// Add a binding rule
#[derive(Args, Debug)]
#[command(
    help_template = crate::cli::TEMPLATE,
    before_long_help = "\
Examples:
  issuant trust rule add ci --bind-type scope --bind-name read
  issuant trust rule add ci --selector \"ops in list.groups\" --bind-type role --bind-name deployer",
    after_long_help = "\
What all matching rules give is united. A claim that is absent gives nothing. docs/trusted-issuers.md tells the language of
selectors; a name may hold values, as in 'svc-${value.team}'."
)]
struct Add {
    /// Name of the issuer
    #[arg(value_name = "NAME")]
    name: IssuerName,
    /// Whom it is about; everybody without it
    #[arg(long, default_value = "")]
    selector: String,
    /// What it gives
    #[arg(long, value_name = "TYPE", value_parser = kind())]
    bind_type: BindType,
    /// Its name
    #[arg(long, value_name = "NAME")]
    bind_name: String,
    /// Variable of a templated policy, as Name=web; may be repeated
    #[arg(long = "bind-var", value_name = "NAME=VALUE", value_parser = pair)]
    bind_vars: Vec<(String, String)>,
    /// For people
    #[arg(long, default_value = "")]
    description: String,
}

/// List binding rules
#[derive(Args, Debug)]
#[command(
    help_template = crate::cli::TEMPLATE,
    before_long_help = "Examples:\n  issuant trust rule list\n  issuant trust rule list ci --json"
)]
struct List {
    /// Name of an issuer; all without it
    #[arg(value_name = "NAME")]
    name: Option<IssuerName>,
}

/// Remove a binding rule
#[derive(Args, Debug)]
#[command(
    help_template = crate::cli::TEMPLATE,
    before_long_help = "Examples:\n  issuant trust rule delete 2f1c…"
)]
struct Delete {
    /// Its id, as the list shows it
    #[arg(value_name = "ID")]
    id: String,
}

impl Rule {
    pub(crate) fn run(self, session: &Session) -> Result<Answer, Failure> {
        match self.command {
            RuleCommand::Add(command) => command.run(session),
            RuleCommand::List(command) => command.run(session),
            RuleCommand::Delete(command) => command.run(session),
        }
    }
}

impl Add {
    fn run(self, session: &Session) -> Result<Answer, Failure> {
        let local = session.open()?;
        let rule = BindingRule {
            id: new_uuid(&SystemRandom),
            trusted_issuer: self.name,
            description: self.description,
            selector: self.selector,
            bind_type: self.bind_type,
            bind_name: self.bind_name,
            bind_vars: self.bind_vars.into_iter().collect(),
            created_at: local.now,
            updated_at: local.now,
        };
        let added = rule.clone();
        local.write(move |transaction| {
            let issuer = find(transaction, &added.trusted_issuer)?;
            ReadRule::new(added.clone(), &issuer.claim_mappings)
                .map_err(|error| Failure::new(&failure::VALUE, error.to_string()))?;
            Ok(transaction.add_binding_rule(&added)?)
        })?;
        let text = format!("{}\n", rule.id);
        Ok(Answer::new(json!({ "rule": rule }), text)
            .say("Added. A running server notices within a second."))
    }
}

impl List {
    fn run(self, session: &Session) -> Result<Answer, Failure> {
        let local = session.open()?;
        let mut rules = local.read(|transaction| Ok(transaction.binding_rules()?))?;
        if let Some(name) = &self.name {
            rules.retain(|rule| rule.trusted_issuer == *name);
        }
        let row = |rule: &BindingRule| {
            vec![
                rule.id.clone(),
                rule.trusted_issuer.to_string(),
                rule.bind_type.as_str().to_owned(),
                rule.bind_name.clone(),
                listed([&rule.selector].into_iter().filter(|it| !it.is_empty())),
            ]
        };
        let rows: Vec<Vec<String>> = rules.iter().map(row).collect();
        let header = ["ID", "ISSUER", "TYPE", "NAME", "SELECTOR"];
        Ok(Answer::new(
            json!({ "rules": rules }),
            table(&header, &rows),
        ))
    }
}

impl Delete {
    fn run(self, session: &Session) -> Result<Answer, Failure> {
        let local = session.open()?;
        let id = self.id.clone();
        let was_there =
            local.write(move |transaction| Ok(transaction.delete_binding_rule(&id)?))?;
        if was_there {
            Ok(Answer::new(json!({ "id": self.id }), "").say("Removed."))
        } else {
            let message = format!("there is no binding rule `{}`", self.id.escape_debug());
            Err(Failure::new(&failure::NOT_FOUND, message))
        }
    }
}

fn kind() -> impl TypedValueParser<Value = BindType> {
    PossibleValuesParser::new(BindType::ALL.map(BindType::as_str))
        .try_map(|name| BindType::named(&name).ok_or("not a type"))
}

fn pair(text: &str) -> Result<(String, String), String> {
    let pair = text.split_once('=');
    let (name, value) = pair.ok_or("must be NAME=VALUE")?;
    Ok((name.to_owned(), value.to_owned()))
}
