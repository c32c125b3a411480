//! Token families: one row each, updated in place. Rotation and revocation contend for that row.

use diesel::prelude::*;

use crate::protocol::client::ClientId;
use crate::protocol::context::Timestamp;
use crate::protocol::error::StoreError;
use crate::protocol::store::TokenFamilies;
use crate::protocol::tokens::family::{Family, Pending, RevocationReason, Revoked, Rotation, Tag};
use crate::protocol::tokens::refresh_token::FamilyId;
use crate::storage::ahead::FamiliesOf;
use crate::storage::backend::{Transaction, on};
use crate::storage::columns::{
    array, claims_column, damaged, digest, from_json, parse, read_claims, to_json,
};
use crate::storage::schema::token_families::{self as families, dsl::token_families as table};

impl TokenFamilies for Transaction {
    fn add_family(&mut self, family: &Family) -> Result<(), StoreError> {
        let row = FamilyRow::try_from(family)?;
        on!(self, "adding a token family", c => diesel::insert_into(table).values(&row).execute(c))?;
        Ok(())
    }

    fn family(&mut self, id: &FamilyId) -> Result<Option<Family>, StoreError> {
        if let Some(family) = self.ahead.as_ref().and_then(|ahead| ahead.family(id)) {
            return Ok(Some(family.clone()));
        }
        let id = id.to_text();
        let row: Option<FamilyRow> = on!(self, "reading a token family", c => {
            table.find(&id).select(FamilyRow::as_select()).get_result(c).optional()
        })?;
        row.map(Family::try_from).transpose()
    }

    fn family_of_agent(&mut self, client_id: &ClientId) -> Result<Option<Family>, StoreError> {
        let row: Option<FamilyRow> = on!(self, "reading the token family of an agent", c => {
            table
                .filter(families::client_id.eq(client_id.as_str()))
                .filter(families::subject.is_null())
                // Those of services say something of their own.
                .filter(families::claims.is_null())
                .filter(families::revoked_at.is_null())
                .select(FamilyRow::as_select())
                .get_result(c)
                .optional()
        })?;
        row.map(Family::try_from).transpose()
    }

    fn begin_family_of_agent(&mut self, family: &Family) -> Result<bool, StoreError> {
        let row = FamilyRow::try_from(family)?;
        // The gate is the unique index. On PostgreSQL a second caller waits here for the first.
        let rows = on!(self, "beginning the token family of an agent", c => {
            diesel::insert_into(table).values(&row).on_conflict_do_nothing().execute(c)
        })?;
        Ok(rows == 1)
    }

    fn rotate(&mut self, id: &FamilyId, rotation: &Rotation) -> Result<bool, StoreError> {
        let ahead = self.ahead.as_mut();
        if let Some(won) = ahead.and_then(|ahead| ahead.rotate(id, rotation)) {
            return Ok(won);
        }
        let id = id.to_text();
        let row = RotationRow::from(rotation);
        // The gate. On PostgreSQL a second caller waits here for the first, and then finds another version.
        let rows = on!(self, "rotating a token family", c => {
            diesel::update(table.find(&id))
                .filter(families::version.eq(rotation.version - 1))
                .filter(families::revoked_at.is_null())
                .set(&row)
                .execute(c)
        })?;
        Ok(rows == 1)
    }

    fn revoke_family(
        &mut self,
        id: &FamilyId,
        reason: RevocationReason,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let ahead = self.ahead.as_mut();
        if let Some(revoked) = ahead.and_then(|ahead| ahead.revoke(id, reason, now)) {
            return Ok(revoked);
        }
        let id = id.to_text();
        let row = RevocationRow::new(reason, now);
        let rows = on!(self, "revoking a token family", c => {
            diesel::update(table.find(&id))
                .filter(families::revoked_at.is_null())
                .set(&row)
                .execute(c)
        })?;
        Ok(rows == 1)
    }
}

impl Transaction {
    /// Revokes the families that belong to a session.
    pub(super) fn revoke_families_of_session(
        &mut self,
        session: &str,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let row = RevocationRow::new(RevocationReason::SignOut, now);
        self.lock_families(&FamiliesOf::UserOf(session))?;
        on!(self, "revoking the token families of a session", c => {
            diesel::update(table)
                .filter(families::session_id.eq(session))
                .filter(families::revoked_at.is_null())
                .set(&row)
                .execute(c)
        })?;
        Ok(())
    }

