//! Pairs of tokens for services.

use std::collections::BTreeSet;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use issuant::crypto::jwk::PublicJwk;
use issuant::crypto::jwt::{self, Expected};
use issuant::crypto::key_ring::KeyRing;
use issuant::crypto::key_set::KeySet;
use serde_json::{Value, json};

use super::{Credential, Jwtis, Service, assert_near, assert_refused, now, number, text};
use crate::seeds::{Told, on_both_databases, with_form};
use crate::support::server_process::Installation;

on_both_databases! {
    s2_check_3_a_pair_is_signed_and_sealed_with_the_keys_of_the_service,
    s2_check_4_callers_set_no_claims_of_the_server,
    s2_check_5_tells_unknown_expired_and_foreign_apart,
    s2_check_6_each_strategy_keeps_its_promise,
    s2_check_7_tokens_outlive_the_renewal_of_keys,
    s2_check_9_a_revoked_pair_is_renewed_no_more,
    each_credential_of_a_service_opens_the_same,
    tokens_of_a_service_speak_of_no_user_of_this_server,
    the_standard_endpoints_take_and_give_the_same_tokens,
}

/// A pair as it was answered.
#[derive(Debug)]
struct Pair {
    told: Value,
    access: String,
    refresh: String,
}

impl Pair {
    #[track_caller]
    fn of(told: &Told) -> Self {
        assert_eq!(told.status, 201, "{told:?}");
        assert_eq!(told.header("cache-control"), "no-store");
        let told = told.json();
        assert_eq!(told["auth_token"], told["access_token"]);
        assert_eq!(told["token_type"], "Bearer");
        let pair = Self {
            access: text(&told["access_token"]),
            refresh: text(&told["refresh_token"]),
            told,
        };
        let claims = pair.claims();
        assert_eq!(claims["jti"], pair.told["id"]);
        assert_eq!(claims["exp"], pair.told["expiry"]);
        let left = number(&claims["exp"]) - number(&claims["iat"]);
        assert_eq!(left, number(&pair.told["expires_in"]));
        pair
    }

    fn claims(&self) -> Value {
        part(&self.access, 1)
    }
}

impl Service<'_> {
    async fn issue(&self, members: Value) -> Pair {
        Pair::of(&self.send("/issue_token", members).await)
    }

    async fn renew(&self, pair: &Pair) -> Pair {
        let members = json!({"refresh_token": pair.refresh});
        Pair::of(&self.send("/renew_token", members).await)
    }

    async fn form(&self, path: &str, fields: &[(&str, &str)]) -> Told {
        let request = self.jwtis.client.post(self.jwtis.server.at(path));
        let request = request.basic_auth(&self.kid, Some(&self.secret));
        Told::by(with_form(request, fields)).await
    }

    async fn introspect(&self, token: &str) -> Value {
        self.form("/introspect", &[("token", token)]).await.json()
    }
}

fn part(token: &str, index: usize) -> Value {
    let part = token.split('.').nth(index).unwrap();
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap()
}

/// Whether one of the keys verifies the signature.
fn verifies(keys: &[Value], token: &str) -> bool {
    let signing = keys.iter().filter(|key| key["use"] == "sig");
    let keys = signing.map(|key| {
        let jwk: PublicJwk = serde_json::from_value(key.clone()).unwrap();
        ("owner".to_owned(), jwk)
    });
    let set = KeySet::default().with_ring(KeyRing::new(keys).unwrap().into());
    let issuer = text(&part(token, 1)["iss"]);
    let expected = Expected {
        issuer: &issuer,
        typ: Some(&["at+jwt"]),
        now: now(),
        leeway: 0,
        accept_expired: false,
    };
    jwt::verify::<Value>(&set, token, &expected).is_ok()
}

