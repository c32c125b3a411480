//! The authorization endpoint in a browser (RFC 6749 §3.1, OpenID Connect Core §3.1.2).

use actix_web::test::TestRequest;

use crate::support::cast::NOW;
use crate::support::op::{TestOp, authorize_url, encode, hidden_fields, on_sqlite, query};

/// The request must be told on a page, and leaves nothing behind.
async fn told_on_a_page(op: &TestOp, deviations: &[(&str, &str)], id: &str) -> String {
    let before = op.database.remembered();
    let reply = op.get(&authorize_url(deviations)).await;
    reply.assert_page(400, id);
    assert!(reply.header("location").is_none());
    assert_eq!(op.database.remembered(), before);
    reply.body
}

/// The request must be told to the client.
fn told_by_redirect(deviations: &'static [(&str, &str)], error: &'static str, id: &'static str) {
    on_sqlite(async |op| {
        let before = op.database.remembered();
        let reply = op.get(&authorize_url(deviations)).await;
        let address = reply.location();
        assert!(address.starts_with("https://web.example/cb?"), "{address}");
        assert_told(address, error, id);
        assert_eq!(op.database.remembered(), before);
    });
}

#[track_caller]
fn assert_told(address: &str, error: &str, id: &str) {
    let told = query(address);
    assert_eq!(told["error"], error, "{told:?}");
    assert!(
        told["error_description"].ends_with(&format!("({id})")),
        "{told:?}"
    );
    assert_eq!(told["state"], "s t");
    assert_eq!(told["iss"], "https://id.example");
    assert!(!told.contains_key("code"));
}

#[test]
fn leads_through_sign_in_and_consent_to_a_code() {
    on_sqlite(async |op| {
        let mut browser = op.browser();
        let reply = browser.get(&authorize_url(&[])).await;
        let login = reply.location().to_owned();
        assert!(login.starts_with("/login?request="));
        let resume = browser
            .sign_in_at(&login, "ada")
            .await
            .location()
            .to_owned();
        assert!(resume.starts_with("/authorize/resume?request="));
        let consent = browser.get(&resume).await.location().to_owned();
        assert!(consent.starts_with("/consent?request="));
        let page = browser.get(&consent).await;
        let reply = browser
            .submit(&page, "/consent", &[("decision", "allow")])
            .await;
        assert_eq!(reply.location(), resume);
        let told = query(browser.get(&resume).await.location());
        assert!(told["code"].starts_with("iac_"));
        assert_eq!(told["state"], "s t");
        assert_eq!(told["iss"], "https://id.example");
        // The way is gone once it was walked.
        browser.get(&resume).await.assert_page(410, "E1601");
    });
}

#[test]
fn asks_nothing_the_second_time() {
    on_sqlite(async |op| {
        let mut browser = op.browser();
        browser.code("ada", &[]).await;
        let reply = browser.get(&authorize_url(&[])).await;
        assert!(query(reply.location()).contains_key("code"));
    });
}

#[test]
fn keeps_the_query_of_a_registered_address() {
    on_sqlite(async |op| {
        let uri = "https://portal.example/cb?tenant=1";
        let deviations = [
            ("client_id", "portal"),
            ("redirect_uri", uri),
            ("code_challenge", ""),
            ("code_challenge_method", ""),
        ];
        let address = op.browser().authorize("ada", &deviations).await;
        assert!(
            address.starts_with("https://portal.example/cb?tenant=1&code=iac_"),
            "{address}"
        );
    });
}

#[test]
fn tells_on_a_page_what_no_client_can_be_told() {
    on_sqlite(async |op| {
        told_on_a_page(&op, &[("client_id", "nobody")], "E1201").await;
        told_on_a_page(&op, &[("client_id", "disabled")], "E1202").await;
        told_on_a_page(&op, &[("redirect_uri", "")], "E1203").await;
    });
}

