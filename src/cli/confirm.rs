//! Confirmation of what cannot be undone.

use clap::Args;

use crate::cli::failure::{self, Failure};
use crate::cli::output::{Output, ask};

/// Flags of commands that destroy something.
#[derive(Args, Clone, Debug)]
pub(crate) struct Confirmation {
    /// Do it without asking
    #[arg(long, short)]
    yes: bool,
    /// Tell what would change, and change nothing
    #[arg(long, conflicts_with = "yes")]
    pub(crate) dry_run: bool,
}

impl Confirmation {
    /// Goes on only with `--yes`, or when a person types the name.
    pub(crate) fn require(&self, output: Output, what: &str, name: &str) -> Result<(), Failure> {
        if self.yes {
            return Ok(());
        }
        let not_confirmed = |message: String| Failure::new(&failure::CONFIRM, message);
        if !output.can_ask() {
            return Err(not_confirmed(format!(
                "this removes {what}, and nobody confirmed it"
            )));
        }
        let question = format!("This removes {what}.\nType {name} to go on: ");
        let typed =
            ask(&question).map_err(|error| Failure::file("read", "the terminal", &error))?;
        if typed == name {
            Ok(())
        } else {
            Err(not_confirmed(
                "the name was not typed; nothing was changed".to_owned(),
            ))
        }
    }
}
