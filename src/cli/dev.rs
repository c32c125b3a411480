//! `issuant dev`: a server to try things with, with nothing to set up.

use std::fs;
use std::path::PathBuf;
use std::time::Instant;

use clap::Args;
use serde_json::json;

use crate::cli::Session;
use crate::cli::admin::{self, SetupLink};
use crate::cli::answer::{Answer, lines, time_text};
use crate::cli::failure::{self, Failure};
use crate::cli::seed::{Objects, Seed};
use crate::cli::serve::{bind, listen_flag};
use crate::config::{Config, Mode};
use crate::crypto::random::SystemRandom;
use crate::http::urls;
use crate::protocol::context::TokenKeys;
use crate::protocol::error::Fault;
use crate::server::data::{self, Data};
use crate::server::{self, ReadyFacts, clock, log};

/// Try it now: a server with keys and demo clients, nothing to set up
#[derive(Args, Debug)]
#[command(
    help_template = super::TEMPLATE,
    before_long_help = "\
Examples:
  issuant dev
  issuant dev --listen 127.0.0.1:8080 --data ./try
  issuant dev --seed people.toml",
    after_long_help = "\
Keeps its data in ./issuant-dev and listens on loopback addresses only. It brings the client demo, with the secret
demo-secret, and the public client demo-app; both secrets and data are for trying only, and issuant serve refuses them.
It reads no issuant.toml unless --config names one. Delete the folder to begin anew.

A seed file makes clients and people, or makes them again what it says:

  [[client]]
  id = \"shop\"
  redirect_uris = [\"http://127.0.0.1:3000/callback\"]
  secret = \"shop-secret\"          # left out, with auth_method = \"none\": a public client

  [[user]]
  username = \"maya\"
  password = \"correct horse battery\"
  email = \"maya@example.com\"
  roles = [\"admin\"]

More keys of a client: name, grants, post_logout_redirect_uris, scope, audiences, id_token_algorithm, pkce, consent;
of a user: name, email_verified, sub."
)]
pub(crate) struct Dev {
    /// Address and port to listen on; loopback only
    #[arg(long, value_name = "ADDR:PORT")]
    listen: Option<String>,
    /// Clients and people to begin with
    #[arg(long, value_name = "FILE")]
    seed: Option<PathBuf>,
}

/// What the banner tells.
struct Facts {
    issuer: String,
    database: String,
    is_new: bool,
    link: Option<SetupLink>,
    began: Instant,
}

impl Dev {
    pub(crate) fn run(self, session: &Session) -> Result<Answer, Failure> {
        let began = Instant::now();
        let seed = self.read_seed()?;
        let mut config = session.config(Mode::Development, listen_flag(self.listen))?;
        if !config.http.is_loopback() {
            return Err(Failure::new(
                &failure::NOT_LOOPBACK,
                format!("{} is not a loopback address", config.http.listen.ip()),
            ));
        }
        if !config.issuer.is_loopback() {
            return Err(Failure::new(
                &failure::NOT_LOOPBACK,
                format!("the issuer {} is not on a loopback address", config.issuer),
            )
            .hint("Leave ISSUANT_ISSUER out, or use issuant serve."));
        }
        log::start(&config.log, session.output.colors_stderr());
        let listener = bind(&mut config)?;
        let (data, prepared) = data::prepare(&config, &SystemRandom)?;
        let link = furnish(&config, &data, seed)?;
        let facts = Facts {
            issuer: config.issuer.to_string(),
            database: data::location(&config),
            is_new: prepared.is_new,
            link,
            began,
        };
        server::run(config, data, listener, |ready| {
            let data = facts.json(ready);
            session
                .output
                .answer(&Answer::new(data, facts.banner(ready)));
        })?;
        Ok(Answer::silent())
    }

    fn read_seed(&self) -> Result<Option<Seed>, Failure> {
        let Some(path) = &self.seed else {
            return Ok(None);
        };
        let name = path.display().to_string();
        let text =
            fs::read_to_string(path).map_err(|error| Failure::file("read", &name, &error))?;
        Seed::parse(&text, &name).map(Some)
    }
}

/// Brings the demo objects, the seed and, while there is no administrator, a setup link.
fn furnish(config: &Config, data: &Data, seed: Option<Seed>) -> Result<Option<SetupLink>, Failure> {
    let now = clock::now();
    let keys = TokenKeys::derive(&data.root);
    let hasher = data::password_hasher(&data.root, &SystemRandom)
        .map_err(|error| Failure::new(&failure::UNEXPECTED, error.to_string()))?;
    let prepare = |seed: Seed| seed.prepare(config, &keys, &hasher, now);
    let demo: Objects = prepare(Seed::demo(config.issuer.as_str())?)?;
    let seeded: Option<Objects> = seed.map(prepare).transpose()?;
    let config = config.clone();
    let written: Result<_, Fault<Failure>> = data.storage.write_blocking(move |transaction| {
        demo.write(transaction)?;
        if let Some(seeded) = seeded {
            seeded.write(transaction)?;
        }
        Ok(admin::new_link(transaction, &config, &keys, now)?)
    });
    Ok(written?)
}

impl Facts {
    fn banner(&self, ready: &ReadyFacts) -> String {
        let Self {
            issuer, database, ..
        } = self;
        let version = env!("CARGO_PKG_VERSION");
        let mut banner = vec![
            format!("  issuant {version}  development mode – do not expose"),
            format!("  ✓ database     {database}{}", new(self.is_new)),
        ];
        for key in &ready.keys {
            let mark = new(key.is_new);
            banner.push(format!(
                "  ✓ signing key  {} {}{mark}",
                key.algorithm, key.kid
            ));
        }
        banner.push(format!("  ✓ listening    {issuer}        issuer {issuer}"));
        if let Some(link) = &self.link {
            let until = time_text(link.expires_at);
            banner.push(format!(
                "  Create the administrator (works once, until {until}):"
            ));
            banner.push(format!("      {}", link.address));
        }
        banner.push("  Get a token now:".to_owned());
        banner.push(format!("      {}", self.token_example()));
        banner.push(format!("  Try a browser login:  {issuer}{}", urls::DEV_APP));
        let seconds = self.began.elapsed().as_secs_f64();
        banner.push(format!(
            "  Press Ctrl-C to stop.{:>50}",
            format!("ready in {seconds:.1} s")
        ));
        lines(banner)
    }

    fn json(&self, ready: &ReadyFacts) -> serde_json::Value {
        json!({
            "issuer": self.issuer,
            "database": self.database,
            "setup_link": self.link.as_ref().map(|link| &link.address),
            "token_example": self.token_example(),
            "app": format!("{}{}", self.issuer, urls::DEV_APP),
            "keys": ready.keys.iter().map(|key| json!({
                "kid": key.kid,
                "algorithm": key.algorithm,
                "new": key.is_new,
            })).collect::<Vec<_>>(),
        })
    }

    fn token_example(&self) -> String {
        format!(
            "curl -u demo:demo-secret -d grant_type=client_credentials {}{}",
            self.issuer,
            urls::TOKEN
        )
    }
}

fn new(is_new: bool) -> &'static str {
    if is_new { " (new)" } else { "" }
}
