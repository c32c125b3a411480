//! Pairwise subject identifiers (OpenID Connect Core §8.1), wherever a client meets the `sub` of a person.

use issuant::protocol::client::Client;
use issuant::protocol::logout_notice::LogoutNotice;
use issuant::protocol::subject_identifier::SubjectType;
use issuant::protocol::tokens::logout_token::LogoutTokens;
use serde_json::{Value, json};

use crate::support::databases::Database;
use crate::support::op::{Browser, Reply, TestOp, WEB, claims, encode, query, run};

const PORTAL: &str = "https://portal.example/cb?tenant=1";

/// The web app, the other one at its host, and the portal know people under identifiers of their sectors.
fn on_pairwise(test: impl AsyncFnOnce(TestOp)) {
    let op = TestOp::new(Database::sqlite());
    op.store_changed_clients(be_pairwise);
    run(test(op));
}

fn be_pairwise(client: &mut Client) {
    if ["web", "other", "portal"].contains(&client.id.as_str()) {
        client.metadata.subject_type = Some(SubjectType::Pairwise);
    }
}

async fn sign_in(op: &TestOp, username: &str, id: &'static str, redirect_uri: &str) -> Reply {
    let mut browser = op.browser();
    sign_in_with(&mut browser, op, username, (id, redirect_uri)).await
}

