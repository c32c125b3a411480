//! What an operator reads: one event for each refusal with its id, and never a secret.

use std::io::Write;
use std::sync::{Arc, Mutex};

use crate::support::cast::PASSWORD;
use crate::support::op::{TestOp, WEB, claims, on_sqlite};

/// Everything that was logged on this thread.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// What is logged while the test runs, down to the finest level.
pub(super) async fn logged(test: impl AsyncFnOnce()) -> String {
    let log = Log::default();
    let writer = log.clone();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .with_ansi(false)
        .with_writer(move || writer.clone())
        .finish();
    let guard = tracing::subscriber::set_default(subscriber);
    test().await;
    drop(guard);
    String::from_utf8(log.0.lock().unwrap().clone()).unwrap()
}

async fn guess(op: &TestOp, times: usize) {
    let mut browser = op.browser();
    for _ in 0..times {
        let page = browser.get("/login").await;
        let typed = [("username", "ada"), ("password", "canary")];
        browser
            .submit(&page, "/login", &typed)
            .await
            .location_or_form();
    }
}

#[test]
fn a_refused_sign_in_is_told_by_its_id() {
    on_sqlite(async |op| {
        let log = logged(async || guess(&op, 6).await).await;
        let told = |id: &str| log.matches(&format!("error.id={id:?}")).count();
        assert_eq!((told("E1604"), told("E1605")), (5, 1), "{log}");
        assert!(!log.contains("canary"));
    });
}

#[test]
fn a_failure_is_told_once_with_its_cause_and_its_request() {
    on_sqlite(async |op| {
        let code = op.browser().code("ada", &[]).await;
        op.database.run("DROP TABLE token_families");
        let log = logged(async || {
            let reply = op.client("web").redeem(&code, WEB).await;
            reply.assert_error(500, "server_error", "E1902");
            assert!(reply.header("retry-after").is_none());
        });
        let log = log.await;
        assert_eq!(log.matches("request failed").count(), 1, "{log}");
        assert!(log.contains("no such table"), "{log}");
        assert!(!log.contains(&code));
    });
}

#[test]
fn no_secret_of_a_journey_is_logged() {
    on_sqlite(async |op| {
        let mut secrets = vec![PASSWORD.to_owned(), "web-secret".to_owned()];
        let log = logged(async || {
            let mut browser = op.browser();
            let code = browser.code("ada", &[]).await;
            let web = op.client("web");
            let reply = web.redeem(&code, WEB).await;
            let refreshed = web.refresh(&reply.token("refresh_token")).await;
            web.redeem(&code, WEB)
                .await
                .assert_error(400, "invalid_grant", "E1312");
            for token in ["access_token", "refresh_token", "id_token"] {
                secrets.extend([reply.token(token), refreshed.token(token)]);
            }
            secrets.push(claims(&reply.token("access_token"))["jti"].to_string());
            secrets.push(code);
            secrets.extend(browser.cookies.values().cloned());
        });
        let log = log.await;
        assert!(log.contains("E1312"));
        for secret in secrets {
            assert!(
                !log.contains(secret.trim_matches('"')),
                "{secret} is in {log}"
            );
        }
    });
}
