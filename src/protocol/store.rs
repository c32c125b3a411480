//! What the rules need remembered, as verbs of the protocol.
//!
//! Every implementation (memory in the tests, SQLite, PostgreSQL) passes the same list of checks in
//! `tests/it/store`. Inside one transaction a rule sees what it wrote. The gates, where something may happen only
//! once, say so: each is one conditional update of one row whose row count is the answer.

use crate::crypto::digest::Digest;
use crate::protocol::authorize::request::AuthorizationRequest;
use crate::protocol::claims::RequestedClaims;
use crate::protocol::client::ClientId;
use crate::protocol::context::Timestamp;
use crate::protocol::error::StoreError;
use crate::protocol::logout_notice::LogoutNotice;
use crate::protocol::personal_token::PersonalToken;
use crate::protocol::profile::Profile;
use crate::protocol::scope::Scope;
use crate::protocol::tokens::family::{Family, RevocationReason, Rotation};
use crate::protocol::tokens::refresh_token::FamilyId;
use crate::protocol::trust::reference::ReferenceToken;

/// The user that tokens speak of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subject {
    /// The `sub` claim: random, never reassigned.
    pub id: String,
    /// The name to sign in with; `preferred_username`.
    pub username: String,
    /// The full name; `name`.
    pub name: Option<String>,
    /// The address; `email`.
    pub email: Option<String>,
    /// Whether the address is known to be the user's; `email_verified`.
    pub email_verified: bool,
    /// What else is known of the person.
    pub profile: Profile,
    /// Roles within this deployment; `roles`.
    pub roles: Vec<String>,
    /// False once disabled.
    pub active: bool,
    /// When the profile last changed; `updated_at`.
    pub updated_at: Timestamp,
}

/// An authorization request that waits for the person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WaitingRequest {
    /// Digest of the handle in the address bar.
    pub handle: Digest,
    /// Digest of the cookie of the browser it came from.
    pub browser: Digest,
    /// What was asked for.
    pub request: AuthorizationRequest,
    /// When it came.
    pub created_at: Timestamp,
    /// From when on it is gone.
    pub expires_at: Timestamp,
    /// The session that began during this very request.
    pub signed_in_by: Option<String>,
    /// The session whose person agreed on the consent page during this very request.
    pub consented_by: Option<String>,
    /// The session of the account that the person chose, or signed in with, during this very request.
    pub chosen_by: Option<String>,
}

/// An authorization code, as it is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuthorizationCode {
    /// Digest of the code.
    pub digest: Digest,
    /// The family that its redemption makes; fixed at once, so that reuse knows what to revoke.
    pub family: FamilyId,
    /// The client it was issued to.
    pub client_id: ClientId,
    /// Where it was sent.
    pub redirect_uri: String,
    /// Whether the token request must repeat the address (RFC 6749 §4.1.3).
    pub redirect_uri_was_received: bool,
    /// RFC 7636 §4.3; S256 is the only method.
    pub code_challenge: Option<String>,
    /// The user who signed in.
    pub subject: String,
    /// The browser session.
    pub session: String,
    /// What was granted.
    pub scope: Scope,
    /// Claims that were asked for by name.
    pub claims: RequestedClaims,
    /// OpenID Connect Core §3.1.2.1.
    pub nonce: Option<String>,
    /// When the user signed in.
    pub auth_time: Timestamp,
    /// How the user signed in.
    pub amr: Vec<String>,
    /// From when on it is refused.
    pub expires_at: Timestamp,
    /// When it was redeemed.
    pub redeemed_at: Option<Timestamp>,
}

/// Something that an operator wants to know of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SecurityEvent {
    /// When.
    pub at: Timestamp,
    /// What, as `refresh_reuse`.
    pub kind: &'static str,
    /// The client, where there is one.
    pub client_id: Option<ClientId>,
    /// The user, where there is one.
    pub subject: Option<String>,
    /// The family, where there is one.
    pub family: Option<FamilyId>,
    /// From where, where a person did it: the network address, a blank, and what the browser called itself.
    pub browser: Option<String>,
}

