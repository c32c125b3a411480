//! When a client last authenticated with which secret: noted in memory by the request, written down once a second.

use issuant::protocol::client::{ClientSecret, StoredSecret};
use issuant::protocol::error::Fault;
use issuant::server::secret_uses::flush;

use crate::support::cast::{self, NOW, token_keys};
use crate::support::databases::Database;
use crate::support::op::{Reply, Setting, TestOp, basic, form_request, on_sqlite, run};

const CREDENTIALS: [(&str, &str); 1] = [("grant_type", "client_credentials")];

/// The secrets of a client in the database: name, and when each was last used.
async fn written(op: &TestOp, id: &'static str) -> Vec<(String, Option<i64>)> {
    let read = op.state.storage.read(move |store| {
        let client = store.client(&id.parse().unwrap())?.unwrap();
        Ok::<_, Fault<()>>(client.secrets)
    });
    let secrets = read.await.unwrap().into_iter();
    secrets.map(|it| (it.id, it.last_used_at)).collect()
}

/// A server whose web app has two secrets more: `newer` and `expired`.
fn with_several_secrets() -> TestOp {
    let mut clients = cast::clients();
    let web = clients.iter_mut().find(|it| it.id.as_str() == "web");
    let generated = |id: &str, expires_at| ClientSecret {
        id: id.to_owned(),
        stored: StoredSecret::Generated(token_keys().client_secret_digest(id)),
        created_at: NOW + 1,
        expires_at,
        last_used_at: None,
    };
    web.unwrap()
        .secrets
        .extend([generated("newer", None), generated("expired", Some(NOW))]);
    TestOp::with(
        Database::sqlite(),
        Setting {
            clients,
            ..Setting::default()
        },
    )
}

/// A token request with that secret.
async fn ask(op: &TestOp, id: &str, secret: &str) -> Reply {
    let request = form_request("/token", &CREDENTIALS);
    op.send(request.insert_header(("authorization", basic(id, secret))))
        .await
}

async fn revision(op: &TestOp) -> i64 {
    let read = op
        .state
        .storage
        .read(|store| Ok::<_, Fault<()>>(store.revision()?));
    read.await.unwrap()
}

#[test]
fn only_the_secret_that_was_used_moves() {
    run(async {
        let op = with_several_secrets();
        let before = revision(&op).await;
        ask(&op, "web", "newer").await.json(200);
        let none = |id: &str| (id.to_owned(), None);
        let names = ["generated", "expired", "newer"];
        assert_eq!(
            written(&op, "web").await,
            names.map(none),
            "not by a request"
        );
        flush(&op.state).await.unwrap();
        let expected = [
            none("generated"),
            none("expired"),
            ("newer".to_owned(), Some(NOW)),
        ];
        assert_eq!(written(&op, "web").await, expected);
        assert_eq!(written(&op, "other").await, [none("generated")]);
        assert_eq!(revision(&op).await, before);
    });
}

#[test]
fn who_is_refused_used_no_secret() {
    run(async {
        let op = with_several_secrets();
        for (id, secret) in [
            ("web", "wrong"),
            ("web", "expired"),
            ("disabled", "disabled-secret"),
        ] {
            let reply = ask(&op, id, secret).await;
            assert_eq!(reply.json(401)["error"], "invalid_client", "{secret}");
        }
        let reply = op.client("spa").post("/revoke", &[("token", "x")]).await;
        assert_eq!(reply.status, 200, "a public client has no secret");
        flush(&op.state).await.unwrap();
        for id in ["web", "disabled"] {
            let uses = written(&op, id).await;
            assert!(uses.iter().all(|(_, at)| at.is_none()), "{uses:?}");
        }
    });
}

#[test]
fn a_chosen_secret_is_noted_as_well_and_at_every_endpoint() {
    on_sqlite(async |op| {
        let form = [
            ("client_id", "post"),
            ("client_secret", "typed by hand"),
            ("token", "x"),
        ];
        for path in ["/introspect", "/revoke"] {
            assert_eq!(op.anonymous().post(path, &form).await.status, 200);
            flush(&op.state).await.unwrap();
            let expected = [("typed".to_owned(), Some(op.now()))];
            assert_eq!(written(&op, "post").await, expected);
            op.pass(60);
        }
    });
}

#[test]
fn a_busy_client_is_written_down_once_a_minute() {
    on_sqlite(async |op| {
        let web = op.client("web");
        for (second, expected) in [
            (0, NOW),
            (30, NOW),
            (59, NOW),
            (60, NOW + 60),
            (119, NOW + 60),
        ] {
            op.pass(NOW + second - op.now());
            web.post("/token", &CREDENTIALS).await.json(200);
            let waits = op.state.secret_uses.take();
            assert_eq!(waits.len(), usize::from(second % 60 == 0), "{second}");
            op.state.secret_uses.give_back(waits);
            flush(&op.state).await.unwrap();
            assert_eq!(written(&op, "web").await[0].1, Some(expected), "{second}");
        }
    });
}

#[test]
fn what_cannot_be_written_waits_and_refuses_nobody() {
    on_sqlite(async |op| {
        op.state.storage.close();
        op.client("web")
            .post("/token", &CREDENTIALS)
            .await
            .json(200);
        assert!(flush(&op.state).await.is_err());
        let waits = op.state.secret_uses.take();
        assert_eq!(waits.len(), 1);
        assert_eq!(waits[0].client_id.as_str(), "web");
        assert_eq!((&*waits[0].secret_id, waits[0].at), ("generated", NOW));
        assert!(op.state.secret_uses.take().is_empty());
    });
}
