//! The token endpoint: who asks, for which grant, with which scope (RFC 6749 §3.2).

use actix_web::test::TestRequest;

use crate::support::op::{TestOp, basic, claims, form_request, on_sqlite};

const CREDENTIALS: [(&str, &str); 2] = [("grant_type", "client_credentials"), ("scope", "read")];

/// A form that must be refused to this client.
fn refused(client: &'static str, form: &[(&str, &str)], told: (u16, &str, &str)) {
    on_sqlite(async |op| op.client(client).refused("/token", form, told).await);
}

/// The credentials of [`CREDENTIALS`] with another header and body, which must be refused.
async fn refused_with(
    op: &TestOp,
    header: Option<&str>,
    more: &[(&str, &str)],
    (status, error, id): (u16, &str, &str),
) {
    let mut form = CREDENTIALS.to_vec();
    form.extend(more);
    let request = form_request("/token", &form);
    let request = match header {
        Some(header) => request.insert_header(("authorization", header)),
        None => request,
    };
    let before = op.database.remembered();
    let reply = op.send(request).await;
    reply.assert_error(status, error, id);
    // RFC 9110 §15.5.2: with every 401, and only then.
    let challenge = reply.header("www-authenticate");
    let expected = (status == 401).then_some("Basic realm=\"https://id.example\"");
    assert_eq!(challenge, expected);
    assert_eq!(op.database.remembered(), before);
}

#[test]
fn grants_client_credentials_and_remembers_nothing() {
    on_sqlite(async |op| {
        let before = op.database.remembered();
        let reply = op.client("service").post("/token", &CREDENTIALS).await;
        let body = reply.json(200);
        assert_eq!(body["token_type"], "Bearer");
        assert_eq!(body["expires_in"], 300);
        assert_eq!(body["scope"], "read");
        assert_eq!(
            claims(body["access_token"].as_str().unwrap())["sub"],
            "service"
        );
        assert_eq!(reply.header("cache-control"), Some("no-store"));
        assert_eq!(op.database.remembered(), before);
    });
}

#[test]
fn answers_under_the_name_of_other_servers_too() {
    on_sqlite(async |op| {
        let reply = op
            .client("service")
            .post("/oauth2/token", &CREDENTIALS)
            .await;
        assert_eq!(reply.status, 200);
    });
}

#[test]
fn grants_to_a_client_whose_secret_a_person_chose() {
    on_sqlite(async |op| {
        let mut form = CREDENTIALS.to_vec();
        form.extend([("client_id", "post"), ("client_secret", "typed by hand")]);
        assert_eq!(op.anonymous().post("/token", &form).await.status, 200);
    });
}

#[test]
fn refuses_an_unknown_client() {
    on_sqlite(async |op| {
        let header = basic("nobody", "web-secret");
        refused_with(&op, Some(&header), &[], (401, "invalid_client", "E1101")).await;
        refused_with(
            &op,
            None,
            &[("client_id", "nobody")],
            (401, "invalid_client", "E1101"),
        )
        .await;
    });
}

#[test]
fn refuses_a_disabled_client() {
    refused("disabled", &CREDENTIALS, (401, "invalid_client", "E1106"));
}

#[test]
fn refuses_a_wrong_secret() {
    on_sqlite(async |op| {
        let header = basic("web", "wrong");
        refused_with(&op, Some(&header), &[], (401, "invalid_client", "E1101")).await;
        let body = [("client_id", "post"), ("client_secret", "wrong")];
        refused_with(&op, None, &body, (401, "invalid_client", "E1101")).await;
    });
}

#[test]
fn refuses_a_request_without_client_authentication() {
    on_sqlite(async |op| {
        refused_with(&op, None, &[], (401, "invalid_client", "E1102")).await;
        refused_with(
            &op,
            None,
            &[("client_id", "web")],
            (401, "invalid_client", "E1102"),
        )
        .await;
    });
}

