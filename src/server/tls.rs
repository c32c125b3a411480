//! HTTPS without a proxy: certificate and key from files, read again when they change, so that a renewal needs no restart.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use arc_swap::ArcSwap;
use rustls::ServerConfig;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;

use crate::config::http::TlsFiles;

/// Why the files cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// A file cannot be read, or holds something else.
    #[error("{0} cannot be used: {1}")]
    File(PathBuf, rustls::pki_types::pem::Error),
    /// There is no certificate in the file.
    #[error("{0} holds no certificate")]
    Empty(PathBuf),
    /// The key is of no known kind, or not that of the certificate.
    #[error("certificate and key do not belong together, or cannot be used: {0}")]
    Key(#[from] rustls::Error),
}

/// The certificate that the next connection gets.
#[derive(Debug)]
pub(super) struct Certificate(ArcSwap<CertifiedKey>);

impl ResolvesServerCert for Certificate {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(self.0.load_full())
    }
}

/// Reads the files, as the server will.
pub fn check(files: &TlsFiles) -> Result<(), TlsError> {
    read(files).map(|_| ())
}

fn read(files: &TlsFiles) -> Result<CertifiedKey, TlsError> {
    let bad = |path: &Path| {
        let path = path.to_owned();
        move |error| TlsError::File(path, error)
    };
    let chain = CertificateDer::pem_file_iter(&files.certificate)
        .and_then(Iterator::collect::<Result<Vec<_>, _>>)
        .map_err(bad(&files.certificate))?;
    if chain.is_empty() {
        return Err(TlsError::Empty(files.certificate.clone()));
    }
    let key = PrivateKeyDer::from_pem_file(&files.key).map_err(bad(&files.key))?;
    let builder = ServerConfig::builder();
    let usable = CertifiedKey::from_der(chain, key, builder.crypto_provider())?;
    Ok(usable)
}

/// What the listener needs, and what to keep true.
pub(super) fn load(files: &TlsFiles) -> Result<(ServerConfig, Loaded), TlsError> {
    // Before they are read, so that a change at this very moment is seen.
    let read_at = changed_at(files);
    let certificate = Arc::new(Certificate(ArcSwap::from_pointee(read(files)?)));
    let config = ServerConfig::builder()
        .with_no_client_auth()
        .with_cert_resolver(Arc::clone(&certificate) as Arc<dyn ResolvesServerCert>);
    let files = files.clone();
    Ok((
        config,
        Loaded {
            files,
            certificate,
            read_at,
        },
    ))
}

/// A certificate that is used, and what its files were like when they were read.
pub(super) struct Loaded {
    files: TlsFiles,
    certificate: Arc<Certificate>,
    read_at: ChangedAt,
}

/// When each of the files was last changed.
type ChangedAt = [Option<SystemTime>; 2];

/// The files are looked at so often.
const EVERY: Duration = Duration::from_secs(2);

/// Reads the files again when they change, for as long as the server runs. What cannot be used changes nothing.
pub(super) async fn keep_true(loaded: Loaded) {
    let Loaded {
        files,
        certificate,
        read_at: mut seen,
    } = loaded;
    loop {
        tokio::time::sleep(EVERY).await;
        let now = changed_at(&files);
        if now == seen {
            continue;
        }
        seen = now;
        match read(&files) {
            Ok(new) => {
                certificate.0.store(Arc::new(new));
                tracing::info!("the certificate was read again");
            }
            Err(error) => {
                tracing::error!(%error, "the changed certificate is not used; the old one stays");
            }
        }
    }
}

fn changed_at(files: &TlsFiles) -> ChangedAt {
    [&files.certificate, &files.key].map(|path| path.metadata().and_then(|it| it.modified()).ok())
}
