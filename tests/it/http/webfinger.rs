//! Issuer discovery (OpenID Connect Discovery §2, RFC 7033).

use serde_json::json;

use crate::support::op::on_sqlite;

const ISSUER: &str = "http%3A%2F%2Fopenid.net%2Fspecs%2Fconnect%2F1.0%2Fissuer";

#[test]
fn tells_the_issuer_for_identifiers_at_its_host() {
    on_sqlite(async |op| {
        for resource in [
            "acct:ada@id.example",
            "ada@id.example",
            "https://id.example/ada",
            "https://ID.example/ada",
            "https://ada@id.example/",
            "acct:ada@ID.EXAMPLE",
        ] {
            let path = format!("/.well-known/webfinger?resource={resource}&rel={ISSUER}");
            let reply = op.get(&path).await;
            assert_eq!(reply.status, 200, "{reply:?}");
            assert_eq!(reply.header("content-type"), Some("application/jrd+json"));
            assert_eq!(reply.header("access-control-allow-origin"), Some("*"));
            let told: serde_json::Value = serde_json::from_str(&reply.body).unwrap();
            assert_eq!(told["subject"], resource);
            assert_eq!(told["links"][0]["href"], "https://id.example");
        }
        // Nobody learns who has an account.
        let path = format!("/.well-known/webfinger?resource=acct:nobody@id.example&rel={ISSUER}");
        assert_eq!(op.get(&path).await.status, 200);
    });
}

/// RFC 7033 §4.3.
#[test]
fn tells_only_the_links_that_were_asked_for() {
    on_sqlite(async |op| {
        let path = "/.well-known/webfinger?resource=acct:ada@id.example&rel=a&rel=b";
        let told: serde_json::Value = serde_json::from_str(&op.get(path).await.body).unwrap();
        assert_eq!(told["links"], json!([]));
    });
}

#[test]
fn speaks_for_no_other_host() {
    on_sqlite(async |op| {
        for resource in [
            "acct:ada@other.example",
            "https://id.example.other/ada",
            "ada",
        ] {
            let path = format!("/.well-known/webfinger?resource={resource}");
            op.get(&path)
                .await
                .assert_error(404, "invalid_request", "E1407");
        }
        let missing = op.get("/.well-known/webfinger").await;
        missing.assert_error(400, "invalid_request", "E1006");
    });
}
