//! Signing out (OpenID Connect RP-Initiated Logout).

use issuant::protocol::client::Client;

use crate::pages::html::tags;
use crate::support::op::{Browser, Reply, TestOp, WEB, claims, encode, on_sqlite};

/// Ada signed in to the web app: her browser, an ID token and a refresh token.
async fn signed_in(op: &TestOp) -> (Browser<'_>, String, String) {
    let mut browser = op.browser();
    let code = browser.code("ada", &[]).await;
    let reply = op.client("web").redeem(&code, WEB).await;
    (
        browser,
        reply.token("id_token"),
        reply.token("refresh_token"),
    )
}

fn logout(params: &[(&str, &str)]) -> String {
    format!("/logout?{}", encode(params))
}

const BYE: (&str, &str) = ("post_logout_redirect_uri", "https://web.example/bye");

#[test]
fn a_hint_of_the_very_session_signs_out_at_once() {
    on_sqlite(async |op| {
        let (mut browser, id_token, refresh) = signed_in(&op).await;
        let path = logout(&[("id_token_hint", &id_token), BYE, ("state", "x")]);
        let reply = browser.get(&path).await;
        assert_eq!(reply.location(), "https://web.example/bye?state=x");
        assert!(!browser.cookies.contains_key("__Host-issuant-session"));
        assert_eq!(browser.get("/account").await.location(), "/login");
        let refused = op.client("web").refresh(&refresh).await;
        refused.assert_error(400, "invalid_grant", "E1323");
    });
}

#[test]
fn access_given_to_act_when_away_survives() {
    on_sqlite(async |op| {
        let mut browser = op.browser();
        let code = browser
            .code("ada", &[("scope", "openid offline_access")])
            .await;
        let reply = op.client("web").redeem(&code, WEB).await;
        let id_token = reply.token("id_token");
        browser
            .get(&logout(&[("id_token_hint", &id_token)]))
            .await
            .location();
        let refresh = op
            .client("web")
            .refresh(&reply.token("refresh_token"))
            .await;
        assert_eq!(refresh.status, 200);
    });
}

#[test]
fn without_a_hint_the_person_is_asked() {
    on_sqlite(async |op| {
        let (mut browser, _, _) = signed_in(&op).await;
        let page = browser
            .get(&logout(&[("client_id", "web"), BYE, ("state", "x y")]))
            .await;
        assert_eq!(page.status, 200);
        assert!(page.body.contains("The web app"));
        assert_eq!(browser.get("/account").await.status, 200, "still signed in");
        let stay = browser
            .submit(&page, "/logout/confirm", &[("decision", "stay")])
            .await;
        assert_eq!(stay.location(), "/account");
        let out = browser
            .submit(&page, "/logout/confirm", &[("decision", "sign-out")])
            .await;
        assert_eq!(out.location(), "https://web.example/bye?state=x+y");
        assert_eq!(browser.get("/account").await.location(), "/login");
    });
}

#[test]
fn a_hint_of_another_session_does_not_sign_out() {
    on_sqlite(async |op| {
        let (_, id_token, _) = signed_in(&op).await;
        let mut other = op.signed_in("ada").await;
        let page = other.get(&logout(&[("id_token_hint", &id_token)])).await;
        assert_eq!(page.status, 200);
        assert_eq!(other.get("/account").await.status, 200);
    });
}

#[test]
fn who_is_not_signed_in_is_sent_on() {
    on_sqlite(async |op| {
        assert_eq!(op.get("/logout").await.location(), "/logout/done");
        let path = logout(&[("client_id", "web"), BYE]);
        assert_eq!(op.get(&path).await.location(), "https://web.example/bye");
        assert_eq!(op.get("/logout/done").await.status, 200);
    });
}

#[test]
fn refuses_an_address_that_is_not_registered() {
    on_sqlite(async |op| {
        let (mut browser, id_token, _) = signed_in(&op).await;
        let evil = ("post_logout_redirect_uri", "https://evil.example/");
        for params in [
            &[evil][..],
            &[evil, ("client_id", "web")],
            &[evil, ("id_token_hint", &id_token)],
        ] {
            browser.get(&logout(params)).await.assert_page(400, "E1501");
        }
        assert_eq!(browser.get("/account").await.status, 200);
    });
}

#[test]
fn refuses_a_hint_that_is_not_ours_and_changes_nothing() {
    on_sqlite(async |op| {
        let (mut browser, _, refresh) = signed_in(&op).await;
        for hint in ["garbage", &refresh] {
            let path = logout(&[("id_token_hint", hint), ("client_id", "web"), BYE]);
            browser.get(&path).await.assert_page(400, "E1503");
        }
        assert_eq!(browser.get("/account").await.status, 200);
        assert_eq!(op.client("web").refresh(&refresh).await.status, 200);
    });
}

#[test]
fn refuses_a_hint_of_another_client_and_changes_nothing() {
    on_sqlite(async |op| {
        let (mut browser, id_token, _) = signed_in(&op).await;
        let path = logout(&[("id_token_hint", &id_token), ("client_id", "spa")]);
        browser.get(&path).await.assert_page(400, "E1502");
        assert_eq!(browser.get("/account").await.status, 200);
    });
}

#[test]
fn the_form_needs_its_token() {
    on_sqlite(async |op| {
        let (mut browser, _, _) = signed_in(&op).await;
        let form = [("decision", "sign-out")];
        browser
            .post("/logout/confirm", &form)
            .await
            .assert_page(403, "E1603");
        assert_eq!(browser.get("/account").await.status, 200);
    });
}

