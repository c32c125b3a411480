//! The data of a deployment: its database and the key-encryption secret that belongs to it, opened together.
//!
//! Owns the order in which they are made and compared. The server and the local commands open them here, so
//! that none of them writes with a wrong key.

use std::convert::Infallible;
use std::path::{Path, PathBuf};
use std::{fs, io};

use crate::config::database::DatabaseConfig;
use crate::config::{Config, Mode};
use crate::crypto::digest::RootKey;
use crate::crypto::password::{PasswordCost, PasswordError, PasswordHasher};
use crate::crypto::random::RandomSource;
use crate::protocol::error::{Fault, StoreError};
use crate::server::key_secret::{self, KeySecretError};
use crate::storage::{DatabaseSettings, Location, OpenError, Storage, Transaction, migrations};

/// An open deployment.
pub struct Data {
    /// The database.
    pub storage: Storage,
    /// The key-encryption secret.
    pub root: RootKey,
    /// What the data is for.
    pub kind: Kind,
}

/// What the data is for; never changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Made by `issuant dev`: it holds secrets that everybody knows.
    Development,
    /// Anything else.
    Production,
}

/// What [`prepare`] did.
#[derive(Debug)]
pub struct Prepared {
    /// Whether the SQLite file is new.
    pub is_new: bool,
    /// The migrations that were applied.
    pub applied: Vec<String>,
    /// The key-encryption secret that was made.
    pub made_secret: Option<PathBuf>,
}

/// Why the data cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum DataError {
    /// The SQLite file is not there.
    #[error("there is no database at {0}")]
    NoDatabase(String),
    /// The data directory cannot be made.
    #[error("the folder {path} cannot be made: {cause}")]
    Folder {
        /// Which.
        path: PathBuf,
        /// Why not.
        cause: io::Error,
    },
    /// The database cannot be opened or migrated.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// The secret cannot be read or made.
    #[error(transparent)]
    KeySecret(#[from] KeySecretError),
    /// The database was made with another secret.
    #[error("the key-encryption secret {0} is not the one this database was made with")]
    WrongKeySecret(PathBuf),
    /// Another node prepared the database while this one did, and made its own secret.
    #[error(
        "another node prepared this database at the same moment, with its own key-encryption secret: copy the key secret from the node that prepared this database to {0}"
    )]
    PreparedElsewhere(PathBuf),
    /// The database has a schema, but was never given a key-encryption secret.
    #[error("the database has no key-encryption secret yet")]
    NotPrepared,
    /// Development data for a production server.
    #[error("`issuant dev` made this database, with secrets that everybody knows")]
    IsDevelopment,
    /// Production data for the development server.
    #[error("this database was not made by `issuant dev`")]
    IsProduction,
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Opens data that [`prepare`] prepared. Writes nothing.
pub fn open(config: &Config) -> Result<Data, DataError> {
    let settings = settings(&config.database);
    require_file(&settings)?;
    let storage = Storage::open(&settings)?;
    let (check, kind) = read_facts(&storage)?;
    let kind = kind.unwrap_or(Kind::Production);
    refuse_kind(config.mode, kind)?;
    let root = key_secret::read(&config.key_secret_file)?;
    match check {
        None => Err(DataError::NotPrepared),
        Some(check) if check != root.check_value() => {
            Err(DataError::WrongKeySecret(config.key_secret_file.clone()))
        }
        Some(_) => Ok(Data {
            storage,
            root,
            kind,
        }),
    }
}

