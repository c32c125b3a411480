//! Values that may be used once, and access tokens that were revoked before their time.

use diesel::dsl::exists;
use diesel::prelude::*;

use crate::crypto::digest::Digest;
use crate::protocol::context::Timestamp;
use crate::protocol::error::StoreError;
use crate::protocol::store::{Replays, RevokedTokens};
use crate::storage::backend::{Transaction, on};
use crate::storage::schema::{replays, revoked_tokens};

impl Replays for Transaction {
    fn use_once(
        &mut self,
        purpose: &'static str,
        value: &Digest,
        expires_at: Timestamp,
    ) -> Result<bool, StoreError> {
        let row = (
            replays::purpose.eq(purpose),
            replays::value.eq(value.as_bytes().as_slice()),
            replays::expires_at.eq(expires_at),
        );
        // The gate: of two callers one adds the row. Values that expired stay used until upkeep removes them.
        let rows = on!(self, "using a value once", c => {
            diesel::insert_into(replays::table)
                .values(row)
                .on_conflict_do_nothing()
                .execute(c)
        })?;
        Ok(rows == 1)
    }
}

impl RevokedTokens for Transaction {
    fn revoke_token(&mut self, jti: &str, expires_at: Timestamp) -> Result<(), StoreError> {
        let row = (
            revoked_tokens::jti.eq(jti),
            revoked_tokens::expires_at.eq(expires_at),
        );
        on!(self, "revoking an access token", c => {
            diesel::insert_into(revoked_tokens::table)
                .values(row)
                .on_conflict_do_nothing()
                .execute(c)
        })?;
        Ok(())
    }

    fn is_token_revoked(&mut self, jti: &str) -> Result<bool, StoreError> {
        on!(self, "looking for a revoked access token", c => {
            diesel::select(exists(revoked_tokens::table.find(jti))).get_result(c)
        })
    }
}
