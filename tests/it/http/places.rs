//! Places for people and operators: the home page, files of pages, health, and addresses where nothing is.

use actix_web::test::TestRequest;

use crate::pages::html::tags;
use crate::support::op::on_sqlite;

#[test]
fn an_address_where_nothing_is_says_so() {
    on_sqlite(async |op| {
        for path in [
            "/nowhere",
            "/token/",
            "/admin",
            "/assets/other.js",
            "/../etc/passwd",
            "/%2e%2e",
        ] {
            op.get(path).await.assert_page(404, "E1608");
        }
    });
}

#[test]
fn the_home_page_knows_who_is_there() {
    on_sqlite(async |op| {
        assert!(op.get("/").await.body.contains("/login"));
        let mut browser = op.signed_in("ada").await;
        assert!(browser.get("/").await.body.contains("Ada Example"));
    });
}

#[test]
fn files_of_pages_may_be_kept_for_ever() {
    on_sqlite(async |op| {
        let page = op.get("/login").await;
        let tags = tags(&page.body);
        let named = tags
            .iter()
            .filter_map(|tag| tag.attribute("href").or(tag.attribute("src")));
        let mut files: Vec<&str> = named.filter(|path| path.starts_with("/assets/")).collect();
        files.sort_unstable();
        files.dedup();
        assert_eq!(files.len(), 3, "{files:?}");
        for path in files {
            let reply = op.get(path).await;
            assert_eq!(reply.status, 200, "{path}");
            let kept = reply.header("cache-control");
            assert_eq!(kept, Some("public, max-age=31536000, immutable"));
        }
    });
}

#[test]
fn health_is_one_word() {
    on_sqlite(async |op| {
        let (alive, ready) = (op.get("/healthz").await, op.get("/readyz").await);
        assert_eq!((alive.status, &*alive.body), (200, "ok\n"));
        assert_eq!((ready.status, &*ready.body), (200, "ready\n"));
    });
}

#[test]
fn the_demo_app_exists_in_development_only() {
    on_sqlite(async |op| {
        op.get("/dev/app").await.assert_page(404, "E1608");
    });
}

#[test]
fn over_https_every_answer_asks_for_https() {
    on_sqlite(async |op| {
        for path in ["/", "/jwks.json", "/nowhere"] {
            let reply = op.get(path).await;
            assert_eq!(
                reply.header("strict-transport-security"),
                Some("max-age=31536000")
            );
        }
    });
}

#[test]
fn a_request_has_an_id_of_ours_and_not_of_the_sender() {
    on_sqlite(async |op| {
        let request = TestRequest::get()
            .uri("/healthz")
            .insert_header(("x-request-id", "mine"));
        let first = op.send(request).await;
        let second = op.get("/healthz").await;
        assert_ne!(first.header("x-request-id"), Some("mine"));
        assert_ne!(first.header("x-request-id"), second.header("x-request-id"));
    });
}
