//! The sector of clients that register themselves: what stands at their `sector_identifier_uri` (OpenID Connect
//! Registration §5).

use actix_web::http::Method;
use actix_web::test::TestRequest;
use issuant::fetch::{Authorities, Fetcher, Reach};
use issuant::protocol::context::Policy;
use issuant::protocol::dynamic_registration::{RegistrationMode, RegistrationPolicy};
use serde_json::{Value, json};

use crate::support::databases::Database;
use crate::support::op::{Reply, Setting, TestOp, run};
use crate::support::stub::{Certificates, Stub, write_answer};

const ONE: &str = "https://one.example/cb";
const TWO: &str = "https://two.example/cb";

/// A server that reaches this machine, where everybody may register clients.
fn op() -> TestOp {
    let reach = Reach {
        allowed: Vec::new(),
        loopback: true,
    };
    open(Fetcher::new(reach, Authorities::default()))
}

fn open(fetcher: Fetcher) -> TestOp {
    let registration = RegistrationPolicy {
        mode: RegistrationMode::Open,
        ..RegistrationPolicy::default()
    };
    let policy = Policy {
        registration,
        ..Policy::default()
    };
    let setting = Setting {
        policy,
        fetcher,
        ..Setting::default()
    };
    TestOp::with(Database::sqlite(), setting)
}

async fn register(op: &TestOp, body: &Value) -> Reply {
    op.send(TestRequest::post().uri("/register").set_json(body))
        .await
}

fn of_two_hosts(address: &str) -> Value {
    json!({
        "redirect_uris": [ONE, TWO],
        "subject_type": "pairwise",
        "sector_identifier_uri": address,
    })
}

fn listing(uris: &[&str]) -> Stub {
    Stub::answering(None, "200 OK", &json!(uris).to_string())
}

#[test]
fn a_client_of_several_hosts_proves_that_they_belong_together() {
    let stub = listing(&["https://third.example/cb", TWO, ONE]);
    run(async {
        let op = op();
        let told = register(&op, &of_two_hosts(&stub.http("/sector"))).await;
        let told = told.json(201);
        assert_eq!(told["subject_type"], "pairwise");
        assert_eq!(told["sector_identifier_uri"], stub.http("/sector"));
    });
    assert!(stub.requests()[0].starts_with("GET /sector "));
}

#[test]
fn the_list_is_read_over_tls_from_an_address_that_the_operator_listed() {
    let certificates = Certificates::new();
    let list = json!([ONE, TWO]).to_string();
    let stub = Stub::answering(Some(&certificates), "200 OK", &list);
    let authorities = Authorities::parse(certificates.authority_pem.as_bytes()).unwrap();
    run(async {
        let metadata = of_two_hosts(&stub.https("/"));
        let reach = Reach {
            allowed: vec!["127.0.0.1/32".parse().unwrap()],
            loopback: false,
        };
        let op = open(Fetcher::new(reach, authorities.clone()));
        register(&op, &metadata).await.json(201);
        let op = open(Fetcher::new(Reach::default(), authorities));
        refused(&op, &metadata, "E1831").await;
    });
}

/// Refused, and nothing is left behind.
async fn refused(op: &TestOp, metadata: &Value, id: &str) {
    let before = op.database.remembered();
    let reply = register(op, metadata).await;
    reply.assert_error(400, "invalid_client_metadata", id);
    assert_eq!(op.database.remembered(), before);
}

/// OpenID Connect Registration §5.
#[test]
fn what_does_not_list_the_redirect_uris_is_refused() {
    let long = format!("[\"{}\"]", "a".repeat(200_000));
    for (status, body) in [
        ("200 OK", ""),
        ("200 OK", "{}"),
        ("200 OK", "[]"),
        (
            "200 OK",
            r#"{"redirect_uris":["https://one.example/cb","https://two.example/cb"]}"#,
        ),
        ("200 OK", r#"["https://one.example/cb"]"#),
        (
            "200 OK",
            r#"["https://one.example/cb","https://two.example/cb/"]"#,
        ),
        (
            "200 OK",
            r#"["https://one.example/cb","https://two.example/cb",7]"#,
        ),
        (
            "404 Not Found",
            r#"["https://one.example/cb","https://two.example/cb"]"#,
        ),
        ("200 OK", &long),
    ] {
        let stub = Stub::answering(None, status, body);
        run(refused(&op(), &of_two_hosts(&stub.http("/")), "E1831"));
        assert_eq!(stub.requests().len(), 1, "{status} {body:.80}");
    }
}

#[test]
fn a_redirect_is_not_followed() {
    let there = listing(&[ONE, TWO]);
    let target = there.http("/");
    let stub = Stub::start(None, move |_, to| {
        _ = write_answer(to, &format!("302 Found\r\nlocation: {target}"), "");
    });
    run(refused(&op(), &of_two_hosts(&stub.http("/")), "E1831"));
    assert!(there.requests().is_empty());
}

/// OpenID Connect Core §8.1, Registration §2.
#[test]
fn a_sector_that_cannot_be_is_refused_before_anything_is_read() {
    run(async {
        let op = op();
        for (name, value) in [
            ("subject_type", json!("pairwise")),
            ("sector_identifier_uri", json!("http://one.example/sector")),
            ("sector_identifier_uri", json!("sector")),
            (
                "sector_identifier_uri",
                json!("https://a@one.example/sector"),
            ),
            (
                "sector_identifier_uri",
                json!("https://one.example/sector#a"),
            ),
        ] {
            let metadata = json!({"redirect_uris": [ONE, TWO], name: value});
            refused(&op, &metadata, "E1830").await;
        }
        for metadata in [
            json!({"redirect_uris": [ONE], "subject_type": "private"}),
            json!({"redirect_uris": [ONE], "sector_identifier_uri": 1}),
        ] {
            refused(&op, &metadata, "E1805").await;
        }
        let mixed = json!({
            "redirect_uris": [ONE, "http://127.0.0.1/cb"],
            "application_type": "native",
            "subject_type": "pairwise",
        });
        refused(&op, &mixed, "E1830").await;
    });
}

/// The list is read again with each change, also for the public type.
#[test]
fn a_change_has_to_be_listed_first() {
    let stub = listing(&[ONE]);
    run(async {
        let op = op();
        let mut metadata = json!({
            "redirect_uris": [ONE],
            "sector_identifier_uri": stub.http("/"),
        });
        let told = register(&op, &metadata).await.json(201);
        let uri = told["registration_client_uri"].as_str().unwrap();
        let path = uri.strip_prefix("https://id.example").unwrap();
        let token = told["registration_access_token"].as_str().unwrap();
        metadata["client_id"] = told["client_id"].clone();
        let put = async |metadata: &Value| {
            let request = TestRequest::with_uri(path).method(Method::PUT);
            let bearer = ("authorization", format!("Bearer {token}"));
            op.send(request.insert_header(bearer).set_json(metadata))
                .await
        };
        put(&metadata).await.json(200);
        metadata["redirect_uris"] = json!([ONE, TWO]);
        let before = op.database.remembered();
        let reply = put(&metadata).await;
        reply.assert_error(400, "invalid_client_metadata", "E1831");
        assert_eq!(op.database.remembered(), before);
    });
    assert_eq!(stub.requests().len(), 3);
}
