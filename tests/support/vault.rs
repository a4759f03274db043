//! A double of Vault's KV version 2 engine, written from Vault's public API documentation.
#![allow(dead_code, reason = "each test file uses what it needs")]
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};

/// The token that the double accepts.
pub(crate) const VAULT_TOKEN: &str = "hvs.canary-vault-token";

#[derive(Default)]
pub(crate) struct State {
    /// Secrets by path below `data/`: version and fields.
    pub(crate) secrets: BTreeMap<String, (u64, Value)>,
    /// Paths that were read, in order.
    pub(crate) reads: Vec<String>,
    /// Namespaces in requests, each once.
    pub(crate) namespaces: BTreeSet<String>,
    /// Sign-ins.
    pub(crate) logins: usize,
    /// Requests with a token that it does not accept.
    pub(crate) denied: usize,
    /// The number of further requests that it answers with 503.
    pub(crate) busy: usize,
    /// Write requests.
    pub(crate) writes: usize,
    /// Its misbehaviour: `sealed`, `v1`, `v1-write`, `redirect`, `rude`, `conflict`.
    pub(crate) mood: &'static str,
}

/// A running double.
pub(crate) struct Vault {
    pub(crate) address: String,
    pub(crate) state: Arc<Mutex<State>>,
}

impl Vault {
    pub(crate) fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let state = Arc::new(Mutex::new(State::default()));
        let shared = Arc::clone(&state);
        std::thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let shared = Arc::clone(&shared);
                std::thread::spawn(move || while serve(&stream, &shared).is_some() {});
            }
        });
        Self { address, state }
    }

    pub(crate) fn set(&self, path: &str, fields: Value) {
        let mut state = self.state.lock().unwrap();
        let version = state.secrets.get(path).map_or(0, |(version, _)| *version);
        state.secrets.insert(path.to_owned(), (version + 1, fields));
    }

    pub(crate) fn get(&self, path: &str) -> Value {
        self.state.lock().unwrap().secrets.get(path).map_or(Value::Null, |(_, fields)| fields.clone())
    }

    pub(crate) fn mood(&self, mood: &'static str) {
        self.state.lock().unwrap().mood = mood;
    }
}

/// Answers one request; `None` when the connection ends.
fn serve(stream: &TcpStream, state: &Mutex<State>) -> Option<()> {
    let mut reader = BufReader::new(stream);
    let mut line = String::new();
    reader.read_line(&mut line).ok().filter(|read| *read > 0)?;
    let mut words = line.split_whitespace();
    let (method, path) = (words.next()?.to_owned(), words.next()?.to_owned());
    let (mut length, mut token) = (0, String::new());
    loop {
        let mut header = String::new();
        reader.read_line(&mut header).ok()?;
        let Some((name, value)) = header.trim().split_once(':') else { break };
        match name.to_ascii_lowercase().as_str() {
            "content-length" => length = value.trim().parse().ok()?,
            "x-vault-token" => value.trim().clone_into(&mut token),
            "x-vault-namespace" => {
                state.lock().unwrap().namespaces.insert(value.trim().to_owned());
            }
            _ => {}
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    let body: Value = serde_json::from_slice(&body).unwrap_or(Value::Null);
    let (status, answer) = answer(&method, &path, &token, &body, &mut state.lock().unwrap());
    let text = answer.to_string();
    let extra = if status == 307 { "Location: http://elsewhere.example/\r\n" } else { "" };
    let head = format!(
        "HTTP/1.1 {status} X\r\nContent-Type: application/json\r\n{extra}Content-Length: {}\r\n\r\n",
        text.len()
    );
    let mut stream = stream;
    stream.write_all(format!("{head}{text}").as_bytes()).ok()
}

fn answer(method: &str, path: &str, token: &str, body: &Value, state: &mut State) -> (u16, Value) {
    if state.busy > 0 {
        state.busy -= 1;
        return (503, json!({ "errors": ["Vault is sealed"] }));
    }
    match state.mood {
        "sealed" => return (503, json!({ "errors": ["Vault is sealed"] })),
        "redirect" => return (307, json!({})),
        // Repeats the request, with an escape sequence, at length.
        "rude" => return (403, json!({ "errors": [format!("\u{1b}[2J{token}{}", "x".repeat(100_000))] })),
        // A mount of version 1 answers so: nothing exists, and any body is accepted.
        "v1-write" if method == "GET" => return (404, json!({ "errors": [] })),
        "v1-write" => return (200, Value::Null),
        _ => {}
    }
    if path.ends_with("/login") {
        state.logins += 1;
    }
    if path == "/v1/auth/approle/login" {
        return if body["role_id"] == "roster" && body["secret_id"] == "canary-secret-id" {
            (200, json!({ "auth": { "client_token": VAULT_TOKEN, "lease_duration": 3600 } }))
        } else {
            (400, json!({ "errors": ["invalid role or secret ID"] }))
        };
    }
    if path == "/v1/auth/kubernetes/login" {
        return if body["role"] == "roster" && body["jwt"] == "canary-jwt" {
            (200, json!({ "auth": { "client_token": VAULT_TOKEN } }))
        } else {
            (403, json!({ "errors": ["permission denied"] }))
        };
    }
    if token != VAULT_TOKEN {
        state.denied += 1;
        return (403, json!({ "errors": ["permission denied"] }));
    }
    let Some(key) = path.strip_prefix("/v1/secret/data/") else {
        return (404, json!({ "errors": ["no handler for route"] }));
    };
    if state.mood == "v1" {
        return (200, json!({ "data": { "value": "old" } }));
    }
    if method == "GET" {
        state.reads.push(key.to_owned());
        return match state.secrets.get(key) {
            Some((version, fields)) => {
                (200, json!({ "data": { "data": fields, "metadata": { "version": version } } }))
            }
            None => (404, json!({ "errors": [] })),
        };
    }
    state.writes += 1;
    let version = state.secrets.get(key).map_or(0, |(version, _)| *version);
    if state.mood == "conflict" || body["options"]["cas"] != version {
        let said = "check-and-set parameter did not match the current version";
        return (400, json!({ "errors": [said] }));
    }
    state.secrets.insert(key.to_owned(), (version + 1, body["data"].clone()));
    (200, json!({ "data": { "version": version + 1 } }))
}
