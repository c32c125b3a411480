//! The real application in this process, with SQLite, a clock that stands still and repeatable randomness, and the
//! requests that are counted. Only instructions of this program count: no kernel, no disk, no network.

use std::sync::Arc;

use actix_web::http::StatusCode;
use actix_web::test::{TestRequest, call_service, init_service, read_body};
use actix_web::web::{Bytes, Data};
use arc_swap::ArcSwap;
use issuant::crypto::algorithm::Algorithm;
use issuant::crypto::digest::RootKey;
use issuant::crypto::key_set::{KeySet, KeyState};
use issuant::crypto::password::{PasswordCost, PasswordHasher};
use issuant::crypto::random::SeededRandom;
use issuant::crypto::signing_key::{RsaBits, SigningKey};
use issuant::fetch::{Authorities, Fetcher, Reach};
use issuant::http::headers::RequestIds;
use issuant::http::metrics::Metrics;
use issuant::http::passwords::PasswordQueue;
use issuant::http::personal_token_uses::PersonalTokenUses;
use issuant::http::secret_uses::SecretUses;
use issuant::http::seeds::fleet::limits::FleetLimits;
use issuant::http::snapshot::Snapshot;
use issuant::http::starts::Starts;
use issuant::http::state::{AppState, Clock, Site};
use issuant::http::{app, urls};
use issuant::protocol::context::{Policy, Timestamp, TokenKeys};
use issuant::protocol::store::{AuthorizationCodes as _, TokenFamilies as _};
use issuant::storage::{DatabaseSettings, Storage, migrations};

use crate::common;

/// The rows, in the order of the table.
pub(crate) const ROWS: [&str; 6] = [
    "discovery",
    "sign-in-page",
    "client_credentials",
    "introspection",
    "authorization_code",
    "refresh",
];

const ISSUER: &str = "https://id.example";
const NOW: Timestamp = 1_800_000_000;

/// Sends so many requests of that row, one after the other.
pub(crate) fn run(row: &str, count: usize) {
    let folder = tempfile::tempdir().expect("a folder");
    let state = state(&format!("sqlite:{}", folder.path().join("db").display()));
    actix_web::rt::System::new().block_on(async {
        let service = init_service(app(state.clone())).await;
        let send = async |request: TestRequest| {
            let peer = "192.0.2.7:50000".parse().expect("an address");
            let response = call_service(&service, request.peer_addr(peer).to_request()).await;
            let status = response.status();
            let body = read_body(response).await;
            assert_eq!(status, StatusCode::OK, "{body:?}");
            body
        };
        match row {
            "discovery" => repeat(count, || get(urls::OPENID_CONFIGURATION), send).await,
            "sign-in-page" => repeat(count, || get(urls::LOGIN), send).await,
            "client_credentials" => repeat(count, || token(CREDENTIALS.to_owned()), send).await,
            "introspection" => {
                let answer = send(token(CREDENTIALS.to_owned())).await;
                let question = format!("token={}", member(&answer, "access_token"));
                repeat(count, || post(urls::INTROSPECT, question.clone()), send).await;
            }
            "authorization_code" => {
                let mut codes = codes(&state, count).into_iter();
                let mut next = || codes.next().expect("a code");
                repeat(count, || token(redemption(&next())), send).await;
            }
            "refresh" => {
                let mut current = family(&state);
                for _ in 0..count {
                    let form = format!("grant_type=refresh_token&refresh_token={current}");
                    current = member(&send(token(form)).await, "refresh_token");
                }
            }
            other => panic!("no such row: {other}"),
        }
    });
    state.storage.close();
}

async fn repeat(
    count: usize,
    mut request: impl FnMut() -> TestRequest,
    send: impl AsyncFn(TestRequest) -> Bytes,
) {
    for _ in 0..count {
        send(request()).await;
    }
}

fn get(path: &str) -> TestRequest {
    TestRequest::get().uri(path)
}

fn token(form: String) -> TestRequest {
    post(urls::TOKEN, form)
}

