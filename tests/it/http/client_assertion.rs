//! Clients that sign, at each endpoint that authenticates clients, and the keys that they publish.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use issuant::fetch::{Authorities, Fetcher, Reach};

use crate::support::cast::NOW;
use crate::support::databases::Database;
use crate::support::op::{Reply, Setting, TestOp, all, claims, on_sqlite, run};
use crate::support::signer::{CREDENTIALS, Signer, signed};
use crate::support::stub::{Certificates, Stub, write_answer};

#[test]
fn a_client_that_signs_uses_every_endpoint() {
    on_sqlite(async |op| {
        let signer = Signer::new();
        op.store_changed_client("service", |client| signer.register(client));
        let anybody = op.anonymous();
        let assertion = signer.assertion();
        let form = signed(&CREDENTIALS, &assertion);
        let token = anybody.post("/token", &form).await.token("access_token");
        assert_eq!(claims(&token)["sub"], "service");
        let form = [("token", &*token)];
        let assertion = signer.assertion();
        let reply = anybody
            .post("/introspect", &signed(&form, &assertion))
            .await;
        assert_eq!(reply.json(200)["active"], true);
        let assertion = signer.assertion();
        let reply = anybody.post("/revoke", &signed(&form, &assertion)).await;
        assert_eq!(reply.status, 200);
        let assertion = signer.assertion();
        let reply = anybody
            .post("/introspect", &signed(&form, &assertion))
            .await;
        assert_eq!(reply.json(200)["active"], false);
    });
}

#[test]
fn an_assertion_is_used_up_at_whatever_endpoint_it_was_sent_to() {
    on_sqlite(async |op| {
        let signer = Signer::new();
        op.store_changed_client("service", |client| signer.register(client));
        let anybody = op.anonymous();
        let assertion = signer.assertion();
        let form = signed(&[("token", "unknown")], &assertion);
        let reply = anybody.post("/introspect", &form).await;
        assert_eq!(reply.json(200)["active"], false);
        for (path, form) in [
            ("/token", &signed(&CREDENTIALS, &assertion)),
            ("/introspect", &form),
            ("/revoke", &form),
        ] {
            let told = (401, "invalid_client", "E1114");
            anybody.refused(path, form, told).await;
        }
        // A request that is refused later used it up as well.
        let assertion = signer.assertion();
        let form = signed(&[("grant_type", "password")], &assertion);
        let reply = anybody.post("/token", &form).await;
        reply.assert_error(400, "unsupported_grant_type", "E1301");
        let told = (401, "invalid_client", "E1114");
        anybody.refused("/token", &form, told).await;
    });
}

#[test]
fn refusals_change_nothing_and_have_a_challenge() {
    on_sqlite(async |op| {
        let (signer, stranger) = (Signer::new(), Signer::new());
        op.store_changed_client("service", |client| signer.register(client));
        let anybody = op.anonymous();
        for (assertion, told) in [
            (stranger.assertion(), (401, "invalid_client", "E1109")),
            (
                signer.assertion_at(NOW - 71),
                (401, "invalid_client", "E1110"),
            ),
        ] {
            let form = signed(&CREDENTIALS, &assertion);
            anybody.refused("/token", &form, told).await;
        }
        let assertion = signer.assertion();
        let form = signed(&CREDENTIALS, &assertion);
        let told = (400, "invalid_request", "E1103");
        op.client("service").refused("/token", &form, told).await;
    });
}

/// A server that reaches this machine, at which the client publishes its keys.
fn publishing(jwks: &Stub) -> TestOp {
    let reach = Reach {
        allowed: Vec::new(),
        loopback: true,
    };
    let setting = Setting {
        fetcher: Fetcher::new(reach, Authorities::default()),
        ..Setting::default()
    };
    let op = TestOp::with(Database::sqlite(), setting);
    register(&op, jwks.http("/jwks"));
    op
}

fn register(op: &TestOp, jwks_uri: String) {
    op.store_changed_client("service", |client| {
        Signer::new().register(client);
        client.metadata.jwks = None;
        client.metadata.jwks_uri = Some(jwks_uri);
    });
}

async fn ask(op: &TestOp, signer: &Signer) -> Reply {
    let assertion = signer.assertion_at(op.now());
    let form = signed(&CREDENTIALS, &assertion);
    op.anonymous().post("/token", &form).await
}

#[test]
fn published_keys_are_read_once_for_many_requests() {
    let signer = Signer::new();
    let stub = Stub::answering(None, "200 OK", &signer.jwks());
    run(async {
        let op = publishing(&stub);
        for reply in all((0..8).map(|_| ask(&op, &signer))).await {
            reply.json(200);
        }
        ask(&op, &signer).await.json(200);
    });
    assert_eq!(stub.requests().len(), 1);
    assert!(stub.requests()[0].starts_with("GET /jwks "));
}

