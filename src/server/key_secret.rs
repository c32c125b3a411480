//! The file with the key-encryption secret: read, with a look at who else can read it, or made.

use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use crate::crypto::digest::{RootKey, RootKeyError};
use crate::crypto::random::RandomSource;
use crate::crypto::secret::Secret;

/// Why there is no key-encryption secret. Never says anything about its value.
#[derive(Debug, thiserror::Error)]
pub enum KeySecretError {
    /// There is no such file.
    #[error("the key-encryption secret {0} does not exist")]
    Missing(PathBuf),
    /// It cannot be read or written.
    #[error("the key-encryption secret {path} cannot be used: {cause}")]
    File {
        /// Where.
        path: PathBuf,
        /// Why not.
        cause: io::Error,
    },
    /// Others may read it.
    #[error(
        "the key-encryption secret {path} can be read by everybody (mode {mode:03o}): chmod 600 {path}"
    )]
    Open {
        /// Where.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// Its content is no key.
    #[error("{path}: {cause}")]
    Content {
        /// Where.
        path: PathBuf,
        /// Why not.
        cause: RootKeyError,
    },
}

/// Reads the secret.
pub fn read(path: &Path) -> Result<RootKey, KeySecretError> {
    let failed = |cause: io::Error| {
        let path = path.to_owned();
        if cause.kind() == io::ErrorKind::NotFound {
            KeySecretError::Missing(path)
        } else {
            KeySecretError::File { path, cause }
        }
    };
    refuse_open_file(path, &fs::metadata(path).map_err(failed)?)?;
    let text = Secret::new(fs::read_to_string(path).map_err(failed)?);
    RootKey::from_text(text.expose()).map_err(|cause| KeySecretError::Content {
        path: path.to_owned(),
        cause,
    })
}

/// Makes a new secret in a new file that only its owner may read, on disk before it is used.
pub fn create(path: &Path, random: &dyn RandomSource) -> Result<RootKey, KeySecretError> {
    let root = RootKey::generate(random);
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
        .open(path)
        .and_then(|mut file| {
            file.write_all(root.to_text().expose().as_bytes())?;
            file.write_all(b"\n")?;
            file.sync_all()?;
            sync_folder(path)
        })
        .map_err(|cause| unusable(path, cause))?;
    Ok(root)
}

/// Removes a secret that [`create`] made and nothing was encrypted with.
pub(super) fn remove(path: &Path) -> Result<(), KeySecretError> {
    fs::remove_file(path).map_err(|cause| unusable(path, cause))
}

fn unusable(path: &Path, cause: io::Error) -> KeySecretError {
    KeySecretError::File {
        path: path.to_owned(),
        cause,
    }
}

/// A file outlives a power cut only when the folder that names it is on disk as well.
#[cfg(unix)]
fn sync_folder(path: &Path) -> io::Result<()> {
    let folder = path.parent().filter(|it| !it.as_os_str().is_empty());
    fs::File::open(folder.unwrap_or(Path::new(".")))?.sync_all()
}

#[cfg(not(unix))]
#[expect(
    clippy::unnecessary_wraps,
    reason = "as on Unix, where a folder can be written to disk"
)]
fn sync_folder(_: &Path) -> io::Result<()> {
    Ok(())
}

/// A group may read it, because service managers and containers hand secrets over that way.
#[cfg(unix)]
fn refuse_open_file(path: &Path, metadata: &fs::Metadata) -> Result<(), KeySecretError> {
    let mode = std::os::unix::fs::PermissionsExt::mode(&metadata.permissions()) & 0o777;
    let of_others = mode & 0o007;
    if of_others == 0 {
        return Ok(());
    }
    Err(KeySecretError::Open {
        path: path.to_owned(),
        mode,
    })
}

#[cfg(not(unix))]
#[expect(
    clippy::unnecessary_wraps,
    reason = "as on Unix, where there is something to refuse"
)]
fn refuse_open_file(_: &Path, _: &fs::Metadata) -> Result<(), KeySecretError> {
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::random::SystemRandom;

    #[test]
    fn what_is_made_can_be_read_and_is_not_made_twice() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("key-secret");
        assert!(matches!(read(&path), Err(KeySecretError::Missing(_))));
        let made = create(&path, &SystemRandom).unwrap();
        assert_eq!(read(&path).unwrap().check_value(), made.check_value());
        assert!(matches!(
            create(&path, &SystemRandom),
            Err(KeySecretError::File { .. })
        ));
    }

    #[cfg(unix)]
    #[test]
    fn a_file_that_everybody_can_read_is_refused() {
        use std::os::unix::fs::PermissionsExt;

        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("key-secret");
        create(&path, &SystemRandom).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
        assert!(matches!(
            read(&path),
            Err(KeySecretError::Open { mode: 0o644, .. })
        ));
        fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
        assert!(read(&path).is_ok());
    }
}
