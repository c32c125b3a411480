//! The stores: one list of checks for memory, SQLite and PostgreSQL, and what only databases have.

mod administration;
mod batches;
mod client_keys;
mod conformance;
mod fixtures;
mod identity;
mod logout;
mod migrations;
mod outages;
mod personal_tokens;
mod protocol;
mod races;
mod transactions;
mod trust;
mod upkeep;

use issuant::protocol::error::{Fault, StoreError};
use issuant::storage::{Storage, Transaction};

use crate::support::databases::Database;

/// One test for SQLite and one for PostgreSQL from a function over a database.
macro_rules! on_both_databases {
    ($($name:ident),+ $(,)?) => {
        mod sqlite {
            $(#[test] fn $name() { super::$name(&mut crate::support::databases::Database::sqlite()); })+
        }
        mod postgres {
            $(#[test] fn $name() {
                if let Some(mut database) = crate::support::databases::Database::postgres() {
                    super::$name(&mut database);
                }
            })+
        }
    };
}
use on_both_databases;

/// Opens the database and adds what other rows refer to: the users Ada and Bob, the clients app and web.
fn open_with_people(database: &Database) -> Storage {
    use issuant::identity::store::Users as _;
    let storage = database.open();
    write(&storage, |store| {
        for name in ["ada", "bob"] {
            store.add_user(&fixtures::user(name))?;
        }
        for id in ["app", "web"] {
            store.add_client(&fixtures::client(id))?;
        }
        Ok(())
    });
    storage
}

/// Writes what must succeed.
fn write<T: Send + 'static>(
    storage: &Storage,
    rule: impl FnOnce(&mut Transaction) -> Result<T, StoreError> + Send + 'static,
) -> T {
    let outcome: Result<T, Fault<()>> =
        storage.write_blocking(|transaction| Ok(rule(transaction)?));
    outcome.unwrap()
}

/// Reads what must succeed.
fn read<T: Send + 'static>(
    storage: &Storage,
    rule: impl FnOnce(&mut Transaction) -> Result<T, StoreError> + Send + 'static,
) -> T {
    let outcome: Result<T, Fault<()>> = storage.read_blocking(|transaction| Ok(rule(transaction)?));
    outcome.unwrap()
}
