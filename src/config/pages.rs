//! What the pages say about whose server this is.

use url::Url;

use crate::config::reader::Reader;

/// Pages for people.
#[derive(Clone, Debug)]
pub struct PageSettings {
    /// The name that people read.
    pub server_name: String,
    /// Where people who need help are sent.
    pub help_url: Option<String>,
}

impl PageSettings {
    pub(super) fn read(reader: &mut Reader) -> Self {
        Self {
            server_name: reader
                .text("server_name", parse_name)
                .unwrap_or_else(|| "Issuant".to_owned()),
            help_url: reader.text("help_url", parse_help),
        }
    }
}

fn parse_name(text: &str) -> Result<String, String> {
    if text.is_empty() || text.chars().count() > 60 || text.chars().any(char::is_control) {
        Err("must have 1 to 60 characters, on one line".to_owned())
    } else {
        Ok(text.to_owned())
    }
}

fn parse_help(text: &str) -> Result<String, String> {
    match Url::parse(text) {
        Ok(url) if matches!(url.scheme(), "https" | "http" | "mailto") => Ok(text.to_owned()),
        Ok(_) | Err(_) => {
            Err("must be an address that begins with https:, http: or mailto:".to_owned())
        }
    }
}
