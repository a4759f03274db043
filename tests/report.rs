//! One plan in every format: every action, findings of every severity, a pool, a long text that changes, Chinese, and
//! names that look like markup.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stderr,
    reason = "a test may panic, and says why it skips"
)]
#![allow(dead_code, reason = "the readers are shared with the model of the vendors")]

#[path = "support/bench.rs"]
mod bench;
#[path = "support/planning.rs"]
mod planning;
#[path = "support/rendering.rs"]
mod rendering;

use rosterctl::sandbox::AgentConfig;
use std::fs;
use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command as Program;
use std::sync::{Arc, Mutex};

use bench::Bench;
use rendering::render;
use rosterctl::model::diagnostic::Diagnostic;
use rosterctl::model::difference::Difference;
use rosterctl::model::field::Field;
use rosterctl::model::id::Kind;
use rosterctl::model::language::Language;
use rosterctl::model::ledger::Ledger;
use rosterctl::model::note::{Moved, Note, Refused, Stale};
use rosterctl::model::outcome::{Status, StepResult};
use rosterctl::model::problem::FileProblem;
use rosterctl::model::scene::Scene;

use rosterctl::model::agent::{self, NAME};
use rosterctl::model::plan::{Action, Change, ChangeOrigin, FieldDiff, Plan};
use rosterctl::model::source::Source;
use rosterctl::model::value::Value;
use rosterctl::plan::{self, Options};
use rosterctl::report::{Body, BoundPlan, Command, Failure, Format, Part, Report, Roots, Run};
use serde_json::{Value as Json, json};

const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/report");

/// Personal data that no stored or posted report may hold.
const PERSONAL: [&str; 7] = [
    "13800138000",
    "13900139000",
    "13600136000",
    "13700137000",
    "400-800-8888",
    "li.si@example.com",
    "old.li@example.com",
];

fn rich() -> Plan {
    let read = |name: &str| fs::read_to_string(Path::new(FOLDER).join(name)).unwrap();
    let policy =
        "{ immutable: replace, limits: { deletes: 1%, floor: 0, changes: 100%, memberRemovals: 90% } }";
    let workspace = planning::workspace_with("", policy);
    let desired = planning::desired(&[("roster/售前 a.yaml".to_owned(), read("roster.yaml"))], &workspace);
    let live = planning::live(&serde_json::from_str(&read("live.json")).unwrap());
    let ledger =
        Ledger { resources: serde_json::from_str(&read("ledger.json")).unwrap(), ..Ledger::default() };
    let options = Options { program: "test".to_owned(), ..Options::default() };
    let plan = plan::plan(&workspace, &desired, &live, &ledger, &options).unwrap();
    for action in [Action::Create, Action::Update, Action::Replace, Action::Delete] {
        assert!(plan.changes.iter().any(|change| change.action == action), "the plan is rich: {action:?}");
    }
    let counts = &plan.summary.findings;
    assert!(counts.error > 0 && counts.warning > 0 && counts.info > 0, "{:#?}", plan.findings);
    plan
}

fn part(body: Body) -> Part {
    Part {
        place: "teams/a".to_owned(),
        file: "teams/a/rosterctl.yaml".into(),
        exit: 4,
        last_clean_run: Some("2026-11-20T08:00:00Z".to_owned()),
        scene: Scene::default(),
        masked: false,
        body,
    }
}

fn report(command: Command, parts: Vec<Part>) -> Report {
    Report { command, several: parts.len() > 1, parts, roots: Roots::default(), language: Language::En }
}

fn planned(command: Command) -> Report {
    let plan = BoundPlan::new(rich(), planning::supports());
    let plan = if command == Command::Drift { plan.into_drift() } else { plan };
    report(command, vec![part(Body::Planned(plan))])
}

/// Returns two values of a text of an agent.
fn difference(field: &'static Field, before: &str, after: Option<&str>) -> Difference {
    let text = |text: &str| Value::Text(text.into());
    Difference { kind: Kind::Agent, field, before: Some(text(before)), after: after.map(text) }
}

