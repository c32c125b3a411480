//! The only file that looks at the process: its environment, its arguments and its configuration file.

use std::ffi::OsString;
use std::io;
use std::path::{Path, PathBuf};
use std::{env, fs};

use crate::config::keys::KEYS;
use crate::config::problem::{self, Origin, Problem};
use crate::config::raw::{CONFIG_VARIABLE, Flag, Sources};

/// Where the configuration file is looked for.
#[derive(Clone, Debug)]
pub enum FileChoice {
    /// Exactly here (`--config`); it must exist.
    Named(PathBuf),
    /// `ISSUANT_CONFIG`, else `issuant.toml` in the working directory, if it is there.
    Usual,
    /// `ISSUANT_CONFIG`, else none: `dev` must not run on the settings of a production server nearby.
    OnlyNamed,
}

/// Reads everything that settings come from.
pub fn read(file: FileChoice, flags: Vec<Flag>) -> Sources {
    let mut sources = Sources {
        flags,
        ..Sources::default()
    };
    for (name, value) in env::vars_os() {
        let Some(name) = name.to_str().filter(|name| name.starts_with("ISSUANT_")) else {
            continue;
        };
        if is_service_link(name, value.to_str().unwrap_or_default()) {
            continue;
        }
        if let Ok(value) = value.into_string() {
            sources.environment.insert(name.to_owned(), value);
        } else {
            let origin = Origin::Environment(name.to_owned());
            let message = "the value is not UTF-8 text";
            sources
                .problems
                .push(Problem::at(problem::VALUE, &origin, message));
        }
    }
    replace_by_file_content(&mut sources);
    read_file(file, &mut sources);
    sources
}

/// Whether Kubernetes set the variable, for a service of the name `issuant` (service links): `ISSUANT_SERVICE_HOST`,
/// `ISSUANT_PORT=tcp://…`, `ISSUANT_PORT_443_TCP` and their like are no settings of ours.
fn is_service_link(name: &str, value: &str) -> bool {
    name.starts_with("ISSUANT_SERVICE_")
        || name.starts_with("ISSUANT_PORT_")
        || (name == "ISSUANT_PORT" && ["tcp://", "udp://"].iter().any(|it| value.starts_with(it)))
}

/// The arguments of the process.
pub fn arguments() -> Vec<OsString> {
    env::args_os().collect()
}

/// Whether people asked for text without colour (no-color.org), or the terminal has none.
pub fn wants_no_color() -> bool {
    let is_set = |name| env::var_os(name).is_some_and(|value| !value.is_empty());
    is_set("NO_COLOR") || env::var_os("TERM").is_some_and(|term| term == "dumb")
}

/// `ISSUANT_DATABASE_URL_FILE` names a file with the value of `ISSUANT_DATABASE_URL`.
fn replace_by_file_content(sources: &mut Sources) {
    for key in KEYS.iter().filter(|key| key.is_secret) {
        let variable = key.variable();
        let file_variable = format!("{variable}_FILE");
        let Some(path) = sources.environment.remove(&file_variable) else {
            continue;
        };
        if path.is_empty() {
            continue;
        }
        let origin = Origin::Environment(file_variable);
        if sources.environment.contains_key(&variable) {
            let message = format!("{variable} is set as well; set one of the two");
            sources
                .problems
                .push(Problem::at(problem::CONTRADICTION, &origin, message));
            continue;
        }
        match fs::read_to_string(&path) {
            Ok(content) => {
                let value = content.trim_end_matches(['\r', '\n']).to_owned();
                sources.environment.insert(variable, value);
            }
            Err(error) => {
                let message = format!("{path} cannot be read: {error}");
                sources
                    .problems
                    .push(Problem::at(problem::FILE, &origin, message));
            }
        }
    }
}

fn read_file(choice: FileChoice, sources: &mut Sources) {
    let from_environment = sources
        .environment
        .get(CONFIG_VARIABLE)
        .filter(|path| !path.is_empty())
        .map(PathBuf::from);
    let (path, must_exist) = match (choice, from_environment) {
        (FileChoice::Named(path), _) => (path, true),
        (FileChoice::Usual | FileChoice::OnlyNamed, Some(path)) => (path, true),
        (FileChoice::Usual, None) => (PathBuf::from("issuant.toml"), false),
        (FileChoice::OnlyNamed, None) => return,
    };
    match fs::read_to_string(&path) {
        Ok(text) => sources.file = Some((display(&path), text)),
        Err(error) if error.kind() == io::ErrorKind::NotFound && !must_exist => {}
        Err(error) => {
            let message = format!("{} cannot be read: {error}", display(&path));
            sources
                .problems
                .push(Problem::nowhere(problem::FILE, message));
        }
    }
}

fn display(path: &Path) -> String {
    path.display().to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_kubernetes_says_of_services_is_no_setting() {
        for (name, value) in [
            ("ISSUANT_SERVICE_HOST", "10.0.0.7"),
            ("ISSUANT_SERVICE_PORT_HTTP", "80"),
            ("ISSUANT_PORT", "tcp://10.0.0.7:80"),
            ("ISSUANT_PORT_80_TCP_ADDR", "10.0.0.7"),
        ] {
            assert!(is_service_link(name, value), "{name}");
        }
        // Somebody who means `listen`.
        assert!(!is_service_link("ISSUANT_PORT", "8080"));
        for key in KEYS {
            assert!(!is_service_link(&key.variable(), ""), "{}", key.name);
        }
    }
}