    /// Revokes the families of a user and a client.
    pub(super) fn revoke_families_of(
        &mut self,
        subject: &str,
        client_id: &str,
        reason: RevocationReason,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let row = RevocationRow::new(reason, now);
        self.lock_families(&FamiliesOf::User(subject))?;
        on!(self, "revoking the token families of a user and a client", c => {
            diesel::update(table)
                .filter(families::subject.eq(subject))
                .filter(families::client_id.eq(client_id))
                .filter(families::revoked_at.is_null())
                .set(&row)
                .execute(c)
        })?;
        Ok(())
    }

    /// Revokes all families of a user.
    pub(super) fn revoke_families_of_user(
        &mut self,
        subject: &str,
        reason: RevocationReason,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let row = RevocationRow::new(reason, now);
        self.lock_families(&FamiliesOf::User(subject))?;
        on!(self, "revoking the token families of a user", c => {
            diesel::update(table)
                .filter(families::subject.eq(subject))
                .filter(families::revoked_at.is_null())
                .set(&row)
                .execute(c)
        })?;
        Ok(())
    }

    /// How many families are neither revoked nor expired. Reads all of them.
    pub fn count_living_families(&mut self, now: Timestamp) -> Result<i64, StoreError> {
        on!(self, "counting the living token families", c => {
            table
                .filter(families::revoked_at.is_null())
                .filter(families::expires_at.gt(now))
                .filter(families::idle_expires_at.gt(now))
                .count()
                .get_result(c)
        })
    }

    /// The families of a user that are neither revoked nor expired.
    pub(super) fn living_families_of(
        &mut self,
        subject: &str,
        now: Timestamp,
    ) -> Result<Vec<Family>, StoreError> {
        let rows: Vec<FamilyRow> = on!(self, "reading the token families of a user", c => {
            table
                .filter(families::subject.eq(subject))
                .filter(families::revoked_at.is_null())
                .filter(families::expires_at.gt(now))
                .filter(families::idle_expires_at.gt(now))
                .select(FamilyRow::as_select())
                .load(c)
        })?;
        rows.into_iter().map(Family::try_from).collect()
    }
}

#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = families)]
pub(super) struct FamilyRow {
    id: String,
    client_id: String,
    subject: Option<String>,
    session_id: Option<String>,
    scope: String,
    audience: String,
    auth_time: i64,
    amr: String,
    created_at: i64,
    expires_at: i64,
    revoked_at: Option<i64>,
    revocation_reason: Option<String>,
    claims: Option<String>,
    #[diesel(embed)]
    rotation: RotationRow,
}

#[derive(Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = families, treat_none_as_null = true)]
pub(super) struct RotationRow {
    pub(super) version: i64,
    pub(super) generation: i64,
    pub(super) current_digest: Vec<u8>,
    pub(super) pending_digest: Option<Vec<u8>>,
    pub(super) pending_salt: Option<Vec<u8>>,
    pub(super) pending_minted_at: Option<i64>,
    pub(super) former_tags: Vec<u8>,
    pub(super) last_used_at: i64,
    pub(super) idle_expires_at: i64,
    pub(super) remove_at: i64,
}

#[derive(AsChangeset)]
#[diesel(table_name = families)]
pub(super) struct RevocationRow {
    pub(super) revoked_at: i64,
    pub(super) revocation_reason: &'static str,
    pub(super) remove_at: i64,
}

impl RevocationRow {
    pub(super) fn new(reason: RevocationReason, now: Timestamp) -> Self {
        Self {
            revoked_at: now,
            revocation_reason: reason.as_str(),
            remove_at: end_of_day(now + KEPT_AFTER_REVOCATION),
        }
    }
}

impl FamilyRow {
    /// The user who signed in; `None` for an agent's.
    pub(super) fn subject(&self) -> Option<&str> {
        self.subject.as_deref()
    }

    /// The browser session it came from.
    pub(super) fn session(&self) -> Option<&str> {
        self.session_id.as_deref()
    }
}

impl TryFrom<&Family> for FamilyRow {
    type Error = StoreError;

