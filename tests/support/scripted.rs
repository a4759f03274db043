//! A server with scripted responses.
#![allow(dead_code, reason = "each test file uses what it needs")]

use std::fmt::Write as _;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

use serde_json::Value as Json;

/// A response.
pub(crate) struct Answer {
    status: u16,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
}

impl Answer {
    pub(crate) fn status(status: u16) -> Self {
        Self { status, headers: Vec::new(), body: Vec::new() }
    }

    pub(crate) fn text(body: &str) -> Self {
        Self { status: 200, headers: Vec::new(), body: body.as_bytes().to_vec() }
    }

    pub(crate) fn json(body: &Json) -> Self {
        Self::text(&body.to_string()).header("Content-Type", "application/json;charset=utf-8")
    }

    pub(crate) fn bytes(body: Vec<u8>) -> Self {
        Self { status: 200, headers: Vec::new(), body }
    }

    pub(crate) fn with_status(self, status: u16) -> Self {
        Self { status, ..self }
    }

    pub(crate) fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }
}

/// A running server; its thread ends with the test.
pub(crate) struct Scripted {
    pub(crate) url: String,
    lines: Arc<Mutex<Vec<String>>>,
}

impl Scripted {
    /// Starts a server that answers with a function of path and body.
    pub(crate) fn start(answer: impl Fn(&str, &Json) -> Answer + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let lines = Arc::new(Mutex::new(Vec::new()));
        let (shared, answer) = (Arc::clone(&lines), Arc::new(answer));
        std::thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let (lines, answer) = (Arc::clone(&shared), Arc::clone(&answer));
                std::thread::spawn(move || serve(&stream, &lines, &*answer));
            }
        });
        Self { url, lines }
    }

    /// Returns the number of requests.
    pub(crate) fn asked(&self) -> usize {
        self.lines.lock().unwrap().len()
    }

    /// Returns the first line of each request, and its body.
    pub(crate) fn lines(&self) -> Vec<String> {
        self.lines.lock().unwrap().clone()
    }
}

fn serve(
    stream: &TcpStream,
    lines: &Mutex<Vec<String>>,
    answer: &(dyn Fn(&str, &Json) -> Answer + Send + Sync),
) -> Option<()> {
    let mut reader = BufReader::new(stream);
    let (mut first, mut length) = (String::new(), 0);
    reader.read_line(&mut first).ok().filter(|read| *read > 0)?;
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok()?;
        let line = line.trim().to_ascii_lowercase();
        if line.is_empty() {
            break;
        }
        if let Some(value) = line.strip_prefix("content-length:") {
            length = value.trim().parse().ok()?;
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    lines.lock().unwrap().push(format!("{} {}", first.trim(), String::from_utf8_lossy(&body)));
    let target = first.split_whitespace().nth(1)?;
    let path = target.split('?').next()?;
    let Answer { status, headers, body } = answer(path, &serde_json::from_slice(&body).unwrap_or_default());
    let mut head =
        format!("HTTP/1.1 {status} Scripted\r\nContent-Length: {}\r\nConnection: close\r\n", body.len());
    for (name, value) in headers {
        write!(head, "{name}: {value}\r\n").ok()?;
    }
    let mut stream = stream;
    stream.write_all(format!("{head}\r\n").as_bytes()).ok()?;
    stream.write_all(&body).ok()
}
