//! `issuant serve`: the production server.

use std::io;
use std::net::TcpListener;

use clap::Args;
use serde_json::json;

use crate::cli::Session;
use crate::cli::answer::Answer;
use crate::cli::failure::{self, Failure};
use crate::config::log::LogFormat;
use crate::config::{Config, Flag, Mode};
use crate::protocol::error::{Fault, Trouble};
use crate::server::data::{self, Data};
use crate::server::{self, ServerError, log};

/// Run the production server
#[derive(Args, Debug, Default)]
#[command(
    help_template = super::TEMPLATE,
    before_long_help = "\
Examples:
  issuant serve
  issuant serve --config /etc/issuant/issuant.toml
  issuant serve --listen 127.0.0.1:8080",
    after_long_help = "\
Needs an issuer (ISSUANT_ISSUER, or issuer in issuant.toml) and a database that issuant migrate prepared. Stops on
SIGTERM and Ctrl-C after finishing what it has begun."
)]
pub(crate) struct Serve {
    /// Address and port to listen on
    #[arg(long, value_name = "ADDR:PORT")]
    listen: Option<String>,
}

impl Serve {
    pub(crate) fn run(self, session: &Session) -> Result<Answer, Failure> {
        let output = session.output;
        let mut config = session.config(Mode::Production, listen_flag(self.listen))?;
        // Where logs are for programs, so is everything else.
        let speaks = config.log.format == LogFormat::Pretty;
        if speaks {
            for warning in &config.warnings {
                output.talk(&format!("warning: {warning}"));
            }
        }
        log::start(&config.log, output.colors_stderr());
        let data = data::open(&config)?;
        let listener = bind(&mut config)?;
        let waits = waits_for_administrator(&data)?;
        let (issuer, address) = (config.issuer.to_string(), config.http.listen);
        server::run(config, data, listener, |_ready| {
            if output.json {
                let data = json!({"issuer": issuer, "listen": address.to_string()});
                output.answer(&Answer::new(data, ""));
            } else if speaks {
                output.talk(&format!("issuant serves {issuer} on {address}"));
            }
            if waits && speaks && !output.json {
                output.talk(NO_ADMINISTRATOR);
            } else if waits {
                tracing::warn!("{NO_ADMINISTRATOR}");
            }
        })?;
        Ok(Answer::silent())
    }
}

const NO_ADMINISTRATOR: &str = "There is no administrator yet; make one with: issuant admin link";

fn waits_for_administrator(data: &Data) -> Result<bool, Failure> {
    let has_one: Result<bool, Fault<Failure>> = data
        .storage
        .read_blocking(|transaction| Ok(transaction.has_administrator()?));
    Ok(!has_one?)
}

/// The flag `--listen` as a setting.
pub(super) fn listen_flag(listen: Option<String>) -> Vec<Flag> {
    listen
        .map(|value| Flag {
            key: "listen",
            flag: "--listen",
            value,
        })
        .into_iter()
        .collect()
}

/// Takes the address, before anything is written, and notes the port that the system chose for port 0.
pub(super) fn bind(config: &mut Config) -> Result<TcpListener, Failure> {
    let address = config.http.listen;
    let listener = TcpListener::bind(address).map_err(|error| {
        let kind = if error.kind() == io::ErrorKind::AddrInUse {
            &failure::ADDRESS_IN_USE
        } else if error.kind() == io::ErrorKind::PermissionDenied {
            &failure::NOT_PERMITTED
        } else {
            &failure::ADDRESS
        };
        Failure::new(kind, format!("cannot listen on {address}: {error}"))
    })?;
    if let Ok(bound) = listener.local_addr() {
        config.listening_on(bound.port());
    }
    Ok(listener)
}

impl From<ServerError> for Failure {
    fn from(error: ServerError) -> Self {
        let is_away = error
            .store_error()
            .is_some_and(|cause| cause.trouble() == Trouble::Unavailable);
        let kind = if is_away {
            &failure::DATABASE_AWAY
        } else if matches!(error, ServerError::Authorities(_)) {
            &failure::CA_FILE
        } else if matches!(error, ServerError::Tls(_)) {
            &failure::TLS_FILES
        } else {
            &failure::SERVER
        };
        Self::new(kind, error.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::exit::Exit;
    use crate::protocol::error::StoreError;
    use crate::server::watch::SnapshotError;

    #[test]
    fn a_database_that_went_away_is_told_as_that() {
        let stopped = |trouble| {
            let cause = StoreError::plain(trouble, "reading the clients");
            Failure::from(ServerError::from(SnapshotError::Store(cause))).exit
        };
        assert_eq!(stopped(Trouble::Unavailable), Exit::Unreachable);
        assert_eq!(stopped(Trouble::Broken), Exit::Unexpected);
    }
}
