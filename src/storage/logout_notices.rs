//! Which clients took part in a session, and what they have to hear of its end.

use diesel::prelude::*;

use crate::protocol::client::ClientId;
use crate::protocol::context::Timestamp;
use crate::protocol::error::StoreError;
use crate::protocol::logout_notice::{LogoutNotice, NoticeState};
use crate::protocol::store::{LogoutNotices, SessionClients};
use crate::storage::backend::{Transaction, on};
use crate::storage::columns::parse;
use crate::storage::schema::logout_notices::{self as notices, dsl::logout_notices as table};
use crate::storage::schema::session_clients;

impl SessionClients for Transaction {
    fn join_session(&mut self, session: &str, client_id: &ClientId) -> Result<(), StoreError> {
        let row = (
            session_clients::session_id.eq(session),
            session_clients::client_id.eq(client_id.as_str()),
        );
        on!(self, "adding a client to a session", c => {
            diesel::insert_into(session_clients::table)
                .values(&row)
                .on_conflict_do_nothing()
                .execute(c)
        })?;
        Ok(())
    }

    fn clients_of_session(&mut self, session: &str) -> Result<Vec<ClientId>, StoreError> {
        let ids: Vec<String> = on!(self, "reading the clients of a session", c => {
            session_clients::table
                .filter(session_clients::session_id.eq(session))
                .order(session_clients::client_id)
                .select(session_clients::client_id)
                .load(c)
        })?;
        ids.iter()
            .map(|id| parse(id, "reading the clients of a session, which is damaged"))
            .collect()
    }
}

impl LogoutNotices for Transaction {
    fn owe_notice(&mut self, notice: &LogoutNotice) -> Result<(), StoreError> {
        let row = NoticeRow::from(notice);
        on!(self, "adding a logout notice", c => diesel::insert_into(table).values(&row).execute(c))?;
        Ok(())
    }

    fn due_notices(&mut self, now: Timestamp, most: i64) -> Result<Vec<LogoutNotice>, StoreError> {
        let rows: Vec<NoticeRow> = on!(self, "reading the logout notices that are due", c => {
            table
                .filter(notices::state.eq(NoticeState::Waiting.as_str()))
                .filter(notices::due_at.le(now))
                .order(notices::due_at)
                .limit(most)
                .select(NoticeRow::as_select())
                .load(c)
        })?;
        rows.into_iter().map(LogoutNotice::try_from).collect()
    }

    fn take_notice(
        &mut self,
        notice: &LogoutNotice,
        due_at: Timestamp,
    ) -> Result<bool, StoreError> {
        // The gate: of two callers one changes the count, the other finds it changed.
        let key = (notice.session.as_str(), notice.client_id.as_str());
        let rows = on!(self, "taking a logout notice", c => {
            diesel::update(table.find(key))
                .filter(notices::tries.eq(notice.tries))
                .filter(notices::state.eq(NoticeState::Waiting.as_str()))
                .set((notices::tries.eq(notice.tries + 1), notices::due_at.eq(due_at)))
                .execute(c)
        })?;
        Ok(rows == 1)
    }

    fn note_try(&mut self, notice: &LogoutNotice, now: Timestamp) -> Result<bool, StoreError> {
        let key = (notice.session.as_str(), notice.client_id.as_str());
        let settled_at = (notice.state != NoticeState::Waiting).then_some(now);
        let rows = on!(self, "noting how a logout notice was taken", c => {
            diesel::update(table.find(key))
                .filter(notices::tries.eq(notice.tries))
                .filter(notices::state.eq(NoticeState::Waiting.as_str()))
                .set((
                    notices::state.eq(notice.state.as_str()),
                    notices::settled_at.eq(settled_at),
                    notices::failure.eq(notice.failure.as_deref()),
                ))
                .execute(c)
        })?;
        Ok(rows == 1)
    }

    fn notices(&mut self, most: i64) -> Result<Vec<LogoutNotice>, StoreError> {
        let rows: Vec<NoticeRow> = on!(self, "reading the logout notices", c => {
            table
                .order((notices::ended_at.desc(), notices::session_id, notices::client_id))
                .limit(most)
                .select(NoticeRow::as_select())
                .load(c)
        })?;
        rows.into_iter().map(LogoutNotice::try_from).collect()
    }
}

#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = notices)]
struct NoticeRow {
    session_id: String,
    client_id: String,
    subject: String,
    ended_at: i64,
    tries: i64,
    due_at: i64,
    state: String,
    settled_at: Option<i64>,
    failure: Option<String>,
    remove_at: i64,
}

impl From<&LogoutNotice> for NoticeRow {
    fn from(notice: &LogoutNotice) -> Self {
        Self {
            session_id: notice.session.clone(),
            client_id: notice.client_id.as_str().to_owned(),
            subject: notice.subject.clone(),
            ended_at: notice.ended_at,
            tries: notice.tries,
            due_at: notice.due_at,
            state: notice.state.as_str().to_owned(),
            settled_at: notice.settled_at,
            failure: notice.failure.clone(),
            remove_at: notice.ended_at + KEPT,
        }
    }
}

impl TryFrom<NoticeRow> for LogoutNotice {
    type Error = StoreError;

    fn try_from(row: NoticeRow) -> Result<Self, StoreError> {
        const WHAT: &str = "reading a logout notice, which is damaged";
        Ok(Self {
            session: row.session_id,
            client_id: parse(&row.client_id, WHAT)?,
            subject: row.subject,
            ended_at: row.ended_at,
            tries: row.tries,
            due_at: row.due_at,
            state: parse(&row.state, WHAT)?,
            settled_at: row.settled_at,
            failure: row.failure,
        })
    }
}

/// So many seconds a notice is kept after its session ended, for who asks what became of it.
const KEPT: i64 = 30 * 86_400;
