//! `issuant trust add`, `list`, `show`, `set` and `delete`.

use clap::Args;
use serde_json::{Value, json};

use crate::cli::Session;
use crate::cli::answer::{Answer, fields, printable, table, time_text};
use crate::cli::confirm::Confirmation;
use crate::cli::failure::{self, Failure};
use crate::cli::local::Local;
use crate::cli::trust::{Definition, find, not_found, read_text};
use crate::crypto::jwt::mac::SHORTEST_SECRET;
use crate::crypto::random::SystemRandom;
use crate::crypto::secret::SecretBytes;
use crate::protocol::trust::directory::Trusted;
use crate::protocol::trust::issuer::{IssuerName, KeySource, TrustedIssuer};
use crate::server::fetcher;

/// Trust an issuer
#[derive(Args, Debug)]
#[command(
    help_template = crate::cli::TEMPLATE,
    before_long_help = "\
Examples:
  issuant trust add ci.json
  issuant trust add partner.json --secret-file partner.secret",
    after_long_help = "\
A definition: {\"name\": \"ci\", \"issuer\": \"https://ci.example\", \"keys\": {\"jwks_url\": {\"url\": \"https://ci.example/keys\"}},
\"claim_mappings\": {\"team\": \"team\"}, \"without_client\": true}
Nothing is given for its tokens until a rule says so: issuant trust rule add NAME."
)]
pub(crate) struct Add {
    #[command(flatten)]
    definition: Definition,
}

impl Add {
    pub(crate) fn run(self, session: &Session) -> Result<Answer, Failure> {
        let local = session.open()?;
        let issuer = read(&self.definition, &local)?;
        let issuer = TrustedIssuer {
            created_at: local.now,
            ..issuer
        };
        require_secret(&issuer)?;
        let added = issuer.clone();
        local.write(move |transaction| Ok(transaction.add_trusted_issuer(&added)?))?;
        Ok(Answer::new(view(&issuer), "").say(format!(
            "Trusted: {}. A running server notices within a second.\nnext:  issuant trust rule add {} --bind-type scope --bind-name NAME",
            issuer.name, issuer.name
        )))
    }
}

/// Replace what is said of a trusted issuer
#[derive(Args, Debug)]
#[command(
    help_template = crate::cli::TEMPLATE,
    before_long_help = "Examples:\n  issuant trust show ci --json\n  issuant trust set ci.json"
)]
pub(crate) struct Set {
    #[command(flatten)]
    definition: Definition,
}

impl Set {
    pub(crate) fn run(self, session: &Session) -> Result<Answer, Failure> {
        let local = session.open()?;
        let issuer = read(&self.definition, &local)?;
        let has_new_secret = self.definition.secret_file.is_some();
        let issuer = local.write(move |transaction| {
            let before = find(transaction, &issuer.name)?;
            let sealed_secret = match issuer.keys {
                KeySource::Secret if !has_new_secret => before.sealed_secret,
                KeySource::Secret
                | KeySource::Pem(_)
                | KeySource::Jwks(_)
                | KeySource::JwksUrl(_)
                | KeySource::DiscoveryUrl(_) => issuer.sealed_secret,
            };
            let issuer = TrustedIssuer {
                sealed_secret,
                created_at: before.created_at,
                ..issuer
            };
            require_secret(&issuer)?;
            transaction.replace_trusted_issuer(&issuer)?;
            Ok(issuer)
        })?;
        Ok(Answer::new(view(&issuer), "")
            .say("Replaced. A running server notices within a second."))
    }
}

/// Show a trusted issuer
#[derive(Args, Debug)]
#[command(
    help_template = crate::cli::TEMPLATE,
    before_long_help = "Examples:\n  issuant trust show ci\n  issuant trust show ci --json"
)]
pub(crate) struct Show {
    /// Name of the issuer
    #[arg(value_name = "NAME")]
    name: IssuerName,
}

impl Show {
    pub(crate) fn run(self, session: &Session) -> Result<Answer, Failure> {
        let local = session.open()?;
        let issuer = local.read(move |transaction| find(transaction, &self.name))?;
        let pairs = [
            ("name", issuer.name.to_string()),
            ("issuer", expected_issuer(&issuer)),
            ("keys", source(&issuer.keys).to_owned()),
            ("trusted", on_off(!issuer.disabled).to_owned()),
            ("without client", on_off(issuer.without_client).to_owned()),
            ("one time", on_off(issuer.one_time).to_owned()),
            ("added", time_text(issuer.created_at)),
            ("changed", time_text(issuer.updated_at)),
        ];
        Ok(Answer::new(view(&issuer), fields(&pairs)))
    }
}

/// Trust an issuer no longer, and remove its rules
#[derive(Args, Debug)]
#[command(
    help_template = crate::cli::TEMPLATE,
    before_long_help = "Examples:\n  issuant trust delete ci --yes",
    after_long_help = "Tokens that were issued for its own stop working within a second."
)]
pub(crate) struct Delete {
    /// Name of the issuer
    #[arg(value_name = "NAME")]
    name: IssuerName,
    #[command(flatten)]
    confirmation: Confirmation,
}

