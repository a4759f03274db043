//! Several workspaces of a run: their order, their exit codes, and what they share.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

#[path = "support/bench.rs"]
mod bench;
#[path = "support/scripted.rs"]
mod scripted;
#[path = "support/vault.rs"]
mod vault;

use std::fs;
use std::io::Read as _;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;

use bench::{Bench, Said, command_in, run_in};
use scripted::{Answer, Scripted};
use serde_json::{Value as Json, json};
use tempfile::TempDir;
use vault::Vault;

/// Writes a workspace with one connection to an agents' vendor, and a roster.
fn workspace(folder: &Path, name: &str, url: &str, agent: &str) {
    let place = folder.join(name);
    fs::create_dir_all(place.join("roster")).unwrap();
    let text = format!(
        "apiVersion: rosterctl/v1\nkind: Workspace\nname: {name}\nmanifests: [roster]\n\
         secrets: {{ ci: {{ type: env, prefix: R_ }} }}\n\
         connections: {{ agents: {{ provider: agent-config, baseUrl: \"{url}\", abbreviate: {name}, timeout: 60s, \
         retry: {{ attempts: 1 }}, token: {{ store: ci, key: T }} }} }}\n"
    );
    fs::write(place.join("rosterctl.yaml"), text).unwrap();
    let roster = format!("apiVersion: rosterctl/v1\nkind: Roster\nagents: [{agent}]\n");
    fs::write(place.join("roster/all.yaml"), roster).unwrap();
}

const SOUND: &str = "{ operatorId: \"8001\", name: 甲, role: 坐席, mainSkillGroup: 售前 }";

fn run(folder: &TempDir, arguments: &[&str]) -> Said {
    run_in(folder.path(), arguments, &[("R_T".to_owned(), "t".to_owned())])
}

/// Returns the answer of a vendor without agents.
fn unstaffed() -> Answer {
    Answer::json(&json!({ "code": 0, "data": { "total": 0, "result": [] } }))
}

/// A gate that one vendor waits at, and another one opens.
#[derive(Default)]
struct Gate(Mutex<bool>, Condvar);

impl Gate {
    fn open(&self) {
        *self.0.lock().unwrap() = true;
        self.1.notify_all();
    }

    /// Returns false if nothing opened it for a minute.
    fn pass(&self) -> bool {
        let closed = self.0.lock().unwrap();
        let (open, _) = self.1.wait_timeout_while(closed, Duration::from_mins(1), |open| !*open).unwrap();
        *open
    }
}

/// Writes five workspaces. The vendor of the second answers once that of the last was asked.
fn five(folder: &TempDir) -> [Scripted; 2] {
    let gate = Arc::new(Gate::default());
    let opened = Arc::clone(&gate);
    let slow = Scripted::start(move |_, _| if gate.pass() { unstaffed() } else { Answer::status(400) });
    let last = Scripted::start(move |_, _| {
        opened.open();
        unstaffed()
    });
    let folder = folder.path();
    workspace(folder, "first", "sandbox", SOUND);
    workspace(folder, "slow", &slow.url, SOUND);
    workspace(folder, "dead", "http://127.0.0.1:1", SOUND);
    workspace(folder, "wrong", "sandbox", "{ operatorId: \"8001\", nmae: 甲 }");
    workspace(folder, "last", &last.url, SOUND);
    [slow, last]
}

const FIVE: [&str; 5] = ["first", "slow", "dead", "wrong", "last"];

/// Returns all that a command writes about the five workspaces, by name of the output.
fn written(folder: &TempDir, command: &str, jobs: &str) -> Vec<(String, String)> {
    let formats = ["json", "markdown", "html", "sarif", "github", "junit", "prometheus"];
    let formats = &formats[..if command == "drift" { 7 } else { 6 }];
    let files: Vec<String> = formats.iter().map(|format| format!("{format}=out.{format}")).collect();
    let mut arguments = vec![command, "--jobs", jobs];
    arguments.extend(FIVE);
    arguments.extend(files.iter().flat_map(|file| ["--write", file]));
    let said = run(folder, &arguments).exits(6);
    let mut all = vec![("text".to_owned(), said.out), ("stderr".to_owned(), said.err)];
    for format in formats {
        let file = folder.path().join(format!("out.{format}"));
        all.push(((*format).to_owned(), fs::read_to_string(&file).unwrap()));
        fs::remove_file(file).unwrap();
    }
    all
}

