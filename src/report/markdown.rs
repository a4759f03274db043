//! Renders a report as a comment for a pull request, in GitHub's Markdown.
//!
//! A comment holds 65,536 characters. A longer one is cut at a row, never inside a fold or a fence, and a note says so.
//! Deleted agents come first: their rows are shortened, down to their numbers, before one is cut. Each other fold has a
//! share of the rest. In a cut fold the rows with the greatest losses come first.

use std::borrow::Cow;
use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use super::escape::Markdown;
use super::view::{self, Line, Section, Segment, Tense, View};
use super::word_diff::{Span, spans};
use super::{Body, Failure, Part, Report};
use crate::model::agent::ENABLED;

/// Most characters of a comment; GitHub takes 65,536.
const MOST: usize = 65_000;
/// Most rows of a comment: the shortest row has a dozen characters.
const MOST_ROWS: usize = MOST / 12;
/// Most characters of one cell, before escaping.
const WIDEST: usize = 1_200;
/// Most characters of the name of a deleted agent, one for each form of their chapters. The last form holds numbers
/// alone.
const NAMES: [usize; 3] = [120, 40, 16];
/// The greatest rank of a chapter of deleted agents.
const DELETED: usize = 2;
/// The rank of the picture of the order.
const PICTURE: usize = 9;
/// Characters reserved for the other folds, beside the deleted agents.
const RESERVE: usize = 12_000;
/// Most characters of a sentence above the folds.
const SENTENCE: usize = 600;
/// Longest text that is shown on both sides.
const SHORT: usize = 24;

/// A fold of the comment.
struct Chapter {
    /// Rank: folds of a high rank are cut first.
    rank: usize,
    open: Markdown,
    rows: Vec<Markdown>,
    /// Number of the rows that no comment has room for: they are not rendered.
    more: usize,
    /// Loss of each row; empty if the rows keep their order.
    losses: Vec<Loss>,
    close: &'static str,
    /// Shorter forms of a fold that is not cut while another one can be.
    shorter: Vec<(Markdown, Vec<Markdown>)>,
}

/// The loss of a row, in thousandths: the net loss, then the share of members that leave.
type Loss = (usize, usize);

impl Chapter {
    /// Moves the rows with the greatest losses to the front. Returns the former indices of the rows.
    fn losses_first(&mut self) -> Vec<usize> {
        let mut places: Vec<usize> = (0..self.rows.len()).collect();
        places.sort_by_key(|at| Reverse(self.losses.get(*at)));
        self.rows = places.iter().map(|at| self.rows[*at].clone()).collect();
        places
    }

    /// Moves rows back to their former indices.
    fn restore(&mut self, places: Vec<usize>) {
        let mut rows: Vec<_> = places.into_iter().zip(std::mem::take(&mut self.rows)).collect();
        rows.sort_by_key(|(at, _)| *at);
        self.rows = rows.into_iter().map(|(_, row)| row).collect();
    }

    /// Returns the number of characters of the whole fold, with the line about missing rows.
    fn chars(&self) -> usize {
        self.frame() + self.rows.iter().map(Markdown::chars).sum::<usize>()
    }

    fn frame(&self) -> usize {
        self.open.chars() + self.close.len() + 60
    }
}

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
        head.raw("## rosterctl ").raw(report.command.word()).raw(": ").number(entries.len());
        head.raw(" workspaces\n\n");
    }
    fit(&head, entries.into_iter().map(|entry| (entry.summary, entry.folds)).collect())
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
    head.raw("### rosterctl ").raw(report.command.word()).raw(": ").text(part.name());
    if report.several {
        head.raw(" (").text(&report.path(&part.place)).raw(")");
    }
    head.raw("\n\n");
    let folds = match &part.body {
        Body::Planned(plan) => view(report, &view::build(plan, report.command, part.seconds), &mut head),
        Body::Ran(plan, run) => view(report, &view::build_run(plan, run, part.seconds), &mut head),
        Body::Sound(sound) => {
            head.raw("✅ ").text(&sound.to_string()).raw("\n\n");
            Vec::new()
        }
        Body::Failed(failure) => failed(report, failure, &mut head),
    };
    Entry { name: part.name().to_owned(), summary: head, folds }
}

