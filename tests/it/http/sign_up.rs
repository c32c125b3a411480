//! People who make their own accounts (Initiating User Registration via OpenID Connect 1.0).

use issuant::protocol::context::{AccountPolicy, Policy};

use crate::support::databases::Database;
use crate::support::op::{Setting, TestOp, WEB, authorize_url, claims, on_sqlite, query, run};

/// Runs a test with a server where people may do both.
pub(crate) fn where_people_may(test: impl AsyncFnOnce(TestOp)) {
    run(test(op(Database::sqlite())));
}

fn op(database: Database) -> TestOp {
    let policy = Policy {
        accounts: AccountPolicy {
            sign_up: true,
            change_email: true,
        },
        ..Policy::default()
    };
    let setting = Setting {
        policy,
        ..Setting::default()
    };
    TestOp::with(database, setting)
}

const FORM: [(&str, &str); 3] = [
    ("username", "maya"),
    ("email", "maya@example.org"),
    ("password", "three random words here"),
];

#[test]
fn an_app_can_ask_for_a_new_account() {
    where_people_may(async |op| {
        let mut browser = op.signed_in("ada").await;
        let create = authorize_url(&[("prompt", "create"), ("scope", "openid email")]);
        let to = browser.get(&create).await.location().to_owned();
        assert!(to.starts_with("/sign-up?request="), "{to}");
        let page = browser.get(&to).await;
        let resume = browser.submit(&page, "/sign-up", &FORM).await;
        let consent = browser.get(resume.location()).await.location().to_owned();
        let page = browser.get(&consent).await;
        let form = [("decision", "allow")];
        let resume = browser.submit(&page, "/consent", &form).await;
        let answer = browser.get(resume.location()).await.location().to_owned();
        let tokens = op.client("web").redeem(&query(&answer)["code"], WEB).await;
        let told = op
            .get_with("/userinfo", &tokens.token("access_token"))
            .await
            .json(200);
        assert_eq!(told["email"], "maya@example.org");
        assert_eq!(told["email_verified"], false);
        let sub = claims(&tokens.token("id_token"))["sub"].clone();
        assert_eq!(told["sub"], sub);
        // From now on Maya signs in as anybody does.
        let mut elsewhere = op.browser();
        let page = elsewhere.get("/login").await;
        let form = [("username", "maya"), ("password", FORM[2].1)];
        let signed_in = elsewhere.submit(&page, "/login", &form).await;
        assert_eq!(signed_in.location(), "/account");
    });
}

#[test]
fn who_has_an_account_signs_in_instead() {
    where_people_may(async |op| {
        let mut browser = op.browser();
        let create = authorize_url(&[("prompt", "create")]);
        let to = browser.get(&create).await.location().to_owned();
        let login = to.replace("/sign-up", "/login");
        assert!(browser.get(&to).await.body.contains(&login));
        let page = browser.get(&login).await;
        assert!(page.body.contains("id=\"sign-up\""), "{}", page.body);
        let resume = browser.sign_in_at(&login, "ada").await;
        let next = browser.get(resume.location()).await;
        assert!(next.location().starts_with("/consent"), "{next:?}");
    });
}

#[test]
fn forms_that_need_mending_come_back() {
    where_people_may(async |op| {
        let mut browser = op.browser();
        let page = browser.get("/sign-up").await;
        let before = op.database.remembered();
        for (field, value, says) in [
            ("username", "", "Enter a user name"),
            ("username", "a b", "without blanks"),
            ("username", "ADA", "this one is taken"),
            ("email", "maya", "Enter an e-mail address"),
            ("password", "short", "Enter a password of 15"),
        ] {
            let mut form = FORM;
            form.iter_mut().find(|(name, _)| *name == field).unwrap().1 = value;
            let reply = browser.submit(&page, "/sign-up", &form).await;
            assert_eq!(reply.status, 400, "{field} {value}");
            assert!(reply.body.contains(says), "{field} {value}: {}", reply.body);
            assert!(!reply.body.contains(FORM[2].1), "the password stays away");
        }
        assert_eq!(op.database.remembered(), before);
    });
}

#[test]
fn nobody_signs_up_where_it_is_off() {
    on_sqlite(async |op| {
        let mut browser = op.browser();
        browser.get("/sign-up").await.assert_page(400, "E1610");
        let page = browser.get("/login").await;
        assert!(!page.body.contains("/sign-up"));
        let hidden = crate::support::op::hidden_fields(&page.body, "/login");
        let mut form: Vec<(&str, &str)> = hidden.iter().map(|(n, v)| (&**n, &**v)).collect();
        form.extend(FORM);
        browser
            .post("/sign-up", &form)
            .await
            .assert_page(400, "E1610");
        let create = browser.get(&authorize_url(&[("prompt", "create")])).await;
        assert!(create.location().contains("E1211"), "{create:?}");
    });
}

#[test]
fn one_network_makes_few_accounts_in_a_minute() {
    where_people_may(async |op| {
        for number in 0..=60 {
            let mut browser = op.browser();
            let page = browser.get("/sign-up").await;
            let name = format!("maya-{number}");
            let form = [("username", &*name), FORM[1], FORM[2]];
            let reply = browser.submit(&page, "/sign-up", &form).await;
            if reply.status == 429 {
                reply.assert_page(429, "E1609");
                assert_eq!(number, 60);
                return;
            }
        }
        panic!("no end");
    });
}

#[test]
fn of_two_people_who_want_one_name_at_once_one_gets_it() {
    for database in [Some(Database::sqlite()), Database::postgres()] {
        let Some(database) = database else {
            continue;
        };
        run(async {
            let op = op(database);
            let (mut one, mut two) = (op.browser(), op.browser());
            let pages = (one.get("/sign-up").await, two.get("/sign-up").await);
            let (one, two) = tokio::join!(
                one.submit(&pages.0, "/sign-up", &FORM),
                two.submit(&pages.1, "/sign-up", &FORM)
            );
            let mut statuses = [one.status, two.status];
            statuses.sort_unstable();
            assert_eq!(statuses, [303, 400], "{one:?} {two:?}");
        });
    }
}
