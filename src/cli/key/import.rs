//! `issuant key import`: a private key that another program made becomes a signing key of this server.

use std::path::PathBuf;

use clap::Args;
use serde_json::json;

use super::{announced, key_json, key_table, on_its_way};
use crate::cli::answer::{Answer, time_text};
use crate::cli::failure::{self, Failure};
use crate::cli::local::Local;
use crate::cli::{parse, secrets};
use crate::crypto::algorithm::Algorithm;
use crate::crypto::key_set::KeyState;
use crate::crypto::random::SystemRandom;
use crate::crypto::secret::SecretBytes;
use crate::crypto::signing_key::{KeyError, SigningKey};
use crate::jobs::signing_keys::{self, Birth, Succession};
use crate::storage::keys::StoredKey;

/// Bring a private key that another program made
#[derive(Args, Debug)]
#[command(
    help_template = crate::cli::TEMPLATE,
    before_long_help = "\
Examples:
  issuant key import --algorithm RS256 --file old-server.pem
  issuant key import --algorithm ES256 --file - --now",
    after_long_help = "\
Reads an unencrypted private key: PEM (PKCS#8, PKCS#1, SEC1), a JWK, or what the
environment of ClusterCockpit holds (base64 of 64 bytes, or of the seed alone); RSA needs 2048 bits or more. Where another key
signs with this algorithm, the imported one replaces it as issuant key rotate would: announced first, unless --now says
otherwise. Where none does, it signs at once. Its identifier is the thumbprint of its public part (RFC 7638)."
)]
pub(super) struct Import {
    /// What it signs with
    #[arg(long, visible_alias = "alg", value_name = "ALGORITHM", value_parser = parse::algorithm())]
    algorithm: Algorithm,
    /// File with the private key (- for standard input)
    #[arg(long, value_name = "FILE")]
    file: PathBuf,
    /// Sign with it at once
    #[arg(long)]
    now: bool,
}

impl Import {
    pub(super) fn run(self, local: &Local) -> Result<Answer, Failure> {
        let (key, private) = self.read()?;
        let (now, announce, is_urgent) = (local.now, local.config.signing.announce, self.now);
        let later = Birth {
            created_at: now,
            active_from: now + if is_urgent { 0 } else { announce },
        };
        // Which of them it is to be is known only in the transaction.
        let births = [Birth::first(now), later].map(|birth| {
            signing_keys::seal(&local.data.root, &key, &private, birth, &SystemRandom)
                .map_err(refused)
        });
        let [first, successor] = births;
        let (first, successor) = (first?, successor?);
        let longest = local.longest_token_lifetime()?;
        let added = local.write(move |transaction| {
            transaction.lock_signing_keys()?;
            let present = transaction.signing_keys()?;
            if present.iter().any(|old| old.kid == successor.kid) {
                return Err(exists(&successor).into());
            }
            let waiting = announced(&present, successor.algorithm, now);
            if let (Some(waiting), false) = (waiting, is_urgent) {
                return Err(on_its_way(waiting).into());
            }
            let is_successor = present.iter().any(|old| {
                old.algorithm == successor.algorithm && old.state_at(now) == KeyState::Active
            });
            let new = if is_successor { successor } else { first };
            Succession::plan(&present, new.algorithm, new.active_from, longest, now)
                .carry_out(transaction, &new)?;
            Ok(new)
        })?;
        let begins = if added.active_from <= now {
            "A running server signs with it within a second.".to_owned()
        } else {
            format!(
                "It is published now and signs from {}; nothing else is to be done.",
                time_text(added.active_from)
            )
        };
        let data = json!({"key": key_json(&added, now), "signs_from": added.active_from});
        Ok(Answer::new(data, key_table(&[added], now)).say(begins))
    }

    fn read(&self) -> Result<(SigningKey, SecretBytes), Failure> {
        let text = secrets::read_key(&self.file)?;
        let form = text.expose().trim_start();
        let (key, private) = if form.starts_with('{') {
            SigningKey::from_private_jwk(self.algorithm, form)
        } else if form.contains("-----BEGIN ") || self.algorithm != Algorithm::EdDsa {
            SigningKey::from_pem(self.algorithm, form)
        } else {
            SigningKey::from_cc_env(form)
        }
        .map_err(refused)?;
        if key.is_published_sample() {
            let message = "this is the sample key that the documentation of cc-backend prints: everybody can sign with it";
            return Err(Failure::new(&failure::KEY_FILE, message)
                .hint("Make one of your own with: issuant key generate --algorithm EdDSA"));
        }
        Ok((key, private))
    }
}

fn refused(error: KeyError) -> Failure {
    Failure::new(&failure::KEY_FILE, error.to_string())
}

fn exists(key: &StoredKey) -> Failure {
    Failure::new(
        &failure::EXISTS,
        format!("the key {} is there already", key.kid),
    )
    .hint("issuant key list shows what it is good for.")
}
