//! A report → GitHub's workflow annotations, on the manifests' lines.
//!
//! `::error file=roster/a.yaml,line=12,col=5,title=R303::message`. GitHub shows ten of a level for a step. So the
//! summary comes first, and then at most ten of a level with it, of more than ten the deletions; the summary counts
//! the rest.

use super::view::{self, Line, LineKind};
use super::{Body, Command, Part, Report, Run, result};
use crate::model::finding::Severity;
use crate::model::id::safe;
use crate::model::outcome::{Status, StepResult};
use crate::model::plan::{Action, Operation, Plan};
use crate::model::source::Source;
use crate::model::text::sanitize_lines;

/// One annotation.
struct Note {
    severity: Severity,
    source: Option<Source>,
    title: String,
    message: String,
    /// It deletes an agent.
    deletes: bool,
}

/// How many annotations of a level GitHub shows.
const SHOWN: usize = 10;

/// Draws a report.
pub(super) fn report(report: &Report) -> String {
    let mut notes: Vec<Note> = report.parts.iter().flat_map(|part| notes(report.command, part)).collect();
    let mut summary = summary(report);
    // Errors of files say all by themselves, where all of them are shown.
    let is_of_files =
        |part: &Part| matches!(&part.body, Body::Failed(failure) if !failure.diagnostics.is_empty());
    if report.parts.iter().all(is_of_files) && notes.len() <= SHOWN {
        return notes.iter().map(|note| command(report, note)).collect();
    }
    let (mut shown, mut left_out) = (Vec::new(), Vec::new());
    for level in [Severity::Error, Severity::Warning, Severity::Info] {
        let (mut of_level, others) = notes.into_iter().partition::<Vec<_>, _>(|note| note.severity == level);
        notes = others;
        let most = SHOWN - usize::from(summary.severity == level);
        if of_level.len() > most {
            of_level.sort_by_key(|note| !note.deletes);
            left_out.push(format!("{} {}s", of_level.len() - most, word(level)));
            of_level.truncate(most);
        }
        shown.append(&mut of_level);
    }
    if !left_out.is_empty() {
        summary.message.push_str(&format!(
            "\nNot shown here: {}. GitHub shows {SHOWN} annotations of a level; `--format json` has all.",
            left_out.join(", ")
        ));
    }
    [summary].iter().chain(&shown).map(|note| command(report, note)).collect()
}

/// The run in a line a workspace, of the gravest level.
fn summary(report: &Report) -> Note {
    let lines = report.parts.iter().map(|part| {
        let (severity, text) = verdict(report.command, part);
        let text = if report.parts.len() > 1 { format!("{}: {text}", part.name()) } else { text };
        (severity, text)
    });
    let (levels, texts): (Vec<Severity>, Vec<String>) = lines.unzip();
    let name = match &report.parts[..] {
        [part] => part.name().to_owned(),
        parts => format!("{} workspaces", parts.len()),
    };
    Note {
        severity: levels.into_iter().min().unwrap_or(Severity::Info),
        source: None,
        title: format!("rosterctl {}: {name}", report.command.word()),
        message: texts.join("\n"),
        deletes: false,
    }
}

/// What became of a workspace, in a sentence.
fn verdict(command: Command, part: &Part) -> (Severity, String) {
    match &part.body {
        Body::Planned(plan) => (Severity::Info, view::build(plan, command).counts),
        Body::Ran(plan, run) => {
            let whole = run.refused.is_none() && run.results.iter().all(StepResult::is_proved);
            let severity = if whole { Severity::Info } else { Severity::Error };
            let verdict = result::verdict(plan, run);
            (severity, verdict.unwrap_or_else(|| view::build(plan, command).counts))
        }
        Body::Failed(failure) => (Severity::Error, failure.message.clone()),
    }
}

fn word(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Info => "notice",
    }
}

fn command(report: &Report, note: &Note) -> String {
    let word = word(note.severity);
    let mut properties = Vec::new();
    if let Some(source) = &note.source {
        properties.push(format!("file={}", property(&safe(&report.path(&source.file)))));
        properties.push(format!("line={}", source.line));
        properties.push(format!("col={}", source.column));
    }
    properties.push(format!("title={}", property(&safe(&note.title))));
    format!("::{word} {}::{}\n", properties.join(","), data(&sanitize_lines(&note.message)))
}

/// Escapes a message. Source: actions/toolkit, `escapeData`.
fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// Escapes a property. Source: actions/toolkit, `escapeProperty`.
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

