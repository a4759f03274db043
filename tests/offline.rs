//! Commands that ask no system: `init` writes a first workspace, `validate` reports in every format, and `fmt --settle`
//! folds what is over.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

#[path = "support/bench.rs"]
mod bench;

use std::fs;
use std::path::Path;

use bench::{Bench, Said, run_in};
use serde_json::Value as Json;
use tempfile::TempDir;

fn run(folder: &TempDir, arguments: &[&str]) -> Said {
    run_in(folder.path(), arguments, &[])
}

#[test]
fn a_first_workspace_applies_without_an_account() {
    let folder = tempfile::tempdir().unwrap();
    let init = run(&folder, &["init", "demo"]).exits(0);
    assert!(init.out.contains("rosterctl apply demo"), "{}", init.out);
    for file in ["rosterctl.yaml", ".gitignore", "roster/queues.yaml", "schema/roster.schema.json"] {
        assert!(init.err.contains(&format!("demo/{file}")), "{file}: {}", init.err);
    }
    assert!(run(&folder, &["validate", "demo"]).exits(0).out.starts_with("demo: sound"));
    run(&folder, &["fmt", "--check", "demo"]).exits(0);
    run(&folder, &["apply", "--auto-approve", "demo"]).exits(0);
    run(&folder, &["plan", "--detailed-exitcode", "demo"]).exits(0);
}

#[test]
fn each_file_of_a_first_workspace_agrees_with_the_schema_that_it_names() {
    let folder = tempfile::tempdir().unwrap();
    run(&folder, &["init", "demo"]).exits(0);
    let demo = folder.path().join("demo");
    let manifests = fs::read_dir(demo.join("roster")).unwrap().map(|entry| entry.unwrap().path());
    let files: Vec<_> = manifests.chain([demo.join("rosterctl.yaml")]).collect();
    assert_eq!(files.len(), 5);
    for file in files {
        let text = fs::read_to_string(&file).unwrap();
        let named = text.lines().next().unwrap().strip_prefix("# yaml-language-server: $schema=").unwrap();
        let schema = fs::read(file.parent().unwrap().join(named)).unwrap();
        let schema = jsonschema::validator_for(&serde_json::from_slice(&schema).unwrap()).unwrap();
        let value: Json = serde_yaml::from_str(&text).unwrap();
        assert!(schema.is_valid(&value), "{}", file.display());
    }
}

#[test]
fn a_first_workspace_is_never_written_over_a_file() {
    for there in ["rosterctl.yaml", "roster/presales.yaml", ".gitignore"] {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join(there);
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(&file, "mine").unwrap();
        let said = run(&folder, &["init"]).exits(1);
        assert!(said.err.contains(there), "{}", said.err);
        assert_eq!(fs::read_to_string(&file).unwrap(), "mine");
        let rest = fs::read_dir(folder.path()).unwrap().count();
        assert_eq!(rest, 1, "{there}: nothing else is written");
    }
}

#[test]
fn a_first_workspace_bears_the_name_of_its_folder() {
    let folder = tempfile::tempdir().unwrap();
    for (name, shown) in [("售前 组", "售前 组"), ("yes", "yes"), ("{{ x }}", "quickstart")] {
        run(&folder, &["init", name]).exits(0);
        let said = run(&folder, &["validate", name]).exits(0);
        assert!(said.out.starts_with(&format!("{shown}: sound")), "{}", said.out);
    }
}

const WRONG: &str = "agents: [{ operatorId: \"8001\", nam: 张三 }]\n";

/// Returns a file that a run wrote.
fn written(bench: &Bench, name: &str) -> String {
    fs::read_to_string(bench.path(name)).unwrap()
}

#[test]
fn an_error_of_a_manifest_is_reported_in_every_format() {
    let bench = Bench::new("");
    bench.roster(WRONG);
    let formats = ["text", "markdown", "html", "sarif", "github", "junit"];
    let writes: Vec<String> = formats.iter().map(|format| format!("{format}=report.{format}")).collect();
    let mut arguments = vec!["validate", "--format", "json"];
    arguments.extend(writes.iter().flat_map(|write| ["--write", write]));
    let said = bench.run(&arguments).exits(1);
    assert!(said.err.contains("roster/roster.yaml:3:"), "{}", said.err);
    for format in formats {
        let text = written(&bench, &format!("report.{format}"));
        assert!(text.contains("nam") && text.contains("roster.yaml"), "{format}: {text}");
    }
    let json = said.json();
    assert_eq!((&json["format"], &json["exit"]), (&"rosterctl.validate/v1".into(), &1.into()));
    let diagnostic = &json["diagnostics"][0];
    assert_eq!(diagnostic["kind"], "unknownField");
    assert_eq!(diagnostic["args"]["key"], "nam");
    assert_eq!((&diagnostic["file"], &diagnostic["line"]), (&"roster/roster.yaml".into(), &3.into()));
    assert!(diagnostic["column"].is_u64() && diagnostic["message"].is_string(), "{diagnostic}");
    assert!(diagnostic["help"].as_str().unwrap().contains("`name`"), "{diagnostic}");
    let sarif: Json = serde_json::from_str(&written(&bench, "report.sarif")).unwrap();
    let result = &sarif["runs"][0]["results"][0];
    assert_eq!(result["locations"][0]["physicalLocation"]["region"]["startLine"], 3);
}

