//! The bytes of every document that people keep or read, as digests in `golden.tsv`. They cover plans in every
//! format, results, ledgers, journals and snapshots of all named plans.
//!
//! A change that moves code and no behaviour leaves every digest as it is. If a digest differs, the document is
//! written below `target/golden`. There it can be compared with an older commit's document (`UPDATE=1` writes all of
//! them, and new digests).
#![allow(clippy::expect_used, reason = "a test may panic")]
#![allow(dead_code, reason = "the readers are shared with the model of the vendors")]

#[path = "support/cases.rs"]
mod cases;
#[path = "support/chinese.rs"]
mod chinese;
#[path = "support/planning.rs"]
mod planning;
#[path = "support/rendering.rs"]
mod rendering;

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::sync::Arc;

use chinese::assert_no_english;
use rendering::render;
use rosterctl::apply::{Status, StepResult, ledger_update, replacement_backup};
use rosterctl::model::digest::{of_json, sha256};
use rosterctl::model::journal::{Ending, Entry};
use rosterctl::model::language::Language;
use rosterctl::model::note::Note;
use rosterctl::model::plan::{Operation, Plan, Verb};
use rosterctl::model::scene::Scene;
use rosterctl::plan::Options;
use rosterctl::report::{Body, BoundPlan, Command, Format, Part, Report, Roots, Run};
use rosterctl::storage::snapshot;
use rosterctl::storage::snapshot::Snapshot;

const GOLDEN: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden.tsv");
const WRITTEN: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/target/golden");

/// Documents by their names.
type Documents = BTreeMap<String, String>;

/// Returns one result per step: the four statuses in turn, or all done.
fn results(plan: &Plan, done: bool) -> Vec<StepResult> {
    let ends = [Status::Done, Status::Failed, Status::Skipped, Status::Unknown];
    let ends = if done { &ends[..1] } else { &ends[..] };
    let result = |(step, status): (&rosterctl::model::plan::Step, &Status)| StepResult {
        status: *status,
        notes: if *status == Status::Done { Vec::new() } else { vec![Note::Failed { why: "why".into() }] },
        answered_ms: None,
        made: (step.operation == Operation::queue(Verb::Create) && *status == Status::Done)
            .then(|| "1099".into()),
        pending: false,
        identities: Vec::new(),
        carried_out: *status == Status::Done,
        left_out: Vec::new(),
        only_deferred: false,
        spared: Vec::new(),
        members: None,
        dropped: Vec::new(),
        acknowledged: Vec::new(),
        confirmed: *status == Status::Done,
        reset: Vec::new(),
        doubted: Vec::new(),
    };
    plan.steps.iter().zip(ends.iter().cycle()).map(result).collect()
}

fn draw(documents: &mut Documents, name: &str, command: Command, body: &dyn Fn() -> Body) {
    for format in Format::ALL.iter().filter(|format| format.fits(command)) {
        let text = render(&report(command, body(), Language::En), *format);
        documents.insert(format!("{name}.{}", format.word()), text);
    }
}

fn report(command: Command, body: Body, language: Language) -> Report {
    Report {
        command,
        several: false,
        parts: vec![Part {
            place: "teams/a".to_owned(),
            file: "teams/a/rosterctl.yaml".into(),
            exit: 0,
            last_clean_run: Some("2026-11-20T08:00:00Z".to_owned()),
            scene: Scene { language, ..Scene::default() },
            masked: false,
            body,
        }],
        roots: Roots::default(),
        language,
    }
}

/// Returns the plan, the drift and a run of a case.
fn bodies(case: &str) -> Vec<(Command, Body)> {
    let case = cases::read(case);
    let bound = |plan: Plan| BoundPlan::new(plan, planning::supports());
    let plan = case.plan();
    let run = Run { results: results(&plan, false), ..Run::default() };
    let watched = cases::Case { options: Options { watch: true, ..case.options.clone() }, ..case };
    vec![
        (Command::Plan, Body::Planned(bound(plan.clone()))),
        (Command::Drift, Body::Planned(bound(watched.plan()).into_drift())),
        (Command::Apply, Body::Ran(bound(plan), run)),
    ]
}

#[test]
fn people_read_no_english_in_chinese_and_programs_read_the_same_bytes() {
    for case in names() {
        for (command, body) in bodies(&case) {
            for language in [Language::ZhCn, Language::ZhTw] {
                let chinese = report(command, body.clone(), language);
                for format in [Format::Text, Format::Markdown, Format::Html, Format::Github] {
                    let text = render(&chinese, format);
                    assert_no_english(&text);
                }
                let english = report(command, body.clone(), Language::En);
                for format in [Format::Json, Format::Prometheus].into_iter().filter(|one| one.fits(command)) {
                    assert_eq!(render(&chinese, format), render(&english, format), "{case}");
                }
            }
        }
    }
}