    fn try_from(family: &Family) -> Result<Self, StoreError> {
        Ok(Self {
            id: family.id.to_text(),
            client_id: family.client_id.as_str().to_owned(),
            subject: family.subject.clone(),
            session_id: family.session.clone(),
            scope: family.scope.to_string(),
            audience: to_json(&family.audience)?,
            auth_time: family.auth_time,
            amr: to_json(&family.amr)?,
            created_at: family.created_at,
            expires_at: family.expires_at,
            revoked_at: family.revoked.map(|revoked| revoked.at),
            revocation_reason: family
                .revoked
                .map(|revoked| revoked.reason.as_str().to_owned()),
            claims: claims_column(&family.claims)?,
            rotation: RotationRow::from(&family.rotation),
        })
    }
}

impl From<&Rotation> for RotationRow {
    fn from(rotation: &Rotation) -> Self {
        Self {
            version: rotation.version,
            generation: i64::from(rotation.generation),
            current_digest: rotation.current.as_bytes().to_vec(),
            pending_digest: rotation
                .pending
                .map(|pending| pending.digest.as_bytes().to_vec()),
            pending_salt: rotation.pending.map(|pending| pending.salt.to_vec()),
            pending_minted_at: rotation.pending.map(|pending| pending.minted_at),
            former_tags: rotation.former_tags.concat(),
            last_used_at: rotation.last_used_at,
            idle_expires_at: rotation.idle_expires_at,
            // The idle end is never after the absolute one.
            remove_at: end_of_day(rotation.idle_expires_at + KEPT_AFTER_EXPIRY),
        }
    }
}

impl TryFrom<FamilyRow> for Family {
    type Error = StoreError;

    fn try_from(row: FamilyRow) -> Result<Self, StoreError> {
        const WHAT: &str = "reading a token family, which is damaged";
        let revoked = match (row.revoked_at, row.revocation_reason) {
            (Some(at), Some(name)) => Some(Revoked {
                at,
                reason: RevocationReason::ALL
                    .into_iter()
                    .find(|reason| reason.as_str() == name)
                    .ok_or_else(|| damaged(WHAT))?,
            }),
            (None, None) => None,
            (Some(_), None) | (None, Some(_)) => return Err(damaged(WHAT)),
        };
        Ok(Self {
            id: FamilyId::from_text(&row.id).ok_or_else(|| damaged(WHAT))?,
            client_id: parse(&row.client_id, WHAT)?,
            subject: row.subject,
            session: row.session_id,
            scope: parse(&row.scope, WHAT)?,
            claims: read_claims(row.claims.as_deref(), WHAT)?,
            audience: from_json(&row.audience, WHAT)?,
            auth_time: row.auth_time,
            amr: from_json(&row.amr, WHAT)?,
            created_at: row.created_at,
            expires_at: row.expires_at,
            revoked,
            rotation: row.rotation.try_into()?,
        })
    }
}

impl TryFrom<RotationRow> for Rotation {
    type Error = StoreError;

    fn try_from(row: RotationRow) -> Result<Self, StoreError> {
        const WHAT: &str = "reading a token family, whose rotation is damaged";
        let pending = match (row.pending_digest, row.pending_salt, row.pending_minted_at) {
            (Some(bytes), Some(salt), Some(minted_at)) => Some(Pending {
                digest: digest(&bytes, WHAT)?,
                salt: array(&salt, WHAT)?,
                minted_at,
            }),
            (None, None, None) => None,
            (_, _, _) => return Err(damaged(WHAT)),
        };
        let (tags, rest) = row.former_tags.as_chunks::<TAG_LENGTH>();
        if !rest.is_empty() {
            return Err(damaged(WHAT));
        }
        Ok(Self {
            version: row.version,
            generation: u32::try_from(row.generation).map_err(|_| damaged(WHAT))?,
            current: digest(&row.current_digest, WHAT)?,
            pending,
            former_tags: tags.to_vec(),
            last_used_at: row.last_used_at,
            idle_expires_at: row.idle_expires_at,
        })
    }
}

/// The next midnight: the column is indexed, and a rotation should seldom change it.
fn end_of_day(time: Timestamp) -> Timestamp {
    time.div_euclid(DAY).saturating_add(1).saturating_mul(DAY)
}

const TAG_LENGTH: usize = size_of::<Tag>();
const DAY: i64 = 86_400;
/// A dead family is kept for a while, so that the use of its tokens can be explained.
const KEPT_AFTER_EXPIRY: i64 = 7 * DAY;
/// A revoked one longer, because somebody may ask why.
const KEPT_AFTER_REVOCATION: i64 = 30 * DAY;
