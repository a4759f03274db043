//! Renders a report as JUnit XML, for pipelines that show tests: a suite a workspace, a case a change or finding. The
//! counts of a run are properties of its suite.
//!
//! A finding that is an error or a warning fails. In a drift every difference fails. A planned change is no failure. A
//! workspace that could not be planned is an error.

use std::io::{self, Write};

use quick_junit::{NonSuccessKind, TestCase, TestCaseStatus, TestSuite};

use super::result::Counts;
use super::view::{self, Line, LineKind, Tense, View};
use super::{Body, Command, Failure, Part, Report};
use crate::model::id::safe;
use crate::model::outcome::Status;
use crate::model::rule::Severity;

/// A workspace in a report.
pub(super) struct Entry {
    tests: usize,
    failures: usize,
    errors: usize,
    skipped: usize,
    /// Its suite as XML.
    suite: String,
}

/// The end of a report. No value can repeat it, since values are escaped.
const END: &str = "</testsuites>";

/// Renders a workspace.
pub(super) fn part(report: &Report, part: &Part) -> Entry {
    let mut alone = begun(report);
    alone.add_test_suite(suite(report, part));
    let quick_junit::Report { tests, failures, errors, skipped, .. } = alone;
    // Writing to a string cannot fail.
    let text = alone.to_string().unwrap_or_default();
    let start = text.find("<testsuites").and_then(|at| Some(at + text[at..].find('\n')? + 1));
    let suite = start.zip(text.rfind(END)).and_then(|(start, end)| text.get(start..end));
    Entry { tests, failures, errors, skipped, suite: suite.unwrap_or_default().to_owned() }
}

/// Writes a report from its workspaces.
pub(super) fn document(report: &Report, entries: &[Entry], out: &mut dyn Write) -> io::Result<()> {
    let mut all = begun(report);
    for Entry { tests, failures, errors, skipped, .. } in entries {
        all.tests += tests;
        all.failures += failures;
        all.errors += errors;
        all.skipped += skipped;
    }
    let text = all.to_string().map_err(io::Error::other)?;
    let (head, end) = text.split_at(text.rfind(END).unwrap_or(text.len()));
    out.write_all(head.as_bytes())?;
    for entry in entries {
        out.write_all(entry.suite.as_bytes())?;
    }
    out.write_all(end.as_bytes())
}

fn begun(report: &Report) -> quick_junit::Report {
    quick_junit::Report::new(format!("rosterctl {}", report.command.word()))
}

fn suite(report: &Report, part: &Part) -> TestSuite {
    let mut suite = TestSuite::new(safe(part.name()));
    match &part.body {
        Body::Planned(plan) => {
            suite.add_test_cases(cases(report, &view::build(plan, report.command, part.seconds)));
        }
        Body::Ran(plan, run) => {
            let view = view::build_run(plan, run, part.seconds);
            suite.add_test_cases(cases(report, &view));
            if let Some(why) = &run.refused {
                suite.add_test_case(case(report, "run", "the plan is carried out", error(&why.to_string())));
            }
            if let Some(end) = view.end {
                let Counts { done, partial, failed, skipped, unknown } = end.counts;
                let counts = [
                    ("done", done),
                    ("partial", partial),
                    ("failed", failed),
                    ("skipped", skipped),
                    ("unknown", unknown),
                ];
                suite.add_properties(counts.map(|(name, count)| (name.to_owned(), count.to_string())));
            }
        }
        Body::Failed(failure) => {
            suite.add_test_cases(failed(report, part, failure));
        }
    }
    suite
}

fn case(report: &Report, class: &str, name: &str, status: TestCaseStatus) -> TestCase {
    let mut case = TestCase::new(safe(name), status);
    case.set_classname(format!("{}.{class}", report.command.word()));
    case
}

/// Returns the status of a failed case.
fn failure(why: &str) -> TestCaseStatus {
    because(TestCaseStatus::non_success(NonSuccessKind::Failure), why)
}

/// Returns the status of a case that could not be tried.
fn error(why: &str) -> TestCaseStatus {
    because(TestCaseStatus::non_success(NonSuccessKind::Error), why)
}

fn skipped(why: &str) -> TestCaseStatus {
    because(TestCaseStatus::skipped(), why)
}

fn because(mut status: TestCaseStatus, why: &str) -> TestCaseStatus {
    status.set_message(safe(why));
    status
}

fn failed(report: &Report, part: &Part, failure: &Failure) -> Vec<TestCase> {
    let case = |name: &str, why: &str| case(report, "workspace", name, error(why));
    if failure.diagnostics.is_empty() {
        return vec![case("the workspace can be read", &failure.message)];
    }
    let wrong = failure.diagnostics.iter().map(|diagnostic| {
        let place = diagnostic.source.as_ref();
        let place = place.map(|s| format!("{}:{}:{}", report.path(&s.file), s.line, s.column));
        case(place.as_ref().unwrap_or(&part.place), &diagnostic.message())
    });
    wrong.collect()
}

/// Returns the name of a case: `delete agent/8001 张三`.
fn named(line: &Line, tense: Tense) -> String {
    let name = line.name().map(|name| format!(" {name}")).unwrap_or_default();
    match line.tone {
        LineKind::Open(_) | LineKind::Moved => format!("{}{name}", line.subject),
        LineKind::Act(_) | LineKind::Find(_) => {
            format!("{} {}{name}", line.tone.word_in(tense), line.subject)
        }
    }
}

/// Returns the code of a finding and its resources.
fn about(line: &Line) -> String {
    let about = line.about.iter().map(String::as_str);
    [line.subject.as_str()].into_iter().chain(about).collect::<Vec<_>>().join(" ")
}

fn cases(report: &Report, view: &View<'_>) -> Vec<TestCase> {
    let draw = |line: &Line| {
        let place =
            line.source.as_ref().map(|s| format!(" ({}:{}:{})", report.path(&s.file), s.line, s.column));
        let said = format!("{}{}", line.words(), place.unwrap_or_default());
        match line.tone {
            LineKind::Find(Severity::Info) => case(report, "finding", &about(line), skipped(&said)),
            LineKind::Find(Severity::Error | Severity::Warning) => {
                case(report, "finding", &about(line), failure(&said))
            }
            LineKind::Open(status) => {
                let status = match status {
                    Status::Failed => failure(&said),
                    Status::Skipped | Status::Done => skipped(&said),
                    Status::Unknown => error(&said),
                };
                case(report, "change", &named(line, view.tense), status)
            }
            LineKind::Moved => {
                let name = format!("{} is as the plan saw it", line.subject);
                case(report, "run", &name, failure(&said))
            }
            LineKind::Act(_) => {
                let name = named(line, view.tense);
                match report.command {
                    Command::Drift => case(report, "change", &name, failure(&said)),
                    Command::Plan | Command::Apply => {
                        let mut case = case(report, "change", &name, TestCaseStatus::success());
                        if !said.is_empty() {
                            case.set_system_out(safe(&said));
                        }
                        case
                    }
                }
            }
        }
    };
    let mut cases: Vec<TestCase> = view
        .findings
        .iter()
        .chain(&view.open)
        .map(draw)
        .chain(view.changes.iter().map(|line| draw(&line)))
        .collect();
    if cases.is_empty() {
        cases.push(case(report, "workspace", "live is as the manifests say", TestCaseStatus::success()));
    }
    cases
}
