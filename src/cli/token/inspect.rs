//! `issuant token inspect`: what a token says, and whether this deployment accepts it.

use std::path::PathBuf;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use clap::Args;
use serde_json::{Map, Value, json};

use crate::cli::Session;
use crate::cli::answer::{Answer, fields, time_text};
use crate::cli::failure::{self, Failure};
use crate::cli::local::{Local, with_context};
use crate::cli::secrets;
use crate::cli::token::open_keys;
use crate::protocol::bearer::{self, BearerRefused};
use crate::protocol::error::Fault;
use crate::protocol::{personal_token, shared_secret};

/// Read a token: is it good, and what does each claim mean
#[derive(Args, Debug)]
#[command(
    help_template = crate::cli::TEMPLATE,
    before_long_help = "\
Examples:
  issuant token inspect --file token.txt
  issuant token inspect < token.txt",
    after_long_help = "\
The token comes from a file or standard input, never as an argument, which other processes and the history of the shell see.
It is checked as this deployment would: signature, type, issuer, time, and whether it was taken back."
)]
pub(crate) struct Inspect {
    /// File with the token (- for standard input)
    #[arg(long, value_name = "FILE", default_value = "-")]
    file: PathBuf,
}

impl Inspect {
    pub(crate) fn run(self, session: &Session) -> Result<Answer, Failure> {
        let token = secrets::read_token(&self.file)?;
        let (header, claims) = decode(token.expose()).ok_or_else(|| {
            let message =
                "this is no JSON Web Token: three parts of base64url, of which two are JSON";
            Failure::new(&failure::VALUE, message)
        })?;
        let local = session.open()?;
        let verdict = verdict(&local, token.expose())?;
        let (is_good, told) = match verdict {
            Ok(()) => (true, "good".to_owned()),
            Err(reason) => (false, format!("not good: {reason}")),
        };
        let mut pairs = vec![("verdict".to_owned(), told.clone())];
        pairs.extend(explained("header", &header));
        pairs.extend(explained("claim", &claims));
        let pairs: Vec<(&str, String)> = pairs
            .iter()
            .map(|(name, value)| (name.as_str(), value.clone()))
            .collect();
        let data = json!({"good": is_good, "verdict": told, "header": header, "claims": claims});
        Ok(Answer::new(data, fields(&pairs)))
    }
}

/// What it says, which may be anything.
fn decode(token: &str) -> Option<(Map<String, Value>, Map<String, Value>)> {
    let mut parts = token.split('.');
    let mut part = || {
        let json = URL_SAFE_NO_PAD.decode(parts.next()?).ok()?;
        serde_json::from_slice(&json).ok()
    };
    Some((part()?, part()?))
}

/// Whether this deployment accepts it, or why not.
fn verdict(local: &Local, token: &str) -> Result<Result<(), &'static str>, Failure> {
    if let Some(secrets) = &local.config.policy.forward_auth.shared_secrets
        && shared_secret::is_meant(token)
    {
        let read = shared_secret::verify(secrets, token, local.now).map(|_| ());
        return Ok(read.map_err(|refused| BearerRefused::from(refused).explanation().sentence));
    }
    let keys = open_keys(local)?;
    let read = with_context(&local.config, &local.keys, local.now, |context| {
        bearer::read(context, &keys, token)
    });
    let read = match read {
        Ok(read) => read,
        Err(refused) => return Ok(Err(refused.explanation().sentence)),
    };
    if !personal_token::is_personal(&read.jti) {
        return Ok(Ok(()));
    }
    let looked_up = local
        .read(move |transaction| Ok(bearer::look_up_personal(transaction, read).map(|_| ())))?;
    match looked_up {
        Ok(()) => Ok(Ok(())),
        Err(Fault::Refused(refused)) => Ok(Err(refused.explanation().sentence)),
        Err(Fault::Failed(error)) => Err(error.into()),
    }
}

/// Names, values and what they mean.
fn explained(kind: &str, members: &Map<String, Value>) -> Vec<(String, String)> {
    let line = |(name, value): (&String, &Value)| {
        let shown = match (value.as_str(), value.as_i64()) {
            (Some(text), _) => text.to_owned(),
            (None, Some(time)) if TIMES.contains(&name.as_str()) => {
                format!("{time} ({})", time_text(time))
            }
            (None, _) => value.to_string(),
        };
        let meaning = MEANINGS
            .iter()
            .find(|(known, _)| known == name)
            .map_or("said by whoever issued it", |(_, meaning)| meaning);
        (format!("{kind} {name}"), format!("{shown}  – {meaning}"))
    };
    members.iter().map(line).collect()
}

const TIMES: [&str; 4] = ["iat", "exp", "nbf", "auth_time"];

/// RFC 7515 §4.1, RFC 7519 §4.1, RFC 9068 §2.2.
const MEANINGS: &[(&str, &str)] = &[
    ("alg", "signed with this algorithm"),
    ("kid", "signed with this key"),
    ("typ", "what kind of token it is"),
    ("iss", "who issued it"),
    ("sub", "whom it speaks of"),
    ("aud", "who may accept it"),
    ("exp", "from when on it is refused"),
    ("nbf", "from when on it is good"),
    ("iat", "when it was issued"),
    ("jti", "its identifier"),
    (
        "client_id",
        "the client it was issued to; the issuer itself for a personal one",
    ),
    ("scope", "what is granted"),
    ("roles", "roles of the person when it was issued"),
    ("auth_time", "when the person signed in"),
    ("sid", "the browser session it belongs to"),
];
