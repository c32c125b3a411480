//! S0: agents at `/api/fleet/authenticate`.

use std::collections::BTreeSet;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde_json::Value;

use super::{METRICS_TOKEN, Told, made_client, metric, on_both_databases, with_form};
use crate::support::server_process::{Installation, ServerProcess};

const AUDIENCE: &str = "https://api.example";

on_both_databases! {
    s0_check_1_a_key_brings_a_pair_in_headers_and_body,
    s0_check_2_pairs_that_nobody_used_live_beside_each_other,
    s0_check_3_a_lost_answer_is_forgiven_and_reuse_is_not,
    s0_check_4_a_refresh_token_opens_nothing_else,
    s0_check_5_says_what_is_wrong_with_the_header,
    s0_check_6_can_be_switched_off,
    s0_check_7_a_disabled_agent_is_refused_at_once_where_that_is_wanted,
    s0_check_8_echoes_version_and_request_id,
    s0_check_9_fifty_refreshes_at_once_converge,
    s0_check_10_counts_and_times_successes,
    an_agent_that_registers_itself_takes_its_first_pair,
}

/// An installation with the agent `kid1` and the API `api`, running.
struct Fleet {
    installation: Installation,
    server: ServerProcess,
    key: String,
    api: String,
    client: reqwest::Client,
}