/// Brings schema and secret into being, or up to date, and opens them. A secret is made only for a database that
/// never had one; a lost one is not replaced.
pub fn prepare(config: &Config, random: &dyn RandomSource) -> Result<(Data, Prepared), DataError> {
    let settings = settings(&config.database);
    make_folder(config, &settings)?;
    let is_new = matches!(require_file(&settings), Err(DataError::NoDatabase(_)));
    let given = match key_secret::read(&config.key_secret_file) {
        Ok(root) => Some(root),
        Err(KeySecretError::Missing(_)) if !config.key_secret_is_configured => None,
        Err(error) => return Err(error.into()),
    };
    // Before anything is changed.
    if !is_new {
        let (check, kind) = (
            migrations::fact(&settings, CHECK)?,
            migrations::fact(&settings, KIND)?,
        );
        compare(
            config,
            given.as_ref(),
            (check, kind.as_deref().map(kind_of)),
        )?;
    }
    let applied = migrations::run(&settings)?;
    let storage = Storage::open(&settings)?;
    compare(config, given.as_ref(), read_facts(&storage)?)?;
    let (root, made_secret) = if let Some(root) = given {
        (root, None)
    } else {
        let path = config.key_secret_file.clone();
        (key_secret::create(&path, random)?, Some(path))
    };
    let kind = match (adopt(&storage, &root, config), &made_secret) {
        (Err(DataError::WrongKeySecret(path)), Some(_)) => {
            // Nothing was sealed with it; left there, it would be taken for the right one.
            key_secret::remove(&path)?;
            return Err(DataError::PreparedElsewhere(path));
        }
        (adopted, _) => adopted?,
    };
    let prepared = Prepared {
        is_new,
        applied,
        made_secret,
    };
    let data = Data {
        storage,
        root,
        kind,
    };
    Ok((data, prepared))
}

/// The migrations that the database lacks; all of them are told of a database that is not there.
pub fn pending(config: &Config) -> Result<Vec<String>, DataError> {
    let settings = settings(&config.database);
    require_file(&settings)?;
    Ok(migrations::pending(&settings)?)
}

/// Where the database is, for people: without its password.
pub fn location(config: &Config) -> String {
    settings(&config.database)
        .location()
        .map_or_else(|error| error.to_string(), |location| location.to_string())
}

/// Hashes passwords as all of this deployment are hashed.
pub fn password_hasher(
    root: &RootKey,
    random: &dyn RandomSource,
) -> Result<PasswordHasher, PasswordError> {
    PasswordHasher::new(
        root.digest_key("password pepper"),
        PasswordCost::default(),
        random,
    )
}

/// Refuses a database that is of the other kind, or that another secret belongs to.
fn compare(config: &Config, root: Option<&RootKey>, (check, kind): Facts) -> Result<(), DataError> {
    if config.mode == Mode::Development
        && let Some(kind) = kind
    {
        refuse_kind(config.mode, kind)?;
    }
    let path = || config.key_secret_file.clone();
    match (check, root) {
        (None, _) => Ok(()),
        (Some(check), Some(root)) if check == root.check_value() => Ok(()),
        (Some(_), Some(_)) => Err(DataError::WrongKeySecret(path())),
        (Some(_), None) => Err(KeySecretError::Missing(path()).into()),
    }
}

fn refuse_kind(mode: Mode, kind: Kind) -> Result<(), DataError> {
    match (mode, kind) {
        (Mode::Production, Kind::Development) => Err(DataError::IsDevelopment),
        (Mode::Development, Kind::Production) => Err(DataError::IsProduction),
        (Mode::Production, Kind::Production)
        | (Mode::Development, Kind::Development)
        | (Mode::Local, _) => Ok(()),
    }
}

/// Notes secret and kind in a database that has none; of two programs that do so at once, the second one compares.
fn adopt(storage: &Storage, root: &RootKey, config: &Config) -> Result<Kind, DataError> {
    let new_check = root.check_value();
    let new_kind = match config.mode {
        Mode::Development => Kind::Development,
        Mode::Production | Mode::Local => Kind::Production,
    };
    let (check, kind) = in_transaction(storage.write_blocking(move |transaction| {
        let noted = facts(transaction)?;
        if noted.0.is_none() {
            transaction.set_meta(CHECK, &new_check)?;
            transaction.set_meta(KIND, kind_text(new_kind))?;
            return Ok((Some(new_check), Some(new_kind)));
        }
        Ok(noted)
    }))?;
    if check.is_some_and(|check| check != root.check_value()) {
        return Err(DataError::WrongKeySecret(config.key_secret_file.clone()));
    }
    let kind = kind.unwrap_or(Kind::Production);
    if config.mode == Mode::Development {
        refuse_kind(config.mode, kind)?;
    }
    Ok(kind)
}

