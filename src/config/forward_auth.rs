//! What requests may pass a proxy, and the secrets of tokens that are signed with one.

use std::os::unix::fs::PermissionsExt as _;
use std::sync::Arc;

use serde::Deserialize;
use zeroize::Zeroizing;

use crate::config::accounts::parse_switch;
use crate::config::problem;
use crate::config::reader::Reader;
use crate::crypto::secret::SecretBytes;
use crate::protocol::shared_secret::{SharedSecret, SharedSecrets};
use crate::protocol::verification::ForwardAuthPolicy;

pub(super) fn read(reader: &mut Reader) -> ForwardAuthPolicy {
    let secrets = reader.text("shared_secret.keys_file", read_secrets);
    let mut name = |key, default: &str| {
        let given = reader.text(key, |text| Ok(text.to_owned()));
        given.unwrap_or_else(|| default.to_owned())
    };
    let issuer = name("shared_secret.issuer", "issuant-shared-secret");
    let audience = name("shared_secret.audience", &issuer);
    let shared_secrets = secrets.and_then(|secrets| {
        let made = SharedSecrets::new(&issuer, &audience, secrets);
        made.map_err(|unusable| {
            let message = format!("`shared_secret.keys_file` {unusable}");
            reader.note(problem::VALUE, "shared_secret.keys_file", message);
        })
        .ok()
    });
    ForwardAuthPolicy {
        shared_secrets: shared_secrets.map(Arc::new),
        audience_is_path: reader
            .text("nuxeo.audience_is_path", parse_switch)
            .unwrap_or_default(),
        query_token_paths: reader
            .list("forward_auth.query_token_paths", parse_path)
            .unwrap_or_default(),
    }
}

fn parse_path(text: &str) -> Result<String, String> {
    if text.starts_with('/') && text.len() > 1 {
        Ok(text.to_owned())
    } else {
        Err("holds a path that does not begin with a slash, or is nothing else".to_owned())
    }
}

/// One secret of the file: itself, or the file that holds it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    kid: String,
    secret: Option<String>,
    secret_file: Option<String>,
}

fn read_secrets(path: &str) -> Result<Vec<SharedSecret>, String> {
    let text = read_file(path)?;
    // What the parser says may repeat a secret.
    let entries: Vec<Entry> = serde_json::from_str(&text).map_err(|_| {
        "is no list such as [{\"kid\": \"2026\", \"secret_file\": \"/run/secrets/2026\"}]"
            .to_owned()
    })?;
    let mut secrets = Vec::new();
    for entry in entries {
        let text = match (entry.secret, entry.secret_file) {
            (Some(secret), None) => {
                refuse_readable(path)?;
                Zeroizing::new(secret)
            }
            (None, Some(file)) => {
                refuse_readable(&file)?;
                read_file(&file)?
            }
            (Some(_), Some(_)) | (None, None) => {
                return Err("needs a secret or a secret_file for each kid".to_owned());
            }
        };
        let bytes = text.trim_end_matches(['\r', '\n']).as_bytes().to_vec();
        let secret = SharedSecret::new(&entry.kid, SecretBytes::new(bytes));
        secrets.push(secret.map_err(|unusable| format!("cannot be used: {unusable}"))?);
    }
    Ok(secrets)
}

/// As with the key-encryption secret: what everybody on the machine can read is no secret.
fn refuse_readable(path: &str) -> Result<(), String> {
    let about = std::fs::metadata(path).map_err(|error| format!("cannot be read: {error}"))?;
    let of_others = about.permissions().mode() & 0o007;
    if of_others == 0 {
        Ok(())
    } else {
        Err(format!(
            "has a secret that everybody can read: chmod 600 {path}"
        ))
    }
}

fn read_file(path: &str) -> Result<Zeroizing<String>, String> {
    std::fs::read_to_string(path)
        .map(Zeroizing::new)
        .map_err(|error| format!("cannot be read: {error}"))
}
