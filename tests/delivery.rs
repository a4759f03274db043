//! The program in a team's pipeline: rules that every workflow keeps, also those of the examples, and what the action
//! says to its runner. `forges.rs` runs the workflows whole.

#![allow(clippy::unwrap_used, clippy::print_stderr, reason = "a test may panic, and says what it leaves out")]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// A runner's folders.
struct Runner {
    folder: tempfile::TempDir,
}

impl Runner {
    /// Creates a runner; prints a note and returns `None` if the machine lacks a tool.
    fn new() -> Option<Self> {
        for tool in ["bash", "jq"] {
            if Command::new(tool).arg("--version").output().is_err() {
                eprintln!("skipped: there is no {tool}");
                return None;
            }
        }
        let folder = tempfile::tempdir().unwrap();
        Some(Self { folder })
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn write(&self, name: &str, text: &str) -> String {
        fs::write(self.path(name), text).unwrap();
        self.path(name).display().to_string()
    }

    fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap_or_default()
    }

    /// Returns the search path of programs.
    fn tools() -> String {
        let program = Path::new(env!("CARGO_BIN_EXE_rosterctl")).parent().unwrap();
        format!("{}:{}", program.display(), std::env::var("PATH").unwrap())
    }

    /// Runs a script of the action; returns its exit code and its output.
    fn run(&self, script: &str, arguments: &[&str], environment: &[(&str, &str)]) -> (i32, String) {
        let output = Command::new(root().join(".github/actions/rosterctl").join(script))
            .args(arguments)
            .current_dir(self.folder.path())
            .env("PATH", Self::tools())
            .env("RUNNER_TEMP", self.folder.path())
            .env("GITHUB_OUTPUT", self.path("output"))
            .env("GITHUB_STEP_SUMMARY", self.path("summary"))
            .env("XDG_STATE_HOME", self.path("state"))
            .envs(environment.iter().copied())
            .output()
            .unwrap();
        let said = [output.stdout, output.stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
        (output.status.code().unwrap(), said.concat())
    }
}

/// Collects the workflows of a folder.
fn yaml(folder: &str, found: &mut BTreeMap<String, Value>) {
    for entry in fs::read_dir(root().join(folder)).unwrap().map(|e| e.unwrap().path()) {
        if entry.extension().is_some_and(|e| e == "yml") {
            let text = fs::read_to_string(&entry).unwrap();
            let name = format!("{folder}/{}", entry.file_name().unwrap().to_string_lossy());
            found.insert(name, serde_yaml::from_str(&text).unwrap());
        }
    }
}

fn workflows() -> BTreeMap<String, Value> {
    let mut found = BTreeMap::new();
    yaml(".github/workflows", &mut found);
    yaml("examples/github", &mut found);
    assert!(found.len() > 6, "the workflows are found");
    found
}

fn jobs(workflow: &Value) -> impl Iterator<Item = (&String, &Value)> {
    workflow["jobs"].as_object().unwrap().iter()
}

#[test]
fn each_job_may_do_little_and_ends() {
    for (name, workflow) in workflows() {
        assert_eq!(
            workflow["permissions"],
            serde_json::json!({}),
            "{name}: nothing that a job does not ask for"
        );
        let grouped = |said: &Value| said["concurrency"]["group"].is_string();
        let writers = jobs(&workflow).filter(|(_, said)| said["environment"] == "roster-apply");
        let ordered = writers.map(|(_, said)| grouped(said) && said["concurrency"]["queue"] == "max");
        let ordered: Vec<bool> = ordered.collect();
        assert!(
            grouped(&workflow) || (!ordered.is_empty() && ordered.iter().all(|&one| one)),
            "{name}: its runs do not overlap"
        );
        for (job, said) in jobs(&workflow) {
            assert!(said["timeout-minutes"].is_u64(), "{name}: {job} ends");
            let permissions = said["permissions"].as_object();
            assert!(permissions.is_some_and(|p| !p.is_empty()), "{name}: {job} says what it may do");
            for step in said["steps"].as_array().unwrap() {
                let Some(uses) = step["uses"].as_str() else { continue };
                let pinned = uses.split_once('@').is_some_and(|(_, at)| at.len() == 40);
                let own = uses == "./.rosterctl-action/.github/actions/rosterctl";
                assert!(pinned || own, "{name}: {job} uses {uses}, which can change");
                if uses.starts_with("actions/checkout@") {
                    assert_eq!(
                        step["with"]["persist-credentials"], false,
                        "{name}: {job} leaves no token behind"
                    );
                }
            }
        }
    }
}

#[test]
fn no_pipeline_names_a_place_that_is_not_there() {
    let folders = ["examples/github", "examples/gitlab"].map(|folder| root().join(folder));
    let files =
        folders.iter().flat_map(|folder| fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()));
    for file in files {
        let text = fs::read_to_string(&file).unwrap();
        for dead in ["OWNER/", "rosterctl@v", "example.com"] {
            assert!(!text.contains(dead), "{}: {dead}", file.display());
        }
    }
}

