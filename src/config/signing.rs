//! Which keys to sign with, and how long a new one is shown before it does.

use crate::config::problem;
use crate::config::reader::Reader;
use crate::crypto::algorithm::Algorithm;

/// Signing keys.
#[derive(Clone, Debug)]
pub struct SigningSettings {
    /// The algorithms for which the first keys are made; each once.
    pub algorithms: Vec<Algorithm>,
    /// Signs access tokens; one of `algorithms`.
    pub access_token_algorithm: Algorithm,
    /// Seconds for which a new key stands in the JWKS before it signs.
    ///
    /// Seven days: resource servers that read the JWKS once a day, and a few that read it when they are
    /// restarted, know the key before they meet it. Waiting costs nothing, because the old key signs on;
    /// in an emergency `key rotate --now` does not wait.
    pub announce: i64,
}

impl SigningSettings {
    pub(super) fn read(reader: &mut Reader) -> Self {
        let mut algorithms = reader
            .list("signing.algorithms", parse_algorithm)
            .unwrap_or_else(|| vec![Algorithm::Es256, Algorithm::Rs256]);
        let count = algorithms.len();
        algorithms.sort_unstable();
        algorithms.dedup();
        if algorithms.is_empty() || algorithms.len() < count {
            let message = "`signing.algorithms` must name at least one algorithm, and each once";
            reader.note(problem::VALUE, "signing.algorithms", message);
        }
        let given = reader.text("signing.access_token_algorithm", parse_algorithm);
        let access_token_algorithm = given.unwrap_or_else(|| {
            // Without a wish, any algorithm that has a key will do.
            let first = algorithms.first().copied().unwrap_or(Algorithm::Es256);
            if algorithms.contains(&Algorithm::Es256) {
                Algorithm::Es256
            } else {
                first
            }
        });
        if !algorithms.contains(&access_token_algorithm) {
            let message = format!(
                "`signing.access_token_algorithm` is {access_token_algorithm}, which `signing.algorithms` does not name"
            );
            reader.note(
                problem::CONTRADICTION,
                "signing.access_token_algorithm",
                message,
            );
        }
        Self {
            algorithms,
            access_token_algorithm,
            announce: reader
                .duration("signing.announce", 0..=90 * 86_400)
                .unwrap_or(7 * 86_400),
        }
    }
}

fn parse_algorithm(text: &str) -> Result<Algorithm, String> {
    text.parse().map_err(|_| {
        let names = Algorithm::ALL.map(Algorithm::as_str).join(", ");
        format!("knows {names}, but not `{}`", text.escape_default())
    })
}
