//! The store in memory: the plainest implementation of the traits, for tests of rules. It passes the same list of
//! checks as both databases (`tests/it/store`).

mod identity;
mod logout;
mod personal_tokens;

use std::collections::{BTreeMap, BTreeSet};

use issuant::crypto::digest::Digest;
use issuant::identity::store::{Consent, Failures, Session, User, Users as _};
use issuant::protocol::client::ClientId;
use issuant::protocol::context::Timestamp;
use issuant::protocol::error::{Fault, StoreError};
use issuant::protocol::logout_notice::LogoutNotice;
use issuant::protocol::personal_token::PersonalToken;
use issuant::protocol::store::{
    AuthorizationCode, AuthorizationCodes, ReferenceTokens, Replays, RevokedTokens, SecurityEvent,
    SecurityEvents, Subject, Subjects, TokenFamilies, WaitingRequest, WaitingRequests,
};
use issuant::protocol::tokens::family::{Family, RevocationReason, Revoked, Rotation};
use issuant::protocol::tokens::refresh_token::FamilyId;
use issuant::protocol::trust::reference::ReferenceToken;

/// Everything that is remembered.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct MemoryStore {
    pub(crate) requests: BTreeMap<Digest, WaitingRequest>,
    pub(crate) codes: BTreeMap<Digest, AuthorizationCode>,
    pub(crate) families: BTreeMap<FamilyId, Family>,
    /// The newest family of each agent.
    pub(crate) of_agents: BTreeMap<ClientId, FamilyId>,
    pub(crate) revoked_tokens: BTreeMap<String, Timestamp>,
    pub(crate) reference_tokens: BTreeMap<Digest, ReferenceToken>,
    pub(crate) replays: BTreeMap<(&'static str, Digest), Timestamp>,
    pub(crate) events: Vec<SecurityEvent>,
    pub(crate) session_clients: BTreeSet<(String, ClientId)>,
    pub(crate) notices: Vec<LogoutNotice>,
    pub(crate) personal_tokens: BTreeMap<String, PersonalToken>,
    pub(crate) users: BTreeMap<String, User>,
    pub(crate) sessions: BTreeMap<String, Session>,
    pub(crate) consents: BTreeMap<(String, ClientId), Consent>,
    pub(crate) failures: BTreeMap<Digest, Failures>,
    pub(crate) links: BTreeMap<&'static str, (Digest, Timestamp)>,
    pub(crate) is_set_up: bool,
}

impl MemoryStore {
    /// Runs a rule as [`issuant::storage::Storage::write`] does: what it wrote stays when it succeeds and when it
    /// refuses, and is undone when it fails.
    pub(crate) fn transaction<T, R>(
        &mut self,
        rule: impl FnOnce(&mut Self) -> Result<T, Fault<R>>,
    ) -> Result<T, Fault<R>> {
        let before = self.clone();
        let outcome = rule(self);
        if matches!(outcome, Err(Fault::Failed(_))) {
            *self = before;
        }
        outcome
    }

    fn revoke_where(
        &mut self,
        which: impl Fn(&Family) -> bool,
        reason: RevocationReason,
        at: Timestamp,
    ) -> usize {
        let living = self
            .families
            .values_mut()
            .filter(|family| family.revoked.is_none() && which(family));
        living
            .map(|family| family.revoked = Some(Revoked { at, reason }))
            .count()
    }
}

impl WaitingRequests for MemoryStore {
    fn add_waiting_request(&mut self, request: &WaitingRequest) -> Result<(), StoreError> {
        self.requests.insert(request.handle, request.clone());
        Ok(())
    }

    fn waiting_request(&mut self, handle: &Digest) -> Result<Option<WaitingRequest>, StoreError> {
        Ok(self.requests.get(handle).cloned())
    }

    fn mark_signed_in(&mut self, handle: &Digest, session: &str) -> Result<(), StoreError> {
        if let Some(request) = self.requests.get_mut(handle) {
            request.signed_in_by = Some(session.to_owned());
        }
        self.mark_chosen(handle, session)
    }

    fn mark_chosen(&mut self, handle: &Digest, session: &str) -> Result<(), StoreError> {
        if let Some(request) = self.requests.get_mut(handle) {
            request.chosen_by = Some(session.to_owned());
        }
        Ok(())
    }

    fn mark_consented(&mut self, handle: &Digest, session: &str) -> Result<(), StoreError> {
        if let Some(request) = self.requests.get_mut(handle) {
            request.consented_by = Some(session.to_owned());
        }
        Ok(())
    }

    fn finish_waiting_request(&mut self, handle: &Digest) -> Result<bool, StoreError> {
        Ok(self.requests.remove(handle).is_some())
    }
}

