//! Reports in pipelines: annotations, code scanning, tests.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stderr,
    reason = "a test may panic, and says what it leaves out"
)]
#![allow(dead_code, reason = "the readers are shared with the model of the vendors")]

#[path = "support/bench.rs"]
mod bench;
#[path = "support/planning.rs"]
mod planning;
#[path = "support/rendering.rs"]
mod rendering;

use std::fmt::Write as _;
use std::fs;

use bench::{Bench, run_in};
use rendering::render;
use rosterctl::model::agent::SURVEY;
use rosterctl::model::diagnostic::Diagnostic;
use rosterctl::model::difference::Difference;
use rosterctl::model::finding::{Finding, FindingKind};
use rosterctl::model::id::Kind;
use rosterctl::model::id::ResourceId;
use rosterctl::model::language::Language;
use rosterctl::model::ledger::Ledger;
use rosterctl::model::plan::Plan;
use rosterctl::model::problem::SyntaxProblem;
use rosterctl::model::rule::IMMUTABLE;
use rosterctl::model::scene::Scene;
use rosterctl::model::source::Source;
use rosterctl::model::value::Value;
use rosterctl::plan::{self, Options};
use rosterctl::report::{Body, BoundPlan, Command, Failure, Format, Part, Report, Roots};
use serde_json::{Value as Json, json};

/// Plans a roster against live agents of these numbers, and one queue. The first `members` agents are in it.
fn plan_of(policy: &str, roster: &str, live: std::ops::Range<usize>, members: usize) -> Plan {
    let workspace = planning::workspace_with("", policy);
    let text = format!("apiVersion: rosterctl/v1\nkind: Roster\n{roster}");
    let desired = planning::desired(&[("roster/a.yaml".to_owned(), text)], &workspace);
    let agents: serde_json::Map<String, Json> = live
        .clone()
        .map(|number| {
            (number.to_string(), json!({ "name": format!("n{number}"), "enabled": true, "wrapUpSeconds": 0 }))
        })
        .collect();
    let members: Vec<Json> = live
        .take(members)
        .map(|number| json!({ "agentNumber": number.to_string(), "priority": 0 }))
        .collect();
    let queue =
        json!({ "displayName": "Q", "assignRule": "least", "memory": "off", "assignMembers": members });
    let live = planning::live(&json!({ "agents": agents, "queues": { "1000": queue } }));
    let options = Options { program: "test".to_owned(), ..Options::default() };
    plan::plan(&workspace, &desired, &live, &Ledger::default(), &options).unwrap()
}

/// Returns a plan that changes a number of agents, each in its own way.
fn changes(count: usize) -> Plan {
    let mut roster = if count == 0 { "agents: []\n" } else { "agents:\n" }.to_owned();
    for number in 8000..8000 + count {
        let _ = writeln!(roster, "  - {{ operatorId: \"{number}\", wrapUpSeconds: {} }}", number - 7990);
    }
    plan_of("{ limits: { changes: 100% } }", &roster, 8000..8000 + count, 0)
}

/// Returns a value that no other agent has.
fn number(agent: usize) -> Value {
    Value::Number(i64::try_from(agent).unwrap())
}

/// Returns a plan with one finding for each of some agents, and no steps.
fn findings(ids: impl Iterator<Item = usize>, before: impl Fn(usize) -> Value) -> Plan {
    let finding = |number: usize| {
        let agent = ResourceId::agent(&number.to_string().as_str().into());
        let (before, after) = (Some(before(number)), Some(Value::Flag(true)));
        let difference = Difference { kind: Kind::Agent, field: &SURVEY, before, after };
        Finding::new(&IMMUTABLE, FindingKind::Immutable { difference }).about(&agent)
    };
    Plan { findings: ids.map(finding).collect(), ..changes(0) }
}