/// Checks that a fork's job sees no secret and may write nothing. The job that posts its plan checks nothing out.
#[test]
fn no_secret_reaches_the_job_of_a_fork() {
    let workflows = workflows();
    for (name, workflow) in &workflows {
        let on = workflow["on"].as_object().unwrap();
        assert!(!on.contains_key("pull_request_target"), "{name}");
        for (job, said) in jobs(workflow) {
            let text = said.to_string();
            let condition = said["if"].as_str().unwrap_or_default();
            let own = condition == "github.event.pull_request.head.repo.full_name == github.repository";
            if on.contains_key("pull_request") && !own {
                assert!(
                    !text.contains("secrets.") && !text.contains("environment"),
                    "{name}: {job} has secrets"
                );
                let writes = said["permissions"].as_object().unwrap().values().any(|may| may == "write");
                assert!(!writes, "{name}: {job} may write");
            }
            if on.contains_key("workflow_run") {
                assert!(!text.contains("secrets."), "{name}: {job} has secrets");
                for step in said["steps"].as_array().unwrap() {
                    let checkout =
                        step["uses"].as_str().is_some_and(|uses| uses.starts_with("actions/checkout@"));
                    let own = step["with"]["repository"] == "${{ github.repository_owner }}/rosterctl";
                    assert!(!checkout || own, "{name}: {job} runs others' files");
                }
            }
        }
    }
    assert!(workflows["examples/github/rosterctl-plan.yml"]["jobs"]["plan-fork"].is_object());
}

/// Checks that scripts get untrusted names of agents, branches and pull requests as variables.
#[test]
fn no_script_is_put_together_from_an_expression() {
    let mut all = workflows();
    let action = ".github/actions/rosterctl/action.yml";
    all.insert(
        action.to_owned(),
        serde_yaml::from_str(&fs::read_to_string(root().join(action)).unwrap()).unwrap(),
    );
    for (name, workflow) in all {
        let mut lists: Vec<&Value> = vec![&workflow["runs"]["steps"]];
        lists.extend(
            workflow["jobs"].as_object().into_iter().flat_map(|jobs| jobs.values().map(|job| &job["steps"])),
        );
        for step in lists.into_iter().filter_map(Value::as_array).flatten() {
            let script = step["run"].as_str().unwrap_or_default();
            assert!(!script.contains("${{"), "{name}: {script}");
        }
    }
}

/// Copies the quickstart beside a runner's folders.
fn quickstart(runner: &Runner) {
    let to = runner.path("roster-repository");
    fs::create_dir_all(to.join("roster")).unwrap();
    let from = root().join("examples/quickstart");
    fs::copy(from.join("rosterctl.yaml"), to.join("rosterctl.yaml")).unwrap();
    for entry in fs::read_dir(from.join("roster")).unwrap().map(Result::unwrap) {
        fs::copy(entry.path(), to.join("roster").join(entry.file_name())).unwrap();
    }
}