impl Delete {
    pub(crate) fn run(self, session: &Session) -> Result<Answer, Failure> {
        let local = session.open()?;
        let name = self.name.clone();
        let issuer = local.read(move |transaction| find(transaction, &name))?;
        let what = format!("the trusted issuer {} and its rules", issuer.name);
        if self.confirmation.dry_run {
            return Ok(Answer::new(view(&issuer), "").say(format!("Would remove {what}.")));
        }
        self.confirmation
            .require(session.output, &what, issuer.name.as_str())?;
        let name = self.name;
        local.write(move |transaction| {
            if transaction.delete_trusted_issuer(&name)? {
                Ok(())
            } else {
                Err(not_found(&name).into())
            }
        })?;
        Ok(Answer::new(view(&issuer), "").say(format!("Removed {what}.")))
    }
}

pub(super) fn list(session: &Session) -> Result<Answer, Failure> {
    let issuers = session
        .open()?
        .read(|transaction| Ok(transaction.trusted_issuers()?))?;
    let row = |issuer: &TrustedIssuer| {
        vec![
            issuer.name.to_string(),
            expected_issuer(issuer),
            source(&issuer.keys).to_owned(),
            on_off(!issuer.disabled).to_owned(),
        ]
    };
    let rows: Vec<Vec<String>> = issuers.iter().map(row).collect();
    let data = json!({"issuers": issuers.iter().map(view).collect::<Vec<_>>()});
    if rows.is_empty() {
        let talk = "No issuer is trusted yet.\nnext:  issuant trust add FILE";
        return Ok(Answer::new(data, "").say(talk));
    }
    Ok(Answer::new(
        data,
        table(&["NAME", "ISSUER", "KEYS", "TRUSTED"], &rows),
    ))
}

/// Reads a definition, checks it, and reads the keys once that it names.
fn read(definition: &Definition, local: &Local) -> Result<TrustedIssuer, Failure> {
    let text = read_text(&definition.file)?;
    let issuer: TrustedIssuer = serde_json::from_str(&text).map_err(|error| {
        value(printable(&format!(
            "the definition cannot be read: {error}"
        )))
    })?;
    if let Some(contradiction) = issuer.contradictions().first() {
        return Err(value(contradiction.to_string()));
    }
    if !Trusted::can_read_keys(&issuer) {
        return Err(value("a key in PEM cannot be used".to_owned()));
    }
    let sealed_secret = match &definition.secret_file {
        None => None,
        Some(path) => {
            let secret = SecretBytes::new(read_text(path)?.into_bytes());
            if secret.expose().len() < SHORTEST_SECRET {
                let message = format!("the secret needs at least {SHORTEST_SECRET} bytes");
                return Err(Failure::new(&failure::WEAK, message));
            }
            Some(
                local
                    .keys
                    .seal_trust_secret(&issuer.name, &secret, &SystemRandom),
            )
        }
    };
    if sealed_secret.is_some() && issuer.keys != KeySource::Secret {
        return Err(value("a secret is only for keys: \"secret\"".to_owned()));
    }
    if !definition.no_verify {
        fetcher::issuer_keys(&local.config, &issuer).map_err(|error| {
            value(format!(
                "the keys of {} cannot be read: {error}",
                issuer.name
            ))
            .hint("Check the address and fetch.allow_private, or add --no-verify.")
        })?;
    }
    let issuer = TrustedIssuer {
        sealed_secret,
        updated_at: local.now,
        ..issuer
    };
    Ok(issuer)
}

fn require_secret(issuer: &TrustedIssuer) -> Result<(), Failure> {
    if issuer.keys == KeySource::Secret && issuer.sealed_secret.is_none() {
        return Err(value("keys: \"secret\" needs --secret-file".to_owned()));
    }
    Ok(())
}

fn value(message: String) -> Failure {
    Failure::new(&failure::VALUE, message)
}

fn view(issuer: &TrustedIssuer) -> Value {
    json!(issuer)
}

fn expected_issuer(issuer: &TrustedIssuer) -> String {
    match (&issuer.issuer, &issuer.keys) {
        (Some(issuer), _) => issuer.clone(),
        (None, KeySource::DiscoveryUrl(remote)) => remote.url.clone(),
        (None, _) => "-".to_owned(),
    }
}

fn source(keys: &KeySource) -> &'static str {
    match keys {
        KeySource::Pem(_) => "PEM",
        KeySource::Jwks(_) => "JWK set",
        KeySource::JwksUrl(_) => "published",
        KeySource::DiscoveryUrl(_) => "discovered",
        KeySource::Secret => "secret",
    }
}

fn on_off(is_on: bool) -> &'static str {
    if is_on { "on" } else { "off" }
}
