//! What was asked for on the command line.

use std::time::Duration;

/// What to measure, and how long.
pub(crate) struct Options {
    /// Names, or parts of names, of rows; empty: all.
    pub(crate) filters: Vec<String>,
    /// How long each row is measured, at each number of connections.
    pub(crate) measured: Duration,
    /// How long each row is warmed before.
    pub(crate) warm_up: Duration,
    /// Numbers of connections.
    pub(crate) connections: Vec<usize>,
    /// How slow the slow disk is; 0 leaves its row out.
    pub(crate) fsync_delay_ms: u32,
    /// A server to make a database on, in place of one of our own.
    pub(crate) postgres: Option<String>,
}

impl Options {
    /// Reads them; stops the program when they make no sense.
    pub(crate) fn from_arguments() -> Self {
        let mut options = Self {
            filters: Vec::new(),
            measured: Duration::from_secs(2),
            warm_up: Duration::from_millis(500),
            connections: vec![1, 16, 64],
            fsync_delay_ms: 4,
            postgres: std::env::var_os("ISSUANT_BENCH_POSTGRES")
                .map(|url| url.into_string().expect("ISSUANT_BENCH_POSTGRES is text")),
        };
        let mut arguments = std::env::args().skip(1);
        while let Some(argument) = arguments.next() {
            let mut value = || arguments.next().unwrap_or_else(|| stop(&argument));
            match argument.as_str() {
                // Said by cargo.
                "--bench" => {}
                "--secs" => options.measured = seconds(&value(), &argument),
                "--warm-up" => options.warm_up = seconds(&value(), &argument),
                "--connections" => options.connections = list(&value(), &argument),
                "--fsync-delay-ms" => {
                    options.fsync_delay_ms = value().parse().unwrap_or_else(|_| stop(&argument));
                }
                "--postgres" => options.postgres = Some(value()),
                _ if argument.starts_with('-') => stop(&argument),
                _ => options.filters.push(argument.to_lowercase()),
            }
        }
        options
    }

    /// Whether the row was asked for.
    pub(crate) fn wants(&self, row: &str) -> bool {
        let row = row.to_lowercase();
        self.filters.is_empty() || self.filters.iter().any(|filter| row.contains(filter))
    }

    /// How long a load runs, with some to spare.
    pub(crate) fn seconds(&self) -> f64 {
        (self.warm_up + self.measured).as_secs_f64() * 1.1
    }
}

fn seconds(text: &str, argument: &str) -> Duration {
    let seconds = text.parse().unwrap_or_else(|_| stop(argument));
    Duration::try_from_secs_f64(seconds).unwrap_or_else(|_| stop(argument))
}

fn list(text: &str, argument: &str) -> Vec<usize> {
    let numbers: Option<Vec<usize>> = text
        .split(',')
        .map(|number| number.parse().ok().filter(|number| *number > 0))
        .collect();
    numbers.unwrap_or_else(|| stop(argument))
}

fn stop(argument: &str) -> ! {
    eprintln!("{argument} is not understood\n\n{USAGE}");
    std::process::exit(2);
}

const USAGE: &str = "\
cargo bench --bench load -- [part of a row's name …]
  --secs 2                how long each row is measured
  --warm-up 0.5           how long each row is warmed before
  --connections 1,16,64   at how many connections
  --fsync-delay-ms 4      how slow the slow disk is; 0 leaves it out
  --postgres URL          a server to make a database on (or ISSUANT_BENCH_POSTGRES); otherwise one is started";
