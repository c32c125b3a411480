//! Tokens through the browser (OpenID Connect Core §3.2, §3.3).

use std::collections::BTreeMap;

use issuant::crypto::secret::Secret;
use issuant::protocol::client::GrantType;
use issuant::protocol::context::Policy;
use issuant::protocol::response_type::ResponseType;

use crate::support::cast;
use crate::support::databases::Database;
use crate::support::op::{Setting, TestOp, WEB, authorize_url, claims, hidden_fields, query, run};

/// Runs a test with a server that gives out tokens, to the client `web`.
fn where_tokens_are_given(test: impl AsyncFnOnce(TestOp)) {
    let policy = Policy {
        front_channel_tokens: true,
        ..Policy::default()
    };
    let mut clients = cast::clients();
    let web = clients.iter_mut().find(|it| it.id.as_str() == "web");
    let web = web.unwrap();
    web.grants.push(GrantType::Implicit);
    web.metadata.response_types = ResponseType::ALL.to_vec();
    let setting = Setting {
        policy,
        clients,
        metrics_token: Some(Secret::new(METRICS.to_owned())),
        ..Setting::default()
    };
    run(test(TestOp::with(Database::sqlite(), setting)));
}

fn fragment(address: &str) -> BTreeMap<String, String> {
    let (address, fragment) = address.split_once('#').expect("a fragment");
    assert_eq!(address, "https://web.example/cb");
    query(&format!("?{fragment}"))
}

const METRICS: &str = "metrics-token";
const HYBRID: [(&str, &str); 2] = [("response_type", "code id_token token"), ("nonce", "n-1")];

#[test]
fn a_hybrid_answer_is_good_for_all_that_it_holds() {
    where_tokens_are_given(async |op| {
        let mut browser = op.browser();
        let told = fragment(&browser.authorize("ada", &HYBRID).await);
        assert_eq!(told["state"], "s t");
        assert_eq!(told["iss"], cast::ISSUER);
        assert!(told.contains_key("session_state"));
        assert!(!told.contains_key("refresh_token"));
        let userinfo = op.get_with("/userinfo", &told["access_token"]).await;
        assert_eq!(userinfo.json(200)["sub"], "sub-ada");
        let web = op.client("web");
        assert_eq!(web.introspect(&told["access_token"]).await["active"], true);
        let tokens = web.redeem(&told["code"], WEB).await;
        let (front, back) = (claims(&told["id_token"]), claims(&tokens.token("id_token")));
        assert_eq!(front["sub"], back["sub"]);
        assert!(tokens.token("refresh_token").starts_with("irt_"));
        // Each of the tokens can be given back by itself.
        let revocation = [("token", &*told["access_token"])];
        assert_eq!(web.post("/revoke", &revocation).await.status, 200);
        assert_eq!(web.introspect(&told["access_token"]).await["active"], false);
        let other = tokens.token("access_token");
        assert_eq!(web.introspect(&other).await["active"], true);
    });
}

#[test]
fn an_access_token_ends_when_the_person_signs_out() {
    where_tokens_are_given(async |op| {
        let mut browser = op.browser();
        let wanted = [("response_type", "id_token token"), ("nonce", "n")];
        let told = fragment(&browser.authorize("ada", &wanted).await);
        let web = op.client("web");
        assert_eq!(web.introspect(&told["access_token"]).await["active"], true);
        let sign_out = format!("/logout?id_token_hint={}", told["id_token"]);
        assert_eq!(browser.get(&sign_out).await.status, 303);
        assert_eq!(web.introspect(&told["access_token"]).await["active"], false);
    });
}

/// OAuth 2.0 Form Post Response Mode §2.
#[test]
fn tokens_travel_in_a_form_where_the_request_says_so() {
    where_tokens_are_given(async |op| {
        let mut browser = op.signed_in("ada").await;
        browser.authorize("ada", &HYBRID).await;
        let url = authorize_url(&[HYBRID[0], HYBRID[1], ("response_mode", "form_post")]);
        let page = browser.get(&url).await;
        let fields = hidden_fields(&page.body, "https://web.example/cb");
        let names: Vec<&str> = fields.iter().map(|(name, _)| name.as_str()).collect();
        let expected = [
            "id_token",
            "code",
            "access_token",
            "token_type",
            "expires_in",
            "scope",
            "session_state",
            "state",
            "iss",
        ];
        assert_eq!(names, expected);
        assert_eq!(page.header("cache-control"), Some("no-store"));
    });
}

/// OAuth 2.0 Multiple Response Types §5: in the fragment, as the tokens would have come.
#[test]
fn errors_travel_as_tokens_would() {
    where_tokens_are_given(async |op| {
        for (more, error, id) in [
            (("nonce", ""), "invalid_request", "E1256"),
            (("scope", "read"), "invalid_scope", "E1257"),
            (("response_mode", "query"), "invalid_request", "E1258"),
            (("response_mode", "magic"), "invalid_request", "E1213"),
            (("client_id", "other"), "unauthorized_client", "E1255"),
            (("prompt", "none"), "login_required", "E1217"),
        ] {
            let before = op.database.remembered();
            let mut wanted = HYBRID.to_vec();
            wanted.retain(|(name, _)| *name != more.0);
            wanted.push(more);
            let reply = op.get(&authorize_url(&wanted)).await;
            let told = fragment(reply.location());
            assert_eq!(told["error"], error, "{more:?}");
            assert!(told["error_description"].ends_with(&format!("({id})")));
            assert_eq!(told["state"], "s t");
            if id != "E1217" {
                assert_eq!(op.database.remembered(), before);
            }
        }
    });
}

#[test]
fn metadata_and_metrics_tell_of_it() {
    where_tokens_are_given(async |op| {
        let told = op.get("/.well-known/openid-configuration").await.json(200);
        let types = ResponseType::ALL.map(ResponseType::as_str);
        assert_eq!(told["response_types_supported"], serde_json::json!(types));
        let grants = GrantType::ALL.map(GrantType::as_str);
        assert_eq!(told["grant_types_supported"], serde_json::json!(grants));
        op.browser().authorize("ada", &HYBRID).await;
        let counted = op.get_with("/metrics", METRICS).await.body;
        let line = "issuant_tokens_issued_total{grant=\"implicit\",kind=\"client\"} 1";
        assert!(counted.contains(line), "{counted}");
    });
}
