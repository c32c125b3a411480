//! The load driver: keep-alive connections in a closed loop, all on one thread, so that what it costs is little and
//! the same for 1 and for 64 connections. It writes a request when the answer to the one before is complete, and
//! looks at every answer.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use mio::net::TcpStream;
use mio::{Events, Interest, Poll, Token};

use crate::histogram::Histogram;
use crate::process::Meter;

/// Where requests come from: gets the number of the connection and the last body it received (empty at first), and
/// writes the next request; false when there is none left.
pub(crate) type Source = Box<dyn FnMut(usize, &[u8], &mut Vec<u8>) -> bool>;

/// How hard to drive what.
#[derive(Clone, Copy)]
pub(crate) struct Load<'a> {
    /// Who listens.
    pub(crate) address: SocketAddr,
    /// So many requests are on their way at a time.
    pub(crate) connections: usize,
    /// Not measured.
    pub(crate) warm_up: Duration,
    /// Measured.
    pub(crate) measured: Duration,
    /// What the body of each answer has to contain.
    pub(crate) expected: &'a str,
    /// Whose CPU time counts as the server's.
    pub(crate) meter: &'a Meter,
}

/// What was measured.
#[derive(Clone)]
pub(crate) struct Figures {
    /// Good answers in the measured time.
    pub(crate) good: u64,
    /// Good answers from the first to the last.
    pub(crate) all: u64,
    /// How long it took; less than asked for when the requests ran out.
    pub(crate) seconds: f64,
    /// From writing a request to the last byte of its answer.
    pub(crate) latencies: Histogram,
    /// CPU seconds of the server.
    pub(crate) server_cpu: f64,
    /// CPU seconds of this process.
    pub(crate) driver_cpu: f64,
}

impl Figures {
    /// Both together.
    pub(crate) fn and(&self, other: &Self) -> Self {
        Self {
            good: self.good + other.good,
            all: self.all + other.all,
            seconds: self.seconds + other.seconds,
            latencies: {
                let mut latencies = self.latencies.clone();
                latencies.add(&other.latencies);
                latencies
            },
            server_cpu: self.server_cpu + other.server_cpu,
            driver_cpu: self.driver_cpu + other.driver_cpu,
        }
    }

    /// Good answers a second.
    pub(crate) fn rate(&self) -> f64 {
        self.good as f64 / self.seconds
    }

    /// The server's CPU time for each of them, in microseconds.
    pub(crate) fn server_micros(&self) -> f64 {
        self.server_cpu * 1e6 / self.good as f64
    }

    /// The driver's CPU time for each of them, in microseconds.
    pub(crate) fn driver_micros(&self) -> f64 {
        self.driver_cpu * 1e6 / self.good as f64
    }
}

/// Drives the load to its end. Stops the program at the first answer that is not as expected.
pub(crate) fn run(load: &Load<'_>, source: &mut Source) -> Figures {
    let mut poll = Poll::new().expect("epoll");
    let mut events = Events::with_capacity(load.connections);
    let mut connections: Vec<Connection> = (0..load.connections)
        .map(|number| Connection::open(number, load, &poll))
        .collect();
    let (mut open, mut all) = (0, 0);
    for connection in &mut connections {
        open += usize::from(connection.ask(source));
    }
    let (mut window, mut figures) = (None, None);
    let began = Instant::now();
    while open > 0 {
        poll.poll(&mut events, Some(PATIENCE)).expect("epoll");
        assert!(!events.is_empty(), "no answer within {PATIENCE:?}");
        let now = Instant::now();
        if window.is_none() && now - began >= load.warm_up {
            window = Some(Window::open(load.meter));
        }
        if let Some(open) = &window
            && figures.is_none()
            && now - open.began >= load.measured
        {
            figures = Some(open.close(load.meter));
        }
        for event in &events {
            let Some(connection) = connections.get_mut(event.token().0) else {
                continue;
            };
            if !connection.receive(load.expected) {
                continue;
            }
            all += 1;
            if let (Some(window), None) = (&mut window, &figures) {
                window.latencies.record(connection.asked.elapsed());
            }
            // After the measured time no more is asked for, but what is on its way is waited for: the next load
            // begins with an idle server.
            if figures.is_some() || !connection.ask(source) {
                open -= 1;
            }
        }
    }
    let mut figures = figures.unwrap_or_else(|| {
        let window = window.expect("there are enough requests for the warm-up");
        window.close(load.meter)
    });
    figures.all = all;
    figures
}

