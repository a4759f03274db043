//! A code forge on loopback with the APIs of GitHub and GitLab, as far as the examples call them.
#![allow(dead_code, reason = "each test file uses what it needs")]
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::{BufRead as _, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::Command;
use std::sync::{Arc, Mutex, MutexGuard};
use std::thread;

use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};
use serde_json::{Value, json};

/// The token of a job, and of GitLab's bot.
pub(crate) const JOB: &str = "job-5d1c";
/// What the forge holds: comments (GitLab: notes), issues, pull requests (GitLab: merge requests), runs (GitLab:
/// pipelines and their artifacts).
#[derive(Default)]
pub(crate) struct State {
    calls: Vec<String>,
    pub(crate) comments: Vec<Value>,
    pub(crate) issues: Vec<Value>,
    pub(crate) pulls: Vec<Value>,
    pub(crate) runs: Vec<Value>,
    pub(crate) files: BTreeMap<String, Vec<u8>>,
}

/// A request: method, path below the API, query, body.
struct Request {
    method: String,
    host: String,
    path: String,
    query: BTreeMap<String, String>,
    headers: BTreeMap<String, String>,
    body: Vec<u8>,
}

/// A response: status, next page, body.
struct Response(u16, Option<String>, Vec<u8>);

impl Response {
    fn json(value: &Value) -> Self {
        Self(200, None, value.to_string().into_bytes())
    }
}

/// The server of both APIs, in clear and with TLS on one port. It is a proxy for api.github.com too.
pub(crate) struct Forge {
    pub(crate) port: u16,
    state: Arc<Mutex<State>>,
}

impl Forge {
    /// Starts the server with a new certificate, which it leaves in a folder.
    pub(crate) fn new(folder: &Path) -> Option<Self> {
        let made = Command::new("openssl")
            .args(["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"])
            .args(["-keyout", "forge.key", "-out", "forge.pem", "-subj", "/CN=forge", "-days", "2"])
            .args(["-addext", "subjectAltName=IP:127.0.0.1,DNS:api.github.com,DNS:github.com"])
            .current_dir(folder)
            .output();
        if !made.is_ok_and(|output| output.status.success()) {
            return None;
        }
        let chain = vec![CertificateDer::from_pem_file(folder.join("forge.pem")).unwrap()];
        let key = PrivateKeyDer::from_pem_file(folder.join("forge.key")).unwrap();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let tls =
            ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
        let tls = Arc::new(tls.with_no_client_auth().with_single_cert(chain, key).unwrap());
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let state = Arc::new(Mutex::new(State::default()));
        let held = Arc::clone(&state);
        thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let (state, tls) = (Arc::clone(&held), Arc::clone(&tls));
                thread::spawn(move || serve(stream, &state, tls));
            }
        });
        Some(Self { port, state })
    }

    /// Returns what the forge holds.
    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    /// Returns the calls since the last look that write.
    pub(crate) fn writes(&self) -> Vec<String> {
        let calls = std::mem::take(&mut self.state().calls);
        calls.into_iter().filter(|call| !call.starts_with("GET ")).collect()
    }
}

/// Answers one request of a connection: in clear, with TLS, or with TLS through a proxy.
fn serve(mut stream: TcpStream, state: &Mutex<State>, tls: Arc<ServerConfig>) {
    let mut first = [0; 1];
    if stream.peek(&mut first).unwrap_or(0) == 0 {
        return;
    }
    if first == *b"C" {
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            let mut byte = [0; 1];
            if stream.read_exact(&mut byte).is_err() {
                return;
            }
            head.push(byte[0]);
        }
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n");
    }
    if first == *b"C" || first == [0x16] {
        let mut stream = StreamOwned::new(ServerConnection::new(tls).unwrap(), stream);
        reply(&mut stream, state);
        stream.conn.send_close_notify();
        let _ = stream.flush();
    } else {
        reply(&mut stream, state);
    }
}

