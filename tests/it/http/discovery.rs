//! The public documents: prepared bytes with a validator.

use actix_web::http::Method;
use actix_web::test::TestRequest;

use crate::support::op::on_sqlite;

const DOCUMENTS: [&str; 3] = [
    "/.well-known/openid-configuration",
    "/.well-known/oauth-authorization-server",
    "/jwks.json",
];

#[test]
fn documents_may_be_kept_and_compared() {
    on_sqlite(async |op| {
        for path in DOCUMENTS {
            let reply = op.get(path).await;
            let kept = reply.header("cache-control").unwrap();
            assert!(kept.starts_with("public, max-age="), "{kept}");
            let etag = reply.header("etag").unwrap().to_owned();
            for known in [
                etag.clone(),
                format!("\"x\", {etag}"),
                format!("W/{etag}"),
                "*".to_owned(),
            ] {
                let again = TestRequest::get()
                    .uri(path)
                    .insert_header(("if-none-match", known));
                let again = op.send(again).await;
                assert_eq!((again.status, again.body.as_str()), (304, ""));
                assert_eq!(again.header("etag"), Some(etag.as_str()));
            }
            let other = TestRequest::get()
                .uri(path)
                .insert_header(("if-none-match", "\"x\""));
            assert_eq!(op.send(other).await.status, 200);
        }
    });
}

#[test]
fn documents_answer_to_head() {
    on_sqlite(async |op| {
        for path in DOCUMENTS {
            let reply = op
                .send(TestRequest::default().method(Method::HEAD).uri(path))
                .await;
            assert_eq!(reply.status, 200, "{path}");
            assert!(reply.header("etag").is_some());
        }
    });
}

#[test]
fn both_names_lead_to_one_document() {
    on_sqlite(async |op| {
        assert_eq!(
            op.get(DOCUMENTS[0]).await.body,
            op.get(DOCUMENTS[1]).await.body
        );
    });
}

/// Every endpoint that the metadata names is there.
#[test]
fn the_metadata_lists_only_what_answers() {
    on_sqlite(async |op| {
        let metadata = op.get(DOCUMENTS[0]).await.json(200);
        let metadata = metadata.as_object().unwrap();
        let mut endpoints = 0;
        for (name, value) in metadata {
            let others = ["jwks_uri", "check_session_iframe"];
            if !name.ends_with("_endpoint") && !others.contains(&&**name) {
                continue;
            }
            endpoints += 1;
            let path = value
                .as_str()
                .unwrap()
                .strip_prefix("https://id.example")
                .unwrap();
            let reply = op.get(path).await;
            assert_ne!(reply.status, 404, "{name}");
        }
        assert_eq!(endpoints, 8);
    });
}
