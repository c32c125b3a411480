//! Counts of failed tries.

use diesel::dsl::case_when;
use diesel::prelude::*;
use diesel::sql_types::BigInt;

use crate::crypto::digest::Digest;
use crate::identity::store::{Failures, Forgive, Throttle};
use crate::protocol::context::Timestamp;
use crate::protocol::error::StoreError;
use crate::storage::backend::{Transaction, on};
use crate::storage::schema::failures;

impl Throttle for Transaction {
    fn count_failure(
        &mut self,
        key: &Digest,
        now: Timestamp,
        window: i64,
    ) -> Result<Failures, StoreError> {
        let row = (
            failures::key.eq(key.as_bytes().as_slice()),
            failures::count.eq(1),
            failures::since.eq(now),
            failures::last.eq(now),
            failures::expires_at.eq(now.saturating_add(window)),
        );
        let is_old = failures::last.lt(now.saturating_sub(window));
        // One statement: guesses that come at the same time are counted one after the other.
        let counted: FailuresRow = on!(self, "counting a failure", c => {
            diesel::insert_into(failures::table)
                .values(row)
                .on_conflict(failures::key)
                .do_update()
                .set((
                    failures::count.eq(
                        case_when(is_old, 1_i64.into_sql::<BigInt>())
                            .otherwise(failures::count + 1),
                    ),
                    failures::since.eq(
                        case_when(is_old, now.into_sql::<BigInt>()).otherwise(failures::since),
                    ),
                    failures::last.eq(now),
                    failures::expires_at.eq(now.saturating_add(window)),
                ))
                .returning(FailuresRow::as_returning())
                .get_result(c)
        })?;
        Ok(counted.into())
    }

    fn failures(&mut self, key: &Digest) -> Result<Failures, StoreError> {
        let row: Option<FailuresRow> = on!(self, "reading a count of failures", c => {
            failures::table
                .find(key.as_bytes().as_slice())
                .select(FailuresRow::as_select())
                .get_result(c)
                .optional()
        })?;
        Ok(row.map(Failures::from).unwrap_or_default())
    }

    fn forgive(&mut self, key: &Digest, all: Forgive) -> Result<(), StoreError> {
        let key = key.as_bytes().as_slice();
        match all {
            Forgive::One => {
                on!(self, "taking back a failure", c => {
                    diesel::update(failures::table.find(key))
                        .filter(failures::count.gt(0))
                        .set(failures::count.eq(failures::count - 1))
                        .execute(c)
                })?;
                on!(self, "forgetting a count of failures", c => {
                    diesel::delete(failures::table.find(key))
                        .filter(failures::count.le(0))
                        .execute(c)
                })?;
            }
            Forgive::All => {
                on!(self, "forgetting a count of failures", c => {
                    diesel::delete(failures::table.find(key)).execute(c)
                })?;
            }
        }
        Ok(())
    }
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = failures)]
struct FailuresRow {
    count: i64,
    since: i64,
    last: i64,
}

impl From<FailuresRow> for Failures {
    fn from(row: FailuresRow) -> Self {
        Self {
            count: row.count,
            since: row.since,
            last: row.last,
        }
    }
}