/// Sends all requests there are, measuring nothing.
pub(crate) fn drain(address: SocketAddr, connections: usize, expected: &str, source: &mut Source) {
    let load = Load {
        address,
        connections,
        warm_up: Duration::ZERO,
        measured: Duration::MAX,
        expected,
        meter: &Meter::default(),
    };
    run(&load, source);
}

/// The measured time.
struct Window {
    began: Instant,
    server_cpu: f64,
    driver_cpu: f64,
    latencies: Histogram,
}

impl Window {
    fn open(meter: &Meter) -> Self {
        Self {
            server_cpu: meter.server_seconds(),
            driver_cpu: Meter::own_seconds(),
            latencies: Histogram::default(),
            began: Instant::now(),
        }
    }

    fn close(&self, meter: &Meter) -> Figures {
        Figures {
            seconds: self.began.elapsed().as_secs_f64(),
            good: self.latencies.count(),
            all: 0,
            latencies: self.latencies.clone(),
            server_cpu: meter.server_seconds() - self.server_cpu,
            driver_cpu: Meter::own_seconds() - self.driver_cpu,
        }
    }
}

struct Connection {
    number: usize,
    stream: TcpStream,
    request: Vec<u8>,
    answer: Vec<u8>,
    /// Where the body begins and ends, once the headers are there.
    body: Option<(usize, usize)>,
    asked: Instant,
}

impl Connection {
    fn open(number: usize, load: &Load<'_>, poll: &Poll) -> Self {
        let stream = std::net::TcpStream::connect(load.address).expect("the server listens");
        stream.set_nodelay(true).expect("a socket option");
        stream.set_nonblocking(true).expect("a socket option");
        let mut stream = TcpStream::from_std(stream);
        poll.registry()
            .register(&mut stream, Token(number), Interest::READABLE)
            .expect("epoll");
        Self {
            number,
            stream,
            request: Vec::new(),
            answer: Vec::with_capacity(16 * 1024),
            body: None,
            asked: Instant::now(),
        }
    }

    /// Sends the next request; false when there is none.
    fn ask(&mut self, source: &mut Source) -> bool {
        use std::io::Write as _;
        let last = self
            .body
            .take()
            .map_or(&[][..], |(from, to)| &self.answer[from..to]);
        self.request.clear();
        if !source(self.number, last, &mut self.request) {
            return false;
        }
        self.answer.clear();
        self.asked = Instant::now();
        // The socket's buffer is empty and larger than any request of ours.
        let sent = self.stream.write(&self.request).expect("a request is sent");
        assert_eq!(sent, self.request.len());
        true
    }

    /// Reads what is there; true when the answer is complete. Then nothing else can be waiting, which is why it need
    /// not read on until the socket says so.
    fn receive(&mut self, expected: &str) -> bool {
        use std::io::{ErrorKind, Read as _};
        loop {
            let mut chunk = [0; 16 * 1024];
            match self.stream.read(&mut chunk) {
                Ok(0) => panic!("the server closed a connection"),
                Ok(length) => self.answer.extend_from_slice(&chunk[..length]),
                Err(error) if error.kind() == ErrorKind::WouldBlock => return false,
                Err(error) => panic!("reading an answer: {error}"),
            }
            if self.body.is_none() {
                self.body = body(&self.answer);
            }
            if let Some((from, to)) = self.body
                && self.answer.len() >= to
            {
                let is_good = self.answer.starts_with(b"HTTP/1.1 200 ")
                    && find(&self.answer[from..to], expected.as_bytes()).is_some();
                assert!(
                    is_good,
                    "wanted 200 and {expected}:\n{}\n{}",
                    String::from_utf8_lossy(&self.request),
                    String::from_utf8_lossy(&self.answer)
                );
                return true;
            }
        }
    }
}

/// Where the body of an answer begins and ends, if its headers are there.
fn body(answer: &[u8]) -> Option<(usize, usize)> {
    let begin = find(answer, b"\r\n\r\n")? + 4;
    let headers = std::str::from_utf8(&answer[..begin]).expect("headers are text");
    let length = headers
        .lines()
        .filter_map(|line| line.split_once(": "))
        .find(|(name, _)| name.eq_ignore_ascii_case("content-length"))
        .expect("an answer with a length");
    let length: usize = length.1.parse().expect("a length");
    Some((begin, begin + length))
}

/// Where `part` begins.
pub(crate) fn find(text: &[u8], part: &[u8]) -> Option<usize> {
    let first = *part.first()?;
    let mut from = 0;
    loop {
        from += text[from..].iter().position(|byte| *byte == first)?;
        if text[from..].starts_with(part) {
            return Some(from);
        }
        from += 1;
    }
}

/// No answer takes so long, unless the server is stuck.
const PATIENCE: Duration = Duration::from_secs(30);
