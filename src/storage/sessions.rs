//! Browser sessions.

use diesel::prelude::*;

use crate::crypto::digest::Digest;
use crate::identity::store::{Session, Sessions};
use crate::protocol::context::Timestamp;
use crate::protocol::error::StoreError;
use crate::storage::backend::{Connection, Transaction, on};
use crate::storage::columns::{digest, from_json, to_json};
use crate::storage::schema::{sessions, users};

impl Sessions for Transaction {
    fn add_session(&mut self, session: &Session) -> Result<(), StoreError> {
        let row = SessionRow::try_from(session)?;
        on!(self, "adding a session", c => {
            diesel::insert_into(sessions::table).values(&row).execute(c)
        })?;
        Ok(())
    }

    fn session(&mut self, cookie: &Digest) -> Result<Option<Session>, StoreError> {
        let row: Option<SessionRow> = on!(self, "reading a session", c => {
            sessions::table
                .filter(sessions::cookie.eq(cookie.as_bytes().as_slice()))
                .select(SessionRow::as_select())
                .get_result(c)
                .optional()
        })?;
        row.map(Session::try_from).transpose()
    }

    fn sessions_of(&mut self, subject: &str) -> Result<Vec<Session>, StoreError> {
        let rows: Vec<SessionRow> = on!(self, "reading the sessions of a user", c => {
            sessions::table
                .filter(sessions::subject.eq(subject))
                .order((sessions::last_seen_at.desc(), sessions::id))
                .select(SessionRow::as_select())
                .load(c)
        })?;
        rows.into_iter().map(Session::try_from).collect()
    }

    fn renew_session(&mut self, session: &Session) -> Result<bool, StoreError> {
        let row = SessionRow::try_from(session)?;
        let rows = on!(self, "renewing a session", c => {
            diesel::update(sessions::table.find(&row.id)).set(&row).execute(c)
        })?;
        Ok(rows == 1)
    }

    fn touch_session(&mut self, id: &str, now: Timestamp) -> Result<bool, StoreError> {
        let rows = on!(self, "noting the use of a session", c => {
            diesel::update(sessions::table.find(id))
                .set(sessions::last_seen_at.eq(now))
                .execute(c)
        })?;
        Ok(rows == 1)
    }

    fn lock_person(&mut self, subject: &str) -> Result<(), StoreError> {
        self.enter_part()?;
        // SQLite has one writer.
        let Connection::Postgres(connection) = &mut self.connection else {
            return Ok(());
        };
        let locked = users::table
            .find(subject)
            .for_no_key_update()
            .select(users::id)
            .get_result::<String>(connection)
            .optional();
        match locked {
            Ok(_) => Ok(()),
            Err(error) => Err(self.failed("locking a user", error)),
        }
    }

    fn end_session(&mut self, id: &str, now: Timestamp) -> Result<bool, StoreError> {
        let rows = on!(self, "ending a session", c => {
            diesel::delete(sessions::table.find(id)).execute(c)
        })?;
        self.forget_codes_of_session(id)?;
        self.revoke_families_of_session(id, now)?;
        Ok(rows == 1)
    }
}

#[derive(Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = sessions)]
struct SessionRow {
    id: String,
    cookie: Vec<u8>,
    subject: String,
    auth_time: i64,
    amr: String,
    created_at: i64,
    last_seen_at: i64,
    expires_at: i64,
    user_agent: String,
    address: String,
}

impl TryFrom<&Session> for SessionRow {
    type Error = StoreError;

    fn try_from(session: &Session) -> Result<Self, StoreError> {
        Ok(Self {
            id: session.id.clone(),
            cookie: session.cookie.as_bytes().to_vec(),
            subject: session.subject.clone(),
            auth_time: session.auth_time,
            amr: to_json(&session.amr)?,
            created_at: session.created_at,
            last_seen_at: session.last_seen_at,
            expires_at: session.expires_at,
            user_agent: session.user_agent.clone(),
            address: session.address.clone(),
        })
    }
}

impl TryFrom<SessionRow> for Session {
    type Error = StoreError;

    fn try_from(row: SessionRow) -> Result<Self, StoreError> {
        const WHAT: &str = "reading a session, which is damaged";
        Ok(Self {
            id: row.id,
            cookie: digest(&row.cookie, WHAT)?,
            subject: row.subject,
            auth_time: row.auth_time,
            amr: from_json(&row.amr, WHAT)?,
            created_at: row.created_at,
            last_seen_at: row.last_seen_at,
            expires_at: row.expires_at,
            user_agent: row.user_agent,
            address: row.address,
        })
    }
}
