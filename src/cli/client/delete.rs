//! `issuant client delete`.

use clap::Args;

use crate::cli::Session;
use crate::cli::answer::Answer;
use crate::cli::client::{find, not_found, view};
use crate::cli::confirm::Confirmation;
use crate::cli::failure::Failure;
use crate::protocol::client::ClientId;

/// Remove a client with its secrets, consents and tokens
#[derive(Args, Debug)]
#[command(
    help_template = crate::cli::TEMPLATE,
    before_long_help = "\
Examples:
  issuant client delete shop --dry-run
  issuant client delete shop --yes",
    after_long_help = "\
Refresh tokens stop working at once; access tokens run out within their lifetime.
To switch a client off for a while, use: issuant client set ID --disable"
)]
pub(crate) struct Delete {
    /// Identifier of the client
    #[arg(value_name = "ID")]
    id: ClientId,
    #[command(flatten)]
    confirmation: Confirmation,
}

impl Delete {
    pub(crate) fn run(self, session: &Session) -> Result<Answer, Failure> {
        let local = session.open()?;
        let id = self.id.clone();
        let client = local.read(move |transaction| find(transaction, &id))?;
        let data = view::json(&client);
        let what = format!(
            "the client {} ({}), its {} secret(s), and everything that was granted to it",
            client.id,
            client.name,
            client.secrets.len()
        );
        if self.confirmation.dry_run {
            return Ok(Answer::new(data, "").say(format!("Would remove {what}.")));
        }
        self.confirmation
            .require(session.output, &what, client.id.as_str())?;
        let id = self.id;
        local.write(move |transaction| {
            if transaction.delete_client(&id)? {
                Ok(())
            } else {
                Err(not_found(&id).into())
            }
        })?;
        Ok(Answer::new(data, "").say(format!("Removed {what}.")))
    }
}
