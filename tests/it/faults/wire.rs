//! A client of HTTP/1.1 that keeps its connection: so quick that the server is the slower of the two, and it tells an
//! answer that did not come from one that did.

use std::io::{self, BufRead as _, BufReader, Error, ErrorKind, Read as _, Write as _};
use std::net::TcpStream;
use std::thread;
use std::time::Duration;

use serde_json::Value;
use url::form_urlencoded;

/// Longer than any bound of the server.
const PATIENCE: Duration = Duration::from_secs(30);

/// After so long a client comes again that was told to.
pub(crate) const COME_AGAIN: Duration = Duration::from_millis(200);

/// How often it does.
const TIMES: usize = 50;

/// A connection of one client to one node.
pub(crate) struct Wire {
    stream: BufReader<TcpStream>,
}

/// What came back.
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) body: String,
}

/// A form to send, whole.
pub(crate) fn request(path: &str, authorization: &str, fields: &[(&str, &str)]) -> String {
    let form = form_urlencoded::Serializer::new(String::new())
        .extend_pairs(fields)
        .finish();
    format!(
        "POST {path} HTTP/1.1\r\nhost: localhost\r\nauthorization: {authorization}\r\n\
         content-type: application/x-www-form-urlencoded\r\ncontent-length: {}\r\n\r\n{form}",
        form.len()
    )
}

impl Wire {
    /// Connects to a port of this machine.
    pub(crate) fn connect(port: u16) -> io::Result<Self> {
        let stream = TcpStream::connect(("127.0.0.1", port))?;
        if stream.local_addr()? == stream.peer_addr()? {
            // Nobody listens, and the system gave this very port to this end.
            return Err(ErrorKind::ConnectionRefused.into());
        }
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        Ok(Self {
            stream: BufReader::new(stream),
        })
    }

    /// Sends a request and waits for its answer. An error means that nobody knows what became of it.
    pub(crate) fn ask(&mut self, request: &str) -> io::Result<Answer> {
        self.stream.get_mut().write_all(request.as_bytes())?;
        let status = self.line()?;
        let status = status.split(' ').nth(1).and_then(|it| it.parse().ok());
        let mut length = 0;
        loop {
            let header = self.line()?.to_ascii_lowercase();
            if header.is_empty() {
                break;
            }
            if let Some(value) = header.strip_prefix("content-length:") {
                length = value.trim().parse().map_err(Error::other)?;
            }
        }
        let mut body = vec![0; length];
        self.stream.read_exact(&mut body)?;
        Ok(Answer {
            status: status.ok_or(ErrorKind::InvalidData)?,
            body: String::from_utf8(body).map_err(Error::other)?,
        })
    }

    /// Asks until it is not told to come again, as a client does: on a machine that is too busy, that is no answer yet.
    pub(crate) fn ask_patiently(&mut self, request: &str) -> Answer {
        for _ in 0..TIMES {
            let answer = self.ask(request).unwrap();
            if answer.status != 503 {
                return answer;
            }
            thread::sleep(COME_AGAIN);
        }
        panic!("told to come again {TIMES} times");
    }

    fn line(&mut self) -> io::Result<String> {
        let mut line = String::new();
        self.stream.read_line(&mut line)?;
        if line.ends_with('\n') {
            Ok(line.trim_end().to_owned())
        } else {
            Err(ErrorKind::UnexpectedEof.into())
        }
    }
}

impl Answer {
    /// A member of a success.
    #[track_caller]
    pub(crate) fn member(&self, name: &str) -> String {
        let value = &self.json()[name];
        let text = value.as_str();
        text.unwrap_or_else(|| panic!("no {name} in {self}"))
            .to_owned()
    }

    /// Whether an introspection says that the token is good.
    pub(crate) fn is_active(&self) -> bool {
        self.status == 200 && self.json()["active"] == true
    }

    /// Whether it refuses the grant, and with this id.
    pub(crate) fn refuses_with(&self, id: &str) -> bool {
        self.status == 400 && self.body.contains("\"invalid_grant\"") && self.body.contains(id)
    }

    fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap()
    }
}

impl std::fmt::Display for Answer {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "{} {}", self.status, self.body)
    }
}
