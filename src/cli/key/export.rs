//! `issuant key export`: a key in the formats of other programs.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use serde_json::{Value, json};

use crate::cli::answer::Answer;
use crate::cli::failure::{self, Failure};
use crate::cli::local::Local;
use crate::cli::secrets::SecretFile;
use crate::crypto::cc_env::to_cc_env;
use crate::crypto::key_file::{to_pem, to_private_jwk};
use crate::crypto::rsa_key::to_pkcs1_pem;
use crate::crypto::secret::Secret;
use crate::jobs::signing_keys;
use crate::storage::keys::StoredKey;

/// Write a key for another program: its public part, or with --private all of it
#[derive(Args, Debug)]
#[command(
    help_template = crate::cli::TEMPLATE,
    before_long_help = "\
Examples:
  issuant key export KID
  issuant key export KID --private --out key.pem
  issuant key export KID --private --format jwk --show-secret",
    after_long_help = "\
The public part is a JWK. Whoever has the private part can sign tokens that everybody takes for this server's: keep the
file as you keep the key secret. pkcs1 is the older PEM form of RSA keys, cc-env what the
environment of ClusterCockpit holds."
)]
pub(super) struct Export {
    /// Identifier of the key, as issuant key list shows it
    // One key in 64 has an id that begins with a hyphen.
    #[arg(value_name = "KID", allow_hyphen_values = true)]
    kid: String,
    /// The private key
    #[arg(long)]
    private: bool,
    /// How the private key is written
    #[arg(long, value_enum, default_value_t = Format::Pem, requires = "private")]
    format: Format,
    /// Write to this new file, readable for you alone
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Print the private key
    #[arg(long, requires = "private", conflicts_with = "out")]
    show_secret: bool,
}

/// How a private key is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    /// PEM with PKCS#8.
    Pem,
    /// PEM with PKCS#1, for RSA alone.
    Pkcs1,
    /// JWK.
    Jwk,
    /// Two lines for the environment of cc-backend, for Ed25519 alone.
    CcEnv,
}

/// A key of Ed25519 as the environment of cc-backend has it.
pub(super) fn in_cc_env(local: &Local, stored: &StoredKey) -> Result<Secret, Failure> {
    private_key(local, stored, Format::CcEnv)
}

impl Export {
    pub(super) fn run(self, local: &Local) -> Result<Answer, Failure> {
        if self.private && self.out.is_none() && !self.show_secret {
            let message = "a private key goes to a file of its own, and to no screen unasked";
            return Err(Failure::new(&failure::KEY_UNSEEN, message));
        }
        let stored = self.find(local)?;
        let text = if self.private {
            private_key(local, &stored, self.format)?
        } else {
            Secret::new(stored.public_jwk.clone())
        };
        let told = |member: &str, value: Value| json!({"kid": stored.kid, "algorithm": stored.algorithm, (member): value});
        if let Some(path) = &self.out {
            let path = SecretFile::create(path)?.fill(&text)?.display().to_string();
            let line = format!("Written to {path}.");
            return Ok(Answer::new(told("file", Value::from(path)), "").say(line));
        }
        let data = if self.private {
            told("private_key", Value::from(text.expose()))
        } else {
            told(
                "jwk",
                serde_json::from_str(text.expose()).unwrap_or_default(),
            )
        };
        Ok(Answer::new(data, format!("{}\n", text.expose().trim_end())))
    }

    fn find(&self, local: &Local) -> Result<StoredKey, Failure> {
        let keys = local.read(|transaction| Ok(transaction.signing_keys()?))?;
        keys.into_iter()
            .find(|key| key.kid == self.kid)
            .ok_or_else(|| {
                let message = format!("there is no key `{}`", self.kid.escape_default());
                Failure::new(&failure::NOT_FOUND, message)
                    .hint("`issuant key list` shows all of them")
            })
    }
}

fn private_key(local: &Local, stored: &StoredKey, format: Format) -> Result<Secret, Failure> {
    let pkcs8 = signing_keys::unseal(&local.data.root, stored)
        .map_err(|error| Failure::new(&failure::UNEXPECTED, error.to_string()))?;
    let written = match format {
        Format::Pem => Ok(to_pem(&pkcs8)),
        Format::Jwk => to_private_jwk(stored.algorithm, &pkcs8),
        Format::Pkcs1 => to_pkcs1_pem(pkcs8.expose()),
        Format::CcEnv => to_cc_env(&pkcs8),
    };
    written.map_err(|error| Failure::new(&failure::KEY_FILE, error.to_string()))
}