/// Returns a run with every status of a step.
fn ran() -> Report {
    let plan = rich();
    let ends = [Status::Done, Status::Failed, Status::Skipped, Status::Unknown];
    let results = plan
        .steps
        .iter()
        .zip(ends.iter().cycle())
        .map(|(_, status)| StepResult {
            status: *status,
            notes: if *status == Status::Done {
                Vec::new()
            } else {
                let difference = difference(&agent::BOUND_PHONE, "10086", Some("13800138000 | <b>no</b>"));
                vec![Note::Differs { id: None, difference, kept: false }]
            },
            answered_ms: None,
            made: None,
            pending: false,
            identities: Vec::new(),
            left_out: Vec::new(),
            spared: Vec::new(),
            members: None,
            carried_out: *status == Status::Done,
            only_deferred: false,
            dropped: Vec::new(),
            acknowledged: Vec::new(),
            confirmed: *status == Status::Done,
            reset: Vec::new(),
            doubted: Vec::new(),
        })
        .collect();
    let id = plan.changes[0].id.clone();
    let difference = difference(&agent::EMAIL, "old.li@example.com", None);
    let stale = vec![Stale { id, what: Moved::Field { difference } }];
    let run = Run { results, stale, interrupted: true, ..Run::default() };
    report(Command::Apply, vec![part(Body::Ran(BoundPlan::new(plan, planning::supports()), run))])
}

fn failed() -> Part {
    let place = Source::new("roster/售前 a.yaml", 7, 5);
    let (message, help) = ("unknown field `nme`, near 13800138000", "did you mean `name`?");
    let problem = FileProblem::Told { message: message.to_owned(), help: help.to_owned() };
    let wrong = Diagnostic::at(&place, problem);
    Part {
        exit: 1,
        last_clean_run: None,
        ..part(Body::Failed(Failure {
            workspace: None,
            message: "the workspace or a manifest has an error".to_owned().into(),
            reason: None,
            diagnostics: vec![wrong],
        }))
    }
}

fn several(command: Command) -> Report {
    let unreachable = Failure {
        workspace: Some("north".to_owned()),
        message: "connection `agents` did not answer".to_owned().into(),
        reason: Some(rosterctl::model::call::Reason::NoAnswer),
        diagnostics: Vec::new(),
    };
    let north = Part { place: "teams/north".to_owned(), exit: 6, ..part(Body::Failed(unreachable)) };
    let broken = Part { place: "teams/broken".to_owned(), ..failed() };
    report(command, vec![part(Body::Planned(BoundPlan::new(rich(), planning::supports()))), broken, north])
}

fn draw(report: &Report, format: Format) -> String {
    let text = render(report, format);
    assert_eq!(text, render(report, format), "the same report gives the same bytes");
    text
}

