//! What the rules about people need remembered, in memory.

use std::collections::BTreeMap;

use issuant::crypto::digest::Digest;
use issuant::identity::activity::{Activity, Entry};
use issuant::identity::store::{
    Activities, ConnectedApp, Consent, Consents, Failures, Forgive, OneTimeLinks, Session,
    Sessions, Throttle, User, Users,
};
use issuant::protocol::client::ClientId;
use issuant::protocol::context::Timestamp;
use issuant::protocol::error::{StoreError, Trouble};
use issuant::protocol::store::SecurityEvent;
use issuant::protocol::tokens::family::{Family, RevocationReason};

use super::MemoryStore;

fn conflict() -> StoreError {
    StoreError::plain(Trouble::Conflict, "adding something whose name is taken")
}

impl Users for MemoryStore {
    fn user_by_username(&mut self, username: &str) -> Result<Option<User>, StoreError> {
        let mut users = self.users.values();
        Ok(users
            .find(|user| user.subject.username.eq_ignore_ascii_case(username))
            .cloned())
    }

    fn user(&mut self, subject: &str) -> Result<Option<User>, StoreError> {
        Ok(self.users.get(subject).cloned())
    }

    fn add_user(&mut self, user: &User) -> Result<(), StoreError> {
        let id = &user.subject.id;
        if self.user_by_username(&user.subject.username)?.is_some() || self.users.contains_key(id) {
            return Err(conflict());
        }
        self.users.insert(id.clone(), user.clone());
        Ok(())
    }

    fn replace_user(&mut self, user: &User) -> Result<bool, StoreError> {
        let id = &user.subject.id;
        match self.user_by_username(&user.subject.username)? {
            Some(other) if other.subject.id != *id => return Err(conflict()),
            Some(_) | None => {}
        }
        let Some(stored) = self.users.get_mut(id) else {
            return Ok(false);
        };
        *stored = user.clone();
        Ok(true)
    }

    fn delete_user(&mut self, subject: &str) -> Result<bool, StoreError> {
        self.sessions
            .retain(|_, session| session.subject != subject);
        let sessions = &self.sessions;
        self.session_clients
            .retain(|(session, _)| sessions.contains_key(session));
        self.consents
            .retain(|_, consent| consent.subject != subject);
        self.codes.retain(|_, code| code.subject != subject);
        let is_other = |family: &Family| family.subject.as_deref() != Some(subject);
        self.families.retain(|_, family| is_other(family));
        self.personal_tokens
            .retain(|_, token| token.subject != subject);
        Ok(self.users.remove(subject).is_some())
    }

    fn users(&mut self) -> Result<Vec<User>, StoreError> {
        let mut users: Vec<User> = self.users.values().cloned().collect();
        users.sort_by_key(|user| user.subject.username.to_ascii_lowercase());
        Ok(users)
    }
}

impl Sessions for MemoryStore {
    fn add_session(&mut self, session: &Session) -> Result<(), StoreError> {
        self.sessions.insert(session.id.clone(), session.clone());
        Ok(())
    }

    fn session(&mut self, cookie: &Digest) -> Result<Option<Session>, StoreError> {
        let mut sessions = self.sessions.values();
        Ok(sessions.find(|session| session.cookie == *cookie).cloned())
    }

    fn sessions_of(&mut self, subject: &str) -> Result<Vec<Session>, StoreError> {
        let of_subject = self.sessions.values().filter(|s| s.subject == subject);
        let mut sessions: Vec<Session> = of_subject.cloned().collect();
        sessions.sort_by_key(|session| std::cmp::Reverse(session.last_seen_at));
        Ok(sessions)
    }

    fn renew_session(&mut self, session: &Session) -> Result<bool, StoreError> {
        let Some(stored) = self.sessions.get_mut(&session.id) else {
            return Ok(false);
        };
        *stored = session.clone();
        Ok(true)
    }

    fn touch_session(&mut self, id: &str, now: Timestamp) -> Result<bool, StoreError> {
        let session = self.sessions.get_mut(id);
        Ok(session.is_some_and(|session| {
            session.last_seen_at = now;
            true
        }))
    }

    fn lock_person(&mut self, _subject: &str) -> Result<(), StoreError> {
        Ok(())
    }

    fn end_session(&mut self, id: &str, now: Timestamp) -> Result<bool, StoreError> {
        let of_session = |family: &Family| family.session.as_deref() == Some(id);
        self.revoke_where(of_session, RevocationReason::SignOut, now);
        self.codes
            .retain(|_, code| code.session != id || code.redeemed_at.is_some());
        self.session_clients.retain(|(session, _)| session != id);
        Ok(self.sessions.remove(id).is_some())
    }
}

impl Consents for MemoryStore {
    fn consent(
        &mut self,
        subject: &str,
        client_id: &ClientId,
    ) -> Result<Option<Consent>, StoreError> {
        let key = (subject.to_owned(), client_id.clone());
        Ok(self.consents.get(&key).cloned())
    }

