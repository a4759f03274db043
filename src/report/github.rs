//! Renders a report as GitHub's workflow annotations, on the manifests' lines.
//!
//! `::error file=roster/a.yaml,line=12,col=5,title=R303::message`. GitHub shows at most ten annotations of a level per
//! step. The summary comes first. At most ten of its level, itself included, and ten of each other level follow.
//! Deletions go first, and the summary counts the rest.

use super::phrases::{Phrase, comma, semicolon};
use super::view::{self, Line, LineKind, Tense, View};
use super::{Body, Command, Part, Report};
use crate::model::id::safe;
use crate::model::plan::Action;
use crate::model::rule::Severity;
use crate::model::source::Source;
use crate::model::text::sanitize_lines;

/// One annotation.
struct Note {
    severity: Severity,
    source: Option<Source>,
    title: String,
    message: String,
    /// True if the change deletes an agent.
    deletes: bool,
}

/// The number of annotations of a level that GitHub shows.
const SHOWN: usize = 10;

/// The levels of annotations, gravest first.
const LEVELS: [Severity; 3] = [Severity::Error, Severity::Warning, Severity::Info];

/// A workspace among the annotations.
pub(super) struct Entry {
    name: String,
    /// Its outcome in one sentence, with its severity.
    verdict: (Severity, String),
    /// True if it failed for errors in files.
    is_of_files: bool,
    /// Annotations of each level. Of those that can be left out anyway, only the number is kept.
    levels: [Level; 3],
}

/// Annotations of a level.
#[derive(Default)]
struct Level {
    count: usize,
    notes: Vec<Note>,
}

impl Level {
    fn add(&mut self, mut more: Level) {
        self.count += more.count;
        self.notes.append(&mut more.notes);
    }

    /// Drops the annotations beyond a number. Deletions stay first.
    fn cut(&mut self, most: usize) {
        if self.count > most {
            self.notes.sort_by_key(|note| !note.deletes);
            self.notes.truncate(most);
        }
    }
}

/// Returns the annotations of a workspace.
pub(super) fn part(report: &Report, part: &Part) -> Entry {
    let (mut notes, others) = notes(report.command, part);
    let levels = LEVELS.map(|level| {
        let notes: Vec<Note> = notes.extract_if(.., |note| note.severity == level).collect();
        let more = if level == severity_of_changes(report.command) { others } else { 0 };
        let mut level = Level { count: notes.len() + more, notes };
        level.cut(SHOWN);
        level
    });
    Entry {
        name: part.name().to_owned(),
        verdict: verdict(report.command, part),
        is_of_files: matches!(&part.body, Body::Failed(failure) if !failure.diagnostics.is_empty()),
        levels,
    }
}

/// Renders a report from its workspaces.
pub(super) fn document(report: &Report, entries: Vec<Entry>) -> String {
    let mut summary = summary(report, &entries);
    let only_files = entries.iter().all(|entry| entry.is_of_files);
    let mut levels = <[Level; 3]>::default();
    for (all, level) in entries.into_iter().flat_map(|entry| entry.levels.into_iter().enumerate()) {
        levels[all].add(level);
    }
    // Errors in files need no summary when all of them are shown.
    if only_files && levels.iter().map(|level| level.count).sum::<usize>() <= SHOWN {
        return levels.iter().flat_map(|level| &level.notes).map(|note| command(report, note)).collect();
    }
    let (mut shown, mut left_out) = (Vec::new(), Vec::new());
    for (level, mut of_level) in LEVELS.into_iter().zip(levels) {
        let most = SHOWN - usize::from(summary.severity == level);
        if of_level.count > most {
            left_out.push(Phrase::Annotations(of_level.count - most, level).say(report.language));
        }
        of_level.cut(most);
        shown.append(&mut of_level.notes);
    }
    if !left_out.is_empty() {
        let left_out = left_out.join(comma(report.language));
        summary.message.push('\n');
        summary.message.push_str(&Phrase::NotShown(&left_out, SHOWN).say(report.language));
    }
    [summary].iter().chain(&shown).map(|note| command(report, note)).collect()
}

/// Returns the summary: one line per workspace, at the gravest level.
fn summary(report: &Report, entries: &[Entry]) -> Note {
    let texts = entries.iter().map(|entry| {
        let (_, text) = &entry.verdict;
        if entries.len() > 1 { format!("{}: {text}", entry.name) } else { text.clone() }
    });
    let texts: Vec<String> = texts.collect();
    let title = match entries {
        [entry] => Phrase::Title(report.command, &entry.name),
        entries => Phrase::Workspaces(report.command, entries.len()),
    };
    Note {
        severity: entries.iter().map(|entry| entry.verdict.0).min().unwrap_or(Severity::Info),
        source: None,
        title: title.say(report.language).into_owned(),
        message: texts.join("\n"),
        deletes: false,
    }
}