/// Compares with the stored output, without digests and the page's own style and script.
fn keep(name: &str, text: &str) {
    let mut filters = vec![(r#""plan": "[0-9a-f]{64}""#, r#""plan": "…""#)];
    if name.ends_with("html") {
        filters.extend([
            (r"(?s)<style>.*?</style>", "<style>…</style>"),
            (r"(?s)<script>.*?</script>", "<script>…</script>"),
            (r"'sha256-[^']*'", "sha256-…"),
        ]);
    }
    insta::with_settings!({
        snapshot_path => FOLDER,
        prepend_module_to_snapshot => false,
        omit_expression => true,
        filters => filters,
    }, {
        insta::assert_snapshot!(name, text);
    });
}

#[test]
fn a_plan_in_every_format() {
    let report = planned(Command::Plan);
    for format in Format::ALL.iter().filter(|format| format.fits(Command::Plan)) {
        keep(&format!("plan-{}", format.word()), &draw(&report, *format));
    }
}

#[test]
fn a_run_tells_what_became_of_each_step() {
    for format in [Format::Text, Format::Json, Format::Markdown, Format::Github, Format::Junit] {
        keep(&format!("apply-{}", format.word()), &draw(&ran(), format));
    }
    let html = draw(&ran(), Format::Html);
    assert!(
        html.contains("badge unknown") && html.contains("badge skipped") && html.contains("Interrupted"),
        "{html}"
    );
}

#[test]
fn a_run_from_its_record_gives_the_same_bytes() {
    let mut again = ran();
    for part in &mut again.parts {
        let Body::Ran(plan, run) = &part.body else { continue };
        let (saved, done) =
            (serde_json::to_string(&*plan.plan).unwrap(), serde_json::to_string(run).unwrap());
        let plan: Plan = serde_json::from_str(&saved).unwrap();
        let body = BoundPlan::new(plan, planning::supports());
        part.body = Body::Ran(body, serde_json::from_str(&done).unwrap());
    }
    for format in Format::ALL.iter().filter(|format| format.fits(Command::Apply)) {
        assert_eq!(draw(&again, *format), draw(&ran(), *format), "{format:?}");
        assert_eq!(draw(&again.masked(), *format), draw(&ran().masked(), *format), "masked {format:?}");
    }
}

#[test]
fn a_run_that_wrote_nothing_says_why() {
    let why = "the plan is stale, and nothing was written; this moved:\n  agent/8001: it is gone\nplan again"
        .to_owned();
    let run = Run { refused: Some(Refused::Failed { why: why.into() }), ..Run::default() };
    let refused =
        report(Command::Apply, vec![part(Body::Ran(BoundPlan::new(rich(), planning::supports()), run))]);
    for format in [Format::Text, Format::Markdown, Format::Html, Format::Sarif, Format::Github] {
        let text = draw(&refused, format);
        let wanted = "Not applied: the plan is stale, and nothing was written; this moved: agent/8001: it is gone plan again";
        assert!(text.contains(wanted), "{format:?}: {text}");
    }
    assert!(draw(&refused, Format::Junit).contains("errors=\"1\""));
    let json: Json = serde_json::from_str(&draw(&refused, Format::Json)).unwrap();
    assert!(
        json["results"].as_array().unwrap().is_empty() && json["refused"].as_str().unwrap().contains("stale")
    );
}

#[test]
fn a_workspace_that_failed_does_not_vanish() {
    for format in [Format::Text, Format::Markdown, Format::Prometheus] {
        keep(&format!("several-{}", format.word()), &draw(&several(Command::Drift), format));
    }
    let all: Json = serde_json::from_str(&draw(&several(Command::Plan), Format::Json)).unwrap();
    let formats: Vec<&str> =
        all["workspaces"].as_array().unwrap().iter().map(|w| w["format"].as_str().unwrap()).collect();
    assert_eq!(all["format"], "rosterctl.plans/v1");
    assert_eq!(formats, ["rosterctl.plan/v1", "rosterctl.error/v1", "rosterctl.error/v1"]);
    assert_eq!(all["workspaces"][2]["exit"], 6);
    for format in [Format::Html, Format::Sarif, Format::Github, Format::Junit] {
        let text = draw(&several(Command::Drift), format);
        assert!(text.contains("north") && text.contains("did not answer"), "{format:?}: {text}");
        assert!(text.contains("did you mean") || format == Format::Junit, "{format:?}: {text}");
    }
}

#[test]
fn nothing_personal_is_in_what_others_store_or_post() {
    for report in
        [planned(Command::Drift), ran(), several(Command::Drift), report(Command::Plan, vec![failed()])]
    {
        for format in Format::ALL.iter().filter(|format| format.fits(report.command)) {
            let text = draw(&report, *format);
            let masked = draw(&report.masked(), *format);
            for personal in PERSONAL {
                assert!(!format.masks() || !text.contains(personal), "{personal} is in {format:?}:\n{text}");
                assert!(!masked.contains(personal), "{personal} is in masked {format:?}:\n{masked}");
            }
        }
    }
    for format in [Format::Text, Format::Json, Format::Html] {
        let text = draw(&planned(Command::Plan), format);
        assert!(text.contains("13800138000") && text.contains("8005"), "{format:?} shows them: {text}");
    }
}

#[test]
fn a_name_stays_a_name() {
    let page = draw(&planned(Command::Plan), Format::Html);
    let body = page.split_once("<body>").unwrap().1.rsplit_once("<script>").unwrap().0;
    for wrong in ["<script", "<b>|", "<img"] {
        assert!(!body.contains(wrong), "{wrong} is in the page");
        assert!(!draw(&planned(Command::Plan), Format::Junit).contains(wrong));
    }
    let comment = draw(&planned(Command::Plan), Format::Markdown);
    for wrong in ["<script", "<b>|", "@acme", "#77", "![", "https://", "]]>"] {
        assert!(!comment.contains(wrong), "{wrong} is in the comment:\n{comment}");
    }
    // A row has as many cells as its head.
    let rows: Vec<&str> = comment.lines().filter(|line| line.starts_with("| ")).collect();
    let cells = |row: &str| row.matches('|').count();
    let mut heads = 0;
    for pair in rows.windows(2) {
        heads += usize::from(pair[1].starts_with("| ---"));
        assert!(
            cells(pair[0]) == cells(pair[1]) || comment.contains(&format!("\n\n{}", pair[1])),
            "{pair:?}"
        );
    }
    assert!(heads > 3, "{comment}");
}

#[test]
fn each_result_of_sarif_has_its_rule_and_a_relative_place() {
    let log: Json = serde_json::from_str(&draw(&ran(), Format::Sarif)).unwrap();
    let run = &log["runs"][0];
    let rules = run["tool"]["driver"]["rules"].as_array().unwrap();
    let results = run["results"].as_array().unwrap();
    assert!(results.len() > 10);
    for result in results {
        let index = usize::try_from(result["ruleIndex"].as_u64().unwrap()).unwrap();
        assert_eq!(rules[index]["id"], result["ruleId"]);
        let uri = result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"].as_str().unwrap();
        let known = ["roster/%E5%94%AE%E5%89%8D%20a.yaml", "teams/a/rosterctl.yaml"];
        assert!(known.contains(&uri), "{uri}");
    }
}

#[test]
fn sarif_describes_the_program_and_each_rule_as_code_scanning_asks() {
    let log: Json = serde_json::from_str(&draw(&ran(), Format::Sarif)).unwrap();
    let driver = &log["runs"][0]["tool"]["driver"];
    assert!(driver["informationUri"].as_str().unwrap().starts_with("https://"));
    for rule in driver["rules"].as_array().unwrap() {
        let full = rule["fullDescription"]["text"].as_str().unwrap();
        // GitHub's limit.
        assert!(full.starts_with(rule["shortDescription"]["text"].as_str().unwrap()) && full.len() <= 1024);
    }
}

/// Returns a plan with more changes than a comment holds.
fn long() -> Plan {
    let plan = rich();
    let names = |change: &&Change| change.action == Action::Update && change.field(&NAME).is_some();
    let model = plan.changes.iter().find(names).unwrap();
    let change = |number: usize| Change {
        id: serde_json::from_value(json!(format!("agent/{}", 20_000 + 2 * number))).unwrap(),
        title: Some(format!("坐席|{}", "长".repeat(number % 90))),
        moved: ChangeOrigin::Manifest,
        // All changes differ; otherwise they would share a line.
        names: std::collections::BTreeMap::new(),
        fields: model
            .fields
            .iter()
            .map(|field| FieldDiff {
                after: Some(Value::Text(format!("新的{number}").into())),
                ..field.clone()
            })
            .collect(),
        ..model.clone()
    };
    Plan { changes: (0..4000).map(change).chain(plan.changes.iter().cloned()).collect(), ..plan }
}

#[test]
fn a_comment_is_cut_between_rows_and_says_so() {
    let (long, small) = (Arc::new(long()), Arc::new(rich()));
    let many = |count: usize| {
        let plan = |at: usize| Arc::clone(if at == 0 { &long } else { &small });
        report(
            Command::Plan,
            (0..count)
                .map(|at| part(Body::Planned(BoundPlan::new(plan(at), planning::supports()))))
                .collect(),
        )
    };
    for report in [many(1), many(3), many(400)] {
        let text = draw(&report, Format::Markdown);
        assert!(text.chars().count() <= 65_536, "{}", text.chars().count());
        assert!(text.chars().count() > 60_000, "what fits is there: {}", text.chars().count());
        assert_eq!(text.matches("<details").count(), text.matches("</details>").count());
        assert_eq!(text.matches("```").count() % 2, 0);
        assert!(text.ends_with("has the whole report._\n"), "{}", &text[text.len() - 200..]);
    }
    // The findings are kept, whatever else is cut.
    assert!(draw(&many(1), Format::Markdown).contains("R404"));
}

#[test]
fn files_are_written_beside_standard_output_for_their_owner_alone() {
    let bench = Bench::new("agents: [{ operatorId: \"8001\", name: 张三 }]\n");
    bench.roster("agents: [{ operatorId: \"8001\", name: 张三丰, allowAnyRole: true }]\n");
    fs::write(bench.path("old.html"), "old").unwrap();
    fs::set_permissions(bench.path("old.html"), fs::Permissions::from_mode(0o644)).unwrap();
    let said = bench.run(&[
        "plan",
        "--format",
        "json",
        "--write",
        "html=old.html",
        "--write",
        "markdown=out/deep/c.md",
        "--write",
        "text=t.txt",
    ]);
    let said = said.exits(0);
    assert_eq!(said.json()["format"], "rosterctl.plan/v1");
    for file in ["old.html", "out/deep/c.md", "t.txt"] {
        assert_eq!(fs::metadata(bench.path(file)).unwrap().permissions().mode() & 0o777, 0o600, "{file}");
    }
    assert!(fs::read_to_string(bench.path("old.html")).unwrap().contains("<mark>丰</mark>"));
    assert!(
        fs::read_to_string(bench.path("out/deep/c.md"))
            .unwrap()
            .starts_with("<!-- rosterctl:bench:plan -->\n")
    );
    let applied =
        bench.run(&["apply", "--auto-approve", "--write", "junit=r.xml", "--write", "json=r.json"]).exits(0);
    assert!(applied.out.contains("Applied: 1 of 1 steps done"), "{}", applied.out);
    let result: Json = serde_json::from_slice(&fs::read(bench.path("r.json")).unwrap()).unwrap();
    assert_eq!(result["results"][0]["status"], "done");
    assert!(fs::read_to_string(bench.path("r.xml")).unwrap().contains("name=\"updated agent/8001 张三\""));
}

#[test]
fn what_cannot_be_written_is_an_error_before_anything_is_done() {
    let bench = Bench::new("agents: [{ operatorId: \"8001\", name: 张三 }]\n");
    bench.roster("agents: [{ operatorId: \"8001\", name: 张三丰, allowAnyRole: true }]\n");
    fs::create_dir(bench.path("folder")).unwrap();
    fs::write(bench.path("file"), "").unwrap();
    let kept = fs::read(bench.path("roster/roster.yaml")).unwrap();
    for write in [
        "pdf=x",
        "html",
        "html=",
        "prometheus=x",
        "html=folder",
        "html=file/x",
        "json=roster/roster.yaml",
        "json=./roster/../rosterctl.yaml",
        "json=.rosterctl/ledger.json",
    ] {
        let said = bench.run(&["apply", "--auto-approve", "--write", write]).exits(1);
        assert!(said.out.is_empty() && said.err.contains("error"), "{write}: {said:?}");
    }
    bench.run(&["plan", "--write", "html=x", "--write", "json=x"]).exits(1);
    bench.run(&["plan", "--write", "html=x", "--out", "x"]).exits(1);
    bench.run(&["plan", "--format", "prometheus"]).exits(1);
    assert_eq!(fs::read(bench.path("roster/roster.yaml")).unwrap(), kept);
    let name = bench.with(|estate| estate.get::<AgentConfig>().agents().next().unwrap().name.clone());
    assert_eq!(name.as_deref(), Some("张三"), "nothing was done");
    // An invalid manifest still counts as a manifest.
    bench.roster("agents: 7\n");
    let said = bench.run(&["plan", "--format", "github", "--write", "sarif=roster/roster.yaml"]).exits(1);
    assert!(said.err.contains("would overwrite"), "{said:?}");
    let said = bench.run(&["plan", "--format", "github", "--write", "sarif=x.sarif"]).exits(1);
    assert!(said.out.starts_with("::error file=roster/roster.yaml,line=3,col="), "{said:?}");
    assert!(fs::read_to_string(bench.path("x.sarif")).unwrap().contains("\"startLine\": 3"));
}

#[test]
fn nothing_is_written_over_secrets_or_what_rosterctl_keeps() {
    let bench = Bench::new("agents: [{ operatorId: \"8001\", name: 张三 }]\n");
    bench.roster("agents: [{ operatorId: \"8001\", name: 张三 }]\n");
    bench.workspace(
        "  old: { type: age, path: old.age, identity: { store: files, key: id } }\nledger: { path: state/ours.json }\n",
    );
    fs::create_dir(bench.path("secrets")).unwrap();
    fs::write(bench.path("secrets/pw"), "kept").unwrap();
    let ours = [
        "secrets/pw",
        "secrets/new/one",
        "nowhere/../secrets/pw",
        "old.age",
        "state/ours.json",
        "state/ours.json.lock",
        "state/.ours.json.guard",
        ".rosterctl/.gitignore",
        ".rosterctl/journal.jsonl",
        ".rosterctl/ledger.json.lock",
        ".rosterctl/deep/x",
        "roster/new.yaml",
        "roster/deep/new.yml",
        "nowhere/../rosterctl.yaml",
    ];
    for path in ours {
        let write = format!("json={path}");
        for command in
            [&["plan", "--write", &write][..], &["plan", "--out", path], &["snapshot", "--out", path]]
        {
            let said = bench.run(command).exits(1);
            assert!(said.err.contains(&format!("{path} would ")), "{command:?}: {said:?}");
        }
    }
    assert_eq!(fs::read(bench.path("secrets/pw")).unwrap(), b"kept");
    assert!(!bench.path("secrets/new").exists() && !bench.path("nowhere").exists());
    for path in ["out.json", ".rosterctl/plan.json", "out.yaml", "state/report"] {
        bench.run(&["plan", "--write", &format!("json={path}")]).exits(0);
        bench.run(&["plan", "--out", path]).exits(0);
    }
    // The stores of an unreadable workspace are unknown.
    fs::write(bench.path("rosterctl.yaml"), "kind: Nothing\n").unwrap();
    let said = bench.run(&["plan", "--write", "html=secrets/pw"]).exits(1);
    assert!(said.err.contains("would overwrite"), "{said:?}");
    bench.run(&["plan", "--write", "json=out.json"]).exits(1);
    assert_eq!(fs::read(bench.path("secrets/pw")).unwrap(), b"kept");
}

/// Returns a browser, if there is one.
fn browser() -> Option<PathBuf> {
    let folders = std::env::var_os("PATH")?;
    let names = ["chromium", "chromium-browser", "google-chrome", "chrome"];
    std::env::split_paths(&folders)
        .flat_map(|folder| names.map(|name| folder.join(name)))
        .find(|path| path.is_file())
}

/// Listens as a proxy and records the first line of each request.
fn proxy() -> (String, Arc<Mutex<Vec<String>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let asked = Arc::new(Mutex::new(Vec::new()));
    let list = Arc::clone(&asked);
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let Ok(mut stream) = stream else { continue };
            let mut bytes = [0; 1024];
            let read = stream.read(&mut bytes).unwrap_or(0);
            let line = String::from_utf8_lossy(&bytes[..read]).lines().next().unwrap_or_default().to_owned();
            list.lock().unwrap().push(line);
            let _ =
                stream.write_all(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
        }
    });
    (address, asked)
}

