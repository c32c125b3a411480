//! `issuant token list`.

use std::collections::BTreeMap;

use clap::Args;
use serde_json::{Value, json};

use crate::cli::Session;
use crate::cli::answer::{Answer, table, time_text};
use crate::cli::failure::Failure;
use crate::cli::token::state;
use crate::identity::store::Users as _;
use crate::protocol::context::Timestamp;
use crate::protocol::personal_token::PersonalToken;
use crate::protocol::store::PersonalTokens as _;

/// List tokens, newest first
#[derive(Args, Debug)]
#[command(
    help_template = crate::cli::TEMPLATE,
    before_long_help = "\
Examples:
  issuant token list
  issuant token list --user ada --json",
    after_long_help = "\
A use is noted when this server is asked about the token, by introspection, userinfo or forward-auth, to the minute. A token
is listed for a month after it has expired."
)]
pub(crate) struct List {
    /// Of this person alone
    #[arg(long, value_name = "NAME")]
    user: Option<String>,
}

impl List {
    pub(crate) fn run(self, session: &Session) -> Result<Answer, Failure> {
        let local = session.open()?;
        let (names, tokens) = local.read(move |transaction| {
            let users = match &self.user {
                Some(name) => vec![crate::cli::user::find(transaction, name)?],
                None => transaction.users()?,
            };
            let tokens = match (&self.user, users.as_slice()) {
                (Some(_), [user]) => transaction.personal_tokens_of(&user.subject.id)?,
                (_, _) => transaction.personal_tokens()?,
            };
            let name =
                |user: crate::identity::store::User| (user.subject.id, user.subject.username);
            Ok((users.into_iter().map(name).collect(), tokens))
        })?;
        let names: BTreeMap<String, String> = names;
        let user = |token: &PersonalToken| names.get(&token.subject).cloned().unwrap_or_default();
        let rows: Vec<Vec<String>> = tokens
            .iter()
            .map(|token| row(token, user(token), local.now))
            .collect();
        let data: Vec<Value> = tokens
            .iter()
            .map(|token| token_json(token, &user(token), local.now))
            .collect();
        let data = json!({"tokens": data});
        if rows.is_empty() {
            return Ok(Answer::new(data, "")
                .say("There is no token.\nnext:  issuant token issue --user NAME"));
        }
        let head = ["ID", "USER", "STATE", "EXPIRES", "LAST USED", "NAME"];
        Ok(Answer::new(data, table(&head, &rows)))
    }
}

fn row(token: &PersonalToken, user: String, now: Timestamp) -> Vec<String> {
    vec![
        token.id.clone(),
        user,
        state(token, now).to_owned(),
        time_text(token.expires_at),
        token.last_used_at.map_or_else(|| "-".to_owned(), time_text),
        token.name.clone(),
    ]
}

fn token_json(token: &PersonalToken, user: &str, now: Timestamp) -> Value {
    json!({
        "id": token.id,
        "user": user,
        "name": token.name,
        "state": state(token, now),
        "scope": token.scope.to_string(),
        "roles": token.roles,
        "audience": token.audience,
        "created_at": token.created_at,
        "expires_at": token.expires_at,
        "last_used_at": token.last_used_at,
        "last_used_from": token.last_used_from,
        "revoked_at": token.revoked_at,
    })
}