fn part(workspace: &str, body: Body) -> Part {
    Part {
        place: format!("teams/{workspace}"),
        file: format!("teams/{workspace}/rosterctl.yaml").into(),
        exit: 0,
        last_clean_run: None,
        scene: Scene::default(),
        masked: false,
        body,
    }
}

fn planned(workspace: &str, plan: Plan) -> Part {
    part(
        workspace,
        Body::Planned(BoundPlan::new(Plan { workspace: workspace.to_owned(), ..plan }, planning::supports())),
    )
}

fn draw(parts: Vec<Part>, format: Format) -> String {
    let report = Report {
        command: Command::Plan,
        several: parts.len() > 1,
        parts,
        roots: Roots::default(),
        language: Language::En,
    };
    render(&report, format)
}

fn sarif(parts: Vec<Part>) -> Json {
    serde_json::from_str(&draw(parts, Format::Sarif)).unwrap()
}

/// Counts the annotations of a level.
fn count(annotations: &str, level: &str) -> usize {
    annotations.lines().filter(|line| line.starts_with(&format!("::{level} "))).count()
}

#[test]
fn annotations_begin_with_the_summary_and_are_ten_of_a_level() {
    let text = draw(vec![planned("a", changes(28))], Format::Github);
    let first = text.lines().next().unwrap();
    assert!(
        first.starts_with(
            "::notice title=rosterctl plan%3A a::Can be applied. Plan: 0 to create, 28 to update"
        ),
        "{first}"
    );
    assert!(first.contains("%0ANot shown here: 20 notices."), "{first}");
    assert_eq!(count(&text, "notice"), 10, "{text}");

    // All fit: the summary mentions no other annotations.
    let text = draw(vec![planned("a", changes(8))], Format::Github);
    assert!(!text.contains("Not shown"), "{text}");
    assert_eq!(count(&text, "notice"), 10, "{text}");

    // A summary of another level leaves room for ten.
    let plan = findings((0..70).map(|n| 8000 + 2 * n), number);
    let text = draw(vec![planned("a", plan)], Format::Github);
    assert_eq!((count(&text, "notice"), count(&text, "warning")), (1, 10), "{text}");
    assert!(text.lines().next().unwrap().contains("Not shown here: 60 warnings."), "{text}");
}

#[test]
fn one_summary_tells_of_all_workspaces() {
    let failure = Failure {
        workspace: Some("north".to_owned()),
        message: "connection `agents` did not answer".to_owned().into(),
        reason: None,
        diagnostics: Vec::new(),
    };
    let parts =
        (0..12).map(|n| planned(&format!("w{n}"), changes(2))).chain([part("north", Body::Failed(failure))]);
    let text = draw(parts.collect(), Format::Github);
    let first = text.lines().next().unwrap();
    assert!(
        first.starts_with("::error title=rosterctl plan%3A 13 workspaces::w0: Can be applied. Plan: "),
        "{first}"
    );
    assert!(first.contains("%0Anorth: connection `agents` did not answer"), "{first}");
    assert_eq!((count(&text, "error"), count(&text, "notice")), (1, 10), "{text}");
}

#[test]
fn errors_of_files_are_counted_where_they_are_too_many() {
    let failed = |count: u32| {
        let wrong = |line| Diagnostic::at(&Source::new("roster/a.yaml", line, 5), SyntaxProblem::NotYaml);
        let message = format!("the workspace and its manifests have {count} errors");
        let diagnostics = (1..=count).map(wrong).collect();
        vec![part(
            "a",
            Body::Failed(Failure { workspace: None, message: message.into(), reason: None, diagnostics }),
        )]
    };
    let text = draw(failed(10), Format::Github);
    assert_eq!(text.matches("::error file=roster/a.yaml").count(), 10, "{text}");
    let text = draw(failed(31), Format::Github);
    let first = text.lines().next().unwrap();
    assert!(
        first.contains("::the workspace and its manifests have 31 errors%0ANot shown here: 22 errors."),
        "{first}"
    );
    assert_eq!(count(&text, "error"), 10, "{text}");
}

