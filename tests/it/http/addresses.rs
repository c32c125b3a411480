//! Under which address the server is opened, where a request comes from, and what a proxy may say about both.

use actix_web::test::TestRequest;

use crate::support::cast::PASSWORD;
use crate::support::databases::Database;
use crate::support::op::{Reply, Setting, TestOp, encode, form_request, on_sqlite, run};

/// Requests of the tests come from 192.0.2.7.
fn behind_a_proxy(test: impl AsyncFnOnce(TestOp)) {
    let trusted_proxies = vec!["192.0.2.0/28".parse().unwrap()];
    let setting = Setting {
        trusted_proxies,
        ..Setting::default()
    };
    run(test(TestOp::with(Database::sqlite(), setting)));
}

async fn opened(op: &TestOp, path: &str, headers: &[(&'static str, &str)]) -> Reply {
    let mut request = TestRequest::get().uri(path);
    for (name, value) in headers {
        request = request.insert_header((*name, *value));
    }
    op.send(request).await
}

#[test]
fn a_page_under_another_address_tells_the_right_one() {
    on_sqlite(async |op| {
        for path in ["/", "/login", "/account", "/consent", "/setup", "/logout"] {
            let reply = opened(&op, path, &[("host", "192.0.2.1:4343")]).await;
            reply.assert_page(421, "E1606");
            assert!(reply.body.contains("https://id.example"));
            assert!(reply.cookies().is_empty());
        }
        assert_eq!(
            opened(&op, "/login", &[("host", "ID.example")])
                .await
                .status,
            200
        );
    });
}

#[test]
fn endpoints_for_clients_do_not_mind() {
    on_sqlite(async |op| {
        for path in [
            "/jwks.json",
            "/.well-known/openid-configuration",
            "/healthz",
            "/readyz",
        ] {
            assert_eq!(
                opened(&op, path, &[("host", "10.0.0.1")]).await.status,
                200,
                "{path}"
            );
        }
        let form = [("grant_type", "client_credentials")];
        let request = op.client("service").request("/token", &form);
        let reply = op.send(request.insert_header(("host", "10.0.0.1"))).await;
        assert_eq!(reply.status, 200);
    });
}

#[test]
fn only_a_trusted_proxy_may_say_which_host_was_opened() {
    let headers = [("host", "10.0.0.1"), ("x-forwarded-host", "id.example")];
    on_sqlite(async |op| {
        opened(&op, "/login", &headers)
            .await
            .assert_page(421, "E1606");
    });
    behind_a_proxy(async |op| {
        assert_eq!(opened(&op, "/login", &headers).await.status, 200);
        let evil = [("host", "id.example"), ("x-forwarded-host", "evil.example")];
        opened(&op, "/login", &evil).await.assert_page(421, "E1606");
    });
}

#[test]
fn in_development_the_other_names_of_this_machine_lead_to_the_right_one() {
    run(async {
        let issuer = "http://localhost:4343".to_owned();
        let setting = Setting {
            issuer,
            development: true,
            ..Setting::default()
        };
        let op = TestOp::with(Database::sqlite(), setting);
        let reply = opened(&op, "/login?request=x", &[("host", "127.0.0.1:4343")]).await;
        assert_eq!(reply.location(), "http://localhost:4343/login?request=x");
        for host in [
            "127.0.0.1:80",
            "localhost.evil.example:4343",
            "evil.example",
        ] {
            opened(&op, "/login", &[("host", host)])
                .await
                .assert_page(421, "E1606");
        }
    });
}

/// Wrong passwords for many names, from the address that the header tells.
async fn guess(op: &TestOp, forwarded_for: &str, number: usize) -> u16 {
    let mut browser = op.browser();
    let page = browser.get("/login").await;
    let mut form = crate::support::op::hidden_fields(&page.body, "/login");
    form.push(("username".to_owned(), format!("user-{number}")));
    form.push(("password".to_owned(), "wrong".to_owned()));
    let form: Vec<(&str, &str)> = form
        .iter()
        .map(|(name, value)| (&**name, &**value))
        .collect();
    let request = form_request("/login", &form);
    browser
        .send(request.insert_header(("x-forwarded-for", forwarded_for)))
        .await
        .status
}

#[test]
fn a_stranger_cannot_change_the_address_it_is_counted_under() {
    on_sqlite(async |op| {
        for number in 0..20 {
            assert_eq!(
                guess(&op, &format!("203.0.113.{number}"), number).await,
                401
            );
        }
        assert_eq!(guess(&op, "203.0.113.99", 99).await, 429);
    });
}

#[test]
fn behind_a_trusted_proxy_each_address_is_counted_by_itself() {
    behind_a_proxy(async |op| {
        for number in 0..20 {
            // What stands before the last address that is not a proxy is what the stranger made up.
            let told = format!("10.0.0.{number}, 203.0.113.5, 192.0.2.3");
            assert_eq!(guess(&op, &told, number).await, 401);
        }
        assert_eq!(guess(&op, "203.0.113.5", 99).await, 429);
        assert_eq!(guess(&op, "203.0.113.6", 99).await, 401);
    });
}

#[test]
fn a_session_shows_the_address_that_the_proxy_told() {
    behind_a_proxy(async |op| {
        let mut browser = op.browser();
        let page = browser.get("/login").await;
        let hidden = crate::support::op::hidden_fields(&page.body, "/login");
        let mut form: Vec<(&str, &str)> = hidden.iter().map(|(n, v)| (&**n, &**v)).collect();
        form.extend([("username", "ada"), ("password", PASSWORD)]);
        let request = TestRequest::post()
            .uri("/login")
            .insert_header(("content-type", "application/x-www-form-urlencoded"))
            .insert_header(("x-forwarded-for", "203.0.113.5"))
            .set_payload(encode(&form));
        assert_eq!(browser.send(request).await.location(), "/account");
        assert!(browser.get("/account").await.body.contains("203.0.113.5"));
    });
}

#[test]
fn an_ipv4_address_written_as_ipv6_is_the_same_and_not_everybody() {
    behind_a_proxy(async |op| {
        for number in 0..20 {
            assert_eq!(guess(&op, "::ffff:203.0.113.5", number).await, 401);
        }
        assert_eq!(guess(&op, "203.0.113.5", 99).await, 429);
        assert_eq!(guess(&op, "::ffff:203.0.113.6", 99).await, 401);
    });
}