#[test]
fn shows_the_first_difference_of_an_unregistered_address_and_never_goes_there() {
    on_sqlite(async |op| {
        for (uri, difference) in [
            ("https://web.example/cb/", "trailing slash"),
            ("https://evil.example/cb", "host"),
            ("http://web.example/cb", "scheme"),
            ("https://web.example:8443/cb", "port"),
            ("https://web.example/cb?x=1", "query"),
        ] {
            let page = told_on_a_page(&op, &[("redirect_uri", uri)], "E1204").await;
            assert!(page.contains(difference), "{uri}: {page}");
            assert!(
                page.contains("https://web.example/cb"),
                "the registered address"
            );
            assert!(
                !page.contains(&format!("href=\"{uri}")),
                "no link goes there"
            );
        }
        let script = "javascript:alert(1)//<script>alert(2)</script>";
        let page = told_on_a_page(&op, &[("redirect_uri", script)], "E1204").await;
        assert!(!page.contains("<script>alert"));
    });
}

#[test]
fn refuses_doubled_parameters_on_a_page() {
    on_sqlite(async |op| {
        let path = format!("{}&client_id=web", authorize_url(&[]));
        op.get(&path).await.assert_page(400, "E1004");
    });
}

#[test]
fn tells_another_response_type_to_the_client() {
    told_by_redirect(
        &[("response_type", "token")],
        "unsupported_response_type",
        "E1205",
    );
}

#[test]
fn tells_a_scope_beyond_the_client_to_the_client() {
    told_by_redirect(
        &[("scope", "openid client_registration")],
        "invalid_scope",
        "E1207",
    );
}

#[test]
fn tells_missing_and_plain_pkce_to_the_client() {
    told_by_redirect(&[("code_challenge", "")], "invalid_request", "E1208");
    told_by_redirect(
        &[("code_challenge_method", "plain")],
        "invalid_request",
        "E1209",
    );
}

#[test]
fn tells_unsupported_parameters_to_the_client() {
    told_by_redirect(
        &[("registration", "{}")],
        "registration_not_supported",
        "E1216",
    );
    told_by_redirect(&[("response_mode", "jwt")], "invalid_request", "E1213");
}

#[test]
fn tells_that_nobody_is_signed_in_when_no_page_may_be_shown() {
    told_by_redirect(&[("prompt", "none")], "login_required", "E1217");
}

#[test]
fn tells_that_nobody_agreed_when_no_page_may_be_shown() {
    on_sqlite(async |op| {
        let mut browser = op.signed_in("ada").await;
        let reply = browser.get(&authorize_url(&[("prompt", "none")])).await;
        assert_told(reply.location(), "consent_required", "E1218");
    });
}

#[test]
fn answers_without_pages_once_everything_is_there() {
    on_sqlite(async |op| {
        let mut browser = op.browser();
        browser.code("ada", &[]).await;
        let reply = browser.get(&authorize_url(&[("prompt", "none")])).await;
        assert!(query(reply.location()).contains_key("code"));
    });
}

#[test]
fn prompt_login_asks_for_the_password_again() {
    on_sqlite(async |op| {
        let mut browser = op.browser();
        browser.code("ada", &[]).await;
        op.pass(60);
        let login = browser
            .get(&authorize_url(&[("prompt", "login")]))
            .await
            .location()
            .to_owned();
        assert!(login.starts_with("/login?"));
        // Going on without doing so leads back.
        let resume = login.replace("/login", "/authorize/resume");
        assert_eq!(browser.get(&resume).await.location(), login);
        let after = browser
            .sign_in_at(&login, "ada")
            .await
            .location()
            .to_owned();
        assert!(query(browser.get(&after).await.location()).contains_key("code"));
    });
}

