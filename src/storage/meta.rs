//! Facts about the deployment as a whole, and the counter of changes that a running server must notice.

use diesel::prelude::*;

use crate::protocol::error::StoreError;
use crate::storage::backend::{Transaction, on};
use crate::storage::schema::{meta, revision};

impl Transaction {
    /// A fact about the deployment.
    pub fn meta(&mut self, name: &str) -> Result<Option<String>, StoreError> {
        on!(self, "reading a fact about the deployment", c => {
            meta::table.find(name).select(meta::value).get_result(c).optional()
        })
    }

    /// Writes it down, in place of an earlier value.
    pub fn set_meta(&mut self, name: &str, value: &str) -> Result<(), StoreError> {
        on!(self, "writing a fact about the deployment", c => {
            diesel::insert_into(meta::table)
                .values((meta::name.eq(name), meta::value.eq(value)))
                .on_conflict(meta::name)
                .do_update()
                .set(meta::value.eq(value))
                .execute(c)
        })?;
        Ok(())
    }

    /// Counts the changes to clients, their secrets and signing keys. Who keeps a copy of them reads this number
    /// **before** the copy, and makes a new copy once it has changed.
    pub fn revision(&mut self) -> Result<i64, StoreError> {
        on!(self, "reading the revision", c => {
            revision::table.find(1).select(revision::value).get_result(c)
        })
    }

    /// Notes a change, if there was one, and says whether.
    pub(super) fn changed(&mut self, is_changed: bool) -> Result<bool, StoreError> {
        if is_changed {
            self.next_revision()?;
        }
        Ok(is_changed)
    }

    /// Notes a change, in its transaction.
    pub(super) fn next_revision(&mut self) -> Result<(), StoreError> {
        on!(self, "counting the revision", c => {
            diesel::update(revision::table.find(1))
                .set(revision::value.eq(revision::value + 1))
                .execute(c)
        })?;
        Ok(())
    }
}
