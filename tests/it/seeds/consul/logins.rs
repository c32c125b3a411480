//! Logins: who is let in, with what, and for how long.

use serde_json::{Value, json};

use super::{ISSUER, Stage, claims, is_uuid, now, on_both_databases};
use crate::clients::python;
use crate::support::foreign::Foreign;
use crate::support::needs;
use crate::support::server_process::Installation;

fn s3_check_1_a_good_token_gets_a_login_and_a_token(installation: Installation) {
    let stage = Stage::new(installation);
    stage.method("ci", &stage.config(&json!({}))).json();
    let rule = stage.rule(
        "ci",
        "value.team == \"web\"",
        "service",
        "svc-${value.team}",
    );
    assert!(is_uuid(&rule["ID"]));
    let body = json!({
        "AuthMethod": "ci", "BearerToken": stage.assertion(&json!({"team": "WEB"})), "Meta": {"pod": "a"},
    });
    // Another value than the one of the rule.
    let told = stage.ask("POST", "/v1/acl/login", None, body.to_string());
    told.assert_refused(403, "E1716");
    let body = json!({
        "AuthMethod": "ci", "BearerToken": format!(" {}\n", stage.assertion(&json!({}))),
        "Meta": {"pod": "a"},
    });
    let told = stage.ask("POST", "/v1/acl/login", None, body.to_string());
    let token = told.json();
    assert_eq!(
        token["ServiceIdentities"],
        json!([{"ServiceName": "svc-web"}])
    );
    assert_eq!(token["AuthMethod"], "ci");
    assert_eq!(
        token["Description"],
        "token created via login: {\"pod\":\"a\"}"
    );
    assert_eq!(token["Local"], true);
    for id in ["AccessorID", "SecretID"] {
        assert!(is_uuid(&token[id]), "{token}");
    }
    for empty in ["Roles", "Policies", "NodeIdentities", "TemplatedPolicies"] {
        assert_eq!(token[empty], json!([]), "{empty}");
    }
    for there in [
        "ExpirationTime",
        "CreateTime",
        "Hash",
        "CreateIndex",
        "ModifyIndex",
    ] {
        assert!(!token[there].is_null(), "{there}");
    }
    let seen = stage.introspect(token["SecretID"].as_str().unwrap());
    assert_eq!(seen["active"], true, "{seen}");
    assert_eq!(seen["client_id"], "trust:ci");
    assert_eq!(seen["sub"], "ci:job-7");
    assert_eq!(
        seen["exp"].as_i64().unwrap() - seen["iat"].as_i64().unwrap(),
        300
    );
    assert_eq!(
        seen["identities"],
        json!([{"type": "service", "name": "svc-web"}])
    );
    let told = stage.bring("ci", &stage.assertion(&json!({}))).json();
    assert_eq!(told["token_type"], "Bearer");
    assert_eq!(told["expires_in"], 300);
    let seen = stage.introspect(told["access_token"].as_str().unwrap());
    assert_eq!(seen["sub"], "ci:job-7");
    by_pyjwt(&stage);
}

/// Tokens that a program made that knows nothing of us.
fn by_pyjwt(stage: &Stage) {
    let Some(python) = needs::python() else {
        return;
    };
    let pair = rcgen::KeyPair::generate().unwrap();
    let config = stage.config(&json!({"JWTValidationPubKeys": [pair.public_key_pem()]}));
    stage.method("python", &config).json();
    stage.rule("python", "", "node", "n-1");
    let task = json!({
        "key": pair.serialize_pem(), "algorithm": "ES256",
        "claims": [claims(&json!({})), claims(&json!({"exp": now() - 100}))],
    });
    let made = python::run(&python, "foreign_token.py", &task);
    let token = |place: usize| made["tokens"][place].as_str().unwrap();
    let told = stage.log_in("python", token(0)).json();
    assert_eq!(
        told["NodeIdentities"],
        json!([{"NodeName": "n-1", "Datacenter": "dc1"}])
    );
    stage
        .log_in("python", token(1))
        .assert_refused(403, "E1708");
    stage
        .bring("python", token(1))
        .assert_error(400, "invalid_grant", "E1708");
}