#[test]
fn refuses_two_kinds_of_client_authentication() {
    on_sqlite(async |op| {
        let header = basic("web", "web-secret");
        let body = [("client_id", "web"), ("client_secret", "web-secret")];
        refused_with(&op, Some(&header), &body, (400, "invalid_request", "E1103")).await;
    });
}

#[test]
fn refuses_two_authorization_headers() {
    on_sqlite(async |op| {
        let request = form_request("/token", &CREDENTIALS)
            .append_header(("authorization", basic("web", "web-secret")))
            .append_header(("authorization", basic("other", "other-secret")));
        op.send(request)
            .await
            .assert_error(401, "invalid_client", "E1105");
    });
}

#[test]
fn refuses_another_kind_of_client_authentication_than_the_registered_one() {
    on_sqlite(async |op| {
        let body = [("client_id", "web"), ("client_secret", "web-secret")];
        refused_with(&op, None, &body, (401, "invalid_client", "E1104")).await;
        let header = basic("post", "typed by hand");
        refused_with(&op, Some(&header), &[], (401, "invalid_client", "E1104")).await;
    });
}

#[test]
fn refuses_a_header_that_is_not_basic() {
    on_sqlite(async |op| {
        for header in ["Bearer abc", "Basic", "Basic \u{ff}", "Basic ***"] {
            refused_with(&op, Some(header), &[], (401, "invalid_client", "E1105")).await;
        }
    });
}

#[test]
fn refuses_a_public_client_that_wants_a_token_of_its_own() {
    refused("spa", &CREDENTIALS, (400, "unauthorized_client", "E1107"));
}

#[test]
fn refuses_a_request_without_grant_type() {
    refused(
        "web",
        &[("scope", "read")],
        (400, "invalid_request", "E1005"),
    );
}

#[test]
fn reads_an_empty_parameter_as_absent() {
    refused(
        "web",
        &[("grant_type", "")],
        (400, "invalid_request", "E1005"),
    );
    on_sqlite(async |op| {
        let form = [("grant_type", "client_credentials"), ("scope", "")];
        let body = op.client("service").post("/token", &form).await.json(200);
        assert_eq!(body["scope"], "read write");
    });
}

#[test]
fn refuses_an_unsupported_grant() {
    refused(
        "web",
        &[("grant_type", "password")],
        (400, "unsupported_grant_type", "E1301"),
    );
}

#[test]
fn refuses_a_grant_that_the_client_may_not_use() {
    refused("once", &CREDENTIALS, (400, "unauthorized_client", "E1302"));
    let refresh = [("grant_type", "refresh_token"), ("refresh_token", "any")];
    refused("service", &refresh, (400, "unauthorized_client", "E1302"));
}

#[test]
fn refuses_an_unknown_a_wider_and_a_malformed_scope() {
    for scope in ["admin", "read admin", "openid", "re\"ad", "caf\u{e9}"] {
        let form = [("grant_type", "client_credentials"), ("scope", scope)];
        refused("service", &form, (400, "invalid_scope", "E1303"));
    }
}

#[test]
fn answers_only_to_post() {
    on_sqlite(async |op| {
        for method in ["GET", "HEAD", "PUT", "DELETE", "PATCH"] {
            let method = method.parse().unwrap();
            let is_head = method == actix_web::http::Method::HEAD;
            let reply = op
                .send(TestRequest::default().method(method).uri("/token"))
                .await;
            assert_eq!(reply.status, 405);
            assert_eq!(reply.header("allow"), Some("POST"));
            if !is_head {
                reply.assert_error(405, "invalid_request", "E1007");
            }
        }
    });
}

#[test]
fn does_not_read_credentials_from_the_address() {
    on_sqlite(async |op| {
        let path = "/token?client_id=spa&grant_type=client_credentials";
        op.anonymous()
            .refused(path, &[], (401, "invalid_client", "E1102"))
            .await;
    });
}
