//! `issuant config check`: tells every problem of the settings at once, and changes nothing.

use clap::{Args, Subcommand};
use serde_json::json;

use crate::cli::Session;
use crate::cli::answer::{Answer, fields};
use crate::cli::failure::{self, Failure};
use crate::config::Mode;
use crate::server::{data, fetcher, tls};

/// Check the settings
#[derive(Args, Debug)]
#[command(help_template = super::TEMPLATE, before_long_help = EXAMPLES, subcommand_required = true, arg_required_else_help = true)]
pub(crate) struct Config {
    #[command(subcommand)]
    command: ConfigCommand,
}

#[derive(Subcommand, Debug)]
enum ConfigCommand {
    Check(Check),
}

/// Check the settings as `serve` would, and tell all problems at once
#[derive(Args, Debug)]
#[command(
    help_template = super::TEMPLATE,
    before_long_help = EXAMPLES,
    after_long_help = "Ends with 3 when something is wrong, and with --strict with 8 when there are warnings."
)]
struct Check {
    /// Treat warnings as problems
    #[arg(long)]
    strict: bool,
}

impl Config {
    pub(crate) fn run(self, session: &Session) -> Result<Answer, Failure> {
        let ConfigCommand::Check(check) = self.command;
        let config = session.config(Mode::Production, Vec::new())?;
        let warnings: Vec<String> = config.warnings.iter().map(ToString::to_string).collect();
        if check.strict && !warnings.is_empty() {
            return Err(Failure::new(&failure::PROBLEMS, warnings.join("\n")));
        }
        fetcher::authorities(&config)
            .map_err(|error| Failure::new(&failure::CA_FILE, error.to_string()))?;
        if let Some(files) = &config.http.tls {
            tls::check(files)
                .map_err(|error| Failure::new(&failure::TLS_FILES, error.to_string()))?;
        }
        let location = data::location(&config);
        let data = json!({
            "issuer": config.issuer.as_str(),
            "listen": config.http.listen.to_string(),
            "database": location,
            "key_secret_file": config.key_secret_file,
        });
        let text = fields(&[
            ("issuer", config.issuer.to_string()),
            ("listen", config.http.listen.to_string()),
            ("database", location),
            ("key secret", config.key_secret_file.display().to_string()),
        ]);
        Ok(Answer::new(data, text)
            .warn(warnings)
            .say("The settings are in order."))
    }
}

const EXAMPLES: &str = "\
Examples:
  issuant config check
  issuant config check --strict --config /etc/issuant/issuant.toml";
