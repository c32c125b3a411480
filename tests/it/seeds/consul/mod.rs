//! Consul's JWT auth method: definitions are imported unchanged, logins work, and what was weak there is refused.

mod definitions;
mod keys;
mod logins;

use std::time::{Duration, SystemTime};

use issuant::crypto::jwt;
use issuant::crypto::signing_key::SigningKey;
use serde_json::{Value, json};

use crate::support::foreign::Foreign;
use crate::support::server_process::{Installation, ServerProcess};

/// One test for SQLite and one for PostgreSQL.
macro_rules! on_both_databases {
    ($($name:ident),+ $(,)?) => {
        mod sqlite {
            $(#[test] fn $name() {
                super::$name(crate::support::server_process::Installation::on_sqlite());
            })+
        }
        mod postgres {
            $(#[test] fn $name() {
                if let Some(it) = crate::support::server_process::Installation::on_postgres() {
                    super::$name(it);
                }
            })+
        }
    };
}
use on_both_databases;

const SECRET: &str = "a-secret-brought-by-a-test";
const GRANT: &str = "urn:ietf:params:oauth:grant-type:jwt-bearer";
/// The `iss` of the tokens whose keys are at hand.
const ISSUER: &str = "https://issuer.example";

/// A server that speaks with Consul's programs, and an operator of it.
struct Stage {
    installation: Installation,
    server: ServerProcess,
    /// The access token of the operator.
    token: String,
    /// Another issuer.
    foreign: Foreign,
}

/// An answer.
#[derive(Debug)]
struct Told {
    status: u16,
    text: String,
}

impl Told {
    fn json(&self) -> Value {
        assert_eq!(self.status, 200, "{}", self.text);
        serde_json::from_str(&self.text).unwrap()
    }

    /// Refused in Consul's dialect, which is text.
    fn assert_refused(&self, status: u16, part: &str) {
        assert_eq!(self.status, status, "{}", self.text);
        assert!(self.text.contains(part), "{}", self.text);
        assert!(!self.text.starts_with('{'), "{}", self.text);
    }

    /// Refused as RFC 6749 §5.2 has it.
    fn assert_error(&self, status: u16, error: &str, id: &str) {
        assert_eq!(self.status, status, "{}", self.text);
        let body: Value = serde_json::from_str(&self.text).unwrap();
        assert_eq!(body["error"], error, "{body}");
        let description = body["error_description"].as_str().unwrap();
        assert!(description.contains(id), "{body}");
    }
}

impl Stage {
    fn new(installation: Installation) -> Self {
        Self::with(installation, &[])
    }

