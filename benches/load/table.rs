//! The table that is printed in the end.

use crate::driver::Figures;

/// All that was measured, in the order of the table.
#[derive(Default)]
pub(crate) struct Table {
    limits: Vec<(String, f64)>,
    lines: Vec<Line>,
}

/// A row at one number of connections.
pub(crate) struct Line {
    pub(crate) name: String,
    pub(crate) connections: usize,
    pub(crate) figures: Figures,
    /// Resident memory of the server afterwards, in MB.
    pub(crate) memory: Option<f64>,
    /// By how much the database grew.
    pub(crate) bytes: Option<u64>,
    /// The floor that the row stands on.
    pub(crate) floor: Option<&'static str>,
    /// The floor as it was measured in turn with the row.
    pub(crate) beside: Option<Figures>,
}

impl Table {
    /// Adds something that one core or one disk can do so often a second.
    pub(crate) fn add_limit(&mut self, name: impl Into<String>, rate: f64) {
        self.limits.push((name.into(), rate));
    }

    pub(crate) fn add(&mut self, line: Line) {
        self.lines.push(line);
    }

    /// How often a second it goes.
    pub(crate) fn limit(&self, name: &str) -> Option<f64> {
        let found = self.limits.iter().find(|(known, _)| known == name);
        found.map(|(_, rate)| *rate)
    }

    /// What was measured for that row.
    pub(crate) fn figures(&self, name: &str, connections: usize) -> Option<&Figures> {
        let is_it = |line: &&Line| line.name == name && line.connections == connections;
        self.lines.iter().find(is_it).map(|line| &line.figures)
    }

    /// What the row costs beside its floor, in CPU, where both were measured in turn.
    pub(crate) fn times_its_floor(&self, name: &str, connections: usize) -> Option<f64> {
        let is_it = |line: &&Line| line.name == name && line.connections == connections;
        let line = self.lines.iter().find(is_it)?;
        Some(line.figures.server_micros() / line.beside.as_ref()?.server_micros())
    }

    /// Prints it as Markdown.
    pub(crate) fn print(&self) {
        println!(
            "| what | connections | a second | p50, ms | p99, ms | server CPU, µs each | driver CPU, µs each \
             | memory after, MB | disk, MB for 100,000 | beside its floor |"
        );
        println!("|---|--:|--:|--:|--:|--:|--:|--:|--:|---|");
        for (name, rate) in &self.limits {
            println!("| {name} | | {rate:.0} | | | {:.1} | | | | |", 1e6 / rate);
        }
        for line in &self.lines {
            self.print_line(line);
        }
    }

    fn print_line(&self, line: &Line) {
        let Line {
            name, connections, ..
        } = line;
        let figures = &line.figures;
        let memory = line.memory.map_or(String::new(), |it| format!("{it:.1}"));
        let disk = line.bytes.map_or(String::new(), |bytes| {
            format!("{:.1}", bytes as f64 / figures.all as f64 * 0.1)
        });
        let driver = match figures.driver_micros() {
            0.0 => String::new(),
            micros => format!("{micros:.1}"),
        };
        println!(
            "| {name} | {connections} | {:.0} | {:.3} | {:.3} | {:.1} | {driver} | {memory} | {disk} | {} |",
            figures.rate(),
            figures.latencies.percentile(50),
            figures.latencies.percentile(99),
            figures.server_micros(),
            self.beside(line)
        );
    }

    fn beside(&self, line: &Line) -> String {
        let Some(floor) = line.floor else {
            return String::new();
        };
        let figures = &line.figures;
        if let Some(limit) = self.limit(floor) {
            return format!("{:.1} x the rate", figures.rate() / limit);
        }
        let floor = line.beside.as_ref();
        let floor = floor.or_else(|| self.figures(line.floor?, line.connections));
        match floor {
            Some(floor) => format!(
                "{:.2} x CPU, {:.2} x rate",
                figures.server_micros() / floor.server_micros(),
                figures.rate() / floor.rate()
            ),
            None => String::new(),
        }
    }
}
