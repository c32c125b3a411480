//! Tokens that people have for scripts.

use diesel::dsl::max;
use diesel::prelude::*;

use crate::protocol::context::Timestamp;
use crate::protocol::error::StoreError;
use crate::protocol::personal_token::{PersonalToken, PersonalTokenUse, USE_RESOLUTION};
use crate::protocol::store::PersonalTokens;
use crate::storage::backend::{Transaction, on};
use crate::storage::columns::{from_json, parse, to_json};
use crate::storage::schema::personal_tokens::{self as tokens, dsl::personal_tokens as table};
use crate::storage::schema::signing_keys;

impl PersonalTokens for Transaction {
    fn add_personal_token(
        &mut self,
        token: &PersonalToken,
        key_id: &str,
    ) -> Result<(), StoreError> {
        let row = TokenRow::try_from(token)?;
        on!(self, "adding a personal access token", c => {
            diesel::insert_into(table).values(&row).execute(c)
        })?;
        // A key that is being replaced leaves when the tokens of clients have expired, which is sooner.
        let kept = token.expires_at.saturating_add(MARGIN);
        let rows = on!(self, "keeping the key of a personal access token", c => {
            diesel::update(signing_keys::table.find(key_id))
                .filter(signing_keys::remove_at.lt(kept))
                .set(signing_keys::remove_at.eq(kept))
                .execute(c)
        })?;
        self.changed(rows == 1).map(|_| ())
    }

    fn personal_token(&mut self, id: &str) -> Result<Option<PersonalToken>, StoreError> {
        let row: Option<TokenRow> = on!(self, "reading a personal access token", c => {
            table
                .find(id)
                .select(TokenRow::as_select())
                .get_result(c)
                .optional()
        })?;
        row.map(PersonalToken::try_from).transpose()
    }

    fn personal_tokens_of(&mut self, subject: &str) -> Result<Vec<PersonalToken>, StoreError> {
        let rows: Vec<TokenRow> = on!(self, "reading the personal access tokens of a user", c => {
            table
                .filter(tokens::subject.eq(subject))
                .order((tokens::created_at.desc(), tokens::id))
                .select(TokenRow::as_select())
                .load(c)
        })?;
        rows.into_iter().map(PersonalToken::try_from).collect()
    }

    fn revoke_personal_token(&mut self, id: &str, now: Timestamp) -> Result<bool, StoreError> {
        let rows = on!(self, "revoking a personal access token", c => {
            diesel::update(table.find(id))
                .filter(tokens::revoked_at.is_null())
                .set(tokens::revoked_at.eq(now))
                .execute(c)
        })?;
        Ok(rows == 1)
    }
}

impl Transaction {
    /// All of them, newest first.
    pub fn personal_tokens(&mut self) -> Result<Vec<PersonalToken>, StoreError> {
        let rows: Vec<TokenRow> = on!(self, "reading the personal access tokens", c => {
            table
                .order((tokens::created_at.desc(), tokens::id))
                .select(TokenRow::as_select())
                .load(c)
        })?;
        rows.into_iter().map(PersonalToken::try_from).collect()
    }

    /// When the last one expires that was not revoked.
    pub fn last_personal_token_expiry(&mut self) -> Result<Option<Timestamp>, StoreError> {
        on!(self, "looking for the last personal access token", c => {
            table
                .filter(tokens::revoked_at.is_null())
                .select(max(tokens::expires_at))
                .get_result(c)
        })
    }

    /// Notes uses, each unless a later or nearly equal one is noted already.
    pub fn note_personal_token_uses(
        &mut self,
        uses: &[PersonalTokenUse],
    ) -> Result<(), StoreError> {
        for one in uses {
            let is_earlier = tokens::last_used_at
                .is_null()
                .or(tokens::last_used_at.le(one.at - USE_RESOLUTION));
            on!(self, "noting the use of a personal access token", c => {
                diesel::update(table.find(&one.id).filter(is_earlier))
                    .set((
                        tokens::last_used_at.eq(one.at),
                        tokens::last_used_from.eq(one.from.as_deref()),
                    ))
                    .execute(c)
            })?;
        }
        Ok(())
    }
}

#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = tokens)]
struct TokenRow {
    id: String,
    subject: String,
    name: String,
    scope: String,
    roles: String,
    audience: String,
    created_at: i64,
    expires_at: i64,
    last_used_at: Option<i64>,
    last_used_from: Option<String>,
    revoked_at: Option<i64>,
}

impl TryFrom<&PersonalToken> for TokenRow {
    type Error = StoreError;

    fn try_from(token: &PersonalToken) -> Result<Self, StoreError> {
        Ok(Self {
            id: token.id.clone(),
            subject: token.subject.clone(),
            name: token.name.clone(),
            scope: token.scope.to_string(),
            roles: to_json(&token.roles)?,
            audience: to_json(&token.audience)?,
            created_at: token.created_at,
            expires_at: token.expires_at,
            last_used_at: token.last_used_at,
            last_used_from: token.last_used_from.clone(),
            revoked_at: token.revoked_at,
        })
    }
}

impl TryFrom<TokenRow> for PersonalToken {
    type Error = StoreError;

    fn try_from(row: TokenRow) -> Result<Self, StoreError> {
        const WHAT: &str = "reading a personal access token, which is damaged";
        Ok(Self {
            id: row.id,
            subject: row.subject,
            name: row.name,
            scope: parse(&row.scope, WHAT)?,
            roles: from_json(&row.roles, WHAT)?,
            audience: from_json(&row.audience, WHAT)?,
            created_at: row.created_at,
            expires_at: row.expires_at,
            last_used_at: row.last_used_at,
            last_used_from: row.last_used_from,
            revoked_at: row.revoked_at,
        })
    }
}

/// For clocks that disagree.
const MARGIN: i64 = 3600;