fn reply(stream: &mut (impl Read + Write), state: &Mutex<State>) {
    let Some(request) = read(stream) else { return };
    let answer = answer(&request, &mut state.lock().unwrap());
    let Response(status, next, body) = answer.unwrap_or_else(|status| {
        let told = json!({ "message": format!("unknown or refused: {} {}", request.method, request.path) });
        Response(status, None, told.to_string().into_bytes())
    });
    let link = next.map(|next| format!("Link: <{next}>; rel=\"next\"\r\n")).unwrap_or_default();
    let head = format!(
        "HTTP/1.1 {status} X\r\nContent-Type: application/json; charset=utf-8\r\n{link}Content-Length: {}\r\nConnection: \
         close\r\n\r\n",
        body.len()
    );
    let _ = stream
        .write_all(head.as_bytes())
        .and_then(|()| stream.write_all(&body))
        .and_then(|()| stream.flush());
}

/// Returns a text without its percent signs.
fn plain(text: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'%' => {
                let digits = [rest.next().unwrap(), rest.next().unwrap()];
                u8::from_str_radix(std::str::from_utf8(&digits).unwrap(), 16).unwrap()
            }
            b'+' => b' ',
            byte => byte,
        });
    }
    String::from_utf8(bytes).unwrap()
}

fn read(stream: &mut impl Read) -> Option<Request> {
    let mut lines = BufReader::new(stream);
    let mut line = || {
        let mut line = String::new();
        (lines.read_line(&mut line).ok()? > 0).then(|| line.trim_end().to_owned())
    };
    let first = line()?;
    let [method, url] = first.split(' ').take(2).collect::<Vec<_>>()[..] else { return None };
    let mut headers = BTreeMap::new();
    while let Some((name, value)) = line()?.split_once(':') {
        headers.insert(name.to_lowercase(), value.trim().to_owned());
    }
    let mut body = Vec::new();
    if headers.get("transfer-encoding").is_some_and(|how| how == "chunked") {
        loop {
            let mut size = String::new();
            lines.read_line(&mut size).ok()?;
            let mut chunk = vec![0; usize::from_str_radix(size.trim(), 16).ok()? + 2];
            lines.read_exact(&mut chunk).ok()?;
            if chunk.len() == 2 {
                break;
            }
            body.extend_from_slice(&chunk[..chunk.len() - 2]);
        }
    } else if let Some(length) = headers.get("content-length") {
        body = vec![0; length.parse().ok()?];
        lines.read_exact(&mut body).ok()?;
    }
    let (path, query) = url.split_once('?').unwrap_or((url, ""));
    let query = query
        .split('&')
        .filter_map(|pair| pair.split_once('='))
        .map(|(key, value)| (plain(key), plain(value)))
        .collect();
    let host = headers.get("host").cloned().unwrap_or_default();
    Some(Request { method: method.to_owned(), host, path: path.to_owned(), query, headers, body })
}

/// Answers a call that the examples make; any other is unknown (404), and one without the right token refused (401).
fn answer(request: &Request, state: &mut State) -> Result<Response, u16> {
    let header = |name: &str| request.headers.get(name).map_or("", String::as_str);
    if let Some(path) = request.path.strip_prefix("/api/v4/") {
        let own = header("private-token") == JOB;
        let package = header("job-token") == JOB && path.contains("/packages/");
        if !own && !package {
            return Err(401);
        }
        return gitlab(request, path.strip_prefix("projects/1/").unwrap_or(path), state);
    }
    // A server has its API below a path of its own.
    let public = request.host == "api.github.com";
    let path = request.path.strip_prefix(if public { "/" } else { "/api/v3/" });
    if header("authorization") != format!("token {JOB}") {
        return Err(401);
    }
    if request.path.ends_with("/graphql") {
        return Ok(Response::json(&json!({ "data": { "repository": { "release": null } } })));
    }
    github(request, path.ok_or(404u16)?, state)
}

/// Returns those of a list whose fields are as a query says.
fn chosen(list: &[Value], query: &BTreeMap<String, String>, fields: &[&str]) -> Vec<Value> {
    let fits = |one: &&Value| {
        fields.iter().all(|field| query.get(*field).is_none_or(|wanted| one[*field].as_str() == Some(wanted)))
    };
    list.iter().filter(fits).cloned().collect()
}

/// Puts the fields of a body over an entry.
pub(crate) fn merge(entry: &mut Value, body: &Value) {
    for (key, value) in body.as_object().unwrap() {
        entry[key] = value.clone();
    }
}

