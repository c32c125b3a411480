//! Many rotations with few statements, on PostgreSQL.
//!
//! Each statement costs a round trip, so rules that were asked at the same time share them: their families are read and
//! locked with one statement, together with what the rules will ask about users and sessions; the rules then run in memory;
//! what they changed is written with one statement. While a row is locked nobody else can change it, so what a rule sees
//! here is what a statement of its own would show it, and a gate is as strict.

use std::collections::HashMap;

use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::query_builder::{AstPass, QueryFragment, QueryId};
use diesel::sql_types::{Array, BigInt, Binary, Nullable, Text};

use crate::identity::store::User;
use crate::protocol::context::Timestamp;
use crate::protocol::error::StoreError;
use crate::protocol::store::Subject;
use crate::protocol::tokens::family::{Family, RevocationReason, Revoked, Rotation};
use crate::protocol::tokens::refresh_token::FamilyId;
use crate::storage::backend::{Connection, Transaction};
use crate::storage::error::Failure;
use crate::storage::schema::{sessions, token_families, users};
use crate::storage::token_families::{FamilyRow, RevocationRow, RotationRow};
use crate::storage::users::UserRow;

/// Families that are locked, and what belongs to them.
#[derive(Default)]
pub(super) struct Ahead {
    families: HashMap<FamilyId, Held>,
    subjects: HashMap<String, Subject>,
    /// When sessions are over.
    sessions: HashMap<String, Timestamp>,
    /// What the part that is running has changed, as it was before.
    undo: Vec<(FamilyId, Family)>,
}

/// A family, as the rules have changed it so far.
struct Held {
    family: Family,
    /// The version that is stored.
    stored_version: i64,
    /// Whether it was dead already, so that nothing can change any more.
    was_revoked: bool,
}

impl From<Family> for Held {
    fn from(family: Family) -> Self {
        Self {
            stored_version: family.rotation.version,
            was_revoked: family.revoked.is_some(),
            family,
        }
    }
}

impl Held {
    fn is_changed(&self) -> bool {
        let is_rotated = self.family.rotation.version != self.stored_version;
        is_rotated || self.family.revoked.is_some() != self.was_revoked
    }
}

impl Ahead {
    /// The family, if it is held.
    pub(super) fn family(&self, id: &FamilyId) -> Option<&Family> {
        self.families.get(id).map(|held| &held.family)
    }

    /// The user, if one of the families is theirs.
    pub(super) fn subject(&self, id: &str) -> Option<&Subject> {
        self.subjects.get(id)
    }

    /// When the session is over, if one of the families comes from it.
    pub(super) fn session_expiry(&self, session: &str) -> Option<Timestamp> {
        self.sessions.get(session).copied()
    }

    /// The gate of [`crate::protocol::store::TokenFamilies::rotate`]; `None` if the family is not held.
    pub(super) fn rotate(&mut self, id: &FamilyId, rotation: &Rotation) -> Option<bool> {
        let family = &mut self.families.get_mut(id)?.family;
        if family.revoked.is_some() || family.rotation.version != rotation.version - 1 {
            return Some(false);
        }
        self.undo.push((*id, family.clone()));
        family.rotation = rotation.clone();
        Some(true)
    }

    /// [`crate::protocol::store::TokenFamilies::revoke_family`]; `None` if the family is not held.
    pub(super) fn revoke(
        &mut self,
        id: &FamilyId,
        reason: RevocationReason,
        at: Timestamp,
    ) -> Option<bool> {
        let family = &mut self.families.get_mut(id)?.family;
        if family.revoked.is_some() {
            return Some(false);
        }
        self.undo.push((*id, family.clone()));
        family.revoked = Some(Revoked { at, reason });
        Some(true)
    }

    /// What the part changed stays.
    pub(super) fn keep_part(&mut self) {
        self.undo.clear();
    }

    /// What the part changed is as it was before.
    pub(super) fn undo_part(&mut self) {
        for (id, before) in self.undo.drain(..).rev() {
            if let Some(held) = self.families.get_mut(&id) {
                held.family = before;
            }
        }
    }
}

impl Transaction {
    /// Reads and locks the families, and reads what belongs to them. Those that somebody else holds are waited for, or left
    /// out. Does nothing on SQLite, where a statement costs no round trip.
    pub(super) fn fetch_ahead(&mut self, ids: &[FamilyId], waits: bool) -> Result<(), Failure> {
        if ids.is_empty() {
            return Ok(());
        }
        if let Connection::Postgres(connection) = &mut self.connection {
            let fetched = fetch(connection, ids, waits);
            let fetched = self.checked("reading token families ahead", fetched)?;
            self.ahead = Some(fetched.into());
        }
        Ok(())
    }

    /// Whether the family should have been read ahead, and was not: somebody holds it, it is damaged, or there is none.
    pub(super) fn lacks(&self, id: &FamilyId) -> bool {
        let ahead = self.ahead.as_ref();
        ahead.is_some_and(|ahead| ahead.family(id).is_none())
    }

