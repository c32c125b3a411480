//! Tokens that people have for scripts: made and taken back on the account pages, and what they open.

use serde_json::json;

use crate::support::databases::Database;
use crate::support::op::{Browser, Setting, TestOp, hidden_fields, on_sqlite, run};
use issuant::crypto::algorithm::Algorithm;
use issuant::protocol::context::Policy;
use issuant::protocol::personal_token::PersonalTokenPolicy;

async fn post(
    browser: &mut Browser<'_>,
    path: &str,
    fields: &[(&str, &str)],
) -> crate::support::op::Reply {
    let page = browser.get("/account/tokens").await;
    assert_eq!(page.status, 200);
    let mut form = hidden_fields(&page.body, "/account/tokens");
    form.retain(|(name, _)| name == "csrf" || name == "account");
    let mut form: Vec<(&str, &str)> = form.iter().map(|(n, v)| (&**n, &**v)).collect();
    form.extend(fields);
    browser.post(path, &form).await
}

/// A new token of the person, as the page shows it.
async fn make(browser: &mut Browser<'_>, name: &str, days: &str) -> String {
    let made = post(
        browser,
        "/account/tokens",
        &[("name", name), ("days", days)],
    )
    .await;
    assert_eq!(made.status, 200);
    assert_eq!(made.header("cache-control"), Some("no-store"));
    let (_, rest) = made.body.split_once("<textarea").unwrap();
    let (_, rest) = rest.split_once('>').unwrap();
    rest.split_once('<').unwrap().0.to_owned()
}

fn with_policy(policy: PersonalTokenPolicy) -> TestOp {
    let setting = Setting {
        policy: Policy {
            personal_tokens: policy,
            ..Policy::default()
        },
        ..Setting::default()
    };
    TestOp::with(Database::sqlite(), setting)
}

fn claims(token: &str) -> serde_json::Value {
    use base64::Engine as _;
    let payload = token.split('.').nth(1).unwrap();
    let payload = base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(payload);
    serde_json::from_slice(&payload.unwrap()).unwrap()
}

#[test]
fn a_token_says_what_rfc_9068_demands_and_opens_what_is_for_its_person() {
    on_sqlite(async |op| {
        let mut ada = op.signed_in("ada").await;
        let token = make(&mut ada, "Backup", "30").await;
        let claims = claims(&token);
        assert_eq!(claims["sub"], "sub-ada");
        assert_eq!(claims["aud"], json!(op.state.site.issuer));
        assert_eq!(claims["client_id"], json!(op.state.site.issuer));
        assert_eq!(claims["roles"], json!(["admin"]));
        let life = claims["exp"].as_i64().unwrap() - claims["iat"].as_i64().unwrap();
        assert_eq!(life, 30 * 86_400);
        assert!(claims["jti"].as_str().unwrap().starts_with("personal."));

        let told = op.get_with("/userinfo", &token).await.json(200);
        assert_eq!(
            (&told["sub"], &told["preferred_username"]),
            (&json!("sub-ada"), &json!("ada"))
        );
        let passed = op.get_with("/verify", &token).await;
        assert_eq!(passed.status, 200);
        assert_eq!(passed.header("remote-user"), Some("ada"));
        assert_eq!(passed.header("remote-groups"), Some("admin"));
        let other = op
            .get_with("/verify?audience=https://api.example", &token)
            .await;
        other.assert_error(401, "invalid_token", "E1403");
    });
}

#[test]
fn the_page_lists_them_with_last_use_and_place() {
    on_sqlite(async |op| {
        let mut ada = op.signed_in("ada").await;
        let token = make(&mut ada, "Backup", "1").await;
        let listed = async |ada: &mut Browser<'_>| {
            let page = ada.get("/account/tokens").await;
            assert!(!page.body.contains(&token));
            crate::pages::html::text(&page.body)
        };
        assert!(listed(&mut ada).await.contains("Not used yet"));
        assert_eq!(op.get_with("/verify", &token).await.status, 200);
        issuant::server::secret_uses::flush(&op.state)
            .await
            .unwrap();
        let text = listed(&mut ada).await;
        assert!(
            text.contains("Backup") && text.contains("Last used"),
            "{text}"
        );
        assert!(text.contains("192.0.2.7"), "{text}");
        let account = ada.get("/account").await;
        let text = crate::pages::html::text(&account.body);
        assert!(text.contains("A personal access token was made."), "{text}");
    });
}

