//! `issuant user list` and `issuant user show`.

use clap::Args;
use serde_json::json;

use crate::cli::Session;
use crate::cli::answer::{Answer, fields, listed, table};
use crate::cli::failure::Failure;
use crate::cli::user::{find, view};
use crate::identity::store::{Sessions, Users};

pub(super) fn list(session: &Session) -> Result<Answer, Failure> {
    let users = session
        .open()?
        .read(|transaction| Ok(transaction.users()?))?;
    let rows: Vec<Vec<String>> = users
        .iter()
        .map(|user| {
            vec![
                user.subject.username.clone(),
                view::state(user).to_owned(),
                listed(&user.subject.roles),
                view::email(user),
                view::text(user.subject.name.as_deref()),
            ]
        })
        .collect();
    let data = json!({"users": users.iter().map(view::json).collect::<Vec<_>>()});
    if rows.is_empty() {
        return Ok(Answer::new(data, "")
            .say("There is nobody yet.\nnext:  issuant admin link, or issuant user create NAME"));
    }
    Ok(Answer::new(
        data,
        table(&["USER", "STATE", "ROLES", "EMAIL", "NAME"], &rows),
    ))
}

/// Show one person
#[derive(Args, Debug)]
#[command(
    help_template = crate::cli::TEMPLATE,
    before_long_help = "Examples:\n  issuant user show ada\n  issuant user show ada --json"
)]
pub(crate) struct Show {
    /// Name to sign in with
    #[arg(value_name = "NAME")]
    username: String,
}

impl Show {
    pub(crate) fn run(self, session: &Session) -> Result<Answer, Failure> {
        let (user, sessions) = session.open()?.read(move |transaction| {
            let user = find(transaction, &self.username)?;
            let sessions = transaction.sessions_of(&user.subject.id)?.len();
            Ok((user, sessions))
        })?;
        let mut pairs = view::pairs(&user);
        pairs.push(("sessions", sessions.to_string()));
        Ok(Answer::new(view::json(&user), fields(&pairs)))
    }
}