    /// Drops what was read ahead and changed in memory.
    pub(super) fn forget_ahead(&mut self) {
        self.ahead = None;
    }

    /// Locks families that are about to change together, in the order in which all who lock several do, so that nobody
    /// waits for who waits for them. SQLite has one writer, who waits for nobody.
    pub(super) fn lock_families(&mut self, of: &FamiliesOf<'_>) -> Result<(), StoreError> {
        self.enter_part()?;
        let Connection::Postgres(connection) = &mut self.connection else {
            return Ok(());
        };
        let locked = lock(connection, of);
        locked.map_err(|error| self.failed("locking token families", error))
    }

    /// Writes what the rules changed.
    pub(super) fn write_ahead(&mut self) -> Result<(), Failure> {
        const DURING: &str = "writing many token families";
        let changes = Changes::of(&self.ahead.take().unwrap_or_default());
        let Connection::Postgres(connection) = &mut self.connection else {
            return Ok(());
        };
        let count = changes.ids.len();
        if count == 0 {
            return Ok(());
        }
        let written = changes.execute(connection);
        let written = self.checked(DURING, written)?;
        // All rows are locked by us, so none can have changed or gone.
        if written == count {
            Ok(())
        } else {
            Err(Failure::broken(DURING, "some had changed under the lock"))
        }
    }
}

