//! Every way in which a command can fail: its stable id, its exit code and what to do about it.

use std::io;

use crate::cli::exit::Exit;
use crate::config::problem::Problem;
use crate::protocol::error::{Fault, StoreError, Trouble};

/// A kind of failure.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Kind {
    pub(crate) id: &'static str,
    pub(crate) exit: Exit,
    /// The cause in general, one sentence.
    pub(crate) sentence: &'static str,
    /// What to do, one sentence.
    pub(crate) fix: &'static str,
}

macro_rules! kinds {
    ($($name:ident = $id:literal, $exit:ident, $sentence:literal, $fix:literal;)+) => {
        $(
            pub(crate) static $name: Kind = Kind {
                id: $id,
                exit: Exit::$exit,
                sentence: $sentence,
                fix: $fix,
            };
        )+

        /// All kinds, in order of their ids.
        pub(crate) static ALL: &[&Kind] = &[$(&$name),+];
    };
}

kinds! {
    // E02xx: what was typed.
    UNEXPECTED = "E0200", Unexpected,
        "Something failed that should not.",
        "Try again; if it stays, report it with the text of the failure.";
    USAGE = "E0201", Usage,
        "The command line was not understood.",
        "Add --help to the command to see examples and all flags.";
    VALUE = "E0202", Usage,
        "A value cannot be used, or two of them do not fit together.",
        "Change the value as the message says.";
    CONFIRM = "E0203", Usage,
        "The command destroys something, and nobody confirmed it.",
        "Add --yes, or run it in a terminal and type the name; --dry-run shows what would happen.";
    INPUT = "E0204", Usage,
        "A password is needed, and there is nobody to ask.",
        "Bring it in a file or on standard input, with --password-file FILE or --password-file -.";
    SECRET_UNSEEN = "E0205", Usage,
        "A new secret would be lost, because standard output is not a terminal.",
        "Add --show-secret to print it all the same, --out FILE to write it to a file, or bring your own with --secret-file.";
    WEAK = "E0206", Usage,
        "The secret or password is too short or too long.",
        "A password needs 8 characters (15 are better), a client secret 12; neither may have more than 512 bytes.";
    FILE = "E0207", Usage,
        "A file that the command line names cannot be read or written.",
        "Check the path and its permissions.";
    SEED = "E0208", Usage,
        "The seed file describes something that cannot be.",
        "Change the entry that the message names; issuant dev --help shows a complete file.";

    KEY_FILE = "E0209", Usage,
        "The private key cannot be imported, or not written in that form.",
        "Bring an unencrypted private key of that algorithm, as PEM (PKCS#8, PKCS#1 or SEC1) or as JWK.";
    KEY_UNSEEN = "E0210", Usage,
        "A private key is shown only to those who say that they want to see it.",
        "Write it to a new file with --out FILE, or print it with --show-secret.";

    // E03xx: the data, its key, its address. E0310 is left for the doctor.
    NO_DATABASE = "E0301", Unreachable,
        "There is no database here yet.",
        "Make it with: issuant migrate. Data of issuant dev is found with: --data ./issuant-dev.";
    DATABASE_AWAY = "E0302", Unreachable,
        "The database does not answer.",
        "Check that it runs and that database_url is right.";
    OUTDATED = "E0303", Configuration,
        "The database was made by an older version of this program.",
        "Bring it up to date with: issuant migrate.";
    NEWER = "E0304", Configuration,
        "The database was made by a newer version of this program.",
        "Run that version, or restore a backup from before the upgrade.";
    NO_KEY_SECRET = "E0305", Configuration,
        "The file with the key-encryption secret is missing or cannot be used.",
        "Put the file back where key_secret_file says; without it nobody can read the private keys in the database.";
    KEY_SECRET_OPEN = "E0306", Configuration,
        "Everybody on this machine can read the key-encryption secret.",
        "Take the right away with: chmod 600 FILE. Then think about who has read it.";
    KEY_SECRET_WRONG = "E0307", Configuration,
        "The key-encryption secret is not the one this database was made with.",
        "Put the right file back where key_secret_file says. Nothing was written.";
    DEVELOPMENT_DATA = "E0308", Configuration,
        "This database was made by issuant dev, whose secrets everybody knows.",
        "Use another data_dir, and make its database with: issuant migrate.";
    PRODUCTION_DATA = "E0309", Configuration,
        "This database is not one of issuant dev, which adds clients whose secrets everybody knows.",
        "Use another folder, with: issuant dev --data DIR.";
    NOT_LOOPBACK = "E0311", Configuration,
        "The development server is for this machine alone, because its secrets are known to everybody.",
        "Leave --listen and the issuer out, or use issuant serve.";
    ADDRESS_IN_USE = "E0312", Locked,
        "Another process listens on that address.",
        "Stop it, or choose another address with --listen or ISSUANT_LISTEN.";
    ADDRESS = "E0313", Unreachable,
        "The address to listen on is not one of this machine.",
        "Choose another address with --listen or ISSUANT_LISTEN.";
    SERVER = "E0314", Unexpected,
        "The server stopped because of a failure.",
        "The log above says why.";
    DATA_FILE = "E0315", Configuration,
        "A file or folder of the deployment cannot be made or used.",
        "Check data_dir, database_url and key_secret_file, and that the folder exists.";

    NOT_PREPARED = "E0316", Configuration,
        "The database has tables, but its preparation was never finished.",
        "Finish it with: issuant migrate.";

    CA_FILE = "E0317", Configuration,
        "The file of certificates that requests to other servers trust cannot be used.",
        "Check the path in fetch.ca_file, and that the file holds certificates in PEM.";
    TLS_FILES = "E0318", Configuration,
        "The certificate or its private key cannot be used.",
        "Check tls.certificate_file and tls.key_file: PEM, readable, and belonging together.";

    // E04xx: the objects.
    NOT_FOUND = "E0401", NotFound,
        "There is no object of that name.",
        "The command list shows what there is.";
    EXISTS = "E0402", Conflict,
        "An object of that name exists already.",
        "Choose another name, or change the existing one with the command set.";
    STATE = "E0403", Conflict,
        "The state of the object forbids the change.",
        "The message says what to do first.";

    // E05xx: the surroundings.
    NOT_PERMITTED = "E0501", NotPermitted,
        "The operating system does not permit it.",
        "Run the command as the user that the server runs as.";
    LOCKED = "E0502", Locked,
        "Another process has been writing to the database for too long.",
        "Try again; nothing was changed.";
    PROBLEMS = "E0503", ProblemsFound,
        "The check found problems.",
        "Mend what the message lists.";
}

