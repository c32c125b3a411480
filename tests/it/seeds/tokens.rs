//! Tokens that the command line made, and what endpoints make of them.

use std::process::Output;
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::Value;

use crate::support::server_process::Installation;

pub(super) fn set(installation: &mut Installation, variable: &'static str, value: &str) {
    installation.variables.push((variable, value.into()));
}

pub(super) fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

pub(super) fn stderr(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

/// Header or claims of a token: its first or second part.
pub(super) fn part(token: &str, index: usize) -> Value {
    let part = token.split('.').nth(index).unwrap();
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap()
}

/// What a server answered: status, challenge, body.
pub(super) struct Answered {
    pub(super) status: u16,
    pub(super) challenge: String,
    pub(super) body: String,
}

pub(super) async fn get(address: &str, headers: &[(&str, &str)]) -> Answered {
    let mut request = reqwest::Client::new().get(address);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let response = request.send().await.unwrap();
    let challenge = response.headers().get("www-authenticate");
    Answered {
        status: response.status().as_u16(),
        challenge: challenge.map_or_else(String::new, |it| it.to_str().unwrap().to_owned()),
        body: response.text().await.unwrap(),
    }
}

/// The same with a bearer token.
pub(super) async fn get_with(address: &str, token: &str) -> Answered {
    get(address, &[("authorization", &format!("Bearer {token}"))]).await
}

/// The answer to a token once it is not good any more, which is soon.
pub(super) async fn once_refused(address: &str, token: &str) -> Answered {
    let began = Instant::now();
    loop {
        let answer = get_with(address, token).await;
        if answer.status != 200 {
            return answer;
        }
        assert!(began.elapsed() < Duration::from_secs(30));
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}