/// Families that change together.
pub(super) enum FamiliesOf<'a> {
    /// Those of a user.
    User(&'a str),
    /// Those of the user whose browser session it is. All of them: a transaction that ends one session may end another.
    UserOf(&'a str),
    /// Those of a client.
    Client(&'a str),
}

fn lock(connection: &mut PgConnection, of: &FamiliesOf<'_>) -> QueryResult<()> {
    use token_families::{client_id, id, session_id, subject, table};
    let ids = table.select(id).into_boxed::<Pg>();
    let ids = match *of {
        FamiliesOf::User(user) => ids.filter(subject.eq(user)),
        FamiliesOf::UserOf(session) => {
            let users = table.filter(session_id.eq(session)).select(subject);
            ids.filter(subject.eq_any(users.distinct().load::<Option<String>>(connection)?))
        }
        FamiliesOf::Client(client) => ids.filter(client_id.eq(client)),
    };
    let ids: Vec<String> = ids.load(connection)?;
    let locked = table
        .filter(id.eq_any(ids))
        .order(id)
        .for_no_key_update()
        .select(id);
    locked.load::<String>(connection)?;
    Ok(())
}

/// What was read, as rows.
struct Fetched {
    families: Vec<FamilyRow>,
    users: Vec<UserRow>,
    sessions: Vec<(String, Timestamp)>,
}

fn fetch(connection: &mut PgConnection, ids: &[FamilyId], waits: bool) -> QueryResult<Fetched> {
    let ids: Vec<String> = ids.iter().map(|id| id.to_text()).collect();
    // In one order, here and wherever else several are locked: who waits for whom never goes round in a circle.
    let wanted = token_families::table
        .filter(token_families::id.eq_any(&ids))
        .order(token_families::id)
        .for_no_key_update();
    let families: Vec<FamilyRow> = if waits {
        wanted.select(FamilyRow::as_select()).load(connection)?
    } else {
        let free = wanted.skip_locked();
        free.select(FamilyRow::as_select()).load(connection)?
    };
    // After the lock, so that nothing is older than the families are.
    let mut subjects: Vec<&str> = families.iter().filter_map(FamilyRow::subject).collect();
    subjects.sort_unstable();
    subjects.dedup();
    let users = users::table
        .filter(users::id.eq_any(subjects))
        .select(UserRow::as_select())
        .load(connection)?;
    let mut of_sessions: Vec<&str> = families.iter().filter_map(FamilyRow::session).collect();
    of_sessions.sort_unstable();
    of_sessions.dedup();
    let sessions = if of_sessions.is_empty() {
        Vec::new()
    } else {
        sessions::table
            .filter(sessions::id.eq_any(of_sessions))
            .select((sessions::id, sessions::expires_at))
            .load(connection)?
    };
    Ok(Fetched {
        families,
        users,
        sessions,
    })
}

impl From<Fetched> for Ahead {
    /// A row that is damaged is left out: the rule that asks for it finds it by itself, and fails alone.
    fn from(fetched: Fetched) -> Self {
        let mut ahead = Self {
            sessions: fetched.sessions.into_iter().collect(),
            ..Self::default()
        };
        for row in fetched.families {
            if let Ok(family) = Family::try_from(row) {
                ahead.families.insert(family.id, Held::from(family));
            }
        }
        for row in fetched.users {
            if let Ok(user) = User::try_from(row) {
                ahead.subjects.insert(user.subject.id.clone(), user.subject);
            }
        }
        ahead
    }
}

/// The rows that changed, column by column, as one statement takes them.
#[derive(Default)]
struct Changes {
    ids: Vec<String>,
    stored_versions: Vec<i64>,
    versions: Vec<i64>,
    generations: Vec<i64>,
    current_digests: Vec<Vec<u8>>,
    pending_digests: Vec<Option<Vec<u8>>>,
    pending_salts: Vec<Option<Vec<u8>>>,
    pending_minted_at: Vec<Option<i64>>,
    former_tags: Vec<Vec<u8>>,
    last_used_at: Vec<i64>,
    idle_expires_at: Vec<i64>,
    remove_at: Vec<i64>,
    revoked_at: Vec<Option<i64>>,
    revocation_reasons: Vec<Option<&'static str>>,
}

impl Changes {
    fn of(ahead: &Ahead) -> Self {
        let mut changes = Self::default();
        for held in ahead.families.values().filter(|held| held.is_changed()) {
            changes.add(held);
        }
        changes
    }

    fn add(&mut self, held: &Held) {
        let family = &held.family;
        let row = RotationRow::from(&family.rotation);
        let revocation = family
            .revoked
            .map(|revoked| RevocationRow::new(revoked.reason, revoked.at));
        self.ids.push(family.id.to_text());
        self.stored_versions.push(held.stored_version);
        self.versions.push(row.version);
        self.generations.push(row.generation);
        self.current_digests.push(row.current_digest);
        self.pending_digests.push(row.pending_digest);
        self.pending_salts.push(row.pending_salt);
        self.pending_minted_at.push(row.pending_minted_at);
        self.former_tags.push(row.former_tags);
        self.last_used_at.push(row.last_used_at);
        self.idle_expires_at.push(row.idle_expires_at);
        let remove_at = revocation.as_ref().map(|it| it.remove_at);
        self.remove_at.push(remove_at.unwrap_or(row.remove_at));
        self.revoked_at
            .push(revocation.as_ref().map(|it| it.revoked_at));
        self.revocation_reasons
            .push(revocation.map(|it| it.revocation_reason));
    }
}

/// Diesel has no `UPDATE … FROM unnest(…)`. As a query of its own type it is prepared once for each connection, which text
/// that is given to diesel is not.
impl QueryFragment<Pg> for Changes {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        out.push_sql(
            "UPDATE token_families AS f SET version = n.version, generation = n.generation, \
             current_digest = n.current_digest, pending_digest = n.pending_digest, \
             pending_salt = n.pending_salt, pending_minted_at = n.pending_minted_at, \
             former_tags = n.former_tags, last_used_at = n.last_used_at, \
             idle_expires_at = n.idle_expires_at, remove_at = n.remove_at, \
             revoked_at = n.revoked_at, revocation_reason = n.revocation_reason \
             FROM unnest(",
        );
        out.push_bind_param::<Array<Text>, _>(&self.ids)?;
        out.push_sql(", ");
        out.push_bind_param::<Array<BigInt>, _>(&self.stored_versions)?;
        out.push_sql(", ");
        out.push_bind_param::<Array<BigInt>, _>(&self.versions)?;
        out.push_sql(", ");
        out.push_bind_param::<Array<BigInt>, _>(&self.generations)?;
        out.push_sql(", ");
        out.push_bind_param::<Array<Binary>, _>(&self.current_digests)?;
        out.push_sql(", ");
        out.push_bind_param::<Array<Nullable<Binary>>, _>(&self.pending_digests)?;
        out.push_sql(", ");
        out.push_bind_param::<Array<Nullable<Binary>>, _>(&self.pending_salts)?;
        out.push_sql(", ");
        out.push_bind_param::<Array<Nullable<BigInt>>, _>(&self.pending_minted_at)?;
        out.push_sql(", ");
        out.push_bind_param::<Array<Binary>, _>(&self.former_tags)?;
        out.push_sql(", ");
        out.push_bind_param::<Array<BigInt>, _>(&self.last_used_at)?;
        out.push_sql(", ");
        out.push_bind_param::<Array<BigInt>, _>(&self.idle_expires_at)?;
        out.push_sql(", ");
        out.push_bind_param::<Array<BigInt>, _>(&self.remove_at)?;
        out.push_sql(", ");
        out.push_bind_param::<Array<Nullable<BigInt>>, _>(&self.revoked_at)?;
        out.push_sql(", ");
        out.push_bind_param::<Array<Nullable<Text>>, _>(&self.revocation_reasons)?;
        out.push_sql(
            ") AS n (id, stored_version, version, generation, current_digest, pending_digest, \
             pending_salt, pending_minted_at, former_tags, last_used_at, idle_expires_at, \
             remove_at, revoked_at, revocation_reason) \
             WHERE f.id = n.id AND f.version = n.stored_version AND f.revoked_at IS NULL",
        );
        Ok(())
    }
}

impl QueryId for Changes {
    type QueryId = Self;
    const HAS_STATIC_QUERY_ID: bool = true;
}

impl RunQueryDsl<PgConnection> for Changes {}
