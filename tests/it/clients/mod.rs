//! We are judged by programs that other people wrote.

mod apache;
mod htmlunit;
mod nginx;
mod node;
mod openidconnect;
pub(crate) mod python;

use std::io::{Read, Write as _};
use std::process::{Command, Stdio};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use serde_json::Value;

/// A script that has not ended after this time never will.
const PATIENCE: Duration = Duration::from_mins(2);

/// Runs a script, which reads its task as JSON and reports as JSON. Secrets are in its input, never in its arguments.
fn report(command: &mut Command, task: &Value) -> Value {
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let (told, trouble) = (child.stdout.take().unwrap(), child.stderr.take().unwrap());
    let (told, trouble) = (collect(told), collect(trouble));
    let mut input = child.stdin.take().unwrap();
    input.write_all(task.to_string().as_bytes()).unwrap();
    drop(input);
    let began = Instant::now();
    let status = loop {
        if let Some(status) = child.try_wait().unwrap() {
            break status;
        }
        if began.elapsed() > PATIENCE {
            child.kill().unwrap();
            break child.wait().unwrap();
        }
        thread::sleep(Duration::from_millis(10));
    };
    let trouble = trouble.join().unwrap();
    assert!(status.success(), "{command:?}: {status}\n{trouble}");
    serde_json::from_str(&told.join().unwrap()).unwrap()
}

fn collect(mut from: impl Read + Send + 'static) -> JoinHandle<String> {
    thread::spawn(move || {
        let mut text = String::new();
        from.read_to_string(&mut text).unwrap();
        text
    })
}