#[test]
fn published_keys_are_read_over_tls_from_an_address_that_the_operator_listed() {
    let (signer, certificates) = (Signer::new(), Certificates::new());
    let stub = Stub::answering(Some(&certificates), "200 OK", &signer.jwks());
    run(async {
        let pem = certificates.authority_pem.as_bytes();
        for (allowed, status) in [(vec!["127.0.0.1/32".parse().unwrap()], 200), (vec![], 503)] {
            let reach = Reach {
                allowed,
                loopback: false,
            };
            let setting = Setting {
                fetcher: Fetcher::new(reach, Authorities::parse(pem).unwrap()),
                ..Setting::default()
            };
            let op = TestOp::with(Database::sqlite(), setting);
            register(&op, stub.https("/jwks"));
            assert_eq!(ask(&op, &signer).await.status, status);
        }
    });
    assert_eq!(stub.requests().len(), 1);
}

/// A server of a client that changes what it publishes.
struct Changing {
    stub: Stub,
    now: Arc<AtomicUsize>,
}

impl Changing {
    fn new(answers: Vec<(&'static str, String)>) -> Self {
        let now = Arc::new(AtomicUsize::new(0));
        let at = now.clone();
        let stub = Stub::start(None, move |_, to| {
            let (status, body) = &answers[at.load(Ordering::SeqCst)];
            _ = write_answer(to, status, body);
        });
        Self { stub, now }
    }

    fn turn(&self, to: usize) {
        self.now.store(to, Ordering::SeqCst);
    }

    /// Waits for a request that was made in the background.
    async fn was_asked(&self, times: usize) {
        let began = Instant::now();
        while self.stub.requests().len() < times {
            assert!(began.elapsed() < Duration::from_secs(10));
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        // What it answered still has to be read.
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

#[test]
fn a_new_key_is_found_and_strangers_do_not_make_this_server_ask_more_often() {
    let (old, new) = (Signer::new(), Signer::new());
    let published = vec![("200 OK", old.jwks()), ("200 OK", new.jwks())];
    let there = Changing::new(published);
    run(async {
        let op = publishing(&there.stub);
        ask(&op, &old).await.json(200);
        there.turn(1);
        for _ in 0..3 {
            let reply = ask(&op, &new).await;
            reply.assert_error(401, "invalid_client", "E1109");
        }
        op.pass(29);
        assert_eq!(ask(&op, &new).await.status, 401);
        assert_eq!(there.stub.requests().len(), 1);
        op.pass(1);
        ask(&op, &new).await.json(200);
        assert_eq!(there.stub.requests().len(), 2);
        // The old key is not published any more.
        ask(&op, &old)
            .await
            .assert_error(401, "invalid_client", "E1109");
    });
}

#[test]
fn old_keys_are_read_again_in_the_background_and_hold_for_a_day_when_that_fails() {
    let (signer, next) = (Signer::new(), Signer::new());
    let there = Changing::new(vec![
        ("200 OK", signer.jwks()),
        ("503 Service Unavailable", String::new()),
        ("200 OK", next.jwks()),
    ]);
    run(async {
        let op = publishing(&there.stub);
        ask(&op, &signer).await.json(200);
        op.pass(299);
        ask(&op, &signer).await.json(200);
        assert_eq!(there.stub.requests().len(), 1);
        there.turn(1);
        op.pass(1);
        ask(&op, &signer).await.json(200);
        there.was_asked(2).await;
        op.pass(86_000);
        ask(&op, &signer).await.json(200);
        there.was_asked(3).await;
        op.pass(100);
        let reply = ask(&op, &signer).await;
        reply.assert_error(503, "temporarily_unavailable", "E1115");
        assert!(reply.header("retry-after").is_some());
        // Then the client publishes another key, which is found while the old one is still good.
        there.turn(2);
        op.pass(30);
        ask(&op, &next).await.json(200);
    });
}

#[test]
fn what_is_no_key_set_is_told_as_trouble_and_not_as_a_wrong_client() {
    let private = r#"{"keys":[{"kty":"oct","k":"AAAA"}]}"#.to_owned();
    let long = format!(r#"{{"keys":[],"more":"{}"}}"#, "x".repeat(65_536));
    for body in [String::new(), "{}".to_owned(), private, long] {
        let stub = Stub::answering(None, "200 OK", &body);
        run(async {
            let op = publishing(&stub);
            let reply = ask(&op, &Signer::new()).await;
            reply.assert_error(503, "temporarily_unavailable", "E1115");
        });
    }
}

#[test]
fn a_server_of_one_client_that_does_not_answer_keeps_nobody_else_waiting() {
    let stub = Stub::start(None, |_, _| std::thread::sleep(Duration::from_secs(20)));
    run(async {
        let op = publishing(&stub);
        let signer = Signer::new();
        let waiting = async {
            let reply = ask(&op, &signer).await;
            reply.assert_error(503, "temporarily_unavailable", "E1115");
            Instant::now()
        };
        let others = async {
            while stub.requests().is_empty() {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
            for _ in 0..20 {
                let form = [("grant_type", "client_credentials")];
                let reply = op.client("web").post("/token", &form).await;
                reply.json(200);
            }
            Instant::now()
        };
        let (slow, others) = tokio::join!(waiting, others);
        assert!(others < slow);
    });
}