/// OpenID Connect Core §3.1.2.1: how pages look is the server's to decide, and claims have one language here.
#[test]
fn wishes_for_pages_and_languages_stand_in_nobodys_way() {
    on_sqlite(async |op| {
        let metadata = op.get("/.well-known/openid-configuration").await.json(200);
        let displays = metadata["display_values_supported"].as_array().unwrap();
        let displays = displays.iter().map(|it| it.as_str().unwrap());
        for display in displays.chain(["window", "page popup", "\u{e9}"]) {
            let reply = op.get(&authorize_url(&[("display", display)])).await;
            assert!(reply.location().starts_with("/login?"), "{display}");
        }
        for locales in ["en", "de-AT de fr", "x", "tlh-Latn!!"] {
            let deviations = [("ui_locales", locales), ("claims_locales", locales)];
            let mut browser = op.browser();
            let reply = browser.get(&authorize_url(&deviations)).await;
            let page = browser.get(reply.location()).await;
            assert_eq!(page.status, 200);
            let languages = metadata["ui_locales_supported"].as_array().unwrap();
            assert_eq!(languages, &["en"]);
            assert!(page.body.contains("<html lang=\"en\""), "{}", page.body);
        }
        assert!(metadata["claims_locales_supported"].is_null());
    });
}

/// OpenID Connect Core Unmet Authentication Requirements §2.
#[test]
fn tells_the_client_what_no_sign_in_reaches() {
    told_by_redirect(
        &[(
            "claims",
            r#"{"id_token":{"acr":{"essential":true,"value":"9"}}}"#,
        )],
        "unmet_authentication_requirements",
        "E1250",
    );
}

#[test]
fn max_age_asks_again_when_the_sign_in_is_too_old() {
    on_sqlite(async |op| {
        let mut browser = op.browser();
        browser.code("ada", &[]).await;
        op.pass(60);
        let young = browser.get(&authorize_url(&[("max_age", "60")])).await;
        assert!(query(young.location()).contains_key("code"));
        let old = browser.get(&authorize_url(&[("max_age", "59")])).await;
        assert!(old.location().starts_with("/login?"));
        let code = browser
            .code("ada", &[("max_age", "59"), ("nonce", "n")])
            .await;
        let reply = op
            .client("web")
            .redeem(&code, crate::support::op::WEB)
            .await;
        let id_token = crate::support::op::claims(&reply.token("id_token"));
        assert_eq!(id_token["auth_time"], op.now());
    });
}

#[test]
fn a_post_becomes_a_get_of_our_own() {
    on_sqlite(async |op| {
        let form = encode(&crate::support::op::AUTHORIZE);
        let request = TestRequest::post()
            .uri("/authorize")
            .insert_header(("content-type", "application/x-www-form-urlencoded"))
            .insert_header(("origin", "https://web.example"))
            .set_payload(form.clone());
        let reply = op.send(request).await;
        assert_eq!(reply.location(), format!("/authorize?{form}"));
        assert!(reply.cookies().is_empty());
        let broken = TestRequest::post()
            .uri("/authorize")
            .insert_header(("content-type", "application/x-www-form-urlencoded"))
            .set_payload("a=b\r\nLocation: https://evil.example");
        op.send(broken).await.assert_page(400, "E1003");
    });
}

#[test]
fn a_waiting_request_belongs_to_its_browser() {
    on_sqlite(async |op| {
        let mut browser = op.browser();
        let login = browser.get(&authorize_url(&[])).await.location().to_owned();
        let resume = login.replace("/login", "/authorize/resume");
        let consent = login.replace("/login", "/consent");
        let mut other = op.signed_in("bob").await;
        for path in [&login, &resume, &consent] {
            other.get(path).await.assert_page(410, "E1601");
        }
        let mut none = op.browser();
        for path in [&login, &resume, &consent] {
            none.get(path).await.assert_page(403, "E1602");
        }
        assert_eq!(browser.get(&login).await.status, 200);
    });
}

