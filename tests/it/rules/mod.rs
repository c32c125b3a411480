//! The rules against the store in memory: no HTTP, no database, a clock that stands still until a test moves it.
//!
//! Each operation has one helper that makes a request and answers what was granted, or the id of the refusal. A test is
//! a valid request with one deviation. The helpers check on every call that a refusal left nothing behind.

mod acr;
mod agents;
mod authorization_code;
mod authorize;

mod catalogue;
mod client_assertion;
mod client_authentication;
mod client_credentials;
mod engine;
mod front_channel;
mod introspection;
mod laws;
mod logout;
mod next_step;
mod personal_token;
mod refresh_near_end;
mod refresh_settings;
mod refresh_token;
mod request_object;
mod revocation;
mod session_end;
mod setup;
mod sign_in;
mod throttle;
mod token_exchange;
mod trust;
mod userinfo;

use std::collections::HashMap;
use std::sync::Arc;

use issuant::crypto::algorithm::Algorithm;
use issuant::crypto::digest::Digest;
use issuant::crypto::key_set::KeySet;
use issuant::crypto::random::{SeededRandom, random_bytes};
use issuant::identity::store::{Session, Sessions as _, Users as _};
use issuant::protocol::authorize::answer::{Answered, Authentication, with_code};
use issuant::protocol::authorize::request::AuthorizationRequest;
use issuant::protocol::authorize::{AuthorizeRefusal, accept};
use issuant::protocol::bearer::{self, BearerRefused};
use issuant::protocol::client::{Client, GrantType};
use issuant::protocol::client_auth::{AuthenticatedClient, Identified, identify};
use issuant::protocol::context::{ClientDirectory, Context, Policy, PublishedKeys, TokenKeys};
use issuant::protocol::error::Fault;
use issuant::protocol::grants;
use issuant::protocol::params::Params;
use issuant::protocol::store::{WaitingRequest, WaitingRequests as _};
use issuant::protocol::tokens::access_token::AccessToken;
use issuant::protocol::tokens::family::Family;
use issuant::protocol::tokens::id_token::IdTokenKeys;
use issuant::protocol::tokens::{self, Issue, TokenResponse};
use serde_json::Value;

use crate::support::cast::{self, CHALLENGE, ISSUER, NOW, VERIFIER, deviate};
use crate::support::memory::MemoryStore;

/// A server without HTTP.
struct World {
    ground: Ground,
    store: MemoryStore,
}

/// What a rule gets besides the store.
struct Ground {
    now: i64,
    policy: Policy,
    clients: Clients,
    token_keys: TokenKeys,
    keys: KeySet,
    random: SeededRandom,
}

struct Clients(HashMap<String, Arc<Client>>, PublishedKeys);

impl ClientDirectory for Clients {
    fn client(&self, client_id: &str) -> Option<Arc<Client>> {
        self.0.get(client_id).cloned()
    }

    fn published_keys(&self, _: &str) -> PublishedKeys {
        self.1.clone()
    }
}

impl Ground {
    fn context(&self) -> Context<'_> {
        Context {
            now: self.now,
            random: &self.random,
            issuer: ISSUER,
            policy: &self.policy,
            clients: &self.clients,
            keys: &self.token_keys,
        }
    }
}

/// The browser session that codes come from; it outlives every test.
const SESSION: &str = "session-1";

fn session_of(subject: &str) -> Session {
    Session {
        id: SESSION.to_owned(),
        cookie: Digest::from_bytes([9; 32]),
        subject: subject.to_owned(),
        auth_time: NOW - 30,
        amr: vec!["pwd".to_owned()],
        created_at: NOW - 30,
        last_seen_at: NOW,
        expires_at: NOW + 400 * 86_400,
        user_agent: String::new(),
        address: String::new(),
    }
}

/// The id of a refusal, as `E1204`.
type Id = &'static str;

/// The parts of an authorization request that every test has.
const AUTHORIZE: [(&str, &str); 7] = [
    ("response_type", "code"),
    ("client_id", "web"),
    ("redirect_uri", "https://web.example/cb"),
    ("scope", "openid read"),
    ("state", "s t"),
    ("code_challenge", CHALLENGE),
    ("code_challenge_method", "S256"),
];

