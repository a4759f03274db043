//! The bench: a workspace in its own folder, the simulated vendors behind it, and the program.
#![allow(dead_code, reason = "each test file uses what it needs")]
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use rosterctl::sandbox::AgentConfig;
use rosterctl::sandbox::WebchatQueue;
use rosterctl::vendors;
use std::fs;
use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use md5::{Digest as _, Md5};
use rosterctl::model::text::hex;
use rosterctl::sandbox::vendor_state::VendorState;
use rosterctl::sandbox::{Running, spawn};
use serde_json::Value;
use tempfile::TempDir;
use tokio::runtime::Runtime;

/// The token that every bench's vendor knows.
pub(crate) const TOKEN: &str = "token-7f3a91";
/// The secret that every bench's vendor knows.
pub(crate) const API_SECRET: &str = "api-secret-58c2";

/// A workspace, the vendors behind it, and the program.
pub(crate) struct Bench {
    pub(crate) folder: TempDir,
    runtime: Runtime,
    running: Running,
    program: Program,
    pub(crate) environment: Vec<(String, String)>,
}

/// The text that a test harness writes before the output of its test. A program may be a test that is started again.
const PREAMBLE: &str = "\nrunning 1 test\n";

/// Makes the command that runs a program with arguments.
pub(crate) type Program = fn(&[&str]) -> Command;

/// The output and exit code of a run of the program.
#[derive(Debug)]
pub(crate) struct Said {
    pub(crate) code: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Said {
    /// Asserts the exit code, and shows all output on a mismatch.
    #[track_caller]
    pub(crate) fn exits(self, code: i32) -> Self {
        assert_eq!(self.code, code, "stdout:\n{}\nstderr:\n{}", self.out, self.err);
        self
    }

    /// Parses standard output as one JSON document.
    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.out).unwrap_or_else(|e| panic!("{e}: {}", self.out))
    }
}

/// Returns a text without the instants at which live state was read.
pub(crate) fn timeless(text: &str) -> String {
    let mut whole = String::new();
    for line in text.split_inclusive('\n') {
        match line.find("ive state of ") {
            Some(at) => whole.push_str(&format!("{}ive state of …\n", &line[..at])),
            None => whole.push_str(line),
        }
    }
    whole
}

impl Bench {
    /// Creates a bench with vendors from a seed, and adds credentials.
    pub(crate) fn new(seed: &str) -> Self {
        let seed = format!("tokens: [{TOKEN}]\naccounts: {{ N1: {API_SECRET} }}\n{seed}");
        let estate = vendors::ALL.seeded(&seed).unwrap_or_else(|e| panic!("{e}\n{seed}"));
        let bench = Self::of(estate, rosterctl);
        bench.workspace("");
        bench
    }

    /// Returns a bench of an estate and a program, without a workspace file.
    pub(crate) fn of(estate: VendorState, program: Program) -> Self {
        let runtime = Runtime::new().unwrap();
        let running = runtime.block_on(spawn(estate)).unwrap();
        let folder = tempfile::tempdir().unwrap();
        Self { folder, runtime, running, program, environment: Vec::new() }
    }

    /// Writes the workspace file, with more at its end.
    pub(crate) fn workspace(&self, more: &str) {
        self.workspace_with("", more);
    }

    /// Writes the workspace file, with more in the agents' connection and at its end.
    pub(crate) fn workspace_with(&self, agents: &str, more: &str) {
        let url = self.running.base_url();
        self.write(
            "rosterctl.yaml",
            &format!(
                "apiVersion: rosterctl/v1
kind: Workspace
name: bench
manifests: [roster]
connections:
  agents:
    provider: agent-config
    baseUrl: {url}
    abbreviate: acme
    companyId: 1001
    token: {{ store: ci, key: TOKEN }}
    retry: {{ attempts: 3, total: 5s }}
    concurrency: 2
{agents}
  webchat:
    provider: webchat-queue
    baseUrl: {url}
    accountId: N1
    apiSecret: {{ store: ci, key: API_SECRET }}
    retry: {{ attempts: 3, total: 5s }}
    rateLimit: {{ calls: 1000, per: 1s }}
secrets:
  ci: {{ type: env, prefix: BENCH_ }}
  files: {{ type: dir, path: secrets }}
{more}"
            ),
        );
    }

    /// Writes a manifest: the body below `kind: Roster`.
    pub(crate) fn roster(&self, body: &str) {
        self.write("roster/roster.yaml", &format!("apiVersion: rosterctl/v1\nkind: Roster\n{body}"));
    }

