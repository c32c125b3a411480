//! The sign-in page.

use crate::support::cast::PASSWORD;
use crate::support::op::{Browser, Reply, authorize_url, form_request, on_sqlite};

async fn try_password(browser: &mut Browser<'_>, username: &str, password: &str) -> Reply {
    let page = browser.get("/login").await;
    browser
        .submit(
            &page,
            "/login",
            &[("username", username), ("password", password)],
        )
        .await
}

/// The cookies that the answer sets, without their values, by name.
fn attributes(reply: &Reply) -> Vec<String> {
    let cut = |cookie: String| {
        let (name, rest) = cookie.split_once('=').unwrap();
        let (value, attributes) = rest.split_once(';').unwrap();
        assert!(value.len() == 43, "{cookie}");
        format!("{name};{attributes}")
    };
    reply.cookies().into_iter().map(cut).collect()
}

#[test]
fn a_session_cookie_is_bound_to_this_host_and_hidden_from_scripts() {
    on_sqlite(async |op| {
        let mut browser = op.browser();
        let page = browser.get("/login").await;
        let expected = "__Host-issuant-browser; HttpOnly; SameSite=Lax; Secure; Path=/";
        assert_eq!(attributes(&page), [expected]);
        let reply = try_password(&mut browser, "ada", PASSWORD).await;
        assert_eq!(reply.location(), "/account");
        let expected =
            "__Host-issuant-session; HttpOnly; SameSite=Lax; Secure; Path=/; Max-Age=2592000";
        let state =
            "__Secure-issuant-state; SameSite=None; Secure; Path=/session/check; Max-Age=2592000";
        assert_eq!(attributes(&reply), [expected, state]);
    });
}

#[test]
fn on_a_loopback_address_cookies_have_another_name() {
    use crate::support::databases::Database;
    use crate::support::op::{Setting, TestOp, run};
    run(async {
        let issuer = "http://localhost:4343".to_owned();
        let setting = Setting {
            issuer,
            ..Setting::default()
        };
        let op = TestOp::with(Database::sqlite(), setting);
        let reply = try_password(&mut op.browser(), "ada", PASSWORD).await;
        let expected = "issuant-session; HttpOnly; SameSite=Lax; Path=/; Max-Age=2592000";
        let state = "issuant-state; SameSite=Lax; Path=/session/check; Max-Age=2592000";
        assert_eq!(attributes(&reply), [expected, state]);
    });
}

#[test]
fn each_sign_in_makes_a_new_cookie() {
    on_sqlite(async |op| {
        let mut browser = op.signed_in("ada").await;
        let first = browser.cookies.clone();
        try_password(&mut browser, "ada", PASSWORD).await.location();
        assert_ne!(
            browser.cookies["__Host-issuant-session"],
            first["__Host-issuant-session"]
        );
        // The old cookie is worth nothing.
        let mut thief = op.browser();
        thief.cookies = first;
        assert_eq!(thief.get("/account").await.location(), "/login");
        assert_eq!(browser.get("/account").await.status, 200);
    });
}

#[test]
fn a_cookie_brought_along_does_not_become_a_session() {
    on_sqlite(async |op| {
        let mut browser = op.browser();
        let planted = "p".repeat(43);
        browser
            .cookies
            .insert("__Host-issuant-session".to_owned(), planted.clone());
        try_password(&mut browser, "ada", PASSWORD).await.location();
        assert_ne!(browser.cookies["__Host-issuant-session"], planted);
    });
}

#[test]
fn unknown_names_and_wrong_passwords_get_one_answer() {
    on_sqlite(async |op| {
        let before = op.database.remembered();
        let mut shown = Vec::new();
        for (name, password) in [("ada", "wrong"), ("nobody", "wrong"), ("gus", PASSWORD)] {
            let mut browser = op.browser();
            let reply = try_password(&mut browser, name, password).await;
            assert_eq!(reply.status, 401, "{name}");
            assert!(reply.body.contains("Check your user name and password"));
            assert!(
                !reply.body.contains(password),
                "a password is never shown again"
            );
            assert!(!browser.cookies.contains_key("__Host-issuant-session"));
            let text = crate::pages::html::text(&reply.body);
            let request_id = reply.header("x-request-id").unwrap().to_owned();
            shown.push(text.replace(&request_id, ""));
        }
        assert_eq!(shown[0], shown[1]);
        assert_eq!(shown[0], shown[2]);
        assert_eq!(op.database.remembered(), before);
    });
}