/// Authorization requests that wait for a person.
pub trait WaitingRequests {
    /// Remembers a new one.
    fn add_waiting_request(&mut self, request: &WaitingRequest) -> Result<(), StoreError>;
    /// Finds one, expired or not.
    fn waiting_request(&mut self, handle: &Digest) -> Result<Option<WaitingRequest>, StoreError>;
    /// Marks that the session began during this request, and so was chosen for it.
    fn mark_signed_in(&mut self, handle: &Digest, session: &str) -> Result<(), StoreError>;
    /// Marks that the person chose the account of that session.
    fn mark_chosen(&mut self, handle: &Digest, session: &str) -> Result<(), StoreError>;
    /// Marks that the person of that session agreed.
    fn mark_consented(&mut self, handle: &Digest, session: &str) -> Result<(), StoreError>;
    /// **Gate**: removes it; true for exactly one caller, who alone may answer the request.
    fn finish_waiting_request(&mut self, handle: &Digest) -> Result<bool, StoreError>;
}

/// Authorization codes.
pub trait AuthorizationCodes {
    /// Remembers a new one.
    fn add_code(&mut self, code: &AuthorizationCode) -> Result<(), StoreError>;
    /// Finds the code of that client, redeemed or not, expired or not.
    fn code(
        &mut self,
        digest: &Digest,
        client_id: &ClientId,
    ) -> Result<Option<AuthorizationCode>, StoreError>;
    /// **Gate**: marks it redeemed; true for exactly one caller.
    fn redeem_code(&mut self, digest: &Digest, now: Timestamp) -> Result<bool, StoreError>;
}

/// Token families.
pub trait TokenFamilies {
    /// Remembers a new one.
    fn add_family(&mut self, family: &Family) -> Result<(), StoreError>;
    /// Finds one, dead or alive. Inside a transaction that lost a [`TokenFamilies::rotate`], a second look sees
    /// what the winner committed.
    fn family(&mut self, id: &FamilyId) -> Result<Option<Family>, StoreError>;
    /// The family of an agent that is not revoked, expired or not.
    fn family_of_agent(&mut self, client_id: &ClientId) -> Result<Option<Family>, StoreError>;
    /// **Gate**: remembers a new one of an agent; false when it has one that is not revoked.
    fn begin_family_of_agent(&mut self, family: &Family) -> Result<bool, StoreError>;
    /// **Gate**: replaces the rotation if its version is still the one before `rotation.version` and the family is
    /// not revoked; true for exactly one caller of each version. Contends with
    /// [`TokenFamilies::revoke_family`] for the same row.
    fn rotate(&mut self, id: &FamilyId, rotation: &Rotation) -> Result<bool, StoreError>;
    /// Revokes it; true unless it was revoked before or does not exist.
    fn revoke_family(
        &mut self,
        id: &FamilyId,
        reason: RevocationReason,
        now: Timestamp,
    ) -> Result<bool, StoreError>;
}

/// Single access tokens that were revoked before their time.
pub trait RevokedTokens {
    /// Remembers the `jti` until the token would have expired.
    fn revoke_token(&mut self, jti: &str, expires_at: Timestamp) -> Result<(), StoreError>;
    /// Whether the `jti` was revoked.
    fn is_token_revoked(&mut self, jti: &str) -> Result<bool, StoreError>;
}

/// Tokens that people have for scripts.
pub trait PersonalTokens {
    /// Remembers a new one. The key that signs it stays published until it has expired.
    fn add_personal_token(&mut self, token: &PersonalToken, key_id: &str)
    -> Result<(), StoreError>;
    /// The one of that `jti`, expired and revoked ones as well; it goes with its person.
    fn personal_token(&mut self, id: &str) -> Result<Option<PersonalToken>, StoreError>;
    /// Those of a person, newest first, expired and revoked ones as well.
    fn personal_tokens_of(&mut self, subject: &str) -> Result<Vec<PersonalToken>, StoreError>;
    /// **Gate**: takes it back; true for exactly one caller.
    fn revoke_personal_token(&mut self, id: &str, now: Timestamp) -> Result<bool, StoreError>;
}

