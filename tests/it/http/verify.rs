//! Forward-auth: which request may pass a proxy, and what the application is told.

use crate::support::op::{TestOp, WEB, on_sqlite};

async fn access_token(op: &TestOp, scope: &str) -> String {
    let code = op.browser().code("ada", &[("scope", scope)]).await;
    let reply = op.client("web").redeem(&code, WEB).await;
    reply.token("access_token")
}

#[test]
fn lets_a_good_token_pass_and_tells_who_it_is() {
    on_sqlite(async |op| {
        let token = access_token(&op, "openid profile email read").await;
        let reply = op.get_with("/verify?scope=read", &token).await;
        assert_eq!(reply.status, 200);
        for (name, value) in [
            ("remote-subject", "sub-ada"),
            ("remote-client", "web"),
            ("remote-scope", "email openid profile read"),
            ("remote-user", "ada"),
            ("remote-name", "Ada Example"),
            ("remote-groups", "admin"),
            ("remote-email", "ada@example.org"),
        ] {
            assert_eq!(reply.header(name), Some(value), "{name}");
        }
    });
}

#[test]
fn tells_of_a_person_what_the_scope_reveals() {
    on_sqlite(async |op| {
        let token = access_token(&op, "openid read").await;
        let reply = op.get_with("/verify", &token).await;
        assert_eq!(reply.status, 200);
        assert_eq!(reply.header("remote-subject"), Some("sub-ada"));
        for name in [
            "remote-user",
            "remote-name",
            "remote-groups",
            "remote-email",
        ] {
            assert_eq!(reply.header(name), None, "{name}");
        }
    });
}

#[test]
fn a_service_is_told_as_itself() {
    on_sqlite(async |op| {
        let grant = [("grant_type", "client_credentials"), ("scope", "read")];
        let reply = op.client("service").post("/token", &grant).await;
        let token = reply.token("access_token");
        let path = "/verify?audience=https://api.example&scope=read";
        let reply = op.get_with(path, &token).await;
        assert_eq!(reply.status, 200);
        assert_eq!(reply.header("remote-subject"), Some("service"));
        assert_eq!(reply.header("remote-user"), None);
        // RFC 9068 §4: meant for that API, it opens nothing else.
        for path in ["/verify", "/verify?audience=https://other.example"] {
            op.get_with(path, &token)
                .await
                .assert_error(401, "invalid_token", "E1403");
        }
    });
}

#[test]
fn stops_what_must_not_pass() {
    on_sqlite(async |op| {
        let nobody = op.get("/verify").await;
        nobody.assert_error(401, "invalid_token", "E1401");
        assert!(
            nobody
                .header("www-authenticate")
                .unwrap()
                .starts_with("Bearer realm=")
        );
        for garbage in ["garbage", "two words", "a,b"] {
            let reply = op.get_with("/verify", garbage).await;
            reply.assert_error(401, "invalid_token", "E1403");
        }
        // RFC 9700 §4.3.2: a token in the address is not read.
        let token = access_token(&op, "openid read").await;
        let in_address = op.get(&format!("/verify?access_token={token}")).await;
        in_address.assert_error(401, "invalid_token", "E1401");
        let narrow = op.get_with("/verify?scope=read+write", &token).await;
        narrow.assert_error(403, "insufficient_scope", "E1404");
        let challenge = narrow.header("www-authenticate").unwrap();
        assert!(challenge.ends_with("scope=\"read write\""), "{challenge}");
        for query in ["scope=%22", "scope=a&scope=b", "scope=%zz"] {
            let reply = op.get_with(&format!("/verify?{query}"), &token).await;
            reply.assert_error(400, "invalid_request", "E1402");
            let challenge = reply.header("www-authenticate").unwrap();
            assert!(!challenge.contains("scope=\""), "{challenge}");
        }
        let revoked = op.client("web").post("/revoke", &[("token", &token)]).await;
        assert_eq!(revoked.status, 200);
        op.get_with("/verify", &token)
            .await
            .assert_error(401, "invalid_token", "E1403");
    });
}

#[test]
fn seeing_an_access_token_ends_the_life_of_the_older_refresh_token() {
    on_sqlite(async |op| {
        let code = op.browser().code("ada", &[]).await;
        let web = op.client("web");
        let first = web.redeem(&code, WEB).await.token("refresh_token");
        let second = web.refresh(&first).await;
        let seen = op.get_with("/verify", &second.token("access_token")).await;
        assert_eq!(seen.status, 200);
        web.refresh(&first)
            .await
            .assert_error(400, "invalid_grant", "E1324");
    });
}
