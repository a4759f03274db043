//! A report → JUnit XML, for pipelines that show tests: a suite a workspace, a case a change, finding or step.
//!
//! A finding that is an error or a warning fails; so does, in a drift, whatever differs. What a plan wants to change is
//! no failure. A workspace that could not be planned is an error.

use super::escape::Markup;
use super::view::{self, Line, LineKind};
use super::{Body, Command, Part, Report, Run, result};
use crate::model::finding::Severity;
use crate::model::outcome::Status;
use crate::model::plan::Plan;

/// How a case ended.
enum End {
    Passed,
    /// What fails.
    Failed(String),
    /// What could not be tried.
    Error(String),
    Skipped(String),
}

struct Case {
    class: &'static str,
    name: String,
    /// What it says when it passed.
    said: String,
    end: End,
}

/// Draws a report.
pub(super) fn report(report: &Report) -> String {
    let mut xml = Markup::default();
    let suites: Vec<(&Part, Vec<Case>)> =
        report.parts.iter().map(|part| (part, cases(report, part))).collect();
    let all = || suites.iter().flat_map(|(_, cases)| cases);
    xml.raw("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"rosterctl ");
    xml.raw(report.command.word());
    counts(xml.raw("\""), &all().collect::<Vec<_>>());
    xml.raw(">\n");
    for (part, cases) in &suites {
        xml.raw("  <testsuite name=\"").text(part.name()).raw("\"");
        counts(&mut xml, &cases.iter().collect::<Vec<_>>());
        xml.raw(">\n");
        for case in cases {
            write(&mut xml, report, case);
        }
        xml.raw("  </testsuite>\n");
    }
    xml.raw("</testsuites>\n");
    xml.into_string()
}

fn counts(xml: &mut Markup, cases: &[&Case]) {
    let of = |wanted: fn(&End) -> bool| cases.iter().filter(|case| wanted(&case.end)).count();
    xml.raw(" tests=\"").number(cases.len());
    xml.raw("\" failures=\"").number(of(|end| matches!(end, End::Failed(_))));
    xml.raw("\" errors=\"").number(of(|end| matches!(end, End::Error(_))));
    xml.raw("\" skipped=\"").number(of(|end| matches!(end, End::Skipped(_))));
    xml.raw("\"");
}

fn write(xml: &mut Markup, report: &Report, case: &Case) {
    xml.raw("    <testcase classname=\"").raw(report.command.word()).raw(".").raw(case.class);
    xml.raw("\" name=\"").text(&case.name).raw("\"");
    let (tag, why) = match &case.end {
        End::Passed if case.said.is_empty() => {
            xml.raw("/>\n");
            return;
        }
        End::Passed => {
            xml.raw("><system-out>").text(&case.said).raw("</system-out></testcase>\n");
            return;
        }
        End::Failed(why) => ("failure", why),
        End::Error(why) => ("error", why),
        End::Skipped(why) => ("skipped", why),
    };
    xml.raw("><").raw(tag).raw(" message=\"").text(why).raw("\"/></testcase>\n");
}

fn cases(report: &Report, part: &Part) -> Vec<Case> {
    match &part.body {
        Body::Planned(plan) => planned(report, plan),
        Body::Ran(plan, run) => ran(report, plan, run),
        Body::Failed(failure) => {
            let error = |name: String, why: String| Case {
                class: "workspace",
                name,
                said: String::new(),
                end: End::Error(why),
            };
            if failure.diagnostics.is_empty() {
                return vec![error("the workspace can be read".to_owned(), failure.message.clone())];
            }
            let wrong = failure.diagnostics.iter().map(|diagnostic| {
                let place = diagnostic
                    .source
                    .as_ref()
                    .map(|s| format!("{}:{}:{}", report.path(&s.file), s.line, s.column));
                error(place.unwrap_or_else(|| part.place.clone()), diagnostic.message.clone())
            });
            wrong.collect()
        }
    }
}

fn planned(report: &Report, plan: &Plan) -> Vec<Case> {
    let view = view::build(plan, report.command);
    let case = |line: &Line| {
        let place =
            line.source.as_ref().map(|s| format!(" ({}:{}:{})", report.path(&s.file), s.line, s.column));
        let said = format!("{}{}", line.words(), place.unwrap_or_default());
        match (line.tone, report.command) {
            (LineKind::Find(Severity::Info), _) => {
                Case { class: "finding", name: about(line), said: String::new(), end: End::Skipped(said) }
            }
            (LineKind::Find(Severity::Error | Severity::Warning), _) => {
                Case { class: "finding", name: about(line), said: String::new(), end: End::Failed(said) }
            }
            (LineKind::Act(_), command) => {
                let name = match line.name() {
                    Some(name) => format!("{} {} {name}", line.tone.word(), line.subject),
                    None => format!("{} {}", line.tone.word(), line.subject),
                };
                match command {
                    Command::Drift => {
                        Case { class: "change", name, said: String::new(), end: End::Failed(said) }
                    }
                    Command::Plan | Command::Apply => Case { class: "change", name, said, end: End::Passed },
                }
            }
        }
    };
    let mut cases: Vec<Case> = view.findings.iter().chain(&view.changes).map(case).collect();
    if cases.is_empty() {
        let name = "live is as the manifests say".to_owned();
        cases.push(Case { class: "workspace", name, said: String::new(), end: End::Passed });
    }
    cases
}

/// The code of a finding, and the resources that it is about.
fn about(line: &Line) -> String {
    let about = line.about.iter().map(String::as_str);
    [line.subject.as_str()].into_iter().chain(about).collect::<Vec<_>>().join(" ")
}

/// After a run its steps are the cases, and what no step can mend.
fn ran(report: &Report, plan: &Plan, run: &Run) -> Vec<Case> {
    let mut cases: Vec<Case> =
        planned(report, plan).into_iter().filter(|case| case.class != "change").collect();
    if let Some(why) = &run.refused {
        let name = "the plan is carried out".to_owned();
        cases.push(Case { class: "run", name, said: String::new(), end: End::Error(why.clone()) });
    }
    for moved in &run.stale {
        let name = format!("{} is as the plan saw it", moved.id);
        cases.push(Case { class: "run", name, said: String::new(), end: End::Failed(moved.message.clone()) });
    }
    for (step, entry) in result::ends(plan, run) {
        let why = entry.message.unwrap_or_default().to_owned();
        let said = if entry.end == Status::Done { why.clone() } else { String::new() };
        let end = match entry.end {
            Status::Done => End::Passed,
            Status::Failed => End::Failed(why),
            Status::Skipped => End::Skipped(why),
            Status::Unknown => End::Error(why),
        };
        cases.push(Case { class: "step", name: result::words(step, &entry), said, end });
    }
    cases
}
