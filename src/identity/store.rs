//! What the rules about people need remembered.

use std::fmt;

use crate::crypto::digest::Digest;
use crate::identity::activity::Entry;
use crate::protocol::client::ClientId;
use crate::protocol::context::Timestamp;
use crate::protocol::error::StoreError;
use crate::protocol::scope::Scope;
use crate::protocol::store::Subject;
use crate::protocol::tokens::family::RevocationReason;

/// A user and how the user proves to be it.
#[derive(Clone, PartialEq, Eq)]
pub struct User {
    /// What tokens may say.
    pub subject: Subject,
    /// Argon2id in PHC form; `None`: cannot sign in with a password.
    pub password_hash: Option<String>,
    /// When the user was made.
    pub created_at: Timestamp,
}

impl fmt::Debug for User {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let password_hash = self.password_hash.as_ref().map(|_| "[redacted]");
        formatter
            .debug_struct("User")
            .field("subject", &self.subject)
            .field("password_hash", &password_hash)
            .field("created_at", &self.created_at)
            .finish()
    }
}

/// A browser that somebody signed in with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    /// Public identifier: the `sid` claim.
    pub id: String,
    /// Digest of the cookie.
    pub cookie: Digest,
    /// The user's `sub`.
    pub subject: String,
    /// When the user proved to be it.
    pub auth_time: Timestamp,
    /// How (RFC 8176).
    pub amr: Vec<String>,
    /// When the session began.
    pub created_at: Timestamp,
    /// When it was last used; written at most once a minute.
    pub last_seen_at: Timestamp,
    /// From when on it is over, however much it is used.
    pub expires_at: Timestamp,
    /// What the browser called itself, cut to 200 characters.
    pub user_agent: String,
    /// The address it came from.
    pub address: String,
}

/// That a user agreed to what a client may do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Consent {
    /// The user's `sub`.
    pub subject: String,
    /// The client.
    pub client_id: ClientId,
    /// What was agreed to, over time.
    pub scope: Scope,
    /// When first.
    pub created_at: Timestamp,
    /// When last.
    pub updated_at: Timestamp,
}

/// A client that can act for a user: agreed to, or holding tokens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConnectedApp {
    /// The client.
    pub client_id: ClientId,
    /// What it may do.
    pub scope: Scope,
    /// Since when.
    pub since: Timestamp,
    /// When it last used a refresh token.
    pub last_used_at: Option<Timestamp>,
}

/// Failed tries under one key (a source, or an account).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Failures {
    /// How many since `since`.
    pub count: i64,
    /// When the count began.
    pub since: Timestamp,
    /// When the last one was.
    pub last: Timestamp,
}

/// Users.
pub trait Users {
    /// By the name to sign in with, compared without regard to ASCII case.
    fn user_by_username(&mut self, username: &str) -> Result<Option<User>, StoreError>;
    /// By `sub`.
    fn user(&mut self, subject: &str) -> Result<Option<User>, StoreError>;
    /// Adds one; a taken name is [`Trouble::Conflict`](crate::protocol::error::Trouble::Conflict).
    fn add_user(&mut self, user: &User) -> Result<(), StoreError>;
    /// Replaces everything but `sub`; false when there is no such user.
    fn replace_user(&mut self, user: &User) -> Result<bool, StoreError>;
    /// Removes the user with sessions, consents, codes and families; false when there is no such user.
    fn delete_user(&mut self, subject: &str) -> Result<bool, StoreError>;
    /// All of them, by name.
    fn users(&mut self) -> Result<Vec<User>, StoreError>;
}