async fn s2_check_3_a_pair_is_signed_and_sealed_with_the_keys_of_the_service(
    installation: Installation,
) {
    let jwtis = Jwtis::start(installation, &[]).await;
    let app1 = jwtis.register("app1", json!({})).await;
    let claims = json!({"sub": "u1", "role": "x", "nested": {"a": [1, null]}});
    let pair = app1.issue(json!({"claims": claims})).await;
    let header = part(&pair.access, 0);
    assert_eq!(header["typ"], "at+jwt");
    assert_eq!(header["kid"], app1.told["pub_sig_key"]["kid"]);
    for path in ["/keys/app1", "/jwks.json"] {
        assert!(verifies(&jwtis.key_set(path).await, &pair.access), "{path}");
    }
    let told = pair.claims();
    assert_eq!(told["iss"], jwtis.server.issuer());
    assert_eq!(told["sub"], "u1");
    assert_eq!(told["aud"], "app1");
    assert_eq!(told["client_id"], "app1");
    assert_eq!(
        (&told["role"], &told["nested"]),
        (&claims["role"], &claims["nested"])
    );
    assert_eq!(number(&told["exp"]) - number(&told["iat"]), 72 * 3600);
    assert_near(number(&told["iat"]), now());
    assert_eq!(pair.told["refresh_expires_in"], 720 * 3600);
    // The refresh token is of another type, and to its holder it says nothing.
    let sealed = part(&pair.refresh, 0);
    assert_eq!(sealed["typ"], "rt+jwe");
    assert_eq!(sealed["alg"], "ECDH-ES+A256KW");
    assert_eq!(sealed["enc"], "A256GCM");
    assert_eq!(sealed["kid"], app1.told["pub_enc_key"]["kid"]);
    // Shorter lives are granted, longer ones are cut, and both spellings are understood.
    for name in ["resresh_token_valid_time", "refresh_token_valid_time"] {
        let wish = json!({"auth_token_valid_time": "15m", name: 3_600_000_000_000_i64});
        let pair = app1.issue(wish).await;
        assert_eq!(pair.told["expires_in"], 900);
        assert_eq!(pair.told["refresh_expires_in"], 3600);
    }
    let pair = app1.issue(json!({"auth_token_valid_time": "1000h"})).await;
    assert_eq!(pair.told["expires_in"], 72 * 3600);
}

async fn s2_check_4_callers_set_no_claims_of_the_server(installation: Installation) {
    let jwtis = Jwtis::start(installation, &[]).await;
    let app1 = jwtis.register("app1", json!({})).await;
    let evil = json!({"iss": "evil", "exp": 4_102_444_800_i64, "jti": 5});
    let told = app1.send("/issue_token", json!({"claims": evil})).await;
    assert_refused(&told, 400, "E2206");
    let detail = text(&told.json()["errors"][0]["detail"]);
    assert!(detail.contains("iss") && detail.contains("jti"), "{detail}");
    for name in [
        "iss",
        "aud",
        "iat",
        "nbf",
        "jti",
        "client_id",
        "cnf",
        "typ",
        "scope",
        "roles",
        "act",
        "sid",
        "active",
        "username",
        "nonce",
        "amr",
    ] {
        for value in [json!(null), json!("x"), json!(1)] {
            let told = app1
                .send("/issue_token", json!({"claims": {name: value}}))
                .await;
            assert_refused(&told, 400, "E2206");
            assert!(text(&told.json()["errors"][0]["detail"]).contains(name));
        }
    }
    for claims in [
        json!({"exp": 4_102_444_800_i64}),
        json!({"exp": now() - 1}),
        json!({"exp": "soon"}),
        json!({"exp": 1.5}),
        json!({"sub": 7}),
        json!({"sub": ""}),
        json!({"sub": null}),
        json!({"long": "x".repeat(5000)}),
    ] {
        let told = app1.send("/issue_token", json!({"claims": claims})).await;
        assert_refused(&told, 400, "E2206");
    }
    for claims in [json!([]), json!("x"), json!(1)] {
        let told = app1.send("/issue_token", json!({"claims": claims})).await;
        assert_refused(&told, 400, "E2204");
    }
    for members in [json!({"claims": null}), json!({}), json!({"claims": {}})] {
        assert_eq!(app1.issue(members).await.claims()["sub"], "app1");
    }
    // A caller may end a token earlier.
    let end = now() + 600;
    let pair = app1.issue(json!({"claims": {"exp": end}})).await;
    assert_eq!(pair.claims()["exp"], end);
}

