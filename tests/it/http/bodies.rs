//! Bodies that are not what an endpoint reads: of another type, too large, not text, with doubled parameters. The same
//! for each endpoint that takes a form.

use actix_web::test::TestRequest;

use crate::support::op::{TestOp, basic, on_sqlite};

const FORM: &str = "application/x-www-form-urlencoded";
const ENDPOINTS: [&str; 4] = ["/token", "/oauth2/token", "/introspect", "/revoke"];

fn request(path: &str, media_type: &str, body: impl Into<Vec<u8>>) -> TestRequest {
    TestRequest::post()
        .uri(path)
        .insert_header(("content-type", media_type))
        .insert_header(("authorization", basic("web", "web-secret")))
        .set_payload(body.into())
}

async fn refused(op: &TestOp, request: TestRequest, status: u16, id: &str) {
    let before = op.database.remembered();
    op.send(request)
        .await
        .assert_error(status, "invalid_request", id);
    assert_eq!(op.database.remembered(), before);
}

#[test]
fn refuses_a_body_of_another_type() {
    on_sqlite(async |op| {
        for path in ENDPOINTS {
            let json = r#"{"grant_type":"client_credentials"}"#;
            refused(&op, request(path, "application/json", json), 400, "E1001").await;
            refused(&op, request(path, "text/plain", "a=b"), 400, "E1001").await;
            let untyped = TestRequest::post().uri(path).set_payload("a=b");
            refused(&op, untyped, 400, "E1001").await;
        }
    });
}

#[test]
fn accepts_a_type_with_parameters_in_any_case() {
    on_sqlite(async |op| {
        let media_type = "Application/X-WWW-Form-URLencoded; charset=UTF-8";
        let request = request("/token", media_type, "grant_type=client_credentials");
        assert_eq!(op.send(request).await.status, 200);
    });
}

#[test]
fn refuses_a_body_that_is_too_large() {
    on_sqlite(async |op| {
        for path in ENDPOINTS {
            let body = format!("token={}", "a".repeat(64 * 1024));
            refused(&op, request(path, FORM, body), 413, "E1002").await;
        }
    });
}

#[test]
fn refuses_a_flood_of_parameters() {
    on_sqlite(async |op| {
        let names: Vec<String> = (0..200).map(|number| format!("p{number}=1")).collect();
        refused(&op, request("/token", FORM, names.join("&")), 413, "E1002").await;
    });
}

#[test]
fn refuses_a_body_that_is_not_text() {
    on_sqlite(async |op| {
        for body in [
            &b"scope=\xff"[..],
            b"scope=%ff",
            b"scope=%zz",
            b"scope=%",
            b"scope=%00",
        ] {
            for path in ENDPOINTS {
                refused(&op, request(path, FORM, body), 400, "E1003").await;
            }
        }
    });
}

#[test]
fn refuses_a_doubled_parameter() {
    on_sqlite(async |op| {
        for body in [
            "grant_type=client_credentials&grant_type=client_credentials",
            "scope=read&%73cope=write",
            "scope=&scope=read",
            "unknown=1&unknown=2",
        ] {
            for path in ENDPOINTS {
                refused(&op, request(path, FORM, body), 400, "E1004").await;
            }
        }
    });
}

#[test]
fn refuses_the_same_on_pages() {
    on_sqlite(async |op| {
        for path in ["/login", "/consent", "/setup", "/account/sessions/end"] {
            let reply = op.send(request(path, "application/json", "{}")).await;
            reply.assert_page(400, "E1001");
            let reply = op.send(request(path, FORM, "csrf=%ff")).await;
            reply.assert_page(400, "E1003");
            let reply = op.send(request(path, FORM, "csrf=a&csrf=b")).await;
            reply.assert_page(400, "E1004");
        }
        for path in [
            "/authorize?state=%ff",
            "/login?request=%ff",
            "/logout?state=%ff",
        ] {
            op.get(path).await.assert_page(400, "E1003");
        }
    });
}
