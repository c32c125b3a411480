//! The only place of the command line that prints: results on standard output, talk on standard error.

use std::io::{self, IsTerminal, Write};

use serde_json::json;

use crate::cli::Common;
use crate::cli::answer::Answer;
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;

/// How to print and whom to ask.
#[derive(Clone, Copy, Debug)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "four flags of the command line and three facts of the terminal, each independent"
)]
pub(crate) struct Output {
    pub(crate) json: bool,
    pub(crate) quiet: bool,
    pub(crate) color: bool,
    /// Nobody is to be asked (`--no-input`).
    pub(crate) no_input: bool,
    pub(crate) stdin_is_terminal: bool,
    pub(crate) stdout_is_terminal: bool,
    pub(crate) stderr_is_terminal: bool,
}

impl Output {
    pub(crate) fn new(flags: &Common) -> Self {
        Self {
            json: flags.json,
            quiet: flags.quiet,
            color: !flags.no_color && !crate::config::environment::wants_no_color(),
            no_input: flags.no_input,
            stdin_is_terminal: io::stdin().is_terminal(),
            stdout_is_terminal: io::stdout().is_terminal(),
            stderr_is_terminal: io::stderr().is_terminal(),
        }
    }

    /// Whether a person can be asked something.
    pub(crate) fn can_ask(self) -> bool {
        !self.no_input && self.stdin_is_terminal && self.stderr_is_terminal
    }

    /// Prints what a command answered.
    pub(crate) fn answer(self, answer: &Answer) -> Exit {
        if answer.is_silent {
            return Exit::Done;
        }
        if self.json {
            return envelope(&json!({
                "ok": true,
                "data": answer.data,
                "warnings": answer.warnings,
                "error": null,
            }));
        }
        for warning in &answer.warnings {
            self.talk(&format!(
                "{} {warning}",
                self.stderr_style("33", "warning:")
            ));
        }
        let printed = written(io::stdout().write_all(answer.text.as_bytes()));
        for line in &answer.talk {
            self.talk(line);
        }
        printed
    }

    /// Prints why a command failed.
    pub(crate) fn failure(self, failure: &Failure) -> Exit {
        let docs = format!("issuant help {}", failure.id);
        if self.json {
            envelope(&json!({
                "ok": false,
                "data": null,
                "warnings": [],
                "error": {
                    "id": failure.id,
                    "message": failure.message,
                    "hint": failure.hint,
                    "docs": docs,
                },
            }));
        } else {
            let head = self.stderr_style("1;31", &format!("error[{}]:", failure.id));
            let text = format!(
                "{head} {}\n  = help: {}\n  = docs: {docs}\n",
                failure.message, failure.hint
            );
            // When standard error is closed too, nobody is left to tell.
            let _nobody_listens = io::stderr().write_all(text.as_bytes());
        }
        failure.exit
    }

    /// Says something to people, unless they asked for quiet.
    pub(crate) fn talk(self, line: &str) {
        if !self.quiet && !self.json {
            let _nobody_listens = writeln!(io::stderr(), "{line}");
        }
    }

    /// Whether text on standard error may be coloured.
    pub(crate) fn colors_stderr(self) -> bool {
        self.color && self.stderr_is_terminal
    }

    fn stderr_style(self, code: &str, text: &str) -> String {
        if self.colors_stderr() {
            format!("\u{1b}[{code}m{text}\u{1b}[0m")
        } else {
            text.to_owned()
        }
    }
}

/// Asks for a line of text, with echo.
pub(crate) fn ask(question: &str) -> io::Result<String> {
    write!(io::stderr(), "{question}")?;
    io::stderr().flush()?;
    let mut line = String::new();
    io::stdin().read_line(&mut line)?;
    Ok(line.trim_end_matches(['\r', '\n']).to_owned())
}

fn envelope(value: &serde_json::Value) -> Exit {
    written(writeln!(io::stdout(), "{value:#}"))
}

/// A reader that went away, as `head` does, is no failure.
fn written(result: io::Result<()>) -> Exit {
    match result {
        Ok(()) => Exit::Done,
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Exit::Done,
        Err(_) => Exit::Unexpected,
    }
}
