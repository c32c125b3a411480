//! A small load driver: keep-alive connections in a closed loop, a thread for each. Not the quickest way to send
//! requests, but the easiest to trust; its CPU time comes off what the server gets.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

/// One connection's source of requests: gets the last answer's body, gives the next request.
pub(crate) type Source = Box<dyn FnMut(&str) -> String + Send>;

/// Good answers a second over the measured time.
pub(crate) fn run(address: &str, sources: Vec<Source>, seconds: u64) -> f64 {
    let stop = Arc::new(AtomicBool::new(false));
    let good = Arc::new(AtomicU64::new(0));
    let began = Instant::now();
    let threads: Vec<_> = sources
        .into_iter()
        .map(|source| {
            let (stop, good, address) = (stop.clone(), good.clone(), address.to_owned());
            thread::spawn(move || connection(&address, source, &stop, &good))
        })
        .collect();
    thread::sleep(Duration::from_secs(1));
    let (warm, warmed) = (good.load(Ordering::Relaxed), Instant::now());
    thread::sleep(Duration::from_secs(seconds));
    let count = good.load(Ordering::Relaxed) - warm;
    let rate = count as f64 / warmed.elapsed().as_secs_f64();
    stop.store(true, Ordering::Relaxed);
    for thread in threads {
        thread.join().expect("a connection failed");
    }
    assert!(began.elapsed() < Duration::from_secs(seconds + 30));
    rate
}

fn connection(address: &str, mut source: Source, stop: &AtomicBool, good: &AtomicU64) {
    let stream = TcpStream::connect(address).expect("the server listens");
    stream.set_nodelay(true).expect("a socket option");
    let mut writer = stream.try_clone().expect("a second handle");
    let mut reader = BufReader::new(stream);
    let mut body = String::new();
    while !stop.load(Ordering::Relaxed) {
        let request = source(&body);
        writer
            .write_all(request.as_bytes())
            .expect("a request is sent");
        body = answer(&mut reader);
        good.fetch_add(1, Ordering::Relaxed);
    }
}

/// The body of an answer, which has to be 200.
fn answer(reader: &mut BufReader<TcpStream>) -> String {
    let mut line = String::new();
    reader.read_line(&mut line).expect("a status line");
    let status = line.clone();
    let mut length = 0;
    loop {
        line.clear();
        reader.read_line(&mut line).expect("a header");
        let lower = line.trim_end().to_ascii_lowercase();
        if lower.is_empty() {
            break;
        }
        if let Some(value) = lower.strip_prefix("content-length:") {
            length = value.trim().parse().expect("a length");
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).expect("a body");
    let body = String::from_utf8(body).expect("text");
    assert!(status.starts_with("HTTP/1.1 200"), "{status}{body}");
    body
}

/// A form request.
pub(crate) fn post(path: &str, authorization: &str, form: &str) -> String {
    format!(
        "POST {path} HTTP/1.1\r\nhost: localhost\r\nauthorization: {authorization}\r\n\
         content-type: application/x-www-form-urlencoded\r\ncontent-length: {}\r\n\r\n{form}",
        form.len()
    )
}

/// A plain request.
pub(crate) fn get(path: &str) -> String {
    format!("GET {path} HTTP/1.1\r\nhost: localhost\r\n\r\n")
}
