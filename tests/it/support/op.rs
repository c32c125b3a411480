//! The server in this process: the same `app(state)` that production runs, with a clock that stands still until a
//! test moves it, and the people who call it.
//!
//! Everything goes through public endpoints; what a test reads behind their back is called `remembered`.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use actix_web::http::{Method, StatusCode};
use actix_web::test::{TestRequest, call_service, init_service, read_body};
use actix_web::web::{Bytes, Data};
use arc_swap::ArcSwap;
use issuant::crypto::algorithm::Algorithm;
use issuant::crypto::random::SystemRandom;
use issuant::crypto::secret::Secret;
use issuant::fetch::{Authorities, Fetcher, Reach};
use issuant::http::app;
use issuant::http::headers::RequestIds;
use issuant::http::metrics::Metrics;
use issuant::http::passwords::PasswordQueue;
use issuant::http::snapshot::Snapshot;
use issuant::http::state::{AppState, Clock, Site};
use issuant::identity::setup::new_link;
use issuant::identity::store::{OneTimeLinks as _, User, Users as _};
use issuant::protocol::client::Client;
use issuant::protocol::context::{ClientDirectory, Context, Policy, PublishedKeys, Timestamp};
use issuant::protocol::error::{Fault, StoreError};
use issuant::protocol::trust::directory::Trust;
use issuant::storage::{Storage, Transaction};
use serde_json::Value;

use crate::support::cast::{self, CHALLENGE, NOW};
use crate::support::databases::Database;

mod browser;
mod caller;
mod reply;

pub(crate) use browser::{Browser, hidden_fields};
pub(crate) use caller::{Caller, basic, encode, form_request, redemption, refreshing};
pub(crate) use reply::Reply;

/// A clock that stands still.
pub(crate) struct TestClock(AtomicI64);

impl Clock for TestClock {
    fn now(&self) -> Timestamp {
        self.0.load(Ordering::SeqCst)
    }
}

/// A server with the whole cast registered, each with a database of its own.
pub(crate) struct TestOp {
    pub(crate) state: Data<AppState>,
    pub(crate) database: Database,
    clock: Arc<TestClock>,
}

/// How a server of a test deviates from the usual one.
pub(crate) struct Setting {
    pub(crate) issuer: String,
    pub(crate) algorithms: Vec<Algorithm>,
    pub(crate) clients: Vec<Client>,
    pub(crate) is_set_up: bool,
    pub(crate) trusted_proxies: Vec<ipnet::IpNet>,
    pub(crate) development: bool,
    pub(crate) start: Timestamp,
    pub(crate) metrics_token: Option<Secret>,
    pub(crate) policy: Policy,
    pub(crate) fetcher: Fetcher,
}

impl Default for Setting {
    fn default() -> Self {
        Self {
            issuer: cast::ISSUER.to_owned(),
            algorithms: vec![Algorithm::Es256],
            clients: cast::clients(),
            is_set_up: true,
            trusted_proxies: Vec::new(),
            development: false,
            start: NOW,
            metrics_token: None,
            policy: Policy::default(),
            fetcher: Fetcher::new(Reach::default(), Authorities::default()),
        }
    }
}

/// Runs a test on SQLite.
pub(crate) fn on_sqlite(test: impl AsyncFnOnce(TestOp)) {
    run(test(TestOp::new(Database::sqlite())));
}

/// Runs a test to its end.
pub(crate) fn run(test: impl Future<Output = ()>) {
    actix_web::rt::System::new().block_on(test);
}

impl TestOp {
    pub(crate) fn new(database: Database) -> Self {
        Self::with(database, Setting::default())
    }