#[test]
fn a_waiting_request_ends_after_an_hour() {
    on_sqlite(async |op| {
        let mut browser = op.browser();
        let login = browser.get(&authorize_url(&[])).await.location().to_owned();
        op.pass(3600);
        browser.get(&login).await.assert_page(410, "E1601");
    });
}

#[test]
fn a_waiting_request_ends_with_its_client_and_its_address() {
    on_sqlite(async |op| {
        let mut browser = op.signed_in("ada").await;
        let consent = browser.get(&authorize_url(&[])).await.location().to_owned();
        let page = browser.get(&consent).await;
        let agreed = browser
            .submit(&page, "/consent", &[("decision", "allow")])
            .await;
        op.store_changed_client("web", |client| {
            client.redirect_uris = vec!["https://web.example/new".parse().unwrap()];
        });
        browser
            .get(agreed.location())
            .await
            .assert_page(410, "E1601");
        op.store_changed_client("web", |client| client.disabled = true);
        browser
            .get(agreed.location())
            .await
            .assert_page(410, "E1601");
    });
}

#[test]
fn an_address_without_request_leads_nowhere() {
    on_sqlite(async |op| {
        let mut browser = op.signed_in("ada").await;
        for path in [
            "/authorize/resume",
            "/consent",
            "/authorize/resume?request=",
            "/consent?request=x",
        ] {
            browser.get(path).await.assert_page(410, "E1601");
        }
    });
}

#[test]
fn a_network_that_starts_too_many_sign_ins_waits_and_leaves_no_row() {
    on_sqlite(async |op| {
        while op.state.starts.admit("192.0.2.7", NOW) {}
        let before = op.database.remembered();
        let url = authorize_url(&[]);
        op.browser().get(&url).await.assert_page(429, "E1609");
        assert_eq!(op.database.remembered(), before);
        op.pass(60);
        let login = op.browser().get(&url).await;
        assert!(login.location().starts_with("/login?"));
    });
}

#[test]
fn answers_in_the_fragment_where_the_request_says_so() {
    on_sqlite(async |op| {
        let mut browser = op.browser();
        browser.code("ada", &[]).await;
        let reply = browser
            .get(&authorize_url(&[("response_mode", "fragment")]))
            .await;
        let (address, fragment) = reply.location().split_once('#').unwrap();
        assert_eq!(address, "https://web.example/cb");
        let told = query(&format!("?{fragment}"));
        assert!(told["code"].starts_with("iac_"));
        assert_eq!(told["state"], "s t");
        assert_eq!(told["iss"], "https://id.example");
    });
}

/// OAuth 2.0 Form Post Response Mode §2.
#[test]
fn answers_with_a_form_where_the_request_says_so() {
    on_sqlite(async |op| {
        let mut browser = op.browser();
        browser.code("ada", &[]).await;
        let hostile = "\"><script>alert(1)</script>";
        let url = authorize_url(&[("response_mode", "form_post"), ("state", hostile)]);
        let page = browser.get(&url).await;
        let fields = hidden_fields(&page.body, "https://web.example/cb");
        let told = |name: &str| fields.iter().find(|(known, _)| known == name).unwrap();
        assert!(told("code").1.starts_with("iac_"));
        assert_eq!(told("state").1, hostile);
        assert_eq!(told("iss").1, "https://id.example");
        assert!(fields.iter().any(|(name, _)| name == "session_state"));
        assert_eq!(fields.len(), 4, "{fields:?}");
        let policy = page.header("content-security-policy").unwrap();
        assert!(policy.contains("form-action 'self' https:;"));
    });
}

#[test]
fn an_error_travels_in_a_form_too() {
    on_sqlite(async |op| {
        let url = authorize_url(&[("response_mode", "form_post"), ("prompt", "none")]);
        let page = op.get(&url).await;
        let fields = hidden_fields(&page.body, "https://web.example/cb");
        assert!(fields.contains(&("error".to_owned(), "login_required".to_owned())));
        assert!(fields.contains(&("state".to_owned(), "s t".to_owned())));
    });
}
