//! What a process costs, as Linux tells it in `/proc`: CPU time and memory.

use std::collections::HashMap;
use std::fs;

/// Whose CPU time counts as the server's: these processes and everything below them.
#[derive(Clone, Default)]
pub(crate) struct Meter(pub(crate) Vec<u32>);

impl Meter {
    /// CPU seconds of them all until now.
    pub(crate) fn server_seconds(&self) -> f64 {
        let processes = all();
        processes
            .keys()
            .filter(|pid| self.includes(**pid, &processes))
            .map(|pid| processes[pid].seconds)
            .sum()
    }

    /// CPU seconds of this process until now, without its children.
    pub(crate) fn own_seconds() -> f64 {
        let own = stat("self").expect("this process runs");
        own.seconds - own.of_children
    }

    fn includes(&self, mut pid: u32, processes: &HashMap<u32, Stat>) -> bool {
        loop {
            if self.0.contains(&pid) {
                return true;
            }
            match processes.get(&pid) {
                Some(process) if process.parent != 0 => pid = process.parent,
                _ => return false,
            }
        }
    }
}

/// The parent of a process.
pub(crate) fn parent(pid: u32) -> Option<u32> {
    stat(&pid.to_string()).map(|process| process.parent)
}

/// The name of a process; empty when there is none.
pub(crate) fn name(pid: u32) -> String {
    fs::read_to_string(format!("/proc/{pid}/comm")).unwrap_or_default()
}

/// Resident memory in MB.
pub(crate) fn memory(pid: u32) -> f64 {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).expect("the process runs");
    let kilobytes = status
        .lines()
        .find_map(|line| line.strip_prefix("VmRSS:"))
        .and_then(|line| line.trim().strip_suffix(" kB"))
        .and_then(|number| number.parse::<f64>().ok());
    kilobytes.expect("a number") / 1024.0
}

struct Stat {
    parent: u32,
    /// Of the process and of its children that ended: so nothing is lost when one of them ends.
    seconds: f64,
    of_children: f64,
}

fn all() -> HashMap<u32, Stat> {
    let entries = fs::read_dir("/proc").expect("Linux");
    entries
        .filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok())
        .filter_map(|pid: u32| Some((pid, stat(&pid.to_string())?)))
        .collect()
}

/// `proc_pid_stat(5)`; `None` when the process has ended.
fn stat(pid: &str) -> Option<Stat> {
    let text = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The name, in parentheses, may hold blanks.
    let fields: Vec<&str> = text.rsplit_once(')')?.1.split_whitespace().collect();
    let number = |field: usize| fields.get(field - 3)?.parse::<f64>().ok();
    let of_children = (number(16)? + number(17)?) / TICKS;
    Some(Stat {
        parent: fields.get(1)?.parse().ok()?,
        seconds: (number(14)? + number(15)?) / TICKS + of_children,
        of_children,
    })
}

/// `USER_HZ`, which is the same on every Linux that this server runs on.
const TICKS: f64 = 100.0;