async fn sign_in_with(
    browser: &mut Browser<'_>,
    op: &TestOp,
    username: &str,
    (id, redirect_uri): (&'static str, &str),
) -> Reply {
    let is_native = id == "native";
    let wanted = [
        ("client_id", id),
        ("redirect_uri", redirect_uri),
        ("scope", if is_native { "openid" } else { "openid email" }),
    ];
    let code = browser.code(username, &wanted).await;
    op.client(id).redeem(&code, redirect_uri).await
}

fn sub(token: &str) -> String {
    claims(token)["sub"].as_str().unwrap().to_owned()
}

#[test]
fn a_person_has_one_identifier_in_each_sector() {
    on_pairwise(async |op| {
        let ada = sub(&sign_in(&op, "ada", "web", WEB).await.token("id_token"));
        assert_eq!(ada.len(), 43);
        let again = sub(&sign_in(&op, "ada", "web", WEB).await.token("id_token"));
        let neighbour = sub(&sign_in(&op, "ada", "other", WEB).await.token("id_token"));
        assert_eq!((&again, &neighbour), (&ada, &ada));
        let elsewhere = sign_in(&op, "ada", "portal", PORTAL).await;
        let bob = sign_in(&op, "bob", "web", WEB).await;
        for other in [elsewhere, bob].map(|reply| sub(&reply.token("id_token"))) {
            assert_ne!(other, ada);
            assert_eq!(other.len(), 43);
        }
        // The public type stays what it was.
        let native = "com.example.native:/cb";
        let native = sign_in(&op, "ada", "native", native).await;
        assert_eq!(sub(&native.token("id_token")), "sub-ada");
    });
}

#[test]
fn every_answer_names_the_person_alike() {
    on_pairwise(async |op| {
        let mut tokens = sign_in(&op, "ada", "web", WEB).await;
        let ada = sub(&tokens.token("id_token"));
        for _ in 0..2 {
            assert_eq!(sub(&tokens.token("id_token")), ada);
            let access = tokens.token("access_token");
            assert_eq!(sub(&access), ada);
            let told = op.get_with("/userinfo", &access).await.json(200);
            let email = json!({"sub": ada, "email": "ada@example.org", "email_verified": true});
            assert_eq!(told, email);
            let refresh = tokens.token("refresh_token");
            for token in [&access, &refresh] {
                let told = op.client("web").introspect(token).await;
                assert_eq!((&told["active"], &told["sub"]), (&json!(true), &json!(ada)));
            }
            tokens = op.client("web").refresh(&refresh).await;
        }
    });
}

#[test]
fn introspection_names_the_account_only_where_the_scope_reveals_it() {
    on_pairwise(async |op| {
        let token = sign_in(&op, "ada", "web", WEB).await.token("access_token");
        let told = op.client("web").introspect(&token).await;
        assert_eq!(
            (&told["active"], &told["username"]),
            (&json!(true), &Value::Null)
        );
        let wanted = [("scope", "openid profile")];
        let code = op.browser().code("ada", &wanted).await;
        let token = op.client("web").redeem(&code, WEB).await;
        let told = op
            .client("web")
            .introspect(&token.token("access_token"))
            .await;
        assert_eq!(told["username"], "ada");
    });
}

#[test]
fn a_disabled_person_is_found_behind_the_identifier() {
    on_pairwise(async |op| {
        let token = sign_in(&op, "ada", "web", WEB).await.token("access_token");
        op.store_disabled("ada");
        op.get_with("/userinfo", &token)
            .await
            .assert_error(401, "invalid_token", "E1403");
    });
}

/// OpenID Connect Core §3.1.2.1, §5.5.1.
#[test]
fn a_client_may_say_whom_it_means() {
    on_pairwise(async |op| {
        let bob = sign_in(&op, "bob", "web", WEB).await.token("id_token");
        let mut browser = op.browser();
        let tokens = sign_in_with(&mut browser, &op, "ada", ("web", WEB)).await;
        let ada = tokens.token("id_token");
        let value = |sub: &str| json!({"id_token": {"sub": {"value": sub}}}).to_string();
        for (name, of, answer) in [
            ("id_token_hint", ada.clone(), None),
            ("claims", value(&sub(&ada)), None),
            ("id_token_hint", bob.clone(), Some("E1222")),
            ("claims", value(&sub(&bob)), Some("E1222")),
            // What other clients call her.
            ("claims", value("sub-ada"), Some("E1222")),
        ] {
            let wanted = [("prompt", "none"), ("scope", "openid email"), (name, &*of)];
            let address = browser.authorize("ada", &wanted).await;
            let answered = query(&address);
            match answer {
                None => assert!(answered.contains_key("code"), "{name} {address}"),
                Some(id) => assert!(answered["error_description"].contains(id), "{address}"),
            }
        }
    });
}

#[test]
fn a_hint_chooses_among_several_accounts() {
    on_pairwise(async |op| {
        let bob = sign_in(&op, "bob", "web", WEB).await.token("id_token");
        let mut browser = op.signed_in("ada").await;
        browser.sign_in_at("/login", "bob").await.location();
        let wanted = [("id_token_hint", &*bob), ("scope", "openid email")];
        let code = browser.code("nobody", &wanted).await;
        let answered = op.client("web").redeem(&code, WEB).await;
        assert_eq!(sub(&answered.token("id_token")), sub(&bob));
        // RP-Initiated Logout §2: of a session elsewhere, the person it speaks of is asked.
        let path = format!("/logout?{}", encode(&[("id_token_hint", &bob)]));
        let page = browser.get(&path).await;
        assert_eq!(page.status, 200);
        assert!(page.body.contains("Bob Example") && !page.body.contains("Ada Example"));
        // Of its own session it signs out at once.
        let own = answered.token("id_token");
        let path = format!("/logout?{}", encode(&[("id_token_hint", &own)]));
        assert_eq!(browser.get(&path).await.location(), "/logout/done");
        assert_eq!(browser.get("/account").await.status, 200, "Ada stays");
    });
}

/// The same session under one name would tell who is who.
#[test]
fn a_session_has_one_name_in_each_sector() {
    let op = TestOp::new(Database::sqlite());
    op.store_changed_clients(|client| {
        be_pairwise(client);
        if client.id.as_str() == "portal" {
            let out = "https://portal.example/out".parse().unwrap();
            client.metadata.frontchannel_logout_uri = Some(out);
        }
    });
    run(async {
        let mut browser = op.signed_in("ada").await;
        let mut sids = Vec::new();
        for client in [("web", WEB), ("other", WEB), ("portal", PORTAL)] {
            let tokens = sign_in_with(&mut browser, &op, "ada", client).await;
            let [of_id, of_access] = ["id_token", "access_token"].map(|it| tokens.token(it));
            let sid = claims(&of_id)["sid"].as_str().unwrap().to_owned();
            assert_eq!(claims(&of_access)["sid"], sid);
            sids.push(sid);
        }
        assert_eq!(sids[0], sids[1]);
        assert_ne!(sids[0], sids[2]);
        let page = browser.get("/logout").await;
        let form = [("decision", "sign-out")];
        let page = browser.submit(&page, "/logout/confirm", &form).await;
        assert!(page.body.contains(&sids[2]) && !page.body.contains(&sids[0]));
    });
}

#[test]
fn a_logout_token_names_the_person_as_the_id_token_did() {
    on_pairwise(async |op| {
        let id_token = sign_in(&op, "ada", "web", WEB).await.token("id_token");
        let snapshot = op.state.snapshot.load_full();
        let client = snapshot.client("web").unwrap();
        let tokens = LogoutTokens {
            issuer: &op.state.site.issuer,
            keys: &snapshot.keys,
            token_keys: &op.state.token_keys,
            recipient: None,
            random: &*op.state.random,
            now: op.now(),
        };
        let notice = LogoutNotice::new("session", &client.id, "sub-ada", op.now());
        let token = tokens.make(&notice, &client).unwrap();
        assert_eq!(sub(&token), sub(&id_token));
        assert_ne!(claims(&token)["sid"], "session");
    });
}

/// What leads to programs on the person's device has no host that says whose it is.
#[test]
fn a_native_client_shares_its_identifiers_with_nobody() {
    let op = TestOp::new(Database::sqlite());
    let loopback = "http://127.0.0.1/cb";
    op.store_changed_clients(|client| {
        if ["native", "web"].contains(&client.id.as_str()) {
            client.redirect_uris = vec![loopback.parse().unwrap()];
            client.metadata.subject_type = Some(SubjectType::Pairwise);
        }
    });
    run(async {
        let native = sign_in(&op, "ada", "native", loopback).await;
        let web = sign_in(&op, "ada", "web", loopback).await;
        let [native, web] = [native, web].map(|reply| sub(&reply.token("id_token")));
        assert_ne!(native, web);
    });
}