impl World {
    fn new() -> Self {
        let clients = cast::clients().into_iter();
        let mut store = MemoryStore::default();
        for user in cast::users() {
            store.add_user(&user).unwrap();
        }
        store.add_session(&session_of("sub-ada")).unwrap();
        Self {
            ground: Ground {
                now: NOW,
                policy: Policy::default(),
                clients: Clients(
                    clients
                        .map(|it| (it.id.to_string(), Arc::new(it)))
                        .collect(),
                    PublishedKeys::default(),
                ),
                token_keys: cast::token_keys(),
                keys: cast::key_set(&[Algorithm::Es256]),
                random: SeededRandom::new(7),
            },
            store,
        }
    }

    fn pass(&mut self, seconds: i64) {
        self.ground.now += seconds;
    }

    fn client(&self, id: &str) -> Arc<Client> {
        self.ground.clients.client(id).unwrap()
    }

    fn change_client(&mut self, id: &str, change: impl FnOnce(&mut Client)) {
        let mut client = (*self.client(id)).clone();
        change(&mut client);
        self.ground
            .clients
            .0
            .insert(id.to_owned(), Arc::new(client));
    }

    fn disable_user(&mut self, id: &str) {
        self.store.users.get_mut(id).unwrap().subject.active = false;
    }

    /// The client, authenticated as it is registered.
    fn authenticated(&self, id: &str) -> AuthenticatedClient {
        let secret = cast::secret_of(id);
        let (header, params) = if self.client(id).is_public() {
            (None, Params::from_iter([("client_id", id)]))
        } else {
            (Some(basic(id, &secret)), Params::default())
        };
        let identified = identify(&self.ground.context(), header.as_deref(), &params);
        let Ok(Identified::Authenticated(client)) = identified else {
            panic!("{id} needs more: {identified:?}");
        };
        client
    }

    /// A token request of an authenticated client, up to the signed answer.
    fn token(&mut self, client: &str, params: &[(&str, &str)]) -> Result<Granted, Id> {
        let client = self.authenticated(client);
        let params: Params<'_> = params.iter().copied().collect();
        let before = self.store.clone();
        let context = self.ground.context();
        let outcome = grants::choose(&client, &params)
            .map_err(Fault::from)
            .and_then(|grant| {
                self.store
                    .transaction(|store| grants::exchange(&context, store, &client, grant, &params))
            });
        match outcome {
            Ok(issue) => Ok(self.signed(&issue)),
            Err(Fault::Refused(refusal)) => {
                assert_nothing_new(&before, &self.store, refusal.id());
                Err(refusal.id())
            }
            Err(Fault::Failed(error)) => panic!("{error:?}"),
        }
    }

    /// What was decided, as it is answered.
    fn signed(&self, issue: &Issue) -> Granted {
        let keys = IdTokenKeys::new(&self.ground.keys).unwrap();
        let signer = tokens::Signer {
            issuer: ISSUER,
            policy: &self.ground.policy,
            keys: &self.ground.keys,
            own_key: None,
            id_token_keys: &keys,
            token_keys: &self.ground.token_keys,
            recipient: None,
            random: &self.ground.random,
            now: self.ground.now,
        };
        Granted::new(&tokens::sign(issue, &signer).unwrap())
    }

    /// An authorization request: the checks only.
    fn authorize(&self, deviations: &[(&str, &str)]) -> Result<AuthorizationRequest, Said> {
        let params: Params<'_> = deviate(&AUTHORIZE, deviations).into_iter().collect();
        accepted(self, &params)
    }

    /// The request as it waits for a person.
    fn waiting(&self, request: AuthorizationRequest) -> WaitingRequest {
        let context = self.ground.context();
        WaitingRequest {
            handle: context
                .keys
                .request_digest(&format!("{:?}", random_bytes::<4>(context.random))),
            browser: context.keys.session_digest("a browser"),
            request,
            created_at: context.now,
            expires_at: context.now + context.policy.request_lifetime,
            signed_in_by: None,
            consented_by: None,
            chosen_by: None,
        }
    }

    /// A code for a user who signed in and agreed.
    fn code_of(&mut self, subject: &str, deviations: &[(&str, &str)]) -> String {
        let request = self.authorize(deviations).unwrap();
        let client = self.client(request.client_id.as_str());
        let waiting = self.waiting(request);
        let context = self.ground.context();
        self.store.add_waiting_request(&waiting).unwrap();
        let by = Authentication {
            session: SESSION.to_owned(),
            subject: subject.to_owned(),
            auth_time: context.now - 30,
            amr: vec!["pwd".to_owned()],
        };
        match with_code(&context, &mut self.store, &client, &waiting, by).unwrap() {
            Answered::Code(_, code) => code.expose().to_owned(),
            Answered::Gone => panic!("the request is gone"),
        }
    }