impl AuthorizationCodes for MemoryStore {
    fn add_code(&mut self, code: &AuthorizationCode) -> Result<(), StoreError> {
        self.codes.insert(code.digest, code.clone());
        Ok(())
    }

    fn code(
        &mut self,
        digest: &Digest,
        client_id: &ClientId,
    ) -> Result<Option<AuthorizationCode>, StoreError> {
        let code = self.codes.get(digest);
        Ok(code.filter(|code| code.client_id == *client_id).cloned())
    }

    fn redeem_code(&mut self, digest: &Digest, now: Timestamp) -> Result<bool, StoreError> {
        let code = self.codes.get_mut(digest);
        let Some(code) = code.filter(|code| code.redeemed_at.is_none()) else {
            return Ok(false);
        };
        code.redeemed_at = Some(now);
        Ok(true)
    }
}

impl TokenFamilies for MemoryStore {
    fn add_family(&mut self, family: &Family) -> Result<(), StoreError> {
        self.families.insert(family.id, family.clone());
        Ok(())
    }

    fn family(&mut self, id: &FamilyId) -> Result<Option<Family>, StoreError> {
        Ok(self.families.get(id).cloned())
    }

    fn family_of_agent(&mut self, client_id: &ClientId) -> Result<Option<Family>, StoreError> {
        let id = self.of_agents.get(client_id);
        let family = id.and_then(|id| self.families.get(id));
        Ok(family.filter(|family| family.revoked.is_none()).cloned())
    }

    fn begin_family_of_agent(&mut self, family: &Family) -> Result<bool, StoreError> {
        if self.family_of_agent(&family.client_id)?.is_some() {
            return Ok(false);
        }
        self.of_agents.insert(family.client_id.clone(), family.id);
        self.families.insert(family.id, family.clone());
        Ok(true)
    }

    fn rotate(&mut self, id: &FamilyId, rotation: &Rotation) -> Result<bool, StoreError> {
        let Some(family) = self.families.get_mut(id) else {
            return Ok(false);
        };
        if family.revoked.is_some() || family.rotation.version != rotation.version - 1 {
            return Ok(false);
        }
        family.rotation = rotation.clone();
        Ok(true)
    }

    fn revoke_family(
        &mut self,
        id: &FamilyId,
        reason: RevocationReason,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        Ok(self.revoke_where(|family| family.id == *id, reason, now) == 1)
    }
}

impl RevokedTokens for MemoryStore {
    fn revoke_token(&mut self, jti: &str, expires_at: Timestamp) -> Result<(), StoreError> {
        self.revoked_tokens
            .entry(jti.to_owned())
            .or_insert(expires_at);
        Ok(())
    }

    fn is_token_revoked(&mut self, jti: &str) -> Result<bool, StoreError> {
        Ok(self.revoked_tokens.contains_key(jti))
    }
}

impl Replays for MemoryStore {
    fn use_once(
        &mut self,
        purpose: &'static str,
        value: &Digest,
        expires_at: Timestamp,
    ) -> Result<bool, StoreError> {
        let is_new = !self.replays.contains_key(&(purpose, *value));
        if is_new {
            self.replays.insert((purpose, *value), expires_at);
        }
        Ok(is_new)
    }
}

impl ReferenceTokens for MemoryStore {
    fn add_reference_token(&mut self, token: &ReferenceToken) -> Result<(), StoreError> {
        self.reference_tokens.insert(token.digest, token.clone());
        Ok(())
    }

    fn reference_token(&mut self, digest: &Digest) -> Result<Option<ReferenceToken>, StoreError> {
        Ok(self.reference_tokens.get(digest).cloned())
    }

    fn end_reference_token(&mut self, digest: &Digest) -> Result<bool, StoreError> {
        Ok(self.reference_tokens.remove(digest).is_some())
    }
}

impl Subjects for MemoryStore {
    fn subject(&mut self, id: &str) -> Result<Option<Subject>, StoreError> {
        Ok(self.users.get(id).map(|user| user.subject.clone()))
    }

    fn subject_by_username(&mut self, username: &str) -> Result<Option<Subject>, StoreError> {
        Ok(self.user_by_username(username)?.map(|user| user.subject))
    }

    fn session_expiry(&mut self, session: &str) -> Result<Option<Timestamp>, StoreError> {
        Ok(self.sessions.get(session).map(|session| session.expires_at))
    }
}

impl SecurityEvents for MemoryStore {
    fn record(&mut self, event: &SecurityEvent) -> Result<(), StoreError> {
        self.events.push(event.clone());
        Ok(())
    }
}
