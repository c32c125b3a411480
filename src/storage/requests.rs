//! Authorization requests that wait for a person.

use diesel::prelude::*;

use crate::crypto::digest::Digest;
use crate::protocol::error::StoreError;
use crate::protocol::store::{WaitingRequest, WaitingRequests};
use crate::storage::backend::{Transaction, on};
use crate::storage::columns::{digest, from_json, to_json};
use crate::storage::schema::authorization_requests::{
    self as requests, dsl::authorization_requests as table,
};

impl WaitingRequests for Transaction {
    fn add_waiting_request(&mut self, request: &WaitingRequest) -> Result<(), StoreError> {
        let row = RequestRow::try_from(request)?;
        on!(self, "adding a waiting request", c => diesel::insert_into(table).values(&row).execute(c))?;
        Ok(())
    }

    fn waiting_request(&mut self, handle: &Digest) -> Result<Option<WaitingRequest>, StoreError> {
        let row: Option<RequestRow> = on!(self, "reading a waiting request", c => {
            table
                .find(handle.as_bytes().as_slice())
                .select(RequestRow::as_select())
                .get_result(c)
                .optional()
        })?;
        row.map(WaitingRequest::try_from).transpose()
    }

    fn mark_signed_in(&mut self, handle: &Digest, session: &str) -> Result<(), StoreError> {
        on!(self, "marking a waiting request", c => {
            diesel::update(table.find(handle.as_bytes().as_slice()))
                .set((requests::signed_in_by.eq(session), requests::chosen_by.eq(session)))
                .execute(c)
        })?;
        Ok(())
    }

    fn mark_chosen(&mut self, handle: &Digest, session: &str) -> Result<(), StoreError> {
        on!(self, "marking a waiting request", c => {
            diesel::update(table.find(handle.as_bytes().as_slice()))
                .set(requests::chosen_by.eq(session))
                .execute(c)
        })?;
        Ok(())
    }

    fn mark_consented(&mut self, handle: &Digest, session: &str) -> Result<(), StoreError> {
        on!(self, "marking a waiting request", c => {
            diesel::update(table.find(handle.as_bytes().as_slice()))
                .set(requests::consented_by.eq(session))
                .execute(c)
        })?;
        Ok(())
    }

    fn finish_waiting_request(&mut self, handle: &Digest) -> Result<bool, StoreError> {
        // The gate: of two callers one removes the row, the other finds it gone.
        let rows = on!(self, "finishing a waiting request", c => {
            diesel::delete(table.find(handle.as_bytes().as_slice())).execute(c)
        })?;
        Ok(rows == 1)
    }
}

#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = requests)]
struct RequestRow {
    handle: Vec<u8>,
    browser: Vec<u8>,
    client_id: String,
    request: String,
    created_at: i64,
    expires_at: i64,
    signed_in_by: Option<String>,
    consented_by: Option<String>,
    chosen_by: Option<String>,
}

impl TryFrom<&WaitingRequest> for RequestRow {
    type Error = StoreError;

    fn try_from(waiting: &WaitingRequest) -> Result<Self, StoreError> {
        Ok(Self {
            handle: waiting.handle.as_bytes().to_vec(),
            browser: waiting.browser.as_bytes().to_vec(),
            client_id: waiting.request.client_id.as_str().to_owned(),
            request: to_json(&waiting.request)?,
            created_at: waiting.created_at,
            expires_at: waiting.expires_at,
            signed_in_by: waiting.signed_in_by.clone(),
            consented_by: waiting.consented_by.clone(),
            chosen_by: waiting.chosen_by.clone(),
        })
    }
}

impl TryFrom<RequestRow> for WaitingRequest {
    type Error = StoreError;

    fn try_from(row: RequestRow) -> Result<Self, StoreError> {
        const WHAT: &str = "reading a waiting request, which is damaged";
        Ok(Self {
            handle: digest(&row.handle, WHAT)?,
            browser: digest(&row.browser, WHAT)?,
            request: from_json(&row.request, WHAT)?,
            created_at: row.created_at,
            expires_at: row.expires_at,
            signed_in_by: row.signed_in_by,
            consented_by: row.consented_by,
            chosen_by: row.chosen_by,
        })
    }
}
