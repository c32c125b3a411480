//! Keys that this server holds for clients, sealed. Opening and using them is the affair of
//! [`crate::protocol::client_key_set`].

use diesel::prelude::*;

use crate::crypto::key_set::Timetable;
use crate::protocol::client::ClientId;
use crate::protocol::client_key_set::{ClientKey, Purpose};
use crate::protocol::context::Timestamp;
use crate::protocol::error::StoreError;
use crate::storage::backend::{Transaction, on};
use crate::storage::columns::parse;
use crate::storage::schema::client_keys;

impl Transaction {
    /// Adds keys of a client.
    pub fn add_client_keys(&mut self, keys: &[ClientKey]) -> Result<(), StoreError> {
        for row in keys.iter().map(Row::from) {
            on!(self, "adding a key of a client", c => {
                diesel::insert_into(client_keys::table).values(&row).execute(c)
            })?;
        }
        self.next_revision()
    }

    /// The keys of a client, the newest last.
    pub fn keys_of_client(&mut self, client: &ClientId) -> Result<Vec<ClientKey>, StoreError> {
        let rows: Vec<Row> = on!(self, "reading the keys of a client", c => {
            client_keys::table
                .filter(client_keys::client_id.eq(client.as_str()))
                .order((client_keys::active_from, client_keys::created_at, client_keys::kid))
                .select(Row::as_select())
                .load(c)
        })?;
        rows.into_iter().map(ClientKey::try_from).collect()
    }

    /// The keys of all clients that somebody may have to verify with at that time.
    pub fn signing_keys_of_clients(
        &mut self,
        now: Timestamp,
    ) -> Result<Vec<ClientKey>, StoreError> {
        let needed = client_keys::remove_at
            .is_null()
            .or(client_keys::remove_at.gt(now));
        let rows: Vec<Row> = on!(self, "reading the keys of clients", c => {
            client_keys::table
                .filter(client_keys::purpose.eq(SIGNING))
                .filter(needed)
                .order(client_keys::kid)
                .select(Row::as_select())
                .load(c)
        })?;
        rows.into_iter().map(ClientKey::try_from).collect()
    }

    /// Ends the use of all keys of a client that have no end yet.
    pub fn succeed_client_keys(
        &mut self,
        client: &ClientId,
        verify_only_from: Timestamp,
        remove_at: Timestamp,
    ) -> Result<(), StoreError> {
        let rows = client_keys::table
            .filter(client_keys::client_id.eq(client.as_str()))
            .filter(client_keys::verify_only_from.is_null());
        on!(self, "ending the use of a client's keys", c => {
            diesel::update(rows)
                .set((
                    client_keys::verify_only_from.eq(verify_only_from),
                    client_keys::remove_at.eq(remove_at),
                ))
                .execute(c)
        })?;
        self.next_revision()
    }
}

const SIGNING: &str = "sig";
const ENCRYPTION: &str = "enc";

#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = client_keys)]
struct Row {
    kid: String,
    client_id: String,
    purpose: String,
    algorithm: String,
    public_jwk: String,
    sealed: Vec<u8>,
    created_at: i64,
    expires_at: i64,
    active_from: i64,
    verify_only_from: Option<i64>,
    remove_at: Option<i64>,
}

impl From<&ClientKey> for Row {
    fn from(key: &ClientKey) -> Self {
        let (purpose, algorithm) = match key.purpose {
            Purpose::Signing(algorithm) => (SIGNING, algorithm.as_str()),
            Purpose::Encryption(algorithm) => (ENCRYPTION, algorithm.as_str()),
        };
        Self {
            kid: key.kid.clone(),
            client_id: key.client_id.as_str().to_owned(),
            purpose: purpose.to_owned(),
            algorithm: algorithm.to_owned(),
            public_jwk: key.public_jwk.clone(),
            sealed: key.sealed.clone(),
            created_at: key.created_at,
            expires_at: key.expires_at,
            active_from: key.timetable.active_from,
            verify_only_from: key.timetable.verify_only_from,
            remove_at: key.timetable.remove_at,
        }
    }
}

impl TryFrom<Row> for ClientKey {
    type Error = StoreError;

    fn try_from(row: Row) -> Result<Self, StoreError> {
        let damaged = "reading a key of a client, which is damaged";
        Ok(Self {
            purpose: if row.purpose == SIGNING {
                Purpose::Signing(parse(&row.algorithm, damaged)?)
            } else {
                Purpose::Encryption(parse(&row.algorithm, damaged)?)
            },
            client_id: parse(&row.client_id, damaged)?,
            kid: row.kid,
            public_jwk: row.public_jwk,
            sealed: row.sealed,
            created_at: row.created_at,
            expires_at: row.expires_at,
            timetable: Timetable {
                active_from: row.active_from,
                verify_only_from: row.verify_only_from,
                remove_at: row.remove_at,
            },
        })
    }
}
