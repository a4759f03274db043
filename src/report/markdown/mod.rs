//! Renders a report as a comment for a pull request, in GitHub's Markdown.
//!
//! A comment holds 65,536 characters. A longer one is cut at a row, never inside a fold or a fence, and a note says so.
//! Deleted agents come first: their rows are shortened, down to their numbers, before one is cut. Each other fold has a
//! share of the rest. In a cut fold the rows with the greatest losses come first.

mod fit;

use std::borrow::Cow;
use std::cmp::Reverse;
use std::collections::BTreeSet;

use self::fit::{Chapter, Loss, MOST, PICTURE, fit};
use super::escape::{Markdown, url_path};
use super::phrases::{Column, Phrase, colon, comma, semicolon};
use super::view::{self, Line, Person, Section, Segment, Tense, View};
use super::word_diff::{Span, spans};
use super::{Body, Failure, Part, Report};
use crate::model::agent::ENABLED;
use crate::model::language::Language;

/// Most rows of a comment: the shortest row has a dozen characters.
const MOST_ROWS: usize = MOST / 12;
/// Most characters of one cell, before escaping.
const WIDEST: usize = 1_200;
/// Most characters of the name of a deleted agent, one for each form of their chapters. The last form holds numbers
/// alone.
const NAMES: [usize; 3] = [120, 40, 16];
/// Most characters of a sentence above the folds.
const SENTENCE: usize = 600;
/// Most agents in a cell of a queue.
const MOST_PEOPLE: usize = 12;
/// Most agents at work above the folds.
const MOST_AT_WORK: usize = 10;
/// Longest text that is shown on both sides.
const SHORT: usize = 24;

/// A workspace in a comment.
pub(super) struct Entry {
    name: String,
    summary: Markdown,
    folds: Vec<Chapter>,
}

/// Renders a report from its workspaces.
pub(super) fn document(report: &Report, entries: Vec<Entry>) -> String {
    let mut head = marker(report, &entries);
    if report.several {
        let title = Phrase::Workspaces(report.command, entries.len()).say(report.language);
        head.raw("## ").text(&title).raw("\n\n");
    }
    fit(report.language, &head, entries.into_iter().map(|entry| (entry.summary, entry.folds)).collect())
}

/// Returns the mark by which a pipeline finds its earlier comment.
fn marker(report: &Report, entries: &[Entry]) -> Markdown {
    let mut head = Markdown::default();
    head.raw("<!-- rosterctl:");
    match entries {
        [entry] if !report.several => head.hidden(&entry.name),
        _ => head.raw("all"),
    };
    head.raw(":").raw(report.command.word()).raw(" -->\n");
    head
}

/// Renders a workspace: its summary, and its folds.
pub(super) fn part(report: &Report, part: &Part) -> Entry {
    let mut head = Markdown::default();
    let language = part.scene.language;
    head.raw("### ").text(&Phrase::Title(report.command, part.name()).say(language));
    if report.several {
        head.raw(" (").text(&report.path(&part.place)).raw(")");
    }
    head.raw("\n\n");
    let folds = match &part.body {
        Body::Planned(plan) => view(report, &view::build(plan, report.command, &part.scene), &mut head),
        Body::Ran(plan, run) => view(report, &view::build_run(plan, run, &part.scene), &mut head),
        Body::Sound(sound) => {
            head.raw("✅ ").text(&sound.words(language)).raw("\n\n");
            Vec::new()
        }
        Body::Failed(failure) => failed(report, failure, language, &mut head),
    };
    Entry { name: part.name().to_owned(), summary: head, folds }
}

