//! S2: services with keys of their own, at the paths of jwtis.

mod keys;
mod tokens;

use issuant::crypto::secret::Secret;
use serde_json::{Value, json};

use super::{Told, made_client, with_form};
use crate::support::server_process::{Installation, ServerProcess};

/// A running server that lets services register.
struct Jwtis {
    installation: Installation,
    server: ServerProcess,
    client: reqwest::Client,
    installer: Secret,
    initial: String,
}

impl Jwtis {
    async fn start(mut installation: Installation, settings: &[(&'static str, &str)]) -> Self {
        let on = [
            ("ISSUANT_JWTIS_ENABLED", "on"),
            ("ISSUANT_REGISTRATION_MODE", "token"),
        ];
        for (name, value) in on.iter().chain(settings) {
            installation.variables.push((name, (*value).into()));
        }
        let may = [
            "--grant",
            "client_credentials",
            "--scope",
            "client_registration",
        ];
        let installer = made_client(&installation, "installer", &may);
        let server = installation.serve();
        let jwtis = Self {
            installation,
            server,
            client: reqwest::Client::new(),
            installer,
            initial: String::new(),
        };
        jwtis.with_initial_token().await
    }

    /// The same data with another server.
    async fn restart(mut self, settings: &[(&'static str, &str)]) -> Self {
        self.server.kill();
        for (name, value) in settings {
            self.installation.variables.push((name, (*value).into()));
        }
        self.server = self.installation.serve();
        self.client = reqwest::Client::new();
        self.with_initial_token().await
    }

    async fn with_initial_token(mut self) -> Self {
        let request = self.client.post(self.server.at("/token"));
        let request = request.basic_auth("installer", Some(self.installer.expose()));
        let told = Told::by(with_form(request, &[("grant_type", "client_credentials")])).await;
        self.initial = text(&told.json()["access_token"]);
        self
    }

    async fn post(&self, path: &str, credential: Credential<'_>, body: &str) -> Told {
        let request = self.client.post(self.server.at(path));
        let request = match credential {
            Credential::Nothing => request,
            Credential::Secret(id, secret) => request.basic_auth(id, Some(secret)),
            Credential::Token(token) => request.bearer_auth(token),
        };
        let request = request.header("content-type", "application/json");
        Told::by(request.body(body.to_owned())).await
    }

    async fn try_register(&self, kid: &str, body: &str) -> Told {
        let token = Credential::Token(&self.initial);
        self.post(&format!("/register/{kid}"), token, body).await
    }

    async fn register(&self, kid: &str, options: Value) -> Service<'_> {
        let told = self.try_register(kid, &options.to_string()).await;
        assert_eq!(told.status, 201, "{told:?}");
        Service {
            jwtis: self,
            kid: kid.to_owned(),
            secret: text(&told.json()["client_secret"]),
            told: told.json(),
        }
    }

    async fn get(&self, path: &str) -> Told {
        Told::by(self.client.get(self.server.at(path))).await
    }

    async fn key_set(&self, path: &str) -> Vec<Value> {
        let request = self.client.get(self.server.at(path));
        let told = Told::by(request.header("accept", "application/jwk-set+json")).await;
        told.json()["keys"].as_array().unwrap().clone()
    }
}

#[derive(Clone, Copy)]
enum Credential<'a> {
    Nothing,
    Secret(&'a str, &'a str),
    Token(&'a str),
}

/// A service that registered.
struct Service<'a> {
    jwtis: &'a Jwtis,
    kid: String,
    secret: String,
    told: Value,
}

impl Service<'_> {
    fn credential(&self) -> Credential<'_> {
        Credential::Secret(&self.kid, &self.secret)
    }

    /// Sends members beside the kid.
    async fn send(&self, path: &str, mut members: Value) -> Told {
        members["kid"] = json!(self.kid);
        let credential = self.credential();
        self.jwtis
            .post(path, credential, &members.to_string())
            .await
    }
}

fn text(value: &Value) -> String {
    value
        .as_str()
        .unwrap_or_else(|| panic!("{value}"))
        .to_owned()
}

fn number(value: &Value) -> i64 {
    value.as_i64().unwrap_or_else(|| panic!("{value}"))
}

fn now() -> i64 {
    let since = std::time::SystemTime::UNIX_EPOCH.elapsed().unwrap();
    since.as_secs().try_into().unwrap()
}

#[track_caller]
fn assert_near(time: i64, expected: i64) {
    assert!(
        (time - expected).abs() < 60,
        "{time} is not near {expected}"
    );
}

/// A refusal in the words of jwtis, with our id in them.
#[track_caller]
fn assert_refused(told: &Told, status: u16, id: &str) {
    assert_eq!(told.status, status, "{told:?}");
    let body = told.json();
    assert_eq!(body["status"], status, "{told:?}");
    let error = &body["errors"][0];
    assert!(
        text(&error["detail"]).contains(&format!("({id})")),
        "{told:?}"
    );
    assert!(!text(&error["title"]).is_empty() && !text(&error["source"]).is_empty());
}