#[test]
fn a_slow_workspace_stops_no_other_and_the_report_keeps_its_order() {
    for command in ["plan", "drift"] {
        let folder = tempfile::tempdir().unwrap();
        let vendors = five(&folder);
        let side_by_side = written(&folder, command, "8");
        assert!(vendors.iter().all(|vendor| vendor.asked() > 0));
        let get = |name: &str| &side_by_side.iter().find(|(other, _)| other == name).unwrap().1;
        let report: Json = serde_json::from_str(get("json")).unwrap();
        assert_eq!(report["format"], "rosterctl.plans/v1");
        let entries = report["workspaces"].as_array().unwrap();
        let names: Vec<&str> = entries.iter().map(|one| one["workspace"].as_str().unwrap()).collect();
        assert_eq!(names, FIVE);
        let failed = |one: &Json| one["error"].is_string();
        assert_eq!(entries.iter().map(failed).collect::<Vec<_>>(), [false, false, true, true, false]);
        assert_eq!((&entries[2]["exit"], &entries[3]["exit"]), (&json!(6), &json!(1)));
        let at = |text: &str| get("stderr").find(text).unwrap();
        assert!(at("127.0.0.1:1") < at("nmae"), "{}", get("stderr"));
        // The gate is open now: one after the other gives the same bytes.
        let one_by_one = written(&folder, command, "1");
        for ((name, one), (_, other)) in one_by_one.iter().zip(&side_by_side) {
            assert_eq!(one, other, "{command}: {name}");
        }
    }
}

#[test]
fn the_document_is_closed_when_the_last_fails_and_when_a_file_cannot_be_written() {
    let folder = tempfile::tempdir().unwrap();
    workspace(folder.path(), "a", "sandbox", SOUND);
    workspace(folder.path(), "b", "sandbox", "{ operatorId: \"8001\", nmae: 甲 }");
    let json = ["plan", "--format", "json", "--write", "html=/dev/full", "--write", "json=both.json"];
    let said = run(&folder, &[&json[..], &["a", "b"]].concat()).exits(1);
    assert!(said.err.contains("/dev/full") && said.err.contains("nmae"), "{}", said.err);
    let report = said.json();
    assert_eq!(report["workspaces"].as_array().unwrap().len(), 2);
    assert!(report["workspaces"][1]["error"].is_string(), "{report}");
    assert_eq!(fs::read_to_string(folder.path().join("both.json")).unwrap(), said.out);
    // A file that cannot be written is the only failure.
    run(&folder, &["plan", "--write", "html=/dev/full", "a", "--shard", "1/1"]).exits(1);
    run(&folder, &["plan", "--jobs", "0", "a", "b"]).exits(1);
}

#[test]
fn an_interrupted_document_is_closed_and_keeps_what_was_reported() {
    let folder = tempfile::tempdir().unwrap();
    let never = Arc::new(Gate::default());
    let hanging = Scripted::start(move |_, _| if never.pass() { unstaffed() } else { Answer::status(400) });
    workspace(folder.path(), "first", "sandbox", SOUND);
    workspace(folder.path(), "hanging", &hanging.url, SOUND);
    workspace(folder.path(), "last", "sandbox", SOUND);
    let arguments = ["plan", "--format", "json", "--write", "json=file.json", "first", "hanging", "last"];
    let mut command = command_in(folder.path(), &arguments, &[("R_T".to_owned(), "t".to_owned())]);
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut out = child.stdout.take().unwrap();
    let mut text = Vec::new();
    // The first entry comes while the second workspace waits.
    while !String::from_utf8_lossy(&text).contains("\"digests\"") || hanging.asked() == 0 {
        let mut more = [0; 4096];
        let read = if hanging.asked() == 0 && !text.is_empty() { 0 } else { out.read(&mut more).unwrap() };
        text.extend_from_slice(&more[..read]);
    }
    Command::new("kill").args(["-TERM", &child.id().to_string()]).status().unwrap();
    out.read_to_end(&mut text).unwrap();
    let ended = child.wait_with_output().unwrap();
    let err = String::from_utf8(ended.stderr).unwrap();
    assert_eq!(ended.status.code(), Some(130), "{err}");
    assert!(err.contains("interrupted; nothing was changed") && !err.contains("panicked"), "{err}");
    let report: Json = serde_json::from_slice(&text).unwrap();
    let entries = report["workspaces"].as_array().unwrap();
    assert_eq!(entries.len(), 3, "{report}");
    assert_eq!((&entries[0]["format"], &entries[0]["error"]), (&json!("rosterctl.plan/v1"), &Json::Null));
    for (entry, name) in entries[1..].iter().zip(["hanging", "last"]) {
        assert_eq!((&entry["workspace"], &entry["exit"]), (&json!(name), &json!(130)));
    }
    // A report is written whole or not at all, and leaves nothing beside it.
    let left = fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name());
    assert_eq!(left.filter(|name| name.to_string_lossy().contains('.')).count(), 0);
}

