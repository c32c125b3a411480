//! What callers of other servers rely on: the checks of each, by number, against the real binary on both databases.

mod cluster_cockpit;
mod consul;
mod fleet;
mod jwtis;
mod nuxeo;
mod tokens;

use std::time::Duration;

use issuant::crypto::secret::Secret;
use reqwest::RequestBuilder;
use reqwest::header::{CONTENT_TYPE, HeaderMap};
use serde_json::Value;
use url::form_urlencoded;

use crate::support::server_process::Installation;

/// One test for SQLite and one for PostgreSQL from an async function over an installation.
macro_rules! on_both_databases {
    ($($name:ident),+ $(,)?) => {
        mod sqlite {
            use crate::support::server_process::Installation;
            $(#[test] fn $name() { crate::seeds::run(super::$name(Installation::on_sqlite())); })+
        }
        mod postgres {
            use crate::support::server_process::Installation;
            $(#[test] fn $name() {
                if let Some(installation) = Installation::on_postgres() {
                    crate::seeds::run(super::$name(installation));
                }
            })+
        }
    };
}
use on_both_databases;

fn run(test: impl Future<Output = ()>) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    runtime.unwrap().block_on(test);
}

/// An answer, read.
#[derive(Debug)]
struct Told {
    status: u16,
    headers: HeaderMap,
    body: String,
}

impl Told {
    async fn by(request: RequestBuilder) -> Self {
        let response = request
            .timeout(Duration::from_mins(1))
            .send()
            .await
            .unwrap();
        Self {
            status: response.status().as_u16(),
            headers: response.headers().clone(),
            body: response.text().await.unwrap(),
        }
    }

    #[track_caller]
    fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    #[track_caller]
    fn header(&self, name: &str) -> &str {
        let value = self.headers.get(name);
        let value = value.unwrap_or_else(|| panic!("no {name} in {self:?}"));
        value.to_str().unwrap()
    }
}

/// A request with a form.
fn with_form(request: RequestBuilder, fields: &[(&str, &str)]) -> RequestBuilder {
    let content = form_urlencoded::Serializer::new(String::new())
        .extend_pairs(fields)
        .finish();
    let media_type = "application/x-www-form-urlencoded";
    request.header(CONTENT_TYPE, media_type).body(content)
}

/// A secret that fits the readers of metrics.
const METRICS_TOKEN: &str = "0123456789abcdef0123456789abcdef";

/// The value of a series of metrics.
async fn metric(issuer: &str, series: &str) -> f64 {
    let request = reqwest::Client::new().get(format!("{issuer}/metrics"));
    let told = Told::by(request.bearer_auth(METRICS_TOKEN)).await;
    let line = told.body.lines().find_map(|line| {
        let (name, value) = line.rsplit_once(' ')?;
        (name == series).then(|| value.to_owned())
    });
    let line = line.unwrap_or_else(|| panic!("no {series} in {}", told.body));
    line.parse().unwrap()
}

/// A client with a secret that is made, and that secret.
fn made_client(installation: &Installation, id: &str, settings: &[&str]) -> Secret {
    let mut arguments = vec!["client", "create", id, "--show-secret"];
    arguments.extend(settings);
    let secret = installation.run(&arguments, "")["client_secret"].take();
    Secret::new(secret.as_str().unwrap().to_owned())
}
