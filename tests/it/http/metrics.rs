//! What operators can count, and who may read it.

use issuant::crypto::secret::Secret;

use crate::support::databases::Database;
use crate::support::op::{Setting, TestOp, WEB, run};

const TOKEN: &str = "0123456789abcdef0123456789abcdef";

fn op() -> TestOp {
    let setting = Setting {
        metrics_token: Some(Secret::new(TOKEN.to_owned())),
        ..Setting::default()
    };
    TestOp::with(Database::sqlite(), setting)
}

/// The text, for who has the token.
async fn text(op: &TestOp) -> String {
    let reply = op.get_with("/metrics", TOKEN).await;
    assert_eq!(reply.status, 200);
    reply.body
}

/// The value of one series.
async fn value(op: &TestOp, series: &str) -> u64 {
    let text = text(op).await;
    let line = text
        .lines()
        .find(|line| line.starts_with(&format!("{series} ")));
    let line = line.unwrap_or_else(|| panic!("no {series} in {text}"));
    let number = line.rsplit(' ').next().unwrap();
    // Sums are written with a fraction.
    number.trim_end_matches(".0").parse().unwrap()
}

#[test]
fn the_life_of_a_family_is_counted() {
    run(async {
        let op = op();
        let rotations = |event| format!("issuant_refresh_rotations_total{{event=\"{event}\"}}");
        let promotions = |by| format!("issuant_refresh_promotions_total{{by=\"{by}\"}}");
        let code = op.browser().code("ada", &[]).await;
        let web = op.client("web");
        let first = web.redeem(&code, WEB).await.token("refresh_token");
        let second = web.refresh(&first).await.token("refresh_token");
        assert_eq!(web.refresh(&first).await.token("refresh_token"), second);
        op.pass(10);
        let third = web.refresh(&first).await;
        // Its access token is seen twice; the first time shows that the refresh token arrived.
        for _ in 0..2 {
            let told = web.introspect(&third.token("access_token")).await;
            assert_eq!(told["active"], true);
        }
        let fourth = web.refresh(&third.token("refresh_token")).await;
        assert_eq!(
            web.refresh(&fourth.token("refresh_token")).await.status,
            200
        );
        web.refresh(&first)
            .await
            .assert_error(400, "invalid_grant", "E1324");
        web.refresh(&first)
            .await
            .assert_error(400, "invalid_grant", "E1323");
        for (series, expected) in [
            (rotations("minted"), 2),
            (rotations("repeated"), 1),
            (rotations("replaced"), 1),
            (rotations("promoted"), 1),
            (rotations("once"), 0),
            (rotations("kept"), 0),
            (promotions("access_token"), 1),
            (promotions("refresh_token"), 1),
            ("issuant_refresh_reuse_total".to_owned(), 1),
            ("issuant_code_reuse_total".to_owned(), 0),
            (
                "issuant_tokens_issued_total{grant=\"refresh_token\",kind=\"client\"}".to_owned(),
                5,
            ),
            (
                "issuant_tokens_issued_total{grant=\"authorization_code\",kind=\"client\"}"
                    .to_owned(),
                1,
            ),
            ("issuant_writer_queue_length".to_owned(), 0),
            ("issuant_writer_refused_total".to_owned(), 0),
        ] {
            assert_eq!(value(&op, &series).await, expected, "{series}");
        }
        let commits = value(&op, "issuant_writer_commit_seconds_count").await;
        assert!(
            commits >= 8,
            "each of these answers came after a commit: {commits}"
        );
        let writes = value(&op, "issuant_writer_batch_size_sum").await;
        assert!(writes >= commits);
    });
}

#[test]
fn they_are_not_for_strangers() {
    run(async {
        let op = op();
        let stranger = op.get("/metrics").await;
        stranger.assert_error(401, "invalid_token", "E1406");
        let guess = op.get_with("/metrics", "guess").await;
        guess.assert_error(401, "invalid_token", "E1406");
        assert!(guess.header("www-authenticate").is_some());
        // Without a token nothing is served where everybody can reach it.
        let closed = TestOp::new(Database::sqlite());
        assert_eq!(closed.get("/metrics").await.status, 404);
    });
}

#[test]
fn development_shows_them() {
    run(async {
        let setting = Setting {
            development: true,
            ..Setting::default()
        };
        let op = TestOp::with(Database::sqlite(), setting);
        let reply = op.get("/metrics").await;
        assert_eq!(reply.status, 200);
        assert!(reply.body.ends_with("# EOF\n"));
    });
}