fn s3_check_2_bad_tokens_are_refused_and_are_no_fault_of_ours(installation: Installation) {
    let stage = Stage::new(installation);
    stage.method("ci", &stage.config(&json!({}))).json();
    stage.rule("ci", "", "node", "n-1");
    for (others, id) in [
        (json!({"aud": "other"}), "E1712"),
        (json!({"aud": null}), "E1712"),
        (json!({"iss": "https://other.example"}), "E1711"),
        (json!({"exp": now() - 61}), "E1708"),
        (json!({"exp": null}), "E1710"),
        (json!({"nbf": now() + 100}), "E1709"),
        (json!({"team": {"a": 1}}), "E1715"),
    ] {
        let token = stage.assertion(&others);
        stage
            .bring("ci", &token)
            .assert_error(400, "invalid_grant", id);
        stage.log_in("ci", &token).assert_refused(403, id);
    }
    let forged = Stage::assertion_with(&Foreign::new().key, &json!({}));
    stage
        .bring("ci", &forged)
        .assert_error(400, "invalid_grant", "E1706");
    stage.log_in("ci", &forged).assert_refused(403, "E1706");
    // The leeway of a minute, with a second for this machine.
    stage
        .log_in("ci", &stage.assertion(&json!({"exp": now() - 57})))
        .json();
    let good = stage.assertion(&json!({}));
    stage
        .log_in("other", &good)
        .assert_refused(403, "ACL not found");
    stage.log_in("other", &good).assert_refused(403, "E1732");
    for body in ["", "{", "[]", "{}", "{\"AuthMethod\":1}"] {
        let told = stage.ask("POST", "/v1/acl/login", None, body.to_owned());
        told.assert_refused(400, "E1731");
    }
    for garbage in ["", "a", "a.b.c", "\u{0}"] {
        stage.log_in("ci", garbage).assert_refused(403, "E1704");
    }
}

fn s3_check_5_claims_become_attributes(installation: Installation) {
    let stage = Stage::new(installation);
    let mappings = json!({
        "ClaimMappings": {"/a/b": "b", "n": "n", "ok": "ok", "a.b": "dotted"},
        "ListClaimMappings": {"g": "g"},
    });
    stage.method("ci", &stage.config(&mappings)).json();
    stage.rule("ci", "value.b == X", "node", "n-1");
    let others = json!({"a": {"b": "X"}, "n": 3, "ok": true, "g": ["dev", 7]});
    let token = stage.assertion(&others);
    let test = ["trust", "test", "ci", "--token-file", "-"];
    let shown = stage.installation.run(&test, &token);
    assert_eq!(shown["values"], json!({"b": "X", "n": "3", "ok": "true"}));
    assert_eq!(shown["lists"], json!({"g": ["dev", "7"]}));
    assert_eq!(shown["gives"], json!([{"type": "node", "name": "n-1"}]));
    assert_eq!(shown["rules"][0]["outcome"], "gives node n-1");
    assert_eq!(stage.log_in("ci", &token).status, 200);
    // An object is no text.
    let singular = json!({"ClaimMappings": {"a": "a"}});
    stage.method("singular", &stage.config(&singular)).json();
    stage.rule("singular", "", "node", "n-1");
    stage
        .log_in("singular", &token)
        .assert_refused(403, "E1715");
}

fn s3_check_6_an_absent_claim_grants_nothing(installation: Installation) {
    let stage = Stage::new(installation);
    for (place, (selector, expected)) in [
        ("value.x matches \".*\"", 403),
        ("value.x != \"a\"", 403),
        ("\"a\" not in value.x", 403),
        ("not value.x == \"a\"", 403),
        ("value.x is empty", 200),
    ]
    .into_iter()
    .enumerate()
    {
        let name = format!("m-{place}");
        stage.method(&name, &stage.config(&json!({}))).json();
        stage.rule(&name, selector, "node", "n-1");
        let told = stage.log_in(&name, &stage.assertion(&json!({})));
        assert_eq!(told.status, expected, "{selector}: {}", told.text);
        if expected == 403 {
            told.assert_refused(403, "E1716");
        }
    }
}

/// The setting brings Consul's way back, with all that is weak about it.
fn s3_check_6_strict_compat_is_a_choice(installation: Installation) {
    let stage = Stage::with(installation, &[("ISSUANT_CONSUL_STRICT_COMPAT", "on")]);
    stage
        .method("ci", &stage.config(&json!({"BoundAudiences": null})))
        .json();
    stage.rule("ci", "value.x matches \".*\"", "node", "n-1");
    let told = stage.log_in("ci", &stage.assertion(&json!({"aud": null})));
    assert_eq!(told.status, 200, "{}", told.text);
    stage.rule("ci", "", "service", "svc-${value.team}");
    let invalid = stage.assertion(&json!({"aud": null, "team": "not valid"}));
    stage.log_in("ci", &invalid).assert_refused(403, "E1720");
    // The token endpoint stays as the standard has it.
    let told = stage.bring("ci", &stage.assertion(&json!({"aud": null})));
    told.assert_error(400, "invalid_grant", "E1712");
}

