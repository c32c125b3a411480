//! Which scripts may read which answers.

use actix_web::http::Method;
use actix_web::test::TestRequest;

use crate::support::op::{authorize_url, form_request, on_sqlite, refreshing};

const SPA: (&str, &str) = ("origin", "https://spa.example");
/// Registered, but of a confidential client, which has no scripts.
const WEB: (&str, &str) = ("origin", "https://web.example");
const ALLOW: &str = "access-control-allow-origin";

#[test]
fn documents_may_be_read_by_everybody() {
    on_sqlite(async |op| {
        for path in ["/jwks.json", "/.well-known/openid-configuration"] {
            assert_eq!(op.get(path).await.header(ALLOW), Some("*"));
        }
    });
}

#[test]
fn endpoints_may_be_read_by_scripts_of_public_clients() {
    on_sqlite(async |op| {
        for path in ["/token", "/oauth2/token", "/revoke", "/userinfo"] {
            let mut form = refreshing("any").to_vec();
            form.push(("client_id", "spa"));
            let reply = op.send(form_request(path, &form).insert_header(SPA)).await;
            assert_eq!(reply.header(ALLOW), Some("https://spa.example"), "{path}");
            assert_eq!(reply.header("vary"), Some("Origin"));
            assert!(reply.header("access-control-allow-credentials").is_none());
            for origin in [WEB, ("origin", "https://evil.example"), ("origin", "null")] {
                let reply = op
                    .send(form_request(path, &form).insert_header(origin))
                    .await;
                assert_eq!(reply.header(ALLOW), None, "{path}");
                assert_eq!(reply.header("vary"), Some("Origin"));
            }
        }
    });
}

#[test]
fn a_browser_may_ask_first() {
    on_sqlite(async |op| {
        let ask = |path: &str, origin| {
            TestRequest::default()
                .method(Method::OPTIONS)
                .uri(path)
                .insert_header(origin)
        };
        for path in ["/token", "/oauth2/token", "/revoke", "/userinfo"] {
            let reply = op.send(ask(path, SPA)).await;
            assert_eq!(
                (reply.status, reply.header(ALLOW)),
                (204, Some("https://spa.example"))
            );
            let allowed = reply.header("access-control-allow-headers").unwrap();
            assert!(allowed.contains("Authorization") && allowed.contains("Content-Type"));
            assert_eq!(op.send(ask(path, WEB)).await.header(ALLOW), None);
        }
    });
}

#[test]
fn pages_may_be_read_by_nobody() {
    on_sqlite(async |op| {
        for path in [
            &*authorize_url(&[]),
            "/login",
            "/account",
            "/logout",
            "/",
            "/setup",
        ] {
            let reply = op
                .send(TestRequest::get().uri(path).insert_header(SPA))
                .await;
            assert_eq!(reply.header(ALLOW), None, "{path}");
        }
        let introspect = op
            .send(form_request("/introspect", &[]).insert_header(SPA))
            .await;
        assert_eq!(introspect.header(ALLOW), None);
    });
}
