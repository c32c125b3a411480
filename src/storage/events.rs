//! The record of security events.

use diesel::prelude::*;

use crate::identity::activity::{Activity, Entry};
use crate::identity::store::Activities;
use crate::protocol::client::ClientId;
use crate::protocol::context::Timestamp;
use crate::protocol::error::StoreError;
use crate::protocol::store::{SecurityEvent, SecurityEvents};
use crate::protocol::tokens::refresh_token::FamilyId;
use crate::storage::backend::{Transaction, on};
use crate::storage::schema::security_events;

/// A security event as it was recorded.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = security_events)]
pub struct RecordedEvent {
    /// Counts up; the order in which events were recorded.
    pub id: i64,
    /// When it happened.
    pub occurred_at: Timestamp,
    /// What, as `refresh_reuse`.
    pub kind: String,
    /// The client, where there is one.
    pub client_id: Option<String>,
    /// The user, where there is one.
    pub subject: Option<String>,
    /// The family, where there is one.
    pub family_id: Option<String>,
    /// From where, where a person did it: the network address, a blank, and what the browser called itself.
    pub browser: Option<String>,
}

impl SecurityEvents for Transaction {
    fn record(&mut self, event: &SecurityEvent) -> Result<(), StoreError> {
        let row = (
            security_events::occurred_at.eq(event.at),
            security_events::kind.eq(event.kind),
            security_events::client_id.eq(event.client_id.as_ref().map(ClientId::as_str)),
            security_events::subject.eq(event.subject.as_deref()),
            security_events::family_id.eq(event.family.map(FamilyId::to_text)),
            security_events::browser.eq(event.browser.as_deref()),
        );
        on!(self, "recording a security event", c => {
            diesel::insert_into(security_events::table).values(&row).execute(c)
        })?;
        Ok(())
    }
}

impl Activities for Transaction {
    fn activities_of(&mut self, subject: &str, most: u32) -> Result<Vec<Entry>, StoreError> {
        let rows: Vec<RecordedEvent> = on!(self, "reading the activity of an account", c => {
            security_events::table
                .filter(security_events::subject.eq(subject))
                .order(security_events::id.desc())
                .limit(i64::from(most))
                .select(RecordedEvent::as_select())
                .load(c)
        })?;
        Ok(rows.into_iter().filter_map(entry).collect())
    }
}

/// An event as its person is told; `None` for one that is not for the person.
fn entry(row: RecordedEvent) -> Option<Entry> {
    let browser = row.browser.as_deref().and_then(|it| it.split_once(' '));
    Some(Entry {
        at: row.occurred_at,
        activity: Activity::named(&row.kind)?,
        client_id: row.client_id.and_then(|id| id.parse().ok()),
        address: browser.map(|(address, _)| address.to_owned()),
        user_agent: browser.map(|(_, agent)| agent.to_owned()),
    })
}

impl Transaction {
    /// The events that were recorded last, newest first, at most `most`.
    pub fn security_events(&mut self, most: i64) -> Result<Vec<RecordedEvent>, StoreError> {
        on!(self, "reading security events", c => {
            security_events::table
                .order(security_events::id.desc())
                .limit(most)
                .select(RecordedEvent::as_select())
                .load(c)
        })
    }
}
