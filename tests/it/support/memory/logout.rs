//! What is remembered for clients that hear of sign-outs, in memory.

use issuant::protocol::client::ClientId;
use issuant::protocol::context::Timestamp;
use issuant::protocol::error::StoreError;
use issuant::protocol::logout_notice::{LogoutNotice, NoticeState};
use issuant::protocol::store::{LogoutNotices, SessionClients};

use super::MemoryStore;

impl SessionClients for MemoryStore {
    fn join_session(&mut self, session: &str, client_id: &ClientId) -> Result<(), StoreError> {
        self.session_clients
            .insert((session.to_owned(), client_id.clone()));
        Ok(())
    }

    fn clients_of_session(&mut self, session: &str) -> Result<Vec<ClientId>, StoreError> {
        let joined = self.session_clients.iter();
        Ok(joined
            .filter(|(joined, _)| joined == session)
            .map(|(_, client)| client.clone())
            .collect())
    }
}

impl LogoutNotices for MemoryStore {
    fn owe_notice(&mut self, notice: &LogoutNotice) -> Result<(), StoreError> {
        self.notices.push(notice.clone());
        Ok(())
    }

    fn due_notices(&mut self, now: Timestamp, most: i64) -> Result<Vec<LogoutNotice>, StoreError> {
        let mut due: Vec<LogoutNotice> = self.notices.clone();
        due.retain(|notice| notice.state == NoticeState::Waiting && notice.due_at <= now);
        due.sort_by_key(|notice| notice.due_at);
        due.truncate(usize::try_from(most).unwrap());
        Ok(due)
    }

    fn take_notice(
        &mut self,
        notice: &LogoutNotice,
        due_at: Timestamp,
    ) -> Result<bool, StoreError> {
        let Some(stored) = self.same_try(notice) else {
            return Ok(false);
        };
        stored.tries += 1;
        stored.due_at = due_at;
        Ok(true)
    }

    fn note_try(&mut self, notice: &LogoutNotice, now: Timestamp) -> Result<bool, StoreError> {
        let Some(stored) = self.same_try(notice) else {
            return Ok(false);
        };
        stored.state = notice.state;
        stored.failure.clone_from(&notice.failure);
        stored.settled_at = (notice.state != NoticeState::Waiting).then_some(now);
        Ok(true)
    }

    fn notices(&mut self, most: i64) -> Result<Vec<LogoutNotice>, StoreError> {
        let mut notices = self.notices.clone();
        notices.sort_by_key(|notice| std::cmp::Reverse(notice.ended_at));
        notices.truncate(usize::try_from(most).unwrap());
        Ok(notices)
    }
}

impl MemoryStore {
    fn same_try(&mut self, notice: &LogoutNotice) -> Option<&mut LogoutNotice> {
        self.notices.iter_mut().find(|stored| {
            stored.session == notice.session
                && stored.client_id == notice.client_id
                && stored.tries == notice.tries
                && stored.state == NoticeState::Waiting
        })
    }
}
