//! Renders a report as JUnit XML, for pipelines that show tests: a suite a workspace, a case a change or finding. The
//! counts of a run are properties of its suite.
//!
//! A finding that is an error or a warning fails. In a drift every difference fails. A planned change is no failure. A
//! workspace that could not be planned is an error.

use std::io::{self, Write};

use quick_junit::{NonSuccessKind, TestCase, TestCaseStatus, TestSuite};

use super::phrases::Phrase;
use super::result::Counts;
use super::view::{self, Line, LineKind, View};
use super::{Body, Command, Failure, Part, Report};
use crate::messages::Message as _;
use crate::model::id::safe;
use crate::model::outcome::Status;
use crate::model::rule::Severity;

/// A workspace in a report.
pub(super) struct Entry {
    tests: usize,
    failures: usize,
    errors: usize,
    skipped: usize,
    /// Its suite as XML: the lines before the first cases, these cases, and the other lines.
    suite: [String; 3],
}

// No value can repeat these, since values are escaped.
/// The end of a report.
const END: &str = "</testsuites>";
/// The beginning of a case.
const CASE: &str = "<testcase ";
/// The end of a suite.
const SUITE_END: &str = "</testsuite>";

/// Cases that are held beside their text.
const BATCH: usize = 1000;

/// Renders a workspace.
pub(super) fn part(report: &Report, part: &Part) -> Entry {
    let mut suite = Suite { report, last: TestSuite::new(safe(part.name())), cases: String::new() };
    add(&mut suite, part);
    suite.into_entry()
}

/// The suite of a workspace under construction.
struct Suite<'a> {
    report: &'a Report,
    /// The suite with its last cases.
    last: TestSuite,
    /// The lines of all cases before.
    cases: String,
}

impl Suite<'_> {
    fn add(&mut self, case: TestCase) {
        if self.last.test_cases.len() >= BATCH {
            let text = self.take_text();
            self.cases.push_str(&text[line(&text, text.find(CASE))..line(&text, text.rfind(SUITE_END))]);
        }
        self.last.add_test_case(case);
    }

    /// Returns the XML of the suite with its last cases, and takes these cases.
    fn take_text(&mut self) -> String {
        let cases = std::mem::take(&mut self.last.test_cases);
        let mut suite = self.last.clone();
        suite.test_cases = cases;
        let mut alone = begun(self.report);
        alone.add_test_suite(suite);
        // Writing to a string cannot fail.
        let mut text = alone.to_string().unwrap_or_default();
        text.truncate(text.rfind(END).unwrap_or(text.len()));
        let head = text.find("<testsuites").and_then(|at| Some(at + text[at..].find('\n')? + 1));
        text.drain(..head.unwrap_or_default());
        text
    }

    fn into_entry(mut self) -> Entry {
        let mut head = self.take_text();
        let rest = head.split_off(line(&head, head.find(CASE)));
        let TestSuite { tests, failures, errors, skipped, .. } = self.last;
        Entry { tests, failures, errors, skipped, suite: [head, self.cases, rest] }
    }
}

/// Returns the beginning of the line at a place.
fn line(text: &str, place: Option<usize>) -> usize {
    let place = place.unwrap_or(text.len());
    text[..place].rfind('\n').map_or(0, |end| end + 1)
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
        entry.suite.iter().try_for_each(|lines| out.write_all(lines.as_bytes()))?;
    }
    out.write_all(end.as_bytes())
}

fn begun(report: &Report) -> quick_junit::Report {
    quick_junit::Report::new(format!("rosterctl {}", report.command.word()))
}

fn add(suite: &mut Suite<'_>, part: &Part) {
    let report = suite.report;
    match &part.body {
        Body::Planned(plan) => cases(suite, &view::build(plan, report.command, &part.scene)),
        Body::Ran(plan, run) => {
            let view = view::build_run(plan, run, &part.scene);
            cases(suite, &view);
            if let Some(why) = &run.refused {
                suite.add(case(
                    report,
                    "run",
                    "the plan is carried out",
                    error(&why.say(part.scene.language)),
                ));
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
                let counts = counts.map(|(name, count)| (name.to_owned(), count.to_string()));
                suite.last.add_properties(counts);
            }
        }
        Body::Sound(_) => {
            suite.add(case(report, "workspace", "the workspace is sound", TestCaseStatus::success()));
        }
        Body::Failed(failure) => failed(suite, part, failure),
    }
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

fn failed(suite: &mut Suite<'_>, part: &Part, failure: &Failure) {
    let report = suite.report;
    let mut add = |name: &str, why: &str| suite.add(case(report, "workspace", name, error(why)));
    if failure.diagnostics.is_empty() {
        add("the workspace can be read", failure.message.text(part.scene.language));
    }
    for diagnostic in &failure.diagnostics {
        let place = diagnostic.source.as_ref();
        let place = place.map(|s| format!("{}:{}:{}", report.path(&s.file), s.line, s.column));
        add(place.as_ref().unwrap_or(&part.place), &diagnostic.message_in(part.scene.language));
    }
}

/// Returns the name of a case: `delete agent/8001 张三`.
fn named(line: &Line, view: &View<'_>) -> String {
    let name = line.name().map(|name| format!(" {name}")).unwrap_or_default();
    match line.tone {
        LineKind::Open(_) | LineKind::Moved => format!("{}{name}", line.subject),
        LineKind::Act(_) | LineKind::Find(_) => {
            format!("{} {}{name}", Phrase::KindIn(line.tone, view.tense).say(view.language()), line.subject)
        }
    }
}

/// Returns the code of a finding and its resources.
fn about(line: &Line) -> String {
    let about = line.about.iter().map(String::as_str);
    [line.subject.as_str()].into_iter().chain(about).collect::<Vec<_>>().join(" ")
}

fn cases(suite: &mut Suite<'_>, view: &View<'_>) {
    let report = suite.report;
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
                case(report, "change", &named(line, view), status)
            }
            LineKind::Moved => {
                let name = format!("{} is as the plan saw it", line.subject);
                case(report, "run", &name, failure(&said))
            }
            LineKind::Act(_) => {
                let name = named(line, view);
                match report.command {
                    Command::Drift => case(report, "change", &name, failure(&said)),
                    Command::Plan | Command::Apply | Command::Snapshot | Command::Validate => {
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
    view.findings.iter().chain(&view.open).for_each(|line| suite.add(draw(line)));
    view.changes.iter().for_each(|line| suite.add(draw(&line)));
    if suite.last.tests == 0 {
        let name = "live is as the manifests say";
        suite.add(case(report, "workspace", name, TestCaseStatus::success()));
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use super::super::Roots;
    use super::*;
    use crate::model::language::Language;

    #[test]
    fn a_suite_that_is_made_in_batches_has_the_text_of_a_whole_one() {
        let roots = Roots::default();
        let report = Report {
            command: Command::Plan,
            parts: Vec::new(),
            several: false,
            roots,
            language: Language::En,
        };
        let mut suite = Suite { report: &report, last: TestSuite::new("w"), cases: String::new() };
        let mut whole = TestSuite::new("w");
        for at in 0..=2 * BATCH {
            let case = case(&report, "change", &format!("{at} </testsuite>"), failure("<testcase "));
            suite.add(case.clone());
            whole.add_test_case(case);
        }
        whole.add_property(("done", "1"));
        suite.last.add_property(("done", "1"));
        let mut text = Vec::new();
        document(&report, &[suite.into_entry()], &mut text).unwrap();
        let mut expected = begun(&report);
        expected.add_test_suite(whole);
        assert!(String::from_utf8(text).unwrap() == expected.to_string().unwrap());
    }
}
