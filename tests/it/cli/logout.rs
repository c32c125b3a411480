//! Ending sessions from the command line has clients told, and `logout list` shows what became of it.

use issuant::identity::store::{Session, Sessions as _, Users as _};
use issuant::protocol::error::Fault;
use issuant::protocol::logout_notice::NoticeState;
use issuant::protocol::store::{LogoutNotices as _, SessionClients as _};
use issuant::storage::{DatabaseSettings, Storage};
use serde_json::Value;

use super::program::Program;
use crate::support::databases::Database;

const CREATE_SHOP: &str =
    "client create shop --redirect-uri https://shop.example/cb --auth-method none --metadata";

struct Shop {
    program: Program,
    url: String,
}

impl Shop {
    fn new(url: String) -> Self {
        let program = Program::new().with("ISSUANT_DATABASE_URL", url.clone());
        program.run("migrate").expect(0);
        let metadata = r#"{"backchannel_logout_uri":"https://shop.example/out"}"#;
        let mut create = program.command(CREATE_SHOP);
        assert!(create.arg(metadata).output().unwrap().status.success());
        let input = "correct horse battery";
        for name in ["ada", "bob"] {
            let create = format!("user create {name} --password-file -");
            program.run_with_input(&create, input).expect(0);
        }
        Self { program, url }
    }

    fn write<T: Send + 'static>(
        &self,
        rule: impl FnOnce(&mut issuant::storage::Transaction) -> Result<T, Fault<()>> + Send + 'static,
    ) -> T {
        let storage = Storage::open(&DatabaseSettings::new(&self.url)).unwrap();
        let outcome = storage.write_blocking(rule);
        storage.close();
        outcome.unwrap()
    }

    /// Somebody signs in, and the shop gets a code.
    fn sign_in(&self, username: &'static str, session: &'static str, number: u8) {
        self.write(move |store| {
            let user = store.user_by_username(username)?.unwrap();
            store.add_session(&Session {
                id: session.to_owned(),
                cookie: issuant::crypto::digest::Digest::from_bytes([number; 32]),
                subject: user.subject.id,
                auth_time: 0,
                amr: Vec::new(),
                created_at: 0,
                last_seen_at: 0,
                expires_at: i64::MAX,
                user_agent: String::new(),
                address: String::new(),
            })?;
            Ok(store.join_session(session, &"shop".parse().unwrap())?)
        });
    }

    fn listed(&self) -> Vec<Value> {
        let data = self.program.run("logout list --json").expect(0).json();
        data["data"]["logouts"].as_array().unwrap().clone()
    }

    fn owed(&self) -> Vec<String> {
        let listed = self.listed().into_iter();
        let mut sids: Vec<String> = listed
            .map(|it| it["sid"].as_str().unwrap().to_owned())
            .collect();
        sids.sort();
        sids
    }
}

fn operators_who_end_sessions_have_clients_told(url: String) {
    let shop = Shop::new(url);
    let nothing = shop.program.run("logout list").expect(0);
    assert!(nothing.stdout.is_empty() || nothing.stdout.contains("No client"));
    assert_eq!(shop.owed(), [""; 0]);

    shop.sign_in("ada", "s1", 1);
    let password = "user password ada --password-file -";
    let changed = shop
        .program
        .run_with_input(password, "another horse battery");
    changed.expect(0);
    assert_eq!(shop.owed(), ["s1"]);

    shop.sign_in("ada", "s2", 2);
    shop.sign_in("bob", "s3", 3);
    shop.program.run("user set ada --disable").expect(0);
    assert_eq!(shop.owed(), ["s1", "s2"]);

    shop.program.run("user delete bob --yes").expect(0);
    assert_eq!(shop.owed(), ["s1", "s2", "s3"]);
    let of_bob = shop.listed().into_iter().find(|it| it["sid"] == "s3");
    assert_eq!(of_bob.unwrap()["username"], Value::Null);
}

#[test]
fn operators_who_end_sessions_have_clients_told_on_sqlite() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("issuant.db");
    operators_who_end_sessions_have_clients_told(format!("sqlite:{}", file.display()));
}

#[test]
fn operators_who_end_sessions_have_clients_told_on_postgres() {
    if let Some(mut database) = Database::empty_postgres() {
        operators_who_end_sessions_have_clients_told(database.settings().url.clone());
    }
}

#[test]
fn the_list_tells_what_became_of_each() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("issuant.db");
    let shop = Shop::new(format!("sqlite:{}", file.display()));
    shop.sign_in("ada", "s1", 1);
    shop.program.run("user set ada --disable").expect(0);
    shop.write(|store| {
        let waiting = store.notices(1)?.remove(0);
        let due_at = waiting.ended_at + 15;
        assert!(store.take_notice(&waiting, due_at)?);
        let failed = waiting.taken(due_at).failed("status 500".to_owned());
        assert!(store.note_try(&failed, due_at)?);
        Ok(())
    });
    let [line] = &shop.listed()[..] else {
        panic!("one line")
    };
    let (ended_at, next) = (line["ended_at"].as_i64(), line["next_try_at"].as_i64());
    assert_eq!(next, ended_at.map(|at| at + 15));
    assert_eq!(line["state"], NoticeState::Waiting.as_str());
    assert_eq!(
        (&line["client_id"], &line["username"]),
        (&"shop".into(), &"ada".into())
    );
    assert_eq!(
        (&line["tries"], &line["failure"]),
        (&1.into(), &"status 500".into())
    );
    let table = shop.program.run("logout list").expect(0).stdout;
    for part in ["CLIENT", "shop", "ada", "waiting", "1/5", "status 500"] {
        assert!(table.contains(part), "{part} is missing:\n{table}");
    }
}
