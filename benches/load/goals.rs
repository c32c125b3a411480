//! What the server is meant to reach, and whether it did in this run.

use crate::names::{
    CREDENTIALS_ES256, DISCOVERY, INTROSPECT_NEW, INTROSPECT_SEEN, JWKS, LOGIN, POSTGRES_FLOOR,
    REFRESH_POSTGRES, REFRESH_SLOW, REFRESH_SQLITE, SLOW_FSYNC,
};
use crate::table::Table;

/// Beside the table: what a start costs.
#[derive(Default)]
pub(crate) struct Start {
    /// Milliseconds until the server was ready, with an existing database.
    pub(crate) ready_ms: Option<f64>,
    /// Resident memory in MB after that, with 1,000 clients registered.
    pub(crate) idle_memory: Option<f64>,
}

/// Prints a line for each goal that this run says something about.
pub(crate) fn print(table: &Table, start: &Start, connections: usize) {
    let micros = |row: &str| Some(table.figures(row, connections)?.server_micros());
    let rate = |row: &str| Some(table.figures(row, connections)?.rate());
    let ratio = |one: Option<f64>, other: Option<f64>| Some(one? / other?);
    println!("\nGoals, at {connections} connections:\n");
    let at_most = |goal: &str, value: Option<f64>, most: f64| {
        say(goal, "at most", value, most, |value| value <= most);
    };
    let at_least = |goal: &str, value: Option<f64>, least: f64| {
        say(goal, "at least", value, least, |value| value >= least);
    };
    at_most(
        "discovery, x CPU of bare actix",
        table.times_its_floor(DISCOVERY, connections),
        1.4,
    );
    at_most(
        "JWKS, x CPU of bare actix",
        table.times_its_floor(JWKS, connections),
        1.4,
    );
    at_most(
        "client_credentials, ES256, x CPU of its floor",
        table.times_its_floor(CREDENTIALS_ES256, connections),
        1.3,
    );
    at_most("refresh, SQLite, µs of CPU", micros(REFRESH_SQLITE), 220.0);
    at_least(
        "refresh, SQLite, slow disk, for each fsync",
        ratio(rate(REFRESH_SLOW), table.limit(SLOW_FSYNC)),
        15.0,
    );
    at_most(
        "refresh, PostgreSQL, µs of CPU with the database",
        micros(REFRESH_POSTGRES),
        300.0,
    );
    at_least(
        "refresh, PostgreSQL, x rate of a transaction a request",
        ratio(rate(REFRESH_POSTGRES), rate(POSTGRES_FLOOR)),
        3.0,
    );
    at_most(
        "introspection, seen before, µs of CPU",
        micros(INTROSPECT_SEEN),
        40.0,
    );
    at_most(
        "introspection, new, µs of CPU",
        micros(INTROSPECT_NEW),
        150.0,
    );
    at_most("sign-in page, µs of CPU", micros(LOGIN), 40.0);
    at_most(
        "idle memory with 1,000 clients, MB",
        start.idle_memory,
        30.0,
    );
    at_most("ready with an existing database, ms", start.ready_ms, 100.0);
}

fn say(goal: &str, bound: &str, value: Option<f64>, limit: f64, is_met: impl Fn(f64) -> bool) {
    if let Some(value) = value {
        let met = if is_met(value) { "met" } else { "MISSED" };
        println!("- {goal}: {value:.2}, {bound} {limit}: {met}");
    }
}