/// What is told beside the summary.
fn notes(command: Command, part: &Part) -> Vec<Note> {
    match &part.body {
        Body::Planned(plan) => {
            let view = view::build(plan, command);
            let special = view.narrowed.into_iter().chain(view.allowed).map(|words| Note {
                severity: Severity::Warning,
                source: None,
                title: format!("rosterctl {}: {}", command.word(), part.name()),
                message: words,
                deletes: false,
            });
            special.chain(planned(command, plan)).collect()
        }
        Body::Ran(plan, run) => {
            let findings = planned(command, plan).into_iter().filter(|note| note.severity != Severity::Info);
            ran(plan, run).into_iter().chain(findings).collect()
        }
        Body::Failed(failure) => {
            let notes = failure.diagnostics.iter().map(|diagnostic| Note {
                severity: Severity::Error,
                source: diagnostic.source.clone(),
                title: format!("rosterctl: {}", part.name()),
                message: [diagnostic.message.as_str(), diagnostic.help.as_str()]
                    .into_iter()
                    .filter(|text| !text.is_empty())
                    .collect::<Vec<_>>()
                    .join("; "),
                deletes: false,
            });
            notes.collect()
        }
    }
}

/// Changes and findings; what somebody changed in a console is a warning in a drift.
fn planned(command: Command, plan: &Plan) -> Vec<Note> {
    let view = view::build(plan, command);
    let note = |line: &Line| {
        let (severity, title) = match (line.tone, command) {
            (LineKind::Find(severity), _) => (severity, line.subject.clone()),
            (LineKind::Act(_), Command::Drift) => (Severity::Warning, differs(line)),
            (LineKind::Act(_), Command::Plan | Command::Apply) => (Severity::Info, acts(line)),
        };
        let deletes = matches!(line.tone, LineKind::Act(Action::Delete | Action::Replace));
        Note { severity, source: line.source.clone(), title, message: message(line), deletes }
    };
    let mut notes: Vec<Note> = view.findings.iter().chain(&view.changes).map(note).collect();
    // Ten annotations cannot name them all: one says who they are.
    let deleted: Vec<&Line> = view
        .changes
        .iter()
        .filter(|line| matches!(line.tone, LineKind::Act(Action::Delete | Action::Replace)))
        .collect();
    if deleted.len() >= SHOWN {
        let count: usize = deleted.iter().map(|line| line.count).sum();
        let severity = if command == Command::Drift { Severity::Warning } else { Severity::Info };
        let who = deleted.iter().flat_map(|line| {
            let number = |one: &String| one.split(' ').next().unwrap_or(one).to_owned();
            let several: Vec<String> = line.everyone.iter().map(number).collect();
            if several.is_empty() { vec![line.subject.clone()] } else { several }
        });
        let message = who.collect::<Vec<_>>().join(", ");
        let title = format!("{count} agents are deleted");
        notes.insert(0, Note { severity, source: None, title, message, deletes: true });
    }
    notes
}

fn acts(line: &Line) -> String {
    format!("{} {}", line.tone.word(), line.subject)
}

fn differs(line: &Line) -> String {
    format!("{} differs", line.subject)
}

fn message(line: &Line) -> String {
    let words = line.words();
    match (line.tone, line.name()) {
        (LineKind::Find(_), _) => line.words_with_subject(),
        (LineKind::Act(_), None) => words,
        (LineKind::Act(_), Some(name)) if words.is_empty() => format!("{}: {name}", line.subject),
        (LineKind::Act(_), Some(name)) => format!("{} {name}: {words}", line.subject),
    }
}

fn ran(plan: &Plan, run: &Run) -> Vec<Note> {
    let places = view::places(plan);
    let place = |id| places.get(id).map(|source| Source::clone(source));
    let stale = run.stale.iter().map(|moved| Note {
        severity: Severity::Error,
        source: place(&moved.id),
        title: format!("{} moved", moved.id),
        message: moved.message.clone(),
        deletes: false,
    });
    let steps =
        result::ends(plan, run).filter(|(_, entry)| entry.end != Status::Done || entry.message.is_some());
    let steps = steps.map(|(step, entry)| Note {
        severity: if entry.end == Status::Done { Severity::Info } else { Severity::Error },
        source: step.targets.first().and_then(place),
        title: format!("{} {}", result::words(step, &entry), entry.status),
        message: entry.message.unwrap_or(entry.status).to_owned(),
        deletes: step.operation == Operation::AgentDelete,
    });
    stale.chain(steps).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_in_a_text_begins_another_command() {
        assert_eq!(data("50%\r\n::error::x"), "50%25%0D%0A::error::x");
        assert_eq!(property("a:b,c%\n"), "a%3Ab%2Cc%25%0A");
    }

    #[test]
    fn the_name_of_a_file_is_one_like_any_other() {
        let source = Source::new("w/roster/a\u{1b}[31m\u{202e},\n::x.yaml", 1, 2);
        let note = Note {
            severity: Severity::Error,
            source: Some(source),
            title: "t".into(),
            message: "m".into(),
            deletes: false,
        };
        let report = Report {
            command: Command::Plan,
            parts: Vec::new(),
            several: false,
            roots: crate::report::Roots::default(),
        };
        let text = command(&report, &note);
        assert_eq!(
            text,
            "::error file=w/roster/a\\u{1b}[31m\\u{202e}%2C\\n%3A%3Ax.yaml,line=1,col=2,title=t::m\n"
        );
    }
}
