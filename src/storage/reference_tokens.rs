//! Tokens that are references, and what they stand for.

use diesel::prelude::*;

use crate::crypto::digest::Digest;
use crate::protocol::error::StoreError;
use crate::protocol::store::ReferenceTokens;
use crate::protocol::trust::reference::ReferenceToken;
use crate::storage::backend::{Transaction, on};
use crate::storage::columns::{digest, from_json, parse, to_json};
use crate::storage::schema::reference_tokens;

impl ReferenceTokens for Transaction {
    fn add_reference_token(&mut self, token: &ReferenceToken) -> Result<(), StoreError> {
        let row = TokenRow {
            digest: token.digest.as_bytes().to_vec(),
            accessor: token.accessor.clone(),
            trusted_issuer: token.trusted_issuer.as_str().to_owned(),
            token: to_json(&token.token)?,
            expires_at: token.expires_at,
        };
        on!(self, "adding a reference token", c => {
            diesel::insert_into(reference_tokens::table).values(&row).execute(c)
        })?;
        Ok(())
    }

    fn reference_token(&mut self, wanted: &Digest) -> Result<Option<ReferenceToken>, StoreError> {
        const WHAT: &str = "reading a reference token, which is damaged";
        let row: Option<TokenRow> = on!(self, "reading a reference token", c => {
            reference_tokens::table
                .find(wanted.as_bytes().as_slice())
                .select(TokenRow::as_select())
                .get_result(c)
                .optional()
        })?;
        let Some(row) = row else {
            return Ok(None);
        };
        Ok(Some(ReferenceToken {
            digest: digest(&row.digest, WHAT)?,
            accessor: row.accessor,
            trusted_issuer: parse(&row.trusted_issuer, WHAT)?,
            token: from_json(&row.token, WHAT)?,
            expires_at: row.expires_at,
        }))
    }

    fn end_reference_token(&mut self, ended: &Digest) -> Result<bool, StoreError> {
        // The gate: of two callers one removes the row.
        let rows = on!(self, "ending a reference token", c => {
            diesel::delete(reference_tokens::table.find(ended.as_bytes().as_slice())).execute(c)
        })?;
        Ok(rows == 1)
    }
}

#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = reference_tokens)]
struct TokenRow {
    digest: Vec<u8>,
    accessor: String,
    trusted_issuer: String,
    token: String,
    expires_at: i64,
}
