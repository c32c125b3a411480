//! The real rules over the store in memory: one call takes a family's row and answers the row afterwards.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use issuant::crypto::key_set::KeySet;
use issuant::crypto::random::RandomSource;
use issuant::identity::store::Users as _;
use issuant::protocol::bearer::{self, Promotion};
use issuant::protocol::claims::RequestedClaims;
use issuant::protocol::client::{Client, GrantType};
use issuant::protocol::client_auth::{AuthenticatedClient, Identified, identify};
use issuant::protocol::context::{ClientDirectory, Context, Policy, PublishedKeys, TokenKeys};
use issuant::protocol::error::Fault;
use issuant::protocol::grants;
use issuant::protocol::params::Params;
use issuant::protocol::revocation;
use issuant::protocol::tokens::access_token::{AccessToken, Audiences};
use issuant::protocol::tokens::family::{Family, Rotation};
use issuant::protocol::tokens::refresh_token::FamilyId;
use issuant::protocol::tokens::{TokenOrigin, new_token_id};

use super::mutant::{Attempt, Mutant};
use crate::support::cast::{self, ISSUER, NOW};
use crate::support::memory::MemoryStore;

/// How long things live, in seconds.
#[derive(Clone, Copy, Debug)]
pub(super) struct Lifetimes {
    /// Within this time a repeated refresh gets the identical answer.
    pub(super) window: i64,
    /// Without use a family lives so long; its access tokens live no longer.
    pub(super) idle: i64,
    /// However much it is used, a family lives so long.
    pub(super) absolute: i64,
}

/// On whose behalf a request is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Who {
    /// The client of the family: its owner, or a thief who acts for it.
    Own,
    /// Another client.
    Other,
}

/// What a refresh was answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Given {
    pub(super) text: String,
    pub(super) token_id: String,
}

/// The outcome of one request, and what it left behind.
#[derive(Clone, Debug)]
pub(super) struct After<T> {
    pub(super) outcome: T,
    pub(super) family: Family,
    /// How many security events were written.
    pub(super) events: usize,
    /// Whether the row of another family of the same client and person changed.
    pub(super) touched_sibling: bool,
}

/// The server of the small world.
pub(super) struct Server {
    pub(super) lifetimes: Lifetimes,
    pub(super) keys: TokenKeys,
    pub(super) calls: usize,
    mutant: Option<Mutant>,
    policy: Policy,
    clients: Clients,
    random: Counter,
    own: AuthenticatedClient,
    other: AuthenticatedClient,
    store: MemoryStore,
    sibling: Family,
}

/// An access token is not good.
struct NotGood;

struct Clients(HashMap<String, Arc<Client>>);

impl ClientDirectory for Clients {
    fn client(&self, client_id: &str) -> Option<Arc<Client>> {
        self.0.get(client_id).cloned()
    }

    fn published_keys(&self, _: &str) -> PublishedKeys {
        PublishedKeys::default()
    }
}

/// Bytes that never repeat, and that anybody can guess.
#[derive(Default)]
struct Counter(AtomicU64);

impl RandomSource for Counter {
    fn fill(&self, buffer: &mut [u8]) {
        let number = self.0.fetch_add(1, Ordering::Relaxed).to_be_bytes();
        for (to, from) in buffer.iter_mut().zip(number.iter().cycle()) {
            *to = *from;
        }
    }
}

const OWN: &str = "spa";
const OTHER: &str = "native";
const OURS: FamilyId = FamilyId([1; 16]);
pub(super) const SIBLING: FamilyId = FamilyId([2; 16]);