fn s3_check_7_parts_of_values_and_members_of_lists(installation: Installation) {
    let stage = Stage::new(installation);
    stage.method("ci", &stage.config(&json!({}))).json();
    stage.rule("ci", "\"eng\" in value.dept", "node", "part");
    stage.rule("ci", "\"eng\" in list.groups", "node", "member");
    stage.rule("ci", "\"engineering\" in list.groups", "node", "whole");
    let told = stage.log_in("ci", &stage.assertion(&json!({}))).json();
    let nodes = told["NodeIdentities"].as_array().unwrap();
    let names: Vec<&Value> = nodes.iter().map(|node| &node["NodeName"]).collect();
    assert_eq!(names, ["part", "whole"]);
}

fn s3_check_8_a_rule_that_gives_nothing_leaves_the_others(installation: Installation) {
    let stage = Stage::new(installation);
    stage.method("ci", &stage.config(&json!({}))).json();
    stage.rule("ci", "", "role", "unknown");
    let token = stage.assertion(&json!({}));
    stage.log_in("ci", &token).assert_refused(403, "E1716");
    stage.rule("ci", "", "role", "deployer");
    let told = stage.log_in("ci", &token).json();
    assert_eq!(told["Roles"].as_array().unwrap().len(), 1);
    assert_eq!(told["Roles"][0]["Name"], "deployer");
    assert!(is_uuid(&told["Roles"][0]["ID"]));
    stage.rule("ci", "", "service", "svc-${value.team}");
    let token = stage.assertion(&json!({"team": "not valid"}));
    let told = stage.log_in("ci", &token).json();
    assert_eq!(told["ServiceIdentities"], json!([]));
    assert_eq!(told["Roles"][0]["Name"], "deployer");
}

fn s3_check_10_a_login_ends(installation: Installation) {
    let stage = Stage::new(installation);
    stage.method("ci", &stage.config(&json!({}))).json();
    stage.rule("ci", "", "node", "n-1");
    let log_out = |token: &str| {
        let header = Some(("x-consul-token", token));
        stage.ask("POST", "/v1/acl/logout", header, String::new())
    };
    let secret = || {
        let told = stage.log_in("ci", &stage.assertion(&json!({}))).json();
        told["SecretID"].as_str().unwrap().to_owned()
    };
    let first = secret();
    assert_eq!(stage.introspect(&first)["active"], true);
    assert_eq!(log_out(&first).json(), true);
    assert_eq!(stage.introspect(&first), json!({"active": false}));
    log_out(&first).assert_refused(403, "ACL not found");
    log_out(&first).assert_refused(403, "E1735");
    log_out("garbage").assert_refused(403, "E1735");
    log_out(&stage.operator("read")).assert_refused(403, "E1736");
    let told = stage.ask("POST", "/v1/acl/logout", None, String::new());
    told.assert_refused(401, "E1734");
    let bearer = format!("Bearer {}", secret());
    let header = Some(("authorization", bearer.as_str()));
    let told = stage.ask("POST", "/v1/acl/logout", header, String::new());
    assert_eq!(told.json(), true);
    let query = format!("/v1/acl/logout?token={}", secret());
    assert_eq!(stage.ask("POST", &query, None, String::new()).json(), true);
    // RFC 7009, without a client, because there is none.
    let revoked = secret();
    let told = stage.form("/revoke", None, &[("token", &revoked)]);
    assert_eq!(told.status, 200);
    assert_eq!(stage.introspect(&revoked), json!({"active": false}));
    // With the method go its tokens.
    let orphan = secret();
    stage
        .admin("DELETE", "/v1/acl/auth-method/ci", &json!({}))
        .json();
    assert_eq!(stage.introspect(&orphan), json!({"active": false}));
    let kept = stage.assertion(&json!({"iss": ISSUER}));
    stage.log_in("ci", &kept).assert_refused(403, "E1732");
}

on_both_databases!(
    s3_check_1_a_good_token_gets_a_login_and_a_token,
    s3_check_2_bad_tokens_are_refused_and_are_no_fault_of_ours,
    s3_check_5_claims_become_attributes,
    s3_check_6_an_absent_claim_grants_nothing,
    s3_check_6_strict_compat_is_a_choice,
    s3_check_7_parts_of_values_and_members_of_lists,
    s3_check_8_a_rule_that_gives_nothing_leaves_the_others,
    s3_check_10_a_login_ends,
);
