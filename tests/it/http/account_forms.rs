//! What people change on their account pages: profile, address, password. And what they read there of what happened.

use crate::pages::html::text;
use crate::support::cast::PASSWORD;
use crate::support::op::{Browser, Reply, TestOp, WEB, on_sqlite};

use super::sign_up::where_people_may;

const NEW: &str = "an altogether new one";

async fn submit(browser: &mut Browser<'_>, path: &str, form: &[(&str, &str)]) -> Reply {
    let page = browser.get(path).await;
    browser.submit(&page, path, form).await
}

async fn signs_in(op: &TestOp, password: &str) -> bool {
    let mut browser = op.browser();
    let form = [("username", "ada"), ("password", password)];
    submit(&mut browser, "/login", &form).await.status == 303
}

async fn userinfo(op: &TestOp, browser: &mut Browser<'_>) -> serde_json::Value {
    let scope = [("scope", "openid profile email")];
    let code = browser.code("ada", &scope).await;
    let tokens = op.client("web").redeem(&code, WEB).await;
    op.get_with("/userinfo", &tokens.token("access_token"))
        .await
        .json(200)
}

#[test]
fn a_new_name_reaches_the_apps() {
    on_sqlite(async |op| {
        let mut browser = op.signed_in("ada").await;
        let form = [
            ("name", "Ada King"),
            ("given_name", "Ada"),
            ("family_name", "King"),
            ("nickname", ""),
        ];
        let saved = submit(&mut browser, "/account/profile", &form).await;
        assert_eq!(saved.location(), "/account?done=profile");
        let page = text(&browser.get(saved.location()).await.body);
        assert!(page.contains("Your profile is saved."), "{page}");
        assert!(page.contains("Ada King") && page.contains("You changed your profile."));
        let told = userinfo(&op, &mut browser).await;
        assert_eq!(told["name"], "Ada King");
        assert_eq!(told["family_name"], "King");
        assert!(told.get("nickname").is_none(), "{told}");
        assert_eq!(told["email"], "ada@example.org", "the address stayed");
    });
}

#[test]
fn an_address_is_changed_only_where_that_is_allowed_and_counts_as_unverified() {
    let form = [("name", "Ada Example"), ("email", "ada@elsewhere.example")];
    on_sqlite(async |op| {
        let mut browser = op.signed_in("ada").await;
        let page = browser.get("/account/profile").await;
        assert!(!page.body.contains("name=\"email\""));
        browser
            .submit(&page, "/account/profile", &form)
            .await
            .location();
        assert_eq!(
            userinfo(&op, &mut browser).await["email"],
            "ada@example.org"
        );
    });
    where_people_may(async |op| {
        let mut browser = op.signed_in("ada").await;
        submit(&mut browser, "/account/profile", &form)
            .await
            .location();
        let told = userinfo(&op, &mut browser).await;
        assert_eq!(told["email"], "ada@elsewhere.example");
        assert_eq!(told["email_verified"], false);
    });
}

#[test]
fn a_profile_that_cannot_be_saved_changes_nothing() {
    where_people_may(async |op| {
        let mut browser = op.signed_in("ada").await;
        let before = op.database.remembered();
        let long = "x".repeat(101);
        for (field, value) in [
            ("name", "two\nlines"),
            ("name", &long),
            ("nickname", "\u{202e}evil"),
            ("email", "nowhere"),
        ] {
            let reply = submit(&mut browser, "/account/profile", &[(field, value)]).await;
            assert_eq!(reply.status, 400, "{field} {value}");
            assert!(reply.body.contains(&format!("{field}-error")), "{field}");
        }
        assert_eq!(op.database.remembered(), before);
    });
}

