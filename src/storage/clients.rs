//! Registered clients and their secrets.

use std::collections::BTreeMap;

use diesel::dsl::exists;
use diesel::prelude::*;

use crate::crypto::digest::Digest;
use crate::protocol::client::{
    Client, ClientId, ClientSecret, DynamicClient, SECRET_USE_RESOLUTION, SecretUse, StoredSecret,
};
use crate::protocol::error::{StoreError, Trouble};
use crate::protocol::refresh_policy::RefreshOverrides;
use crate::storage::ahead::FamiliesOf;
use crate::storage::backend::{Connection, Transaction, on};
use crate::storage::columns::{damaged, digest, from_json, parse, to_json};
use crate::storage::schema::{client_secrets, clients};

/// The clients that could be read, and those that could not.
#[derive(Debug, Default)]
pub struct ReadClients {
    /// By identifier.
    pub clients: Vec<Client>,
    /// Identifier, and what is wrong.
    pub damaged: Vec<(String, StoreError)>,
}

impl Transaction {
    /// Has whoever changes the client wait until this transaction is over. Before it is read, so that what is written back is
    /// not older than what somebody else decided.
    pub fn lock_client(&mut self, id: &ClientId) -> Result<(), StoreError> {
        self.enter_part()?;
        // SQLite has one writer.
        let Connection::Postgres(connection) = &mut self.connection else {
            return Ok(());
        };
        let locked = clients::table
            .find(id.as_str())
            .for_no_key_update()
            .select(clients::id)
            .get_result::<String>(connection)
            .optional();
        match locked {
            Ok(_) => Ok(()),
            Err(error) => Err(self.failed("locking a client", error)),
        }
    }

    /// Adds a client with its secrets; a taken identifier is [`Trouble::Conflict`].
    pub fn add_client(&mut self, client: &Client) -> Result<(), StoreError> {
        let row = ClientRow::try_from(client)?;
        let rows = on!(self, "adding a client", c => {
            diesel::insert_into(clients::table)
                .values(&row)
                .on_conflict_do_nothing()
                .execute(c)
        })?;
        if rows == 0 {
            return Err(taken());
        }
        for secret in &client.secrets {
            self.insert_secret(&client.id, secret)?;
        }
        self.next_revision()
    }

    /// Replaces everything but identifier and secrets; false when there is no such client.
    pub fn replace_client(&mut self, client: &Client) -> Result<bool, StoreError> {
        let row = ClientRow::try_from(client)?;
        let rows = on!(self, "replacing a client", c => {
            diesel::update(clients::table.find(&row.id)).set(&row).execute(c)
        })?;
        self.changed(rows == 1)
    }

    /// Removes a client with its secrets, consents, codes and families; false when there is no such client.
    pub fn delete_client(&mut self, id: &ClientId) -> Result<bool, StoreError> {
        self.lock_families(&FamiliesOf::Client(id.as_str()))?;
        // The rows that refer to the client go with it.
        let rows = on!(self, "deleting a client", c => {
            diesel::delete(clients::table.find(id.as_str())).execute(c)
        })?;
        self.changed(rows == 1)
    }

    /// The client of that identifier.
    pub fn client(&mut self, id: &ClientId) -> Result<Option<Client>, StoreError> {
        let row: Option<ClientRow> = on!(self, "reading a client", c => {
            clients::table
                .find(id.as_str())
                .select(ClientRow::as_select())
                .get_result(c)
                .optional()
        })?;
        let Some(row) = row else {
            return Ok(None);
        };
        let secrets: Vec<SecretRow> = on!(self, "reading the secrets of a client", c => {
            client_secrets::table
                .filter(client_secrets::client_id.eq(id.as_str()))
                .order((client_secrets::created_at, client_secrets::id))
                .select(SecretRow::as_select())
                .load(c)
        })?;
        row.into_client(secrets).map(Some)
    }

    /// All clients, by identifier. One that is damaged does not keep the others from being read.
    pub fn clients(&mut self) -> Result<ReadClients, StoreError> {
        let rows: Vec<ClientRow> = on!(self, "reading the clients", c => {
            clients::table
                .order(clients::id)
                .select(ClientRow::as_select())
                .load(c)
        })?;
        let secrets: Vec<SecretRow> = on!(self, "reading the secrets of the clients", c => {
            client_secrets::table
                .order((client_secrets::created_at, client_secrets::id))
                .select(SecretRow::as_select())
                .load(c)
        })?;
        let mut by_client: BTreeMap<String, Vec<SecretRow>> = BTreeMap::new();
        for secret in secrets {
            by_client
                .entry(secret.client_id.clone())
                .or_default()
                .push(secret);
        }
        let mut read = ReadClients::default();
        for row in rows {
            let secrets = by_client.remove(&row.id).unwrap_or_default();
            let id = row.id.clone();
            match row.into_client(secrets) {
                Ok(client) => read.clients.push(client),
                Err(error) => read.damaged.push((id, error)),
            }
        }
        Ok(read)
    }