#[test]
fn missing_fields_are_named_and_not_counted() {
    on_sqlite(async |op| {
        let mut browser = op.browser();
        for _ in 0..10 {
            let reply = try_password(&mut browser, "", "").await;
            assert_eq!(reply.status, 400);
            assert!(reply.body.contains("Enter your user name"));
            let reply = try_password(&mut browser, "ada", "").await;
            assert!(reply.body.contains("Enter your password"));
        }
        assert_eq!(
            try_password(&mut browser, "ada", PASSWORD).await.location(),
            "/account"
        );
    });
}

#[test]
fn who_guesses_waits_even_with_the_right_password() {
    on_sqlite(async |op| {
        let mut browser = op.browser();
        for _ in 0..5 {
            assert_eq!(try_password(&mut browser, "ada", "wrong").await.status, 401);
        }
        let reply = try_password(&mut browser, "ada", PASSWORD).await;
        assert_eq!(
            (reply.status, reply.header("retry-after")),
            (429, Some("1"))
        );
        assert!(reply.body.contains("too many failed tries"));
        op.pass(1);
        assert_eq!(
            try_password(&mut browser, "ada", PASSWORD).await.location(),
            "/account"
        );
    });
}

#[test]
fn parallel_guesses_are_all_counted() {
    on_sqlite(async |op| {
        let mut browser = op.browser();
        let page = browser.get("/login").await;
        let hidden = crate::support::op::hidden_fields(&page.body, "/login");
        let mut form: Vec<(&str, &str)> = hidden.iter().map(|(n, v)| (&**n, &**v)).collect();
        form.extend([("username", "ada"), ("password", "wrong")]);
        let cookie = format!(
            "__Host-issuant-browser={}",
            browser.cookies["__Host-issuant-browser"]
        );
        let tries = (0..12).map(|_| {
            op.send(form_request("/login", &form).insert_header(("cookie", cookie.clone())))
        });
        let replies = crate::support::op::all(tries).await;
        let refused = replies.iter().filter(|reply| reply.status == 401).count();
        let waiting = replies.iter().filter(|reply| reply.status == 429).count();
        assert_eq!((refused, waiting), (5, 7));
    });
}

#[test]
fn a_form_without_or_with_a_wrong_token_is_refused() {
    on_sqlite(async |op| {
        let mut browser = op.browser();
        let page = browser.get("/login").await;
        let typed = [("username", "ada"), ("password", PASSWORD)];
        browser
            .post("/login", &typed)
            .await
            .assert_page(403, "E1603");
        let wrong = [typed[0], typed[1], ("csrf", "wrong")];
        browser
            .post("/login", &wrong)
            .await
            .assert_page(403, "E1603");
        // The token of another browser's page.
        let mut other = op.browser();
        other.get("/login").await.location_or_page();
        other
            .submit(&page, "/login", &typed)
            .await
            .assert_page(403, "E1603");
        assert!(!other.cookies.contains_key("__Host-issuant-session"));
    });
}

#[test]
fn a_form_of_one_request_does_not_fit_another() {
    on_sqlite(async |op| {
        let mut browser = op.browser();
        let login = browser.get(&authorize_url(&[])).await.location().to_owned();
        let page = browser.get("/login").await;
        let csrf = crate::support::op::hidden_fields(&page.body, "/login")
            .into_iter()
            .find(|(name, _)| name == "csrf")
            .unwrap()
            .1;
        let handle = login.split_once('=').unwrap().1;
        let form = [
            ("csrf", &*csrf),
            ("request", handle),
            ("username", "ada"),
            ("password", PASSWORD),
        ];
        browser
            .post("/login", &form)
            .await
            .assert_page(403, "E1603");
    });
}

