//! `issuant client list` and `issuant client show`.

use clap::Args;
use serde_json::json;

use crate::cli::Session;
use crate::cli::answer::{Answer, fields, printable, table, time_text};
use crate::cli::client::{find, view};
use crate::cli::failure::Failure;
use crate::protocol::client::ClientId;
use crate::storage::ReadClients;

pub(super) fn list(session: &Session) -> Result<Answer, Failure> {
    let ReadClients { clients, damaged } = session
        .open()?
        .read(|transaction| Ok(transaction.clients()?))?;
    let rows: Vec<Vec<String>> = clients
        .iter()
        .map(|client| {
            vec![
                client.id.to_string(),
                view::sort(client).to_owned(),
                view::grants(client),
                client.name.clone(),
            ]
        })
        .collect();
    let data = json!({"clients": clients.iter().map(view::json).collect::<Vec<_>>()});
    let warnings = damaged
        .iter()
        .map(|(id, error)| printable(&format!("the client {id} is left out: {error}")));
    if rows.is_empty() && damaged.is_empty() {
        return Ok(Answer::new(data, "")
            .say("There is no client yet.\nnext:  issuant client create ID --redirect-uri URI"));
    }
    Ok(Answer::new(data, table(&["CLIENT", "KIND", "GRANTS", "NAME"], &rows)).warn(warnings))
}

/// Show one client
#[derive(Args, Debug)]
#[command(
    help_template = crate::cli::TEMPLATE,
    before_long_help = "Examples:\n  issuant client show shop\n  issuant client show shop --json"
)]
pub(crate) struct Show {
    /// Identifier of the client
    #[arg(value_name = "ID")]
    id: ClientId,
}

impl Show {
    pub(crate) fn run(self, session: &Session) -> Result<Answer, Failure> {
        let client = session
            .open()?
            .read(move |transaction| find(transaction, &self.id))?;
        let mut pairs = view::pairs(&client);
        for secret in &client.secrets {
            pairs.push(("secret", view::secret_line(secret)));
        }
        pairs.push(("registered", time_text(client.created_at)));
        pairs.push(("changed", time_text(client.updated_at)));
        Ok(Answer::new(view::json(&client), fields(&pairs)))
    }
}