fn post(path: &str, form: String) -> TestRequest {
    TestRequest::post()
        .uri(path)
        .insert_header(("authorization", common::basic()))
        .insert_header(("content-type", "application/x-www-form-urlencoded"))
        .set_payload(form)
}

fn redemption(code: &str) -> String {
    let redirect_uri: String =
        url::form_urlencoded::byte_serialize(common::REDIRECT_URI.as_bytes()).collect();
    format!(
        "grant_type=authorization_code&code={code}&redirect_uri={redirect_uri}&code_verifier={}",
        common::VERIFIER
    )
}

fn member(body: &Bytes, name: &str) -> String {
    let body: serde_json::Value = serde_json::from_slice(body).expect("JSON");
    body[name].as_str().expect("a text").to_owned()
}

fn codes(state: &AppState, count: usize) -> Vec<String> {
    let (codes, texts): (Vec<_>, Vec<_>) = (0..count)
        .map(|_| common::code(&state.token_keys, &*state.random, NOW))
        .unzip();
    common::write(&state.storage, move |store| {
        codes.iter().try_for_each(|code| store.add_code(code))
    });
    texts
}

fn family(state: &AppState) -> String {
    let (scope, keys) = ("offline_access read", &state.token_keys);
    let (family, token) = common::family(scope, ISSUER, keys, &*state.random, NOW);
    common::write(&state.storage, move |store| store.add_family(&family));
    token
}

fn state(url: &str) -> Data<AppState> {
    let settings = DatabaseSettings::new(url);
    migrations::run(&settings).expect("a database");
    let storage = Storage::open(&settings).expect("a database");
    let root = RootKey::generate(&SeededRandom::new(1));
    let token_keys = TokenKeys::derive(&root);
    common::register(&storage, &token_keys, 0, NOW);
    let client = common::client(common::CLIENT, &token_keys, NOW);
    let (key, _) = SigningKey::generate(Algorithm::Es256, RsaBits::default()).expect("a key");
    let keys = KeySet::new(vec![(Arc::new(key), KeyState::Active)]).expect("a key set");
    let snapshot = Snapshot::new(ISSUER, &Policy::default(), [client], keys).expect("a snapshot");
    let pepper = root.digest_key("password pepper");
    let cost = PasswordCost::for_tests();
    let hasher = PasswordHasher::new(pepper, cost, &SeededRandom::new(2)).expect("a hasher");
    Data::new(AppState {
        request_ids: RequestIds::default(),
        metrics: Metrics::new(&storage),
        metrics_token: None,
        secret_uses: SecretUses::default(),
        personal_token_uses: PersonalTokenUses::default(),
        site: Site {
            issuer: ISSUER.to_owned(),
            origin: ISSUER.to_owned(),
            authority: "id.example".to_owned(),
            is_https: true,
            name: "Example ID".to_owned(),
            help_url: None,
            development: false,
            trusted_proxies: Vec::new(),
            jwks_max_age: 3600,
        },
        policy: Policy::default(),
        token_keys,
        storage,
        snapshot: ArcSwap::from_pointee(snapshot),
        random: Arc::new(SeededRandom::new(3)),
        clock: Arc::new(Standing),
        fetcher: Arc::new(Fetcher::new(Reach::default(), Authorities::default())),
        client_keys: issuant::http::client_keys::ClientKeys::default(),
        issuer_keys: issuant::http::client_keys::ClientKeys::default(),
        assertions: Starts::at_most(1200),
        request_objects: issuant::http::request_objects::RequestObjects::default(),
        passwords: PasswordQueue::new(hasher, 2),
        starts: Starts::default(),
        registrations: Starts::default(),
        fleet_limits: FleetLimits::new(100, 100),
        snapshot_change: tokio::sync::Mutex::default(),
        demo_app: None,
    })
}

struct Standing;

impl Clock for Standing {
    fn now(&self) -> Timestamp {
        NOW
    }
}

const CREDENTIALS: &str = "grant_type=client_credentials&scope=read";
