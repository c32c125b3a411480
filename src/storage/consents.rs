//! Consents, and which clients can act for a user.

use std::collections::BTreeMap;

use diesel::prelude::*;

use crate::identity::store::{ConnectedApp, Consent, Consents, Sessions as _};
use crate::protocol::client::ClientId;
use crate::protocol::context::Timestamp;
use crate::protocol::error::StoreError;
use crate::protocol::tokens::family::RevocationReason;
use crate::storage::backend::{Transaction, on};
use crate::storage::columns::parse;
use crate::storage::schema::consents;

impl Consents for Transaction {
    fn consent(
        &mut self,
        subject: &str,
        client_id: &ClientId,
    ) -> Result<Option<Consent>, StoreError> {
        let row: Option<ConsentRow> = on!(self, "reading a consent", c => {
            consents::table
                .find((subject, client_id.as_str()))
                .select(ConsentRow::as_select())
                .get_result(c)
                .optional()
        })?;
        row.map(Consent::try_from).transpose()
    }

    fn save_consent(&mut self, consent: &Consent) -> Result<(), StoreError> {
        let row = ConsentRow::from(consent);
        on!(self, "saving a consent", c => {
            diesel::insert_into(consents::table)
                .values(&row)
                .on_conflict((consents::subject, consents::client_id))
                .do_update()
                .set(&row)
                .execute(c)
        })?;
        Ok(())
    }

    fn disconnect(
        &mut self,
        subject: &str,
        client_id: &ClientId,
        reason: RevocationReason,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        self.lock_person(subject)?;
        on!(self, "deleting a consent", c => {
            diesel::delete(consents::table.find((subject, client_id.as_str()))).execute(c)
        })?;
        self.forget_codes_of(subject, client_id.as_str())?;
        self.revoke_families_of(subject, client_id.as_str(), reason, now)
    }

    fn revoke_families_of_person(
        &mut self,
        subject: &str,
        reason: RevocationReason,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        self.lock_person(subject)?;
        self.revoke_families_of_user(subject, reason, now)
    }

    fn connected_apps(
        &mut self,
        subject: &str,
        now: Timestamp,
    ) -> Result<Vec<ConnectedApp>, StoreError> {
        let rows: Vec<ConsentRow> = on!(self, "reading the consents of a user", c => {
            consents::table
                .filter(consents::subject.eq(subject))
                .select(ConsentRow::as_select())
                .load(c)
        })?;
        let mut apps = BTreeMap::new();
        for row in rows {
            let consent = Consent::try_from(row)?;
            apps.insert(
                consent.client_id.clone(),
                ConnectedApp {
                    client_id: consent.client_id,
                    scope: consent.scope,
                    since: consent.created_at,
                    last_used_at: None,
                },
            );
        }
        for family in self.living_families_of(subject, now)? {
            let app = apps
                .entry(family.client_id.clone())
                .or_insert_with(|| ConnectedApp {
                    client_id: family.client_id.clone(),
                    scope: family.scope.clone(),
                    since: family.created_at,
                    last_used_at: None,
                });
            app.scope = app.scope.union(&family.scope);
            app.since = app.since.min(family.created_at);
            app.last_used_at = app.last_used_at.max(Some(family.rotation.last_used_at));
        }
        Ok(apps.into_values().collect())
    }
}

#[derive(Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = consents)]
struct ConsentRow {
    subject: String,
    client_id: String,
    scope: String,
    created_at: i64,
    updated_at: i64,
}

impl From<&Consent> for ConsentRow {
    fn from(consent: &Consent) -> Self {
        Self {
            subject: consent.subject.clone(),
            client_id: consent.client_id.as_str().to_owned(),
            scope: consent.scope.to_string(),
            created_at: consent.created_at,
            updated_at: consent.updated_at,
        }
    }
}

impl TryFrom<ConsentRow> for Consent {
    type Error = StoreError;

    fn try_from(row: ConsentRow) -> Result<Self, StoreError> {
        const WHAT: &str = "reading a consent, which is damaged";
        Ok(Self {
            subject: row.subject,
            client_id: parse(&row.client_id, WHAT)?,
            scope: parse(&row.scope, WHAT)?,
            created_at: row.created_at,
            updated_at: row.updated_at,
        })
    }
}
