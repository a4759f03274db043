//! Files of an older rosterctl are still read: a ledger, a journal and a saved plan of commit e1f831e.
//!
//! That program wrote the files of `fixtures/written-by-e1f831e`. The journal was cut where a kill could have cut it:
//! the creations of agent 8001 and of a queue have no end.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

#[path = "support/bench.rs"]
mod bench;

use std::fs;
use std::path::{Path, PathBuf};

use bench::{Said, run_in};
use tempfile::TempDir;

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/written-by-e1f831e").join(name)
}

/// Creates a workspace with files of the fixture, each at its place.
fn workspace(files: &[(&str, &str)]) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, place) in [("rosterctl.yaml", "rosterctl.yaml")].iter().chain(files) {
        let path = folder.path().join(place);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::copy(fixture(name), path).unwrap();
    }
    for key in ["8001", "8101", "8102", "8103"] {
        let path = folder.path().join("secrets/agents").join(key);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, format!("password-{key}")).unwrap();
    }
    folder
}

fn run(folder: &TempDir, arguments: &[&str]) -> Said {
    run_in(folder.path(), arguments, &[])
}

/// Returns the operations of a plan with their targets.
fn steps(said: &Said) -> Vec<String> {
    let plan = said.json();
    let words = |step: &serde_json::Value| {
        let targets = step["targets"].as_array().unwrap().iter().map(|target| target.as_str().unwrap());
        format!("{} {}", step["operation"].as_str().unwrap(), targets.collect::<Vec<_>>().join(" "))
    };
    plan["steps"].as_array().unwrap().iter().map(words).collect()
}

#[test]
fn a_ledger_is_read() {
    let files = [
        ("roster-before.yaml", "roster/roster.yaml"),
        ("ledger.json", ".rosterctl/ledger.json"),
        ("sandbox-before.json", ".rosterctl/sandbox.json"),
    ];
    let folder = workspace(&files);
    let said = run(&folder, &["plan", "--detailed-exitcode", "--format", "json"]).exits(0);
    let findings = said.json()["findings"].as_array().unwrap().clone();
    assert!(findings.iter().all(|finding| finding["code"] != "R102"), "roles are known: {findings:?}");
    run(&folder, &["apply", "--auto-approve"]).exits(0);
}

#[test]
fn a_journal_is_taken_up() {
    let files = [
        ("roster-after.yaml", "roster/roster.yaml"),
        ("journal-before-893a920c.jsonl", ".rosterctl/journal-before-893a920c.jsonl"),
        ("sandbox-after.json", ".rosterctl/sandbox.json"),
    ];
    let folder = workspace(&files);
    let plan = run(&folder, &["plan", "--format", "json"]).exits(0);
    assert_eq!(
        steps(&plan),
        ["agent.edit agent/8001", "secret.put agent/8001", "agent.password agent/8001"],
        "its yes was not heard"
    );
    run(&folder, &["apply", "--auto-approve"]).exits(0);
    run(&folder, &["plan", "--detailed-exitcode"]).exits(0);
}

#[test]
fn a_saved_plan_is_carried_out_or_stale() {
    let files = [
        ("roster-after.yaml", "roster/roster.yaml"),
        ("ledger.json", ".rosterctl/ledger.json"),
        ("sandbox-before.json", ".rosterctl/sandbox.json"),
        ("plan.json", "plan.json"),
    ];
    let folder = workspace(&files);
    let said = run(&folder, &["apply", "--auto-approve", "--plan", "plan.json"]);
    assert!(matches!(said.code, 0 | 3), "{said:?}");
    run(&folder, &["apply", "--auto-approve"]).exits(0);
    run(&folder, &["plan", "--detailed-exitcode"]).exits(0);
}
