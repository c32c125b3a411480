//! Auth methods and binding rules: read as Consul's are, and refused where they cannot be.

use serde_json::{Value, json};

use super::{Stage, is_uuid, now, on_both_databases};
use crate::support::server_process::Installation;

fn s3_check_4_definitions_are_read_strictly(installation: Installation) {
    let stage = Stage::with(installation, &[("ISSUANT_CONSUL_STRICT_COMPAT", "on")]);
    let pem = stage.foreign.pem.clone();
    for (others, part) in [
        (
            json!({"JWKSURL": "https://a.example/keys"}),
            "JWTValidationPubKeys, JWKSURL",
        ),
        (
            json!({"JWTValidationPubKeys": null}),
            "exactly one of JWTValidationPubKeys, JWKSURL and OIDCDiscoveryURL",
        ),
        (json!({"JWTSupportedAlgs": ["HS256"]}), "JWTSupportedAlgs"),
        (json!({"JWTSupportedAlgs": ["none"]}), "JWTSupportedAlgs"),
        (json!({"ClaimMappings": {"a": "x", "b": "x"}}), "two claims"),
        (
            json!({"ListClaimMappings": {"a": "x", "b": "x"}}),
            "two claims",
        ),
        (json!({"Unknown": true}), "Unknown"),
        (
            json!({"JWTValidationPubKeys": ["garbage"]}),
            "JWTValidationPubKeys",
        ),
        (
            json!({"JWTValidationPubKeys": [pem, ""]}),
            "JWTValidationPubKeys",
        ),
        (json!({"JWKSCACert": "x"}), "JWKSCACert"),
        (json!({"OIDCDiscoveryCACert": "x"}), "OIDCDiscoveryCACert"),
        (json!({"ExpirationLeeway": "soon"}), "ExpirationLeeway"),
        (json!({"ClockSkewLeeway": 10_000}), "leeway"),
    ] {
        let told = stage.method("bad", &stage.config(&others));
        told.assert_refused(400, "E1730");
        told.assert_refused(400, part);
    }
    // Ten seconds, in both ways in which they are written.
    for (name, leeway) in [("text", json!("10s")), ("number", json!(10))] {
        stage
            .method(name, &stage.config(&json!({"ExpirationLeeway": leeway})))
            .json();
        stage.rule(name, "", "node", "n-1");
        let made = |age: i64| stage.assertion(&json!({"exp": null, "iat": now() - age}));
        assert_eq!(stage.log_in(name, &made(65)).status, 200, "{name}");
        stage.log_in(name, &made(75)).assert_refused(403, "E1708");
    }
    let with = |name: &str, value: Value| {
        let mut method = json!({"Name": "m", "Type": "jwt", "Config": stage.config(&json!({}))});
        method[name] = value;
        stage.admin("PUT", "/v1/acl/auth-method", &method)
    };
    with("Type", json!("oidc")).assert_refused(400, "E1738");
    with("Type", json!("kubernetes")).assert_refused(400, "E1738");
    with("Type", json!("other")).assert_refused(400, "E1730");
    with("Name", json!("a b")).assert_refused(400, "E1730");
    with("MaxTokenTTL", json!("10s")).assert_refused(400, "MaxTokenTTL");
    with("MaxTokenTTL", json!("25h")).assert_refused(400, "MaxTokenTTL");
    with("TokenLocality", json!("here")).assert_refused(400, "TokenLocality");
    let told = stage.ask(
        "PUT",
        "/v1/acl/auth-method",
        Some(("x-consul-token", &stage.token)),
        "{".into(),
    );
    told.assert_refused(400, "E1731");
}