fn require_file(settings: &DatabaseSettings) -> Result<(), DataError> {
    match settings.location()? {
        Location::Sqlite { path } if !Path::new(&path).exists() => Err(DataError::NoDatabase(path)),
        Location::Sqlite { .. } | Location::Postgres { .. } => Ok(()),
    }
}

/// Makes the data directory if something will lie in it; only its owner may look inside.
fn make_folder(config: &Config, settings: &DatabaseSettings) -> Result<(), DataError> {
    let is_inside = |path: &Path| path.parent() == Some(config.data_dir.as_path());
    let has_database = match settings.location()? {
        Location::Sqlite { path } => is_inside(Path::new(&path)),
        Location::Postgres { .. } => false,
    };
    if !has_database && !is_inside(&config.key_secret_file) {
        return Ok(());
    }
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder
        .create(&config.data_dir)
        .map_err(|cause| DataError::Folder {
            path: config.data_dir.clone(),
            cause,
        })
}

fn settings(database: &DatabaseConfig) -> DatabaseSettings {
    DatabaseSettings {
        read_connections: database.readers,
        write_connections: database.writers,
        ..DatabaseSettings::new(database.url.expose())
    }
}

/// The check value of the secret, and the kind.
type Facts = (Option<String>, Option<Kind>);

fn read_facts(storage: &Storage) -> Result<Facts, DataError> {
    in_transaction(storage.read_blocking(|transaction| Ok(facts(transaction)?)))
}

fn facts(transaction: &mut Transaction) -> Result<Facts, StoreError> {
    let kind = transaction.meta(KIND)?;
    Ok((transaction.meta(CHECK)?, kind.as_deref().map(kind_of)))
}

fn in_transaction<T>(outcome: Result<T, Fault<Infallible>>) -> Result<T, DataError> {
    outcome.map_err(|fault| match fault {
        Fault::Failed(error) => error.into(),
        Fault::Refused(never) => match never {},
    })
}

fn kind_of(text: &str) -> Kind {
    match text {
        DEVELOPMENT => Kind::Development,
        _ => Kind::Production,
    }
}

fn kind_text(kind: Kind) -> &'static str {
    match kind {
        Kind::Development => DEVELOPMENT,
        Kind::Production => "production",
    }
}

/// Belongs to the key-encryption secret; see [`RootKey::check_value`].
const CHECK: &str = "key_check";
const KIND: &str = "kind";
const DEVELOPMENT: &str = "development";

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicBool, Ordering};

    use super::*;
    use crate::config::Sources;
    use crate::crypto::random::SystemRandom;

    fn config(folder: &Path, database: &Path) -> Config {
        let mut sources = Sources::default();
        for (name, value) in [
            ("ISSUANT_DATA_DIR", folder.display().to_string()),
            (
                "ISSUANT_DATABASE_URL",
                format!("sqlite:{}", database.display()),
            ),
        ] {
            sources.environment.insert(name.to_owned(), value);
        }
        Config::check(&sources, Mode::Local).unwrap()
    }

    /// Lets another node prepare the same database at the moment when the secret is made.
    struct Overtaken {
        by: Config,
        done: AtomicBool,
    }

    impl RandomSource for Overtaken {
        fn fill(&self, buffer: &mut [u8]) {
            if !self.done.swap(true, Ordering::Relaxed) {
                prepare(&self.by, &SystemRandom).unwrap();
            }
            SystemRandom.fill(buffer);
        }
    }

    #[test]
    fn of_two_nodes_that_prepare_at_once_one_keeps_its_secret() {
        let folder = tempfile::tempdir().unwrap();
        let database = folder.path().join("shared.db");
        let node = |name: &str| config(&folder.path().join(name), &database);
        let overtaken = Overtaken {
            by: node("first"),
            done: AtomicBool::new(false),
        };
        let error = prepare(&node("second"), &overtaken).err().unwrap();
        assert!(error.to_string().contains("copy the key secret"), "{error}");
        assert!(!node("second").key_secret_file.exists());
        assert!(open(&node("first")).is_ok());
        fs::copy(
            node("first").key_secret_file,
            node("second").key_secret_file,
        )
        .unwrap();
        assert!(open(&node("second")).is_ok());
    }
}
