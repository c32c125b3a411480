//! One request's view of the server: one time, one snapshot, from the first check to the last.

use std::sync::Arc;

use actix_web::HttpRequest;
use actix_web::web::Data;

use crate::crypto::jwk::PublicJwk;
use crate::crypto::key_set::KeySet;
use crate::http::snapshot::Snapshot;
use crate::http::state::AppState;
use crate::protocol::bearer::{self, Proven};
use crate::protocol::client::{Client, ClientId};
use crate::protocol::client_key_set::{ClientKeys, Purpose};
use crate::protocol::context::{ClientDirectory, Context, PublishedKeys, Timestamp};
use crate::protocol::encryption::Recipient;
use crate::protocol::error::{Fault, StoreError, Trouble};
use crate::protocol::store::Store;
use crate::protocol::tokens::Signer;
use crate::protocol::tokens::refresh_token::FamilyId;
use crate::protocol::trust::directory::{Trust, Trusted};
use crate::storage::Transaction;

/// The time, the snapshot and everything shared.
#[derive(Clone)]
pub(crate) struct Scene {
    pub(crate) state: Arc<AppState>,
    pub(crate) snapshot: Arc<Snapshot>,
    pub(crate) now: Timestamp,
}

impl Scene {
    pub(crate) fn new(state: &Data<AppState>) -> Self {
        let state = Arc::clone(state);
        let snapshot = state.snapshot.load_full();
        let now = state.clock.now();
        Self {
            state,
            snapshot,
            now,
        }
    }

    /// For code that has only the request at hand.
    pub(crate) fn of(request: &HttpRequest) -> Option<Self> {
        request.app_data::<Data<AppState>>().map(Self::new)
    }