impl Fleet {
    fn start(
        mut installation: Installation,
        settings: &[(&'static str, &str)],
        agent: &[&str],
    ) -> Self {
        let on = [
            ("ISSUANT_FLEET_ENABLED", "on"),
            ("ISSUANT_METRICS_TOKEN", METRICS_TOKEN),
        ];
        for (name, value) in on.iter().chain(settings) {
            installation.variables.push((name, (*value).into()));
        }
        let mut create = vec!["--agent", "--audience", AUDIENCE];
        create.extend(agent);
        let key = made_client(&installation, "kid1", &create);
        let of_api = ["--grant", "client_credentials", "--audience", AUDIENCE];
        let secret = made_client(&installation, "api", &of_api);
        let server = installation.serve();
        Self {
            installation,
            server,
            key: format!(
                "ApiKey {}",
                STANDARD.encode(format!("kid1:{}", key.expose()))
            ),
            api: secret.expose().to_owned(),
            client: reqwest::Client::new(),
        }
    }

    /// Starts the server once more, and forgets connections to the one before.
    fn serve_again(&mut self) {
        self.server = self.installation.serve();
        self.client = reqwest::Client::new();
    }

    fn request(&self, headers: &[(&str, &str)]) -> reqwest::RequestBuilder {
        let request = self.client.post(self.server.at("/api/fleet/authenticate"));
        let add = |request: reqwest::RequestBuilder, (name, value): &(&str, &str)| {
            request.header(*name, *value)
        };
        headers.iter().fold(request, add)
    }

    async fn call(&self, headers: &[(&str, &str)]) -> Told {
        Told::by(self.request(headers)).await
    }

    async fn with_key(&self) -> Pair {
        Pair::of(&self.call(&[("authorization", &self.key)]).await)
    }

    async fn bearer(&self, token: &str) -> Told {
        let header = format!("Bearer {token}");
        self.call(&[("authorization", &header)]).await
    }

    async fn refresh(&self, token: &str) -> Pair {
        Pair::of(&self.bearer(token).await)
    }

    async fn is_active(&self, token: &str) -> bool {
        let request = self.client.post(self.server.at("/introspect"));
        // Of a refresh token only its client learns.
        let request = if token.starts_with("irt_") {
            request.header("authorization", self.key.replace("ApiKey", "Basic"))
        } else {
            request.basic_auth("api", Some(&self.api))
        };
        let told = Told::by(with_form(request, &[("token", token)])).await;
        told.json()["active"] == true
    }

    async fn metric(&self, series: &str) -> f64 {
        metric(self.server.issuer(), series).await
    }
}

#[derive(Debug)]
struct Pair {
    access: String,
    refresh: String,
}

impl Pair {
    #[track_caller]
    fn of(told: &Told) -> Self {
        assert_eq!(told.status, 200, "{told:?}");
        Self {
            access: told.header("x-fleet-access-token").to_owned(),
            refresh: told.header("x-fleet-refresh-token").to_owned(),
        }
    }
}

fn part(token: &str, index: usize) -> Value {
    let part = token.split('.').nth(index).unwrap();
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap()
}

/// A refusal in Fleet Server's words, with our id beside them.
#[track_caller]
fn assert_refused(told: &Told, status: u16, error: &str, id: &str) {
    assert_eq!(told.status, status, "{told:?}");
    let body = told.json();
    assert_eq!(body["statusCode"], status, "{told:?}");
    assert_eq!(body["error"], error, "{told:?}");
    assert_eq!(body["error_id"], id, "{told:?}");
    assert!(body["message"].as_str().is_some_and(|it| !it.is_empty()));
    assert_eq!(
        told.header("content-type"),
        "application/json; charset=utf-8"
    );
    assert_eq!(told.header("x-content-type-options"), "nosniff");
    assert_eq!(told.header("elastic-api-version"), "2023-06-01");
}

async fn s0_check_1_a_key_brings_a_pair_in_headers_and_body(installation: Installation) {
    let named = ["--metadata", r#"{"agent_id":"agent-of-kid1"}"#];
    let fleet = Fleet::start(installation, &[], &named);
    let told = fleet.call(&[("authorization", &fleet.key)]).await;
    let (pair, body) = (Pair::of(&told), told.json());
    assert_eq!(body["access_token"], pair.access.as_str());
    assert_eq!(body["refresh_token"], pair.refresh.as_str());
    assert_eq!(told.header("x-fleet-token-expires-in"), "900");
    assert_eq!(body["expires_in"], 900);
    assert_eq!(told.header("cache-control"), "no-store");
    assert_eq!(part(&pair.access, 0)["typ"], "at+jwt");
    let claims = part(&pair.access, 1);
    assert_eq!(claims["iss"], fleet.server.issuer());
    assert_eq!(claims["sub"], "agent-of-kid1");
    assert_eq!(claims["client_id"], "kid1");
    assert_eq!(claims["aud"], AUDIENCE);
    assert_eq!(
        claims["exp"].as_i64().unwrap(),
        claims["iat"].as_i64().unwrap() + 900
    );
    assert!(claims["jti"].is_string());
    // All that a request with it has to carry fits into what Fleet Server takes.
    assert!(pair.access.len() + pair.refresh.len() < 2048);
}

/// By the rule of all families, a third answer replaces the second at once only where there is no retry window; within
/// one, both are the same.
async fn s0_check_2_pairs_that_nobody_used_live_beside_each_other(installation: Installation) {
    let fleet = Fleet::start(
        installation,
        &[("ISSUANT_LIFETIMES_RETRY_WINDOW", "0s")],
        &[],
    );
    let (first, second) = (fleet.with_key().await, fleet.with_key().await);
    assert_ne!(
        part(&first.access, 1)["jti"],
        part(&second.access, 1)["jti"]
    );
    let third = fleet.with_key().await;
    assert!(fleet.is_active(&first.access).await);
    assert!(
        !fleet.is_active(&second.access).await,
        "replaced before it was used"
    );
    assert!(fleet.is_active(&third.access).await);
    // The other half: the second is good as long as nothing replaces it, and once used it stays.
    let fourth = fleet.with_key().await;
    assert!(fleet.is_active(&third.access).await);
    assert!(fleet.is_active(&fourth.access).await, "which promotes it");
    assert!(
        fleet.is_active(&third.access).await,
        "for the rest of its life"
    );
}

async fn s0_check_3_a_lost_answer_is_forgiven_and_reuse_is_not(installation: Installation) {
    let fleet = Fleet::start(installation, &[], &[]);
    let reuse = "issuant_refresh_reuse_total";
    let first = fleet.with_key().await;
    let _lost = fleet.refresh(&first.refresh).await;
    let second = fleet.refresh(&first.refresh).await;
    let third = fleet.refresh(&second.refresh).await;
    let before = fleet.metric(reuse).await;
    let told = fleet.bearer(&first.refresh).await;
    assert_refused(&told, 401, "ErrTokenReused", "E1324");
    for pair in [&first, &second, &third] {
        assert!(!fleet.is_active(&pair.access).await);
        assert!(!fleet.is_active(&pair.refresh).await);
    }
    assert_refused(
        &fleet.bearer(&third.refresh).await,
        401,
        "ErrTokenRevoked",
        "E1323",
    );
    assert_refused(
        &fleet.bearer(&third.access).await,
        401,
        "ErrTokenRevoked",
        "E2011",
    );
    assert!((fleet.metric(reuse).await - before - 1.0).abs() < 0.1);
    // The key is what is left, and it is enough.
    let anew = fleet.with_key().await;
    assert!(fleet.is_active(&anew.access).await);
}

async fn s0_check_4_a_refresh_token_opens_nothing_else(installation: Installation) {
    let fleet = Fleet::start(installation, &[], &[]);
    let pair = fleet.with_key().await;
    for path in ["/userinfo", "/verify?audience=https://api.example"] {
        let request = fleet.client.get(fleet.server.at(path));
        let told = Told::by(request.bearer_auth(&pair.refresh)).await;
        assert_eq!(told.status, 401, "{path}: {told:?}");
    }
    let request = fleet
        .client
        .get(fleet.server.at("/verify?audience=https://api.example"));
    assert_eq!(
        Told::by(request.bearer_auth(&pair.access)).await.status,
        200
    );
}

async fn s0_check_5_says_what_is_wrong_with_the_header(installation: Installation) {
    let fleet = Fleet::start(installation, &[], &[]);
    let key = |text: &[u8]| format!("ApiKey {}", STANDARD.encode(text));
    let pair = fleet.with_key().await;
    let cases: [(String, u16, &str, &str); 14] = [
        ("ApiKey %%%".into(), 401, "ErrInvalidToken", "E2003"),
        (
            "ApiKey a2lkMTpz M2NyZXQ=".into(),
            401,
            "ErrInvalidToken",
            "E2003",
        ),
        (key(&[0xff, b':', 0xfe]), 401, "ErrInvalidToken", "E2003"),
        (key(b"noColon"), 400, "ErrMalformedToken", "E2004"),
        (key(b"a:b:c"), 400, "ErrMalformedToken", "E2004"),
        (key(b"kid1:wrong"), 401, "ErrUnauthorized", "E1101"),
        (key(b"kid1:"), 401, "ErrUnauthorized", "E1101"),
        (key(b"nobody:secret"), 401, "ErrUnauthorized", "E1101"),
        (
            fleet.key.replace("ApiKey", "apikey"),
            400,
            "ErrMalformedHeader",
            "E2002",
        ),
        (
            fleet.key.replace("ApiKey", "Basic"),
            400,
            "ErrMalformedHeader",
            "E2002",
        ),
        ("ApiKey".into(), 400, "ErrMalformedHeader", "E2002"),
        ("Bearer irt_made-up".into(), 401, "ErrUnauthorized", "E1320"),
        ("Bearer a.b.c".into(), 401, "ErrUnauthorized", "E2009"),
        (
            format!("Bearer {}x", pair.access),
            401,
            "ErrUnauthorized",
            "E2009",
        ),
    ];
    for (header, status, error, id) in cases {
        let told = fleet.call(&[("authorization", &header)]).await;
        assert_refused(&told, status, error, id);
        assert!(
            !told.body.contains("wrong") && !told.body.contains(&pair.access),
            "{told:?}"
        );
    }
    assert_refused(&fleet.call(&[]).await, 401, "ErrNoAuthHeader", "E2001");
    let twice = [
        ("authorization", fleet.key.as_str()),
        ("authorization", &fleet.key),
    ];
    assert_refused(
        &fleet.call(&twice).await,
        400,
        "ErrMalformedHeader",
        "E2002",
    );
    let form = [("refresh_token", pair.refresh.as_str())];
    let both = with_form(fleet.request(&[("authorization", &fleet.key)]), &form);
    assert_refused(&Told::by(both).await, 400, "ErrMalformedHeader", "E2002");
    // Nothing of all that did any harm.
    let alone = Told::by(with_form(fleet.request(&[]), &form)).await;
    assert!(fleet.is_active(&Pair::of(&alone).access).await);
}

async fn s0_check_6_can_be_switched_off(installation: Installation) {
    let mut fleet = Fleet::start(installation, &[], &[]);
    let pair = fleet.with_key().await;
    let restart = |fleet: &mut Fleet, name, value: &str| {
        fleet.server.kill();
        fleet.installation.variables.push((name, value.into()));
        fleet.serve_again();
    };
    restart(&mut fleet, "ISSUANT_FLEET_AUTH_METHODS", "jwt");
    let told = fleet.call(&[("authorization", &fleet.key)]).await;
    assert_refused(&told, 401, "ErrUnauthorized", "E2005");
    let pair = fleet.refresh(&pair.refresh).await;
    restart(&mut fleet, "ISSUANT_FLEET_AUTH_METHODS", "api_key");
    assert_refused(
        &fleet.bearer(&pair.refresh).await,
        401,
        "ErrUnauthorized",
        "E2005",
    );
    assert_refused(
        &fleet.bearer(&pair.access).await,
        401,
        "ErrUnauthorized",
        "E2005",
    );
    fleet.with_key().await;
    restart(&mut fleet, "ISSUANT_FLEET_ENABLED", "off");
    for method in [reqwest::Method::POST, reqwest::Method::GET] {
        let request = fleet
            .client
            .request(method, fleet.server.at("/api/fleet/authenticate"));
        let told = Told::by(request.header("authorization", &fleet.key)).await;
        assert_eq!(told.status, 404, "{told:?}");
    }
    // The key is a client's id and secret.
    let basic = fleet.key.replace("ApiKey", "Basic");
    let request = fleet
        .client
        .post(fleet.server.at("/token"))
        .header("authorization", basic);
    let told = Told::by(with_form(request, &[("grant_type", "client_credentials")])).await;
    assert_eq!(
        part(told.json()["access_token"].as_str().unwrap(), 1)["sub"],
        "kid1"
    );
}

async fn s0_check_7_a_disabled_agent_is_refused_at_once_where_that_is_wanted(
    installation: Installation,
) {
    let mut fleet = Fleet::start(installation, &[], &[]);
    let pair = fleet.with_key().await;
    fleet.server.kill();
    fleet
        .installation
        .run(&["client", "set", "kid1", "--disable"], "");
    for validation in ["off", "on"] {
        let setting = ("ISSUANT_FLEET_VALIDATE_AGENT_RECORD", validation.into());
        fleet.installation.variables.push(setting);
        fleet.serve_again();
        assert_eq!(fleet.is_active(&pair.access).await, validation == "off");
        let request = fleet
            .client
            .get(fleet.server.at("/verify?audience=https://api.example"));
        let status = Told::by(request.bearer_auth(&pair.access)).await.status;
        assert_eq!(status, if validation == "off" { 200 } else { 401 });
        // No new tokens in either case.
        assert_refused(
            &fleet.bearer(&pair.access).await,
            401,
            "ErrAgentInactive",
            "E2007",
        );
        assert_refused(
            &fleet.bearer(&pair.refresh).await,
            401,
            "ErrAgentInactive",
            "E2007",
        );
        let told = fleet.call(&[("authorization", &fleet.key)]).await;
        assert_refused(&told, 401, "Unauthorized", "E1106");
        fleet.server.kill();
    }
    fleet
        .installation
        .run(&["client", "delete", "kid1", "--yes"], "");
    fleet.serve_again();
    assert_refused(
        &fleet.bearer(&pair.access).await,
        404,
        "AgentNotFound",
        "E2006",
    );
}

async fn s0_check_8_echoes_version_and_request_id(installation: Installation) {
    let fleet = Fleet::start(installation, &[], &[]);
    let key = ("authorization", fleet.key.as_str());
    for version in ["2023-6-1", "2023-06-02", "", "latest"] {
        let told = fleet.call(&[key, ("elastic-api-version", version)]).await;
        assert_refused(&told, 400, "ErrUnsupportedVersion", "E2014");
    }
    let named = [
        key,
        ("elastic-api-version", "2023-06-01"),
        ("x-request-id", "abc"),
    ];
    let told = fleet.call(&named).await;
    assert_eq!((told.status, told.header("x-request-id")), (200, "abc"));
    assert_eq!(told.header("elastic-api-version"), "2023-06-01");
    let told = fleet.call(&[("x-request-id", "abc")]).await;
    assert_refused(&told, 401, "ErrNoAuthHeader", "E2001");
    assert_eq!(told.header("x-request-id"), "abc");
    // What is no name gets one of ours.
    for odd in ["a b", &"x".repeat(129)] {
        let told = fleet.call(&[key, ("x-request-id", odd)]).await;
        assert_eq!(told.header("x-request-id").len(), 9);
    }
    let long = "x".repeat(8192);
    let told = fleet.call(&[key, ("x-long", &long)]).await;
    assert_refused(&told, 431, "ErrHeadersTooLarge", "E2015");
}

async fn s0_check_9_fifty_refreshes_at_once_converge(installation: Installation) {
    // However slow the machine is, all of it is within the window.
    let fleet = Fleet::start(
        installation,
        &[("ISSUANT_LIFETIMES_RETRY_WINDOW", "5m")],
        &[],
    );
    let first = fleet.with_key().await;
    let header = format!("Bearer {}", first.refresh);
    let calls: Vec<_> = (0..50)
        .map(|_| tokio::spawn(Told::by(fleet.request(&[("authorization", &header)]))))
        .collect();
    let mut successors = BTreeSet::new();
    for call in calls {
        successors.insert(Pair::of(&call.await.unwrap()).refresh);
    }
    assert_eq!(successors.len(), 1, "one pending generation");
    let pending = successors.pop_first().unwrap();
    assert_eq!(fleet.refresh(&first.refresh).await.refresh, pending);
    assert!(fleet.is_active(&first.access).await && fleet.is_active(&pending).await);
    fleet.refresh(&pending).await;
    assert_refused(
        &fleet.bearer(&first.refresh).await,
        401,
        "ErrTokenReused",
        "E1324",
    );
}

async fn s0_check_10_counts_and_times_successes(installation: Installation) {
    let fleet = Fleet::start(installation, &[], &[]);
    let issued = |grant| format!("issuant_tokens_issued_total{{grant=\"{grant}\",kind=\"agent\"}}");
    let by_key = issued("client_credentials");
    let by_refresh = issued("refresh_token");
    let timed = "issuant_token_issue_duration_seconds_count";
    let pair = fleet.with_key().await;
    let second = fleet.refresh(&pair.refresh).await;
    assert!(fleet.is_active(&second.access).await);
    // Refusals are no successes.
    assert_eq!(fleet.call(&[]).await.status, 401);
    assert_eq!(fleet.bearer("irt_made-up").await.status, 401);
    for (series, expected) in [
        (by_key.as_str(), 1.0),
        (&by_refresh, 1.0),
        (timed, 2.0),
        ("issuant_refresh_promotions_total{by=\"access_token\"}", 1.0),
    ] {
        let value = fleet.metric(series).await;
        assert!((value - expected).abs() < 0.1, "{series} {value}");
    }
}

async fn an_agent_that_registers_itself_takes_its_first_pair(installation: Installation) {
    let registration = [("ISSUANT_REGISTRATION_MODE", "token")];
    let fleet = Fleet::start(installation, &registration, &[]);
    let installer = [
        "--grant",
        "client_credentials",
        "--scope",
        "client_registration",
    ];
    let secret = made_client(&fleet.installation, "installer", &installer);
    let form = [("grant_type", "client_credentials")];
    // The server notices the new client within a second.
    let token = loop {
        let request = with_form(fleet.client.post(fleet.server.at("/token")), &form);
        let told = Told::by(request.basic_auth("installer", Some(secret.expose()))).await;
        if told.status == 200 {
            break told.json()["access_token"].as_str().unwrap().to_owned();
        }
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    };
    let agent = serde_json::json!({
        "kind": "agent",
        "client_name": "press 7",
        "grant_types": ["client_credentials", "refresh_token"],
        "response_types": [],
        "scope": "",
    });
    let register = |accept: Option<&'static str>| {
        let request = fleet.client.post(fleet.server.at("/register"));
        let request = request
            .bearer_auth(&token)
            .header("content-type", "application/json");
        let request = request.body(agent.to_string());
        match accept {
            Some(accept) => request.header("x-elastic-agent-accept-auth", accept),
            None => request,
        }
    };
    let told = Told::by(register(Some("JWT"))).await;
    assert_eq!(told.status, 201, "{told:?}");
    let (body, access) = (told.json(), told.header("x-fleet-access-token"));
    assert!(body["client_secret"].is_null() && body["registration_access_token"].is_string());
    assert_eq!(body["tokens"]["access_token"], access);
    assert_eq!(part(access, 1)["sub"], body["client_id"]);
    let second = fleet.refresh(told.header("x-fleet-refresh-token")).await;
    assert_eq!(fleet.bearer(&second.access).await.status, 200);
    // Without the header it gets a secret, which is its key.
    let told = Told::by(register(None)).await.json();
    let text = |name: &str| told[name].as_str().unwrap();
    let pair = format!("{}:{}", text("client_id"), text("client_secret"));
    let key = format!("ApiKey {}", STANDARD.encode(pair));
    Pair::of(&fleet.call(&[("authorization", &key)]).await);
}
