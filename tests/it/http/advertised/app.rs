//! An application that registers itself, signs Ada in, and authenticates in its own way.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use actix_web::test::TestRequest;
use issuant::crypto::algorithm::Algorithm;
use issuant::crypto::jwt;
use issuant::crypto::signing_key::SigningKey;
use jsonwebtoken::{EncodingKey, Header};
use serde_json::{Value, json};

use crate::support::cast::{ISSUER, new_key};
use crate::support::op::{
    Reply, TestOp, authorize_url, basic, form_request, query, redemption, refreshing,
};

pub(super) const CALLBACK: &str = "https://new.example/cb";

/// Nothing is signed twice under one `jti`.
static MADE: AtomicU64 = AtomicU64::new(0);

pub(super) struct App<'a> {
    op: &'a TestOp,
    /// What the registration answered.
    told: Value,
    /// Signs its assertions.
    key: Option<Arc<SigningKey>>,
    /// Of its assertions.
    algorithm: String,
}

/// Posts a registration.
pub(super) async fn register(op: &TestOp, metadata: Value) -> Reply {
    let mut body = json!({
        "redirect_uris": [CALLBACK],
        "grant_types": ["authorization_code", "refresh_token"],
    });
    for (name, value) in metadata.as_object().unwrap() {
        body[name] = value.clone();
    }
    let request = TestRequest::post().uri("/register").set_json(&body);
    op.send(request).await
}

/// Posts a registration that must be refused.
pub(super) async fn refused(op: &TestOp, metadata: Value, id: &str) {
    let before = op.database.remembered();
    let reply = register(op, metadata).await;
    reply.assert_error(400, "invalid_client_metadata", id);
    assert_eq!(op.database.remembered(), before);
}

impl<'a> App<'a> {
    pub(super) async fn new(op: &'a TestOp, metadata: Value) -> Self {
        Self {
            op,
            told: register(op, metadata).await.json(201),
            key: None,
            algorithm: String::new(),
        }
    }

    /// One that signs its assertions like this.
    pub(super) async fn signing(op: &'a TestOp, algorithm: &str) -> Self {
        let key = algorithm.parse::<Algorithm>().ok().map(new_key);
        let mut metadata = json!({"token_endpoint_auth_signing_alg": algorithm});
        match &key {
            Some(key) => {
                metadata["token_endpoint_auth_method"] = "private_key_jwt".into();
                metadata["jwks"] = json!({"keys": [key.public_jwk()]});
            }
            None => metadata["token_endpoint_auth_method"] = "client_secret_jwt".into(),
        }
        let app = Self::new(op, metadata).await;
        Self {
            key,
            algorithm: algorithm.to_owned(),
            ..app
        }
    }

    pub(super) fn id(&self) -> &str {
        self.told["client_id"].as_str().unwrap()
    }

    pub(super) fn secret(&self) -> &str {
        self.told["client_secret"].as_str().unwrap()
    }

    /// Ada signs in and agrees. Answers where the browser is sent.
    pub(super) async fn authorize(&self, deviations: &[(&str, &str)]) -> String {
        let mut browser = self.op.browser();
        browser.authorize("ada", &self.deviating(deviations)).await
    }

    /// The authorization request of this app.
    pub(super) fn request(&self, deviations: &[(&str, &str)]) -> String {
        authorize_url(&self.deviating(deviations))
    }

    pub(super) fn deviating<'b>(
        &'b self,
        deviations: &[(&'b str, &'b str)],
    ) -> Vec<(&'b str, &'b str)> {
        let own = [
            ("client_id", self.id()),
            ("redirect_uri", CALLBACK),
            ("scope", "openid"),
        ];
        let is_kept = |(name, _): &(&str, &str)| deviations.iter().all(|(other, _)| other != name);
        let own = own.into_iter().filter(is_kept);
        own.chain(deviations.iter().copied()).collect()
    }

    /// The answer of the token endpoint to a sign-in.
    pub(super) async fn sign_in(&self, deviations: &[(&str, &str)]) -> Reply {
        let address = self.authorize(deviations).await;
        self.redeem(&address).await
    }

    /// Redeems the code in an answer.
    pub(super) async fn redeem(&self, address: &str) -> Reply {
        let code = query(address)["code"].clone();
        self.post("/token", &redemption(&code, CALLBACK)).await
    }

    pub(super) async fn refresh(&self, token: &str) -> Reply {
        self.post("/token", &refreshing(token)).await
    }

    /// Posts a form, authenticated as the app is registered.
    pub(super) async fn post(&self, path: &str, form: &[(&str, &str)]) -> Reply {
        let method = self.told["token_endpoint_auth_method"].as_str().unwrap();
        let of = |more: &[(&str, &str)]| form_request(path, &[form, more].concat());
        let request = match method {
            "client_secret_basic" => {
                let header = ("authorization", basic(self.id(), self.secret()));
                of(&[]).insert_header(header)
            }
            "client_secret_post" => {
                of(&[("client_id", self.id()), ("client_secret", self.secret())])
            }
            "client_secret_jwt" | "private_key_jwt" => {
                let assertion = self.assertion(&self.algorithm);
                of(&asserting(&assertion))
            }
            "none" => of(&[("client_id", self.id())]),
            _ => panic!("nobody wrote down how to use {method}"),
        };
        self.op.send(request).await
    }

    /// A new assertion (RFC 7523 §2.2), with the key of the app, or with its secret and that algorithm.
    pub(super) fn assertion(&self, algorithm: &str) -> String {
        let (id, now) = (self.id(), self.op.now());
        let jti = MADE.fetch_add(1, Ordering::Relaxed).to_string();
        let claims = json!({
            "iss": id, "sub": id, "aud": ISSUER, "jti": jti, "iat": now, "exp": now + 60,
        });
        if let Some(key) = &self.key {
            return jwt::sign(key, None, &claims).unwrap();
        }
        let header = Header::new(algorithm.parse().unwrap());
        let key = EncodingKey::from_secret(self.secret().as_bytes());
        jsonwebtoken::encode(&header, &claims, &key).unwrap()
    }
}

/// The parameters of an assertion.
pub(super) fn asserting(assertion: &str) -> [(&str, &str); 2] {
    let kind = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
    [
        ("client_assertion_type", kind),
        ("client_assertion", assertion),
    ]
}
