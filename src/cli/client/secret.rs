//! `issuant client secret add`, `list` and `remove`: a new secret beside the old one, then, once nobody uses it any
//! more, the old one away.

use clap::{Args, Subcommand};
use serde_json::{Value, json};

use crate::cli::Session;
use crate::cli::answer::{Answer, fields, table};
use crate::cli::client::view::{self, Made};
use crate::cli::client::{find, not_found};
use crate::cli::confirm::Confirmation;
use crate::cli::failure::{self, Failure};
use crate::cli::local::Local;
use crate::cli::secrets::NewSecret;
use crate::crypto::jwt::mac::SHORTEST_SECRET;
use crate::crypto::random::{RandomSource, SystemRandom, random_bytes};
use crate::crypto::secret::Secret as SecretText;
use crate::protocol::client::{AuthenticationMethod, Client, ClientId, ClientSecret, StoredSecret};
use crate::protocol::context::{Timestamp, TokenKeys};
use crate::server::data;

/// Add, list and remove secrets of a client
#[derive(Args, Debug)]
#[command(
    help_template = crate::cli::TEMPLATE,
    before_long_help = EXAMPLES,
    subcommand_required = true,
    arg_required_else_help = true
)]
pub(crate) struct Secret {
    #[command(subcommand)]
    command: SecretCommand,
}

#[derive(Subcommand, Debug)]
enum SecretCommand {
    Add(Add),
    List(List),
    Remove(Remove),
}

impl Secret {
    pub(crate) fn run(self, session: &Session) -> Result<Answer, Failure> {
        match self.command {
            SecretCommand::Add(command) => command.run(session),
            SecretCommand::List(command) => command.run(session),
            SecretCommand::Remove(command) => command.run(session),
        }
    }
}

/// Add a secret; the others stay good, so that the application can change over
#[derive(Args, Debug)]
#[command(
    help_template = crate::cli::TEMPLATE,
    before_long_help = EXAMPLES,
    after_long_help = "A client has at most two secrets: the old one, and the one it changes over to."
)]
struct Add {
    /// Identifier of the client
    #[arg(value_name = "ID")]
    id: ClientId,
    /// Refuse the secret after so many days
    #[arg(long, value_name = "DAYS", value_parser = clap::value_parser!(u16).range(1..=3650))]
    expires_in_days: Option<u16>,
    #[command(flatten)]
    secret: NewSecret,
}

impl Add {
    fn run(self, session: &Session) -> Result<Answer, Failure> {
        self.secret.check_visible(session.output)?;
        let local = session.open()?;
        let brought = self.secret.brought()?;
        let file = self.secret.open_file()?;
        let lifetime = self.expires_in_days.map(|days| i64::from(days) * 86_400);
        let id = self.id.clone();
        let method = local.read(move |transaction| find(transaction, &id))?;
        let method = method.authentication_method;
        let made = make(&local, (&self.id, method), brought, lifetime)?;
        let (id, stored, now) = (self.id.clone(), made.stored.clone(), local.now);
        local.write(move |transaction| {
            let client = find(transaction, &id)?;
            if !client.authentication_method.uses_secrets() {
                return Err(without_secrets(&client).into());
            }
            let living = |secret: &&ClientSecret| secret.expires_at.is_none_or(|end| now < end);
            if client.secrets.iter().filter(living).count() >= MOST {
                return Err(too_many(&client.id).into());
            }
            transaction.add_client_secret(&id, &stored)?;
            Ok(())
        })?;
        let show = self.secret.show_secret || session.output.stdout_is_terminal;
        let shown = match (made.generated, file) {
            (Some(secret), Some(file)) => Made::InFile(file.fill(&secret)?),
            (Some(secret), None) if show => Made::Shown(secret),
            (Some(_) | None, _) => Made::Nowhere,
        };
        let mut data = view::secret_json(&made.stored);
        if let (Made::Shown(secret), Value::Object(members)) = (&shown, &mut data) {
            members.insert("client_secret".to_owned(), secret.expose().into());
        }
        let mut pairs = vec![("secret id", made.stored.id.clone())];
        pairs.extend(shown.line().map(|line| ("secret", line)));
        let id = self.id;
        Ok(Answer::new(data, fields(&pairs)).say(format!(
            "Added a secret to {id}; the others are good as before.\nnext:  change the application over, then: issuant client secret remove {id} OLD-SECRET-ID"
        )))
    }
}

/// List the secrets, and when somebody last authenticated with each
#[derive(Args, Debug)]
#[command(
    help_template = crate::cli::TEMPLATE,
    before_long_help = EXAMPLES,
    after_long_help = "A use is told to the minute. An old secret that is not used any more can be removed."
)]
struct List {
    /// Identifier of the client
    #[arg(value_name = "ID")]
    id: ClientId,
}

impl List {
    fn run(self, session: &Session) -> Result<Answer, Failure> {
        let local = session.open()?;
        let client = local.read(move |transaction| find(transaction, &self.id))?;
        let secrets: Vec<Value> = client.secrets.iter().map(view::secret_json).collect();
        let data = json!({"client_id": client.id, "secrets": secrets});
        if client.secrets.is_empty() {
            return Ok(
                Answer::new(data, "").say(format!("The client {} has no secret.", client.id))
            );
        }
        let rows: Vec<Vec<String>> = client.secrets.iter().map(view::secret_cells).collect();
        let header = ["SECRET", "KIND", "SINCE", "UNTIL", "LAST USED"];
        Ok(Answer::new(data, table(&header, &rows)))
    }
}