/// Returns the names of the cases.
fn names() -> Vec<String> {
    let mut names: Vec<String> = fs::read_dir(cases::FOLDER)
        .expect("the folder of cases")
        .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
        .collect();
    names.sort();
    names
}

fn documents(case: &str) -> Documents {
    let mut documents = Documents::new();
    let case = cases::read(case);
    let plan = Arc::new(case.plan());
    let watched = cases::Case { options: Options { watch: true, ..case.options.clone() }, ..case };
    let drift = Arc::new(watched.plan());
    draw(&mut documents, "plan", Command::Plan, &|| {
        Body::Planned(BoundPlan::new(Arc::clone(&plan), planning::supports()))
    });
    draw(&mut documents, "drift", Command::Drift, &|| {
        Body::Planned(BoundPlan::new(Arc::clone(&drift), planning::supports()).into_drift())
    });
    for (name, done) in [("done", true), ("mixed", false)] {
        let results = results(&plan, done);
        let run = || Run { results: results.clone(), ..Run::default() };
        draw(&mut documents, name, Command::Apply, &|| {
            Body::Ran(BoundPlan::new(Arc::clone(&plan), planning::supports()), run())
        });
        // A run that comes from its record gives the same bytes.
        let read = |json: serde_json::Result<String>| json.expect("a plan and a run are JSON");
        let (saved, done) = (read(serde_json::to_string(&*plan)), read(serde_json::to_string(&run())));
        let mut again = BTreeMap::new();
        draw(&mut again, name, Command::Apply, &|| {
            let plan: Plan = serde_json::from_str(&saved).expect("a plan comes back");
            let run = serde_json::from_str(&done).expect("a run comes back");
            Body::Ran(BoundPlan::new(plan, planning::supports()), run)
        });
        for (document, text) in again {
            assert_eq!(Some(&text), documents.get(&document), "{document}");
        }
        let mut ledger = watched.ledger.clone();
        replacement_backup::back_up(&mut ledger, &plan);
        ledger_update::adopt(&mut ledger, &planning::supports(), &watched.desired, &watched.live, &plan);
        ledger_update::changes(&mut ledger, &plan, planning::supports().agents, &results, &BTreeMap::new());
        let ledger = serde_json::to_string_pretty(&ledger).expect("a ledger is JSON");
        documents.insert(format!("{name}.ledger"), ledger);
        let mut journal = String::new();
        let begun = Entry::Run { plan: Arc::clone(&plan), ledger: Some(1), run: None };
        let lines = results.iter().enumerate().flat_map(|(step, result)| {
            let ending = match result.status {
                Status::Done => Ending::Done,
                Status::Failed | Status::Skipped => Ending::Failed,
                Status::Unknown => Ending::Unknown,
            };
            [Entry::Begin { step, at_ms: 1 }, Entry::End { step, ending, made: result.made.clone() }]
        });
        for entry in std::iter::once(begun).chain(lines) {
            let _ = writeln!(journal, "{}", serde_json::to_string(&entry).expect("an entry is JSON"));
        }
        documents.insert(format!("{name}.journal"), journal);
    }
    let snapshot = Snapshot {
        program: "test".into(),
        workspace: "test".into(),
        taken: "2026-11-25T02:00:00Z".into(),
        live: watched.live,
        ledger: Some(watched.ledger),
    };
    documents.insert("snapshot".to_owned(), snapshot::write(&snapshot));
    documents
}

#[test]
fn no_byte_differs() {
    let update = std::env::var_os("UPDATE").is_some();
    let golden = fs::read_to_string(GOLDEN).unwrap_or_default();
    let known: BTreeMap<&str, &str> = golden.lines().filter_map(|line| line.rsplit_once('\t')).collect();
    let names = names();
    let (mut now, mut other) = (String::new(), Vec::new());
    let mut count = 0;
    for case in &names {
        for (document, text) in documents(case) {
            if document == "plan.json" {
                let plan: serde_json::Value = serde_json::from_str(&text).expect("a plan is JSON");
                assert_eq!(plan["digests"]["plan"], of_json(&plan), "{case}");
            }
            let name = format!("{case}/{document}");
            let digest = sha256([text.as_bytes()]);
            let differs = known.get(&*name) != Some(&&*digest);
            if differs || update {
                let path = Path::new(WRITTEN).join(&name);
                fs::create_dir_all(path.parent().expect("a folder")).expect("a folder to write into");
                fs::write(path, text).expect("a document is written");
            }
            if differs {
                other.push(name.clone());
            }
            let _ = writeln!(now, "{name}\t{digest}");
            count += 1;
        }
    }
    if update {
        fs::write(GOLDEN, now).expect("the digests are written");
        return;
    }
    assert!(other.is_empty(), "other bytes, below target/golden:\n  {}", other.join("\n  "));
    assert_eq!(known.len(), count, "a document is missing; UPDATE=1 regenerates the digests");
}