#[test]
fn what_the_form_carries_is_checked_anew() {
    on_sqlite(async |op| {
        let (mut browser, _, _) = signed_in(&op).await;
        let page = browser.get("/logout").await;
        let hidden = crate::support::op::hidden_fields(&page.body, "/logout/confirm");
        let csrf = &hidden.iter().find(|(name, _)| name == "csrf").unwrap().1;
        let carried = encode(&[
            ("client_id", "web"),
            ("post_logout_redirect_uri", "https://evil.example/"),
        ]);
        let form = [
            ("csrf", &**csrf),
            ("request", &*carried),
            ("decision", "sign-out"),
        ];
        browser
            .post("/logout/confirm", &form)
            .await
            .assert_page(400, "E1501");
        assert_eq!(browser.get("/account").await.status, 200);
    });
}

#[test]
fn accepts_a_post_from_the_client() {
    on_sqlite(async |op| {
        let (mut browser, id_token, _) = signed_in(&op).await;
        let reply = browser
            .post("/logout", &[("id_token_hint", &id_token), BYE])
            .await;
        // Without our cookies, as from another site, nothing may happen but a GET of our own.
        assert_eq!(browser.get("/account").await.status, 200);
        let reply = browser.get(reply.location()).await;
        assert_eq!(reply.location(), "https://web.example/bye");
        assert_eq!(browser.get("/account").await.location(), "/login");
    });
}

/// The web app and the portal hear of sign-outs in frames.
fn with_front_channels(client: &mut Client) {
    let out = match client.id.as_str() {
        "portal" => "https://portal.example/out;a,b?tenant=1",
        _ => "https://web.example/out",
    };
    client.metadata.frontchannel_logout_uri = Some(out.parse().unwrap());
}

fn frames(page: &Reply) -> Vec<String> {
    let tags = tags(&page.body);
    let frames = tags.iter().filter(|tag| tag.name == "iframe");
    frames
        .map(|tag| tag.attribute("src").unwrap().to_owned())
        .collect()
}

#[test]
fn clients_of_the_session_are_told_in_frames() {
    on_sqlite(async |op| {
        op.store_changed_client("web", with_front_channels);
        let (mut browser, id_token, refresh) = signed_in(&op).await;
        let sid = claims(&id_token)["sid"].as_str().unwrap().to_owned();
        let path = logout(&[("id_token_hint", &id_token), BYE, ("state", "a b;c")]);
        let page = browser.get(&path).await;
        assert_eq!(page.status, 200);
        let out = format!("https://web.example/out?iss=https%3A%2F%2Fid.example&sid={sid}");
        assert_eq!(frames(&page), [out]);
        let policy = page.header("content-security-policy").unwrap();
        assert!(
            policy.contains("; frame-src https://web.example/out; "),
            "{policy}"
        );
        let back = "https://web.example/bye?state=a+b%3Bc";
        assert_eq!(page.header("refresh"), Some(&*format!("2; url={back}")));
        assert!(
            page.body
                .contains(&format!("id=\"continue\" href=\"{back}\""))
        );
        assert!(!browser.cookies.contains_key("__Host-issuant-session"));
        assert_eq!(browser.get("/account").await.location(), "/login");
        let refused = op.client("web").refresh(&refresh).await;
        refused.assert_error(400, "invalid_grant", "E1323");
        // The page, opened once more, finds nothing to end.
        let bye = browser.get(&path).await;
        assert_eq!(bye.location(), back);
    });
}

#[test]
fn the_form_tells_in_frames_and_leads_nowhere_when_nobody_asked() {
    on_sqlite(async |op| {
        op.store_changed_client("portal", with_front_channels);
        let mut browser = op.signed_in("ada").await;
        let portal = [
            ("client_id", "portal"),
            ("redirect_uri", "https://portal.example/cb?tenant=1"),
        ];
        let _code = browser.code("ada", &portal).await;
        let page = browser.get("/logout").await;
        let page = browser
            .submit(&page, "/logout/confirm", &[("decision", "sign-out")])
            .await;
        let [out] = &frames(&page)[..] else {
            panic!("{page:?}")
        };
        let start =
            "https://portal.example/out;a,b?tenant=1&amp;iss=https%3A%2F%2Fid.example&amp;sid=";
        let start = start.replace("&amp;", "&");
        assert!(out.starts_with(&start), "{out}");
        let policy = page.header("content-security-policy").unwrap();
        let source = "; frame-src https://portal.example/out%3Ba%2Cb; ";
        assert!(policy.contains(source), "{policy}");
        assert_eq!(page.header("refresh"), None);
        assert!(page.body.contains("id=\"continue\" href=\"/login\""));
    });
}

#[test]
fn clients_of_other_sessions_are_not_told_in_frames() {
    on_sqlite(async |op| {
        op.store_changed_client("web", with_front_channels);
        let (_elsewhere, _, _) = signed_in(&op).await;
        let mut browser = op.signed_in("ada").await;
        let page = browser.get("/logout").await;
        let done = browser
            .submit(&page, "/logout/confirm", &[("decision", "sign-out")])
            .await;
        assert_eq!(done.location(), "/logout/done");
    });
}

#[test]
fn whoever_is_signed_in_is_asked_where_the_hint_is_of_somebody_else() {
    on_sqlite(async |op| {
        let (mut elsewhere, id_token, _) = signed_in(&op).await;
        let mut browser = op.signed_in("bob").await;
        let path = logout(&[("id_token_hint", &id_token), BYE]);
        let page = browser.get(&path).await;
        assert!(page.body.contains("Bob Example"), "{page:?}");
        let stay = [("decision", "stay")];
        browser
            .submit(&page, "/logout/confirm", &stay)
            .await
            .location();
        for browser in [&mut browser, &mut elsewhere] {
            assert_eq!(browser.get("/account").await.status, 200);
        }
    });
}