    /// With further settings.
    fn with(mut installation: Installation, variables: &[(&'static str, &str)]) -> Self {
        let enabled = ("ISSUANT_CONSUL_ENABLED", "on");
        for (name, value) in [&[enabled], variables].concat() {
            installation.variables.push((name, value.into()));
        }
        let issuer = installation.issuer();
        let create = ["client", "create"];
        let rest = ["--grant", "client_credentials", "--secret-file", "-"];
        let operator = ["operator", "--scope", "trust_administration read"];
        installation.run(&[&create[..], &operator, &rest].concat(), SECRET);
        let api = ["api", "--audience", &issuer];
        installation.run(&[&create[..], &api, &rest].concat(), SECRET);
        for (kind, name) in [("role", "deployer"), ("policy", "audit")] {
            installation.run(&["trust", kind, "add", name], "");
        }
        let server = installation.serve();
        let mut stage = Self {
            installation,
            server,
            token: String::new(),
            foreign: Foreign::new(),
        };
        stage.token = stage.operator("trust_administration");
        stage
    }

    /// A token of the operator.
    fn operator(&self, scope: &str) -> String {
        let form = [("grant_type", "client_credentials"), ("scope", scope)];
        let told = self.form("/token", Some("operator"), &form).json();
        told["access_token"].as_str().unwrap().to_owned()
    }

    fn ask(&self, method: &str, path: &str, header: Option<(&str, &str)>, body: String) -> Told {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build();
        runtime.unwrap().block_on(async {
            let method = reqwest::Method::from_bytes(method.as_bytes()).unwrap();
            let http = reqwest::Client::builder().timeout(Duration::from_secs(30));
            let mut request = http
                .build()
                .unwrap()
                .request(method, self.server.at(path))
                .body(body);
            if let Some((name, value)) = header {
                request = request.header(name, value);
            }
            let response = request.send().await.unwrap();
            Told {
                status: response.status().as_u16(),
                text: response.text().await.unwrap(),
            }
        })
    }

    /// As an operator's program does.
    fn admin(&self, method: &str, path: &str, body: &Value) -> Told {
        let header = Some(("x-consul-token", self.token.as_str()));
        self.ask(method, path, header, body.to_string())
    }

    /// A form, of a client where one is named.
    fn form(&self, path: &str, client: Option<&str>, fields: &[(&str, &str)]) -> Told {
        use base64::Engine as _;
        let mut url = url::Url::parse("http://form.example").unwrap();
        url.query_pairs_mut().extend_pairs(fields);
        let body = url.query().unwrap().to_owned();
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build();
        runtime.unwrap().block_on(async {
            let mut request = reqwest::Client::new()
                .post(self.server.at(path))
                .header("content-type", "application/x-www-form-urlencoded")
                .body(body);
            if let Some(client) = client {
                let pair = format!("{client}:{SECRET}");
                let pair = base64::engine::general_purpose::STANDARD.encode(pair);
                request = request.header("authorization", format!("Basic {pair}"));
            }
            let response = request.send().await.unwrap();
            Told {
                status: response.status().as_u16(),
                text: response.text().await.unwrap(),
            }
        })
    }

    /// Adds an auth method.
    fn method(&self, name: &str, config: &Value) -> Told {
        let method = json!({"Name": name, "Type": "jwt", "MaxTokenTTL": "5m", "Config": config});
        self.admin("PUT", "/v1/acl/auth-method", &method)
    }

    /// The configuration of a method with the key at hand, and others in its place.
    fn config(&self, others: &Value) -> Value {
        let mut config = json!({
            "JWTValidationPubKeys": [self.foreign.pem], "BoundIssuer": ISSUER,
            "BoundAudiences": ["api"], "ClaimMappings": {"team": "team", "x": "x", "dept": "dept"},
            "ListClaimMappings": {"groups": "groups"},
        });
        for (name, value) in others.as_object().unwrap() {
            if value.is_null() {
                config.as_object_mut().unwrap().remove(name);
            } else {
                config[name] = value.clone();
            }
        }
        config
    }

    fn rule(&self, method: &str, selector: &str, bind_type: &str, name: &str) -> Value {
        let rule = json!({
            "AuthMethod": method, "Selector": selector, "BindType": bind_type, "BindName": name,
        });
        self.admin("PUT", "/v1/acl/binding-rule", &rule).json()
    }

    fn log_in(&self, method: &str, token: &str) -> Told {
        let body = json!({"AuthMethod": method, "BearerToken": token});
        self.ask("POST", "/v1/acl/login", None, body.to_string())
    }

    /// The same at the token endpoint.
    fn bring(&self, method: &str, token: &str) -> Told {
        let form = [
            ("grant_type", GRANT),
            ("assertion", token),
            ("auth_method", method),
        ];
        self.form("/token", None, &form)
    }

    fn introspect(&self, token: &str) -> Value {
        self.form("/introspect", Some("api"), &[("token", token)])
            .json()
    }

    /// A token of the issuer, with other claims in their place.
    fn assertion(&self, others: &Value) -> String {
        jwt::sign(&self.foreign.key, None, &claims(others)).unwrap()
    }

    /// The same with a key that the header names.
    fn assertion_with(key: &SigningKey, others: &Value) -> String {
        jwt::sign(key, None, &claims(others)).unwrap()
    }
}

/// Good claims, with others in their place; `null` takes one away.
fn claims(others: &Value) -> Value {
    let mut claims = json!({
        "iss": ISSUER, "sub": "job-7", "aud": "api", "iat": now(), "exp": now() + 300,
        "team": "web", "dept": "engineering", "groups": ["engineering"],
    });
    for (name, value) in others.as_object().unwrap() {
        if value.is_null() {
            claims.as_object_mut().unwrap().remove(name);
        } else {
            claims[name] = value.clone();
        }
    }
    claims
}

fn now() -> i64 {
    #[expect(
        clippy::disallowed_methods,
        reason = "the server of these tests has the clock of this machine"
    )]
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    i64::try_from(since.unwrap().as_secs()).unwrap()
}

fn is_uuid(value: &Value) -> bool {
    issuant::protocol::trust::reference::is_one(value.as_str().unwrap_or_default())
}
