//! `issuant token issue`.

use clap::{Args, ValueEnum};
use serde_json::{Value, json};

use crate::cli::answer::{Answer, time_text};
use crate::cli::failure::{self, Failure};
use crate::cli::local::{Local, with_context};
use crate::cli::token::open_keys;
use crate::cli::user::find;
use crate::cli::{Session, parse};
use crate::config::read_duration;
use crate::crypto::algorithm::Algorithm;
use crate::crypto::random::SystemRandom;
use crate::identity::activity::Activity;
use crate::identity::store::User;
use crate::protocol::error::Fault;
use crate::protocol::personal_token::{self, Naming, NotIssued, Recorded, Wish};
use crate::protocol::scope::Scope;
use crate::protocol::shared_secret::{self, SecretTokenWish};
use crate::protocol::store::{SecurityEvent, SecurityEvents as _};
use crate::protocol::tokens::own_claims::{ClaimValue, OwnClaims};

/// Issue an access token for a person, without a client
#[derive(Args, Debug)]
#[command(
    help_template = crate::cli::TEMPLATE,
    before_long_help = "\
Examples:
  issuant token issue --user ada > token.txt
  issuant token issue --user ada --ttl 30d --audience https://api.example.com --name backup
  issuant token issue --user ada --claim team=blue --claim \"ports=[80,443]\"",
    after_long_help = "\
Standard output is the token and nothing else. It is an access token (RFC 9068) with the person's roles as they are now; it
is recorded, so issuant token list shows it and issuant token revoke takes it back at once. A life of 0 or less stands for
personal_tokens.lifetime. A claim is a JSON value, or a text; those that the server says itself (iss, sub, aud, exp, iat, jti,
client_id, scope, roles and others) cannot be set. With --profile shared-secret nothing is recorded, and sub is the name."
)]
pub(crate) struct Issue {
    /// What kind of token: recorded, or signed with a shared secret and good until it expires
    #[arg(long, value_enum, default_value_t = Profile::Recorded)]
    profile: Profile,
    /// For whom: the name to sign in with
    #[arg(long, value_name = "NAME")]
    user: String,
    /// How long it is good, as 90s, 5m, 1h or 30d
    #[arg(long, value_name = "DURATION", value_parser = ttl, default_value = "0", allow_hyphen_values = true)]
    ttl: i64,
    /// Who may accept it, instead of this server; may be repeated
    #[arg(long = "audience", value_name = "AUDIENCE", value_parser = parse::audience)]
    audience: Vec<String>,
    /// What is granted, instead of email, openid and profile
    #[arg(long, value_name = "SCOPE")]
    scope: Option<Scope>,
    /// Another claim; may be repeated
    #[arg(long = "claim", value_name = "NAME=VALUE", value_parser = claim)]
    claims: Vec<(String, ClaimValue)>,
    /// What the token is for
    #[arg(long, value_parser = parse::display_name)]
    name: Option<String>,
    /// What it is signed with, instead of the usual algorithm of access tokens
    #[arg(long, value_name = "ALGORITHM", value_parser = parse::algorithm())]
    algorithm: Option<Algorithm>,
}

/// What kind of token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Profile {
    /// An access token (RFC 9068) that can be taken back.
    Recorded,
    /// HS512, for readers that share a secret (`shared_secret.keys_file`).
    SharedSecret,
}

impl Issue {
    pub(crate) fn run(self, session: &Session) -> Result<Answer, Failure> {
        let local = session.open()?;
        let mut claims = OwnClaims::default();
        for (name, value) in self.claims {
            claims.add(&name, value).map_err(|refused| {
                Failure::new(&failure::VALUE, format!("--claim {name}: {refused}"))
            })?;
        }
        if self.profile == Profile::SharedSecret {
            return with_secret(&local, &self.user, self.ttl, self.audience, claims);
        }
        let policy = &local.config.policy;
        let scope = match self.scope {
            Some(scope) => scope,
            None => USUAL_SCOPE.iter().map(|it| (*it).to_owned()).collect(),
        };
        let name = self.name.unwrap_or_else(|| USUAL_NAME.to_owned());
        let wish = Wish {
            name,
            lifetime: self.ttl,
            scope,
            audience: self.audience,
            claims,
            naming: Naming::Subject,
            algorithm: self.algorithm.unwrap_or(policy.access_token_algorithm),
        };
        let made = issue(local, &self.user, wish)?;
        let until = time_text(made.recorded.token.expires_at);
        let id = &made.recorded.token.id;
        let line = format!("Good until {until}. Take it back with: issuant token revoke {id}");
        Ok(Answer::new(made.json(), format!("{}\n", made.text)).say(line))
    }
}