/// Returns the outcome of a workspace in one sentence, with its severity.
fn verdict(command: Command, part: &Part) -> (Severity, String) {
    let told = |view: &View<'_>| {
        let verdict = view.verdict.as_ref().map(|verdict| verdict.text.clone());
        let counts = (view.tense != Tense::Done).then(|| view.counts());
        verdict.into_iter().chain(counts).collect::<Vec<_>>().join(" ")
    };
    match &part.body {
        Body::Planned(plan) => (Severity::Info, told(&view::build(plan, command, &part.scene))),
        Body::Ran(plan, run) => {
            let view = view::build_run(plan, run, &part.scene);
            let whole = view.end.as_ref().is_none_or(|end| end.whole);
            (if whole { Severity::Info } else { Severity::Error }, told(&view))
        }
        Body::Sound(sound) => (Severity::Info, sound.words(part.scene.language)),
        Body::Failed(failure) => (Severity::Error, failure.message.text(part.scene.language).to_owned()),
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

/// Returns the level of changes; in a drift, each is a warning.
fn severity_of_changes(command: Command) -> Severity {
    match command {
        Command::Drift => Severity::Warning,
        Command::Plan | Command::Apply | Command::Snapshot | Command::Validate => Severity::Info,
    }
}

/// Returns the annotations besides the summary, and the number of those of changes that were left out.
fn notes(command: Command, part: &Part) -> (Vec<Note>, usize) {
    let about = |message: String| Note {
        severity: Severity::Warning,
        source: None,
        title: Phrase::Title(command, part.name()).say(part.scene.language).into_owned(),
        message,
        deletes: false,
    };
    match &part.body {
        Body::Planned(plan) => {
            let view = view::build(plan, command, &part.scene);
            let (shown, others) = lines(command, &view);
            let special = view.narrowed.into_iter().chain(view.allowed).map(about);
            (special.chain(shown).collect(), others)
        }
        Body::Ran(plan, run) => {
            let view = view::build_run(plan, run, &part.scene);
            // Completed steps are only counted.
            let shown = lines(command, &view).0.into_iter();
            let shown = shown.filter(|note| note.severity != Severity::Info);
            let more = view.end.into_iter().flat_map(|end| end.notes).map(about);
            (shown.chain(more).collect(), 0)
        }
        Body::Sound(_) => (Vec::new(), 0),
        Body::Failed(failure) => {
            let notes = failure.diagnostics.iter().map(|diagnostic| Note {
                severity: Severity::Error,
                source: diagnostic.source.clone(),
                title: format!("rosterctl: {}", part.name()),
                message: [
                    diagnostic.message_in(part.scene.language),
                    diagnostic.help_in(part.scene.language),
                ]
                .into_iter()
                .filter(|text| !text.is_empty())
                .collect::<Vec<_>>()
                .join(semicolon(part.scene.language)),
                deletes: false,
            });
            (notes.collect(), 0)
        }
    }
}

/// Returns changes and findings, and the number of changes that were left out: no level shows them.
fn lines(command: Command, view: &View<'_>) -> (Vec<Note>, usize) {
    let is_deletion = |line: &Line| matches!(line.tone, LineKind::Act(Action::Delete | Action::Replace));
    let note = |line: &Line| {
        let (severity, title) = match (line.tone, command) {
            (LineKind::Find(severity), _) => (severity, line.subject.clone()),
            (LineKind::Act(_), Command::Drift) => {
                (severity_of_changes(command), view.say(Phrase::SubjectDiffers(&line.subject)).into_owned())
            }
            (LineKind::Act(_), Command::Plan | Command::Apply | Command::Snapshot | Command::Validate) => {
                let word = view.say(Phrase::KindIn(line.tone, view.tense));
                (severity_of_changes(command), format!("{word} {}", line.subject))
            }
            (LineKind::Open(_) | LineKind::Moved, _) => {
                (Severity::Error, view.say(Phrase::Ended(&line.subject, line.tone)).into_owned())
            }
        };
        Note {
            severity,
            source: line.source.clone(),
            title,
            message: message(line),
            deletes: is_deletion(line),
        }
    };
    let (shown, others) = view.lines_up_to(SHOWN);
    let mut notes: Vec<Note> = shown.map(|line| note(&line)).collect();
    // Ten annotations cannot name all deleted agents, so one annotation lists them.
    let deleted: Vec<Line> = view.changes.deletions().collect();
    if deleted.len() >= SHOWN {
        let count: usize = deleted.iter().map(|line| line.count).sum();
        let severity = severity_of_changes(command);
        let who = deleted.iter().flat_map(|line| {
            let number = |one: &String| one.split(' ').next().unwrap_or(one).to_owned();
            let several: Vec<String> = line.everyone.iter().map(number).collect();
            if several.is_empty() { vec![line.subject.clone()] } else { several }
        });
        let message = who.collect::<Vec<_>>().join(comma(view.language()));
        let title = view.say(Phrase::AgentsDeleted(count)).into_owned();
        notes.insert(0, Note { severity, source: None, title, message, deletes: true });
    }
    (notes, others)
}

fn message(line: &Line) -> String {
    let words = line.words();
    match (line.tone, line.name()) {
        (LineKind::Find(_), _) => line.words_with_subject(),
        (_, None) => words,
        (_, Some(name)) if words.is_empty() => format!("{}: {name}", line.subject),
        (_, Some(name)) => format!("{} {name}: {words}", line.subject),
    }
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
            language: crate::model::language::Language::En,
        };
        let text = command(&report, &note);
        assert_eq!(
            text,
            "::error file=w/roster/a\\u{1b}[31m\\u{202e}%2C\\n%3A%3Ax.yaml,line=1,col=2,title=t::m\n"
        );
    }
}