    fn save_consent(&mut self, consent: &Consent) -> Result<(), StoreError> {
        let key = (consent.subject.clone(), consent.client_id.clone());
        self.consents.insert(key, consent.clone());
        Ok(())
    }

    fn disconnect(
        &mut self,
        subject: &str,
        client_id: &ClientId,
        reason: RevocationReason,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        self.consents
            .remove(&(subject.to_owned(), client_id.clone()));
        self.codes.retain(|_, code| {
            code.subject != subject || code.client_id != *client_id || code.redeemed_at.is_some()
        });
        let theirs = |family: &Family| {
            family.subject.as_deref() == Some(subject) && family.client_id == *client_id
        };
        self.revoke_where(theirs, reason, now);
        Ok(())
    }

    fn revoke_families_of_person(
        &mut self,
        subject: &str,
        reason: RevocationReason,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let theirs = |family: &Family| family.subject.as_deref() == Some(subject);
        self.revoke_where(theirs, reason, now);
        Ok(())
    }

    fn connected_apps(
        &mut self,
        subject: &str,
        now: Timestamp,
    ) -> Result<Vec<ConnectedApp>, StoreError> {
        let mut apps = BTreeMap::new();
        for consent in self.consents.values().filter(|c| c.subject == subject) {
            let app = ConnectedApp {
                client_id: consent.client_id.clone(),
                scope: consent.scope.clone(),
                since: consent.created_at,
                last_used_at: None,
            };
            apps.insert(consent.client_id.clone(), app);
        }
        for family in self.families.values() {
            let is_living = family.revoked.is_none()
                && now < family.expires_at
                && now < family.rotation.idle_expires_at;
            if family.subject.as_deref() != Some(subject) || !is_living {
                continue;
            }
            let app = apps
                .entry(family.client_id.clone())
                .or_insert_with(|| ConnectedApp {
                    client_id: family.client_id.clone(),
                    scope: family.scope.clone(),
                    since: family.created_at,
                    last_used_at: None,
                });
            app.scope = app.scope.union(&family.scope);
            app.since = app.since.min(family.created_at);
            app.last_used_at = app.last_used_at.max(Some(family.rotation.last_used_at));
        }
        Ok(apps.into_values().collect())
    }
}

impl Activities for MemoryStore {
    fn activities_of(&mut self, subject: &str, most: u32) -> Result<Vec<Entry>, StoreError> {
        let events = self.events.iter().rev();
        let theirs = events.filter(|event| event.subject.as_deref() == Some(subject));
        let entry = |event: &SecurityEvent| {
            let browser = event.browser.as_deref().and_then(|it| it.split_once(' '));
            Some(Entry {
                at: event.at,
                activity: Activity::named(event.kind)?,
                client_id: event.client_id.clone(),
                address: browser.map(|(address, _)| address.to_owned()),
                user_agent: browser.map(|(_, agent)| agent.to_owned()),
            })
        };
        Ok(theirs
            .take(usize::try_from(most).unwrap())
            .filter_map(entry)
            .collect())
    }
}

impl Throttle for MemoryStore {
    fn count_failure(
        &mut self,
        key: &Digest,
        now: Timestamp,
        window: i64,
    ) -> Result<Failures, StoreError> {
        let failures = self.failures.entry(*key).or_insert(Failures {
            count: 0,
            since: now,
            last: now,
        });
        if failures.last < now - window {
            failures.count = 0;
            failures.since = now;
        }
        failures.count += 1;
        failures.last = now;
        Ok(*failures)
    }

    fn failures(&mut self, key: &Digest) -> Result<Failures, StoreError> {
        Ok(self.failures.get(key).copied().unwrap_or_default())
    }

    fn forgive(&mut self, key: &Digest, all: Forgive) -> Result<(), StoreError> {
        if let Some(failures) = self.failures.get_mut(key) {
            failures.count -= 1;
            if all == Forgive::All || failures.count == 0 {
                self.failures.remove(key);
            }
        }
        Ok(())
    }
}

impl OneTimeLinks for MemoryStore {
    fn add_link(
        &mut self,
        purpose: &'static str,
        token: &Digest,
        expires_at: Timestamp,
    ) -> Result<(), StoreError> {
        self.links.insert(purpose, (*token, expires_at));
        Ok(())
    }

    fn link_expiry(
        &mut self,
        purpose: &'static str,
        token: &Digest,
    ) -> Result<Option<Timestamp>, StoreError> {
        let link = self.links.get(purpose).filter(|link| link.0 == *token);
        Ok(link.map(|link| link.1))
    }

    fn use_link(&mut self, purpose: &'static str, token: &Digest) -> Result<bool, StoreError> {
        let is_good = self.link_expiry(purpose, token)?.is_some();
        if is_good {
            self.links.remove(purpose);
        }
        Ok(is_good)
    }

    fn is_set_up(&mut self) -> Result<bool, StoreError> {
        Ok(self.is_set_up)
    }

    fn mark_set_up(&mut self) -> Result<(), StoreError> {
        self.is_set_up = true;
        Ok(())
    }
}