/// Returns a log's lines that a GitHub runner shows, and those that it executes.
fn listened(log: &str) -> (Vec<&str>, Vec<&str>) {
    let (mut shown, mut taken, mut stopped) = (Vec::new(), Vec::new(), None);
    for line in log.lines() {
        let command = line.trim_start().starts_with("::") || line.contains("##[");
        match (&stopped, line.strip_prefix("::stop-commands::")) {
            (Some(word), _) if line == format!("::{word}::") => stopped = None,
            (None, Some(word)) => stopped = Some(word.to_owned()),
            (None, None) if command => taken.push(line),
            _ => shown.push(line),
        }
    }
    assert_eq!(stopped, None, "the runner listens again: {log}");
    (shown, taken)
}

#[test]
fn what_the_action_logs_is_no_command_and_holds_no_telephone_number() {
    let Some(runner) = Runner::new() else { return };
    quickstart(&runner);
    let agent = "  - { operatorId: '8399', profile: aftersales, name: '##[stop-commands]x', boundPhone: '13800138000' }";
    runner.write(
        "roster-repository/roster/others.yaml",
        &format!("apiVersion: rosterctl/v1\nkind: Roster\nagents:\n{agent}\n"),
    );
    let act = |command: &str, more: &[(&str, &str)]| {
        let mut environment = vec![("COMMAND", command), ("WORKSPACES", "roster-repository")];
        environment.extend_from_slice(more);
        let (exit, said) = runner.run("run.sh", &[], &environment);
        assert_eq!(exit, 0, "{said}");
        let (shown, taken) = listened(&said);
        assert!(taken.iter().all(|line| line.starts_with("::")), "{command}: {taken:?}");
        assert!(!said.contains("13800138000"), "{command}: {said}");
        let html = runner.read(&format!("rosterctl-{command}/report.html"));
        assert!(!html.contains("13800138000"), "{command}");
        (shown.join("\n"), taken.join("\n"))
    };
    assert!(act("plan", &[]).0.contains("##[stop-commands]x"));
    let reviewed = runner.read("rosterctl-plan/plan.json");
    assert!(reviewed.contains("13800138000"), "the plan is whole");
    let plan = runner.write("reviewed.json", &reviewed);

    // A plan that cannot be compared is not applied.
    fs::create_dir(runner.path("broken")).unwrap();
    let jq = runner.write("broken/jq", "#!/bin/sh\nexit 127\n");
    assert!(Command::new("chmod").args(["+x", &jq]).status().unwrap().success());
    let path = format!("{}:{}", runner.path("broken").display(), Runner::tools());
    let (shown, taken) = act("apply", &[("PLAN", &plan), ("PATH", &path)]);
    assert!(taken.contains("cannot be compared") && !shown.contains("Applied"), "{shown}{taken}");

    let (shown, taken) = act("apply", &[("PLAN", &plan)]);
    assert!(shown.contains("Applied: ") && shown.contains("##[stop-commands]x"), "{shown}");
    assert_eq!(taken, "");
    // The output of `drift` is guarded, too.
    runner.write("roster-repository/roster/others.yaml", "apiVersion: rosterctl/v1\nkind: Roster\n");
    assert!(act("drift", &[]).0.contains("##[stop-commands]x"));
    let (shown, taken) = act("apply", &[("PLAN", &plan)]);
    assert!(taken.contains("is stale"), "{shown}{taken}");
}

#[test]
fn the_verdict_fails_for_what_is_wrong_only() {
    let Some(runner) = Runner::new() else { return };
    for (command, code, fail_on_drift, exit) in [
        ("plan", "0", "false", 0),
        ("plan", "2", "true", 0),
        ("plan", "4", "false", 4),
        ("apply", "3", "false", 3),
        ("drift", "2", "false", 0),
        ("drift", "2", "true", 2),
        ("drift", "6", "false", 6),
        ("apply", "", "false", 1),
    ] {
        let environment = [("COMMAND", command), ("CODE", code), ("FAIL_ON_DRIFT", fail_on_drift)];
        let (got, said) = runner.run("verdict.sh", &[], &environment);
        assert_eq!(got, exit, "{command} {code}: {said}");
        assert_eq!(said.contains("::error::"), exit != 0, "{said}");
    }
}
