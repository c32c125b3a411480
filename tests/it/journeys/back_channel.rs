//! A session ends, and the clients that took part hear of it (OpenID Connect Back-Channel Logout).

use std::sync::Mutex;

use issuant::jobs::logout_notices::{self, Courier};
use issuant::protocol::client::Client;
use issuant::protocol::error::Fault;
use issuant::protocol::logout_notice::{LogoutNotice, NoticeState};
use issuant::protocol::store::LogoutNotices as _;
use issuant::protocol::tokens::logout_token::LogoutTokens;
use issuant::storage::Transaction;
use jsonwebtoken::jwk::JwkSet;
use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use serde_json::{Value, json};

use super::on_both_databases;
use crate::support::cast::ISSUER;
use crate::support::op::{Browser, TestOp, WEB, claims, encode, hidden_fields};

/// Takes every token, or says no to every one.
#[derive(Default)]
struct RelyingParties {
    received: Mutex<Vec<(String, String)>>,
    refusal: Option<&'static str>,
}

impl Courier for RelyingParties {
    async fn deliver(&self, address: &str, token: &str) -> Result<(), String> {
        let received = (address.to_owned(), token.to_owned());
        self.received.lock().unwrap().push(received);
        self.refusal.map_or(Ok(()), |reason| Err(reason.to_owned()))
    }
}

impl RelyingParties {
    fn that_answer(reason: &'static str) -> Self {
        Self {
            refusal: Some(reason),
            ..Self::default()
        }
    }

    fn received(&self) -> Vec<(String, String)> {
        std::mem::take(&mut self.received.lock().unwrap())
    }
}

/// The web app and the portal hear of sign-outs; the other apps do not.
fn op_with_back_channels(op: TestOp) -> TestOp {
    op.store_changed_clients(|client: &mut Client| {
        let address = match client.id.as_str() {
            "web" => "https://web.example/out?tenant=1",
            "portal" => "https://portal.example/out",
            _ => return,
        };
        client.metadata.backchannel_logout_uri = Some(address.parse().unwrap());
    });
    op
}

/// One look at the queue, as the server does every second: what became of what was due.
async fn look(op: &TestOp, parties: &RelyingParties) -> Vec<NoticeState> {
    let snapshot = op.state.snapshot.load_full();
    let now = op.now();
    let tokens = LogoutTokens {
        issuer: &op.state.site.issuer,
        keys: &snapshot.keys,
        token_keys: &op.state.token_keys,
        recipient: None,
        random: &*op.state.random,
        now,
    };
    let storage = &op.state.storage;
    let due = logout_notices::take_due(storage, now, 32).await.unwrap();
    let mut states = Vec::new();
    for notice in due {
        let client = snapshot.client(notice.client_id.as_str());
        let tried =
            logout_notices::deliver(storage, parties, &tokens, client.as_deref(), notice).await;
        states.push(tried.unwrap());
    }
    states
}

async fn read<T: Send + 'static>(
    op: &TestOp,
    rule: impl FnOnce(&mut Transaction) -> Result<T, Fault<()>> + Send + 'static,
) -> T {
    op.state.storage.read(rule).await.unwrap()
}

async fn notices(op: &TestOp) -> Vec<LogoutNotice> {
    read(op, |store| Ok(store.notices(100)?)).await
}

/// Ada signed in to the web app: her browser and an ID token.
async fn signed_in(op: &TestOp) -> (Browser<'_>, Value) {
    let mut browser = op.browser();
    let code = browser.code("ada", &[]).await;
    let reply = op.client("web").redeem(&code, WEB).await;
    (browser, claims(&reply.token("id_token")))
}

async fn sign_out(browser: &mut Browser<'_>) {
    let page = browser.get("/logout").await;
    let out = browser
        .submit(&page, "/logout/confirm", &[("decision", "sign-out")])
        .await;
    assert_eq!(out.location(), "/logout/done");
}

/// What a relying party makes of a token that was posted to it: it finds the keys through discovery, and checks what
/// Back-Channel Logout §2.6 demands.
async fn accepted(op: &TestOp, client: &str, token: &str) -> Value {
    let metadata = op.get("/.well-known/openid-configuration").await.json(200);
    let keys = metadata["jwks_uri"].as_str().unwrap();
    let keys = op.get(keys.strip_prefix(ISSUER).unwrap()).await.json(200);
    let keys: JwkSet = serde_json::from_value(keys).unwrap();
    let header = jsonwebtoken::decode_header(token).unwrap();
    assert_eq!(header.typ.as_deref(), Some("logout+jwt"));
    assert_eq!(header.alg, Algorithm::ES256);
    let key = keys.find(&header.kid.unwrap()).unwrap();
    let mut validation = Validation::new(Algorithm::ES256);
    validation.set_issuer(&[metadata["issuer"].as_str().unwrap()]);
    validation.set_audience(&[client]);
    // The server of the test lives in another year.
    validation.validate_exp = false;
    let key = DecodingKey::from_jwk(key).unwrap();
    let claims = jsonwebtoken::decode::<Value>(token, &key, &validation)
        .unwrap()
        .claims;
    let now = op.now();
    assert_eq!(claims["iat"], now);
    assert_eq!(claims["exp"], now + 120);
    let event = "http://schemas.openid.net/event/backchannel-logout";
    assert_eq!(claims["events"], json!({event: {}}));
    assert!(claims.get("nonce").is_none());
    assert!(claims["jti"].as_str().unwrap().len() >= 20);
    claims
}

