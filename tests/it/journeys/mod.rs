//! Whole journeys, told once and walked on both databases.

mod back_channel;
mod races;
mod random;
mod sign_in;
mod strange_text;
mod token_exchange;

/// One test for SQLite and one for PostgreSQL from an async function over a server.
macro_rules! on_both_databases {
    ($($name:ident),+ $(,)?) => {
        mod sqlite {
            use crate::support::databases::Database;
            use crate::support::op::{TestOp, run};
            $(#[test] fn $name() { run(super::$name(TestOp::new(Database::sqlite()))); })+
        }
        mod postgres {
            use crate::support::databases::Database;
            use crate::support::op::{TestOp, run};
            $(#[test] fn $name() {
                if let Some(database) = Database::postgres() {
                    run(super::$name(TestOp::new(database)));
                }
            })+
        }
    };
}
use on_both_databases;