#[test]
fn sound_manifests_are_reported_in_every_format() {
    let bench = Bench::new("");
    bench.roster("agents: [{ operatorId: \"8001\", name: 张三 }]\n");
    let json = bench.run(&["validate", "--format", "json"]).exits(0).json();
    assert_eq!((&json["format"], &json["declared"]["agents"]), (&"rosterctl.validate/v1".into(), &1.into()));
    assert_eq!(json["diagnostics"].as_array().unwrap().len(), 0);
    for format in ["text", "markdown", "html", "github"] {
        let said = bench.run(&["validate", "--format", format]).exits(0);
        assert!(said.out.contains("sound; 1 agent"), "{format}: {}", said.out);
    }
    let junit = bench.run(&["validate", "--format", "junit"]).exits(0).out;
    assert!(junit.contains("failures=\"0\" errors=\"0\""), "{junit}");
    let sarif = bench.run(&["validate", "--format", "sarif"]).exits(0).json();
    assert_eq!(sarif["runs"][0]["results"].as_array().unwrap().len(), 0);
    let said = bench.run(&["validate", "--format", "prometheus"]).exits(1);
    assert!(said.err.contains("`prometheus` is a format of `drift`"), "{}", said.err);
}

/// Writes a workspace against the sandbox.
fn workspace(folder: &Path, name: &str, roster: &str) {
    let place = folder.join(name);
    fs::create_dir_all(place.join("roster")).unwrap();
    let text = format!(
        "apiVersion: rosterctl/v1\nkind: Workspace\nname: {name}\nmanifests: [roster]\n\
         connections: {{ agents: {{ provider: agent-config, baseUrl: sandbox }} }}\n"
    );
    fs::write(place.join("rosterctl.yaml"), text).unwrap();
    fs::write(place.join("roster/all.yaml"), format!("apiVersion: rosterctl/v1\nkind: Roster\n{roster}"))
        .unwrap();
}

#[test]
fn several_workspaces_give_one_report() {
    let folder = tempfile::tempdir().unwrap();
    workspace(folder.path(), "a", "agents: [{ operatorId: \"8001\" }]\n");
    workspace(folder.path(), "b", WRONG);
    let said =
        run(&folder, &["validate", "--format", "json", "--write", "sarif=all.sarif", "a", "b"]).exits(1);
    let json = said.json();
    assert_eq!(json["format"], "rosterctl.validations/v1");
    let [a, b] = json["workspaces"].as_array().unwrap().as_slice() else { panic!("{json}") };
    assert_eq!(
        (&a["workspace"], &a["exit"], &a["format"]),
        (&"a".into(), &0.into(), &"rosterctl.validate/v1".into())
    );
    assert_eq!((&b["workspace"], &b["exit"]), (&"b".into(), &1.into()));
    assert_eq!(b["diagnostics"][0]["args"]["key"], "nam");
    let sarif: Json =
        serde_json::from_str(&fs::read_to_string(folder.path().join("all.sarif")).unwrap()).unwrap();
    assert_eq!(sarif["runs"].as_array().unwrap().len(), 2);
    let text = run(&folder, &["validate", "a", "b"]).exits(1).out;
    assert!(text.starts_with("a: sound; 1 agent") && text.contains("# b\nFailed: "), "{text}");
}

/// The workspace of the folds. A leaver is deleted after thirty days.
const SETTLED: &str = "apiVersion: rosterctl/v1
kind: Workspace
name: settled
manifests: [roster]
timeZone: Asia/Shanghai
connections:
  agents: { provider: agent-config, baseUrl: sandbox }
  webchat: { provider: webchat-queue, baseUrl: sandbox }
policy:
  leavers: { then: disable, deleteAfter: 30d }
";

const DATED: &str = r#"apiVersion: rosterctl/v1
kind: Roster
periods:
  旧: { from: 2025-01-01, until: 2025-01-10 }   # is over
  双十一: { from: 2030-11-01, until: 2030-11-11 }
profiles:
  p: { role: 坐席, mainSkillGroup: 售前, wrapUpSeconds: 30, recording: true }