impl Server {
    pub(super) fn new(mutant: Option<Mutant>, lifetimes: Lifetimes) -> Self {
        let policy = Policy {
            retry_window: lifetimes.window,
            refresh_idle_lifetime: lifetimes.idle,
            refresh_absolute_lifetime: lifetimes.absolute,
            ..Policy::default()
        };
        let clients = cast::clients().into_iter();
        let clients = Clients(
            clients
                .map(|client| (client.id.to_string(), Arc::new(client)))
                .collect(),
        );
        let (keys, random) = (cast::token_keys(), Counter::default());
        let context = context(NOW, &random, &policy, &clients, &keys);
        let (own, other) = (named(&context, OWN), named(&context, OTHER));
        let (sibling, _) = first_family(&context, SIBLING);
        let mut store = MemoryStore::default();
        store.add_user(&cast::users()[0]).unwrap();
        store.families.insert(SIBLING, sibling.clone());
        Self {
            lifetimes,
            keys,
            calls: 0,
            mutant,
            policy,
            clients,
            random,
            own,
            other,
            store,
            sibling,
        }
    }

    /// The family as it is after the sign-in, with its first refresh token and access token.
    pub(super) fn begin(&self) -> (Family, Given) {
        let context = context(NOW, &self.random, &self.policy, &self.clients, &self.keys);
        let (family, text) = first_family(&context, OURS);
        let origin = TokenOrigin::of_current(&family);
        let token_id = new_token_id(&self.random, Some(origin));
        (family, Given { text, token_id })
    }

    /// Presents a refresh token: what was answered, or the id of the refusal.
    pub(super) fn refresh(
        &mut self,
        family: &Family,
        now: i64,
        who: Who,
        text: &str,
    ) -> After<Result<Given, &'static str>> {
        let mut attempt = Attempt {
            policy: self.policy.clone(),
            family: family.clone(),
            who,
            text: text.to_owned(),
        };
        if let Some(mutant) = self.mutant {
            mutant.before_refresh(&mut attempt, &self.keys);
        }
        self.enter(attempt.family);
        let client = self.client(attempt.who);
        let params = Params::from_iter([
            ("grant_type", GrantType::RefreshToken.as_str()),
            ("refresh_token", &*attempt.text),
        ]);
        let context = context(
            now,
            &self.random,
            &attempt.policy,
            &self.clients,
            &self.keys,
        );
        let grant = grants::choose(&client, &params).unwrap();
        let outcome = match grants::exchange(&context, &mut self.store, &client, grant, &params) {
            Ok(issue) => Ok(Given {
                text: issue.refresh_token.unwrap().expose().to_owned(),
                token_id: issue.token_id,
            }),
            Err(Fault::Refused(refusal)) => Err(refusal.id()),
            Err(Fault::Failed(error)) => panic!("{error:?}"),
        };
        let mut after = self.leave(outcome);
        if let Some(mutant) = self.mutant {
            mutant.after_refresh(family, now, who, &mut after);
        }
        after
    }

    /// Shows an access token, as introspection and userinfo do once its signature and time were checked: whether it is
    /// good.
    pub(super) fn show(&mut self, family: &Family, now: i64, token_id: &str) -> After<bool> {
        let mut entered = family.clone();
        if let Some(mutant) = self.mutant {
            mutant.before_show(&mut entered, token_id);
        }
        let seen = self.look(&entered, now, token_id);
        if let Ok(Some(promotion)) = &seen
            && self.mutant.is_none_or(Mutant::promotes_when_shown)
        {
            assert!(bearer::promote(&mut self.store, promotion).unwrap());
        }
        let mut after = self.leave(seen.is_ok());
        if let Some(mutant) = self.mutant {
            mutant.after_show(family, now, &mut after);
        }
        after
    }

    /// Finds out what has to be written before an access token is relied on.
    pub(super) fn promotion(
        &mut self,
        family: &Family,
        now: i64,
        token_id: &str,
    ) -> Option<Promotion> {
        let seen = self.look(family, now, token_id);
        self.leave(());
        seen.unwrap_or(None)
    }

    /// Writes what was found out before, perhaps about an earlier state of the row.
    pub(super) fn promote(&mut self, family: &Family, promotion: &Promotion) -> After<bool> {
        self.enter(family.clone());
        let is_written = bearer::promote(&mut self.store, promotion).unwrap();
        let mut after = self.leave(is_written);
        if let Some(mutant) = self.mutant {
            mutant.after_promotion(promotion, &mut after);
        }
        after
    }

    /// Enters the row and looks an access token up in it; what has to be written, if it is good.
    fn look(
        &mut self,
        family: &Family,
        now: i64,
        token_id: &str,
    ) -> Result<Option<Promotion>, NotGood> {
        let token = AccessToken {
            iss: ISSUER.to_owned(),
            sub: family.owner_id().to_owned(),
            aud: Audiences::One(ISSUER.to_owned()),
            client_id: OWN.to_owned(),
            scope: family.scope.clone(),
            iat: now,
            exp: now + 1,
            jti: token_id.to_owned(),
            sid: None,
            roles: Vec::new(),
            identities: Vec::new(),
            act: None,
            may_act: None,
        };
        self.enter(family.clone());
        let context = context(now, &self.random, &self.policy, &self.clients, &self.keys);
        match bearer::look_up(&context, &mut self.store, token) {
            Ok((_, promotion)) => Ok(promotion),
            Err(Fault::Refused(_)) => Err(NotGood),
            Err(Fault::Failed(error)) => panic!("{error:?}"),
        }
    }

    /// Asks for the revocation of a refresh token (RFC 7009).
    pub(super) fn revoke(&mut self, family: &Family, now: i64, who: Who, text: &str) -> After<()> {
        let acting = match self.mutant {
            Some(mutant) => mutant.who_revokes(who),
            None => who,
        };
        self.enter(family.clone());
        let client = self.client(acting);
        let context = context(now, &self.random, &self.policy, &self.clients, &self.keys);
        let no_keys = KeySet::default();
        revocation::revoke(&context, &mut self.store, &no_keys, &client, text).unwrap();
        let mut after = self.leave(());
        if let Some(mutant) = self.mutant {
            mutant.after_revocation(family, &mut after);
        }
        after
    }

    /// The row stands in the store as if nothing else had ever happened.
    fn enter(&mut self, family: Family) {
        self.calls += 1;
        self.store.families.insert(OURS, family);
        self.store.events.clear();
    }

    fn leave<T>(&mut self, outcome: T) -> After<T> {
        let touched_sibling = self.store.families[&SIBLING] != self.sibling;
        if touched_sibling {
            self.store.families.insert(SIBLING, self.sibling.clone());
        }
        After {
            outcome,
            family: self.store.families.remove(&OURS).unwrap(),
            events: self.store.events.len(),
            touched_sibling,
        }
    }

    fn client(&self, who: Who) -> AuthenticatedClient {
        match who {
            Who::Own => self.own.clone(),
            Who::Other => self.other.clone(),
        }
    }
}

