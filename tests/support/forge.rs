//! A code forge on loopback with the APIs of GitHub and GitLab, and the runners that carry out the example pipelines.
#![allow(dead_code, reason = "each test file uses what it needs")]
#![allow(clippy::unwrap_used, clippy::print_stderr, reason = "a test may panic, and says what it leaves out")]

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::io::{BufRead as _, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Arc, Mutex, MutexGuard};
use std::thread;

use rosterctl::sandbox::AgentConfig;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};
use serde_json::{Value, json};

use crate::bench::{API_SECRET, Bench, TOKEN};

/// The token of a job, and of GitLab's bot.
const JOB: &str = "job-5d1c";
/// The branch of what is taken over.
pub(crate) const BRANCH: &str = "rosterctl/adopt-site";

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

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
    fn new(folder: &Path) -> Option<Self> {
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
        if !own && !(header("job-token") == JOB && path.contains("/packages/")) {
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
fn merge(entry: &mut Value, body: &Value) {
    for (key, value) in body.as_object().unwrap() {
        entry[key] = value.clone();
    }
}

/// Returns the entry whose field is a number.
fn numbered<'a>(list: &'a mut [Value], field: &str, number: &str) -> Result<&'a mut Value, u16> {
    list.iter_mut().find(|one| one[field].to_string() == number).ok_or(404)
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
        ("GET", ["jobs", id, "artifacts", name]) | ("GET", ["packages", "generic", id, _, name]) => {
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

/// Runs git as a person; returns its output.
pub(crate) fn git(folder: &Path, arguments: &[&str]) -> String {
    let output = Command::new("git")
        .args(["-c", "user.name=Zhang", "-c", "user.email=zhang@example.com"])
        .args(arguments)
        .current_dir(folder)
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .output()
        .unwrap();
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}

/// The result of a pipeline: whether it succeeded, and its log.
#[derive(Debug)]
pub(crate) struct Run {
    pub(crate) id: usize,
    pub(crate) passed: bool,
    pub(crate) log: String,
}

impl Run {
    /// Asserts that the run succeeded, or that it failed.
    #[track_caller]
    pub(crate) fn passes(self, passes: bool) -> Self {
        assert_eq!(self.passed, passes, "{}", self.log);
        self
    }

    /// Asserts that a step failed. act may lose the last lines that a step writes, so its words prove nothing.
    #[track_caller]
    pub(crate) fn failed(self, step: &str) -> Self {
        self.says(&format!("Failure - Main {step}"))
    }

    /// Asserts the exit code that the action tells.
    #[track_caller]
    pub(crate) fn ended(self, code: i32) -> Self {
        self.says(&format!("::set-output:: exit-code={code}\n"))
    }

    /// Asserts that the log holds a text.
    #[track_caller]
    pub(crate) fn says(self, text: &str) -> Self {
        assert!(self.log.contains(text), "{text}: {}", self.log);
        self
    }
}

/// A roster's repository, the forge that holds it, and the vendors behind it. The folder `first` is a person's clone.
pub(crate) struct Site {
    pub(crate) bench: Bench,
    pub(crate) forge: Forge,
    /// Where the workspace lies in the repository.
    folder: &'static str,
    runs: std::cell::Cell<usize>,
}

const ROSTER: &str = "apiVersion: rosterctl/v1
kind: Roster
agents:
  - operatorId: \"8001\"
    name: 张伟
  - operatorId: \"8002\"
    name: 王芳
  - operatorId: \"8003\"
    name: 李娜
    wrapUpSeconds: 15
";

impl Site {
    /// Creates a site whose roster is applied. Prints a note and returns `None` if the machine lacks a program.
    pub(crate) fn new(programs: &[&str]) -> Option<Self> {
        Self::below(".", programs)
    }

    /// Creates a site whose workspace lies in a folder.
    pub(crate) fn below(folder: &'static str, programs: &[&str]) -> Option<Self> {
        for program in [&["bash", "jq", "git", "openssl"], programs].concat() {
            let version = if program == "openssl" { "version" } else { "--version" };
            if !Command::new(program).arg(version).output().is_ok_and(|output| output.status.success()) {
                eprintln!("skipped: there is no {program}");
                return None;
            }
        }
        let bench = Bench::new(
            "agents: [{ operatorId: '8001', name: 张伟 }, { operatorId: '8002', name: 王芳 }, { operatorId: '8003', name: 李娜, afterInterval: 15 }]\n",
        );
        let top = bench.folder.path().to_owned();
        let forge = Forge::new(&top)?;
        let workspace = format!(
            "apiVersion: rosterctl/v1
kind: Workspace
name: site
manifests: [roster]
connections:
  agents: {{ provider: agent-config, baseUrl: '{0}', abbreviate: acme, companyId: 1001, token: {{ store: ci, key: ROSTER_CC_TOKEN }}, retry: {{ attempts: 1 }} }}
secrets: {{ ci: {{ type: env }} }}
ledger: {{ path: '{1}' }}
policy: {{ limits: {{ changes: 100%, deletes: 1, floor: 0 }}, prune: owned }}
",
            bench.url(),
            top.join("ledger.json").display()
        );
        bench.write(&format!("first/{folder}/rosterctl.yaml"), &workspace);
        bench.write(&format!("first/{folder}/roster/presales.yaml"), ROSTER);
        let site = Self { bench, forge, folder, runs: 100.into() };
        let first = site.path("first");
        git(&top, &["init", "--quiet", "--bare", "--initial-branch=main", "remote.git"]);
        git(&site.path("remote.git"), &["config", "uploadpack.allowAnySHA1InWant", "true"]);
        git(&first, &["init", "--quiet", "--initial-branch=main"]);
        git(&first, &["remote", "add", "origin", "../remote.git"]);
        site.commit("the first roster");
        site.commit("another commit");
        git(&first, &["push", "--quiet", "origin", "main"]);
        git(&top, &["clone", "--quiet", "remote.git", "event"]);
        // The action, and a release of it.
        let action = top.join("rosterctl/.github/actions/rosterctl");
        fs::create_dir_all(&action).unwrap();
        for entry in fs::read_dir(root().join(".github/actions/rosterctl")).unwrap().map(Result::unwrap) {
            fs::copy(entry.path(), action.join(entry.file_name())).unwrap();
        }
        fs::copy(root().join("Cargo.toml"), top.join("rosterctl/Cargo.toml")).unwrap();
        site.release();
        let applied = site
            .command("rosterctl", &first.join(folder))
            .args(["apply", "--auto-approve"])
            .output()
            .unwrap();
        assert!(applied.status.success(), "{}", String::from_utf8_lossy(&applied.stderr));
        Some(site)
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.bench.path(name)
    }

    /// Publishes a release that starts the program of this test.
    fn release(&self) {
        let name = format!("rosterctl-{}-x86_64-unknown-linux-musl", env!("CARGO_PKG_VERSION"));
        let script = format!("#!/bin/sh\nexec '{}' \"$@\"\n", env!("CARGO_BIN_EXE_rosterctl"));
        self.bench.write(&format!("release/{name}/rosterctl"), &script);
        let pack = format!(
            "chmod +x {name}/rosterctl && tar -czf {name}.tar.gz {name} && sha256sum {name}.tar.gz >SHA256SUMS"
        );
        let packed =
            Command::new("sh").args(["-c", &pack]).current_dir(self.path("release")).status().unwrap();
        assert!(packed.success());
        for file in [format!("{name}.tar.gz"), "SHA256SUMS".to_owned()] {
            let bytes = fs::read(self.path("release").join(&file)).unwrap();
            self.forge.state().files.insert(file, bytes);
        }
    }

    /// Returns a command in a clean environment that holds the credentials.
    pub(crate) fn command(&self, program: &str, folder: &Path) -> Command {
        let own = Path::new(env!("CARGO_BIN_EXE_rosterctl")).parent().unwrap();
        let mut command = Command::new(program);
        command
            .current_dir(folder)
            .env_clear()
            .env("PATH", format!("{}:{}", std::env::var("PATH").unwrap(), own.display()))
            .env("HOME", self.bench.folder.path())
            .env("TMPDIR", self.bench.folder.path())
            .env("LANG", "C.UTF-8")
            .env("GIT_CONFIG_GLOBAL", "/dev/null")
            .env("XDG_STATE_HOME", self.path("state"))
            .env("ROSTER_CC_TOKEN", TOKEN)
            .env("ROSTER_WEBCHAT_SECRET", API_SECRET);
        command
    }

    /// Commits what stands in the person's clone, under a title; returns the commit.
    pub(crate) fn commit(&self, title: &str) -> String {
        let first = self.path("first");
        git(&first, &["add", "--all"]);
        git(&first, &["commit", "--quiet", "--allow-empty", "-m", title]);
        git(&first, &["rev-parse", "HEAD"])
    }

    /// Replaces a text in a file of the person's clone.
    pub(crate) fn edit(&self, file: &str, old: &str, new: &str) {
        let path = self.path("first").join(self.folder).join(file);
        let text = fs::read_to_string(&path).unwrap();
        assert!(text.contains(old), "{file} holds {old}");
        fs::write(path, text.replace(old, new)).unwrap();
    }

    /// Renames an agent as a person does in the console.
    pub(crate) fn rename(&self, agent: &str, name: &str) {
        self.bench.with(|estate| {
            let agent = estate.get_mut::<AgentConfig>().agent_mut(agent).unwrap();
            agent.name = Some(name.to_owned());
            agent.utime = 1_796_099_105_359;
        });
    }

    /// Sets the after-call work of an agent as a person does in the console.
    pub(crate) fn wrap_up(&self, agent: &str, seconds: i64) {
        self.bench.with(|estate| {
            estate.get_mut::<AgentConfig>().agent_mut(agent).unwrap().after_interval = seconds
        });
    }

    /// Returns the live name of an agent.
    pub(crate) fn name(&self, agent: &str) -> String {
        self.bench.with(|estate| estate.get::<AgentConfig>().agent(agent).unwrap().name.clone().unwrap())
    }

    /// Returns the commit at the head of the branch of what is taken over; empty if there is none.
    pub(crate) fn head(&self) -> String {
        git(
            &self.path("remote.git"),
            &["for-each-ref", "--format=%(objectname)", &format!("refs/heads/{BRANCH}")],
        )
    }

    /// Returns the difference that this branch makes.
    pub(crate) fn diff(&self) -> String {
        git(&self.path("remote.git"), &["diff", &format!("main...{BRANCH}")])
    }

    /// Pushes a branch with the person's changes, and what GitHub merges it to; opens its pull request. Leaves the clone
    /// on `main`. Returns the number.
    pub(crate) fn pull(&self, branch: &str, title: &str, from: &str) -> usize {
        let first = self.path("first");
        git(&first, &["checkout", "--quiet", "-B", branch]);
        let head = self.commit(title);
        git(&first, &["push", "--quiet", "--force", "origin", branch]);
        git(&first, &["checkout", "--quiet", "main"]);
        git(&first, &["merge", "--quiet", "--no-ff", "-m", title, branch]);
        let merged = git(&first, &["rev-parse", "HEAD"]);
        let mut state = self.forge.state();
        let known = state.pulls.iter().position(|one| one["head"]["ref"] == branch);
        let index = known.unwrap_or(state.pulls.len());
        let number = index + 1;
        git(&first, &["push", "--quiet", "--force", "origin", &format!("HEAD:refs/pull/{number}/merge")]);
        git(&first, &["reset", "--quiet", "--hard", "HEAD^1"]);
        let owner = from.split('/').next().unwrap();
        let pull = json!({
            "number": number, "iid": number, "title": title, "state": "open", "labels": [], "merged_at": null,
            "merge_commit_sha": merged, "sha": head,
            "head": { "ref": branch, "sha": head, "label": format!("{owner}:{branch}"), "repo": { "full_name": from } },
            "base": { "ref": "main" }, "source_project_id": if from == "o/r" { 1 } else { 2 }, "target_project_id": 1,
        });
        match known {
            Some(index) => {
                let labels = state.pulls[index]["labels"].clone();
                merge(&mut state.pulls[index], &pull);
                state.pulls[index]["labels"] = labels;
            }
            None => state.pulls.push(pull),
        }
        number
    }

    /// Gives a pull request labels.
    pub(crate) fn label(&self, number: usize, labels: &[&str]) {
        let labels: Vec<Value> = labels.iter().map(|name| json!({ "name": name })).collect();
        self.forge.state().pulls[number - 1]["labels"] = labels.into();
    }

    /// Merges a pull request; returns the commit on `main`.
    pub(crate) fn merge(&self, number: usize) -> String {
        let first = self.path("first");
        git(&first, &["fetch", "--quiet", "origin", &format!("refs/pull/{number}/merge")]);
        git(&first, &["reset", "--quiet", "--hard", "FETCH_HEAD"]);
        git(&first, &["push", "--quiet", "origin", "main"]);
        let mut state = self.forge.state();
        merge(
            &mut state.pulls[number - 1],
            &json!({ "state": "merged", "merged_at": "2026-12-01T00:00:00Z" }),
        );
        git(&first, &["rev-parse", "HEAD"])
    }

    /// Runs a workflow of GitHub at a commit, for an event, with act. A job of a fork is given no secret.
    pub(crate) fn act(
        &self,
        workflow: &str,
        commit: &str,
        event: &str,
        payload: &Value,
        secrets: bool,
    ) -> Run {
        self.act_with(workflow, commit, event, payload, secrets, &[])
    }

    /// Runs a workflow on the server of a name.
    pub(crate) fn act_with(
        &self,
        workflow: &str,
        commit: &str,
        event: &str,
        payload: &Value,
        secrets: bool,
        more: &[String],
    ) -> Run {
        let id = self.runs.get() + 1;
        self.runs.set(id);
        let folder = self.path("event");
        git(&folder, &["fetch", "--quiet", "origin", "+refs/*:refs/remotes/origin/*"]);
        git(&folder, &["checkout", "--quiet", "-B", "main", commit]);
        // act does not know the word, as the page of the example says of servers.
        let text = fs::read_to_string(root().join("examples/github").join(workflow)).unwrap();
        let text = text.replace(", queue: max", "");
        let workspace = format!("adopt: true\n          workspace: {}", self.folder);
        let text = text.replace("adopt: true", &workspace);
        self.bench.write("workflow.yml", &text);
        self.bench.write("event.json", &payload.to_string());
        let top = self.bench.folder.path().display().to_string();
        let mut arguments = vec![event.to_owned(), "-W".to_owned(), format!("{top}/workflow.yml")];
        for line in text.lines() {
            let Some((_, uses)) = line.split_once("uses: actions/") else { continue };
            let uses = uses.split(' ').next().unwrap();
            let (name, _) = uses.split_once('@').unwrap();
            let stand_in = root().join("tests/fixtures/actions").join(name);
            arguments.push(format!("--local-repository=actions/{uses}={}", stand_in.display()));
        }
        let action = fs::read_to_string(root().join(".github/actions/rosterctl/action.yml")).unwrap();
        let upload =
            action.split("uses: actions/upload-artifact@").nth(1).unwrap().split(' ').next().unwrap();
        let stand_in = root().join("tests/fixtures/actions/upload-artifact");
        arguments.push(format!("--local-repository=actions/upload-artifact@{upload}={}", stand_in.display()));
        arguments.extend(
            [
                "-P=ubuntu-latest=-self-hosted",
                "--no-skip-checkout",
                "--no-cache-server",
                "--env=GITHUB_REPOSITORY=o/r",
            ]
            .map(str::to_owned),
        );
        arguments.extend([
            format!("-e={top}/event.json"),
            format!("--action-cache-path={top}/act"),
            format!("--env=STAND_IN={top}"),
            format!("--env=GITHUB_RUN_ID={id}"),
            format!("--env=SSL_CERT_FILE={top}/forge.pem"),
            format!("--env=XDG_STATE_HOME={top}/state"),
            format!("--secret=GITHUB_TOKEN={JOB}"),
        ]);
        if secrets {
            arguments.push(format!("--secret=ROSTER_CC_TOKEN={TOKEN}"));
            arguments.push(format!("--secret=ROSTER_WEBCHAT_SECRET={API_SECRET}"));
        }
        if more.is_empty() {
            arguments.push(format!("--github-instance=127.0.0.1:{}", self.forge.port));
        }
        arguments.extend_from_slice(more);
        let mut command = self.command("act", &folder);
        command.env_remove("ROSTER_CC_TOKEN").env_remove("ROSTER_WEBCHAT_SECRET");
        let run = run(command.args(arguments), id);
        let status = if run.passed { "success" } else { "failure" };
        self.forge
            .state()
            .runs
            .push(json!({ "id": id, "workflow": workflow, "event": event, "status": status,
            "head_sha": payload["pull_request"]["head"]["sha"] }));
        run
    }

    /// Commits what stands in the person's clone to `main` of the repository; returns the commit.
    pub(crate) fn push(&self, title: &str) -> String {
        let commit = self.commit(title);
        git(&self.path("first"), &["push", "--quiet", "origin", "main"]);
        commit
    }

    /// Adds a connection whose vendor cannot be reached, on `main`.
    pub(crate) fn unreadable(&self) {
        let seats = "  seats: { provider: seat-query, baseUrl: 'http://127.0.0.1:1', retry: { attempts: 1 }, apiKey: x, \
                     apiSecret: { store: ci, key: PATH } }\nsecrets:";
        self.edit("rosterctl.yaml", "secrets:", seats);
        self.push("another vendor");
    }

    /// Runs a pipeline of GitLab at a commit with gitlab-ci-local: all jobs that its rules choose. A fork is given no
    /// secret.
    pub(crate) fn pipeline(&self, source: &str, commit: &str, secrets: bool, more: &[&str]) -> Run {
        let id = self.runs.get() + 1;
        self.runs.set(id);
        let folder = self.path("event");
        git(&folder, &["fetch", "--quiet", "origin", "+refs/*:refs/remotes/origin/*"]);
        git(&folder, &["checkout", "--quiet", "--force", "-B", "main", commit]);
        git(&folder, &["clean", "--quiet", "--force", "-dx"]);
        fs::copy(root().join("examples/gitlab/.gitlab-ci.yml"), folder.join(".gitlab-ci.yml")).unwrap();
        let top = self.bench.folder.path().display().to_string();
        let mut variables = vec![
            format!("CI_PIPELINE_SOURCE={source}"),
            format!("CI_API_V4_URL=http://127.0.0.1:{}/api/v4", self.forge.port),
            format!("CI_PROJECT_URL=file://{top}/remote"),
            format!("WORKSPACE={}", self.folder),
            format!("CI_JOB_TOKEN={JOB}"),
            "CI_SERVER_URL=http://gitlab".to_owned(),
            "CI_PROJECT_ID=1".to_owned(),
            "CI_DEFAULT_BRANCH=main".to_owned(),
            format!("XDG_STATE_HOME={top}/state"),
        ];
        if secrets {
            variables.push(format!("ROSTER_BOT_TOKEN={JOB}"));
            variables.push(format!("ROSTER_CC_TOKEN={TOKEN}"));
            variables.push(format!("ROSTER_WEBCHAT_SECRET={API_SECRET}"));
        }
        variables.extend(more.iter().filter(|word| word.contains('=')).map(|&word| word.to_owned()));
        let mut command = self.command("gitlab-ci-local", &folder);
        command.env_remove("ROSTER_CC_TOKEN").env_remove("ROSTER_WEBCHAT_SECRET");
        command.args([
            "--force-shell-executor",
            "--shell-isolation",
            "--no-evaluate-rule-changes",
            "--no-color",
        ]);
        if source != "merge_request_event" {
            command.arg("--no-json-schema-validation"); // the same file each time
        }
        for variable in variables {
            command.arg(format!("--variable={variable}"));
        }
        for job in more.iter().filter(|word| !word.contains('=')) {
            command.arg(format!("--manual={job}"));
        }
        let run = run(&mut command, id);
        let mut state = self.forge.state();
        let status = if run.passed { "success" } else { "failed" };
        state.runs.insert(0, json!({ "id": id, "sha": commit, "status": status }));
        let artifacts = folder.join(".gitlab-ci-local/artifacts/plan");
        for entry in fs::read_dir(artifacts).into_iter().flatten().map(Result::unwrap) {
            if entry.path().is_file() {
                let name = format!("{id}/{}", entry.file_name().display());
                state.files.insert(name, fs::read(entry.path()).unwrap());
            }
        }
        run
    }

    /// Returns the payload of a pull request's event, and its merge commit.
    pub(crate) fn event(&self, number: usize) -> (String, Value) {
        let state = self.forge.state();
        let pull = &state.pulls[number - 1];
        let payload = json!({ "action": "synchronize", "number": number, "pull_request": pull,
            "repository": { "full_name": "o/r", "default_branch": "main" } });
        (pull["merge_commit_sha"].as_str().unwrap().to_owned(), payload)
    }

    /// Plans a pull request in GitHub.
    pub(crate) fn plan(&self, number: usize) -> Run {
        let (commit, payload) = self.event(number);
        let own = payload["pull_request"]["head"]["repo"]["full_name"] == "o/r";
        self.act("rosterctl-plan.yml", &commit, "pull_request", &payload, own)
    }

    /// Runs a workflow of GitHub on the default branch.
    pub(crate) fn main(&self, workflow: &str, event: &str) -> Run {
        let commit = git(&self.path("remote.git"), &["rev-parse", "main"]);
        self.act(workflow, &commit, event, &json!({ "ref": "refs/heads/main" }), true)
    }

    /// Asserts that no command in a name was carried out: it would have made a file `x`.
    #[track_caller]
    pub(crate) fn nothing_ran(&self) {
        let found = Command::new("find").arg(self.bench.folder.path()).args(["-name", "x"]).output().unwrap();
        assert_eq!(String::from_utf8_lossy(&found.stdout), "");
    }
}

/// Runs a command to its end; returns its log without colours.
fn run(command: &mut Command, id: usize) -> Run {
    let output = command.output().unwrap();
    let log =
        [output.stdout, output.stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).concat();
    if std::env::var_os("ROSTERCTL_LOGS").is_some() {
        eprintln!("{log}");
    }
    Run { id, passed: output.status.success(), log }
}
