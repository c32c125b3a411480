//! Removal of what expired.

use diesel::RunQueryDsl;
use diesel::sql_types::BigInt;

use crate::protocol::context::Timestamp;
use crate::protocol::error::StoreError;
use crate::storage::backend::{Transaction, on};

/// A table whose rows expire.
struct Perishable {
    table: &'static str,
    key: &'static str,
    /// The column with the time of expiry, which is indexed where rows are many.
    expiry: &'static str,
    /// So many seconds longer a row is kept.
    kept: i64,
}

const fn perishable(table: &'static str, key: &'static str) -> Perishable {
    Perishable {
        table,
        key,
        expiry: "expires_at",
        kept: 0,
    }
}

const DAY: i64 = 86_400;

/// What expires, smallest rows first.
const PERISHABLES: [Perishable; 14] = [
    perishable("replays", "purpose, value"),
    perishable("revoked_tokens", "jti"),
    perishable("reference_tokens", "digest"),
    perishable("failures", "key"),
    perishable("one_time_links", "purpose"),
    perishable("authorization_requests", "handle"),
    // A code is remembered for a day, so that its reuse is recognised and not merely refused.
    Perishable {
        kept: DAY,
        ..perishable("authorization_codes", "digest")
    },
    perishable("sessions", "id"),
    // For a month its person sees that it was there.
    Perishable {
        kept: 30 * DAY,
        ..perishable("personal_tokens", "id")
    },
    // A month is part of the column.
    Perishable {
        expiry: "remove_at",
        ..perishable("logout_notices", "session_id, client_id")
    },
    // How long a dead family is kept is part of the column.
    Perishable {
        expiry: "remove_at",
        ..perishable("token_families", "id")
    },
    // For a day, `issuant key list` still tells that the key was there.
    Perishable {
        expiry: "remove_at",
        kept: DAY,
        ..perishable("signing_keys", "kid")
    },
    Perishable {
        expiry: "remove_at",
        kept: DAY,
        ..perishable("client_keys", "kid")
    },
    // Longer than a year, so that this month can be compared with the same one of last year.
    Perishable {
        expiry: "occurred_at",
        kept: 400 * DAY,
        ..perishable("security_events", "id")
    },
];

impl Transaction {
    /// Removes at most `most` rows that expired and answers how many. Whoever wants them all gone repeats this, one
    /// transaction at a time, until fewer than `most` were found, so that others get their turn.
    pub fn remove_expired(&mut self, now: Timestamp, most: usize) -> Result<usize, StoreError> {
        let mut removed = 0;
        for Perishable {
            table,
            key,
            expiry,
            kept,
        } in PERISHABLES
        {
            let rest = i64::try_from(most.saturating_sub(removed)).unwrap_or(i64::MAX);
            if rest == 0 {
                break;
            }
            // Whatever somebody holds is left for the next time, so that nobody waits for who waits for them.
            let locking = if self.is_sqlite() {
                ""
            } else {
                "FOR UPDATE SKIP LOCKED"
            };
            let statement = format!(
                "DELETE FROM {table} WHERE ({key}) IN \
                 (SELECT {key} FROM {table} WHERE {expiry} <= $1 LIMIT $2 {locking})"
            );
            removed += on!(self, "removing what expired", c => {
                diesel::sql_query(statement.as_str())
                    .bind::<BigInt, _>(now - kept)
                    .bind::<BigInt, _>(rest)
                    .execute(c)
            })?;
        }
        Ok(removed)
    }
}