    /// Adds a secret; false when there is no such client. A taken name is [`Trouble::Conflict`].
    pub fn add_client_secret(
        &mut self,
        client_id: &ClientId,
        secret: &ClientSecret,
    ) -> Result<bool, StoreError> {
        let is_known: bool = on!(self, "looking for a client", c => {
            diesel::select(exists(clients::table.find(client_id.as_str()))).get_result(c)
        })?;
        if !is_known {
            return Ok(false);
        }
        self.insert_secret(client_id, secret)?;
        self.next_revision()?;
        Ok(true)
    }

    /// Removes a secret; false when there is none of that name.
    pub fn remove_client_secret(
        &mut self,
        client_id: &ClientId,
        secret_id: &str,
    ) -> Result<bool, StoreError> {
        let rows = on!(self, "removing a client secret", c => {
            diesel::delete(client_secrets::table.find((client_id.as_str(), secret_id))).execute(c)
        })?;
        self.changed(rows == 1)
    }

    /// Writes down when secrets were last used, unless a use of about that time is written down already. The revision
    /// stays: nothing changed that a server has to read again.
    pub fn note_secret_uses(&mut self, uses: &[SecretUse]) -> Result<(), StoreError> {
        for one in uses {
            let secret = client_secrets::table.find((one.client_id.as_str(), &one.secret_id));
            let is_earlier = client_secrets::last_used_at
                .is_null()
                .or(client_secrets::last_used_at.le(one.at - SECRET_USE_RESOLUTION));
            on!(self, "noting the use of a client secret", c => {
                diesel::update(secret.filter(is_earlier))
                    .set(client_secrets::last_used_at.eq(one.at))
                    .execute(c)
            })?;
        }
        Ok(())
    }

    fn insert_secret(
        &mut self,
        client_id: &ClientId,
        secret: &ClientSecret,
    ) -> Result<(), StoreError> {
        let row = SecretRow::new(client_id, secret);
        let rows = on!(self, "adding a client secret", c => {
            diesel::insert_into(client_secrets::table)
                .values(&row)
                .on_conflict_do_nothing()
                .execute(c)
        })?;
        if rows == 1 { Ok(()) } else { Err(taken()) }
    }
}

fn taken() -> StoreError {
    StoreError::plain(
        Trouble::Conflict,
        "adding a client or secret, whose name is taken",
    )
}

#[derive(Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = clients, treat_none_as_null = true)]
struct ClientRow {
    id: String,
    name: String,
    authentication_method: String,
    grants: String,
    redirect_uris: String,
    post_logout_redirect_uris: String,
    scope: String,
    audiences: String,
    id_token_algorithm: String,
    requires_pkce: bool,
    requires_consent: bool,
    disabled: bool,
    created_at: i64,
    updated_at: i64,
    refresh_rotation: Option<String>,
    retry_window: Option<i64>,
    refresh_idle_lifetime: Option<i64>,
    refresh_absolute_lifetime: Option<i64>,
    metadata: String,
    registration_digest: Option<Vec<u8>>,
    expires_at: Option<i64>,
}

#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = client_secrets)]
struct SecretRow {
    client_id: String,
    id: String,
    digest: Option<Vec<u8>>,
    password_hash: Option<String>,
    created_at: i64,
    expires_at: Option<i64>,
    last_used_at: Option<i64>,
    sealed: Option<Vec<u8>>,
}

impl TryFrom<&Client> for ClientRow {
    type Error = StoreError;