#[test]
fn a_form_from_elsewhere_is_refused() {
    on_sqlite(async |op| {
        let mut browser = op.browser();
        let page = browser.get("/login").await;
        let hidden = crate::support::op::hidden_fields(&page.body, "/login");
        let mut form: Vec<(&str, &str)> = hidden.iter().map(|(n, v)| (&**n, &**v)).collect();
        form.extend([("username", "ada"), ("password", PASSWORD)]);
        for (name, value) in [
            ("origin", "https://evil.example"),
            ("origin", "http://id.example"),
            ("origin", "https://id.example.evil.example"),
            ("sec-fetch-site", "cross-site"),
            ("sec-fetch-site", "same-site"),
        ] {
            let request = browser.form("/login", &form).insert_header((name, value));
            browser.send(request).await.assert_page(403, "E1603");
        }
        // Browsers hide the origin of our own forms; then only they can tell where a form comes from.
        let hidden = |site: &'static str| {
            let request = browser
                .form("/login", &form)
                .insert_header(("origin", "null"));
            request.insert_header(("sec-fetch-site", site))
        };
        let (cross, same) = (hidden("cross-site"), hidden("same-origin"));
        browser.send(cross).await.assert_page(403, "E1603");
        assert_eq!(browser.send(same).await.location(), "/account");
    });
}

#[test]
fn a_browser_without_our_cookie_is_told_so() {
    on_sqlite(async |op| {
        let mut browser = op.browser();
        let page = browser.get("/login").await;
        browser.cookies.clear();
        let typed = [("username", "ada"), ("password", PASSWORD)];
        browser
            .submit(&page, "/login", &typed)
            .await
            .assert_page(403, "E1602");
    });
}

#[test]
fn two_cookies_of_one_name_are_none() {
    on_sqlite(async |op| {
        let browser = op.signed_in("ada").await;
        let session = &browser.cookies["__Host-issuant-session"];
        let cookie = format!("__Host-issuant-session={session}; __Host-issuant-session=other");
        let request = actix_web::test::TestRequest::get().uri("/account");
        let reply = op.send(request.insert_header(("cookie", cookie))).await;
        assert_eq!(reply.location(), "/login");
    });
}

#[test]
fn the_form_may_lead_to_the_client_and_nowhere_else() {
    on_sqlite(async |op| {
        let mut browser = op.browser();
        let page = browser.get("/login").await;
        assert_eq!(form_action(&page), "'self'");
        let login = browser.get(&authorize_url(&[])).await.location().to_owned();
        assert_eq!(form_action(&browser.get(&login).await), "'self' https:");
        let native = [
            ("client_id", "native"),
            ("redirect_uri", "com.example.native:/cb"),
            ("scope", "openid"),
        ];
        let login = browser
            .get(&authorize_url(&native))
            .await
            .location()
            .to_owned();
        assert_eq!(
            form_action(&browser.get(&login).await),
            "'self' com.example.native:"
        );
        // CSP cannot name an IPv6 host.
        let loopback = [
            ("client_id", "native"),
            ("redirect_uri", "http://[::1]:7/cb"),
            ("scope", "openid"),
        ];
        let login = browser
            .get(&authorize_url(&loopback))
            .await
            .location()
            .to_owned();
        assert_eq!(form_action(&browser.get(&login).await), "'self' http:");
    });
}

/// The `form-action` directive of a page.
fn form_action(page: &Reply) -> String {
    let policy = page.header("content-security-policy").unwrap();
    let directive = policy
        .split("; ")
        .find_map(|part| part.strip_prefix("form-action "));
    directive.unwrap().to_owned()
}

#[test]
fn the_page_knows_the_client_and_the_hint() {
    on_sqlite(async |op| {
        let mut browser = op.browser();
        let url = authorize_url(&[("login_hint", "ada\"><b>")]);
        let login = browser.get(&url).await.location().to_owned();
        let page = browser.get(&login).await;
        assert!(page.body.contains("The web app"));
        assert!(page.body.contains("web.example"));
        assert!(!page.body.contains("ada\"><b>"));
        assert!(page.body.contains("ada&#34;&#62;&#60;b&#62;"));
    });
}

#[test]
fn a_password_longer_than_any_fits_nobody_known_or_not() {
    on_sqlite(async |op| {
        let long = "x".repeat(513);
        for name in ["ada", "nobody"] {
            let mut browser = op.browser();
            assert_eq!(
                try_password(&mut browser, name, &long).await.status,
                401,
                "{name}"
            );
        }
    });
}
