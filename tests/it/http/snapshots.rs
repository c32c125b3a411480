//! Snapshots of what clients read: metadata, keys, and every error body. What changes from run to run is hidden, and
//! checked while it is hidden.

use std::collections::BTreeMap;

use insta::internals::{Content, ContentPath};
use insta::{assert_json_snapshot, dynamic_redaction, with_settings};
use issuant::crypto::algorithm::Algorithm;
use serde_json::{Value, json};

use crate::support::databases::Database;
use crate::support::op::{Setting, TestOp, on_sqlite, run};

/// Hides base64url of that length.
fn base64url(length: usize) -> impl Fn(Content, ContentPath<'_>) -> String + Send + Sync {
    move |value, path| {
        let text = value.as_str().unwrap();
        let is_fine = text
            .bytes()
            .all(|it| it.is_ascii_alphanumeric() || b"-_".contains(&it));
        assert!(is_fine && text.len() == length, "{path}: {text}");
        format!("[{length} letters of base64url]")
    }
}

fn snapshot(name: &str, value: &Value) {
    with_settings!({snapshot_path => "../snapshots", prepend_module_to_snapshot => false}, {
        assert_json_snapshot!(name, value);
    });
}

#[test]
fn the_metadata() {
    on_sqlite(async |op| {
        snapshot(
            "metadata",
            &op.get("/.well-known/openid-configuration").await.json(200),
        );
    });
}

#[test]
fn the_published_keys() {
    run(async {
        let algorithms = vec![Algorithm::Es256, Algorithm::EdDsa, Algorithm::Rs256];
        let op = TestOp::with(
            Database::sqlite(),
            Setting {
                algorithms,
                ..Setting::default()
            },
        );
        let published = op.get("/jwks.json").await.json(200);
        with_settings!({snapshot_path => "../snapshots", prepend_module_to_snapshot => false}, {
            assert_json_snapshot!("keys", published, {
                ".keys[].kid" => dynamic_redaction(base64url(43)),
                ".keys[].x" => dynamic_redaction(base64url(43)),
                ".keys[].y" => dynamic_redaction(base64url(43)),
                ".keys[].n" => dynamic_redaction(base64url(342)),
            });
        });
    });
}

/// Who posts what where.
type Form = (
    &'static str,
    &'static str,
    &'static [(&'static str, &'static str)],
);

/// The body of every entry of the catalogue that clients read as JSON, as it is sent.
#[test]
fn error_bodies() {
    on_sqlite(async |op| {
        let mut bodies: BTreeMap<&str, Value> = BTreeMap::new();
        let requests: [Form; 12] = [
            ("", "/token", &[]),
            ("web", "/token", &[]),
            ("web", "/token", &[("grant_type", "password")]),
            ("once", "/token", &[("grant_type", "client_credentials")]),
            ("spa", "/token", &[("grant_type", "client_credentials")]),
            (
                "web",
                "/token",
                &[("grant_type", "client_credentials"), ("scope", "admin")],
            ),
            ("web", "/token", &[("grant_type", "authorization_code")]),
            (
                "web",
                "/token",
                &[("grant_type", "authorization_code"), ("code", "x")],
            ),
            (
                "web",
                "/token",
                &[("grant_type", "refresh_token"), ("refresh_token", "x")],
            ),
            ("disabled", "/token", &[]),
            ("web", "/introspect", &[]),
            ("spa", "/introspect", &[("token", "x")]),
        ];
        for (client, path, form) in requests {
            let caller = if client.is_empty() {
                op.anonymous()
            } else {
                op.client(client)
            };
            let reply = caller.post(path, form).await;
            let body: Value = serde_json::from_str(&reply.body).unwrap();
            let description = body["error_description"].as_str().unwrap().to_owned();
            let id = description
                .rsplit_once('(')
                .unwrap()
                .1
                .trim_end_matches(')')
                .to_owned();
            let told = json!({"status": reply.status, "body": body, "challenge": reply.header("www-authenticate")});
            bodies.insert(Box::leak(id.into_boxed_str()), told);
        }
        snapshot("error-bodies", &json!(bodies));
    });
}

/// A failure carries the request id, and nothing else of the inside.
#[test]
fn the_body_of_a_failure() {
    on_sqlite(async |op| {
        op.state.storage.close();
        let form = [("grant_type", "refresh_token"), ("refresh_token", "x")];
        let body = op.client("web").post("/token", &form).await.json(503);
        with_settings!({snapshot_path => "../snapshots", prepend_module_to_snapshot => false}, {
            assert_json_snapshot!("failure-body", body, {
                ".request_id" => dynamic_redaction(|value, _| {
                    let id = value.as_str().unwrap();
                    assert!(id.len() == 9 && id.as_bytes()[4] == b'-', "{id}");
                    "[request id]"
                }),
            });
        });
    });
}

/// Every sentence of the catalogue, as clients and people read it.
#[test]
fn the_catalogue() {
    use issuant::protocol::catalogue;
    use issuant::protocol::error::Refusal;
    let told = catalogue::all().map(|entry| {
        let refusal = Refusal::new(entry);
        (
            refusal.id(),
            json!([refusal.code().as_str(), refusal.description()]),
        )
    });
    snapshot("catalogue", &json!(told.collect::<BTreeMap<_, _>>()));
}