fn failed(report: &Report, failure: &Failure, language: Language, head: &mut Markdown) -> Vec<Chapter> {
    head.raw("❌ **")
        .text(&Phrase::Failed.say(language))
        .raw("** ")
        .text(&cut(failure.message.text(language)))
        .raw("\n\n");
    if failure.diagnostics.is_empty() {
        return Vec::new();
    }
    let rows = failure.diagnostics.iter().map(|diagnostic| {
        let mut row = Markdown::default();
        let place = diagnostic.source.as_ref().map(|s| format!("{}:{}", report.path(&s.file), s.line));
        row.raw("| ")
            .text(&place.unwrap_or_default())
            .raw(" | ")
            .quoted(&cut(&diagnostic.message_in(language)));
        row.raw(" | ").quoted(&cut(&diagnostic.help_in(language))).raw(" |\n");
        row
    });
    let columns = table(&[Column::Where, Column::What, Column::Remedy], language);
    vec![section(0, &Phrase::Errors.say(language), failure.diagnostics.len(), true, &columns, rows)]
}

fn view(report: &Report, view: &View<'_>, head: &mut Markdown) -> Vec<Chapter> {
    summary(view, head);
    let mut sections = Vec::new();
    for group in Section::ALL {
        let all = view.rows(group);
        let unchanged = view.unchanged.as_ref().filter(|_| group == Section::Queues);
        if all > 0 {
            // No deletion is hidden behind a fold, nor a queue that gets thinner.
            let deleted = matches!(group, Section::Leaves | Section::Remade);
            let open = all <= 10 || deleted || group == Section::Queues;
            let (title, count) = (view.say(Phrase::Heading(group, view.tense)), view.count(group));
            let columns = table(columns(group, view.tense), view.language());
            let (rows, losses) = if deleted || all <= MOST_ROWS {
                let lines = view.group(group).map(|line| (row(report, group, &line, view), loss(&line)));
                lines.unzip()
            } else {
                first_rows(report, view, group)
            };
            let mut whole = section(rank(group), &title, count, open, &columns, rows.into_iter());
            whole.more = all - whole.rows.len();
            whole.losses = losses;
            if let Some(unchanged) = unchanged {
                whole.note.raw("\n").text(&cut(unchanged)).raw("\n");
            }
            if deleted {
                let lines: Vec<_> = view.group(group).collect();
                whole.shorter = shorter(&title, count, &columns, &lines, view.language());
            }
            sections.push(whole);
        }
    }
    sections.extend(ahead(view));
    sections.extend(order(view));
    sections
}

/// Renders what the next dates bring.
fn ahead(view: &View<'_>) -> Option<Chapter> {
    let rows: Vec<Markdown> = view
        .ahead()
        .iter()
        .map(|(ahead, words)| {
            let mut row = Markdown::default();
            row.raw("- ").text(&ahead.at).raw(colon(view.language())).text(&cut(words)).raw("\n");
            row
        })
        .collect();
    let title = view.say(Phrase::Ahead);
    (!rows.is_empty()).then(|| {
        section(rank(Section::Notes), &title, rows.len(), false, &Markdown::default(), rows.into_iter())
    })
}

/// Returns the head of a table.
fn table(columns: &[Column], language: Language) -> Markdown {
    let mut head = Markdown::default();
    head.raw("|");
    for column in columns {
        head.raw(" ").text(&Phrase::Column(*column).say(language)).raw(" |");
    }
    head.raw("\n|");
    for _ in columns {
        head.raw(" --- |");
    }
    head.raw("\n");
    head
}

/// Returns the rows with the greatest losses, as many as a comment can hold, in their order.
fn first_rows(report: &Report, view: &View<'_>, group: Section) -> (Vec<Markdown>, Vec<Loss>) {
    let losses: Vec<Loss> = match group {
        // A new agent is no loss.
        Section::Joins => vec![Loss::default(); view.rows(group)],
        _ => view.group(group).map(|line| loss(&line)).collect(),
    };
    let mut first: Vec<usize> = (0..losses.len()).collect();
    first.sort_by_key(|at| Reverse(losses[*at]));
    first.truncate(MOST_ROWS);
    let first: BTreeSet<usize> = first.into_iter().collect();
    let end = first.last().map_or(0, |last| last + 1);
    let lines = view.group(group).enumerate().take(end).filter(|(at, _)| first.contains(at));
    lines.map(|(at, line)| (row(report, group, &line, view), losses[at])).unzip()
}