/// A token that is signed with a shared secret; nothing is recorded.
fn with_secret(
    local: &Local,
    username: &str,
    lifetime: i64,
    audience: Vec<String>,
    claims: OwnClaims,
) -> Result<Answer, Failure> {
    let secrets = local.config.policy.forward_auth.shared_secrets.as_ref();
    let secrets = secrets.ok_or_else(|| {
        Failure::new(&failure::VALUE, "no shared secret is configured")
            .hint("Name a file with secrets in the setting shared_secret.keys_file.")
    })?;
    let name = username.to_owned();
    let user = local.read(move |transaction| find(transaction, &name))?;
    if !user.subject.active {
        return Err(refused_as_state(NotIssued::Disabled));
    }
    if lifetime > local.config.policy.personal_tokens.longest {
        let reason = NotIssued::TooLong.explanation();
        return Err(Failure::new(&failure::VALUE, reason.sentence).hint(reason.fix));
    }
    let wish = SecretTokenWish {
        subject: user.subject.username,
        lifetime,
        audience,
        claims,
    };
    let token = shared_secret::issue(secrets, &wish, &SystemRandom, local.now)
        .map_err(|error| Failure::new(&failure::UNEXPECTED, error.to_string()))?;
    let line = "It cannot be taken back; it is good until it expires.";
    Ok(Answer::new(json!({"token": token}), format!("{token}\n")).say(line))
}

fn refused_as_state(reason: NotIssued) -> Failure {
    let explanation = reason.explanation();
    Failure::new(&failure::STATE, explanation.sentence).hint(explanation.fix)
}

const USUAL_SCOPE: [&str; 3] = ["email", "openid", "profile"];
const USUAL_NAME: &str = "Issued by an operator";

/// A token, recorded and signed, and whose it is.
pub(crate) struct Made {
    pub(crate) user: User,
    pub(crate) recorded: Recorded,
    /// The token.
    pub(crate) text: String,
}

impl Made {
    pub(crate) fn json(&self) -> Value {
        let token = &self.recorded.token;
        json!({
            "token": self.text,
            "id": token.id,
            "user": self.user.subject.username,
            "expires_at": token.expires_at,
            "audience": token.audience,
            "scope": token.scope.to_string(),
            "roles": token.roles,
        })
    }
}

/// Records a token for that user, and signs it.
pub(crate) fn issue(local: Local, username: &str, wish: Wish) -> Result<Made, Failure> {
    let signing = open_keys(&local)?;
    let (name, algorithm) = (username.to_owned(), wish.algorithm);
    let Local {
        config,
        data,
        keys,
        now,
    } = local;
    let issuer = config.issuer.to_string();
    let written: Result<_, Fault<Failure>> = data.storage.write_blocking(move |transaction| {
        let user = find(transaction, &name)?;
        let recorded = with_context(&config, &keys, now, |context| {
            personal_token::issue(context, transaction, &signing, &user.subject, wish)
        });
        let recorded = recorded.map_err(|fault| match fault {
            Fault::Failed(error) => Fault::Failed(error),
            Fault::Refused(reason) => Fault::Refused(refused(reason, algorithm)),
        })?;
        transaction.record(&SecurityEvent {
            at: now,
            kind: Activity::TokenMade.as_str(),
            client_id: None,
            subject: Some(user.subject.id.clone()),
            family: None,
            browser: None,
        })?;
        Ok((user, recorded, signing))
    });
    let (user, recorded, signing) = written?;
    let text = personal_token::sign(&recorded, &issuer, &signing)
        .map_err(|error| Failure::new(&failure::UNEXPECTED, error.to_string()))?;
    Ok(Made {
        user,
        recorded,
        text,
    })
}

fn refused(reason: NotIssued, algorithm: Algorithm) -> Failure {
    match reason {
        NotIssued::TooLong => {
            let explanation = reason.explanation();
            Failure::new(&failure::VALUE, explanation.sentence).hint(explanation.fix)
        }
        NotIssued::TooMany | NotIssued::Disabled => refused_as_state(reason),
        NotIssued::NoKey => {
            let message = format!("no key signs with {algorithm}");
            Failure::new(&failure::NOT_FOUND, message).hint(format!(
                "Add one with: issuant key generate --algorithm {algorithm}"
            ))
        }
    }
}

/// Seconds; none or less than none stand for the usual life.
fn ttl(text: &str) -> Result<i64, String> {
    match text.parse::<i64>() {
        Ok(seconds) if seconds <= 0 => Ok(0),
        Ok(_) | Err(_) => read_duration(text, &(0..=i64::from(u32::MAX)))
            .map_err(|reason| format!("the life {reason}")),
    }
}

/// A name, and a JSON value or, where it is none, a text.
fn claim(text: &str) -> Result<(String, ClaimValue), String> {
    let (name, value) = text
        .split_once('=')
        .ok_or("a claim looks like team=blue or ports=[80,443]")?;
    let value = match serde_json::from_str::<Value>(value) {
        Ok(value) => ClaimValue::try_from(&value).map_err(|refused| refused.to_string())?,
        Err(_) => ClaimValue::Text(value.to_owned()),
    };
    Ok((name.to_owned(), value))
}