#[test]
fn each_workspace_is_a_run_of_code_scanning_of_its_own() {
    let log = sarif(vec![planned("acme-prod", changes(1)), planned("acme-test", changes(1))]);
    let ids: Vec<&str> = log["runs"]
        .as_array()
        .unwrap()
        .iter()
        .map(|run| run["automationDetails"]["id"].as_str().unwrap())
        .collect();
    assert_eq!(ids, ["rosterctl/plan/acme-prod/", "rosterctl/plan/acme-test/"]);
    // Two workspaces of one name are distinguished by their places.
    let mut second = planned("acme", changes(1));
    second.place = "teams/second".to_owned();
    let log = sarif(vec![planned("acme", changes(1)), second]);
    assert_eq!(log["runs"][0]["automationDetails"]["id"], "rosterctl/plan/teams/acme/");
    assert_eq!(log["runs"][1]["automationDetails"]["id"], "rosterctl/plan/teams/second/");
}

#[test]
fn results_of_code_scanning_are_capped_and_the_last_counts_the_rest() {
    let log = sarif(vec![planned("a", findings(10_000..36_000, number))]);
    let results = log["runs"][0]["results"].as_array().unwrap();
    assert_eq!(results.len(), 5_000);
    let last = results.last().unwrap();
    assert_eq!(last["message"]["text"], "21001 results are left out; `--format json` has all");
    let rules = log["runs"][0]["tool"]["driver"]["rules"].as_array().unwrap();
    let index = usize::try_from(last["ruleIndex"].as_u64().unwrap()).unwrap();
    assert_eq!((rules[index]["id"].as_str(), last["level"].as_str()), (Some("rest"), Some("warning")));
}

#[test]
fn a_finding_about_many_agents_names_them() {
    let plan = || findings((0..60).map(|n| 8000 + 2 * n), |_| Value::Flag(false));
    let all: Vec<String> = (0..60).map(|n| (8000 + 2 * n).to_string()).collect();
    let all = format!("agent/{}", all.join(", "));
    let log = sarif(vec![planned("a", plan())]);
    let result = &log["runs"][0]["results"][0];
    assert!(result["message"]["text"].as_str().unwrap().starts_with(&all), "{result}");
    assert_eq!(result["partialFingerprints"]["rosterctl/v1"], "a:R101:8000");
    let junit = draw(vec![planned("a", plan())], Format::Junit);
    let case = junit.split_once(&format!("name=\"R101 {all}\"")).unwrap_or_else(|| panic!("{junit}")).1;
    assert!(case.split_once("<failure message=\"60 agents (agent/8000, ").is_some(), "{junit}");
    let notes = draw(vec![planned("a", plan())], Format::Github);
    assert!(notes.contains(&format!("title=R101::{all}: 60 agents")), "{notes}");
}