fn failed(report: &Report, failure: &Failure, head: &mut Markdown) -> Vec<Chapter> {
    head.raw("❌ **Failed:** ").text(&cut(&failure.message)).raw("\n\n");
    if failure.diagnostics.is_empty() {
        return Vec::new();
    }
    let rows = failure.diagnostics.iter().map(|diagnostic| {
        let mut row = Markdown::default();
        let place = diagnostic.source.as_ref().map(|s| format!("{}:{}", report.path(&s.file), s.line));
        row.raw("| ").text(&place.unwrap_or_default()).raw(" | ").quoted(&cut(&diagnostic.message()));
        row.raw(" | ").quoted(&cut(&diagnostic.help())).raw(" |\n");
        row
    });
    vec![section(
        0,
        "Errors",
        failure.diagnostics.len(),
        true,
        "| where | what | what to do |\n| --- | --- | --- |\n",
        rows,
    )]
}

fn view(report: &Report, view: &View<'_>, head: &mut Markdown) -> Vec<Chapter> {
    summary(view, head);
    let mut sections = Vec::new();
    for group in Section::told() {
        let all = view.rows(group);
        if all > 0 {
            // No deletion is hidden behind a fold.
            let deleted = matches!(group, Section::Leaves | Section::Remade);
            let open = all <= 10 || deleted;
            let (title, count) = (group.title(view.tense), view.count(group));
            let columns = columns(group, view.tense);
            let (rows, losses) = if deleted || all <= MOST_ROWS {
                let lines = view.group(group).map(|line| (row(report, group, &line), loss(&line)));
                lines.unzip()
            } else {
                first_rows(report, view, group)
            };
            let mut whole = section(rank(group), title, count, open, columns, rows.into_iter());
            whole.more = all - whole.rows.len();
            whole.losses = losses;
            if deleted {
                let lines: Vec<_> = view.group(group).collect();
                whole.shorter = shorter(title, count, columns, &lines);
            }
            sections.push(whole);
        }
    }
    sections.extend(order(view));
    sections
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
    lines.map(|(at, line)| (row(report, group, &line), losses[at])).unzip()
}

