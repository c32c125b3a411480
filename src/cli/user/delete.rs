//! `issuant user delete`.

use clap::Args;

use crate::cli::Session;
use crate::cli::answer::Answer;
use crate::cli::confirm::Confirmation;
use crate::cli::failure::Failure;
use crate::cli::local::Local;
use crate::cli::user::{end_sessions, find, not_found, view};
use crate::identity::store::Users;

/// Remove a person with sessions, consents and tokens
#[derive(Args, Debug)]
#[command(
    help_template = crate::cli::TEMPLATE,
    before_long_help = "\
Examples:
  issuant user delete ada --dry-run
  issuant user delete ada --yes",
    after_long_help = "\
Refresh tokens stop working at once; access tokens run out within their lifetime. A person who is added later
under the same name is another one to applications. To lock somebody out for a while: issuant user set NAME --disable"
)]
pub(crate) struct Delete {
    /// Name to sign in with
    #[arg(value_name = "NAME")]
    username: String,
    #[command(flatten)]
    confirmation: Confirmation,
}

impl Delete {
    pub(crate) fn run(self, session: &Session) -> Result<Answer, Failure> {
        let local = session.open()?;
        let name = self.username.clone();
        let user = local.read(move |transaction| find(transaction, &name))?;
        let data = view::json(&user);
        let what = format!(
            "the user {}, with sessions, consents and tokens",
            user.subject.username
        );
        if self.confirmation.dry_run {
            return Ok(Answer::new(data, "").say(format!("Would remove {what}.")));
        }
        self.confirmation
            .require(session.output, &what, &user.subject.username)?;
        remove(&local, user.subject.username)?;
        Ok(Answer::new(data, "").say(format!("Removed {what}.")))
    }
}

/// Removes the person of that name.
pub(crate) fn remove(local: &Local, name: String) -> Result<(), Failure> {
    let now = local.now;
    local.write(move |transaction| {
        let user = find(transaction, &name)?;
        end_sessions(transaction, &user.subject.id, now)?;
        if transaction.delete_user(&user.subject.id)? {
            Ok(())
        } else {
            Err(not_found(&name).into())
        }
    })
}
