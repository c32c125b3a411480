//! Clients that registered themselves.

use diesel::prelude::*;

use crate::protocol::client::{Client, ClientId};
use crate::protocol::context::Timestamp;
use crate::protocol::error::StoreError;
use crate::storage::ahead::FamiliesOf;
use crate::storage::backend::{Transaction, on};
use crate::storage::schema::clients;

/// A use within so many seconds of one that was written down is not written down.
const RESOLUTION: i64 = 86_400;

impl Transaction {
    /// How many there are.
    pub fn count_dynamic_clients(&mut self) -> Result<i64, StoreError> {
        on!(self, "counting clients that registered themselves", c => {
            clients::table
                .filter(clients::expires_at.is_not_null())
                .count()
                .get_result(c)
        })
    }

    /// Keeps the client until then, because it is in use. The revision stays: no server has to read that at once.
    pub fn keep_dynamic_client(
        &mut self,
        client: &Client,
        until: Timestamp,
    ) -> Result<(), StoreError> {
        let known = client.dynamic.map(|dynamic| dynamic.expires_at);
        if known.is_none_or(|known| known > until - RESOLUTION) {
            return Ok(());
        }
        let row = clients::table
            .find(client.id.as_str())
            .filter(clients::expires_at.le(until - RESOLUTION));
        on!(self, "keeping a client", c => {
            diesel::update(row).set(clients::expires_at.eq(until)).execute(c)
        })?;
        Ok(())
    }

    /// Removes at most `most` that nobody used for long, with everything that belongs to them; answers how many.
    pub fn remove_unused_clients(
        &mut self,
        now: Timestamp,
        most: i64,
    ) -> Result<usize, StoreError> {
        let ids: Vec<String> = on!(self, "looking for unused clients", c => {
            clients::table
                .filter(clients::expires_at.le(now))
                .order(clients::id)
                .limit(most)
                .select(clients::id)
                .load(c)
        })?;
        let mut removed = 0;
        for id in ids.iter().filter_map(|id| id.parse::<ClientId>().ok()) {
            self.lock_families(&FamiliesOf::Client(id.as_str()))?;
            // Somebody may have used it meanwhile.
            let unused = clients::table
                .find(id.as_str())
                .filter(clients::expires_at.le(now));
            let rows = on!(self, "removing an unused client", c => {
                diesel::delete(unused).execute(c)
            })?;
            removed += usize::from(self.changed(rows == 1)?);
        }
        Ok(removed)
    }
}
