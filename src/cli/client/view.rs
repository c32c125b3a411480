//! A client as JSON, in the words of client metadata (RFC 7591 §2), and as lines.

use std::path::PathBuf;

use serde_json::{Value, json};

use crate::cli::answer::{listed, time_text};
use crate::cli::client::refresh;
use crate::crypto::secret::Secret;
use crate::protocol::client::{Client, ClientSecret, StoredSecret};
use crate::protocol::client_metadata::ClientMetadata;
use crate::protocol::redirect_uri::RegisteredRedirectUri;
use crate::protocol::refresh_policy::RefreshOverrides;

/// Where a new secret went.
pub(crate) enum Made {
    /// Nowhere: there is none, or the operator has it.
    Nowhere,
    /// To standard output.
    Shown(Secret),
    /// To a file.
    InFile(PathBuf),
}

impl Made {
    /// For people.
    pub(crate) fn line(&self) -> Option<String> {
        match self {
            Self::Nowhere => None,
            Self::Shown(secret) => Some(format!("{}   shown once", secret.expose())),
            Self::InFile(path) => Some(format!("in {}", path.display())),
        }
    }
}

pub(crate) fn json(client: &Client) -> Value {
    json!({
        "client_id": client.id,
        "client_name": client.name,
        "token_endpoint_auth_method": client.authentication_method,
        "grant_types": client.grants,
        "redirect_uris": client.redirect_uris,
        "post_logout_redirect_uris": client.post_logout_redirect_uris,
        "scope": client.scope,
        "audiences": client.audiences,
        "id_token_signed_response_alg": client.id_token_algorithm,
        "require_pkce": client.requires_pkce,
        "require_consent": client.requires_consent,
        "metadata": client.metadata,
        "refresh_rotation": client.refresh.rotation,
        "retry_window": client.refresh.retry_window,
        "refresh_idle_lifetime": client.refresh.idle_lifetime,
        "refresh_absolute_lifetime": client.refresh.absolute_lifetime,
        "disabled": client.disabled,
        "secrets": client.secrets.iter().map(secret_json).collect::<Vec<_>>(),
        "created_at": client.created_at,
        "updated_at": client.updated_at,
    })
}

pub(crate) fn secret_json(secret: &ClientSecret) -> Value {
    json!({
        "secret_id": secret.id,
        "kind": kind(&secret.stored),
        "created_at": secret.created_at,
        "expires_at": secret.expires_at,
        "last_used_at": secret.last_used_at,
    })
}

pub(crate) fn pairs(client: &Client) -> Vec<(&'static str, String)> {
    let mut pairs = vec![
        ("client", format!("{}  ({})", client.id, sort(client))),
        ("name", client.name.clone()),
        ("grants", grants(client)),
        ("scope", listed(client.scope.iter())),
        (
            "authenticates",
            client.authentication_method.as_str().to_owned(),
        ),
    ];
    if client.signs_people_in() {
        pairs.extend([
            ("redirect URIs", uris(client)),
            ("after sign-out", listed(&client.post_logout_redirect_uris)),
            ("ID tokens", client.id_token_algorithm.to_string()),
            ("PKCE", demanded(client.requires_pkce)),
            ("consent", demanded(client.requires_consent)),
        ]);
    }
    if !client.audiences.is_empty() {
        pairs.push(("audiences", listed(&client.audiences)));
    }
    if client.metadata != ClientMetadata::default() {
        pairs.push(("metadata", metadata(client)));
    }
    if client.refresh != RefreshOverrides::default() {
        pairs.extend(refresh::pairs(&client.refresh));
    }
    if client.disabled {
        pairs.push(("disabled", "yes".to_owned()));
    }
    pairs
}

pub(crate) fn secret_line(secret: &ClientSecret) -> String {
    let end = secret
        .expires_at
        .map_or_else(String::new, |time| format!(", until {}", time_text(time)));
    format!(
        "{}  {}, since {}{end}, {}",
        secret.id,
        kind(&secret.stored),
        time_text(secret.created_at),
        match secret.last_used_at {
            Some(time) => format!("last used {}", time_text(time)),
            None => "never used".to_owned(),
        }
    )
}

/// The cells of a table: id, kind, since when, until when, when it was last used.
pub(crate) fn secret_cells(secret: &ClientSecret) -> Vec<String> {
    let time =
        |time: Option<i64>, without: &str| time.map_or_else(|| without.to_owned(), time_text);
    vec![
        secret.id.clone(),
        kind(&secret.stored).to_owned(),
        time_text(secret.created_at),
        time(secret.expires_at, "-"),
        time(secret.last_used_at, "never"),
    ]
}

/// What sort of client it is, in two words.
pub(crate) fn sort(client: &Client) -> &'static str {
    match (client.disabled, client.is_public()) {
        (true, _) => "disabled",
        (false, true) => "public",
        (false, false) => "confidential",
    }
}

pub(crate) fn grants(client: &Client) -> String {
    listed(client.grants.iter().map(|grant| grant.as_str()))
}

/// What it registered besides, as JSON on one line.
pub(crate) fn metadata(client: &Client) -> String {
    json!(client.metadata).to_string()
}

pub(crate) fn uris(client: &Client) -> String {
    listed(
        client
            .redirect_uris
            .iter()
            .map(RegisteredRedirectUri::as_str),
    )
}

fn demanded(is_demanded: bool) -> String {
    if is_demanded { "required" } else { "off" }.to_owned()
}

fn kind(stored: &StoredSecret) -> &'static str {
    match stored {
        StoredSecret::Generated(_) => "generated",
        StoredSecret::Sealed { .. } => "sealed",
        StoredSecret::Chosen(_) => "chosen",
    }
}