    pub(crate) fn with(database: Database, setting: Setting) -> Self {
        let storage = database.open();
        let keys = cast::key_set(&setting.algorithms);
        let clients = setting.clients.clone();
        let is_set_up = setting.is_set_up;
        write(&storage, move |store| {
            for client in &clients {
                store.add_client(client)?;
            }
            for user in cast::users() {
                store.add_user(&user)?;
            }
            if is_set_up {
                store.mark_set_up()?;
            }
            Ok(())
        });
        let snapshot =
            Snapshot::new(&setting.issuer, &setting.policy, setting.clients, keys).unwrap();
        let clock = Arc::new(TestClock(AtomicI64::new(setting.start)));
        let authority = setting.issuer.split_once("://").unwrap().1.to_owned();
        let state = AppState {
            request_ids: RequestIds::default(),
            metrics: Metrics::new(&storage),
            metrics_token: setting.metrics_token,
            site: Site {
                origin: setting.issuer.clone(),
                authority,
                is_https: setting.issuer.starts_with("https:"),
                issuer: setting.issuer,
                name: "Example ID".to_owned(),
                help_url: None,
                development: setting.development,
                trusted_proxies: setting.trusted_proxies,
                jwks_max_age: 3600,
            },
            policy: setting.policy,
            token_keys: cast::token_keys(),
            storage,
            snapshot: ArcSwap::from_pointee(snapshot),
            random: Arc::new(SystemRandom),
            clock: clock.clone(),
            fetcher: Arc::new(setting.fetcher),
            client_keys: issuant::http::client_keys::ClientKeys::default(),
            issuer_keys: issuant::http::client_keys::ClientKeys::default(),
            assertions: issuant::http::starts::Starts::at_most(1200),
            request_objects: issuant::http::request_objects::RequestObjects::default(),
            passwords: PasswordQueue::new(cast::password_hasher(), 2),
            personal_token_uses: issuant::http::personal_token_uses::PersonalTokenUses::default(),
            secret_uses: issuant::http::secret_uses::SecretUses::default(),
            starts: issuant::http::starts::Starts::default(),
            registrations: issuant::http::starts::Starts::at_most(60),
            fleet_limits: issuant::http::seeds::fleet::limits::FleetLimits::new(20, 100),
            snapshot_change: tokio::sync::Mutex::default(),
            demo_app: None,
        };
        Self {
            state: Data::new(state),
            database,
            clock,
        }
    }

    pub(crate) fn pass(&self, seconds: i64) {
        self.clock.0.fetch_add(seconds, Ordering::SeqCst);
    }

    pub(crate) fn now(&self) -> i64 {
        self.clock.now()
    }

    /// Sends one request, past no network.
    pub(crate) async fn send(&self, request: TestRequest) -> Reply {
        let peer = "192.0.2.7:50000".parse().unwrap();
        let request = request.peer_addr(peer).to_request();
        let (method, path) = (request.method().clone(), request.path().to_owned());
        let service = init_service(app(self.state.clone())).await;
        let response = call_service(&service, request).await;
        let (status, headers) = (response.status(), response.headers().clone());
        let body = read_body(response).await;
        Reply::new(&method, &path, status, headers, &body)
    }

    /// A GET of somebody without cookies.
    pub(crate) async fn get(&self, path: &str) -> Reply {
        self.send(TestRequest::get().uri(path)).await
    }

    /// A GET with a bearer token.
    pub(crate) async fn get_with(&self, path: &str, token: &str) -> Reply {
        let header = ("authorization", format!("Bearer {token}"));
        self.send(TestRequest::get().uri(path).insert_header(header))
            .await
    }

    /// Somebody at a browser that was never here.
    pub(crate) fn browser(&self) -> Browser<'_> {
        Browser::new(self)
    }

    /// Somebody who signed in.
    pub(crate) async fn signed_in(&self, username: &str) -> Browser<'_> {
        let mut browser = self.browser();
        let reply = browser.sign_in_at("/login", username).await;
        assert_eq!(reply.location(), "/account");
        browser
    }

    /// A client program that authenticates as it is registered.
    pub(crate) fn client(&self, id: &'static str) -> Caller<'_> {
        let is_public = ["spa", "native"].contains(&id);
        Caller {
            op: self,
            authorization: (!is_public).then(|| basic(id, &cast::secret_of(id))),
            client_id: is_public.then_some(id),
        }
    }

    /// A client program that does not authenticate.
    pub(crate) fn anonymous(&self) -> Caller<'_> {
        Caller {
            op: self,
            authorization: None,
            client_id: None,
        }
    }

    /// A one-time link for the first administrator.
    pub(crate) fn store_setup_link(&self) -> String {
        let state = self.state.clone();
        let now = self.now();
        write(&self.state.storage, move |store| {
            let context = Context {
                now,
                random: &SystemRandom,
                issuer: &state.site.issuer,
                policy: &state.policy,
                clients: &NoClients,
                keys: &state.token_keys,
            };
            Ok(new_link(&context, store)?.0.expose().to_owned())
        })
    }

    /// Changes a user, as an operator does.
    pub(crate) fn store_disabled(&self, username: &'static str) {
        self.store_changed_user(username, |user| user.subject.active = false);
    }

    /// The same, for any change.
    pub(crate) fn store_changed_user(
        &self,
        username: &'static str,
        change: impl FnOnce(&mut User) + Send + 'static,
    ) {
        write(&self.state.storage, move |store| {
            let mut user = store.user_by_username(username)?.unwrap();
            change(&mut user);
            store.replace_user(&user)
        });
    }

    /// Changes the registered clients, as an operator does.
    pub(crate) fn store_changed_client(&self, id: &str, change: impl FnOnce(&mut Client)) {
        let mut change = Some(change);
        self.store_changed_clients(|client| {
            if client.id.as_str() == id {
                change.take().unwrap()(client);
            }
        });
        assert!(change.is_none(), "there is no client {id}");
    }

    /// Trusts issuers, as an operator does.
    pub(crate) fn trust(&self, trust: Trust) {
        let snapshot = Snapshot::clone(&self.state.snapshot.load());
        self.state
            .snapshot
            .store(Arc::new(snapshot.with_trust(trust)));
    }

    /// The same, with changed clients.
    pub(crate) fn trust_beside(&self, trust: Trust, change: impl FnMut(&mut Client)) {
        self.store_changed_clients(change);
        self.trust(trust);
    }

    /// Changes any of the registered clients.
    pub(crate) fn store_changed_clients(&self, change: impl FnMut(&mut Client)) {
        let mut clients = cast::clients();
        clients.iter_mut().for_each(change);
        let keys = cast::key_set(&[Algorithm::Es256]);
        let snapshot =
            Snapshot::new(&self.state.site.issuer, &self.state.policy, clients, keys).unwrap();
        self.state.snapshot.store(Arc::new(snapshot));
    }
}