#[test]
fn what_two_workspaces_declare_is_found_before_the_first_entry() {
    let folder = tempfile::tempdir().unwrap();
    for name in ["a", "b"] {
        workspace(folder.path(), name, "http://127.0.0.1:1", SOUND);
        let file = folder.path().join(name).join("rosterctl.yaml");
        let text = fs::read_to_string(&file).unwrap();
        fs::write(&file, text.replace(&format!("abbreviate: {name}"), "abbreviate: one")).unwrap();
    }
    for jobs in ["1", "8"] {
        // No vendor is asked: that would be 6.
        let report = run(&folder, &["plan", "--format", "json", "--jobs", jobs, "a", "b"]).exits(1).json();
        for entry in report["workspaces"].as_array().unwrap() {
            assert_eq!(entry["diagnostics"][0]["kind"], "declaredElsewhere", "{report}");
        }
    }
}

#[test]
fn workspaces_of_one_account_share_its_rate_window_and_its_sign_in() {
    let bench = Bench::new("rateLimit: { calls: 2, claimCalls: 2, perMs: 1000 }\n");
    let vault = Vault::start();
    vault.set("token", json!({ "value": bench::TOKEN }));
    let names: Vec<String> = (1..=6).map(|number| format!("w{number}")).collect();
    let file = fs::read_to_string(bench.path("rosterctl.yaml")).unwrap();
    let file = file
        .replace("rateLimit: { calls: 1000, per: 1s }", "rateLimit: { calls: 2, per: 1s }\n    timeout: 1s");
    let file = file.replace("{ store: ci, key: TOKEN }", "{ store: vault, key: token }");
    let file = format!(
        "{file}  vault: {{ type: vault, address: \"{}\", mount: secret, \
         approle: {{ roleId: roster, secretId: {{ store: ci, key: SECRET_ID }} }} }}\n",
        vault.address
    );
    for name in &names {
        bench
            .write(&format!("{name}/rosterctl.yaml"), &file.replace("name: bench", &format!("name: {name}")));
        bench.write(&format!("{name}/roster/r.yaml"), "apiVersion: rosterctl/v1\nkind: Roster\nqueues: []\n");
    }
    let mut arguments = vec!["plan", "--jobs", "6"];
    arguments.extend(names.iter().map(String::as_str));
    let environment = [
        ("BENCH_SECRET_ID", "canary-secret-id"),
        ("BENCH_API_SECRET", bench::API_SECRET),
        // No folder can hold the windows.
        ("XDG_STATE_HOME", "/dev/null/a"),
        ("HOME", "/dev/null"),
        ("TMPDIR", "/dev/null/b"),
    ];
    let environment = environment.map(|(name, value)| (name.to_owned(), value.to_owned()));
    let said = run_in(bench.folder.path(), &arguments, &environment).exits(0);
    assert_eq!(said.out.lines().filter(|line| line.starts_with("# w")).count(), 6, "{}", said.out);
    // One call a workspace: the vendor refused none.
    let calls: usize = bench.with(|estate| {
        estate.calls.iter().filter(|(path, _)| path.contains("queueQueue/")).map(|(_, count)| count).sum()
    });
    assert_eq!(calls, 6);
    assert_eq!(vault.state.lock().unwrap().logins, 1);
}

#[test]
fn workspaces_of_one_tenant_share_its_calls_in_flight() {
    let folder = tempfile::tempdir().unwrap();
    let flight = Arc::new(Mutex::new((0, 0)));
    let counted = Arc::clone(&flight);
    let vendor = Scripted::start(move |_, _| {
        let change = |by: i32| {
            let mut flight = counted.lock().unwrap();
            flight.0 += by;
            flight.1 = flight.1.max(flight.0);
        };
        change(1);
        std::thread::sleep(Duration::from_millis(50));
        change(-1);
        unstaffed()
    });
    let names = ["a", "b", "c", "d"];
    for (at, name) in names.iter().enumerate() {
        workspace(folder.path(), name, &vendor.url, &SOUND.replace("8001", &format!("800{at}")));
        let file = folder.path().join(name).join("rosterctl.yaml");
        let text = fs::read_to_string(&file).unwrap();
        let one = text.replace(&format!("abbreviate: {name}"), "abbreviate: one, concurrency: 2");
        fs::write(&file, one).unwrap();
    }
    run(&folder, &[&["plan"][..], &names].concat()).exits(0);
    assert_eq!(vendor.asked(), 4);
    assert!(flight.lock().unwrap().1 <= 2);
}

#[test]
fn a_tenant_that_hangs_stops_no_other_at_the_same_host_with_the_same_credential() {
    let folder = tempfile::tempdir().unwrap();
    let gate = Arc::new(Gate::default());
    let vendor = Scripted::start(move |_, body| match body["abbreviate"].as_str() {
        Some("hanging") if gate.pass() => unstaffed(),
        Some("last") => {
            gate.open();
            unstaffed()
        }
        Some("hanging") | None => Answer::status(400),
        Some(_) => unstaffed(),
    });
    let names = ["hanging", "b", "c", "last"];
    for name in names {
        workspace(folder.path(), name, &vendor.url, SOUND);
    }
    run(&folder, &[&["plan", "--jobs", "2"][..], &names].concat()).exits(0);
    assert_eq!(vendor.asked(), 4);
}
