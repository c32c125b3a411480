//! Which database, and with how many connections. What a URL means is the affair of `storage`.

use std::path::Path;

use crate::config::reader::Reader;
use crate::crypto::secret::Secret;

/// The database.
#[derive(Clone, Debug)]
pub struct DatabaseConfig {
    /// `sqlite:PATH` or `postgres://…`; the latter may hold a password.
    pub url: Secret,
    /// Connections for reading.
    pub readers: u32,
    /// Connections for writing; SQLite has one whatever this says.
    pub writers: u32,
}

impl DatabaseConfig {
    pub(super) fn read(reader: &mut Reader, data_dir: &Path) -> Self {
        let url = reader.text("database_url", parse_url).unwrap_or_else(|| {
            Secret::new(format!("sqlite:{}", data_dir.join("issuant.db").display()))
        });
        Self {
            url,
            readers: reader.number("database.readers", 1..=128).unwrap_or(4),
            writers: reader.number("database.writers", 1..=128).unwrap_or(4),
        }
    }
}

/// No text is repeated in these sentences: it may hold a password.
fn parse_url(text: &str) -> Result<Secret, String> {
    let Some((scheme, rest)) = text.split_once(':') else {
        return Err("must be sqlite:PATH or postgres://USER:PASSWORD@HOST/DATABASE".to_owned());
    };
    match scheme {
        "sqlite" if rest.trim_matches('/').is_empty() || rest.starts_with(":memory:") => {
            Err("must name a file after sqlite:".to_owned())
        }
        "sqlite" => Ok(Secret::new(text.to_owned())),
        "postgres" | "postgresql" if rest.starts_with("//") => Ok(Secret::new(text.to_owned())),
        _ => Err("must begin with sqlite: or postgres://".to_owned()),
    }
}