/// Returns the chapter of deleted agents in ever fewer characters.
fn shorter(
    title: &'static str,
    count: usize,
    columns: &'static str,
    lines: &[Cow<'_, Line>],
) -> Vec<(Markdown, Vec<Markdown>)> {
    let mut forms: Vec<(Markdown, Vec<Markdown>)> = NAMES
        .iter()
        .map(|most| {
            let rows = lines.iter().map(|line| {
                let mut row = Markdown::default();
                row.raw("| ").text(bare(&line.subject)).raw(" | ").text(&names(line, *most)).raw(" | ");
                let words =
                    line.pieces.iter().filter(|piece| !is_who(line, piece)).map(|piece| match piece {
                        Segment::Name(_) => String::new(),
                        piece => cut_to(&piece.words(), *most),
                    });
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
    let form = section(0, title, count, true, "", numbers);
    forms.push((form.open, form.rows));
    forms
}

/// Returns the deleted agents of a line, each by number and name if there are several.
fn names(line: &Line, most: usize) -> String {
    if line.everyone.is_empty() {
        return cut_to(line.name().unwrap_or_default(), most);
    }
    line.everyone.iter().map(|one| cut_to(one, most)).collect::<Vec<_>>().join(", ")
}

/// Returns true if a segment names all agents of a line.
fn is_who(line: &Line, piece: &Segment) -> bool {
    matches!(piece, Segment::Words(words) if !line.everyone.is_empty() && *words == line.everyone.join(", "))
}

/// Returns the rank of a fold: open changes, deletions, findings, then the others in order.
fn rank(group: Section) -> usize {
    match group {
        Section::Open => 0,
        Section::Leaves => 1,
        Section::Remade => 2,
        Section::Findings => 3,
        Section::Queues => 4,
        Section::Moves => 5,
        Section::Joins => 6,
        Section::Changes => 7,
    }
}

fn columns(group: Section, tense: Tense) -> &'static str {
    match group {
        Section::Joins | Section::Leaves | Section::Remade | Section::Changes => {
            "| agent | name | what | where |\n| --- | --- | --- | --- |\n"
        }
        Section::Moves if tense == Tense::Differs => {
            "| agent | name | is in | belongs to | also | where |\n| --- | --- | --- | --- | --- | --- |\n"
        }
        Section::Moves => {
            "| agent | name | from | to | also | where |\n| --- | --- | --- | --- | --- | --- |\n"
        }
        Section::Queues => "| queue | serve it | what | where |\n| --- | --- | --- | --- |\n",
        Section::Open => {
            "| | agent or queue | name | what, and why | where |\n| --- | --- | --- | --- | --- |\n"
        }
        Section::Findings => "| | code | what, and what to do | where |\n| --- | --- | --- | --- |\n",
    }
}

fn summary(view: &View<'_>, head: &mut Markdown) {
    if let Some(end) = &view.end {
        if let Some(verdict) = &end.verdict {
            head.raw(if end.whole { "✅ **" } else { "❌ **" }).text(&cut(verdict)).raw("**\n\n");
        }
        for note in &end.notes {
            head.text(&cut_to(note, SENTENCE)).raw("\n\n");
        }
    }
    match view.verdict() {
        Some(verdict) => head.text(verdict),
        None => head.raw("**").text(&view.headline()).raw("**"),
    };
    if view.summary.calls > 0 {
        head.raw(" · ").text(&view::effort(&view.summary));
    }
    head.raw("\n\n");
    if view.tense == Tense::Differs && !view.changes.is_empty() {
        head.raw("What is live stands first, what the manifest says after it. Nothing has been changed.\n\n");
    }
    if let Some(refused) = &view.refused {
        head.raw("⛔ ").text(&cut_to(refused, SENTENCE)).raw("\n\n");
    }
    if let Some(instant) = &view.instant {
        head.text(&cut_to(instant, SENTENCE)).raw("\n\n");
    }
    if let Some(narrowed) = &view.narrowed {
        head.raw("⚠️ ").text(&cut_to(narrowed, SENTENCE)).raw("\n\n");
    }
    for allowed in &view.allowed {
        head.raw("⚠️ ").text(&cut_to(allowed, SENTENCE)).raw("\n\n");
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
        row.raw("  s").number(at).raw("[\"").text(&stage.words()).raw("\"]\n");
        rows.push(row);
    }
    for (from, to) in &view.order.arrows {
        let mut row = Markdown::default();
        row.raw("  s").number(*from).raw(" --> s").number(*to).raw("\n");
        rows.push(row);
    }
    let mut open = Markdown::default();
    open.raw("<details><summary>What comes after what</summary>\n\n```mermaid\nflowchart LR\n");
    Some(Chapter {
        rank: PICTURE,
        open,
        rows,
        more: 0,
        losses: Vec::new(),
        close: "```\n\n</details>\n\n",
        shorter: Vec::new(),
    })
}

fn section(
    rank: usize,
    title: &'static str,
    count: usize,
    open: bool,
    columns: &'static str,
    rows: impl Iterator<Item = Markdown>,
) -> Chapter {
    let mut head = Markdown::default();
    head.raw(if open { "<details open><summary><b>" } else { "<details><summary><b>" });
    head.raw(title).raw("</b> (").number(count).raw(")</summary>\n\n").raw(columns);
    Chapter {
        rank,
        open: head,
        rows: rows.collect(),
        more: 0,
        losses: Vec::new(),
        close: "\n</details>\n\n",
        shorter: Vec::new(),
    }
}

/// Returns the loss of a line: a queue's members, an agent's work, or its main skill group.
fn loss(line: &Line) -> Loss {
    if let Some(staffing) = &line.staffing {
        let share = |lost: usize| lost * 1000 / staffing.before.max(1);
        return (share(staffing.before.saturating_sub(staffing.after())), share(staffing.leaving));
    }
    let disabled = |piece: &Segment| matches!(piece, Segment::Field { key, after, .. } if key == ENABLED.key && after == "false");
    match (line.pieces.iter().any(disabled), line.moves()) {
        (true, _) => (1000, 0),
        (false, Some(_)) => (500, 0),
        (false, None) => (0, 0),
    }
}

fn row(report: &Report, group: Section, line: &Line) -> Markdown {
    let mut row = Markdown::default();
    let place =
        line.source.as_ref().map(|s| format!("{}:{}", report.path(&s.file), s.line)).unwrap_or_default();
    let subject = cut(bare(&line.subject));
    row.raw("| ");
    match group {
        Section::Findings => {
            row.text(line.tone.word()).raw(" | ").text(&line.subject).raw(" | ").quoted(&cut(&line.words()));
        }
        Section::Open => {
            row.text(line.tone.word()).raw(" | ").text(&subject).raw(" | ");
            row.text(&cut(line.name().unwrap_or_default())).raw(" | ");
            said(&mut row, line.pieces.iter());
        }
        Section::Moves => {
            let (from, to) = line.moves().unwrap_or_default();
            row.text(&subject).raw(" | ").text(&cut(line.name().unwrap_or_default()));
            row.raw(" | ").text(&cut(from)).raw(" | ").text(&cut(to)).raw(" | ");
            said(&mut row, line.beside_the_move());
        }
        Section::Queues => {
            row.text(&subject).raw(" | ");
            if let Some(staffing) = &line.staffing {
                row.number(staffing.before).raw(" → ").number(staffing.after());
            }
            row.raw(" | ");
            said(&mut row, line.pieces.iter());
        }
        Section::Joins | Section::Leaves | Section::Remade | Section::Changes => {
            row.text(&subject).raw(" | ").text(&cut(line.name().unwrap_or_default())).raw(" | ");
            // Deleted agents are named, however long the names of others are.
            let deleted = matches!(group, Section::Leaves | Section::Remade);
            let who = line.pieces.iter().any(|piece| deleted && is_who(line, piece));
            said(&mut row, line.pieces.iter().filter(|piece| !(who && is_who(line, piece))));
            if who {
                row.raw(" · ").text(&names(line, NAMES[0]));
            }
        }
    }
    row.raw(" | ").text(&place).raw(" |\n");
    row
}

/// Returns a resource without its kind, which the heading names.
fn bare(subject: &str) -> &str {
    subject.split_once('/').map_or(subject, |(_, name)| name)
}

/// Renders the segments of a line, except the name.
fn said<'a>(row: &mut Markdown, pieces: impl Iterator<Item = &'a Segment>) {
    let mut first = true;
    for piece in pieces {
        let gap = match piece {
            Segment::Name(_) => continue,
            Segment::Remark(_) => " ",
            Segment::Count(_) | Segment::Words(_) | Segment::Field { .. } => " · ",
        };
        if !first {
            row.raw(gap);
        }
        first = false;
        match piece {
            Segment::Field { key, before, after } => {
                row.text(key).raw(" ");
                changed(row, &cut(before), &cut(after));
            }
            Segment::Remark(_) => {
                row.quoted(&cut(&piece.words()));
            }
            Segment::Name(_) | Segment::Count(_) | Segment::Words(_) => {
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

/// Assembles the comment, and drops the rows that do not fit.
fn fit(head: &Markdown, parts: Vec<(Markdown, Vec<Chapter>)>) -> String {
    let note = "\n_Cut: the whole report is in this run's artifact._\n";
    let mut left = MOST.saturating_sub(head.chars() + note.len());
    let mut whole = true;
    let mut kept: Vec<(Markdown, Vec<(Chapter, usize)>)> = Vec::new();
    for (part, sections) in parts {
        if left < part.chars() {
            whole = false;
            break;
        }
        left -= part.chars();
        kept.push((part, sections.into_iter().map(|section| (section, 0)).collect()));
    }
    whole &= shorten(&mut kept, left);
    let mut order: Vec<(usize, usize, usize)> = Vec::new();
    for (part, (_, sections)) in kept.iter().enumerate() {
        order.extend(sections.iter().enumerate().map(|(at, (section, _))| (section.rank, part, at)));
    }
    order.sort_unstable();
    // The frames come first, so that each fold can show its number of missing rows.
    let (pictures, folds): (Vec<_>, Vec<_>) = order.into_iter().partition(|(rank, ..)| *rank == PICTURE);
    let mut framed = Vec::new();
    for fold in folds {
        let frame = kept[fold.1].1[fold.2].0.frame();
        if left < frame {
            whole = false;
            continue;
        }
        left -= frame;
        framed.push(fold);
    }
    // A fold that is shown as a whole keeps its order.
    let mut moved: BTreeMap<(usize, usize), Vec<usize>> = BTreeMap::new();
    for (_, part, at) in &framed {
        let section = &mut kept[*part].1[*at].0;
        if !section.losses.is_empty() {
            moved.insert((*part, *at), section.losses_first());
        }
    }
    // Deleted agents first, then a share for each other fold, then the rest by rank.
    let is_deleted = |fold: &&(usize, usize, usize)| fold.0 <= DELETED;
    for (_, part, at) in framed.iter().filter(is_deleted) {
        left -= fill(&mut kept[*part].1[*at], left);
    }
    let share = left / (2 * framed.len().max(1));
    for (_, part, at) in framed.iter().filter(|fold| !is_deleted(fold)) {
        left -= fill(&mut kept[*part].1[*at], share);
    }
    for (_, part, at) in &framed {
        left -= fill(&mut kept[*part].1[*at], left);
        let (section, shown) = &mut kept[*part].1[*at];
        let is_whole = *shown == section.rows.len() && section.more == 0;
        if let Some(places) = moved.remove(&(*part, *at)).filter(|_| is_whole) {
            section.restore(places);
        }
        whole &= is_whole;
    }
    // A picture is whole or absent.
    for (rank, part, at) in pictures {
        let (section, shown) = &mut kept[part].1[at];
        if left < section.chars() {
            whole = false;
            continue;
        }
        left -= section.chars();
        *shown = section.rows.len();
        framed.push((rank, part, at));
    }
    framed.sort_unstable_by_key(|(_, part, at)| (*part, *at));
    let framed: Vec<(usize, usize)> = framed.into_iter().map(|(_, part, at)| (part, at)).collect();
    let mut out = head.clone();
    for (number, (part, sections)) in kept.iter().enumerate() {
        out.join(part);
        let there = |at: &usize| framed.binary_search(&(number, *at)).is_ok();
        for (section, shown) in (0..sections.len()).filter(there).map(|at| &sections[at]) {
            out.join(&section.open);
            section.rows[..*shown].iter().for_each(|row| {
                out.join(row);
            });
            let more = section.rows.len() - shown + section.more;
            if more > 0 {
                out.raw("\n… and ").number(more).raw(" more.\n");
            }
            out.raw(section.close);
        }
    }
    if !whole {
        out.raw(note);
    }
    out.into_string()
}

/// Shows more rows of a fold within `room` characters, and returns the number of characters used.
fn fill((section, shown): &mut (Chapter, usize), room: usize) -> usize {
    let mut used = 0;
    for row in &section.rows[*shown..] {
        if used + row.chars() > room {
            break;
        }
        used += row.chars();
        *shown += 1;
    }
    used
}

/// Puts the chapters of deleted agents into the longest form that leaves the others their reserve. Returns true for the
/// whole form.
fn shorten(kept: &mut [(Markdown, Vec<(Chapter, usize)>)], left: usize) -> bool {
    let (mut deleted, others): (Vec<_>, Vec<_>) = kept
        .iter_mut()
        .flat_map(|(_, sections)| sections.iter_mut().map(|(section, _)| section))
        .partition(|section| !section.shorter.is_empty());
    let others: usize = others.iter().map(|section| section.chars()).sum();
    let room = left.saturating_sub(others.min(RESERVE));
    let mut is_whole = true;
    while deleted.iter().map(|section| section.chars()).sum::<usize>() > room
        && deleted.iter().any(|section| !section.shorter.is_empty())
    {
        is_whole = false;
        for section in deleted.iter_mut().filter(|section| !section.shorter.is_empty()) {
            (section.open, section.rows) = section.shorter.remove(0);
            section.losses.clear();
        }
    }
    is_whole
}
