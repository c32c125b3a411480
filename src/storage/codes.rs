//! Authorization codes.

use diesel::prelude::*;

use crate::crypto::digest::Digest;
use crate::protocol::client::ClientId;
use crate::protocol::context::Timestamp;
use crate::protocol::error::StoreError;
use crate::protocol::store::{AuthorizationCode, AuthorizationCodes};
use crate::protocol::tokens::refresh_token::FamilyId;
use crate::storage::backend::{Transaction, on};
use crate::storage::columns::{
    claims_column, damaged, digest, from_json, parse, read_claims, to_json,
};
use crate::storage::schema::authorization_codes::{
    self as codes, dsl::authorization_codes as table,
};

impl AuthorizationCodes for Transaction {
    fn add_code(&mut self, code: &AuthorizationCode) -> Result<(), StoreError> {
        let row = CodeRow::try_from(code)?;
        on!(self, "adding an authorization code", c => diesel::insert_into(table).values(&row).execute(c))?;
        Ok(())
    }

    fn code(
        &mut self,
        digest: &Digest,
        client_id: &ClientId,
    ) -> Result<Option<AuthorizationCode>, StoreError> {
        let row: Option<CodeRow> = on!(self, "reading an authorization code", c => {
            table
                .find(digest.as_bytes().as_slice())
                .filter(codes::client_id.eq(client_id.as_str()))
                .select(CodeRow::as_select())
                .get_result(c)
                .optional()
        })?;
        row.map(AuthorizationCode::try_from).transpose()
    }

    fn redeem_code(&mut self, digest: &Digest, now: Timestamp) -> Result<bool, StoreError> {
        // The gate: of two callers one changes the row, the other finds it changed.
        let rows = on!(self, "redeeming an authorization code", c => {
            diesel::update(table.find(digest.as_bytes().as_slice()))
                .filter(codes::redeemed_at.is_null())
                .set(codes::redeemed_at.eq(now))
                .execute(c)
        })?;
        Ok(rows == 1)
    }
}

impl Transaction {
    /// Forgets the codes of a session that were not redeemed: nothing may come of them any more.
    pub(super) fn forget_codes_of_session(&mut self, session: &str) -> Result<(), StoreError> {
        on!(self, "deleting the authorization codes of a session", c => {
            diesel::delete(table)
                .filter(codes::session_id.eq(session))
                .filter(codes::redeemed_at.is_null())
                .execute(c)
        })?;
        Ok(())
    }

    /// Forgets the codes of a user and a client that were not redeemed.
    pub(super) fn forget_codes_of(
        &mut self,
        subject: &str,
        client_id: &str,
    ) -> Result<(), StoreError> {
        on!(self, "deleting the authorization codes of a user and a client", c => {
            diesel::delete(table)
                .filter(codes::subject.eq(subject))
                .filter(codes::client_id.eq(client_id))
                .filter(codes::redeemed_at.is_null())
                .execute(c)
        })?;
        Ok(())
    }
}

#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = codes)]
struct CodeRow {
    digest: Vec<u8>,
    family_id: String,
    client_id: String,
    redirect_uri: String,
    redirect_uri_was_received: bool,
    code_challenge: Option<String>,
    subject: String,
    session_id: String,
    scope: String,
    nonce: Option<String>,
    auth_time: i64,
    amr: String,
    expires_at: i64,
    redeemed_at: Option<i64>,
    claims: Option<String>,
}

impl TryFrom<&AuthorizationCode> for CodeRow {
    type Error = StoreError;

    fn try_from(code: &AuthorizationCode) -> Result<Self, StoreError> {
        Ok(Self {
            digest: code.digest.as_bytes().to_vec(),
            family_id: code.family.to_text(),
            client_id: code.client_id.as_str().to_owned(),
            redirect_uri: code.redirect_uri.clone(),
            redirect_uri_was_received: code.redirect_uri_was_received,
            code_challenge: code.code_challenge.clone(),
            subject: code.subject.clone(),
            session_id: code.session.clone(),
            scope: code.scope.to_string(),
            nonce: code.nonce.clone(),
            auth_time: code.auth_time,
            amr: to_json(&code.amr)?,
            expires_at: code.expires_at,
            redeemed_at: code.redeemed_at,
            claims: claims_column(&code.claims)?,
        })
    }
}

impl TryFrom<CodeRow> for AuthorizationCode {
    type Error = StoreError;

    fn try_from(row: CodeRow) -> Result<Self, StoreError> {
        const WHAT: &str = "reading an authorization code, which is damaged";
        Ok(Self {
            digest: digest(&row.digest, WHAT)?,
            family: FamilyId::from_text(&row.family_id).ok_or_else(|| damaged(WHAT))?,
            client_id: parse(&row.client_id, WHAT)?,
            redirect_uri: row.redirect_uri,
            redirect_uri_was_received: row.redirect_uri_was_received,
            code_challenge: row.code_challenge,
            subject: row.subject,
            session: row.session_id,
            scope: parse(&row.scope, WHAT)?,
            claims: read_claims(row.claims.as_deref(), WHAT)?,
            nonce: row.nonce,
            auth_time: row.auth_time,
            amr: from_json(&row.amr, WHAT)?,
            expires_at: row.expires_at,
            redeemed_at: row.redeemed_at,
        })
    }
}
