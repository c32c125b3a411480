//! What the real binary tells of itself in each way of running it. One document whole, and of the others what differs.

use insta::{assert_json_snapshot, with_settings};
use serde_json::{Map, Value, json};

use crate::support::server_process::{DevServer, Installation, ServerProcess};

/// The document, with a name instead of the address.
async fn document(server: &ServerProcess) -> Map<String, Value> {
    let address = server.at("/.well-known/openid-configuration");
    let text = reqwest::get(address).await.unwrap().text().await.unwrap();
    let text = text.replace(server.issuer(), "https://issuer");
    serde_json::from_str(&text).unwrap()
}

/// The members that differ; null for one that is gone.
fn difference(from: &Map<String, Value>, to: &Map<String, Value>) -> Value {
    let mut names: Vec<_> = from.keys().chain(to.keys()).collect();
    names.retain(|name| from.get(*name) != to.get(*name));
    names
        .into_iter()
        .map(|name| (name.clone(), to.get(name).cloned().into()))
        .collect::<Map<_, _>>()
        .into()
}

#[tokio::test]
async fn each_deployment_tells_what_it_can_do() {
    let mut installation = Installation::on_sqlite();
    let plain = document(&installation.serve()).await;
    let mut told = json!({"serve": plain});
    let mut tell = |how: &str, document: &Map<String, Value>| {
        told[how] = difference(&plain, document);
    };
    tell("dev", &document(&DevServer::start("")).await);
    for mode in ["off", "token", "open"] {
        installation.variables = vec![("ISSUANT_REGISTRATION_MODE", mode.into())];
        let document = document(&installation.serve()).await;
        tell(&format!("serve, registration.mode = {mode}"), &document);
    }
    for (variable, how) in [
        ("ISSUANT_FRONT_CHANNEL_TOKENS", "front_channel_tokens"),
        ("ISSUANT_ACCOUNT_SIGN_UP", "account.sign_up"),
    ] {
        installation.variables = vec![(variable, "on".into())];
        let document = document(&installation.serve()).await;
        tell(&format!("serve, {how} = on"), &document);
    }
    with_settings!({snapshot_path => "../snapshots", prepend_module_to_snapshot => false}, {
        assert_json_snapshot!("discovery", told);
    });
}