    /// Writes a file of the workspace.
    pub(crate) fn write(&self, name: &str, text: &str) {
        let path = self.folder.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    /// Returns a path in the workspace.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Runs the program in the workspace's folder.
    pub(crate) fn run(&self, arguments: &[&str]) -> Said {
        said(settle_in((self.program)(arguments), self.folder.path(), &self.environment))
    }

    /// Reads or changes the vendors' state.
    pub(crate) fn with<T>(&self, look: impl FnOnce(&mut VendorState) -> T) -> T {
        self.running.with(look)
    }

    /// Returns the vendors' base URL.
    pub(crate) fn url(&self) -> String {
        self.running.base_url()
    }

    /// Returns every request that departed from a vendor's document.
    pub(crate) fn departures(&self) -> Vec<String> {
        self.with(|estate| estate.departures().into_iter().map(str::to_owned).collect())
    }

    /// Returns the members of a queue, with their priorities.
    pub(crate) fn members(&self, name: &str) -> Vec<(String, i64)> {
        self.with(|estate| {
            let queue = estate.get::<WebchatQueue>().queues.iter().find(|q| q.display_name == name).unwrap();
            let mut members: Vec<_> =
                queue.assign_members.iter().map(|m| (m.agent_number.clone(), m.priority)).collect();
            members.sort();
            members
        })
    }

    /// Returns the numbers of the live agents.
    pub(crate) fn agents(&self) -> Vec<String> {
        self.with(|estate| estate.get::<AgentConfig>().agents().map(|a| a.operator_id.clone()).collect())
    }
}

impl Drop for Bench {
    fn drop(&mut self) {
        // The runtime ends the server with it.
        let _ = &self.runtime;
    }
}

/// Returns the program as a command with arguments.
fn rosterctl(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_rosterctl"));
    command.args(arguments);
    command
}

/// Returns the program as a command in a folder, in a clean environment. It holds the bench's credentials and the
/// given variables.
pub(crate) fn command_in(folder: &Path, arguments: &[&str], environment: &[(String, String)]) -> Command {
    settle_in(rosterctl(arguments), folder, environment)
}

/// Returns a command in a folder, in a clean environment. It holds its own variables, the bench's credentials and the
/// given variables.
fn settle_in(mut command: Command, folder: &Path, environment: &[(String, String)]) -> Command {
    let own: Vec<_> =
        command.get_envs().map(|(name, value)| (name.to_owned(), value.unwrap().to_owned())).collect();
    command
        .current_dir(folder)
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap_or_default())
        .env("XDG_STATE_HOME", folder.join("state"))
        .env("BENCH_TOKEN", TOKEN)
        .env("BENCH_API_SECRET", API_SECRET)
        .envs(own)
        .envs(environment.iter().cloned())
        .stdin(Stdio::null());
    command
}

/// Runs the program in a folder to its end.
pub(crate) fn run_in(folder: &Path, arguments: &[&str], environment: &[(String, String)]) -> Said {
    said(command_in(folder, arguments, environment))
}

/// Runs a command and returns its output and exit code.
fn said(mut command: Command) -> Said {
    let output = command.output().unwrap();
    Said {
        code: output.status.code().unwrap_or(-1),
        out: String::from_utf8(output.stdout).unwrap().replacen(PREAMBLE, "", 1),
        err: String::from_utf8(output.stderr).unwrap(),
    }
}

/// Asserts that nothing is left to do, and that nothing departed from a document.
#[track_caller]
pub(crate) fn settled(bench: &Bench) {
    let plan = bench.run(&["plan", "--detailed-exitcode", "--format", "json"]).exits(0).json();
    assert_eq!(plan["changes"].as_array().unwrap().len(), 0);
    let again = bench.run(&["apply", "--auto-approve"]).exits(0);
    assert!(again.out.contains("Nothing to do"), "{}", again.out);
    assert_eq!(bench.departures(), Vec::<String>::new());
}

/// Starts a server that answers every request with the same bytes.
pub(crate) fn fixed(answer: Vec<u8>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let answer = answer.clone();
            std::thread::spawn(move || {
                let mut request = [0; 4096];
                let _ = stream.read(&mut request);
                let _ = stream.write_all(&answer);
            });
        }
    });
    format!("http://{address}")
}

/// Returns the MD5 of a text in hexadecimal digits, as the vendor stores passwords.
pub(crate) fn md5_of(text: &str) -> String {
    hex(&Md5::digest(text.as_bytes()))
}

/// Asserts an agent's live password.
#[track_caller]
pub(crate) fn live(bench: &Bench, id: &str, password: &str) {
    bench.with(|estate| {
        assert_eq!(estate.get::<AgentConfig>().agent(id).unwrap().password_md5, md5_of(password), "{id}");
    });
}
