//! Where the database is and how hard it may be worked. Values come from the configuration; nothing is read here.

use std::fmt;
use std::time::Duration;

use crate::storage::error::OpenError;

/// Which database, and the bounds of its queues.
#[derive(Clone)]
pub struct DatabaseSettings {
    /// `sqlite:PATH`, or `postgres://user:password@host/name`.
    pub url: String,
    /// Connections that only read; as many threads.
    pub read_connections: u32,
    /// Connections that write, on PostgreSQL. SQLite always has one.
    pub write_connections: u32,
    /// Connections for writes about one family, on PostgreSQL. Few: what waits while one commits shares the next commit.
    pub rotation_connections: u32,
    /// So many reads, and so many writes, may wait; the next one is refused at once.
    pub queue_length: usize,
    /// How long to wait for another process that writes to the same SQLite file.
    pub busy_timeout: Duration,
    /// How long a caller waits for its answer before it is told that the database is unavailable.
    pub patience: Duration,
}

impl DatabaseSettings {
    /// The usual bounds.
    pub fn new(url: impl Into<String>) -> Self {
        Self {
            url: url.into(),
            read_connections: 4,
            write_connections: 4,
            rotation_connections: 2,
            queue_length: 1024,
            busy_timeout: Duration::from_secs(5),
            patience: Duration::from_secs(5),
        }
    }

    /// Which database the URL means; its scheme decides.
    pub fn location(&self) -> Result<Location, OpenError> {
        Location::parse(&self.url)
    }
}

impl fmt::Debug for DatabaseSettings {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("DatabaseSettings")
            .field("url", &without_password(&self.url))
            .field("read_connections", &self.read_connections)
            .field("write_connections", &self.write_connections)
            .field("rotation_connections", &self.rotation_connections)
            .field("queue_length", &self.queue_length)
            .field("busy_timeout", &self.busy_timeout)
            .field("patience", &self.patience)
            .finish()
    }
}

/// A database of either kind.
#[derive(Clone, PartialEq, Eq)]
pub enum Location {
    /// A file.
    Sqlite {
        /// Its path.
        path: String,
    },
    /// A server.
    Postgres {
        /// The URL, as it was given.
        url: String,
    },
}

impl Location {
    /// Reads a database URL.
    pub fn parse(url: &str) -> Result<Self, OpenError> {
        if let Some(rest) = url.strip_prefix("sqlite:") {
            let path = rest.strip_prefix("//").unwrap_or(rest);
            if path.is_empty() || path.starts_with(":memory:") {
                return Err(OpenError::NoFile);
            }
            Ok(Self::Sqlite {
                path: path.to_owned(),
            })
        } else if url.starts_with("postgres://") || url.starts_with("postgresql://") {
            Ok(Self::Postgres {
                url: url.to_owned(),
            })
        } else {
            Err(OpenError::Scheme)
        }
    }
}

impl fmt::Display for Location {
    /// For people: without the password.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sqlite { path } => write!(formatter, "sqlite:{path}"),
            Self::Postgres { url } => formatter.write_str(&without_password(url)),
        }
    }
}

impl fmt::Debug for Location {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Location({self})")
    }
}

/// The URL, with every password in it replaced by three stars.
fn without_password(url: &str) -> String {
    redact(url, url)
}

/// `text` with every password of `url` replaced by three stars: a driver's message may quote its input.
pub(super) fn redact(text: &str, url: &str) -> String {
    let mut text = text.to_owned();
    for password in passwords(url) {
        text = text.replace(password, "***");
    }
    text
}

/// The passwords in a URL: of its user information, and of its query.
fn passwords(url: &str) -> impl Iterator<Item = &str> {
    let (rest, query) = url.split_once('?').unwrap_or((url, ""));
    let authority = rest.split_once("://").map_or("", |(_, rest)| rest);
    // A password may hold an unescaped slash or at sign, against the rules: everything up to the last `@` counts.
    let user = authority.rsplit_once('@').map_or("", |(user, _)| user);
    let in_user = user.split_once(':').map(|(_, password)| password);
    let in_query = query.split('&').filter_map(|pair| {
        let (name, value) = pair.split_once('=')?;
        name.contains("password").then_some(value)
    });
    in_user
        .into_iter()
        .chain(in_query)
        .filter(|password| !password.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_scheme_decides() {
        let sqlite = |path: &str| {
            Ok(Location::Sqlite {
                path: path.to_owned(),
            })
        };
        let parse = |url: &str| Location::parse(url).map_err(|error| error.to_string());
        assert_eq!(parse("sqlite:a/b.db"), sqlite("a/b.db"));
        assert_eq!(parse("sqlite:///var/b.db"), sqlite("/var/b.db"));
        assert!(matches!(
            Location::parse("postgresql://h/d"),
            Ok(Location::Postgres { .. })
        ));
        for refused in ["", "mysql://h/d", "/var/b.db", "host=localhost", "sqlite:"] {
            assert!(Location::parse(refused).is_err(), "{refused}");
        }
        assert!(Location::parse("sqlite::memory:").is_err());
    }

    #[test]
    fn passwords_are_not_shown() {
        for url in [
            "postgres://ada:hunter2@db/issuant",
            "postgres://ada:hunter2@db/issuant?sslmode=require",
            "postgres://db/issuant?user=ada&password=hunter2",
            "postgres://ada:hunter2@db1:1,db2:2/issuant?sslpassword=hunter2",
        ] {
            let settings = DatabaseSettings::new(url);
            let location = settings.location().unwrap();
            for shown in [
                format!("{settings:?}"),
                format!("{location} {location:?}"),
                redact(&format!("cannot read {url}"), url),
            ] {
                assert!(!shown.contains("hunter2"), "{shown}");
                assert!(shown.contains("***"), "{shown}");
            }
        }
        assert_eq!(
            without_password("postgres://ada@db/x"),
            "postgres://ada@db/x"
        );
    }
}