#[test]
fn a_new_password_ends_what_the_old_one_began() {
    on_sqlite(async |op| {
        let mut elsewhere = op.signed_in("ada").await;
        let mut browser = op.browser();
        let offline = [("scope", "openid offline_access")];
        let code = browser.code("ada", &offline).await;
        let tokens = op.client("web").redeem(&code, WEB).await;
        let old_cookie = browser.cookies["__Host-issuant-session"].clone();

        let form = [("password", PASSWORD), ("new_password", NEW)];
        let changed = submit(&mut browser, "/account/password", &form).await;
        assert_eq!(changed.location(), "/account?done=password");
        let page = text(&browser.get(changed.location()).await.body);
        assert!(page.contains("You changed your password."), "{page}");

        assert_eq!(elsewhere.get("/account").await.location(), "/login");
        let refused = op
            .client("web")
            .refresh(&tokens.token("refresh_token"))
            .await;
        refused.assert_error(400, "invalid_grant", "E1323");
        let mut thief = op.browser();
        thief
            .cookies
            .insert("__Host-issuant-session".to_owned(), old_cookie);
        assert_eq!(thief.get("/account").await.location(), "/login");
        assert!(!signs_in(&op, PASSWORD).await);
        assert!(signs_in(&op, NEW).await);
    });
}

#[test]
fn another_account_of_the_browser_keeps_its_session() {
    on_sqlite(async |op| {
        let mut browser = op.signed_in("bob").await;
        browser.sign_in_at("/login", "ada").await.location();
        let form = [("password", PASSWORD), ("new_password", NEW)];
        submit(&mut browser, "/account/password", &form)
            .await
            .location();
        let page = text(&browser.get("/accounts").await.body);
        assert!(
            page.contains("Ada Example") && page.contains("Bob Example"),
            "{page}"
        );
    });
}

#[test]
fn a_password_is_changed_only_by_who_knows_it() {
    on_sqlite(async |op| {
        let mut browser = op.signed_in("ada").await;
        for form in [
            [
                ("password", "not the password of ada"),
                ("new_password", NEW),
            ],
            [("password", ""), ("new_password", NEW)],
            [("password", PASSWORD), ("new_password", "short")],
            [("password", PASSWORD), ("new_password", "")],
        ] {
            let reply = submit(&mut browser, "/account/password", &form).await;
            assert_eq!(reply.status, 400, "{form:?}");
        }
        assert!(signs_in(&op, PASSWORD).await);
    });
}

#[test]
fn guesses_at_the_password_are_counted_like_sign_ins() {
    on_sqlite(async |op| {
        let mut browser = op.signed_in("ada").await;
        let wrong = [
            ("password", "not the password of ada"),
            ("new_password", NEW),
        ];
        for _ in 0..5 {
            let reply = submit(&mut browser, "/account/password", &wrong).await;
            assert_eq!(reply.status, 400);
        }
        let reply = submit(&mut browser, "/account/password", &wrong).await;
        assert_eq!(reply.status, 429);
        assert!(reply.header("retry-after").is_some());
    });
}

#[test]
fn two_new_passwords_at_once_are_one() {
    on_sqlite(async |op| {
        let (mut one, mut two) = (op.signed_in("ada").await, op.signed_in("ada").await);
        let form = |new| [("password", PASSWORD), ("new_password", new)];
        let (first, second) = (
            form("the first new password"),
            form("the second new password"),
        );
        let (first, second) = tokio::join!(
            submit(&mut one, "/account/password", &first),
            submit(&mut two, "/account/password", &second)
        );
        let changed = |reply: &Reply| reply.header("location") == Some("/account?done=password");
        let outcomes = [changed(&first), changed(&second)];
        assert_eq!(outcomes.iter().filter(|it| **it).count(), 1, "{outcomes:?}");
    });
}

#[test]
fn the_forms_need_their_token_and_lead_strangers_to_sign_in() {
    on_sqlite(async |op| {
        let mut browser = op.signed_in("ada").await;
        for path in ["/account/profile", "/account/password"] {
            let before = op.database.remembered();
            let reply = browser
                .post(path, &[("name", "x"), ("password", PASSWORD)])
                .await;
            reply.assert_page(403, "E1603");
            assert_eq!(op.database.remembered(), before);
            assert_eq!(op.get(path).await.location(), "/login");
        }
    });
}

#[test]
fn the_activity_tells_what_happened_and_from_where() {
    on_sqlite(async |op| {
        let mut browser = op.browser();
        browser.code("ada", &[]).await;
        let page = text(&browser.get("/account").await.body);
        for part in [
            "You signed in.",
            "You allowed The web app to access your account.",
            "192.0.2.7",
        ] {
            assert!(page.contains(part), "{part}: {page}");
        }
        let mut bob = op.signed_in("bob").await;
        let page = text(&bob.get("/account").await.body);
        assert!(!page.contains("The web app"), "{page}");
    });
}