/// Returns the chapter of deleted agents in ever fewer characters.
fn shorter(
    title: &str,
    count: usize,
    columns: &Markdown,
    lines: &[Cow<'_, Line>],
    language: Language,
) -> Vec<(Markdown, Vec<Markdown>)> {
    let mut forms: Vec<(Markdown, Vec<Markdown>)> = NAMES
        .iter()
        .map(|most| {
            let rows = lines.iter().map(|line| {
                let mut row = Markdown::default();
                row.raw("| ")
                    .text(bare(&line.subject))
                    .raw(" | ")
                    .text(&names(line, *most, language))
                    .raw(" | ");
                let words =
                    line.pieces.iter().filter(|piece| !is_who(line, piece, language)).map(
                        |piece| match piece {
                            Segment::Name(_) => String::new(),
                            piece => cut_to(&piece.words(), *most),
                        },
                    );
                let words: Vec<String> = words.filter(|words| !words.is_empty()).collect();
                row.text(&words.join(" · ")).raw(" | |\n");
                row
            });
            let form = section(0, title, count, true, columns, rows);
            (form.open, form.rows)
        })
        .collect();
    let numbers = lines.iter().flat_map(|line| {
        let number = |one: &str| one.split(' ').next().unwrap_or(one).to_owned();
        let several: Vec<String> = line.everyone.iter().map(|one| number(one)).collect();
        if several.is_empty() { vec![bare(&line.subject).to_owned()] } else { several }
    });
    let numbers = numbers.map(|number| {
        let mut row = Markdown::default();
        row.text(&cut_to(&number, 70)).raw(" ");
        row
    });
    let form = section(0, title, count, true, &Markdown::default(), numbers);
    forms.push((form.open, form.rows));
    forms
}

/// Returns the deleted agents of a line, each by number and name if there are several.
fn names(line: &Line, most: usize, language: Language) -> String {
    if line.everyone.is_empty() {
        return cut_to(line.name().unwrap_or_default(), most);
    }
    line.everyone.iter().map(|one| cut_to(one, most)).collect::<Vec<_>>().join(comma(language))
}

/// Returns true if a segment names all agents of a line.
fn is_who(line: &Line, piece: &Segment, language: Language) -> bool {
    let all = || line.everyone.join(comma(language));
    matches!(piece, Segment::Words(words) if !line.everyone.is_empty() && *words == all())
}

/// Returns the rank of a fold: open changes, deletions, findings, then the others in order.
fn rank(group: Section) -> usize {
    match group {
        Section::Open => 0,
        Section::Leaves => 1,
        Section::Remade => 2,
        Section::Decide => 3,
        Section::Queues => 4,
        Section::TakenBack => 5,
        Section::Moves => 6,
        Section::Joins => 7,
        Section::Changes => 8,
        Section::Notes => 9,
    }
}

fn columns(group: Section, tense: Tense) -> &'static [Column] {
    use Column as C;
    match (group, tense) {
        (Section::Joins | Section::Leaves | Section::Remade | Section::Changes, _) => {
            &[C::Agent, C::Name, C::What, C::Where]
        }
        (Section::Moves, Tense::Differs) => {
            &[C::Agent, C::Name, C::From(Tense::Differs), C::To(Tense::Differs), C::Also, C::Where]
        }
        (Section::Moves, _) => {
            &[C::Agent, C::Name, C::From(Tense::Planned), C::To(Tense::Planned), C::Also, C::Where]
        }
        (Section::Queues, Tense::Done) => &[
            C::Queue,
            C::Staff(Tense::Done),
            C::Minimum,
            C::Leaves(Tense::Done),
            C::Joins(Tense::Done),
            C::Also,
            C::Where,
        ],
        (Section::Queues, Tense::Live) => &[C::Queue, C::Staff(Tense::Live), C::What, C::Where],
        (Section::Queues, _) => &[
            C::Queue,
            C::Staff(Tense::Planned),
            C::Minimum,
            C::Leaves(Tense::Planned),
            C::Joins(Tense::Planned),
            C::Also,
            C::Where,
        ],
        (Section::TakenBack, Tense::Done) => {
            &[C::Resource, C::InConsole, C::InManifest(Tense::Done), C::WhoAndWhen, C::Where]
        }
        (Section::TakenBack, Tense::Differs) => {
            &[C::Resource, C::InConsole, C::InManifest(Tense::Differs), C::WhoAndWhen, C::Where]
        }
        (Section::TakenBack, _) => {
            &[C::Resource, C::InConsole, C::InManifest(Tense::Planned), C::WhoAndWhen, C::Where]
        }
        (Section::Open, _) => &[C::Result, C::Resource, C::Name, C::WhatAndWhy, C::Where],
        (Section::Decide | Section::Notes, _) => &[C::Severity, C::Code, C::WhatToDo, C::Where],
    }
}