agents:
  - operatorId: "8001"   # first
    profile: p
    name: 张三
    during:
      # lent last year
      - { period: 旧, mainSkillGroup: 售后 }   # over
      - { from: 2025-06-01, wrapUpSeconds: 10 }   # begun
      - { period: 双十一, recording: false }
  - { operatorId: "8002", profile: p, name: 李四, from: 2025-01-01 }  # joined
  - { operatorId: "8003", profile: p, name: 王五, until: 2025-02-01 }  # left
  - { operatorId: "8004", profile: p, name: 赵六, until: 2026-11-25 }  # left lately
queues:
  - displayName: 在线售前
    minMembers: 1
    assignMembers:
      - { agentNumber: "8001", priority: 10, during: [{ from: 2025-01-01, until: 2025-02-01, priority: 30 }] }
      - { agentNumber: "8002", until: 2025-03-01 }   # was here
      - { agentNumber: "8003", priority: 3 }
      - { agentNumber: "8004", from: 2025-01-01 }
"#;

const FOLDED: &str = r#"apiVersion: rosterctl/v1
kind: Roster
periods:
  # is over
  双十一: { from: 2030-11-01, until: 2030-11-11 }
profiles:
  p: { role: 坐席, mainSkillGroup: 售前, wrapUpSeconds: 30, recording: true }
agents:
  - operatorId: "8001"   # first
    profile: p
    name: 张三
    wrapUpSeconds: 10
    during:
      # lent last year
      # over
      # begun
      - { period: 双十一, recording: false }
  - { operatorId: "8002", profile: p, name: 李四 }  # joined
  - { operatorId: "8003", state: absent, profile: p, name: 王五 }  # left
  - { operatorId: "8004", profile: p, name: 赵六, until: 2026-11-25 }  # left lately
queues:
  - displayName: 在线售前
    minMembers: 1
    assignMembers:
      - { agentNumber: "8001", priority: 10 }
      # was here
      - { agentNumber: "8004" }
"#;

/// Writes a workspace with one manifest.
fn dated(manifest: &str) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("roster")).unwrap();
    fs::write(folder.path().join("rosterctl.yaml"), SETTLED).unwrap();
    fs::write(folder.path().join("roster/a.yaml"), manifest).unwrap();
    folder
}

fn manifest(folder: &TempDir) -> String {
    fs::read_to_string(folder.path().join("roster/a.yaml")).unwrap()
}

const SETTLE: [&str; 4] = ["fmt", "--settle", "--before", "2026-12-01"];

#[test]
fn what_is_over_is_folded_into_the_base_and_every_comment_stays() {
    let folder = dated(DATED);
    let shown = run(&folder, &[&SETTLE[..], &["--diff"]].concat()).exits(0);
    assert!(shown.out.contains("+    wrapUpSeconds: 10"), "{}", shown.out);
    run(&folder, &[&SETTLE[..], &["--check"]].concat()).exits(1);
    assert_eq!(manifest(&folder), DATED);
    run(&folder, &SETTLE).exits(0);
    assert_eq!(manifest(&folder), FOLDED);
    assert_eq!(run(&folder, &SETTLE).exits(0).out, "");
    run(&folder, &["fmt", "--check"]).exits(0);
    assert_eq!(manifest(&folder), FOLDED);
}

#[test]
fn dates_before_another_day_are_folded_only_up_to_it() {
    let folder = dated(DATED);
    run(&folder, &["fmt", "--settle", "--before", "2024-12-31"]).exits(0);
    assert_eq!(manifest(&folder), DATED);
    run(&folder, &["fmt", "--settle", "--before", "tomorrow"]).exits(1);
}

#[test]
fn folds_keep_line_ends_a_byte_order_mark_and_what_an_alias_names() {
    let text = "\u{feff}apiVersion: rosterctl/v1\r\nkind: Roster\r\ndefaults: { role: 坐席, mainSkillGroup: 售前, recording: true }\r\n\
        agents:\r\n- operatorId: \"8001\"\r\n  from: &day 2025-01-01  # joined\r\n  recording: false\r\n\
        - operatorId: \"8002\"\r\n  recording: false\r\n  during:\r\n  - { from: *day, recording: true }";
    let folder = dated(text);
    run(&folder, &SETTLE).exits(0);
    let folded = manifest(&folder);
    assert!(folded.starts_with('\u{feff}'), "{folded}");
    assert_eq!(folded.matches('\n').count(), folded.matches("\r\n").count(), "{folded}");
    assert!(!folded.contains("2025-01-01") && !folded.contains("during"), "{folded}");
    assert!(folded.contains("# joined"), "{folded}");
    run(&folder, &["validate"]).exits(0);
}
