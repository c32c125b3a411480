//! `issuant migrate`: makes the database and its key-encryption secret, or brings them up to date.

use clap::Args;
use serde_json::json;

use crate::cli::Session;
use crate::cli::answer::{Answer, fields};
use crate::cli::failure::Failure;
use crate::config::Mode;
use crate::crypto::random::SystemRandom;
use crate::server::data::{self, DataError};

/// Make the database, or bring it up to date
#[derive(Args, Debug)]
#[command(
    help_template = super::TEMPLATE,
    before_long_help = "\
Examples:
  issuant migrate
  issuant migrate --dry-run
  issuant migrate --config /etc/issuant/issuant.toml",
    after_long_help = "\
Makes the schema on an empty database and, unless key_secret_file is configured, the key-encryption secret
(mode 0600, in the data directory). Repeating it changes nothing. Docs: issuant help config"
)]
pub(crate) struct Migrate {
    /// Tell what would be done, and do nothing
    #[arg(long)]
    dry_run: bool,
}

impl Migrate {
    pub(crate) fn run(&self, session: &Session) -> Result<Answer, Failure> {
        let config = session.config(Mode::Local, Vec::new())?;
        let location = data::location(&config);
        if self.dry_run {
            let (is_new, pending) = match data::pending(&config) {
                Ok(pending) => (false, pending),
                Err(DataError::NoDatabase(_)) => (true, vec!["all of them".to_owned()]),
                Err(error) => return Err(error.into()),
            };
            let data = json!({"database": location, "new": is_new, "pending": pending});
            let text = fields(&[("database", location), ("would apply", listed(&pending))]);
            return Ok(Answer::new(data, text).say("Nothing was changed."));
        }
        let (opened, prepared) = data::prepare(&config, &SystemRandom)?;
        opened.storage.close();
        let secret = prepared.made_secret.as_deref();
        let data = json!({
            "database": location,
            "new": prepared.is_new,
            "applied": prepared.applied,
            "key_secret_file": config.key_secret_file,
            "key_secret_made": secret.is_some(),
        });
        let mut pairs = vec![
            ("database", location),
            ("applied", listed(&prepared.applied)),
        ];
        if let Some(path) = secret {
            pairs.push(("key secret", format!("{} (new, mode 0600)", path.display())));
        }
        let mut answer = Answer::new(data, fields(&pairs));
        if secret.is_some() {
            answer = answer.say(
                "Keep a copy of the key secret apart from the database: without it, its private keys are lost.",
            );
        }
        Ok(answer.say("next:  issuant serve"))
    }
}

fn listed(migrations: &[String]) -> String {
    if migrations.is_empty() {
        "nothing, it is up to date".to_owned()
    } else {
        migrations.join(", ")
    }
}
