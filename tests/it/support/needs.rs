//! What a test needs of the machine: tests/run installs it and names it in variables. Where a variable is not set, the
//! test says that it is left out, or fails when `ISSUANT_TEST_REQUIRE_ALL=1`.

use std::collections::BTreeSet;
use std::io::Write as _;
use std::path::PathBuf;
use std::sync::Mutex;

/// The program that drives Chromium.
pub(crate) fn chromedriver() -> Option<PathBuf> {
    named_by("ISSUANT_TEST_CHROMEDRIVER", "all tests in a browser").map(PathBuf::from)
}

/// A Python that has the packages of `tests/it/clients/python/requirements.txt`.
pub(crate) fn python() -> Option<PathBuf> {
    named_by("ISSUANT_TEST_PYTHON", "all tests with Python clients").map(PathBuf::from)
}

/// A Node.js beside the packages of `tests/it/clients/node/package.json`.
pub(crate) fn node() -> Option<PathBuf> {
    named_by("ISSUANT_TEST_NODE", "all tests with Node.js clients").map(PathBuf::from)
}

/// An Apache whose `mod_auth_openidc` lies where Debian puts it.
pub(crate) fn apache() -> Option<PathBuf> {
    named_by("ISSUANT_TEST_APACHE", "all tests with Apache").map(PathBuf::from)
}

/// The folder of the packages of `tests/it/clients/java/pom.xml`, beside a `java` in the path.
pub(crate) fn java() -> Option<PathBuf> {
    named_by("ISSUANT_TEST_JAVA", "all tests with HtmlUnit").map(PathBuf::from)
}

/// An nginx with `auth_request`.
pub(crate) fn nginx() -> Option<PathBuf> {
    named_by("ISSUANT_TEST_NGINX", "all tests with nginx").map(PathBuf::from)
}

#[expect(
    clippy::disallowed_methods,
    reason = "what a machine has to test with is a matter of the environment"
)]
fn named_by(variable: &'static str, what: &str) -> Option<String> {
    static SAID: Mutex<BTreeSet<&str>> = Mutex::new(BTreeSet::new());
    if let Ok(value) = std::env::var(variable) {
        return Some(value);
    }
    assert!(
        std::env::var("ISSUANT_TEST_REQUIRE_ALL").as_deref() != Ok("1"),
        "{variable} is not set, and no test may be left out"
    );
    if SAID.lock().unwrap().insert(variable) {
        // Past the capture of the test harness, which hides what passing tests print.
        let notice = format!("\n*** LEFT OUT: {what}. Run tests/run, or set {variable}. ***\n\n");
        std::io::stderr().write_all(notice.as_bytes()).unwrap();
    }
    None
}
