//! Personal access tokens: access tokens (RFC 9068) that a person has for scripts, made without a client.
//!
//! Each is recorded under its `jti`, which says so. Whoever asks this server about one learns of its revocation at once, and
//! of a role that the person lost since. What stands in the token besides is fixed when it is made.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::crypto::algorithm::Algorithm;
use crate::crypto::key_set::KeySet;
use crate::crypto::random::random_bytes;
use crate::protocol::catalogue::{self, Explanation};
use crate::protocol::context::{Context, Timestamp};
use crate::protocol::error::{Fault, Refusal};
use crate::protocol::scope::Scope;
use crate::protocol::store::{PersonalTokens, Subject};
use crate::protocol::tokens::own_claims::OwnClaims;
use crate::protocol::tokens::{SignError, access_token};

/// A token as it is recorded; the token itself is nowhere.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PersonalToken {
    /// Its `jti`.
    pub id: String,
    /// Whose it is: the `sub` of the user.
    pub subject: String,
    /// What it is for, as the person calls it.
    pub name: String,
    /// What is granted.
    pub scope: Scope,
    /// The roles that the person had when it was made.
    pub roles: Vec<String>,
    /// Who may accept it.
    pub audience: Vec<String>,
    /// When it was made.
    pub created_at: Timestamp,
    /// From when on it is refused.
    pub expires_at: Timestamp,
    /// When it was last seen here, to the minute.
    pub last_used_at: Option<Timestamp>,
    /// From which network address it was then, as far as that is known.
    pub last_used_from: Option<String>,
    /// When it was taken back.
    pub revoked_at: Option<Timestamp>,
}

impl PersonalToken {
    /// Whether it is still good.
    pub fn lives(&self, now: Timestamp) -> bool {
        self.revoked_at.is_none() && now < self.expires_at
    }
}

/// That a token was seen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PersonalTokenUse {
    /// The `jti`.
    pub id: String,
    /// When.
    pub at: Timestamp,
    /// From which network address, where that is known.
    pub from: Option<String>,
}

/// A use is noted when the last one was so many seconds ago.
pub const USE_RESOLUTION: i64 = 60;

/// What the deployment allows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PersonalTokenPolicy {
    /// The life of a token for which nobody says another, in seconds.
    pub lifetime: i64,
    /// No token lives longer, in seconds.
    pub longest: i64,
    /// A person has at most so many that are good.
    pub most: usize,
    /// Who may accept tokens that people make by themselves, beside this server.
    pub audiences: Vec<String>,
}

impl Default for PersonalTokenPolicy {
    fn default() -> Self {
        Self {
            lifetime: 3600,
            longest: 90 * 86_400,
            most: 100,
            audiences: Vec::new(),
        }
    }
}

/// By which name the token speaks of the person.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Naming {
    /// The `sub` that clients know: never reassigned.
    #[default]
    Subject,
    /// The name to sign in with, as `cc-backend` has it.
    Username,
}

/// What somebody wants to have.
#[derive(Clone, Debug)]
pub struct Wish {
    /// What it is for.
    pub name: String,
    /// Seconds; zero and less stand for the usual life.
    pub lifetime: i64,
    /// What is granted.
    pub scope: Scope,
    /// Who may accept it; nobody named: this server.
    pub audience: Vec<String>,
    /// What it says besides.
    pub claims: OwnClaims,
    /// By which name it speaks of the person.
    pub naming: Naming,
    /// What it is signed with.
    pub algorithm: Algorithm,
}

/// Why there is no token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotIssued {
    /// A longer life than is allowed.
    TooLong,
    /// The person has too many.
    TooMany,
    /// The person may not sign in.
    Disabled,
    /// No key signs with that algorithm.
    NoKey,
}

/// A token that was decided on and recorded, and is not signed yet.
#[derive(Debug)]
pub struct Recorded {
    /// What is recorded.
    pub token: PersonalToken,
    /// The `sub` that it says.
    pub sub: String,
    /// What it says besides.
    pub claims: OwnClaims,
    /// The key that signs it.
    pub key_id: String,
}

/// Decides on a token and records it. It is signed after the commit, by [`sign`].
pub fn issue(
    context: &Context<'_>,
    store: &mut dyn PersonalTokens,
    keys: &KeySet,
    person: &Subject,
    wish: Wish,
) -> Result<Recorded, Fault<NotIssued>> {
    let policy = &context.policy.personal_tokens;
    if !person.active {
        return Err(Fault::Refused(NotIssued::Disabled));
    }
    let lifetime = if wish.lifetime > 0 {
        wish.lifetime
    } else {
        policy.lifetime.min(policy.longest)
    };
    if lifetime > policy.longest {
        return Err(Fault::Refused(NotIssued::TooLong));
    }
    let key = keys.active(wish.algorithm);
    let key = key.ok_or(Fault::Refused(NotIssued::NoKey))?;
    let present = store.personal_tokens_of(&person.id)?;
    let living = present.iter().filter(|token| token.lives(context.now));
    if living.count() >= policy.most {
        return Err(Fault::Refused(NotIssued::TooMany));
    }
    let unique = URL_SAFE_NO_PAD.encode(random_bytes::<16>(context.random));
    let token = PersonalToken {
        id: format!("{MARK}{unique}"),
        subject: person.id.clone(),
        name: wish.name,
        scope: wish.scope,
        roles: person.roles.clone(),
        audience: if wish.audience.is_empty() {
            vec![context.issuer.to_owned()]
        } else {
            wish.audience
        },
        created_at: context.now,
        expires_at: context.now.saturating_add(lifetime),
        last_used_at: None,
        last_used_from: None,
        revoked_at: None,
    };
    store.add_personal_token(&token, key.kid())?;
    Ok(Recorded {
        sub: match wish.naming {
            Naming::Subject => person.id.clone(),
            Naming::Username => person.username.clone(),
        },
        token,
        claims: wish.claims,
        key_id: key.kid().to_owned(),
    })
}

/// The token, as it is handed over once.
pub fn sign(recorded: &Recorded, issuer: &str, keys: &KeySet) -> Result<String, SignError> {
    let key = keys
        .find(&recorded.key_id)
        .ok_or(SignError::NoRecordedKey)?;
    access_token::sign_personal(recorded, issuer, key)
}

/// Whether a token of that `jti` is recorded. No other kind of `jti` begins like this.
pub fn is_personal(token_id: &str) -> bool {
    token_id.starts_with(MARK)
}

const MARK: &str = "personal.";

impl NotIssued {
    /// The entry of the catalogue.
    pub fn explanation(self) -> &'static Explanation {
        match self {
            Self::TooLong => &catalogue::PERSONAL_TOKEN_TOO_LONG,
            Self::TooMany => &catalogue::PERSONAL_TOKENS_TOO_MANY,
            Self::Disabled => &catalogue::PERSONAL_TOKEN_DISABLED,
            Self::NoKey => &catalogue::PERSONAL_TOKEN_NO_KEY,
        }
    }
}

impl From<NotIssued> for Refusal {
    fn from(reason: NotIssued) -> Self {
        Self::new(reason.explanation())
    }
}