fn context<'a>(
    now: i64,
    random: &'a Counter,
    policy: &'a Policy,
    clients: &'a Clients,
    keys: &'a TokenKeys,
) -> Context<'a> {
    Context {
        now,
        random,
        issuer: ISSUER,
        policy,
        clients,
        keys,
    }
}

fn named(context: &Context<'_>, id: &str) -> AuthenticatedClient {
    let params = Params::from_iter([("client_id", id)]);
    let Ok(Identified::Authenticated(client)) = identify(context, None, &params) else {
        panic!("{id} is a public client");
    };
    client
}

/// A sign-in that may outlive its browser session, so that only the family's own life counts.
fn first_family(context: &Context<'_>, id: FamilyId) -> (Family, String) {
    let (rotation, text) = Rotation::first(
        id,
        context.random,
        context.keys,
        context.now,
        context.now + context.policy.refresh_idle_lifetime,
    );
    let family = Family {
        id,
        client_id: OWN.parse().unwrap(),
        subject: Some("sub-ada".to_owned()),
        session: None,
        scope: "offline_access read".parse().unwrap(),
        audience: vec![ISSUER.to_owned()],
        claims: RequestedClaims::default(),
        auth_time: context.now,
        amr: vec!["pwd".to_owned()],
        created_at: context.now,
        expires_at: context.now + context.policy.refresh_absolute_lifetime,
        revoked: None,
        rotation,
    };
    (family, text.expose().to_owned())
}
