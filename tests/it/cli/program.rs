//! The program under test, and what it answers.

use std::fmt::Write as _;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::Value;

/// The program in a folder of its own, with no setting but those given here.
pub(super) struct Program {
    folder: tempfile::TempDir,
    variables: Vec<(&'static str, String)>,
}

/// How a run ended.
#[derive(Debug)]
pub(super) struct Outcome {
    pub(super) code: i32,
    pub(super) stdout: String,
    pub(super) stderr: String,
}

impl Program {
    /// In an empty folder.
    pub(super) fn new() -> Self {
        Self {
            folder: tempfile::tempdir().unwrap(),
            variables: Vec::new(),
        }
    }

    /// In a folder with a migrated database.
    pub(super) fn migrated() -> Self {
        let program = Self::new();
        program.run("migrate").expect(0);
        program
    }

    /// The same with a variable.
    pub(super) fn with(mut self, variable: &'static str, value: impl Into<String>) -> Self {
        self.variables.push((variable, value.into()));
        self
    }

    pub(super) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Writes a file into the folder.
    pub(super) fn file(&self, name: &str, content: &str) -> &Self {
        std::fs::write(self.folder().join(name), content).unwrap();
        self
    }

    /// The process, not yet started; words are cut as a shell does, with double quotes.
    pub(super) fn command(&self, line: &str) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_issuant"));
        command
            .args(words(line))
            .current_dir(self.folder())
            .env_clear()
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        for (variable, value) in &self.variables {
            command.env(variable, value);
        }
        command
    }

    /// Runs a command to its end.
    #[track_caller]
    pub(super) fn run(&self, line: &str) -> Outcome {
        self.run_with_input(line, "")
    }

    /// Runs a command to its end, with something on standard input.
    #[track_caller]
    pub(super) fn run_with_input(&self, line: &str, input: &str) -> Outcome {
        let mut child = self.command(line).stdin(Stdio::piped()).spawn().unwrap();
        // A program that reads nothing closes the pipe.
        let _unread = child.stdin.take().unwrap().write_all(input.as_bytes());
        let output = child.wait_with_output().unwrap();
        Outcome {
            code: output.status.code().unwrap_or(-1),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        }
    }

    /// Runs commands one after the other; a line `command << text` has that text on standard input. Everything they
    /// print, with what differs from run to run made the same.
    pub(super) fn transcript(&self, lines: &str) -> String {
        let mut transcript = String::new();
        for line in lines.lines().map(str::trim).filter(|line| !line.is_empty()) {
            let (command, input) = line.split_once(" << ").unwrap_or((line, ""));
            let outcome = self.run_with_input(command, input);
            writeln!(transcript, "$ issuant {line}").unwrap();
            transcript.push_str(&redact(&outcome.stdout));
            for line in redact(&outcome.stderr).lines() {
                writeln!(transcript, "! {line}").unwrap();
            }
            if outcome.code != 0 {
                writeln!(transcript, "[exit {}]", outcome.code).unwrap();
            }
            transcript.push('\n');
        }
        transcript
    }
}

impl Outcome {
    /// Demands an exit code.
    #[track_caller]
    pub(super) fn expect(self, code: i32) -> Self {
        assert_eq!(self.code, code, "{self:#?}");
        self
    }

    /// The envelope on standard output.
    #[track_caller]
    pub(super) fn json(&self) -> Value {
        let value: Value = serde_json::from_str(&self.stdout).unwrap();
        let members: Vec<&String> = value.as_object().unwrap().keys().collect();
        assert_eq!(members, ["data", "error", "ok", "warnings"]);
        assert_eq!(value["ok"].as_bool(), Some(self.code == 0), "{self:#?}");
        value
    }

    /// The id of the failure, in the envelope.
    #[track_caller]
    pub(super) fn error_id(&self) -> String {
        let error = &self.json()["error"];
        for member in ["message", "hint", "docs"] {
            assert!(!error[member].as_str().unwrap().is_empty());
        }
        error["id"].as_str().unwrap().to_owned()
    }
}

fn words(line: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut is_quoted = false;
    for character in line.chars() {
        match character {
            '"' => is_quoted = !is_quoted,
            ' ' if !is_quoted => words.push(String::new()),
            _ => words.last_mut().unwrap().push(character),
        }
    }
    words.retain(|word| !word.is_empty());
    words
}

/// Replaces secrets, identifiers and times by names of the same length, after a look at their form.
fn redact(text: &str) -> String {
    let mut redacted = String::new();
    let mut rest = text;
    while !rest.is_empty() {
        let is_word =
            |character: char| character.is_ascii_alphanumeric() || "-_".contains(character);
        let end = rest
            .find(|character| !is_word(character))
            .unwrap_or(rest.len());
        if end == 0 {
            let (character, tail) = rest.split_at(rest.chars().next().unwrap().len_utf8());
            redacted.push_str(character);
            rest = tail;
            continue;
        }
        let (word, tail) = rest.split_at(end);
        rest = tail;
        if is_date(word) && tail.len() >= 10 && tail[1..].starts_with(|c: char| c.is_ascii_digit())
        {
            assert_eq!(&tail[6..10], " UTC");
            redacted.push_str("2026-11-22 07:08 UTC");
            rest = &tail[10..];
        } else {
            redacted.push_str(&redact_word(word));
        }
    }
    redacted
}

fn redact_word(word: &str) -> String {
    let is_random = word.contains(|character: char| character.is_ascii_uppercase());
    let named = |name: &str| format!("{name:*<width$}", width = word.len());
    match word.len() {
        47 if word.starts_with("iss_") => named("iss_SECRET"),
        43 if is_random => named("RANDOM"),
        22 if is_random => named("RANDOM"),
        12 if word.starts_with("sec-") => "sec-12345678".to_owned(),
        10 if word.bytes().all(|byte| byte.is_ascii_digit()) => "1234567890".to_owned(),
        _ => word.to_owned(),
    }
}

fn is_date(word: &str) -> bool {
    word.len() == 10
        && word.char_indices().all(|(index, character)| match index {
            4 | 7 => character == '-',
            _ => character.is_ascii_digit(),
        })
}