    /// What the rules get.
    pub(crate) fn context(&self) -> Context<'_> {
        Context {
            now: self.now,
            random: &*self.state.random,
            issuer: &self.state.site.issuer,
            policy: &self.state.policy,
            clients: self,
            keys: &self.state.token_keys,
        }
    }

    /// What tokens are signed with, and whom an ID token is encrypted to: after the commit, outside the transaction.
    pub(crate) fn signer<'a>(&'a self, recipient: Option<&'a Recipient>) -> Signer<'a> {
        Signer {
            issuer: &self.state.site.issuer,
            policy: &self.state.policy,
            keys: self.keys(),
            own_key: None,
            id_token_keys: &self.snapshot.id_token_keys,
            token_keys: &self.state.token_keys,
            recipient,
            random: &*self.state.random,
            now: self.now,
        }
    }

    pub(crate) fn keys(&self) -> &KeySet {
        &self.snapshot.keys
    }

    /// The same as [`Scene::read`] for what may take long; see [`crate::storage::Storage::read_long`].
    pub(crate) async fn read_long<T, R>(
        &self,
        rule: impl FnOnce(&Self, &mut Transaction) -> Result<T, Fault<R>> + Send + 'static,
    ) -> Result<T, Fault<R>>
    where
        T: Send + 'static,
        R: Send + 'static,
    {
        let scene = self.clone();
        self.state
            .storage
            .read_long(move |transaction| rule(&scene, transaction))
            .await
    }

    /// Runs a rule that only reads.
    pub(crate) async fn read<T, R>(
        &self,
        rule: impl FnOnce(&Self, &mut Transaction) -> Result<T, Fault<R>> + Send + 'static,
    ) -> Result<T, Fault<R>>
    where
        T: Send + 'static,
        R: Send + 'static,
    {
        let scene = self.clone();
        self.state
            .storage
            .read(move |transaction| rule(&scene, transaction))
            .await
    }

    /// Asks a rule about an access token. Where the token proves that a refresh token arrived, that is written before
    /// anybody relies on the answer.
    pub(crate) async fn ask<T, R>(
        &self,
        rule: impl Fn(&Self, &mut dyn Store) -> Result<Proven<T>, Fault<R>> + Clone + Send + 'static,
    ) -> Result<T, Fault<R>>
    where
        T: Send + 'static,
        R: Send + 'static,
    {
        let question = rule.clone();
        let look = self.read(move |scene, store| question(scene, store));
        let (answer, promotion) = look.await?;
        let Some((family, _)) = promotion else {
            return Ok(answer);
        };
        let settle = self.write_family(family, move |scene, store| {
            bearer::settle(store, |store| rule(scene, store))
        });
        let answer = settle.await?;
        self.state.metrics.promoted();
        Ok(answer)
    }

    /// Runs a rule in a transaction; see [`crate::storage::Storage::write`].
    pub(crate) async fn write<T, R>(
        &self,
        rule: impl FnOnce(&Self, &mut Transaction) -> Result<T, Fault<R>> + Send + 'static,
    ) -> Result<T, Fault<R>>
    where
        T: Send + 'static,
        R: Send + 'static,
    {
        let scene = self.clone();
        self.state
            .storage
            .write(move |transaction| rule(&scene, transaction))
            .await
    }

    /// Runs a rule that changes one client, and answers the client as it is then, if it is there still. At once this node
    /// knows of it; the others will within a second.
    pub(crate) async fn change_clients(
        &self,
        id: ClientId,
        rule: impl FnOnce(&mut Transaction) -> Result<Option<Client>, Fault> + Send + 'static,
    ) -> Result<Option<Client>, Fault> {
        let _alone = self.state.snapshot_change.lock().await;
        let client = self.state.storage.write(rule).await?;
        let snapshot = self.state.snapshot.load();
        let changed = snapshot.with_client(&id, client.clone());
        self.state.snapshot.store(Arc::new(changed));
        Ok(client)
    }

    /// Runs a rule that changes whom this server trusts. At once this node knows of it; the others will within a second.
    pub(crate) async fn change_trust<T: Send + 'static>(
        &self,
        rule: impl FnOnce(&mut Transaction) -> Result<T, Fault> + Send + 'static,
    ) -> Result<T, Fault> {
        let _alone = self.state.snapshot_change.lock().await;
        let change = self.state.storage.write(move |store| {
            let done = rule(store)?;
            let (issuers, rules) = (store.trusted_issuers()?, store.binding_rules()?);
            let trust = Trust::new(issuers, rules, store.declared_names()?);
            Ok::<_, Fault>((done, trust))
        });
        let (done, trust) = change.await?;
        let snapshot = Snapshot::clone(&self.state.snapshot.load());
        self.state
            .snapshot
            .store(Arc::new(snapshot.with_trust(trust)));
        Ok(done)
    }

    /// Runs a rule that changes a client and its keys, which it answers as they are published then.
    pub(crate) async fn change_keys_of(
        &self,
        id: ClientId,
        rule: impl FnOnce(&mut Transaction) -> Result<(Client, ClientKeys), Fault> + Send + 'static,
    ) -> Result<(Client, ClientKeys), Fault> {
        let _alone = self.state.snapshot_change.lock().await;
        let (client, keys) = self.state.storage.write(rule).await?;
        let during = "publishing the keys of a client";
        let published: Vec<PublicJwk> = keys
            .published(self.now)
            .filter(|key| matches!(key.purpose, Purpose::Signing(_)))
            .map(|key| serde_json::from_str(&key.public_jwk))
            .collect::<Result<_, _>>()
            .map_err(|error| broken(during, error))?;
        let snapshot = self.state.snapshot.load();
        let changed = snapshot
            .with_client(&id, Some(client.clone()))
            .with_keys_of(&id, published)
            .map_err(|error| broken(during, error))?;
        self.state.snapshot.store(Arc::new(changed));
        Ok((client, keys))
    }

    /// The same as [`Scene::write`] for a rule that is about one family; see [`crate::storage::Storage::write_family`].
    pub(crate) async fn write_family<T, R>(
        &self,
        family: FamilyId,
        rule: impl FnOnce(&Self, &mut Transaction) -> Result<T, Fault<R>> + Send + 'static,
    ) -> Result<T, Fault<R>>
    where
        T: Send + 'static,
        R: Send + 'static,
    {
        let scene = self.clone();
        self.state
            .storage
            .write_family(family, move |transaction| rule(&scene, transaction))
            .await
    }
}

impl ClientDirectory for Scene {
    fn client(&self, client_id: &str) -> Option<Arc<Client>> {
        self.snapshot.client(client_id)
    }

    fn published_keys(&self, jwks_uri: &str) -> PublishedKeys {
        self.state.client_keys.published(jwks_uri, self.now)
    }

    fn trusted_issuer(&self, name: &str) -> Option<Arc<Trusted>> {
        self.snapshot.trust.find(name).cloned()
    }
}

/// Something that cannot happen unless the program is wrong, told as a failure.
pub(crate) fn broken(
    during: &'static str,
    cause: impl Into<Box<dyn std::error::Error + Send + Sync>>,
) -> StoreError {
    StoreError::new(Trouble::Broken, during, cause)
}