/// For rules that ask for none.
struct NoClients;

impl ClientDirectory for NoClients {
    fn client(&self, _: &str) -> Option<Arc<Client>> {
        None
    }

    fn published_keys(&self, _: &str) -> PublishedKeys {
        PublishedKeys::default()
    }
}

fn write<T: Send + 'static>(
    storage: &Storage,
    rule: impl FnOnce(&mut Transaction) -> Result<T, StoreError> + Send + 'static,
) -> T {
    // On a thread of its own, because a runtime must not be blocked.
    std::thread::scope(|scope| {
        let write = || storage.write_blocking(|store| Ok(rule(store)?));
        let outcome: Result<T, Fault<()>> = scope.spawn(write).join().unwrap();
        outcome.unwrap()
    })
}

/// The parts of an authorization request of the web app.
pub(crate) const AUTHORIZE: [(&str, &str); 7] = [
    ("response_type", "code"),
    ("client_id", "web"),
    ("redirect_uri", WEB),
    ("scope", "openid read"),
    ("state", "s t"),
    ("code_challenge", CHALLENGE),
    ("code_challenge_method", "S256"),
];

/// The redirect URI of the web app.
pub(crate) const WEB: &str = "https://web.example/cb";

/// The address of an authorization request with deviations.
pub(crate) fn authorize_url(deviations: &[(&str, &str)]) -> String {
    format!(
        "/authorize?{}",
        encode(&cast::deviate(&AUTHORIZE, deviations))
    )
}

/// Parameters of an address.
pub(crate) fn query(address: &str) -> BTreeMap<String, String> {
    let url = url::Url::parse(cast::ISSUER)
        .unwrap()
        .join(address)
        .unwrap();
    url.query_pairs().into_owned().collect()
}

/// The claims of a token, unverified.
pub(crate) fn claims(token: &str) -> Value {
    use base64::Engine as _;
    let payload = token.split('.').nth(1).unwrap();
    let payload = base64::engine::general_purpose::URL_SAFE_NO_PAD
        .decode(payload)
        .unwrap();
    serde_json::from_slice(&payload).unwrap()
}

/// Runs everything at the same time, and answers in order.
pub(crate) async fn all<T>(futures: impl IntoIterator<Item: Future<Output = T>>) -> Vec<T> {
    use std::pin::Pin;
    use std::task::Poll;
    let mut running: Vec<Pin<Box<_>>> = futures.into_iter().map(Box::pin).collect();
    let mut done: Vec<Option<T>> = running.iter().map(|_| None).collect();
    std::future::poll_fn(move |context| {
        for (future, done) in running.iter_mut().zip(&mut done) {
            if done.is_none()
                && let Poll::Ready(value) = future.as_mut().poll(context)
            {
                *done = Some(value);
            }
        }
        if done.iter().all(Option::is_some) {
            Poll::Ready(done.iter_mut().map(|it| it.take().unwrap()).collect())
        } else {
            Poll::Pending
        }
    })
    .await
}
