//! Random sequences of what clients, thieves, people and operators do, through HTTP, against an oracle that was written from
//! the contract alone. A sequence that ends differently is shrunk and printed.
//!
//! `ISSUANT_TEST_FULL=1` tries twenty times as many.

mod oracle;
mod walk;

use proptest::prelude::*;
use proptest::sample::select;
use proptest::test_runner::{Config, TestRunner};

use crate::support::databases::Database;
use crate::support::op::TestOp;

/// Who sends a request: the client that a token was issued to, or another one with the same token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum By {
    Own,
    Other,
}

impl By {
    fn client(self) -> &'static str {
        match self {
            Self::Own => "web",
            Self::Other => "other",
        }
    }
}

/// Which refresh token of a sign-in, as the oracle knows them. Where there is none of the kind, the newest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Which {
    Current,
    Pending,
    Replaced,
    Older,
}

/// One thing that happens. The first number says to which code or which token of its kind, round and round.
#[derive(Clone, Copy, Debug)]
enum Step {
    /// Ada allows the app in, to act while she is away or not, and it gets a code.
    Authorize {
        offline: bool,
    },
    Redeem(usize, By),
    Refresh(usize, Which, By),
    RefreshWider(usize, Which),
    Revoke(usize, Which, By),
    RevokeAccess(usize, usize, By),
    Introspect(usize, usize),
    IntrospectRefresh(usize, Which, By),
    UserInfo(usize, usize),
    /// Ada signs out at her browser.
    SignOut,
    /// A new key signs; the ones before it still verify.
    RotateKeys,
}

const DAY: i64 = 86_400;

fn by() -> impl Strategy<Value = By> {
    prop_oneof![6 => Just(By::Own), 1 => Just(By::Other)]
}

fn which() -> impl Strategy<Value = Which> {
    prop_oneof![
        4 => Just(Which::Current),
        5 => Just(Which::Pending),
        1 => Just(Which::Replaced),
        1 => Just(Which::Older),
    ]
}

/// How long nothing happens before a step, in seconds: most often nothing, and otherwise around the ends of what lives.
fn pause() -> impl Strategy<Value = i64> {
    prop_oneof![
        12 => Just(0),
        6 => select(vec![1, 9, 10]),
        3 => select(vec![59, 60, 299, 300]),
        1 => select(vec![DAY, 15 * DAY, 29 * DAY, 30 * DAY]),
    ]
}

/// Most steps are what honest clients do, so that families live long enough to be worth robbing.
fn step() -> impl Strategy<Value = Step> {
    let code = 0..2_usize;
    let token = 0..8_usize;
    prop_oneof![
        2 => any::<bool>().prop_map(|offline| Step::Authorize { offline }),
        4 => (code.clone(), by()).prop_map(|(code, by)| Step::Redeem(code, by)),
        14 => (code.clone(), which(), by()).prop_map(|(code, which, by)| Step::Refresh(code, which, by)),
        1 => (code.clone(), which()).prop_map(|(code, which)| Step::RefreshWider(code, which)),
        1 => (code.clone(), which(), by()).prop_map(|(code, which, by)| Step::Revoke(code, which, by)),
        1 => (code.clone(), token.clone(), by()).prop_map(|(code, token, by)| Step::RevokeAccess(code, token, by)),
        3 => (code.clone(), token.clone()).prop_map(|(code, token)| Step::Introspect(code, token)),
        2 => (code.clone(), which(), by()).prop_map(|(code, which, by)| Step::IntrospectRefresh(code, which, by)),
        3 => (code, token).prop_map(|(code, token)| Step::UserInfo(code, token)),
        1 => Just(Step::SignOut),
        1 => Just(Step::RotateKeys),
    ]
}

#[expect(
    clippy::disallowed_methods,
    reason = "how long a test may take is a matter of the environment"
)]
fn is_full() -> bool {
    std::env::var("ISSUANT_TEST_FULL").as_deref() == Ok("1")
}

/// Every sequence begins with a redeemed code, on the same server.
fn random_sequences(database: Database, cases: u32) {
    let op = TestOp::new(database);
    let system = actix_web::rt::System::new();
    let config = Config {
        cases: if is_full() { 20 * cases } else { cases },
        failure_persistence: None,
        ..Config::default()
    };
    let sequences = (
        any::<bool>(),
        prop::collection::vec((pause(), step()), 1..40),
    );
    let outcome = TestRunner::new(config).run(&sequences, |(offline, steps)| {
        let begin = [
            (0, Step::Authorize { offline }),
            (0, Step::Redeem(0, By::Own)),
        ];
        let steps: Vec<(i64, Step)> = begin.into_iter().chain(steps).collect();
        system.block_on(walk::walk(&op, &steps));
        Ok(())
    });
    if let Err(broken) = outcome {
        panic!("{broken}");
    }
}

mod sqlite {
    #[test]
    fn every_answer_in_a_random_sequence_is_the_predicted_one() {
        super::random_sequences(crate::support::databases::Database::sqlite(), 100);
    }
}

mod postgres {
    #[test]
    fn every_answer_in_a_random_sequence_is_the_predicted_one() {
        if let Some(database) = crate::support::databases::Database::postgres() {
            super::random_sequences(database, 60);
        }
    }
}