fn summary(view: &View<'_>, head: &mut Markdown) {
    if let Some(verdict) = &view.verdict {
        head.raw(verdict.weight.sign()).raw(" **").quoted(&cut_to(&verdict.text, SENTENCE)).raw("**\n\n");
    }
    let headline = view.headline();
    let headline = (!headline.is_empty()).then(|| headline.into());
    let facts = view.facts.iter().map(|fact| Cow::Borrowed(&**fact));
    let facts: Vec<Cow<'_, str>> = headline.into_iter().chain(facts).chain(view.effort()).collect();
    if !facts.is_empty() {
        head.text(&facts.join(" ｜ ")).raw("\n\n");
    }
    for note in view.end.iter().flat_map(|end| &end.notes) {
        head.text(&cut_to(note, SENTENCE)).raw("\n\n");
    }
    if view.tense == Tense::Differs && !view.changes.is_empty() {
        head.text(&view.say(Phrase::LiveFirst)).raw("\n\n");
    }
    if let Some(instant) = &view.instant {
        head.text(&cut_to(instant, SENTENCE)).raw("\n\n");
    }
    for lifted in view.narrowed.iter().chain(&view.allowed) {
        head.raw("⚠️ ").text(&cut_to(lifted, SENTENCE)).raw("\n\n");
    }
    if let Some((heading, agents)) = &view.at_work {
        head.text(heading).raw("\n\n");
        for (_, line) in agents.iter().take(MOST_AT_WORK) {
            head.raw("- ").text(&cut_to(line, SENTENCE)).raw("\n");
        }
        if agents.len() > MOST_AT_WORK {
            head.raw("- ").text(&view.say(Phrase::MoreRows(agents.len() - MOST_AT_WORK))).raw("\n");
        }
        head.raw("\n");
    }
}

/// Renders the picture of the stages.
fn order(view: &View<'_>) -> Option<Chapter> {
    if !view.order.helps() {
        return None;
    }
    let mut rows = Vec::new();
    for (at, stage) in view.order.stages.iter().enumerate() {
        let mut row = Markdown::default();
        let words = view.say(Phrase::Stage(stage.operation, stage.targets));
        row.raw("  s").number(at).raw("[\"").text(&words).raw("\"]\n");
        rows.push(row);
    }
    for (from, to) in &view.order.arrows {
        let mut row = Markdown::default();
        row.raw("  s").number(*from).raw(" --> s").number(*to).raw("\n");
        rows.push(row);
    }
    let mut open = Markdown::default();
    open.raw("<details><summary>").text(&view.say(Phrase::Order(view.tense)));
    open.raw("</summary>\n\n```mermaid\nflowchart LR\n");
    Some(Chapter {
        rank: PICTURE,
        open,
        rows,
        more: 0,
        losses: Vec::new(),
        note: Markdown::default(),
        close: "```\n\n</details>\n\n",
        shorter: Vec::new(),
    })
}

