//! The command line: what was typed becomes one call, its outcome becomes text, JSON and an exit code.
//!
//! Owns words, flags and printing, and no rule of its own: what a client, a user or a key may be is asked of the
//! layers below. One file, or folder, per noun.

mod admin;
mod answer;
mod client;
mod cluster_cockpit;
mod config_check;
mod confirm;
mod dev;
mod exit;
mod failure;
mod help;
mod key;
mod local;
mod logout;
mod migrate;
mod output;
mod parse;
mod secrets;
mod seed;
mod serve;
mod token;
mod trust;
mod user;

use std::ffi::OsString;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::error::ErrorKind;
use clap::{Args, CommandFactory, FromArgMatches, Parser, Subcommand};

use self::answer::Answer;
use self::exit::Exit;
use self::failure::Failure;
use self::output::Output;
use crate::config::environment;

/// Reads the arguments of the process, does what they say, and tells how it went.
pub fn run() -> ExitCode {
    run_with(&environment::arguments()).into()
}

#[derive(Parser, Debug)]
#[command(
    name = "issuant",
    version,
    about = "An OAuth 2 and OpenID Connect authorization server",
    disable_help_subcommand = true,
    help_template = TEMPLATE,
    before_long_help = EXAMPLES,
    after_help = AFTER,
)]
struct Arguments {
    #[command(flatten)]
    common: Common,
    #[command(subcommand)]
    command: Option<Command>,
}

/// Flags that every command takes.
#[derive(Args, Debug, Clone, Default)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a flag of the command line of its own"
)]
struct Common {
    /// Configuration file, instead of ./issuant.toml
    #[arg(long, global = true, value_name = "FILE", help_heading = GLOBAL)]
    config: Option<PathBuf>,
    /// Data directory, instead of the configured one
    #[arg(long, global = true, value_name = "DIR", help_heading = GLOBAL)]
    data: Option<PathBuf>,
    /// Answer in JSON: {ok, data, warnings, error}
    #[arg(long, global = true, help_heading = GLOBAL)]
    json: bool,
    /// Say nothing but the result
    #[arg(long, short, global = true, help_heading = GLOBAL)]
    quiet: bool,
    /// No colour; the variable `NO_COLOR` does the same
    #[arg(long, global = true, help_heading = GLOBAL)]
    no_color: bool,
    /// Never ask anything
    #[arg(long, global = true, help_heading = GLOBAL)]
    no_input: bool,
}

#[derive(Subcommand, Debug)]
enum Command {
    Dev(dev::Dev),
    Serve(serve::Serve),
    Migrate(migrate::Migrate),
    Client(client::Client),
    User(user::User),
    Token(token::Token),
    #[command(alias = "keys")]
    Key(key::Key),
    Trust(trust::Trust),
    Logout(logout::Logout),
    Admin(admin::Admin),
    Config(config_check::Config),
    /// Show the version
    #[command(before_long_help = "Examples:\n  issuant version\n  issuant version --json")]
    Version,
    Help(help::Help),
}

/// What a command needs of the command line besides its own flags.
#[derive(Debug)]
struct Session {
    common: Common,
    output: Output,
}

fn run_with(arguments: &[OsString]) -> Exit {
    if let Some(historic) = cluster_cockpit::recognise(arguments) {
        return run_historic(&historic);
    }
    let has = |flag: &str| arguments.iter().any(|argument| argument == flag);
    let mut command = Arguments::command();
    if has("--no-color") || environment::wants_no_color() {
        command = command.color(clap::ColorChoice::Never);
    }
    let parsed = command
        .try_get_matches_from_mut(arguments)
        .and_then(|matches| Arguments::from_arg_matches(&matches));
    match parsed {
        Ok(Arguments { common, command }) => {
            let output = Output::new(&common);
            let session = Session { common, output };
            finish(session.output, session.run(command))
        }
        Err(error) => not_understood(&error, has("--json")),
    }
}

/// The command line of another program, for scripts that have it.
fn run_historic(arguments: &[OsString]) -> Exit {
    match cluster_cockpit::Historic::try_parse_from(arguments) {
        Ok(historic) => {
            let output = Output::new(&historic.common);
            let common = historic.common.clone();
            finish(output, historic.run(&Session { common, output }))
        }
        Err(error) => not_understood(&error, false),
    }
}

impl Session {
    fn run(&self, command: Option<Command>) -> Result<Answer, Failure> {
        match command {
            None => Ok(Answer::new(serde_json::json!({}), WELCOME)),
            Some(Command::Dev(command)) => command.run(self),
            Some(Command::Serve(command)) => command.run(self),
            Some(Command::Migrate(command)) => command.run(self),
            Some(Command::Client(command)) => command.run(self),
            Some(Command::User(command)) => command.run(self),
            Some(Command::Token(command)) => command.run(self),
            Some(Command::Key(command)) => command.run(self),
            Some(Command::Trust(command)) => command.run(self),
            Some(Command::Logout(command)) => command.run(self),
            Some(Command::Admin(command)) => command.run(self),
            Some(Command::Config(command)) => command.run(self),
            Some(Command::Version) => Ok(version()),
            Some(Command::Help(command)) => command.run(&mut Arguments::command()),
        }
    }
}

fn finish(output: Output, outcome: Result<Answer, Failure>) -> Exit {
    match outcome {
        Ok(answer) => output.answer(&answer),
        Err(failure) => output.failure(&failure),
    }
}

/// Help and version are no failures; clap words and colours what is one.
fn not_understood(error: &clap::Error, json: bool) -> Exit {
    let is_answer = matches!(
        error.kind(),
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion
    );
    if json && !is_answer {
        let text = error.render().to_string();
        let message = text.trim_start_matches("error: ").trim_end();
        let flags = Common {
            json: true,
            ..Common::default()
        };
        return Output::new(&flags).failure(&Failure::new(&failure::USAGE, message));
    }
    // When nobody reads any more there is nobody to tell.
    let _nobody_listens = error.print();
    if is_answer { Exit::Done } else { Exit::Usage }
}

fn version() -> Answer {
    let version = env!("CARGO_PKG_VERSION");
    Answer::new(
        serde_json::json!({ "name": "issuant", "version": version }),
        format!("issuant {version}\n"),
    )
}

const GLOBAL: &str = "Options of every command";

/// Examples first, then what it is, how to call it, and all flags.
const TEMPLATE: &str = "\
{before-help}{about-with-newline}
{usage-heading} {usage}

{all-args}{after-help}";

const EXAMPLES: &str = "\
Examples:
  issuant dev
  issuant client create reports --grant client_credentials --show-secret
  issuant user create ada --role admin";

const AFTER: &str = "\
More: issuant help config, issuant help exit-codes, issuant COMMAND --help";

const WELCOME: &str = "\
Issuant, an OAuth 2 and OpenID Connect authorization server in one binary.

Most used:
  issuant dev              try it now: server, keys and demo clients, nothing to set up
  issuant client create    register an application
  issuant user create      add a person

Example:
  issuant dev
  curl -u demo:demo-secret -d grant_type=client_credentials http://localhost:4343/token

All commands: issuant --help
";

#[cfg(test)]
mod tests;
