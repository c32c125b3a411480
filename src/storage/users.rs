//! Users, as sign-in and as tokens see them.

use diesel::dsl::exists;
use diesel::prelude::*;

use crate::identity::account::ADMIN;
use crate::identity::store::{Sessions as _, User, Users};
use crate::protocol::context::Timestamp;
use crate::protocol::error::{StoreError, Trouble};
use crate::protocol::store::{Subject, Subjects};
use crate::storage::ahead::FamiliesOf;
use crate::storage::backend::{Transaction, on};
use crate::storage::columns::{from_json, to_json};
use crate::storage::schema::{sessions, users};

impl Subjects for Transaction {
    fn subject(&mut self, id: &str) -> Result<Option<Subject>, StoreError> {
        if let Some(subject) = self.ahead.as_ref().and_then(|ahead| ahead.subject(id)) {
            return Ok(Some(subject.clone()));
        }
        Ok(self.user(id)?.map(|user| user.subject))
    }

    fn subject_by_username(&mut self, username: &str) -> Result<Option<Subject>, StoreError> {
        Ok(self.user_by_username(username)?.map(|user| user.subject))
    }

    fn session_expiry(&mut self, session: &str) -> Result<Option<Timestamp>, StoreError> {
        let ahead = self.ahead.as_ref();
        if let Some(expiry) = ahead.and_then(|ahead| ahead.session_expiry(session)) {
            return Ok(Some(expiry));
        }
        on!(self, "reading when a session is over", c => {
            sessions::table
                .find(session)
                .select(sessions::expires_at)
                .get_result(c)
                .optional()
        })
    }
}

impl Transaction {
    /// Whether somebody who may sign in is an administrator.
    pub fn has_administrator(&mut self) -> Result<bool, StoreError> {
        // The database finds few rows, and perhaps some too many: SQLite does not heed case.
        let roles: Vec<String> = on!(self, "looking for an administrator", c => {
            users::table
                .filter(users::active.eq(true))
                .filter(users::roles.like(format!("%\"{ADMIN}\"%")))
                .select(users::roles)
                .load(c)
        })?;
        for roles in roles {
            let roles: Vec<String> = from_json(&roles, "reading the roles of a user")?;
            if roles.iter().any(|role| role == ADMIN) {
                return Ok(true);
            }
        }
        Ok(false)
    }
}

impl Users for Transaction {
    fn user_by_username(&mut self, username: &str) -> Result<Option<User>, StoreError> {
        let row: Option<UserRow> = on!(self, "reading a user", c => {
            users::table
                .filter(users::username_key.eq(username_key(username)))
                .select(UserRow::as_select())
                .get_result(c)
                .optional()
        })?;
        row.map(User::try_from).transpose()
    }

    fn user(&mut self, subject: &str) -> Result<Option<User>, StoreError> {
        let row: Option<UserRow> = on!(self, "reading a user", c => {
            users::table
                .find(subject)
                .select(UserRow::as_select())
                .get_result(c)
                .optional()
        })?;
        row.map(User::try_from).transpose()
    }

    fn add_user(&mut self, user: &User) -> Result<(), StoreError> {
        let row = UserRow::try_from(user)?;
        // A taken name is an answer here and not a failed statement, so that the caller may go on.
        let rows = on!(self, "adding a user", c => {
            diesel::insert_into(users::table)
                .values(&row)
                .on_conflict_do_nothing()
                .execute(c)
        })?;
        if rows == 1 { Ok(()) } else { Err(taken()) }
    }

    fn replace_user(&mut self, user: &User) -> Result<bool, StoreError> {
        let row = UserRow::try_from(user)?;
        let is_taken: bool = on!(self, "looking for a user of that name", c => {
            diesel::select(exists(
                users::table
                    .filter(users::username_key.eq(&row.username_key))
                    .filter(users::id.ne(&row.id)),
            ))
            .get_result(c)
        })?;
        if is_taken {
            return Err(taken());
        }
        let rows = on!(self, "replacing a user", c => {
            diesel::update(users::table.find(&row.id)).set(&row).execute(c)
        })?;
        Ok(rows == 1)
    }

    fn delete_user(&mut self, subject: &str) -> Result<bool, StoreError> {
        self.lock_person(subject)?;
        self.lock_families(&FamiliesOf::User(subject))?;
        // Sessions, consents, codes and families go with the user: their rows refer to it.
        let rows = on!(self, "deleting a user", c => {
            diesel::delete(users::table.find(subject)).execute(c)
        })?;
        Ok(rows == 1)
    }

    fn users(&mut self) -> Result<Vec<User>, StoreError> {
        let rows: Vec<UserRow> = on!(self, "reading the users", c => {
            users::table
                .order(users::username_key)
                .select(UserRow::as_select())
                .load(c)
        })?;
        rows.into_iter().map(User::try_from).collect()
    }
}

fn taken() -> StoreError {
    StoreError::plain(Trouble::Conflict, "naming a user, whose name is taken")
}

/// What names are compared by.
fn username_key(username: &str) -> String {
    username.to_ascii_lowercase()
}

#[derive(Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = users, treat_none_as_null = true)]
pub(super) struct UserRow {
    id: String,
    username: String,
    username_key: String,
    name: Option<String>,
    email: Option<String>,
    email_verified: bool,
    roles: String,
    active: bool,
    password_hash: Option<String>,
    created_at: i64,
    updated_at: i64,
    profile: String,
}

impl TryFrom<&User> for UserRow {
    type Error = StoreError;

    fn try_from(user: &User) -> Result<Self, StoreError> {
        let subject = &user.subject;
        Ok(Self {
            id: subject.id.clone(),
            username: subject.username.clone(),
            username_key: username_key(&subject.username),
            name: subject.name.clone(),
            email: subject.email.clone(),
            email_verified: subject.email_verified,
            roles: to_json(&subject.roles)?,
            active: subject.active,
            password_hash: user.password_hash.clone(),
            created_at: user.created_at,
            updated_at: subject.updated_at,
            profile: to_json(&subject.profile)?,
        })
    }
}

impl TryFrom<UserRow> for User {
    type Error = StoreError;

    fn try_from(row: UserRow) -> Result<Self, StoreError> {
        Ok(Self {
            subject: Subject {
                id: row.id,
                username: row.username,
                name: row.name,
                email: row.email,
                email_verified: row.email_verified,
                roles: from_json(&row.roles, "reading a user, whose roles are damaged")?,
                profile: from_json(&row.profile, "reading a user, whose profile is damaged")?,
                active: row.active,
                updated_at: row.updated_at,
            },
            password_hash: row.password_hash,
            created_at: row.created_at,
        })
    }
}
