//! A service that is called exchanges the token and calls the next one, until the person takes the access away.

use issuant::protocol::client::GrantType;
use issuant::protocol::grants::token_exchange::ACCESS_TOKEN;

use crate::support::cast::clients_that_exchange;
use crate::support::databases::Database;
use crate::support::op::{Setting, TestOp, WEB, run};

#[test]
fn on_sqlite() {
    run(journey(Database::sqlite()));
}

#[test]
fn on_postgres() {
    if let Some(database) = Database::postgres() {
        run(journey(database));
    }
}

async fn journey(database: Database) {
    let setting = Setting {
        clients: clients_that_exchange(),
        ..Setting::default()
    };
    let op = TestOp::with(database, setting);
    let (web, service) = (op.client("web"), op.client("service"));
    let code = op.browser().code("ada", &[]).await;
    let first = web.redeem(&code, WEB).await;
    let second = web.refresh(&first.token("refresh_token")).await;
    let called_with = second.token("access_token");
    let form = [
        ("grant_type", GrantType::TokenExchange.as_str()),
        ("subject_token", &called_with),
        ("subject_token_type", ACCESS_TOKEN),
        ("audience", "https://next.example"),
    ];
    let exchanged = service.post("/token", &form).await.token("access_token");
    assert_eq!(service.introspect(&exchanged).await["active"], true);
    // The exchange has shown that the second answer arrived.
    web.refresh(&first.token("refresh_token"))
        .await
        .assert_error(400, "invalid_grant", "E1324");
    // So the family is gone, and what came of it with it.
    assert_eq!(service.introspect(&exchanged).await["active"], false);
    service
        .refused("/token", &form, (400, "invalid_request", "E1754"))
        .await;
}
