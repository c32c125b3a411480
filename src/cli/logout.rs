//! `issuant logout`: what became of the logout tokens that clients are owed.

use clap::{Args, Subcommand};
use serde_json::{Value, json};

use crate::cli::Session;
use crate::cli::answer::{Answer, table, time_text};
use crate::cli::failure::Failure;
use crate::identity::store::Users;
use crate::protocol::logout_notice::{LogoutNotice, MOST_TRIES, NoticeState};
use crate::protocol::store::LogoutNotices;

/// Show what became of logout tokens
#[derive(Args, Debug)]
#[command(
    help_template = super::TEMPLATE,
    before_long_help = "\
Examples:
  issuant logout list
  issuant logout list --limit 10 --json",
    subcommand_required = true,
    arg_required_else_help = true
)]
pub(crate) struct Logout {
    #[command(subcommand)]
    command: LogoutCommand,
}

#[derive(Subcommand, Debug)]
enum LogoutCommand {
    List(List),
}

/// List the clients that were owed a logout token, newest first
#[derive(Args, Debug)]
#[command(
    help_template = super::TEMPLATE,
    before_long_help = "Examples:\n  issuant logout list\n  issuant logout list --limit 10 --json",
    after_long_help = "\
When a session ends, each client that took part in it and has a backchannel_logout_uri gets a logout token:
  waiting    not delivered yet; tried five times within twenty minutes or so
  delivered  the client answered with a 2xx status
  given_up   five tries failed; FAILURE tells how the last one did, and a security event was recorded
  unwanted   the client gave up its address before it could be told
A line is kept for a month. To have a client told:
issuant client set ID --metadata '{\"backchannel_logout_uri\":\"https://app.example/logout\"}'"
)]
struct List {
    /// At most so many
    #[arg(long, value_name = "NUMBER", default_value_t = 100, value_parser = clap::value_parser!(i64).range(1..=10_000))]
    limit: i64,
}

impl Logout {
    pub(crate) fn run(self, session: &Session) -> Result<Answer, Failure> {
        match self.command {
            LogoutCommand::List(command) => command.run(session),
        }
    }
}

impl List {
    fn run(self, session: &Session) -> Result<Answer, Failure> {
        let notices = session.open()?.read(move |transaction| {
            let mut named = Vec::new();
            for notice in transaction.notices(self.limit)? {
                let user = transaction.user(&notice.subject)?;
                named.push((notice, user.map(|user| user.subject.username)));
            }
            Ok(named)
        })?;
        let data: Vec<Value> = notices
            .iter()
            .map(|(notice, user)| json_of(notice, user.as_deref()))
            .collect();
        let data = json!({ "logouts": data });
        if notices.is_empty() {
            return Ok(Answer::new(data, "").say("No client was owed a logout token."));
        }
        let rows: Vec<Vec<String>> = notices
            .iter()
            .map(|(notice, user)| row(notice, user.as_deref()))
            .collect();
        let header = ["CLIENT", "USER", "ENDED", "STATE", "TRIES", "FAILURE"];
        Ok(Answer::new(data, table(&header, &rows)))
    }
}

fn row(notice: &LogoutNotice, user: Option<&str>) -> Vec<String> {
    vec![
        notice.client_id.to_string(),
        // Somebody who was removed.
        user.unwrap_or("-").to_owned(),
        time_text(notice.ended_at),
        notice.state.to_string(),
        format!("{}/{MOST_TRIES}", notice.tries),
        notice.failure.clone().unwrap_or_else(|| "-".to_owned()),
    ]
}

fn json_of(notice: &LogoutNotice, user: Option<&str>) -> Value {
    let is_waiting = notice.state == NoticeState::Waiting;
    json!({
        "client_id": notice.client_id.as_str(),
        "sub": notice.subject,
        "username": user,
        "sid": notice.session,
        "ended_at": notice.ended_at,
        "state": notice.state.as_str(),
        "tries": notice.tries,
        "next_try_at": is_waiting.then_some(notice.due_at),
        "settled_at": notice.settled_at,
        "failure": notice.failure,
    })
}
