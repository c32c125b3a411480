//! Trusted issuers, their binding rules, and the roles and policies that these can give.

use diesel::prelude::*;

use crate::protocol::context::Timestamp;
use crate::protocol::error::{StoreError, Trouble};
use crate::protocol::trust::binding::{BindType, BindingRule, Declared};
use crate::protocol::trust::issuer::{IssuerName, TrustedIssuer};
use crate::storage::backend::{Transaction, on};
use crate::storage::columns::{from_json, to_json};
use crate::storage::schema::{binding_rules, declared_names, trusted_issuers};

impl Transaction {
    /// Adds an issuer; a taken name is [`Trouble::Conflict`].
    pub fn add_trusted_issuer(&mut self, issuer: &TrustedIssuer) -> Result<(), StoreError> {
        let row = IssuerRow::try_from(issuer)?;
        let rows = on!(self, "adding a trusted issuer", c => {
            diesel::insert_into(trusted_issuers::table)
                .values(&row)
                .on_conflict_do_nothing()
                .execute(c)
        })?;
        self.added(rows)
    }

    /// Replaces everything but the name; false when there is no such issuer.
    pub fn replace_trusted_issuer(&mut self, issuer: &TrustedIssuer) -> Result<bool, StoreError> {
        let row = IssuerRow::try_from(issuer)?;
        let rows = on!(self, "replacing a trusted issuer", c => {
            diesel::update(trusted_issuers::table.find(&row.name)).set(&row).execute(c)
        })?;
        self.changed(rows == 1)
    }

    /// Removes an issuer with its rules and the reference tokens that were issued for its own; false when there is none.
    pub fn delete_trusted_issuer(&mut self, name: &IssuerName) -> Result<bool, StoreError> {
        let rows = on!(self, "deleting a trusted issuer", c => {
            diesel::delete(trusted_issuers::table.find(name.as_str())).execute(c)
        })?;
        self.changed(rows == 1)
    }

    /// The issuer of that name.
    pub fn trusted_issuer(
        &mut self,
        name: &IssuerName,
    ) -> Result<Option<TrustedIssuer>, StoreError> {
        let row: Option<IssuerRow> = on!(self, "reading a trusted issuer", c => {
            trusted_issuers::table
                .find(name.as_str())
                .select(IssuerRow::as_select())
                .get_result(c)
                .optional()
        })?;
        row.map(TrustedIssuer::try_from).transpose()
    }

    /// All issuers, by name.
    pub fn trusted_issuers(&mut self) -> Result<Vec<TrustedIssuer>, StoreError> {
        let rows: Vec<IssuerRow> = on!(self, "reading the trusted issuers", c => {
            trusted_issuers::table
                .order(trusted_issuers::name)
                .select(IssuerRow::as_select())
                .load(c)
        })?;
        rows.into_iter().map(TrustedIssuer::try_from).collect()
    }

    /// Adds a rule of an issuer that is there; a taken id is [`Trouble::Conflict`].
    pub fn add_binding_rule(&mut self, rule: &BindingRule) -> Result<(), StoreError> {
        let row = RuleRow::try_from(rule)?;
        let rows = on!(self, "adding a binding rule", c => {
            diesel::insert_into(binding_rules::table)
                .values(&row)
                .on_conflict_do_nothing()
                .execute(c)
        })?;
        self.added(rows)
    }

    /// Replaces a rule; false when there is none of that id.
    pub fn replace_binding_rule(&mut self, rule: &BindingRule) -> Result<bool, StoreError> {
        let row = RuleRow::try_from(rule)?;
        let rows = on!(self, "replacing a binding rule", c => {
            diesel::update(binding_rules::table.find(&row.id)).set(&row).execute(c)
        })?;
        self.changed(rows == 1)
    }

    /// Removes a rule; false when there is none of that id.
    pub fn delete_binding_rule(&mut self, id: &str) -> Result<bool, StoreError> {
        let rows = on!(self, "deleting a binding rule", c => {
            diesel::delete(binding_rules::table.find(id)).execute(c)
        })?;
        self.changed(rows == 1)
    }