/// Browser sessions.
pub trait Sessions {
    /// Remembers a new one.
    fn add_session(&mut self, session: &Session) -> Result<(), StoreError>;
    /// Finds one by its cookie, expired or not; an ended one is gone.
    fn session(&mut self, cookie: &Digest) -> Result<Option<Session>, StoreError>;
    /// The sessions of a user, newest use first.
    fn sessions_of(&mut self, subject: &str) -> Result<Vec<Session>, StoreError>;
    /// Replaces cookie, times and proof of the session of the same id, which its user proved again to hold; false
    /// when it was gone.
    fn renew_session(&mut self, session: &Session) -> Result<bool, StoreError>;
    /// Notes the use; false when the session was ended. Contends with [`Sessions::end_session`] for the same row, so what
    /// is made for a session after a true answer is there to be revoked when it ends.
    fn touch_session(&mut self, id: &str, now: Timestamp) -> Result<bool, StoreError>;
    /// Has all that ends something of that person wait until this transaction is over. Before anything else is changed: who
    /// ends several sessions of a person then waits for nobody who ends one of them.
    fn lock_person(&mut self, subject: &str) -> Result<(), StoreError>;
    /// Ends it, revokes the families that belong to it and forgets its unredeemed codes, in this transaction; false
    /// when it was gone. Rules call [`session::end`](crate::identity::session::end), which also has clients told.
    fn end_session(&mut self, id: &str, now: Timestamp) -> Result<bool, StoreError>;
}

/// Consents.
pub trait Consents {
    /// What the user agreed to for this client.
    fn consent(
        &mut self,
        subject: &str,
        client_id: &ClientId,
    ) -> Result<Option<Consent>, StoreError>;
    /// Remembers it, in place of an earlier one.
    fn save_consent(&mut self, consent: &Consent) -> Result<(), StoreError>;
    /// Forgets the consent and the unredeemed codes, and revokes all families, of that user and client, in this
    /// transaction.
    fn disconnect(
        &mut self,
        subject: &str,
        client_id: &ClientId,
        reason: RevocationReason,
        now: Timestamp,
    ) -> Result<(), StoreError>;
    /// Revokes all families of the user, in this transaction; what the user agreed to stays.
    fn revoke_families_of_person(
        &mut self,
        subject: &str,
        reason: RevocationReason,
        now: Timestamp,
    ) -> Result<(), StoreError>;
    /// The clients that can act for the user at that time: a consent, or a living family, by client id.
    fn connected_apps(
        &mut self,
        subject: &str,
        now: Timestamp,
    ) -> Result<Vec<ConnectedApp>, StoreError>;
}

/// What people are told about their accounts.
pub trait Activities {
    /// What happened to the account, newest first, from its last `most` events.
    fn activities_of(&mut self, subject: &str, most: u32) -> Result<Vec<Entry>, StoreError>;
}

/// Counts of failed tries.
pub trait Throttle {
    /// Adds one failure **before** the try is checked, in one atomic statement, and answers the count
    /// including it. A count whose last failure is older than `window` seconds begins anew.
    fn count_failure(
        &mut self,
        key: &Digest,
        now: Timestamp,
        window: i64,
    ) -> Result<Failures, StoreError>;
    /// What was counted so far.
    fn failures(&mut self, key: &Digest) -> Result<Failures, StoreError>;
    /// Takes back what [`Throttle::count_failure`] added, after a success; forgets the count when `all`.
    fn forgive(&mut self, key: &Digest, all: Forgive) -> Result<(), StoreError>;
}

/// How much of a count to take back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Forgive {
    /// The one failure that was counted ahead.
    One,
    /// Everything.
    All,
}

/// Links that work once.
pub trait OneTimeLinks {
    /// Remembers a new one, in place of all earlier ones of that purpose.
    fn add_link(
        &mut self,
        purpose: &'static str,
        token: &Digest,
        expires_at: Timestamp,
    ) -> Result<(), StoreError>;
    /// Until when the link of that purpose is good; `None` once it was used.
    fn link_expiry(
        &mut self,
        purpose: &'static str,
        token: &Digest,
    ) -> Result<Option<Timestamp>, StoreError>;
    /// **Gate**: uses it up; true for exactly one caller.
    fn use_link(&mut self, purpose: &'static str, token: &Digest) -> Result<bool, StoreError>;
    /// Whether the deployment has its first administrator; once true, always true.
    fn is_set_up(&mut self) -> Result<bool, StoreError>;
    /// Says so.
    fn mark_set_up(&mut self) -> Result<(), StoreError>;
}

/// All of it, and what the protocol needs.
pub trait IdentityStore:
    crate::protocol::store::Store + Users + Sessions + Consents + Activities + Throttle + OneTimeLinks
{
}

impl<T> IdentityStore for T where
    T: crate::protocol::store::Store
        + Users
        + Sessions
        + Consents
        + Activities
        + Throttle
        + OneTimeLinks
{
}