    /// The redemption of a code of the web app, with deviations.
    fn redeem(&mut self, code: &str, deviations: &[(&str, &str)]) -> Result<Granted, Id> {
        let valid = redemption(code);
        self.token("web", &deviate(&valid, deviations))
    }

    /// Ada signs in to the web app.
    fn sign_in(&mut self) -> Granted {
        let code = self.code_of("sub-ada", &[]);
        self.redeem(&code, &[]).unwrap()
    }

    fn refresh(&mut self, token: &str) -> Result<Granted, Id> {
        self.token(
            "web",
            &[("grant_type", "refresh_token"), ("refresh_token", token)],
        )
    }

    /// Shows an access token to this server, as introspection and userinfo do.
    fn show(&mut self, access_token: &str) -> Result<AccessToken, BearerRefused> {
        let context = self.ground.context();
        let read = bearer::read(&context, &self.ground.keys, access_token)?;
        match bearer::look_up(&context, &mut self.store, read) {
            Ok((seen, promotion)) => {
                if let Some(promotion) = &promotion {
                    bearer::promote(&mut self.store, promotion).unwrap();
                }
                Ok(seen.token)
            }
            Err(Fault::Refused(refused)) => Err(refused),
            Err(Fault::Failed(error)) => panic!("{error:?}"),
        }
    }

    /// The only family there is.
    fn family(&self) -> &Family {
        assert_eq!(self.store.families.len(), 1);
        self.store.families.values().next().unwrap()
    }
}

/// How the authorization endpoint says no.
#[derive(Debug, PartialEq, Eq)]
enum Said {
    Page(Id),
    Redirect {
        id: Id,
        to: String,
        state: Option<String>,
    },
}

fn said(refusal: AuthorizeRefusal) -> Said {
    match refusal {
        AuthorizeRefusal::Page(page) => Said::Page(page.refusal.id()),
        AuthorizeRefusal::Back(back, refusal) => Said::Redirect {
            id: refusal.id(),
            to: back.target.as_str().to_owned(),
            state: back.state,
        },
    }
}

/// The checks of an authorization request.
fn accepted(world: &World, params: &Params<'_>) -> Result<AuthorizationRequest, Said> {
    let accepted = accept(&world.ground.context(), &world.ground.keys, params);
    accepted.map(|(_, request)| request).map_err(said)
}

/// A successful answer of the token endpoint.
#[derive(Debug)]
struct Granted {
    access_token: String,
    refresh_token: Option<String>,
    scope: String,
    id_token: Option<Value>,
    id_token_text: Option<String>,
}

impl Granted {
    fn new(response: &TokenResponse) -> Self {
        assert_eq!(response.token_type, "Bearer");
        Self {
            access_token: response.access_token.clone(),
            refresh_token: response.refresh_token.clone(),
            scope: response.scope.clone(),
            id_token: response.id_token.as_deref().map(claims),
            id_token_text: response.id_token.clone(),
        }
    }

    fn refresh_token(&self) -> &str {
        self.refresh_token.as_deref().expect("a refresh token")
    }

    fn claims(&self) -> Value {
        claims(&self.access_token)
    }
}

fn claims(token: &str) -> Value {
    use base64::Engine as _;
    let payload = token.split('.').nth(1).unwrap();
    let payload = base64::engine::general_purpose::URL_SAFE_NO_PAD
        .decode(payload)
        .unwrap();
    serde_json::from_slice(&payload).unwrap()
}

fn redemption(code: &str) -> [(&str, &str); 4] {
    [
        ("grant_type", GrantType::AuthorizationCode.as_str()),
        ("code", code),
        ("redirect_uri", "https://web.example/cb"),
        ("code_verifier", VERIFIER),
    ]
}

fn basic(client_id: &str, secret: &str) -> String {
    use base64::Engine as _;
    let pair = format!("{client_id}:{secret}");
    format!(
        "Basic {}",
        base64::engine::general_purpose::STANDARD.encode(pair)
    )
}

/// A refusal may revoke the family it is about, and tell of it; it makes nothing and spends nothing.
#[track_caller]
fn assert_nothing_new(before: &MemoryStore, after: &MemoryStore, id: Id) {
    let mut expected = before.clone();
    if ["E1312", "E1324"].contains(&id) {
        expected.events.clone_from(&after.events);
        for (id, family) in &mut expected.families {
            family.revoked = after.families[id].revoked;
        }
    }
    assert_eq!(*after, expected, "{id} changed the store");
}
