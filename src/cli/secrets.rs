//! Secrets on their way in and out: from files, standard input and terminals; to terminals and files.
//!
//! Never from an argument or a variable, where other processes and the shell's history see them.

use std::fs::{File, OpenOptions};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use clap::Args;

use crate::cli::failure::{self, Failure};
use crate::cli::output::Output;
use crate::crypto::secret::Secret;

/// What to do with a secret that is made.
#[derive(Args, Debug, Default)]
pub(crate) struct NewSecret {
    /// Take the secret from this file (- for standard input) instead of making one; at least 12 characters
    #[arg(long, value_name = "FILE")]
    pub(crate) secret_file: Option<PathBuf>,
    /// Print the new secret even when standard output is no terminal
    #[arg(long, conflicts_with = "secret_file")]
    pub(crate) show_secret: bool,
    /// Write the new secret to this new file, readable for you alone, instead of printing it
    #[arg(long, value_name = "FILE", conflicts_with_all = ["secret_file", "show_secret"])]
    pub(crate) out: Option<PathBuf>,
}

impl NewSecret {
    /// Refuses to make a secret that nobody would see.
    pub(crate) fn check_visible(&self, output: Output) -> Result<(), Failure> {
        let is_seen = self.show_secret || self.out.is_some() || output.stdout_is_terminal;
        if self.secret_file.is_some() || is_seen {
            return Ok(());
        }
        Err(Failure::new(
            &failure::SECRET_UNSEEN,
            "the new secret would not be shown, because standard output is not a terminal",
        ))
    }

    /// The secret that the operator brings, if so.
    pub(crate) fn brought(&self) -> Result<Option<Secret>, Failure> {
        let Some(path) = &self.secret_file else {
            return Ok(None);
        };
        let secret = read(path)?;
        if secret.expose().chars().count() < MIN_CLIENT_SECRET {
            let message = format!("a client secret needs at least {MIN_CLIENT_SECRET} characters");
            return Err(Failure::new(&failure::WEAK, message));
        }
        Ok(Some(secret))
    }

    /// Opens the file that the secret will go to, before anything is changed.
    pub(crate) fn open_file(&self) -> Result<Option<SecretFile>, Failure> {
        self.out.as_deref().map(SecretFile::create).transpose()
    }
}

/// A new file that only its owner may read. Removed again unless it is filled.
#[derive(Debug)]
pub(crate) struct SecretFile {
    path: PathBuf,
    file: File,
    is_filled: bool,
}

impl SecretFile {
    /// Makes the file, which must not be there yet.
    pub(crate) fn create(path: &Path) -> Result<Self, Failure> {
        let mut options = OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let file = options
            .open(path)
            .map_err(|error| Failure::file("create", &path.display().to_string(), &error))?;
        Ok(Self {
            path: path.to_owned(),
            file,
            is_filled: false,
        })
    }

    /// Writes the secret, with a line end, and tells where.
    pub(crate) fn fill(mut self, secret: &Secret) -> Result<PathBuf, Failure> {
        let line_end = if secret.expose().ends_with('\n') {
            ""
        } else {
            "\n"
        };
        let written = self
            .file
            .write_all(secret.expose().as_bytes())
            .and_then(|()| self.file.write_all(line_end.as_bytes()))
            .and_then(|()| self.file.sync_all());
        written
            .map_err(|error| Failure::file("write", &self.path.display().to_string(), &error))?;
        self.is_filled = true;
        Ok(self.path.clone())
    }
}

impl Drop for SecretFile {
    fn drop(&mut self) {
        if !self.is_filled {
            // What cannot be removed is an empty file: no harm.
            let _stays_empty = std::fs::remove_file(&self.path);
        }
    }
}

/// A new password: from the file, or asked for twice.
pub(crate) fn new_password(output: Output, file: Option<&Path>) -> Result<Secret, Failure> {
    if let Some(path) = file {
        return read(path);
    }
    if !output.can_ask() {
        return Err(Failure::new(
            &failure::INPUT,
            "a password is needed, and nobody can be asked",
        ));
    }
    let unreadable = |error: io::Error| Failure::file("read", "the terminal", &error);
    let first = rpassword::prompt_password("Password: ").map_err(unreadable)?;
    let second = rpassword::prompt_password("Once more: ").map_err(unreadable)?;
    let first = Secret::new(first);
    if !first.matches(Secret::new(second).expose()) {
        return Err(Failure::new(
            &failure::WEAK,
            "the two passwords differ; nothing was changed",
        )
        .hint("Run the command again."));
    }
    Ok(first)
}

/// Reads a secret from a file, or from standard input for `-`, without its last line end.
fn read(path: &Path) -> Result<Secret, Failure> {
    let name = path.display().to_string();
    let mut text = read_text(path, LIMIT)?;
    if text.ends_with('\n') {
        text.pop();
        if text.ends_with('\r') {
            text.pop();
        }
    }
    if text.len() > MAX_SECRET || text.contains(['\n', '\0']) {
        let message = "the secret must be one line of at most 512 bytes";
        return Err(Failure::new(&failure::WEAK, message));
    }
    if text.is_empty() {
        return Err(Failure::new(&failure::WEAK, format!("{name} is empty")));
    }
    Ok(Secret::new(text))
}

/// Reads a private key from a file, or from standard input for `-`.
pub(crate) fn read_key(path: &Path) -> Result<Secret, Failure> {
    read_text(path, KEY_LIMIT).map(Secret::new)
}

/// Reads a token from a file, or from standard input for `-`.
pub(crate) fn read_token(path: &Path) -> Result<Secret, Failure> {
    read_text(path, KEY_LIMIT).map(|text| Secret::new(text.trim().to_owned()))
}

/// At most `limit` bytes of a file, or of standard input for `-`.
fn read_text(path: &Path, limit: u64) -> Result<String, Failure> {
    let name = path.display().to_string();
    let mut text = String::new();
    let content = if name == "-" {
        io::stdin().take(limit).read_to_string(&mut text)
    } else {
        File::open(path).and_then(|file| file.take(limit).read_to_string(&mut text))
    };
    content.map_err(|error| Failure::file("read", &name, &error))?;
    Ok(text)
}

const MIN_CLIENT_SECRET: usize = 12;
const MAX_SECRET: usize = 512;
const LIMIT: u64 = 4096;
const KEY_LIMIT: u64 = 65_536;