pub(super) async fn every_client_of_the_session_hears_of_its_end(op: TestOp) {
    let op = op_with_back_channels(op);
    let (mut browser, id_token) = signed_in(&op).await;
    for (client, redirect_uri) in [
        ("portal", "https://portal.example/cb?tenant=1"),
        ("other", WEB),
    ] {
        let deviations = [("client_id", client), ("redirect_uri", redirect_uri)];
        let _code = browser.code("ada", &deviations).await;
    }
    let parties = RelyingParties::default();
    assert_eq!(look(&op, &parties).await, []);
    sign_out(&mut browser).await;
    let delivered = [NoticeState::Delivered; 2];
    assert_eq!(look(&op, &parties).await, delivered);
    let received = parties.received();
    let addresses: Vec<&str> = received.iter().map(|(address, _)| &**address).collect();
    let expected = [
        "https://portal.example/out",
        "https://web.example/out?tenant=1",
    ];
    assert_eq!(addresses, expected);
    let mut jtis = Vec::new();
    for (client, (_, token)) in ["portal", "web"].into_iter().zip(&received) {
        let claims = accepted(&op, client, token).await;
        assert_eq!(claims["sub"], id_token["sub"]);
        assert_eq!(claims["sid"], id_token["sid"]);
        jtis.push(claims["jti"].clone());
    }
    assert_ne!(jtis[0], jtis[1]);
    // It is told once.
    op.pass(3600);
    assert_eq!(look(&op, &parties).await, []);
    let kept = notices(&op).await;
    assert!(kept.iter().all(|it| it.state == NoticeState::Delivered));
}

pub(super) async fn a_client_that_does_not_answer_is_tried_five_times(op: TestOp) {
    let op = op_with_back_channels(op);
    let (mut browser, _) = signed_in(&op).await;
    sign_out(&mut browser).await;
    let parties = RelyingParties::that_answer("status 503");
    for (number, wait) in [(1, 0), (2, 15), (3, 60), (4, 240), (5, 900)] {
        if wait > 0 {
            op.pass(wait - 1);
            assert_eq!(look(&op, &parties).await, [], "too early for try {number}");
            op.pass(1);
        }
        let expected = if number < 5 {
            NoticeState::Waiting
        } else {
            NoticeState::GivenUp
        };
        assert_eq!(look(&op, &parties).await, [expected], "try {number}");
        let (_, token) = &parties.received()[0];
        // Each try has a token that was made for it.
        accepted(&op, "web", token).await;
    }
    op.pass(86_400);
    assert_eq!(look(&op, &parties).await, []);
    let [notice] = &notices(&op).await[..] else {
        panic!("one notice")
    };
    assert_eq!(notice.tries, 5);
    assert_eq!(notice.failure.as_deref(), Some("status 503"));
    let events = read(&op, |store| Ok(store.security_events(1)?)).await;
    assert_eq!(events[0].kind, "backchannel_logout_failed");
    assert_eq!(events[0].client_id.as_deref(), Some("web"));
    assert_eq!(events[0].subject.as_deref(), Some("sub-ada"));
}

pub(super) async fn a_client_that_answers_later_hears_later(op: TestOp) {
    let op = op_with_back_channels(op);
    let (mut browser, _) = signed_in(&op).await;
    sign_out(&mut browser).await;
    let away = RelyingParties::that_answer("no answer");
    assert_eq!(look(&op, &away).await, [NoticeState::Waiting]);
    op.pass(15);
    let back = RelyingParties::default();
    assert_eq!(look(&op, &back).await, [NoticeState::Delivered]);
    let (_, token) = &back.received()[0];
    accepted(&op, "web", token).await;
}

pub(super) async fn a_try_whose_node_died_is_made_good(op: TestOp) {
    let op = op_with_back_channels(op);
    let (mut browser, _) = signed_in(&op).await;
    sign_out(&mut browser).await;
    let take = async || {
        let taken = logout_notices::take_due(&op.state.storage, op.now(), 32).await;
        taken.unwrap().len()
    };
    assert_eq!(take().await, 1);
    // While that node might still be at it, nobody else is.
    assert_eq!(take().await, 0);
    op.pass(15);
    let parties = RelyingParties::default();
    assert_eq!(look(&op, &parties).await, [NoticeState::Delivered]);
}