fn section(
    rank: usize,
    title: &str,
    count: usize,
    open: bool,
    columns: &Markdown,
    rows: impl Iterator<Item = Markdown>,
) -> Chapter {
    let mut head = Markdown::default();
    head.raw(if open { "<details open><summary><b>" } else { "<details><summary><b>" });
    head.text(title).raw("</b> (").number(count).raw(")</summary>\n\n").join(columns);
    Chapter {
        rank,
        open: head,
        rows: rows.collect(),
        more: 0,
        losses: Vec::new(),
        note: Markdown::default(),
        close: "\n</details>\n\n",
        shorter: Vec::new(),
    }
}

/// Returns the loss of a line: a queue's members, an agent's work, or its main skill group.
fn loss(line: &Line) -> Loss {
    if let Some(staffing) = &line.staffing {
        return (staffing.loss(), staffing.leaving.len() * 1000 / staffing.before.max(1));
    }
    let disabled = |piece: &Segment| matches!(piece, Segment::Field { key, after, .. } if key == ENABLED.key && after == "false");
    match (line.pieces.iter().any(disabled), line.moves()) {
        (true, _) => (1000, 0),
        (false, Some(_)) => (500, 0),
        (false, None) => (0, 0),
    }
}

fn row(report: &Report, group: Section, line: &Line, view: &View<'_>) -> Markdown {
    let mut row = Markdown::default();
    let subject = cut(bare(&line.subject));
    row.raw("| ");
    match group {
        Section::Decide | Section::Notes => {
            row.text(&view.say(Phrase::Kind(line.tone))).raw(" | ").text(&line.subject).raw(" | ");
            row.quoted(&cut(&line.words()));
        }
        Section::Open => {
            row.text(&view.say(Phrase::Kind(line.tone))).raw(" | ").text(&subject).raw(" | ");
            row.text(&cut(line.name().unwrap_or_default())).raw(" | ");
            said(&mut row, line.pieces.iter());
        }
        Section::Moves => {
            let (from, to) = line.moves().unwrap_or_default();
            row.text(&subject).raw(" | ").text(&cut(line.name().unwrap_or_default()));
            row.raw(" | ").text(&cut(from)).raw(" | ").text(&cut(to)).raw(" | ");
            said(&mut row, line.beside_the_move());
        }
        Section::Queues if view.tense == Tense::Live => {
            row.text(&subject).raw(" | ");
            if let Some(staffing) = &line.staffing {
                row.number(staffing.after());
            }
            row.raw(" | ");
            said(&mut row, line.pieces.iter());
        }
        Section::Queues => queue(&mut row, &subject, line, view),
        Section::TakenBack => {
            let fields = || {
                line.pieces.iter().filter_map(|piece| match piece {
                    Segment::Field { label, before, after, .. } => Some((label, before, after)),
                    Segment::Name(_) | Segment::Words(_) | Segment::Remark(_) => None,
                })
            };
            let gap = semicolon(view.language());
            let console: Vec<String> =
                fields().map(|(label, before, _)| format!("{label} {before}")).collect();
            let manifest: Vec<&str> = fields().map(|(.., after)| &**after).collect();
            let is_queue = line.subject.starts_with("queue/");
            if line.name().is_none() && !line.everyone.is_empty() && !is_queue {
                row.text(&cut(&names(line, NAMES[0], view.language())));
            } else {
                row.text(&subject).raw(" ").text(&cut(line.name().unwrap_or_default()));
            }
            row.raw(" | ")
                .text(&cut(&console.join(gap)))
                .raw(" | ")
                .text(&cut(&manifest.join(gap)))
                .raw(" | ");
            row.text(line.last_changed.as_deref().unwrap_or("?"));
        }
        Section::Joins | Section::Leaves | Section::Remade | Section::Changes => {
            row.text(&subject).raw(" | ").text(&cut(line.name().unwrap_or_default())).raw(" | ");
            // Deleted agents are named, however long the names of others are.
            let deleted = matches!(group, Section::Leaves | Section::Remade);
            let who = line.pieces.iter().any(|piece| deleted && is_who(line, piece, view.language()));
            let is_said = |piece: &&Segment| !(who && is_who(line, piece, view.language()));
            said(&mut row, line.pieces.iter().filter(is_said));
            if who {
                row.raw(" · ").text(&names(line, NAMES[0], view.language()));
            }
        }
    }
    row.raw(" | ");
    place(&mut row, report, line, view);
    row.raw(" |\n");
    row
}

