//! A report → JUnit XML, for pipelines that show tests: a suite a workspace, a case a change or finding. The counts of
//! a run are properties of its suite.
//!
//! A finding that is an error or a warning fails; so does, in a drift, whatever differs. What a plan wants to change is
//! no failure. A workspace that could not be planned is an error.

use super::escape::Markup;
use super::result::Counts;
use super::view::{self, Line, LineKind, Tense, View};
use super::{Body, Command, Failure, Part, Report};
use crate::model::outcome::Status;
use crate::model::rule::Severity;

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

/// A workspace.
struct Suite<'a> {
    part: &'a Part,
    /// The counts of its run.
    run: Option<Counts>,
    cases: Vec<Case>,
}

/// Draws a report.
pub(super) fn report(report: &Report) -> String {
    let mut xml = Markup::default();
    let suites: Vec<Suite<'_>> = report.parts.iter().map(|part| suite(report, part)).collect();
    let all = || suites.iter().flat_map(|suite| &suite.cases);
    xml.raw("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"rosterctl ");
    xml.raw(report.command.word());
    counts(xml.raw("\""), &all().collect::<Vec<_>>());
    xml.raw(">\n");
    for Suite { part, run, cases } in &suites {
        xml.raw("  <testsuite name=\"").text(part.name()).raw("\"");
        counts(&mut xml, &cases.iter().collect::<Vec<_>>());
        xml.raw(">\n");
        if let Some(run) = run {
            properties(&mut xml, *run);
        }
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

fn properties(xml: &mut Markup, counts: Counts) {
    let Counts { done, partial, failed, skipped, unknown } = counts;
    xml.raw("    <properties>\n");
    for (name, count) in
        [("done", done), ("partial", partial), ("failed", failed), ("skipped", skipped), ("unknown", unknown)]
    {
        xml.raw("      <property name=\"").raw(name).raw("\" value=\"").number(count).raw("\"/>\n");
    }
    xml.raw("    </properties>\n");
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

fn suite<'a>(report: &Report, part: &'a Part) -> Suite<'a> {
    let (run, cases) = match &part.body {
        Body::Planned(plan) => (None, cases(report, &view::build(plan, report.command, part.seconds))),
        Body::Ran(plan, run) => {
            let view = view::build_run(plan, run, part.seconds);
            let mut cases = cases(report, &view);
            if let Some(why) = &run.refused {
                let name = "the plan is carried out".to_owned();
                cases.push(Case {
                    class: "run",
                    name,
                    said: String::new(),
                    end: End::Error(why.to_string()),
                });
            }
            (view.end.map(|end| end.counts), cases)
        }
        Body::Failed(failure) => (None, failed(report, part, failure)),
    };
    Suite { part, run, cases }
}

fn failed(report: &Report, part: &Part, failure: &Failure) -> Vec<Case> {
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
        let place = diagnostic.source.as_ref();
        let place = place.map(|s| format!("{}:{}:{}", report.path(&s.file), s.line, s.column));
        error(place.unwrap_or_else(|| part.place.clone()), diagnostic.message())
    });
    wrong.collect()
}

/// What a case is called: `delete agent/8001 张三`.
fn named(line: &Line, tense: Tense) -> String {
    let name = line.name().map(|name| format!(" {name}")).unwrap_or_default();
    match line.tone {
        LineKind::Open(_) | LineKind::Moved => format!("{}{name}", line.subject),
        LineKind::Act(_) | LineKind::Find(_) => {
            format!("{} {}{name}", line.tone.word_in(tense), line.subject)
        }
    }
}

/// The code of a finding, and the resources that it is about.
fn about(line: &Line) -> String {
    let about = line.about.iter().map(String::as_str);
    [line.subject.as_str()].into_iter().chain(about).collect::<Vec<_>>().join(" ")
}

fn cases(report: &Report, view: &View) -> Vec<Case> {
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
            (LineKind::Open(status), _) => Case {
                class: "change",
                name: named(line, view.tense),
                said: String::new(),
                end: match status {
                    Status::Failed => End::Failed(said),
                    Status::Skipped | Status::Done => End::Skipped(said),
                    Status::Unknown => End::Error(said),
                },
            },
            (LineKind::Moved, _) => Case {
                class: "run",
                name: format!("{} is as the plan saw it", line.subject),
                said: String::new(),
                end: End::Failed(said),
            },
            (LineKind::Act(_), command) => {
                let name = named(line, view.tense);
                match command {
                    Command::Drift => {
                        Case { class: "change", name, said: String::new(), end: End::Failed(said) }
                    }
                    Command::Plan | Command::Apply => Case { class: "change", name, said, end: End::Passed },
                }
            }
        }
    };
    let mut cases: Vec<Case> =
        view.findings.iter().chain(&view.open).chain(&view.changes).map(case).collect();
    if cases.is_empty() {
        let name = "live is as the manifests say".to_owned();
        cases.push(Case { class: "workspace", name, said: String::new(), end: End::Passed });
    }
    cases
}