pub(super) async fn a_notice_whose_nodes_all_died_is_given_up(op: TestOp) {
    let op = op_with_back_channels(op);
    let (mut browser, _) = signed_in(&op).await;
    sign_out(&mut browser).await;
    for _ in 0..5 {
        let taken = logout_notices::take_due(&op.state.storage, op.now(), 32).await;
        assert_eq!(taken.unwrap().len(), 1);
        op.pass(900);
    }
    let taken = logout_notices::take_due(&op.state.storage, op.now(), 32).await;
    assert_eq!(taken.unwrap().len(), 0);
    assert_eq!(notices(&op).await[0].state, NoticeState::GivenUp);
}

pub(super) async fn a_client_that_gave_up_its_address_is_not_asked(op: TestOp) {
    let op = op_with_back_channels(op);
    let (mut browser, _) = signed_in(&op).await;
    sign_out(&mut browser).await;
    op.store_changed_clients(|_| {});
    let parties = RelyingParties::default();
    assert_eq!(look(&op, &parties).await, [NoticeState::Unwanted]);
    assert_eq!(parties.received(), []);
}

pub(super) async fn every_way_to_end_a_session_is_told(op: TestOp) {
    let op = op_with_back_channels(op);
    let parties = RelyingParties::default();
    let sids = async || -> Vec<Value> {
        look(&op, &parties).await;
        let received = parties.received().into_iter();
        received
            .map(|(_, token)| claims(&token)["sid"].clone())
            .collect()
    };

    // On the account page, from another browser: one, and then all others.
    let (_, first) = signed_in(&op).await;
    let (_, second) = signed_in(&op).await;
    let mut here = op.signed_in("ada").await;
    let page = here.get("/account").await;
    let first_sid = first["sid"].as_str().unwrap();
    let hidden = hidden_fields(&page.body, "/account/sessions/end-others");
    let mut form: Vec<(&str, &str)> = hidden.iter().map(|(n, v)| (&**n, &**v)).collect();
    form.push(("session", first_sid));
    let ended = here.post("/account/sessions/end", &form).await;
    assert_eq!(ended.location(), "/account?done=session");
    assert_eq!(sids().await, [first["sid"].clone()]);
    let ended = here
        .submit(&page, "/account/sessions/end-others", &[])
        .await;
    assert_eq!(ended.location(), "/account?done=others");
    assert_eq!(sids().await, [second["sid"].clone()]);

    // Somebody else signs in in the same browser, and signs out the one who was there before.
    let (mut shared, third) = signed_in(&op).await;
    shared.sign_in_at("/login", "bob").await.location();
    assert_eq!(sids().await, [] as [Value; 0]);
    let page = shared.get("/accounts").await;
    let sid = ("account", third["sid"].as_str().unwrap());
    let hidden = hidden_fields(&page.body, "/accounts/sign-out");
    let mut form: Vec<(&str, &str)> = hidden.iter().map(|(n, v)| (&**n, &**v)).collect();
    form.retain(|(name, _)| *name != "account");
    form.push(sid);
    let out = shared.post("/accounts/sign-out", &form).await;
    assert_eq!(out.location(), "/accounts");
    assert_eq!(sids().await, [third["sid"].clone()]);

    // The same person signs in once more: the session goes on.
    let (mut browser, fourth) = signed_in(&op).await;
    browser.sign_in_at("/login", "ada").await.location();
    assert_eq!(sids().await, [] as [Value; 0]);
    sign_out(&mut browser).await;
    assert_eq!(sids().await, [fourth["sid"].clone()]);
}

pub(super) async fn a_logout_that_asks_and_is_declined_tells_nobody(op: TestOp) {
    let op = op_with_back_channels(op);
    let (mut browser, _) = signed_in(&op).await;
    let page = browser
        .get(&format!("/logout?{}", encode(&[("client_id", "web")])))
        .await;
    let stay = browser
        .submit(&page, "/logout/confirm", &[("decision", "stay")])
        .await;
    assert_eq!(stay.location(), "/account");
    assert_eq!(notices(&op).await, []);
}

on_both_databases!(
    every_client_of_the_session_hears_of_its_end,
    a_client_that_does_not_answer_is_tried_five_times,
    a_client_that_answers_later_hears_later,
    a_try_whose_node_died_is_made_good,
    a_notice_whose_nodes_all_died_is_given_up,
    a_client_that_gave_up_its_address_is_not_asked,
    every_way_to_end_a_session_is_told,
    a_logout_that_asks_and_is_declined_tells_nobody,
);