    /// All rules, oldest first.
    pub fn binding_rules(&mut self) -> Result<Vec<BindingRule>, StoreError> {
        let rows: Vec<RuleRow> = on!(self, "reading the binding rules", c => {
            binding_rules::table
                .order((binding_rules::created_at, binding_rules::id))
                .select(RuleRow::as_select())
                .load(c)
        })?;
        rows.into_iter().map(BindingRule::try_from).collect()
    }

    /// Declares a role or a policy; one that is there already is [`Trouble::Conflict`].
    pub fn declare_name(
        &mut self,
        kind: BindType,
        name: &str,
        id: &str,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let row = (
            declared_names::kind.eq(kind.as_str()),
            declared_names::name.eq(name),
            declared_names::id.eq(id),
            declared_names::created_at.eq(now),
        );
        let rows = on!(self, "declaring a role or policy", c => {
            diesel::insert_into(declared_names::table)
                .values(row)
                .on_conflict_do_nothing()
                .execute(c)
        })?;
        self.added(rows)
    }

    /// Takes a role or policy back; false when nobody declared it.
    pub fn withdraw_name(&mut self, kind: BindType, name: &str) -> Result<bool, StoreError> {
        let rows = on!(self, "withdrawing a role or policy", c => {
            diesel::delete(declared_names::table.find((kind.as_str(), name))).execute(c)
        })?;
        self.changed(rows == 1)
    }

    /// All roles and policies.
    pub fn declared_names(&mut self) -> Result<Declared, StoreError> {
        let rows: Vec<(String, String, String)> = on!(self, "reading roles and policies", c => {
            declared_names::table
                .select((declared_names::kind, declared_names::name, declared_names::id))
                .load(c)
        })?;
        let mut declared = Declared::default();
        for (kind, name, id) in rows {
            if kind == BindType::Role.as_str() {
                declared.roles.insert(name, id);
            } else {
                declared.policies.insert(name, id);
            }
        }
        Ok(declared)
    }

    fn added(&mut self, rows: usize) -> Result<(), StoreError> {
        if rows == 0 {
            let during = "adding something whose name is taken";
            return Err(StoreError::plain(Trouble::Conflict, during));
        }
        self.next_revision()
    }
}

#[derive(Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = trusted_issuers, treat_none_as_null = true)]
struct IssuerRow {
    name: String,
    definition: String,
    sealed_secret: Option<Vec<u8>>,
    created_at: i64,
    updated_at: i64,
}

impl TryFrom<&TrustedIssuer> for IssuerRow {
    type Error = StoreError;

    fn try_from(issuer: &TrustedIssuer) -> Result<Self, StoreError> {
        Ok(Self {
            name: issuer.name.as_str().to_owned(),
            definition: to_json(issuer)?,
            sealed_secret: issuer.sealed_secret.clone(),
            created_at: issuer.created_at,
            updated_at: issuer.updated_at,
        })
    }
}

impl TryFrom<IssuerRow> for TrustedIssuer {
    type Error = StoreError;

    fn try_from(row: IssuerRow) -> Result<Self, StoreError> {
        let issuer: Self = from_json(
            &row.definition,
            "reading a trusted issuer, which is damaged",
        )?;
        Ok(Self {
            sealed_secret: row.sealed_secret,
            created_at: row.created_at,
            updated_at: row.updated_at,
            ..issuer
        })
    }
}

#[derive(Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = binding_rules)]
struct RuleRow {
    id: String,
    trusted_issuer: String,
    rule: String,
    created_at: i64,
    updated_at: i64,
}

impl TryFrom<&BindingRule> for RuleRow {
    type Error = StoreError;

    fn try_from(rule: &BindingRule) -> Result<Self, StoreError> {
        Ok(Self {
            id: rule.id.clone(),
            trusted_issuer: rule.trusted_issuer.as_str().to_owned(),
            rule: to_json(rule)?,
            created_at: rule.created_at,
            updated_at: rule.updated_at,
        })
    }
}

impl TryFrom<RuleRow> for BindingRule {
    type Error = StoreError;

    fn try_from(row: RuleRow) -> Result<Self, StoreError> {
        let rule: Self = from_json(&row.rule, "reading a binding rule, which is damaged")?;
        Ok(Self {
            created_at: row.created_at,
            updated_at: row.updated_at,
            ..rule
        })
    }
}