    fn try_from(client: &Client) -> Result<Self, StoreError> {
        Ok(Self {
            id: client.id.as_str().to_owned(),
            name: client.name.clone(),
            authentication_method: client.authentication_method.as_str().to_owned(),
            grants: to_json(&client.grants)?,
            redirect_uris: to_json(&client.redirect_uris)?,
            post_logout_redirect_uris: to_json(&client.post_logout_redirect_uris)?,
            scope: client.scope.to_string(),
            audiences: to_json(&client.audiences)?,
            id_token_algorithm: client.id_token_algorithm.as_str().to_owned(),
            requires_pkce: client.requires_pkce,
            requires_consent: client.requires_consent,
            disabled: client.disabled,
            created_at: client.created_at,
            updated_at: client.updated_at,
            refresh_rotation: client
                .refresh
                .rotation
                .map(|rotation| rotation.as_str().to_owned()),
            retry_window: client.refresh.retry_window,
            refresh_idle_lifetime: client.refresh.idle_lifetime,
            refresh_absolute_lifetime: client.refresh.absolute_lifetime,
            metadata: to_json(&client.metadata)?,
            registration_digest: client
                .dynamic
                .and_then(|dynamic| dynamic.token)
                .map(|token| token.as_bytes().to_vec()),
            expires_at: client.dynamic.map(|dynamic| dynamic.expires_at),
        })
    }
}

impl ClientRow {
    fn into_client(self, secrets: Vec<SecretRow>) -> Result<Client, StoreError> {
        const WHAT: &str = "reading a client, which is damaged";
        Ok(Client {
            id: parse(&self.id, WHAT)?,
            name: self.name,
            authentication_method: parse(&self.authentication_method, WHAT)?,
            secrets: secrets
                .into_iter()
                .map(ClientSecret::try_from)
                .collect::<Result<_, _>>()?,
            grants: from_json(&self.grants, WHAT)?,
            redirect_uris: from_json(&self.redirect_uris, WHAT)?,
            post_logout_redirect_uris: from_json(&self.post_logout_redirect_uris, WHAT)?,
            scope: parse(&self.scope, WHAT)?,
            audiences: from_json(&self.audiences, WHAT)?,
            id_token_algorithm: parse(&self.id_token_algorithm, WHAT)?,
            requires_pkce: self.requires_pkce,
            requires_consent: self.requires_consent,
            metadata: from_json(&self.metadata, WHAT)?,
            refresh: RefreshOverrides {
                rotation: match self.refresh_rotation {
                    Some(name) => Some(parse(&name, WHAT)?),
                    None => None,
                },
                retry_window: self.retry_window,
                idle_lifetime: self.refresh_idle_lifetime,
                absolute_lifetime: self.refresh_absolute_lifetime,
            },
            dynamic: match (self.registration_digest, self.expires_at) {
                (token, Some(expires_at)) => Some(DynamicClient {
                    token: token.map(|token| digest(&token, WHAT)).transpose()?,
                    expires_at,
                }),
                (None, None) => None,
                (Some(_), None) => return Err(damaged(WHAT)),
            },
            disabled: self.disabled,
            created_at: self.created_at,
            updated_at: self.updated_at,
        })
    }
}

impl SecretRow {
    fn new(client_id: &ClientId, secret: &ClientSecret) -> Self {
        let bytes = |digest: &Digest| Some(digest.as_bytes().to_vec());
        let (digest, password_hash, sealed) = match &secret.stored {
            StoredSecret::Generated(digest) => (bytes(digest), None, None),
            StoredSecret::Sealed { digest, sealed } => (bytes(digest), None, Some(sealed.clone())),
            StoredSecret::Chosen(hash) => (None, Some(hash.clone()), None),
        };
        Self {
            client_id: client_id.as_str().to_owned(),
            id: secret.id.clone(),
            digest,
            password_hash,
            created_at: secret.created_at,
            expires_at: secret.expires_at,
            last_used_at: secret.last_used_at,
            sealed,
        }
    }
}

impl TryFrom<SecretRow> for ClientSecret {
    type Error = StoreError;

    fn try_from(row: SecretRow) -> Result<Self, StoreError> {
        const WHAT: &str = "reading a client secret, which is damaged";
        let stored = match (row.digest, row.password_hash, row.sealed) {
            (Some(bytes), None, None) => StoredSecret::Generated(digest(&bytes, WHAT)?),
            (Some(bytes), None, Some(sealed)) => StoredSecret::Sealed {
                digest: digest(&bytes, WHAT)?,
                sealed,
            },
            (None, Some(hash), None) => StoredSecret::Chosen(hash),
            (Some(_), Some(_), _) | (None, Some(_), Some(_)) | (None, None, _) => {
                return Err(damaged(WHAT));
            }
        };
        Ok(Self {
            id: row.id,
            stored,
            created_at: row.created_at,
            expires_at: row.expires_at,
            last_used_at: row.last_used_at,
        })
    }
}