/// Renders the cells of a queue: its head count, its minimum, who leaves, who joins, what else.
fn queue(row: &mut Markdown, subject: &str, line: &Line, view: &View<'_>) {
    let people = |people: &[Person]| {
        let shown = people.iter().take(MOST_PEOPLE).map(|person| person.words(view.language()));
        let more = people.len().saturating_sub(MOST_PEOPLE);
        let more = (more > 0).then(|| view.say(Phrase::AndMore(more)).into_owned());
        shown.chain(more).collect::<Vec<_>>().join(comma(view.language()))
    };
    let Some(staffing) = &line.staffing else {
        row.text(subject).raw(" | | | | | ");
        said(row, line.pieces.iter());
        return;
    };
    if staffing.is_short() {
        row.raw("⚠️ ");
    }
    row.text(subject).raw(" | ").number(staffing.before).raw(" → **").number(staffing.after()).raw("** ");
    row.text(&staffing.difference()).raw(" | ");
    if let Some(minimum) = staffing.minimum {
        row.number(minimum);
    }
    row.raw(" | ").text(&cut(&people(&staffing.leaving)));
    row.raw(" | ").text(&cut(&people(&staffing.joining))).raw(" | ");
    // The members have their own cells, but for a new queue, whose members stand with their priorities.
    let is_else = |piece: &&Segment| !matches!(piece, Segment::Words(_)) || !staffing.moves();
    said(row, line.pieces.iter().filter(is_else));
}

/// Renders the place of a line in a manifest, as a link where CI tells the commit.
fn place(row: &mut Markdown, report: &Report, line: &Line, view: &View<'_>) {
    let Some(source) = &line.source else { return };
    let path = report.path(&source.file);
    let text = format!("{path}:{}", source.line);
    match view.scene.commit.as_ref().and_then(|commit| commit.files.as_ref()) {
        Some(files) => row.link(&text, &format!("{files}/{}#L{}", url_path(&path), source.line)),
        None => row.text(&text),
    };
}

/// Returns a resource without its kind, which the heading names.
fn bare(subject: &str) -> &str {
    subject.split_once('/').map_or(subject, |(_, name)| name)
}

/// Renders the segments of a line, except the name.
fn said<'a>(row: &mut Markdown, pieces: impl Iterator<Item = &'a Segment>) {
    let mut first = true;
    for piece in pieces {
        if matches!(piece, Segment::Name(_)) {
            continue;
        }
        if !first {
            row.raw(piece.gap());
        }
        first = false;
        match piece {
            Segment::Field { label, before, after, .. } => {
                row.text(label).raw(" ");
                changed(row, &cut(before), &cut(after));
            }
            Segment::Remark(_) => {
                row.quoted(&cut(&piece.words()));
            }
            Segment::Name(_) | Segment::Words(_) => {
                row.text(&cut(&piece.words()));
            }
        }
    }
}

/// Renders both sides of a value; a long text once, with marks in it.
fn changed(row: &mut Markdown, before: &str, after: &str) {
    let long = before.chars().count().max(after.chars().count()) > SHORT;
    match spans(before, after).filter(|_| long) {
        None => {
            row.text(before).raw(" → ").text(after);
        }
        Some(spans) => {
            for span in spans {
                match span {
                    Span::Same(text) => row.text(&text),
                    Span::Gone(text) => row.raw("<del>").text(&text).raw("</del>"),
                    Span::New(text) => row.raw("<ins>").text(&text).raw("</ins>"),
                };
            }
        }
    }
}

fn cut(text: &str) -> String {
    cut_to(text, WIDEST)
}

fn cut_to(text: &str, most: usize) -> String {
    match text.char_indices().nth(most) {
        None => text.to_owned(),
        Some((end, _)) => format!("{}…", &text[..end]),
    }
}
