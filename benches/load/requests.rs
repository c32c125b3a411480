//! The requests, made beforehand where they do not depend on an answer.

use std::fmt::Write as _;

use crate::common;
use crate::driver::{Source, find};

/// A plain request.
pub(crate) fn get(path: &str, host: &str) -> Vec<u8> {
    format!("GET {path} HTTP/1.1\r\nhost: {host}\r\n\r\n").into_bytes()
}

/// A plain request with an access token.
pub(crate) fn get_with(path: &str, host: &str, token: &str) -> Vec<u8> {
    format!("GET {path} HTTP/1.1\r\nhost: {host}\r\nauthorization: Bearer {token}\r\n\r\n")
        .into_bytes()
}

/// A form, sent by the client.
pub(crate) fn post(path: &str, host: &str, form: &str) -> Vec<u8> {
    format!(
        "POST {path} HTTP/1.1\r\nhost: {host}\r\nauthorization: {}\r\n\
         content-type: application/x-www-form-urlencoded\r\ncontent-length: {}\r\n\r\n{form}",
        common::basic(),
        form.len()
    )
    .into_bytes()
}

/// The form that redeems a code.
pub(crate) fn redemption(code: &str) -> String {
    let redirect_uri: String =
        url::form_urlencoded::byte_serialize(common::REDIRECT_URI.as_bytes()).collect();
    format!(
        "grant_type=authorization_code&code={code}&redirect_uri={redirect_uri}&code_verifier={}",
        common::VERIFIER
    )
}

/// The same request again and again.
pub(crate) fn same(request: Vec<u8>) -> Source {
    Box::new(move |_, _, next| {
        next.extend_from_slice(&request);
        true
    })
}

/// These requests in turn, without end.
pub(crate) fn in_turn(requests: Vec<Vec<u8>>) -> Source {
    let mut at = 0;
    Box::new(move |_, _, next| {
        next.extend_from_slice(&requests[at]);
        at = (at + 1) % requests.len();
        true
    })
}

/// Each of these requests once.
pub(crate) fn once(requests: impl IntoIterator<Item = Vec<u8>> + 'static) -> Source {
    let mut requests = requests.into_iter();
    Box::new(move |_, _, next| match requests.next() {
        Some(request) => {
            next.extend_from_slice(&request);
            true
        }
        None => false,
    })
}

/// Each connection refreshes its own sign-in, always with the token of the answer before.
pub(crate) fn refreshing(mut tokens: Vec<String>, host: &str) -> Source {
    let host = host.to_owned();
    Box::new(move |connection, last, next| {
        let token = &mut tokens[connection];
        if let Some(new) = member(last, "refresh_token") {
            new.clone_into(token);
        }
        let form = format!("grant_type=refresh_token&refresh_token={token}");
        next.extend_from_slice(&post("/token", &host, &form));
        true
    })
}

/// The text of a member of a JSON object of ours.
pub(crate) fn member<'a>(json: &'a [u8], name: &str) -> Option<&'a str> {
    let mut head = String::new();
    let _ = write!(head, "\"{name}\":\"");
    let from = find(json, head.as_bytes())? + head.len();
    let length = json[from..].iter().position(|byte| *byte == b'"')?;
    std::str::from_utf8(&json[from..from + length]).ok()
}
