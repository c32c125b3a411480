//! Makes tokens that are signed with a shared secret, for programs that embed this crate.

use crate::crypto::jwt::JwtError;
use crate::crypto::random::SystemRandom;
use crate::protocol::shared_secret::{SecretTokenWish, SharedSecrets, issue};
use crate::protocol::tokens::own_claims::{ClaimRefused, ClaimValue, OwnClaims};
use crate::server::clock;

/// Why there is no token.
#[derive(Debug, thiserror::Error)]
pub enum BuildError {
    /// A claim that nobody may set, or a value that no claim has.
    #[error("claim {name}: {cause}")]
    Claim {
        /// Its name.
        name: String,
        /// Why not.
        cause: ClaimRefused,
    },
    /// It could not be signed.
    #[error(transparent)]
    Sign(#[from] JwtError),
}

/// A token for a user, signed with a shared secret (HS512). `iss`, `iat`, `exp`, `jti` and the other claims that a standard
/// names are the server's.
///
/// ```
/// use issuant::TokenBuilder;
/// use issuant::crypto::secret::SecretBytes;
/// use issuant::protocol::shared_secret::{SharedSecret, SharedSecrets};
///
/// let secret = SecretBytes::new(vec![7; 64]); // of course read from a file
/// let secret = SharedSecret::new("2026-11", secret)?;
/// let secrets = SharedSecrets::new("nuxeo", "nuxeo", vec![secret])?;
///
/// let token = TokenBuilder::new(&secrets, "ada")
///     .ttl(300)
///     .claim("document", "8d5f0d12")
///     .build()?;
/// assert_eq!(token.split('.').count(), 3);
///
/// let impersonating = TokenBuilder::new(&secrets, "ada").claim("sub", "root");
/// assert!(impersonating.build().is_err());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
#[must_use = "a builder makes nothing until it builds"]
pub struct TokenBuilder<'a> {
    secrets: &'a SharedSecrets,
    wish: SecretTokenWish,
    refused: Option<(String, ClaimRefused)>,
}

impl<'a> TokenBuilder<'a> {
    /// A token that speaks of the user of that name.
    pub fn new(secrets: &'a SharedSecrets, subject: impl Into<String>) -> Self {
        Self {
            secrets,
            wish: SecretTokenWish {
                subject: subject.into(),
                lifetime: 0,
                audience: Vec::new(),
                claims: OwnClaims::default(),
            },
            refused: None,
        }
    }

    /// How long it is good, in seconds; zero and less stand for an hour, which is also what holds without this.
    pub fn ttl(mut self, seconds: i64) -> Self {
        self.wish.lifetime = seconds;
        self
    }

    /// Who may accept it, instead of the usual audience; may be repeated.
    pub fn audience(mut self, audience: impl Into<String>) -> Self {
        self.wish.audience.push(audience.into());
        self
    }

    /// Another claim. One that is refused is told when the token is built.
    pub fn claim(mut self, name: &str, value: impl Into<ClaimValue>) -> Self {
        if let Err(cause) = self.wish.claims.add(name, value.into()) {
            self.refused.get_or_insert((name.to_owned(), cause));
        }
        self
    }

    /// Signs it.
    ///
    /// # Errors
    /// When a claim was refused, or the secret cannot sign.
    pub fn build(self) -> Result<String, BuildError> {
        if let Some((name, cause)) = self.refused {
            return Err(BuildError::Claim { name, cause });
        }
        Ok(issue(
            self.secrets,
            &self.wish,
            &SystemRandom,
            clock::now(),
        )?)
    }
}