#[test]
fn a_refusal_points_at_a_line_that_asks_for_too_much() {
    let place = |plan: &Plan, code: &str| {
        let finding = plan.findings.iter().find(|finding| finding.code == code);
        finding
            .unwrap_or_else(|| panic!("{code}: {:#?}", plan.findings))
            .source
            .as_ref()
            .map(ToString::to_string)
    };
    let limits = "limits: { deletes: 1%, changes: 1%, memberRemovals: 1%, floor: 0 }";
    let roster = "agents:
  - { operatorId: \"8000\", name: new }
  - { operatorId: \"8001\", state: absent }
queues:
  - { displayName: Q, assignMembers: [\"8002\"] }
";
    let plan = plan_of(&format!("{{ {limits} }}"), roster, 8000..8010, 3);
    assert_eq!(place(&plan, "R401").as_deref(), Some("roster/a.yaml:5:5"));
    assert_eq!(place(&plan, "R402").as_deref(), Some("roster/a.yaml:4:5"));
    assert_eq!(place(&plan, "R403").as_deref(), Some("roster/a.yaml:7:5"));
    // `prune` deletes agents that no manifest names: the limit is shown.
    let policy = format!("{{ prune: all, {limits} }}");
    let plan = plan_of(&policy, "agents: [{ operatorId: \"8000\" }]\n", 8000..8003, 0);
    let source = place(&plan, "R401").unwrap();
    assert!(source.starts_with("rosterctl.yaml:"), "{source}");
    let text = draw(vec![planned("a", plan)], Format::Github);
    assert!(text.contains("::error file=rosterctl.yaml,line="), "{text}");
}

/// Creates a checkout whose workspace lies in `teams/a`.
fn checkout(git: &str) -> (Bench, tempfile::TempDir) {
    let bench = Bench::new("agents: [{ operatorId: \"8001\", name: 张三 }]\n");
    let root = tempfile::tempdir().unwrap();
    let folder = root.path().join("teams/a");
    fs::create_dir_all(folder.join("roster")).unwrap();
    fs::create_dir_all(root.path().join("jobs")).unwrap();
    fs::copy(bench.path("rosterctl.yaml"), folder.join("rosterctl.yaml")).unwrap();
    let roster = "apiVersion: rosterctl/v1\nkind: Roster\nagents: [{ operatorId: \"8001\", name: 李四 }]\n";
    fs::write(folder.join("roster/a.yaml"), roster).unwrap();
    match git {
        "folder" => fs::create_dir(root.path().join(".git")).unwrap(),
        "file" => fs::write(root.path().join(".git"), "gitdir: elsewhere\n").unwrap(),
        _ => {}
    }
    (bench, root)
}

/// Returns the path of the change in annotations and in code scanning.
fn paths(folder: &std::path::Path, argument: &str, environment: &[(String, String)]) -> (String, Json) {
    let arguments = ["plan", argument, "--format", "github", "--write", "sarif=../out.sarif"];
    let said = run_in(folder, &arguments, environment).exits(0);
    let line = said.out.lines().find(|line| line.contains("update agent/8001")).unwrap();
    let file = line.split_once("file=").unwrap().1.split_once(',').unwrap().0.to_owned();
    let log: Json = serde_json::from_slice(&fs::read(folder.join("../out.sarif")).unwrap()).unwrap();
    (file, log["runs"][0]["results"][0]["locations"][0]["physicalLocation"]["artifactLocation"].clone())
}

#[test]
fn paths_begin_at_the_root_of_the_repository() {
    for git in ["folder", "file"] {
        let (_bench, root) = checkout(git);
        let _ = &root;
        for (folder, argument) in [("teams/a", "."), ("jobs", "../teams/a"), ("teams", "a")] {
            let (file, artifact) = paths(&root.path().join(folder), argument, &[]);
            assert_eq!(file, "teams/a/roster/a.yaml", "{git}: {folder}");
            assert_eq!(artifact, json!({ "uri": "teams/a/roster/a.yaml", "uriBaseId": "%SRCROOT%" }));
        }
    }
}

#[test]
fn githubs_own_workspace_is_the_root_where_it_holds_the_file() {
    let (_bench, root) = checkout("folder");
    let is = |path: &std::path::Path| [("GITHUB_WORKSPACE".to_owned(), path.display().to_string())];
    let folder = root.path().join("teams/a");
    assert_eq!(paths(&folder, ".", &is(&root.path().join("teams"))).0, "a/roster/a.yaml");
    assert_eq!(paths(&folder, ".", &is(&root.path().join("jobs"))).0, "teams/a/roster/a.yaml");
}

#[test]
fn without_a_repository_paths_begin_at_the_current_folder_and_never_climb() {
    let (_bench, root) = checkout("none");
    let (file, artifact) = paths(&root.path().join("teams"), "a", &[]);
    assert_eq!((file.as_str(), &artifact["uri"]), ("a/roster/a.yaml", &json!("a/roster/a.yaml")));
    let (_, artifact) = paths(&root.path().join("jobs"), "../teams/a", &[]);
    let uri = artifact["uri"].as_str().unwrap();
    assert!(uri.starts_with("file:///") && !uri.contains(".."), "{artifact}");
}

/// Runs a checker over files in a folder; prints a note and returns `None` if the machine lacks it.
fn check(folder: &std::path::Path, program: &str, arguments: &[&str]) -> Option<String> {
    let Ok(output) = std::process::Command::new(program).args(arguments).current_dir(folder).output() else {
        eprintln!("skipped: there is no {program}");
        return None;
    };
    let said =
        [output.stdout, output.stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).concat();
    if said.contains("No module named") {
        eprintln!("skipped: {said}");
        return None;
    }
    assert!(output.status.success(), "{said}");
    Some(said)
}

/// Returns reports with changes, findings and errors in files.
fn reports() -> Vec<Vec<Part>> {
    let wrong = Diagnostic::at(&Source::new("roster/a.yaml", 3, 5), SyntaxProblem::NotYaml);
    let message = "the workspace and its manifests have 1 error".to_owned();
    let failure =
        Failure { workspace: None, message: message.into(), reason: None, diagnostics: vec![wrong] };
    vec![
        vec![planned("acme-prod", changes(3)), planned("acme-test", changes(1))],
        vec![planned("a", findings((0..60).map(|n| 8000 + 2 * n), number))],
        vec![planned("a", findings(10_000..16_000, |_| Value::Flag(false)))],
        vec![part("a", Body::Failed(failure))],
        vec![planned("empty", changes(0))],
    ]
}

#[test]
fn code_scanning_takes_each_report() {
    let folder = tempfile::tempdir().unwrap();
    let names: Vec<String> = (0..reports().len()).map(|n| format!("{n}.sarif")).collect();
    for (name, parts) in names.iter().zip(reports()) {
        fs::write(folder.path().join(name), draw(parts, Format::Sarif)).unwrap();
    }
    // The program hands its arguments to a shell.
    let mut arguments = vec!["validate"];
    arguments.extend(names.iter().map(String::as_str));
    arguments.extend(["--rule-kind", "'Sarif;Ghas'", "--output", "result.json"]);
    if check(folder.path(), "sarif-multitool", &arguments).is_none() {
        return;
    }
    let text = fs::read_to_string(folder.path().join("result.json")).unwrap();
    let log: Json = serde_json::from_str(text.trim_start_matches('\u{feff}')).unwrap();
    assert!(log["runs"][0]["invocations"][0]["executionSuccessful"] == true, "{log}");
    let results = log["runs"][0]["results"].as_array();
    let wrong: Vec<&Json> = results.into_iter().flatten().filter(|one| one["level"] != "note").collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn a_reader_of_junit_counts_what_a_report_says() {
    let folder = tempfile::tempdir().unwrap();
    let script = "import sys
from junitparser import JUnitXml
for name in sys.argv[1:]:
    cases = [case for suite in JUnitXml.fromfile(name) for case in suite]
    wrong = [case for case in cases if case.result]
    print(name, len(cases), len(wrong), *sorted({type(one).__name__ for case in wrong for one in case.result}))
";
    let names: Vec<String> = (0..reports().len()).map(|n| format!("{n}.xml")).collect();
    for (name, parts) in names.iter().zip(reports()) {
        fs::write(folder.path().join(name), draw(parts, Format::Junit)).unwrap();
    }
    let mut arguments = vec!["-c", script];
    arguments.extend(names.iter().map(String::as_str));
    let Some(said) = check(folder.path(), "python3", &arguments) else { return };
    // The queue that no manifest names is skipped.
    let wanted = [
        "0.xml 6 2 Skipped",
        "1.xml 60 60 Failure",
        "2.xml 1 1 Failure",
        "3.xml 1 1 Error",
        "4.xml 1 1 Skipped",
    ];
    assert_eq!(said.lines().collect::<Vec<_>>(), wanted);
}