async fn s2_check_5_tells_unknown_expired_and_foreign_apart(installation: Installation) {
    let jwtis = Jwtis::start(installation, &[]).await;
    let app1 = jwtis.register("app1", json!({})).await;
    let app2 = jwtis.register("app2", json!({})).await;
    let unknown = json!({"kid": "nobody", "refresh_token": "x"}).to_string();
    for path in ["/issue_token", "/renew_token"] {
        let told = jwtis.post(path, app1.credential(), &unknown).await;
        assert_refused(&told, 404, "E2203");
        for body in ["", "[]", "{", "{}"] {
            let told = jwtis.post(path, app1.credential(), body).await;
            assert_refused(&told, 400, "E2204");
        }
    }
    let (own, foreign) = (app1.issue(json!({})).await, app2.issue(json!({})).await);
    let mut cut = own.refresh.clone();
    cut.truncate(cut.len() - 2);
    let other_tag = format!("{cut}AA");
    for garbage in [
        "x",
        "a.b.c.d.e",
        "irt_made-up",
        &cut,
        &other_tag,
        &foreign.refresh,
        &own.access,
    ] {
        let told = app1
            .send("/renew_token", json!({"refresh_token": garbage}))
            .await;
        assert_refused(&told, 403, "E1320");
        assert!(
            !told.body.contains(garbage) || garbage.len() < 12,
            "{told:?}"
        );
    }
    let told = app1.send("/renew_token", json!({})).await;
    assert_refused(&told, 400, "E2204");
    let wish = json!({"refresh_token": own.refresh, "refresh_strategy": "never"});
    assert_refused(&app1.send("/renew_token", wish).await, 400, "E2204");
    // Nothing of all that did any harm.
    app1.renew(&own).await;
    let short = app1.issue(json!({"refresh_token_valid_time": "2s"})).await;
    let expired = loop {
        let members = json!({"refresh_token": short.refresh});
        let told = app1.send("/renew_token", members).await;
        if told.status != 201 {
            break told;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    };
    assert_refused(&expired, 409, "E1322");
    let get = jwtis.get("/issue_token").await;
    assert_eq!(get.status, 405);
}

/// Where exactly `refreshOnExpire` begins to change tokens is told with a clock that stands still, in the rules.
async fn s2_check_6_each_strategy_keeps_its_promise(installation: Installation) {
    let jwtis = Jwtis::start(installation, &[("ISSUANT_LIFETIMES_RETRY_WINDOW", "0s")]).await;
    let keeps = jwtis.register("keeps", json!({})).await;
    let first = keeps
        .issue(json!({"claims": {"sub": "u1", "role": "x"}}))
        .await;
    let second = keeps.renew(&first).await;
    assert_eq!(second.refresh, first.refresh);
    assert_ne!(second.claims()["jti"], first.claims()["jti"]);
    assert_eq!(
        (&second.claims()["sub"], &second.claims()["role"]),
        (&json!("u1"), &json!("x"))
    );
    assert_near(number(&second.claims()["iat"]), now());
    // A request may ask for more than was decided.
    let wish = json!({"refresh_token": first.refresh, "refresh_strategy": "refreshBoth"});
    let third = Pair::of(&keeps.send("/renew_token", wish).await);
    assert_ne!(third.refresh, first.refresh);

    let both = jwtis
        .register("both", json!({"refresh_strategy": "refreshBoth"}))
        .await;
    let first = both.issue(json!({})).await;
    let second = both.renew(&first).await;
    assert_ne!(second.refresh, first.refresh);
    // And never for less. The answer was lost, so the old one works once more.
    let wish = json!({"refresh_token": first.refresh, "refresh_strategy": "noRefresh"});
    let third = Pair::of(&both.send("/renew_token", wish).await);
    assert_ne!(third.refresh, first.refresh);
    both.renew(&third).await;
    let told = both
        .send("/renew_token", json!({"refresh_token": first.refresh}))
        .await;
    assert_refused(&told, 403, "E1324");

    let options = json!({"refresh_strategy": "refreshOnExpire", "refresh_ttl": "10s"});
    let late = jwtis.register("late", options).await;
    let first = late.issue(json!({})).await;
    let mut ids = BTreeSet::new();
    let changed = loop {
        let renewed = late.renew(&first).await;
        ids.insert(text(&renewed.told["id"]));
        if renewed.refresh != first.refresh {
            break renewed;
        }
        tokio::time::sleep(Duration::from_millis(500)).await;
    };
    let age = now() - number(&first.claims()["iat"]);
    assert!(ids.len() > 1 && age >= 7, "changed after {age} s");
    late.renew(&changed).await;
}

async fn s2_check_7_tokens_outlive_the_renewal_of_keys(installation: Installation) {
    let jwtis = Jwtis::start(installation, &[]).await;
    let app1 = jwtis.register("app1", json!({})).await;
    let old = app1.issue(json!({})).await;
    let told = app1.send("/renew_keys", json!({})).await;
    assert_eq!(told.status, 201, "{told:?}");
    let kid = &told.json()["pub_sig_key"]["kid"];
    let new = app1.issue(json!({})).await;
    assert_eq!(part(&new.access, 0)["kid"], *kid);
    assert_ne!(part(&old.access, 0)["kid"], *kid);
    let keys = jwtis.key_set("/keys/app1").await;
    assert_eq!(keys.len(), 4);
    for pair in [&old, &new] {
        assert!(verifies(&keys, &pair.access));
        assert_eq!(app1.introspect(&pair.access).await["active"], true);
        assert_eq!(app1.introspect(&pair.refresh).await["active"], true);
    }
    assert_eq!(part(&app1.renew(&old).await.access, 0)["kid"], *kid);
}

async fn s2_check_9_a_revoked_pair_is_renewed_no_more(installation: Installation) {
    let jwtis = Jwtis::start(installation, &[]).await;
    let app1 = jwtis.register("app1", json!({})).await;
    let pairs = [app1.issue(json!({})).await, app1.issue(json!({})).await];
    let told = app1.form("/revoke", &[("token", &pairs[0].refresh)]).await;
    assert_eq!(told.status, 200, "{told:?}");
    let told = app1
        .send("/renew_token", json!({"refresh_token": pairs[0].refresh}))
        .await;
    assert_refused(&told, 403, "E1323");
    let form = [
        ("grant_type", "refresh_token"),
        ("refresh_token", &*pairs[0].refresh),
    ];
    let told = app1.form("/token", &form).await;
    assert_eq!(
        (told.status, &told.json()["error"]),
        (400, &json!("invalid_grant"))
    );
    assert_eq!(
        app1.introspect(&pairs[0].access).await,
        json!({"active": false})
    );
    // The other pair is another sign-in.
    assert_eq!(app1.introspect(&pairs[1].access).await["active"], true);
    app1.renew(&pairs[1]).await;
}

async fn each_credential_of_a_service_opens_the_same(installation: Installation) {
    let jwtis = Jwtis::start(installation, &[]).await;
    let app1 = jwtis.register("app1", json!({})).await;
    let app2 = jwtis.register("app2", json!({})).await;
    let body = json!({"kid": "app1"}).to_string();
    let post = |credential| jwtis.post("/issue_token", credential, &body);
    let token = text(&app1.told["client_token"]);
    Pair::of(&post(Credential::Token(&token)).await);
    Pair::of(&post(app1.credential()).await);
    let with_secret = json!({"kid": "app1", "client_secret": app1.secret}).to_string();
    Pair::of(
        &jwtis
            .post("/issue_token", Credential::Nothing, &with_secret)
            .await,
    );
    assert_refused(&post(Credential::Nothing).await, 401, "E1102");
    assert_refused(
        &post(Credential::Secret("app1", "wrong")).await,
        401,
        "E1101",
    );
    assert_refused(&post(Credential::Secret("app1", "")).await, 401, "E1101");
    assert_refused(&post(Credential::Token("wrong")).await, 401, "E1812");
    assert_refused(&post(app2.credential()).await, 403, "E2205");
    let of_app2 = text(&app2.told["client_token"]);
    assert_refused(&post(Credential::Token(&of_app2)).await, 401, "E1812");
    let both = jwtis
        .post("/issue_token", app1.credential(), &with_secret)
        .await;
    assert_refused(&both, 400, "E1103");
    let wrong = json!({"kid": "app1", "client_secret": "wrong"}).to_string();
    let told = jwtis
        .post("/issue_token", Credential::Nothing, &wrong)
        .await;
    assert_refused(&told, 401, "E1101");
}

async fn tokens_of_a_service_speak_of_no_user_of_this_server(installation: Installation) {
    let user = ["user", "create", "maya", "--password-file", "-"];
    let told = installation.run(&user, "copper lantern drifts north");
    let id = text(&told["sub"]);
    let jwtis = Jwtis::start(installation, &[]).await;
    let app1 = jwtis.register("app1", json!({})).await;
    let app2 = jwtis.register("app2", json!({})).await;
    let pair = app1
        .issue(json!({"claims": {"sub": id, "role": "x"}}))
        .await;
    let told = app1.introspect(&pair.access).await;
    assert_eq!(
        (&told["active"], &told["role"]),
        (&json!(true), &json!("x"))
    );
    assert!(
        told["username"].is_null() && told["roles"].is_null(),
        "{told}"
    );
    assert_eq!(
        app2.introspect(&pair.access).await,
        json!({"active": false})
    );
    assert_eq!(
        app2.introspect(&pair.refresh).await,
        json!({"active": false})
    );
    for path in ["/userinfo", "/verify", "/register/app1"] {
        for token in [&pair.access, &pair.refresh] {
            let request = jwtis.client.get(jwtis.server.at(path));
            let told = Told::by(request.bearer_auth(token)).await;
            // It may be good for something else.
            assert!([401, 403].contains(&told.status), "{path}: {told:?}");
        }
    }
    // Nor does it let anybody register.
    let told = jwtis
        .post("/register/app3", Credential::Token(&pair.access), "{}")
        .await;
    assert_refused(&told, 401, "E1403");
}

async fn the_standard_endpoints_take_and_give_the_same_tokens(installation: Installation) {
    let jwtis = Jwtis::start(installation, &[]).await;
    let options = json!({"auth_ttl": "15m", "sig_alg": "EdDSA", "enc_alg": "RSA-OAEP-256"});
    let app1 = jwtis.register("app1", options).await;
    let told = app1
        .form("/token", &[("grant_type", "client_credentials")])
        .await;
    let own = text(&told.json()["access_token"]);
    assert_eq!(told.json()["expires_in"], 900);
    assert!(told.json()["refresh_token"].is_null());
    assert_eq!(part(&own, 0)["kid"], app1.told["pub_sig_key"]["kid"]);
    assert!(verifies(&jwtis.key_set("/keys/app1").await, &own));
    let pair = app1
        .issue(json!({"claims": {"sub": "u1", "role": "x"}}))
        .await;
    let form = [
        ("grant_type", "refresh_token"),
        ("refresh_token", &*pair.refresh),
    ];
    let told = app1.form("/token", &form).await;
    assert_eq!(told.status, 200, "{told:?}");
    assert_eq!(told.json()["refresh_token"], pair.refresh.as_str());
    assert_eq!(told.json()["expires_in"], 900);
    let access = text(&told.json()["access_token"]);
    assert_eq!(part(&access, 1)["role"], "x");
    assert!(verifies(&jwtis.key_set("/keys/app1").await, &access));
}
