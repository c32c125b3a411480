//! HTTPS with certificate and key from files, seen by curl, which trusts only the test's own authority.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use super::program::Program;
use super::running::Running;

/// A certificate for localhost that signs itself, told apart by its organisation.
fn make_certificate(folder: &Path, organisation: &str) {
    let made = Command::new("openssl")
        .args(["req", "-x509", "-newkey", "ec", "-nodes", "-days", "2"])
        .args(["-pkeyopt", "ec_paramgen_curve:prime256v1"])
        .args(["-subj", &format!("/O={organisation}/CN=localhost")])
        .args(["-addext", "subjectAltName=DNS:localhost"])
        .args(["-keyout", "new.key", "-out", "new.crt"])
        .current_dir(folder)
        .output()
        .unwrap();
    assert!(
        made.status.success(),
        "{}",
        String::from_utf8_lossy(&made.stderr)
    );
    for name in ["crt", "key"] {
        let (new, to) = (format!("new.{name}"), format!("server.{name}"));
        fs::rename(folder.join(new), folder.join(to)).unwrap();
    }
}

/// What curl says that trusts the certificate that is in the folder.
fn curl(folder: &Path, url: &str) -> (bool, String) {
    let output = Command::new("curl")
        .args(["--silent", "--show-error", "--noproxy", "*"])
        .args(["--cacert", "server.crt", "--write-out", "%{http_version}"])
        .arg(url)
        .current_dir(folder)
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    (output.status.success(), text)
}

fn program() -> Program {
    Program::migrated()
        .with("ISSUANT_ISSUER", "https://localhost")
        .with("ISSUANT_TLS_CERTIFICATE_FILE", "server.crt")
        .with("ISSUANT_TLS_KEY_FILE", "server.key")
}

#[test]
fn answers_https_and_takes_a_renewed_certificate_without_a_restart() {
    let program = program();
    let folder = program.folder();
    make_certificate(folder, "First");
    let server = Running::start(&program, "serve --listen 127.0.0.1:0");
    let (_, port) = server.data("listen").rsplit_once(':').unwrap();
    let url = format!("https://localhost:{port}/healthz");
    assert!(curl(folder, &url).0);
    let plain = format!("http://localhost:{port}/healthz");
    assert!(!curl(folder, &plain).0);

    // The new one is the only one that curl trusts from now on.
    make_certificate(folder, "Second");
    let began = Instant::now();
    while !curl(folder, &url).0 {
        assert!(began.elapsed() < Duration::from_secs(30), "still the first");
        std::thread::sleep(Duration::from_millis(200));
    }

    // One that cannot be used changes nothing.
    let kept = fs::read(folder.join("server.crt")).unwrap();
    fs::write(folder.join("server.crt"), "half a certificate").unwrap();
    std::thread::sleep(Duration::from_secs(3));
    fs::write(folder.join("trusted.crt"), kept).unwrap();
    fs::rename(folder.join("trusted.crt"), folder.join("server.crt")).unwrap();
    assert!(curl(folder, &url).0);
}

#[test]
fn files_that_cannot_be_used_are_told_before_anything_is_served() {
    let program = program();
    for line in ["config check", "serve --listen 127.0.0.1:0"] {
        let outcome = program.run(&format!("{line} --json")).expect(3);
        assert_eq!(outcome.error_id(), "E0318");
    }
    make_certificate(program.folder(), "First");
    fs::copy(
        program.folder().join("server.key"),
        program.folder().join("other.key"),
    )
    .unwrap();
    make_certificate(program.folder(), "Second");
    let program = program.with("ISSUANT_TLS_KEY_FILE", "other.key");
    let outcome = program.run("config check --json").expect(3);
    assert_eq!(outcome.error_id(), "E0318");
}

#[test]
fn certificate_and_key_belong_together() {
    let program = Program::migrated()
        .with("ISSUANT_ISSUER", "https://localhost")
        .with("ISSUANT_TLS_KEY_FILE", "server.key");
    let outcome = program.run("config check --json").expect(3);
    assert_eq!(outcome.error_id(), "E0106");
}