/// Returns the page as a browser renders it.
fn dom(browser: &Path, address: &str, proxy: &str) -> String {
    let profile = tempfile::tempdir().unwrap();
    let output = Program::new(browser)
        .args([
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--no-first-run",
            "--disable-background-networking",
        ])
        .args(["--disable-component-update", "--disable-sync", "--virtual-time-budget=3000", "--dump-dom"])
        .arg(format!("--user-data-dir={}", profile.path().display()))
        .arg(format!("--proxy-server=http://{proxy}"))
        .arg(address)
        .output()
        .unwrap();
    String::from_utf8_lossy(&output.stdout).into_owned()
}

#[test]
fn the_page_is_searched_in_a_browser_and_asks_for_nothing() {
    let Some(browser) = browser() else {
        eprintln!("skipped: there is no browser in PATH (chromium, google-chrome)");
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let (proxy, asked) = proxy();
    let write = |name: &str, text: &str| {
        let path = folder.path().join(name);
        fs::write(&path, text).unwrap();
        format!("file://{}", path.display())
    };
    let evil =
        |lines: &Arc<Mutex<Vec<String>>>| lines.lock().unwrap().iter().any(|line| line.contains("evil.test"));

    let page = draw(&planned(Command::Plan), Format::Html);
    let address = write("plan.html", &page);
    let whole = dom(&browser, &address, &proxy);
    assert!(
        whole.contains(" lines</output>") && !whole.contains("lines shown</output>"),
        "all is shown: {whole}"
    );
    let found = dom(&browser, &format!("{address}#q=%E5%BC%A0%E4%B8%89&show=moves"), &proxy);
    assert!(found.contains(">1 of ") && found.contains("lines shown</output>"), "one line is shown: {found}");
    assert!(found.contains("<tr data-row=\"changes\" data-who=\"8003 李四\" hidden=\"\">"), "{found}");
    let none = dom(&browser, &format!("{address}#q=zzz"), &proxy);
    assert!(none.contains(">0 of "), "{none}");
    assert!(!evil(&asked), "the page asked for {:?}", asked.lock().unwrap());

    // The page's policy also blocks injected markup; otherwise the proxy would have seen a request.
    let leak = "<body><img src=\"http://evil.test/a\"><script>new Image().src='http://evil.test/b'</script>";
    dom(&browser, &write("leak.html", &page.replacen("<body>", leak, 1)), &proxy);
    assert!(!evil(&asked), "the policy lets something out: {:?}", asked.lock().unwrap());
    let policy = page.find("<meta http-equiv").unwrap();
    let end = policy + page[policy..].find('>').unwrap() + 1;
    let open = page.replacen(&page[policy..end], "", 1).replacen("<body>", leak, 1);
    dom(&browser, &write("open.html", &open), &proxy);
    assert!(evil(&asked), "without its policy the page would ask, so this test can fail");
}