/// A command failed.
#[derive(Debug)]
pub(crate) struct Failure {
    pub(crate) id: &'static str,
    pub(crate) exit: Exit,
    /// What happened, in this case; may have several lines.
    pub(crate) message: String,
    pub(crate) hint: String,
}

impl Failure {
    /// A failure with the usual hint of its kind.
    pub(crate) fn new(kind: &'static Kind, message: impl Into<String>) -> Self {
        Self {
            id: kind.id,
            exit: kind.exit,
            message: message.into(),
            hint: kind.fix.to_owned(),
        }
    }

    /// The same with a better hint.
    pub(crate) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = hint.into();
        self
    }

    /// Trouble with a file that somebody named.
    pub(crate) fn file(doing: &str, path: &str, cause: &io::Error) -> Self {
        let kind = if cause.kind() == io::ErrorKind::PermissionDenied {
            &NOT_PERMITTED
        } else {
            &FILE
        };
        Self::new(kind, format!("cannot {doing} {path}: {cause}"))
    }

    /// Problems of the configuration, all at once.
    pub(crate) fn configuration(problems: &[Problem]) -> Self {
        let message = if let [problem] = problems {
            problem.text()
        } else {
            let lines: Vec<String> = problems.iter().map(|one| format!("\n  {one}")).collect();
            format!(
                "{} problems in the settings{}",
                problems.len(),
                lines.concat()
            )
        };
        Self {
            id: problems.first().map_or(UNEXPECTED.id, |problem| problem.id),
            exit: Exit::Configuration,
            message,
            hint: "`issuant help config` lists all settings, their defaults and their variables"
                .to_owned(),
        }
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        let mut message = format!("while {error}");
        let mut cause = std::error::Error::source(&error);
        while let Some(inner) = cause {
            message = format!("{message}: {inner}");
            cause = inner.source();
        }
        let kind = match error.trouble() {
            Trouble::Conflict => &EXISTS,
            Trouble::Unavailable if message.contains("locked") => &LOCKED,
            Trouble::Unavailable => &DATABASE_AWAY,
            Trouble::Broken => &UNEXPECTED,
        };
        Self::new(kind, message)
    }
}

/// A local command's own refusal travels through the transaction as the failure itself.
impl From<Fault<Self>> for Failure {
    fn from(fault: Fault<Self>) -> Self {
        match fault {
            Fault::Refused(failure) => failure,
            Fault::Failed(error) => error.into(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_unique_across_all_lists() {
        let mut ids: Vec<&str> = ALL.iter().map(|kind| kind.id).collect();
        ids.extend(crate::config::problem::MEANINGS.iter().map(|m| m.id));
        ids.extend(crate::protocol::catalogue::all().map(|e| e.id));
        let count = ids.len();
        ids.sort_unstable();
        ids.dedup();
        assert_eq!(ids.len(), count);
    }
}