/// Returns the entry whose field is a number.
fn numbered<'a>(list: &'a mut [Value], field: &str, number: &str) -> Result<&'a mut Value, u16> {
    let number = number.parse().map_err(|_| 404u16)?;
    list.iter_mut().find(|one| one[field].as_u64() == Some(number)).ok_or(404)
}

fn github(request: &Request, path: &str, state: &mut State) -> Result<Response, u16> {
    state.calls.push(format!("{} {path}", request.method));
    let body: Value = serde_json::from_slice(&request.body).unwrap_or_default();
    let made = |list: &mut Vec<Value>, more: Value| {
        let number = list.len() + 1;
        let mut entry = json!({ "id": number, "number": number, "state": "open", "pull_request": null,
            "user": { "login": "github-actions[bot]" } });
        merge(&mut entry, &more);
        merge(&mut entry, &body);
        list.push(entry.clone());
        Ok(Response(201, None, entry.to_string().into_bytes()))
    };
    // Two to a page.
    let paged = |list: Vec<Value>| {
        let page: usize = request.query.get("page").map_or(1, |page| page.parse().unwrap());
        let more = list.len() > 2 * page;
        let mut query = String::new();
        for (key, value) in request.query.iter().filter(|(key, _)| *key != "page") {
            let _ = write!(query, "{key}={value}&");
        }
        let next = more.then(|| format!("https://{}{}?{query}page={}", request.host, request.path, page + 1));
        let part: Vec<Value> = list.into_iter().skip(2 * (page - 1)).take(2).collect();
        Ok(Response(200, next, Value::from(part).to_string().into_bytes()))
    };
    let release = path.strip_prefix("repos/o/rosterctl/releases/");
    if let Some(rest) = release {
        if let Some(name) = rest.strip_prefix("assets/") {
            return state.files.get(name).map(|bytes| Response(200, None, bytes.clone())).ok_or(404);
        }
        let asset = |name: &String| {
            let url =
                format!("https://{}{}", request.host, request.path.replace(rest, &format!("assets/{name}")));
            json!({ "name": name, "url": url, "state": "uploaded" })
        };
        let assets: Vec<Value> = state.files.keys().map(asset).collect();
        let tag = rest.strip_prefix("tags/").ok_or(404u16)?;
        return Ok(Response::json(&json!({ "tag_name": tag, "url": "", "assets": assets })));
    }
    let parts: Vec<&str> = path.strip_prefix("repos/o/r/").ok_or(404u16)?.split('/').collect();
    match (request.method.as_str(), &parts[..]) {
        ("GET", ["issues", number, "comments"]) => {
            paged(state.comments.iter().filter(|one| one["of"] == **number).cloned().collect())
        }
        ("POST", ["issues", number, "comments"]) => made(&mut state.comments, json!({ "of": number })),
        ("PATCH", ["issues", "comments", id]) => {
            merge(numbered(&mut state.comments, "id", id)?, &body);
            Ok(Response::json(&json!({})))
        }
        ("GET", ["issues", number, "labels"]) => {
            Ok(Response::json(&numbered(&mut state.pulls, "number", number)?["labels"]))
        }
        ("GET", ["issues"]) => paged(chosen(&state.issues, &request.query, &["state"])),
        ("POST", ["issues"]) => made(&mut state.issues, json!({})),
        ("PATCH", ["issues", number]) => {
            merge(numbered(&mut state.issues, "number", number)?, &body);
            Ok(Response::json(&json!({})))
        }
        ("POST", ["labels"]) => Err(422), // there already
        ("GET", ["pulls"]) => {
            let all = chosen(&state.pulls, &request.query, &["state"]);
            let wanted = |field: &str, one: &str| request.query.get(field).is_none_or(|wanted| wanted == one);
            let fits = |one: &&Value| {
                let own = one["head"].as_str().map(|branch| format!("o:{branch}"));
                let head = own.as_deref().or(one["head"]["label"].as_str()).unwrap();
                let base = one["base"].as_str().or(one["base"]["ref"].as_str()).unwrap();
                wanted("head", head) && wanted("base", base)
            };
            Ok(Response::json(&all.iter().filter(fits).cloned().collect()))
        }
        ("POST", ["pulls"]) => made(&mut state.pulls, json!({ "merged_at": null })),
        ("PATCH", ["pulls", number]) => {
            merge(numbered(&mut state.pulls, "number", number)?, &body);
            Ok(Response::json(&json!({})))
        }
        ("GET", ["commits", sha, "pulls"]) => {
            let fits = |one: &&Value| one["merge_commit_sha"] == **sha;
            Ok(Response::json(&state.pulls.iter().filter(fits).cloned().collect()))
        }
        ("GET", ["actions", "workflows", name, "runs"]) => {
            let mut runs = chosen(&state.runs, &request.query, &["event", "status", "head_sha"]);
            runs.retain(|run| run["workflow"] == **name);
            runs.reverse(); // the newest first
            Ok(Response::json(&json!({ "workflow_runs": runs })))
        }
        _ => Err(404),
    }
}