/// Values that may be used once, such as the `jti` of an assertion.
pub trait Replays {
    /// **Gate**: remembers the value for that purpose; true for exactly one caller.
    fn use_once(
        &mut self,
        purpose: &'static str,
        value: &Digest,
        expires_at: Timestamp,
    ) -> Result<bool, StoreError>;
}

/// Tokens that are references.
pub trait ReferenceTokens {
    /// Remembers a new one.
    fn add_reference_token(&mut self, token: &ReferenceToken) -> Result<(), StoreError>;
    /// Finds one, expired or not.
    fn reference_token(&mut self, digest: &Digest) -> Result<Option<ReferenceToken>, StoreError>;
    /// **Gate**: ends it; true for exactly one caller.
    fn end_reference_token(&mut self, digest: &Digest) -> Result<bool, StoreError>;
}

/// Users and their sessions, as far as tokens speak of them.
pub trait Subjects {
    /// The user of that `sub`.
    fn subject(&mut self, id: &str) -> Result<Option<Subject>, StoreError>;
    /// The user of that name, without heed of case.
    fn subject_by_username(&mut self, username: &str) -> Result<Option<Subject>, StoreError>;
    /// From when on the browser session of that `sid` is over, however much it is used; `None` once it was ended.
    fn session_expiry(&mut self, session: &str) -> Result<Option<Timestamp>, StoreError>;
}

/// Which clients took part in a session.
pub trait SessionClients {
    /// Remembers that the client does; once is enough.
    fn join_session(&mut self, session: &str, client_id: &ClientId) -> Result<(), StoreError>;
    /// The clients that did, by id; none once the session is gone.
    fn clients_of_session(&mut self, session: &str) -> Result<Vec<ClientId>, StoreError>;
}

/// What clients have to hear of sessions that ended.
pub trait LogoutNotices {
    /// Remembers that the client has to hear of it, in the transaction that ends the session; due at once.
    fn owe_notice(&mut self, notice: &LogoutNotice) -> Result<(), StoreError>;
    /// Those that wait and are due, longest due first, at most `most`.
    fn due_notices(&mut self, now: Timestamp, most: i64) -> Result<Vec<LogoutNotice>, StoreError>;
    /// **Gate**: takes a notice for one more try, which is due again at `due_at` unless it is settled before. True for
    /// exactly one caller of each count of tries.
    fn take_notice(&mut self, notice: &LogoutNotice, due_at: Timestamp)
    -> Result<bool, StoreError>;
    /// Writes down how the try went that took it; false when another try has begun or it was settled before.
    fn note_try(&mut self, notice: &LogoutNotice, now: Timestamp) -> Result<bool, StoreError>;
    /// All that are kept, newest first, at most `most`.
    fn notices(&mut self, most: i64) -> Result<Vec<LogoutNotice>, StoreError>;
}

/// The record of security events.
pub trait SecurityEvents {
    /// Writes one, in the transaction of what it tells of.
    fn record(&mut self, event: &SecurityEvent) -> Result<(), StoreError>;
}

/// All of it.
pub trait Store:
    WaitingRequests
    + AuthorizationCodes
    + TokenFamilies
    + RevokedTokens
    + ReferenceTokens
    + PersonalTokens
    + Replays
    + Subjects
    + SessionClients
    + LogoutNotices
    + SecurityEvents
{
}

impl<T> Store for T where
    T: WaitingRequests
        + AuthorizationCodes
        + TokenFamilies
        + RevokedTokens
        + ReferenceTokens
        + PersonalTokens
        + Replays
        + Subjects
        + SessionClients
        + LogoutNotices
        + SecurityEvents
{
}
