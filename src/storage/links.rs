//! Links that work once, and whether the deployment was set up through one.

use diesel::prelude::*;

use crate::crypto::digest::Digest;
use crate::identity::store::OneTimeLinks;
use crate::protocol::context::Timestamp;
use crate::protocol::error::StoreError;
use crate::storage::backend::{Transaction, on};
use crate::storage::schema::one_time_links::{self as links, dsl::one_time_links as table};

const SET_UP: &str = "set_up";

impl OneTimeLinks for Transaction {
    fn add_link(
        &mut self,
        purpose: &'static str,
        token: &Digest,
        expires_at: Timestamp,
    ) -> Result<(), StoreError> {
        let row = LinkRow {
            purpose,
            token: token.as_bytes().as_slice(),
            expires_at,
        };
        on!(self, "adding a one-time link", c => {
            diesel::insert_into(table)
                .values(&row)
                .on_conflict(links::purpose)
                .do_update()
                .set(&row)
                .execute(c)
        })?;
        Ok(())
    }

    fn link_expiry(
        &mut self,
        purpose: &'static str,
        token: &Digest,
    ) -> Result<Option<Timestamp>, StoreError> {
        on!(self, "reading a one-time link", c => {
            table
                .find(purpose)
                .filter(links::token.eq(token.as_bytes().as_slice()))
                .select(links::expires_at)
                .get_result(c)
                .optional()
        })
    }

    fn use_link(&mut self, purpose: &'static str, token: &Digest) -> Result<bool, StoreError> {
        // The gate: of two callers one removes the row, the other finds it gone.
        let rows = on!(self, "using a one-time link", c => {
            diesel::delete(table.find(purpose))
                .filter(links::token.eq(token.as_bytes().as_slice()))
                .execute(c)
        })?;
        Ok(rows == 1)
    }

    fn is_set_up(&mut self) -> Result<bool, StoreError> {
        Ok(self.meta(SET_UP)?.is_some())
    }

    fn mark_set_up(&mut self) -> Result<(), StoreError> {
        self.set_meta(SET_UP, "true")
    }
}

#[derive(Insertable, AsChangeset)]
#[diesel(table_name = links)]
struct LinkRow<'a> {
    purpose: &'a str,
    token: &'a [u8],
    expires_at: i64,
}