/// Remove a secret; it is refused from then on
#[derive(Args, Debug)]
#[command(help_template = crate::cli::TEMPLATE, before_long_help = EXAMPLES)]
struct Remove {
    /// Identifier of the client
    #[arg(value_name = "ID")]
    id: ClientId,
    /// Identifier of the secret, as `issuant client show` lists it
    #[arg(value_name = "SECRET-ID")]
    secret_id: String,
    #[command(flatten)]
    confirmation: Confirmation,
}

impl Remove {
    fn run(self, session: &Session) -> Result<Answer, Failure> {
        let local = session.open()?;
        let id = self.id.clone();
        let client = local.read(move |transaction| find(transaction, &id))?;
        let unknown = || {
            Failure::new(
                &failure::NOT_FOUND,
                format!("the client {} has no such secret", client.id),
            )
            .hint(format!("`issuant client show {}` lists them", client.id))
        };
        let secret = client
            .secrets
            .iter()
            .find(|secret| secret.id == self.secret_id)
            .ok_or_else(unknown)?;
        let data = view::secret_json(secret);
        let what = format!("the secret {} of the client {}", secret.id, client.id);
        if self.confirmation.dry_run {
            return Ok(Answer::new(data, "").say(format!("Would remove {what}.")));
        }
        self.confirmation
            .require(session.output, &what, &secret.id)?;
        local.write(move |transaction| {
            if transaction.remove_client_secret(&self.id, &self.secret_id)? {
                Ok(())
            } else {
                Err(not_found(&self.id).into())
            }
        })?;
        let left = client.secrets.len().saturating_sub(1);
        Ok(Answer::new(data, "").say(format!("Removed {what}; {left} left.")))
    }
}

/// A secret, and how it is stored.
pub(super) struct NewClientSecret {
    pub(super) stored: ClientSecret,
    /// The text, when it was made here.
    pub(super) generated: Option<SecretText>,
}

/// Stores what was brought, or makes one. Hashing what a person chose takes a moment: not inside a transaction.
pub(super) fn make(
    local: &Local,
    (client_id, method): (&ClientId, AuthenticationMethod),
    brought: Option<SecretText>,
    lifetime: Option<i64>,
) -> Result<NewClientSecret, Failure> {
    let signs = method == AuthenticationMethod::ClientSecretJwt;
    let (stored, generated) = if let (true, Some(secret)) = (signs, &brought) {
        if secret.expose().len() < SHORTEST_SECRET {
            let message = format!("to sign with, a secret needs {SHORTEST_SECRET} bytes");
            return Err(Failure::new(&failure::WEAK, message));
        }
        (sealed(&local.keys, client_id, secret), None)
    } else if let Some(secret) = brought {
        let hash = data::password_hasher(&local.data.root, &SystemRandom)
            .and_then(|hasher| hasher.hash(&secret, &SystemRandom))
            .map_err(|error| Failure::new(&failure::WEAK, error.to_string()))?;
        (StoredSecret::Chosen(hash), None)
    } else if signs {
        // Long enough for each of the algorithms.
        let rest = SecretText::generate(&SystemRandom, "");
        let secret = SecretText::generate(&SystemRandom, &format!("iss_{}", rest.expose()));
        (sealed(&local.keys, client_id, &secret), Some(secret))
    } else {
        let secret = SecretText::generate(&SystemRandom, "iss_");
        let digest = local.keys.client_secret_digest(secret.expose());
        (StoredSecret::Generated(digest), Some(secret))
    };
    Ok(NewClientSecret {
        stored: stored_secret(stored, local.now, lifetime),
        generated,
    })
}

/// The secret of a client that signs with it has to be read back.
pub(in crate::cli) fn sealed(
    keys: &TokenKeys,
    client_id: &ClientId,
    secret: &SecretText,
) -> StoredSecret {
    StoredSecret::Sealed {
        digest: keys.client_secret_digest(secret.expose()),
        sealed: keys.seal_client_secret(client_id.as_str(), secret, &SystemRandom),
    }
}

fn stored_secret(stored: StoredSecret, now: Timestamp, lifetime: Option<i64>) -> ClientSecret {
    ClientSecret {
        id: stored_secret_id(&SystemRandom),
        stored,
        created_at: now,
        expires_at: lifetime.map(|lifetime| now + lifetime),
        last_used_at: None,
    }
}

/// The public name of a secret.
pub(in crate::cli) fn stored_secret_id(random: &dyn RandomSource) -> String {
    format!("sec-{:08x}", u32::from_be_bytes(random_bytes(random)))
}

fn without_secrets(client: &Client) -> Failure {
    let (id, method) = (&client.id, client.authentication_method.as_str());
    let (message, hint) = if client.is_public() {
        (
            format!("the client {id} is public and has no secrets"),
            "Make it confidential",
        )
    } else {
        (
            format!("the client {id} authenticates with {method} and has no secrets"),
            "Let it authenticate with one",
        )
    };
    Failure::new(&failure::STATE, message).hint(format!(
        "{hint} with: issuant client set {id} --auth-method client_secret_basic"
    ))
}

fn too_many(id: &ClientId) -> Failure {
    Failure::new(
        &failure::STATE,
        format!("the client {id} has {MOST} secrets already"),
    )
    .hint(format!(
        "Remove one first: issuant client show {id} lists them."
    ))
}

const MOST: usize = 2;

const EXAMPLES: &str = "\
Examples:
  issuant client secret add shop --show-secret
  issuant client secret add shop --out shop.secret --expires-in-days 365
  issuant client secret list shop
  issuant client secret remove shop sec-1f2e3d4c --yes";