#[test]
fn a_token_that_was_taken_back_opens_nothing_at_once() {
    on_sqlite(async |op| {
        let mut ada = op.signed_in("ada").await;
        let token = make(&mut ada, "Backup", "1").await;
        assert_eq!(op.get_with("/verify", &token).await.status, 200);
        let id = claims(&token)["jti"].as_str().unwrap().to_owned();
        // Of somebody else it is as good as none.
        let mut bob = op.signed_in("bob").await;
        let passed_over = post(&mut bob, "/account/tokens/revoke", &[("token", &id)]).await;
        assert_eq!(passed_over.status, 303);
        assert_eq!(op.get_with("/verify", &token).await.status, 200);
        let done = post(&mut ada, "/account/tokens/revoke", &[("token", &id)]).await;
        assert_eq!(done.location(), "/account/tokens?done=revoked");
        for path in ["/verify", "/userinfo"] {
            op.get_with(path, &token)
                .await
                .assert_error(401, "invalid_token", "E2102");
        }
        let page = ada.get("/account/tokens").await;
        assert!(page.body.contains("Taken back"));
        assert!(!page.body.contains("/account/tokens/revoke"));
    });
}

#[test]
fn an_expired_token_is_told_so() {
    on_sqlite(async |op| {
        let mut ada = op.signed_in("ada").await;
        let token = make(&mut ada, "Backup", "1").await;
        op.pass(86_400 - 1);
        assert_eq!(op.get_with("/verify", &token).await.status, 200);
        op.pass(1);
        let late = op.get_with("/verify", &token).await;
        late.assert_error(401, "invalid_token", "E2101");
        assert!(late.header("www-authenticate").unwrap().contains("expired"));
    });
}

#[test]
fn it_ends_with_its_person_and_a_role_that_was_lost_counts_no_more() {
    on_sqlite(async |op| {
        let mut ada = op.signed_in("ada").await;
        let token = make(&mut ada, "Backup", "1").await;
        op.store_changed_user("ada", |user| user.subject.roles.clear());
        let passed = op.get_with("/verify", &token).await;
        assert_eq!(passed.header("remote-groups"), Some(""));
        op.store_disabled("ada");
        op.get_with("/verify", &token)
            .await
            .assert_error(401, "invalid_token", "E1403");
    });
}

#[test]
fn what_cannot_be_made_is_said_at_the_field() {
    run(async {
        let op = with_policy(PersonalTokenPolicy {
            longest: 7 * 86_400,
            most: 1,
            ..PersonalTokenPolicy::default()
        });
        let mut ada = op.signed_in("ada").await;
        for (name, days, sentence) in [
            ("", "1", "Say in a few words what the token is for"),
            (
                "two\nlines",
                "1",
                "Say in a few words what the token is for",
            ),
            ("Backup", "", "Enter a number of days"),
            ("Backup", "0", "Enter a number of days"),
            ("Backup", "-1", "Enter a number of days"),
            ("Backup", "8", "Enter fewer days"),
        ] {
            let fields = [("name", name), ("days", days)];
            let refused = post(&mut ada, "/account/tokens", &fields).await;
            assert_eq!(refused.status, 400, "{name:?} {days}");
            assert!(refused.body.contains(sentence), "{name:?} {days}");
        }
        make(&mut ada, "Backup", "7").await;
        let fields = [("name", "One more"), ("days", "1")];
        let refused = post(&mut ada, "/account/tokens", &fields).await;
        assert!(refused.body.contains("E2104"));
        assert_eq!(refused.status, 400);
        // One that has expired does not count.
        op.pass(7 * 86_400);
        let mut ada = op.signed_in("ada").await;
        make(&mut ada, "One more", "1").await;
    });
}

#[test]
fn without_a_key_for_access_tokens_there_is_none() {
    run(async {
        let setting = Setting {
            policy: Policy {
                access_token_algorithm: Algorithm::EdDsa,
                ..Policy::default()
            },
            ..Setting::default()
        };
        let op = TestOp::with(Database::sqlite(), setting);
        let mut ada = op.signed_in("ada").await;
        let fields = [("name", "Backup"), ("days", "1")];
        let refused = post(&mut ada, "/account/tokens", &fields).await;
        assert!(refused.body.contains("E2106"));
    });
}

#[test]
fn strangers_and_foreign_forms_get_nowhere() {
    on_sqlite(async |op| {
        assert_eq!(op.get("/account/tokens").await.location(), "/login");
        let mut ada = op.signed_in("ada").await;
        for path in ["/account/tokens", "/account/tokens/revoke"] {
            let form = [("name", "x"), ("days", "1"), ("token", "x")];
            assert_ne!(ada.post(path, &form).await.status, 200, "{path}");
        }
        let page = ada.get("/account/tokens").await;
        assert!(page.body.contains("You have no token."));
    });
}
