//! A client program and the forms that it sends.

use super::{Reply, TestOp, TestRequest, Value};
use crate::support::cast::VERIFIER;

/// A client program.
#[derive(Clone)]
pub(crate) struct Caller<'a> {
    pub(super) op: &'a TestOp,
    pub(super) authorization: Option<String>,
    pub(super) client_id: Option<&'static str>,
}

impl Caller<'_> {
    /// Posts a form.
    pub(crate) async fn post(&self, path: &str, form: &[(&str, &str)]) -> Reply {
        self.op.send(self.request(path, form)).await
    }

    /// The request of [`Caller::post`], to be changed.
    pub(crate) fn request(&self, path: &str, form: &[(&str, &str)]) -> TestRequest {
        let mut form = form.to_vec();
        form.extend(self.client_id.map(|id| ("client_id", id)));
        let request = form_request(path, &form);
        match &self.authorization {
            Some(header) => request.insert_header(("authorization", header.clone())),
            None => request,
        }
    }

    /// Posts a form that must be refused, and checks that nothing else happened.
    pub(crate) async fn refused(
        &self,
        path: &str,
        form: &[(&str, &str)],
        (status, error, id): (u16, &str, &str),
    ) {
        let before = self.op.database.remembered();
        let reply = self.post(path, form).await;
        reply.assert_error(status, error, id);
        assert_eq!(
            self.op.database.remembered(),
            before,
            "{id} changed the store"
        );
        // RFC 9110 §15.5.2: with every 401, and only then.
        assert_eq!(reply.header("www-authenticate").is_some(), status == 401);
    }

    /// Redeems a code of the web app, or of another client at its address.
    pub(crate) async fn redeem(&self, code: &str, redirect_uri: &str) -> Reply {
        self.post("/token", &redemption(code, redirect_uri)).await
    }

    pub(crate) async fn refresh(&self, token: &str) -> Reply {
        self.post("/token", &refreshing(token)).await
    }

    /// What introspection tells.
    pub(crate) async fn introspect(&self, token: &str) -> Value {
        let reply = self.post("/introspect", &[("token", token)]).await;
        reply.json(200)
    }
}

/// The form that redeems a code.
pub(crate) fn redemption<'a>(code: &'a str, redirect_uri: &'a str) -> [(&'a str, &'a str); 4] {
    [
        ("grant_type", "authorization_code"),
        ("code", code),
        ("redirect_uri", redirect_uri),
        ("code_verifier", VERIFIER),
    ]
}

/// The form that refreshes.
pub(crate) fn refreshing(token: &str) -> [(&str, &str); 2] {
    [("grant_type", "refresh_token"), ("refresh_token", token)]
}

/// The value of an `Authorization` header.
pub(crate) fn basic(client_id: &str, secret: &str) -> String {
    use base64::Engine as _;
    let pair = format!("{client_id}:{secret}");
    format!(
        "Basic {}",
        base64::engine::general_purpose::STANDARD.encode(pair)
    )
}

/// A POST with a form as body.
pub(crate) fn form_request(path: &str, form: &[(&str, &str)]) -> TestRequest {
    TestRequest::post()
        .uri(path)
        .insert_header(("content-type", "application/x-www-form-urlencoded"))
        .set_payload(encode(form))
}

pub(crate) fn encode(form: &[(&str, &str)]) -> String {
    url::form_urlencoded::Serializer::new(String::new())
        .extend_pairs(form)
        .finish()
}
