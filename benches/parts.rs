//! What the parts of a request cost: parse, authenticate, rule, sign, serialise.
//!
//! `cargo bench --bench parts [-- part of a name]`. No database, no HTTP and no clock: what is measured is
//! `protocol` and `crypto`.

#![expect(
    clippy::expect_used,
    clippy::panic,
    reason = "a benchmark stops at the first thing that is wrong"
)]

use std::hint::black_box;
use std::sync::Arc;

use criterion::Criterion;
use issuant::crypto::algorithm::Algorithm;
use issuant::crypto::digest::RootKey;
use issuant::crypto::key_set::{KeySet, KeyState};
use issuant::crypto::random::SystemRandom;
use issuant::crypto::signing_key::{RsaBits, SigningKey};
use issuant::http::snapshot::Snapshot;
use issuant::protocol::bearer;
use issuant::protocol::client::Client;
use issuant::protocol::client_auth::{self, AuthenticatedClient, Identified};
use issuant::protocol::context::{
    ClientDirectory, Context, Policy, PublishedKeys, Timestamp, TokenKeys,
};
use issuant::protocol::grants::client_credentials;
use issuant::protocol::params::Params;
use issuant::protocol::tokens::family::{Family, Presented};
use issuant::protocol::tokens::refresh_token::Minted;
use issuant::protocol::tokens::{self, Signer};

#[path = "common/mod.rs"]
#[expect(dead_code, reason = "each benchmark uses a part of it")]
mod common;

const ISSUER: &str = "https://id.example";
const NOW: Timestamp = 1_800_000_000;
const BODY: &[u8] = b"grant_type=client_credentials&scope=read&resource=https%3A%2F%2Fapi.example";
const REQUEST: &[u8] = b"grant_type=client_credentials&scope=read";

fn main() {
    let mut criterion = Criterion::default().configure_from_args();
    let keys = TokenKeys::derive(&RootKey::generate(&SystemRandom));
    let policy = Policy::default();
    let snapshot = snapshot(&keys);
    let context = Context {
        now: NOW,
        random: &SystemRandom,
        issuer: ISSUER,
        policy: &policy,
        clients: &Clients(&snapshot),
        keys: &keys,
    };
    criterion.bench_function("parse: a token request", |it| {
        it.iter(|| Params::parse(black_box(BODY)).expect("parameters"));
    });
    authenticate(&mut criterion, &context);
    rules(&mut criterion, &context);
    signatures(&mut criterion);
    access_tokens(&mut criterion, &context, &snapshot);
    criterion.final_summary();
}

/// The clients of a snapshot, none of which publishes keys.
struct Clients<'a>(&'a Snapshot);

impl ClientDirectory for Clients<'_> {
    fn client(&self, client_id: &str) -> Option<Arc<Client>> {
        self.0.client(client_id)
    }

    fn published_keys(&self, _: &str) -> PublishedKeys {
        PublishedKeys::default()
    }
}

/// One client and one active key for each usual algorithm.
fn snapshot(keys: &TokenKeys) -> Snapshot {
    let signing = [Algorithm::Es256, Algorithm::Rs256]
        .map(|algorithm| (Arc::new(new_key(algorithm)), KeyState::Active));
    let signing = KeySet::new(signing.into()).expect("a key set");
    Snapshot::new(
        ISSUER,
        &Policy::default(),
        [common::client(common::CLIENT, keys, NOW)],
        signing,
    )
    .expect("a snapshot")
}

fn new_key(algorithm: Algorithm) -> SigningKey {
    SigningKey::generate(algorithm, RsaBits::default())
        .expect("a key")
        .0
}

/// By HTTP Basic, with a generated secret.
fn authenticate(criterion: &mut Criterion, context: &Context<'_>) {
    let (header, params) = (common::basic(), params());
    criterion.bench_function("authenticate: Basic, generated secret", |it| {
        it.iter(|| client_auth::identify(context, Some(black_box(&header)), &params));
    });
}

fn params() -> Params<'static> {
    Params::parse(REQUEST).expect("parameters")
}

fn authenticated(context: &Context<'_>) -> AuthenticatedClient {
    match client_auth::identify(context, Some(&common::basic()), &params()) {
        Ok(Identified::Authenticated(client)) => client,
        other => panic!("not authenticated: {other:?}"),
    }
}

fn rules(criterion: &mut Criterion, context: &Context<'_>) {
    let (client, params) = (authenticated(context), params());
    criterion.bench_function("rule: client_credentials", |it| {
        it.iter(|| client_credentials::exchange(context, &client, black_box(&params)));
    });

    let (first, token) = common::family(
        "offline_access read",
        ISSUER,
        context.keys,
        context.random,
        NOW,
    );
    criterion.bench_function("rule: reading a refresh token and its MAC", |it| {
        it.iter(|| Minted::read(black_box(&token), context.keys).expect("it is ours"));
    });
    let minted = Minted::read(&token, context.keys).expect("it is ours");
    let policy = context.policy.refresh_for(client.client());
    criterion.bench_function("rule: refresh, the first time", |it| {
        it.iter(|| first.present(context, &policy, black_box(&minted)));
    });
    let Presented::Rotate {
        rotation, answer, ..
    } = first.present(context, &policy, &minted)
    else {
        panic!("a new family rotates");
    };
    let pending = Family { rotation, ..first };
    let successor = Minted::read(answer.expose(), context.keys).expect("it is ours");
    criterion.bench_function("rule: refresh, with the successor", |it| {
        it.iter(|| pending.present(context, &policy, black_box(&successor)));
    });
    criterion.bench_function("rule: refresh, repeated", |it| {
        it.iter(|| pending.present(context, &policy, black_box(&minted)));
    });
}

/// As long as header and claims of an access token.
fn signatures(criterion: &mut Criterion) {
    for algorithm in [Algorithm::Es256, Algorithm::EdDsa, Algorithm::Rs256] {
        let key = new_key(algorithm);
        criterion.bench_function(&format!("sign: {algorithm}"), |it| {
            it.iter(|| key.sign(black_box(&[b'a'; 420])).expect("a signature"));
        });
    }
}

fn access_tokens(criterion: &mut Criterion, context: &Context<'_>, snapshot: &Snapshot) {
    let issue = client_credentials::exchange(context, &authenticated(context), &params());
    let issue = issue.expect("it is granted");
    let signer = Signer {
        issuer: ISSUER,
        policy: context.policy,
        keys: &snapshot.keys,
        own_key: None,
        id_token_keys: &snapshot.id_token_keys,
        token_keys: context.keys,
        recipient: None,
        random: context.random,
        now: NOW,
    };
    let sign = || tokens::sign(black_box(&issue), &signer).expect("a token");
    criterion.bench_function("sign: an access token, ES256", |it| it.iter(sign));
    let answer = sign();
    criterion.bench_function("verify: an access token, ES256", |it| {
        it.iter(|| bearer::read(context, &snapshot.keys, black_box(&answer.access_token)));
    });
    assert!(bearer::read(context, &snapshot.keys, &answer.access_token).is_ok());
    criterion.bench_function("serialise: a token response", |it| {
        it.iter(|| serde_json::to_vec(black_box(&answer)).expect("JSON"));
    });
}
