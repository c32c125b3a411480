//! The rows that need a server of their own: other signatures, a slow disk, PostgreSQL.

use std::process::Command;

use issuant::http::urls;

use crate::limits;
use crate::names::{POSTGRES_FLOOR, REFRESH_POSTGRES, REFRESH_SLOW, SLOW_FSYNC};
use crate::options::Options;
use crate::postgres::Postgres;
use crate::process::Meter;
use crate::requests::{post, refreshing, same};
use crate::server::Installation;
use crate::table::Line;
use crate::{Bench, CREDENTIALS, REFRESHED, Row, TOKEN};

impl Bench {
    pub(crate) fn with_algorithm(&mut self, name: &'static str, algorithm: &str) {
        if !self.wants(&[name]) {
            return;
        }
        // A server signs ID tokens with the others, so it has their keys.
        let algorithms = if algorithm == "RS256" {
            "ES256,RS256".to_owned()
        } else {
            format!("ES256,RS256,{algorithm}")
        };
        let installation = Installation::new(
            None,
            &[
                ("ISSUANT_SIGNING_ALGORITHMS", &algorithms),
                ("ISSUANT_SIGNING_ACCESS_TOKEN_ALGORITHM", algorithm),
            ],
        );
        let server = installation.serve();
        let row = Row {
            name,
            floor: None,
            address: server.address,
            meter: &Meter(vec![server.pid()]),
            expected: TOKEN,
            of: Some((&server, &installation)),
            writes: false,
            in_turn_with: None,
        };
        self.measure(&row, |_| {
            same(post(urls::TOKEN, &installation.host(), CREDENTIALS))
        });
    }

    pub(crate) fn on_slow_disk(&mut self) {
        let delay = self.options.fsync_delay_ms.to_string();
        if delay == "0" || !self.wants(&[REFRESH_SLOW]) {
            return;
        }
        let folder = tempfile::tempdir().expect("a folder");
        let library = folder.path().join("slow_disk.so");
        let compiled = Command::new("cc")
            .args(["-shared", "-fPIC", "-O1", "-o"])
            .arg(&library)
            .arg(concat!(
                env!("CARGO_MANIFEST_DIR"),
                "/benches/load/slow_disk.c"
            ))
            .status();
        if !compiled.is_ok_and(|status| status.success()) {
            eprintln!("LEFT OUT: the slow disk, because there is no C compiler `cc`");
            return;
        }
        let library = library.to_str().expect("text");
        let environment = [("LD_PRELOAD", library), ("SLOW_DISK_MS", delay.as_str())];
        let fsyncs = limits::fsyncs(folder.path().to_str().expect("text"), &environment);
        self.table.add_limit(SLOW_FSYNC, fsyncs);
        let installation = Installation::new(None, &environment);
        let server = installation.serve();
        let row = Row {
            name: REFRESH_SLOW,
            floor: Some(SLOW_FSYNC),
            address: server.address,
            meter: &Meter(vec![server.pid()]),
            expected: TOKEN,
            of: Some((&server, &installation)),
            writes: true,
            in_turn_with: None,
        };
        self.measure(&row, |connections| {
            refreshing(
                installation.families(connections, REFRESHED),
                &installation.host(),
            )
        });
    }

    pub(crate) fn on_postgres(&mut self) {
        if !self.wants(&[POSTGRES_FLOOR, REFRESH_POSTGRES]) {
            return;
        }
        let postgres = match &self.options.postgres {
            Some(url) => Some(Postgres::on(url)),
            None => Postgres::start(),
        };
        let Some(postgres) = postgres else {
            eprintln!("LEFT OUT: everything on PostgreSQL, which is not installed");
            return;
        };
        if postgres.postmaster.is_none() {
            eprintln!("LEFT OUT: the CPU time of PostgreSQL, which runs elsewhere");
        }
        let mut connections = self.options.connections.clone();
        // As many as the server itself keeps.
        connections.push(4);
        connections.sort_unstable();
        connections.dedup();
        for connections in connections {
            eprintln!("{POSTGRES_FLOOR}, {connections}");
            let Options {
                warm_up, measured, ..
            } = self.options;
            self.table.add(Line {
                name: POSTGRES_FLOOR.to_owned(),
                connections,
                figures: postgres.floor(connections, warm_up, measured),
                memory: None,
                bytes: None,
                floor: None,
                beside: None,
            });
        }
        let installation = Installation::new(Some(&postgres.url), &[]);
        let server = installation.serve();
        let row = Row {
            name: REFRESH_POSTGRES,
            floor: Some(POSTGRES_FLOOR),
            address: server.address,
            meter: &Meter(
                [server.pid()]
                    .into_iter()
                    .chain(postgres.postmaster)
                    .collect(),
            ),
            expected: TOKEN,
            of: Some((&server, &installation)),
            writes: true,
            in_turn_with: None,
        };
        self.measure(&row, |connections| {
            refreshing(
                installation.families(connections, REFRESHED),
                &installation.host(),
            )
        });
    }
}