fn gitlab(request: &Request, path: &str, state: &mut State) -> Result<Response, u16> {
    state.calls.push(format!("{} {path}", request.method));
    let body: Value = serde_json::from_slice(&request.body).unwrap_or_default();
    let made = |list: &mut Vec<Value>, more: Value| {
        let number = list.len() + 1;
        let mut entry = json!({ "id": number, "iid": number, "state": "opened", "author": { "id": 9 },
            "source_project_id": 1, "target_project_id": 1 });
        merge(&mut entry, &more);
        merge(&mut entry, &body);
        list.push(entry.clone());
        Ok(Response(201, None, entry.to_string().into_bytes()))
    };
    let changed = |entry: &mut Value| {
        merge(entry, &body);
        if body["state_event"] == "close" {
            entry["state"] = "closed".into();
        }
        Ok(Response::json(&json!({})))
    };
    let parts: Vec<&str> = path.split('/').collect();
    match (request.method.as_str(), &parts[..]) {
        ("GET", ["user"]) => Ok(Response::json(&json!({ "id": 9 }))),
        ("GET", ["merge_requests"]) => {
            Ok(Response::json(&chosen(&state.pulls, &request.query, &["state", "source_branch"]).into()))
        }
        ("POST", ["merge_requests"]) => made(&mut state.pulls, json!({})),
        ("PUT", ["merge_requests", number]) => changed(numbered(&mut state.pulls, "iid", number)?),
        ("GET", ["merge_requests", number, "notes"]) => {
            let notes = state.comments.iter().filter(|one| one["of"] == **number).cloned();
            Ok(Response::json(&notes.collect()))
        }
        ("POST", ["merge_requests", number, "notes"]) => made(&mut state.comments, json!({ "of": number })),
        ("PUT", ["merge_requests", _, "notes", id]) => changed(numbered(&mut state.comments, "id", id)?),
        ("GET", ["repository", "commits", sha, "merge_requests"]) => {
            let fits = |one: &&Value| one["merge_commit_sha"] == **sha;
            Ok(Response::json(&state.pulls.iter().filter(fits).cloned().collect()))
        }
        ("GET", ["merge_requests", _, "pipelines"]) => Ok(Response::json(&state.runs.clone().into())),
        ("GET", ["pipelines", id, "jobs"]) => Ok(Response::json(&json!([{ "id": id, "name": "plan" }]))),
        ("GET", ["jobs", id, "artifacts", name] | ["packages", "generic", id, _, name]) => {
            let file = state.files.get(&format!("{id}/{name}"));
            file.map(|bytes| Response(200, None, bytes.clone())).ok_or(404)
        }
        ("PUT", ["packages", "generic", id, _, name]) => {
            state.files.insert(format!("{id}/{name}"), request.body.clone());
            Ok(Response::json(&json!({})))
        }
        ("GET", ["issues"]) => Ok(Response::json(
            &chosen(&state.issues, &request.query, &["labels"])
                .into_iter()
                .filter(|one| {
                    Some(one["state"].as_str().unwrap()) == request.query.get("state").map(String::as_str)
                })
                .collect(),
        )),
        ("POST", ["issues"]) => made(&mut state.issues, json!({})),
        ("PUT", ["issues", number]) => changed(numbered(&mut state.issues, "iid", number)?),
        _ => Err(404),
    }
}
