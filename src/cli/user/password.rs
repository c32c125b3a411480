//! `issuant user password`: a new password, and the end of all sessions that the old one began.

use std::path::PathBuf;

use clap::Args;
use serde_json::json;

use crate::cli::answer::Answer;
use crate::cli::failure::Failure;
use crate::cli::user::{end_sessions, find, find_to_change, hash_password};
use crate::cli::{Session, secrets};
use crate::identity::store::{Consents, Users};
use crate::protocol::tokens::family::RevocationReason;

/// Set a new password and end all sessions
#[derive(Args, Debug)]
#[command(
    help_template = crate::cli::TEMPLATE,
    before_long_help = "\
Examples:
  issuant user password ada
  issuant user password ada --password-file - < password.txt
  issuant user password ada --disconnect-apps",
    after_long_help = "\
Applications that may act while the person is away (scope offline_access) keep their access, unless
--disconnect-apps takes it from them: use it when somebody else may have known the old password."
)]
pub(crate) struct Password {
    /// Name to sign in with
    #[arg(value_name = "NAME")]
    username: String,
    /// Take the password from this file (- for standard input) instead of asking
    #[arg(long, value_name = "FILE")]
    password_file: Option<PathBuf>,
    /// Also take their access from all applications; each asks for consent again
    #[arg(long)]
    disconnect_apps: bool,
}

impl Password {
    pub(crate) fn run(self, session: &Session) -> Result<Answer, Failure> {
        let local = session.open()?;
        let name = self.username.clone();
        let user = local.read(move |transaction| find(transaction, &name))?;
        let username = user.subject.username.clone();
        let password = secrets::new_password(session.output, self.password_file.as_deref())?;
        let (hash, warning) = hash_password(&local, &password, &username)?;
        let now = local.now;
        let (sessions, apps) = local.write(move |transaction| {
            let mut user = find_to_change(transaction, &self.username)?;
            user.password_hash = Some(hash);
            transaction.replace_user(&user)?;
            let id = &user.subject.id;
            let sessions = end_sessions(transaction, id, now)?;
            let mut apps = 0;
            if self.disconnect_apps {
                for app in transaction.connected_apps(id, now)? {
                    transaction.disconnect(id, &app.client_id, RevocationReason::Operator, now)?;
                    apps += 1;
                }
            }
            Ok((sessions, apps))
        })?;
        let data = json!({
            "username": username,
            "ended_sessions": sessions,
            "disconnected_apps": apps,
        });
        Ok(Answer::new(data, "").warn(warning).say(format!(
            "Changed the password of {username}; ended {sessions} session(s), disconnected {apps} application(s)."
        )))
    }
}