fn s3_check_4_methods_and_rules_are_managed(installation: Installation) {
    let stage = Stage::new(installation);
    let config = stage.config(&json!({"ClockSkewLeeway": "30s"}));
    let added = stage.method("ci", &config).json();
    let shown = stage
        .admin("GET", "/v1/acl/auth-method/ci", &json!({}))
        .json();
    assert_eq!(shown, added);
    assert_eq!(shown["Config"], config);
    assert_eq!(shown["MaxTokenTTL"], "5m");
    // What was shown is taken again, as it is.
    let mut changed = shown.clone();
    changed["Description"] = json!("of builds");
    let told = stage
        .admin("PUT", "/v1/acl/auth-method/ci", &changed)
        .json();
    assert_eq!(told["Description"], "of builds");
    stage.method("ci", &config).assert_refused(400, "E1730");
    stage
        .admin("PUT", "/v1/acl/auth-method/other", &changed)
        .assert_refused(400, "Name");
    changed["Name"] = json!("other");
    stage
        .admin("PUT", "/v1/acl/auth-method/other", &changed)
        .assert_refused(404, "E1733");
    stage
        .admin("GET", "/v1/acl/auth-method/other", &json!({}))
        .assert_refused(404, "E1733");
    let listed = stage
        .admin("GET", "/v1/acl/auth-methods", &json!({}))
        .json();
    assert_eq!(listed.as_array().unwrap().len(), 1);
    assert_eq!(listed[0].get("Config"), None);
    let rule = stage.rule("ci", "value.team == web", "templated-policy", "builtin/dns");
    let path = format!("/v1/acl/binding-rule/{}", rule["ID"].as_str().unwrap());
    assert!(is_uuid(&rule["ID"]));
    assert_eq!(stage.admin("GET", &path, &json!({})).json(), rule);
    let mut changed = rule.clone();
    changed["Selector"] = json!("");
    let told = stage.admin("PUT", &path, &changed).json();
    assert_eq!(told["Selector"], "");
    changed["AuthMethod"] = json!("other");
    stage
        .admin("PUT", &path, &changed)
        .assert_refused(400, "AuthMethod");
    for (selector, bind_type, name) in [
        ("value.", "node", "n"),
        ("", "other", "n"),
        ("", "node", "N"),
        ("", "node", "${value.unmapped}"),
        ("", "templated-policy", "builtin/service"),
    ] {
        let rule = json!({
            "AuthMethod": "ci", "Selector": selector, "BindType": bind_type, "BindName": name,
        });
        let told = stage.admin("PUT", "/v1/acl/binding-rule", &rule);
        told.assert_refused(400, "E1730");
    }
    let of = |method: &str| {
        let path = format!("/v1/acl/binding-rules?authmethod={method}");
        let listed = stage.admin("GET", &path, &json!({})).json();
        listed.as_array().unwrap().len()
    };
    assert_eq!((of("ci"), of("other")), (1, 0));
    assert_eq!(stage.admin("DELETE", &path, &json!({})).json(), true);
    stage
        .admin("GET", &path, &json!({}))
        .assert_refused(404, "E1733");
    assert_eq!(of("ci"), 0);
    for _ in 0..2 {
        let told = stage.admin("DELETE", "/v1/acl/auth-method/ci", &json!({}));
        assert_eq!(told.json(), true);
    }
    // Only who may.
    let path = "/v1/acl/auth-methods";
    stage
        .ask("GET", path, None, String::new())
        .assert_refused(401, "E1734");
    let unknown = Some(("x-consul-token", "garbage"));
    stage
        .ask("GET", path, unknown, String::new())
        .assert_refused(403, "E1735");
    let other = stage.operator("read");
    let other = Some(("x-consul-token", other.as_str()));
    stage
        .ask("GET", path, other, String::new())
        .assert_refused(403, "E1737");
}

/// What is switched off is not there.
fn s3_the_group_has_a_switch(installation: Installation) {
    let stage = Stage::with(installation, &[("ISSUANT_CONSUL_ENABLED", "off")]);
    for (method, path) in [
        ("POST", "/v1/acl/login"),
        ("POST", "/v1/acl/logout"),
        ("PUT", "/v1/acl/auth-method"),
        ("GET", "/v1/acl/auth-methods"),
        ("GET", "/v1/acl/binding-rules"),
    ] {
        assert_eq!(stage.admin(method, path, &json!({})).status, 404, "{path}");
    }
}

on_both_databases!(
    s3_check_4_definitions_are_read_strictly,
    s3_check_4_methods_and_rules_are_managed,
    s3_the_group_has_a_switch,
);
