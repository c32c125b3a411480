//! `issuant token revoke`.

use clap::Args;
use serde_json::json;

use crate::cli::Session;
use crate::cli::answer::Answer;
use crate::cli::failure::{self, Failure};
use crate::identity::activity::Activity;
use crate::protocol::store::{PersonalTokens as _, SecurityEvent, SecurityEvents as _};

/// Take a token back, at once
#[derive(Args, Debug)]
#[command(
    help_template = crate::cli::TEMPLATE,
    before_long_help = "\
Examples:
  issuant token revoke personal.Zm9vYmFyYmF6cXV4MTIzNA",
    after_long_help = "\
Whoever asks this server about the token learns it at once. An application that checks tokens by itself, with the published
keys, learns it when the token expires."
)]
pub(crate) struct Revoke {
    /// Its identifier (jti), as issuant token list shows it
    #[arg(value_name = "ID")]
    id: String,
}

impl Revoke {
    pub(crate) fn run(self, session: &Session) -> Result<Answer, Failure> {
        let local = session.open()?;
        let (id, now) = (self.id, local.now);
        let token = local.write(move |transaction| {
            let token = transaction.personal_token(&id)?.ok_or_else(|| {
                let message = format!("there is no token `{}`", id.escape_debug());
                Failure::new(&failure::NOT_FOUND, message)
                    .hint("`issuant token list` shows all of them")
            })?;
            if !transaction.revoke_personal_token(&id, now)? {
                let message = "the token was taken back before";
                return Err(Failure::new(&failure::STATE, message).into());
            }
            transaction.record(&SecurityEvent {
                at: now,
                kind: Activity::TokenRevoked.as_str(),
                client_id: None,
                subject: Some(token.subject.clone()),
                family: None,
                browser: None,
            })?;
            Ok(token)
        })?;
        let line = format!("Took back {}.", token.name);
        Ok(Answer::new(json!({"id": token.id, "revoked_at": now}), "").say(line))
    }
}
