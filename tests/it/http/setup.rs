//! The first administrator's page.

use crate::support::databases::Database;
use crate::support::op::{Setting, TestOp, on_sqlite, run};

const TYPED: [(&str, &str); 3] = [
    ("username", "root"),
    ("email", "root@example.org"),
    ("password", "correct horse battery staple"),
];

#[test]
fn a_link_makes_an_administrator_once_and_signs_in() {
    run(async {
        let setting = Setting {
            is_set_up: false,
            ..Setting::default()
        };
        let op = TestOp::with(Database::sqlite(), setting);
        assert!(op.get("/").await.body.contains("issuant admin link"));
        let link = op.store_setup_link();
        let mut browser = op.browser();
        let page = browser.get(&format!("/setup?t={link}")).await;
        assert_eq!(page.status, 200);
        let reply = browser.submit(&page, "/setup", &TYPED).await;
        assert_eq!(reply.location(), "/account");
        assert!(browser.get("/account").await.body.contains("root"));
        assert!(!op.get("/").await.body.contains("issuant admin link"));
        browser
            .submit(&page, "/setup", &TYPED)
            .await
            .assert_page(410, "E1607");
        op.get(&format!("/setup?t={link}"))
            .await
            .assert_page(410, "E1607");
    });
}

#[test]
fn a_wrong_or_old_link_is_refused() {
    on_sqlite(async |op| {
        for path in ["/setup", "/setup?t=", "/setup?t=guess"] {
            op.get(path).await.assert_page(410, "E1607");
        }
        let link = op.store_setup_link();
        op.pass(1800);
        op.get(&format!("/setup?t={link}"))
            .await
            .assert_page(410, "E1607");
    });
}

#[test]
fn what_is_wrong_with_the_form_is_named_and_the_link_stays_good() {
    on_sqlite(async |op| {
        let link = op.store_setup_link();
        let mut browser = op.browser();
        let page = browser.get(&format!("/setup?t={link}")).await;
        let before = op.database.remembered();
        let long = "a".repeat(65);
        for (name, value, said) in [
            ("username", "", "Enter a user name"),
            ("username", &*long, "at most 64"),
            ("username", "ADA", "taken"),
            ("email", "nowhere", "an e-mail address, as"),
            ("password", "short", "15 to 512"),
        ] {
            let typed = crate::support::cast::deviate(&TYPED, &[(name, value)]);
            let reply = browser.submit(&page, "/setup", &typed).await;
            assert_eq!(reply.status, 400, "{name}");
            assert!(reply.body.contains(said), "{said}: {}", reply.body);
            assert!(
                !reply.body.contains("correct horse"),
                "no password comes back"
            );
        }
        assert_eq!(op.database.remembered(), before);
        assert_eq!(
            browser.submit(&page, "/setup", &TYPED).await.location(),
            "/account"
        );
    });
}

#[test]
fn the_form_needs_its_token() {
    on_sqlite(async |op| {
        let link = op.store_setup_link();
        let mut browser = op.browser();
        browser
            .get(&format!("/setup?t={link}"))
            .await
            .location_or_page();
        let form = [TYPED[0], TYPED[2], ("token", &link)];
        browser
            .post("/setup", &form)
            .await
            .assert_page(403, "E1603");
    });
}
