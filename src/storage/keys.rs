//! Signing keys: sealed, with their timetable. Opening and using them is the affair of [`crate::crypto`].

use diesel::connection::SimpleConnection;
use diesel::prelude::*;

use crate::crypto::algorithm::Algorithm;
use crate::crypto::key_set::{KeyState, Timetable};
use crate::protocol::context::Timestamp;
use crate::protocol::error::{StoreError, Trouble};
use crate::storage::backend::{Connection, Transaction, on};
use crate::storage::columns::parse;
use crate::storage::schema::signing_keys;

/// A signing key as it is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredKey {
    /// Its identifier in token headers and in the key set.
    pub kid: String,
    /// Its one algorithm.
    pub algorithm: Algorithm,
    /// The public part, as JSON (RFC 7517).
    pub public_jwk: String,
    /// The private part, sealed.
    pub sealed: Vec<u8>,
    /// When it was made.
    pub created_at: Timestamp,
    /// From when on it signs; until then it is announced.
    pub active_from: Timestamp,
    /// From when on it signs no more.
    pub verify_only_from: Option<Timestamp>,
    /// From when on nobody needs it any more.
    pub remove_at: Option<Timestamp>,
}

impl StoredKey {
    /// What the key is good for at that time.
    pub fn state_at(&self, now: Timestamp) -> KeyState {
        self.timetable().state_at(now)
    }

    /// When it becomes good for what.
    pub fn timetable(&self) -> Timetable {
        Timetable {
            active_from: self.active_from,
            verify_only_from: self.verify_only_from,
            remove_at: self.remove_at,
        }
    }
}

impl Transaction {
    /// Adds a key; a taken identifier is [`Trouble::Conflict`].
    pub fn add_signing_key(&mut self, key: &StoredKey) -> Result<(), StoreError> {
        let row = KeyRow::from(key);
        let rows = on!(self, "adding a signing key", c => {
            diesel::insert_into(signing_keys::table)
                .values(&row)
                .on_conflict_do_nothing()
                .execute(c)
        })?;
        if rows == 0 {
            return Err(StoreError::plain(
                Trouble::Conflict,
                "adding a signing key, whose identifier is taken",
            ));
        }
        self.next_revision()
    }

    /// All keys, in the order in which they become active.
    pub fn signing_keys(&mut self) -> Result<Vec<StoredKey>, StoreError> {
        let rows: Vec<KeyRow> = on!(self, "reading the signing keys", c => {
            signing_keys::table
                .order((signing_keys::active_from, signing_keys::kid))
                .select(KeyRow::as_select())
                .load(c)
        })?;
        rows.into_iter().map(StoredKey::try_from).collect()
    }

    /// Sets when a key stops signing and when it may be forgotten; false when there is no such key.
    pub fn schedule_signing_key(
        &mut self,
        kid: &str,
        verify_only_from: Option<Timestamp>,
        remove_at: Option<Timestamp>,
    ) -> Result<bool, StoreError> {
        let rows = on!(self, "scheduling a signing key", c => {
            diesel::update(signing_keys::table.find(kid))
                .set((
                    signing_keys::verify_only_from.eq(verify_only_from),
                    signing_keys::remove_at.eq(remove_at),
                ))
                .execute(c)
        })?;
        self.changed(rows == 1)
    }

    /// Keeps others from changing the keys until this transaction ends, so that of two nodes that start at once one
    /// makes the first key and the other finds it.
    pub fn lock_signing_keys(&mut self) -> Result<(), StoreError> {
        let locked = match &mut self.connection {
            // The one writer is alone already.
            Connection::Sqlite(_) => Ok(()),
            Connection::Postgres(connection) => {
                connection.batch_execute("LOCK TABLE signing_keys IN EXCLUSIVE MODE")
            }
        };
        locked.map_err(|error| self.failed("locking the signing keys", error))
    }
}

#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = signing_keys)]
struct KeyRow {
    kid: String,
    algorithm: String,
    public_jwk: String,
    sealed: Vec<u8>,
    created_at: i64,
    active_from: i64,
    verify_only_from: Option<i64>,
    remove_at: Option<i64>,
}

impl From<&StoredKey> for KeyRow {
    fn from(key: &StoredKey) -> Self {
        Self {
            kid: key.kid.clone(),
            algorithm: key.algorithm.as_str().to_owned(),
            public_jwk: key.public_jwk.clone(),
            sealed: key.sealed.clone(),
            created_at: key.created_at,
            active_from: key.active_from,
            verify_only_from: key.verify_only_from,
            remove_at: key.remove_at,
        }
    }
}

impl TryFrom<KeyRow> for StoredKey {
    type Error = StoreError;

    fn try_from(row: KeyRow) -> Result<Self, StoreError> {
        Ok(Self {
            algorithm: parse(&row.algorithm, "reading a signing key, which is damaged")?,
            kid: row.kid,
            public_jwk: row.public_jwk,
            sealed: row.sealed,
            created_at: row.created_at,
            active_from: row.active_from,
            verify_only_from: row.verify_only_from,
            remove_at: row.remove_at,
        })
    }
}
